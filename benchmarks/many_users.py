"""Measures a run of a million users and few visits, and what is asked of it: `python benchmarks/many_users.py`.

Prints a line a turn: CPU seconds of the process of the run (set-up and tables included), and of metrics, summary,
check and digest, each with its share of the run.
"""

import sys
from collections.abc import Callable
from time import process_time
from typing import Any

import alesha_sim as alesha
from alesha_sim.scenarios.library.market_day import market_day


def timed(call: Callable[[], Any]) -> tuple[Any, float]:
    """Return what a call returns, and the CPU seconds that it took."""
    started = process_time()
    return call(), process_time() - started


def turn(users: int) -> str:
    """Return the figures of one run, as a line."""
    result, run = timed(lambda: alesha.simulate(market_day(users=users, visits_per_day=300), seed=7))
    asked: dict[str, Callable[[], Any]] = {
        "metrics": result.metrics,
        "summary": result.summary,
        "check": result.check,
        "digest": lambda: result.digest,
    }
    spent = {name: timed(call)[1] for name, call in asked.items()}
    return f"run {run:.2f} s" + "".join(
        f", {name} {took:.2f} s ({took / run:.2f})" for name, took in spent.items()
    )


if __name__ == "__main__":
    for _ in range(3):
        print(turn(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000), flush=True)
