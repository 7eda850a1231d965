import math

import numpy as np
import pytest

import alesha_sim as alesha
from alesha_sim.books.owners import owner_of
from alesha_sim.columns import MISSING_TIME, TextColumn
from alesha_sim.results.metrics import METRICS, deposits, metrics, total
from alesha_sim.tables.canonical import canonical
from alesha_sim.tables.schema import SCHEMA, Type
from alesha_sim.units import Currency
from alesha_sim.vocabulary import STATUSES

BDT = Currency()
SECOND = 1_000_000
NAMES = [
    "visits", "registered_users", "orders", "completed", "declined", "cancelled", "returned", "open_orders",
    "units_delivered", "revenue", "refunds", "conversion_rate", "decline_rate", "users_cash", "shop_cash",
    "supplier_cash",
    "shop_cash_min", "mean_delivery_seconds", "mean_bank_wait_seconds", "mean_shop_wait_seconds", "messages",
    "messages_lost", "sales_returns", "bank_fees", "units_lost", "stranded_funds", "stranded_orders",
    "aov",
]  # fmt: skip
DEFAULTS = {Type.TIME: MISSING_TIME, Type.REFERENCE: -1, Type.TEXT: None}


def text(words):
    labels = tuple(dict.fromkeys(word for word in words if word is not None))
    codes = [-1 if word is None else labels.index(word) for word in words]
    return TextColumn(np.array(codes, np.int32), labels)


def table(name, rows):
    """Build a table from rows that give some columns; the others are missing, or zero."""
    columns = {}
    for column, kind in SCHEMA[name].items():
        values = [row.get(column, DEFAULTS.get(kind, 0)) for row in rows]
        columns[column] = text(values) if kind is Type.TEXT else np.array(values, np.int64)
    return canonical(name, columns)


def tables(**rows):
    return {name: table(name, rows.get(name, [])) for name in SCHEMA}


def account(name, opening=0, closing=0):
    return {"account": name, "commodity": "BDT", "opening": opening, "closing": closing}


def transfer(debit, credit, amount, code="payment", book="bank", commodity="BDT"):
    return {
        "book": book, "debit": debit, "credit": credit, "amount": amount, "code": code, "commodity": commodity,
    }  # fmt: skip


def test_figures_of_nothing_are_named_in_order_and_undefined_ones_are_nan():
    assert list(METRICS) == NAMES
    found = metrics(tables(), BDT)
    assert list(found) == NAMES
    undefined = {name for name, figure in found.items() if math.isnan(figure)}
    means = {"mean_delivery_seconds", "mean_bank_wait_seconds", "mean_shop_wait_seconds"}
    assert undefined == {"conversion_rate", "decline_rate", "aov"} | means
    assert {figure for name, figure in found.items() if name not in undefined} == {0}


def test_orders_are_counted_by_status():
    orders = [{"status": status} for status in (*STATUSES, "completed")]
    found = metrics(tables(orders=orders, visits=[{}] * 10), BDT)
    counts = ("orders", "completed", "declined", "cancelled", "returned", "open_orders", "visits")
    assert [found[name] for name in counts] == [9, 2, 1, 1, 1, 4, 10]
    assert found["conversion_rate"] == 0.9
    assert found["decline_rate"] == 1 / 9


def test_revenue_is_sales_less_sales_returns_and_refunds_are_the_banks():
    accounts = [account("shop:sales", closing=100_050), account("shop:sales-returns", closing=-25_000)]
    moved = [
        transfer("bank:deposits:shop", "bank:deposits:user:0", 25_000, "refund"),
        transfer("shop:refunds-payable", "shop:cash", 25_000, "refund", book="shop"),
        transfer("users:goods", "users:goods-clearing", 3, "deliver", book="users", commodity="hp-laptop"),
        transfer(
            "supplier:goods-clearing", "supplier:stock", 3, "deliver", book="supplier", commodity="hp-laptop"
        ),
    ]
    found = metrics(tables(accounts=accounts, transfers=moved), BDT)
    assert (found["revenue"], found["refunds"], found["units_delivered"]) == (750.5, 250.0, 3)


def test_purchases_of_the_shop_are_no_orders():
    orders = [
        {"status": "completed", "placed_at": 0, "delivered_at": 10 * SECOND, "total": 2_000},
        {"status": "declined", "total": 1_001},
    ]
    bought = [
        {"status": "completed", "placed_at": 0, "delivered_at": 90 * SECOND, "total": 90_000},
        {"status": "processing", "total": 5},
    ]
    found = metrics(tables(orders=orders, purchases=bought, visits=[{}] * 2), BDT)
    assert [found[name] for name in ("orders", "completed", "open_orders")] == [2, 1, 0]
    assert (found["conversion_rate"], found["mean_delivery_seconds"]) == (1.0, 10.0)
    assert found["aov"] == 15.005


def test_returns_fees_and_losses_are_read_off_the_books():
    accounts = [account("bank:fees", closing=1_250), account("shop:payment-fees", closing=1_000)]
    moved = [
        transfer("shop:sales-returns", "shop:refunds-payable", 20_000, "return", book="shop"),
        transfer("shop:sales-returns", "shop:refunds-payable", 500, "allowance", book="shop"),
        transfer("supplier:losses", "supplier:goods-in-transit", 2, "loss", "supplier", "hp-laptop"),
        transfer("supplier:losses", "supplier:goods-in-transit", 60_000, "loss", "supplier"),
        transfer("supplier:losses", "supplier:goods-clearing", 3, "replace", "supplier", "hp-laptop"),
        transfer("shop:losses", "shop:stock", 4, "write-off", "shop", "hp-laptop"),
    ]
    found = metrics(tables(accounts=accounts, transfers=moved), BDT)
    assert (found["sales_returns"], found["bank_fees"], found["units_lost"]) == (200.0, 12.5, 9)


def test_stranded_is_what_users_paid_and_have_neither_goods_nor_money_for():
    advances, cash = "users:advances", "users:cash:0"
    rows = [
        transfer(advances, cash, 900, book="users") | {"order": 1},
        transfer("users:spending", advances, 900, "sale", "users") | {"order": 1},
        transfer(advances, cash, 400, book="users") | {"order": 2},
        transfer(cash, advances, 100, "refund", "users") | {"order": 2},
        transfer("users:spending", advances, 50, "sale", "users") | {"order": 3},  # its user was never told
        transfer(advances, cash, 250, book="users") | {"order": 4},
    ]
    found = metrics(tables(transfers=rows, orders=[{}] * 4), BDT)
    assert (found["stranded_funds"], found["stranded_orders"]) == (5.5, 2)


def test_deposits_add_up_by_owner_in_minor_units():
    accounts = [
        account("bank:deposits:user:0", closing=150), account("bank:deposits:user:11", closing=1),
        account("bank:deposits:shop", closing=7), account("bank:deposits:supplier", closing=9),
        account("bank:deposits:courier", closing=1000), account("users:cash:0", closing=5000),
    ]  # fmt: skip
    assert deposits(tables(accounts=accounts)) == {"users": 151, "shop": 7, "supplier": 9}
    found = metrics(tables(accounts=accounts), BDT)
    assert [found[f"{owner}_cash"] for owner in ("users", "shop", "supplier")] == [1.51, 0.07, 0.09]
    assert metrics(tables(accounts=accounts), Currency("JPY", 0))["users_cash"] == 151


@pytest.mark.parametrize(
    ("account", "owner"),
    [("bank:deposits:user:3", "users"), ("bank:deposits:shop", "shop"), ("shop:cash", ""), ("bank:fees", "")],
)
def test_owner_of_a_deposit_is_read_off_its_name(account, owner):
    assert owner_of(account) == owner


@pytest.mark.parametrize(
    ("opening", "changes", "least"),
    [
        (1000, [], 10.0),
        (1000, [500], 10.0),  # it never was below its opening balance
        (1000, [500, -1200, 300], 3.0),
        (0, [500, -200], 0.0),  # nothing is written for an opening balance of zero
    ],
)
def test_least_cash_is_over_all_times(opening, changes, least):
    shop, other = "bank:deposits:shop", "bank:deposits:user:0"
    rows = [transfer("bank:reserves", shop, opening, "opening")] if opening else []
    for change in changes:
        debit, credit = (other, shop) if change > 0 else (shop, other)
        rows += [transfer(debit, credit, abs(change)), transfer("shop:cash", "shop:sales", 9, book="shop")]
    accounts = [account(shop, opening, opening + sum(changes)), account(other, 5)]
    assert metrics(tables(accounts=accounts, transfers=rows), BDT)["shop_cash_min"] == least


def test_mean_delivery_time_is_over_delivered_orders():
    orders = [
        {"placed_at": 0, "delivered_at": 10 * SECOND},
        {"placed_at": 5 * SECOND, "delivered_at": 25 * SECOND},
        {"placed_at": 9 * SECOND},
    ]
    assert metrics(tables(orders=orders), BDT)["mean_delivery_seconds"] == 15.0


def test_mean_wait_is_over_what_a_worker_took_up():
    def sent(recipient, delivered_at, started_at):
        return {"recipient": recipient, "delivered_at": delivered_at, "started_at": started_at}

    rows = [sent("bank", 0, 2 * SECOND), sent("bank", SECOND, SECOND), sent("bank", SECOND, MISSING_TIME)]
    rows += [sent("shop", 0, 5 * SECOND), sent("supplier", 0, 50 * SECOND), {"recipient": "bank", "fate": "lost"}]
    found = metrics(tables(messages=rows), BDT)
    assert (found["mean_bank_wait_seconds"], found["mean_shop_wait_seconds"]) == (1.0, 5.0)
    assert (found["messages"], found["messages_lost"]) == (6, 1)


def test_registered_users_are_those_with_an_instant():
    users = [{"user": 0, "registered_at": 0}, {"user": 1}]
    assert metrics(tables(users=users), BDT)["registered_users"] == 1


def test_first_purchase_has_the_figures_of_its_story():
    found = alesha.simulate(alesha.scenarios.first_purchase(), seed=7).metrics()
    expected = {
        "visits": 1, "registered_users": 1, "orders": 1, "completed": 1, "units_delivered": 3, "revenue": 1000,
        "refunds": 0, "users_cash": 4000, "shop_cash": 10_240, "supplier_cash": 5760, "shop_cash_min": 10_000,
        "conversion_rate": 1, "decline_rate": 0, "mean_bank_wait_seconds": 0, "open_orders": 0,
    }  # fmt: skip
    assert {name: found[name] for name in expected} == expected


def test_a_sum_is_exact_beyond_64_bits():
    values = np.array([2**62, 2**62 - 1, 2**62, -3, -(2**61)], np.int64)
    assert total(values) == 3 * 2**62 - 4 - 2**61
    assert total(np.zeros(0, np.int64)) == 0
