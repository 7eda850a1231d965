"""The supplier: supplies what the shop ordered, once its charges have come; it posts by `books/supplier.py`."""

from collections.abc import Callable, Mapping

from alesha_sim.books.supplier import SupplierBook
from alesha_sim.entities.entity import Entity, Process, Wallet
from alesha_sim.messages import (
    Decline,
    Deliver,
    Delivered,
    Lines,
    Noted,
    OrderAccepted,
    OrderRejected,
    PlaceOrder,
    Reason,
    Receipt,
    Transfer,
    Verification,
    VerifyTransaction,
)
from alesha_sim.network import Answer, Channel, Clock, Delivery, NoReply
from alesha_sim.policies import StockPolicy
from alesha_sim.records import NO_ID, SHOP, SUPPLIER, ReplenishmentLog


class Supply:
    """What the supplier has on record of an order that it is not done with."""

    __slots__ = (
        "accepted", "answer", "arrives_at", "delivered", "lines", "lots", "order", "parcel", "payment", "ready_at",
        "user",
    )  # fmt: skip

    def __init__(self, delivery: Delivery, payment: Verification, accepted: bool) -> None:
        self.answer = Answer(delivery)
        self.order = delivery.order
        self.user: int = delivery.message.user
        self.lines: Lines = delivery.message.lines
        self.payment = payment
        self.accepted = accepted
        self.lots: list[int] = []
        self.ready_at: float | None = None
        self.parcel = NO_ID
        self.arrives_at = 0.0
        self.delivered = False


class Supplier(Entity):
    """Verifies that it was paid, makes the goods, ships them and tells the shop when they have arrived.

    `charges` maps each SKU to (product index, charge in minor units); `stock` decides what can be supplied.
    """

    def __init__(
        self, clock: Clock, book: SupplierBook, log: ReplenishmentLog, wallet: Wallet, *, workers: int | None,
        charges: Mapping[str, tuple[int, int]], stock: StockPolicy, handling_seconds: Callable[[], float],
        lead_seconds: Callable[[], float], delivery_seconds: Callable[[], float],
    ) -> None:  # fmt: skip
        super().__init__(clock, "supplier", SUPPLIER, workers)
        self.book = book
        self.wallet = wallet
        self.bank: Channel
        self.shop: Channel
        self.users: Channel
        self._open: dict[int, Supply] = {}
        self._log = log
        self._charges = charges
        self._stock = stock
        self._handling_seconds = handling_seconds
        self._lead_seconds = lead_seconds
        self._delivery_seconds = delivery_seconds

    def work(self) -> Process:
        """Serve one order after the other; supplying it goes on in a process of its own."""
        worker = self.inbox.employ()
        while True:
            delivery: Delivery = yield worker.receive()
            match delivery.message:
                case PlaceOrder():
                    yield from self.pause(self._handling_seconds)
                    self.start(self._supply(delivery), delivery)
                case other:
                    raise self.failure(delivery, TypeError(f"not understood: {type(other).__name__}"))

    def _supply(self, delivery: Delivery) -> Process:
        """Everything that one order asks of the supplier, from its charges to the goods' arrival."""
        order, message = delivery.order, delivery.message
        verify = VerifyTransaction(message.charges)
        # The step names the transaction, because whoever orders without an order shares one key.
        step = f"verify:{message.charges}"
        payment = yield from self.insist(self.bank, verify, step=step, order=order)
        if isinstance(payment, NoReply):
            return
        objection = self.objection(message, payment, order)
        if objection is None and delivery.sender != SHOP:
            objection = Reason.NOT_THE_SHOP
        if objection is not None:
            delivery.answer(OrderRejected(objection))
            return
        if not self.book.charges(self.clock.now, message.charges, order, payment.amount):
            delivery.answer(OrderRejected(Reason.TRANSACTION_USED))
            return
        supply = Supply(delivery, payment, self._stock.accepts(message.lines))
        self._open[order] = supply
        if supply.accepted:
            supply.answer.give(OrderAccepted())
        yield from self._go_on(supply)

    def _go_on(self, supply: "Supply") -> Process:
        """Do what is left to be done for an order whose charges have come."""
        if supply.accepted:
            yield from self._make(supply)
            yield from self._ship(supply)
        else:
            yield from self._return_charges(supply)
        del self._open[supply.order]

    def _return_charges(self, supply: "Supply") -> Process:
        """Give the charges of an order back that cannot be supplied."""
        give_back = Transfer(*self.wallet, supply.payment.amount, supply.payment.payer)
        step = "charges-return"
        receipt = yield from self.insist(self.bank, give_back, step=step, order=supply.order)
        if isinstance(receipt, Receipt):
            self.book.charges_returned(self.clock.now, receipt.transaction, supply.order, receipt.amount)
            rejection = OrderRejected(Reason.OUT_OF_STOCK, receipt.transaction, receipt.amount)
        else:
            rejection = OrderRejected(Reason.OUT_OF_STOCK)
        supply.answer.give(rejection)

    def _make(self, supply: "Supply") -> Process:
        """Produce an order's goods, reserve them for it, and send them off at once."""
        if supply.parcel != NO_ID:
            return
        goods = self._products(supply.lines)
        if supply.ready_at is None:
            supply.lots = [self._log.ordered(self.clock.now, product, units) for product, units in goods]
            supply.ready_at = self.clock.now + self._lead_seconds()
        if supply.ready_at > self.clock.now:
            yield self.clock.timeout(supply.ready_at - self.clock.now)
        self.book.made_to_order(self.clock.now, supply.order, goods)
        for lot in supply.lots:
            self._log.arrived(lot, self.clock.now)
        self.book.shipped(self.clock.now, supply.order, goods)
        supply.parcel = self.book.allot()
        supply.arrives_at = self.clock.now + self._delivery_seconds()

    def _ship(self, supply: "Supply") -> Process:
        """Bring the goods to the user, who answers when they have arrived; then tell the shop."""
        order, parcel, lines = supply.order, supply.parcel, supply.lines
        if not supply.delivered:
            if supply.arrives_at > self.clock.now:
                yield self.clock.timeout(supply.arrives_at - self.clock.now)
            hand_over = Deliver(parcel, lines)
            noted = yield from self.insist(self.users, hand_over, step="deliver", order=order, to=supply.user)
            if not isinstance(noted, Noted):
                return
            self.book.delivered(self.clock.now, parcel, order, self._products(lines), self._due(lines))
            supply.delivered = True
        yield from self.notify(self.shop, Delivered(parcel, lines), step="delivered", order=order)

    def recover(self) -> None:
        """Go on with every order whose charges had come."""
        for supply in self._open.values():
            supply.answer.resume(self.inbox)
            self.run(self._go_on(supply))

    # Decisions

    def objection(self, message: PlaceOrder, payment: Verification | Decline, order: int) -> Reason | None:
        """Say why the named transaction does not pay for this order, if it does not."""
        if any(sku not in self._charges for sku, _ in message.lines):
            return Reason.UNKNOWN_PRODUCT
        if isinstance(payment, Decline):
            return payment.reason
        paid_for = (payment.order, payment.payee, payment.amount)
        if paid_for != (order, self.wallet.account, self._due(message.lines)):
            return Reason.TRANSACTION_MISMATCH
        return None

    def _due(self, lines: Lines) -> int:
        return sum(self._charges[sku][1] * units for sku, units in lines)

    def _products(self, lines: Lines) -> list[tuple[int, int]]:
        return [(self._charges[sku][0], units) for sku, units in lines]
