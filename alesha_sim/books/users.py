"""The users' book: each user's cash as far as the user knows, what they paid for and what they received."""

import numpy as np
import numpy.typing as npt

from alesha_sim.books.accounts import DELIVER, OPENING, PAYMENT, REFUND, SALE, USERS, Kind
from alesha_sim.books.ledger import Ledger, Row
from alesha_sim.books.supplier import Lines


class UsersBook:
    """Posts the users' part of each fact when the user learns of it.

    `at` in seconds, amounts in minor units. A method tells whether it wrote: not if the book holds the link.
    """

    def __init__(self, ledger: Ledger, users: int) -> None:
        self._ledger = ledger
        self._cash = ledger.family("users:cash:", Kind.ASSET, users)
        self._advances = ledger.account("users:advances", Kind.ASSET)
        self._goods = tuple(ledger.units("users:goods", Kind.ASSET, floor=True))
        self._equity = ledger.account("users:equity", Kind.EQUITY)
        self._handovers = tuple(ledger.units("users:handovers", Kind.EQUITY))
        self._spending = ledger.account("users:spending", Kind.EXPENSE)

    def open(self, at: float, links: range, amounts: npt.NDArray[np.int64]) -> None:
        """Opening of every user's cash: cash:n / equity, under the links of the bank's opening."""
        self._ledger.open_many(at, USERS, links, self._cash, self._equity, amounts, OPENING)

    def payment(self, at: float, link: int, user: int, order: int, total: int) -> bool:
        """Payment: advances / cash:n."""
        return self._ledger.transfer(at, USERS, link, order, self._advances, self._cash[user], total, PAYMENT)

    def delivered(self, at: float, link: int, order: int, lines: Lines, price: int) -> bool:
        """Delivered: goods / handovers in units; spending / advances at price."""
        rows: list[Row] = [
            (self._goods[product], self._handovers[product], quantity, DELIVER) for product, quantity in lines
        ]
        rows.append((self._spending, self._advances, price, SALE))
        return self._ledger.linked(at, USERS, link, order, rows)

    def refunded(
        self, at: float, link: int, payment_link: int, user: int, order: int, total: int, amount: int
    ) -> bool:  # fmt: skip
        """Refund: cash:n / advances; before it the payment of `total`, if the user was never told of it."""
        self.payment(at, payment_link, user, order, total)
        return self._ledger.transfer(at, USERS, link, order, self._cash[user], self._advances, amount, REFUND)
