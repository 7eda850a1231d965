"""The users' orders while there is still something to be heard of them or done about them.

What the user of one order does is in `order_follow_up.py`; what users write is in `books/users.py`.
"""

from alesha_sim.entities.entity import Process
from alesha_sim.entities.user.context import ActingUser, UserContext
from alesha_sim.entities.user.intent import Visit
from alesha_sim.entities.user.order_follow_up import PAUSE, Buyer, Placed
from alesha_sim.kernel.timers import Bell
from alesha_sim.messages import Confirmation, Deliver, EnquirePayment, Invoice, Lines, Refunded, Refusal
from alesha_sim.network import Delivery, NoReply
from alesha_sim.vocabulary import NO_ID


class OpenOrders:
    """All users' orders: visits hand them over, and news of them is told here."""

    def __init__(self, context: UserContext) -> None:
        self._context = context
        self._keeps_all = context.trust is not None or context.habits.act_later
        self._buyers: dict[int, Buyer] = {}
        self._waiting: dict[int, list[Buyer]] = {}  # by user, where trust depends on what is overdue
        self._refunded_late: set[int] = set()
        self._unheard: dict[int, tuple[ActingUser, int]] = {}
        self._enquiries = Bell(context.clock, PAUSE, self._is_unheard, self._enquire)

    def place(self, visit: int, intent: Visit, cart: Lines, invoice: Invoice) -> None:
        """Take over the order of a visit, by its number; it is kept if anything may be done about it later."""
        if self._keeps_all or invoice.advance < invoice.total:
            placed = Placed(visit, intent, cart, invoice)
            buyer = self._buyers[invoice.order] = Buyer(self._context, placed, self.close)
            if self._context.trust is not None:
                self._waiting.setdefault(buyer.code, []).append(buyer)

    def find(self, order: int) -> Buyer | None:
        """Return who follows an order, None if nobody does."""
        return self._buyers.get(order)

    def close(self, order: int) -> None:
        """Keep an order no longer, if it was kept."""
        buyer = self._buyers.pop(order, None)
        if buyer is not None and self._context.trust is not None:
            waiting = self._waiting[buyer.code]
            waiting.remove(buyer)
            if not waiting:
                del self._waiting[buyer.code]

    def judge_waiting(self, user: int) -> None:
        """Let a user trust the shop less for each order that ought to be there."""
        for buyer in self._waiting.get(user, ()):
            buyer.judge_waiting()

    # Payments

    def note_reply(self, user: int, order: int, reply: Confirmation | Refusal) -> bool:
        """Take note of what the shop says of a payment; tell whether the goods will come."""
        context = self._context
        self._unheard.pop(order, None)
        if reply.transaction != NO_ID:
            context.overheard.transaction = reply.transaction
            context.book.payment(context.clock.now, reply.transaction, user, order, reply.total, reply.fee)
        buyer = self._buyers.get(order)
        if isinstance(reply, Confirmation):
            if buyer is not None:
                buyer.note_bought()
            return True
        if buyer is not None:
            buyer.note_refused(reply.reason)
        return False

    def note_paying(self, visitor: ActingUser, invoice: Invoice) -> None:
        """Remember that a visitor pays and has heard nothing: goods or money may tell before the shop."""
        self._unheard[invoice.order] = visitor, invoice.advance

    def note_silence(self, order: int) -> None:
        """Ask the shop a day later what became of a payment, unless that is known before."""
        if order in self._unheard:
            self._enquiries.watch(order)

    def _is_unheard(self, order: int) -> bool:
        return order in self._unheard

    def _enquire(self, order: int) -> None:
        visitor, _ = self._unheard[order]
        visitor.start(self._ask_about_payment(visitor, order))

    def _ask_about_payment(self, visitor: ActingUser, order: int) -> Process:
        """Ask the shop what became of a payment about which it said nothing, once the visit is long over."""
        reply = yield from visitor.insist(visitor.shop, EnquirePayment(), step="enquire", order=order)
        if not isinstance(reply, NoReply) and self._unheard.pop(order, None) is not None:
            self.note_reply(visitor.code, order, reply)

    # Goods and refunds

    def learn_of_payment(self, parcel: Deliver, delivery: Delivery) -> None:
        """Write a payment of which only the delivery note tells."""
        if parcel.payment != NO_ID and delivery.order in self._unheard:
            _, advance = self._unheard.pop(delivery.order)
            self._context.book.payment(
                self._context.clock.now, parcel.payment, delivery.recipient, delivery.order, advance, parcel.fee
            )

    def receive_goods(self, parcel: Deliver, order: int) -> None:
        """Write the goods and what they cost into the book."""
        context, now = self._context, self._context.clock.now
        lines = context.prices.goods(parcel.lines)
        if parcel.replaces:
            context.book.replaced(now, parcel.link, order, lines)
            return
        price = context.prices.total(parcel.lines)
        allowance = price if order in self._refunded_late else 0
        is_new = context.book.delivered(now, parcel.link, order, lines, price, allowance)
        buyer = self._buyers.get(order)
        if is_new and buyer is not None:
            buyer.note_parcel(parcel.lines, price)

    def receive_refund(self, refund: Refunded, delivery: Delivery) -> None:
        """Write the money that came back, and the payment too if it was not known yet.

        Goods may come after a late refund all the same, or never: of such an order only the number is kept.
        """
        order = delivery.order
        buyer = self._buyers.get(order)
        allowance = buyer.received if buyer is not None and refund.late else 0
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
        self._unheard.pop(order, None)
        if refund.late and (buyer is None or buyer.missing > 0):
            self._refunded_late.add(order)
        if buyer is not None:
            buyer.note_refund(late=refund.late)
