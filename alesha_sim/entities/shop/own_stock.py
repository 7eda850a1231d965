"""The shop's own stock: orders are sent from it while it has all their goods; its suppliers fill it up.

What fills it up is bought as by any organisation, in `entities/purchasing.py`.
"""

from collections.abc import Callable

from alesha_sim.books.shop import ShopBook
from alesha_sim.entities.courier import Courier, Parcel
from alesha_sim.entities.entity import Asking, Entity
from alesha_sim.entities.purchasing import Purchasing
from alesha_sim.entities.shop.order import Order
from alesha_sim.entities.shop.order_desk import OrderDesk
from alesha_sim.entities.shop.order_states import BEGIN, SENT
from alesha_sim.entities.stock import Goods, Reservation
from alesha_sim.messages import Acknowledged, Deliver, Lines


class OwnStock:
    """Sends orders from the shop's stock; it opens empty, whatever the policy opens with.

    `send(order)` is called for one that has waited, once its parcel is packed.
    """

    def __init__(
        self,
        party: Entity,
        desk: OrderDesk,
        book: ShopBook,
        courier: Courier,
        purchasing: Purchasing,
        send: Callable[[Order], None],
    ) -> None:
        self.purchasing = purchasing
        self.warehouse = purchasing.warehouse
        self._party = party
        self._desk = desk
        self._book = book
        self._courier = courier
        self._send = send

    # Orders of users

    def demand(self, order: Order) -> None:
        """Count what a user wants, whether it is sent from here or by the supplier."""
        self.warehouse.demand(self._desk.products(order.lines), self._party.clock.now)

    def serve(self, order: Order) -> bool:
        """Pack a user's order as its `parcel` if all goods are there and nothing is to be collected for them.

        A shop that back-orders lets it wait for what is not there.
        """
        goods, warehouse = self._desk.products(order.lines), self.warehouse
        is_there = all(units <= warehouse.available[product] for product, units in goods)
        may_wait = self._desk.terms.backorders and all(warehouse.is_kept[product] for product, _ in goods)
        if order.advance != order.total or not (is_there or may_wait):
            return False
        order.reservations = [Reservation(order, product, units) for product, units in goods]
        for reservation in order.reservations:
            warehouse.reserve(reservation)
        if is_there:
            self._ship(order, goods)
        else:
            order.take_step(BEGIN)
        return True

    def hand_out(self, given: list[tuple[Reservation, int]]) -> None:
        """Send the orders that are complete now."""
        for order in dict.fromkeys(reservation.owner for reservation, _ in given):
            if order.parcel is None and not any(reservation.missing for reservation in order.reservations):
                self._ship(order, self._desk.products(order.lines))
                self._send(order)

    def refill(self, order: Order) -> None:
        """Order what the policy says after a user's order, whether it was served from here or not."""
        if self.warehouse.period is None:
            self.purchasing.replenish(product for product, _ in self._desk.products(order.lines))
        else:
            self.purchasing.set_review()  # beyond the horizon there are reviews only while somebody waits

    def _ship(self, order: Order, goods: Goods) -> None:
        now = self._party.clock.now
        order.reservations = []
        order.take_step(BEGIN)
        self._desk.log.fill(order.number, "accepted_at", now)
        self._desk.note(order, SENT, now)
        charges = self._book.shipped(now, order.number, goods)
        order.parcel = Parcel(self._book.allot(), order.lines, goods, charges, self._courier, order.user, now)

    def carry(self, order: Order, parcel: Parcel) -> Asking[bool | None]:
        """Bring a parcel to the user: True once it is received, False if it was lost, None if nobody answers."""
        party = self._party
        if parcel.arrives_at > party.clock.now:
            yield party.clock.pause(parcel.arrives_at - party.clock.now)
        if parcel.is_lost:
            self._book.lost(party.clock.now, order.number, parcel.goods, sum(parcel.costs))
            order.parcel = None
            return False
        deliver = Deliver(parcel.entry, parcel.lines, payment=order.payment, fee=order.fee)
        step = f"deliver:{parcel.entry}"
        noted = yield from party.ask_until_answered(
            party.channels["users"], deliver, step=step, order=order.number, to=order.user
        )
        if not isinstance(noted, Acknowledged):
            return None
        allowance = order.total if order.is_refunded_late else 0
        self._book.delivered_own(
            party.clock.now,
            parcel.entry,
            order.number,
            parcel.goods,
            order.total,
            sum(parcel.costs),
            order.held_in,
            allowance,
        )
        if self._desk.terms.keeps_orders:
            order.costs = parcel.costs
        order.parcel = None
        return True

    def put_in(self, lines: Lines) -> None:
        """Take goods in that came back from a user."""
        for product, units in self._desk.products(lines):
            self.hand_out(self.warehouse.take_in(product, units))
