"""Customers who come back: `repeat_buyers` against the BG/NBD model, and the CDNOW replay against its counts."""

from collections.abc import Iterable
from math import inf
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from alesha_sim.columns import equals, numbers, text_column
from alesha_sim.numeric.counts import bincount
from alesha_sim.results.result import Result
from alesha_sim.scenarios import cdnow, repeat_buyers
from alesha_sim.scenarios.scenario import Scenario
from alesha_sim.simulation.simulation import Simulation
from alesha_sim.tables.every_order import row_of
from alesha_sim.theory import BGNBD
from alesha_sim.units import MICROSECONDS, WEEK
from alesha_sim.verification.check import Check, Figure, Figures
from alesha_sim.vocabulary import NO_ID

WEEKS = (13.0, 26.0, 39.0, 52.0, 78.0)
PUBLISHED = BGNBD(r=0.243, alpha=4.414, a=0.793, b=2.426)
CDNOW = {
    "customers": 2357,
    "purchases": 6696,
    "units": 16479,
    "repeats by week 39": 2457,
    "repeats by week 78": 4339,
    "customers by repeats: 0": 1411,
    "customers by repeats: 1": 439,
    "customers by repeats: 2": 214,
    "customers by repeats: 3": 100,
    "customers by repeats: 4": 62,
    "customers by repeats: 5": 38,
    "customers by repeats: 6": 29,
    "customers by repeats: 7+": 64,
}
"""From Fader, Hardie and Lee (2005) and the sample itself; customers by repeats are those of week 39."""


class Purchases(NamedTuple):
    """Who bought when, in any order: weeks from the start, and users."""

    at: NDArray[np.float64]
    user: NDArray[np.int64]

    def repeats(self, week: float) -> NDArray[np.int64]:
        """Return the number of repeat purchases by the end of `week` of each customer who had bought by then."""
        counts = bincount(self.user[self.at < week])
        return counts[counts > 0] - 1

    def histogram(self, week: float) -> NDArray[np.int64]:
        """Return how many customers had 0, 1 .. 6 and at least 7 repeat purchases by the end of `week`."""
        return bincount(np.minimum(self.repeats(week), 7), minlength=8)

    def metrics(self, weeks: Iterable[float]) -> dict[str, float]:
        """Return the figures of repeat buying by name: totals by week, and the histogram at week 39."""
        totals = {f"repeats by week {week:g}": float(self.repeats(week).sum()) for week in weeks}
        return totals | _bins(self.histogram(39.0))


def _bins(histogram: Iterable[float]) -> dict[str, float]:
    named = zip((*"0123456", "7+"), histogram, strict=True)
    return {f"customers by repeats: {repeats}": float(number) for repeats, number in named}


def _drawn(scenario: Scenario, seed: int) -> Purchases:
    visits = scenario.visits(seed)
    return Purchases(visits.at / WEEK, visits.user)


def _completed(result: Result) -> Purchases:
    """Return the completed orders, each at the instant at which its visit began."""
    orders, visits = result.columns("orders"), result.columns("visits")
    row = row_of(orders, numbers(visits, "order"))
    complete = equals(text_column(orders, "status"), "completed")
    bought = np.flatnonzero(row != NO_ID)
    bought = bought[complete[row[bought]]]
    at = numbers(visits, "arrived_at")[bought] / (WEEK * MICROSECONDS)
    return Purchases(at, numbers(orders, "user")[row[bought]])


def against_model(result: Result, model: BGNBD = PUBLISHED, weeks: Iterable[float] = WEEKS) -> dict[float, Figure]:
    """Return the repeat purchases of a result by the end of each week, and what a model expects of its customers.

    The model knows when each customer first bought, and nothing else. Weeks count from the start.
    """
    found = _completed(result)
    entries = np.full(result.scenario.users.count, inf)
    np.minimum.at(entries, found.user, found.at)
    return {
        week: Figure(float(found.repeats(week).sum()), model.expected_repeats(entries, week)) for week in weeks
    }


def repeat_check(scenario: Scenario | None = None) -> Check:
    """Compare the purchases that `repeat_buyers` draws with the model's expectations for the drawn entry times.

    Runs are drawn demand, many of which are cheap; `orders_run` shows that orders are as drawn.
    """
    market = repeat_buyers() if scenario is None else scenario

    def run(seed: int) -> Figures:
        drawn = _drawn(market, seed)
        entries = np.full(market.users.count, inf)
        np.minimum.at(entries, drawn.user, drawn.at)
        expected = {f"repeats by week {week:g}": PUBLISHED.expected_repeats(entries, week) for week in WEEKS}
        expected |= _bins(PUBLISHED.expected_histogram(entries, 39.0))
        return {name: Figure(found, expected[name]) for name, found in drawn.metrics(WEEKS).items()}

    return Check("repeat buyers, BG/NBD", run)


def orders_run(seed: int) -> Figures:
    """Compare the completed orders of a whole run of `repeat_buyers` with the purchases drawn for it."""
    market = repeat_buyers()
    simulation = Simulation(market, seed)
    simulation.run()
    drawn, found = _drawn(market, seed), _completed(simulation.result())
    expected = {"purchases": float(len(drawn.at))} | drawn.metrics(WEEKS)
    observed = {"purchases": float(len(found.at))} | found.metrics(WEEKS)
    return {name: Figure(observed[name], expected[name]) for name in expected}


def cdnow_run(seed: int) -> Figures:
    """Compare the completed orders of a replay of the CDNOW sample with the published counts."""
    simulation = Simulation(cdnow(), seed)
    simulation.run()
    result = simulation.result()
    found = _completed(result)
    observed = {
        "customers": len(np.unique(found.user)),
        "purchases": len(found.at),
        "units": int(numbers(result.columns("order_lines"), "quantity").sum()),
        **found.metrics((39.0, 78.0)),
    }
    return {name: Figure(observed[name], number) for name, number in CDNOW.items()}
