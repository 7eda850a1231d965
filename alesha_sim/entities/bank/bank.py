"""The bank: verifies accounts, moves money, answers enquiries. What it writes is in `books/bank.py`.

Who may use an account is decided in `Bank._authenticated_owner` and `entities/bank/lockout.py`. What the bank does
at certain times, without being asked, is in `entities/bank/settlement.py`.
"""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from alesha_sim.books.bank import BankBook, Transaction
from alesha_sim.books.holds import HoldState, PendingTransfer
from alesha_sim.entities.accounts import FIRST_USER_ACCOUNT, SECRET_FORM, Directory
from alesha_sim.entities.bank.calendar import Calendar, Payroll
from alesha_sim.entities.bank.lockout import AccountLockout
from alesha_sim.entities.bank.settlement import Settlements
from alesha_sim.entities.bank.terms import BankTerms
from alesha_sim.entities.entity import Entity, Process
from alesha_sim.kernel.clock import Clock
from alesha_sim.kernel.scheduled import INFINITY
from alesha_sim.kernel.timers import Timer
from alesha_sim.messages import (
    Acknowledged,
    Authorise,
    Balance,
    Capture,
    ConfirmDelivery,
    Credited,
    Decline,
    EnquireBalance,
    EnquireTransaction,
    FundsLocation,
    Hold,
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
from alesha_sim.network import Delivery
from alesha_sim.units import DAY
from alesha_sim.vocabulary import BANK, NO_ID

LONGEST_HOLD = 365 * DAY
"""Seconds for which money can be held at most, unless it is held without end."""

_MOVES_MONEY = frozenset({Authorise, Transfer, Refund, Hold, Capture, Void})
_ENDED_HOLD = {
    HoldState.POSTED: Reason.HOLD_CAPTURED,
    HoldState.VOIDED: Reason.HOLD_VOIDED,
    HoldState.EXPIRED: Reason.HOLD_EXPIRED,
}


class PendingNotice(NamedTuple):
    """A notice that its recipient, a shop or a user, has not noted yet."""

    notice: Refunded | Credited
    step: str
    order: int
    recipient: int


class Bank(Entity):
    """Serves payments, refunds, verifications and enquiries on its `terms`; a refusal is a value, no exception.

    `secrets` are those of the users of its book, in their order, `organisation_secrets` those of its other
    customers by their code; the `directory` says whose account is whose.
    What is settled, given back, released or paid as income by the calendar is done before any request of the same
    instant is served. Raises ValueError for a reserve that is no share and no duration.
    """

    def __init__(
        self,
        clock: Clock,
        book: BankBook,
        secrets: npt.NDArray[np.uint64],
        organisation_secrets: Mapping[int, int],
        terms: BankTerms,
        directory: Directory | None = None,
    ) -> None:
        super().__init__(clock, "bank", BANK, terms.workers)
        self.book = book
        self._directory = Directory() if directory is None else directory
        self._users = book.users
        self._authorisation_seconds = terms.authorisation_seconds
        self._secrets = secrets.data  # gives plain ints, which NumPy's cost five times as much to format
        self._organisation_secrets = organisation_secrets
        attempts = terms.secret_attempts
        self._lockout = None if attempts is None else AccountLockout(attempts, terms.lock_seconds)
        self._fees = terms.fees
        self._pending_notices: dict[tuple[str, int], PendingNotice] = {}
        self._due_at = INFINITY
        self._timer = Timer(clock, self._run_due)
        self._calendar = Calendar(clock, self._expect)
        self._settlements = Settlements(self._calendar, book, self._notify, terms)
        self._is_plain = self._settlements.is_plain
        if terms.income is not None:
            Payroll(self._calendar, book, self._notify, terms.income, book.users)
        self._acts = self._table()
        self._moves: dict[str, Callable[[float, int, int, int, int], int]] = {
            "charges": book.charges,
            "charges-return": book.charges_return,
            "collection": lambda at, order, amount, user, courier: book.collection(
                at, order, user, amount, courier
            ),
            "remittance": book.remittance,
        }

    def _table(self) -> dict[type, Callable[[Any, Delivery], None]]:
        """Return what is done about each kind of request."""
        return {
            Authorise: lambda payment, delivery: delivery.answer(self.authorise(payment, delivery.order)),
            Transfer: lambda transfer, delivery: delivery.answer(self.transfer(transfer, delivery.order)),
            Hold: lambda hold, delivery: delivery.answer(self.hold(hold, delivery.order)),
            Capture: lambda capture, delivery: delivery.answer(self.capture(capture)),
            Void: lambda void, delivery: delivery.answer(self.void(void)),
            Refund: self._refund,
            ConfirmDelivery: lambda _, delivery: delivery.answer(
                self._settlements.confirm(delivery.order, delivery.sender)
            ),
            EnquireTransaction: lambda enquiry, delivery: delivery.answer(
                self.enquire_transaction(delivery.sender, delivery.order, enquiry.step)
            ),
            VerifyTransaction: lambda enquiry, delivery: delivery.answer(self.verify(enquiry.transaction)),
            EnquireBalance: lambda enquiry, delivery: delivery.answer(self.balance(enquiry)),
        }

    def work(self) -> Process:
        """Serve one request after the other; what moves money out of an account takes time."""
        worker = self.inbox.new_worker()
        while True:
            delivery: Delivery = yield worker.receive()
            try:
                if type(delivery.message) in _MOVES_MONEY:
                    seconds = self._authorisation_seconds()
                    if seconds > 0:
                        yield worker.serve_for(seconds)
                self._serve(delivery)
            except Exception as error:
                raise self.failure(delivery, error) from error

    def _serve(self, delivery: Delivery) -> None:
        tombstone = None if delivery.key is None else self.inbox.stored(delivery.key)
        if tombstone is not None:  # the sender enquired while the request was in service
            delivery.close()
            delivery.reply(tombstone.reply)
            return
        # What is due at this very instant is done, although its timer fires after all messages.
        if self._due_at <= self.clock.now:
            self._run_due()
        act = self._acts.get(type(delivery.message))
        if act is None:
            raise TypeError(f"the bank does not understand {type(delivery.message).__name__}")
        act(delivery.message, delivery)

    def _refund(self, refund: Refund, delivery: Delivery) -> None:
        outcome = self.refund(refund, delivery.order)
        if isinstance(outcome, Decline):
            delivery.answer(outcome)
            return
        receipt, notice, user = outcome
        delivery.answer(receipt)
        self._notify(notice, f"refunded:{receipt.transaction}", delivery.order, user)

    # Notices, and what the calendar brings

    def _notify(self, notice: Refunded | Credited, step: str, order: int, recipient: int) -> None:
        """Send a shop or a user a notice; where messages can be lost, until it is noted."""
        channel = self.channel_to(recipient)
        if channel.retry is None:
            self.send_notice(channel, notice, order=order, to=recipient)
            return
        pending = self._pending_notices[step, recipient] = PendingNotice(notice, step, order, recipient)
        self.run(self._deliver_notice(pending))

    def _deliver_notice(self, pending: PendingNotice) -> Process:
        notice, step, order, recipient = pending
        noted = yield from self.ask_until_answered(
            self.channel_to(recipient), notice, step=step, order=order, to=recipient
        )
        if isinstance(noted, Acknowledged):
            del self._pending_notices[step, recipient]

    def recover(self) -> None:
        """Send the notices that have not been noted yet, and do what fell due in the meantime."""
        for pending in self._pending_notices.values():
            self.run(self._deliver_notice(pending))
        self._timer.set(self._run_due())

    def _expect(self, at: float) -> None:
        """See to it that what is due at an instant is done then."""
        self._due_at = min(self._due_at, at)
        self._timer.set(at)

    def _run_due(self) -> float:
        """Do what is due and return when something is next; a bank that is down does so when it is up again."""
        if not self.inbox.is_up:
            return INFINITY
        self.book.holds.expire(self.clock.now)
        self._calendar.run_due()
        self._due_at = min(self.book.holds.next_expiry(), self._calendar.next_at())
        return self._due_at

    # Decisions. What is asked is checked in the order of the code, and nothing is written unless all of it holds.

    def authorise(self, payment: Authorise, order: int) -> Receipt | Decline:
        """Move a user's money to a shop."""
        payer, payee = self._paying_user(payment), self._directory.shops.get(payment.payee)
        if isinstance(payer, Reason) or payee is None:
            return self._declined(payer if isinstance(payer, Reason) else Reason.UNKNOWN_PAYEE, payment, order)
        if not self._is_plain:
            return self._authorise_on_terms(payer, payee, payment, order)
        amount = payment.amount
        refusal_reason = self._refusal_reason(payer, amount)
        if refusal_reason is not None:
            return Decline(refusal_reason)
        return Receipt(self.book.payment(self.clock.now, order, payer, amount, shop=payee), amount)

    def _authorise_on_terms(self, payer: int, payee: int, payment: Authorise, order: int) -> Receipt | Decline:
        """Move a user's money to where the terms say, and take the fees."""
        fee = self._fees.of_payer(payment.amount)
        refusal_reason = self._refusal_reason(payer, payment.amount + fee)
        if refusal_reason is not None:
            return self._declined(refusal_reason, payment, order)
        return self._settlements.take(order, payer, payee, payment.amount, payment.promised_at)

    def _declined(self, reason: Reason, payment: Authorise, order: int) -> Decline:
        """Decline a payment; the shop pays for the attempt to pay it, if its deposit can bear that."""
        fee, shop = self._fees.declined, self._directory.owner(payment.payee)
        if fee == 0 or shop is None or self._directory.role(shop) != "shop" or self.book.available(shop) < fee:
            return Decline(reason)
        return Decline(reason, self.book.declined_fee(self.clock.now, order, fee, shop), fee)

    def hold(self, hold: Hold, order: int) -> Receipt | Decline:
        """Keep a user's money back for a shop, and the user's fee; nothing at all can be held too."""
        payer, payee = self._paying_user(hold), self._directory.shops.get(hold.payee)
        if isinstance(payer, Reason) or payee is None:
            return Decline(payer if isinstance(payer, Reason) else Reason.UNKNOWN_PAYEE)
        if hold.seconds is not None and not 0 < hold.seconds <= LONGEST_HOLD:
            return Decline(Reason.INVALID_DURATION)
        fee = self._fees.of_payer(hold.amount)
        refusal_reason = self._refusal_reason(payer, hold.amount + fee, least=0)
        if refusal_reason is not None:
            return Decline(refusal_reason)
        expires_at = INFINITY if hold.seconds is None else self.clock.now + hold.seconds
        entry = self.book.holds.place(self.clock.now, order, payer, hold.amount + fee, expires_at, payee)
        self._expect(expires_at)
        return Receipt(entry, hold.amount)

    def capture(self, capture: Capture) -> Receipt | Decline:
        """Move what is held to the shop that it is held for, in full or part; the rest goes back."""
        held = self._held(capture)
        if isinstance(held, Reason):
            return Decline(held)
        if capture.amount < 0:
            return Decline(Reason.INVALID_AMOUNT)
        if capture.amount + self._fees.of_payer(capture.amount) > held.amount:
            return Decline(Reason.MORE_THAN_HELD)
        return self._settlements.take(held.order, held.user, held.shop, capture.amount, hold=capture.hold)

    def void(self, void: Void) -> Receipt | Decline:
        """Give what is held back to the user."""
        held = self._held(void)
        if isinstance(held, Reason):
            return Decline(held)
        return Receipt(self.book.holds.void(self.clock.now, void.hold), held.amount)

    def transfer(self, transfer: Transfer, order: int) -> Receipt | Decline:
        """Move charges to a seller and back, what is collected at doors to the courier and on to the shop."""
        payer = self._authenticated_owner(transfer.account, transfer.secret)
        payee = self._directory.owner(transfer.payee)
        if isinstance(payer, Reason):
            return Decline(payer)
        move = None if payee is None else self._moves.get(self._directory.purpose(payer, payee))
        if payee is None or move is None:
            return Decline(Reason.UNKNOWN_PAYEE)
        amount = transfer.amount
        refusal_reason = self._refusal_reason(payer, amount)
        if refusal_reason is not None:
            return Decline(refusal_reason)
        return Receipt(move(self.clock.now, order, amount, payer, payee), amount)

    def refund(self, refund: Refund, order: int) -> Decline | tuple[Receipt, Refunded, int]:
        """Give a payment back, in full or part; also returns the notice to the user, and which user.

        It comes from where the payment is held, the shop's deposit for what was collected at a door.
        """
        found = self._refundable(refund, order)
        if isinstance(found, Decline):
            return found
        payer, payment, held_in, order = found
        entry = self.book.refund(self.clock.now, order, payment.payer, refund.amount, held_in, payer)
        self._settlements.note_refund(refund.transaction, refund.amount)
        fee = self._fees.of_payer(payment.amount) if payment.payee == payer else 0
        notice = Refunded(refund.transaction, payment.amount, entry, refund.amount, fee)
        return Receipt(entry, refund.amount, held_in), notice, payment.payer

    def _refundable(self, refund: Refund, order: int) -> Decline | tuple[int, Transaction, FundsLocation, int]:
        """Return the shop that gives a payment back, the payment, where its money is, and of which order it is."""
        payer = self._authenticated_owner(refund.account, refund.secret)
        if isinstance(payer, Reason):
            return Decline(payer)
        payment = self._transaction(refund.transaction)
        if payment is None or not self._may_refund(payer, payment):
            return Decline(Reason.UNKNOWN_TRANSACTION)
        if self._settlements.refunds.get(refund.transaction, 0) + refund.amount > payment.amount:
            return Decline(Reason.MORE_THAN_PAID)
        unsettled = self._settlements.find(refund.transaction)
        refusal_reason = self._refusal_reason(payer, refund.amount)
        if refusal_reason is not None and (unsettled is None or refusal_reason is Reason.INVALID_AMOUNT):
            return Decline(refusal_reason)
        if unsettled is None:
            return payer, payment, FundsLocation.DEPOSIT, order
        return payer, payment, unsettled.held_in, unsettled.order

    def _transaction(self, number: int) -> Transaction | None:
        """Return what is booked under a transaction number between two customers."""
        return self.book.transaction(number)

    def _may_refund(self, payer: int, payment: Transaction) -> bool:
        """Tell whether a payment was a user's to the shop that gives it back, or was collected at a door."""
        role = self._directory.role
        is_known = payment.payee == payer or role(payment.payee) == "courier"
        return is_known and role(payer) == "shop" and payment.payer >= 0

    def enquire_transaction(self, sender: int, order: int, step: str) -> Receipt | Decline:
        """Say what became of a request; one that never came gets a tombstone and can do nothing later."""
        key = (sender, order, NO_ID, step)
        stored = self.inbox.stored(key)
        if stored is None:
            tombstone = Decline(Reason.NOT_EXECUTED)
            self.inbox.store_under(key, None, tombstone)
            return tombstone
        reply: Receipt | Decline = stored.reply
        return reply

    def verify(self, transaction: int) -> Verification | Decline:
        """Say what is booked under a transaction number."""
        booked = self._transaction(transaction)
        if booked is None:
            return Decline(Reason.UNKNOWN_TRANSACTION)
        payer, payee = self._directory.number(booked.payer), self._directory.number(booked.payee)
        return Verification(transaction, booked.amount, payer, payee, booked.order)

    def balance(self, enquiry: EnquireBalance) -> Balance | Decline:
        """Say what can be spent from an account and what is held, to who knows its secret."""
        owner = self._authenticated_owner(enquiry.account, enquiry.secret)
        if isinstance(owner, Reason):
            return Decline(owner)
        return Balance(self.book.available(owner), self.book.pending(owner))

    def _paying_user(self, payment: Authorise | Hold) -> int | Reason:
        """Return which user is to pay a shop, or why nobody does."""
        payer = self._authenticated_owner(payment.account, payment.secret)
        if isinstance(payer, Reason):
            return payer
        return payer if payer >= 0 and payment.payee in self._directory.shops else Reason.UNKNOWN_PAYEE

    def _held(self, request: Capture | Void) -> PendingTransfer | Reason:
        """Return what is held for the sender, or why nothing is."""
        payee = self._authenticated_owner(request.account, request.secret)
        if isinstance(payee, Reason):
            return payee
        held = self.book.holds.find(request.hold)
        if held is None or payee != held.shop:
            return Reason.UNKNOWN_HOLD
        return _ENDED_HOLD.get(held.state, held)

    def _refusal_reason(self, payer: int, amount: int, least: int = 1) -> Reason | None:
        """Say why an amount, fee included, cannot be taken from a deposit; what is too little bears no fee."""
        if amount < least:
            return Reason.INVALID_AMOUNT
        return Reason.INSUFFICIENT_FUNDS if self.book.available(payer) < amount else None

    def _authenticated_owner(self, account: int, secret: Secret) -> int | Reason:
        """Return whose account it is, or why the sender may not use it."""
        owner: int | None = account - FIRST_USER_ACCOUNT
        if owner is not None and owner >= 0:
            place = owner - self._users.start
            if not 0 <= place < len(self._secrets):
                return Reason.UNKNOWN_ACCOUNT
            known = self._secrets[place]
        else:
            owner = self._directory.owner(account)
            if owner is None or owner not in self._organisation_secrets:
                return Reason.UNKNOWN_ACCOUNT
            known = self._organisation_secrets[owner]
        right = secret == SECRET_FORM % known
        if self._lockout is not None and self._lockout.note_attempt(owner, right, self.clock.now):
            return Reason.ACCOUNT_LOCKED
        return owner if right else Reason.WRONG_SECRET
