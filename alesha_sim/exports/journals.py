"""A result's transfers as the transactions of plain-text accounting: names, amounts, dates. Contains no format.

The rows of one entry in one book are one transaction, and so balance. Source of names and signs: section 5 of
the posting rules.
"""

from collections.abc import Iterator
from functools import cached_property
from itertools import chain, groupby
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from alesha_sim.accounting.journal_arrays import BEFORE, Account, Journal
from alesha_sim.books.accounts import Kind
from alesha_sim.columns import numbers
from alesha_sim.exports.files import Progress, chunks

if TYPE_CHECKING:
    from alesha_sim.results.result import Result

ROOTS = {
    Kind.ASSET: "Assets",
    Kind.LIABILITY: "Liabilities",
    Kind.EQUITY: "Equity",
    Kind.INCOME: "Income",
    Kind.EXPENSE: "Expenses",
}

LAST_YEAR = 9999
"""Dates have four digits for the year."""


class Posting(NamedTuple):
    """One side of a transfer: `account` is a place among the accounts, `amount` is negative for a credit."""

    account: int
    amount: int
    code: str


class Transaction(NamedTuple):
    """What one book wrote of one entry: `at` as ISO 8601 text down to the microsecond, `order` -1 if of none."""

    at: str
    book: str
    entry: int
    order: int
    codes: str
    postings: tuple[Posting, ...]


class Journals:
    """The names, commodities, transactions and closing balances of a result, for writers of journals."""

    def __init__(self, result: "Result") -> None:
        self.journal = Journal(result)
        self.scenario = result.scenario
        self.decimals = result.scenario.currency.decimals
        self.currency = result.scenario.currency.code
        times = result.source.batches("transfers", ["posted_at"])
        last = max((int(numbers(batch, "posted_at")[-1]) for batch in times), default=0)
        year = int(str(self.journal.stamps(np.array([last], np.int64))[0]).partition("-")[0])
        if year >= LAST_YEAR:
            raise ValueError(
                f"scenario {self.scenario.name}: ends in the year {year}: must end before {LAST_YEAR}"
            )
        self.opened = self._day(0)
        self.balanced = self._day(last, after=1)

    def _day(self, at: int, after: int = 0) -> str:
        day = self.journal.stamps(np.array([at], np.int64)).astype("datetime64[D]")[0] + after
        return str(day)

    @cached_property
    def names(self) -> list[str]:
        """The accounts' names in other programs, by place."""
        return [name_of(account) for account in self.journal.accounts]

    @property
    def goods(self) -> list[str]:
        """What is counted in units, as other programs call it: the products, then commodities of your own."""
        held = [account.commodity for account in self.journal.accounts if account.commodity != self.currency]
        return [name.upper() for name in dict.fromkeys([*self.scenario.skus, *held])]

    def commodity(self, account: int) -> str:
        """Return what an account holds, as other programs call it."""
        return self.journal.accounts[account].commodity.upper()

    def number(self, account: int, amount: int) -> str:
        """Return an amount of an account's commodity as text: money with all its decimals, units without."""
        if not self.journal.is_money[account] or not self.decimals:
            return str(amount)
        whole, rest = divmod(abs(amount), 10**self.decimals)
        return f"{'-' * (amount < 0)}{whole}.{rest:0{self.decimals}}"

    def by_name(self) -> dict[str, list[int]]:
        """Return the places of the accounts of each name: one for each commodity that it holds."""
        found: dict[str, list[int]] = {}
        for place, name in enumerate(self.names):
            found.setdefault(name, []).append(place)
        return found

    def closing(self) -> list[int]:
        """Return every account's balance after the last transfer, debits positive."""
        balances: list[int] = self.journal.balances(self.journal.end).tolist()
        return balances

    def transactions(self, progress: Progress) -> Iterator[Transaction]:
        """Yield all transactions in the order of writing."""
        for (entry, book), rows in groupby(self._rows(progress), key=lambda row: (row.entry, row.book)):
            first = next(rows)
            postings, words = [], []
            for row in chain([first], rows):
                postings.append(Posting(row.debit, row.amount, row.code))
                postings.append(Posting(row.credit, -row.amount, row.code))
                words.append(row.code)
            yield Transaction(first.at, book, entry, first.order, ", ".join(dict.fromkeys(words)), tuple(postings))

    def _rows(self, progress: Progress) -> "Iterator[_Row]":
        journal, done, total = self.journal, 0, len(self.journal)
        for batch in journal.batches(BEFORE, journal.end):
            for part in chunks(len(batch.posted_at)):
                at = np.datetime_as_string(journal.stamps(batch.posted_at[part]), unit="us").tolist()
                texts = (
                    [text.labels[code] for code in text.codes[part].tolist()] for text in (batch.book, batch.code)
                )
                columns = (batch.entry, batch.order, batch.debit, batch.credit, batch.amount)
                yield from map(
                    _Row._make, zip(at, *texts, *(column[part].tolist() for column in columns), strict=True)
                )
                progress((done + part.stop) / total, f"{done + part.stop:,} of {total:,} transfers")
            done += len(batch.posted_at)


class _Row(NamedTuple):
    """A transfer; `debit` and `credit` are places among the accounts."""

    at: str
    book: str
    code: str
    entry: int
    order: int
    debit: int
    credit: int
    amount: int


def name_of(account: Account) -> str:
    """Return an account's name in other programs: a root by its kind, then its parts capitalised."""
    return ":".join([ROOTS[account.kind], *(part.capitalize() for part in account.name.split(":"))])


def plain(text: str) -> str:
    """Return text for a line of its own between quotes: without quotes, backslashes and line breaks."""
    return " ".join(text.replace('"', "'").replace("\\", "/").split())
