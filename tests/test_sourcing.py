"""From which suppliers a shop orders: each policy alone, over many orders, and what it refuses."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alesha_sim.policies import (
    SOURCINGS,
    CheapestSource,
    DualSources,
    Due,
    FallbackSource,
    FastestSource,
    SingleSource,
    Source,
    SourcingPolicy,
    SplitSources,
    StockPosition,
)

MILL, SEA = Source("mill", charge=70, lead_seconds=10), Source("overseas", charge=50, lead_seconds=90)
BOTH = [MILL, SEA]
DUAL = DualSources("mill", "overseas", [40, 80])
ALL = [SingleSource(), CheapestSource(), FastestSource(), SplitSources({"mill": 3, "overseas": 1}), DUAL,
       FallbackSource()]  # fmt: skip


def closed(source):
    return source._replace(is_open=False)


@pytest.mark.parametrize("policy", ALL, ids=SOURCINGS)
def test_every_policy_orders_all_units_from_those_that_are_open_and_nothing_of_nothing(policy):
    assert isinstance(policy, SourcingPolicy)
    assert sum(units for _, units in policy.order("tea", 7, BOTH, None)) == 7
    assert list(policy.order("tea", 0, BOTH, None)) == []
    assert list(policy.order("tea", 7, [closed(MILL), closed(SEA)], None)) == []
    assert list(policy.order("tea", 7, [], None)) == []


@pytest.mark.parametrize(
    ("policy", "both", "without_mill"),
    [
        (SingleSource(), "mill", None),
        (SingleSource("overseas"), "overseas", "overseas"),
        (CheapestSource(), "overseas", "overseas"),
        (FastestSource(), "mill", "overseas"),
        (FallbackSource(["mill", "overseas"]), "mill", "overseas"),
        (FallbackSource(["overseas"]), "overseas", "overseas"),
        (FallbackSource(), "mill", "overseas"),
        (FallbackSource(["mill"]), "mill", None),
    ],
)
def test_one_supplier_gets_it_all(policy, both, without_mill):
    assert list(policy.order("tea", 3, BOTH, None)) == [(both, 3)]
    assert list(policy.order("tea", 3, [closed(MILL), SEA], None)) == ([(without_mill, 3)] if without_mill else [])


def test_equals_go_to_the_first():
    twins = [Source("b", 5, 5), Source("a", 5, 5)]
    assert list(CheapestSource().order("tea", 1, twins, None)) == [("b", 1)]
    assert list(FastestSource().order("tea", 1, twins, None)) == [("b", 1)]


@given(st.lists(st.integers(1, 50), min_size=1, max_size=40), st.lists(st.floats(0.01, 5), min_size=2, max_size=4))
def test_split_shares_hold_over_many_orders_within_a_unit(orders, weights):
    names = "abcd"[: len(weights)]
    policy, had = SplitSources(dict(zip(names, weights, strict=True))), dict.fromkeys(names, 0)
    for units in orders:
        parts = policy.order("tea", units, [Source(name, ordered=had[name]) for name in names], None)
        assert sum(part for _, part in parts) == units
        assert all(part > 0 for _, part in parts)
        for name, part in parts:
            had[name] += part
    for name, weight in zip(names, weights, strict=True):
        assert abs(had[name] - sum(orders) * weight / sum(weights)) < len(weights)


def test_split_gives_to_those_that_are_open_and_have_a_share():
    policy = SplitSources({"mill": 0.1, "overseas": 0.3, "gone": 1})
    assert list(policy.order("tea", 4, BOTH, None)) == [("mill", 1), ("overseas", 3)]
    assert list(policy.order("tea", 4, [MILL, closed(SEA)], None)) == [("mill", 4)]
    assert list(policy.order("tea", 10**9, BOTH, None)) == [("mill", 25 * 10**7), ("overseas", 75 * 10**7)]


@pytest.mark.parametrize(
    ("on_hand", "backordered", "on_order", "parts"),
    [
        (80, 0, [], []),
        (40, 0, [], [("overseas", 40)]),
        (30, 0, [], [("mill", 10), ("overseas", 40)]),
        (0, 15, [], [("mill", 55), ("overseas", 40)]),
        (30, 0, [Due(20, 10)], [("overseas", 30)]),  # comes as soon as what is ordered now
        (30, 0, [Due(20, 11)], [("mill", 10), ("overseas", 20)]),
        (30, 0, [Due(60, 50)], [("mill", 10)]),
        (200, 0, [], []),
    ],
)
def test_dual_index_orders_what_each_position_lacks(on_hand, backordered, on_order, parts):
    assert list(DUAL.order("tea", 99, BOTH, StockPosition(on_hand, backordered, on_order))) == parts


def test_dual_sourcing_has_one_source_as_its_limits():
    for on_hand in range(-20, 90, 7):
        position = StockPosition(max(on_hand, 0), max(-on_hand, 0), [Due(5, 20)])
        lack, soon = max(75 - on_hand, 0), max(80 - on_hand, 0)
        slow = DualSources("mill", "overseas", [-1000, 80]).order("tea", 0, BOTH, position)
        fast = DualSources("mill", "overseas", [80, 0]).order("tea", 0, BOTH, position)
        assert list(slow) == ([("overseas", lack)] if lack else [])
        assert list(fast) == ([("mill", soon)] if soon else [])


def test_dual_sourcing_asks_the_one_that_is_open_and_takes_levels_by_product():
    position = StockPosition(30)
    assert list(DUAL.order("tea", 0, [closed(MILL), SEA], position)) == [("overseas", 50)]
    assert list(DUAL.order("tea", 0, [MILL, closed(SEA)], position)) == [("mill", 10)]
    by_product = DualSources("mill", "overseas", [{"tea": 35}, {"tea": 60, "coffee": 50}])
    assert list(by_product.order("tea", 0, BOTH, position)) == [("mill", 5), ("overseas", 25)]
    assert list(by_product.order("coffee", 0, BOTH, position)) == [("overseas", 20)]


@pytest.mark.parametrize(
    ("make", "lines"),
    [
        (lambda: SingleSource(3), "supplier: 3: must be the name of a supplier"),
        (lambda: FallbackSource("mill"), "suppliers: 'mill': must be a list of names of suppliers"),
        (lambda: FallbackSource(["a", "a"]), "suppliers: ['a', 'a']: must not name a supplier twice"),
        (lambda: SplitSources(3), "shares: 3: must be a table by the names of suppliers"),
        (lambda: SplitSources({"a": -1}), "shares.a: -1: must be a number from 0 to 1e+09"),
        (lambda: SplitSources({"a": 0}), "shares must have a positive sum"),
        (lambda: DualSources("a", "a", [1, 2]), "slow: 'a': must not be the fast supplier"),
        (lambda: DualSources("a", 3, [1]), "slow: 3: must be the name of a supplier\n"
         "order_up_to: [1]: must be two levels, of the fast and of the slow supplier"),
        (lambda: DualSources("a", "b", [1.5, {"tea": True}]),
         "order_up_to[0]: 1.5: must be a whole number from -1000000000 to 1000000000\n"
         "order_up_to[1].tea: True: must be a whole number from -1000000000 to 1000000000"),
    ],
)  # fmt: skip
def test_parameters_that_break_a_rule_are_refused_a_line_each(make, lines):
    with pytest.raises(ValueError, match=f"^{re.escape(lines)}$"):
        make()
