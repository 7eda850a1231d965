"""Steady state: where the warm-up of a series ends, and what one long run says of the mean after it.

Only arithmetic on series; the metrics of a run after its warm-up are `Result.after`.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from alesha_sim.experiments.estimates import CONFIDENCE, estimates
from alesha_sim.scenarios.errors import scenario_error
from alesha_sim.scenarios.fields import whole_from

Array = NDArray[np.float64]
BATCH = 5
LEAST = 10
"""How many batches of five a series must have, so that halves mean something."""

CORRELATED = 0.2
"""From this correlation of neighbouring batch means on, the batches are too short."""


class WarmUp(NamedTuple):
    """Where a series is cut: its first `cut` values, up to `seconds`, are warm-up.

    `batches` are the means of five values each and begin at `at`; `statistic[k]` is MSER when the first k of them
    are left out, which is least at the cut. `too_short` says that the cut lies beyond the first half: there is no
    steady state to be seen, and the run must be longer.
    """

    cut: int
    seconds: float
    too_short: bool
    at: Array
    batches: Array
    statistic: Array

    def __str__(self) -> str:
        if self.too_short:
            return "run too short: the cut lies beyond the first half, so no steady state is seen"
        return f"warm-up ends at {self.seconds:g} s, after {self.cut} values"


def mser5(series: ArrayLike, seconds: ArrayLike | None = None) -> WarmUp:
    """Return the cut of a series by MSER-5; `seconds` are its instants (else the values are numbered).

    Means of five values each; the cut is where the squared standard error of what is left is least. Source:
    White, Cobb and Spratt, "A comparison of five steady-state truncation heuristics for simulation" (2000). Raises
    ScenarioError for fewer than fifty values and for values that are not finite.
    """
    values = _finite(np.asarray(series, dtype=np.float64))
    times = _finite(
        np.arange(len(values), dtype=np.float64) if seconds is None else np.asarray(seconds, np.float64)
    )
    if len(values) < LEAST * BATCH:
        raise scenario_error("series", f"{len(values)} values", f"must have at least {LEAST * BATCH}")
    if len(times) != len(values):
        raise scenario_error("seconds", f"{len(times)} instants", f"must be as many as the {len(values)} values")
    count = len(values) // BATCH
    batches = values[: count * BATCH].reshape(count, BATCH).mean(axis=1)
    statistic = _mser(batches)
    best = int(np.argmin(statistic))
    at = times[: count * BATCH : BATCH]
    return WarmUp(best * BATCH, float(at[best]), best > count / 2, at, batches, statistic)


def _mser(batches: Array) -> Array:
    """Return MSER for every number of batches left out, but for the last few, whose spread says nothing."""
    shifted = (batches - batches.mean())[::-1]  # near zero, so that the squares lose no digits
    left = np.arange(1, len(batches) + 1)
    squares = np.cumsum(shifted**2) - np.cumsum(shifted) ** 2 / left
    statistic = (np.maximum(squares, 0.0) / left**2)[::-1]
    return np.asarray(statistic[: len(batches) - BATCH])


def _finite(values: Array) -> Array:
    """Return values that are all finite, one after the other; raises ScenarioError for others."""
    if values.ndim != 1:
        raise scenario_error("series", f"{values.ndim} dimensions", "must be one value after the other")
    if not np.isfinite(values).all():
        raise scenario_error("series", "a value that is not finite", "must be finite")
    return values


class BatchMeans(NamedTuple):
    """The mean of a series with its interval; `correlation` is that of neighbouring batch means.

    `too_short` says that they are correlated, so that the interval is too narrow.
    """

    mean: float
    low: float
    high: float
    batches: int
    correlation: float
    too_short: bool


def batch_means(
    series: ArrayLike, *, warmup: int = 0, batches: int = 20, confidence: float = CONFIDENCE
) -> BatchMeans:
    """Return the steady-state mean of one long series by `batches` batch means after `warmup` values.

    Values that do not fill the batches are left out at the beginning. Source: Law, Simulation Modeling and
    Analysis, section 9.5.3. Raises ScenarioError for fewer than two batches or two values a batch, for a warm-up
    that is no number of values, and for values after it that are not finite.
    """
    warmup, batches = whole_from("warmup", warmup, 0), whole_from("batches", batches, 0)
    values = _finite(np.asarray(series, dtype=np.float64)[warmup:])
    size = len(values) // batches if batches >= 2 else 0
    if size < 2:
        raise scenario_error(
            "batches", batches, f"must be at least 2, with two values or more each of {len(values)}"
        )
    means = values[len(values) - size * batches :].reshape(batches, size).mean(axis=1)
    found = estimates(means[:, None], confidence)
    off = means - means.mean()
    total = float(off @ off)
    correlation = float(off[1:] @ off[:-1]) / total if total else 0.0
    return BatchMeans(
        float(found.mean[0]),
        float(found.low[0]),
        float(found.high[0]),
        batches,
        correlation,
        correlation > CORRELATED,
    )
