"""Measures one case in a process of its own: `python measure.py traced idle 1000 3000` prints figures as JSON.

Times are CPU seconds of the process, sizes bytes. Who is timed takes turns with others (`run.py` hands the turns
out) and measures the yardstick between any two parts of its run, so that all see the same changes of the machine.
"""

import gc
import json
import re
import sys
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from resource import RUSAGE_SELF, getrusage
from statistics import fmean
from tempfile import TemporaryDirectory
from time import process_time

from cases import MARKETS, SEED, Case, Figures
from turns import wait_for_turn
from yardstick import seconds_per_event

from alesha_sim.books.accounts import OPENING
from alesha_sim.results.result import Result
from alesha_sim.simulation.simulation import Progress, Simulation

PART = 5_000
"""How many kernel events make a part of a run."""
STATUS = Path("/proc/self/status")
"""What Linux tells of a process."""


def timed(case: Case, end_turn: Callable[[], None] = lambda: None) -> Figures:
    """Return what setting a market up, running it and reading it takes, and the most memory held up to then.

    `end_turn` is called between two parts of the work and returns when it is this case's turn again.
    """
    scenario = MARKETS[case.market](case)
    gc.collect()
    end_turn()
    figures = {"start_peak": peak()}
    started = process_time()
    simulation = Simulation(scenario, SEED)
    figures |= {"setup": process_time() - started, "setup_peak": peak()}
    figures["run"], figures["yardstick"] = run_in_parts(simulation, end_turn)
    figures["run_peak"] = peak()
    figures |= counts(simulation) | read(simulation)
    return figures | {"peak": peak()}


def run_in_parts(simulation: Simulation, end_turn: Callable[[], None]) -> tuple[float, float]:
    """Run to the end; return the seconds that took, and the yardstick's seconds an event meanwhile."""
    ticks = [seconds_per_event()]
    spent, events, started = 0.0, 0, process_time()

    def watch(progress: Progress) -> None:
        nonlocal spent, events, started
        if progress.events >= events + PART:
            spent += process_time() - started
            end_turn()
            ticks.append(seconds_per_event())
            events, started = progress.events, process_time()

    simulation.run(progress=watch)
    return spent + process_time() - started, fmean([*ticks, seconds_per_event()])


def counts(simulation: Simulation) -> Figures:
    """Return how much happened in a run."""
    records = simulation.records
    openings = int((simulation.ledger.array()["code"] == OPENING).sum())
    return {
        "visits": len(records.visits),
        "orders": len(records.orders),
        "messages": len(records.messages),
        "transfers": len(simulation.ledger) - openings,
        "events": simulation.clock.events,
    }


def read(simulation: Simulation) -> Figures:
    """Return what each step after a run takes; AssertionError if a law does not hold."""
    figures = {}
    started = process_time()
    result = simulation.result()
    figures["tables"] = process_time() - started
    started = process_time()
    violations = result.check()
    figures["laws"] = process_time() - started
    assert not violations, violations
    return figures


def peak() -> float:
    """Return the most memory that this process has held so far.

    On Linux `getrusage` counts what the process that started it had held by then, too; the status does not.
    """
    if STATUS.exists():
        return 1024 * float(re.findall(r"^VmHWM:\s*(\d+) kB$", STATUS.read_text("ascii"), re.MULTILINE)[0])
    kibibytes = getrusage(RUSAGE_SELF).ru_maxrss
    return kibibytes if sys.platform == "darwin" else 1024 * kibibytes


def traced(case: Case) -> Figures:
    """Return the memory that the set-up and the run allocated and still hold, exactly, and the run's most."""
    scenario = MARKETS[case.market](case)
    gc.collect()
    tracemalloc.start()
    simulation = Simulation(scenario, SEED)
    gc.collect()
    setup, _ = tracemalloc.get_traced_memory()
    tracemalloc.reset_peak()
    simulation.run()
    gc.collect()
    after, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return {"setup": setup, "run": after - setup, "run_most": most - setup, **counts(simulation)}


def recorded(case: Case) -> Figures:
    """Return, for each table, its rows and bytes while it is recorded and its bytes on disk, without openings."""
    simulation = Simulation(MARKETS[case.market](case), SEED)
    simulation.run()
    records, ledger = simulation.records, simulation.ledger.array()
    rows = {
        "orders": records.orders._orders.array(),
        "order_lines": records.orders._lines.array(),
        "visits": records.visits._table.array(),
        "messages": records.messages.array(),
        "transfers": ledger[ledger["code"] != OPENING],
        "production_lots": records.production_lots._table.array(),
    }
    figures = {f"{table}_rows": len(array) for table, array in rows.items()}
    figures |= {f"{table}_bytes": array.nbytes for table, array in rows.items()}
    return figures | on_disk(simulation.result(), list(rows)) | counts(simulation)


def on_disk(result: Result, tables: list[str]) -> Figures:
    """Return the size of each table's file."""
    with TemporaryDirectory() as folder:
        result.save(folder)
        return {f"{table}_file": (Path(folder) / f"{table}.parquet").stat().st_size for table in tables}


MEASURES: dict[str, Callable[[Case], Figures]] = {
    "timed": lambda case: timed(case, wait_for_turn), "traced": traced, "recorded": recorded,
}  # fmt: skip

if __name__ == "__main__":
    name, market, users, orders = sys.argv[1:]
    print(json.dumps(MEASURES[name](Case(market, int(users), int(orders)))))
