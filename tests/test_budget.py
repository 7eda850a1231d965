"""Kernel events are counted, not timed: one a message, one a drawn duration, few a visit and an order.

Every event of every shipped scenario belongs to one of the GROUPS, and each group has a budget of its own,
reckoned from what the run recorded: an event too many shows where it came from, and a new kind of event fails.
"""

from collections import Counter

import golden
import numpy as np
import pytest
from conftest import needs

from alesha_sim.columns import TextColumn
from alesha_sim.scenarios import first_purchase, market_day
from alesha_sim.scenarios.catalogue import SHIPPED
from alesha_sim.scenarios.injected_faults import Crash
from alesha_sim.simulation.simulation import Simulation

GROUPS = {
    "Delivery": "messages", "_Withdrawal": "messages",
    "Signal": "durations", "Worker": "durations",
    # Arrivals, beginnings and ends of SimPy's own processes, and what wakes one that waits for money.
    "Schedule": "steps", "Initialize": "steps", "Process": "steps", "Task": "steps", "Event": "steps",
    "Timeouts": "time-outs",
    "_TimerEntry": "calendar",
}  # fmt: skip
"""What the classes of events stand for."""

PAGES = ("ViewHomepage", "Register", "LogIn", "ViewProduct", "Checkout", "Pay", "PayAtDoor", "EnquirePayment")
PAYMENTS = ("Authorise", "Transfer", "Refund")
AFTERWARDS = ("ReturnGoods", "Complain", "ClaimWarranty", "CancelOrder")


def finished(scenario):
    """Run to the end and return the simulation and the number of events in each group."""
    simulation = Simulation(scenario, 7)
    counts = Counter()
    while not simulation.drained:
        first = simulation.clock.calendar.first()
        counts[GROUPS[type(getattr(first, "event", first)).__name__]] += 1
        simulation.step()
    return simulation, counts


def kinds(simulation):
    column = simulation.records.messages.columns()["kind"]
    assert isinstance(column, TextColumn)
    return Counter({label: int(np.sum(column.codes == code)) for code, label in enumerate(column.labels)})


def total(count, names):
    return sum(count[name] for name in names)


def asks(simulation):
    """How many copies of requests were sent: rows of the sender that wrote first under a request's number."""
    first, found = {}, 0
    columns = simulation.records.messages.columns()
    for request, sender in zip(columns["request"].tolist(), columns["sender"].codes.tolist(), strict=True):
        found += first.setdefault(request, sender) == sender
    return found


def terms(simulation, role):
    """Return the sections of the organisations of a role, of which a market has several."""
    return [each.terms for each in simulation.scenario.organisations if each.role == role]


def durations(simulation):
    """Services, lead times, ways of parcels and of orders, money carried back, what users do days later."""
    count, suppliers = kinds(simulation), terms(simulation, "supplier")
    is_made_to_order = any(supplier.stock.kind == "make_to_order" for supplier in suppliers)
    lots = count["OrderAccepted"] if is_made_to_order else len(simulation.records.production_lots)
    services = (
        (total(count, (*PAGES, *AFTERWARDS)), "shop", "page_time"),
        (total(count, PAYMENTS), "bank", "authorisation_time"),
        (count["PlaceOrder"], "supplier", "handling_time"),
        (lots, "supplier", "lead_time"),
    )
    served = sum(
        times * any(getattr(each, duration).expected > 0 for each in terms(simulation, role))
        for times, role, duration in services
    )
    buyers = (*suppliers, *terms(simulation, "shop"))
    sent = len(simulation.records.orders) * any(getattr(buyer, "order_time", 0) > 0 for buyer in buyers)
    return served + sent + count["Deliver"] + count["Remitted"] + total(count, AFTERWARDS)


def crashes(simulation):
    return sum(isinstance(fault, Crash) for fault in simulation.scenario.faults)


def steps(simulation):
    """One a visit, be it that the visitor stays away; three an order and a request after the sale."""
    visits, orders = len(simulation.scenario.visits(7).at), len(simulation.records.orders)
    again = 2 * crashes(simulation)  # a crash and a restart
    return visits + 3 * (orders + total(kinds(simulation), AFTERWARDS)) + again


def time_outs(simulation):
    """One an ask at most where something can be lost, one a page where users are impatient; else none."""
    scenario = simulation.scenario
    lossy = asks(simulation) if scenario.is_hostile else 0
    return lossy + (0 if scenario.users.patience is None else total(kinds(simulation), PAGES))


def calendar(simulation):
    """One an order settled later, a pay-day, a review of stock, a cycle of clearing, a closure; else none."""
    scenario = simulation.scenario
    income = scenario.users.income
    is_immediate = all(bank.settlement.kind == "immediate" for bank in terms(simulation, "bank"))
    settled = 0 if is_immediate else len(simulation.records.orders)
    keepers = (*terms(simulation, "shop"), *terms(simulation, "supplier"))
    periods = [getattr(keeper.stock, "period", None) for keeper in keepers]
    cycles = [scenario.clearing.every] if len(scenario.banks) > 1 and scenario.clearing.kind != "gross" else []
    closures = sum(bank.closes is not None for bank in scenario.banks)
    regular = [every for every in (income and income.every, *periods, *cycles) if every]
    return settled + closures + sum(1 + int(scenario.horizon // every) for every in regular)


BUDGETS = {"durations": durations, "steps": steps, "time-outs": time_outs, "calendar": calendar}


@pytest.mark.parametrize("name", SHIPPED)
def test_kernel_events_stay_within_the_budget_of_each_group(name):
    if name == "cdnow":
        needs("lifetimes")
    simulation, counts = finished(golden.scenario(name))
    budgets = {group: budget(simulation) for group, budget in BUDGETS.items()}
    budgets["messages"] = len(simulation.records.messages)
    assert {group: (found, budgets[group]) for group, found in counts.items() if found > budgets[group]} == {}
    assert sum(counts.values()) == simulation.clock.events


def test_where_nothing_is_lost_every_message_is_one_event():
    simulation, counts = finished(golden.scenario("market_day"))
    assert counts["messages"] == len(simulation.records.messages)
    assert counts["time-outs"] == counts["calendar"] == 0


def test_the_first_purchase_takes_32_events():
    # 29 messages, 2 lead times, 1 for the visit: no process costs an event to begin or to end
    simulation, counts = finished(first_purchase())
    assert simulation.clock.events == 32
    assert counts == {"messages": 29, "durations": 2, "steps": 1}


def test_events_per_order_do_not_grow_with_the_number_of_users():
    found = (finished(market_day(users=users, visits_per_day=300))[0] for users in (50, 5000))
    rates = [simulation.clock.events / len(simulation.records.orders) for simulation in found]
    assert rates[1] == pytest.approx(rates[0], rel=0.25)
