"""Stocks: the supplier's goods against base stock, lost sales, (r, Q), (s, S), the newsvendor and the bullwhip.

One product, ordered by one user, one unit at a time; messages and parcels take no time, so that what is left is
the stock and its lead time. A run's first part, several lead times, is not counted: from then on stocks with a
given lead time are in their steady state.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from alesha_sim.columns import MISSING_TIME, equals, numbers, text_column
from alesha_sim.distributions import Constant, Distribution, Lognormal
from alesha_sim.numeric.counts import bincount
from alesha_sim.results.result import Result
from alesha_sim.scenarios.scenario import Scenario
from alesha_sim.simulation.simulation import Simulation
from alesha_sim.streams import Streams
from alesha_sim.theory import BaseStock, LostSales, Newsvendor, Periodic, ReorderPoint, bullwhip, newsvendor_cost
from alesha_sim.units import DAY, MICROSECONDS
from alesha_sim.verification.check import Check, Figure, Figures

WARM_UP = 60.0
"""Days that are not counted: at least ten lead times, so that random lead times are forgotten too."""


class StepSeries(NamedTuple):
    """The product's units over time: each row of `values` held from `at` (days) until the next."""

    at: NDArray[np.float64]
    on_hand: NDArray[np.int64]
    on_order: NDArray[np.int64]
    backordered: NDArray[np.int64]

    def mean(self, values: NDArray[np.int64], start: float, end: float) -> float:
        """Return the mean over time of one of the columns, from `start` to `end` (days)."""
        bounds = np.clip(np.append(self.at, np.inf), start, end)
        return float(values @ np.diff(bounds)) / (end - start)

    def just_before(self, values: NDArray[np.int64], instants: NDArray[np.float64]) -> NDArray[np.int64]:
        """Return what one of the columns was just before each instant (days)."""
        return values[np.searchsorted(self.at, instants, side="left") - 1]


def market(
    stock: Mapping[str, Any],
    demand: Mapping[str, Any],
    lead_time: Distribution,
    days: float,
    *,
    unmet: str = "backordered",
) -> Scenario:
    """Return a market of one product whose supplier keeps goods; money is never short."""
    product = {"sku": "unit", "name": "Unit", "marked_price": 2, "price": 2, "charge": 1, "cost": 1}
    return Scenario.model_validate(
        {
            "name": "stock",
            "horizon": days * DAY,
            "catalogue": [product],
            "demand": demand,
            "users": {"opening_balance": 10**9},
            "shop": {"opening_balance": 10**9},
            "supplier": {"stock": stock, "unmet_demand": unmet, "lead_time": lead_time, "delivery_time": 0},
            "network": {"default": {"latency": 0}},
        }
    )


def _poisson(rate: float) -> dict[str, Any]:
    return {"kind": "poisson", "visits_per_day": rate, "units": 1}


def _run(scenario: Scenario, seed: int) -> Result:
    simulation = Simulation(scenario, seed)
    simulation.run()
    return simulation.result()


def step_series(result: Result) -> StepSeries:
    """Return the course of the product's units at the supplier."""
    frame = result.stock()
    at = (frame["at"].to_numpy() - np.datetime64(result.scenario.start, "us")) / np.timedelta64(1, "D")
    return StepSeries(at, *(frame[name].to_numpy() for name in ("on_hand", "on_order", "backordered")))


def _waits(result: Result, days: float) -> NDArray[np.float64]:
    """Return how long each order placed in the counted part waited for its goods, days."""
    orders = result.columns("orders")
    placed, delivered = numbers(orders, "placed_at"), numbers(orders, "delivered_at")
    counted = (placed >= WARM_UP * DAY * MICROSECONDS) & (placed < days * DAY * MICROSECONDS)
    counted &= delivered != MISSING_TIME
    waits: NDArray[np.float64] = (delivered[counted] - placed[counted]) / (DAY * MICROSECONDS)
    return waits


def base_stock_check(theory: BaseStock, days: float) -> Check:
    """Compare a base stock with back-orders; rates are per day, lead times days."""
    stock = {"kind": "base_stock", "level": theory.level}
    scenario = market(stock, _poisson(theory.demand_rate), Constant(theory.lead_time * DAY), WARM_UP + days)

    def run(seed: int) -> Figures:
        return _kept(_run(scenario, seed), theory, WARM_UP + days)

    name = f"base stock {theory.demand_rate:g}, {theory.lead_time:g}, S = {theory.level}"
    return Check(name, run)


def reorder_point_check(theory: ReorderPoint, days: float) -> Check:
    """Compare reorder point and quantity with back-orders."""
    stock = {"kind": "reorder_point", "reorder_point": theory.reorder_point, "quantity": theory.quantity}
    scenario = market(stock, _poisson(theory.demand_rate), Constant(theory.lead_time * DAY), WARM_UP + days)

    def run(seed: int) -> Figures:
        result = _run(scenario, seed)
        ordered = numbers(result.columns("production_lots"), "ordered_at") / (DAY * MICROSECONDS)
        rate = np.count_nonzero(ordered >= WARM_UP) / days
        return {**_kept(result, theory, WARM_UP + days), "lots a day": Figure(rate, theory.order_rate)}

    name = f"(r, Q) {theory.demand_rate:g}, {theory.lead_time:g}, {theory.reorder_point}, {theory.quantity}"
    return Check(name, run)


def _kept(result: Result, theory: BaseStock | ReorderPoint, days: float) -> Figures:
    units, waits = step_series(result), _waits(result, days)
    return {
        "units owed": Figure(units.mean(units.backordered, WARM_UP, days), theory.backordered),
        "units in stock": Figure(units.mean(units.on_hand, WARM_UP, days), theory.on_hand),
        "fill rate": Figure(float((waits == 0).mean()), theory.fill_rate),
        "mean wait, days": Figure(float(waits.mean()), theory.wait),
    }


def lost_sales_check(theory: LostSales, days: float, *, cv: float | None = None) -> Check:
    """Compare a base stock that rejects what it cannot serve; lead times are constant, or lognormal with `cv`."""
    lead = theory.lead_time * DAY
    scenario = market(
        {"kind": "base_stock", "level": theory.level},
        _poisson(theory.demand_rate),
        Constant(lead) if cv is None else Lognormal(lead, cv),
        WARM_UP + days,
        unmet="rejected",
    )

    def run(seed: int) -> Figures:
        result = _run(scenario, seed)
        units, orders = step_series(result), result.columns("orders")
        counted = numbers(orders, "placed_at") >= WARM_UP * DAY * MICROSECONDS
        lost = equals(text_column(orders, "reason"), "out_of_stock")[counted]
        return {
            "share lost": Figure(float(lost.mean()), theory.lost),
            "units on order": Figure(units.mean(units.on_order, WARM_UP, WARM_UP + days), theory.on_order),
            "units in stock": Figure(units.mean(units.on_hand, WARM_UP, WARM_UP + days), theory.on_hand),
        }

    leads = "" if cv is None else f", lognormal leads (cv {cv:g})"
    return Check(f"lost sales {theory.demand_rate:g}, {theory.lead_time:g}, S = {theory.level}{leads}", run)


class Costs(NamedTuple):
    """What a unit left, a unit owed and an order cost in a period."""

    holding: float
    shortage: float
    fixed: float = 0.0


def period_cost(mean: float, reorder_point: int, order_up_to: int, costs: Costs, periods: int, seed: int) -> float:
    """Return the mean cost of a period, by the stock just before each review, of a run of so many days."""
    stock = {"kind": "periodic", "reorder_point": reorder_point, "order_up_to": order_up_to, "period": DAY}
    result = _run(market(stock, _poisson(mean), Constant(0), periods), seed)
    units = step_series(result)
    reviews = np.arange(1.0, periods + 1)
    left, owed = (units.just_before(values, reviews) for values in (units.on_hand, units.backordered))
    lots = len(numbers(result.columns("production_lots"), "quantity"))
    return float(costs.holding * left.mean() + costs.shortage * owed.mean()) + costs.fixed * lots / periods


def periodic_check(theory: Periodic, costs: Costs, periods: int) -> Check:
    """Compare the mean cost of periodic review (s, S) without a lead time."""
    expected = theory.cost(**costs._asdict())

    def run(seed: int) -> Figures:
        observed = period_cost(theory.demand_mean, theory.reorder_point, theory.order_up_to, costs, periods, seed)
        return {"mean cost of a period": Figure(observed, expected)}

    name = f"(s, S) {theory.demand_mean:g}, s = {theory.reorder_point}, S = {theory.order_up_to}"
    return Check(name, run)


def newsvendor_check(mean: float, costs: Costs, periods: int, spread: int = 3) -> Check:
    """Compare the mean cost of a period with theory, for the newsvendor's best stock and its neighbours."""
    best = Newsvendor.poisson(mean, holding=costs.holding, shortage=costs.shortage)
    levels = range(int(best.stock) - spread, int(best.stock) + spread + 1)

    def run(seed: int) -> Figures:
        found = {level: period_cost(mean, level - 1, level, costs, periods, seed) for level in levels}
        return {
            f"cost with {level}": Figure(
                found[level], newsvendor_cost(mean, level, holding=costs.holding, shortage=costs.shortage)
            )
            for level in levels
        }

    return Check(f"newsvendor, mean {mean:g}, stocks {levels[0]} to {levels[-1]}", run)


def bullwhip_check(lead_periods: int, forecast_periods: int, periods: int) -> Check:
    """Compare the variance of lots over that of demand under an order-up-to policy with a moving average.

    One order a day of Poisson(100) units; the lead time is `lead_periods` less the review period, in days.
    """
    stock = {
        "kind": "moving_average",
        "periods": forecast_periods,
        "period": DAY,
        "lead_periods": lead_periods,
        "opening_stock": 100 * lead_periods,
    }

    def run(seed: int) -> Figures:
        demand = Streams(seed).generator("verification:demand").poisson(100, periods)
        visits = {
            "at": [(day + 0.5) * DAY for day in range(periods)],
            "user": [0] * periods,
            "unit": demand.tolist(),
        }
        replay = {"kind": "replay", "visits": visits}
        scenario = market(stock, replay, Constant((lead_periods - 1) * DAY), periods)
        settled = forecast_periods + 10  # until then the forecast has fewer demands, and the start shows
        lots = lots_by_day(_run(scenario, seed), periods)[settled:]
        ratio = float(lots.var() / demand[settled:].var())
        return {"variance of orders / of demand": Figure(ratio, bullwhip(lead_periods, forecast_periods))}

    return Check(f"bullwhip, L = {lead_periods}, p = {forecast_periods}", run)


def lots_by_day(result: Result, periods: int) -> NDArray[np.int64]:
    """Return the units ordered at the review of each day, from day 1 on."""
    lots = result.columns("production_lots")
    day = np.rint(numbers(lots, "ordered_at") / (DAY * MICROSECONDS)).astype(np.int64)
    counted = day <= periods
    found: NDArray[np.int64] = bincount(
        day[counted], weights=numbers(lots, "quantity")[counted], minlength=periods + 1
    ).astype(np.int64)[1:]
    return found


def stock_checks() -> list[Check]:
    """Return one check of each kind, those that are sharp soonest."""
    return [
        base_stock_check(BaseStock(2, 3, 8), days=1500),
        lost_sales_check(LostSales(1, 1, 3), days=1500),
        lost_sales_check(LostSales(2, 3, 8), days=1200, cv=1),
        reorder_point_check(ReorderPoint(2, 3, 5, 6), days=1500),
        periodic_check(Periodic(6, 4, 10), Costs(1, 4, 5), periods=250),
        newsvendor_check(18, Costs(200, 270), periods=60, spread=1),
        bullwhip_check(2, 5, periods=1500),
    ]


def more_stock_checks() -> list[Check]:
    """Return the other reference cases, and longer runs."""
    return [
        base_stock_check(BaseStock(5, 2, 12), days=2000),
        base_stock_check(BaseStock(5, 2, 15), days=4000),
        base_stock_check(BaseStock(1.5, 4, 10), days=8000),
        lost_sales_check(LostSales(5, 2, 12), days=1200),
        reorder_point_check(ReorderPoint(5, 2, 9, 10), days=2000),
        reorder_point_check(ReorderPoint(1.5, 4, 4, 10), days=4000),
        periodic_check(Periodic(4, 2, 7), Costs(40, 125, 150), periods=400),
        newsvendor_check(18, Costs(200, 270), periods=200),
        *(
            bullwhip_check(lead, memory, periods=2000)
            for lead, memory in ((1, 5), (3, 5), (5, 5), (2, 10), (5, 30))
        ),
    ]
