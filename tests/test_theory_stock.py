"""Stock formulas against the outside reference cases, brute force and each other."""

import itertools
import math
import re

import numpy as np
import pytest
from scipy import stats

from alesha_sim.theory import (
    BaseStock,
    EconomicOrder,
    LostSales,
    Newsvendor,
    ParetoNBD,
    Periodic,
    ReorderPoint,
    bullwhip,
    bullwhip_chain,
    newsvendor_cost,
)

BASE_STOCKS = ["base-stock-5-2-12", "base-stock-5-2-15", "base-stock-2-3-8", "base-stock-1.5-4-10"]
LOTS = ["rQ-5-2-9-10", "rQ-2-3-5-6", "rQ-1.5-4-4-10"]


@pytest.mark.parametrize("case_id", BASE_STOCKS)
def test_base_stock_agrees_with_the_reference(reference, case_id):
    case = reference(case_id)
    given, expected = case["inputs"], case["expected"]
    stock = BaseStock(given["lam"], given["lead_time"], given["S"])
    metrics = {
        "E_B": stock.backordered,
        "E_I": stock.on_hand,
        "fill_rate": stock.fill_rate,
        "E_wait": stock.wait,
        "E_on_order": stock.on_order,
    }
    assert metrics == pytest.approx(expected, rel=1e-9)


def test_lost_sales_agree_with_the_reference(reference):
    case = reference("base-stock-lost-sales")
    for given, expected in zip(case["inputs"], case["expected"], strict=True):
        stock = LostSales(given["lam"], given["L"], given["S"])
        metrics = {"P_lost": stock.lost, "E_on_order": stock.on_order, "E_I": stock.on_hand}
        assert metrics == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("case_id", LOTS)
def test_reorder_point_agrees_with_the_reference(reference, case_id):
    case = reference(case_id)
    given, expected = case["inputs"], case["expected"]
    stock = ReorderPoint(given["lam"], given["L"], given["r"], given["Q"])
    metrics = {
        "E_B": stock.backordered,
        "E_I": stock.on_hand,
        "fill_rate": stock.fill_rate,
        "E_wait": stock.wait,
        "orders_per_time": stock.order_rate,
    }
    assert metrics == pytest.approx(expected, rel=1e-9)


def test_the_cheapest_reorder_point_is_the_reference_and_the_best_of_its_neighbours(reference):
    case = reference("stockpyl-rQ-problem_5_2")
    given, expected = case["inputs"], case["expected"]
    costs = {"holding": given["holding_cost"], "shortage": given["stockout_cost"], "fixed": given["fixed_cost"]}
    best = ReorderPoint.cheapest(given["demand_mean"], given["lead_time"], **costs)
    assert (best.reorder_point, best.quantity) == (expected["r"], expected["Q"])
    assert best.cost(**costs) == pytest.approx(expected["cost"], abs=1e-6)
    others = [
        ReorderPoint(12, 0.5, point, quantity).cost(**costs)
        for point, quantity in itertools.product(range(15), range(1, 20))
    ]
    assert min(others) == pytest.approx(best.cost(**costs), rel=1e-12)


def test_newsvendors_agree_with_the_reference(reference):
    case = reference("stockpyl-newsvendor-poisson")
    given = case["inputs"]
    costs = {"holding": given["holding_cost"], "shortage": given["stockout_cost"]}
    best = Newsvendor.poisson(given["demand_mean"], **costs)
    assert best.stock == case["expected"]["S"]
    assert best.cost == pytest.approx(case["expected"]["cost"], abs=1e-6)
    around = [newsvendor_cost(given["demand_mean"], stock, **costs) for stock in range(40)]
    assert min(around) == around[best.stock]
    case = reference("stockpyl-newsvendor-normal")
    given = case["inputs"]
    best = Newsvendor.normal(
        given["demand_mean"], given["demand_sd"], holding=given["holding_cost"], shortage=given["stockout_cost"]
    )
    assert best == pytest.approx((case["expected"]["S"], case["expected"]["cost"]), rel=1e-9)


@pytest.mark.parametrize("case_id", ["stockpyl-sS-example_4_7", "stockpyl-sS-problem_4_31"])
def test_periodic_review_agrees_with_the_reference_and_is_the_best(reference, case_id):
    case = reference(case_id)
    given, expected = case["inputs"], case["expected"]
    costs = {"holding": given["holding_cost"], "shortage": given["stockout_cost"], "fixed": given["fixed_cost"]}
    best = Periodic(given["demand_mean"], expected["s"], expected["S"]).cost(**costs)
    assert best == pytest.approx(expected["cost"], abs=1e-6)
    others = [
        Periodic(given["demand_mean"], point, point + span).cost(**costs)
        for point, span in itertools.product(range(12), range(1, 15))
    ]
    assert min(others) == pytest.approx(best, rel=1e-12)


def test_periodic_review_agrees_with_a_markov_chain():
    s, top, mean = 3, 9, 2.5
    demand = stats.poisson(mean)
    levels = range(s + 1, top + 1)  # after review
    moves = np.zeros((len(levels), len(levels)))
    for row, level in enumerate(levels):
        for column, after in enumerate(levels):
            moves[row, column] = demand.pmf(level - after) if after <= level else 0
        moves[row, -1] += demand.sf(level - s - 1)
    values, vectors = np.linalg.eig(moves.T)
    steady = np.real(vectors[:, np.argmax(np.real(values))])
    steady /= steady.sum()
    units = np.arange(200)
    cost = 0.0
    for share, level in zip(steady, levels, strict=True):
        net = level - units
        cost += share * float((demand.pmf(units) * (2 * np.maximum(net, 0) + 7 * np.maximum(-net, 0))).sum())
        cost += share * 11 * demand.sf(level - s - 1)
    assert Periodic(mean, s, top).cost(holding=2, shortage=7, fixed=11) == pytest.approx(cost, rel=1e-9)


def test_the_economic_order_quantity_agrees_with_the_reference(reference):
    case = reference("stockpyl-eoq")
    given = case["inputs"]
    best = EconomicOrder.of(given["demand_rate"], holding=given["holding_cost"], fixed=given["fixed_cost"])
    assert best == pytest.approx((case["expected"]["Q"], case["expected"]["cost"]), rel=1e-9)


def test_the_bullwhip_agrees_with_the_reference(reference):
    case = reference("bullwhip-ma-iid")
    found = [bullwhip(given["L"], given["p"]) for given in case["inputs"]]
    assert found == pytest.approx(case["expected"]["ratio"], rel=1e-12)


def test_the_bullwhip_along_a_chain_agrees_with_the_reference(reference):
    case = reference("bullwhip-two-stage")
    given, expected = case["inputs"], case["expected"]
    shared = [bullwhip_chain(each["L"], each["p"], shared=True) for each in given]
    separate = [bullwhip_chain(each["L"], each["p"], shared=False) for each in given]
    assert shared == pytest.approx(expected["centralised"], rel=1e-9)
    assert separate == pytest.approx(expected["decentralised_exact_cascade_z0"], rel=1e-9)
    bounds = [math.prod(bullwhip(lead, each["p"]) for lead in each["L"]) for each in given]
    assert bounds == pytest.approx(expected["decentralised_lower_bound"], rel=1e-9)


def test_purchases_over_a_lifetime_agree_with_an_integral():
    model = ParetoNBD(r=0.553, alpha=10.578, s=0.606, beta=11.669)
    rng = np.random.default_rng(3)
    rates, drops = rng.gamma(0.553, 1 / 10.578, 400_000), rng.gamma(0.606, 1 / 11.669, 400_000)
    lived = -np.expm1(-drops * 39) / drops  # the mean lifetime that falls into 39 weeks
    drawn = rates * lived
    error = drawn.std() / math.sqrt(len(drawn))
    assert abs(drawn.mean() - model.expected_purchases(39.0)) < 4 * error
    near = ParetoNBD(r=2, alpha=3, s=1 + 1e-9, beta=5).expected_purchases([1, 10])
    assert ParetoNBD(r=2, alpha=3, s=1, beta=5).expected_purchases([1, 10]) == pytest.approx(near, rel=1e-6)


@pytest.mark.parametrize(
    ("make", "line"),
    [
        (lambda: BaseStock(0, 1, 1), "demand_rate: 0: must be above 0 and finite"),
        (lambda: LostSales(1, 1, 0), "level: 0: must be a whole number of at least 1"),
        (lambda: ReorderPoint(1, 1, -1, 1), "reorder_point: -1: must be a whole number of at least 0"),
        (lambda: Periodic(1, 4, 4), "reorder_point: 4: must be below order_up_to, 4"),
        (lambda: Newsvendor.poisson(1, holding=0, shortage=1), "holding: 0: must be above 0 and finite"),
        (lambda: bullwhip(1, 0), "forecast_periods: 0: must be a whole number of at least 1"),
        (lambda: ParetoNBD(r=0, alpha=1, s=1, beta=1), "r: 0: must be above 0 and finite"),
    ],
)
def test_what_makes_no_sense_is_refused_in_one_line(make, line):
    with pytest.raises(ValueError, match=f"^{re.escape(line)}$"):
        make()
