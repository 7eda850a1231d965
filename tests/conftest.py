"""What every test may use: the outside reference cases, the house rule for random figures, the sizes."""

from __future__ import annotations

import json
import math
import os
import shutil
import signal
import statistics
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NoReturn

import pytest

HANGING_SECONDS = 60
REFERENCE = Path(__file__).parent / "reference" / "validation_cases.json"

Case = dict[str, Any]


@pytest.fixture(scope="session")
def reference() -> Callable[[str], Case]:
    """Give a reference case by its id: `inputs`, `expected`, `tolerance`, `source`; else KeyError."""
    return lambda case_id: _cases()[case_id]


@pytest.fixture
def call(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., SimpleNamespace]:
    """Give a function that calls the command in an empty folder: `status`, `out` and `err`."""
    from alesha_sim.cli import main

    monkeypatch.chdir(tmp_path)

    def run(*argv: str) -> SimpleNamespace:
        status = main(argv)
        said = capsys.readouterr()
        return SimpleNamespace(status=status, out=said.out, err=said.err)

    return run


@pytest.fixture
def no_figure_left_behind() -> Iterator[None]:
    """Close the figures that other tests left open, and those of the test."""
    import matplotlib as mpl
    from matplotlib import pyplot

    mpl.use("Agg")
    pyplot.close("all")
    yield
    pyplot.close("all")


@pytest.fixture(scope="session")
def full_size() -> bool:
    """Say whether slow tests run in full size (ALESHA_FULL=1) or reduced."""
    return is_full_size()


def is_full_size() -> bool:
    """Say the same at collection time, where a fixture cannot be used."""
    return os.environ.get("ALESHA_FULL") == "1"


def needed(package: str, extra: str = "notebook") -> Any:
    """Return a Python package; without it skip, but fail where continuous integration runs."""
    try:
        return import_module(package)
    except ImportError:
        return missing(f"the package {package} (extra `{extra}`)")


def needed_program(*names: str) -> str:
    """Return the path of the first of some programs; without one skip, but fail in continuous integration."""
    for name in names:
        if found := shutil.which(name):
            return found
    return missing(f"the program {names[0]}")


def needs(package: str, kind: str = "package") -> None:
    """Skip the test unless a Python package (or, with `kind` "program", a program) is there; in CI, fail."""
    if (shutil.which(package) if kind == "program" else find_spec(package)) is None:
        missing(f"the {kind} {package}")


def missing(what: str) -> NoReturn:
    """Skip the test that needs what is not here; in CI, fail."""
    if os.environ.get("ALESHA_CI"):
        pytest.fail(f"{what} is missing")
    pytest.skip(f"needs {what}")


@pytest.fixture
def hanging() -> Iterator[None]:
    """Fail, instead of waiting without end, when something waits for what never comes."""

    def stop(*_: Any) -> None:
        raise AssertionError("hangs")

    before = signal.signal(signal.SIGALRM, stop)
    signal.alarm(HANGING_SECONDS)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)


@pytest.fixture(scope="session")
def browser() -> Any:
    """Give Chromium without a window, driven by Playwright; it never goes onto a network."""
    program = needed_program("chromium", "chromium-browser", "google-chrome")
    playwright = needed("playwright.sync_api", "browser").sync_playwright().start()
    try:
        # In a container there is seldom a user namespace for Chromium's own sandbox.
        chromium = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        yield chromium
        chromium.close()
    finally:
        playwright.stop()


def within_standard_errors(
    samples: Sequence[float], expected: float, errors: float = 4, precision: float | None = None
) -> bool:
    """Fail unless the mean of `samples`, one value a replication, is within `errors` standard errors.

    The standard error itself must be below `precision` (1.5 % unless given) of the expected value, since a
    test that is too blurred to see a fault proves nothing. Returns True, so that it reads well in an assert.
    """
    sharp = 0.015 if precision is None else precision
    mean, error = statistics.fmean(samples), statistics.stdev(samples) / math.sqrt(len(samples))
    metrics = f"mean {mean:.6g} of {len(samples)}, expected {expected:.6g}, standard error {error:.3g}"
    assert error <= sharp * abs(expected), f"too blurred (standard error above {sharp:.2%} of it): {metrics}"
    assert abs(mean - expected) <= errors * error, f"more than {errors:g} standard errors off: {metrics}"
    return True


@cache
def _cases() -> dict[str, Case]:
    return {case["id"]: case for case in json.loads(REFERENCE.read_text())["cases"]}
