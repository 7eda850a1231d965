"""The transfers of a result as arrays that statements are added up from. No account is classified here.

Amounts are whole: minor units of money, units of goods. A balance counts debits as positive, credits as negative,
whatever the kind of its account. Instants are microseconds since the start.
"""

from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import numpy.typing as npt

from alesha_sim.books.accounts import BOOKS, KINDS, Kind
from alesha_sim.records import NO_ID, Coded
from alesha_sim.tables import coded, instants, numbers
from alesha_sim.units import MICROSECONDS, microseconds

if TYPE_CHECKING:
    from alesha_sim.result import Result

Ints = npt.NDArray[np.int64]
At = float | str | datetime | None
"""An instant: seconds since the start, text ("2 days", "2021-06-02 12:00"), a datetime; None is the end."""


class Account(NamedTuple):
    """One name in one commodity; `role` is the name without a user's number, such as `users:cash:`."""

    name: str
    book: str
    kind: Kind
    commodity: str
    role: str


class Journal:
    """All transfers of a result, in the order of writing, and the accounts that they move between.

    `debit` and `credit` are places in `accounts`, `book` and `code` the words themselves as `Coded`.
    """

    def __init__(self, result: "Result") -> None:
        self.result = result
        self.currency = result.scenario.currency
        self.end = microseconds(result.ended_at)
        table = result.columns("transfers")
        self.time, self.amount = numbers(table, "time"), numbers(table, "amount")
        self.order, self.link = numbers(table, "order"), numbers(table, "link")
        self.transfer = numbers(table, "transfer")
        self.book, self.code = coded(table, "book"), coded(table, "code")
        self.accounts = _accounts(result)
        self.commodity = coded(table, "commodity")
        places = {(account.name, account.commodity): place for place, account in enumerate(self.accounts)}
        self.debit, self.credit = (
            _places(coded(table, side), self.commodity, places) for side in ("debit", "credit")
        )
        self.is_money = np.array([account.commodity == self.currency.code for account in self.accounts], np.bool_)

    def __len__(self) -> int:
        return len(self.time)

    def until(self, at: int) -> int:
        """Return how many transfers were written up to an instant, itself included."""
        return int(np.searchsorted(self.time, at, side="right"))

    def balances(self, at: int) -> Ints:
        """Return the balance of every account at an instant, debits positive."""
        rows = self.until(at)
        found = np.zeros(len(self.accounts), np.int64)
        np.add.at(found, self.debit[:rows], self.amount[:rows])
        np.subtract.at(found, self.credit[:rows], self.amount[:rows])
        return found

    def of_book(self, book: str) -> Ints:
        """Return the places of a book's accounts; ValueError for a book that there is not."""
        check_book(book)
        return np.array([n for n, account in enumerate(self.accounts) if account.book == book], np.int64)

    def places(self, *names: str) -> Ints:
        """Return the places of the accounts that have one of these names, or of the families that end in `:`."""
        wanted = frozenset(names)
        found = [n for n, each in enumerate(self.accounts) if each.name in wanted or each.role in wanted]
        return np.array(found, np.int64)

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


def check_book(book: str) -> None:
    """Raise ValueError for a book that there is not."""
    if book not in BOOKS:
        raise ValueError(f"book {book}: must be one of {', '.join(BOOKS)}")


def role_of(name: str) -> str:
    """Return the name of an account without the number of its user: `users:cash:17` is one of `users:cash:`."""
    family, colon, number = name.rpartition(":")
    return family + colon if number.isdecimal() else name


def words(text: Coded) -> list[str]:
    """Return a text column as a list, "" where it is missing."""
    labels = [*text.labels, ""]
    return [labels[code] for code in text.codes.tolist()]


def _accounts(result: "Result") -> list[Account]:
    table = result.columns("accounts")
    columns = (words(coded(table, name)) for name in ("account", "book", "kind", "commodity"))
    kinds = {str(kind): kind for kind in KINDS}
    return [
        Account(name, book, kinds[kind], commodity, role_of(name))
        for name, book, kind, commodity in zip(*columns, strict=True)
    ]


def _places(names: Coded, commodities: Coded, places: dict[tuple[str, str], int]) -> Ints:
    """Return the place of each row's account, by the pair of its name and commodity."""
    width = len(commodities.labels) + 1
    pairs, which = np.unique(names.codes.astype(np.int64) * width + commodities.codes, return_inverse=True)
    found = [
        places.get((names.labels[pair // width], commodities.labels[pair % width]), NO_ID)
        for pair in pairs.tolist()
    ]
    if NO_ID in found:
        raise ValueError("table transfers: names an account that the table accounts lacks")
    return np.array(found, np.int64)[which]


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
