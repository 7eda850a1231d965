"""Measures what studies cost, and writes the figures to docs/performance_of_studies.md (`make bench`).

How much faster two workers are than one, with short runs too, what a run costs beyond the simulation itself, and
whether a long sweep holds the memory of its process flat. Those that are compared take turns, so that all see the
same changes of the machine; memory is that of processes of their own. On a machine that does something else at the
same time two workers get less than two cores, so it should be idle, or what is timed should go before all else
(`chrt -r 1 python benchmarks/studies.py` on Linux). By default it takes some ten minutes.
"""

import json
import os
import subprocess
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter, process_time
from typing import Any, NamedTuple
from unittest.mock import patch

from measure import peak
from page import circumstances
from tables import spread, table

from alesha_sim import replicate, simulate, sweep
from alesha_sim.experiments import job
from alesha_sim.scenarios import first_purchase, market_day

HERE = Path(__file__).resolve().parent
SEED = 11
RUNS, TURNS = 200, 5
SHORT_DAY = {"users": 100, "visits_per_day": 100}
"""A market day whose run takes some 20 ms."""
AIM = "at most 0.54 of one worker's time"
FEW, MANY = 1_000, 10_000
POINTS = 100
MEBIBYTE = 2**20


class Case(NamedTuple):
    """A study that is timed with one worker and with two: what it is called, its market's knobs, how many runs.

    There are `times` as many runs as in the first study; `kept` ones go to a folder.
    """

    text: str
    knobs: dict[str, Any]
    times: int
    kept: bool


STUDIES = (
    Case("`market_day()`", {}, 1, kept=False),
    Case("a short day", SHORT_DAY, 2, kept=False),
    Case("a short day, each run kept in a folder", SHORT_DAY, 2, kept=True),
)

PLACES = {
    "plain": "one process, nothing kept on disk",
    "folder": "one process, each run kept in a folder",
    "parent": "the first process, while two workers make the runs",
    "parent_folder": "the same, each run kept in a folder",
}


class Measured(NamedTuple):
    """What was measured.

    By turn: the `seconds` of one worker and of two, for each of `STUDIES`, and the `costs` of a run in
    milliseconds, with `simulation`. By the number of runs: the `peaks` of memory in bytes. `load` is that of the
    machine before, and `first` tells whether what was timed went before all else.
    """

    runs: int
    seconds: list[list[dict[int, float]]]
    costs: dict[str, list[float]]
    peaks: dict[int, float]
    load: float
    first: bool


def ratios(turns: list[dict[int, float]]) -> list[float]:
    """Return the time that two workers took, as a share of what one took, by turn."""
    return [turn[2] / turn[1] for turn in turns]


def speed(case: Case, runs: int = RUNS, turns: int = TURNS) -> list[dict[int, float]]:
    """Return, of every turn, the wall-clock seconds of a study with one worker and with two.

    Who comes first changes from turn to turn, so that a machine that slows down favours neither.
    """
    market = market_day(**case.knobs)
    replicate(market, runs=4, seed=SEED, jobs=2)  # starts the workers, which stay
    found = []
    for turn in range(turns):
        seconds = {}
        for jobs in (1, 2) if turn % 2 else (2, 1):
            with TemporaryDirectory() as place:
                folder = Path(place) / "study" if case.kept else None
                options = {"seed": turn, "jobs": jobs, "progress": False} | ({"folder": folder} if folder else {})
                started = perf_counter()
                replicate(market, runs=runs * case.times, **options)
                seconds[jobs] = perf_counter() - started
        found.append(seconds)
    return found


def overhead(runs: int = RUNS // 4, turns: int = TURNS) -> dict[str, list[float]]:
    """Return, by turn, the CPU milliseconds of a run beyond its `simulate`, for each of `PLACES`.

    The digest and the figures, which a study tells, are part of it, and of what comes once in a study a run has
    its share. The time in `simulate` is taken where it is called: the difference of two studies' times would be
    that of two large numbers. `simulation` is what `simulate` took in the plain study.
    """
    market = market_day()
    replicate(market, runs=4, seed=SEED, jobs=2)
    found: dict[str, list[float]] = {name: [] for name in ("simulation", *PLACES)}
    for turn in range(turns):
        for name in PLACES:
            options: dict[str, Any] = {"runs": runs, "seed": turn, "jobs": 2 if "parent" in name else 1}
            with TemporaryDirectory() as place:
                if "folder" in name:
                    options["folder"] = Path(place) / "study"
                beyond, inside = beyond_simulate(market, options)
            found[name].append(1000 * beyond / runs)
            if name == "plain":
                found["simulation"].append(1000 * inside / runs)
    return found


def beyond_simulate(market: Any, options: dict[str, Any]) -> tuple[float, float]:
    """Return the CPU seconds that a study takes in this process beyond `simulate`, and in it."""
    inside = 0.0

    def timed(*given: Any, **named: Any) -> Any:
        nonlocal inside
        began = process_time()
        result = simulate(*given, **named)
        inside += process_time() - began
        return result

    with patch.object(job, "simulate", timed):
        started = process_time()
        study = replicate(market, progress=False, **options)
        taken = process_time() - started
    assert len(study.runs) == options["runs"]
    return taken - inside, inside


def memory(runs: int) -> float:
    """Return the most memory, bytes, that this process holds while two workers make a sweep of so many runs."""
    design = [{"shop.page_time": number / 100} for number in range(POINTS)]
    study = sweep(first_purchase(), design, runs=runs // POINTS, seed=SEED, jobs=2, progress=False)
    assert len(study.runs) == runs
    return peak()


def in_a_process(runs: int) -> float:
    """Return the peak of a sweep in a process of its own."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, str(HERE / "studies.py"), "--memory", str(runs)]
    done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, text=True, check=True)
    return float(json.loads(done.stdout))


def page(measured: Measured) -> str:
    """Return the page in Markdown."""
    return "\n\n".join(paragraphs(measured)) + "\n"


def paragraphs(measured: Measured) -> Iterator[str]:
    """Yield the parts of the page."""
    turns = len(measured.seconds[0])
    yield "# Performance of studies"
    yield "What replications cost beyond the runs themselves. `make bench` measures it and writes this page."
    yield f"""What is compared takes turns, and figures are medians of {turns} turns; in brackets stand the least
and the greatest. {beside(measured)}"""
    yield circumstances("joblib", "numpy", "pandas", "pyarrow", "simpy")
    yield "## Two workers"
    yield f"""Wall-clock time of `replicate(market, runs)`; a short day is `market_day({knobs(SHORT_DAY)})`. One
worker is the first process itself; two had been started before. Aimed at is {AIM} with runs of 20 ms."""
    yield table(
        ("study", "runs", "one worker: ms a run", "two workers: ms a run", "two / one"),
        [
            study(case, measured.runs * case.times, turns)
            for case, turns in zip(STUDIES, measured.seconds, strict=True)
        ],
    )
    yield "## A run"
    yield f"""CPU time of a run of `market_day()` beyond `simulate` of the same scenario and seed, which takes
{spread(measured.costs["simulation"])} ms here. Digest and figures are part of it."""
    yield table(["", "ms a run"], [[text, spread(measured.costs[name])] for name, text in PLACES.items()])
    if measured.peaks:
        yield "## Memory"
        short, long = sorted(measured.peaks)
        few, many = (measured.peaks[runs] for runs in (short, long))
        yield f"""The most memory that the first process holds during a sweep of {POINTS} points by two workers,
figures only: {few / MEBIBYTE:.0f} MiB for {short:,} runs and {many / MEBIBYTE:.0f} MiB for {long:,}, so
{(many - few) / (long - short):,.0f} bytes for each further run."""


def beside(measured: Measured) -> str:
    """Say what else the machine did."""
    order = "what was timed went before all else" if measured.first else "nothing went before anything else"
    return f"The load of the machine was {measured.load:.1f} when it began; {order}."


def study(case: Case, runs: int, turns: list[dict[int, float]]) -> list[str]:
    """Return a study's row of the table of two workers."""
    one, two = (spread([1000 * turn[jobs] / runs for turn in turns]) for jobs in (1, 2))
    return [case.text, f"{runs:,}", one, two, f"**{spread(ratios(turns))}**"]


def knobs(given: dict[str, Any]) -> str:
    """Return arguments as they are written in a call."""
    return ", ".join(f"{name}={value}" for name, value in given.items())


def measure_all(runs: int, turns: int, sizes: Sequence[int]) -> Measured:
    """Measure everything that the page shows, telling on standard error how far it is."""
    load = os.getloadavg()[0]
    print("speed ...", file=sys.stderr)
    seconds = [speed(case, runs, turns) for case in STUDIES]
    print("overhead ...", file=sys.stderr)
    costs = overhead(max(runs // 4, 1), turns)
    print("memory ...", file=sys.stderr)
    return Measured(runs, seconds, costs, {size: in_a_process(size) for size in sizes}, load, goes_first())


def goes_first() -> bool:
    """Tell whether this process has real-time priority, which its workers inherit."""
    return hasattr(os, "sched_getscheduler") and os.sched_getscheduler(0) in (os.SCHED_FIFO, os.SCHED_RR)


def options(arguments: list[str] | None = None) -> Namespace:
    """Read the command line."""
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("--memory", type=int, metavar="RUNS", help="measure one sweep in this process")
    parser.add_argument("--turns", type=int, default=TURNS, help="how often everything is timed (%(default)s)")
    place = HERE.parent / "docs" / "performance_of_studies.md"
    parser.add_argument("--out", type=Path, default=place, help="%(default)s")
    chosen = parser.parse_args(arguments)
    if chosen.turns < 1:
        parser.error(f"argument --turns: {chosen.turns}: must be at least 1")
    return chosen


def main() -> None:
    """Measure and write the page."""
    chosen = options()
    if chosen.memory:
        print(json.dumps(memory(chosen.memory)))
        return
    chosen.out.write_text(page(measure_all(RUNS, chosen.turns, (FEW, MANY))), "utf-8")
    print(f"written: {chosen.out}", file=sys.stderr)


if __name__ == "__main__":
    main()
