"""The user: visits the shop, registers, logs in, looks, chooses, pays, and is told. Read from top to bottom.

One `User` is one visit. What outlives a visit (who is registered, invoices, cash, goods) belongs to the `Users`,
who also open the door when the supplier delivers. What users write is in `books/users.py`.
"""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from alesha_sim.books.users import UsersBook
from alesha_sim.entities.bank import account_number, secret_text
from alesha_sim.entities.entity import Asking, Entity, EntityError, Party, Process, Wallet
from alesha_sim.messages import (
    Checkout,
    Confirmation,
    Deliver,
    Invoice,
    Lines,
    LoggedIn,
    LogIn,
    Noted,
    Pay,
    Refunded,
    Register,
    Secret,
    ViewHomepage,
    ViewProduct,
)
from alesha_sim.network import Channel, Clock, Delivery
from alesha_sim.records import (
    BOUGHT,
    BROWSED,
    CHECKED_OUT,
    LOOKED,
    NO_ID,
    PAID,
    REFUSED,
    REGISTERED,
    VisitLog,
)


class Visit(NamedTuple):
    """What a visitor means to do, known before the clock starts: an empty cart is a look at the home page."""

    user: int
    cart: Lines
    views: tuple[str, ...]
    mistypes_secret: bool


class User(Party):
    """A customer on one visit to the shop."""

    def __init__(self, users: "Users", intent: Visit) -> None:
        super().__init__(users.clock, f"user:{intent.user}", intent.user)
        self.users = users
        self.intent = intent
        self.shop = users.shop
        self.number = users.log.arrived(self.clock.now, intent.user)

    def visit(self) -> Process:
        """Go through the whole visit, step by step."""
        yield from self.view_homepage()
        if not self.intent.cart:
            return self.leave(LOOKED)
        if not (yield from self.log_in()):
            return self.leave(REFUSED)
        yield from self.look_at_products()
        invoice = yield from self.check_out()
        if invoice is None:
            return self.leave(REFUSED)
        paid = yield from self.pay(invoice)
        return self.leave(BOUGHT if paid else REFUSED)

    def view_homepage(self) -> Asking:
        """Look at the home page, which shows all products and prices."""
        return (yield from self.ask(self.shop, ViewHomepage(), visit=self.number))

    def log_in(self) -> Asking:
        """Log in; whoever is refused for not being registered registers first."""
        password = self.users.password(self.code)
        reply = yield from self.ask(self.shop, LogIn(password), visit=self.number)
        if not isinstance(reply, LoggedIn):
            yield from self.ask(self.shop, Register(password), visit=self.number)
            reply = yield from self.ask(self.shop, LogIn(password), visit=self.number)
        if not isinstance(reply, LoggedIn):
            return False
        self.users.log.reached(self.number, REGISTERED)
        return True

    def look_at_products(self) -> Asking:
        """Look at the pages of the products that interest this visitor, and choose."""
        for sku in self.intent.views:
            yield from self.ask(self.shop, ViewProduct(sku), visit=self.number)
        self.users.log.reached(self.number, BROWSED)

    def check_out(self) -> Asking:
        """Order what is in the cart; the invoice says what it costs, None that the shop refused."""
        reply = yield from self.ask(self.shop, Checkout(self.intent.cart), visit=self.number)
        if not isinstance(reply, Invoice):
            return None
        self.users.invoices[reply.order] = reply
        self.users.log.ordered(self.number, reply.order)
        self.users.log.reached(self.number, CHECKED_OUT)
        return reply

    def pay(self, invoice: Invoice) -> Asking:
        """Fill in the pop-up: account number and secret key; the reply is the success message or why not."""
        account, secret = self.users.wallet(self.code)
        if self.intent.mistypes_secret:
            secret = mistyped(secret)
        request = Pay(invoice.order, account, secret)
        reply = yield from self.ask(self.shop, request, order=invoice.order, visit=self.number)
        if reply.transaction != NO_ID:
            self.users.note_payment(self.code, invoice, reply.transaction)
        if isinstance(reply, Confirmation):
            self.users.log.reached(self.number, PAID)
            return True
        self.users.invoices.pop(invoice.order, None)
        return False

    def leave(self, outcome: int) -> None:
        """End the visit."""
        self.users.log.left(self.number, self.clock.now, outcome)


class Users(Entity):
    """All customers: what they keep between visits, in arrays, and the door at which parcels arrive."""

    def __init__(
        self, clock: Clock, book: UsersBook, log: VisitLog, *, products: Mapping[str, int],
        secrets: npt.NDArray[np.uint64], passwords: npt.NDArray[np.uint64],
    ) -> None:  # fmt: skip
        super().__init__(clock, "users", NO_ID, None)
        self.book = book
        self.log = log
        self.shop: Channel
        self.bank: Channel
        self.invoices: dict[int, Invoice] = {}
        self._products = products
        self._secrets = secrets
        self._passwords = passwords

    def arrive(self, intent: Visit) -> None:
        """Let a visit begin now."""
        self.clock.process(self._guarded_visit(User(self, intent)))

    def _guarded_visit(self, user: User) -> Process:
        try:
            yield from user.visit()
        except Exception as error:
            raise EntityError(
                f"{user.name} failed on visit {user.number} at {self.clock.now} s: {type(error).__name__}: {error}"
            ) from error

    def work(self) -> Process:
        """Take in what comes without having been asked for."""
        worker = self.inbox.employ()
        while True:
            delivery: Delivery = yield worker.receive()
            try:
                match delivery.message:
                    case Deliver():
                        self.receive_goods(delivery)
                        delivery.answer(Noted())
                    case Refunded() as refund:
                        self.receive_refund(refund, delivery)
                        delivery.close()
                    case other:
                        raise TypeError(f"users do not understand {type(other).__name__}")
            except Exception as error:
                raise self.failure(delivery, error) from error

    def receive_goods(self, delivery: Delivery) -> None:
        """Write the goods and what they cost into the book."""
        parcel, order = delivery.message, delivery.order
        invoice = self.invoices.pop(order)
        lines = [(self._products[sku], units) for sku, units in parcel.lines]
        self.book.delivered(self.clock.now, parcel.link, order, lines, invoice.total)

    def receive_refund(self, refund: Refunded, delivery: Delivery) -> None:
        """Write the money that came back, and the payment too if it was not known yet."""
        self.invoices.pop(delivery.order, None)
        self.book.refunded(
            self.clock.now, refund.transaction, refund.payment, delivery.recipient, delivery.order,
            refund.total, refund.amount,
        )  # fmt: skip

    def note_payment(self, user: int, invoice: Invoice, transaction: int) -> None:
        """Write a payment that the shop told of."""
        self.book.payment(self.clock.now, transaction, user, invoice.order, invoice.total)

    def wallet(self, user: int) -> Wallet:
        """Return a user's account number and secret key."""
        return Wallet(account_number(user), secret_text(self._secrets[user]))

    def password(self, user: int) -> Secret:
        """Return a user's password for the shop."""
        return secret_text(self._passwords[user])

    def show_balance(self, user: int) -> Asking:
        """Ask the bank what a user can spend: minor units, or the bank's `Decline`."""
        return (yield from Party(self.clock, f"user:{user}", user).enquire(self.bank, self.wallet(user)))


def mistyped(secret: Secret) -> Secret:
    """Return a secret with its last digit wrong."""
    return Secret(secret[:-1] + ("0" if secret[-1] != "0" else "1"))
