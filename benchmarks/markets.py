"""Measures the markets of `cases.py`: what an order and a user cost, by the number of users and by the flow.

Everything timed is a ratio to a loop of plain SimPy time-outs in the same process and the same seconds.
"""

import json
import subprocess
import sys
from contextlib import ExitStack

from cases import Case, Figures
from page import FLOWS, Measured
from turns import line_from, next_turn, start


def child(measure: str, case: Case) -> subprocess.Popen[str]:
    """Start measuring a case in a process of its own, so that its peak of memory is its own."""
    return start("measure.py", measure, *case)


def measured(measure: str, case: Case) -> Figures:
    """Measure one case alone."""
    with child(measure, case) as process:
        return json.loads(line_from(process))


def timed_in_turns(cases: list[Case]) -> dict[Case, Figures]:
    """Time all cases at once: they take turns, of which only one runs, a few hundredths of a second each."""
    figures: dict[Case, Figures] = {}
    with ExitStack() as running:
        processes = {}
        for case in cases:
            processes[case] = running.enter_context(child("timed", case))
            line_from(processes[case])  # ready: it has loaded its scenario and waits
        while len(figures) < len(cases):
            for case in [case for case in cases if case not in figures]:
                line = next_turn(processes[case])
                if line:
                    figures[case] = json.loads(line)
    return figures


def measure_all(sizes: tuple[int, ...], orders: int, rounds: int) -> Measured:
    """Measure all cases, telling on standard error how far it is."""
    few, many = sizes[0], sizes[-1]
    by_size = [Case(market, users, orders) for users in sizes for market in ("idle", "day")]
    cases = by_size + [Case(market, few, orders) for market in FLOWS]
    times = []
    for number in range(rounds):
        print(f"markets: round {number + 1} of {rounds} ...", file=sys.stderr)
        times.append(timed_in_turns(cases))
    print("markets: memory and tables ...", file=sys.stderr)
    traces = {users: measured("traced", Case("idle", users, orders)) for users in (few, many)}
    return Measured(sizes, orders, times, traces, measured("recorded", Case("day", few, orders)))
