"""Stock policies: what each orders, and what it refuses to be."""

import copy
import dataclasses
import pickle

import numpy as np
import pytest

from alesha_sim import policies, scenarios, simulate
from alesha_sim.messages import FundsLocation
from alesha_sim.policies import (
    CHOICES,
    SETTLEMENTS,
    STOCKS,
    TRUSTS,
    AnchorAdjust,
    BaseStock,
    MakeToOrder,
    MovingAverage,
    Periodic,
    ReorderPoint,
    StockPolicy,
)

ANY = (("hp-laptop", 1),)


@pytest.mark.parametrize(
    ("unavailable", "lines", "accepted"),
    [
        ((), [("hp-laptop", 1)], True),
        ((), [], True),
        (("iphone-x",), [("hp-laptop", 1), ("apple-watch", 2)], True),
        (("iphone-x",), [("iphone-x", 1)], False),
        (("iphone-x",), [("hp-laptop", 1), ("iphone-x", 1)], False),
        (("hp-laptop", "iphone-x"), [("iphone-x", 5)], False),
    ],
)
def test_make_to_order_accepts_all_but_what_is_not_made(unavailable, lines, accepted):
    assert MakeToOrder(unavailable).accepts(lines) is accepted


def test_make_to_order_keeps_and_orders_nothing():
    policy = MakeToOrder()
    assert (policy.opening("hp-laptop"), policy.order("hp-laptop", -5, ()), policy.period) == (None, 0, None)


ORDERS = {
    "base stock, nothing missing": (BaseStock(5), 5, (), 0),
    "base stock, one missing": (BaseStock(5), 4, (), 1),
    "base stock, all and more missing": (BaseStock(5), -3, (), 8),
    "base stock, too much": (BaseStock(5), 9, (), 0),
    "(r, Q) above the point": (ReorderPoint(4, 6), 5, (), 0),
    "(r, Q) at the point": (ReorderPoint(4, 6), 4, (), 6),
    "(r, Q) a lot too low": (ReorderPoint(4, 6), -2, (), 12),
    "(r, Q) where one lot just reaches above": (ReorderPoint(4, 6), -1, (), 6),
    "(s, S) above s": (Periodic(4, 10, 1.0), 5, (3,), 0),
    "(s, S) at s": (Periodic(4, 10, 1.0), 4, (3,), 6),
    "(s, S) below": (Periodic(4, 10, 1.0), -4, (3,), 14),
    "a forecast without demand": (MovingAverage(3, 1.0, 2), -4, (), 0),
    "a forecast by one period": (MovingAverage(3, 1.0, 2), 5, (10,), 15),
    "a forecast by all that is known": (MovingAverage(3, 1.0, 2), 5, (10, 20), 25),
    "a forecast by the latest": (MovingAverage(3, 1.0, 2), 5, (99, 10, 20, 30), 35),
    "a forecast with safety": (MovingAverage(3, 1.0, 4, safety=1.5), 0, (10, 20, 30), 110),
    "a forecast with safety, one period": (MovingAverage(3, 1.0, 4, safety=1.5), 0, (10,), 40),
    "a forecast is rounded": (MovingAverage(3, 1.0, 1), 0, (1, 1, 3), 2),
    "an anchor without a forecast": (AnchorAdjust(20, 1.0), 5, (9,), 15),
    "an anchor and a part of what is short": (AnchorAdjust(20, 1.0, 0.5, forecast=4.0), 5, (9,), 12),
    "an anchor that follows demand": (AnchorAdjust(20, 1.0, 0.5, smoothing=0.5, forecast=4.0), 20, (8, 2), 4),
    "an anchor above its goal": (AnchorAdjust(20, 1.0), 25, (9,), 0),
    "a first order": (AnchorAdjust(20, 1.0, first_orders=(7, 8)), 0, (9,), 7),
    "a second order": (AnchorAdjust(20, 1.0, first_orders=(7, 8)), 0, (9, 9), 8),
    "the first that counts": (AnchorAdjust(20, 1.0, 1.0, 1.0, 1.0, first_orders=(7,)), 20, (90, 3), 3),
    "a forecast below the position": (MovingAverage(3, 1.0, 1), 50, (10,), 0),
}


@pytest.mark.parametrize("name", ORDERS)
def test_policies_order_by_position_and_demand(name):
    policy, position, demands, ordered = ORDERS[name]
    assert policy.order("hp-laptop", position, demands) == ordered


OPENINGS = {
    BaseStock(5): 5,
    ReorderPoint(4, 6): 10,
    Periodic(4, 10, 1.0): 10,
    MovingAverage(3, 1.0, 2): 0,
    AnchorAdjust(20, 1.0, opening_stock=6): 6,
    MovingAverage(3, 1.0, 2, opening_stock=7): 7,
}


@pytest.mark.parametrize("policy", OPENINGS, ids=repr)
def test_policies_open_with_the_stock_that_they_aim_at(policy):
    assert policy.opening("hp-laptop") == OPENINGS[policy]
    assert policy.accepts(ANY)


TABLE = {"hp-laptop": 5, "iphone-x": 2}
TABLES = [
    BaseStock(TABLE),
    ReorderPoint(0, {"hp-laptop": 5, "iphone-x": 2}),
    ReorderPoint({"hp-laptop": 2, "iphone-x": 1}, {"hp-laptop": 3, "iphone-x": 1}),
    Periodic({"hp-laptop": 2, "iphone-x": 1}, TABLE, 1.0),
    Periodic({"hp-laptop": 2, "iphone-x": 1}, 5, 1.0),
    MovingAverage(1, 1.0, 1, opening_stock=TABLE),
]


@pytest.mark.parametrize("policy", TABLES, ids=repr)
def test_products_that_a_table_leaves_out_are_made_to_order(policy):
    assert policy.opening("hp-laptop") == 5
    assert policy.opening("iphone-x") is not None
    assert policy.opening("apple-watch") is None


def test_a_policy_keeps_its_own_copy_of_a_table():
    table = {"hp-laptop": 5}
    policy = BaseStock(table)
    table["hp-laptop"] = 9
    assert policy.opening("hp-laptop") == 5


@pytest.mark.parametrize("policy", [*OPENINGS, *TABLES, MakeToOrder()], ids=repr)
def test_policies_are_values(policy):
    again = type(policy)(**{field.name: getattr(policy, field.name) for field in dataclasses.fields(policy)})
    assert again == policy == pickle.loads(pickle.dumps(policy)) == copy.deepcopy(policy)
    assert len({again, policy}) == 1
    with pytest.raises(dataclasses.FrozenInstanceError):
        setattr(policy, dataclasses.fields(policy)[0].name, 3)


def test_numpy_numbers_become_plain_ones():
    policy = Periodic(np.int64(4), {"hp-laptop": np.int32(9)}, np.float64(60))
    assert (type(policy.reorder_point), type(policy.order_up_to["hp-laptop"])) == (int, int)
    assert type(policy.period) is float


def test_equal_policies_are_equal_however_their_list_was_given():
    assert MakeToOrder(["iphone-x"]) == MakeToOrder(("iphone-x",))
    assert {MakeToOrder(["iphone-x"]), MakeToOrder(("iphone-x",))} == {MakeToOrder(("iphone-x",))}


UNITS = "must be a whole number from 0 to 1000000000"
SECONDS = "must be a positive number of seconds"
FAULTS = [
    (lambda: MakeToOrder("iphone-x"), "unavailable: 'iphone-x': must be a list of SKUs"),
    (lambda: MakeToOrder(3), "unavailable: 3: must be a list of SKUs"),
    (
        lambda: MakeToOrder(["a", 3, None]),
        "unavailable[1]: 3: must be text\nunavailable[2]: None: must be text",
    ),
    (lambda: BaseStock(-1), f"level: -1: {UNITS}"),
    (lambda: BaseStock(1.5), f"level: 1.5: {UNITS}"),
    (lambda: BaseStock(True), f"level: True: {UNITS}"),
    (lambda: BaseStock(10**10), f"level: 10000000000: {UNITS}"),
    (lambda: BaseStock("5"), f"level: '5': {UNITS}"),
    (lambda: BaseStock({"a": 1, "b": -1, "c": None}), f"level.b: -1: {UNITS}\nlevel.c: None: {UNITS}"),
    (lambda: BaseStock({}), "level: {}: must name a product, or be a number for all"),
    (
        lambda: ReorderPoint(-1, 0),
        f"reorder_point: -1: {UNITS}\nquantity: 0: must be a whole number from 1 to 1000000000",
    ),
    (
        lambda: ReorderPoint({"a": 1}, {"a": 1, "b": 2}),
        "quantity: a, b: must name the products of reorder_point, a",
    ),
    (lambda: Periodic(5, 4, 1.0), "reorder_point: 5: must be at most order_up_to, 4"),
    (lambda: Periodic({"a": 5}, 4, 1.0), "reorder_point.a: 5: must be at most order_up_to, 4"),
    (lambda: Periodic(3, {"a": 5, "b": 2}, 1.0), "reorder_point: 3: must be at most order_up_to, 2"),
    (lambda: Periodic(1, 4, 0), f"period: 0: {SECONDS}"),
    (lambda: Periodic(1, 4, float("nan")), f"period: nan: {SECONDS}"),
    (lambda: Periodic(-1, 4, "1 day"), f"reorder_point: -1: {UNITS}\nperiod: '1 day': {SECONDS}"),
    (
        lambda: MovingAverage(0, -1, -1, float("inf"), -1),
        "periods: 0: must be a whole number from 1 to 1000000000\n"
        "lead_periods: -1: must be a number from 0 to 1000000000\n"
        "safety: inf: must be a number from 0 to 1000000000\n"
        f"period: -1: {SECONDS}\nopening_stock: -1: {UNITS}",
    ),
]


@pytest.mark.parametrize(("make", "fault"), FAULTS)
def test_faults_of_a_policy_name_field_value_and_rule(make, fault):
    with pytest.raises(ValueError, match="must") as error:
        make()
    assert str(error.value) == fault


def test_any_object_with_the_methods_is_a_stock_policy():
    class Weekly:
        period = 604_800.0

        def accepts(self, lines):
            return True

        def opening(self, sku):
            return 10

        def order(self, sku, position, demands):
            return 10

    assert isinstance(Weekly(), StockPolicy)
    assert all(isinstance(policy, StockPolicy) for policy in [*OPENINGS, MakeToOrder()])
    assert not isinstance(object(), StockPolicy)


def test_a_policy_of_ones_own_may_answer_in_numpys_types():
    class Own:
        period = None  # asked at every demand

        def accepts(self, lines):
            return np.bool_(lines[0][1] < 2)

        def opening(self, sku):
            return np.int64(2)

        def order(self, sku, position, demands):
            return np.int64(max(2 - position, 0))

    class Terms:
        needs_confirmation = False

        def terms(self, amount, paid_at, promised_at):
            return FundsLocation.SETTLEMENT_DUE, np.float64(paid_at + 60), np.inf

    class Trust:
        def after(self, trust, event):
            return np.float32(trust / 2)

    own = {"supplier.stock": Own(), "bank.settlement": Terms(), "users.trust": Trust()}
    scenario = scenarios.market_day(days=0.5, visits_per_day=200).with_settings(own)
    result = simulate(scenario, seed=3)
    assert result.check() == []
    assert {"completed", "cancelled"} <= set(result.orders["status"])
    assert (result.transfers["code"] == "settlement").any()


def test_every_policy_is_listed_by_its_kind():
    kinds = {
        "make_to_order": MakeToOrder, "base_stock": BaseStock, "reorder_point": ReorderPoint,
        "periodic": Periodic, "moving_average": MovingAverage, "anchor_adjust": AnchorAdjust,
    }  # fmt: skip
    assert kinds == STOCKS


def test_every_policy_says_which_fields_are_durations():
    for kind in [each for table in (STOCKS, SETTLEMENTS, CHOICES, TRUSTS) for each in table.values()]:
        fields = {field.name for field in dataclasses.fields(kind)}
        assert set(kind.durations) <= fields
    assert Periodic.durations == MovingAverage.durations == AnchorAdjust.durations == ("period",)


def test_all_names_of_the_package_are_there():
    assert [name for name in policies.__all__ if not hasattr(policies, name)] == []
    assert policies.__all__ == sorted(policies.__all__, key=lambda name: (not name.isupper(), name))
