"""salabim as its manual teaches it: components with a `process`, which hold, and request and release resources.

Its documentation knows processes with and without `yield`; with `yield` is the faster of the two and needs no
further package, so that is what is used here. What salabim monitors by default is monitored.
"""

from collections.abc import Callable, Iterator
from typing import Any

import salabim

from contenders.flow import ACCOUNTS, SHOP_ACCOUNT, SUPPLIER_ACCOUNT, Call, Flow, Outcome, Ready
from contenders.parties import SHOP_SECRET, Order, Parties

Process = Iterator[Any]


class Market:
    """What all components know."""

    def __init__(self, flow: Flow) -> None:
        self.environment = environment = salabim.Environment(trace=False, yieldless=False)
        self.parties = Parties(flow)
        self.times = flow.durations()
        self.passwords = flow.passwords
        self.messages = 0
        self.shop, self.bank, self.supplier = (
            salabim.Resource(name, capacity=workers, env=environment)
            for name, workers in zip(("shop", "bank", "supplier"), flow.workers, strict=True)
        )
        Source(env=environment, market=self, calls=flow.calls)

    def outcome(self) -> Outcome:
        """Return what came of it."""
        return self.parties.outcome(self.messages, self.environment.now())


class Source(salabim.Component):
    """Lets visitors come."""

    def setup(self, market: Market, calls: list[Call]) -> None:
        """Take the visits."""
        self.market = market
        self.calls = calls

    def process(self) -> Process:
        """Begin one visit after the other."""
        for call in self.calls:
            yield self.hold(till=call.at)
            Visitor(env=self.env, market=self.market, call=call)


class Visitor(salabim.Component):
    """A visitor, who goes through everything up to the shop's last reply."""

    def setup(self, market: Market, call: Call) -> None:
        """Take the visit."""
        self.market = market
        self.call = call

    def ask_shop(self, decide: Callable[..., object], *request: object) -> Process:
        """Ask the shop for a page."""
        market, times = self.market, self.market.times
        market.messages += 2
        yield self.hold(times.user_to_shop())
        yield self.request(market.shop)
        yield self.hold(times.page())
        reply = decide(*request)
        self.release()
        yield self.hold(times.shop_to_user())
        return reply

    def ask_bank(self, *payment: object) -> Process:
        """Let the shop have the bank move money."""
        market, times = self.market, self.market.times
        market.messages += 2
        yield self.hold(times.shop_to_bank())
        yield self.request(market.bank)
        yield self.hold(times.authorisation())
        reply = market.parties.pay(*payment)
        self.release()
        yield self.hold(times.bank_to_shop())
        return reply

    def process(self) -> Process:
        """Go through the visit."""
        parties, call, user = self.market.parties, self.call, self.call.user
        password = self.market.passwords[user]
        yield from self.ask_shop(parties.show_home)
        if (yield from self.ask_shop(parties.log_in, user, password)) is not None:
            yield from self.ask_shop(parties.register, user, password)
            yield from self.ask_shop(parties.log_in, user, password)
        for sku, _ in call.cart:
            yield from self.ask_shop(parties.show_product, sku)
        order = yield from self.ask_shop(parties.check_out, user, call.cart)
        yield from self.pay(order.number)

    def pay(self, number: int) -> Process:
        """Pay an order; what the shop does about it holds none of its workers."""
        market, times, call = self.market, self.market.times, self.call
        market.messages += 2
        yield self.hold(times.user_to_shop())
        yield self.request(market.shop)
        yield self.hold(times.page())
        order = market.parties.payable(number, call.user)
        self.release()
        paid = yield from self.ask_bank(ACCOUNTS + call.user, call.secret, order.total, SHOP_ACCOUNT, number)
        if isinstance(paid, int):
            order.status = "processing"
            yield from self.supply(order)
        else:
            market.parties.decline(order, paid, self.env.now())
        yield self.hold(times.shop_to_user())

    def supply(self, order: Order) -> Process:
        """Pay the charges and place the order; the goods then go their own way."""
        market, times, parties = self.market, self.market.times, self.market.parties
        charges = parties.charges_of(order.cart)
        payment = SHOP_ACCOUNT, SHOP_SECRET, charges, SUPPLIER_ACCOUNT, order.number
        order.transaction = yield from self.ask_bank(*payment)
        market.messages += 2
        yield self.hold(times.shop_to_supplier())
        yield self.request(market.supplier)
        yield self.hold(times.handling())
        self.release()
        booked = yield from self.verify(order.transaction)
        if parties.accept(order.number, order.cart, order.transaction, booked):
            Goods(env=self.env, market=market, order=order)
            yield self.hold(times.supplier_to_shop())
            if order.status == "processing":
                order.status = "on the way"

    def verify(self, transaction: int) -> Process:
        """Let the supplier ask the bank what is booked, which takes a worker but no time."""
        market, times = self.market, self.market.times
        market.messages += 2
        yield self.hold(times.supplier_to_bank())
        yield self.request(market.bank)
        booked = market.parties.verify(transaction)
        self.release()
        yield self.hold(times.bank_to_supplier())
        return booked


class Goods(salabim.Component):
    """What was ordered, on its way to the user."""

    def setup(self, market: Market, order: Order) -> None:
        """Take the order."""
        self.market = market
        self.order = order

    def process(self) -> Process:
        """Be made and brought and noted, and have the shop told."""
        market, times = self.market, self.market.times
        yield self.hold(times.lead())
        yield self.hold(times.delivery())
        market.messages += 3
        yield self.hold(times.supplier_to_user())
        yield self.hold(times.user_to_supplier())
        yield self.hold(times.supplier_to_shop())
        yield self.request(market.shop)
        market.parties.note_delivered(self.order, self.env.now())
        self.release()


def prepare(flow: Flow) -> Ready:
    """Set the market up."""
    market = Market(flow)
    return Ready(market.environment.run, market.outcome)
