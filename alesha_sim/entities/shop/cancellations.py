"""How an order ends that is not supplied: cancelled by its user, refused at the door, refunded late by the bank.

An order is cancelled whole. What was paid for it is given back by `entities/shop/payables.py`, once and for all.
"""

from typing import TYPE_CHECKING

from alesha_sim.entities.entity import Process
from alesha_sim.entities.shop.order import Due, Order
from alesha_sim.entities.shop.order_desk import is_unpaid
from alesha_sim.messages import (
    CameBack,
    CancelOrder,
    OrderCancelled,
    Pocket,
    Reason,
    Refunded,
    Refusal,
)
from alesha_sim.network import Answer, Delivery, NoReply
from alesha_sim.vocabulary import CANCELLED, DECLINED, NO_ID

if TYPE_CHECKING:
    from alesha_sim.entities.shop.shop import Shop


class Cancellations:
    """Decides whether an order can still be called off, and calls it off."""

    def __init__(self, shop: "Shop") -> None:
        self._shop = shop

    def cancel(self, delivery: Delivery) -> Process:
        """Answer a user's `CancelOrder`: done if nothing of the order has been sent, as far as anybody knows."""
        shop = self._shop
        order = shop.desk.belonging(delivery.order, delivery.sender)
        if order is None:
            delivery.answer(Refusal(Reason.UNKNOWN_ORDER, delivery.order))
        elif is_unpaid(order):
            self.call_off(order, Reason.CHANGED_MIND)
            delivery.answer(OrderCancelled(Reason.CHANGED_MIND))
        elif order.waits_for_money:
            dues = self.call_off(order, Reason.CHANGED_MIND)
            delivery.answer(OrderCancelled(Reason.CHANGED_MIND))
            yield from shop.debts.give_back(order, dues)
        elif order.is_accepted and order.canceller is None and not (order.is_off or order.is_closed):
            order.canceller = Answer(delivery)
            if not order.is_recalled:
                yield from self.recall(order)
        else:
            delivery.answer(Refusal(Reason.NOT_CANCELLABLE, order.number))

    def enquire(self, delivery: Delivery) -> Process:
        """Tell a user who heard nothing of a payment what became of it, as soon as that is known.

        What is not paid yet is not to be paid later, of which the user would not hear either: it is cancelled.
        """
        order = self._shop.desk.belonging(delivery.order, delivery.sender)
        if order is not None and is_unpaid(order):
            self.cancel_unpaid(order)
        if order is None:  # it is closed: by goods or money that have come or are on their way
            delivery.answer(Refusal(Reason.UNKNOWN_ORDER, delivery.order))
        elif order.answer is not None and not order.answer.given:
            order.enquirer = Answer(delivery)
        elif order.is_off or order.status in (CANCELLED, DECLINED):
            delivery.answer(order.regret())
        else:
            delivery.answer(self._shop.confirmation(order))
        yield from ()

    def cancel_unpaid(self, order: Order) -> None:
        """Cancel an order that was not paid in time."""
        order.reason = Reason.UNPAID
        self._shop.desk.advance(order, CANCELLED, self._shop.clock.now)

    def recall(self, order: Order) -> Process:
        """Ask the supplier not to send an order; cancel it if none of it was sent, and tell who wanted that."""
        shop = self._shop
        order.is_recalled = True
        reply = yield from shop.insist(shop.supplier, CancelOrder(), step="cancel", order=order.number)
        if isinstance(reply, NoReply):
            return
        order.is_recalled = False
        dues: tuple[Due, ...] = ()
        answer: OrderCancelled | Refusal = Refusal(Reason.NOT_CANCELLABLE, order.number)
        if isinstance(reply, OrderCancelled):
            self.note_charges_returned(order, reply.transaction, reply.returned)
            dues = self.call_off(order, Reason.LATE if order.is_refunded_late else Reason.CHANGED_MIND)
            answer = OrderCancelled(reply.reason)
        if order.canceller is not None:
            order.canceller.give(answer)
            order.canceller = None
        yield from shop.debts.give_back(order, dues)

    def call_off(self, order: Order, reason: Reason) -> tuple[Due, ...]:
        """Cancel an order for good; what was paid for it is due back, unless the bank has given it back."""
        shop = self._shop
        now = shop.clock.now
        order.reason = reason
        order.is_off = True
        dues: tuple[Due, ...] = ()
        if order.payment == NO_ID or order.is_refunded_late:
            shop.desk.advance(order, CANCELLED, now)
        else:
            if order.pocket is not Pocket.ESCROW:
                shop.book.cancelled(now, order.number, order.advance)
            dues = order.grant("refund", order.advance)
        shop.debts.money_in()
        return dues

    def stand_by(self, order: Order) -> None:
        """Let an order wait again as if nothing had been begun; one refunded late by now is called off."""
        order.is_begun = False
        if order.is_refunded_late:
            self.call_off(order, Reason.LATE)

    def note_charges_returned(self, order: Order, transaction: int, returned: int, transport: int = 0) -> None:
        """Write down what the supplier gave back of its charges, if anything."""
        if transaction != NO_ID:
            self._shop.book.charges_returned(
                self._shop.clock.now, transaction, order.number, returned, transport
            )  # fmt: skip

    # News

    def note_came_back(self, notice: CameBack, number: int) -> None:
        """The user did not take the goods at the door: cancel the order, give back what was paid in advance."""
        order = self._shop.desk.find(number)
        if order is None or order.is_off:
            return
        self.note_charges_returned(order, notice.transaction, notice.returned, notice.transport)
        dues = self.call_off(order, Reason.REFUSED_AT_DOOR)
        if dues:
            self._shop.run(self._shop.debts.give_back(order, dues))

    def note_refunded(self, notice: Refunded, number: int) -> None:
        """The bank gave a late order's money back out of escrow: stop the goods, if they can be stopped."""
        shop = self._shop
        order = shop.desk.find(number)
        if order is None or order.is_refunded_late:
            return
        order.is_refunded_late = True
        order.granted, order.dues = order.advance, ()
        shop.book.late_refund(shop.clock.now, notice.transaction, number, order.delivered_price)
        if order.is_off:
            shop.desk.advance(order, CANCELLED, shop.clock.now)
        elif order.waits_for_money:
            self.call_off(order, Reason.LATE)
        else:
            shop.desk.excuse(order, Reason.LATE)
            shop.desk.forget(order)
            if order.is_accepted and not (order.is_closed or order.is_recalled):
                shop.run(self.recall(order))
        shop.debts.money_in()
