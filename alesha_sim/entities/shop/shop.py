"""The shop: shows its products, knows its customers, takes orders, has them paid, and buys from its supplier.

Here is the purchase, and the news that comes of it. The pages are in `entities/shop/storefront.py`, the order desk
in `entities/shop/order_desk.py`; debts wait for money in `entities/shop/payables.py`. How orders end that are not
supplied is in `entities/shop/cancellations.py`, what comes after the sale in `entities/shop/after_sales.py`, the
shop's own goods in `entities/shop/own_stock.py`. What the shop writes in its book is in `books/shop.py`.
"""

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from math import inf
from typing import Any

from simpy.events import Event

from alesha_sim.books.shop import ShopBook
from alesha_sim.entities.courier import Courier
from alesha_sim.entities.entity import Asking, Entity, Process, Wallet
from alesha_sim.entities.shop.after_sales import AfterSale, Grants
from alesha_sim.entities.shop.cancellations import Cancellations
from alesha_sim.entities.shop.order import Article, Order
from alesha_sim.entities.shop.order_desk import OrderDesk, is_unpaid
from alesha_sim.entities.shop.own_stock import OwnStock
from alesha_sim.entities.shop.payables import Debts
from alesha_sim.entities.shop.storefront import Pages
from alesha_sim.entities.stock import Warehouse
from alesha_sim.kernel.clock import Clock
from alesha_sim.kernel.timers import Bell
from alesha_sim.messages import (
    DEPOSIT,
    Authorise,
    CameBack,
    CancelOrder,
    ClaimWarranty,
    Complain,
    Confirmation,
    Credited,
    Decline,
    Deliver,
    Delivered,
    EnquirePayment,
    EnquireTransaction,
    Invoice,
    Lines,
    OrderAccepted,
    OrderRejected,
    Pay,
    PayAtDoor,
    PlaceOrder,
    Reason,
    Receipt,
    Refunded,
    Refusal,
    Remitted,
    ReturnGoods,
    Transfer,
)
from alesha_sim.network import Answer, Delivery, NoReply
from alesha_sim.policies import StockPolicy
from alesha_sim.recording.run_logs import Records
from alesha_sim.vocabulary import DECLINED, IN_DOUBT, NO_ID, ON_THE_WAY, PROCESSING, SHOP, STATUSES


class Shop(Entity):
    """Serves pages and payments; whoever buys must have registered and logged in.

    The share `advance` of an order is paid from an account before delivery, which is promised within
    `promise_seconds`; one user may order `limit` units of a product in all. What the shop grants afterwards is
    explained by `Grants`; without `keeps_orders` it grants nothing, since it has forgotten closed orders. With a
    `stock` policy it keeps goods of its own, reviewed until `horizon`, seconds (see `Warehouse`); then it needs a
    `courier` to send them.
    """

    def __init__(
        self, clock: Clock, book: ShopBook, records: Records, wallet: Wallet, *, workers: int | None,
        page_seconds: Callable[[], float], articles: Sequence[Article], supplier_account: int,
        unpaid_seconds: float | None = None, promise_seconds: float = inf, advance: float = 1.0,
        limit: int | None = None, keeps_orders: bool = False, restocking: float = 0.0, unfit: float = 0.0,
        chance: Callable[[], float] | None = None, compensation: float = 0.0, stock: StockPolicy | None = None,
        courier: Courier | None = None, horizon: float = inf,
    ) -> None:  # fmt: skip
        super().__init__(clock, "shop", SHOP, workers)
        self.book = book
        self.wallet = wallet
        self.desk = OrderDesk(
            articles, records.orders, promise_seconds=promise_seconds, advance=advance, limit=limit,
            keeps_orders=keeps_orders,
        )  # fmt: skip
        self.pages = Pages(clock, self.desk, articles, records.registered_at, self._watch)
        self.debts = Debts(self)
        self.cancellations = Cancellations(self)
        self.after_sale = AfterSale(self, Grants(restocking, unfit, chance, compensation))
        self._page_seconds = page_seconds
        self._supplier_account = supplier_account
        self._unpaid: Bell | None = None
        if unpaid_seconds is not None:
            self._unpaid = Bell(clock, unpaid_seconds, is_unpaid, self.cancellations.cancel_unpaid)
        self.stock: OwnStock | None = None
        if stock is not None:
            skus = tuple(self.desk.articles)
            charges = [article.charge for article in self.desk.articles.values()]
            warehouse = Warehouse(stock, skus, horizon=horizon, costs=charges, owner="shop.stock")
            self.stock = OwnStock(self, warehouse, courier)
        self._news: dict[type, Callable[[Any, int], None]] = {
            Delivered: self._note_delivered,
            Credited: self._note_credited,
            Remitted: self._note_remitted,
            Refunded: self.cancellations.note_refunded,
            CameBack: self.cancellations.note_came_back,
            **({} if self.stock is None else {Deliver: self.stock.note_received}),
        }
        self._errands: dict[type, Callable[[Delivery], Process]] = {
            Pay: self._sell,
            PayAtDoor: self._sell,
            EnquirePayment: self.cancellations.enquire,
            CancelOrder: self.cancellations.cancel,
            ReturnGoods: self.after_sale.take_back,
            Complain: self.after_sale.hear,
            ClaimWarranty: self.after_sale.claim,
        }

    def open_for_business(self) -> None:
        """Start the fixed staff, and see to the stock."""
        super().open_for_business()
        if self.stock is not None:
            self.stock.open()

    def work(self) -> Process:
        """Serve one request after the other; what asks others in turn goes on in a process of its own."""
        worker, news, errands = self.inbox.employ(), self._news, self._errands
        while True:
            delivery: Delivery = yield worker.receive()
            try:
                kind = type(delivery.message)
                if kind in news:
                    news[kind](delivery.message, delivery.order)
                    delivery.acknowledge()
                    continue
                seconds, is_errand = self._page_seconds(), kind in errands
                if seconds > 0 or is_errand:
                    delivery.begin()
                if seconds > 0:
                    yield worker.rest(seconds)
                if is_errand:
                    self.start(errands[kind](delivery), delivery)
                    continue
                reply = self.pages.answer(delivery.message, delivery.sender)
                if type(reply) is Invoice:
                    delivery.order = reply.order  # from here on the envelope names the order
                delivery.answer(reply)
            except Exception as error:
                raise self.failure(delivery, error) from error

    # A purchase: the user pays, now or at the door, the shop buys from its supplier, the user is told.

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
            self.desk.advance(order, PROCESSING, self.clock.now)
            yield from self._begin(order)
            return
        authorise = Authorise(pay.account, pay.secret, order.advance, self.wallet.account, order.promised_at)
        reply = yield from self.ask(self.bank, authorise, step="authorise", order=order.number)
        yield from self._go_on(order, reply)

    def _go_on(self, order: Order, reply: object) -> Iterable[Event]:
        """Take note of the bank's reply to a payment, and return what is to be done next about the order."""
        if isinstance(reply, Receipt):
            self._note_paid(order, reply)
            return self._begin(order)
        if isinstance(reply, NoReply):
            return self._enquire(order)
        self._note_declined(order, reply)
        self._tell_user(order, Refusal(Reason(order.reason), order.number))
        return ()

    def _enquire(self, order: Order) -> Process:
        """Ask the bank what became of a payment about which it said nothing, and go on with the order."""
        enquiry = EnquireTransaction("authorise")
        reply = yield from self.insist(self.bank, enquiry, step="enquire", order=order.number)
        if isinstance(reply, NoReply):
            self.desk.advance(order, IN_DOUBT, self.clock.now)
        else:
            yield from self._go_on(order, reply)

    def _begin(self, order: Order) -> Process:
        """Have an order supplied for which the user has done their part."""
        if self.stock is not None and not order.is_off:
            self.stock.demand(order)
        return self.supply(order)

    def supply(self, order: Order) -> Process:
        """Have an order supplied, from stock, by the supplier now or when there is money, and tell the user."""
        waits_its_turn = self.debts.go_before(order) and order.waits_for_money and not self._is_served(order)
        reply = None if waits_its_turn else (yield from self._buy(order))
        if reply is None:
            self.debts.owe(order, partial(self._buy, order))
        self._tell_user(order, reply or self.confirmation(order))

    def _tell_user(self, order: Order, reply: Confirmation | Refusal) -> None:
        """Answer the user who is paying, and the one who asks what became of that, once."""
        for answer in (order.answer, order.enquirer):
            if answer is not None:
                answer.give(reply)

    def _buy(self, order: Order) -> Asking[Confirmation | Refusal | None]:
        """Pay the supplier's charges and place the order; None if there is not the money for it now."""
        if order.is_off:
            return order.regret()
        if self._is_served(order):
            return self.confirmation(order)
        if order.charges_paid == NO_ID:
            if not order.is_begun and self.book.cash_balance() < order.charges:
                return self._standstill(order)
            order.is_begun = True
            account, secret = self.wallet
            transfer = Transfer(account, secret, order.charges, self._supplier_account)
            step = f"charges:{order.tries}"
            paid = yield from self.insist(self.bank, transfer, step=step, order=order.number)
            if not self._note_charges(order, paid):
                return self._standstill(order)
        collect = order.total - order.advance
        place = PlaceOrder(order.lines, order.user, order.payment, order.charges_paid, collect, order.fee)
        reply = yield from self.insist(self.supplier, place, step="place", order=order.number)
        if isinstance(reply, OrderRejected):
            return (yield from self._call_off(order, reply))
        if isinstance(reply, OrderAccepted):
            self._note_accepted(order)
        else:
            self.desk.advance(order, IN_DOUBT, self.clock.now)
        return self.confirmation(order)

    def _standstill(self, order: Order) -> Confirmation | Refusal | None:
        """Return what is said of an order whose charges were not paid: None if it waits for money."""
        if order.is_off:  # refunded late in the meantime
            return order.regret()
        return self.confirmation(order) if order.status == IN_DOUBT else None

    def _is_served(self, order: Order) -> bool:
        """Tell whether an order is sent from stock, and send it if it can be."""
        if self.stock is None or not order.waits_for_money:
            return order.parcel is not None
        return self.stock.serve(order)

    def _note_charges(self, order: Order, reply: object) -> bool:
        """Take note of the bank's reply to a transfer of charges; False if they were not paid."""
        if isinstance(reply, Receipt):
            order.charges_paid = reply.transaction
            self.book.charges(self.clock.now, reply.transaction, order.number, reply.amount)
            self.desk.log.fill(order.number, "charges_transaction", reply.transaction)
            return True
        if isinstance(reply, Decline):  # try again under another key
            order.tries += 1
            self.cancellations.stand_by(order)
        else:
            self.desk.advance(order, IN_DOUBT, self.clock.now)
        return False

    def _call_off(self, order: Order, rejection: OrderRejected) -> Asking[Refusal]:
        """Cancel an order that the supplier rejected, and give the user's money back."""
        self.cancellations.note_charges_returned(order, rejection.transaction, rejection.returned)
        self.cancellations.call_off(order, rejection.reason)
        if self.stock is not None and order.user == SHOP:
            self.stock.abandon(order)
        return (yield from self._wind_up(order))

    def _wind_up(self, order: Order) -> Asking[Refusal]:
        """Give the money of a cancelled order back before anything else, and tell the user who is paying."""
        for due in order.dues:
            yield from self.debts.refund_at_once(order, due)
        regret = order.regret()
        self._tell_user(order, regret)
        return regret

    # Crash and restart

    def crash(self) -> None:
        """Stop at once; who has not paid may still do so after the restart."""
        super().crash()
        self.debts.forget()
        if self._unpaid is not None:
            self._unpaid.silence()

    def recover(self) -> None:
        """Go on with every unfinished order, in the order of their payments, from what is on record of it."""
        for order in sorted(self.desk.all_open(), key=lambda order: (order.payment, order.number)):
            for answer in (order.answer, order.enquirer, order.canceller):
                if answer is not None:
                    answer.resume(self.inbox)
            if order.is_off:
                self.run(self._wind_up(order))
            elif order.is_closed:
                self.run(self.debts.give_back(order, order.dues))
            elif is_unpaid(order):
                self._watch(order)
            elif not order.is_paid:
                self.run(self._enquire(order))
            elif order.parcel is not None and self.stock is not None:
                self.run(self.stock.carry(order, order.parcel))
            elif not order.is_accepted:
                self.run(self.supply(order))
            elif order.is_recalled:
                self.run(self.cancellations.recall(order))
            self.after_sale.resume(order)

    def _watch(self, order: Order) -> None:
        """Cancel the order if it is not paid in time."""
        if self._unpaid is not None:
            self._unpaid.watch(order)

    # What the shop writes down when it learns of a fact. News may come twice, before a reply, or when
    # an order is closed.

    def _note_paid(self, order: Order, receipt: Receipt) -> None:
        now = self.clock.now
        order.payment, order.pocket, order.fee = receipt.transaction, receipt.pocket, receipt.payer_fee
        self.book.payment(
            now, receipt.transaction, order.number, receipt.amount, receipt.pocket, receipt.fee, receipt.retained
        )  # fmt: skip
        self.desk.log.paid(order.number, receipt.transaction, now)
        self.desk.advance(order, PROCESSING, now)
        if order.is_refunded_late:  # the news of it overtook the receipt
            self.cancellations.call_off(order, Reason.LATE)
        elif receipt.pocket is DEPOSIT:
            self.debts.money_in()

    def _note_declined(self, order: Order, reply: object) -> None:
        order.reason = Reason.NOT_DONE
        if isinstance(reply, Decline):
            order.reason = reply.reason
            if reply.fee:
                self.book.declined_fee(self.clock.now, reply.transaction, order.number, reply.fee)
        self.desk.advance(order, DECLINED, self.clock.now)

    def _note_accepted(self, order: Order) -> None:
        self.desk.log.fill(order.number, "accepted_at", self.clock.now)
        self.desk.advance(order, ON_THE_WAY, self.clock.now)
        order.is_accepted = True
        if order.is_refunded_late and not order.is_closed:
            self.run(self.cancellations.recall(order))

    def _note_delivered(self, notice: Delivered, number: int) -> None:
        order, now = self.desk.find(number), self.clock.now
        if order is None or order.is_closed:
            return
        if notice.collected:
            order.collection, order.collected = notice.transaction, notice.collected
            self.book.collected(now, notice.transaction, number, notice.collected)
        price, charge = self.desk.worth(order, notice.lines)
        allowance = price if order.is_refunded_late else 0
        if self.book.delivered(now, notice.link, number, price, charge, order.pocket, allowance):
            self.note_goods(order, notice.lines, price)

    def note_goods(self, order: Order, lines: Lines, price: int) -> None:
        """Go on with an order of which the user has goods."""
        order.delivered_price += price
        self.desk.receive(order, lines, self.clock.now)
        if order.answer is not None and not order.answer.given:  # the goods overtook the supplier's acceptance
            self._tell_user(order, self.confirmation(order))

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
        self.debts.money_in()

    def _note_remitted(self, notice: Remitted, number: int) -> None:
        self.book.remitted(self.clock.now, notice.transaction, number, notice.amount)
        self.debts.money_in()

    # What the shop says

    def confirmation(self, order: Order) -> Confirmation:
        """Return the success message."""
        paid = f"Your payment was received (transaction {order.payment})."
        if order.payment == NO_ID:
            paid = "Your order was received; it is to be paid at the door."
        text = f"{paid} The ordered products will be supplied: {self.desk.describe(order)}."
        return Confirmation(order.number, order.payment, order.advance, STATUSES[order.status], text, order.fee)
