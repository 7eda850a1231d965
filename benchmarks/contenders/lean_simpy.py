"""SimPy as lean as it gets: every message is one time-out, every pool of workers a counter and a queue of events.

A visitor's process goes through the whole visit, and through what shop, bank and supplier do about it meanwhile;
nobody but the goods needs a process besides. There are no books and no records but orders, deposits and the bank's
transactions. Only SimPy's public interface is used.
"""

from collections import deque
from collections.abc import Callable, Iterator

from simpy import Environment, Event

from contenders.flow import ACCOUNTS, SHOP_ACCOUNT, SUPPLIER_ACCOUNT, Call, Flow, Outcome, Ready
from contenders.parties import SHOP_SECRET, Order, Parties


class Staff:
    """So many workers; whoever needs one and finds none free waits for an event of their own."""

    def __init__(self, workers: int) -> None:
        self.free = workers
        self.waiting: deque[Event] = deque()

    def release(self) -> None:
        """Let a worker go on with whoever has waited longest."""
        if self.waiting:
            self.waiting.popleft().succeed()
        else:
            self.free += 1


class Market:
    """The whole program."""

    def __init__(self, flow: Flow) -> None:
        self.environment = Environment()
        self.parties = Parties(flow)
        self.shop, self.bank, self.supplier = map(Staff, flow.workers)
        self.times = flow.durations()
        self.passwords = flow.passwords
        self.messages = 0
        self.environment.process(self.visits(flow.calls))

    def visits(self, calls: list[Call]) -> Iterator[Event]:
        """Let visitors come."""
        environment = self.environment
        for call in calls:
            yield environment.timeout(call.at - environment.now)
            environment.process(self.visit(call))

    def ask_shop(self, decide: Callable[..., object], *request: object) -> Iterator[Event]:
        """Ask the shop for a page, and return what it says."""
        timeout, times, shop = self.environment.timeout, self.times, self.shop
        self.messages += 2
        yield timeout(times.user_to_shop())
        if shop.free:
            shop.free -= 1
        else:
            turn = self.environment.event()
            shop.waiting.append(turn)
            yield turn
        yield timeout(times.page())
        reply = decide(*request)
        shop.release()
        yield timeout(times.shop_to_user())
        return reply

    def ask_bank(self, *payment: object) -> Iterator[Event]:
        """Let the shop have the bank move money, and return what the bank says."""
        timeout, times, bank = self.environment.timeout, self.times, self.bank
        self.messages += 2
        yield timeout(times.shop_to_bank())
        if bank.free:
            bank.free -= 1
        else:
            turn = self.environment.event()
            bank.waiting.append(turn)
            yield turn
        yield timeout(times.authorisation())
        reply = self.parties.pay(*payment)
        bank.release()
        yield timeout(times.bank_to_shop())
        return reply

    def visit(self, call: Call) -> Iterator[Event]:
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

    def pay(self, number: int, user: int, secret: str) -> Iterator[Event]:
        """Pay an order: the shop is free for others once it knows what to do, and does it beside."""
        timeout, times, shop, parties = self.environment.timeout, self.times, self.shop, self.parties
        self.messages += 2
        yield timeout(times.user_to_shop())
        if shop.free:
            shop.free -= 1
        else:
            turn = self.environment.event()
            shop.waiting.append(turn)
            yield turn
        yield timeout(times.page())
        order = parties.payable(number, user)
        shop.release()
        paid = yield from self.ask_bank(ACCOUNTS + user, secret, order.total, SHOP_ACCOUNT, number)
        if isinstance(paid, int):
            order.status = "processing"
            yield from self.supply(order)
        else:
            parties.decline(order, paid, self.environment.now)
        yield timeout(times.shop_to_user())

    def supply(self, order: Order) -> Iterator[Event]:
        """Pay the charges and place the order; the goods then go their own way."""
        timeout, times, supplier, parties = self.environment.timeout, self.times, self.supplier, self.parties
        charges = parties.charges_of(order.cart)
        payment = SHOP_ACCOUNT, SHOP_SECRET, charges, SUPPLIER_ACCOUNT, order.number
        order.transaction = yield from self.ask_bank(*payment)
        self.messages += 2
        yield timeout(times.shop_to_supplier())
        if supplier.free:
            supplier.free -= 1
        else:
            turn = self.environment.event()
            supplier.waiting.append(turn)
            yield turn
        yield timeout(times.handling())
        supplier.release()
        booked = yield from self.verify(order.transaction)
        if parties.accept(order.number, order.cart, order.transaction, booked):
            self.environment.process(self.deliver(order))
            yield timeout(times.supplier_to_shop())
            if order.status == "processing":
                order.status = "on the way"

    def verify(self, transaction: int) -> Iterator[Event]:
        """Let the supplier ask the bank what is booked, which takes a worker but no time."""
        timeout, times, bank = self.environment.timeout, self.times, self.bank
        self.messages += 2
        yield timeout(times.supplier_to_bank())
        if not bank.free:
            turn = self.environment.event()
            bank.waiting.append(turn)
            yield turn
            bank.release()
        booked = self.parties.verify(transaction)
        yield timeout(times.bank_to_supplier())
        return booked

    def deliver(self, order: Order) -> Iterator[Event]:
        """Make the goods, bring them, have the user note it, and tell the shop."""
        timeout, times, shop = self.environment.timeout, self.times, self.shop
        yield timeout(times.lead())
        yield timeout(times.delivery())
        self.messages += 3
        yield timeout(times.supplier_to_user())
        yield timeout(times.user_to_supplier())
        yield timeout(times.supplier_to_shop())
        if not shop.free:
            turn = self.environment.event()
            shop.waiting.append(turn)
            yield turn
            shop.release()
        self.parties.note_delivered(order, self.environment.now)

    def outcome(self) -> Outcome:
        """Return what came of it."""
        environment = self.environment
        return self.parties.outcome(self.messages, environment.now, next(environment._eid))


def prepare(flow: Flow) -> Ready:
    """Set the market up."""
    market = Market(flow)
    return Ready(market.environment.run, market.outcome)
