"""The shop's queue with impatient users against Erlang A, over replications."""

import numpy as np
import pytest
from conftest import is_full_size, within_standard_errors

from alesha_sim.columns import numbers, text_column
from alesha_sim.scenarios.scenario import Scenario
from alesha_sim.simulation.simulation import Simulation
from alesha_sim.theory import ErlangA

SECONDS = 10_000
WARM_UP = 100_000_000  # microseconds

CASES = {
    "M/M/1, overloaded": ErlangA(arrival_rate=1.2, service_rate=1.0, abandon_rate=0.5, servers=1),
    "M/M/4, short patience": ErlangA(arrival_rate=4.0, service_rate=1.0, abandon_rate=2.0, servers=4),
}


def market(theory):
    """Visitors who look at the home page once, at a shop of `servers`; every message takes a second."""
    shop = {"workers": theory.servers, "page_time": {"kind": "exponential", "mean": 1 / theory.service_rate}}
    return Scenario.model_validate({
        "name": "impatience", "horizon": SECONDS, "shop": shop, "network": {"default": {"latency": 1}},
        "users": {"count": 1000, "patience": {"kind": "exponential", "mean": 1 / theory.abandon_rate}},
        "demand": {"kind": "poisson", "visits_per_day": theory.arrival_rate * 86_400, "buy_share": 0},
    })  # fmt: skip


def observed(theory, seed):
    """Share of requests withdrawn before service, and the mean wait of all, seconds, in one run."""
    simulation = Simulation(market(theory), seed)
    simulation.run()
    messages = simulation.records.messages.columns()
    kind, fate = (
        np.array(text_column(messages, name).labels)[text_column(messages, name).codes]
        for name in ("kind", "fate")
    )
    request, arrived = numbers(messages, "request"), numbers(messages, "delivered_at")
    asked = (kind == "ViewHomepage") & (numbers(messages, "sent_at") > WARM_UP)
    withdrawn = asked & (fate == "withdrawn")
    told = np.full(request.max() + 1, -1)
    told[request[kind == "Withdraw"]] = arrived[kind == "Withdraw"]
    left_at = np.where(withdrawn, told[request], numbers(messages, "started_at"))
    return withdrawn.sum() / asked.sum(), (left_at - arrived)[asked].mean() / 1e6


@pytest.mark.slow
@pytest.mark.parametrize("name", CASES)
def test_abandonment_from_the_queue_agrees_with_erlang_a(name):
    theory, runs = CASES[name], 60 if is_full_size() else 24
    shares, waits = np.array([observed(theory, seed) for seed in range(runs)]).T
    assert within_standard_errors(shares, theory.abandon_probability)
    assert within_standard_errors(waits, theory.mean_wait)
    # Whoever waits leaves at the rate of impatience, so P(abandon) = rate x mean wait holds run by run, too.
    assert within_standard_errors(shares / waits, theory.abandon_rate)
