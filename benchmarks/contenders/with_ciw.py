"""Ciw: a network of queues, in which routing of the program's own decides where a customer goes next.

Shop, bank and supplier are nodes with servers; whatever only takes time happens at a node with infinitely many. A
customer's `script` says, step by step, to which node it goes and how long it is served there; money is looked at
when a service ends. See Ciw's guides on custom routing objects, custom distributions and custom individuals.

A customer cannot become two, so the goods are made only once the user knows, a tenth of a second late.
"""

from collections.abc import Callable, Iterator
from itertools import pairwise
from math import inf

import ciw

from contenders.flow import ACCOUNTS, SHOP_ACCOUNT, SUPPLIER_ACCOUNT, Call, Duration, Flow, Outcome, Ready
from contenders.parties import SHOP_SECRET, Order, Parties

ANYWHERE, SHOP, BANK, SUPPLIER = 1, 2, 3, 4

Script = Iterator[tuple[int, Duration]]


class AsScripted(ciw.dists.Distribution):
    """The time that a customer's script says."""

    def sample(self, t: float | None = None, ind: ciw.Individual | None = None) -> float:
        """Return it."""
        return ind.seconds()


class Scripted(ciw.routing.NetworkRouting):
    """Sends each customer where its script says, and out of the network at its end."""

    def __init__(self, script: Callable[[int], Script]) -> None:
        self.script = script

    def initialise(self, simulation: ciw.Simulation) -> None:
        """Take the simulation."""
        self.simulation = simulation

    def initialise_individual(self, ind: ciw.Individual) -> None:
        """Give a customer the script; the first step is at the node where all arrive."""
        ind.script = self.script(ind.id_number - 1)
        _, ind.seconds = next(ind.script)

    def next_node(self, ind: ciw.Individual, node_id: int) -> ciw.Node:
        """Go on with the script."""
        del node_id
        node, ind.seconds = next(ind.script, (-1, None))
        return self.simulation.nodes[node]


class Market:
    """The whole program."""

    def __init__(self, flow: Flow) -> None:
        self.parties = Parties(flow)
        self.times = flow.durations()
        self.passwords = flow.passwords
        self.calls = flow.calls
        self.messages = 0
        pauses = [later - sooner for sooner, later in pairwise([0.0, *(call.at for call in self.calls)])]
        network = ciw.create_network(
            arrival_distributions=[ciw.dists.Sequential([*pauses, inf]), None, None, None],
            service_distributions=[AsScripted() for _ in range(4)],
            number_of_servers=[inf, *flow.workers],
            routing=Scripted(lambda number: self.visit(self.calls[number])),
        )
        self.simulation = ciw.Simulation(network)

    def go(self) -> None:
        """Simulate until everybody has left."""
        self.simulation.simulate_until_max_customers(len(self.calls), method="Finish")

    def ask(
        self, node: int, way: Duration, seconds: Duration, way_back: Duration | None,
        decide: Callable[..., object], *request: object,
    ) -> Script:  # fmt: skip
        """Travel to a party, be served there and have it decide, and travel back, unless it goes on itself."""
        self.messages += 1
        yield ANYWHERE, way
        yield node, seconds
        reply = decide(*request)
        if way_back is not None:
            self.messages += 1
            yield ANYWHERE, way_back
        return reply

    def ask_shop(self, decide: Callable[..., object], *request: object) -> Script:
        """Ask the shop for a page."""
        times = self.times
        return self.ask(SHOP, times.user_to_shop, times.page, times.shop_to_user, decide, *request)

    def ask_bank(self, *payment: object) -> Script:
        """Let the shop have the bank move money."""
        times = self.times
        return self.ask(
            BANK, times.shop_to_bank, times.authorisation, times.bank_to_shop, self.parties.pay, *payment
        )  # fmt: skip

    def visit(self, call: Call) -> Script:
        """Go through a visit, and through what comes of it."""
        parties, times, user, password = self.parties, self.times, call.user, self.passwords[call.user]
        yield from self.ask_shop(parties.show_home)
        if (yield from self.ask_shop(parties.log_in, user, password)) is not None:
            yield from self.ask_shop(parties.register, user, password)
            yield from self.ask_shop(parties.log_in, user, password)
        for sku, _ in call.cart:
            yield from self.ask_shop(parties.show_product, sku)
        number = (yield from self.ask_shop(parties.check_out, user, call.cart)).number
        order = yield from self.ask(SHOP, times.user_to_shop, times.page, None, parties.payable, number, user)
        paid = yield from self.ask_bank(ACCOUNTS + user, call.secret, order.total, SHOP_ACCOUNT, number)
        if isinstance(paid, int):
            order.status = "processing"
            yield from self.supply(order)
        else:
            parties.decline(order, paid, self.simulation.current_time)
        self.messages += 1
        yield ANYWHERE, times.shop_to_user
        if isinstance(paid, int):
            yield from self.deliver(order)

    def supply(self, order: Order) -> Script:
        """Pay the charges and place the order, which the supplier accepts."""
        parties, times = self.parties, self.times
        charges = parties.charges_of(order.cart)
        payment = SHOP_ACCOUNT, SHOP_SECRET, charges, SUPPLIER_ACCOUNT, order.number
        order.transaction = yield from self.ask_bank(*payment)
        yield from self.ask(SUPPLIER, times.shop_to_supplier, times.handling, None, lambda: None)
        booked = yield from self.ask(
            BANK, times.supplier_to_bank, lambda: 0.0, times.bank_to_supplier, parties.verify, order.transaction
        )  # fmt: skip
        if parties.accept(order.number, order.cart, order.transaction, booked):
            self.messages += 1
            yield ANYWHERE, times.supplier_to_shop
            order.status = "on the way"

    def note_delivered(self, order: Order) -> None:
        """Be the shop that learns of it."""
        self.parties.note_delivered(order, self.simulation.current_time)

    def deliver(self, order: Order) -> Script:
        """Make the goods, bring them, have the user note it, and tell the shop."""
        times = self.times
        yield ANYWHERE, times.lead
        yield ANYWHERE, times.delivery
        self.messages += 2
        yield ANYWHERE, times.supplier_to_user
        yield ANYWHERE, times.user_to_supplier
        yield from self.ask(
            SHOP, times.supplier_to_shop, lambda: 0.0, None, self.note_delivered, order
        )  # fmt: skip

    def outcome(self) -> Outcome:
        """Return what came of it."""
        return self.parties.outcome(self.messages, self.simulation.current_time)


def prepare(flow: Flow) -> Ready:
    """Set the market up."""
    market = Market(flow)
    return Ready(market.go, market.outcome)
