"""The library itself, with everything recorded or less."""

from inspect import signature
from pathlib import Path

from alesha_sim.recording import message_log
from alesha_sim.simulation.simulation import Simulation
from alesha_sim.vocabulary import SHOP, SUPPLIER
from contenders.flow import ACCOUNTS, SHOP_ACCOUNT, SUPPLIER_ACCOUNT, Flow, Outcome, Placed, Ready

MODES = ("all", "summary")
"""What can be recorded: everything, or counts only."""

IS_CHOSEN = "record" in signature(Simulation).parameters
"""Whether there is a choice of what is recorded."""


def is_compiled() -> bool:
    """Tell whether the library's busiest modules are machine code."""
    return Path(message_log.__file__).suffix != ".py"


def prepare(flow: Flow, record: str = "all") -> Ready:
    """Set the market up."""
    simulation = Simulation(flow.scenario, flow.seed, **({"record": record} if IS_CHOSEN else {}))
    return Ready(simulation.run, lambda: outcome(simulation, record))


def outcome(simulation: Simulation, record: str) -> Outcome:
    """Return what came of a run, as far as it was recorded."""
    available = simulation.bank.book.available
    deposits = {ACCOUNTS + user: available(user) for user in range(simulation.scenario.users.count)}
    deposits |= {SHOP_ACCOUNT: available(SHOP), SUPPLIER_ACCOUNT: available(SUPPLIER)}
    return Outcome(
        None if record == "summary" else placed(simulation), deposits,
        len(simulation.records.messages) if record == "all" else None, simulation.now, simulation.clock.events,
    )  # fmt: skip


def placed(simulation: Simulation) -> list[Placed]:
    """Return the orders, as the result's table has them."""
    orders = simulation.result().orders
    totals = (orders["total"] * simulation.scenario.currency.scale).round().astype(int)
    columns = (
        orders["user"], totals, orders["status"].astype(str), orders["reason"].astype(object).fillna(""),
        (orders["closed_at"] - simulation.scenario.start).dt.total_seconds(),
    )  # fmt: skip
    return sorted(map(Placed, *(column.tolist() for column in columns)))
