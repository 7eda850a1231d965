"""Measures `simulate(market_day(), seed=7)` whole and by part, in Python and compiled: `python whole_call.py`.

Each form has a process of its own. They take turns, of which only one runs; in its turn a process makes the call
once whole and once part by part. `make compiled` makes the compiled library; without it only Python's form is
measured.
"""

import gc
import json
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from statistics import median
from time import process_time
from typing import Any

from compiled import SITE
from tables import spread, table
from turns import line_from, next_turn, start

ROUNDS = 10
WHOLE = "the whole call"
CALL = ("scenario", "demand", "set-up", "run", "tables", "laws")
"""What `simulate(market_day(), seed=7)` does, in order; the scenario is the call's argument."""
AFTER = ("figures", "digest")
"""What is computed of the result only when it is asked for."""

Figures = dict[str, float]
"""CPU seconds by part of the call."""


class Timer:
    """Takes the CPU seconds of calls, by name."""

    def __init__(self) -> None:
        self.seconds: Figures = {}

    def __call__(self, name: str, call: Callable[[], Any]) -> Any:
        """Return what a call returns, and keep how long it took."""
        started = process_time()
        found = call()
        self.seconds[name] = process_time() - started
        return found


def once() -> Figures:
    """Return the CPU seconds of the call, whole and by part; garbage is collected before each of the two."""
    from alesha_sim import simulate
    from alesha_sim.scenarios import market_day
    from alesha_sim.simulation.simulation import Simulation

    timed = Timer()
    gc.collect()
    timed(WHOLE, lambda: simulate(market_day(), seed=7))
    gc.collect()
    scenario = timed("scenario", market_day)
    timed("demand", lambda: scenario.visits(7))
    simulation = timed("set-up", lambda: Simulation(scenario, 7))
    timed.seconds["set-up"] -= timed.seconds["demand"]  # which it draws as well
    timed("run", simulation.run)
    result = timed("tables", simulation.result)
    del simulation
    assert not timed("laws", result.check)
    timed("figures", result.metrics)
    timed("digest", lambda: result.digest)
    return timed.seconds


def forms() -> dict[str, Path | None]:
    """Return the forms that can be measured: where the modules of each are, None for those beside this folder."""
    compiled = {"compiled": SITE} if SITE.is_dir() else {}
    return {"Python": None, **compiled}


def measured(rounds: int = ROUNDS) -> dict[str, list[Figures]]:
    """Return what each form took, by round; who comes first changes from round to round."""
    places = forms()
    found: dict[str, list[Figures]] = {name: [] for name in places}
    with ExitStack() as running:
        processes = {
            name: running.enter_context(start("whole_call.py", "--turns", site=site))
            for name, site in places.items()
        }
        for process in processes.values():
            line_from(process)  # ready: it has made the call once and waits
        for number in range(rounds):
            for name in sorted(processes, reverse=bool(number % 2)):
                found[name].append(json.loads(next_turn(processes[name])))
        for process in processes.values():
            assert process.stdin is not None
            process.stdin.close()
    return found


def turns() -> None:
    """Make the call in every turn until nobody gives another one."""
    once()
    print(flush=True)
    while sys.stdin.readline():
        print(json.dumps(once()), flush=True)


def ratios(found: Mapping[str, Sequence[Figures]], name: str = WHOLE) -> list[float]:
    """Return the time of a part compiled as a share of that in Python, by round; nothing without both forms."""
    if len(found) < 2:
        return []
    return [ours[name] / theirs[name] for ours, theirs in zip(found["compiled"], found["Python"], strict=True)]


def rows(found: Mapping[str, Sequence[Figures]]) -> list[list[str]]:
    """Return a row a part: its milliseconds and its share of the whole call, of each form, and the ratio."""
    return [_row(found, part) for part in (WHOLE, *CALL, *AFTER)]


def _row(found: Mapping[str, Sequence[Figures]], part: str) -> list[str]:
    cells = []
    for rounds in found.values():
        shares = [each[part] / each[WHOLE] for each in rounds]
        cells += [f"{1000 * median(each[part] for each in rounds):.1f}", f"{100 * median(shares):.0f} %"]
    compared = [spread(ratios(found, part))] if len(found) > 1 else []
    return [f"{part} (when asked for)" if part in AFTER else part, *cells, *compared]


def section(found: Mapping[str, Sequence[Figures]] | None = None) -> str:
    """Return what was measured (now, if nothing is given) as a section in Markdown."""
    return "\n\n".join(paragraphs(measured() if found is None else found)) + "\n"


def paragraphs(found: Mapping[str, Sequence[Figures]]) -> Iterator[str]:
    """Yield the parts of the section."""
    rounds = len(next(iter(found.values())))
    yield "## The whole call"
    yield f"""CPU time of `simulate(market_day(), seed=7)` by part, in processes that take turns (medians of
{rounds} rounds, each after a first call). Figures and digest are computed when a reader asks for them: they are no
part of the call, and are shown as a share of it."""
    head = ["part"]
    for name in found:
        head += [f"{name}: ms", "share"]
    yield table([*head, *(["compiled / Python"] if len(found) > 1 else [])], rows(found))


if __name__ == "__main__":
    if sys.argv[1:] == ["--turns"]:
        turns()
    else:
        sys.path[0] = str(Path(__file__).resolve().parents[1])  # the package beside this folder, not modules in it
        print(section(), end="")
