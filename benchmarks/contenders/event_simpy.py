"""SimPy with messages on bare events: inboxes are deques, workers processes, a request brings its reply's event.

What a lean program becomes once shop, bank and supplier are programs of their own that only exchange messages. A
message's way is one time-out whose callback puts it into the inbox; a reply is an event, then the way back.
"""

from collections import deque
from collections.abc import Iterator

from simpy import Environment, Event

from contenders.flow import ACCOUNTS, SHOP_ACCOUNT, SUPPLIER_ACCOUNT, Call, Duration, Flow, Outcome, Ready
from contenders.parties import SHOP_SECRET, Order, Parties

Process = Iterator[Event]


class Message:
    """A request of some kind, what it says, and the event of its reply, if one is expected."""

    __slots__ = ("content", "kind", "reply")

    def __init__(self, kind: str, content: tuple[object, ...], reply: Event | None) -> None:
        self.kind = kind
        self.content = content
        self.reply = reply


class Inbox:
    """Messages that wait for a worker, and workers who wait for a message."""

    def __init__(self, environment: Environment) -> None:
        self.environment = environment
        self.waiting: deque[Message] = deque()
        self.idle: list[Event] = []

    def arrive(self, travel: Event) -> None:
        """Take a message in at the end of its way, and wake a worker."""
        self.waiting.append(travel.value)
        if self.idle:
            self.idle.pop().succeed()

    def receive(self) -> Process:
        """Wait for a message."""
        while not self.waiting:
            woken = self.environment.event()
            self.idle.append(woken)
            yield woken
        return self.waiting.popleft()


class Market:
    """The whole program."""

    def __init__(self, flow: Flow) -> None:
        self.environment = environment = Environment()
        self.parties = parties = Parties(flow)
        self.times = flow.durations()
        self.passwords = flow.passwords
        self.messages = 0
        self.shop, self.bank, self.supplier = (Inbox(environment) for _ in range(3))
        self.pages = {
            "home": parties.show_home, "log in": parties.log_in, "register": parties.register,
            "product": parties.show_product, "check out": parties.check_out,
        }  # fmt: skip
        for workers, work in zip(flow.workers, (self.serve_shop, self.serve_bank, self.supply_goods), strict=True):
            for _ in range(workers):
                environment.process(work())
        environment.process(self.visits(flow.calls))

    # Messages

    def send(self, latency: Duration, inbox: Inbox, message: Message) -> None:
        """Send a message on its way."""
        self.messages += 1
        self.environment.timeout(latency(), message).callbacks.append(inbox.arrive)

    def ask(
        self, way: Duration, way_back: Duration, inbox: Inbox, kind: str, *content: object
    ) -> Process:  # fmt: skip
        """Send a request, and wait for its reply to be given and then to come."""
        reply = self.environment.event()
        self.send(way, inbox, Message(kind, content, reply))
        answer = yield reply
        yield self.environment.timeout(way_back())
        return answer

    def answer(self, message: Message, reply: object) -> None:
        """Give the reply to a request."""
        self.messages += 1
        message.reply.succeed(reply)

    # Users

    def visits(self, calls: list[Call]) -> Process:
        """Let visitors come."""
        for call in calls:
            yield self.environment.timeout(call.at - self.environment.now)
            self.environment.process(self.visit(call))

    def ask_shop(self, kind: str, *content: object) -> Process:
        """Ask the shop."""
        return self.ask(self.times.user_to_shop, self.times.shop_to_user, self.shop, kind, *content)

    def visit(self, call: Call) -> Process:
        """Go through a visit."""
        user, password = call.user, self.passwords[call.user]
        yield from self.ask_shop("home")
        if (yield from self.ask_shop("log in", user, password)) is not None:
            yield from self.ask_shop("register", user, password)
            yield from self.ask_shop("log in", user, password)
        for sku, _ in call.cart:
            yield from self.ask_shop("product", sku)
        order = yield from self.ask_shop("check out", user, call.cart)
        yield from self.ask_shop("pay", order.number, user, call.secret)

    # The shop

    def serve_shop(self) -> Process:
        """Serve one message after the other; what asks others goes on in a process of its own."""
        while True:
            message = yield from self.shop.receive()
            if message.kind == "delivered":
                self.parties.note_delivered(*message.content, self.environment.now)
                continue
            yield self.environment.timeout(self.times.page())
            if message.kind == "pay":
                self.environment.process(self.sell(message))
            else:
                self.answer(message, self.pages[message.kind](*message.content))

    def ask_bank(self, *payment: object) -> Process:
        """Have the bank move money."""
        return self.ask(self.times.shop_to_bank, self.times.bank_to_shop, self.bank, "pay", *payment)

    def sell(self, message: Message) -> Process:
        """Have an order paid and supplied, and tell the user."""
        number, user, secret = message.content
        order = self.parties.payable(number, user)
        paid = yield from self.ask_bank(ACCOUNTS + user, secret, order.total, SHOP_ACCOUNT, number)
        if isinstance(paid, int):
            order.status = "processing"
            yield from self.buy(order)
        else:
            self.parties.decline(order, paid, self.environment.now)
        self.answer(message, order.status)

    def buy(self, order: Order) -> Process:
        """Pay the supplier's charges and place the order."""
        charges = self.parties.charges_of(order.cart)
        payment = SHOP_ACCOUNT, SHOP_SECRET, charges, SUPPLIER_ACCOUNT, order.number
        order.transaction = yield from self.ask_bank(*payment)
        times = self.times
        yield from self.ask(times.shop_to_supplier, times.supplier_to_shop, self.supplier, "place", order)
        if order.status == "processing":
            order.status = "on the way"

    # The bank

    def serve_bank(self) -> Process:
        """Move money, or say what is booked."""
        while True:
            message = yield from self.bank.receive()
            if message.kind == "verify":
                self.answer(message, self.parties.verify(*message.content))
            else:
                yield self.environment.timeout(self.times.authorisation())
                self.answer(message, self.parties.pay(*message.content))

    # The supplier

    def supply_goods(self) -> Process:
        """Handle one order after the other, and see to each beside the next one."""
        while True:
            message = yield from self.supplier.receive()
            yield self.environment.timeout(self.times.handling())
            self.environment.process(self.supply(message))

    def supply(self, message: Message) -> Process:
        """Verify that the charges were paid, have the goods made and delivered, and tell the shop."""
        (order,), times, timeout = message.content, self.times, self.environment.timeout
        verify = "verify", order.transaction
        booked = yield from self.ask(times.supplier_to_bank, times.bank_to_supplier, self.bank, *verify)
        if not self.parties.accept(order.number, order.cart, order.transaction, booked):
            return
        self.answer(message, "accepted")
        yield timeout(times.lead())
        yield timeout(times.delivery())
        self.messages += 2  # the goods, which the user takes at once, and the note of it
        yield timeout(times.supplier_to_user())
        yield timeout(times.user_to_supplier())
        self.send(times.supplier_to_shop, self.shop, Message("delivered", (order,), None))

    def outcome(self) -> Outcome:
        """Return what came of it."""
        environment = self.environment
        return self.parties.outcome(self.messages, environment.now, next(environment._eid))


def prepare(flow: Flow) -> Ready:
    """Set the market up."""
    market = Market(flow)
    return Ready(market.environment.run, market.outcome)
