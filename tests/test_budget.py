"""Kernel events are counted, not timed: one a message, one a drawn duration, few a visit and an order."""

import numpy as np
import pytest

from alesha_sim.records import Coded
from alesha_sim.scenarios import first_purchase, market_day
from alesha_sim.simulation import Simulation

SCENARIOS = {"first_purchase": first_purchase, "market_day": lambda: market_day(users=100, visits_per_day=300)}


def finished(scenario):
    simulation = Simulation(scenario, 7)
    simulation.run()
    return simulation


def kinds(simulation):
    column = simulation.records.messages.columns()["kind"]
    assert isinstance(column, Coded)
    return {label: int(np.sum(column.codes == code)) for code, label in enumerate(column.labels)}


def durations_drawn(simulation):
    """How many services, lead times and delivery times were drawn that were not constantly zero."""
    scenario, count = simulation.scenario, kinds(simulation)
    pages = ("ViewHomepage", "Register", "LogIn", "ViewProduct", "Checkout", "Pay")
    payments = ("Authorise", "Transfer", "Refund")
    accepted = count.get("OrderAccepted", 0)
    return sum(
        times * (duration.expected > 0)
        for times, duration in (
            (sum(count.get(kind, 0) for kind in pages), scenario.shop.page_time),
            (sum(count.get(kind, 0) for kind in payments), scenario.bank.authorisation_time),
            (count.get("PlaceOrder", 0), scenario.supplier.handling_time),
            (accepted, scenario.supplier.lead_time),
            (accepted, scenario.supplier.delivery_time),
        )
    )


@pytest.mark.parametrize("name", SCENARIOS)
def test_kernel_events_stay_within_the_budget(name):
    simulation = finished(SCENARIOS[name]())
    messages, visits = len(simulation.records.messages), len(simulation.records.visits)
    orders = len(simulation.records.orders)
    parties = (simulation.shop, simulation.bank, simulation.supplier, simulation.users)
    workers = sum(hands(party) for party in parties)
    budget = messages + durations_drawn(simulation) + workers + 4 * visits + 4 * orders
    assert simulation.clock.events <= budget


def hands(party):
    """All workers of an entity: once the run has drained, every one is idle."""
    return len(party.inbox.idle)


def test_the_first_purchase_takes_32_events():
    # 29 messages, 2 lead times, 1 for the visit: no process costs an event to begin or to end
    assert finished(first_purchase()).clock.events == 32


def test_events_per_order_do_not_grow_with_the_number_of_users():
    few, many = (finished(market_day(users=users, visits_per_day=300)) for users in (50, 5000))
    rates = [simulation.clock.events / len(simulation.records.orders) for simulation in (few, many)]
    assert rates[1] == pytest.approx(rates[0], rel=0.25)
