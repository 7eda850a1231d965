"""Stocks: how much is on hand, owed and lost under the classic ways to replenish, and which way is cheapest.

Demand is Poisson, one unit at a time; times are in one unit throughout, rates in units per time. Averages are
those of the steady state.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from statistics import NormalDist
from typing import NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from alesha_sim.theory.queues import erlang_b
from alesha_sim.theory.rules import not_negative, positive, refuse, whole

Floats = NDArray[np.float64]

TAIL = 1e-17
"""Probability beyond which a Poisson distribution is cut off."""


class Demand:
    """A Poisson number of units: its probabilities, and how much of it is over or under a stock.

    Partial expectations follow from k p(k) = mean p(k - 1), as in Hadley and Whitin, Analysis of Inventory Systems
    (1963), appendix 3.
    """

    def __init__(self, mean: float) -> None:
        refuse(positive("mean", mean))
        self.mean = mean
        # Far enough that less than TAIL is left (twelve standard deviations and more for small means).
        last = int(mean + 12 * math.sqrt(mean) + 40)
        steps = np.log(mean) - np.log(np.arange(1, last + 1))
        self.probabilities: Floats = np.exp(np.concatenate(([0.0], np.cumsum(steps))) - mean)

    def below(self, stock: int) -> float:
        """Return the probability of fewer than `stock` units."""
        return float(self.probabilities[: max(stock, 0)].sum())

    def shortage(self, stock: int) -> float:
        """Return the mean number of units in excess of `stock`, which may be negative."""
        if stock <= 0:
            return self.mean - stock
        units = np.arange(len(self.probabilities))
        return float(((units - stock) * self.probabilities)[stock:].sum())

    def leftover(self, stock: int) -> float:
        """Return the mean number of units of `stock` that are not asked for."""
        return stock - self.mean + self.shortage(stock)


@dataclass(frozen=True)
class BaseStock:
    """Continuous review (S - 1, S): every unit demanded is ordered again at once; unmet demand is back-ordered.

    The net stock is `level` less the Poisson demand of a lead time (Zipkin, Foundations of Inventory Management,
    2000, section 6.2), which by Palm's theorem also holds for random lead times with that mean if orders may
    cross.
    """

    demand_rate: float
    lead_time: float
    level: int

    def __post_init__(self) -> None:
        refuse(
            positive("demand_rate", self.demand_rate),
            positive("lead_time", self.lead_time),
            whole("level", self.level, least=0),
        )

    @cached_property
    def _demand(self) -> Demand:
        return Demand(self.on_order)

    @property
    def on_order(self) -> float:
        """The mean number of units on order."""
        return self.demand_rate * self.lead_time

    @property
    def backordered(self) -> float:
        """The mean number of units owed."""
        return self._demand.shortage(self.level)

    @property
    def on_hand(self) -> float:
        """The mean number of units in stock."""
        return self._demand.leftover(self.level)

    @property
    def fill_rate(self) -> float:
        """The share of demand served at once."""
        return self._demand.below(self.level)

    @property
    def wait(self) -> float:
        """The mean wait for a unit, zeros included (Little's law)."""
        return self.backordered / self.demand_rate


@dataclass(frozen=True)
class LostSales:
    """Continuous review (S - 1, S) where unmet demand is lost.

    The units on order are the busy servers of Erlang's loss system, so that only the mean of the lead time matters
    (Feeney and Sherbrooke 1966, Management Science 12(5), 391-411).
    """

    demand_rate: float
    lead_time: float
    level: int

    def __post_init__(self) -> None:
        refuse(
            positive("demand_rate", self.demand_rate),
            positive("lead_time", self.lead_time),
            whole("level", self.level),
        )

    @property
    def lost(self) -> float:
        """The share of demand lost."""
        return erlang_b(self.level, self.demand_rate * self.lead_time)

    @property
    def on_order(self) -> float:
        """The mean number of units on order."""
        return self.demand_rate * self.lead_time * (1 - self.lost)

    @property
    def on_hand(self) -> float:
        """The mean number of units in stock."""
        return self.level - self.on_order


@dataclass(frozen=True)
class ReorderPoint:
    """Continuous review (r, Q): `quantity` units are ordered when stock on hand and on order falls to the point.

    That position is uniform on r + 1 .. r + Q, and each of its values is a base stock (Hadley and Whitin,
    Analysis of Inventory Systems, 1963, section 4-7). Unmet demand is back-ordered.
    """

    demand_rate: float
    lead_time: float
    reorder_point: int
    quantity: int

    def __post_init__(self) -> None:
        refuse(
            positive("demand_rate", self.demand_rate),
            positive("lead_time", self.lead_time),
            whole("reorder_point", self.reorder_point, least=0),
            whole("quantity", self.quantity),
        )

    @cached_property
    def _levels(self) -> list[BaseStock]:
        first = self.reorder_point + 1
        return [
            BaseStock(self.demand_rate, self.lead_time, level) for level in range(first, first + self.quantity)
        ]

    @property
    def backordered(self) -> float:
        """The mean number of units owed."""
        return sum(level.backordered for level in self._levels) / self.quantity

    @property
    def on_hand(self) -> float:
        """The mean number of units in stock."""
        return sum(level.on_hand for level in self._levels) / self.quantity

    @property
    def fill_rate(self) -> float:
        """The share of demand served at once."""
        return sum(level.fill_rate for level in self._levels) / self.quantity

    @property
    def wait(self) -> float:
        """The mean wait for a unit, zeros included (Little's law)."""
        return self.backordered / self.demand_rate

    @property
    def order_rate(self) -> float:
        """How many lots are ordered per time."""
        return self.demand_rate / self.quantity

    def cost(self, *, holding: float, shortage: float, fixed: float) -> float:
        """Return the mean cost per time: of a unit in stock, of a unit owed (each per time), and of a lot."""
        refuse(positive("holding", holding), positive("shortage", shortage), not_negative("fixed", fixed))
        return holding * self.on_hand + shortage * self.backordered + fixed * self.order_rate

    @classmethod
    def cheapest(
        cls, demand_rate: float, lead_time: float, *, holding: float, shortage: float, fixed: float
    ) -> Self:
        """Return the best (r, Q): with each further unit of Q the next cheapest base stock joins the interval.

        Source: Federgruen and Zheng (1992), Operations Research 40(4), 808-813.
        """
        refuse(positive("holding", holding), positive("shortage", shortage), not_negative("fixed", fixed))
        demand = Demand(demand_rate * lead_time)

        def rate(level: int) -> float:
            return holding * demand.leftover(level) + shortage * demand.shortage(level)

        low = high = next(level for level in range(len(demand.probabilities)) if rate(level) <= rate(level + 1))
        total, least = fixed * demand_rate + rate(low), math.inf
        while True:
            average = total / (high - low + 1)
            if average >= least:
                break
            least, best = average, (low, high)
            if low > 1 and rate(low - 1) <= rate(high + 1):
                low -= 1
                total += rate(low)
            else:
                high += 1
                total += rate(high)
        return cls(demand_rate, lead_time, best[0] - 1, best[1] - best[0] + 1)


class Newsvendor(NamedTuple):
    """How much to have for one period, and what that costs in the mean."""

    stock: float
    cost: float

    @classmethod
    def poisson(cls, mean: float, *, holding: float, shortage: float) -> Self:
        """Return the least stock whose probability of being enough is shortage / (shortage + holding).

        `holding` is the cost of a unit left over, `shortage` of a unit lacking. Source: Arrow, Harris and Marschak
        (1951), Econometrica 19(3), 250-272.
        """
        refuse(positive("holding", holding), positive("shortage", shortage))
        demand, ratio = Demand(mean), shortage / (shortage + holding)
        stock = int(np.searchsorted(np.cumsum(demand.probabilities), ratio))
        return cls(stock, newsvendor_cost(mean, stock, holding=holding, shortage=shortage))

    @classmethod
    def normal(cls, mean: float, deviation: float, *, holding: float, shortage: float) -> Self:
        """Return the same for normal demand; its cost is (holding + shortage) times the deviation times phi(z)."""
        refuse(positive("deviation", deviation), positive("holding", holding), positive("shortage", shortage))
        normal = NormalDist()
        z = normal.inv_cdf(shortage / (shortage + holding))
        return cls(mean + z * deviation, (holding + shortage) * deviation * normal.pdf(z))


def newsvendor_cost(mean: float, stock: int, *, holding: float, shortage: float) -> float:
    """Return the mean cost of a period with Poisson demand of this mean and `stock` units at its begin."""
    demand = Demand(mean)
    return holding * demand.leftover(stock) + shortage * demand.shortage(stock)


@dataclass(frozen=True)
class Periodic:
    """Periodic review (s, S) without a lead time: at `reorder_point` or below the stock is filled up.

    Unmet demand is back-ordered; costs are of the stock at the end of each period, when `demand_mean` units have
    been asked for in the mean. The mean cost of a period is that of a renewal cycle divided by its length
    (Veinott and Wagner 1965, Management Science 11(5), 525-552; Zheng and Federgruen 1991, Operations Research
    39(4), 654-665).
    """

    demand_mean: float
    reorder_point: int
    order_up_to: int

    def __post_init__(self) -> None:
        refuse(positive("demand_mean", self.demand_mean), whole("order_up_to", self.order_up_to))
        if not self.reorder_point < self.order_up_to:
            raise ValueError(f"reorder_point: {self.reorder_point}: must be below order_up_to, {self.order_up_to}")

    def cost(self, *, holding: float, shortage: float, fixed: float) -> float:
        """Return the mean cost of a period: of a unit left, of a unit owed, and of an order."""
        refuse(positive("holding", holding), positive("shortage", shortage), not_negative("fixed", fixed))
        demand = Demand(self.demand_mean)
        # Mean number of periods of a cycle that begin so many units below S.
        span = self.order_up_to - self.reorder_point
        p = np.append(demand.probabilities, np.zeros(span))
        stays = np.zeros(span)
        for below in range(span):
            stays[below] = ((below == 0) + stays[:below] @ p[below:0:-1]) / (1 - p[0])
        costs = [
            holding * demand.leftover(level) + shortage * demand.shortage(level)
            for level in range(self.order_up_to, self.order_up_to - span, -1)
        ]
        return float((fixed + stays @ np.array(costs)) / stays.sum())


class EconomicOrder(NamedTuple):
    """The economic order quantity for steady demand (Harris 1913): how much at once, and the cost per time."""

    quantity: float
    cost: float

    @classmethod
    def of(cls, demand_rate: float, *, holding: float, fixed: float) -> Self:
        """Return sqrt(2 fixed rate / holding) and the cost sqrt(2 fixed rate holding)."""
        refuse(positive("demand_rate", demand_rate), positive("holding", holding), positive("fixed", fixed))
        return cls(math.sqrt(2 * fixed * demand_rate / holding), math.sqrt(2 * fixed * demand_rate * holding))


def bullwhip(lead_periods: float, forecast_periods: int) -> float:
    """Return the variance of orders over that of demand for independent demand and a moving-average forecast.

    Order-up-to without a safety factor, `lead_periods` including the review period, negative orders allowed:
    1 + 2 L / p + 2 L^2 / p^2 (Chen, Drezner, Ryan and Simchi-Levi 2000, Management Science 46(3), 436-443).
    """
    refuse(positive("lead_periods", lead_periods), whole("forecast_periods", forecast_periods))
    ratio = lead_periods / forecast_periods
    return 1 + 2 * ratio + 2 * ratio**2


def bullwhip_chain(lead_periods: Sequence[float], forecast_periods: int, *, shared: bool) -> float:
    """Return the variance of the last tier's orders over that of the customers' demand, one lead time a tier.

    Order-up-to with a moving average at each tier, as in `bullwhip`. With demand `shared` all tiers forecast from
    what customers want: the lead times add up (Chen, Drezner, Ryan and Simchi-Levi 2000, section 4). Otherwise
    each forecasts from the orders that reach it: the exact figure, above the paper's bound, the product of the
    tiers' own ratios.
    """
    if shared:
        return bullwhip(sum(lead_periods), forecast_periods)
    response = np.ones(1)
    for lead in lead_periods:
        refuse(positive("lead_periods", lead), whole("forecast_periods", forecast_periods))
        tier = np.zeros(forecast_periods + 1)
        tier[0], tier[-1] = 1 + lead / forecast_periods, -lead / forecast_periods
        response = np.convolve(response, tier)
    return float(response @ response)
