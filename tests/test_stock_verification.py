"""The stock checks behind `alesha verify` describe what theory describes, and find a fault of ten per cent."""

import numpy as np
import pytest
from scipy import stats

from alesha_sim.theory import BaseStock, LostSales, Newsvendor, Periodic
from alesha_sim.verification import stocks


def test_the_checks_cover_every_reference_case(reference):
    names = {check.name for check in stocks.stock_checks() + stocks.more_stock_checks()}
    for case in ("base-stock-5-2-12", "base-stock-5-2-15", "base-stock-2-3-8", "base-stock-1.5-4-10"):
        given = reference(case)["inputs"]
        assert f"base stock {given['lam']:g}, {given['lead_time']:g}, S = {given['S']}" in names
    for case in ("rQ-5-2-9-10", "rQ-2-3-5-6", "rQ-1.5-4-4-10"):
        given = reference(case)["inputs"]
        assert f"(r, Q) {given['lam']:g}, {given['L']:g}, {given['r']}, {given['Q']}" in names
    for given in reference("base-stock-lost-sales")["inputs"]:
        assert any(
            name.startswith(f"lost sales {given['lam']:g}, {given['L']:g}, S = {given['S']}") for name in names
        )
    for case in ("stockpyl-sS-example_4_7", "stockpyl-sS-problem_4_31"):
        given, best = reference(case)["inputs"], reference(case)["expected"]
        assert f"(s, S) {given['demand_mean']:g}, s = {best['s']}, S = {best['S']}" in names
    for given in reference("bullwhip-ma-iid")["inputs"][:4]:
        assert f"bullwhip, L = {given['L']}, p = {given['p']}" in names


def is_found(check, figure, factor=1.0):
    """Tell whether 20 runs of a check, whose figure is `factor` times what it is, lie four standard errors off."""
    runs = [check.run(seed)[figure] for seed in range(20)]
    off = [factor * found.observed - found.expected for found in runs]
    return abs(np.mean(off)) > 4 * np.std(off, ddof=1) / np.sqrt(len(off))


@pytest.mark.slow
def test_a_fault_of_ten_per_cent_is_found():
    lost = stocks.lost_sales_check(LostSales(1, 1, 3), days=600)
    assert is_found(lost, "units on order", 1.1)
    assert not is_found(lost, "units on order")
    bullwhip = stocks.bullwhip_check(1, 5, periods=300)
    assert is_found(bullwhip, "variance of orders / of demand", 0.9)
    assert not is_found(bullwhip, "variance of orders / of demand")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("lead_time", "figure"),
    [(3.3, "units in stock"), (2.7, "units in stock")],
)
def test_a_lead_time_wrong_by_a_tenth_is_found(monkeypatch, lead_time, figure):
    plain, wrong = stocks.market, stocks.Constant(lead_time * stocks.DAY)
    monkeypatch.setattr(
        stocks, "market", lambda stock, demand, lead, days, **more: plain(stock, demand, wrong, days, **more)
    )
    assert is_found(stocks.base_stock_check(BaseStock(2, 3, 8), days=200), figure)


@pytest.mark.slow
def test_no_stock_of_a_sweep_is_better_than_the_newsvendors():
    costs = stocks.Costs(200, 270)
    best = Newsvendor.poisson(18, holding=200, shortage=270).stock
    levels = [int(best) + step for step in (-2, -1, 0, 1, 2)]
    found = np.array(
        [[stocks.period_cost(18, level - 1, level, costs, 60, seed) for level in levels] for seed in range(20)]
    )
    cheapest = int(found.mean(axis=0).argmin())
    gain = found[:, levels.index(int(best))] - found[:, cheapest]
    if gain.any():  # the same customers met both, so the difference is sharp
        low = stats.ttest_1samp(gain, 0).confidence_interval(0.95).low
        assert low <= 0
    assert found.mean(axis=0)[0] > found.mean(axis=0)[2]
    assert found.mean(axis=0)[-1] > found.mean(axis=0)[2]


def test_a_period_without_demand_costs_what_is_left():
    cost = stocks.period_cost(1e-9, 4, 10, stocks.Costs(3, 7, 11), periods=5, seed=1)
    assert cost == 3 * 10


def test_periodic_costs_count_orders_and_shortages():
    theory = Periodic(6, 4, 10)
    sharp = stocks.periodic_check(theory, stocks.Costs(1, 4, 5), periods=400)
    runs = [sharp.run(seed)["mean cost of a period"] for seed in range(8)]
    error = np.std([run.observed for run in runs], ddof=1) / np.sqrt(8)
    assert abs(np.mean([run.observed for run in runs]) - runs[0].expected) < 4 * error < 0.1 * runs[0].expected
