"""SimPy as its documentation teaches it: a `Store` per inbox, a `Resource` of workers, a process for each message.

Compare SimPy's examples "Process communication" and "Event latency" (a process lets a message's latency pass and
puts it into a store), "Bank renege" and "Carwash" (`with resource.request() as turn: yield turn`). Each party gets
its messages from its store and serves each in a process of its own; a request brings a store along for the reply.
"""

from collections.abc import Callable, Iterator

from simpy import Environment, Event, Resource, Store

from contenders.flow import ACCOUNTS, SHOP_ACCOUNT, SUPPLIER_ACCOUNT, Call, Duration, Flow, Outcome, Ready
from contenders.parties import SHOP_SECRET, Order, Parties


class Message:
    """A request of some kind, with what it says and the store to which the reply goes, if one is expected."""

    def __init__(self, kind: str, content: tuple[object, ...], reply_to: Store | None = None) -> None:
        self.kind = kind
        self.content = content
        self.reply_to = reply_to


class Market:
    """The whole program."""

    def __init__(self, flow: Flow) -> None:
        self.env = env = Environment()
        self.parties = parties = Parties(flow)
        self.times = flow.durations()
        self.passwords = flow.passwords
        self.messages = 0
        self.shop, self.bank, self.supplier, self.users = (Store(env) for _ in range(4))
        self.shop_staff, self.bank_staff, self.supplier_staff = (Resource(env, n) for n in flow.workers)
        self.pages = {
            "home": parties.show_home, "log in": parties.log_in, "register": parties.register,
            "product": parties.show_product, "check out": parties.check_out,
        }  # fmt: skip
        for inbox, serve in (
            (self.shop, self.serve_at_shop), (self.bank, self.serve_at_bank),
            (self.supplier, self.serve_at_supplier), (self.users, self.serve_at_door),
        ):  # fmt: skip
            env.process(self.receive(inbox, serve))
        env.process(self.visits(flow.calls))

    # Messages

    def travel(self, latency: float, inbox: Store, message: object) -> Iterator[Event]:
        """Bring a message to an inbox."""
        yield self.env.timeout(latency)
        inbox.put(message)

    def send(self, latency: Duration, inbox: Store, message: object) -> None:
        """Send a message on its way."""
        self.messages += 1
        self.env.process(self.travel(latency(), inbox, message))

    def ask(self, latency: Duration, inbox: Store, kind: str, *content: object) -> Iterator[Event]:
        """Send a request and wait for its reply."""
        reply_to = Store(self.env)
        self.send(latency, inbox, Message(kind, content, reply_to))
        reply = yield reply_to.get()
        return reply

    def receive(self, inbox: Store, serve: Callable[[Message], Iterator[Event]]) -> Iterator[Event]:
        """Serve each message that comes in a process of its own."""
        while True:
            message = yield inbox.get()
            self.env.process(serve(message))

    # Users

    def visits(self, calls: list[Call]) -> Iterator[Event]:
        """Let visitors come."""
        for call in calls:
            yield self.env.timeout(call.at - self.env.now)
            self.env.process(self.visit(call))

    def visit(self, call: Call) -> Iterator[Event]:
        """Go through a visit."""
        way, shop, user, password = self.times.user_to_shop, self.shop, call.user, self.passwords[call.user]
        yield from self.ask(way, shop, "home")
        if (yield from self.ask(way, shop, "log in", user, password)) is not None:
            yield from self.ask(way, shop, "register", user, password)
            yield from self.ask(way, shop, "log in", user, password)
        for sku, _ in call.cart:
            yield from self.ask(way, shop, "product", sku)
        order = yield from self.ask(way, shop, "check out", user, call.cart)
        yield from self.ask(way, shop, "pay", order.number, user, call.secret)

    def serve_at_door(self, message: Message) -> Iterator[Event]:
        """Take goods and note it."""
        self.send(self.times.user_to_supplier, message.reply_to, "noted")
        return
        yield

    # The shop

    def serve_at_shop(self, message: Message) -> Iterator[Event]:
        """Serve one request or piece of news."""
        with self.shop_staff.request() as turn:
            yield turn
            if message.kind == "delivered":
                self.parties.note_delivered(*message.content, self.env.now)
                return
            yield self.env.timeout(self.times.page())
            if message.kind == "pay":
                self.env.process(self.sell(message))
            else:
                reply = self.pages[message.kind](*message.content)
                self.send(self.times.shop_to_user, message.reply_to, reply)

    def sell(self, message: Message) -> Iterator[Event]:
        """Have an order paid and supplied, and tell the user."""
        number, user, secret = message.content
        order = self.parties.payable(number, user)
        payment = ACCOUNTS + user, secret, order.total, SHOP_ACCOUNT, number
        paid = yield from self.ask(self.times.shop_to_bank, self.bank, "pay", *payment)
        if isinstance(paid, int):
            order.status = "processing"
            yield from self.buy(order)
        else:
            self.parties.decline(order, paid, self.env.now)
        self.send(self.times.shop_to_user, message.reply_to, order.status)

    def buy(self, order: Order) -> Iterator[Event]:
        """Pay the supplier's charges and place the order."""
        payment = SHOP_ACCOUNT, SHOP_SECRET, self.parties.charges_of(order.cart), SUPPLIER_ACCOUNT, order.number
        order.transaction = yield from self.ask(self.times.shop_to_bank, self.bank, "pay", *payment)
        yield from self.ask(self.times.shop_to_supplier, self.supplier, "place", order)
        if order.status == "processing":
            order.status = "on the way"

    # The bank

    def serve_at_bank(self, message: Message) -> Iterator[Event]:
        """Move money, or say what is booked."""
        with self.bank_staff.request() as turn:
            yield turn
            if message.kind == "verify":
                reply = self.parties.verify(*message.content)
                self.send(self.times.bank_to_supplier, message.reply_to, reply)
            else:
                yield self.env.timeout(self.times.authorisation())
                self.send(self.times.bank_to_shop, message.reply_to, self.parties.pay(*message.content))

    # The supplier

    def serve_at_supplier(self, message: Message) -> Iterator[Event]:
        """Handle an order, and see to it beside the next one."""
        with self.supplier_staff.request() as turn:
            yield turn
            yield self.env.timeout(self.times.handling())
            self.env.process(self.supply(message))

    def supply(self, message: Message) -> Iterator[Event]:
        """Verify that the charges were paid, have the goods made and delivered, and tell the shop."""
        (order,) = message.content
        booked = yield from self.ask(self.times.supplier_to_bank, self.bank, "verify", order.transaction)
        if not self.parties.accept(order.number, order.cart, order.transaction, booked):
            return
        self.send(self.times.supplier_to_shop, message.reply_to, "accepted")
        yield self.env.timeout(self.times.lead())
        yield self.env.timeout(self.times.delivery())
        yield from self.ask(self.times.supplier_to_user, self.users, "deliver", order.number)
        self.send(self.times.supplier_to_shop, self.shop, Message("delivered", (order,)))

    def outcome(self) -> Outcome:
        """Return what came of it."""
        return self.parties.outcome(self.messages, self.env.now, next(self.env._eid))


def prepare(flow: Flow) -> Ready:
    """Set the market up."""
    market = Market(flow)
    return Ready(market.env.run, market.outcome)
