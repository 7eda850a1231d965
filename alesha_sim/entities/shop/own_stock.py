"""The shop's own stock: orders are sent from it while it has all their goods; its supplier fills it up.

What a replenishment costs is paid as for any order, and waits for money as any does.
"""

from collections.abc import Callable, Iterable

from alesha_sim.books.shop import ShopBook
from alesha_sim.entities.courier import Parcel
from alesha_sim.entities.entity import Asking, Entity
from alesha_sim.entities.shop.order import Order
from alesha_sim.entities.shop.order_desk import OrderDesk
from alesha_sim.entities.shop.order_states import BEGIN, PAID, SENT
from alesha_sim.entities.stock import Goods, Reservation, Warehouse
from alesha_sim.kernel.scheduled import INFINITY
from alesha_sim.kernel.timers import Timer
from alesha_sim.messages import Acknowledged, Deliver, Lines, Method


class OwnStock:
    """Sends orders from the shop's stock, and replenishes it; it opens empty, whatever the policy opens with.

    `replenish` has an order of the shop's own supplied. Raises ValueError for terms with no courier.
    """

    def __init__(
        self,
        party: Entity,
        desk: OrderDesk,
        book: ShopBook,
        replenish: Callable[[Order], None],
    ) -> None:
        stock, courier = desk.terms.stock, desk.terms.courier
        if stock is None or courier is None:
            raise ValueError("courier: None: must be given where the shop has a stock policy")
        self._skus = tuple(desk.catalogue)
        charges = [item.charge for item in desk.terms.catalogue]
        self.warehouse = Warehouse(stock, self._skus, charges, owner="shop.stock")
        self.warehouse.available = [0] * len(self._skus)
        self._party = party
        self._desk = desk
        self._book = book
        self._courier = courier
        self._supply = replenish
        self._reviews = Timer(party.clock, self._review)

    def open(self) -> None:
        """Order what is missing to the policy's level; a periodic policy is asked when it is time."""
        if self.warehouse.period is None:
            self._replenish(range(len(self._skus)))
        self._reviews.set(self.warehouse.next_review(self._party.clock.now))

    # Orders of users

    def demand(self, order: Order) -> None:
        """Count what a user wants, whether it is sent from here or by the supplier."""
        self.warehouse.demand(self._desk.products(order.lines), self._party.clock.now)

    def serve(self, order: Order) -> bool:
        """Pack a user's order as its `parcel` if all goods are there and nothing is to be collected for them."""
        goods, free = self._desk.products(order.lines), self.warehouse.available
        is_there = all(units <= free[product] for product, units in goods)
        is_served = is_there and order.user >= 0 and order.advance == order.total
        if is_served:
            for product, units in goods:
                self.warehouse.reserve(Reservation(order, product, units))
            self._ship(order, goods)
        return is_served

    def refill(self, order: Order) -> None:
        """Order what the policy says after a user's order, whether it was served from here or not."""
        if order.user >= 0 and self.warehouse.period is None:
            self._replenish(product for product, _ in self._desk.products(order.lines))

    def _ship(self, order: Order, goods: Goods) -> None:
        now = self._party.clock.now
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

    # What fills it up

    def put_in(self, lines: Lines) -> None:
        """Take goods in that came back from a user."""
        for product, units in self._desk.products(lines):
            self.warehouse.take_in(product, units)

    def note_received(self, parcel: Deliver, number: int) -> bool:
        """Take in what the supplier sent for the stock; False if that is no news."""
        order, now = self._desk.find(number), self._party.clock.now
        if order is None or order.is_closed:
            return False
        goods, charges = self._desk.products(parcel.lines), self._desk.charges(parcel.lines)
        if not self._book.received(now, parcel.entry, number, goods, charges):
            return False
        for product, units in goods:
            self.warehouse.arrived(product, units)
        self._desk.receive(order, parcel.lines, now)
        return True

    def cancel_replenishment(self, order: Order) -> None:
        """Stop expecting a replenishment that the supplier rejected."""
        for product, units in self._desk.products(order.lines):
            self.warehouse.on_order[product] -= units

    def _review(self) -> float:
        """Order what a periodic policy says and return when to review next."""
        now = self._party.clock.now
        if not self._party.inbox.is_up:
            return INFINITY
        for product, units in self.warehouse.review(now):
            self._order(product, units)
        return self.warehouse.next_review(now)

    def _replenish(self, products: Iterable[int]) -> None:
        """Order what the policy says of each of these products."""
        for product in products:
            units = self.warehouse.to_order(product)
            if units:
                self._order(product, units)

    def _order(self, product: int, units: int) -> None:
        now = self._party.clock.now
        order = self._desk.place(now, self._party.code, ((self._skus[product], units),), Method.REPLENISHMENT)
        self._desk.note(order, PAID, now)
        self._supply(order)
