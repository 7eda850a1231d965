"""Measures how time and memory grow with the number of orders and of users: each case in a process of its own.

`python benchmarks/growth.py` prints the section of docs/performance.md and draws docs/growth.svg; `--full` goes up
to a million orders and a million users, which takes most of an hour.
"""

import gc
import json
import sys
from argparse import ArgumentParser
from collections.abc import Callable, Sequence
from importlib import import_module
from math import log10
from pathlib import Path
from tempfile import TemporaryDirectory
from time import process_time
from typing import Any, NamedTuple

from cases import MARKETS, SEED, Case, Figures
from measure import peak, run_in_parts
from tables import table
from turns import HERE, line_from, start

from alesha_sim.simulation.simulation import Simulation

ORDERS, USERS = (3_000, 10_000, 30_000), (1_000, 10_000, 100_000)
FULL_ORDERS, FULL_USERS = (10_000, 100_000, 1_000_000), (1_000, 10_000, 100_000, 1_000_000)
MARKET, FEW_USERS = "buyers", 1_000
PICTURE = HERE.parent / "docs" / "growth.svg"
SEVERAL = 3
"""How often all but the largest cases are measured; the least time counts, since others only ever add to it."""


class Growth(NamedTuple):
    """One case: so many orders of so many users, with or without a folder that records go into as they come."""

    orders: int
    users: int
    spooled: bool


def one(case: Growth) -> Figures:
    """Run a case in this process; return time an order in yardsticks, bytes at the peak, and shares of the run."""
    scenario = MARKETS[MARKET](Case(MARKET, case.users, case.orders))
    gc.collect()
    told: Figures = {"start_peak": peak()}
    with TemporaryDirectory() as folder:
        spool = {"spool": Path(folder) / "run"} if case.spooled else {}
        simulation = Simulation(scenario, SEED, **spool)
        told["setup_peak"] = peak()
        run, tick = run_in_parts(simulation, lambda: None)
        orders, events = len(simulation.records.orders), simulation.clock.events
        told |= {"run_peak": peak(), "run": run, "orders": orders, "events": events}
        told["an_order"] = run / orders / tick
        told |= afterwards(simulation, run)
    return told


def afterwards(simulation: Simulation, run: float) -> Figures:
    """Return what reading a run takes, as shares of its own time; AssertionError if a law does not hold."""
    result = simulation.result()
    violations: list[str] = []
    steps: dict[str, Callable[[], object]] = {
        "figures": result.metrics,
        "check": lambda: violations.extend(result.check()),
        "pandas": lambda: import_module("pandas"),  # loaded once a process, whatever the size of a run
        "transfers": lambda: result.transfers,
        "balances": result.balances,
    }
    shares: Figures = {}
    for name, step in steps.items():
        started = process_time()
        step()
        shares[name] = (process_time() - started) / run
        shares[f"{name}_peak"] = peak()
    assert not violations, violations
    return shares


def measured(orders: Sequence[int] = ORDERS, users: Sequence[int] = USERS) -> dict[Growth, Figures]:
    """Measure all cases, the small ones several times."""
    cases = [Growth(number, FEW_USERS, spooled) for number in orders for spooled in (False, True)]
    cases += [Growth(orders[0], number, False) for number in users if number != FEW_USERS]
    found = {}
    for case in cases:
        print(f"growth: {case.orders:,} orders, {case.users:,} users ...", file=sys.stderr)
        rounds = 1 if case.orders == orders[-1] else SEVERAL
        found[case] = min((in_a_process(case) for _ in range(rounds)), key=lambda told: told["an_order"])
    return found


def figures(found: dict[Growth, Figures]) -> list[list[Any]]:
    """Return what was measured as JSON can hold it."""
    return [[list(case), told] for case, told in found.items()]


def from_figures(pairs: list[list[Any]]) -> dict[Growth, Figures]:
    """Return what `figures` was made of."""
    return {Growth(*case): told for case, told in pairs}


def in_a_process(case: Growth) -> Figures:
    """Measure a case in a process of its own."""
    with start("growth.py", "--one", case.orders, case.users, int(case.spooled)) as process:
        told: Figures = json.loads(line_from(process))
        return told


# The section and its picture


def section(found: dict[Growth, Figures]) -> str:
    """Return the section in Markdown."""
    plain = [case for case in found if case.users == FEW_USERS and not case.spooled]
    first, last = plain[0], plain[-1]
    slower = found[last]["an_order"] / found[first]["an_order"]
    further = found[last]["run_peak"] - found[first]["run_peak"]
    further /= found[last]["orders"] - found[first]["orders"]
    slope = log10(slower) / log10(found[last]["orders"] / found[first]["orders"])
    return f"""## Growth

The market `{MARKET}`, in which everybody orders: {FEW_USERS:,} users and more and more orders, and more and
more users for {first.orders:,} orders. An order costs {slower:.2f} times as much among {last.orders:,} as among
{first.orders:,}: the slope of cost against orders is {slope:+.3f} on logarithmic scales, where 0 is no growth.
In memory each further order takes {further:,.0f} bytes at the peak, with everything recorded.
Spooled runs let their records leave memory for a folder. Peak memory is that of the process, with Python and all
packages, at the end of the run and after the laws were checked; a whole table as a DataFrame has to be in memory.

![Time an order and peak memory against the number of orders](growth.svg)

{table(HEAD, [row(case, told) for case, told in found.items()])}"""


HEAD = (
    "orders", "users", "records", "time an order / yardstick", "peak of the run, MiB", "with the check, MiB",
    "check / run", "figures / run", "`transfers` / run", "`balances()` / run",
)  # fmt: skip


def row(case: Growth, told: Figures) -> list[str]:
    """Return a case's row of the table."""
    mebibytes = (f"{told[name] / 2**20:,.0f}" for name in ("run_peak", "check_peak"))
    shares = (f"{told[name]:.1%}" for name in ("check", "figures", "transfers", "balances"))
    where = "spooled" if case.spooled else "in memory"
    return [f"{case.orders:,}", f"{case.users:,}", where, f"{told['an_order']:,.0f}", *mebibytes, *shares]


def draw(found: dict[Growth, Figures], path: Path) -> None:
    """Draw time an order and peak memory against the number of orders."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(8, 3.2), layout="constrained")
    time, memory = figure.subplots(1, 2)
    for spooled, colour, label in ((False, "#0072B2", "in memory"), (True, "#D55E00", "spooled")):
        cases = [case for case in found if case.users == FEW_USERS and case.spooled == spooled]
        orders = [case.orders for case in cases]
        marks = {"color": colour, "marker": "o", "linestyle": "--" if spooled else "-"}
        time.plot(orders, [found[case]["an_order"] for case in cases], **marks)
        memory.plot(orders, [found[case]["run_peak"] / 2**20 for case in cases], **marks)
        for axes, name, unit in ((time, "an_order", 1), (memory, "run_peak", 2**20)):
            below = axes is time and not spooled
            axes.annotate(
                label, (orders[-1], found[cases[-1]][name] / unit), xytext=(-10, -16 if below else 12),
                textcoords="offset points", ha="right", color=colour,
            )  # fmt: skip
    for axes, title in ((time, "CPU time an order, yardsticks"), (memory, "peak memory of the run, MiB")):
        axes.set(xscale="log", xlabel="orders", title=title)
        measured_at = sorted({case.orders for case in found if case.users == FEW_USERS})
        axes.set_xticks(measured_at, [f"{orders:,}" for orders in measured_at])
        axes.set_xticks([], minor=True)
        axes.set_ylim(0, 1.12 * axes.get_ylim()[1])
        axes.spines[["top", "right"]].set_visible(False)
    figure.savefig(path, metadata={"Date": None})


def main() -> None:
    """Measure one case, or all of them and print the section."""
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("--full", action="store_true", help="up to a million orders and a million users")
    parser.add_argument(
        "--one", nargs=3, type=int, metavar=("ORDERS", "USERS", "SPOOLED"), help="one case, as JSON"
    )
    chosen = parser.parse_args()
    if chosen.one:
        orders, users, spooled = chosen.one
        print(json.dumps(one(Growth(orders, users, bool(spooled)))))
        return
    found = measured(FULL_ORDERS, FULL_USERS) if chosen.full else measured()
    draw(found, PICTURE)
    print(section(found))


if __name__ == "__main__":
    main()
