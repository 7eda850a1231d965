"""The shop: shows its products, takes orders, has them paid, and hears what became of them.

This module has the payment, the news and the crash. The pages are in `storefront.py`, the orders in
`order_desk.py` and their states in `order_states.py`. `payables.py` has what waits for money, `fulfilment.py` how
a paid order is supplied, `cancellations.py` how one ends that is not, `own_stock.py` the shop's own goods,
`after_sales.py` what comes after the sale. Each part is handed what it uses. `books/shop.py` has what the shop
writes in its book.
"""

from collections.abc import Callable, Iterable
from typing import Any

from alesha_sim.books.shop import ShopBook
from alesha_sim.entities.entity import Asking, Entity, Process, Wallet
from alesha_sim.entities.purchasing import Purchase, Purchasing
from alesha_sim.entities.shop.after_sales import AfterSale
from alesha_sim.entities.shop.cancellations import Cancellations
from alesha_sim.entities.shop.fulfilment import Fulfilment
from alesha_sim.entities.shop.order import Order
from alesha_sim.entities.shop.order_desk import OrderDesk, is_unpaid
from alesha_sim.entities.shop.order_states import BEGUN, OPEN, PAID, RECALLED, REFUSED, UNANSWERED
from alesha_sim.entities.shop.own_stock import OwnStock
from alesha_sim.entities.shop.payables import Payables
from alesha_sim.entities.shop.storefront import Storefront
from alesha_sim.entities.shop.terms import ShopTerms
from alesha_sim.entities.sources import Sources
from alesha_sim.entities.stock import Reservation, Warehouse
from alesha_sim.kernel.clock import Clock
from alesha_sim.kernel.signal import Waitable
from alesha_sim.kernel.timers import Timeouts
from alesha_sim.messages import (
    DEPOSIT,
    Authorise,
    CancelOrder,
    ClaimWarranty,
    Complain,
    Credited,
    Decline,
    Deliver,
    Delivered,
    EnquirePayment,
    EnquireTransaction,
    Invoice,
    Pay,
    PayAtDoor,
    Reason,
    Receipt,
    Refunded,
    Refusal,
    Remitted,
    ReturnedToSender,
    ReturnGoods,
)
from alesha_sim.network import Answer, Delivery, NoReply
from alesha_sim.recording.run_logs import Records
from alesha_sim.vocabulary import SHOP


class Shop(Entity):
    """Serves pages and payments on its `terms`; only a user who has registered and logged in can buy.

    Raises ValueError for terms with a stock policy and no courier to send its goods.
    """

    def __init__(self, clock: Clock, book: ShopBook, records: Records, wallet: Wallet, terms: ShopTerms) -> None:
        super().__init__(clock, "shop", SHOP, terms.workers)
        self.book = book
        self.wallet = wallet
        skus = [item.offer.sku for item in terms.catalogue]
        self.desk = OrderDesk(terms, records.orders, Sources(skus, terms.purchasing))
        self.storefront = Storefront(clock, self.desk, records.registered_at, self._watch)
        self.payables = Payables(self, self.desk, book, wallet, self._buy)
        self.cancellations = Cancellations(self, self.desk, book, self.payables)
        self.stock = self._own_stock(terms, records)
        self.fulfilment = Fulfilment(self, self.desk, book, self.payables, self.cancellations, self.stock)
        self.after_sale = AfterSale(self, self.desk, book, self.payables, self.stock)
        self._page_seconds = terms.page_seconds
        self._unpaid: Timeouts | None = None
        if terms.unpaid_seconds is not None:
            self._unpaid = Timeouts(clock, terms.unpaid_seconds, is_unpaid, self.cancellations.cancel_unpaid)
        self._notices: dict[type, Callable[[Any, int], None]] = {
            Delivered: self._note_delivered,
            Credited: self._note_credited,
            Remitted: self._note_remitted,
            Refunded: self.cancellations.note_refunded,
            ReturnedToSender: self.cancellations.note_came_back,
            **({} if self.stock is None else {Deliver: self._note_received}),
        }
        self._long_requests: dict[type, Callable[[Delivery], Process]] = {
            Pay: self._sell,
            PayAtDoor: self._sell,
            EnquirePayment: self.cancellations.answer_enquiry,
            CancelOrder: self.cancellations.answer_cancel,
            ReturnGoods: self.after_sale.take_back,
            Complain: self.after_sale.answer_complaint,
            ClaimWarranty: self.after_sale.answer_claim,
        }

    # What the parts ask of one that is made after them.

    def _buy(self, order: Any) -> Asking[object]:
        if isinstance(order, Purchase) and self.stock is not None:
            return self.stock.purchasing.buy(order)
        return self.fulfilment.buy(order)

    def _own_stock(self, terms: ShopTerms, records: Records) -> OwnStock | None:
        """Return the shop's own stock, if it keeps any, empty."""
        if terms.stock is None:
            return None
        if terms.courier is None:
            raise ValueError("courier: None: must be given where the shop has a stock policy")
        sources = self.desk.sources
        charges = [max(each) for each in zip(*(seller.charges for seller in sources.sellers), strict=True)]
        warehouse = Warehouse(terms.stock, sources.skus, charges, owner="shop.stock")
        warehouse.available = [0] * len(sources.skus)
        purchasing = Purchasing(
            self,
            self.wallet,
            self.book,
            records.orders,
            warehouse,
            sources,
            self.payables,
            self._hand_out,
            terms.purchasing.order_seconds,
        )
        return OwnStock(self, self.desk, self.book, terms.courier, purchasing, self._send)

    def _hand_out(self, given: list[tuple[Reservation, int]]) -> None:
        if self.stock is not None:
            self.stock.hand_out(given)

    def _send(self, order: Order) -> None:
        if self.stock is not None and order.parcel is not None:
            self.run(self.fulfilment.send(self.stock, order, order.parcel))

    def open_for_business(self) -> None:
        """Start the fixed staff, and see to the stock."""
        self.desk.seller = self.code
        super().open_for_business()
        if self.stock is not None:
            self.stock.purchasing.open()

    def work(self) -> Process:
        """Serve one request after the other; what asks others in turn goes on in a process of its own."""
        worker, notices, long_requests = self.inbox.new_worker(), self._notices, self._long_requests
        while True:
            delivery: Delivery = yield worker.receive()
            try:
                kind = type(delivery.message)
                if kind in notices:
                    notices[kind](delivery.message, delivery.order)
                    delivery.acknowledge()
                    continue
                seconds, is_long = self._page_seconds(), kind in long_requests
                if seconds > 0:
                    yield worker.serve_for(seconds)
                if is_long:
                    self.start(long_requests[kind](delivery), delivery)
                    continue
                reply = self.storefront.answer(delivery.message, delivery.sender)
                if type(reply) is Invoice:
                    delivery.order = reply.order  # from here on the envelope names the order
                delivery.answer(reply)
            except Exception as error:
                raise self.failure(delivery, error) from error

    # A purchase: the user pays, now or at the door, then the order is supplied and the user is informed.

    def _sell(self, delivery: Delivery) -> Process:
        """Have an order paid, buy its goods, and answer the user's `Pay` or `PayAtDoor`."""
        pay = delivery.message
        at_door = type(pay) is PayAtDoor
        order = self.desk.payable(pay.order, delivery.sender, at_door=at_door)
        if isinstance(order, Reason):
            delivery.answer(Refusal(order, pay.order))
            return
        order.answer = Answer(delivery)
        if at_door:
            self.desk.note(order, PAID, self.clock.now)
            yield from self.fulfilment.begin(order)
            return
        authorise = Authorise(pay.account, pay.secret, order.advance, self.wallet.account, order.promised_at)
        reply = yield from self.ask(self.channels[self.bank], authorise, step="authorise", order=order.number)
        yield from self._go_on(order, reply)

    def _go_on(self, order: Order, reply: Receipt | Decline | NoReply) -> Iterable[Waitable]:
        """Take note of the bank's reply to a payment, and return what is to be done next about the order."""
        if isinstance(reply, Receipt):
            self._note_paid(order, reply)
            return self.fulfilment.begin(order)
        if isinstance(reply, NoReply):
            return self._enquire(order)
        self._note_declined(order, reply)
        self.fulfilment.tell_user(order, Refusal(Reason(order.reason), order.number))
        return ()

    def _enquire(self, order: Order) -> Process:
        """Ask the bank what became of a payment about which it said nothing, and go on with the order."""
        enquiry = EnquireTransaction("authorise")
        reply = yield from self.ask_until_answered(
            self.channels[self.bank], enquiry, step="enquire", order=order.number
        )
        if isinstance(reply, NoReply):
            self.desk.note(order, UNANSWERED, self.clock.now)
        else:
            yield from self._go_on(order, reply)

    # Crash and restart

    def crash(self) -> None:
        """Stop at once; who has not paid may still do so after the restart."""
        super().crash()
        self.payables.forget()
        if self._unpaid is not None:
            self._unpaid.clear()

    def recover(self) -> None:
        """Go on with every unfinished order, in the order of their payments, from what is on record of it."""
        for order in sorted(self._all_open(), key=lambda order: (order.payment, order.number)):
            if isinstance(order, Purchase):
                if self.stock is not None:
                    self.stock.purchasing.resume(order)
                continue
            for answer in (order.answer, order.enquirer, order.canceller):
                if answer is not None:
                    answer.resume(self.inbox)
            if order.is_off:
                self.run(self.fulfilment.wind_up(order))
            elif order.is_closed:
                self.run(self.payables.give_back(order, order.refunds_payable))
            elif is_unpaid(order):
                self._watch(order)
            elif not order.is_paid:
                self.run(self._enquire(order))
            elif order.parcel is not None and self.stock is not None:
                self.run(self.fulfilment.send(self.stock, order, order.parcel))
            elif order.fulfilment in (OPEN, BEGUN):
                self.run(self.fulfilment.supply(order))
            elif order.fulfilment == RECALLED:
                self.run(self.cancellations.recall(order))
            self.after_sale.resume(order)

    def _all_open(self) -> list[Order | Purchase]:
        purchases = [] if self.stock is None else self.stock.purchasing.all_open()
        return [*self.desk.all_open(), *purchases]

    def _watch(self, order: Order) -> None:
        """Cancel the order if it is not paid in time."""
        if self._unpaid is not None:
            self._unpaid.watch(order)

    # What the shop writes down when it hears of something. News may come twice, before a reply, or when an order
    # is closed.

    def _note_paid(self, order: Order, receipt: Receipt) -> None:
        now = self.clock.now
        order.payment, order.held_in, order.fee = receipt.transaction, receipt.held_in, receipt.payer_fee
        self.book.payment(
            now, receipt.transaction, order.number, receipt.amount, receipt.held_in, receipt.fee, receipt.retained
        )
        self.desk.log.paid(order.number, receipt.transaction, now)
        self.desk.note(order, PAID, now)
        if order.is_refunded_late:  # the news of it overtook the receipt
            self.cancellations.cancel_order(order, Reason.LATE)
        elif receipt.held_in is DEPOSIT:
            self.payables.money_in()

    def _note_declined(self, order: Order, reply: Decline) -> None:
        order.reason = reply.reason
        if reply.fee:
            self.book.declined_fee(self.clock.now, reply.transaction, order.number, reply.fee)
        self.desk.note(order, REFUSED, self.clock.now)

    def _note_delivered(self, notice: Delivered, number: int) -> None:
        order, now = self.desk.find(number), self.clock.now
        if order is None or order.is_closed:
            return
        if notice.collected:
            order.collection, order.collected = notice.transaction, notice.collected
            self.book.collected(now, notice.transaction, number, notice.collected)
        price, charge = self.desk.value_of(order, notice.lines)
        allowance = price if order.is_refunded_late else 0
        if self.book.delivered(now, notice.entry, number, price, charge, order.held_in, allowance):
            self.fulfilment.note_goods(order, notice.lines, price)

    def _note_received(self, parcel: Deliver, number: int) -> None:
        if self.stock is not None and self.stock.purchasing.note_received(parcel, number):
            self.payables.money_in()  # what waits for money may need none now

    def _note_credited(self, notice: Credited, number: int) -> None:
        now = self.clock.now
        if notice.cause == "release":
            self.book.released(now, notice.transaction, number, notice.amount)
        else:
            self.book.settled(now, notice.transaction, number, notice.amount, notice.fee, notice.retained)
            order = self.desk.find(number)
            if order is not None:
                order.is_settled = True
                self.desk.forget(order)
        self.payables.money_in()

    def _note_remitted(self, notice: Remitted, number: int) -> None:
        self.book.remitted(self.clock.now, notice.transaction, number, notice.amount)
        self.payables.money_in()
