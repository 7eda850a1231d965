"""Rows are written all or none and once a book; balances follow them; floors hold at every row."""

import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from alesha_sim.audit.posting_rules import permitted
from alesha_sim.books.accounts import (
    BANK,
    CHARGES,
    CODES,
    COST,
    MAKE,
    OPENING,
    PAYMENT,
    SHOP,
    SUPPLIER,
    USERS,
    Account,
    Kind,
)
from alesha_sim.books.counting import CountingLedger
from alesha_sim.books.ledger import LawBroken, Ledger, Transfer
from alesha_sim.columns import TextColumn
from alesha_sim.units import AMOUNT_MAX

SKUS = ("hp-laptop", "apple-watch")


class Books:
    """A ledger with a few accounts, and what was written in it so far."""

    def __init__(self, ledger):
        self.ledger = ledger
        self.reserves = self.ledger.account(Account.BANK_RESERVES)
        self.deposits = self.ledger.family(Account.BANK_USER_DEPOSITS, 3)
        self.shop_deposit = self.ledger.account(Account.BANK_SHOP_DEPOSIT)
        self.cash = self.ledger.account(Account.SHOP_CASH)
        self.investment = self.ledger.account(Account.SHOP_INVESTMENT)
        self.equity = self.ledger.account(Account.SHOP_EQUITY)
        self.sales = self.ledger.account(Account.SHOP_SALES)
        self.stock = self.ledger.units(Account.SUPPLIER_STOCK)
        self.made = self.ledger.units(Account.SUPPLIER_PRODUCTION)
        self.ledger.post(0.0, BANK, self.ledger.new_entry(), -1, [self.opening(0, 100), self.opening(1, 50)])

    def opening(self, user, amount):
        return self.reserves, self.deposits[user], amount, OPENING

    def payment(self, user, amount):
        return self.deposits[user], self.shop_deposit, amount, PAYMENT

    def write(self, *rows, book=BANK, entry=None):
        return self.ledger.post(1.0, book, self.ledger.new_entry() if entry is None else entry, 1, rows)

    def state(self):
        accounts = range(len(self.ledger.chart.places))
        return self.ledger.array().tobytes(), [self.ledger.balance(account) for account in accounts]


@pytest.fixture(params=[Ledger, CountingLedger])
def books(request):
    """Give each ledger in turn: that whose rows go once they are counted keeps every rule."""
    return Books(request.param("BDT", SKUS))


def test_rows_of_an_entry_move_all_their_accounts(books):
    assert books.write(books.payment(0, 30), books.payment(1, 20))
    assert books.ledger.balance(books.deposits[0]) == 70
    assert books.ledger.balance(books.deposits[1]) == 30
    assert books.ledger.balance(books.shop_deposit) == 50
    assert books.ledger.balance(books.reserves) == 150


REFUSED = [
    ("negative", "L0", lambda b: b.payment(0, -1)),
    ("beyond 64 bits", "L0", lambda b: (b.cash, b.equity, AMOUNT_MAX + 1, PAYMENT)),
    ("no whole number", "L0", lambda b: b.payment(0, 1.5)),
    ("accounts of two books", "L0", lambda b: (b.deposits[0], b.cash, 1, PAYMENT)),
    ("accounts of another book", "L0", lambda b: (b.cash, b.equity, 1, PAYMENT)),
    ("the same account twice", "L0", lambda b: (b.deposits[0], b.deposits[0], 30, PAYMENT)),
    ("money for goods", "L0", lambda b: (b.stock[0], b.reserves, 1, PAYMENT)),
    ("unknown account", "L0", lambda b: (999, b.reserves, 1, PAYMENT)),
    ("deposit below zero", "L1", lambda b: b.payment(1, 51)),
    ("reserves below zero", "L1", lambda b: (b.deposits[0], b.reserves, 151, PAYMENT)),
]


@pytest.mark.parametrize("before", [0, 1], ids=["alone", "after a good row"])
@pytest.mark.parametrize(("law", "row"), [
    # Compiled, what is no whole number does not even get past the annotation of an argument.
    pytest.param(law, row, id=name, marks=[pytest.mark.interpreted] if name == "no whole number" else [])
    for name, law, row in REFUSED
])  # fmt: skip
def test_refused_row_leaves_rows_balances_and_entry_untouched(books, law, row, before):
    entry, state = books.ledger.new_entry(), books.state()
    book = SHOP if row(books)[0] == books.cash and row(books)[2] > 1 else BANK
    good = {SHOP: (books.cash, books.equity, 5, PAYMENT), BANK: books.payment(0, 10)}[book]
    with pytest.raises(LawBroken, match=f"^{law}: "):
        books.write(*[good] * before, row(books), book=book, entry=entry)
    if not before:
        with pytest.raises(LawBroken, match=f"^{law}: "):
            books.ledger.transfer(1.0, book, entry, 1, *row(books))
    assert books.state() == state
    assert not books.ledger.holds(book, entry)


REFUSALS = [
    (
        lambda b: (b.cash, b.equity, 1, CHARGES),
        "L0: must be two accounts of the book bank in one commodity: entry {}, charges 1, debit / credit: "
        "shop:cash (BDT) had 0, shop:equity (BDT) had 0",
    ),
    (
        lambda b: b.payment(1, 51),
        "L1: below zero: entry {}, payment 51, debit / credit: "
        "bank:deposits:user:1 (BDT) had 50, bank:deposits:shop (BDT) had 0",
    ),
    (
        lambda b: b.payment(0, -1),
        "L0: must not be negative: entry {}, payment -1, debit / credit: "
        "bank:deposits:user:0 (BDT) had 100, bank:deposits:shop (BDT) had 0",
    ),
]


@pytest.mark.parametrize(("row", "told"), REFUSALS)
def test_a_refused_row_is_told_with_its_book_entry_code_and_what_both_accounts_had(books, row, told):
    entry = books.ledger.new_entry()
    for write in (
        lambda: books.write(row(books), entry=entry),
        lambda: books.ledger.transfer(1.0, BANK, entry, 1, *row(books)),
    ):
        with pytest.raises(LawBroken) as caught:
            write()
        assert str(caught.value) == told.format(entry)


def test_two_commodities_in_a_row_are_refused_whatever_the_number_of_its_entry(books):
    told = "^L0: must be two accounts of the book supplier in one commodity"
    for entry in books.ledger.new_entries(20):
        with pytest.raises(LawBroken, match=told):
            books.write((books.stock[0], books.made[1], 1, MAKE), book=SUPPLIER, entry=entry)


def test_fact_whose_rows_cannot_be_read_to_the_end_is_not_written(books):
    state = books.state()

    def rows():
        yield books.payment(0, 10)
        raise RuntimeError("the book failed")

    with pytest.raises(RuntimeError, match="the book failed"):
        books.ledger.post(1.0, BANK, books.ledger.new_entry(), 1, rows())
    assert books.state() == state


def test_floor_broken_by_one_row_is_not_healed_by_the_next(books):
    row = r"L1: below zero: entry 2, payment 60, debit / credit: bank:deposits:user:1 \(BDT\) had 50"
    with pytest.raises(LawBroken, match=row):
        books.write(books.payment(1, 60), (books.shop_deposit, books.deposits[1], 60, PAYMENT))


def test_account_without_floor_may_pass_through_zero(books):
    books.write((books.equity, books.cash, 40, PAYMENT), book=SHOP)
    assert books.ledger.balance(books.cash) == books.ledger.balance(books.equity) == -40


@pytest.mark.parametrize("entry", [0, -1, 99])
def test_link_that_was_never_allotted_is_refused(books, entry):
    with pytest.raises(LawBroken, match="L0"):
        books.write(books.payment(0, 1), entry=entry)
    with pytest.raises(LawBroken, match="L0"):
        books.ledger.transfer(1.0, BANK, entry, 1, *books.payment(0, 1))
    assert not books.ledger.holds(BANK, entry)


def test_link_that_a_book_holds_is_not_written_again(books):
    entry = books.ledger.new_entry()
    assert books.write(books.payment(0, 30), entry=entry)
    state = books.state()
    assert not books.write(books.payment(0, 60), entry=entry)
    assert not books.ledger.transfer(1.0, BANK, entry, 1, *books.payment(0, 60))
    assert books.state() == state


def test_each_book_writes_its_part_under_the_same_link(books):
    entry = books.ledger.new_entry()
    assert books.write(books.payment(0, 30), entry=entry)
    assert not books.ledger.holds(SHOP, entry)
    assert books.write((books.cash, books.equity, 30, PAYMENT), book=SHOP, entry=entry)
    assert books.ledger.holds(BANK, entry)
    assert books.ledger.holds(SHOP, entry)


def test_zero_amounts_are_not_written_but_the_entry_is_held(books):
    rows, entry = len(books.ledger), books.ledger.new_entry()
    assert books.write(books.payment(0, 0), entry=entry)
    assert len(books.ledger) == rows
    assert books.ledger.holds(BANK, entry)
    with pytest.raises(KeyError):
        books.ledger.first(entry)


def test_first_row_of_an_entry_is_found(books):
    books.write(books.payment(0, 7))
    entry = books.ledger.new_entry()
    books.ledger.post(2.5, BANK, entry, 12, [books.payment(0, 0), books.payment(1, 9), books.payment(0, 8)])
    books.write((books.cash, books.equity, 9, CHARGES), book=SHOP, entry=entry)
    assert books.ledger.first(entry) == Transfer(2.5, books.deposits[1], books.shop_deposit, 9, 12, entry, PAYMENT)


@pytest.mark.parametrize("entry", [-1, 0, 2, 99])
def test_link_without_rows_has_no_first_row(books, entry):
    books.ledger.new_entry()
    with pytest.raises(KeyError):
        books.ledger.first(entry)


def test_links_are_consecutive_from_one():
    ledger = Ledger("BDT", SKUS)
    assert [ledger.new_entry(), ledger.new_entries(3), ledger.new_entry()] == [1, range(2, 5), 5]


def test_opening_many_accounts_makes_no_strings():
    ledger = Ledger("BDT", SKUS)
    users = ledger.family(Account.USERS_CASH, 100_000)
    assert len(ledger.chart.groups) == 1
    assert ledger.chart.name(users[99_999]) == "users:cash:99999"


@pytest.mark.parametrize(
    ("name", "commodity", "rule"),
    [
        ("courier:cash", 0, "must begin with one of bank, shop, supplier, users"),
        ("shop:cash", 3, "must be below 3"),
        ("shop:cash", 0, "must not be opened twice"),
    ],
)
def test_account_that_cannot_be_opened_is_refused(books, name, commodity, rule):
    state = books.state()
    with pytest.raises(ValueError, match=rule):
        books.ledger.open(name, Kind.ASSET, commodity=commodity)
    assert books.state() == state


@given(st.lists(st.integers(0, 3), min_size=1, max_size=20), st.integers(0, 2))
def test_many_openings_equal_one_transfer_each(amounts, held):
    bulk, single = Ledger("BDT", SKUS), Ledger("BDT", SKUS)
    for ledger in (bulk, single):
        ledger.account(Account.USERS_EQUITY)
        ledger.family(Account.USERS_CASH, len(amounts))
        ledger.new_entries(len(amounts))
        for entry in range(1, min(held, len(amounts)) + 1):
            ledger.transfer(0.0, USERS, entry, -1, entry, 0, 9, OPENING)
    entries = range(1, len(amounts) + 1)
    bulk.open_many(0.5, USERS, entries, range(1, len(amounts) + 1), 0, np.array(amounts), OPENING)
    for entry, amount in zip(entries, amounts, strict=True):
        single.transfer(0.5, USERS, entry, -1, entry, 0, amount, OPENING)
    assert bulk.array().tobytes() == single.array().tobytes()
    assert [bulk.balance(account) for account in range(len(amounts) + 1)] == [
        single.balance(account) for account in range(len(amounts) + 1)
    ]
    assert [found(bulk, entry) for entry in entries] == [found(single, entry) for entry in entries]
    assert all(bulk.holds(USERS, entry) for entry in entries)


def found(ledger, entry):
    try:
        return ledger.first(entry)
    except KeyError:
        return None


@pytest.mark.parametrize(
    ("debit", "credit", "amounts", "error"),
    [
        ("cash", "equity", [-1], LawBroken), ("cash", "equity", [1.5], LawBroken),
        ("cash", "equity", [1, 2], LawBroken), ("cash", "investment", [1], LawBroken),
        ("equity", "sales", [1], LawBroken), ("cash", "shop_deposit", [1], LawBroken),
        ("reserves", "equity", [1], LawBroken), ("reserves", "shop_deposit", [1], LawBroken),
        ("cash", "equity", [AMOUNT_MAX], ValueError),
    ],
)  # fmt: skip
def test_opening_that_breaks_a_rule_writes_nothing(books, debit, credit, amounts, error):
    books.write((books.cash, books.equity, 1, OPENING), book=SHOP)
    entries, state = books.ledger.new_entries(1), books.state()
    with pytest.raises(error):
        books.ledger.open_many(
            0.0, SHOP, entries, getattr(books, debit), getattr(books, credit), np.array(amounts), OPENING
        )
    with pytest.raises(LawBroken, match="L0"):
        books.ledger.open_many(0.0, SHOP, range(90, 91), books.cash, books.equity, np.array([1]), OPENING)
    assert books.state() == state


def test_transfers_table_has_the_columns_in_canonical_form(books):
    books.ledger.post(1.25, SUPPLIER, books.ledger.new_entry(), 7, [(books.stock[1], books.made[1], 4, MAKE)])
    columns = books.ledger.columns()
    assert list(columns) == [
        "transfer", "posted_at", "book", "debit", "credit", "amount", "commodity", "code", "order", "entry",
    ]  # fmt: skip
    shown = {
        name: column.labels[column.codes[-1]] if isinstance(column, TextColumn) else int(column[-1])
        for name, column in columns.items()
    }
    assert shown == {
        "transfer": 2, "posted_at": 1_250_000, "book": "supplier", "debit": "supplier:stock",
        "credit": "supplier:production",
        "amount": 4, "commodity": "apple-watch", "code": "make", "order": 7, "entry": 2,
    }  # fmt: skip
    assert columns["debit"].codes.dtype == np.int32
    plain = {column.dtype for column in columns.values() if not isinstance(column, TextColumn)}
    assert plain == {np.dtype(np.int64)}


@pytest.mark.parametrize("count", [3, 40])
def test_names_in_tables_are_distinct(books, count):
    for _ in range(count):
        books.ledger.post_new(0.0, SUPPLIER, 1, [(books.stock[k], books.made[k], 1, MAKE) for k in (0, 1)])
    table = books.ledger.columns()
    labels = table["debit"].labels
    assert len(set(labels)) == len(labels)
    assert {labels[code] for code in table["debit"].codes[-2:]} == {"supplier:stock"}
    assert len(set(table["commodity"].codes[-2:])) == 2


def test_accounts_table_shows_opening_and_closing_naturally(books):
    books.write(books.payment(0, 30))
    accounts = books.ledger.account_columns()
    assert list(accounts) == ["account", "book", "kind", "commodity", "opening", "closing"]
    names = [accounts["account"].labels[code] for code in accounts["account"].codes]
    rows = {
        (name, accounts["commodity"].labels[commodity]): (int(opening), int(closing))
        for name, commodity, opening, closing in zip(
            names, accounts["commodity"].codes, accounts["opening"], accounts["closing"], strict=True
        )
    }
    assert rows["bank:deposits:user:0", "BDT"] == (100, 70)
    assert rows["bank:deposits:shop", "BDT"] == (0, 30)
    assert rows["bank:reserves", "BDT"] == (150, 150)
    assert rows["supplier:stock", "apple-watch"] == (0, 0)


def test_array_is_a_copy_and_does_not_hinder_writing(books):
    before = books.ledger.array()
    books.write(books.payment(0, 30))
    assert before["amount"].tolist() == [100, 50]
    assert books.ledger.array()["amount"].tolist() == [100, 50, 30]


def test_first_row_of_an_opening_is_the_first_book_s(books):
    entries = books.ledger.new_entries(2)
    for book, debit, credit in ((BANK, books.reserves, books.shop_deposit), (SHOP, books.cash, books.equity)):
        books.ledger.open_many(0.0, book, entries, debit, credit, np.array([3, 4]), OPENING)
    assert [books.ledger.first(entry).debit for entry in entries] == [books.reserves] * 2


FACTS = st.lists(
    st.lists(
        st.tuples(st.integers(0, 9), st.integers(0, 9), st.integers(-1, 120), st.sampled_from([PAYMENT, COST])),
        max_size=3,
    ),
    max_size=30,
)


@given(FACTS)
def test_live_balances_equal_the_rows_and_no_floor_breaks(facts):
    books = Books(Ledger("BDT", SKUS))
    for rows in facts:
        for book in (BANK, SHOP, SUPPLIER):
            try:
                books.write(*rows, book=book)
            except LawBroken:
                continue
    chart, net = books.ledger.chart, [0] * len(books.ledger.chart.places)
    for row in books.ledger.array().tolist():
        net[row[1]] += row[3]
        net[row[2]] -= row[3]
        assert all(net[place] >= 0 for place, least in enumerate(chart.least) if least == 0)
        assert all(net[place] <= 0 for place, most in enumerate(chart.most) if most == 0)
    assert [books.ledger.balance(place) for place in range(len(net))] == [
        amount * sign for amount, sign in zip(net, chart.signs, strict=True)
    ]


def test_codes_are_the_vocabulary_of_the_posting_rules():
    assert (CODES[PAYMENT], CODES[CHARGES]) == ("payment", "charges")
    assert len(set(CODES)) == len(CODES)
    assert {rule.code for rule in permitted()} <= set(CODES)


@pytest.mark.interpreted
def test_who_still_looks_at_an_opening_does_not_keep_links_from_being_allotted(books):
    seen = []

    def look(frame, event, argument):
        if event == "return" and frame.f_code.co_name == "open_many":
            seen.append(dict(frame.f_locals))  # as the thread of a profiler holds what it has seen

    ledger = books.ledger
    entries = ledger.new_entries(3)
    sys.setprofile(look)
    ledger.open_many(0.0, BANK, entries, books.reserves, books.deposits, np.array([3, 4, 5]), OPENING)
    sys.setprofile(None)
    assert len(seen) == 1
    assert len(ledger.new_entries(2)) == 2
    assert [ledger.first(entry).amount for entry in entries] == [3, 4, 5]
