from datetime import datetime

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import alesha_sim as alesha
from alesha_sim.columns import MISSING_TIME, TextColumn
from alesha_sim.conversation import Message, selection
from alesha_sim.results import time_series
from alesha_sim.results.time_series import step_series
from alesha_sim.tables.schema import SCHEMA


@pytest.fixture(scope="module")
def market():
    scenario = alesha.scenarios.market_day(users=15, visits_per_day=40)
    return alesha.simulate(scenario, seed=3)


@pytest.fixture(scope="module")
def tables(market):
    return {table: market.columns(table) for table in SCHEMA}


def test_course_begins_at_zero_and_keeps_the_last_value_of_an_instant():
    at = np.array([5, 2, 5])
    found = step_series(at, np.array([[10], [1], [-3]]))
    assert found.at.tolist() == [0, 2, 5]
    assert found.values.tolist() == [[0], [1], [8]]


def test_course_that_begins_with_changes_has_one_row_for_the_start():
    found = step_series(np.array([0, 0, 4]), np.array([[7, 0], [0, 2], [1, 1]]))
    assert found.at.tolist() == [0, 4]
    assert found.values.tolist() == [[7, 2], [8, 3]]


@pytest.mark.parametrize(
    ("every", "end", "at"), [(4, 10, [0, 4, 8, 12]), (5, 10, [0, 5, 10]), (50, 10, [0, 50]), (5, 0, [0])]
)
def test_grid_runs_from_the_start_to_the_first_instant_not_before_the_end(every, end, at):
    assert step_series(np.array([3]), np.array([[1]])).on_grid(every, end).at.tolist() == at


@given(st.lists(st.tuples(st.integers(0, 50), st.integers(-9, 9))), st.integers(1, 20))
def test_grid_has_the_sum_of_all_changes_so_far(changes, every):
    at = np.array([instant for instant, _ in changes], np.int64)
    size = np.array([[change] for _, change in changes], np.int64).reshape(-1, 1)
    found = step_series(at, size).on_grid(every, 50)
    expected = [sum(change for instant, change in changes if instant <= point) for point in found.at.tolist()]
    assert found.values[:, 0].tolist() == expected


def test_balances_end_at_the_deposits_and_never_go_below_zero(market):
    everybody = time_series.balances([market.columns("transfers")], None)
    assert (everybody.values[-1] / 100).tolist() == list(market.closing_balances().values())
    assert (everybody.values >= 0).all()
    assert (np.diff(everybody.at) > 0).all()


def test_balances_of_all_users_add_up_to_the_column_users(market):
    transfers = market.columns("transfers")
    one_by_one = [time_series.balances([transfers], f"user:{user}").on_grid(10**9, 10**11) for user in range(15)]
    together = time_series.balances([transfers], "users").on_grid(10**9, 10**11)
    assert (sum(found.values for found in one_by_one) == together.values).all()


def text(*words):
    labels = tuple(dict.fromkeys(words))
    return TextColumn(np.array([labels.index(word) for word in words], np.int32), labels)


def test_stock_counts_reserved_units_and_lots_not_ready():
    supplier = [f"supplier:{name}" for name in ("production", "stock", "reserved", "goods-in-transit")]
    transfers = {
        "posted_at": np.array([0, 4, 4, 6, 6]),
        "debit": text(supplier[1], supplier[2], supplier[1], supplier[3], supplier[3]),
        "credit": text(supplier[0], supplier[1], supplier[0], supplier[2], supplier[1]),
        "commodity": text("watch", "watch", "phone", "watch", "BDT"),
        "amount": np.array([10, 3, 50, 3, 900]),
        "book": text(*["supplier"] * 5),
        "code": text("make", "reserve", "make", "ship", "ship"),
        "order": np.array([-1] * 5),
    }
    lots = {
        "sku": text("watch", "watch", "phone"),
        "quantity": np.array([2, 4, 8]),
        "ordered_at": np.array([1, 6, 6]),
        "arrived_at": np.array([7, MISSING_TIME, 9]),
    }
    orders = {"placed_at": np.zeros(0, np.int64), "accepted_at": np.zeros(0, np.int64)}
    lines = {"order": np.zeros(0, np.int64), "sku": text(), "quantity": np.zeros(0, np.int64)}
    (found,) = time_series.stocks(transfers, lots, orders, lines, ["watch"])
    assert found.at.tolist() == [0, 1, 6, 7]
    assert found.values.tolist() == [[10, 0, 0], [10, 2, 0], [7, 6, 0], [7, 4, 0]]


# A story of one product: order 1 asks for five, 2 for one (rejected), 3 for two (cancelled), 4 for none of it.
BACKORDERS = """
posted_at  book      debit                      credit                     commodity  amount  code            order
0     shop      shop:supplier-advances     shop:cash                  BDT        9       charges         1
1     supplier  supplier:cash              supplier:shop-advances     BDT        9       charges         1
2     supplier  supplier:cash              supplier:shop-advances     BDT        9       charges         2
3     supplier  supplier:shop-advances     supplier:cash              BDT        9       charges-return  2
3     supplier  supplier:cash              supplier:shop-advances     BDT        9       charges         4
4     supplier  supplier:reserved          supplier:stock             watch      3       reserve         1
5     supplier  supplier:cash              supplier:shop-advances     BDT        9       charges         3
6     supplier  supplier:reserved          supplier:production              watch      2       make            1
6     supplier  supplier:goods-in-transit  supplier:reserved          watch      5       ship            1
7     supplier  supplier:shop-advances     supplier:cash              BDT        9       charges-return  3
8     supplier  supplier:losses            supplier:goods-in-transit  watch      5       loss            1
8     supplier  supplier:losses            supplier:goods-in-transit  BDT        9       loss            1
9     supplier  supplier:reserved          supplier:production              watch      5       make            1
10    supplier  supplier:reserved          supplier:production              watch      1       make            1
"""


def test_units_are_backordered_from_the_charges_until_they_are_reserved_or_made():
    heads, *rows = (line.split() for line in BACKORDERS.strip().splitlines())
    columns = dict(zip(heads, zip(*rows, strict=True), strict=True))
    transfers = {
        name: np.array(values, np.int64) if name in ("posted_at", "amount", "order") else text(*values)
        for name, values in columns.items()
    }
    none = np.zeros(0, np.int64)
    lots = {"sku": text(), "quantity": none, "ordered_at": none, "arrived_at": none}
    orders = {"placed_at": np.zeros(4, np.int64), "accepted_at": np.array([9, MISSING_TIME, 5, 4])}
    lines = {
        "order": np.array([1, 2, 3, 4]), "sku": text("watch", "watch", "watch", "phone"),
        "quantity": np.array([5, 1, 2, 7]),
    }  # fmt: skip
    (found,) = time_series.stocks(transfers, lots, orders, lines, ["watch"])
    owed = dict(zip(found.at.tolist(), found.values[:, 2].tolist(), strict=True))
    assert owed == {0: 0, 1: 5, 4: 2, 5: 4, 6: 2, 7: 0, 8: 5, 9: 0, 10: 0}


def test_second_order_of_a_visit_is_followed_without_the_first():
    kinds = ["ViewHomepage", "Homepage", "Checkout", "Invoice", "Pay", "Refusal", "Checkout", "Invoice", "Pay"]
    size, one = len(kinds), text(*["x"] * len(kinds))
    messages = {
        "message": np.arange(size), "request": np.arange(size) // 2, "visit": np.zeros(size, np.int64),
        "order": np.array([-1, -1, -1, -1, 1, 1, -1, -1, 2]), "sent_at": np.arange(size), "kind": text(*kinds),
        "delivered_at": np.arange(size) + 1, "started_at": np.arange(size) + 1, "finished_at": np.arange(size) + 1,
        "attempt": np.ones(size, np.int64), "sender": one, "recipient": one,
        "fate": one, "reason": one,
    }  # fmt: skip
    tables = {
        "messages": messages,
        "orders": {"order": np.array([1, 2]), "placed_at": np.array([3, 7])},
        "purchases": {"order": np.array([], np.int64), "placed_at": np.array([], np.int64)},
        "visits": {"visit": np.array([0]), "order": np.array([2])},
    }
    followed = [selection.messages_of(tables, order, datetime(2021, 1, 1)) for order in (1, 2)]
    assert [[message.message for message in found] for found in followed] == [
        [0, 1, 2, 3, 4, 5],
        [0, 1, 2, 3, 6, 7, 8],
    ]


def test_messages_of_an_order_are_its_own_and_those_that_led_to_it(market, tables):
    for order in range(1, len(market.orders) + 1):
        found = selection.messages_of(tables, order, market.scenario.start)
        assert [message.kind for message in found][:2] == ["ViewHomepage", "Homepage"]
        assert {"Checkout", "Invoice", "Pay"} <= {message.kind for message in found}
        assert {message.order for message in found} <= {None, order}
        assert len({message.visit for message in found} - {None}) == 1


def test_every_message_of_a_buying_visit_belongs_to_one_order(market, tables):
    followed = [selection.messages_of(tables, order, market.scenario.start) for order in market.orders["order"]]
    numbers = [message.message for found in followed for message in found]
    looked = set(market.visits.loc[market.visits["order"].isna(), "visit"])
    others = market.messages[~market.messages["visit"].isin(looked)]
    assert sorted(numbers) == sorted(others["message"])


def test_plain_messages_say_none_where_there_is_nothing(market, tables):
    order = int(market.orders.loc[market.orders["status"] == "completed", "order"].iloc[0])
    found = selection.messages_of(tables, order, market.scenario.start)
    told = next(message for message in found if message.kind == "Delivered")
    assert isinstance(told, Message)
    assert (told.request, told.visit, told.reason) == (None, None, None)
    assert (told.order, told.fate, told.attempt) == (order, "delivered", 1)
