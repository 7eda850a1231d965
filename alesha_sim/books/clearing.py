"""The clearing house's book: what it owes to each bank as reserves, and the money behind them."""

from collections.abc import Iterable, Mapping

import numpy as np
import numpy.typing as npt

from alesha_sim.books.accounts import INCOME, NET, OPENING, RECOVER, SETTLE, Account
from alesha_sim.books.ledger import Ledger
from alesha_sim.books.party_accounts import PartyAccounts
from alesha_sim.vocabulary import CLEARING, NO_ID


class ClearingBook:
    """Posts the house's part of each entry; `credit` is how far each bank's reserves may go below zero.

    Banks are known by their codes, `banks` has their names. `at` in seconds, amounts in minor units. What would
    take a bank's reserves below that raises LawBroken and writes nothing.
    """

    def __init__(
        self, ledger: Ledger, banks: Mapping[int, str], credit: Mapping[int, int], name: str = CLEARING
    ) -> None:
        accounts = PartyAccounts(ledger, name)
        self._ledger = ledger
        self._book = accounts.book
        self._backing = accounts.money(Account.CLEARING_BACKING)
        self._reserves = {code: accounts.money(Account.CLEARING_RESERVES, bank) for code, bank in banks.items()}
        self._settlement = accounts.lazy(Account.CLEARING_SETTLEMENT)
        self._credit = {code: credit.get(code, 0) for code in banks}
        for code, amount in self._credit.items():
            if amount:
                ledger.chart.allow_below_zero(self._reserves[code], amount)

    def open_deposits(self, at: float, bank: int, entries: range, amounts: npt.NDArray[np.int64]) -> None:
        """Opening of what depositors brought: backing / reserves, under the entries of their deposits."""
        reserves = self._reserves[bank]
        self._ledger.open_many(at, self._book, entries, self._backing, reserves, amounts, OPENING)

    def open_difference(self, at: float, bank: int, difference: int) -> int:
        """Opening reserves above that: backing / reserves; below: reserves / backing. Returns its entry."""
        debit, credit = self._backing, self._reserves[bank]
        if difference < 0:
            debit, credit = credit, debit
        return self._ledger.new_transfer(at, self._book, NO_ID, debit, credit, abs(difference), OPENING)

    def funds(self) -> dict[int, int]:
        """Return what each bank can pay: its reserves and its credit line."""
        balance = self._ledger.balance
        return {code: balance(account) + self._credit[code] for code, account in self._reserves.items()}

    def funds_of(self, bank: int) -> int:
        """Return what one bank can pay."""
        return self._ledger.balance(self._reserves[bank]) + self._credit[bank]

    @property
    def banks(self) -> tuple[int, ...]:
        """The codes of the banks."""
        return tuple(self._reserves)

    def gross(self, at: float, order: int, payer: int, payee: int, amount: int) -> int:
        """Settled by itself: reserves of the payer's bank / of the payee's. Returns the settlement's entry."""
        debit, credit = self._reserves[payer], self._reserves[payee]
        return self._ledger.new_transfer(at, self._book, order, debit, credit, amount, SETTLE)

    def cycle(self, at: float, net: Iterable[tuple[int, int]]) -> int:
        """Net cycle: reserves / settlement, then settlement / reserves, one row a bank. Returns its entry.

        `net` has what each bank gets, below zero what it pays; the sum is 0.
        """
        settlement, reserves = self._settlement.id, self._reserves
        paid = [(reserves[bank], settlement, -amount, NET) for bank, amount in net if amount < 0]
        got = [(settlement, reserves[bank], amount, NET) for bank, amount in net if amount > 0]
        return self._ledger.post_new(at, self._book, NO_ID, [*paid, *got])

    def recovered(self, at: float, debtor: int, bearer: int, amount: int) -> int:
        """Share recovered: reserves of who owes it / of who bore it. Returns its entry."""
        debit, credit = self._reserves[debtor], self._reserves[bearer]
        return self._ledger.new_transfer(at, self._book, NO_ID, debit, credit, amount, RECOVER)

    def pay_day(self, at: float, bank: int, users: range, amount: int) -> int:
        """Income from outside: backing / reserves, an entry for each user. Returns the first entry."""
        entries = self._ledger.new_entries(len(users))
        for entry in entries:
            self._ledger.transfer(
                at, self._book, entry, NO_ID, self._backing, self._reserves[bank], amount, INCOME
            )
        return entries.start

    def new_entry(self) -> int:
        """Allot an entry of which the house writes no row: a bank's closure."""
        return self._ledger.new_entry()
