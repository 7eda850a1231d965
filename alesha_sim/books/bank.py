"""The bank's book: what it owes to each depositor and the reserves behind it."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from alesha_sim.books.accounts import BANK, CHARGES, CHARGES_RETURN, OPENING, PAYMENT, REFUND, Kind
from alesha_sim.books.holds import Holds
from alesha_sim.books.ledger import Ledger
from alesha_sim.records import SHOP as SHOP_OWNER
from alesha_sim.records import SUPPLIER as SUPPLIER_OWNER


class Transaction(NamedTuple):
    """Money moved from one deposit to another; `payer` and `payee` are the codes of their owners."""

    payer: int
    payee: int
    amount: int
    order: int


class BankBook:
    """Posts the bank's part of each fact; the bank is the first to know of every payment.

    Owners of deposits are the codes of entities: a user's number, -1 the shop, -3 the supplier. `at` in
    seconds, amounts in minor units. Spending more than a deposit holds raises LawBroken; `available` tells.
    Payments in two steps are those of `holds`.
    """

    def __init__(self, ledger: Ledger, users: int) -> None:
        self._ledger = ledger
        self._reserves = ledger.account("bank:reserves", Kind.ASSET, floor=True)
        self._users = ledger.family("bank:deposits:user:", Kind.LIABILITY, users, floor=True)
        self._shop = ledger.account("bank:deposits:shop", Kind.LIABILITY, floor=True)
        self._supplier = ledger.account("bank:deposits:supplier", Kind.LIABILITY, floor=True)
        self.holds = Holds(ledger, self._users, self._shop)

    def open_users(self, at: float, amounts: npt.NDArray[np.int64]) -> range:
        """Opening of every user's deposit: reserves / deposits:user:n. Returns the links, one a user."""
        links = self._ledger.links_from(len(amounts))
        self._ledger.open_many(at, BANK, links, self._reserves, self._users, amounts, OPENING)
        return links

    def open_owner(self, at: float, owner: str, amount: int) -> int:
        """Opening of the deposit of `shop` or `supplier`: reserves / deposits:owner."""
        deposit = {"shop": self._shop, "supplier": self._supplier}[owner]
        links = self._ledger.links_from(1)
        amounts = np.array([amount], np.int64)
        self._ledger.open_many(at, BANK, links, self._reserves, deposit, amounts, OPENING)
        return links.start

    def payment(self, at: float, order: int, user: int, total: int) -> int:
        """Payment at once: deposits:user:n / deposits:shop."""
        return self._move(at, order, self._users[user], self._shop, total, PAYMENT)

    def charges(self, at: float, order: int, amount: int) -> int:
        """Charges: deposits:shop / deposits:supplier."""
        return self._move(at, order, self._shop, self._supplier, amount, CHARGES)

    def charges_return(self, at: float, order: int, amount: int) -> int:
        """Charges returned: deposits:supplier / deposits:shop."""
        return self._move(at, order, self._supplier, self._shop, amount, CHARGES_RETURN)

    def refund(self, at: float, order: int, user: int, amount: int) -> int:
        """Refund: deposits:shop / deposits:user:n."""
        return self._move(at, order, self._shop, self._users[user], amount, REFUND)

    def deposit(self, owner: int) -> int:
        """Return the account id of an owner's deposit; KeyError if the owner has none."""
        if 0 <= owner < len(self._users):
            return self._users[owner]
        return {SHOP_OWNER: self._shop, SUPPLIER_OWNER: self._supplier}[owner]

    def available(self, owner: int) -> int:
        """Return what an owner can spend; KeyError if the owner has no deposit."""
        return self._ledger.balance(self.deposit(owner))

    def pending(self, owner: int) -> int:
        """Return what is an owner's and held by pending transfers, so that it cannot be spent."""
        return self.holds.pending(owner) if owner >= 0 else 0

    def transaction(self, link: int) -> Transaction | None:
        """Return what is booked under a transaction number between two deposits; None if there is nothing."""
        try:
            row = self._ledger.first(link)
        except KeyError:
            return None
        payer, payee = self._owner(row.debit), self._owner(row.credit)
        if payer is None or payee is None or payer == payee:  # a pending transfer pays nobody yet
            return None
        return Transaction(payer, payee, row.amount, row.order)

    def _owner(self, account: int) -> int | None:
        """Return whose money an account holds."""
        for family in (self._users, self.holds.accounts):
            if account in family:
                return account - family.start
        return {self._shop: SHOP_OWNER, self._supplier: SUPPLIER_OWNER}.get(account)

    def _move(self, at: float, order: int, debit: int, credit: int, amount: int, code: int) -> int:
        """Write a new fact of one row and return its link, the transaction number."""
        link = self._ledger.new_link()
        self._ledger.transfer(at, BANK, link, order, debit, credit, amount, code)
        return link
