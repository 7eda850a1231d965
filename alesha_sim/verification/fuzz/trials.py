"""Trials of worlds: each is run to its end and every law checked; many are run side by side.

What a world may be stands in `random_scenarios.py`.
"""

import signal
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from functools import partial
from math import inf
from multiprocessing import get_context
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import current_thread, main_thread
from time import perf_counter
from typing import Any, NamedTuple

from alesha_sim.books.ledger import LawBroken
from alesha_sim.experiments.workers import end_with_parent
from alesha_sim.recording.levels import ALL
from alesha_sim.results.result import Result
from alesha_sim.scenarios.scenario import Scenario
from alesha_sim.simulation.simulation import Simulation
from alesha_sim.verification.fuzz.met import Counts, counted
from alesha_sim.verification.fuzz.random_scenarios import SPOOL, World, draw
from alesha_sim.verification.fuzz.recount import recounted
from alesha_sim.verification.fuzz.reductions import spelt_out

EVENTS_MAX = 20_000
"""How many kernel events a world may have: who asks faster than is answered would go on forever."""

SECONDS_MAX = 120.0
"""How long a world may take: one event may go on forever, too."""

STOPPED = ("worlds", "stopped by an error")


class Trial(NamedTuple):
    """A world as it was run, what it violated (a line each, named first by the law), and what was met in it.

    `events` is the number of its kernel events, those of a run that was cut off included.
    """

    world: World
    violations: list[str]
    counts: Counts
    events: int = 0

    @property
    def law(self) -> str:
        """The law that was broken, or the name of the error that was raised; "" if all held."""
        return law_of(self.violations[0]) if self.violations else ""


class Failure(NamedTuple):
    """The number of a world in which a law did not hold, and the violations."""

    number: int
    violations: list[str]

    @property
    def law(self) -> str:
        """The law that was broken first, or the name of the error that was raised."""
        return law_of(self.violations[0])


class Progress(NamedTuple):
    """How many of the worlds are done, and how many of them failed."""

    done: int
    worlds: int
    failures: int


class Slow(NamedTuple):
    """How long a world took, in seconds and in kernel events, and its number."""

    seconds: float
    events: int
    number: int


@dataclass(frozen=True, slots=True)
class Survey:
    """Which worlds of a seed were run, those that failed, and how often each kind of thing was met, by group.

    `slowest` is the world that took longest, and `seconds` what all took together; no two surveys agree in them.
    """

    seed: int
    first: int
    worlds: int
    failures: list[Failure]
    counts: Counts
    slowest: Slow = field(default=Slow(0.0, 0, -1), compare=False)
    seconds: float = field(default=0.0, compare=False)
    markets: bool = False


def law_of(violation: str) -> str:
    """Return the law that a violation names."""
    return violation.partition(":")[0]


def survey(
    seed: int,
    worlds: int,
    *,
    first: int = 0,
    jobs: int = 1,
    stop: bool = False,
    markets: bool = False,
    progress: Callable[[Progress], None] | None = None,
) -> Survey:
    """Run the worlds `first` to `first + worlds - 1` of a seed, on so many processors.

    With `markets` each has one to three shops, banks and suppliers. All are run, whatever happens, or with `stop`
    those up to the first that fails. `progress` is called after
    every world. The worlds, and what is found in them, do not depend on `jobs`.
    """
    failures: list[Failure] = []
    counts: Counts = Counter()
    slowest, seconds = Slow(0.0, 0, -1), 0.0
    done = 0
    tried = partial(_tried, seed, markets)
    with _runner(jobs, worlds) as run, closing(run(tried, range(first, first + worlds))) as trials:
        for done, (took, violations, met) in enumerate(trials, start=1):
            counts.update(met)
            slowest, seconds = max(slowest, took), seconds + took.seconds
            if violations:
                failures.append(Failure(took.number, violations))
            if progress is not None:
                progress(Progress(done, worlds, len(failures)))
            if failures and stop:
                break
    return Survey(seed, first, done, failures, counts, slowest, seconds, markets)


@contextmanager
def _runner(jobs: int, worlds: int) -> Iterator[Callable[..., Any]]:
    """Give a `map` over that many processes, over none of their own if there is one job; closed, it stops."""
    if jobs == 1:
        yield lambda make, given: (make(each) for each in given)
        return
    # Not forked, whatever the platform does by default: this process may have threads.
    context = get_context("spawn")
    with ProcessPoolExecutor(min(jobs, worlds), mp_context=context, initializer=end_with_parent) as pool:
        yield partial(pool.map, chunksize=max(1, min(10, worlds // (4 * jobs))))


def _tried(seed: int, markets: bool, number: int) -> tuple[Slow, list[str], Counts]:
    begun = perf_counter()
    try:
        found = trial(draw(seed, number, markets=markets))
    except ValueError as error:  # the scenario was refused
        return Slow(perf_counter() - begun, 0, number), [_description(error)], Counter([STOPPED])
    return Slow(perf_counter() - begun, found.events, number), found.violations, found.counts


def trial(world: World) -> Trial:
    """Run a world to its own end, check every law and compare it with its other way; an error is a violation too.

    A world of too many events is run again, with a drain that ends it where they were too many.
    """
    try:
        with _within(SECONDS_MAX):
            return _trial(world)
    except Exception as error:
        return Trial(world, [_description(error)], Counter([STOPPED]))


def _trial(world: World) -> Trial:
    simulation = Simulation(world.scenario, world.seed)
    events = 0
    if not _finished(simulation, EVENTS_MAX):
        events = simulation.clock.events
        world = world._replace(scenario=_cut(world, simulation.now))
        simulation = Simulation(world.scenario, world.seed)
        if not _finished(simulation, 2 * EVENTS_MAX):
            return Trial(world, [f"endless: it does not get past {simulation.now} s"], Counter([STOPPED]), events)
    result = simulation.result()
    violations = [*result.check(), *recounted(result), *_differences(result, world.way)]
    return Trial(world, violations, counted(result), events + simulation.clock.events)


def _differences(result: Result, way: str) -> Iterator[str]:
    """Yield how the same run differs when it is spooled, or records less."""
    if way == SPOOL:
        with TemporaryDirectory(prefix="world-") as folder:
            again = Simulation(result.scenario, result.seed, spool=Path(folder) / "run")
            again.run()
            spooled = again.result()
            if spooled.digest != result.digest:
                yield f"{SPOOL}: {result.diff(spooled) or 'the digests differ'}"
    elif way != ALL:
        again = Simulation(result.scenario, result.seed, record=way)
        again.run()
        found = again.result().metrics()
        for name, figure in result.metrics().items():
            if repr(found[name]) != repr(figure):  # a figure may be NaN
                yield f"record={way}: {name} is {found[name]!r}, with everything recorded {figure!r}"


class Endless(RuntimeError):
    """A world takes so long that it may never end."""


@contextmanager
def _within(seconds: float) -> Iterator[None]:
    """Raise Endless when something takes longer, where the platform can interrupt it."""
    if not hasattr(signal, "setitimer") or current_thread() is not main_thread():
        yield
        return

    def end(*_: object) -> None:
        raise Endless(f"it is not over after {seconds:g} s")

    before = signal.signal(signal.SIGALRM, end)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def _finished(simulation: Simulation, events_max: int) -> bool:
    """Run a simulation to its scenario's end; False if it has too many events."""
    clock, scenario = simulation.clock, simulation.scenario
    end = inf if scenario.drain is None else scenario.horizon + scenario.drain
    simulation.run_until(lambda: clock.events > events_max or clock.peek() > end)
    if clock.events > events_max:
        return False
    simulation.run()
    return True


def _cut(world: World, at: float) -> Scenario:
    """Return a world's scenario that ends at an instant; it stays as it is if the instant is the start."""
    scenario = world.scenario
    if not 0 < at < scenario.horizon:
        return scenario.with_settings({"drain": max(0.0, at - scenario.horizon)})
    tree = spelt_out(world)
    return Scenario.model_validate(tree | {"demand": tree["demand"] | {"cut": True}, "horizon": at, "drain": 0})


def _description(error: Exception) -> str:
    """Return one line on an error, named first by the law that it says is broken, or by its root's type."""
    root: BaseException = error
    while root.__cause__ is not None:
        root = root.__cause__
    if isinstance(root, Endless):
        return f"endless: {root}"
    law = law_of(str(root)) if isinstance(root, LawBroken) else type(root).__name__
    return " ".join(f"{law}: {error}".split())
