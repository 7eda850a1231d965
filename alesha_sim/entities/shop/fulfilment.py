"""How a paid order is supplied: from the shop's stock, or by the supplier, now or when there is money for it.

An order passes through it from `begin` by `supply` and `buy` to the note of its delivery. One that the supplier
rejects is cancelled here (`_cancel_rejected`), and refunded by `payables.py`.
"""

from alesha_sim.books.shop import ShopBook
from alesha_sim.entities.courier import Parcel
from alesha_sim.entities.entity import Asking, Entity, Process
from alesha_sim.entities.shop.cancellations import Cancellations
from alesha_sim.entities.shop.order import Order
from alesha_sim.entities.shop.order_desk import OrderDesk
from alesha_sim.entities.shop.order_states import ACCEPT, BEGIN, OPEN, SENT, STAND_BY, UNANSWERED
from alesha_sim.entities.shop.own_stock import OwnStock
from alesha_sim.entities.shop.payables import Payables
from alesha_sim.messages import (
    Confirmation,
    Decline,
    Lines,
    OrderAccepted,
    OrderRejected,
    PlaceOrder,
    Receipt,
    Refusal,
    Transfer,
)
from alesha_sim.network import NoReply
from alesha_sim.vocabulary import IN_DOUBT, NO_ID


class Fulfilment:
    """Has orders supplied, and tells their users; charges are paid out of the wallet of `payables`."""

    def __init__(
        self,
        party: Entity,
        desk: OrderDesk,
        book: ShopBook,
        payables: Payables,
        cancellations: Cancellations,
        stock: OwnStock | None,
    ) -> None:
        self._party = party
        self._desk = desk
        self._book = book
        self._payables = payables
        self._cancellations = cancellations
        self._stock = stock

    def begin(self, order: Order) -> Process:
        """Have an order supplied for which the user has done their part."""
        if self._stock is not None and not order.is_off:
            self._stock.demand(order)
        return self.supply(order)

    def supply(self, order: Order) -> Process:
        """Have an order supplied, from stock, by the supplier now or when there is money, and tell the user."""
        waits_its_turn = (
            self._payables.has_prior_debts(order) and order.waits_for_money and not self._is_served(order)
        )
        reply = None if waits_its_turn else (yield from self.buy(order))
        if reply is None:
            self._payables.enqueue(order)
        self.tell_user(order, reply or self._desk.confirmation(order))

    def tell_user(self, order: Order, reply: Confirmation | Refusal) -> None:
        """Answer the user who is paying, and the one who asks what became of that, once."""
        for answer in (order.answer, order.enquirer):
            if answer is not None:
                answer.give(reply)

    def buy(self, order: Order) -> Asking[Confirmation | Refusal | None]:
        """Pay the supplier's charges and place the order; None if there is not the money for it now."""
        party, desk = self._party, self._desk
        if order.is_off:
            return order.refusal()
        if self._is_served(order):
            return desk.confirmation(order)
        if order.charges_paid == NO_ID:
            self._choose_seller(order)
            if order.fulfilment == OPEN and self._book.cash_balance() < order.charges:
                return self._standstill(order)
            order.take_step(BEGIN)
            transfer = Transfer(*self._payables.wallet, order.charges, order.seller.account)
            step = f"charges:{order.tries}"
            paid = yield from party.ask_until_answered(
                party.channels[party.bank], transfer, step=step, order=order.number
            )
            if not self._note_charges(order, paid):
                return self._standstill(order)
        desk.sources.asked(order.seller, order.number, party.clock.now)
        collect = order.total - order.advance
        place = PlaceOrder(order.lines, order.user, order.payment, order.charges_paid, collect, order.fee)
        reply = yield from party.ask_until_answered(
            party.channel_to(order.seller.code), place, step="place", order=order.number
        )
        desk.sources.heard(order.seller, order.number)
        if isinstance(reply, OrderRejected):
            return (yield from self._cancel_rejected(order, reply))
        if isinstance(reply, OrderAccepted):
            self._note_accepted(order)
        else:
            desk.note(order, UNANSWERED, party.clock.now)
        return desk.confirmation(order)

    def _choose_seller(self, order: Order) -> None:
        """Choose who supplies an order of which nothing has been paid, where there is a choice."""
        desk = self._desk
        if desk.sources.policy is not None and order.fulfilment == OPEN:
            seller = desk.sources.choose(desk.products(order.lines), self._party.clock.now, order.rejected)
            desk.sell_by(order, seller or order.seller)

    def _standstill(self, order: Order) -> Confirmation | Refusal | None:
        """Return what is said of an order whose charges were not paid: None if it waits for money."""
        if order.is_off:  # refunded late in the meantime
            return order.refusal()
        return self._desk.confirmation(order) if order.status == IN_DOUBT else None

    def _note_charges(self, order: Order, reply: Receipt | Decline | NoReply) -> bool:
        """Take note of the bank's reply to a transfer of charges; False if they were not paid."""
        now = self._party.clock.now
        if isinstance(reply, Receipt):
            order.charges_paid = reply.transaction
            self._book.charges(now, reply.transaction, order.number, reply.amount)
            self._desk.log.fill(order.number, "charges_transaction", reply.transaction)
            return True
        if isinstance(reply, Decline):  # try again under another key
            order.tries += 1
            self._cancellations.stand_by(order)
        else:
            self._desk.note(order, UNANSWERED, now)
        return False

    def _note_accepted(self, order: Order) -> None:
        now = self._party.clock.now
        self._desk.log.fill(order.number, "accepted_at", now)
        self._desk.note(order, SENT, now)
        order.take_step(ACCEPT)
        if order.is_refunded_late and not order.is_closed:
            self._party.run(self._cancellations.recall(order))

    def _cancel_rejected(self, order: Order, rejection: OrderRejected) -> Asking[Confirmation | Refusal | None]:
        """Ask the next supplier for a rejected order; without any cancel it, and give the user's money back."""
        self._cancellations.note_charges_returned(order, rejection.transaction, rejection.returned)
        order.rejected |= {order.seller.code}
        goods, now = self._desk.products(order.lines), self._party.clock.now
        if not order.is_refunded_late and self._desk.sources.choose(goods, now, order.rejected) is not None:
            order.charges_paid = NO_ID
            order.tries += 1
            order.take_step(STAND_BY)
            return (yield from self.buy(order))
        self._cancellations.cancel_order(order, rejection.reason)
        return (yield from self.wind_up(order))

    def wind_up(self, order: Order) -> Asking[Refusal]:
        """Give the money of a cancelled order back before anything else, and tell the user who is paying."""
        for payable in order.refunds_payable:
            yield from self._payables.refund_at_once(order, payable)
        refusal = order.refusal()
        self.tell_user(order, refusal)
        return refusal

    # From the shop's own stock

    def _is_served(self, order: Order) -> bool:
        """Tell whether an order is sent from stock, and send it if it can be."""
        stock = self._stock
        if stock is None or not order.waits_for_money:
            return order.parcel is not None or bool(order.reservations)
        is_served = stock.serve(order)
        if order.parcel is not None:
            self._party.run(self.send(stock, order, order.parcel))
        stock.refill(order)
        return is_served

    def send(self, stock: OwnStock, order: Order, parcel: Parcel) -> Process:
        """Bring a parcel to its user; a lost one is sent once more, from stock or by the supplier."""
        is_received = yield from stock.carry(order, parcel)
        if is_received:
            self.note_goods(order, parcel.lines, order.total)
        elif is_received is False:
            self._cancellations.stand_by(order)
            yield from self.supply(order)

    # The end

    def note_goods(self, order: Order, lines: Lines, price: int) -> None:
        """Go on with an order of which the user has goods."""
        order.delivered_price += price
        self._desk.receive(order, lines, self._party.clock.now)
        if order.answer is not None and not order.answer.given:  # the goods overtook the supplier's acceptance
            self.tell_user(order, self._desk.confirmation(order))
