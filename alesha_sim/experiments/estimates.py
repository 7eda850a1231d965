"""Estimates from replications: means with intervals, paired differences. Only arithmetic; nothing is run here.

A sample is a column, a replication a row; a value that is NaN was undefined in its run and does not count.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from alesha_sim.scenarios.errors import scenario_error

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]
CONFIDENCE = 0.95

EVENTS = 30
"""Fewer events than this in all runs together are rare: Student's t is too sure of their mean."""

SELDOM = 10
"""An amount that is other than zero in fewer runs than this, and in a quarter at most, has a skewed mean."""

LUMPY = 0.01
"""How likely single events must be to vary as much as a count does, else they come in lumps."""

NOISE = 1e-12
"""What two values differ by, as a share of them, is rounding below this."""


class Estimates(NamedTuple):
    """Of each column: mean, standard deviation, the interval's ends, and the number of values.

    `half_width` is how far the farther end is from the mean; `exact` says that the interval is one of a share or
    a rare count, and not Student's.
    """

    mean: Array
    sd: Array
    low: Array
    high: Array
    half_width: Array
    runs: NDArray[np.int64]
    exact: Mask


def estimates(
    samples: ArrayLike, confidence: float = CONFIDENCE, intervals: int = 1, *, counts: ArrayLike = False
) -> Estimates:
    """Return the mean of each column with its interval by Student's t.

    Columns that `counts` names may be counts or shares. Where their values are, the interval is exact: Clopper
    and Pearson's (1934) where all are 0 or 1, Garwood's (1936) where at least half are 0 and there are fewer than
    30 events; a count that varies more than single events do comes in lumps of its variance over its mean.

    With `intervals` above 1 that many hold together with the probability `confidence` (Bonferroni). Without two
    values there is neither a deviation nor an interval: both are NaN. Raises ValueError for a confidence that is
    not between 0 and 1.
    """
    check_confidence(confidence)
    tail = (1 - confidence) / (2 * intervals)
    values, may_count = np.asarray(samples, dtype=np.float64), np.asarray(counts, dtype=np.bool_)
    there = ~np.isnan(values)
    runs = there.sum(axis=0)
    kept = np.where(there, values, 0.0)
    with np.errstate(divide="ignore", invalid="ignore"):
        mean = np.where(runs > 0, kept.sum(axis=0) / runs, np.nan)
        squares = np.where(there, values - mean, 0.0) ** 2
        sd = np.where(runs > 1, np.sqrt(squares.sum(axis=0) / (runs - 1)), np.nan)
        sd = np.where((runs > 1) & _never_varies(values, there), 0.0, sd)  # whatever rounding made of the mean
        half = t_quantile(1 - tail, runs - 1) * sd / np.sqrt(runs)
        low, high = mean - half, mean + half
        exact = np.zeros(runs.shape, dtype=np.bool_)
        for found, ends in _exact(kept, there, sd, tail):
            chosen = found & may_count
            low, high = (np.where(chosen, *pair) for pair in zip(ends, (low, high), strict=True))
            exact = exact | chosen
    return Estimates(mean, sd, low, high, np.maximum(mean - low, high - mean), runs, exact)


def seldom(samples: ArrayLike, found: Estimates) -> Mask:
    """Return which columns are other than zero in so few runs that Student's interval is unreliable."""
    values = np.asarray(samples, dtype=np.float64)
    nonzero = (~np.isnan(values) & (values != 0)).sum(axis=0)
    few: Mask = (nonzero > 0) & (nonzero < SELDOM) & (4 * nonzero <= found.runs)
    return few & ~found.exact


def _never_varies(values: Array, there: Mask) -> Mask:
    most, least = (np.where(there, values, end) for end in (-np.inf, np.inf))
    varies: Mask = most.max(axis=0, initial=-np.inf) > least.min(axis=0, initial=np.inf)
    return ~varies


def _exact(kept: Array, there: Mask, sd: Array, tail: float) -> list[tuple[Mask, tuple[Array, Array]]]:
    """Return which columns are shares and which are rare counts, each with the ends of all exact intervals."""
    from scipy.special import betaincinv, chdtri, gammaincinv

    runs, total = there.sum(axis=0), kept.sum(axis=0)
    whole = ((kept >= 0) & (kept == np.floor(kept))).all(axis=0) & (runs > 1)
    share = whole & (kept <= 1).all(axis=0)
    spread = sd**2 * runs / total  # variance over mean, which is 1 in the mean if single events are independent
    lump = np.where((runs - 1) * spread > chdtri(runs - 1, LUMPY), spread, 1.0)
    events = np.where(total > 0, total / lump, 0.0)
    zeros = (there & (kept == 0)).sum(axis=0)
    rare = whole & ~share & (events < EVENTS) & (2 * zeros >= runs)
    missed = np.maximum(runs - total, 0)
    return [
        (
            share,
            (
                np.where(total > 0, betaincinv(total, missed + 1, tail), 0.0),
                np.where(missed > 0, betaincinv(total + 1, missed, 1 - tail), 1.0),
            ),
        ),
        (
            rare,
            (
                lump * gammaincinv(events, tail) / runs,
                lump * gammaincinv(events + 1, 1 - tail) / runs,
            ),
        ),
    ]


def t_quantile(probability: float, freedom: ArrayLike) -> Array:
    """Return the quantile of Student's t; NaN below one degree of freedom."""
    from scipy.special import stdtrit

    degrees = np.asarray(freedom, dtype=np.float64)
    return np.asarray(stdtrit(np.where(degrees >= 1, degrees, np.nan), probability))


def check_confidence(confidence: object) -> None:
    """Raise ScenarioError unless a confidence is a number between 0 and 1."""
    if not isinstance(confidence, int | float) or not 0 < confidence < 1:
        raise scenario_error("confidence", confidence, "must be between 0 and 1")


class Paired(NamedTuple):
    """Of each column: the estimates of the differences, the correlation, and what pairing saved.

    `saved` is how many times as many independent runs would give an interval as short: the variance of a
    difference of independent runs over that of a paired one. Below 1 pairing cost something; infinite says that
    the difference never varies, but for rounding.
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
    first, second = estimates(one), estimates(other)
    difference = estimates(_difference(one, other), confidence, intervals)
    alone = first.sd**2 + second.sd**2
    with np.errstate(divide="ignore", invalid="ignore"):
        saved = np.where(alone > 0, alone / difference.sd**2, np.nan)
        covered = (alone - difference.sd**2) / 2
        correlation = covered / (first.sd * second.sd)
    return Paired(difference, np.where(np.isfinite(correlation), correlation, np.nan), saved)


def _difference(one: Array, other: Array) -> Array:
    """Return `one` less `other`; differences that differ by rounding alone are all their mean."""
    gap = one - other
    if not len(gap):
        return gap
    there = ~np.isnan(gap)
    mean = np.where(there, gap, 0.0).sum(axis=0) / np.maximum(there.sum(axis=0), 1)
    size = np.where(there, np.maximum(np.abs(one), np.abs(other)), 0.0).max(axis=0)
    noise = (np.where(there, np.abs(gap - mean), 0.0) <= NOISE * size).all(axis=0)
    return np.where(noise & there, mean, gap)
