"""The first purchase of the posting rules, section 4, written by hand: every book, every entry, five instants."""

import numpy as np

from alesha_sim.books import BOOKS, CODES, Kind, Ledger
from alesha_sim.columns import TextColumn
from alesha_sim.messages import Delivered
from alesha_sim.recording.run_logs import Records
from alesha_sim.results.result import Result
from alesha_sim.scenarios import first_purchase
from alesha_sim.tables.schema import SCHEMA
from alesha_sim.vocabulary import NO_ID, SHOP, SUPPLIER

LAPTOP, WATCH = "hp-laptop", "apple-watch"
A, L, Q, R, X = Kind.ASSET, Kind.LIABILITY, Kind.EQUITY, Kind.INCOME, Kind.EXPENSE

MONEY = {
    "bank:reserves": A, "bank:deposits:user:1": L, "bank:deposits:shop": L, "bank:deposits:supplier": L,
    "shop:cash": A, "shop:supplier-advances": A, "shop:stock": A, "shop:customer-prepayments": L,
    "shop:refunds-payable": L, "shop:investment": A, "shop:equity": Q, "shop:sales": R, "shop:sales-returns": R,
    "shop:cost-of-sales": X, "supplier:cash": A, "supplier:stock": A, "supplier:goods-in-transit": A,
    "supplier:shop-advances": L, "supplier:payables": L, "supplier:equity": Q, "supplier:sales": R,
    "supplier:cost-of-sales": X, "users:cash:1": A, "users:advances": A, "users:equity": Q, "users:spending": X,
}  # fmt: skip
UNITS = {
    "shop:stock": A, "shop:goods-clearing": Q, "supplier:reserved": A, "supplier:goods-in-transit": A,
    "supplier:production": Q, "supplier:goods-clearing": Q, "users:goods": A, "users:goods-clearing": Q,
}  # fmt: skip

# At which second which book writes which entry: (number, code, debit, credit, amount[, product]).
FACTS = (
    (0, "bank", 1, "opening", "reserves", "deposits:user:1", 5000),
    (0, "users", 1, "opening", "cash:1", "equity", 5000),
    (0, "bank", 2, "opening", "reserves", "deposits:shop", 10_000),
    (0, "shop", 2, "opening", "cash", "equity", 10_000),
    (0, "bank", 3, "opening", "reserves", "deposits:supplier", 5000),
    (0, "supplier", 3, "opening", "cash", "equity", 5000),
    (0, "shop", 3, "opening", "investment", "equity", 5000),
    (1, "bank", 4, "payment", "deposits:user:1", "deposits:shop", 1000),
    (1, "shop", 4, "payment", "cash", "customer-prepayments", 1000),
    # A: paid, nothing ordered
    (2, "bank", 5, "charges", "deposits:shop", "deposits:supplier", 760),
    (2, "shop", 5, "charges", "supplier-advances", "cash", 760),
    (2, "supplier", 5, "charges", "cash", "shop-advances", 760),
    (2, "users", 4, "payment", "advances", "cash:1", 1000),
    (2, "supplier", 6, "make", "reserved", "production", 1, LAPTOP),
    (2, "supplier", 6, "make", "reserved", "production", 2, WATCH),
    (2, "supplier", 6, "make", "stock", "payables", 540),
    # B: accepted and made
    (3, "supplier", 7, "ship", "goods-in-transit", "reserved", 1, LAPTOP),
    (3, "supplier", 7, "ship", "goods-in-transit", "reserved", 2, WATCH),
    (3, "supplier", 7, "ship", "goods-in-transit", "stock", 540),
    (3, "users", 8, "deliver", "goods", "goods-clearing", 1, LAPTOP),
    (3, "users", 8, "deliver", "goods", "goods-clearing", 2, WATCH),
    (3, "users", 8, "sale", "spending", "advances", 1000),
    (3, "supplier", 8, "deliver", "goods-clearing", "goods-in-transit", 1, LAPTOP),
    (3, "supplier", 8, "deliver", "goods-clearing", "goods-in-transit", 2, WATCH),
    (3, "supplier", 8, "sale", "shop-advances", "sales", 760),
    (3, "supplier", 8, "cost", "cost-of-sales", "goods-in-transit", 540),
    # c: delivered, `Delivered` on its way to the shop
    (4, "shop", 8, "sale", "customer-prepayments", "sales", 1000),
    (4, "shop", 8, "cost", "cost-of-sales", "supplier-advances", 760),
    # C: delivered
    (5, "shop", 9, "return", "stock", "goods-clearing", 1, WATCH),
    (5, "shop", 9, "return", "stock", "cost-of-sales", 180),
    (5, "shop", 9, "return", "sales-returns", "refunds-payable", 250),
    (5, "users", 9, "return", "goods-clearing", "goods", 1, WATCH),
    (5, "users", 9, "return", "advances", "spending", 250),
    (5, "bank", 10, "refund", "deposits:shop", "deposits:user:1", 250),
    (5, "shop", 10, "refund", "refunds-payable", "cash", 250),
    (5, "users", 10, "refund", "cash:1", "advances", 250),
    # D: one watch sent back and refunded
)

INSTANTS = {"A": 1, "B": 2, "c": 3, "C": 4, "D": 5}

# Debits positive, credits negative, at A, B, c, C, D; accounts that stay at zero are left out.
TRIAL_BALANCES = {
    "bank:reserves": (20_000, 20_000, 20_000, 20_000, 20_000),
    "bank:deposits:user:1": (-4000, -4000, -4000, -4000, -4250),
    "bank:deposits:shop": (-11_000, -10_240, -10_240, -10_240, -9990),
    "bank:deposits:supplier": (-5000, -5760, -5760, -5760, -5760),
    "shop:cash": (11_000, 10_240, 10_240, 10_240, 9990),
    "shop:supplier-advances": (0, 760, 760, 0, 0),
    "shop:stock": (0, 0, 0, 0, 180),
    "shop:customer-prepayments": (-1000, -1000, -1000, 0, 0),
    "shop:investment": (5000, 5000, 5000, 5000, 5000),
    "shop:equity": (-15_000, -15_000, -15_000, -15_000, -15_000),
    "shop:sales": (0, 0, 0, -1000, -1000),
    "shop:sales-returns": (0, 0, 0, 0, 250),
    "shop:cost-of-sales": (0, 0, 0, 760, 580),
    "supplier:cash": (5000, 5760, 5760, 5760, 5760),
    "supplier:stock": (0, 540, 0, 0, 0),
    "supplier:shop-advances": (0, -760, 0, 0, 0),
    "supplier:payables": (0, -540, -540, -540, -540),
    "supplier:equity": (-5000, -5000, -5000, -5000, -5000),
    "supplier:sales": (0, 0, -760, -760, -760),
    "supplier:cost-of-sales": (0, 0, 540, 540, 540),
    "users:cash:1": (5000, 4000, 4000, 4000, 4250),
    "users:advances": (0, 1000, 0, 0, 0),
    "users:equity": (-5000, -5000, -5000, -5000, -5000),
    "users:spending": (0, 0, 1000, 1000, 750),
}

# Assets = liabilities + capital + profit.
STATEMENTS = {
    "shop": (
        (16_000, 1000, 15_000, 0), (16_000, 1000, 15_000, 0), (16_000, 1000, 15_000, 0), (15_240, 0, 15_000, 240),
        (15_170, 0, 15_000, 170),
    ),
    "supplier": (
        (5000, 0, 5000, 0), (6300, 1300, 5000, 0), (5760, 540, 5000, 220), (5760, 540, 5000, 220),
        (5760, 540, 5000, 220),
    ),
    "group": (
        (16_000, 1000, 15_000, 0), (16_540, 1540, 15_000, 0), (16_000, 540, 15_000, 460),
        (16_000, 540, 15_000, 460), (15_870, 540, 15_000, 330),
    ),
}  # fmt: skip

# Sales, returns, cost of sales.
INCOME = {
    "shop": ((0, 0, 0), (0, 0, 0), (0, 0, 0), (1000, 0, 760), (1000, 250, 580)),
    "supplier": ((0, 0, 0), (0, 0, 0), (760, 0, 540), (760, 0, 540), (760, 0, 540)),
    "group": ((0, 0, 0), (0, 0, 0), (1000, 0, 540), (1000, 0, 540), (1000, 250, 420)),
}

INVENTORY = (0, 540, 0, 0, 120)

CAPITAL = ("E", "supplier:equity", "shop:investment", 5000)
SOLD = ("E", "supplier:sales", "shop:cost-of-sales", 760)
WORKSHEETS = (
    [CAPITAL],
    [("E", "supplier:shop-advances", "shop:supplier-advances", 760), CAPITAL],
    [
        ("C", "shop:customer-prepayments", "shop:sales", 1000),
        ("C", "shop:cost-of-sales", "shop:supplier-advances", 760),
        SOLD,
        CAPITAL,
    ],
    [SOLD, CAPITAL],
    [SOLD, CAPITAL, ("E", "shop:cost-of-sales", "shop:stock", 60)],
)
"""Step, debit, credit, amount at A, B, c, C, D."""


def worked_example(cut_at=5):
    """Return the result that these entries make, cut off at an instant; `Delivered` travels from second 3 to 4."""
    return written([fact for fact in FACTS if fact[0] <= cut_at], MONEY, UNITS, cut_at)


def written(all_entries, money, units, ended_at):
    """Return the result of facts written by hand, in a market with one order of a laptop and two watches."""
    scenario = first_purchase().with_settings({"users.count": 2})
    ledger = Ledger("BDT", scenario.skus)
    accounts = {(name, "BDT"): ledger.open(name, kind).start for name, kind in money.items()}
    for name, kind in units.items():
        for place, sku in enumerate(scenario.skus, 1):
            accounts[name, sku] = ledger.open(name, kind, commodity=place).start
    ledger.new_entries(100)
    entries = {}
    for at, book, entry, *row in all_entries:
        entries.setdefault((at, book, entry), []).append(row)
    for (at, book, entry), rows in entries.items():
        order = NO_ID if rows[0][0] == "opening" else 1
        ledger.post(float(at), BOOKS.index(book), entry, order, [_row(accounts, book, *row) for row in rows])
    return _result(scenario, ledger, ended_at)


def _row(accounts, book, code, debit, credit, amount, sku=None):
    """Money is in major units above, units of goods are units."""
    commodity, scale = (sku, 1) if sku else ("BDT", 100)
    sides = (accounts[f"{book}:{side}", commodity] for side in (debit, credit))
    return (*sides, amount * scale, CODES.index(code))


def _result(scenario, ledger, cut_at):
    records = Records(scenario.skus, 2)
    records.orders.placed(0.5, 1, SHOP, 100_000, "account", 100_000)
    records.orders.line(1, 0, 1, 50_000, 40_000)
    records.orders.line(1, 1, 2, 25_000, 18_000)
    told = records.messages.sent(3.0, 0, 1, NO_ID, SUPPLIER, SHOP, 1, Delivered)
    if cut_at >= 4:
        records.messages.taken_at_once(told, 4.0)
        records.messages.served(told, 4.0)
    zeros = np.zeros(2, np.int64)
    users = {"user": np.arange(2), "registered_at": zeros, "opening_balance": zeros, "closing_balance": zeros}
    users |= {"orders": zeros, "spent": zeros}
    users["account"] = TextColumn(np.arange(2, dtype=np.int32), ["10000000", "10000001"])
    tables = {
        "orders": records.orders.order_columns(), "purchases": records.orders.purchase_columns(),
        "order_lines": records.orders.line_columns(),
        "visits": records.visits.columns(), "messages": records.messages.columns(),
        "transfers": ledger.columns(), "accounts": ledger.account_columns(),
        "production_lots": records.production_lots.columns(),
        "users": {name: users[name] for name in SCHEMA["users"]},
    }  # fmt: skip
    return Result(scenario, 1, tables, ended_at=float(cut_at), drained=cut_at >= 4, events=0, inboxes={})
