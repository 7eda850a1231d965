"""The bank's book: what it owes to each depositor and the reserves behind it."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from alesha_sim.books.accounts import (
    BANK,
    CHARGES,
    CHARGES_RETURN,
    COLLECTION,
    FEE,
    INCOME,
    OPENING,
    PAYMENT,
    REFUND,
    RELEASE,
    REMITTANCE,
    SETTLEMENT,
    Account,
)
from alesha_sim.books.holds import Holds
from alesha_sim.books.lazy_accounts import LazyAccount
from alesha_sim.books.ledger import LawBroken, Ledger, Row
from alesha_sim.books.merchant_funds import MerchantFunds
from alesha_sim.messages import DEPOSIT, ESCROW, FundsLocation
from alesha_sim.vocabulary import COURIER, NO_ID
from alesha_sim.vocabulary import SHOP as SHOP_OWNER
from alesha_sim.vocabulary import SUPPLIER as SUPPLIER_OWNER


class Transaction(NamedTuple):
    """Money moved from one deposit to another; `payer` and `payee` are the codes of their owners."""

    payer: int
    payee: int
    amount: int
    order: int


class BankBook:
    """Posts the bank's part of each entry; the bank is the first to know of every payment.

    Owners of deposits are the codes of entities: a user's number, -1 the shop, -3 the supplier, -4 the courier.
    `at` in seconds, amounts in minor units. Spending more than a deposit holds raises LawBroken; `available`
    tells. A method that posts returns the entry's number, which is the transaction number. Payments in two steps
    are those of `holds`.
    """

    def __init__(self, ledger: Ledger, users: int) -> None:
        self._ledger = ledger
        self._reserves = ledger.account(Account.BANK_RESERVES)
        self._users = ledger.family(Account.BANK_USER_DEPOSITS, users)
        self._shop = ledger.account(Account.BANK_SHOP_DEPOSIT)
        self._supplier = ledger.account(Account.BANK_SUPPLIER_DEPOSIT)
        self._courier = LazyAccount(ledger, Account.BANK_COURIER_DEPOSIT)
        self._owners = {self._shop: SHOP_OWNER, self._supplier: SUPPLIER_OWNER}
        self._deposits = {SHOP_OWNER: self._shop, SUPPLIER_OWNER: self._supplier}
        self._merchant_funds = MerchantFunds(ledger, self._shop)
        self.holds = Holds(ledger, self._users, self._merchant_funds)

    def open_users(self, at: float, amounts: npt.NDArray[np.int64]) -> range:
        """Opening of every user's deposit: reserves / deposits:user:n. Returns the entries, one a user."""
        entries = self._ledger.new_entries(len(amounts))
        self._ledger.open_many(at, BANK, entries, self._reserves, self._users, amounts, OPENING)
        return entries

    def open_owner(self, at: float, owner: str, amount: int) -> int:
        """Opening of the deposit of `shop` or `supplier`: reserves / deposits:owner."""
        deposit = {"shop": self._shop, "supplier": self._supplier}[owner]
        entries = self._ledger.new_entries(1)
        amounts = np.array([amount], np.int64)
        self._ledger.open_many(at, BANK, entries, self._reserves, deposit, amounts, OPENING)
        return entries.start

    def payment(
        self,
        at: float,
        order: int,
        user: int,
        total: int,
        held_in: FundsLocation = DEPOSIT,
        fee: int = 0,
        retained: int = 0,
        payer_fee: int = 0,
    ) -> int:
        """Payment: deposits:user:n / deposits:shop, settlement-due or escrow; deposits:user:n / fees.

        At once also what the shop is not left with: deposits:shop / fees; deposits:shop / rolling-reserve.
        """
        source = self._users[user]
        if held_in is DEPOSIT and not (fee or retained or payer_fee):
            return self._ledger.new_transfer(at, BANK, order, source, self._shop, total, PAYMENT)
        rows = self._merchant_funds.captured(source, total, held_in, fee, retained, payer_fee)
        entry = self._ledger.post_new(at, BANK, order, rows)
        self._merchant_funds.put(order, held_in, total)
        return entry

    def settle(
        self, at: float, order: int, user: int, held_in: FundsLocation, due: int, fee: int = 0, retained: int = 0
    ) -> int:
        """Settlement: settlement-due or escrow / deposits:shop; deposits:shop / fees, / rolling-reserve.

        What is left in escrow for the order goes back: escrow / deposits:user:n.
        """
        source = self._merchant_funds.account(held_in)
        rest = self.escrowed(order) - due if held_in is ESCROW else 0
        rows: list[Row] = [(source, self._shop, due, SETTLEMENT), *self._merchant_funds.deductions(fee, retained)]
        if rest:
            rows.append((source, self._users[user], rest, REFUND))
        entry = self._ledger.post_new(at, BANK, order, rows)
        self._merchant_funds.put(order, held_in, -due - rest)
        return entry

    def release(self, at: float, order: int, amount: int) -> int:
        """Reserve released: rolling-reserve / deposits:shop."""
        return self._ledger.new_transfer(
            at, BANK, order, self._merchant_funds.rolling_reserve.id, self._shop, amount, RELEASE
        )

    def declined_fee(self, at: float, order: int, fee: int) -> int:
        """Fee of a declined payment: deposits:shop / fees."""
        return self._ledger.new_transfer(at, BANK, order, self._shop, self._merchant_funds.fees.id, fee, FEE)

    def income(self, at: float, user: int, amount: int) -> int:
        """Income of a user from outside: reserves / deposits:user:n."""
        return self._ledger.new_transfer(at, BANK, NO_ID, self._reserves, self._users[user], amount, INCOME)

    def charges(self, at: float, order: int, amount: int) -> int:
        """Charges: deposits:shop / deposits:supplier."""
        return self._ledger.new_transfer(at, BANK, order, self._shop, self._supplier, amount, CHARGES)

    def charges_return(self, at: float, order: int, amount: int) -> int:
        """Charges returned: deposits:supplier / deposits:shop."""
        return self._ledger.new_transfer(at, BANK, order, self._supplier, self._shop, amount, CHARGES_RETURN)

    def refund(self, at: float, order: int, user: int, amount: int, held_in: FundsLocation = DEPOSIT) -> int:
        """Refund, in time or late: deposits:shop, settlement-due or escrow / deposits:user:n.

        Raises LawBroken, and writes nothing, for more than is in escrow for the order.
        """
        if held_in is ESCROW and amount > self.escrowed(order):
            raise LawBroken(f"L4: order {order}: {self.escrowed(order)} in escrow, {amount} refunded")
        entry = self._ledger.new_transfer(
            at, BANK, order, self._merchant_funds.account(held_in), self._users[user], amount, REFUND
        )
        self._merchant_funds.put(order, held_in, -amount)
        return entry

    def collection(self, at: float, order: int, user: int, amount: int) -> int:
        """Collected at the door: deposits:user:n / deposits:courier."""
        return self._ledger.new_transfer(at, BANK, order, self._users[user], self._courier.id, amount, COLLECTION)

    def remittance(self, at: float, order: int, amount: int) -> int:
        """Collections passed on: deposits:courier / deposits:shop."""
        return self._ledger.new_transfer(at, BANK, order, self._courier.id, self._shop, amount, REMITTANCE)

    def deposit(self, owner: int) -> int:
        """Return the account id of an owner's deposit; KeyError if the owner has none."""
        if 0 <= owner < len(self._users):
            return self._users[owner]
        return self._courier.id if owner == COURIER else self._deposits[owner]

    def available(self, owner: int) -> int:
        """Return what an owner can spend; KeyError if the owner has no deposit."""
        if owner == COURIER and self._courier.opened_as == NO_ID:
            return 0  # nothing was ever collected, so that the account need not be opened
        return self._ledger.balance(self.deposit(owner))

    def pending(self, owner: int) -> int:
        """Return what is an owner's and held by pending transfers, so that it cannot be spent."""
        return self.holds.pending(owner) if owner >= 0 else 0

    def escrowed(self, order: int) -> int:
        """Return what is in escrow for an order."""
        return self._merchant_funds.escrowed(order)

    def transaction(self, entry: int) -> Transaction | None:
        """Return what is booked under a transaction number between two owners; None if there is nothing.

        What is held for the shop counts as the shop's.
        """
        try:
            row = self._ledger.first(entry)
        except KeyError:
            return None
        payer, payee = self._owner_of(row.debit), self._owner_of(row.credit)
        if payer is None or payee is None or payer == payee:  # a pending transfer pays nobody yet
            return None
        return Transaction(payer, payee, row.amount, row.order)

    def _owner_of(self, account: int) -> int | None:
        """Return whose money an account holds."""
        if account in self._owners:
            return self._owners[account]
        for family in (self._users, self.holds.accounts):
            if account in family:
                return account - family.start
        if account == self._courier.opened_as:
            return COURIER
        return SHOP_OWNER if self._merchant_funds.keeps(account) else None
