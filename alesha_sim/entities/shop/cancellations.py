"""How an order ends that is not supplied.

Its user cancels it, the supplier rejects it, it is refused at the door, or the bank refunds it because it is late.
An order is cancelled whole. What was paid for it is given back by `entities/shop/payables.py`, once.
"""

from alesha_sim.books.shop import ShopBook
from alesha_sim.entities.entity import Entity, Process
from alesha_sim.entities.shop.order import Order, RefundPayable
from alesha_sim.entities.shop.order_desk import OrderDesk, is_unpaid
from alesha_sim.entities.shop.order_states import (
    CANCELLATION_DONE,
    KEEP,
    PLACED,
    RECALL,
    RECALLED,
    STAND_BY,
    STOP,
)
from alesha_sim.entities.shop.payables import Payables
from alesha_sim.messages import (
    CancelOrder,
    FundsLocation,
    OrderCancelled,
    Reason,
    Refunded,
    Refusal,
    ReturnedToSender,
)
from alesha_sim.network import Answer, Delivery, NoReply
from alesha_sim.vocabulary import CANCELLED, DECLINED, NO_ID


class Cancellations:
    """Decides whether an order can still be cancelled, and cancels it."""

    def __init__(self, party: Entity, desk: OrderDesk, book: ShopBook, payables: Payables) -> None:
        self._party = party
        self._desk = desk
        self._book = book
        self._payables = payables

    def answer_cancel(self, delivery: Delivery) -> Process:
        """Answer a user's `CancelOrder`: done if nothing of the order has been sent, to the shop's knowledge."""
        order = self._desk.find_for(delivery.order, delivery.sender)
        if order is None:
            delivery.answer(Refusal(Reason.UNKNOWN_ORDER, delivery.order))
        elif is_unpaid(order):
            self.cancel_order(order, Reason.CHANGED_MIND)
            delivery.answer(OrderCancelled(Reason.CHANGED_MIND))
        elif order.waits_for_money:
            refunds_payable = self.cancel_order(order, Reason.CHANGED_MIND)
            delivery.answer(OrderCancelled(Reason.CHANGED_MIND))
            yield from self._payables.give_back(order, refunds_payable)
        elif order.fulfilment in (PLACED, RECALLED) and order.canceller is None and not order.is_closed:
            order.canceller = Answer(delivery)
            if order.fulfilment == PLACED:
                yield from self.recall(order)
        else:
            delivery.answer(Refusal(Reason.NOT_CANCELLABLE, order.number))

    def answer_enquiry(self, delivery: Delivery) -> Process:
        """Tell a user who heard nothing of a payment what became of it, as soon as that is known.

        What is not paid yet is not to be paid later, of which the user would not hear either: it is cancelled.
        """
        order = self._desk.find_for(delivery.order, delivery.sender)
        if order is not None and is_unpaid(order):
            self.cancel_unpaid(order)
        if order is None:  # it is closed: by goods or money that have come or are on their way
            delivery.answer(Refusal(Reason.UNKNOWN_ORDER, delivery.order))
        elif order.answer is not None and not order.answer.given:
            order.enquirer = Answer(delivery)
        elif order.is_off or order.status in (CANCELLED, DECLINED):
            delivery.answer(order.refusal())
        else:
            delivery.answer(self._desk.confirmation(order))
        yield from ()

    def cancel_unpaid(self, order: Order) -> None:
        """Cancel an order that was not paid in time."""
        order.reason = Reason.UNPAID
        self._desk.note(order, CANCELLATION_DONE, self._party.clock.now)

    def recall(self, order: Order) -> Process:
        """Ask the supplier not to send an order; cancel it if none of it was sent, and tell its user, if asked."""
        party = self._party
        order.take_step(RECALL)
        reply = yield from party.ask_until_answered(
            party.channel_to(order.seller.code), CancelOrder(), step="cancel", order=order.number
        )
        if isinstance(reply, NoReply):
            return
        refunds_payable: tuple[RefundPayable, ...] = ()
        answer: OrderCancelled | Refusal = Refusal(Reason.NOT_CANCELLABLE, order.number)
        if isinstance(reply, OrderCancelled):
            self.note_charges_returned(order, reply.transaction, reply.returned)
            refunds_payable = self.cancel_order(
                order, Reason.LATE if order.is_refunded_late else Reason.CHANGED_MIND
            )
            answer = OrderCancelled(reply.reason)
        else:
            order.take_step(KEEP)
        if order.canceller is not None:
            order.canceller.give(answer)
            order.canceller = None
        yield from self._payables.give_back(order, refunds_payable)

    def cancel_order(self, order: Order, reason: Reason) -> tuple[RefundPayable, ...]:
        """Cancel an order; what was paid for it is due back, unless the bank has given it back."""
        now = self._party.clock.now
        order.reason = reason
        order.take_step(STOP)
        refunds_payable: tuple[RefundPayable, ...] = ()
        if order.payment == NO_ID or order.is_refunded_late:
            self._desk.note(order, CANCELLATION_DONE, now)
        else:
            if order.held_in is not FundsLocation.ESCROW:
                self._book.cancelled(now, order.number, order.advance)
            refunds_payable = order.grant("refund", order.advance)
        self._payables.money_in()
        return refunds_payable

    def stand_by(self, order: Order) -> None:
        """Let an order wait again as if nothing had been begun; one refunded late by now is cancelled."""
        order.take_step(STAND_BY)
        if order.is_refunded_late:
            self.cancel_order(order, Reason.LATE)

    def note_charges_returned(self, order: Order, transaction: int, returned: int, transport: int = 0) -> None:
        """Write down what the supplier gave back of its charges, if anything."""
        if transaction != NO_ID:
            self._book.charges_returned(self._party.clock.now, transaction, order.number, returned, transport)

    # News

    def note_came_back(self, notice: ReturnedToSender, number: int) -> None:
        """The user did not take the goods at the door: cancel the order, give back what was paid in advance."""
        order = self._desk.find(number)
        if order is None or order.is_off:
            return
        self.note_charges_returned(order, notice.transaction, notice.returned, notice.transport)
        refunds_payable = self.cancel_order(order, Reason.REFUSED_AT_DOOR)
        if refunds_payable:
            self._party.run(self._payables.give_back(order, refunds_payable))

    def note_refunded(self, notice: Refunded, number: int) -> None:
        """The bank gave a late order's money back out of escrow: stop the goods, if they can be stopped."""
        order, now = self._desk.find(number), self._party.clock.now
        if order is None or order.is_refunded_late:
            return
        order.is_refunded_late = True
        order.granted, order.refunds_payable = order.advance, ()
        self._book.late_refund(now, notice.transaction, number, order.delivered_price)
        if order.is_off:
            self._desk.note(order, CANCELLATION_DONE, now)
        elif order.waits_for_money:
            self.cancel_order(order, Reason.LATE)
        else:
            self._desk.set_reason(order, Reason.LATE)
            self._desk.forget(order)
            if order.fulfilment == PLACED and not order.is_closed:
                self._party.run(self.recall(order))
        self._payables.money_in()
