"""The shop: shows its products, knows its customers, takes orders, has them paid, and buys from its supplier.

Orders are kept by the desk in `entities/orders.py`; what the shop writes in its book is in `books/shop.py`.
"""

from collections import deque
from collections.abc import Callable, Sequence
from hashlib import blake2b

from simpy.events import Event

from alesha_sim.books.shop import ShopBook
from alesha_sim.entities.entity import Asking, Entity, Process, Wallet
from alesha_sim.entities.orders import Article, Order, OrderDesk, is_unpaid, status_name
from alesha_sim.messages import (
    Authorise,
    Checkout,
    Confirmation,
    Decline,
    Delivered,
    EnquireTransaction,
    Homepage,
    Invoice,
    LoggedIn,
    LogIn,
    OrderAccepted,
    OrderRejected,
    Pay,
    PlaceOrder,
    ProductPage,
    Reason,
    Receipt,
    Refund,
    Refusal,
    Register,
    Registered,
    Reply,
    Secret,
    Transfer,
    ViewHomepage,
    ViewProduct,
)
from alesha_sim.network import Answer, Bell, Channel, Clock, Delivery, NoReply
from alesha_sim.records import (
    CANCELLED,
    COMPLETED,
    DECLINED,
    IN_DOUBT,
    NO_ID,
    ON_THE_WAY,
    PROCESSING,
    SHOP,
    Records,
)

Settle = Callable[[Order], Asking]


class Shop(Entity):
    """Serves pages and payments; whoever buys must have registered and logged in."""

    def __init__(
        self, clock: Clock, book: ShopBook, records: Records, wallet: Wallet, *, workers: int | None,
        page_seconds: Callable[[], float], articles: Sequence[Article], supplier_account: int,
        unpaid_seconds: float | None = None,
    ) -> None:  # fmt: skip
        super().__init__(clock, "shop", SHOP, workers)
        self.book = book
        self.wallet = wallet
        self.desk = OrderDesk(articles, records.orders)
        self.bank: Channel
        self.supplier: Channel
        self._registered_at = records.registered_at
        self._page_seconds = page_seconds
        self._supplier_account = supplier_account
        self._homepage = Homepage(tuple(article.offer for article in articles))
        self._passwords: dict[int, bytes] = {}
        self._logged_in: set[int] = set()
        self._debts: deque[tuple[Order, Settle]] = deque()
        self._money_came: Event | None = None
        self._inflows = 0
        self._unpaid: Bell | None = None
        if unpaid_seconds is not None:
            self._unpaid = Bell(clock, unpaid_seconds, is_unpaid, self._cancel_unpaid)

    def work(self) -> Process:
        """Serve one request after the other; a payment goes on in a process of its own."""
        worker = self.inbox.employ()
        while True:
            delivery: Delivery = yield worker.receive()
            try:
                message = delivery.message
                if isinstance(message, Delivered):
                    self._note_delivered(message, delivery.order)
                    delivery.acknowledge()
                    continue
                seconds = self._page_seconds()
                if seconds > 0:
                    yield self.clock.timeout(seconds)
                if isinstance(message, Pay):
                    self.start(self._sell(delivery), delivery)
                else:
                    self._serve_page(delivery)
            except Exception as error:
                raise self.failure(delivery, error) from error

    # Pages: each is a decision on one request.

    def _serve_page(self, delivery: Delivery) -> None:
        reply = self.page(delivery.message, delivery.sender)
        if isinstance(reply, Invoice):
            delivery.order = reply.order  # from here on the envelope names the order
        delivery.answer(reply)

    def page(self, message: object, user: int) -> Reply:
        """Answer a request for a page."""
        match message:
            case ViewHomepage():
                return self._homepage
            case Register(password):
                return self.register(user, password)
            case LogIn(password):
                return self.log_in(user, password)
            case ViewProduct(sku):
                return self.product(sku)
            case Checkout():
                return self.check_out(message, user)
            case _:
                raise TypeError(f"the shop does not understand {type(message).__name__}")

    def register(self, user: int, password: Secret) -> Registered | Refusal:
        """Give a user a login, once."""
        if user in self._passwords:
            return Refusal(Reason.ALREADY_REGISTERED)
        self._passwords[user] = _digest(password)
        self._registered_at[user] = self.clock.now
        return Registered()

    def log_in(self, user: int, password: Secret) -> LoggedIn | Refusal:
        """Let a registered user in who knows the password."""
        known = self._passwords.get(user)
        if known is None:
            return Refusal(Reason.NOT_REGISTERED)
        if known != _digest(password):
            return Refusal(Reason.WRONG_PASSWORD)
        self._logged_in.add(user)
        return LoggedIn()

    def product(self, sku: str) -> ProductPage | Refusal:
        """Show one product."""
        article = self.desk.articles.get(sku)
        if article is None:
            return Refusal(Reason.UNKNOWN_PRODUCT)
        return ProductPage(article.offer, article.warranty_seconds, article.return_window_seconds)

    def check_out(self, checkout: Checkout, user: int) -> Invoice | Refusal:
        """Take the order of a user who is logged in, and say what it costs."""
        if user not in self._logged_in:
            return Refusal(Reason.NOT_LOGGED_IN)
        objection = self.desk.objection(checkout.lines)
        if objection is not None:
            return Refusal(objection)
        if checkout.total is not None and checkout.total != self.desk.total(checkout.lines):
            return Refusal(Reason.WRONG_TOTAL)
        order = self.desk.place(self.clock.now, user, checkout.lines)
        self._watch(order)
        return Invoice(order.number, order.total)

    # A purchase: the user pays, the shop buys from its supplier, the user is told.

    def _sell(self, delivery: Delivery) -> Process:
        """Have an order paid, buy its goods, and answer the user's `Pay`."""
        pay = delivery.message
        order = self.desk.payable(pay.order, delivery.sender)
        if isinstance(order, Reason):
            delivery.answer(Refusal(order, pay.order))
            return
        order.answer = Answer(delivery)
        authorise = Authorise(pay.account, pay.secret, order.total, self.wallet.account)
        reply = yield from self.ask(self.bank, authorise, step="authorise", order=order.number)
        yield from self._go_on(order, reply)

    def _go_on(self, order: Order, reply: object) -> Process:
        """Go on with an order after the bank's reply; without one, ask the bank what became of the payment."""
        if isinstance(reply, NoReply):
            enquiry = EnquireTransaction("authorise")
            reply = yield from self.insist(self.bank, enquiry, step="enquire", order=order.number)
        if isinstance(reply, NoReply):
            self.desk.advance(order, IN_DOUBT, self.clock.now)
        elif isinstance(reply, Receipt):
            self._note_paid(order, reply)
            yield from self._supply(order)
        else:
            order.reason = reply.reason if isinstance(reply, Decline) else Reason.NOT_DONE
            self.desk.advance(order, DECLINED, self.clock.now)
            self._tell_user(order, Refusal(order.reason, order.number))

    def _supply(self, order: Order) -> Process:
        """Have a paid order supplied, now or when there is money, and tell the user."""
        waits_its_turn = bool(self._debts) and not order.is_begun
        reply = None if waits_its_turn else (yield from self._buy(order))
        if reply is None:
            self._owe(order, self._buy)
        self._tell_user(order, reply or self._confirmation(order))

    def _tell_user(self, order: Order, reply: Confirmation | Refusal) -> None:
        """Answer the user's `Pay`, once."""
        if order.answer is not None:
            order.answer.give(reply)

    def _buy(self, order: Order) -> Asking:
        """Pay the supplier's charges and place the order; None if there is not the money for it now."""
        if order.rejection is not None:
            return (yield from self._call_off(order, order.rejection))
        if order.charges_paid == NO_ID and not (yield from self._pay_charges(order)):
            return self._confirmation(order) if order.status == IN_DOUBT else None
        place = PlaceOrder(order.lines, order.user, order.payment, order.charges_paid)
        reply = yield from self.insist(self.supplier, place, step="place", order=order.number)
        if isinstance(reply, OrderAccepted):
            self.desk.log.fill(order.number, "accepted_at", self.clock.now)
            self.desk.advance(order, ON_THE_WAY, self.clock.now)
        elif isinstance(reply, OrderRejected):
            return (yield from self._call_off(order, reply))
        else:
            self.desk.advance(order, IN_DOUBT, self.clock.now)
        return self._confirmation(order)

    def _pay_charges(self, order: Order) -> Asking:
        """Pay the supplier's charges of an order; False if there is not the money for it now."""
        if not order.is_begun and self.book.cash_balance() < order.charges:
            return False
        order.is_begun = True
        transfer = Transfer(*self.wallet, order.charges, self._supplier_account)
        step = f"charges:{order.tries}"
        reply = yield from self.insist(self.bank, transfer, step=step, order=order.number)
        if not isinstance(reply, Receipt):
            self._note_not_paid(order, reply)
            return False
        order.charges_paid = reply.transaction
        self.book.charges(self.clock.now, reply.transaction, order.number, reply.amount)
        self.desk.log.fill(order.number, "charges_transaction", reply.transaction)
        return True

    def _call_off(self, order: Order, rejection: OrderRejected) -> Asking:
        """Cancel an order that the supplier rejected, and give the user's money back."""
        if order.rejection is None:
            order.rejection = rejection
            order.reason = rejection.reason
            now = self.clock.now
            if rejection.returned:
                self.book.charges_returned(now, rejection.transaction, order.number, rejection.returned)
            self.book.cancelled(now, order.number, order.total)
            self._money_in()
        if (yield from self._give_back(order)) is None:
            self._owe(order, self._give_back)
        return Refusal(rejection.reason, order.number, order.payment, order.total)

    def _give_back(self, order: Order) -> Asking:
        """Refund a cancelled order and close it; None if there is not the money for it now."""
        order.is_begun = True
        refund = Refund(*self.wallet, order.payment, order.total)
        step = f"refund:{order.tries}"
        reply = yield from self.insist(self.bank, refund, step=step, order=order.number)
        if not isinstance(reply, Receipt):
            self._note_not_paid(order, reply)
            return reply if order.status == IN_DOUBT else None
        self.book.refund(self.clock.now, reply.transaction, order.number, reply.amount)
        self.desk.advance(order, CANCELLED, self.clock.now)
        return reply

    # Crash and restart

    def crash(self) -> None:
        """Stop at once; who has not paid may still do so after the restart."""
        super().crash()
        self._debts.clear()
        self._money_came = None
        if self._unpaid is not None:
            self._unpaid.silence()

    def recover(self) -> None:
        """Go on with every open order, in the order in which they were paid, from what is on record of it."""
        for order in sorted(self.desk.all_open(), key=lambda order: (order.payment, order.number)):
            if order.answer is None:
                self._watch(order)
                continue
            order.answer.resume(self.inbox)
            if order.payment == NO_ID:
                self.run(self._go_on(order, NoReply()))
            elif order.status != ON_THE_WAY:
                self.run(self._supply(order))

    def _watch(self, order: Order) -> None:
        """Cancel the order if it is not paid in time."""
        if self._unpaid is not None:
            self._unpaid.watch(order)

    def _cancel_unpaid(self, order: Order) -> None:
        order.reason = Reason.UNPAID
        self.desk.advance(order, CANCELLED, self.clock.now)

    # Debts: what cannot be paid at once waits for money, in order of arrival, and holds up no worker.

    def _owe(self, order: Order, settle: Settle) -> None:
        self._debts.append((order, settle))
        if len(self._debts) == 1:
            self.run(self._pay_debts())

    def _pay_debts(self) -> Process:
        """Settle one debt after the other, waiting for money in between; ends when nothing is owed."""
        while self._debts:
            order, settle = self._debts[0]
            inflows = self._inflows
            if (yield from settle(order)) is not None:
                self._debts.popleft()
            elif inflows == self._inflows:  # none came while the bank was asked
                self._money_came = self.clock.event()
                yield self._money_came

    def _money_in(self) -> None:
        """Wake whoever waits for money."""
        self._inflows += 1
        if self._money_came is not None:
            self._money_came.succeed()
            self._money_came = None

    # What the shop writes down when it learns of a fact.

    def _note_paid(self, order: Order, receipt: Receipt) -> None:
        now = self.clock.now
        order.payment = receipt.transaction
        self.book.payment(now, receipt.transaction, order.number, receipt.amount)
        self.desk.log.paid(order.number, receipt.transaction, now)
        self.desk.advance(order, PROCESSING, now)
        self._money_in()

    def _note_not_paid(self, order: Order, reply: object) -> None:
        """Try again under another key what the bank declined; without a reply, the matter is in doubt."""
        if isinstance(reply, Decline):
            order.tries += 1
            order.is_begun = False
        else:
            self.desk.advance(order, IN_DOUBT, self.clock.now)

    def _note_delivered(self, message: Delivered, number: int) -> None:
        order = self.desk.open_order(number)
        self.book.delivered(self.clock.now, message.link, number, order.total, order.charges)
        self.desk.log.fill(number, "delivered_at", self.clock.now)
        self.desk.advance(order, COMPLETED, self.clock.now)
        if order.answer is not None and not order.answer.given:  # the goods overtook the supplier's acceptance
            self._tell_user(order, self._confirmation(order))

    def _confirmation(self, order: Order) -> Confirmation:
        """Return the success message."""
        text = (
            f"Your payment was received (transaction {order.payment}). "
            f"The ordered products will be supplied: {self.desk.describe(order)}."
        )
        return Confirmation(order.number, order.payment, order.total, status_name(order), text)


def _digest(password: Secret) -> bytes:
    """Return what the shop keeps of a password."""
    return blake2b(password.encode(), digest_size=16).digest()
