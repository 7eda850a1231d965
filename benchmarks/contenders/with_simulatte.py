"""simulatte: SimPy's environment and resources as its job shops use them, with a job for each visit.

Its shop floor itself moves a job along a routing that is fixed when the job is made, which a visit's is not: a
log-in may be refused, a payment declined. So the visits are processes of its `Environment`, as SimPy has them, and
its `Server`s work on them as that class teaches: `with server.request(job=job) as turn`, then `process_job`.
"""

from collections.abc import Callable, Iterator
from math import inf

from simpy import Event
from simulatte.environment import Environment
from simulatte.job import ProductionJob
from simulatte.server import Server

from contenders.flow import ACCOUNTS, SHOP_ACCOUNT, SUPPLIER_ACCOUNT, Call, Flow, Outcome, Ready
from contenders.parties import SHOP_SECRET, Order, Parties


class Market:
    """The whole program."""

    def __init__(self, flow: Flow) -> None:
        self.env = env = Environment(seed=flow.seed)
        self.parties = Parties(flow)
        self.times = flow.durations()
        self.passwords = flow.passwords
        self.messages = 0
        self.shop, self.bank, self.supplier = self.servers = tuple(
            Server(env=env, capacity=workers, name=name)
            for name, workers in zip(("shop", "bank", "supplier"), flow.workers, strict=True)
        )
        env.process(self.visits(flow.calls))

    def visits(self, calls: list[Call]) -> Iterator[Event]:
        """Let visitors come."""
        for call in calls:
            yield self.env.timeout(call.at - self.env.now)
            job = ProductionJob(
                env=self.env, sku="visit", servers=self.servers, processing_times=(0.0, 0.0, 0.0), due_date=inf
            )  # fmt: skip
            self.env.process(self.visit(call, job))

    def ask_shop(self, job: ProductionJob, decide: Callable[..., object], *request: object) -> Iterator[Event]:
        """Ask the shop for a page."""
        self.messages += 2
        yield self.env.timeout(self.times.user_to_shop())
        with self.shop.request(job=job) as turn:
            yield turn
            yield from self.shop.process_job(job, self.times.page())
            reply = decide(*request)
        yield self.env.timeout(self.times.shop_to_user())
        return reply

    def ask_bank(self, job: ProductionJob, *payment: object) -> Iterator[Event]:
        """Let the shop have the bank move money."""
        self.messages += 2
        yield self.env.timeout(self.times.shop_to_bank())
        with self.bank.request(job=job) as turn:
            yield turn
            yield from self.bank.process_job(job, self.times.authorisation())
            reply = self.parties.pay(*payment)
        yield self.env.timeout(self.times.bank_to_shop())
        return reply

    def visit(self, call: Call, job: ProductionJob) -> Iterator[Event]:
        """Go through a visit."""
        parties, user, password = self.parties, call.user, self.passwords[call.user]
        yield from self.ask_shop(job, parties.show_home)
        if (yield from self.ask_shop(job, parties.log_in, user, password)) is not None:
            yield from self.ask_shop(job, parties.register, user, password)
            yield from self.ask_shop(job, parties.log_in, user, password)
        for sku, _ in call.cart:
            yield from self.ask_shop(job, parties.show_product, sku)
        order = yield from self.ask_shop(job, parties.check_out, user, call.cart)
        yield from self.pay(job, order.number, user, call.secret)

    def pay(self, job: ProductionJob, number: int, user: int, secret: str) -> Iterator[Event]:
        """Pay an order; what the shop does about it holds none of its workers."""
        self.messages += 2
        yield self.env.timeout(self.times.user_to_shop())
        with self.shop.request(job=job) as turn:
            yield turn
            yield from self.shop.process_job(job, self.times.page())
            order = self.parties.payable(number, user)
        paid = yield from self.ask_bank(job, ACCOUNTS + user, secret, order.total, SHOP_ACCOUNT, number)
        if isinstance(paid, int):
            order.status = "processing"
            yield from self.supply(job, order)
        else:
            self.parties.decline(order, paid, self.env.now)
            self.env.entities.retire(job)
        yield self.env.timeout(self.times.shop_to_user())

    def supply(self, job: ProductionJob, order: Order) -> Iterator[Event]:
        """Pay the charges and place the order; the goods then go their own way."""
        charges = self.parties.charges_of(order.cart)
        payment = SHOP_ACCOUNT, SHOP_SECRET, charges, SUPPLIER_ACCOUNT, order.number
        order.transaction = yield from self.ask_bank(job, *payment)
        self.messages += 2
        yield self.env.timeout(self.times.shop_to_supplier())
        with self.supplier.request(job=job) as turn:
            yield turn
            yield from self.supplier.process_job(job, self.times.handling())
        booked = yield from self.verify(job, order.transaction)
        if self.parties.accept(order.number, order.cart, order.transaction, booked):
            self.env.process(self.deliver(job, order))
            yield self.env.timeout(self.times.supplier_to_shop())
            if order.status == "processing":
                order.status = "on the way"

    def verify(self, job: ProductionJob, transaction: int) -> Iterator[Event]:
        """Let the supplier ask the bank what is booked, which takes a worker but no time."""
        self.messages += 2
        yield self.env.timeout(self.times.supplier_to_bank())
        with self.bank.request(job=job) as turn:
            yield turn
            booked = self.parties.verify(transaction)
        yield self.env.timeout(self.times.bank_to_supplier())
        return booked

    def deliver(self, job: ProductionJob, order: Order) -> Iterator[Event]:
        """Make the goods, bring them, have the user note it, and tell the shop."""
        yield self.env.timeout(self.times.lead())
        yield self.env.timeout(self.times.delivery())
        self.messages += 3
        yield self.env.timeout(self.times.supplier_to_user())
        yield self.env.timeout(self.times.user_to_supplier())
        yield self.env.timeout(self.times.supplier_to_shop())
        with self.shop.request(job=job) as turn:
            yield turn
            self.parties.note_delivered(order, self.env.now)
        self.env.entities.retire(job)

    def outcome(self) -> Outcome:
        """Return what came of it."""
        return self.parties.outcome(self.messages, self.env.now, next(self.env._eid))


def prepare(flow: Flow) -> Ready:
    """Set the market up."""
    market = Market(flow)
    return Ready(market.env.run, market.outcome)
