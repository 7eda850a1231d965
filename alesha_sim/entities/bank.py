"""The bank: verifies accounts, moves money, answers enquiries. What it writes is in `books/bank.py`."""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from alesha_sim.books.bank import BankBook
from alesha_sim.entities.entity import Entity, Process
from alesha_sim.messages import (
    Authorise,
    Balance,
    BalanceEnquiry,
    Decline,
    Reason,
    Receipt,
    Refund,
    Refunded,
    Secret,
    Transfer,
    Verification,
    VerifyTransaction,
)
from alesha_sim.network import Channel, Clock, Delivery
from alesha_sim.records import BANK, SHOP, SUPPLIER

FIRST_USER_ACCOUNT = 10_000_000
ORGANISATION_ACCOUNTS = {SHOP: 9_000_001, SUPPLIER: 9_000_002}
_OWNERS = {account: owner for owner, account in ORGANISATION_ACCOUNTS.items()}


def account_number(owner: int) -> int:
    """Return the account number of a user (their number) or an organisation (its code)."""
    return FIRST_USER_ACCOUNT + owner if owner >= 0 else ORGANISATION_ACCOUNTS[owner]


def secret_text(number: int) -> Secret:
    """Return a secret as its owner types it: 16 hexadecimal digits."""
    return Secret(f"{number:016x}")


class Bank(Entity):
    """Serves payments, refunds, verifications and enquiries; a refusal is a value, never an exception."""

    def __init__(
        self, clock: Clock, book: BankBook, *, workers: int | None, authorisation_seconds: Callable[[], float],
        secrets: npt.NDArray[np.uint64], organisation_secrets: dict[int, int],
    ) -> None:  # fmt: skip
        super().__init__(clock, "bank", BANK, workers)
        self.book = book
        self.users: Channel
        self._authorisation_seconds = authorisation_seconds
        self._secrets = secrets
        self._organisation_secrets = organisation_secrets
        self._refunded: dict[int, int] = {}
        self._between: dict[tuple[int, int | None], Callable[[float, int, int], int]] = {
            (SHOP, SUPPLIER): book.charges,
            (SUPPLIER, SHOP): book.charges_return,
        }

    def work(self) -> Process:
        """Serve one request after the other; only what moves money takes time."""
        worker = self.inbox.employ()
        while True:
            delivery: Delivery = yield worker.receive()
            try:
                if isinstance(delivery.message, Authorise | Transfer | Refund):
                    seconds = self._authorisation_seconds()
                    if seconds > 0:
                        yield self.clock.timeout(seconds)
                self._serve(delivery)
            except Exception as error:
                raise self.failure(delivery, error) from error

    def _serve(self, delivery: Delivery) -> None:
        match delivery.message:
            case Authorise() as payment:
                delivery.answer(self.authorise(payment, delivery.order))
            case Transfer() as transfer:
                delivery.answer(self.transfer(transfer, delivery.order))
            case Refund() as refund:
                self._refund(refund, delivery)
            case VerifyTransaction() as enquiry:
                delivery.answer(self.verify(enquiry.transaction))
            case BalanceEnquiry() as enquiry:
                delivery.answer(self.balance(enquiry))
            case other:
                raise TypeError(f"the bank does not understand {type(other).__name__}")

    def _refund(self, refund: Refund, delivery: Delivery) -> None:
        outcome = self.refund(refund, delivery.order)
        if isinstance(outcome, Decline):
            delivery.answer(outcome)
            return
        receipt, notice, user = outcome
        delivery.answer(receipt)
        self.tell(self.users, notice, order=delivery.order, to=user)

    # Decisions. What is asked is checked in the order of the code, and nothing is written unless all of it holds.

    def authorise(self, payment: Authorise, order: int) -> Receipt | Decline:
        """Move a user's money to the shop."""
        payer = self._owner(payment.account, payment.secret)
        if isinstance(payer, Reason):
            return Decline(payer)
        if payer < 0 or _OWNERS.get(payment.payee) != SHOP:
            return Decline(Reason.UNKNOWN_PAYEE)
        objection = self._objection(payer, payment.amount)
        if objection is not None:
            return Decline(objection)
        return Receipt(self.book.payment(self.clock.now, order, payer, payment.amount), payment.amount)

    def transfer(self, transfer: Transfer, order: int) -> Receipt | Decline:
        """Move money between the shop and its supplier: charges one way, charges returned the other."""
        payer = self._owner(transfer.account, transfer.secret)
        if isinstance(payer, Reason):
            return Decline(payer)
        write = self._between.get((payer, _OWNERS.get(transfer.payee)))
        if write is None:
            return Decline(Reason.UNKNOWN_PAYEE)
        objection = self._objection(payer, transfer.amount)
        if objection is not None:
            return Decline(objection)
        return Receipt(write(self.clock.now, order, transfer.amount), transfer.amount)

    def refund(self, refund: Refund, order: int) -> Decline | tuple[Receipt, Refunded, int]:
        """Give a payment back, in full or part; also returns what to tell the user, and which user."""
        payer = self._owner(refund.account, refund.secret)
        if isinstance(payer, Reason):
            return Decline(payer)
        payment = self.book.transaction(refund.transaction)
        if payment is None or payment.payee != payer or payment.payer < 0:
            return Decline(Reason.UNKNOWN_TRANSACTION)
        given_back = self._refunded.get(refund.transaction, 0) + refund.amount
        if given_back > payment.amount:
            return Decline(Reason.MORE_THAN_PAID)
        objection = self._objection(payer, refund.amount)
        if objection is not None:
            return Decline(objection)
        self._refunded[refund.transaction] = given_back
        link = self.book.refund(self.clock.now, order, payment.payer, refund.amount)
        notice = Refunded(refund.transaction, payment.amount, link, refund.amount)
        return Receipt(link, refund.amount), notice, payment.payer

    def verify(self, transaction: int) -> Verification | Decline:
        """Say what is booked under a transaction number."""
        booked = self.book.transaction(transaction)
        if booked is None:
            return Decline(Reason.UNKNOWN_TRANSACTION)
        payer, payee = account_number(booked.payer), account_number(booked.payee)
        return Verification(transaction, booked.amount, payer, payee, booked.order)

    def balance(self, enquiry: BalanceEnquiry) -> Balance | Decline:
        """Say what can be spent from an account, to who knows its secret."""
        owner = self._owner(enquiry.account, enquiry.secret)
        return Decline(owner) if isinstance(owner, Reason) else Balance(self.book.available(owner))

    def _objection(self, payer: int, amount: int) -> Reason | None:
        """Say why an amount cannot be taken from a deposit, if so."""
        if amount < 1:
            return Reason.INVALID_AMOUNT
        return Reason.INSUFFICIENT_FUNDS if self.book.available(payer) < amount else None

    def _owner(self, account: int, secret: Secret) -> int | Reason:
        """Return whose account it is, or why the sender may not use it."""
        owner = _OWNERS.get(account, account - FIRST_USER_ACCOUNT)
        if owner >= len(self._secrets) or (owner < 0 and account not in _OWNERS):
            return Reason.UNKNOWN_ACCOUNT
        known = self._secrets[owner] if owner >= 0 else self._organisation_secrets[owner]
        return owner if secret == secret_text(known) else Reason.WRONG_SECRET
