"""The user: visits the shop, registers, logs in, looks, chooses and pays. Read from top to bottom.

One `UserVisit` is one visit. It hands its order over to `OpenOrders`; what a user does about an order afterwards
is in `order_follow_up.py`, what outlives both (credentials, budgets, trust) in `context.py`.
"""

from functools import cache
from typing import Any

from mypy_extensions import mypyc_attr

from alesha_sim.entities.entity import Asking, Process, Reply
from alesha_sim.entities.user.context import ActingUser, UserContext
from alesha_sim.entities.user.intent import NoAnswer, VisitIntent, mistyped
from alesha_sim.entities.user.open_orders import OpenOrders
from alesha_sim.messages import (
    Asks,
    Checkout,
    Homepage,
    Invoice,
    LoggedIn,
    LogIn,
    Pay,
    PayAtDoor,
    Register,
    ViewHomepage,
    ViewProduct,
)
from alesha_sim.network import GaveUp, NoReply
from alesha_sim.vocabulary import (
    ABANDONED,
    BOUGHT,
    BROWSED,
    CHECKED_OUT,
    LOGGED_IN,
    LOOKED,
    NO_ID,
    PAID,
    REFUSED,
    UNANSWERED,
)

VIEW_HOMEPAGE = ViewHomepage()
_VIEW_PRODUCT = cache(ViewProduct)  # by SKU: one request does for all visitors


@mypyc_attr(allow_interpreted_subclasses=True)
class UserVisit(ActingUser):
    """A customer on one visit to the shop."""

    def __init__(self, context: UserContext, orders: OpenOrders, intent: VisitIntent) -> None:
        super().__init__(context, intent.user, context.shop())
        self.orders = orders
        self.intent = intent
        self.cart = intent.cart
        self.chosen_at = self.clock.now
        self.set_aside = 0
        self.number = context.log.arrived(self.clock.now, intent.user, intent.purpose, context.only_shop)

    @property
    def subject(self) -> str:
        """What this is about, for an error's text."""
        return f"visit {self.number}"

    def visit(self) -> Process:
        """Go through the whole visit, step by step; it ends wherever no answer comes, or comes too late."""
        try:
            homepage = yield from self.view_homepage()
            if not (self.intent.cart and homepage.offers):
                return self.leave(LOOKED)
            if not (yield from self.log_in()):
                return self.leave(REFUSED)
            yield from self.look_at_products()
            if not self.choose(homepage):
                return self.leave(LOOKED)
            invoice = yield from self.check_out()
            if invoice is None:
                return self.turn_away()
            if not self.affords(invoice):
                return self.leave(ABANDONED)
            paid = yield from self.pay(invoice)
            return self.leave(BOUGHT if paid else REFUSED)
        except NoAnswer as silence:
            return self.leave(silence.outcome)

    def ask_shop(self, message: Asks[Reply], *, step: str | None = None, order: int = NO_ID) -> Asking[Reply]:
        """Ask the shop; raises NoAnswer if it never replies, or not before the user's patience is over."""
        key = (self.code, order, self.number, step) if step is not None and self.shop.is_keyed else None
        request = self.shop.ask(message, self.code, self.shop.recipient, order, self.number, key)
        if self.context.patience is not None:
            self.shop.give_up_after(self.context.patience(), request, self.code)
        answer: Any = yield request
        kind = type(answer)
        if kind is NoReply or kind is GaveUp:
            raise NoAnswer(UNANSWERED if kind is NoReply else ABANDONED)
        reply: Reply = answer
        return reply

    def view_homepage(self) -> Asking[Homepage]:
        """Look at the home page, which shows all products and prices."""
        return self.ask_shop(VIEW_HOMEPAGE)

    def log_in(self) -> Asking[bool]:
        """Log in; a user refused as not registered registers first."""
        password = self.context.credentials.password(self.code)
        log_in = LogIn(password)
        reply = yield from self.ask_shop(log_in)
        if not isinstance(reply, LoggedIn):
            yield from self.ask_shop(Register(password), step="register")
            reply = yield from self.ask_shop(log_in)
        if not isinstance(reply, LoggedIn):
            return False
        self.context.log.reached(self.number, LOGGED_IN)
        return True

    def look_at_products(self) -> Process:
        """Look at the pages of the products that interest this visitor."""
        for sku in self.intent.views:
            yield from self.ask_shop(_VIEW_PRODUCT(sku))
        self.context.log.reached(self.number, BROWSED)

    def choose(self, homepage: Homepage) -> bool:
        """Settle what goes into the cart; False if nothing does, or more than the user's budget allows."""
        choice, budgets, prices = self.context.choice, self.context.budgets, self.context.prices
        self.chosen_at = self.clock.now
        if choice is not None:
            offers = prices.priced(homepage.offers)
            self.cart = choice.choose(offers, self.intent.cart, self.intent.draws.choice)
            if not self.cart:
                return False
        if budgets is None:
            return True
        self.set_aside = prices.shown(homepage.offers, self.cart)
        return budgets.take(self.code, self.set_aside)

    def check_out(self, again: int = 0) -> Asking[Invoice | None]:
        """Order what is in the cart; the invoice says what it costs, None that the shop refused."""
        checkout = Checkout(self.cart, method=self.intent.method)
        reply = yield from self.ask_shop(checkout, step=f"checkout:{again}")
        if not isinstance(reply, Invoice):
            return None
        self.orders.place(self.number, self.intent, self.cart, reply, self.shop)
        self.context.log.ordered(self.number, reply.order)
        self.context.log.reached(self.number, CHECKED_OUT)
        return reply

    def affords(self, invoice: Invoice) -> bool:
        """Tell whether the budget allows what the invoice says, where a price has changed since the home page."""
        budgets = self.context.budgets
        if budgets is None or invoice.total == self.set_aside:
            return True
        budgets.give_back(self.code, self.set_aside, self.chosen_at)
        if budgets.take(self.code, invoice.total):
            return True
        self.orders.close(invoice.order)
        return False

    def pay(self, invoice: Invoice) -> Asking[bool]:
        """Pay what is due now, if only at the door; the reply is the success message or why not."""
        pay = self.fill_in(invoice) if invoice.advance else PayAtDoor(invoice.order)
        if invoice.advance and (self.context.patience is not None or self.shop.retry is not None):
            self.orders.note_paying(self, invoice)
        try:
            reply = yield from self.ask_shop(pay, step="pay", order=invoice.order)
        except NoAnswer:
            self.orders.note_silence(invoice.order)
            raise
        is_bought = self.orders.note_reply(self.code, invoice.order, reply)
        if is_bought and reply.transaction != NO_ID:
            self.context.log.reached(self.number, PAID)
        return is_bought

    def fill_in(self, invoice: Invoice) -> Pay:
        """Fill in the pop-up: account number and secret key."""
        account, secret = self.context.credentials.wallet(self.code)
        if self.intent.mistypes_secret:
            secret = mistyped(secret)
        pay = self.context.intercepted.payment = Pay(invoice.order, account, secret)
        return pay

    def turn_away(self) -> None:
        """End a visit whose cart the shop did not take."""
        self.context.note_refused_cart(self.code, self.set_aside, self.chosen_at, self.shop)
        self.leave(REFUSED)

    def leave(self, outcome: int) -> None:
        """End the visit."""
        self.context.log.left(self.number, self.clock.now, outcome)
