"""The shop's counterparts as plain clerks: a bank, a supplier and users who do what a test tells them to.

The shop is the real one, and so are channels, inboxes and its book. The clerks keep no books: the bank counts the
shop's deposit, what is left of each payment, and in which pocket it is.
"""

from collections import defaultdict
from math import inf

from alesha_sim.books.ledger import Ledger
from alesha_sim.books.shop import ShopBook
from alesha_sim.entities.entity import Entity, Party, Wallet
from alesha_sim.entities.shop.order import CatalogueItem
from alesha_sim.entities.shop.shop import Shop
from alesha_sim.entities.shop.terms import ShopTerms
from alesha_sim.entities.sources import PurchasingTerms, Seller
from alesha_sim.entities.stock import StockTerms
from alesha_sim.kernel.clock import Clock
from alesha_sim.messages import (
    Acknowledged,
    Authorise,
    CancelOrder,
    Checkout,
    Credited,
    Decline,
    Deliver,
    Delivered,
    EnquireTransaction,
    FundsLocation,
    Invoice,
    Method,
    Offer,
    OrderAccepted,
    OrderCancelled,
    OrderRejected,
    Pay,
    PayAtDoor,
    PlaceOrder,
    Reason,
    Receipt,
    Refund,
    Refunded,
    Refusal,
    Remitted,
    Replace,
    ReturnedToSender,
    Secret,
    Transfer,
)
from alesha_sim.network import Channel, Faults, RetryPolicy
from alesha_sim.recording.run_logs import Records
from alesha_sim.tables.every_order import every_order
from alesha_sim.units import Share
from alesha_sim.vocabulary import BANK, NO_ID, SUPPLIER

SKUS = ("laptop", "watch")
ARTICLES = [
    CatalogueItem(Offer("laptop", "Laptop", 600, 500), 400, 1000.0, 100.0),
    CatalogueItem(Offer("watch", "Watch", 300, 250), 180, 1000.0, 50.0),
]
PASSWORD, SECRET = Secret("opensesame"), Secret("x")
DUE_TO_BE_ZERO = (
    "customer-prepayments",
    "settlement-due",
    "supplier-advances",
    "refunds-payable",
    "collections-receivable",
)


class Clerk(Entity):
    """An entity that answers each message at once, by the method that is named for its kind."""

    def __init__(self, market, name, code):
        super().__init__(market.clock, name, code, None)
        self.market = market
        self.seen = []

    def work(self):
        worker = self.inbox.new_worker()
        while True:
            delivery = yield worker.receive()
            self.seen.append(delivery.message)
            reply = getattr(self, type(delivery.message).__name__.lower())(delivery.message, delivery)
            if delivery.request is None:
                delivery.close()
            elif reply is not None:
                delivery.answer(reply)

    def news(self, message, order, step):
        """Tell the shop, until it is noted where messages can be lost."""
        self.run(self._news(message, order, step))

    def _news(self, message, order, step):
        yield from self.send_notice_reliably(self.channels["shop"], message, step=step, order=order)


class BankClerk(Clerk):
    """Pays and refunds; payments are `held_in` a place, `payer_fee`, `fee` and `retained` are taken of each."""

    def __init__(self, market, deposit, held_in):
        super().__init__(market, "bank", BANK)
        self.deposit, self.held_in = deposit, held_in
        self.fee = self.retained = self.payer_fee = 0
        self.declines = None
        self.payments, self.charged, self.payment_of = {}, {}, {}
        self.is_slow = False

    def entry(self):
        return self.market.ledger.new_entry()

    def authorise(self, message: Authorise, delivery):
        if self.is_slow:
            return None
        if self.declines is not None:
            self.deposit -= self.fee
            return Decline(self.declines, self.entry() if self.fee else NO_ID, self.fee)
        entry, now = self.entry(), self.held_in is FundsLocation.DEPOSIT
        self.payments[entry] = [message.amount, self.held_in]
        self.payment_of[delivery.order] = entry
        fee, retained = (self.fee, self.retained) if now else (0, 0)
        if now:
            self.deposit += message.amount - fee - retained
        return Receipt(entry, message.amount, self.held_in, fee, retained, self.payer_fee)

    def transfer(self, message: Transfer, delivery):
        if self.deposit < message.amount:
            return Decline(Reason.INSUFFICIENT_FUNDS)
        self.deposit -= message.amount
        self.charged[delivery.order] = message.amount
        return Receipt(self.entry(), message.amount)

    def refund(self, message: Refund, delivery):
        payment = self.payments[message.transaction]
        assert message.amount > 0
        if payment[0] < message.amount:
            return Decline(Reason.MORE_THAN_PAID)
        if payment[1] is FundsLocation.DEPOSIT:
            if self.deposit < message.amount:
                return Decline(Reason.INSUFFICIENT_FUNDS)
            self.deposit -= message.amount
        payment[0] -= message.amount
        return Receipt(self.entry(), message.amount, payment[1])

    def enquiretransaction(self, message: EnquireTransaction, delivery):
        key = (delivery.sender, delivery.order, NO_ID, message.step)
        stored = self.inbox.stored(key)
        if stored is None:
            self.inbox.store_under(key, None, Decline(Reason.NOT_EXECUTED))
            return Decline(Reason.NOT_EXECUTED)
        return stored.reply

    def settle(self, order):
        """Let what is left of an order's payment go to the shop's deposit."""
        payment = self.payments[self.payment_of[order]]
        if not payment[0] or payment[1] is FundsLocation.DEPOSIT:
            return
        payment[1] = FundsLocation.DEPOSIT
        self.deposit += payment[0] - self.fee - self.retained
        news = Credited(self.entry(), payment[0], "settlement", self.fee, self.retained)
        self.news(news, order, "settled")

    def release(self, order, amount):
        self.deposit += amount
        self.news(Credited(self.entry(), amount, "release"), order, "released")

    def refund_late(self, order):
        """Give back what is in escrow, if it is still there, and tell the shop."""
        transaction = self.payment_of[order]
        payment = self.payments[transaction]
        if payment[0] and payment[1] is FundsLocation.ESCROW:
            amount, payment[0] = payment[0], 0
            self.news(Refunded(transaction, amount, self.entry(), amount, late=True), order, "late")


class SupplierClerk(Clerk):
    """Takes orders, unless it `rejects`; delivers, or takes goods back, when a test says so."""

    def __init__(self, market):
        super().__init__(market, "supplier", SUPPLIER)
        self.rejects = self.is_slow = False
        self.orders, self.shipped, self.over = {}, set(), set()

    def _give_back(self, order, transport=0):
        amount = self.market.bank.charged[order] - transport
        self.market.bank.deposit += amount
        self.over.add(order)
        return self.market.ledger.new_entry(), amount

    def placeorder(self, message: PlaceOrder, delivery):
        if self.rejects:
            return OrderRejected(Reason.OUT_OF_STOCK, *self._give_back(delivery.order))
        self.orders[delivery.order] = message
        return None if self.is_slow else OrderAccepted()

    def cancelorder(self, message: CancelOrder, delivery):
        if delivery.order in self.shipped or delivery.order not in self.orders or delivery.order in self.over:
            return Refusal(Reason.NOT_CANCELLABLE, delivery.order)
        return OrderCancelled(Reason.CHANGED_MIND, *self._give_back(delivery.order))

    def replace(self, message: Replace, delivery):
        return OrderRejected(Reason.OUT_OF_STOCK) if self.rejects else OrderAccepted()

    def noted(self, message: Acknowledged, delivery):
        return None

    def deliver(self, order, lines=None, *, twice=False):
        """Deliver an order, or some lines of it; what is to be collected is paid at the door."""
        placed, bank = self.orders[order], self.market.bank
        self.shipped.add(order)
        if order in self.over:
            return
        transaction, collected = NO_ID, placed.collect
        if collected:
            transaction = self.market.ledger.new_entry()
            bank.payments[transaction] = [collected, FundsLocation.DEPOSIT]
        entry = self.market.ledger.new_entry()
        news = Delivered(entry, lines or placed.lines, transaction, collected)
        for copy in range(1 + twice):
            self.news(news, order, f"delivered:{entry}:{copy}")

    def deliver_stock(self, order):
        """Hand a replenishment over to the shop."""
        entry = self.market.ledger.new_entry()
        self.run(self._hand_over(order, Deliver(entry, self.orders[order].lines)))

    def _hand_over(self, order, parcel):
        noted = yield from self.ask_until_answered(self.channels["shop"], parcel, step="deliver", order=order)
        assert isinstance(noted, Acknowledged)

    def remit(self, order):
        amount = self.orders[order].collect
        self.market.bank.deposit += amount
        self.news(Remitted(self.market.ledger.new_entry(), amount), order, "remitted")

    def come_back(self, order, transport=30):
        """Tell twice that the user did not take the goods, and give the charges back but for the transport."""
        entry, amount = self._give_back(order, transport)
        for copy in range(2):
            self.news(ReturnedToSender(Reason.CHANGED_MIND, entry, amount, transport), order, f"came-back:{copy}")


class UsersClerk(Clerk):
    """All users: whoever is told something takes it in."""

    def __init__(self, market):
        super().__init__(market, "users", NO_ID)
        self.parcels = []

    def deliver(self, message: Deliver, delivery):
        self.parcels.append((self.clock.now, delivery.order, delivery.recipient, message.lines))
        return Acknowledged()


def shop_terms(catalogue, **terms):
    """Return the terms of a shop whose supplier has account 2; shares are numbers here, `stock` a policy."""
    shares = {"advance", "restocking_fee", "compensation"}
    given = {name: Share.read(value) if name in shares else value for name, value in terms.items()}
    horizon = given.pop("horizon", inf)
    if "stock" in given:
        given["stock"] = StockTerms(given["stock"], horizon=horizon)
    seller = Seller(SUPPLIER, 2, [item.charge for item in catalogue])
    return ShopTerms(catalogue=catalogue, purchasing=PurchasingTerms([seller]), page_seconds=lambda: 0.0, **given)


class Market:
    """A shop among clerks: constant latency of 1 s, replies by name in `replies`.

    With `hostile`, a function of a name that gives uniform numbers, messages are lost and doubled and asked again;
    `patient` askers ask again where nothing is lost but what a shop that is down does not receive.
    """

    def __init__(self, *, cash=10_000, held_in=FundsLocation.DEPOSIT, hostile=None, patient=False, **terms):
        self.clock, self.ledger = Clock(), Ledger("BDT", SKUS)
        self.records = Records(SKUS, 100)
        self.bank = BankClerk(self, cash, held_in)
        self.supplier, self.users = SupplierClerk(self), UsersClerk(self)
        self.shop = Shop(
            self.clock, ShopBook(self.ledger), self.records, Wallet(1, SECRET), shop_terms(ARTICLES, **terms)
        )  # fmt: skip
        self.shop.book.open(0.0, self.ledger.new_entry(), cash)
        self.replies = {}
        self.hostile, self.patient = hostile, patient
        self._connect()

    def _connect(self):
        parties = {"user": self.users, "shop": self.shop, "bank": self.bank, "supplier": self.supplier}
        for one, other in (("user", "shop"), ("shop", "bank"), ("shop", "supplier")):
            there, back = self._channel(one, other, parties), self._channel(other, one, parties)
            there.connect(parties[other].inbox, back)
            back.connect(parties[one].inbox, there)
            for owner, channel, peer in ((one, there, other), (other, back, one)):
                parties[owner].channels["users" if peer == "user" else peer] = channel
        for party in parties.values():
            party.inbox.deduplicate()
            party.track_processes()
            party.open_for_business()

    def _channel(self, one, other, parties):
        latency = lambda: 1.0  # noqa: E731
        channel = Channel(self.clock, self.records.messages, latency, parties[other].code)
        channel.is_keyed = True
        if self.patient:
            channel.retry_with(RetryPolicy(5.0, None, 1.0, 0.0), lambda: 0.5)
        if self.hostile is not None:
            uniform = self.hostile(f"{one}->{other}")
            channel.latency = lambda: 0.1 + 3 * uniform()
            channel.faults = Faults(0.2, 0.2, (), uniform, uniform)
            channel.retry_with(RetryPolicy(5.0, None, 1.5, 0.0), uniform)
        return channel

    # What users do

    def ask(self, name, message, *, user=0, order=NO_ID, step=None):
        """Let a user ask the shop; the reply is kept under `name`."""
        self.clock.process(self._ask(name, message, user, order, step or name))

    def _ask(self, name, message, user, order, step):
        asker = Party(self.clock, f"user:{user}", user)
        self.replies[name] = None
        self.replies[name] = yield from asker.ask_until_answered(
            self.users.channels["shop"], message, step=step, order=order
        )

    def check_out(self, lines=(("laptop", 1),), *, user=0, method=Method.ACCOUNT):
        """Let a user order and return the order's number."""
        pages = self.shop.storefront
        pages.register(user, PASSWORD)
        pages.log_in(user, PASSWORD)
        invoice = pages.answer(Checkout(lines, None, method), user)
        assert isinstance(invoice, Invoice), invoice
        return invoice.order

    def pay(self, order, *, user=0):
        """Let the user pay an order in the way its invoice asks for; the reply is kept under `pay:<order>`."""
        is_due = self.shop.desk.find(order).advance
        message = Pay(order, 10_000_000 + user, SECRET) if is_due else PayAtDoor(order)
        self.ask(f"pay:{order}", message, user=user, order=order)

    def buy(self, lines=(("laptop", 1),), *, user=0, method=Method.ACCOUNT):
        """Let a user order and pay, run until nothing is left to happen, and return the order's number."""
        order = self.check_out(lines, user=user, method=method)
        self.pay(order, user=user)
        self.run()
        return order

    def delivered(self, lines=(("laptop", 1),), *, user=0, method=Method.ACCOUNT, settle=True, after=0.0):
        """Let an order be bought, delivered `after` seconds, and settled."""
        order = self.buy(lines, user=user, method=method)
        self.wait(after)
        self.supplier.deliver(order)
        self.run()
        if settle and order in self.bank.payment_of:
            self.bank.settle(order)
            self.run()
        return order

    # Time

    def run(self):
        """Run until nothing is left to happen."""
        self.clock.run_to()

    def wait(self, seconds):
        """Let time pass."""
        if seconds:
            self.clock.timeout(seconds)
            self.run()

    def at(self, seconds, act):
        """Do something after some seconds."""
        self.clock.timeout(seconds).callbacks.append(lambda _: act())

    def crash(self, seconds=30.0):
        """Let the shop crash now and restart after some seconds."""
        self.shop.crash()
        self.at(seconds, self.shop.restart)

    # What is written

    def status(self, order):
        """An order's status and reason."""
        log = self.records.orders
        columns = every_order({"orders": log.order_columns(), "purchases": log.purchase_columns()})
        status, reason = columns["status"], columns["reason"]
        code = reason.codes[order - 1]
        return status.labels[status.codes[order - 1]], reason.labels[code] if code >= 0 else None

    def moved(self, order, *, codes=None):
        """What the shop's book moved for an order: (code, debit, credit, amount), money and goods."""
        columns = self.ledger.columns()
        text = {
            name: [columns[name].labels[c] for c in columns[name].codes] for name in ("code", "debit", "credit")
        }
        rows = zip(
            columns["order"].tolist(), text["code"], text["debit"], text["credit"], columns["amount"].tolist(),
            strict=True,
        )  # fmt: skip
        return [
            (code, debit.removeprefix("shop:"), credit.removeprefix("shop:"), amount)
            for number, code, debit, credit, amount in rows
            if number == order and (codes is None or code in codes)
        ]

    def open_balances(self):
        """Every balance that must be zero for an order which is over: {(account, order): amount}."""
        found = defaultdict(int)
        for order in range(1, len(self.records.orders) + 1):
            for _, debit, credit, amount in self.moved(order):
                found[debit, order] += amount
                found[credit, order] -= amount
        return {key: net for key, net in found.items() if net and key[0] in DUE_TO_BE_ZERO}

    def assert_over(self):
        """Nothing is open, nothing is owed, and the shop knows what it has."""
        assert self.open_balances() == {}
        assert self.shop.book.cash_balance() == self.bank.deposit
