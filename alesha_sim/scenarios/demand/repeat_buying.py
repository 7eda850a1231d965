"""Customers who come back: demand by the two classic models of repeat buying and unseen drop-out."""

from abc import abstractmethod
from typing import Annotated, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import ConfigDict, Field

from alesha_sim.numeric.elementary import log1p
from alesha_sim.numeric.gammas import betas, gammas
from alesha_sim.scenarios.demand.base import (
    Demand,
    Draws,
    Market,
    Purchases,
    Shares,
    Units,
    baskets,
    refuse_many,
)
from alesha_sim.scenarios.errors import Problem, ScenarioError
from alesha_sim.scenarios.fields import Number
from alesha_sim.units import WEEK

Floats = NDArray[np.float64]
# How often a customer may be expected to buy: all customers' next purchases are drawn together, one by one.
REPEATS_MAX = 100_000

Positive = Annotated[Number, Field(gt=0)]


class Repeats(Demand):
    """What both models share: when customers come first, how often they buy, what they buy.

    A customer's first purchase, his entry, is uniform over the first `entry_weeks`. While active he buys again at
    exponential intervals of rate lambda a week; among customers lambda is gamma of shape r and rate alpha. Each
    purchase is a visit.
    """

    weeks: Annotated[Number, Field(gt=0, le=10_000)] = Field(
        examples=[78], description="Purchases happen before the end of this week."
    )
    r: Positive = Field(examples=[0.243], description="Shape of the gamma distribution of purchase rates.")
    alpha: Positive = Field(
        examples=[4.414], description="Rate of the gamma distribution of purchase rates, weeks."
    )
    entry_weeks: Annotated[Number, Field(ge=0, le=10_000)] = Field(
        default=12.0, description="First purchases are spread evenly over so many weeks."
    )
    units: Units = 1.5
    shares: Shares = None

    def purchases(self, market: Market, streams: Draws) -> Purchases:
        """Draw all customers at once, one repeat purchase of each in a round.

        A customer's k-th interval is the k-th draw at his place whatever the others do, so a change of one
        parameter leaves the other choices of every customer as they were.
        """
        users = market.users
        expected = self.r / self.alpha * min(self.weeks, market.horizon / WEEK)
        refuse_many("r", (1 + expected) * users, "purchases expected")
        if expected > REPEATS_MAX:
            rule = f"must be at most {REPEATS_MAX:,}"
            raise ScenarioError([Problem("r", f"{expected:.3g} purchases of a customer expected", rule)])
        with np.errstate(over="ignore", invalid="ignore"):  # of an alpha next to nothing; nobody then buys again
            rates = gammas(streams.generator("demand:rates"), self.r, users) * (1 / self.alpha)
        at = streams.generator("demand:entries").random(users) * self.entry_weeks
        most, last = self._limits(at, streams)
        gaps = streams.generator("demand:gaps")
        ends = np.minimum(last, min(self.weeks, market.horizon / WEEK))
        active = np.flatnonzero(at < ends)
        found = [(at[active], active)]
        while active.size:
            # A rate that underflows to zero makes an endless interval, which is what it should be.
            with np.errstate(divide="ignore", over="ignore"):
                at = at + gaps.standard_exponential(users) / rates
            active = active[(at[active] < ends[active]) & (most[active] >= len(found))]
            found.append((at[active], active))
        weeks, user = (np.concatenate(columns) for columns in zip(*found, strict=True))
        wanted = baskets(len(user), self.units, self.shares, market.skus, streams)
        return Purchases(weeks * WEEK, user.astype(np.int64), wanted)

    @abstractmethod
    def _limits(self, entries: Floats, streams: Draws) -> tuple[Floats, Floats]:
        """Draw how many repeat purchases each customer makes at most, and the week in which he drops out."""


class BgNbd(Repeats):
    """Repeat buying by the BG/NBD model (Fader, Hardie and Lee 2005, Marketing Science 24(2) 275-284).

    After each repeat purchase a customer drops out permanently with a probability p of their own; nobody does so
    directly after the first purchase. Among customers p is beta of a and b. The rest is as in every kind of
    repeat buying.
    """

    kind: Literal["bg_nbd"] = "bg_nbd"
    a: Positive = Field(
        examples=[0.793], description="First parameter of the beta distribution of drop-out probabilities."
    )
    b: Positive = Field(
        examples=[2.426], description="Second parameter of the beta distribution of drop-out probabilities."
    )

    def _limits(self, entries: Floats, streams: Draws) -> tuple[Floats, Floats]:
        """Draw geometric numbers of repeat purchases, from 1; nobody drops out in between.

        The floor of an exponential variable of rate -ln(1 - p), plus one, is geometric with probability p.
        """
        users = len(entries)
        chances = betas(streams.generator("demand:chances"), self.a, self.b, users)
        patience = streams.generator("demand:dropouts").standard_exponential(users)
        # Certain drop-out divides by infinity and none at all by zero: both give the right number.
        with np.errstate(divide="ignore", over="ignore"):
            return 1 + np.floor(patience / -log1p(-chances)), np.full(users, np.inf)


class ParetoNbd(Repeats):
    """Repeat buying by the Pareto/NBD model (Schmittlein, Morrison and Colombo 1987, Management Science 33(1)).

    A customer drops out permanently an exponential time of rate mu a week after entry. Among customers mu is
    gamma of shape s and rate beta. The rest is as in every kind of repeat buying.
    """

    # The estimates for the CDNOW sample in the same paper as those of the BG/NBD model.
    model_config = ConfigDict(json_schema_extra={"examples": [{"r": 0.553, "alpha": 10.578}]})

    kind: Literal["pareto_nbd"] = "pareto_nbd"
    s: Positive = Field(examples=[0.606], description="Shape of the gamma distribution of drop-out rates.")
    beta: Positive = Field(
        examples=[11.669], description="Rate of the gamma distribution of drop-out rates, weeks."
    )

    def _limits(self, entries: Floats, streams: Draws) -> tuple[Floats, Floats]:
        """Draw exponential lifetimes; nothing else limits the number of purchases."""
        users = len(entries)
        rates = gammas(streams.generator("demand:dropout_rates"), self.s, users) * (1 / self.beta)
        patience = streams.generator("demand:lifetimes").standard_exponential(users)
        with np.errstate(divide="ignore", over="ignore"):
            lifetimes = patience / rates
        # A customer who drops out at once has still made the first purchase.
        return np.full(users, np.inf), np.nextafter(entries, np.inf) + lifetimes
