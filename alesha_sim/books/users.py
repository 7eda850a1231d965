"""The users' book: each user's cash to the user's knowledge, what they paid for and what they received."""

import numpy as np
import numpy.typing as npt

from alesha_sim.books.accounts import (
    ALLOWANCE,
    COLLECTION,
    DELIVER,
    FEE,
    INCOME,
    OPENING,
    PAYMENT,
    REFUND,
    REPLACE,
    RETURN,
    SALE,
    Account,
)
from alesha_sim.books.goods import Lines, unit_rows
from alesha_sim.books.lazy_accounts import LazyAccount
from alesha_sim.books.ledger import Ledger
from alesha_sim.vocabulary import NO_ID


class UsersBook:
    """Posts the users' part of each entry when the user learns of it.

    `at` in seconds, amounts in minor units. A method tells whether it wrote: not if the book holds the entry.
    """

    def __init__(self, ledger: Ledger, users: int) -> None:
        self._ledger = ledger
        self._book = ledger.chart.book("users")
        self._cash = ledger.family(Account.USERS_CASH, users)
        self._advances = ledger.account(Account.USERS_ADVANCES)
        self._goods = ledger.units(Account.USERS_GOODS)
        self._equity = ledger.account(Account.USERS_EQUITY)
        self._goods_clearing = ledger.units(Account.USERS_GOODS_CLEARING)
        self._spending = ledger.account(Account.USERS_SPENDING)
        self._income = LazyAccount(ledger, Account.USERS_INCOME)

    def open(self, at: float, entries: range, amounts: npt.NDArray[np.int64], users: range | None = None) -> None:
        """Opening of the cash of these users, of all if left out: cash:n / equity, as in the bank's opening."""
        cash = self._cash if users is None else self._cash[users.start : users.stop]
        self._ledger.open_many(at, self._book, entries, cash, self._equity, amounts, OPENING)

    def income(self, at: float, entry: int, user: int, amount: int) -> bool:
        """Income from outside: cash:n / income."""
        return self._ledger.transfer(
            at, self._book, entry, NO_ID, self._cash[user], self._income.id, amount, INCOME
        )

    def payment(self, at: float, entry: int, user: int, order: int, total: int, fee: int = 0) -> bool:
        """Payment: advances / cash:n; the user's fee: spending / cash:n."""
        cash = self._cash[user]
        if not fee:
            return self._ledger.transfer(at, self._book, entry, order, self._advances, cash, total, PAYMENT)
        rows = ((self._advances, cash, total, PAYMENT), (self._spending, cash, fee, FEE))
        return self._ledger.post(at, self._book, entry, order, rows)

    def collection(self, at: float, entry: int, user: int, order: int, total: int) -> bool:
        """Paid at the door: advances / cash:n."""
        return self._ledger.transfer(
            at, self._book, entry, order, self._advances, self._cash[user], total, COLLECTION
        )

    def delivered(self, at: float, entry: int, order: int, lines: Lines, price: int, allowance: int = 0) -> bool:
        """Delivered: goods / goods-clearing in units; spending / advances at price.

        After a late refund the goods cost nothing: advances / spending, the allowance.
        """
        rows = unit_rows(self._goods, self._goods_clearing, lines, DELIVER)
        rows.append((self._spending, self._advances, price, SALE))
        if allowance:
            rows.append((self._advances, self._spending, allowance, ALLOWANCE))
        return self._ledger.post(at, self._book, entry, order, rows)

    def refunded(
        self,
        at: float,
        entry: int,
        payment_entry: int,
        user: int,
        order: int,
        total: int,
        amount: int,
        fee: int = 0,
        allowance: int = 0,
    ) -> bool:
        """Refund: cash:n / advances; before it the payment of `total`, if the user has not heard of it.

        If it came late, goods delivered before it cost nothing: advances / spending, the allowance.
        """
        self.payment(at, payment_entry, user, order, total, fee)
        cash = self._cash[user]
        if not allowance:
            return self._ledger.transfer(at, self._book, entry, order, cash, self._advances, amount, REFUND)
        rows = ((cash, self._advances, amount, REFUND), (self._advances, self._spending, allowance, ALLOWANCE))
        return self._ledger.post(at, self._book, entry, order, rows)

    def returned(self, at: float, entry: int, order: int, lines: Lines, amount: int) -> bool:
        """Goods sent back: goods-clearing / goods; advances / spending, what is given back of their price."""
        rows = unit_rows(self._goods_clearing, self._goods, lines, RETURN)
        rows.append((self._advances, self._spending, amount, RETURN))
        return self._ledger.post(at, self._book, entry, order, rows)

    def replaced(self, at: float, entry: int, order: int, lines: Lines) -> bool:
        """Warranty swap: goods / goods-clearing, the new ones; goods-clearing / goods, the broken ones."""
        lines = tuple(lines)
        rows = unit_rows(self._goods, self._goods_clearing, lines, REPLACE)
        rows += unit_rows(self._goods_clearing, self._goods, lines, REPLACE)
        return self._ledger.post(at, self._book, entry, order, rows)

    def compensated(self, at: float, entry: int, order: int, amount: int) -> bool:
        """Compensated for lateness: advances / spending, the allowance."""
        return self._ledger.transfer(
            at, self._book, entry, order, self._advances, self._spending, amount, ALLOWANCE
        )
