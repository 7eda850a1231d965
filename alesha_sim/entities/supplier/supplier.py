"""The supplier: supplies what the shop ordered, once its charges have come; it posts by `books/supplier.py`.

How goods are had or made is in `entities/supplier/production.py`, how parcels travel in `entities/courier.py`.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from alesha_sim.books.supplier import SupplierBook
from alesha_sim.entities.courier import Parcel
from alesha_sim.entities.entity import Entity, EntityError, Process, Wallet
from alesha_sim.entities.stock import Goods
from alesha_sim.entities.supplier.production import Production, Supply, WorkOrder
from alesha_sim.entities.supplier.terms import SupplierTerms
from alesha_sim.kernel.clock import Clock
from alesha_sim.kernel.signal import Waitable
from alesha_sim.messages import (
    Acknowledged,
    CancelOrder,
    CashCollected,
    Decline,
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
    Verification,
    VerifyTransaction,
)
from alesha_sim.network import Answer, Delivery, NoReply
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
    ) -> None:
        super().__init__(clock, "supplier", SUPPLIER, terms.workers)
        self.book = book
        self.wallet = wallets[SUPPLIER]
        self.production = Production(self, book, log, terms, self._send_off)
        self._open: dict[Supply, None] = {}
        self._unshipped: dict[int, Supply] = {}
        self._cancelled: dict[int, Supply] = {}
        self._terms = terms
        self._handling_seconds, self._courier, self._partial = terms.handling_seconds, terms.courier, terms.partial
        self._charges = terms.charges
        self._stock: Any = terms.stock.policy  # one of somebody's own may answer with anything
        self._courier_wallet = wallets[COURIER]

    def open_for_business(self) -> None:
        """Start the fixed staff, and review the stock when it is time."""
        super().open_for_business()
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
                    case other:
                        raise TypeError(f"not understood: {type(other).__name__}")
            except Exception as error:
                raise self.failure(delivery, error) from error

    # An order: paid for, taken on or rejected

    def _supply(self, delivery: Delivery) -> Process:
        """Everything that one order asks of the supplier, from its charges to the goods' arrival."""
        order, message = delivery.order, delivery.message
        # The step names the transaction, because all who order without an order share one key.
        verify, step = VerifyTransaction(message.charges), f"verify:{message.charges}"
        payment = yield from self.ask_until_answered(self.channels[self.bank], verify, step=step, order=order)
        if isinstance(payment, NoReply):
            return
        refusal_reason = self.refusal_reason(message, payment, order)
        if refusal_reason is None and delivery.sender not in self._terms.buyers:
            refusal_reason = Reason.NOT_THE_SHOP
        if isinstance(payment, Decline) or refusal_reason is not None:
            delivery.answer(OrderRejected(refusal_reason or Reason.TRANSACTION_MISMATCH))
            return
        if not self.book.charges(self.clock.now, message.charges, order, payment.amount):
            delivery.answer(OrderRejected(Reason.TRANSACTION_USED))
            return
        supply = Supply(delivery, payment)
        self._open[supply] = None
        if self.accepts(message.lines):
            supply.answers[0].give(_ACCEPTED)
            self._unshipped[order] = supply
            rest = self._take_on(supply, self._products(message.lines))
        else:
            supply.is_off = True
            rest = self._return_charges(supply)
        yield from rest

    def _replace(self, delivery: Delivery) -> None:
        """Take a replacement under warranty on, or reject it; nobody pays for it."""
        message = delivery.message
        refusal_reason = self.replacement_refusal_reason(message, delivery.sender)
        if refusal_reason is not None:
            delivery.answer(OrderRejected(refusal_reason))
            return
        supply = Supply(delivery, None)
        self._open[supply] = None
        supply.answers[0].give(_ACCEPTED)
        self.start(self._go_on(self._take_on(supply, self._products(message.lines)), supply), delivery)

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
        goods, waiting = [], []
        for reservation in supply.reservations:
            if reservation.missing:
                waiting.append(reservation)
            else:
                goods.append((reservation.product, reservation.units))
        if not goods or (waiting and (supply.collect or not self._partial)):
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
            self.book.delivered(now, parcel.entry, order, goods, self._due(parcel.lines), sum(parcel.costs))
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
        """Give the charges of an order back that cannot be supplied, or was cancelled."""
        assert supply.payment is not None
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
        order, due = supply.order, self._due(parcel.lines)
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

    # Decisions

    def accepts(self, lines: Lines) -> bool:
        """Tell whether an order is taken: the policy takes it, and what is not there may be waited for."""
        if not self._stock.accepts(lines):
            return False
        if self._terms.unmet_demand == "backordered":
            return True
        goods = self._products(lines)
        served = self.production.warehouse.can_serve(goods)
        if not served:
            self.production.warehouse.demand(goods, self.clock.now)
        return served

    def refusal_reason(self, message: PlaceOrder, payment: Verification | Decline, order: int) -> Reason | None:
        """Say why the named transaction does not pay for this order, if it does not."""
        try:
            due = self._due(message.lines)
        except KeyError:
            return Reason.UNKNOWN_PRODUCT
        if isinstance(payment, Decline):
            return payment.reason
        is_paid = payment.order == order and payment.payee == self.wallet.account and payment.amount == due
        return None if is_paid else Reason.TRANSACTION_MISMATCH

    def replacement_refusal_reason(self, message: Replace, sender: int) -> Reason | None:
        """Say why broken goods are not replaced, if they are not."""
        if sender not in self._terms.buyers:
            return Reason.NOT_THE_SHOP
        if any(sku not in self._charges for sku, _ in message.lines):
            return Reason.UNKNOWN_PRODUCT
        return None if self.accepts(message.lines) else Reason.OUT_OF_STOCK

    def _due(self, lines: Lines) -> int:
        return sum(self._charges[sku][1] * units for sku, units in lines)

    def _products(self, lines: Lines) -> Goods:
        return [(self._charges[sku][0], units) for sku, units in lines]
