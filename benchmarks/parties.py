"""Measures what a message costs in a large market beside smaller ones: `python benchmarks/parties.py`.

The market has ten shops, three banks and nine suppliers in three tiers. Beside it run one of each, and a chain
with one shop, one bank and one supplier in each of three tiers, whose messages are of the market's kinds. All have
the same visits and take turns; each line is a round, the last ones the medians. With `--memory VISITS` one large
run of the market prints its peak of memory.
"""

import resource
from argparse import ArgumentParser
from statistics import median
from time import process_time
from typing import Any

import alesha_sim as alesha
from alesha_sim.scenarios.scenario import Scenario

TIERS = 3
STOCK = {"kind": "base_stock", "level": 400}


def plain(visits: int) -> dict[str, Any]:
    """Return one of each, as settings."""
    return {
        "name": "one_of_each",
        "horizon": "20 days",
        "users": {"count": 2000, "opening_balance": 1_000_000},
        "demand": {"kind": "poisson", "visits_per_day": visits / 20},
        "shop": {"opening_balance": 10_000_000},
        "supplier": {"stock": STOCK, "opening_balance": 10_000_000},
    }


def market(visits: int, shops_of: int = 10, banks_of: int = 3, mills: int = 3) -> dict[str, Any]:
    """Return a market of so many shops, banks and suppliers in each of three tiers, as settings."""
    given = plain(visits) | {"name": "many_parties"}
    del given["shop"], given["supplier"]
    banks = [f"bank-{place}" for place in range(banks_of)]
    suppliers = []
    for tier in range(TIERS):
        for place in range(mills):
            own = {"name": f"tier-{tier}-{place}", "bank": banks[place % banks_of], "stock": STOCK}
            own["opening_balance"] = 10_000_000
            if tier + 1 < TIERS:
                own["upstream"] = f"tier-{tier + 1}-{place}"
            suppliers.append(own)
    shops = [
        {
            "name": f"shop-{place}",
            "bank": banks[place % banks_of],
            "suppliers": [f"tier-0-{place % mills}"],
            "opening_balance": 10_000_000,
        }
        for place in range(shops_of)
    ]
    return given | {"shops": shops, "banks": [{"name": name} for name in banks], "suppliers": suppliers}


def timed(scenario: Scenario) -> tuple[float, int]:
    """Return the CPU microseconds that a run took for a message, and the messages."""
    simulation = alesha.Simulation(scenario, 7)
    started = process_time()
    simulation.run()
    spent = process_time() - started
    messages = len(simulation.records.messages)
    return spent / messages * 1e6, messages


def main() -> None:
    """Print a line a round and the medians, or the peak of memory of one run."""
    parser = ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--visits", type=int, default=4000, help="visits of a run (%(default)s)")
    parser.add_argument("--rounds", type=int, default=7, help="%(default)s")
    parser.add_argument("--memory", type=int, help="make one run of the market with so many visits")
    chosen = parser.parse_args()
    if chosen.memory:
        _, messages = timed(Scenario(**market(chosen.memory)))
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
        print(f"{messages} messages, peak {peak / 1e6:.0f} MB, {peak / messages:.0f} bytes a message")
        return
    tables = plain(chosen.visits), market(chosen.visits, 1, 1, 1), market(chosen.visits)
    scenarios = [Scenario(**table) for table in tables]
    rounds: list[list[float]] = []
    for number in range(1, chosen.rounds + 1):
        times, messages = zip(*map(timed, scenarios), strict=True)
        rounds.append([times[2] / times[0], times[2] / times[1]])
        told = ", ".join(f"{one:.2f} us of {many}" for one, many in zip(times, messages, strict=True))
        print(f"round {number}: a message {told}; ratios {rounds[-1][0]:.3f}, {rounds[-1][1]:.3f}", flush=True)
    for name, ratios in zip(("one of each", "a chain of one each"), zip(*rounds, strict=True), strict=True):
        print(f"a message, market / {name}: {median(ratios):.3f} ({min(ratios):.3f} to {max(ratios):.3f})")


if __name__ == "__main__":
    main()
