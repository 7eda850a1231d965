"""Queues: the shop against M/M/c and M/G/1, and Little's law on every inbox.

Visitors who only look, one page each, are the customers, and the shop's workers the servers. Queues start empty;
a run's first part, at least ten relaxation times 1 / (sqrt(c mu) - sqrt(lambda))^2, is therefore not counted, and
less than exp(-10) of the bias is left.
"""

from math import inf
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from alesha_sim.columns import MISSING_TIME, Columns, numbers, text_column
from alesha_sim.distributions import Constant, Distribution, Erlang, Exponential, Gamma
from alesha_sim.scenarios import market_day
from alesha_sim.scenarios.scenario import Scenario
from alesha_sim.simulation.simulation import Simulation
from alesha_sim.theory import MG1, MMc
from alesha_sim.units import DAY, MICROSECONDS
from alesha_sim.verification.check import Check, Figure, Figures


class Queue(NamedTuple):
    """A shop and its theory; `visits` is the expected number in the counted part of a run."""

    name: str
    theory: MMc | MG1
    servers: int
    page_time: Distribution
    warm_up_seconds: float
    visits: int


QUEUES = (
    Queue("M/M/1, 50 % busy", MMc(arrival_rate=0.5, service_rate=1), 1, Exponential(1), 120, 4_000),
    Queue("M/M/1, 80 % busy", MMc(arrival_rate=0.8, service_rate=1), 1, Exponential(1), 900, 16_000),
    Queue("M/M/2, 80 % busy", MMc(arrival_rate=1.6, service_rate=1, servers=2), 2, Exponential(1), 450, 16_000),
    Queue("M/M/5, 80 % busy", MMc(arrival_rate=4, service_rate=1, servers=5), 5, Exponential(1), 180, 30_000),
    Queue("M/D/1, 80 % busy", MG1(arrival_rate=0.8, service_mean=1, service_cv=0), 1, Constant(1), 900, 8_000),
)
MORE_QUEUES = (
    Queue("M/M/1, 90 % busy", MMc(arrival_rate=0.9, service_rate=1), 1, Exponential(1), 3_800, 40_000),
    Queue("M/M/10, 80 % busy", MMc(arrival_rate=8, service_rate=1, servers=10), 10, Exponential(1), 90, 50_000),
    Queue("M/M/10, 90 % busy", MMc(arrival_rate=9, service_rate=1, servers=10), 10, Exponential(1), 400, 90_000),
    Queue("M/E4/1, 80 % busy", MG1(arrival_rate=0.8, service_mean=1, service_cv=0.5), 1, Erlang(4, 1), 900, 9_000),
    Queue("M/G/1, cv 2, 80 %", MG1(arrival_rate=0.8, service_mean=1, service_cv=2), 1, Gamma(1, 2), 2_500, 60_000),
)
"""Busier, larger and rougher ones, which take longer."""


def queue_check(queue: Queue) -> Check:
    """Compare a shop that only shows its home page with its theory.

    Figures: the mean wait, seconds, and the share of visits that wait, both from the messages; the mean number
    waiting from the inbox's own counter.
    """
    warm_up = queue.warm_up_seconds
    horizon = warm_up + queue.visits / queue.theory.arrival_rate
    scenario = Scenario.model_validate(
        {
            "name": "queue",
            "horizon": horizon,
            "demand": {"kind": "poisson", "visits_per_day": queue.theory.arrival_rate * DAY, "buy_share": 0},
            "users": {"count": 100},
            "shop": {"workers": queue.servers, "page_time": queue.page_time},
        }
    )

    def run(seed: int) -> Figures:
        simulation = Simulation(scenario, seed)
        simulation.run(until=warm_up)
        before = _waited_together(simulation)
        simulation.run(until=horizon)
        waiting = (_waited_together(simulation) - before) / (simulation.now - warm_up)
        simulation.run()
        waits = _waits(simulation.result().columns("messages"), "shop", warm_up, horizon)
        return {
            "mean wait, s": Figure(float(waits.mean()), queue.theory.mean_wait),
            "share that waits": Figure(float((waits > 0).mean()), queue.theory.wait_probability),
            "mean number waiting": Figure(waiting, queue.theory.mean_waiting),
        }

    return Check(queue.name, run)


def _waited_together(simulation: Simulation) -> float:
    """Return the seconds that all messages together have waited at the shop so far, by its inbox's counter."""
    return simulation.shop.inbox.statistics().mean_waiting * simulation.now


def _waits(messages: Columns, recipient: str, start: float = 0.0, end: float = inf) -> NDArray[np.float64]:
    """Return the waits, seconds, of the messages that reached `recipient` (or `user:...`) in [start, end)."""
    to = text_column(messages, "recipient")
    hits = np.array([label.split(":")[0] == recipient for label in to.labels])
    delivered, started = numbers(messages, "delivered_at"), numbers(messages, "started_at")
    # Replies go past the inbox, straight to the process that waits for them: nobody starts on them.
    counted = hits[to.codes] & (started != MISSING_TIME)
    counted &= (delivered >= start * MICROSECONDS) & (delivered < end * MICROSECONDS)
    waits: NDArray[np.float64] = (started[counted] - delivered[counted]) / MICROSECONDS
    return waits


def little_run(seed: int) -> Figures:
    """Compare on every inbox of a busy market the counted mean number waiting with rate times mean wait.

    Over a run that begins and ends empty Little's law is an identity, so both may differ only by the rounding of
    the messages' instants to a microsecond.
    """
    market = market_day(visits_per_day=2000, shop_workers=1, bank_workers=1, supplier_workers=2)
    slow = {"shop.page_time": Exponential(4), "bank.authorisation_time": Exponential(15)}
    simulation = Simulation(market.with_settings(slow), seed)
    simulation.run()
    messages = simulation.result().columns("messages")
    parties = {
        "shop": simulation.shop,
        "bank": simulation.bank,
        "supplier": simulation.supplier,
        "user": simulation.users,
    }
    metrics = {}
    for name, party in parties.items():
        waits, counted = _waits(messages, name), party.inbox.statistics()
        rate = len(waits) / simulation.now
        metrics[f"{name}: messages"] = Figure(counted.arrivals, len(waits))
        metrics[f"{name}: mean number waiting"] = Figure(
            counted.mean_waiting, rate * float(waits.mean()), 1e-6 * rate
        )
    return metrics
