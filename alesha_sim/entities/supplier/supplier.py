"""The supplier: supplies what the shop ordered, once its charges have come; it posts by `books/supplier.py`.

How goods are had or made is in `entities/supplier/production.py`, how parcels travel in `entities/courier.py`.
"""

from collections.abc import Iterable, Mapping

from alesha_sim.books.supplier import SupplierBook
from alesha_sim.entities.courier import Parcel
from alesha_sim.entities.entity import Entity, EntityError, Process, Wallet
from alesha_sim.entities.purchasing import PurchaseDebts, Purchasing
from alesha_sim.entities.sources import Sources
from alesha_sim.entities.stock import Goods
from alesha_sim.entities.supplier.decisions import Decisions
from alesha_sim.entities.supplier.production import Production, Supply, WorkOrder
from alesha_sim.entities.supplier.terms import SupplierTerms
from alesha_sim.kernel.clock import Clock
from alesha_sim.kernel.signal import Waitable
from alesha_sim.messages import (
    Acknowledged,
    CancelOrder,
    CashCollected,
    Decline,
    Deliver,
    DeliveryRefused,
    Lines,
    OrderAccepted,
    OrderCancelled,
    OrderRejected,
    PlaceOrder,
    Reason,
    Receipt,
    Refusal,
    Remitted,
    Replace,
    ReturnedToSender,
    Transfer,
    VerifyTransaction,
)
from alesha_sim.network import Answer, Delivery, NoReply
from alesha_sim.recording.order_log import OrderLog
from alesha_sim.recording.production_lot_log import ProductionLotLog
from alesha_sim.vocabulary import COURIER, NO_ID, SUPPLIER

_ACCEPTED = OrderAccepted()


class Supplier(Entity):
    """Verifies that it was paid, has or makes the goods, ships them and tells the shop when they have arrived.

    It does so on its `terms`. Of the `wallets` one is its own; what is paid at doors comes into its courier's.
    """

    def __init__(
        self,
        clock: Clock,
        book: SupplierBook,
        log: ProductionLotLog,
        wallets: Mapping[int, Wallet],
        terms: SupplierTerms,
        orders: OrderLog | None = None,
    ) -> None:
        super().__init__(clock, "supplier", SUPPLIER, terms.workers)
        self.book = book
        self.wallet = wallets[SUPPLIER]
        self.production = Production(self, book, log, terms, self._send_off)
        self._open: dict[Supply, None] = {}
        self._unshipped: dict[int, Supply] = {}
        self._cancelled: dict[int, Supply] = {}
        self._terms = terms
        self._handling_seconds, self._courier = terms.handling_seconds, terms.courier
        self._partial, self._parts = terms.partial, terms.parts
        self.decisions = Decisions(clock, self.production.warehouse, self.wallet.account, terms)
        self._courier_wallet = wallets[COURIER]
        self.debts = PurchaseDebts(self)
        self.purchasing = self._purchasing(orders)

    def _purchasing(self, orders: OrderLog | None) -> Purchasing | None:
        """Return how the supplier buys what it sells, if it does."""
        terms, production = self._terms.purchasing, self.production
        if terms is None or orders is None:
            return None
        purchasing = Purchasing(
            self, self.wallet, self.book.purchases, orders, production.warehouse,
            Sources(production.skus, terms), self.debts, production.hand_out, terms.order_seconds,
        )  # fmt: skip
        production.buy_by(purchasing.order)
        self.debts.buy = purchasing.buy
        return purchasing

    def open_for_business(self) -> None:
        """Start the fixed staff, and see to the stock."""
        super().open_for_business()
        if self.purchasing is not None and self.production.warehouse.period is None:
            self.purchasing.replenish(range(len(self.production.skus)))
        self.production.open()

    def opening_stock(self) -> Goods:
        """Return what is in stock before the first order."""
        return self.production.warehouse.in_stock()

    def work(self) -> Process:
        """Serve one request after the other; an order is supplied in a process of its own."""
        worker = self.inbox.new_worker()
        while True:
            delivery: Delivery = yield worker.receive()
            seconds = self._handling_seconds()
            if seconds > 0:
                yield worker.serve_for(seconds)
            try:
                match delivery.message:
                    case PlaceOrder():
                        self.start(self._supply(delivery), delivery)
                    case CancelOrder():
                        self._cancel(delivery)
                    case Replace():
                        self._replace(delivery)
                    case Deliver() if self.purchasing is not None:
                        self.purchasing.note_received(delivery.message, delivery.order)
                        delivery.acknowledge()
                    case other:
                        raise TypeError(f"not understood: {type(other).__name__}")
            except Exception as error:
                raise self.failure(delivery, error) from error

    # An order: paid for, taken on or rejected

    def _supply(self, delivery: Delivery) -> Process:
        """Everything that one order asks of the supplier, from its charges to the goods' arrival."""
        order, message = delivery.order, delivery.message
        if self.decisions.is_on_credit(delivery.message, delivery.sender):
            yield from self._take_or_reject(Supply(delivery, None, on_credit=True), message.lines)
            return
        # The step names the transaction, because all who order without an order share one key.
        verify, step = VerifyTransaction(message.charges), f"verify:{message.charges}"
        payment = yield from self.ask_until_answered(self.channels[self.bank], verify, step=step, order=order)
        if isinstance(payment, NoReply):
            return
        refusal_reason = self.decisions.refusal_reason(message, payment, order)
        if refusal_reason is None and delivery.sender not in self._terms.buyers:
            refusal_reason = Reason.NOT_THE_SHOP
        if isinstance(payment, Decline) or refusal_reason is not None:
            delivery.answer(OrderRejected(refusal_reason or Reason.TRANSACTION_MISMATCH))
            return
        if not self.book.charges(self.clock.now, message.charges, order, payment.amount):
            delivery.answer(OrderRejected(Reason.TRANSACTION_USED))
            return
        self.debts.money_in()
        yield from self._take_or_reject(Supply(delivery, payment), message.lines)

    def _take_or_reject(self, supply: Supply, lines: Lines) -> Iterable[Waitable]:
        """Take an order on, or reject it and give its charges back; return what is to be done next."""
        self._open[supply] = None
        if self.decisions.accepts(lines):
            supply.answers[0].give(_ACCEPTED)
            self._unshipped[supply.order] = supply
            return self._take_on(supply, self.decisions.products(lines))
        supply.is_off = True
        return self._return_charges(supply)

    def _replace(self, delivery: Delivery) -> None:
        """Take a replacement under warranty on, or reject it; nobody pays for it."""
        message = delivery.message
        refusal_reason = self.decisions.replacement_refusal_reason(message, delivery.sender)
        if refusal_reason is not None:
            delivery.answer(OrderRejected(refusal_reason))
            return
        supply = Supply(delivery, None)
        self._open[supply] = None
        supply.answers[0].give(_ACCEPTED)
        self.start(self._go_on(self._take_on(supply, self.decisions.products(message.lines)), supply), delivery)

    def _take_on(self, supply: Supply, goods: Goods, *, expedite: bool = False) -> Iterable[Waitable]:
        """Reserve goods for an order, have made or wait for the others; return what is to be done next."""
        work_order = self.production.provide(supply, goods, expedite=expedite)
        parcel = self._pack(supply)
        if work_order is None:
            return () if parcel is None else self._carry(supply, parcel)
        if parcel is not None:
            self._run_for(supply, self._carry(supply, parcel))
        return self._make(supply, work_order)

    def _send_off(self, supply: Supply) -> None:
        """Ship what is complete of an order, in a process of its own."""
        parcel = self._pack(supply)
        if parcel is not None:
            self._run_for(supply, self._carry(supply, parcel))

    def _run_for(self, supply: Supply, process: Iterable[Waitable]) -> None:
        """Go on with an order in another process."""
        self.run(self._go_on(process, supply))

    def _go_on(self, process: Iterable[Waitable], supply: Supply) -> Process:
        try:
            yield from process
        except Exception as error:
            if isinstance(error, EntityError):
                raise
            where = f"{self.name} failed on order {supply.order} at {self.clock.now} s"
            raise EntityError(f"{where}: {type(error).__name__}: {error}") from error

    def _close(self, supply: Supply) -> None:
        """Strike an order from the records if nothing is left to be done for it."""
        is_waiting = supply.outcome is None if supply.is_off else supply.reservations
        if not (is_waiting or supply.work_orders or supply.parcels):
            self._open.pop(supply, None)

    def _make(self, supply: Supply, work_order: WorkOrder) -> Process:
        """Wait until goods are made for an order, and send them off at once."""
        if work_order.ready_at > self.clock.now:
            yield self.clock.pause(work_order.ready_at - self.clock.now)
        self.production.finish(supply, work_order)
        parcel = None if supply.is_off else self._pack(supply)
        if parcel is not None:
            yield from self._carry(supply, parcel)
        self._close(supply)

    # Parcels

    def _pack(self, supply: Supply) -> Parcel | None:
        """Ship what may be sent now, if anything: complete lines, and all of them unless some may go ahead."""
        ready_by_product: dict[int, int] = {}  # what is sent again may wait beside the rest of its line
        waiting = []
        in_parts = self._parts and supply.user < 0
        for reservation in supply.reservations:
            ready = reservation.units - reservation.missing
            if reservation.missing:
                waiting.append(reservation)
            if ready and (in_parts or not reservation.missing):
                ready_by_product[reservation.product] = ready_by_product.get(reservation.product, 0) + ready
        goods = list(ready_by_product.items())
        if in_parts:
            for reservation in waiting:
                reservation.units = reservation.missing
        elif not goods or (waiting and (supply.collect or not self._partial)):
            return None
        supply.reservations = waiting
        lines = tuple([(self.production.skus[product], units) for product, units in goods])
        if not supply.replaces:
            self._unshipped.pop(supply.order, None)
        now, book = self.clock.now, self.book
        costs = book.shipped(now, supply.order, goods)
        parcel = Parcel(book.allot(), lines, goods, costs, self._courier, supply.user, now)
        supply.parcels.append(parcel)
        return parcel

    def _carry(self, supply: Supply, parcel: Parcel) -> Process:
        """Bring a parcel to its recipient, and do what follows from what is said at the door."""
        to_buyer = supply.user < 0
        if parcel.reply is None:
            if parcel.arrives_at > self.clock.now:
                yield self.clock.pause(parcel.arrives_at - self.clock.now)
            if parcel.is_lost:
                yield from self._send_again(supply, parcel)
                return
            reply = yield from self.ask_until_answered(
                self.channel_to(supply.user),
                supply.hand_over(parcel, self._courier_wallet.account),
                step=f"deliver:{parcel.entry}", order=supply.order, to=supply.user,
            )  # fmt: skip
            if not isinstance(reply, Acknowledged | CashCollected | DeliveryRefused):
                return
            self._note_reply(supply, parcel, reply)
        if isinstance(parcel.reply, DeliveryRefused):
            yield from self._take_back(supply, parcel, parcel.reply)
        elif not (to_buyer or supply.replaces):
            if not parcel.is_reported:
                notice, step = parcel.delivery_notice(supply.collect), f"delivered:{parcel.entry}"
                yield from self.send_notice_reliably(
                    self.channel_to(supply.buyer), notice, step=step, order=supply.order
                )
                parcel.is_reported = True
            if supply.collect:
                yield from self._remit(supply, parcel)
        supply.parcels.remove(parcel)
        self._close(supply)

    def _note_reply(
        self, supply: Supply, parcel: Parcel, reply: Acknowledged | CashCollected | DeliveryRefused
    ) -> None:
        """Write what became of a parcel at the door."""
        now, order, goods = self.clock.now, supply.order, parcel.goods
        parcel.reply = reply
        if isinstance(reply, DeliveryRefused):
            self.book.came_back(now, order, goods, parcel.costs, self._terms.return_transport)
            self.production.put_in(goods)
        elif supply.replaces:
            self.book.replaced(now, parcel.entry, order, goods, sum(parcel.costs))
        else:
            due, cost = self.decisions.due(parcel.lines), sum(parcel.costs)
            self.book.delivered(now, parcel.entry, order, goods, due, cost, supply.on_credit)
        if isinstance(reply, CashCollected):
            self.book.collected(now, reply.transaction, order, supply.collect)
            parcel.remit_at = now + self._terms.remit_seconds

    def _send_again(self, supply: Supply, parcel: Parcel) -> Process:
        """Write a lost parcel off and supply its goods once more, before all others."""
        self.book.lost(self.clock.now, supply.order, parcel.goods, sum(parcel.costs))
        supply.parcels.remove(parcel)
        yield from self._take_on(supply, parcel.goods, expedite=True)

    def _remit(self, supply: Supply, parcel: Parcel) -> Process:
        """Pass on to the shop what was collected for a parcel."""
        order = supply.order
        if not isinstance(parcel.reply, CashCollected) or supply.payment is None:
            return
        if parcel.remit_at > self.clock.now:
            yield self.clock.pause(parcel.remit_at - self.clock.now)
        remit = Transfer(*self._courier_wallet, supply.collect, supply.payment.payer)
        receipt = yield from self.ask_until_answered(self.channels[self.bank], remit, step="remit", order=order)
        if isinstance(receipt, Receipt):
            self.book.remitted(self.clock.now, receipt.transaction, order, receipt.amount)
            remitted = Remitted(receipt.transaction, receipt.amount)
            yield from self.send_notice_reliably(
                self.channel_to(supply.buyer), remitted, step="remitted", order=order
            )

    # Charges that go back: rejected, cancelled, refused at the door

    def _cancel(self, delivery: Delivery) -> None:
        """Cancel an order of which nothing has been shipped, or refuse to."""
        before = self._cancelled.get(delivery.order)
        if before is not None and delivery.sender == before.buyer:  # asked again
            answer = Answer(delivery)
            before.answers.append(answer)
            if before.outcome is not None:
                answer.give(before.outcome)
            return
        supply = self._unshipped.get(delivery.order)
        if supply is None or delivery.sender != supply.buyer:
            delivery.answer(Refusal(Reason.NOT_CANCELLABLE, delivery.order))
            return
        self._cancelled[supply.order] = self._unshipped.pop(supply.order)
        supply.answers.append(Answer(delivery))
        supply.is_off = True
        self.production.release(supply)
        self.start(self._return_charges(supply), delivery)

    def _return_charges(self, supply: Supply) -> Process:
        """Give the charges of an order back, if any, that cannot be supplied, or was cancelled."""
        receipt: object = None
        if supply.payment is not None:
            give_back = Transfer(*self.wallet, supply.payment.amount, supply.payment.payer)
            receipt = yield from self.ask_until_answered(
                self.channels[self.bank], give_back, step="charges-return", order=supply.order
            )
        returned: tuple[int, ...] = ()
        if isinstance(receipt, Receipt):
            self.book.charges_returned(self.clock.now, receipt.transaction, supply.order, receipt.amount)
            returned = (receipt.transaction, receipt.amount)
        if supply.order in self._cancelled:
            supply.outcome = OrderCancelled(Reason.CHANGED_MIND, *returned)
        else:
            supply.outcome = OrderRejected(Reason.OUT_OF_STOCK, *returned)
        for answer in supply.answers:
            answer.give(supply.outcome)
        self._close(supply)

    def _take_back(self, supply: Supply, parcel: Parcel, refused: DeliveryRefused) -> Process:
        """Give the charges of a refused parcel back, less the transport that is charged on, and tell the shop."""
        assert supply.payment is not None
        order, due = supply.order, self.decisions.due(parcel.lines)
        charged = min(due, self._terms.transport_charged.of(self._terms.return_transport))
        if parcel.returned == NO_ID and due == charged:  # nothing is left to be paid
            parcel.returned = self.book.allot()
        elif parcel.returned == NO_ID:
            give_back = Transfer(*self.wallet, due - charged, supply.payment.payer)
            receipt = yield from self.ask_until_answered(
                self.channels[self.bank], give_back, step="charges-return", order=order
            )
            if not isinstance(receipt, Receipt):
                return
            parcel.returned = receipt.transaction
        self.book.charges_returned(self.clock.now, parcel.returned, order, due - charged, charged)
        notice = ReturnedToSender(refused.reason, parcel.returned, due - charged, charged)
        yield from self.send_notice_reliably(
            self.channel_to(supply.buyer), notice, step=f"came-back:{parcel.entry}", order=order
        )

    # Crash and restart

    def recover(self) -> None:
        """Go on with every order whose charges had come, with the lots that came meanwhile."""
        for supply in self._open:
            for answer in supply.answers:
                answer.resume(self.inbox)
            if supply.is_off and supply.outcome is None:
                self._run_for(supply, self._return_charges(supply))
            for work_order in supply.work_orders:
                self._run_for(supply, self._make(supply, work_order))
            for parcel in supply.parcels:
                self._run_for(supply, self._carry(supply, parcel))
        self.production.receive_lots()
        if self.purchasing is not None:
            self.purchasing.resume_all()

    def crash(self) -> None:
        """Stop at once; what is owed is on record with each purchase."""
        super().crash()
        self.debts.forget()
