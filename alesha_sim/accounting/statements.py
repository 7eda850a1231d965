"""Trial balance, income statement, balance sheet and cash flow of a book, from its transfers alone.

Sums are whole minor units; only the frames that are returned are in major units. A period begins after its start
and ends with its end; without a start it begins with the openings, so that they count as its first flows.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from alesha_sim.accounting import classification
from alesha_sim.accounting.journal_arrays import BEFORE, Account, At, Ints, Journal
from alesha_sim.books.accounts import Kind

if TYPE_CHECKING:
    from pandas import DataFrame

    from alesha_sim.results.result import Result


class Item(NamedTuple):
    """One line of a statement, in minor units."""

    section: str
    line: str
    amount: int


def trial_balance(result: "Result", book: str, at: At = None) -> "DataFrame":
    """Return every account of a book with its balance at an instant, in the debit or the credit column.

    Columns `account, kind, commodity, debit, credit`; major units, goods in units. Debits and credits have the
    same sum in each commodity. Raises ValueError for an unknown book and an instant outside the run.
    """
    journal = Journal(result)
    places = journal.of_book(book)
    return balances_frame(journal, places, journal.balances(journal.instant(at))[places])


def balances_frame(journal: Journal, places: Ints, balances: Ints) -> "DataFrame":
    """Return balances of accounts (debits positive) as a trial balance."""
    from pandas import DataFrame

    accounts = [journal.accounts[place] for place in places.tolist()]
    return DataFrame(
        {
            "account": [account.name for account in accounts],
            "kind": [str(account.kind) for account in accounts],
            "commodity": [account.commodity for account in accounts],
            "debit": journal.in_major(np.maximum(balances, 0), places),
            "credit": journal.in_major(np.maximum(-balances, 0), places),
        }
    )


def income_statement(result: "Result", book: str, start: At = None, end: At = None) -> "DataFrame":
    """Return income less expenses of a book in a period: `section, line, amount`, totals in section `total`.

    What lowers the profit is negative. Raises ValueError for an unknown book, an instant outside the run and a
    period that ends before it begins.
    """
    journal = Journal(result)
    places = journal.of_book(book)
    since, until = period(journal, start, end)
    change = journal.balances(until) - (journal.balances(since) if since != BEFORE else 0)
    return frame(journal, income(amounts_of(journal, places, change)))


def balance_sheet(result: "Result", book: str, at: At = None) -> "DataFrame":
    """Return assets, liabilities, equity and profit of a book at an instant: `section, line, amount`.

    Assets = liabilities + equity, in which the profit since the opening is a line. Raises ValueError as
    `trial_balance` does.
    """
    journal = Journal(result)
    places = journal.of_book(book)
    return frame(journal, sheet(amounts_of(journal, places, journal.balances(journal.instant(at)))))


def cash_flow(result: "Result", book: str, start: At = None, end: At = None) -> "DataFrame":
    """Return the cash flow of a book in a period by the direct method: `section, line, amount`.

    Opening cash + flows = closing cash. Raises ValueError as `income_statement` does.
    """
    journal = Journal(result)
    journal.of_book(book)
    since, until = period(journal, start, end)
    cash = journal.places(*classification.cash_of(book, journal.role(book)))
    opening = 0 if since == BEFORE else int(journal.balances(since)[cash].sum())
    return frame(journal, flows(opening, movements(journal, book, since, until)))


# Sums in minor units


def period(journal: Journal, start: At, end: At) -> tuple[int, int]:
    """Return the instants after which a period begins and with which it ends; ValueError if they are none."""
    since = BEFORE if start is None else journal.instant(start, "start")
    until = journal.instant(end, "end")
    if until < since:
        raise ValueError(f"end: {end!r}: must not be before start, {start!r}")
    return since, until


Amounts = Mapping[str, tuple[Kind, int]]
"""Kind and balance in minor units, debits positive, by an account's role."""


def amounts_of(journal: Journal, places: Ints, balances: Ints) -> Amounts:
    """Return the money in given accounts by role, in the chart's order; `balances` are those of all accounts."""
    pairs = ((journal.accounts[place], int(balances[place])) for place in places.tolist())
    return by_role((account, balance) for account, balance in pairs if account.commodity == journal.currency.code)


def by_role(balances: Iterable[tuple[Account, int]]) -> Amounts:
    """Return balances of accounts of money by role."""
    found: dict[str, tuple[Kind, int]] = {}
    for account, balance in balances:
        found[account.role] = (account.kind, found.get(account.role, (account.kind, 0))[1] + balance)
    return found


def profit(amounts: Amounts) -> int:
    """Return income less expenses."""
    return -sum(balance for kind, balance in amounts.values() if kind in (Kind.INCOME, Kind.EXPENSE))


def income(amounts: Amounts) -> list[Item]:
    """Return the lines of an income statement: what makes the gross profit, then the rest, then the profit."""
    earned = _lines("income", amounts, (Kind.INCOME,), sign=-1)
    spent = _lines("expenses", amounts, (Kind.EXPENSE,), sign=-1)
    of_gross = [item for item in earned + spent if item.line in classification.GROSS]
    rest = [item for item in earned + spent if item.line not in classification.GROSS]
    total = [Item("total", "Profit", profit(amounts))]
    if not of_gross:
        return rest + total
    return [*of_gross, Item("total", "Gross profit", sum(item.amount for item in of_gross)), *rest, *total]


def sheet(amounts: Amounts) -> list[Item]:
    """Return the lines of a balance sheet."""
    assets = _lines("assets", amounts, (Kind.ASSET,), sign=1)
    debts = _lines("liabilities", amounts, (Kind.LIABILITY,), sign=-1)
    equity = [*_lines("equity", amounts, (Kind.EQUITY,), sign=-1), Item("equity", "Profit", profit(amounts))]
    sections = {"Assets": assets, "Liabilities": debts, "Equity": equity}
    found = []
    for name, items in sections.items():
        found += [*items, Item("total", name, sum(item.amount for item in items))]
    both = sum(item.amount for item in debts + equity)
    return [*found, Item("total", "Liabilities and equity", both)]


def _lines(section: str, amounts: Amounts, kinds: tuple[Kind, ...], *, sign: int) -> list[Item]:
    """Return one item a line, in the chart's order; `sign` turns debits positive into what the section shows."""
    found: dict[str, int] = {}
    for role, (kind, balance) in amounts.items():
        if kind in kinds:
            line = classification.LINES.get(role, role)
            found[line] = found.get(line, 0) + sign * balance
    return [Item(section, line, amount) for line, amount in found.items()]


def movements(journal: Journal, book: str, since: int, until: int) -> dict[classification.CashRule, int]:
    """Return how much cash came in (negative: went out) in a period, by the line of its reason."""
    is_cash = np.zeros(len(journal.accounts), np.int64)
    is_cash[journal.places(*classification.cash_of(book, journal.role(book)))] = 1
    moved: dict[str, int] = {}
    # The order of lines is that of the reasons' first appearance among all transfers.
    words: Sequence[str] = ()
    for rows in journal.batches(since, until):
        change = (is_cash[rows.debit] - is_cash[rows.credit]) * rows.amount
        words = rows.code.labels
        for code, word in enumerate(words):
            mine = (rows.code.codes == code) & (change != 0)
            if mine.any():
                moved[word] = moved.get(word, 0) + int(change[mine].sum())
    found: dict[classification.CashRule, int] = {}
    for word in words:
        if word in moved:
            rule = classification.flow_of(journal.role(book), word)
            found[rule] = found.get(rule, 0) + moved[word]
    return found


def flows(opening: int, moved: Mapping[classification.CashRule, int]) -> list[Item]:
    """Return the lines of a cash flow statement."""
    found = [Item("total", "Opening cash", opening)]
    for activity in ("operating", "investing", "financing"):
        items = [Item(activity, rule.line, amount) for rule, amount in moved.items() if rule.activity == activity]
        if items:
            found += [*items, Item("total", f"Net cash from {activity}", sum(item.amount for item in items))]
    return [*found, Item("total", "Closing cash", opening + sum(moved.values()))]


def frame(journal: Journal, items: Iterable[Item]) -> "DataFrame":
    """Return the lines of a statement as a frame in major units."""
    from pandas import DataFrame

    rows = list(items)
    return DataFrame(
        {
            "section": [item.section for item in rows],
            "line": [item.line for item in rows],
            "amount": [journal.money(item.amount) for item in rows],
        }
    )
