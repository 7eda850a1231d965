"""Times programs that do the same work: `python peers.py lean_simpy 1000 2000` times one, a run a turn.

Times are CPU seconds of the run alone: demand, secrets and deposits are drawn before, the outcome is read after,
and both are left out for everybody. Garbage is collected before each run, and then as Python does by default.
"""

import gc
import json
import sys
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from statistics import fmean
from time import process_time
from typing import NamedTuple

from cases import Figures
from compiled import SITE
from contenders.entrants import compare, outcome, prepared, present, site
from contenders.flow import Flow
from turns import line_from, next_turn, start
from yardstick import seconds_per_event

USERS, ORDERS = 1_000, 2_000


class Beside(NamedTuple):
    """What was measured of all who took part, by round and name; who was `absent`, and why."""

    users: int
    orders: int
    rounds: list[dict[str, Figures]]
    absent: dict[str, str]


def timed(name: str, flow: Flow, end_turn: Callable[[Figures | None], None]) -> None:
    """Time a contender in every turn, for ever; raises Refused, before anything is timed, unless it does the work.

    `end_turn` takes what a turn measured, nothing after the first, and returns when it is this contender's again.
    """
    prepare = prepared(name)
    expected = outcome(prepared("library_all"), flow)
    compare(name, outcome(prepare, flow), expected)
    figures = None
    while True:
        end_turn(figures)
        ready = prepare(flow)
        gc.collect()
        before = seconds_per_event()
        started = process_time()
        ready.go()
        seconds = process_time() - started
        found = ready.outcome()
        compare(name, found, expected)
        figures = {
            "run": seconds,
            "yardstick": fmean([before, seconds_per_event()]),
            "orders": len(expected.orders or []),
            "messages": expected.messages,
        }
        if found.events is not None:
            figures["events"] = found.events


def side_by_side(
    rounds: int, users: int = USERS, orders: int = ORDERS, *, python: str | None = None, built: Path = SITE
) -> Beside:
    """Time all who can take part, in alternation, in processes of their own of which only one works at a time.

    Each round begins with another of them, so that nobody always follows the same one. They run with another
    `python`, if one is named, in which the packages of all are installed; `built` holds the compiled library.
    """
    names, absent = present()
    measured: list[dict[str, Figures]] = []
    with ExitStack() as running:
        processes = {
            name: running.enter_context(
                start("peers.py", name, users, orders, site=site(name) and built, python=python)
            )
            for name in names
        }
        for process in processes.values():
            line_from(process)  # ready: it has done the work once and waits
        for number in range(rounds):
            print(f"beside others: round {number + 1} of {rounds} ...", file=sys.stderr)
            first = number % len(names)
            order = names[first:] + names[:first]
            times = {name: json.loads(next_turn(processes[name])) for name in order}
            measured.append({name: times[name] for name in names})
        for process in processes.values():
            process.stdin.close()
    return Beside(users, orders, measured, absent)


def say_and_wait(figures: Figures | None) -> None:
    """Say what was measured, and wait for the next turn; end quietly when there is none."""
    print("" if figures is None else json.dumps(figures), flush=True)
    if not sys.stdin.readline():
        raise SystemExit


if __name__ == "__main__":
    who, how_many, how_often = sys.argv[1:]
    timed(who, Flow(int(how_many), int(how_often)), say_and_wait)
