"""The whole chart of accounts is known, and the group is the same before and after its second member hears."""

import pytest
from worked_example import LAPTOP, WATCH, written

from alesha_sim import accounting, exports
from alesha_sim.accounting import classification
from alesha_sim.accounting.cut_off import CutOff
from alesha_sim.accounting.journal_arrays import Journal
from alesha_sim.books import CODES, Account, Kind
from alesha_sim.books.accounts import role_of
from alesha_sim.exports.journals import name_of
from alesha_sim.exports.process import ENTRY_ACTIVITIES, PLACE

A, L, Q, R, X = Kind.ASSET, Kind.LIABILITY, Kind.EQUITY, Kind.INCOME, Kind.EXPENSE

MONEY = {
    "bank:reserves": A, "bank:deposits:user:1": L, "bank:deposits:shop": L, "bank:deposits:supplier": L,
    "bank:deposits:courier": L, "bank:settlement-due": L, "bank:escrow": L, "bank:rolling-reserve": L,
    "bank:fees": R, "shop:investment": A, "shop:cash": A, "shop:settlement-due": A, "shop:rolling-reserve": A,
    "shop:collections-receivable": A, "shop:supplier-advances": A, "shop:stock": A, "shop:goods-in-transit": A,
    "shop:customer-prepayments": L, "shop:refunds-payable": L, "shop:equity": Q, "shop:sales": R,
    "shop:sales-returns": R, "shop:cost-of-sales": X, "shop:payment-fees": X, "shop:transport": X,
    "shop:losses": X, "supplier:cash": A, "supplier:collections": A, "supplier:stock": A,
    "supplier:goods-in-transit": A, "supplier:shop-advances": L, "supplier:collections-payable": L,
    "supplier:payables": L, "supplier:equity": Q, "supplier:sales": R, "supplier:cost-of-sales": X,
    "supplier:transport": X, "supplier:losses": X, "users:cash:1": A, "users:advances": A, "users:equity": Q,
    "users:income": R, "users:spending": X,
}  # fmt: skip
MARKET = {
    "bank:loans": A, "bank:clearing-claim:1": A, "bank:clearing-due:1": L, "bank:guarantee-claims": A,
    "bank:guarantee-due": L, "bank:unsecured-debts": L, "bank:interchange-income": R, "bank:interchange": X,
    "bank:equity": Q, "bank:losses": X, "clearing:backing": A, "clearing:reserves:1": L, "clearing:settlement": L,
    "shop:trade-payables": L, "supplier:supplier-advances": A, "supplier:receivables": A,
    "supplier:trade-payables": L,
}  # fmt: skip
"""What several banks, and suppliers that buy from others, have more than one of each."""
UNITS = {
    "shop:stock": A, "shop:goods-in-transit": A, "shop:losses": X, "shop:goods-clearing": Q, "supplier:stock": A,
    "supplier:reserved": A, "supplier:goods-in-transit": A, "supplier:production": Q, "supplier:goods-clearing": Q,
    "supplier:losses": X, "users:goods": A, "users:goods-clearing": Q,
}  # fmt: skip

OPENING = [
    (0, "bank", 1, "opening", "reserves", "deposits:user:1", 5000),
    (0, "users", 1, "opening", "cash:1", "equity", 5000),
    (0, "bank", 2, "opening", "reserves", "deposits:shop", 10_000),
    (0, "shop", 2, "opening", "cash", "equity", 10_000),
    (0, "bank", 3, "opening", "reserves", "deposits:supplier", 5000),
    (0, "supplier", 3, "opening", "cash", "equity", 5000),
    (0, "shop", 4, "opening", "investment", "equity", 5000),
]
CHARGES = [
    (1, "bank", 5, "charges", "deposits:shop", "deposits:supplier", 760),
    (1, "shop", 5, "charges", "supplier-advances", "cash", 760),
]
CHARGES_HEARD = [(2, "supplier", 5, "charges", "cash", "shop-advances", 760)]
PRODUCTION = [
    (1, "supplier", 6, "make", "reserved", "production", 1, LAPTOP),
    (1, "supplier", 6, "make", "reserved", "production", 2, WATCH),
    (1, "supplier", 6, "make", "stock", "payables", 540),
    (1, "supplier", 7, "ship", "goods-in-transit", "reserved", 1, LAPTOP),
    (1, "supplier", 7, "ship", "goods-in-transit", "reserved", 2, WATCH),
    (1, "supplier", 7, "ship", "goods-in-transit", "stock", 540),
]
GIVEN = [
    (1, "supplier", 8, "deliver", "goods-clearing", "goods-in-transit", 1, LAPTOP),
    (1, "supplier", 8, "deliver", "goods-clearing", "goods-in-transit", 2, WATCH),
    (1, "supplier", 8, "sale", "shop-advances", "sales", 760),
    (1, "supplier", 8, "cost", "cost-of-sales", "goods-in-transit", 540),
]
PREPAID = [
    (1, "bank", 9, "payment", "deposits:user:1", "deposits:shop", 1000),
    (1, "shop", 9, "payment", "cash", "customer-prepayments", 1000),
]
ESCROW = [(1, "bank", 9, "payment", "deposits:user:1", "escrow", 1000)]
COST = (2, "shop", 8, "cost", "cost-of-sales", "supplier-advances", 760)
COLLECTED = [
    (1, "bank", 10, "collection", "deposits:user:1", "deposits:courier", 1000),
    (1, "supplier", 10, "collection", "collections", "collections-payable", 1000),
]
COLLECTED_HEARD = [(2, "shop", 10, "collection", "collections-receivable", "customer-prepayments", 1000)]
BOTH = [*CHARGES, *((1, *fact[1:]) for fact in CHARGES_HEARD)]

# What one of the two has written, and what the other writes when it hears.
CASES = {
    "charges": (CHARGES, CHARGES_HEARD),
    "delivery": (
        [*PREPAID, *BOTH, *PRODUCTION, *GIVEN], [(2, "shop", 8, "sale", "customer-prepayments", "sales", 1000),
        COST],
    ),
    "delivery out of escrow": (
        [*ESCROW, *BOTH, *PRODUCTION, *GIVEN], [(2, "shop", 8, "sale", "settlement-due", "sales", 1000), COST],
    ),
    "charges returned less transport": (
        [
            *BOTH,
            (1, "bank", 11, "charges-return", "deposits:supplier", "deposits:shop", 750),
            (1, "supplier", 11, "charges-return", "shop-advances", "cash", 750),
            (1, "supplier", 11, "transport", "shop-advances", "transport", 10),
        ],
        [
            (2, "shop", 11, "charges-return", "cash", "supplier-advances", 750),
            (2, "shop", 11, "transport", "transport", "supplier-advances", 10),
        ],
    ),
    "collection at the door": (COLLECTED, COLLECTED_HEARD),
    "remittance": (
        [
            *COLLECTED,
            *((1, *fact[1:]) for fact in COLLECTED_HEARD),
            (1, "bank", 12, "remittance", "deposits:courier", "deposits:shop", 1000),
            (1, "supplier", 12, "remittance", "collections-payable", "collections", 1000),
        ],
        [(2, "shop", 12, "remittance", "cash", "collections-receivable", 1000)],
    ),
    "goods for the shop's own stock": (
        [
            *BOTH, *PRODUCTION,
            (1, "shop", 8, "deliver", "stock", "goods-clearing", 1, LAPTOP),
            (1, "shop", 8, "deliver", "stock", "goods-clearing", 2, WATCH),
            (1, "shop", 8, "cost", "stock", "supplier-advances", 760),
        ],
        [(2, *fact[1:]) for fact in GIVEN],
    ),
}  # fmt: skip


def group_of(run, at):
    group = accounting.consolidated(run, at=at)
    frames = (group.balance_sheet(), group.income_statement(), group.cash_flow())
    return [sorted(map(tuple, frame[frame["amount"] != 0].to_numpy().tolist())) for frame in frames]


@pytest.mark.parametrize("case", CASES)
def test_group_is_the_same_before_and_after_the_other_hears(case):
    held, heard = CASES[case]
    run = written([*OPENING, *held, *heard], MONEY, UNITS, 2)
    assert group_of(run, 1) == group_of(run, 2)
    journal = Journal(run)
    completed = [
        (
            row.entry,
            row.code,
            row.debit,
            row.credit,
            row.amount / (100 if row.commodity == "BDT" else 1),
            row.commodity,
        )
        for row in CutOff(journal).rows(1_000_000)
    ]
    assert completed == [
        (entry, code, f"{book}:{debit}", f"{book}:{credit}", amount, *(sku or ["BDT"]))
        for _, book, entry, code, debit, credit, amount, *sku in heard
    ]
    assert list(CutOff(journal).rows(2_000_000)) == []
    for at in (1, 2):
        sheet = accounting.consolidated(run, at=at).balance_sheet().set_index(["section", "line"])["amount"]
        assert sheet["total", "Assets"] == sheet["total", "Liabilities and equity"]
        assert "Between shop and supplier" not in set(accounting.consolidated(run, at=at).cash_flow()["line"])


def test_goods_of_the_shop_are_at_cost_for_the_group():
    held, heard = CASES["goods for the shop's own stock"]
    run = written([*OPENING, *held, *heard], MONEY, UNITS, 2)
    for at in (1, 2):
        sheet = accounting.consolidated(run, at=at).balance_sheet().set_index(["section", "line"])["amount"]
        assert sheet["assets", "Inventories"] == 540
        assert sheet["equity", "Profit"] == 0


# The whole chart


FLOORED = {
    "bank:reserves", "bank:deposits:user:", "bank:deposits:shop", "bank:deposits:supplier",
    "bank:deposits:courier", "bank:holds:user:", "bank:settlement-due", "bank:escrow", "bank:rolling-reserve",
    "bank:unsecured-debts", "clearing:reserves:", "clearing:settlement",
    "shop:stock", "shop:goods-in-transit", "supplier:stock", "supplier:reserved", "supplier:goods-in-transit",
    "users:goods",
}  # fmt: skip


@pytest.mark.parametrize(
    ("held", "expected"), [("money", MONEY | MARKET | {"bank:holds:user:1": L}), ("units", UNITS)]
)
def test_the_chart_has_the_accounts_of_the_posting_rules_and_their_kinds(held, expected):
    found = {account: account.kind for account in Account if held in account.holds}
    assert found == {role_of(name): kind for name, kind in expected.items()}


def test_deposits_and_goods_are_what_cannot_be_below_zero():
    assert {account for account in Account if account.is_floored} == FLOORED


def test_every_account_of_money_has_a_line_of_its_own_or_shares_it():
    assert {account for account in Account if not account.line and "money" in account.holds} == set()
    assert classification.LINES["users:cash:"] == classification.LINES["shop:cash"] == "Cash"


def test_every_code_is_an_event_or_never_begins_an_entry():
    later = {"opening", "income", "retention", "transport", "allowance", "sale", "cost"}
    of_banks = {"settle", "net", "loss-share", "recover", "interchange"}  # between banks: no step of an order
    assert set(ENTRY_ACTIVITIES) | later | of_banks == set(CODES)
    assert set(ENTRY_ACTIVITIES) & (later | of_banks) == set()
    assert set(ENTRY_ACTIVITIES.values()) <= set(PLACE)


def test_the_whole_chart_is_exported(tmp_path):
    held, heard = CASES["remittance"]
    run = written([*OPENING, *held, *heard], MONEY, UNITS, 2)
    for form in ("beancount", "hledger"):
        exports.write(run, form, tmp_path / form)
        text = (tmp_path / form).read_text()
        for account in Journal(run).accounts:
            assert name_of(account) in text
