"""A ledger whose transfers are off: every rule of the ledger holds, and rows go once they have been counted.

What is counted is what `results/metrics.py` would count in the table of transfers. Which entries move what is
decided in the module of each book, as ever.
"""

from array import array
from bisect import bisect_left
from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from alesha_sim.books.accounts import (
    BOOKS_MAX,
    CHARGES,
    CHARGES_RETURN,
    COLLECTION,
    DELIVER,
    OPENING,
    PAYMENT,
    REFUND,
    REMITTANCE,
    RETURN,
    Account,
)
from alesha_sim.books.chart import ONE_OF_EACH
from alesha_sim.books.ledger import LawBroken, Ledger, Transfer
from alesha_sim.recording.narrow_rows import in_memory
from alesha_sim.recording.packed_tables import TRANSFER_FIELDS
from alesha_sim.units import total

BLOCK = 2**13
"""Rows that are counted together; they are in memory until then."""

BETWEEN_OWNERS = (PAYMENT, CHARGES, CHARGES_RETURN, REFUND, COLLECTION, REMITTANCE)
"""The codes of the bank's entries that move money from one owner to another, of which the bank may be asked."""

_BETWEEN_BANKS = (Account.BANK_CLEARING_DUE, Account.BANK_CLEARING_CLAIM)

Ints = npt.NDArray[np.int64]
Rows = npt.NDArray[np.void]


class CountingLedger(Ledger):
    """A ledger that lets its rows go; `first` finds those by which the bank knows its transactions, and no others.

    The length is the number of rows that have not gone yet.
    """

    def __init__(self, currency_code: str, skus: Sequence[str], books: Mapping[str, str] = ONE_OF_EACH) -> None:
        super().__init__(currency_code, skus, books=books)
        self._entries = array("I")  # of the rows that are kept, in ascending order
        self._kept = in_memory("transfers", **TRANSFER_FIELDS)
        self._openings = np.zeros(0, np.int64)
        self._moved: Counter[str] = Counter()
        self._advances = np.zeros(1, np.int64)  # by order: what users have paid for it beyond goods and refunds
        self._deposit = self._least = 0  # how the shops' deposits differ from their opening: now, and at the least

    def flush(self) -> None:
        """Count the rows in memory and let them go, if there are many; nothing may be half written."""
        if len(self) >= BLOCK:
            self._let_go()

    def counts(self) -> dict[str, int]:
        """Return what was moved: units received and lost, money refunded and given back for returns, minor units.

        Also the least that the shops' deposits were at any time, what users have paid beyond goods and refunds,
        and in how many orders.
        """
        self._let_go()
        stranded = np.maximum(self._advances, 0)
        shops = self._find(Account.BANK_SHOP_DEPOSIT)
        return {
            **{name: self._moved[name] for name in ("units", "units_lost", "refunds", "returns")},
            "least": self._least - total(self._opened()[shops]),
            "stranded": total(stranded),
            "stranded_orders": int(np.count_nonzero(stranded)),
        }

    def first(self, entry: int) -> Transfer:
        """Return the first row written under `entry`; KeyError if there is none, or it was discarded."""
        place = bisect_left(self._entries, entry)
        if place < len(self._entries) and self._entries[place] == entry:
            return Transfer(*self._kept.fields(place))
        return super().first(entry)

    def _opened(self) -> Ints:
        opened = super()._opened()
        opened[: len(self._openings)] += self._openings
        return opened

    def _let_go(self) -> None:
        rows = self.array()
        if (rows["code"] == OPENING).any():
            self._openings = self._opened()
        self._count(rows)
        self._count_advances(rows)
        self._follow_deposit(rows)
        self._rows.clear()

    def _count(self, rows: Rows) -> None:
        """Count what was moved, and keep what the bank may be asked for."""
        parts = [part for part in self.chart.groups if part.size]
        places = np.array([self.chart.places[part.base] for part in parts])
        debit, credit = (
            np.searchsorted([part.base for part in parts], rows[side], side="right") - 1
            for side in ("debit", "credit")
        )
        code, book, is_money = rows["code"], places[debit] % BOOKS_MAX, places[debit] < BOOKS_MAX
        of_users, of_bank = (np.isin(book, self.chart.of_role(role)) for role in ("users", "bank"))
        roles = [self.chart.role_of(part.name) for part in parts]
        lost = np.array([role in (Account.SUPPLIER_LOSSES, Account.SHOP_LOSSES) for role in roles])[debit]
        returns = np.array([role == Account.SHOP_SALES_RETURNS for role in roles])[debit]
        for name, mask in (
            ("units", of_users & (code == DELIVER)),
            ("units_lost", lost & ~is_money),
            ("refunds", of_bank & (code == REFUND)),
            ("returns", returns & (code == RETURN)),
        ):
            self._moved[name] += total(rows["amount"][mask])
        between_banks = np.array([role in _BETWEEN_BANKS for role in roles])
        within = ~between_banks[debit] & ~between_banks[credit]  # of the others banks remember the transactions
        self._keep(rows[of_bank & within & np.isin(code, BETWEEN_OWNERS)])

    def _keep(self, rows: Rows) -> None:
        """Keep the first row of each of the bank's entries, which it numbers in ascending order."""
        entries, places = np.unique(rows["entry"], return_index=True)
        if len(entries) and self._entries and entries[0] <= self._entries[-1]:
            raise LawBroken(f"L0: entry {entries[0]}: the bank wrote it after entry {self._entries[-1]}")
        self._entries.extend(entries.tolist())
        self._kept.extend(rows[places])

    def _count_advances(self, rows: Rows) -> None:
        account = self._find(Account.USERS_ADVANCES)[0]
        last = int(rows["order"].max(initial=0))
        if last >= len(self._advances):  # twice as long, so that it is seldom copied
            self._advances = np.append(self._advances, np.zeros(last + 1, np.int64))
        for side, sign in (("debit", 1), ("credit", -1)):
            mine = rows[rows[side] == account]
            np.add.at(self._advances, mine["order"], sign * mine["amount"])

    def _follow_deposit(self, rows: Rows) -> None:
        accounts = self._find(Account.BANK_SHOP_DEPOSIT)
        paid, received = np.isin(rows["debit"], accounts), np.isin(rows["credit"], accounts)
        touched = (paid | received) & (rows["code"] != OPENING)
        amount = rows["amount"][touched]
        change = received[touched].astype(np.int64) - paid[touched]
        course = self._deposit + np.cumsum(change * amount)
        self._least = int(course.min(initial=self._least))
        self._deposit = int(course[-1]) if len(course) else self._deposit

    def _find(self, account: Account) -> list[int]:
        """Return the ids of the accounts of money that an account of the chart stands for."""
        parts, places = self.chart.groups, self.chart.places
        return [
            part.base
            for part in parts
            if part.size and places[part.base] < BOOKS_MAX and self.chart.role_of(part.name) == account
        ]
