"""What every test may use: the outside reference cases, the house rule for random figures, the sizes."""

from __future__ import annotations

import importlib
import json
import math
import os
import statistics
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import pytest

REFERENCE = Path(__file__).parent / "reference" / "validation_cases.json"

Case = dict[str, Any]


@pytest.fixture(scope="session")
def reference() -> Callable[[str], Case]:
    """Give a reference case by its id: `inputs`, `expected`, `tolerance`, `source`; else KeyError."""
    return lambda case_id: _cases()[case_id]


@pytest.fixture(scope="session")
def full_size() -> bool:
    """Say whether slow tests run in full size (ALESHA_FULL=1) or reduced."""
    return is_full_size()


def is_full_size() -> bool:
    """Say the same at collection time, where a fixture cannot be used."""
    return os.environ.get("ALESHA_FULL") == "1"


def within_standard_errors(
    samples: Sequence[float], expected: float, errors: float = 4, precision: float | None = None
) -> bool:
    """Fail unless the mean of `samples`, one value a replication, is within `errors` standard errors.

    The standard error itself must be below `precision` (1.5 % unless given) of the expected value, since a
    test that is too blurred to see a fault proves nothing. Returns True, so that it reads well in an assert.
    """
    sharp = 0.015 if precision is None else precision
    mean, error = statistics.fmean(samples), statistics.stdev(samples) / math.sqrt(len(samples))
    figures = f"mean {mean:.6g} of {len(samples)}, expected {expected:.6g}, standard error {error:.3g}"
    assert error <= sharp * abs(expected), f"too blurred (standard error above {sharp:.2%} of it): {figures}"
    assert abs(mean - expected) <= errors * error, f"more than {errors:g} standard errors off: {figures}"
    return True


def needs(package: str) -> Any:
    """Return a package that a test needs; without it the test is skipped, in continuous integration it fails."""
    try:
        return importlib.import_module(package)
    except ImportError:
        (pytest.fail if os.environ.get("ALESHA_CI") else pytest.skip)(f"needs the package {package}")


@cache
def _cases() -> dict[str, Case]:
    return {case["id"]: case for case in json.loads(REFERENCE.read_text())["cases"]}
