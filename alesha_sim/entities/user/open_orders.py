"""The users' orders while there is still something to be heard of them or done about them.

What the user of one order does is in `order_follow_up.py`; what users write is in `books/users.py`.
"""

from alesha_sim.entities.entity import Process
from alesha_sim.entities.user.context import ActingUser, UserContext
from alesha_sim.entities.user.intent import VisitIntent
from alesha_sim.entities.user.order_follow_up import PAUSE, OrderFollowUp, PlacedOrder
from alesha_sim.kernel.timers import Timeouts
from alesha_sim.messages import Confirmation, Deliver, EnquirePayment, Invoice, Lines, Refunded, Refusal
from alesha_sim.network import Channel, Delivery, NoReply
from alesha_sim.vocabulary import NO_ID


class OpenOrders:
    """All users' orders: visits hand them over, and news of them arrives here."""

    def __init__(self, context: UserContext) -> None:
        self._context = context
        self._keeps_all = context.trust is not None or context.behaviour.act_later
        self._follow_ups: dict[int, OrderFollowUp] = {}
        self._waiting: dict[int, list[OrderFollowUp]] = {}  # by user, where trust depends on what is overdue
        self._refunded_late: set[int] = set()
        self._prices: dict[int, dict[str, int]] = {}  # of orders at other prices than the first
        self._unanswered: dict[int, tuple[ActingUser, int]] = {}
        self._enquiries = Timeouts(context.clock, PAUSE, self._is_unanswered, self._enquire)

    def place(self, visit: int, intent: VisitIntent, cart: Lines, invoice: Invoice, shop: Channel) -> None:
        """Take over the order of a visit, by its number; it is kept if anything may be done about it later."""
        if invoice.price_list:
            self._prices[invoice.order] = self._context.prices_in(shop, invoice.price_list, cart)
        if self._keeps_all or invoice.advance < invoice.total:
            placed = PlacedOrder(visit, intent, cart, invoice, shop)
            follow_up = self._follow_ups[invoice.order] = OrderFollowUp(self._context, placed, self.close)
            if self._context.trust is not None:
                self._waiting.setdefault(follow_up.code, []).append(follow_up)

    def find(self, order: int) -> OrderFollowUp | None:
        """Return who follows an order, None if nobody does."""
        return self._follow_ups.get(order)

    def close(self, order: int) -> None:
        """Keep an order no longer, if it was kept."""
        follow_up = self._follow_ups.pop(order, None)
        if follow_up is not None and self._context.trust is not None:
            waiting = self._waiting[follow_up.code]
            waiting.remove(follow_up)
            if not waiting:
                del self._waiting[follow_up.code]

    def judge_waiting(self, user: int) -> None:
        """Let a user trust the shop less for each order that ought to be there."""
        for follow_up in self._waiting.get(user, ()):
            follow_up.judge_waiting()

    # Payments

    def note_reply(self, user: int, order: int, reply: Confirmation | Refusal) -> bool:
        """Take note of what the shop says of a payment; tell whether the goods will come."""
        context = self._context
        self._unanswered.pop(order, None)
        if reply.transaction != NO_ID:
            context.intercepted.transaction = reply.transaction
            context.book.payment(context.clock.now, reply.transaction, user, order, reply.total, reply.fee)
        follow_up = self._follow_ups.get(order)
        if isinstance(reply, Confirmation):
            if follow_up is not None:
                follow_up.note_bought()
            return True
        if follow_up is not None:
            follow_up.note_refused(reply.reason)
        return False

    def note_paying(self, visitor: ActingUser, invoice: Invoice) -> None:
        """Remember that a visitor pays and has heard nothing: goods or money may tell before the shop."""
        self._unanswered[invoice.order] = visitor, invoice.advance

    def note_silence(self, order: int) -> None:
        """Ask the shop a day later what became of a payment, unless that is known before."""
        if order in self._unanswered:
            self._enquiries.watch(order)

    def _is_unanswered(self, order: int) -> bool:
        return order in self._unanswered

    def _enquire(self, order: int) -> None:
        visitor, _ = self._unanswered[order]
        visitor.start(self._ask_about_payment(visitor, order))

    def _ask_about_payment(self, visitor: ActingUser, order: int) -> Process:
        """Ask the shop what became of a payment about which it said nothing, once the visit is long over."""
        reply = yield from visitor.ask_until_answered(visitor.shop, EnquirePayment(), step="enquire", order=order)
        if not isinstance(reply, NoReply) and self._unanswered.pop(order, None) is not None:
            self.note_reply(visitor.code, order, reply)

    # Goods and refunds

    def learn_of_payment(self, parcel: Deliver, delivery: Delivery) -> None:
        """Write a payment of which only the delivery note tells."""
        if parcel.payment != NO_ID and delivery.order in self._unanswered:
            _, advance = self._unanswered.pop(delivery.order)
            self._context.book.payment(
                self._context.clock.now, parcel.payment, delivery.recipient, delivery.order, advance, parcel.fee
            )

    def receive_goods(self, parcel: Deliver, order: int) -> None:
        """Write the goods and what they cost into the book."""
        context, now = self._context, self._context.clock.now
        lines = context.prices.goods(parcel.lines)
        if parcel.replaces:
            context.book.replaced(now, parcel.entry, order, lines)
            return
        price = context.prices.total(parcel.lines, self._prices.get(order))
        allowance = price if order in self._refunded_late else 0
        is_new = context.book.delivered(now, parcel.entry, order, lines, price, allowance)
        follow_up = self._follow_ups.get(order)
        if is_new and follow_up is not None:
            follow_up.note_parcel(parcel.lines, price)

    def receive_refund(self, refund: Refunded, delivery: Delivery) -> None:
        """Write the money that came back, and the payment too if it was not known yet.

        Goods may come after a late refund all the same, or never: of such an order only the number is kept.
        """
        order = delivery.order
        follow_up = self._follow_ups.get(order)
        allowance = follow_up.received if follow_up is not None and refund.late else 0
        self._context.book.refunded(
            self._context.clock.now,
            refund.transaction,
            refund.payment,
            delivery.recipient,
            order,
            refund.total,
            refund.amount,
            refund.fee,
            allowance,
        )
        self._unanswered.pop(order, None)
        if refund.late and (follow_up is None or follow_up.missing > 0):
            self._refunded_late.add(order)
        if follow_up is not None:
            follow_up.note_refund(late=refund.late)
