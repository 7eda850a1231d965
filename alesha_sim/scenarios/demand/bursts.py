"""Demand in bursts: a sale that opens at an instant, and campaigns that come in waves."""

from collections.abc import Sequence
from typing import Annotated, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from alesha_sim.scenarios.demand.base import (
    DRAWN_MAX,
    Demand,
    Draws,
    Market,
    Purchases,
    Shares,
    Units,
    baskets,
    too_late,
    unknown_skus,
)
from alesha_sim.scenarios.errors import Problem
from alesha_sim.scenarios.fields import Duration, Whole
from alesha_sim.scenarios.model import Part
from alesha_sim.streams import Generator

Count = Annotated[Whole, Field(ge=0, le=DRAWN_MAX)]


class Flash(Demand):
    """A flash sale: at an instant many users come at once, each of them one time.

    Each comes an exponential time after the sale opens. How much there is to be had is the supplier's stock, and
    how much one user may order is `shop.purchase_limit`.
    """

    kind: Literal["flash"] = "flash"
    at: Duration = Field(default=0.0, examples=["1 hour"], description="When it opens.")
    visits: Count = Field(examples=[50], description="How many users come, each once: at most users.count.")
    rush: Duration = Field(default=60.0, description="Mean time from the opening to a visit.")
    units: Units = 1.0
    shares: Shares = None

    def purchases(self, market: Market, streams: Draws) -> Purchases:
        """Draw who comes, when, and what each wants."""
        user = streams.generator("demand:users").permutation(market.users)[: self.visits].astype(np.int64)
        at = self.at + streams.generator("demand").standard_exponential(market.users)[: len(user)] * self.rush
        return Purchases(at, user, baskets(len(user), self.units, self.shares, market.skus, streams))

    def problems(self, users: int | None, skus: Sequence[str] | None, horizon: float) -> list[Problem]:
        """Return the unknown SKUs, too late an opening, and the number of visits when there are fewer users."""
        found = super().problems(users, skus, horizon) + too_late("at", self.at, horizon)
        if users is not None and self.visits > users:
            found.append(Problem("visits", str(self.visits), f"must be at most users.count, {users}"))
        return found


class Wave(Part):
    """One wave of a campaign."""

    at: Duration = Field(description="When it begins.")
    duration: Annotated[Duration, Field(gt=0)] = Field(description="How long it lasts.")
    visits: Count = Field(description="How many visits it brings, each of a random user.")
    units: Units = 1.0
    shares: Shares = None


class Waves(Demand):
    """Campaigns that come in waves: each brings a given number of buyers, evenly spread over its duration."""

    kind: Literal["waves"] = "waves"
    waves: Annotated[tuple[Wave, ...], Field(min_length=1)] = Field(
        examples=[[{"at": 0, "duration": "1 day", "visits": 50, "units": 1, "shares": {"hp-laptop": 1}}]],
        description="Each brings so many visits from an instant on, for its duration; at least one.",
    )

    def purchases(self, market: Market, streams: Draws) -> Purchases:
        """Draw wave after wave; each has streams of its own."""
        found = [self._wave(place, wave, market, streams) for place, wave in enumerate(self.waves)]
        return joined(found)

    def _wave(self, place: int, wave: Wave, market: Market, streams: Draws) -> Purchases:
        below = Under(streams, f"wave:{place}:")
        at = wave.at + below.generator("demand").random(wave.visits) * wave.duration
        user = (below.generator("demand:users").random(wave.visits) * market.users).astype(np.int64)
        wanted: NDArray[np.int64] = baskets(wave.visits, wave.units, wave.shares, market.skus, below)
        return Purchases(at, user, wanted)

    def problems(self, users: int | None, skus: Sequence[str] | None, horizon: float) -> list[Problem]:
        """Return the unknown SKUs of every wave, and that none begins in time."""
        del users
        found = [
            problem
            for place, wave in enumerate(self.waves)
            for problem in unknown_skus(f"waves[{place}].shares", wave.shares, skus)
        ]
        place, first = min(enumerate(self.waves), key=lambda wave: wave[1].at)
        return found + too_late(f"waves[{place}].at", first.at, horizon)


def joined(parts: Sequence[Purchases]) -> Purchases:
    """Return the visits of several demands, part after part."""
    at, user, quantities = (np.concatenate(columns) for columns in list(zip(*parts, strict=True))[:3])
    return Purchases(at, user, quantities, sum(part.cut for part in parts))


class Under:
    """The streams of one part of a demand: their names begin with the part's."""

    def __init__(self, streams: Draws, name: str) -> None:
        self._streams = streams
        self._name = name

    def generator(self, name: str) -> Generator:
        """Return a new generator that stands at the start of the part's stream of this name."""
        return self._streams.generator(self._name + name)
