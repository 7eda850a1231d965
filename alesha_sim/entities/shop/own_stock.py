"""The shop's own stock: orders are sent from it while it has all their goods; its supplier fills it up.

What a replenishment costs is paid as for any order, and waits for money as any does.
"""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from alesha_sim.entities.courier import Courier, Parcel
from alesha_sim.entities.entity import Process
from alesha_sim.entities.shop.order import Order
from alesha_sim.entities.stock import Claim, Goods, Warehouse
from alesha_sim.kernel.clock import INFINITY
from alesha_sim.kernel.timers import Alarm
from alesha_sim.messages import Deliver, Lines, Method, Noted
from alesha_sim.vocabulary import ON_THE_WAY, PROCESSING, SHOP

if TYPE_CHECKING:
    from alesha_sim.entities.shop.shop import Shop


class OwnStock:
    """Sends orders from the shop's stock, and replenishes it; it opens empty, whatever the policy opens with.

    Raises ValueError without a `courier`.
    """

    def __init__(self, shop: "Shop", warehouse: Warehouse, courier: Courier | None) -> None:
        if courier is None:
            raise ValueError("courier: None: must be given where the shop has a stock policy")
        self.warehouse = warehouse
        warehouse.free = [0] * len(warehouse.free)
        self._shop = shop
        self._courier = courier
        self._skus = tuple(shop.desk.articles)
        self._reviews = Alarm(shop.clock, self._review)

    def open(self) -> None:
        """Order what is missing to the policy's level; a periodic policy is asked when it is time."""
        if self.warehouse.period is None:
            self._replenish(range(len(self._skus)))
        self._reviews.set(self.warehouse.next_review(self._shop.clock.now))

    # Orders of users

    def demand(self, order: Order) -> None:
        """Count what a user wants, whoever will send it."""
        self.warehouse.demand(self._shop.desk.products(order.lines), self._shop.clock.now)

    def serve(self, order: Order) -> bool:
        """Send a user's order if all its goods are there and nothing is to be collected for them."""
        goods, free = self._shop.desk.products(order.lines), self.warehouse.free
        is_there = all(units <= free[product] for product, units in goods)
        is_served = is_there and order.user >= 0 and order.advance == order.total
        if is_served:
            for product, units in goods:
                self.warehouse.claim(Claim(order, product, units))
            self._ship(order, goods)
        if order.user >= 0 and self.warehouse.period is None:
            self._replenish(product for product, _ in goods)
        return is_served

    def _ship(self, order: Order, goods: Goods) -> None:
        shop = self._shop
        now = shop.clock.now
        order.is_begun = True
        shop.desk.log.fill(order.number, "accepted_at", now)
        shop.desk.advance(order, ON_THE_WAY, now)
        shop.book.shipped(now, order.number, goods, order.charges)
        order.parcel = Parcel(shop.book.allot(), order.lines, goods, self._courier, order.user, now)
        shop.run(self.carry(order, order.parcel))

    def carry(self, order: Order, parcel: Parcel) -> Process:
        """Bring a parcel to the user; one that was lost is sent once more, by whoever has the goods."""
        shop = self._shop
        if parcel.arrives_at > shop.clock.now:
            yield shop.clock.pause(parcel.arrives_at - shop.clock.now)
        if parcel.is_lost:
            shop.book.lost(shop.clock.now, order.number, parcel.goods, order.charges)
            order.parcel = None
            shop.cancellations.stand_by(order)
            yield from shop.supply(order)
            return
        deliver = Deliver(parcel.link, parcel.lines, payment=order.payment, fee=order.fee)
        step = f"deliver:{parcel.link}"
        noted = yield from shop.insist(shop.users, deliver, step=step, order=order.number, to=order.user)
        if isinstance(noted, Noted):
            self._note_delivered(order, parcel)

    def _note_delivered(self, order: Order, parcel: Parcel) -> None:
        shop = self._shop
        allowance = order.total if order.is_refunded_late else 0
        shop.book.delivered_own(
            shop.clock.now, parcel.link, order.number, parcel.goods, order.total, order.charges, order.pocket,
            allowance,
        )  # fmt: skip
        order.parcel = None
        shop.note_goods(order, parcel.lines, order.total)

    # What fills it up

    def put_in(self, lines: Lines) -> None:
        """Take goods in that came back from a user."""
        for product, units in self._shop.desk.products(lines):
            self.warehouse.take_in(product, units)

    def note_received(self, parcel: Deliver, number: int) -> None:
        """Take in what the supplier sent for the stock."""
        shop = self._shop
        order, now = shop.desk.find(number), shop.clock.now
        if order is None or order.is_closed:
            return
        goods, (_, charge) = shop.desk.products(parcel.lines), shop.desk.value(parcel.lines)
        if not shop.book.received(now, parcel.link, number, goods, charge):
            return
        for product, units in goods:
            self.warehouse.arrived(product, units)
        shop.desk.receive(order, parcel.lines, now)
        shop.debts.money_in()  # who waits for money may need none now

    def abandon(self, order: Order) -> None:
        """Expect a replenishment no longer that the supplier rejected."""
        for product, units in self._shop.desk.products(order.lines):
            self.warehouse.on_order[product] -= units

    def _review(self) -> float:
        """Order what a periodic policy says and return when to review next."""
        shop = self._shop
        if not shop.inbox.is_up:
            return INFINITY
        for product, units in self.warehouse.review(shop.clock.now):
            self._order(product, units)
        return self.warehouse.next_review(shop.clock.now)

    def _replenish(self, products: Iterable[int]) -> None:
        """Order what the policy says of each of these products."""
        for product in products:
            units = self.warehouse.to_order(product)
            if units:
                self._order(product, units)

    def _order(self, product: int, units: int) -> None:
        shop = self._shop
        lines = ((self._skus[product], units),)
        order = shop.desk.place(shop.clock.now, SHOP, lines, Method.REPLENISHMENT)
        shop.desk.advance(order, PROCESSING, shop.clock.now)
        shop.run(shop.supply(order))
