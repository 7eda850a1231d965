"""Mesa's event scheduler as its documentation teaches it: agents schedule their methods with a `DEVSimulator`.

A visit is an agent of the model, which also keeps it alive: Mesa holds what is scheduled by weak references.
"""

from collections.abc import Callable

from mesa import Agent, Model
from mesa.experimental.devs import DEVSimulator

from contenders.callbacks import Market, Visit
from contenders.flow import Call, Flow, Outcome, Ready


class Visitor(Visit, Agent):
    """A visit as an agent."""

    def __init__(self, market: Market, call: Call, model: Model) -> None:
        Agent.__init__(self, model)
        Visit.__init__(self, market, call)
        self.is_closed = self.has_heard = False

    def hear(self) -> None:
        """Be told how it went, and leave the model if nothing else is left to happen."""
        self.has_heard = True
        if self.is_closed:
            self.remove()

    def end(self) -> None:
        """Leave the model if the user knows."""
        self.is_closed = True
        if self.has_heard:
            self.remove()


class Shopping(Model):
    """The model, whose events the simulator processes."""

    def __init__(self, flow: Flow, simulator: DEVSimulator) -> None:
        super().__init__(seed=flow.seed)
        self.simulator = simulator
        self.events = 0
        simulator.setup(self)
        self.market = Market(flow, self.after, lambda: simulator.time, self.visit)

    def after(self, seconds: float, function: Callable[..., object], *arguments: object) -> None:
        """Schedule a call."""
        self.events += 1
        self.simulator.schedule_event_relative(function, seconds, function_args=arguments)

    def visit(self, market: Market, call: Call) -> Visitor:
        """Let a visitor come."""
        return Visitor(market, call, self)


def prepare(flow: Flow) -> Ready:
    """Set the market up."""
    simulator = DEVSimulator()
    model = Shopping(flow, simulator)

    def go() -> None:
        while not simulator.event_list.is_empty():
            simulator.run_next_event()

    def outcome() -> Outcome:
        return model.market.parties.outcome(model.market.messages, simulator.time, model.events)

    return Ready(go, outcome)
