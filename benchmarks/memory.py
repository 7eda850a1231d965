"""Measures the memory that an order takes, in either form, and that of long spooled runs, which should not grow.

`memory.py in_memory 20000` and `memory.py spooled 1000000` run one case and print its figures as JSON. The peak is
that of a process of its own up to the end of the run, before anything is asked of the result.
"""

import gc
import json
import sys
import tracemalloc
from itertools import pairwise
from pathlib import Path
from statistics import linear_regression
from tempfile import TemporaryDirectory
from time import process_time
from typing import Any

from cases import SEED, Figures
from compiled import SITE
from contenders.flow import Flow
from measure import peak
from tables import table
from turns import line_from, start

from alesha_sim.simulation.simulation import Simulation

USERS = 1_000
FORMS = {"python": "in Python", "compiled": "compiled"}
MEBIBYTE = 2**20


def in_memory(orders: int) -> Figures:
    """Run the flow of the comparison with other programs, everything recorded in memory."""
    return _run(Simulation(Flow(USERS, orders).scenario, SEED))


def spooled(orders: int) -> Figures:
    """Run the same with a folder that records go into as they come."""
    with TemporaryDirectory() as folder:
        return _run(Simulation(Flow(USERS, orders).scenario, SEED, spool=Path(folder) / "run"))


def held(orders: int) -> Figures:
    """Return what the run in memory has allocated and holds at its end, exactly."""
    simulation = Simulation(Flow(USERS, orders).scenario, SEED)
    gc.collect()
    tracemalloc.start()
    simulation.run()
    gc.collect()
    size, _ = tracemalloc.get_traced_memory()
    return {"orders": len(simulation.records.orders), "held": size}


def _run(simulation: Simulation) -> Figures:
    gc.collect()
    before, started = peak(), process_time()
    simulation.run()
    seconds = process_time() - started
    return {"orders": len(simulation.records.orders), "before": before, "peak": peak(), "seconds": seconds}


MEASURES = {measure.__name__: measure for measure in (in_memory, spooled, held)}


def in_a_process(measure: str, orders: int, form: str) -> Figures:
    """Measure one case in a process of its own, with the library in this form."""
    print(f"memory: {measure}, {orders:,} orders, {FORMS[form]} ...", file=sys.stderr)
    with start("memory.py", measure, orders, site=SITE if form == "compiled" else None) as process:
        figures: Figures = json.loads(line_from(process))
        return figures


def of_forms(sizes: tuple[int, ...], forms: tuple[str, ...]) -> dict[str, Any]:
    """Measure what an order takes in memory, in each form and for each number of orders."""
    return {
        form: {
            "runs": [in_a_process("in_memory", orders, form) for orders in sizes],
            "held": in_a_process("held", sizes[0], form),
        }
        for form in forms
    }


def of_spools(sizes: tuple[int, ...], form: str) -> dict[str, Any]:
    """Measure long spooled runs, each ten times as long as the one before or so."""
    return {"form": form, "runs": [in_a_process("spooled", orders, form) for orders in sizes]}


def an_order(figures: dict[str, Any], form: str) -> float | None:
    """Return the bytes of a further order at the peak: the slope over all sizes; None if it was not measured."""
    if form not in figures:
        return None
    runs = figures[form]["runs"]
    slope, _ = linear_regression([run["orders"] for run in runs], [run["peak"] for run in runs])
    return slope


def growth(figures: dict[str, Any]) -> float:
    """Return the peak of the longest spooled run as a multiple of that of the one before."""
    *_, (before, last) = pairwise(figures["runs"])
    return last["peak"] / before["peak"]


def section(figures: dict[str, Any]) -> str:
    """Return the section on both forms in Markdown."""
    runs = next(iter(figures.values()))["runs"]
    rows = [
        [
            title,
            f"{an_order(figures, form):,.0f}",
            f"{figures[form]['held']['held'] / figures[form]['held']['orders']:,.0f}",
            *(f"{run['peak'] / MEBIBYTE:,.0f}" for run in figures[form]["runs"]),
        ]
        for form, title in FORMS.items()
        if form in figures
    ]
    head = ("form", "bytes of a further order at the peak", "bytes held at the end, an order")
    head += tuple(f"peak, {run['orders']:,.0f} orders, MiB" for run in runs)
    return f"""## Memory of an order in either form

The flow of the comparison with other programs, everything recorded in memory. The first figure is the slope of the
process's peak over the number of orders, with everything that grows with a run; the second is what a run of
{figures[next(iter(figures))]["held"]["orders"]:,.0f} orders has allocated and still holds, divided by its orders.

{table(head, rows)}"""


def section_of_spools(figures: dict[str, Any]) -> str:
    """Return the section on long spooled runs in Markdown."""
    rows = [
        [
            f"{run['orders']:,.0f}",
            f"{run['before'] / MEBIBYTE:,.0f}",
            f"{run['peak'] / MEBIBYTE:,.0f}",
            f"{run['seconds'] / 60:,.1f}",
        ]
        for run in figures["runs"]
    ]
    head = ("orders", "before the run, MiB", "peak of the run, MiB", "CPU minutes of the run")
    return f"""## Long spooled runs

The same flow, {FORMS[figures["form"]]}, with a folder that records go into as they come. The last run has
{growth(figures):.2f} times the peak of the one before.

{table(head, rows)}"""


if __name__ == "__main__":
    print(json.dumps(MEASURES[sys.argv[1]](int(sys.argv[2]))))
