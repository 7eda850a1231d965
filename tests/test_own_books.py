"""Books of a reader's own: laws, statements and exports take them as they take the shipped ones."""

import re

import numpy as np
import pytest

import alesha_sim as alesha
from alesha_sim import accounting, exports
from alesha_sim.books import Kind, LawBroken, Ledger
from alesha_sim.books.accounts import BOOKS_MAX
from alesha_sim.columns import TextColumn
from alesha_sim.results.result import Result
from alesha_sim.tables.schema import SCHEMA

SCENARIO = alesha.scenarios.first_purchase()


class Loyalty:
    """Grants points and knows what they are worth in money."""

    def __init__(self, ledger):
        self.book = book = ledger.open_book("loyalty")
        self.cash = book.account("cash", "asset", floor=True)
        self.capital = book.account("capital", Kind.EQUITY)
        self.given = book.account("points", "expense", commodity="points")
        self.owed = book.account("points-owed", "liability", commodity="points", floor=True)
        self.cost = book.account("cost", "expense")

    def live(self, points=120):
        self.book.post(0.0, self.cash, self.capital, 50_00, "opening")
        self.entry = self.book.post(5.0, self.given, self.owed, points, "grant", order=1)
        self.book.post(9.0, self.cost, self.cash, 12_34, "postage")


@pytest.fixture(scope="module")
def result():
    made = alesha.Simulation(SCENARIO, 7)
    loyalty = Loyalty(made.ledger)
    loyalty.book.post(0.0, loyalty.cash, loyalty.capital, 50_00, "opening")
    made.run()
    loyalty.book.post(made.now, loyalty.given, loyalty.owed, 120, "grant", order=1)
    loyalty.book.post(made.now, loyalty.cost, loyalty.cash, 12_34, "postage")
    return made.result()


def test_all_laws_hold_with_a_book_of_ones_own(result):
    assert result.check() == []
    assert result.digest != alesha.simulate(SCENARIO, 7).digest


def test_its_rows_are_in_the_ledger_of_the_result_and_their_units_are_no_money(result):
    rows = result.ledger("loyalty")[["debit", "credit", "amount", "commodity", "code", "order"]]
    assert rows.astype(object).fillna(-1).to_numpy().tolist()[:2] == [
        ["loyalty:cash", "loyalty:capital", 50.0, "BDT", "opening", -1],
        ["loyalty:points", "loyalty:points-owed", 120.0, "points", "grant", 1],
    ]
    with pytest.raises(ValueError, match=r"^book hotel: must be one of bank, shop, supplier, users, loyalty$"):
        result.ledger("hotel")


def test_statements_classify_its_accounts_by_their_kinds(result):
    sheet = accounting.balance_sheet(result, "loyalty").set_index("line")["amount"].to_dict()
    assert sheet["loyalty:cash"] == sheet["Assets"] == sheet["Liabilities and equity"] == 37.66
    assert accounting.income_statement(result, "loyalty")["amount"].tolist() == [-12.34, -12.34]
    flow = accounting.cash_flow(result, "loyalty").set_index("line")["amount"].to_dict()
    assert flow["Capital paid in"] == 50.0
    assert (flow["Postage"], flow["Closing cash"]) == (-12.34, 37.66)
    trial = accounting.trial_balance(result, "loyalty")
    assert trial.groupby("commodity")[["debit", "credit"]].sum().to_numpy().tolist() == [[50, 50], [120, 120]]
    assert "loyalty:points-owed" in set(accounting.general_ledger(result, "loyalty")["account"])


def test_statements_and_figures_of_the_other_books_do_not_move(result):
    plain = alesha.simulate(SCENARIO, 7)
    for book in ("bank", "shop", "supplier", "users"):
        assert accounting.balance_sheet(result, book).equals(accounting.balance_sheet(plain, book))
    assert result.metrics() == plain.metrics()


def test_a_conversation_shows_what_was_written_of_its_order(result):
    shown = [row for row in result.follow(1).transfers if row.book == "loyalty"]
    assert [(row.debit, row.amount, row.commodity) for row in shown] == [("loyalty:points", 120, "points")]
    assert "loyalty" in repr(result.follow(1))


@pytest.mark.parametrize("form", ["beancount", "hledger"])
def test_journals_declare_and_show_its_accounts_and_commodities(result, form, tmp_path):
    exports.write(result, form, tmp_path / "journal")
    text = (tmp_path / "journal").read_text()
    assert re.search(r"commodity .*POINTS", text)
    assert "Liabilities:Loyalty:Points-owed" in text
    if form == "beancount":
        loader = pytest.importorskip("beancount.loader")
        assert loader.load_file(str(tmp_path / "journal"))[1] == []


@pytest.mark.parametrize("form", exports.FORMATS)
def test_every_format_takes_it(result, form, tmp_path):
    if form == "duckdb":
        pytest.importorskip("duckdb")
    exports.write(result, form, tmp_path / "written")
    assert (tmp_path / "written").exists()


def test_it_comes_back_from_a_folder_and_from_a_spool(result, tmp_path):
    result.save(tmp_path / "saved")
    assert Result.load(tmp_path / "saved") == result
    made = alesha.Simulation(SCENARIO, 7, spool=tmp_path / "spool")
    loyalty = Loyalty(made.ledger)
    loyalty.book.post(0.0, loyalty.cash, loyalty.capital, 50_00, "opening")
    made.run()
    loyalty.book.post(made.now, loyalty.given, loyalty.owed, 120, "grant", order=1)
    loyalty.book.post(made.now, loyalty.cost, loyalty.cash, 12_34, "postage")
    assert made.result().digest == result.digest
    assert made.result().check() == []


def test_a_summary_keeps_its_accounts_and_moves_no_metric():
    made = alesha.Simulation(SCENARIO, 7, record="summary")
    loyalty = Loyalty(made.ledger)
    loyalty.book.post(0.0, loyalty.cash, loyalty.capital, 50_00, "opening")
    made.run()
    loyalty.book.post(made.now, loyalty.given, loyalty.owed, 120, "deliver")
    accounts = made.result().accounts.set_index("account")["closing"]
    assert accounts["loyalty:points-owed"] == 120
    assert made.result().metrics() == alesha.simulate(SCENARIO, 7).metrics()


def test_the_ledger_holds_its_rows_to_the_laws_of_rows():
    ledger = Ledger("BDT", ["tea"])
    loyalty = Loyalty(ledger)
    other = ledger.open_book("other").account("cash", "asset")
    post = loyalty.book.post
    with pytest.raises(
        LawBroken, match=r"^L1: below zero: entry 1, postage 1, debit / credit: loyalty:cost \(BDT\)"
    ):
        post(0.0, loyalty.cost, loyalty.cash, 1, "postage")
    for debit, credit in ((loyalty.given, loyalty.cash), (loyalty.cash, other), (loyalty.cash, loyalty.cash)):
        with pytest.raises(LawBroken, match="L0: must be two accounts of the book loyalty in one commodity"):
            post(0.0, debit, credit, 1, "postage")
    with pytest.raises(LawBroken, match="L0: must not be negative"):
        post(0.0, loyalty.cost, loyalty.capital, -1, "postage")
    assert len(ledger) == 0
    post(0.0, loyalty.cash, loyalty.capital, 7, "opening")
    assert (loyalty.book.balance(loyalty.cash), loyalty.book.balance(loyalty.capital)) == (7, 7)


WORDS = {
    "book": lambda ledger, word: ledger.open_book(word),
    "account": lambda ledger, word: ledger.open_book("own").account(word, "asset"),
    "commodity": lambda ledger, word: ledger.open_book("own").account("a", "asset", commodity=word),
    "code": lambda ledger, word: ledger.code(word),
}


@pytest.mark.parametrize("field", WORDS)
@pytest.mark.parametrize(
    "word", ["", "Points", "a:b", "-a", "a-", "x" * 25, "a b", pytest.param(7, marks=pytest.mark.interpreted)]
)
def test_a_word_that_other_programs_could_not_read_is_refused(field, word):
    with pytest.raises(ValueError, match=rf"^{field}: {re.escape(repr(word))}: must be at most 24 of a-z"):
        WORDS[field](Ledger("BDT", ["tea"]), word)


def test_names_that_are_taken_are_refused_and_so_is_one_book_too_many():
    ledger = Ledger("BDT", ["tea"])
    for name in ("bank", "users"):
        with pytest.raises(ValueError, match=f"^book {name}: must not be opened twice$"):
            ledger.open_book(name)
    own = ledger.open_book("own")
    own.account("cash", "asset")
    with pytest.raises(ValueError, match=r"^account own:cash: BDT: must not be opened twice$"):
        own.account("cash", "asset")
    with pytest.raises(ValueError, match=r"^commodity: 'bdt': must not be the currency's name$"):
        own.account("taka", "asset", commodity="bdt")
    with pytest.raises(ValueError, match="'savings' is not a valid Kind"):
        own.account("odd", "savings")
    for place in range(BOOKS_MAX - 5):
        ledger.open_book(f"book-{place}")
    with pytest.raises(ValueError, match=r"^book d: a ledger must have at most 32 books$"):
        ledger.open_book("d")


# What a check finds where rows were changed


def changed(result, table, column, value, rows=slice(None)):
    """The violations in a result of which the own book's rows of a column are changed."""
    columns = {name: dict(result.columns(name)) for name in SCHEMA}
    old, book = columns[table][column], columns[table]["book"]
    mine = np.flatnonzero(np.array(book.labels, object)[book.codes] == "loyalty")[rows]
    if isinstance(old, TextColumn):
        codes = old.codes.copy()
        codes[mine] = len(old.labels)
        columns[table][column] = TextColumn(codes, [*old.labels, value])
    else:
        columns[table][column] = old.copy()
        columns[table][column][mine] = value
    return Result(
        result.scenario, 7, columns, ended_at=result.ended_at, drained=True, events=1, inboxes={}
    ).check()


FAULTS = {
    ("transfers", "debit", "shop:cash"): "must be between two accounts of its book in one commodity",
    ("transfers", "credit", "loyalty:nowhere"): "must be between two accounts of its book in one commodity",
    ("transfers", "commodity", "BDT"): "must be between two accounts of its book in one commodity",
    ("transfers", "amount", 0): "the amount must be above zero",
    ("transfers", "order", 9): "there is no such order",
    ("transfers", "entry", 10**6): "no such entry",
    ("accounts", "kind", "savings"): "must be of a known kind",
    ("accounts", "closing", 1): "but transfers make",
    ("accounts", "opening", 1): "but transfers make",
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_check_names_what_is_wrong_in_a_book_of_ones_own(result, fault):
    found = changed(result, *fault)
    assert any(FAULTS[fault] in line for line in found), found


def test_a_book_that_no_account_belongs_to_is_unknown(result):
    assert any("unknown account, book or code" in line for line in changed(result, "transfers", "book", "hotel"))


def test_a_book_out_of_balance_is_named(result):
    found = changed(result, "accounts", "closing", 1)
    assert "L9: book loyalty, points: debits exceed credits by" not in " ".join(found)
    assert any(line.startswith("L9: book loyalty, BDT: debits exceed credits by 1") for line in found), found


def test_a_book_beyond_the_eighth_knows_which_entries_the_others_hold():
    ledger = Ledger("BDT", ["tea"])
    first = ledger.open_book("book-0")
    sides = first.account("cash", "asset"), first.account("equity", "equity")
    entry = first.post(1.0, *sides, 7, "opening")
    later = [ledger.open_book(f"book-{place}") for place in range(1, 8)][-1]
    cash, equity = later.account("cash", "asset"), later.account("equity", "equity")
    assert not ledger.holds(later.number, entry)
    assert ledger.transfer(2.0, later.number, entry, -1, cash, equity, 7, 0)
    assert ledger.holds(later.number, entry)
    assert ledger.holds(first.number, entry)
    assert ledger.first(entry).at == 1.0
