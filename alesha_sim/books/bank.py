"""The bank's book: what it owes to each depositor and the reserves behind it."""

from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from alesha_sim.books.accounts import (
    CHARGES,
    CHARGES_RETURN,
    COLLECTION,
    FEE,
    FIRM_DEPOSITS,
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
from alesha_sim.books.party_accounts import PartyAccounts
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


class Depositor(NamedTuple):
    """An organisation with an account at a bank: its code, its name and its role.

    A supplier's account for money collected at doors is of the role `courier`; it opens when something is.
    """

    code: int
    name: str
    role: str


ONE_OF_EACH: Final = (
    Depositor(SHOP_OWNER, "shop", "shop"),
    Depositor(SUPPLIER_OWNER, "supplier", "supplier"),
    Depositor(COURIER, "courier", "courier"),
)


class BankBook:
    """Posts a bank's part of each entry; the bank is the first to know of every payment.

    Owners of deposits are codes: numbers of `users` (how many from 0 on, or a range), and those of the
    `depositors`. Where a `shop` is not named it is the first of these.
    `at` in seconds, amounts in minor units. Spending more than a deposit holds raises LawBroken; `available`
    tells. A method that posts returns the entry's number, which is the transaction number. Payments in two steps
    are those of `holds`.
    """

    def __init__(
        self,
        ledger: Ledger,
        users: int | range,
        depositors: Sequence[Depositor] = ONE_OF_EACH,
        name: str = "bank",
    ) -> None:
        accounts = PartyAccounts(ledger, name)
        self._ledger = ledger
        self._book = accounts.book
        self.users = range(users) if isinstance(users, int) else users
        self.reserves = accounts.money(Account.BANK_RESERVES)
        self._users = accounts.family(Account.BANK_USER_DEPOSITS, self.users)
        self._deposits: dict[int, int] = {}
        self._couriers: dict[int, LazyAccount] = {}
        for code, owner, role in depositors:
            if role == "courier":
                self._couriers[code] = accounts.lazy(FIRM_DEPOSITS[role], owner)
            else:
                self._deposits[code] = accounts.money(FIRM_DEPOSITS[role], owner)
        self._owners = {account: code for code, account in self._deposits.items()}
        shops = {each.code: self._deposits[each.code] for each in depositors if each.role == "shop"}
        self._first = {each.role: each.code for each in reversed(depositors)}
        self._first_shop = self._first.get("shop", NO_ID)
        self.funds = MerchantFunds(accounts, shops)
        self.holds = Holds(ledger, accounts, self.users, self._users, self.funds)

    def open_users(self, at: float, amounts: npt.NDArray[np.int64]) -> range:
        """Opening of every user's deposit: reserves / deposits:user:n. Returns the entries, one a user."""
        entries = self._ledger.new_entries(len(amounts))
        self._ledger.open_many(at, self._book, entries, self.reserves, self._users, amounts, OPENING)
        return entries

    def open_owner(self, at: float, owner: int, amount: int) -> int:
        """Opening of the deposit of an organisation, by its code: reserves / deposits:owner."""
        deposit = self._deposits[owner]
        entries = self._ledger.new_entries(1)
        amounts = np.array([amount], np.int64)
        self._ledger.open_many(at, self._book, entries, self.reserves, deposit, amounts, OPENING)
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
        shop: int | None = None,
    ) -> int:
        """Payment: deposits:user:n / deposits:shop, settlement-due or escrow; deposits:user:n / fees.

        At once also what the shop is not left with: deposits:shop / fees; deposits:shop / rolling-reserve.
        """
        payee = self._first_shop if shop is None else shop
        place = user - self.users.start
        if place < 0:
            raise KeyError(user)
        source = self._users[place]
        if held_in is DEPOSIT and not (fee or retained or payer_fee):
            deposit = self._deposits[payee]
            return self._ledger.new_transfer(at, self._book, order, source, deposit, total, PAYMENT)
        rows = self.funds.captured(source, payee, total, held_in, fee, retained, payer_fee)
        entry = self._ledger.post_new(at, self._book, order, rows)
        self.funds.put(order, payee, held_in, total)
        return entry

    def settle(
        self,
        at: float,
        order: int,
        user: int,
        held_in: FundsLocation,
        due: int,
        fee: int = 0,
        retained: int = 0,
        shop: int | None = None,
    ) -> int:
        """Settlement: settlement-due or escrow / deposits:shop; deposits:shop / fees, / rolling-reserve.

        What is left in escrow for the order goes back: escrow / deposits:user:n.
        """
        payee = self._first_shop if shop is None else shop
        funds = self.funds
        source = funds.account(held_in, payee)
        rest = self.escrowed(order) - due if held_in is ESCROW else 0
        rows: list[Row] = [
            (source, self._deposits[payee], due, SETTLEMENT),
            *funds.deductions(payee, fee, retained),
        ]
        if rest:
            rows.append((source, self._of_user(user), rest, REFUND))
        entry = self._ledger.post_new(at, self._book, order, rows)
        funds.put(order, payee, held_in, -due - rest)
        return entry

    def release(self, at: float, order: int, amount: int, shop: int | None = None) -> int:
        """Reserve released: rolling-reserve / deposits:shop."""
        deposit = self._deposits[self._first_shop if shop is None else shop]
        return self._ledger.new_transfer(
            at, self._book, order, self.funds.rolling_reserve.id, deposit, amount, RELEASE
        )

    def declined_fee(self, at: float, order: int, fee: int, shop: int | None = None) -> int:
        """Fee of a declined payment: deposits:shop / fees."""
        deposit = self._deposits[self._first_shop if shop is None else shop]
        return self._ledger.new_transfer(at, self._book, order, deposit, self.funds.fees.id, fee, FEE)

    def income(self, at: float, user: int, amount: int) -> int:
        """Income of a user from outside: reserves / deposits:user:n."""
        deposit = self._of_user(user)
        return self._ledger.new_transfer(at, self._book, NO_ID, self.reserves, deposit, amount, INCOME)

    def charges(
        self, at: float, order: int, amount: int, buyer: int | None = None, seller: int | None = None
    ) -> int:
        """Charges: deposits:shop / deposits:supplier, or those of other firms of which one buys from the other."""
        debit = self._deposits[self._first["shop"] if buyer is None else buyer]
        credit = self._deposits[self._first["supplier"] if seller is None else seller]
        return self._ledger.new_transfer(at, self._book, order, debit, credit, amount, CHARGES)

    def charges_return(
        self, at: float, order: int, amount: int, seller: int | None = None, buyer: int | None = None
    ) -> int:
        """Charges returned: deposits:supplier / deposits:shop."""
        debit, credit = self._account("supplier", seller), self._account("shop", buyer)
        return self._ledger.new_transfer(at, self._book, order, debit, credit, amount, CHARGES_RETURN)

    def collection(self, at: float, order: int, user: int, amount: int, courier: int | None = None) -> int:
        """Collected at the door: deposits:user:n / deposits:courier."""
        debit, credit = self._of_user(user), self._account("courier", courier)
        return self._ledger.new_transfer(at, self._book, order, debit, credit, amount, COLLECTION)

    def remittance(
        self, at: float, order: int, amount: int, courier: int | None = None, shop: int | None = None
    ) -> int:
        """Collections passed on: deposits:courier / deposits:shop."""
        debit, credit = self._account("courier", courier), self._account("shop", shop)
        return self._ledger.new_transfer(at, self._book, order, debit, credit, amount, REMITTANCE)

    def _account(self, role: str, owner: int | None) -> int:
        """Return the deposit of an owner, of the first of a role where none is named."""
        return self.deposit(self._first[role] if owner is None else owner)

    def refund(
        self,
        at: float,
        order: int,
        user: int,
        amount: int,
        held_in: FundsLocation = DEPOSIT,
        shop: int | None = None,
    ) -> int:
        """Refund, in time or late: deposits:shop, settlement-due or escrow / deposits:user:n.

        Raises LawBroken, and writes nothing, for more than is in escrow for the order.
        """
        if held_in is ESCROW and amount > self.escrowed(order):
            raise LawBroken(f"L4: order {order}: {self.escrowed(order)} in escrow, {amount} refunded")
        payer = self._first_shop if shop is None else shop
        source = self.funds.account(held_in, payer)
        entry = self._ledger.new_transfer(at, self._book, order, source, self._of_user(user), amount, REFUND)
        self.funds.put(order, payer, held_in, -amount)
        return entry

    def take_refund(self, order: int, shop: int, amount: int, held_in: FundsLocation) -> int:
        """Return the account that a refund to another bank's user is to be taken from, and count it as taken.

        Raises LawBroken for more than is in escrow for the order.
        """
        if held_in is ESCROW and amount > self.escrowed(order):
            raise LawBroken(f"L4: order {order}: {self.escrowed(order)} in escrow, {amount} refunded")
        self.funds.put(order, shop, held_in, -amount)
        return self.funds.account(held_in, shop)

    def _of_user(self, user: int) -> int:
        """Return a user's deposit; KeyError for nobody's."""
        place = user - self.users.start
        if not 0 <= place < len(self._users):
            raise KeyError(user)
        return self._users[place]

    def deposit(self, owner: int) -> int:
        """Return the account id of an owner's deposit; KeyError if the owner has none."""
        if owner >= 0:
            return self._of_user(owner)
        courier = self._couriers.get(owner)
        return self._deposits[owner] if courier is None else courier.id

    def available(self, owner: int) -> int:
        """Return what an owner can spend; KeyError if the owner has no deposit."""
        courier = self._couriers.get(owner)
        if courier is not None and courier.opened_as == NO_ID:
            return 0  # nothing was ever collected, so that the account need not be opened
        return self._ledger.balance(self.deposit(owner))

    def pending(self, owner: int) -> int:
        """Return what is an owner's and held by pending transfers, so that it cannot be spent."""
        return self.holds.pending(owner) if owner >= 0 else 0

    def escrowed(self, order: int) -> int:
        """Return what is in escrow for an order."""
        return self.funds.escrowed(order)

    def transaction(self, entry: int) -> Transaction | None:
        """Return what is booked under a transaction number between two owners; None if there is nothing.

        What is held for a shop counts as the shop's.
        """
        try:
            row = self._ledger.first(entry)
        except KeyError:
            return None
        payer, payee = self._owner_of(row.debit, row.order), self._owner_of(row.credit, row.order)
        if payer is None or payee is None or payer == payee:  # a pending transfer pays nobody yet
            return None
        return Transaction(payer, payee, row.amount, row.order)

    def _owner_of(self, account: int, order: int) -> int | None:
        """Return whose money an account holds."""
        if account in self._owners:
            return self._owners[account]
        for family in (self._users, self.holds.accounts):
            if account in family:
                return account - family.start + self.users.start
        for code, courier in self._couriers.items():
            if account == courier.opened_as:
                return code
        return self.funds.owner(account, order)
