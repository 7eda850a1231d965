"""The supplier's production: the warehouse with its lead times, and what it writes into the supplier's book.

Here goods are made, ordered, reserved and put in; how they leave is the supplier's matter.
"""

from collections.abc import Callable
from heapq import heappop, heappush
from typing import NamedTuple

from alesha_sim.books.supplier import SupplierBook
from alesha_sim.columns import INFINITY
from alesha_sim.entities.courier import Parcel
from alesha_sim.entities.entity import Entity
from alesha_sim.entities.stock import Goods, Reservation, Warehouse
from alesha_sim.entities.supplier.terms import SupplierTerms
from alesha_sim.kernel.timers import Timer
from alesha_sim.messages import Deliver, OrderCancelled, OrderRejected, Verification
from alesha_sim.network import Answer, Delivery
from alesha_sim.recording.production_lot_log import ProductionLotLog
from alesha_sim.vocabulary import NO_ID


class Lot(NamedTuple):
    """Units of a product on order for stock: `number` is the lot's."""

    arrives_at: float
    number: int
    product: int
    units: int


class WorkOrder:
    """What is made for one order, `lots` by the their numbers; ready at `ready_at`."""

    __slots__ = ("goods", "lots", "ready_at", "reservations")

    def __init__(self, reservations: list[Reservation], lots: list[int], ready_at: float) -> None:
        self.reservations = reservations
        self.goods = [(reservation.product, reservation.missing) for reservation in reservations]
        self.lots = lots
        self.ready_at = ready_at


class Supply:
    """What the supplier has on record of an order, or of a replacement, that it is not done with.

    `reservations` are the lines not shipped yet, `work_orders` and `parcels` what is under way. An order that
    `is_off` was rejected or cancelled; `outcome` is what the shop hears of that, once the charges have gone
    back. `buyer` is who ordered, by its code. `payment` is that of the charges, None if they are owed
    (`on_credit`) or for a replacement; `paid` is the user's and its fee.
    """

    __slots__ = (
        "answers",
        "buyer",
        "collect",
        "is_off",
        "on_credit",
        "order",
        "outcome",
        "paid",
        "parcels",
        "payment",
        "replaces",
        "reservations",
        "user",
        "work_orders",
    )

    def __init__(self, delivery: Delivery, payment: Verification | None, *, on_credit: bool = False) -> None:
        message = delivery.message
        self.answers = [Answer(delivery)]
        self.order = delivery.order
        self.buyer = delivery.sender
        self.user: int = message.user
        self.payment = payment
        self.on_credit = on_credit
        self.replaces = payment is None and not on_credit
        self.collect: int = 0 if payment is None else message.collect
        self.paid: tuple[int, int] = (NO_ID, 0) if payment is None else (message.payment, message.fee)
        self.reservations: list[Reservation] = []
        self.work_orders: list[WorkOrder] = []
        self.parcels: list[Parcel] = []
        self.is_off = False
        self.outcome: OrderRejected | OrderCancelled | None = None

    def hand_over(self, parcel: Parcel, account: int) -> Deliver:
        """Return what is said at the door; what is to be collected there is paid into an account."""
        if not self.collect:
            return Deliver(parcel.entry, parcel.lines, 0, NO_ID, self.replaces, *self.paid)
        return Deliver(parcel.entry, parcel.lines, self.collect, account, False, *self.paid)


class Production:
    """Provides goods for orders; `send_off(supply)` is called for an order whose goods may have become complete.

    A lead time is drawn for every lot, one for all that is made for an order at once. While the `party` whose
    stock it is is down, lots that come wait outside, and no stock is reviewed.
    """

    def __init__(
        self,
        party: Entity,
        book: SupplierBook,
        log: ProductionLotLog,
        terms: SupplierTerms,
        send_off: Callable[[Supply], None],
    ) -> None:
        charges = terms.charges
        self.skus = sorted(charges, key=lambda sku: charges[sku][0])
        stock = terms.stock if terms.purchasing is None else terms.stock._replace(buys=True)
        self.warehouse = Warehouse(stock, self.skus, book.costs)
        self._clock = party.clock
        self._inbox = party.inbox
        self._book = book
        self._log = log
        self._lead_seconds, self._lead_by_product = terms.lead_seconds, terms.lead_by_product
        self._buy: Callable[[int, int], None] | None = None
        self._send_off = send_off
        self._lots: list[Lot] = []
        self._reviews = Timer(party.clock, self._review)

    def buy_by(self, buy: Callable[[int, int], None]) -> None:
        """Buy units of a product by this function from now on, and make nothing."""
        self._buy = buy

    def open(self) -> None:
        """Review the stock when it is time."""
        self._reviews.set(self.warehouse.next_review(self._clock.now))

    # What an order gets

    def provide(self, supply: Supply, goods: Goods, *, expedite: bool = False) -> WorkOrder | None:
        """Reserve what is free of these goods, order what the policy says, and return what is made for the order.

        What is neither waits, before all others if `expedite`.
        """
        warehouse = self.warehouse
        warehouse.demand(goods, self._clock.now)
        taken, to_make = [], []
        for product, units in goods:
            reservation = Reservation(supply, product, units)
            supply.reservations.append(reservation)
            if reserved := warehouse.reserve(reservation, expedite=expedite):
                taken.append((product, reserved))
            if reservation.missing and not warehouse.is_kept[product]:
                to_make.append(reservation)
        if taken:
            self._book.reserved(self._clock.now, supply.order, taken)
        work_order = self._begin(supply, to_make) if to_make else None
        if warehouse.period is None:
            for product, _ in goods:
                if warehouse.is_kept[product]:
                    self._replenish(product)
            self.receive_lots()
        else:
            self.open()
        return work_order

    def _begin(self, supply: Supply, reservations: list[Reservation]) -> WorkOrder:
        """Begin to make what is missing of products that are not kept in stock."""
        now = self._clock.now
        lots = [self._log.ordered(now, reservation.product, reservation.missing) for reservation in reservations]
        lead_seconds = (
            max([self._lead_time(reservation.product) for reservation in reservations])
            if self._lead_by_product
            else self._lead_seconds()
        )
        work_order = WorkOrder(reservations, lots, now + lead_seconds)
        supply.work_orders.append(work_order)
        return work_order

    def finish(self, supply: Supply, work_order: WorkOrder) -> None:
        """Take in what was made for an order; if the order is off, everybody may have it."""
        now, arrived = self._clock.now, self._log.arrived
        supply.work_orders.remove(work_order)
        for lot in work_order.lots:
            arrived(lot, now)
        if supply.is_off:
            self._book.made_to_stock(now, work_order.goods)
            self.put_in(work_order.goods)
            return
        self._book.made_to_order(now, supply.order, work_order.goods)
        for reservation in work_order.reservations:
            reservation.missing = 0

    def release(self, supply: Supply) -> None:
        """End what is reserved for an order or waited for; what is being made for it goes on."""
        kept = [(reservation.product, self.warehouse.withdraw(reservation)) for reservation in supply.reservations]
        goods = [(product, units) for product, units in kept if units]
        supply.reservations = []
        if goods:
            self._book.reservation_ended(self._clock.now, supply.order, goods)
            self.put_in(goods)

    def put_in(self, goods: Goods) -> None:
        """Put units in that nobody had ordered; who waits for them gets them."""
        self.hand_out([given for product, units in goods for given in self.warehouse.take_in(product, units)])

    def hand_out(self, given: list[tuple[Reservation, int]]) -> None:
        """Reserve units for those who get them, and let be sent off what they complete."""
        for reservation, units in given:
            if units:
                self._book.reserved(self._clock.now, reservation.owner.order, [(reservation.product, units)])
        for reservation, _ in given:
            self._send_off(reservation.owner)

    # What is ordered for stock

    def _replenish(self, product: int) -> None:
        """Order a lot of a product, if the policy says so."""
        units = self.warehouse.to_order(product)
        if units:
            self._order(product, units)

    def _order(self, product: int, units: int) -> None:
        """Order a lot, from others or of its own; one that takes no time is there to be received."""
        if self._buy is not None:
            self._buy(product, units)
            return
        now, seconds = self._clock.now, self._lead_time(product)
        heappush(self._lots, Lot(now + seconds, self._log.ordered(now, product, units), product, units))
        if seconds > 0:
            self._clock.pause(seconds).callbacks.append(self.receive_lots)

    def _lead_time(self, product: int) -> float:
        """Draw how long it takes to make a product, seconds."""
        return self._lead_by_product.get(product, self._lead_seconds)()

    def receive_lots(self, _: object = None) -> None:
        """Take in every lot that is due, and then send off what they complete, so that it goes in one parcel."""
        if not self._lots:
            return
        now, given = self._clock.now, []
        while self._lots and self._lots[0].arrives_at <= now and self._inbox.is_up:
            lot = heappop(self._lots)
            self._book.made_to_stock(now, [(lot.product, lot.units)])
            self._log.arrived(lot.number, now)
            given += self.warehouse.arrived(lot.product, lot.units)
            if self.warehouse.is_tight():
                self._replenish(lot.product)
        self.hand_out(given)

    def _review(self) -> float:
        """Order what a periodic policy says and return when to review next."""
        if not self._inbox.is_up:
            return INFINITY
        now = self._clock.now
        for product, units in self.warehouse.review(now):
            self._order(product, units)
        self.receive_lots()
        return self.warehouse.next_review(now)
