"""The supplier: supplies what the shop ordered, once its charges have come; it posts by `books/supplier.py`."""

from collections.abc import Callable, Mapping

from alesha_sim.books.supplier import SupplierBook
from alesha_sim.entities.entity import Asking, Entity, Process, Wallet
from alesha_sim.messages import (
    Decline,
    Deliver,
    Delivered,
    Lines,
    OrderAccepted,
    OrderRejected,
    PlaceOrder,
    Reason,
    Receipt,
    Transfer,
    Verification,
    VerifyTransaction,
)
from alesha_sim.network import Channel, Clock, Delivery
from alesha_sim.policies import StockPolicy
from alesha_sim.records import SUPPLIER, ReplenishmentLog


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
        payment = yield from self.ask(self.bank, VerifyTransaction(message.charges), order=order)
        objection = self.objection(message, payment, order)
        if objection is not None:
            delivery.answer(OrderRejected(objection))
            return
        if not self.book.charges(self.clock.now, message.charges, order, payment.amount):
            delivery.answer(OrderRejected(Reason.TRANSACTION_USED))
            return
        if not self._stock.accepts(message.lines):
            delivery.answer((yield from self._return_charges(payment, order)))
            return
        delivery.answer(OrderAccepted())
        yield from self._make(order, message.lines)
        yield from self._ship(order, message)

    def _return_charges(self, payment: Verification, order: int) -> Asking:
        """Give the charges of an order back that cannot be supplied."""
        give_back = Transfer(*self.wallet, payment.amount, payment.payer)
        receipt = yield from self.ask(self.bank, give_back, order=order)
        if not isinstance(receipt, Receipt):
            return OrderRejected(Reason.OUT_OF_STOCK)
        self.book.charges_returned(self.clock.now, receipt.transaction, order, receipt.amount)
        return OrderRejected(Reason.OUT_OF_STOCK, receipt.transaction, receipt.amount)

    def _make(self, order: int, lines: Lines) -> Process:
        """Produce an order's goods: they are reserved for it from the moment that they exist."""
        goods = self._products(lines)
        lots = [self._log.ordered(self.clock.now, product, units) for product, units in goods]
        yield from self.pause(self._lead_seconds)
        self.book.made_to_order(self.clock.now, order, goods)
        for lot in lots:
            self._log.arrived(lot, self.clock.now)

    def _ship(self, order: int, message: PlaceOrder) -> Process:
        """Send the goods to the user, who answers when they have arrived; then tell the shop."""
        goods = self._products(message.lines)
        self.book.shipped(self.clock.now, order, goods)
        parcel = self.book.allot()
        yield from self.pause(self._delivery_seconds)
        yield from self.ask(self.users, Deliver(parcel, message.lines), order=order, to=message.user)
        self.book.delivered(self.clock.now, parcel, order, goods, self._due(message.lines))
        self.tell(self.shop, Delivered(parcel, message.lines), order=order)

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
