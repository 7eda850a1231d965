"""Demand: which user visits when and wants what, drawn as one table before the clock starts.

Contains what all kinds share and the plainest two; `repeat_buying.py` draws customers who come back, `bursts.py`
sales and campaigns, `mixture.py` joins several, `replay.py` reads recorded visits. Every choice has a named
stream of its own, so that changing one setting shifts no other draw and variants of a scenario meet the same
customers.
"""

import math
from abc import abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, time
from math import fsum
from types import MappingProxyType
from typing import Annotated, Any, ClassVar, Literal, NamedTuple, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray
from pydantic import (
    AfterValidator,
    Field,
    SerializationInfo,
    SerializerFunctionWrapHandler,
    ValidatorFunctionWrapHandler,
    WrapSerializer,
    WrapValidator,
)

from alesha_sim.numeric.counts import bincount, repeat
from alesha_sim.numeric.elementary import power
from alesha_sim.scenarios.errors import Problem, ScenarioError, nearest
from alesha_sim.scenarios.fields import Duration, Number, Whole
from alesha_sim.scenarios.model import Kept, Part
from alesha_sim.streams import Generator
from alesha_sim.units import DAY, HOUR, in_seconds

Weights = TypeVar("Weights", dict[str, float], tuple[float, ...])

UNITS_MAX = 2**31 - 1
"""The most units of a product in one visit."""

# As many visits, or units, are drawn at most, since they are drawn all at once: some gigabytes of memory.
DRAWN_MAX = 200_000_000


class Draws(Protocol):
    """Where demand gets its generators: the streams of a run, or those under a part's name."""

    def generator(self, name: str) -> Generator:
        """Return a new generator that stands at the start of the named stream."""


class Market(NamedTuple):
    """What demand needs to know of its scenario."""

    users: int
    skus: tuple[str, ...]
    horizon: float
    start: datetime


class Purchases(NamedTuple):
    """Intended visits in any order: instants in seconds, users from 0, units per visit and product.

    `cut` counts recorded visits that were left out, as their demand asked, since they lie beyond the horizon.
    """

    at: NDArray[np.float64]
    user: NDArray[np.int64]
    quantities: NDArray[np.int64]
    cut: int = 0


class Visits(NamedTuple):
    """Intended visits sorted by their instant; `wrong_secret` marks those with a mistyped secret.

    `intent` is 0 for an honest visit, else the place of the attack among the fields of `users.attacks`, from 1.
    `at_door` marks those who pay on delivery. `draws` holds, by the names of `VisitDraws`, what else was drawn in
    store for each visit, one row a visit; only what the scenario asks for is drawn. `cut` is as in `Purchases`.
    """

    at: NDArray[np.float64]
    user: NDArray[np.int64]
    quantities: NDArray[np.int64]
    wrong_secret: NDArray[np.bool_]
    intent: NDArray[np.int8]
    at_door: NDArray[np.bool_] | None = None
    draws: Mapping[str, NDArray[np.float64]] = MappingProxyType({})
    cut: int = 0


def _not_all_zero(weights: Weights) -> Weights:
    """Refuse weights without a positive sum that is a number."""
    total = sum(weights.values() if isinstance(weights, dict) else weights)
    if total <= 0:
        raise ValueError("must have a positive sum")
    if total == math.inf:
        raise ValueError("must have a smaller sum")
    return weights


def _weights(count: int, each: str) -> AfterValidator:
    """Return what refuses a profile that has not one weight for `each` of `count` things."""

    def check(profile: tuple[float, ...]) -> tuple[float, ...]:
        if len(profile) != count:
            raise ValueError(f"must be {count} weights, one for each {each}")
        return _not_all_zero(profile)

    return AfterValidator(check)


Weight = Annotated[Number, Field(ge=0)]
Profile = Annotated[tuple[Weight, ...], _weights(24, "hour")]
Week = Annotated[tuple[Weight, ...], _weights(7, "day")]
Seasons = Annotated[tuple[Weight, ...], _weights(12, "month")]
Shares = Annotated[
    Annotated[dict[str, Weight], AfterValidator(_not_all_zero)] | None,
    Field(
        examples=[{"hp-laptop": 1, "apple-watch": 2}],
        description="Relative share of each product in the units bought; left out, all are equal.",
    ),
]
Units = Annotated[
    Number, Field(ge=1, le=1e6, description="Mean units of a purchase, at least 1: 1 + Poisson(units - 1).")
]


class Demand(Part):
    """What every kind of demand offers, those of a reader's own included, which are derived from it."""

    may_be_derived: ClassVar[bool] = True

    @abstractmethod
    def purchases(self, market: Market, streams: Draws) -> Purchases:
        """Draw or read the intended visits before the horizon."""

    @property
    def is_recorded(self) -> bool:
        """Whether all visits are recorded ones, of which the last may end the scenario."""
        return False

    def problems(self, users: int | None, skus: Sequence[str] | None, horizon: float) -> list[Problem]:
        """Return what does not fit the scenario's users, products and horizon.

        None stands for faulty users or products, infinity for a horizon that is faulty or left out.
        """
        del users, horizon
        return unknown_skus("shares", getattr(self, "shares", None), skus)


def _read(value: Any, read: ValidatorFunctionWrapHandler) -> Any:
    """Take a demand of one's own as it is."""
    return value if _is_own(value) else read(value)


def _write(value: Any, write: SerializerFunctionWrapHandler, info: SerializationInfo) -> Any:
    """Write a demand of one's own as policies are: itself in Python, the name of its class as JSON."""
    if not _is_own(value):
        return write(value)
    own = type(value)
    return {"kind": f"{own.__module__}.{own.__qualname__}"} if info.mode_is_json() else Kept(value)


def _is_own(value: object) -> bool:
    return isinstance(value, Demand) and not type(value).__module__.startswith("alesha_sim.")


OWN = (WrapValidator(_read), WrapSerializer(_write))
"""What lets a field of some kinds of demand hold one of a reader's own, too."""


class Single(Demand):
    """One visit of one user."""

    kind: Literal["single"] = "single"
    at: Duration = Field(default=0.0, description="When it begins.")
    user: Annotated[Whole, Field(ge=0)] = Field(default=0, description="Which user, counted from 0.")
    quantities: dict[str, Annotated[Whole, Field(ge=0, le=UNITS_MAX)]] = Field(
        default={},
        examples=[{"hp-laptop": 1, "apple-watch": 2}],
        description="Units of each product; left out, the user looks at the home page and leaves.",
    )

    def purchases(self, market: Market, streams: Draws) -> Purchases:
        """Return the one visit; nothing is drawn."""
        del streams
        wanted = [[self.quantities.get(sku, 0) for sku in market.skus]]
        return Purchases(np.array([self.at]), np.array([self.user]), np.array(wanted, dtype=np.int64))

    def problems(self, users: int | None, skus: Sequence[str] | None, horizon: float) -> list[Problem]:
        """Return the unknown SKUs, the user when there are not so many, and an instant after all visits."""
        found = unknown_skus("quantities", self.quantities, skus) + too_late("at", self.at, horizon)
        if users is not None and self.user >= users:
            found.append(Problem("user", str(self.user), f"must be below users.count, {users}"))
        return found


class Poisson(Demand):
    """Visits at random instants, each of a random user; a share of them buys."""

    kind: Literal["poisson"] = "poisson"
    visits_per_day: Annotated[Number, Field(ge=0, le=1e9)] = Field(
        examples=[100], description="Mean number of visits a day."
    )
    buy_share: Annotated[Number, Field(ge=0, le=1)] = Field(
        default=1.0,
        description="Share of visits, 0 to 1, that buy; the others look at the home page and leave.",
    )
    profile: Profile | None = Field(
        default=None,
        examples=[[1, 1, 1, 1, 1, 1, 2, 4, 6, 8, 8, 8, 9, 9, 8, 8, 9, 9, 10, 10, 9, 7, 4, 2]],
        description="Relative weights of the clock's 24 hours from midnight; left out, all are equal.",
    )
    week: Week | None = Field(
        default=None,
        examples=[[1] * 7],
        description="Relative weights of the days from Monday; left out, all are equal.",
    )
    seasons: Seasons | None = Field(
        default=None,
        examples=[[1] * 12],
        description="Relative weights of the months from January; left out, all are equal.",
    )
    growth: Annotated[Number, Field(gt=0, le=1000)] = Field(
        default=1.0, description="By what the number of visits is multiplied within each 365 days."
    )
    units: Units = 1.5
    shares: Shares = None

    def purchases(self, market: Market, streams: Draws) -> Purchases:
        """Draw a Poisson process whose rate follows the hour, the day of the week, the month and the growth.

        The instants of a process of rate one are mapped through the inverse of the expected number of visits
        (Cinlar, "Introduction to Stochastic Processes", 1975, section 4.7), so a change of profile moves every
        visit and neither adds nor drops one within whole days.
        """
        is_varied = self.week is not None or self.seasons is not None or self.growth != 1
        at = (self._varied if is_varied else self._instants)(market, streams.generator("demand"))
        size = len(at)
        user = (streams.generator("demand:users").random(size) * market.users).astype(np.int64)
        buys = streams.generator("demand:buys").random(size) < self.buy_share
        wanted = baskets(size, self.units, self.shares, market.skus, streams)
        return Purchases(at, user, wanted * buys[:, np.newaxis])

    def _heights(self) -> NDArray[np.float64]:
        """Return the expected share of a day's visits by each full hour, from 0 to exactly 1."""
        heights = np.concatenate(([0.0], np.cumsum(np.array(self.profile or (1.0,) * 24))))
        shares: NDArray[np.float64] = heights / heights[-1]
        return shares

    def _instants(self, market: Market, generator: Generator) -> NDArray[np.float64]:
        """Draw the instants of the visits, in days of expected visits and then in seconds; every day is alike."""
        heights = self._heights()
        hours = np.arange(25) * HOUR
        opens = _since_midnight(market.start)
        days, rest = np.divmod([opens, opens + market.horizon], DAY)
        first, last = days + np.interp(rest, hours, heights)
        rate = self.visits_per_day
        days, rest = np.divmod(first + arrivals((last - first) * rate, generator) / (rate or 1), 1)
        at: NDArray[np.float64] = days * DAY + np.interp(rest, heights, hours) - opens
        return at

    def _varied(self, market: Market, generator: Generator) -> NDArray[np.float64]:
        """Draw the instants of the visits where days differ: the rate is constant within each clock hour."""
        opens = _since_midnight(market.start)
        hours = np.arange(int((opens + market.horizon) // HOUR) + 2)
        first_midnight = np.datetime64(market.start.date())
        days = first_midnight + hours // 24
        rate = np.diff(self._heights())[hours % 24] * self.visits_per_day
        if self.week is not None:
            # 1970-01-01, day 0 of NumPy's calendar, was a Thursday: the fourth day from Monday.
            rate *= (np.array(self.week) / _mean(self.week))[(days.astype(np.int64) + 3) % 7]
        if self.seasons is not None:
            month = days.astype("datetime64[M]").astype(np.int64) % 12
            rate *= (np.array(self.seasons) / _mean(self.seasons))[month]
        years = ((hours * HOUR - opens) / (365 * DAY)).astype(np.float64)
        with np.errstate(over="ignore"):  # infinitely many visits are refused below
            rate *= power(self.growth, years)
            expected = np.concatenate(([0.0], np.cumsum(rate)))
        ends = np.concatenate((hours, [hours[-1] + 1])) * HOUR
        first, last = np.interp([opens, opens + market.horizon], ends, expected)
        found = first + arrivals(last - first, generator)
        at: NDArray[np.float64] = np.interp(found, expected, ends) - opens
        return at


def _since_midnight(start: datetime) -> float:
    """Return the seconds from midnight to an instant."""
    return (start - datetime.combine(start.date(), time())).total_seconds()


def _mean(weights: Sequence[float]) -> float:
    """Return the mean of weights, whose sum is rounded once."""
    return fsum(weights) / len(weights)


def arrivals(total: float, generator: Generator) -> NDArray[np.float64]:
    """Draw the instants of a Poisson process of rate one that lie below `total`."""
    refuse_many("visits_per_day", total, "visits")
    found = np.zeros(1)
    while found[-1] < total:
        # Four standard deviations more than expected: a second block is rare, and changes nothing but the cost.
        more = int(total - found[-1] + 4 * np.sqrt(total)) + 8
        # Summed on from the last instant, so that the blocks' sizes do not show in the last digits.
        steps = np.concatenate((found[-1:], generator.standard_exponential(more)))
        found = np.concatenate((found[:-1], np.cumsum(steps)))
    return found[1:][found[1:] < total]


def baskets(
    size: int, units: float, shares: Mapping[str, float] | None, skus: tuple[str, ...], streams: Draws
) -> NDArray[np.int64]:
    """Draw what each of `size` purchases holds: 1 + Poisson(units - 1) units, each of a product by its share."""
    counts = 1 + streams.generator("demand:units").poisson(units - 1, size)
    return spread(counts, shares, skus, streams)


def spread(
    counts: NDArray[np.int64], shares: Mapping[str, float] | None, skus: tuple[str, ...], streams: Draws
) -> NDArray[np.int64]:
    """Draw the product of every unit by its share; return units by purchase and product."""
    refuse_many("units", float(counts.sum(dtype=np.float64)), "units")
    refuse_many("catalogue", float(len(counts)) * len(skus), "numbers, one for each visit and product")
    weights = np.array([1.0 if shares is None else shares.get(sku, 0.0) for sku in skus])
    heights = np.cumsum(weights)
    drawn = streams.generator("demand:products").random(int(counts.sum()))
    # The last height divides to exactly 1, which a number drawn from [0, 1) never reaches.
    product = np.searchsorted(heights / heights[-1], drawn, side="right")
    cell = repeat(np.arange(len(counts)) * len(skus), counts) + product
    return bincount(cell, minlength=len(counts) * len(skus)).reshape(-1, len(skus))


def refuse_many(field: str, count: float, what: str) -> None:
    """Raise ScenarioError if so many visits, units or numbers are more than memory is made for."""
    if not count <= DRAWN_MAX:
        raise ScenarioError([Problem(field, f"{count:.3g} {what}", f"must be at most {DRAWN_MAX:,}")])


def too_late(field: str, at: float, horizon: float) -> list[Problem]:
    """Return a problem for an instant from which nobody would visit any more."""
    rule = f"must be before the horizon, {in_seconds(horizon)}"
    return [Problem(field, in_seconds(at), rule)] if at >= horizon else []


def unknown_skus(field: str, given: Iterable[str] | None, skus: Sequence[str] | None) -> list[Problem]:
    """Return a problem for each SKU that the catalogue does not have; None stands for nothing to look at."""
    if given is None or skus is None:
        return []
    return [
        Problem(f"{field}.{sku}", None, f"unknown SKU: {nearest(sku, skus)}") for sku in given if sku not in skus
    ]
