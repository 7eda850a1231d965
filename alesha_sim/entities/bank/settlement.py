"""What the bank has put aside and what it does about it when: settlements, late refunds, reserves.

The records are of what is still to happen, and of the past only what keeps it from happening twice. What the bank
does by the calendar, pay-days too, is in `entities/bank/calendar.py`.
Who may ask for what is decided in `entities/bank/bank.py`, on which terms in `policies/settlement.py`. Amounts are
in minor units, instants in seconds.
"""

from dataclasses import dataclass
from functools import partial
from math import isnan
from typing import Any

from alesha_sim.books.bank import BankBook
from alesha_sim.entities.bank.calendar import Agenda, Inform
from alesha_sim.entities.bank.terms import BankTerms
from alesha_sim.kernel.clock import INFINITY
from alesha_sim.messages import NOTED, Credited, Decline, Noted, Pocket, Reason, Receipt, Refunded
from alesha_sim.policies.settlement import Fees, Immediate, refuse, seconds_faults, share_faults
from alesha_sim.units import Share
from alesha_sim.vocabulary import SHOP


@dataclass(slots=True)
class Aside:
    """A payment that the shop has not got yet; `left` of its `amount` has not been refunded."""

    order: int
    user: int
    amount: int
    left: int
    pocket: Pocket
    duties: tuple[int, ...] = ()
    """Its entries in the agenda."""


class Settlements:
    """Takes payments on the policy's terms, and settles them, or gives them back, when their time has come.

    Of a payment there is a record while it is aside; what was refunded of it is remembered, since nothing may be
    refunded twice. Raises ValueError with one line for each field that breaks its rule.
    """

    def __init__(
        self,
        agenda: Agenda,
        book: BankBook,
        inform: Inform,
        terms: BankTerms,
    ) -> None:
        share, seconds = terms.reserve_share, terms.reserve_seconds
        refuse([*share_faults(reserve_share=share), *seconds_faults(reserve_seconds=seconds)])
        self._clock = agenda.clock
        self._book = book
        self._agenda = agenda
        self._inform = inform
        self._policy: Any = terms.settlement  # one of somebody's own may answer with anything
        self._fees = terms.fees
        self._reserve_share = Share.read(share)
        self._reserve_seconds = seconds
        self._aside: dict[int, Aside] = {}
        self._in_escrow: dict[int, list[int]] = {}
        self._closed: dict[int, int] = {}
        self.refunds: dict[int, int] = {}
        self.is_plain = type(self._policy) is Immediate and self._fees == Fees() and share == 0

    def take(
        self, order: int, user: int, amount: int, promised_at: float = INFINITY, hold: int | None = None
    ) -> Receipt:
        """Take a payment from a user's deposit, or out of a pending transfer of theirs."""
        now = self._clock.now
        pocket, settles_at, refunds_at = self._terms(amount, now, promised_at)
        fee, retained = self._deductions(amount) if pocket is Pocket.DEPOSIT else (0, 0)
        payer_fee = self._fees.of_payer(amount)
        if hold is None:
            link = self._book.payment(now, order, user, amount, pocket, fee, retained, payer_fee)
        else:
            link = self._book.holds.post(now, hold, amount, pocket, fee, retained, payer_fee)
        if pocket is Pocket.DEPOSIT:
            self._keep_back(order, retained)
        elif amount > 0:
            self._put_aside(link, Aside(order, user, amount, amount, pocket), settles_at, refunds_at)
        return Receipt(link, amount, pocket, fee, retained, payer_fee)

    def _terms(self, amount: int, paid_at: float, promised_at: float) -> tuple[Pocket, float, float]:
        """Return the policy's terms, which may be anybody's."""
        pocket, settles_at, refunds_at = self._policy.terms(amount, paid_at, promised_at)
        if isnan(settles_at) or isnan(refunds_at):
            raise ValueError(f"settlement: {self._policy!r}: must give instants, not NaN")
        return Pocket(pocket), settles_at, refunds_at if pocket == Pocket.ESCROW else INFINITY

    def _put_aside(self, payment: int, aside: Aside, settles_at: float, refunds_at: float) -> None:
        self._aside[payment] = aside
        if aside.pocket is Pocket.ESCROW:
            self._in_escrow.setdefault(aside.order, []).append(payment)
        plans = (settles_at, self._settle), (refunds_at, self._give_back)
        aside.duties = tuple(self._agenda.add(at, partial(act, payment)) for at, act in plans if at < INFINITY)

    def _take_out(self, payment: int) -> Aside:
        """Forget a payment with which nothing is to happen any more, and return what was on record of it."""
        aside = self._aside.pop(payment)
        for duty in aside.duties:
            self._agenda.drop(duty)
        if aside.pocket is Pocket.ESCROW:
            payments = self._in_escrow[aside.order]
            payments.remove(payment)
            if not payments:
                del self._in_escrow[aside.order]
        return aside

    # What ends with a payment aside: its settlement, its return, a refund of all of it.

    def _settle(self, payment: int) -> None:
        """Move what is left of a payment to the shop; an order in escrow is settled whole."""
        first = self._aside[payment]
        order, pocket = first.order, first.pocket
        payments = list(self._in_escrow[order]) if pocket is Pocket.ESCROW else [payment]
        due = sum(self._take_out(each).left for each in payments)
        fee, retained = self._deductions(due)
        link = self._book.settle(self._clock.now, order, first.user, pocket, due, fee, retained)
        self._inform(Credited(link, due, "settlement", fee, retained), f"settled:{link}", order, SHOP)
        self._keep_back(order, retained)

    def _give_back(self, payment: int) -> None:
        """Give what is left of a payment back to its payer, since the goods are late."""
        aside = self._aside[payment]
        link = self._book.refund(self._clock.now, aside.order, aside.user, aside.left, aside.pocket)
        fee = self._fees.of_payer(aside.amount)
        notice = Refunded(payment, aside.amount, link, aside.left, fee, late=True)
        for recipient in (aside.user, SHOP):
            self._inform(notice, f"refunded:{link}", aside.order, recipient)
        self.note_refund(payment, aside.left)

    def confirm(self, order: int, user: int) -> Noted | Decline:
        """Settle what a user paid for an order and the bank has in escrow; afterwards nothing is known of it."""
        for payment in self._in_escrow.get(order, ()):
            if self._aside[payment].user == user:
                self._settle(payment)
                return NOTED
        closed = self._closed.get(order) == user
        return Decline(Reason.ESCROW_CLOSED if closed else Reason.UNKNOWN_TRANSACTION)

    def find(self, payment: int) -> Aside | None:
        """Return what is on record of a payment that is aside; None if it is the shop's, or nobody's."""
        return self._aside.get(payment)

    def note_refund(self, payment: int, amount: int) -> None:
        """Remember that so much of a payment was given back, and forget a payment of which nothing is left."""
        self.refunds[payment] = self.refunds.get(payment, 0) + amount
        aside = self._aside.get(payment)
        if aside is None:
            return
        aside.left -= amount
        if aside.left == 0:
            self._take_out(payment)
            if aside.pocket is Pocket.ESCROW:
                self._closed[aside.order] = aside.user

    # The rolling reserve

    def _deductions(self, due: int) -> tuple[int, int]:
        """Return the shop's fee for what is settled to it, and what is kept back of the rest."""
        fee = self._fees.of_shop(due)
        return fee, self._reserve_share.of(due - fee)

    def _keep_back(self, order: int, retained: int) -> None:
        if retained:
            self._agenda.add(self._clock.now + self._reserve_seconds, partial(self._release, order, retained))

    def _release(self, order: int, amount: int) -> None:
        """Let the shop have what was kept back."""
        link = self._book.release(self._clock.now, order, amount)
        self._inform(Credited(link, amount, "release"), f"released:{link}", order, SHOP)
