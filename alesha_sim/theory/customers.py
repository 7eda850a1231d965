"""Repeat buying: how many purchases customers make who drop out unseen (BG/NBD, Pareto/NBD)."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from alesha_sim.theory.rules import not_negative, positive, refuse, whole

Floats = NDArray[np.float64]

# The series for BG/NBD needs about 36 * (1 + age / alpha) terms.
AGE_RATIO_MAX = 10_000.0
SERIES_TOLERANCE = 1e-13


@dataclass(frozen=True, slots=True, kw_only=True)
class BGNBD:
    """Repeat buying: rates are gamma (r, alpha) among customers, drop-out shares beta (a, b).

    A customer buys by a Poisson process and drops out after each repeat purchase with the customer's own
    probability, never directly after the first purchase. Ages and weeks are in the time unit of `alpha`.
    Source: Fader, Hardie and Lee (2005), Marketing Science 24(2), 275-284, with the equations' numbers.
    """

    r: float
    alpha: float
    a: float
    b: float

    def __post_init__(self) -> None:
        refuse(*(positive(name, getattr(self, name)) for name in ("r", "alpha", "a", "b")))

    def expected_purchases(self, ages: ArrayLike) -> Floats:
        """Return the mean number of repeat purchases by each age, in the shape of `ages` (equation 9).

        After Euler's transformation of 2F1, with a - 1 divided out, so that neither a = 1 nor a + b = 1 is a
        special case. With z = t / (alpha + t) and c = a + b - 1 it is c (1 - (1 - z)^(a - 1)) / (a - 1) -
        (1 - z)^(a - 1) S, S being the sum over n >= 1 of (c - r)_n (a)_(n - 1) / ((c + 1)_(n - 1) n!) z^n.
        Raises ValueError for an age below zero or above 10,000 alpha, where S would need too many terms.
        """
        age = self._ages(ages)
        r, a, c = self.r, self.a, self.a + self.b - 1
        z = age / (self.alpha + age)
        stretch = np.log1p(age / self.alpha)  # -log(1 - z)
        head = -np.expm1((1 - a) * stretch) / (a - 1) if a != 1 else stretch
        tail = _series((c - r) * z, lambda n: z * ((c - r + n) * (a + n - 1) / ((c + n) * (n + 1))), limit=z)
        return np.asarray(c * head - np.exp((1 - a) * stretch) * tail, dtype=np.float64)

    def probabilities(self, ages: ArrayLike, count: int) -> Floats:
        """Return the probabilities of exactly 0 .. count - 1 repeat purchases by each age (equation 8).

        The shape is that of `ages` with one more axis of length `count` at the end.
        """
        refuse(whole("count", count))
        age = self._ages(ages)
        z = age / (self.alpha + age)
        # Of customers who never drop out: the probabilities of exactly n purchases and of fewer.
        bought = (self.alpha / (self.alpha + age)) ** self.r
        fewer = np.zeros_like(bought)
        columns = []
        for n in range(count):
            dropped = math.exp(self._log_left(n)) * (1 - fewer)
            columns.append(math.exp(self._log_stayed(n)) * bought + dropped)
            fewer = fewer + bought
            bought = bought * z * ((self.r + n) / (n + 1))
        return np.stack(columns, axis=-1)

    def expected_repeats(self, entries: ArrayLike, week: float) -> float:
        """Return the expected repeat purchases by `week` of customers whose first ones were at `entries`.

        `entries` (a vector) and `week` count from the same zero; who enters after `week` adds nothing.
        """
        return float(self.expected_purchases(_entered(entries, week)).sum())

    def expected_histogram(self, entries: ArrayLike, week: float, bins: int = 8) -> Floats:
        """Return the expected customers with 0 .. bins - 2, and at least bins - 1, repeats by `week`.

        `entries` as for `expected_repeats`; only those who entered by `week` are counted.
        """
        refuse(whole("bins", bins, least=2))
        ages = _entered(entries, week)
        exactly = self.probabilities(ages, bins - 1).sum(axis=0)
        return np.append(exactly, len(ages) - exactly.sum())

    def log_likelihood(self, repeats: ArrayLike, last_at: ArrayLike, ages: ArrayLike) -> float:
        """Return the log-likelihood of customers with `repeats` by their `ages`, the last at age `last_at`.

        Vectors with one value a customer; `last_at` matters only where there is a repeat (equation 6).
        """
        age, last = self._ages(ages), self._ages(last_at)
        counts, which = np.unique(np.asarray(repeats), return_inverse=True)
        wrong = counts[(counts < 0) | (counts != np.floor(counts))]
        refuse(f"repeats: {wrong[0]}: must be a whole number of at least 0" if wrong.size else None)
        terms = [(self._log_rate(n), self._log_stayed(n), self._log_left(n)) for n in map(int, counts)]
        rate, stayed, left = np.asarray(terms)[which].T
        times = self.r + counts[which]
        stayed = stayed - times * np.log(self.alpha + age)
        left = left - times * np.log(self.alpha + last)
        return float((rate + np.logaddexp(stayed, left)).sum())

    def _log_rate(self, repeats: int) -> float:
        return math.lgamma(self.r + repeats) - math.lgamma(self.r) + self.r * math.log(self.alpha)

    def _log_stayed(self, repeats: int) -> float:
        """Return the log probability of no drop-out at any of `repeats` repeat purchases."""
        return _log_beta(self.a, self.b + repeats) - _log_beta(self.a, self.b)

    def _log_left(self, repeats: int) -> float:
        """Return the log probability of a drop-out at just the last of `repeats` repeat purchases."""
        if repeats == 0:
            return -math.inf
        return _log_beta(self.a + 1, self.b + repeats - 1) - _log_beta(self.a, self.b)

    def _ages(self, ages: ArrayLike) -> Floats:
        age = np.asarray(ages, dtype=np.float64)
        wrong = age[~((age >= 0) & (age <= AGE_RATIO_MAX * self.alpha))]
        rule = f"must be from 0 to {AGE_RATIO_MAX * self.alpha:g} ({AGE_RATIO_MAX:g} alpha)"
        refuse(f"ages: {wrong[0]}: {rule}" if wrong.size else None)
        return age


@dataclass(frozen=True, slots=True, kw_only=True)
class ParetoNBD:
    """Repeat buying: rates are gamma (r, alpha) among customers, drop-out rates gamma (s, beta).

    A customer buys by a Poisson process for an exponential lifetime. Ages are in the time unit of `alpha` and
    `beta`. Source: Schmittlein, Morrison and Colombo (1987), Management Science 33(1), 1-24.
    """

    r: float
    alpha: float
    s: float
    beta: float

    def __post_init__(self) -> None:
        refuse(*(positive(name, getattr(self, name)) for name in ("r", "alpha", "s", "beta")))

    def expected_purchases(self, ages: ArrayLike) -> Floats:
        """Return the mean number of repeat purchases by each age, in the shape of `ages`.

        r beta / (alpha (s - 1)) (1 - (beta / (beta + t))^(s - 1)), their equation 17; at s = 1 its limit.
        """
        age = np.asarray(ages, dtype=np.float64)
        wrong = age[~((age >= 0) & np.isfinite(age))]
        refuse(f"ages: {wrong[0]}: must be finite and at least 0" if wrong.size else None)
        stretch = np.log1p(age / self.beta)
        lived = stretch if self.s == 1 else -np.expm1((1 - self.s) * stretch) / (self.s - 1)
        return np.asarray(self.r * self.beta / self.alpha * lived, dtype=np.float64)


def _entered(entries: ArrayLike, week: float) -> Floats:
    """Return the ages at `week` of those who entered by then."""
    entered = np.asarray(entries, dtype=np.float64)
    wrong = entered[~np.isfinite(entered)]
    refuse(f"entries: {wrong[0]}: must be finite" if wrong.size else None, not_negative("week", week))
    return week - entered[entered <= week]


def _series(first: Floats, ratio: Callable[[int], Floats], *, limit: Floats) -> Floats:
    """Return first + first ratio(1) + first ratio(1) ratio(2) + ...; the ratios tend to `limit`, below 1.

    Stops when for every element what is left, bounded by the geometric series with the larger of the next
    ratio and the limit, is below 1e-13 of the sum.
    """
    term, total, n = first, first.copy(), 1
    while True:
        step = ratio(n)
        bound = np.maximum(np.abs(step), limit)
        if np.all(np.abs(term) * bound <= SERIES_TOLERANCE * np.abs(total) * (1 - bound)):
            return total
        term = term * step
        total = total + term
        n += 1


def _log_beta(a: float, b: float) -> float:
    return math.lgamma(a) + math.lgamma(b) - math.lgamma(a + b)
