"""Estimates from replications: means with intervals, paired differences. Only arithmetic; nothing is run here.

A sample is a column, a replication a row; a value that is NaN was undefined in its run and does not count.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from alesha_sim.scenarios.errors import refuse

Array = NDArray[np.float64]
CONFIDENCE = 0.95


class Estimates(NamedTuple):
    """Of each column: the mean, the standard deviation, the interval's half-width, and the number of values."""

    mean: Array
    sd: Array
    half_width: Array
    runs: NDArray[np.int64]

    @property
    def low(self) -> Array:
        """The lower ends of the intervals."""
        return self.mean - self.half_width

    @property
    def high(self) -> Array:
        """The upper ends of the intervals."""
        return self.mean + self.half_width


def estimates(samples: ArrayLike, confidence: float = CONFIDENCE, intervals: int = 1) -> Estimates:
    """Return the mean of each column with its interval by Student's t.

    With `intervals` above 1 that many hold together with the probability `confidence` (Bonferroni). Without two
    values there is neither a deviation nor an interval: both are NaN. Raises ValueError for a confidence that is
    not between 0 and 1.
    """
    check_confidence(confidence)
    values = np.asarray(samples, dtype=np.float64)
    there = ~np.isnan(values)
    runs = there.sum(axis=0)
    kept = np.where(there, values, 0.0)
    with np.errstate(divide="ignore", invalid="ignore"):
        mean = np.where(runs > 0, kept.sum(axis=0) / runs, np.nan)
        squares = np.where(there, values - mean, 0.0) ** 2
        sd = np.where(runs > 1, np.sqrt(squares.sum(axis=0) / (runs - 1)), np.nan)
        half_width = t_quantile(1 - (1 - confidence) / (2 * intervals), runs - 1) * sd / np.sqrt(runs)
    return Estimates(mean, sd, half_width, runs)


def t_quantile(probability: float, freedom: ArrayLike) -> Array:
    """Return the quantile of Student's t; NaN below one degree of freedom."""
    from scipy.special import stdtrit

    degrees = np.asarray(freedom, dtype=np.float64)
    return np.asarray(stdtrit(np.where(degrees >= 1, degrees, np.nan), probability))


def check_confidence(confidence: object) -> None:
    """Raise ScenarioError unless a confidence is a number between 0 and 1."""
    if not isinstance(confidence, int | float) or not 0 < confidence < 1:
        raise refuse("confidence", confidence, "must be between 0 and 1")


class Paired(NamedTuple):
    """Of each column: the estimates of the differences, the correlation, and what pairing saved.

    `saved` is how many times as many independent runs would give an interval as short: the variance of a
    difference of independent runs over that of a paired one. Below 1 pairing cost something.
    """

    difference: Estimates
    correlation: Array
    saved: Array


def paired(one: Array, other: Array, confidence: float = CONFIDENCE, intervals: int = 1) -> Paired:
    """Compare `one` less `other`, replication by replication (paired t; Law, Simulation Modeling, section 10.2.1).

    What does not vary at all has no correlation, and pairing saves nothing there: both are NaN.
    """
    both = np.isnan(one) | np.isnan(other)
    one, other = np.where(both, np.nan, one), np.where(both, np.nan, other)
    difference = estimates(one - other, confidence, intervals)
    alone = estimates(one).sd ** 2 + estimates(other).sd ** 2
    with np.errstate(divide="ignore", invalid="ignore"):
        saved = np.where(alone > 0, alone / difference.sd**2, np.nan)
        covered = (alone - difference.sd**2) / 2
        correlation = covered / (estimates(one).sd * estimates(other).sd)
    return Paired(difference, np.where(np.isfinite(correlation), correlation, np.nan), saved)
