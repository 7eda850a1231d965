"""Naga as its documentation teaches it: a model of blocks, built in Python, with rules of one's own in `LOGIC`.

An entity goes from the logic to a delay or to a process with a resource and back to the logic, which asks the
entity's script where to go next and for how long; money is looked at when a service has ended. A `DUPLICATE` block
lets goods go their own way. Of Naga's logs only the summaries are kept, as it recommends for large studies. Its
logic classes live in the module `nagasim.core.custom_logic`, where its editor writes them; here `prepare` does.
"""

from collections.abc import Callable, Iterator
from typing import Any

from nagasim import build
from nagasim.core import custom_logic
from nagasim.core.sim_runner import setup_run, step_until

from contenders.flow import ACCOUNTS, SHOP_ACCOUNT, SUPPLIER_ACCOUNT, Call, Duration, Flow, Outcome, Ready
from contenders.parties import SHOP_SECRET, Order, Parties

ANYWHERE, SHOP, BANK, SUPPLIER, PARTING, OUT = range(6)
"""Where the links that leave the logic lead."""

Script = Iterator[tuple[int, float]]


class Market:
    """The whole program."""

    def __init__(self, flow: Flow) -> None:
        self.parties = Parties(flow)
        self.times = flow.durations()
        self.passwords = flow.passwords
        self.calls = iter(flow.calls)
        self.messages = 0
        custom_logic.Script = self.logic(self.go_on)
        custom_logic.Parting = self.logic(self.part)
        layout = model(flow).to_dict()
        self.environment, _ = setup_run(layout, seed=flow.seed, run_len=0, warmup=0)

    def logic(self, rule: Callable[[Any], int]) -> type:
        """Return a class for a LOGIC block that asks a rule where an entity goes."""

        class Logic:
            def execute(self, entity: Any) -> int:
                return rule(entity)

        return Logic

    def go_on(self, entity: Any) -> int:
        """Go on with the entity's script, which it gets when it first comes."""
        if not hasattr(entity, "script"):
            entity.script = self.visit(next(self.calls), entity)
        node, entity.seconds = next(entity.script, (OUT, 0.0))
        return node

    def part(self, entity: Any) -> int:
        """Give the first of two equal entities the visitor's script and the second that of the goods."""
        entity.script = entity.scripts.pop(0)
        return self.go_on(entity)

    def ask(
        self, node: int, way: Duration, seconds: Duration, way_back: Duration | None,
        decide: Callable[..., object], *request: object,
    ) -> Script:  # fmt: skip
        """Travel to a party, be served there and have it decide, and travel back, unless it goes on itself."""
        self.messages += 1
        yield ANYWHERE, way()
        yield node, seconds()
        reply = decide(*request)
        if way_back is not None:
            self.messages += 1
            yield ANYWHERE, way_back()
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

    def visit(self, call: Call, entity: Any) -> Script:
        """Go through a visit."""
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
            yield from self.supply(order, entity)
        else:
            parties.decline(order, paid, self.environment.now)
        self.messages += 1
        yield ANYWHERE, times.shop_to_user()

    def supply(self, order: Order, entity: Any) -> Script:
        """Pay the charges and place the order; the goods then go their own way."""
        parties, times = self.parties, self.times
        charges = parties.charges_of(order.cart)
        payment = SHOP_ACCOUNT, SHOP_SECRET, charges, SUPPLIER_ACCOUNT, order.number
        order.transaction = yield from self.ask_bank(*payment)
        yield from self.ask(SUPPLIER, times.shop_to_supplier, times.handling, None, lambda: None)
        booked = yield from self.ask(
            BANK, times.supplier_to_bank, lambda: 0.0, times.bank_to_supplier, parties.verify, order.transaction
        )  # fmt: skip
        if parties.accept(order.number, order.cart, order.transaction, booked):
            entity.scripts = [entity.script, self.deliver(order)]
            yield PARTING, 0.0
            self.messages += 1
            yield ANYWHERE, times.supplier_to_shop()
            if order.status == "processing":
                order.status = "on the way"

    def note_delivered(self, order: Order) -> None:
        """Be the shop that learns of it."""
        self.parties.note_delivered(order, self.environment.now)

    def deliver(self, order: Order) -> Script:
        """Make the goods, bring them, have the user note it, and tell the shop."""
        times = self.times
        yield ANYWHERE, times.lead()
        yield ANYWHERE, times.delivery()
        self.messages += 2
        yield ANYWHERE, times.supplier_to_user()
        yield ANYWHERE, times.user_to_supplier()
        yield from self.ask(
            SHOP, times.supplier_to_shop, lambda: 0.0, None, self.note_delivered, order
        )  # fmt: skip

    def go(self) -> None:
        """Run until nothing is left to happen."""
        step_until(self.environment)

    def outcome(self) -> Outcome:
        """Return what came of it."""
        environment = self.environment
        return self.parties.outcome(self.messages, environment.now, next(environment._eid))


def model(flow: Flow) -> build.Model:
    """Return the model of blocks, whose links leave the logic in the order of `ANYWHERE` and the others."""
    at = [call.at for call in flow.calls]
    blocks = build.Model(record_logs=False)
    arrival = blocks.create(
        distribution="FixedSchedule", dist_params={"schedule": at[1:]}, start_time=at[0], max_arrivals=len(at)
    )  # fmt: skip
    as_scripted = {"distribution": "CustomExpression", "dist_params": {"expression": "entity.seconds"}}
    logic = blocks.logic(logic_class="Script")
    arrival >> logic
    anywhere = blocks.delay(name="anywhere", **as_scripted)
    logic >> anywhere >> logic
    for name, workers in zip(("shop", "bank", "supplier"), flow.workers, strict=True):
        blocks.add_resource(name=name, capacity=workers)
        logic >> blocks.process(name=f"at the {name}", resource_name=name, **as_scripted) >> logic
    logic >> blocks.duplicate() >> blocks.logic(name="parting", logic_class="Parting") >> anywhere
    logic >> blocks.dispose()
    return blocks


def prepare(flow: Flow) -> Ready:
    """Set the market up."""
    market = Market(flow)
    return Ready(market.go, market.outcome)
