"""The follow-up of an order: what its user knows of it, and does about it once the visit is over.

One `OrderFollowUp` is one order. `OpenOrders` keeps it only where something may be done about it, and only as long
as news of it may come; what it writes is in `books/users.py`.
"""

from collections.abc import Callable
from typing import NamedTuple

from alesha_sim.entities.entity import Asking, Process, Reply
from alesha_sim.entities.user.context import ActingUser, UserContext
from alesha_sim.entities.user.intent import VisitIntent, mistyped
from alesha_sim.messages import (
    Asks,
    CancelOrder,
    ClaimAccepted,
    ClaimWarranty,
    Compensated,
    Complain,
    ConfirmDelivery,
    Decline,
    Deliver,
    Invoice,
    Lines,
    OrderCancelled,
    Reason,
    Receipt,
    Refusal,
    ReturnGoods,
    ReturnReceived,
    Transfer,
)
from alesha_sim.network import Channel, NoReply
from alesha_sim.policies.users import LATE, ON_TIME, REFUSED
from alesha_sim.units import DAY
from alesha_sim.vocabulary import NO_ID, PAID

PAUSE = DAY
"""How long a user waits before complaining, and repeating a request that the shop cannot serve yet, seconds."""

TRIES = 10
"""How often a user asks again what the shop cannot do yet."""

_NOT_YET = (Reason.NOT_DELIVERED, Reason.NOT_SETTLED)
_NOT_THE_SHOPS_FAULT = (
    Reason.WRONG_SECRET,
    Reason.ACCOUNT_LOCKED,
    Reason.UNKNOWN_ACCOUNT,
    Reason.INSUFFICIENT_FUNDS,
)


class PlacedOrder(NamedTuple):
    """An order as its visit leaves it: `visit` is the visit's number, `cart` what was ordered, `shop` where."""

    visit: int
    intent: VisitIntent
    cart: Lines
    invoice: Invoice
    shop: Channel


class OrderFollowUp(ActingUser):
    """A user with an order: waits for its parcels, pays at the door, and asks shop and bank for what is due.

    `close` is called with the order's number when nothing is to be done about it any more.
    """

    def __init__(self, context: UserContext, placed: PlacedOrder, close: Callable[[int], None]) -> None:
        intent, invoice = placed.intent, placed.invoice
        super().__init__(context, intent.user, placed.shop)
        self.order = invoice.order
        self.visit = placed.visit
        self.draws = intent.draws
        self.mistypes_secret = intent.mistypes_secret
        self.lines = placed.cart
        self.rest = invoice.total - invoice.advance
        self.promised_at = invoice.promised_at
        self.is_bought = False
        self.received = 0  # the price of all goods that have come
        self.missing = sum(units for _, units in placed.cart)  # how many units have not come yet
        self._close = close
        self._is_judged = False
        self._is_refunded = False
        self._is_cancelling = False
        self._may_be_refunded = context.behaviour.confirms
        self._busy = 0

    @property
    def subject(self) -> str:
        """What this is about, for an error's text."""
        return f"order {self.order}"

    # News, in any order

    def note_bought(self) -> None:
        """The shop will supply what was ordered; a user who changes their mind starts cancelling."""
        self.is_bought = True
        if self.draws.cancel < self.context.behaviour.cancel_share:
            self._do(self._cancel())

    def note_refused(self, reason: Reason) -> None:
        """The shop will not supply what was ordered, or was not paid for it."""
        if reason not in _NOT_THE_SHOPS_FAULT:
            self.judge(REFUSED)
        self._close(self.order)

    def note_parcel(self, lines: Lines, price: int) -> None:
        """A parcel has come, for the first time; with the last one, what is due is done."""
        self.received += price
        self.missing -= sum(units for _, units in lines)
        if self.missing > 0:
            return
        is_late = self.clock.now > self.promised_at
        self.judge(LATE if is_late else ON_TIME)
        plans = self._plans(is_late)
        if plans:
            self._do(self._carry_out(plans))
        else:
            self._close_if_over()

    def note_refund(self, *, late: bool) -> None:
        """Money has come back: all of it if late, else also what was granted after delivery."""
        if not late and self.received:
            return  # an order is cancelled whole or not at all
        self._is_refunded = True
        if late or not self._is_cancelling:
            self.judge(LATE if late else REFUSED)
        self._close(self.order)

    def judge(self, event: str) -> None:
        """Trust the shop more or less, once for each order."""
        if not self._is_judged:
            self._is_judged = True
            self.context.judge(self.code, event, self.shop)

    def judge_waiting(self) -> None:
        """Trust the shop less if the goods ought to be there."""
        if self.is_bought and self.clock.now > self.promised_at:
            self.judge(LATE)

    # At the door

    def answer_the_door(self, parcel: Deliver) -> Asking[Receipt | Reason | NoReply]:
        """Pay for the parcel, or say why not; after `NoReply` nobody knows whether the money has moved."""
        refusal_reason = self._refusal_reason(parcel)
        if refusal_reason is None:
            reply = yield from self._pay_at_the_door(parcel)
            if isinstance(reply, Receipt):
                self._note_collection(reply)
                return reply
            if isinstance(reply, NoReply):
                return reply  # the order is in doubt
            refusal_reason = reply.reason if isinstance(reply, Decline) else Reason.NOT_EXECUTED
        self._close(self.order)
        return refusal_reason

    def _refusal_reason(self, parcel: Deliver) -> Reason | None:
        """Say why the parcel is not taken, if it is not."""
        if parcel.collect > self.rest:
            return Reason.WRONG_TOTAL
        return Reason.CHANGED_MIND if self.draws.door_refusal < self.context.behaviour.door_refusal else None

    def _pay_at_the_door(self, parcel: Deliver) -> Asking[Receipt | Decline | NoReply]:
        account, secret = self.context.credentials.wallet(self.code)
        secret = mistyped(secret) if self.mistypes_secret else secret
        transfer = Transfer(account, secret, parcel.collect, parcel.payee)
        return self.ask_until_answered(self.context.bank(self.code), transfer, step="door", order=self.order)

    def _note_collection(self, receipt: Receipt) -> None:
        context = self.context
        context.book.collection(self.clock.now, receipt.transaction, self.code, self.order, receipt.amount)
        context.log.reached(self.visit, PAID)

    # Before and after the goods have come: each request is made under one key, until it is answered.

    def _cancel(self) -> Process:
        """Ask the shop to cancel the order, unless goods or money have come."""
        if self.draws.cancel_after > 0:
            yield self.clock.pause(self.draws.cancel_after)
        if self.received or self._is_refunded:
            return
        self._is_cancelling = True
        reply = yield from self.ask_until_answered(self.shop, CancelOrder(), step="cancel", order=self.order)
        self._is_cancelling = False
        if isinstance(reply, OrderCancelled):
            self._close(self.order)

    def _plans(self, is_late: bool) -> list[tuple[float, Callable[[], Process]]]:
        """Return what is to be done now that all goods are there, each with its instant, in this order."""
        behaviour, draws, now = self.context.behaviour, self.draws, self.clock.now
        plans: list[tuple[float, Callable[[], Process]]] = []
        if behaviour.confirms:
            plans.append((now, self._confirm))
        if is_late and draws.complaint < behaviour.complaint_share:
            plans.append((now + PAUSE, self._complain))
        back = self._drawn_lines(
            draws.returns, behaviour.return_shares, behaviour.late_return_factor if is_late else 1.0
        )
        if back:
            plans.append((now + draws.return_after, lambda: self._send_back(back)))
        broken = self._drawn_lines(draws.defects, behaviour.defect_shares, 1.0)
        if broken:
            plans.append((now + draws.defect_after, lambda: self._claim(broken)))
        return sorted(plans, key=lambda plan: plan[0])

    def _drawn_lines(self, draws: tuple[float, ...], shares: tuple[float, ...], factor: float) -> Lines:
        """Return the lines whose draw is below the share."""
        if not (draws and shares):
            return ()
        index = self.context.prices.index
        return tuple(line for line in self.lines if draws[k := index(line[0])] < shares[k] * factor)

    def _carry_out(self, plans: list[tuple[float, Callable[[], Process]]]) -> Process:
        """Do one thing after the other, each at its instant, until the money is back or nothing is left."""
        for at, act in plans:
            if at > self.clock.now:
                yield self.clock.pause(at - self.clock.now)
            if self._is_refunded:
                return
            yield from act()

    def _confirm(self) -> Process:
        """Tell the bank that everything is there; it may have given the money back already, and say so later."""
        bank = self.context.bank(self.code)
        reply = yield from self.ask_until_answered(bank, ConfirmDelivery(), step="confirm", order=self.order)
        if isinstance(reply, Decline) and reply.reason == Reason.ESCROW_CLOSED:
            self._is_refunded = True
        elif not isinstance(reply, NoReply):
            self._may_be_refunded = False

    def _complain(self) -> Process:
        """Complain to the shop, which may give some of the price back."""
        reply = yield from self._request(Complain(), "complain")
        if isinstance(reply, Compensated) and reply.entry != NO_ID:
            self.context.book.compensated(self.clock.now, reply.entry, self.order, reply.amount)

    def _send_back(self, lines: Lines) -> Process:
        """Send goods back, all units of a line; those replaced are kept."""
        lines = self._left_of(lines)
        if not lines:
            return
        reply = yield from self._request(ReturnGoods(lines), "return")
        if isinstance(reply, ReturnReceived):
            goods = self.context.prices.goods(reply.lines)
            self.context.book.returned(self.clock.now, reply.entry, self.order, goods, reply.amount)
            self._part_with(reply.lines)

    def _claim(self, lines: Lines) -> Process:
        """Ask for broken goods to be replaced, line by line, but for those sent back."""
        for line in self._left_of(lines):
            reply = yield from self._request(ClaimWarranty((line,)), f"claim:{line[0]}")
            if isinstance(reply, ClaimAccepted):
                self._part_with((line,))

    def _request(self, message: Asks[Reply | Refusal], step: str) -> Asking[Reply | Refusal | NoReply]:
        """Ask the shop for something, and again a day later while it says that it is too early."""
        reply = yield from self.ask_until_answered(self.shop, message, step=step, order=self.order)
        for again in range(1, TRIES + 1):
            if not (isinstance(reply, Refusal) and reply.reason in _NOT_YET):
                break
            yield self.clock.pause(PAUSE)
            reply = yield from self.ask_until_answered(
                self.shop, message, step=f"{step}:{again}", order=self.order
            )
        return reply

    def _left_of(self, lines: Lines) -> Lines:
        """Return those of the lines that were neither sent back nor claimed."""
        return tuple(line for line in lines if line in self.lines)

    def _part_with(self, lines: Lines) -> None:
        """Take lines out of what may still be sent back or claimed."""
        self.lines = tuple(line for line in self.lines if line not in lines)

    # The end

    def _do(self, process: Process) -> None:
        """Let something go on in a process of its own."""
        self._busy += 1
        self.start(self._and_close(process))

    def _and_close(self, process: Process) -> Process:
        yield from process
        self._busy -= 1
        self._close_if_over()

    def _close_if_over(self) -> None:
        """Close the order if all goods are there, nothing is to be done and the money cannot come back late."""
        if self.missing <= 0 and not self._busy and not self._may_be_refunded:
            self._close(self.order)
