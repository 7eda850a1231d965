"""What a conversation can look up of the run around it, from the tables alone: balances, totals, statuses."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from functools import cached_property

import numpy as np
import numpy.typing as npt

from alesha_sim.books.accounts import BOOKS, DEPOSITS, Account, Kind
from alesha_sim.columns import MISSING_TIME, Columns, equals, isin, numbers, text_column
from alesha_sim.tables.every_order import every_order
from alesha_sim.tables.running_balance import changes
from alesha_sim.units import Currency
from alesha_sim.vocabulary import STATUSES

MILESTONES = {
    "received": "placed_at",
    "processing": "paid_at",
    "on_the_way": "accepted_at",
    "completed": "delivered_at",
}
"""From which of its instants on an order is in a status; the status in which it ended counts from its own."""


class RunContext:
    """The tables of a run, looked at transfer by transfer; `written` counts transfers from the start."""

    def __init__(self, tables: Mapping[str, Columns], start: datetime, currency: Currency) -> None:
        self._tables = tables
        self._start = start
        self._currency = currency
        self._courses: dict[str, tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]] = {}

    @property
    def currency(self) -> str:
        """The code of the money."""
        return self._currency.code

    def major(self, minor: int) -> Decimal:
        """Return an amount in major units."""
        return self._currency.major(minor)

    def microseconds(self, at: datetime) -> int:
        """Return an instant as the tables have it."""
        return round((at - self._start) / timedelta(microseconds=1))

    def written_before(self, at: datetime) -> int:
        """Return how many transfers were written before an instant."""
        return int(np.searchsorted(numbers(self._tables["transfers"], "posted_at"), self.microseconds(at)))

    def balance(self, entity: str, written: int) -> Decimal | None:
        """Return an entity's deposit, of the bank its reserves, after so many transfers; None without one."""
        account = Account.BANK_RESERVES if entity == "bank" else DEPOSITS + entity
        if account not in text_column(self._tables["accounts"], "account").labels:
            return None
        if account not in self._courses:
            self._courses[account] = self._course(account)
        rows, sums = self._courses[account]
        place = int(np.searchsorted(rows, written))
        return self._currency.major(int(sums[place - 1]) if place else 0)

    def _course(self, account: str) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
        """Return the rows that touch an account and its balance after each, in its natural direction."""
        rows, change = changes(self._tables["transfers"], (account,))
        return rows, np.cumsum(change if account == Account.BANK_RESERVES else -change)

    def totals(self, written: int) -> dict[str, tuple[Decimal, Decimal]]:
        """Return each book's sum of assets and expenses, and its sum of all other accounts, in money.

        A book balances when they are equal.
        """
        major = self._currency.major
        return {
            book: (major(int(left[written])), major(int(right[written])))
            for book, (left, right) in self._sums.items()
            if left[written] or right[written]
        }

    @cached_property
    def _sums(self) -> dict[str, tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]]:
        transfers, accounts = self._tables["transfers"], self._tables["accounts"]
        names, kinds = text_column(accounts, "account"), text_column(accounts, "kind")
        on_the_left = set(
            map(tuple(names.labels).__getitem__, names.codes[isin(kinds, (Kind.ASSET, Kind.EXPENSE))].tolist())
        )
        money = equals(text_column(transfers, "commodity"), self._currency.code)
        amounts = np.where(money, numbers(transfers, "amount"), 0)
        left, right = np.zeros(len(amounts), np.int64), np.zeros(len(amounts), np.int64)
        for side, sign in (("debit", 1), ("credit", -1)):
            text = text_column(transfers, side)
            is_left = np.array([label in on_the_left for label in text.labels] + [False])[text.codes]
            left += np.where(is_left, sign * amounts, 0)
            right -= np.where(is_left, 0, sign * amounts)
        written = text_column(transfers, "book")
        books = {book: equals(written, book) for book in dict.fromkeys([*BOOKS, *written.labels])}
        return {book: (_running(left, mine), _running(right, mine)) for book, mine in books.items()}

    @cached_property
    def _orders(self) -> Columns:
        return every_order(self._tables, ("status", "closed_at", *MILESTONES.values()))

    def status(self, order: int, at: datetime) -> str | None:
        """Return an order's status at an instant, from the instants that the table of orders tells."""
        statuses = self.statuses(self.microseconds(at))
        return STATUSES[code] if (code := int(statuses[order - 1])) >= 0 else None

    def statuses(self, at: int) -> npt.NDArray[np.int64]:
        """Return every order's status at an instant as its place in `STATUSES`, -1 for one not placed yet."""
        orders = self._orders
        status = text_column(orders, "status")
        final = np.array([STATUSES.index(label) for label in status.labels], np.int64)[status.codes]
        found = np.full(len(final), -1, np.int64)
        for word, column in MILESTONES.items():
            found[_reached(orders, column, at)] = STATUSES.index(word)
        for code in np.unique(final).tolist():
            word = STATUSES[code]
            own = f"{word}_at" if f"{word}_at" in orders else MILESTONES.get(word, "closed_at")
            found[(final == code) & _reached(orders, own, at)] = code
        if self._is_over(at):
            found[found >= 0] = final[found >= 0]
        return found

    def _is_over(self, at: int) -> bool:
        """Tell whether nothing was said after an instant, so that every order is in its last status."""
        return bool(at >= numbers(self._tables["messages"], "sent_at").max(initial=0)) and bool(
            at >= numbers(self._tables["messages"], "delivered_at").max(initial=0)
        )


def _running(values: npt.NDArray[np.int64], mine: npt.NDArray[np.bool_]) -> npt.NDArray[np.int64]:
    """Return the sums before each row and after the last."""
    return np.concatenate(([0], np.cumsum(np.where(mine, values, 0))))


def _reached(orders: Columns, column: str, at: int) -> npt.NDArray[np.bool_]:
    times = numbers(orders, column)
    reached: npt.NDArray[np.bool_] = (times != MISSING_TIME) & (times <= at)
    return reached
