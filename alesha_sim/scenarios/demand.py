"""Demand: which user visits when and wants what, drawn as one table before the clock starts.

Here live the kinds of demand that are drawn; `replay.py` reads recorded visits. Every choice has a named stream of
its own, so that changing one setting shifts no other draw and variants of a scenario meet the same customers.
"""

from abc import abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, time
from typing import Annotated, Literal, NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray
from pydantic import AfterValidator, Field

from alesha_sim.scenarios.errors import Fault, nearest
from alesha_sim.scenarios.fields import Duration, Number, Whole
from alesha_sim.scenarios.part import Part
from alesha_sim.streams import Generator, Streams

HOUR, DAY, WEEK = 3600.0, 86_400.0, 604_800.0

Weights = TypeVar("Weights", dict[str, float], tuple[float, ...])

UNITS_MAX = 2**31 - 1
"""The most units of a product in one visit."""


class Market(NamedTuple):
    """What demand needs to know of its scenario."""

    users: int
    skus: tuple[str, ...]
    horizon: float
    start: datetime


class Purchases(NamedTuple):
    """Intended visits in any order: instants in seconds, users from 0, units per visit and product."""

    at: NDArray[np.float64]
    user: NDArray[np.int64]
    quantities: NDArray[np.int64]


class Visits(NamedTuple):
    """Intended visits sorted by their instant; `wrong_secret` marks those with a mistyped secret.

    `intent` is 0 for an honest visit, else the place of the attack among the fields of `users.attacks`, from 1.
    """

    at: NDArray[np.float64]
    user: NDArray[np.int64]
    quantities: NDArray[np.int64]
    wrong_secret: NDArray[np.bool_]
    intent: NDArray[np.int8]


def _not_all_zero(weights: Weights) -> Weights:
    """Refuse weights without a positive sum."""
    if sum(weights.values() if isinstance(weights, dict) else weights) <= 0:
        raise ValueError("must have a positive sum")
    return weights


def _hourly(profile: tuple[float, ...]) -> tuple[float, ...]:
    """Refuse a profile that is not one of 24 hours."""
    if len(profile) != 24:
        raise ValueError("must be 24 weights, one for each hour")
    return _not_all_zero(profile)


Weight = Annotated[Number, Field(ge=0)]
Profile = Annotated[tuple[Weight, ...], AfterValidator(_hourly)]
Shares = Annotated[
    Annotated[dict[str, Weight], AfterValidator(_not_all_zero)] | None,
    Field(description="Relative share of each SKU in the units bought; left out, all are equal."),
]
Units = Annotated[Number, Field(ge=1, le=1e6, description="Mean units of a purchase: 1 + Poisson(units - 1).")]


class Demand(Part):
    """What every kind of demand offers."""

    @abstractmethod
    def purchases(self, market: Market, streams: Streams) -> Purchases:
        """Draw or read the intended visits before the horizon."""

    def faults(self, users: int | None, skus: Sequence[str] | None) -> list[Fault]:
        """Return what does not fit the scenario's users and products; None stands for faulty ones."""
        del users
        return unknown_skus("shares", getattr(self, "shares", None), skus)


class Single(Demand):
    """One visit of one user."""

    kind: Literal["single"] = "single"
    at: Duration = Field(default=0.0, description="When the visit begins, seconds.")
    user: Annotated[Whole, Field(ge=0)] = Field(default=0, description="Which user, counted from 0.")
    quantities: dict[str, Annotated[Whole, Field(ge=0, le=UNITS_MAX)]] = Field(
        default={}, description="Units by SKU; with none the user looks at the home page and leaves."
    )

    def purchases(self, market: Market, streams: Streams) -> Purchases:
        """Return the one visit; nothing is drawn."""
        del streams
        wanted = [[self.quantities.get(sku, 0) for sku in market.skus]]
        return Purchases(np.array([self.at]), np.array([self.user]), np.array(wanted, dtype=np.int64))

    def faults(self, users: int | None, skus: Sequence[str] | None) -> list[Fault]:
        """Return the unknown SKUs, and the user when there are not so many."""
        found = unknown_skus("quantities", self.quantities, skus)
        if users is not None and self.user >= users:
            found.append(Fault("user", str(self.user), f"must be below users.count, {users}"))
        return found


class Poisson(Demand):
    """Visits at random instants, each of a random user; a share of them buys."""

    kind: Literal["poisson"] = "poisson"
    visits_per_day: Annotated[Number, Field(ge=0, le=1e9)] = Field(description="Mean number of visits a day.")
    buy_share: Annotated[Number, Field(ge=0, le=1)] = Field(
        default=1.0,
        description="Share of visits that buy, 0 to 1; the others look at the home page and leave.",
    )
    profile: Profile | None = Field(
        default=None,
        description="24 relative weights of the clock's hours from midnight; left out, all are equal.",
    )
    units: Units = 1.5
    shares: Shares = None

    def purchases(self, market: Market, streams: Streams) -> Purchases:
        """Draw a Poisson process whose rate follows the day's profile.

        The instants of a process of rate one are mapped through the inverse of the expected number of visits
        (Cinlar, "Introduction to Stochastic Processes", 1975, section 4.7), so a change of profile moves every
        visit and neither adds nor drops one within whole days.
        """
        at = self._instants(market, streams.generator("demand"))
        size = len(at)
        user = (streams.generator("demand:users").random(size) * market.users).astype(np.int64)
        buys = streams.generator("demand:buys").random(size) < self.buy_share
        wanted = baskets(size, self.units, self.shares, market.skus, streams)
        return Purchases(at, user, wanted * buys[:, np.newaxis])

    def _instants(self, market: Market, generator: Generator) -> NDArray[np.float64]:
        """Draw the instants of the visits, in days of expected visits and then in seconds."""
        weights = np.array(self.profile or (1.0,) * 24)
        # The expected share of a day's visits by each full hour; dividing by the last makes it exactly 1.
        heights = np.concatenate(([0.0], np.cumsum(weights)))
        heights /= heights[-1]
        hours = np.arange(25) * HOUR
        midnight = datetime.combine(market.start.date(), time())
        opens = (market.start - midnight).total_seconds()
        days, rest = np.divmod([opens, opens + market.horizon], DAY)
        first, last = days + np.interp(rest, hours, heights)
        rate = self.visits_per_day
        days, rest = np.divmod(first + arrivals((last - first) * rate, generator) / (rate or 1), 1)
        at: NDArray[np.float64] = days * DAY + np.interp(rest, heights, hours) - opens
        return at


class BgNbd(Demand):
    """Repeat buying by the BG/NBD model (Fader, Hardie and Lee 2005, Marketing Science 24(2) 275-284).

    A customer's first purchase, his entry, is uniform over the first `entry_weeks`. While active he buys again at
    exponential intervals of rate lambda a week, and after each repeat purchase he drops out for good with
    probability p; nobody drops out directly after the first purchase. Among customers lambda is gamma of shape r
    and rate alpha, p is beta of a and b. Each purchase is a visit.
    """

    kind: Literal["bg_nbd"] = "bg_nbd"
    weeks: Annotated[Number, Field(gt=0, le=10_000)] = Field(
        description="Purchases happen before this week's end."
    )
    r: Annotated[Number, Field(gt=0)] = Field(description="Shape of the gamma distribution of purchase rates.")
    alpha: Annotated[Number, Field(gt=0)] = Field(description="Rate of that gamma distribution, weeks.")
    a: Annotated[Number, Field(gt=0)] = Field(description="First parameter of the beta of drop-out probabilities.")
    b: Annotated[Number, Field(gt=0)] = Field(description="Second parameter of that beta distribution.")
    entry_weeks: Annotated[Number, Field(ge=0, le=10_000)] = Field(
        default=12.0, description="First purchases are spread evenly over so many weeks."
    )
    units: Units = 1.5
    shares: Shares = None

    def purchases(self, market: Market, streams: Streams) -> Purchases:
        """Draw all customers at once, one repeat purchase of each in a round.

        A customer's k-th interval is the k-th draw at his place whatever the others do, so a change of one
        parameter leaves the other choices of every customer as they were.
        """
        users = market.users
        rates = streams.generator("demand:rates").gamma(self.r, 1 / self.alpha, users)
        at = streams.generator("demand:entries").random(users) * self.entry_weeks
        repeats = self._repeats(users, streams)
        gaps = streams.generator("demand:gaps")
        ends = min(self.weeks, market.horizon / WEEK)
        active = np.flatnonzero(at < ends)
        found = [(at[active], active)]
        while active.size:
            # A rate that underflows to zero makes an endless interval, which is what it should be.
            with np.errstate(divide="ignore", over="ignore"):
                at = at + gaps.standard_exponential(users) / rates
            active = active[(at[active] < ends) & (repeats[active] >= len(found))]
            found.append((at[active], active))
        weeks, user = (np.concatenate(columns) for columns in zip(*found, strict=True))
        wanted = baskets(len(user), self.units, self.shares, market.skus, streams)
        return Purchases(weeks * WEEK, user.astype(np.int64), wanted)

    def _repeats(self, users: int, streams: Streams) -> NDArray[np.float64]:
        """Draw how many repeat purchases each customer would make before dropping out: geometric, from 1.

        The floor of an exponential variable of rate -ln(1 - p), plus one, is geometric with probability p.
        """
        chances = streams.generator("demand:chances").beta(self.a, self.b, users)
        patience = streams.generator("demand:dropouts").standard_exponential(users)
        # Certain drop-out divides by infinity and none at all by zero: both give the right number.
        with np.errstate(divide="ignore", over="ignore"):
            return 1 + np.floor(patience / -np.log1p(-chances))


def arrivals(total: float, generator: Generator) -> NDArray[np.float64]:
    """Draw the instants of a Poisson process of rate one that lie below `total`."""
    found = np.zeros(1)
    while found[-1] < total:
        # Four standard deviations more than expected: a second block is rare, and changes nothing but the cost.
        more = int(total - found[-1] + 4 * np.sqrt(total)) + 8
        # Summed on from the last instant, so that the blocks' sizes do not show in the last digits.
        steps = np.concatenate((found[-1:], generator.standard_exponential(more)))
        found = np.concatenate((found[:-1], np.cumsum(steps)))
    return found[1:][found[1:] < total]


def baskets(
    size: int, units: float, shares: Mapping[str, float] | None, skus: tuple[str, ...], streams: Streams
) -> NDArray[np.int64]:
    """Draw what each of `size` purchases holds: 1 + Poisson(units - 1) units, each of a product by its share."""
    counts = 1 + streams.generator("demand:units").poisson(units - 1, size)
    return spread(counts, shares, skus, streams)


def spread(
    counts: NDArray[np.int64], shares: Mapping[str, float] | None, skus: tuple[str, ...], streams: Streams
) -> NDArray[np.int64]:
    """Draw the product of every unit by its share; return units by purchase and product."""
    weights = np.array([1.0 if shares is None else shares.get(sku, 0.0) for sku in skus])
    heights = np.cumsum(weights)
    drawn = streams.generator("demand:products").random(int(counts.sum()))
    # The last height divides to exactly 1, which a number drawn from [0, 1) never reaches.
    product = np.searchsorted(heights / heights[-1], drawn, side="right")
    cell = np.repeat(np.arange(len(counts)) * len(skus), counts) + product
    return np.bincount(cell, minlength=len(counts) * len(skus)).reshape(-1, len(skus)).astype(np.int64)


def unknown_skus(field: str, given: Iterable[str] | None, skus: Sequence[str] | None) -> list[Fault]:
    """Return a fault for each SKU that the catalogue does not have; None stands for nothing to look at."""
    if given is None or skus is None:
        return []
    return [
        Fault(f"{field}.{sku}", None, f"unknown SKU: {nearest(sku, skus)}") for sku in given if sku not in skus
    ]
