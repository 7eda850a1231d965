"""The library with its busiest modules compiled does what it does without: the same runs to the last bit.

Building it takes minutes, so that one test builds it and runs everything. At full size these are all tests, but
for those that look inside compiled modules or put something in a method's place (`interpreted`).
"""

import importlib
import os
import subprocess
import sys
import tomllib
from pathlib import Path
from zipfile import ZipFile

import pytest
from conftest import is_full_size, missing

from alesha_sim import __version__

ROOT = Path(__file__).resolve().parents[1]
TESTS = ROOT / "tests"
HOOK = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["hatch"]["build"]["targets"]["wheel"]
PATTERNS = HOOK["hooks"]["custom"]["modules"]

CHOSEN = (
    "test_budget.py",
    "test_clock.py",
    "test_conversation.py",
    "test_event_calendar.py",
    "test_exercises.py",
    "test_idempotency.py",
    "test_network.py",
    "test_own_stock.py",
    "test_policies.py",
    "test_record.py",
    "test_retry.py",
    "test_signal.py",
    "test_spool.py",
    "test_stepping.py",
    "test_task.py",
)
"""The test files that are run with the compiled library; all of them at full size."""

APART = "ALESHA_COMPILED_APART" in os.environ
"""Whether all tests are run with the compiled library elsewhere, as `make nightly` does."""


@pytest.fixture(scope="module")
def builder():
    """Give the module that builds the compiled library; skip where there is no compiler, fail in CI."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(ROOT / "benchmarks"))
        compiled = importlib.import_module("compiled")
        if compiled.missing():
            missing(compiled.missing())
        yield compiled


@pytest.fixture(scope="module")
def site(builder):
    """Give the folder with the compiled library."""
    return builder.compiled()


def run(site, *command):
    """Run Python with the compiled library and return what it printed, on failure too."""
    environment = os.environ | {"PYTHONPATH": str(site)}
    done = subprocess.run(
        [sys.executable, *command], env=environment, cwd=site, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return done.stdout


def modules():
    """Return the modules that are to be compiled, as paths within the project."""
    return {
        str(path.relative_to(ROOT).with_suffix("")) for pattern in PATTERNS for path in ROOT.glob(pattern)
    }  # fmt: skip


def test_every_pattern_finds_a_module():
    assert [pattern for pattern in PATTERNS if not list(ROOT.glob(pattern))] == []


def test_a_wheel_is_of_python_alone_unless_asked(builder, tmp_path):
    built = builder.wheel(tmp_path, compile_it=False)
    assert built.name.endswith("-py3-none-any.whl")
    with ZipFile(built) as files:
        assert [name for name in files.namelist() if name.endswith((".so", ".pyd"))] == []


def test_the_compiled_library_runs_as_the_other_does(site):
    names = {str(path.relative_to(site)).partition(".")[0] for path in site.glob("alesha_sim/**/*.so")}
    assert names == modules()
    sources = {path.relative_to(ROOT) for path in ROOT.glob("alesha_sim/**/*.py")}
    assert sources == {path.relative_to(site) for path in site.glob("alesha_sim/**/*.py")}
    loaded = run(site, "-c", "import alesha_sim.entities.shop.shop as shop; print(shop.__file__)")
    assert Path(loaded.strip()).is_relative_to(site)
    assert loaded.strip().endswith(".so")
    assert run(site, "-m", "alesha_sim", "--version") == f"alesha_sim {__version__} (compiled)\n"
    assert run(site, str(TESTS / "golden.py")).splitlines() == ["nothing differs"]
    chosen = [TESTS] if is_full_size() and not APART else [TESTS / name for name in CHOSEN]
    command = [*map(str, chosen), "--rootdir", str(ROOT), "-c", str(ROOT / "pyproject.toml")]
    command += ["-q", "-p", "no:cacheprovider", "-m", "not interpreted"]
    assert " passed" in run(site, "-m", "pytest", *command)
