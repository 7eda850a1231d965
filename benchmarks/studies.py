"""Measures what studies cost, and writes the figures to docs/performance_of_studies.md (`make bench`).

How much faster two workers are than one, what a run costs beyond the simulation itself, and whether a long sweep
holds the memory of its process flat. Those that are compared take turns, so that all see the same changes of the
machine; memory is that of processes of their own.
"""

import json
import os
import platform
import subprocess
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Iterator
from datetime import date
from importlib.metadata import version
from pathlib import Path
from resource import RUSAGE_SELF, getrusage
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter, process_time

from alesha_sim import replicate, simulate, sweep
from alesha_sim.scenarios import first_purchase, market_day

HERE = Path(__file__).resolve().parent
SEED = 11
RUNS, TURNS = 200, 10
LONG, SHORT = 10_000, 1_000
POINTS = 100
MEBIBYTE = 2**20

Clock = Callable[[], float]


def taken(work: Callable[[], object], clock: Clock) -> float:
    """Return the seconds that some work takes by a clock."""
    started = clock()
    work()
    return clock() - started


def speed_up(runs: int = RUNS, turns: int = TURNS) -> dict[str, float]:
    """Return the wall-clock seconds of a market's runs with one worker and with two, which take turns."""
    market, each = market_day(), runs // turns
    replicate(market, runs=4, seed=SEED, jobs=2)  # starts the workers, which stay
    seconds = {1: 0.0, 2: 0.0}
    for turn in range(turns):
        for jobs in seconds:
            seconds[jobs] += taken(lambda: replicate(market, runs=each, seed=turn, jobs=jobs), perf_counter)  # noqa: B023
    return {"one": seconds[1], "two": seconds[2], "ratio": seconds[2] / seconds[1]}


def overhead(runs: int = RUNS // 4, turns: int = 5) -> dict[str, float]:
    """Return the CPU milliseconds that a run of a study takes beyond `simulate` of the same scenario and seed.

    `plain` in one process, `folder` with each run kept on disk, `parent` what the first of several processes does
    for each run that two workers make. The digest and the figures, which a study tells, count as overhead.
    """
    market = market_day(visits_per_day=200)
    found: dict[str, list[float]] = {"plain": [], "folder": [], "parent": [], "simulation": []}
    for turn in range(turns):
        seeds = replicate(market, runs=runs, seed=turn, jobs=1).runs["seed"].tolist()
        alone = taken(lambda: [simulate(market, seed) for seed in seeds], process_time)  # noqa: B023
        plain = taken(lambda: replicate(market, runs=runs, seed=turn, jobs=1), process_time)  # noqa: B023
        with TemporaryDirectory() as folder:
            kept = taken(
                lambda: replicate(market, runs=runs, seed=turn, jobs=1, folder=Path(folder) / "study"),  # noqa: B023
                process_time,
            )
        parent = taken(lambda: replicate(market, runs=runs, seed=turn, jobs=2), process_time)  # noqa: B023
        times = (plain - alone, kept - alone, parent, alone)
        for name, seconds in zip(found, times, strict=True):
            found[name].append(1000 * seconds / runs)
    return {name: median(each) for name, each in found.items()}


def memory(runs: int) -> dict[str, float]:
    """Return the most memory, bytes, that this process holds while two workers make a sweep of so many runs."""
    design = [{"shop.page_time": page / 100} for page in range(POINTS)]
    study = sweep(first_purchase(), design, runs=runs // POINTS, seed=SEED, jobs=2, progress=False)
    assert len(study.runs) == runs
    kibibytes = getrusage(RUSAGE_SELF).ru_maxrss
    return {"peak": kibibytes if sys.platform == "darwin" else 1024 * kibibytes}


def in_a_process(runs: int) -> float:
    """Return the peak of a sweep in a process of its own."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, str(HERE / "studies.py"), "--memory", str(runs)]
    done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, text=True, check=True)
    return float(json.loads(done.stdout)["peak"])


def page(speed: dict[str, float], costs: dict[str, float], peaks: dict[int, float]) -> str:
    """Return the page in Markdown."""
    return "\n\n".join(paragraphs(speed, costs, peaks)) + "\n"


def paragraphs(speed: dict[str, float], costs: dict[str, float], peaks: dict[int, float]) -> Iterator[str]:
    """Yield the parts of the page."""
    packages = ", ".join(f"{name} {version(name)}" for name in ("joblib", "numpy", "pandas", "simpy"))
    yield "# Performance of studies"
    yield f"""What replications cost beyond the runs themselves. `make bench` measures it and writes this page:
{platform.python_implementation()} {platform.python_version()}, {packages}, {os.cpu_count()} cores,
{date.today().isoformat()}. What is compared takes turns."""
    yield "## Two workers"
    yield f"""`replicate(market_day(), runs={RUNS})` takes {speed["ratio"]:.2f} of the time on two workers that it
takes on one ({speed["two"]:.1f} and {speed["one"]:.1f} s of wall-clock time, the workers started before)."""
    yield "## A run"
    yield f"""CPU time of a run beyond `simulate` of the same scenario and seed, which takes
{costs["simulation"]:.0f} ms here; medians over five turns. Digest and figures are part of it."""
    rows = {
        "one process, nothing kept on disk": costs["plain"],
        "one process, each run kept in a folder": costs["folder"],
        "the first process, while two workers make the runs": costs["parent"],
    }
    lines = ["| | ms a run |", "| --- | ---: |", *(f"| {name} | {cost:.1f} |" for name, cost in rows.items())]
    yield "\n".join(lines)
    yield "## Memory"
    short, long = sorted(peaks)
    more = (peaks[long] - peaks[short]) / (long - short)
    yield f"""The most memory that the first process holds during a sweep of {POINTS} points by two workers,
figures only: {peaks[short] / MEBIBYTE:.0f} MiB for {short:,} runs and {peaks[long] / MEBIBYTE:.0f} MiB for
{long:,}, so {more:,.0f} bytes for each further run."""


def options(arguments: list[str] | None = None) -> Namespace:
    """Read the command line."""
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("--memory", type=int, metavar="RUNS", help="measure one sweep in this process")
    place = HERE.parent / "docs" / "performance_of_studies.md"
    parser.add_argument("--out", type=Path, default=place, help="%(default)s")
    return parser.parse_args(arguments)


def main() -> None:
    """Measure and write the page."""
    chosen = options()
    if chosen.memory:
        print(json.dumps(memory(chosen.memory)))
        return
    print("speed ...", file=sys.stderr)
    speed = speed_up()
    print("overhead ...", file=sys.stderr)
    costs = overhead()
    print("memory ...", file=sys.stderr)
    peaks = {runs: in_a_process(runs) for runs in (SHORT, LONG)}
    chosen.out.write_text(page(speed, costs, peaks), "utf-8")
    print(f"written: {chosen.out}", file=sys.stderr)


if __name__ == "__main__":
    main()
