"""Trials of worlds: each is run to its end and every law checked; many are run side by side.

What a world may be stands in `worlds.py`.
"""

import signal
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from functools import partial
from math import inf
from multiprocessing import get_context
from typing import Any, NamedTuple

from alesha_sim.arrays import bincount
from alesha_sim.books.ledger import LawBroken
from alesha_sim.experiments.workers import end_with_parent
from alesha_sim.records import Coded
from alesha_sim.result import Result
from alesha_sim.scenarios.faults import Crash
from alesha_sim.scenarios.replay import Replay
from alesha_sim.scenarios.scenario import Scenario
from alesha_sim.simulation import Simulation
from alesha_sim.tables import coded
from alesha_sim.verification.worlds import World, draw

EVENTS_MAX = 30_000
"""How many kernel events a world may have: who asks faster than is answered would go on for ever."""

Counts = Counter[tuple[str, str]]

STOPPED = ("worlds", "stopped by an error")


class Trial(NamedTuple):
    """A world as it was run, what it violated (a line each, named first by the law), and what was met in it."""

    world: World
    violations: list[str]
    counts: Counts

    @property
    def law(self) -> str:
        """The law that was broken, or the name of the error that was raised; "" if all held."""
        return law_of(self.violations[0]) if self.violations else ""


class Failure(NamedTuple):
    """The number of a world in which a law did not hold, and the violations."""

    number: int
    violations: list[str]


class Progress(NamedTuple):
    """How many of the worlds are done, and how many of them failed."""

    done: int
    worlds: int
    failures: int


class Survey(NamedTuple):
    """Which worlds of a seed were run, those that failed, and how often each kind of thing was met, by group."""

    seed: int
    first: int
    worlds: int
    failures: list[Failure]
    counts: Counts


def law_of(violation: str) -> str:
    """Return the law that a violation names."""
    return violation.partition(":")[0]


def survey(
    seed: int, worlds: int, *, first: int = 0, jobs: int = 1, progress: Callable[[Progress], None] | None = None
) -> Survey:
    """Run the worlds `first` to `first + worlds - 1` of a seed, on so many processors; all are run, come what may.

    `progress` is called after every world. The worlds, and what is found in them, do not depend on `jobs`.
    """
    failures: list[Failure] = []
    counts: Counts = Counter()
    with _runner(jobs, worlds) as run:
        trials = run(partial(_tried, seed), range(first, first + worlds))
        for done, (number, violations, met) in enumerate(trials, start=1):
            counts.update(met)
            if violations:
                failures.append(Failure(number, violations))
            if progress is not None:
                progress(Progress(done, worlds, len(failures)))
    return Survey(seed, first, worlds, failures, counts)


@contextmanager
def _runner(jobs: int, worlds: int) -> Iterator[Callable[..., Any]]:
    """Give a `map` over that many processes, over none of their own if there is one job."""
    if jobs == 1:
        yield map
        return
    # Not forked, whatever the platform does by default: this process may have threads.
    context = get_context("spawn")
    with ProcessPoolExecutor(min(jobs, worlds), mp_context=context, initializer=_begin) as pool:
        yield partial(pool.map, chunksize=max(1, min(10, worlds // (4 * jobs))))


def _begin() -> None:
    """Let the first process alone answer to an interrupt, and end with it: it ends the others."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    end_with_parent()


def _tried(seed: int, number: int) -> tuple[int, list[str], Counts]:
    found = trial(draw(seed, number))
    return number, found.violations, found.counts


def trial(world: World) -> Trial:
    """Run a world to its own end and check every law; whatever it raises is a violation too.

    A world of too many events is run again, with a drain that ends it where they were too many.
    """
    try:
        simulation = Simulation(*world)
        if not _finished(simulation, EVENTS_MAX):
            world = World(_cut(world.scenario, simulation.now), world.seed)
            simulation = Simulation(*world)
            if not _finished(simulation, 2 * EVENTS_MAX):
                return Trial(world, [f"endless: it does not get past {simulation.now} s"], Counter([STOPPED]))
        result = simulation.result()
        return Trial(world, result.check(), counted(result))
    except Exception as error:
        return Trial(world, [_description(error)], Counter([STOPPED]))


def _finished(simulation: Simulation, events_max: int) -> bool:
    """Run a simulation to its scenario's end; False if it has too many events."""
    clock, scenario = simulation.clock, simulation.scenario
    end = inf if scenario.drain is None else scenario.horizon + scenario.drain
    simulation.run_until(lambda: clock.events > events_max or clock.peek() > end)
    if clock.events > events_max:
        return False
    simulation.run()
    return True


def _cut(scenario: Scenario, at: float) -> Scenario:
    """Return a scenario that ends at an instant; it stays as it is if the instant is the start."""
    horizon = min(scenario.horizon, at) or scenario.horizon
    changes: dict[str, object] = {"horizon": horizon, "drain": max(0.0, at - horizon)}
    if isinstance(scenario.demand, Replay):
        changes["demand.cut"] = True
    return scenario.with_settings(changes)


def _description(error: Exception) -> str:
    """Return one line on an error, named first by the law that it says is broken, or by its root's type."""
    root: BaseException = error
    while root.__cause__ is not None:
        root = root.__cause__
    law = law_of(str(root)) if isinstance(root, LawBroken) else type(root).__name__
    return " ".join(f"{law}: {error}".split())


# What is met in a world


def counted(result: Result) -> Counts:
    """Count what happened in a run: faults, and visits, orders and messages by how they ended."""
    counts: Counts = Counter({("worlds", "drained" if result.drained else "cut off"): 1})
    for fault in result.scenario.faults:
        if fault.start <= result.ended_at:
            what = f"crash of the {fault.entity}" if isinstance(fault, Crash) else fault.kind
            counts["faults", what] += 1
    for group, table, column in _COLUMNS:
        for label, number in _by_label(coded(result.columns(table), column)):
            counts[group, label] = number
    del counts["attacks", "honest"]
    return counts


_COLUMNS = (
    ("attacks", "visits", "intent"),
    ("messages", "messages", "fate"),
    ("visits", "visits", "outcome"),
    ("orders", "orders", "status"),
    ("refusals", "orders", "reason"),
)


def _by_label(text: Coded) -> Iterator[tuple[str, int]]:
    numbers = bincount(text.codes[text.codes >= 0], minlength=len(text.labels)).tolist()
    yield from ((str(label), number) for label, number in zip(text.labels, numbers, strict=True) if number)
