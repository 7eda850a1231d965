"""Measures what a message costs in a large market beside one with one of each: `python benchmarks/parties.py`.

Ten shops, three banks, nine suppliers in three tiers; and one of each with the same visits. The two take turns;
each line is a round, the last one the medians. With `--memory ORDERS` one large run prints its peak of memory.
"""

import resource
import sys
from argparse import ArgumentParser
from statistics import median
from time import process_time
from typing import Any

import alesha_sim as alesha
from alesha_sim.scenarios.scenario import Scenario

SHOPS, BANKS, TIERS, MILLS = 10, 3, 3, 3
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


def market(visits: int) -> dict[str, Any]:
    """Return a market of ten shops, three banks and three tiers of suppliers, as settings."""
    given = plain(visits) | {"name": "many_parties"}
    del given["shop"], given["supplier"]
    banks = [f"bank-{place}" for place in range(BANKS)]
    suppliers = []
    for tier in range(TIERS):
        for place in range(MILLS):
            own = {"name": f"tier-{tier}-{place}", "bank": banks[place % BANKS], "stock": STOCK}
            own["opening_balance"] = 10_000_000
            if tier + 1 < TIERS:
                own["upstream"] = f"tier-{tier + 1}-{place}"
            suppliers.append(own)
    shops = [
        {
            "name": f"shop-{place}",
            "bank": banks[place % BANKS],
            "suppliers": [f"tier-0-{place % MILLS}"],
            "opening_balance": 10_000_000,
        }
        for place in range(SHOPS)
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
    scenarios = [Scenario(**make(chosen.visits)) for make in (plain, market)]
    ratios = []
    for number in range(1, chosen.rounds + 1):
        (one, few), (other, many) = (timed(scenario) for scenario in scenarios)
        ratios.append(other / one)
        print(
            f"round {number}: {one:.2f} and {other:.2f} us a message ({few} and {many} messages), {ratios[-1]:.3f}"
        )
        sys.stdout.flush()
    print(f"market / one of each: {median(ratios):.3f} ({min(ratios):.3f} to {max(ratios):.3f})")


if __name__ == "__main__":
    main()
