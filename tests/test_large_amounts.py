"""Amounts near 64 bits: kept to the last minor unit, or refused in one line before the run."""

from pathlib import Path

import numpy as np
import pytest

from alesha_sim import accounting
from alesha_sim.audit.evidence import Evidence
from alesha_sim.audit.laws import check
from alesha_sim.audit.register import Priced
from alesha_sim.cli import main
from alesha_sim.scenarios.errors import ScenarioError
from alesha_sim.scenarios.scenario import Scenario
from alesha_sim.simulation.simulation import Simulation
from alesha_sim.tables.schema import SCHEMA
from alesha_sim.units import AMOUNT_MAX

CASE = Path(__file__).parent / "cases" / "limits" / "large-total.toml"
SCALE = 2**58


def market(scale=1, visits=3, **fields):
    """A scenario in yen in which all amounts are `scale` times as large; most goods are sent back."""

    def product(sku, price):
        prices = {"marked_price": price, "price": price, "charge": 4, "cost": 3}
        return {"sku": sku, "name": sku, **{name: str(yen * scale) for name, yen in prices.items()}}

    demand = {"at": [100 * n for n in range(visits)], "user": [n % 2 for n in range(visits)], "p": [1] * visits}
    parts = {
        "horizon": 100_000, "currency": {"code": "JPY", "decimals": 0},
        "catalogue": [product("p", 5) | {"return_share": 1}, product("dear", 30)],
        "users": {"count": 2, "opening_balance": str(8 * scale), "after_sales": {"return_after": 1}},
        "shop": {"opening_balance": str(10 * scale)},
        "supplier": {"opening_balance": str(scale), "lead_time": 0, "delivery_time": 0},
        "demand": {"kind": "replay", "visits": demand | {"dear": [0] * visits}},
    }  # fmt: skip
    return Scenario.model_validate(parts | fields)


def finished(scenario):
    simulation = Simulation(scenario, 3)
    simulation.run()
    return simulation.result()


def test_a_total_that_no_float_holds_is_told_to_the_last_minor_unit(capsys):
    assert main(["run", str(CASE), "--seed", "1"]) == 0
    told = capsys.readouterr().out
    assert told.count("1,234,567,890,123.4567 XAU") == 1
    assert "398,765,432,109,876.5433 XAU" in told
    assert "all laws hold" in told


def test_statements_are_as_exact_near_64_bits_as_of_small_amounts():
    small, large = finished(market()), finished(market(SCALE))
    assert large.check() == []
    for name in ("revenue", "refunds", "sales_returns", "users_cash", "shop_cash_min"):
        assert large.exact_metrics()[name] == SCALE * small.exact_metrics()[name]
    for book in ("bank", "shop", "supplier", "users"):
        one, other = (accounting.trial_balance(result, book) for result in (small, large))
        money = one["commodity"] == "JPY"
        for side in ("debit", "credit"):
            assert (other[side][money] == SCALE * one[side][money]).all()


def test_opening_balances_may_fill_64_bits():
    users = {"count": 3, "opening_balance": str(AMOUNT_MAX // 3 - 1)}
    scenario = market(users=users, shop={"opening_balance": 1}, supplier={"opening_balance": 1})
    assert finished(scenario).check() == []


def test_visits_that_could_turn_over_more_than_64_bits_are_refused():
    assert len(market(SCALE, visits=6).visits(1).at) == 6
    with pytest.raises(
        ScenarioError, match=r"^demand: all visits: '10,088,063,165,309,911,040 JPY': goods and what"
    ):
        market(SCALE, visits=7).visits(1)


def test_goods_that_could_cost_more_than_64_bits_to_bring_back_are_refused():
    transport = {"supplier.return_transport": str(2**61)}
    assert len(market(visits=3).with_settings(transport).visits(1).at) == 3
    with pytest.raises(ScenarioError, match=r"^demand: all visits: .* must fit in 64 bits"):
        market(visits=4).with_settings(transport).visits(1)


def test_a_visit_is_refused_that_may_choose_goods_worth_more_than_64_bits():
    choice = {"kind": "logit", "price_sensitivity": 0}
    users = {"count": 2, "opening_balance": 0}
    assert len(market(SCALE // 2, visits=2, users=users).visits(1).at) == 2
    with pytest.raises(ScenarioError, match=r"^demand: all visits: .* must fit in 64 bits"):
        market(SCALE // 2, visits=3, users=users | {"choice": choice}).visits(1)


def test_laws_add_up_amounts_whose_sum_passes_64_bits():
    result = finished(market())
    tables = {name: result.columns(name) for name in SCHEMA if name not in ("messages", "production_lots")}
    amounts = np.full(len(tables["transfers"]["amount"]), 2**62)
    tables["transfers"] = tables["transfers"] | {"amount": amounts}
    catalogue = [Priced("p", 5, 4, 3), Priced("dear", 30, 4, 3)]
    evidence = Evidence(tables, catalogue)
    rows = evidence.rows("shop", "sale")
    assert len(rows) == 3
    assert sum(evidence.summed(rows, evidence.by_order)) == 3 * 2**62
    lines = check(tables, catalogue, drained=True)
    assert f"L9: shop:sales (JPY): opening 0, closing 15, but transfers make 0 and {3 * 2**62}" in lines
