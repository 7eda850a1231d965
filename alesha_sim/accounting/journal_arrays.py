"""The transfers of a result as arrays that statements are added up from. No account is classified here.

Amounts are whole: minor units of money, units of goods. A balance counts debits as positive, credits as negative,
whatever the kind of its account. Instants are microseconds since the start.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import numpy.typing as npt

from alesha_sim.books.accounts import BOOKS, KINDS, NO_ROLES, Kind, role_of
from alesha_sim.columns import Columns, TextColumn, numbers, text_column
from alesha_sim.tables.frames import instants
from alesha_sim.tables.source import picked
from alesha_sim.units import MICROSECONDS, microseconds
from alesha_sim.vocabulary import NO_ID

if TYPE_CHECKING:
    from alesha_sim.results.result import Result

Ints = npt.NDArray[np.int64]
At = float | str | datetime | None
"""An instant: seconds since the start, text ("2 days", "2021-06-02 12:00"), a datetime; None is the end."""

_NONE = np.zeros(0, np.int64)

BEFORE = -1
"""An instant before the openings, when every balance is zero."""


class Account(NamedTuple):
    """One name in one commodity; `family` is the name without a user's number, such as `users:cash:`.

    `role` is what it is in the chart of accounts, the same where there is one of each role.
    """

    name: str
    book: str
    kind: Kind
    commodity: str
    family: str
    role: str


class Rows(NamedTuple):
    """Some transfers in the order of writing; `debit` and `credit` are places in the journal's accounts."""

    transfer: Ints
    posted_at: Ints
    debit: Ints
    credit: Ints
    amount: Ints
    code: TextColumn
    book: TextColumn
    order: Ints
    entry: Ints


class Journal:
    """All transfers of a result, in the order of writing, and the accounts that they move between.

    `debit` and `credit` are places in `accounts`, `book` and `code` the words themselves as `TextColumn`. Sums,
    such as balances, read the transfers in batches; a column is held as a whole only once it is asked for.
    """

    def __init__(self, result: "Result") -> None:
        self.result = result
        self.currency = result.scenario.currency
        self.end = microseconds(result.ended_at)
        self.accounts = _accounts(result)
        self.is_money = np.array([account.commodity == self.currency.code for account in self.accounts], np.bool_)
        self._finder = _Finder(self.accounts)

    def __len__(self) -> int:
        return self.result.source.rows("transfers")

    @cached_property
    def transfer(self) -> Ints:
        """The number of each transfer."""
        return self._numbers("transfer")

    @cached_property
    def posted_at(self) -> Ints:
        """When each transfer was written."""
        return self._numbers("posted_at")

    @cached_property
    def amount(self) -> Ints:
        """What each transfer moved."""
        return self._numbers("amount")

    @cached_property
    def order(self) -> Ints:
        """The order of each transfer, -1 for none."""
        return self._numbers("order")

    @cached_property
    def entry(self) -> Ints:
        """The entry of each transfer."""
        return self._numbers("entry")

    @cached_property
    def book(self) -> TextColumn:
        """The book of each transfer."""
        return self._texts("book")

    @cached_property
    def code(self) -> TextColumn:
        """Why each transfer was made."""
        return self._texts("code")

    @cached_property
    def debit(self) -> Ints:
        """The account that each transfer debited."""
        return self._finder.places(self._texts("debit"), self._commodity)

    @cached_property
    def credit(self) -> Ints:
        """The account that each transfer credited."""
        return self._finder.places(self._texts("credit"), self._commodity)

    @cached_property
    def _commodity(self) -> TextColumn:
        return self._texts("commodity")

    def _numbers(self, name: str) -> Ints:
        return numbers(self.result.columns("transfers"), name)

    def _texts(self, name: str) -> TextColumn:
        return text_column(self.result.columns("transfers"), name)

    def batches(self, since: int, until: int) -> Iterator[Rows]:
        """Yield the transfers that were written after an instant and up to another, some at a time."""
        names = (
            "transfer",
            "posted_at",
            "debit",
            "credit",
            "commodity",
            "amount",
            "code",
            "book",
            "order",
            "entry",
        )
        for batch in self.result.source.batches("transfers", names):
            first, last = np.searchsorted(numbers(batch, "posted_at"), (since, until), side="right").tolist()
            if first < last:
                yield self._rows(picked(batch, slice(first, last)))
            if last < len(numbers(batch, "posted_at")):
                return

    def _rows(self, part: Columns) -> Rows:
        commodity = text_column(part, "commodity")
        debit, credit = (self._finder.places(text_column(part, side), commodity) for side in ("debit", "credit"))
        code, book = text_column(part, "code"), text_column(part, "book")
        transfer, posted_at, amount, order, entry = (
            numbers(part, name) for name in ("transfer", "posted_at", "amount", "order", "entry")
        )
        return Rows(transfer, posted_at, debit, credit, amount, code, book, order, entry)

    def touching(self, places: Ints, since: int, until: int) -> Rows:
        """Return the transfers of a period that move something in or out of the accounts `places`."""
        mine = np.zeros(len(self.accounts), np.bool_)
        mine[places] = True
        found = []
        for rows in self.batches(since, until):
            kept = np.flatnonzero(mine[rows.debit] | mine[rows.credit])
            found.append(
                [column[kept] if isinstance(column, np.ndarray) else column.codes[kept] for column in rows]
            )
        labels = self._labels()
        columns = [np.concatenate(parts) for parts in zip(*found, strict=True)] if found else [_NONE] * len(labels)
        return Rows._make(
            TextColumn(column, words) if words is not None else column
            for column, words in zip(columns, labels, strict=True)
        )

    def _labels(self) -> list[Sequence[str] | None]:
        """Return the labels of each field of `Rows` that is text."""
        first = next(self.result.source.batches("transfers", ("code", "book")), None)
        texts = {} if first is None else {name: text_column(first, name).labels for name in first}
        return [texts.get(name, ()) if name in ("code", "book") else None for name in Rows._fields]

    def until(self, at: int) -> int:
        """Return how many transfers were written up to an instant, itself included."""
        return int(np.searchsorted(self.posted_at, at, side="right"))

    def balances(self, at: int) -> Ints:
        """Return the balance of every account at an instant, debits positive."""
        found = np.zeros(len(self.accounts), np.int64)
        for rows in self.batches(BEFORE, at):
            np.add.at(found, rows.debit, rows.amount)
            np.subtract.at(found, rows.credit, rows.amount)
        return found

    def of_book(self, book: str) -> Ints:
        """Return the places of a book's accounts; ValueError for an unknown book."""
        self.check_book(book)
        return np.array([n for n, account in enumerate(self.accounts) if account.book == book], np.int64)

    def check_book(self, book: str) -> None:
        """Raise ValueError for an unknown book."""
        books = BOOKS if not self.result.scenario.is_market else ()
        check_book(book, (account.book for account in self.accounts), books)

    def places(self, *names: str) -> Ints:
        """Return the places of the accounts of these names, families that end in `:`, and roles."""
        wanted = frozenset(names)
        found = [
            n
            for n, each in enumerate(self.accounts)
            if each.name in wanted or each.family in wanted or each.role in wanted
        ]
        return np.array(found, np.int64)

    def role(self, book: str) -> str:
        """Return the role of the party that keeps a book, "" of one of your own."""
        return self.result.scenario.roles.get(book, "")

    def money(self, amounts: Any) -> Any:
        """Return minor units as major units."""
        return amounts / float(self.currency.scale)

    def instant(self, at: At, field: str = "at") -> int:
        """Return an instant of the run in microseconds; ValueError if it is none."""
        return self.end if at is None else _instant(self.result, at, field, self.end)

    def stamps(self, times: Ints) -> npt.NDArray[np.datetime64]:
        """Return microseconds since the start as timestamps."""
        return instants(times, self.result.scenario.start)

    def in_major(self, amounts: Ints, accounts: Ints) -> npt.NDArray[np.float64]:
        """Return amounts of given accounts in major units, those of goods in units."""
        return amounts / np.where(self.is_money[accounts], float(self.currency.scale), 1.0)


def check_book(book: str, others: Iterable[str] = (), books: Sequence[str] = BOOKS) -> None:
    """Raise ValueError for a book that is neither one of `books` nor of the `others` of a run."""
    if book not in books:
        known = tuple(dict.fromkeys([*books, *others]))
        if book not in known:
            raise ValueError(f"book {book}: must be one of {', '.join(known)}")


def words(text: TextColumn) -> list[str]:
    """Return a text column as a list, "" where it is missing."""
    labels = [*text.labels, ""]
    return [labels[code] for code in text.codes.tolist()]


def _accounts(result: "Result") -> list[Account]:
    table = result.columns("accounts")
    columns = (words(text_column(table, name)) for name in ("account", "book", "kind", "commodity"))
    kinds = {str(kind): kind for kind in KINDS}
    roles = result.scenario.roles if result.scenario.is_market else NO_ROLES
    return [
        Account(name, book, kinds[kind], commodity, role_of(name), role_of(name, roles))
        for name, book, kind, commodity in zip(*columns, strict=True)
    ]


class _Finder:
    """Finds accounts by the codes of their name and commodity."""

    def __init__(self, accounts: Sequence[Account]) -> None:
        self._accounts = accounts
        self._tables: list[tuple[Sequence[str], Sequence[str], Ints]] = []

    def places(self, names: TextColumn, commodities: TextColumn) -> Ints:
        """Return the place of each row's account; ValueError for an unknown one."""
        found = self._table(names.labels, commodities.labels)[names.codes, commodities.codes]
        if (found == NO_ID).any():
            raise ValueError("table transfers: names an account that the table accounts lacks")
        return found

    def _table(self, names: Sequence[str], commodities: Sequence[str]) -> Ints:
        """Return the place of each account by name and commodity; kept for both sides of the next batch."""
        for known, others, table in self._tables:
            if (known is names or known == names) and (others is commodities or others == commodities):
                return table
        rows, columns = ({label: code for code, label in enumerate(labels)} for labels in (names, commodities))
        table = np.full((len(names) + 1, len(commodities) + 1), NO_ID, np.int64)
        for place, account in enumerate(self._accounts):
            if account.name in rows and account.commodity in columns:
                table[rows[account.name], columns[account.commodity]] = place
        self._tables = [(names, commodities, table), *self._tables[:1]]
        return table


def _instant(result: "Result", at: float | str | datetime, field: str, end: int) -> int:
    last = end / MICROSECONDS
    refusal = ValueError(f"{field}: {at!r}: must be an instant of the run, from 0 to {last:.6f} s after its start")
    try:
        found = _microseconds(result, at)
    except (ValueError, TypeError, OverflowError):
        raise refusal from None
    if not 0 <= found <= end:
        raise refusal
    return found


def _microseconds(result: "Result", at: float | str | datetime) -> int:
    from pandas import Timedelta, Timestamp

    start = np.datetime64(result.scenario.start, "us")
    if isinstance(at, str):
        try:
            return microseconds(Timedelta(at).total_seconds())
        except ValueError:
            at = Timestamp(at)
    if isinstance(at, datetime | np.datetime64):
        return int((np.datetime64(at, "us") - start).astype(np.int64))
    if isinstance(at, bool):
        raise TypeError
    return microseconds(float(at))
