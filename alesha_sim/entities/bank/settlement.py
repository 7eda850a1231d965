"""Payments that are not settled yet, and when they are: settlements, late refunds, the rolling reserve.

The records are of what is still to happen, and of the past only what keeps it from happening twice. What the bank
does by the calendar, the payroll too, is in `entities/bank/calendar.py`.
Who may ask for what is decided in `entities/bank/bank.py`, on which terms in `policies/settlement.py`. Amounts are
in minor units, instants in seconds.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from math import isnan
from typing import Any

from alesha_sim.books.bank import BankBook
from alesha_sim.books.ledger import Row
from alesha_sim.entities.bank.calendar import Calendar, Notify
from alesha_sim.entities.bank.terms import BankTerms
from alesha_sim.kernel.scheduled import INFINITY
from alesha_sim.messages import (
    ACKNOWLEDGED,
    Acknowledged,
    Credited,
    Decline,
    FundsLocation,
    Reason,
    Receipt,
    Refunded,
)
from alesha_sim.policies.settlement import Fees, Immediate, refuse, seconds_faults, share_faults
from alesha_sim.units import Share
from alesha_sim.vocabulary import NO_ID

Credit = Callable[[int, Sequence[Row]], bool]
"""Credits a payment from another bank to an account, and takes what is deducted of it."""

GiveBack = Callable[[int, int, int, FundsLocation, Refunded], int | None]


@dataclass(slots=True)
class UnsettledPayment:
    """A payment that its `shop` has not got yet; `left` of its `amount` has not been refunded."""

    order: int
    user: int
    shop: int
    amount: int
    left: int
    held_in: FundsLocation
    calendar_entries: tuple[int, ...] = ()
    """Its entries in the calendar."""


class Settlements:
    """Takes payments on the policy's terms, and settles them, or gives them back, when their time has come.

    A payment is on record while it is unsettled; what was refunded of it is remembered, since nothing may be
    refunded twice. Raises ValueError with one line for each field that breaks its rule.
    """

    def __init__(
        self,
        calendar: Calendar,
        book: BankBook,
        notify: Notify,
        terms: BankTerms,
    ) -> None:
        share, seconds = terms.rolling_reserve_share, terms.rolling_reserve_seconds
        refuse([*share_faults(rolling_reserve_share=share), *seconds_faults(rolling_reserve_seconds=seconds)])
        self._clock = calendar.clock
        self._book = book
        self._calendar = calendar
        self._notify = notify
        self._policy: Any = terms.settlement  # one of somebody's own may answer with anything
        self._fees = terms.fees
        self._reserve_share = Share.read(share)
        self._reserve_seconds = seconds
        self._unsettled: dict[int, UnsettledPayment] = {}
        self._in_escrow: dict[int, list[int]] = {}
        self._closed: dict[int, int] = {}
        self.refunds: dict[int, int] = {}
        self.give_back_elsewhere: GiveBack | None = None
        """Gives money back to a user of another bank; returns the transaction, None for a user of this one."""
        self.is_plain = type(self._policy) is Immediate and self._fees == Fees() and share == 0

    def take(
        self, order: int, user: int, shop: int, amount: int, promised_at: float = INFINITY, hold: int | None = None
    ) -> Receipt:
        """Take a payment to a shop from a user's deposit, or out of a pending transfer of theirs."""
        now = self._clock.now
        held_in, settles_at, refunds_at = self._terms(amount, now, promised_at)
        fee, retained = self._deductions(amount) if held_in is FundsLocation.DEPOSIT else (0, 0)
        payer_fee = self._fees.of_payer(amount)
        if hold is None:
            entry = self._book.payment(now, order, user, amount, held_in, fee, retained, payer_fee, shop)
        else:
            entry = self._book.holds.post(now, hold, amount, held_in, fee, retained, payer_fee)
        self._keep(
            entry, UnsettledPayment(order, user, shop, amount, amount, held_in), settles_at, refunds_at, retained
        )
        return Receipt(entry, amount, held_in, fee, retained, payer_fee)

    def receive(
        self, order: int, user: int, shop: int, promised_at: float, taken: Receipt, credit: Credit
    ) -> Receipt:
        """Receive a payment that another bank has taken from its user; `credit` books it."""
        entry, amount, book = taken.transaction, taken.amount, self._book
        held_in, settles_at, refunds_at = self._terms(amount, self._clock.now, promised_at)
        fee, retained = self._deductions(amount) if held_in is FundsLocation.DEPOSIT else (0, 0)
        credit(book.funds.account(held_in, shop), book.funds.deductions(shop, fee, retained))
        book.funds.put(order, shop, held_in, amount)
        self._keep(
            entry, UnsettledPayment(order, user, shop, amount, amount, held_in), settles_at, refunds_at, retained
        )
        return Receipt(entry, amount, held_in, fee, retained, taken.payer_fee)

    def _keep(
        self, payment: int, unsettled: UnsettledPayment, settles_at: float, refunds_at: float, retained: int
    ) -> None:
        """Keep on record what is still to happen with a payment."""
        if unsettled.held_in is FundsLocation.DEPOSIT:
            self._keep_back(unsettled.order, unsettled.shop, retained)
        elif unsettled.amount > 0:
            self._keep_unsettled(payment, unsettled, settles_at, refunds_at)

    def _terms(self, amount: int, paid_at: float, promised_at: float) -> tuple[FundsLocation, float, float]:
        """Return the policy's terms, which may be anybody's."""
        held_in, settles_at, refunds_at = self._policy.terms(amount, paid_at, promised_at)
        if isnan(settles_at) or isnan(refunds_at):
            raise ValueError(f"settlement: {self._policy!r}: must give instants, not NaN")
        return FundsLocation(held_in), settles_at, refunds_at if held_in == FundsLocation.ESCROW else INFINITY

    def _keep_unsettled(
        self, payment: int, unsettled: UnsettledPayment, settles_at: float, refunds_at: float
    ) -> None:
        self._unsettled[payment] = unsettled
        if unsettled.held_in is FundsLocation.ESCROW:
            self._in_escrow.setdefault(unsettled.order, []).append(payment)
        plans = (settles_at, self._settle), (refunds_at, self._give_back)
        unsettled.calendar_entries = tuple(
            self._calendar.add(at, partial(act, payment)) for at, act in plans if at < INFINITY
        )

    def _forget(self, payment: int) -> UnsettledPayment:
        """Forget a payment with which nothing is to happen any more, and return what was on record of it."""
        unsettled = self._unsettled.pop(payment)
        for entry in unsettled.calendar_entries:
            self._calendar.drop(entry)
        if unsettled.held_in is FundsLocation.ESCROW:
            payments = self._in_escrow[unsettled.order]
            payments.remove(payment)
            if not payments:
                del self._in_escrow[unsettled.order]
        return unsettled

    # What ends an unsettled payment: its settlement, its return, a refund of all of it.

    def _settle(self, payment: int) -> None:
        """Move what is left of a payment to the shop; an order in escrow is settled whole."""
        first = self._unsettled[payment]
        order, shop, held_in = first.order, first.shop, first.held_in
        payments = list(self._in_escrow[order]) if held_in is FundsLocation.ESCROW else [payment]
        due = sum(self._forget(each).left for each in payments)
        fee, retained = self._deductions(due)
        entry = self._book.settle(self._clock.now, order, first.user, held_in, due, fee, retained, shop)
        self._notify(Credited(entry, due, "settlement", fee, retained), f"settled:{entry}", order, shop)
        self._keep_back(order, shop, retained)

    def _give_back(self, payment: int) -> None:
        """Give what is left of a payment back to its payer, since the goods are late."""
        unsettled = self._unsettled[payment]
        order, user, shop, held_in = unsettled.order, unsettled.user, unsettled.shop, unsettled.held_in
        fee = self._fees.of_payer(unsettled.amount)
        notice = Refunded(payment, unsettled.amount, NO_ID, unsettled.left, fee, late=True)
        elsewhere = self.give_back_elsewhere
        entry = None if elsewhere is None else elsewhere(order, user, shop, held_in, notice)
        recipients = (user, shop) if entry is None else (shop,)
        if entry is None:
            entry = self._book.refund(self._clock.now, order, user, unsettled.left, held_in, shop)
        notice = notice.replaced(transaction=entry)
        for recipient in recipients:
            self._notify(notice, f"refunded:{entry}", unsettled.order, recipient)
        self.note_refund(payment, unsettled.left)

    def confirm(self, order: int, user: int) -> Acknowledged | Decline:
        """Settle what a user paid for an order and the bank has in escrow; afterwards nothing is known of it."""
        for payment in self._in_escrow.get(order, ()):
            if self._unsettled[payment].user == user:
                self._settle(payment)
                return ACKNOWLEDGED
        closed = self._closed.get(order) == user
        return Decline(Reason.ESCROW_CLOSED if closed else Reason.UNKNOWN_TRANSACTION)

    def payer_of(self, order: int) -> int | None:
        """Return which user paid what is, or was, in escrow for an order."""
        payments = self._in_escrow.get(order)
        return self._unsettled[payments[0]].user if payments else self._closed.get(order)

    def find(self, payment: int) -> UnsettledPayment | None:
        """Return what is on record of an unsettled payment; None if it is the shop's, or nobody's."""
        return self._unsettled.get(payment)

    def note_refund(self, payment: int, amount: int) -> None:
        """Remember that so much of a payment was given back, and forget a payment of which nothing is left."""
        self.refunds[payment] = self.refunds.get(payment, 0) + amount
        unsettled = self._unsettled.get(payment)
        if unsettled is None:
            return
        unsettled.left -= amount
        if unsettled.left == 0:
            self._forget(payment)
            if unsettled.held_in is FundsLocation.ESCROW:
                self._closed[unsettled.order] = unsettled.user

    # The rolling reserve

    def _deductions(self, due: int) -> tuple[int, int]:
        """Return the shop's fee for what is settled to it, and what is kept back of the rest."""
        fee = self._fees.of_shop(due)
        return fee, self._reserve_share.of(due - fee)

    def _keep_back(self, order: int, shop: int, retained: int) -> None:
        if retained:
            at = self._clock.now + self._reserve_seconds
            self._calendar.add(at, partial(self._release, order, shop, retained))

    def _release(self, order: int, shop: int, amount: int) -> None:
        """Let a shop have what was kept back."""
        entry = self._book.release(self._clock.now, order, amount, shop)
        self._notify(Credited(entry, amount, "release"), f"released:{entry}", order, shop)
