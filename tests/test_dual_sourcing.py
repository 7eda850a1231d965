"""Two suppliers of one shop: the limits of a single source, and what lies between them."""

import pytest

from alesha_sim import scenarios, simulate
from alesha_sim.policies import AnchorAdjust
from alesha_sim.simulation.simulation import Simulation
from alesha_sim.simulation.stock_levels import stock_levels
from alesha_sim.units import DAY

NEVER = -(10**6)
DAYS = 60


def course(scenario):
    """The shop's stock, back-orders and units on order at the end of each day."""
    simulation = Simulation(scenario, 4)
    simulation.collect("stock", stock_levels, every=DAY)
    simulation.run()
    collected = simulation.result().collected["stock"]
    return collected[[column for column in collected if column.startswith("shop ")]]


def alone(name, level):
    """The scenario with one of the suppliers only, up to whose level the shop orders."""
    return scenarios.dual_sourcing(days=DAYS).with_settings({
        "shops.shop.sourcing": {"kind": "single", "supplier": name},
        "shops.shop.stock": AnchorAdjust(level, DAY),
    })  # fmt: skip


def sellers(result):
    """How many units each supplier sold."""
    rows = result.transfers
    given = rows[(rows["code"] == "deliver") & rows["credit"].str.endswith(":goods-in-transit")]
    return given.groupby("book", observed=True)["amount"].sum().to_dict()


@pytest.mark.parametrize(
    ("name", "levels", "level"), [("overseas", (NEVER, 80), 80), ("near", (30, 30), 30), ("near", (30, NEVER), 30)]
)  # fmt: skip
def test_at_its_limits_dual_sourcing_is_a_base_stock_with_one_source(name, levels, level):
    fast, slow = levels
    dual = scenarios.dual_sourcing(days=DAYS, fast_level=fast, slow_level=slow)
    assert course(dual).equals(course(alone(name, level)))
    assert set(sellers(simulate(dual, seed=4))) - {"shop"} == {name}


def test_between_its_limits_both_sell_and_a_higher_first_level_asks_the_fast_one_for_more():
    shares = []
    for fast in (15, 24, 40):
        sold = sellers(simulate(scenarios.dual_sourcing(days=DAYS, fast_level=fast), seed=4))
        shares.append(sold["near"] / (sold["near"] + sold["overseas"]))
    assert 0 < shares[0] < shares[1] < shares[2] < 1
