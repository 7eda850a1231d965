"""The bank: verifies accounts, moves money, answers enquiries. What it writes is in `books/bank.py`."""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from alesha_sim.books.bank import BankBook
from alesha_sim.books.holds import HoldState, PendingTransfer
from alesha_sim.entities.entity import Entity, Process
from alesha_sim.messages import (
    Authorise,
    Balance,
    BalanceEnquiry,
    Capture,
    Decline,
    EnquireTransaction,
    Hold,
    Noted,
    Reason,
    Receipt,
    Refund,
    Refunded,
    Secret,
    Transfer,
    Verification,
    VerifyTransaction,
    Void,
)
from alesha_sim.network import Alarm, Channel, Clock, Delivery
from alesha_sim.network.clock import INFINITY
from alesha_sim.records import BANK, NO_ID, SHOP, SUPPLIER

FIRST_USER_ACCOUNT = 10_000_000
ORGANISATION_ACCOUNTS = {SHOP: 9_000_001, SUPPLIER: 9_000_002}
_OWNERS = {account: owner for owner, account in ORGANISATION_ACCOUNTS.items()}
LONGEST_HOLD = 365 * 86_400.0
"""Seconds for which money can be held at most, unless it is held without end."""

_MOVES_MONEY = (Authorise, Transfer, Refund, Hold, Capture, Void)
_OVER = {
    HoldState.POSTED: Reason.HOLD_POSTED,
    HoldState.VOIDED: Reason.HOLD_VOIDED,
    HoldState.EXPIRED: Reason.HOLD_EXPIRED,
}


def account_number(owner: int) -> int:
    """Return the account number of a user (their number) or an organisation (its code)."""
    return FIRST_USER_ACCOUNT + owner if owner >= 0 else ORGANISATION_ACCOUNTS[owner]


def secret_text(number: int) -> Secret:
    """Return a secret as its owner types it: 16 hexadecimal digits."""
    return Secret(f"{number:016x}")


class Locks:
    """Locks an account for `seconds` after `attempts` wrong secrets in a row."""

    def __init__(self, attempts: int, seconds: float) -> None:
        self._attempts = attempts
        self._seconds = seconds
        self._wrong: dict[int, int] = {}
        self._locked_until: dict[int, float] = {}

    def refuses(self, owner: int, right: bool, now: float) -> bool:
        """Tell whether the account is locked now; else note whether the secret was right."""
        if self._locked_until.get(owner, now) > now:
            return True
        wrong = 0 if right else self._wrong.get(owner, 0) + 1
        if wrong >= self._attempts:
            self._locked_until[owner], wrong = now + self._seconds, 0
        self._wrong[owner] = wrong
        return False


class Bank(Entity):
    """Serves payments, refunds, verifications and enquiries; a refusal is a value, never an exception."""

    def __init__(
        self, clock: Clock, book: BankBook, *, workers: int | None, authorisation_seconds: Callable[[], float],
        secrets: npt.NDArray[np.uint64], organisation_secrets: dict[int, int],
        secret_attempts: int | None = None, lock_seconds: float = 0.0,
    ) -> None:  # fmt: skip
        super().__init__(clock, "bank", BANK, workers)
        self.book = book
        self.users: Channel
        self._authorisation_seconds = authorisation_seconds
        self._secrets = secrets
        self._organisation_secrets = organisation_secrets
        self._locks = None if secret_attempts is None else Locks(secret_attempts, lock_seconds)
        self._refunded: dict[int, int] = {}
        self._untold: dict[int, tuple[Refunded, int, int]] = {}
        self._expiry = Alarm(clock, self._expire)
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
                if isinstance(delivery.message, _MOVES_MONEY):
                    seconds = self._authorisation_seconds()
                    if seconds > 0:
                        yield self.clock.timeout(seconds)
                self._serve(delivery)
            except Exception as error:
                raise self.failure(delivery, error) from error

    def _serve(self, delivery: Delivery) -> None:
        burnt = None if delivery.key is None else self.inbox.stored(delivery.key)
        if burnt is not None:  # the sender enquired while the request was in service
            delivery.close()
            delivery.reply(burnt.reply)
            return
        # What expires at this very instant is no longer held, although its alarm rings after all messages.
        self.book.holds.expire(self.clock.now)
        match delivery.message:
            case Authorise() as payment:
                delivery.answer(self.authorise(payment, delivery.order))
            case Transfer() as transfer:
                delivery.answer(self.transfer(transfer, delivery.order))
            case Refund() as refund:
                self._refund(refund, delivery)
            case EnquireTransaction() as enquiry:
                delivery.answer(self.enquire_transaction(delivery.sender, delivery.order, enquiry.step))
            case VerifyTransaction() as enquiry:
                delivery.answer(self.verify(enquiry.transaction))
            case BalanceEnquiry() as enquiry:
                delivery.answer(self.balance(enquiry))
            case Hold() as hold:
                delivery.answer(self.hold(hold, delivery.order))
            case Capture() as capture:
                delivery.answer(self.capture(capture))
            case Void() as void:
                delivery.answer(self.void(void))
            case other:
                raise TypeError(f"the bank does not understand {type(other).__name__}")

    def _refund(self, refund: Refund, delivery: Delivery) -> None:
        outcome = self.refund(refund, delivery.order)
        if isinstance(outcome, Decline):
            delivery.answer(outcome)
            return
        receipt, notice, user = outcome
        delivery.answer(receipt)
        self._untold[receipt.transaction] = (notice, delivery.order, user)
        if self.users.retry is None:
            self.tell(self.users, self._untold.pop(receipt.transaction)[0], order=delivery.order, to=user)
        else:
            self.run(self._tell_user(receipt.transaction))

    def _tell_user(self, transaction: int) -> Process:
        """Tell a user of a refund until it is noted."""
        notice, order, user = self._untold[transaction]
        noted = yield from self.insist(self.users, notice, step="refunded", order=order, to=user)
        if isinstance(noted, Noted):
            del self._untold[transaction]

    def recover(self) -> None:
        """Tell the users what they have not noted yet, and give back what expired in the meantime."""
        for transaction in self._untold:
            self.run(self._tell_user(transaction))
        self._expiry.set(self._expire())

    def _expire(self) -> float:
        """Give back what is held for too long; a bank that is down does so when it is up again."""
        if not self.inbox.is_up:
            return INFINITY
        self.book.holds.expire(self.clock.now)
        return self.book.holds.next_expiry()

    # Decisions. What is asked is checked in the order of the code, and nothing is written unless all of it holds.

    def authorise(self, payment: Authorise, order: int) -> Receipt | Decline:
        """Move a user's money to the shop."""
        payer = self._payer(payment)
        if isinstance(payer, Reason):
            return Decline(payer)
        objection = self._objection(payer, payment.amount)
        if objection is not None:
            return Decline(objection)
        return Receipt(self.book.payment(self.clock.now, order, payer, payment.amount), payment.amount)

    def hold(self, hold: Hold, order: int) -> Receipt | Decline:
        """Keep a user's money back for the shop; nothing at all can be held too."""
        payer = self._payer(hold)
        if isinstance(payer, Reason):
            return Decline(payer)
        if hold.seconds is not None and not 0 < hold.seconds <= LONGEST_HOLD:
            return Decline(Reason.INVALID_DURATION)
        objection = self._objection(payer, hold.amount, least=0)
        if objection is not None:
            return Decline(objection)
        expires_at = INFINITY if hold.seconds is None else self.clock.now + hold.seconds
        link = self.book.holds.pend(self.clock.now, order, payer, hold.amount, expires_at)
        self._expiry.set(expires_at)
        return Receipt(link, hold.amount)

    def capture(self, capture: Capture) -> Receipt | Decline:
        """Move what is held to the shop, in full or part; the rest goes back."""
        held = self._held(capture)
        if isinstance(held, Reason):
            return Decline(held)
        if capture.amount < 0:
            return Decline(Reason.INVALID_AMOUNT)
        if capture.amount > held.amount:
            return Decline(Reason.MORE_THAN_HELD)
        return Receipt(self.book.holds.post(self.clock.now, capture.hold, capture.amount), capture.amount)

    def void(self, void: Void) -> Receipt | Decline:
        """Give what is held back to the user."""
        held = self._held(void)
        if isinstance(held, Reason):
            return Decline(held)
        return Receipt(self.book.holds.void(self.clock.now, void.hold), held.amount)

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

    def enquire_transaction(self, sender: int, order: int, step: str) -> Receipt | Decline:
        """Say what became of a request; one that never came is burnt, so that it can do nothing when it comes."""
        key = (sender, order, NO_ID, step)
        stored = self.inbox.stored(key)
        if stored is None:
            burnt = Decline(Reason.NOT_DONE)
            self.inbox.store_under(key, None, burnt)
            return burnt
        reply: Receipt | Decline = stored.reply
        return reply

    def verify(self, transaction: int) -> Verification | Decline:
        """Say what is booked under a transaction number."""
        booked = self.book.transaction(transaction)
        if booked is None:
            return Decline(Reason.UNKNOWN_TRANSACTION)
        payer, payee = account_number(booked.payer), account_number(booked.payee)
        return Verification(transaction, booked.amount, payer, payee, booked.order)

    def balance(self, enquiry: BalanceEnquiry) -> Balance | Decline:
        """Say what can be spent from an account and what is held, to who knows its secret."""
        owner = self._owner(enquiry.account, enquiry.secret)
        if isinstance(owner, Reason):
            return Decline(owner)
        return Balance(self.book.available(owner), self.book.pending(owner))

    def _payer(self, payment: Authorise | Hold) -> int | Reason:
        """Return which user is to pay the shop, or why nobody does."""
        payer = self._owner(payment.account, payment.secret)
        if isinstance(payer, Reason):
            return payer
        return Reason.UNKNOWN_PAYEE if payer < 0 or _OWNERS.get(payment.payee) != SHOP else payer

    def _held(self, request: Capture | Void) -> PendingTransfer | Reason:
        """Return what is held for the sender, or why nothing is."""
        payee = self._owner(request.account, request.secret)
        if isinstance(payee, Reason):
            return payee
        held = self.book.holds.find(request.hold)
        if held is None or payee != SHOP:
            return Reason.UNKNOWN_HOLD
        return _OVER.get(held.state, held)

    def _objection(self, payer: int, amount: int, least: int = 1) -> Reason | None:
        """Say why an amount cannot be taken from a deposit, if so."""
        if amount < least:
            return Reason.INVALID_AMOUNT
        return Reason.INSUFFICIENT_FUNDS if self.book.available(payer) < amount else None

    def _owner(self, account: int, secret: Secret) -> int | Reason:
        """Return whose account it is, or why the sender may not use it."""
        owner = _OWNERS.get(account, account - FIRST_USER_ACCOUNT)
        if owner >= len(self._secrets) or (owner < 0 and account not in _OWNERS):
            return Reason.UNKNOWN_ACCOUNT
        known = self._secrets[owner] if owner >= 0 else self._organisation_secrets[owner]
        right = secret == secret_text(known)
        if self._locks is not None and self._locks.refuses(owner, right, self.clock.now):
            return Reason.ACCOUNT_LOCKED
        return owner if right else Reason.WRONG_SECRET
