"""Measures what an order and a user cost, and writes the figures to docs/performance.md (`make bench`).

Everything timed is a ratio to a loop of plain SimPy time-outs in the same process and the same seconds. By default
up to 100,000 users, in ten minutes or so; `--full` goes up to a million users and a million orders.
"""

import json
import subprocess
import sys
from argparse import ArgumentParser, Namespace
from contextlib import ExitStack
from pathlib import Path

import compiled
import growth
import startup
from cases import Case, Figures
from page import Measured, page
from peers import side_by_side
from turns import HERE, line_from, next_turn, start

TRIED = HERE / "tried.md"
SIZES, ORDERS = (1_000, 10_000, 100_000), 3_000
FULL_SIZES, FULL_ORDERS = (*SIZES, 1_000_000), 30_000
FLOWS = ("buyers", "messages", "wary")


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
    """Measure everything that the page shows, telling on standard error how far it is."""
    few, many = sizes[0], sizes[-1]
    by_size = [Case(market, users, orders) for users in sizes for market in ("idle", "day")]
    cases = by_size + [Case(market, few, orders) for market in FLOWS]
    times = []
    for number in range(rounds):
        print(f"round {number + 1} of {rounds} ...", file=sys.stderr)
        times.append(timed_in_turns(cases))
    print("memory and tables ...", file=sys.stderr)
    traces = {users: measured("traced", Case("idle", users, orders)) for users in (few, many)}
    tables = measured("recorded", Case("day", few, orders))
    # Runs of half a second see more of what else the machine does than the turns above: they need more rounds.
    return Measured(sizes, orders, times, traces, tables, side_by_side(3 * rounds))


def options(arguments: list[str] | None = None) -> Namespace:
    """Read the command line."""
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("--full", action="store_true", help="up to a million users, ten times the orders")
    parser.add_argument("--million", action="store_true", help="growth up to a million orders and as many users")
    parser.add_argument("--rounds", type=int, default=5, help="how often everything is timed (%(default)s)")
    parser.add_argument("--out", type=Path, default=HERE.parent / "docs" / "performance.md", help="%(default)s")
    chosen = parser.parse_args(arguments)
    if chosen.rounds < 1:
        parser.error(f"argument --rounds: {chosen.rounds}: must be at least 1")
    return chosen


def main() -> None:
    """Measure and write the page."""
    chosen = options()
    if compiled.missing():
        print(f"the compiled library does not take part: {compiled.missing()} not found", file=sys.stderr)
    else:
        compiled.compiled()
    sizes, orders = (FULL_SIZES, FULL_ORDERS) if chosen.full else (SIZES, ORDERS)
    found = page(measure_all(sizes, orders, chosen.rounds))
    million = chosen.full or chosen.million
    grown = growth.measured(growth.FULL_ORDERS, growth.FULL_USERS) if million else growth.measured()
    growth.draw(grown, chosen.out.with_name(growth.PICTURE.name))
    parts = (found, growth.section(grown), startup.section(), TRIED.read_text("utf-8"))
    chosen.out.write_text("\n\n".join(part.strip() for part in parts) + "\n", "utf-8")
    print(f"written: {chosen.out}", file=sys.stderr)


if __name__ == "__main__":
    main()
