"""SimPy with its resources: a visitor's process asks for workers where the lean program counts them itself.

This is how SimPy's examples "Bank renege", "Carwash" and "Machine shop" are written.
"""

from collections.abc import Callable, Iterator

from simpy import Environment, Event, Resource

from contenders.flow import ACCOUNTS, SHOP_ACCOUNT, SUPPLIER_ACCOUNT, Call, Flow, Outcome, Ready
from contenders.parties import SHOP_SECRET, Order, Parties

Process = Iterator[Event]


class Market:
    """The whole program."""

    def __init__(self, flow: Flow) -> None:
        self.env = env = Environment()
        self.parties = Parties(flow)
        self.times = flow.durations()
        self.passwords = flow.passwords
        self.messages = 0
        self.shop, self.bank, self.supplier = (Resource(env, workers) for workers in flow.workers)
        env.process(self.visits(flow.calls))

    def visits(self, calls: list[Call]) -> Process:
        """Let visitors come."""
        for call in calls:
            yield self.env.timeout(call.at - self.env.now)
            self.env.process(self.visit(call))

    def ask_shop(self, decide: Callable[..., object], *request: object) -> Process:
        """Ask the shop for a page."""
        self.messages += 2
        yield self.env.timeout(self.times.user_to_shop())
        with self.shop.request() as turn:
            yield turn
            yield self.env.timeout(self.times.page())
            reply = decide(*request)
        yield self.env.timeout(self.times.shop_to_user())
        return reply

    def ask_bank(self, *payment: object) -> Process:
        """Let the shop have the bank move money."""
        self.messages += 2
        yield self.env.timeout(self.times.shop_to_bank())
        with self.bank.request() as turn:
            yield turn
            yield self.env.timeout(self.times.authorisation())
            reply = self.parties.pay(*payment)
        yield self.env.timeout(self.times.bank_to_shop())
        return reply

    def visit(self, call: Call) -> Process:
        """Go through a visit."""
        parties, user, password = self.parties, call.user, self.passwords[call.user]
        yield from self.ask_shop(parties.show_home)
        if (yield from self.ask_shop(parties.log_in, user, password)) is not None:
            yield from self.ask_shop(parties.register, user, password)
            yield from self.ask_shop(parties.log_in, user, password)
        for sku, _ in call.cart:
            yield from self.ask_shop(parties.show_product, sku)
        order = yield from self.ask_shop(parties.check_out, user, call.cart)
        yield from self.pay(order.number, user, call.secret)

    def pay(self, number: int, user: int, secret: str) -> Process:
        """Pay an order; what the shop does about it holds none of its workers."""
        self.messages += 2
        yield self.env.timeout(self.times.user_to_shop())
        with self.shop.request() as turn:
            yield turn
            yield self.env.timeout(self.times.page())
            order = self.parties.payable(number, user)
        paid = yield from self.ask_bank(ACCOUNTS + user, secret, order.total, SHOP_ACCOUNT, number)
        if isinstance(paid, int):
            order.status = "processing"
            yield from self.supply(order)
        else:
            self.parties.decline(order, paid, self.env.now)
        yield self.env.timeout(self.times.shop_to_user())

    def supply(self, order: Order) -> Process:
        """Pay the charges and place the order; the goods then go their own way."""
        charges = self.parties.charges_of(order.cart)
        payment = SHOP_ACCOUNT, SHOP_SECRET, charges, SUPPLIER_ACCOUNT, order.number
        order.transaction = yield from self.ask_bank(*payment)
        self.messages += 2
        yield self.env.timeout(self.times.shop_to_supplier())
        with self.supplier.request() as turn:
            yield turn
            yield self.env.timeout(self.times.handling())
        booked = yield from self.verify(order.transaction)
        if self.parties.accept(order.number, order.cart, order.transaction, booked):
            self.env.process(self.deliver(order))
            yield self.env.timeout(self.times.supplier_to_shop())
            if order.status == "processing":
                order.status = "on the way"

    def verify(self, transaction: int) -> Process:
        """Let the supplier ask the bank what is booked, which takes a worker but no time."""
        self.messages += 2
        yield self.env.timeout(self.times.supplier_to_bank())
        with self.bank.request() as turn:
            yield turn
            booked = self.parties.verify(transaction)
        yield self.env.timeout(self.times.bank_to_supplier())
        return booked

    def deliver(self, order: Order) -> Process:
        """Make the goods, bring them, have the user note it, and tell the shop."""
        yield self.env.timeout(self.times.lead())
        yield self.env.timeout(self.times.delivery())
        self.messages += 3
        yield self.env.timeout(self.times.supplier_to_user())
        yield self.env.timeout(self.times.user_to_supplier())
        yield self.env.timeout(self.times.supplier_to_shop())
        with self.shop.request() as turn:
            yield turn
            self.parties.note_delivered(order, self.env.now)

    def outcome(self) -> Outcome:
        """Return what came of it."""
        return self.parties.outcome(self.messages, self.env.now, next(self.env._eid))


def prepare(flow: Flow) -> Ready:
    """Set the market up."""
    market = Market(flow)
    return Ready(market.env.run, market.outcome)
