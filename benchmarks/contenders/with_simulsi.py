"""SimulSI as its README and its page "Coming from SimPy" teach it: numbers are yielded to let time pass.

What is asked of a party takes one unit of its resource: `yield sim.request(...)`, then `sim.release(...)`. SimulSI
records statistics of every resource, as it does by default.
"""

from collections.abc import Callable, Iterator
from typing import Any

from simulsi import Simulation

from contenders.flow import ACCOUNTS, SHOP_ACCOUNT, SUPPLIER_ACCOUNT, Call, Flow, Outcome, Ready
from contenders.parties import SHOP_SECRET, Order, Parties

Process = Iterator[Any]


class Market:
    """The whole program."""

    def __init__(self, flow: Flow) -> None:
        self.sim = sim = Simulation(seed=flow.seed)
        self.parties = Parties(flow)
        self.times = flow.durations()
        self.passwords = flow.passwords
        self.messages = 0
        self.shop, self.bank, self.supplier = (
            sim.resource(name, workers)
            for name, workers in zip(("shop", "bank", "supplier"), flow.workers, strict=True)
        )
        sim.process(self.visits(flow.calls))

    def visits(self, calls: list[Call]) -> Process:
        """Let visitors come."""
        for call in calls:
            yield call.at - self.sim.now
            self.sim.process(self.visit(call))

    def ask_shop(self, decide: Callable[..., object], *request: object) -> Process:
        """Ask the shop for a page."""
        self.messages += 2
        yield self.times.user_to_shop()
        yield self.sim.request(self.shop)
        yield self.times.page()
        reply = decide(*request)
        self.sim.release(self.shop)
        yield self.times.shop_to_user()
        return reply

    def ask_bank(self, *payment: object) -> Process:
        """Let the shop have the bank move money."""
        self.messages += 2
        yield self.times.shop_to_bank()
        yield self.sim.request(self.bank)
        yield self.times.authorisation()
        reply = self.parties.pay(*payment)
        self.sim.release(self.bank)
        yield self.times.bank_to_shop()
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
        yield self.times.user_to_shop()
        yield self.sim.request(self.shop)
        yield self.times.page()
        order = self.parties.payable(number, user)
        self.sim.release(self.shop)
        paid = yield from self.ask_bank(ACCOUNTS + user, secret, order.total, SHOP_ACCOUNT, number)
        if isinstance(paid, int):
            order.status = "processing"
            yield from self.supply(order)
        else:
            self.parties.decline(order, paid, self.sim.now)
        yield self.times.shop_to_user()

    def supply(self, order: Order) -> Process:
        """Pay the charges and place the order; the goods then go their own way."""
        charges = self.parties.charges_of(order.cart)
        payment = SHOP_ACCOUNT, SHOP_SECRET, charges, SUPPLIER_ACCOUNT, order.number
        order.transaction = yield from self.ask_bank(*payment)
        self.messages += 2
        yield self.times.shop_to_supplier()
        yield self.sim.request(self.supplier)
        yield self.times.handling()
        self.sim.release(self.supplier)
        booked = yield from self.verify(order.transaction)
        if self.parties.accept(order.number, order.cart, order.transaction, booked):
            self.sim.process(self.deliver(order))
            yield self.times.supplier_to_shop()
            if order.status == "processing":
                order.status = "on the way"

    def verify(self, transaction: int) -> Process:
        """Let the supplier ask the bank what is booked, which takes a worker but no time."""
        self.messages += 2
        yield self.times.supplier_to_bank()
        yield self.sim.request(self.bank)
        booked = self.parties.verify(transaction)
        self.sim.release(self.bank)
        yield self.times.bank_to_supplier()
        return booked

    def deliver(self, order: Order) -> Process:
        """Make the goods, bring them, have the user note it, and tell the shop."""
        yield self.times.lead()
        yield self.times.delivery()
        self.messages += 3
        yield self.times.supplier_to_user()
        yield self.times.user_to_supplier()
        yield self.times.supplier_to_shop()
        yield self.sim.request(self.shop)
        self.parties.note_delivered(order, self.sim.now)
        self.sim.release(self.shop)

    def outcome(self) -> Outcome:
        """Return what came of it."""
        return self.parties.outcome(self.messages, self.sim.now, self.sim.events_processed)


def prepare(flow: Flow) -> Ready:
    """Set the market up."""
    market = Market(flow)
    return Ready(market.sim.run, market.outcome)
