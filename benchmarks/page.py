"""Turns what was measured of the markets into sections of docs/performance.md. Nothing is measured here."""

import platform
from collections.abc import Callable, Sequence
from datetime import date
from importlib.metadata import version
from statistics import median
from typing import Any, NamedTuple

from builds import facts, sentence
from cases import CUSTOMERS, DAILY, SEED, Case, Figures
from kept import machine
from tables import spread, table

TABLES = ("orders", "order_lines", "visits", "messages", "transfers", "production_lots")
MARKETS = {
    "day": "some look, some order",
    "buyers": "everybody orders",
    "messages": "everybody orders, and only messages take time",
    "wary": "the same, with keys and time-outs that never ring",
}
FLOWS = ("buyers", "messages", "wary")
"""Those of them that are measured with one number of users only."""


class Measured(NamedTuple):
    """What `markets.py` measured: `times` by round and case, `traces` by number of users, `tables` of one case."""

    sizes: tuple[int, ...]
    orders: int
    times: list[dict[Case, Figures]]
    traces: dict[int, Figures]
    tables: Figures

    @classmethod
    def from_figures(cls, figures: dict[str, Any]) -> "Measured":
        """Return what `figures` made JSON of."""
        times = [{Case(*case): found for case, found in one} for one in figures["times"]]
        traces = {int(users): found for users, found in figures["traces"].items()}
        return cls(tuple(figures["sizes"]), figures["orders"], times, traces, figures["tables"])

    def figures(self) -> dict[str, Any]:
        """Return everything as JSON can hold it."""
        times = [[[list(case), found] for case, found in one.items()] for one in self.times]
        traces = {str(users): found for users, found in self.traces.items()}
        return {**self._asdict(), "sizes": list(self.sizes), "times": times, "traces": traces}

    @property
    def yardstick(self) -> float:
        """The seconds of an event of the yardstick, the median of all."""
        return median(figures["yardstick"] for times in self.times for figures in times.values())

    def case(self, market: str, users: int) -> Case:
        """Return the case of a market with so many users."""
        return Case(market, users, self.orders)

    def over_rounds(self, figure: Callable[[dict[Case, Figures]], float]) -> str:
        """Return what a figure of one round was over all rounds: the median (the least to the greatest)."""
        return spread([figure(times) for times in self.times])


def section(figures: dict[str, Any]) -> str:
    """Return the sections in Markdown."""
    measured = Measured.from_figures(figures)
    return "\n\n".join(part(measured) for part in (by_users, a_user, flow, memory))


def an_order(figures: Figures) -> float:
    """Return the time of an order, in events of the yardstick."""
    return figures["run"] / figures["orders"] / figures["yardstick"]


def an_event(figures: Figures) -> float:
    """Return the time of a kernel event, in events of the yardstick."""
    return figures["run"] / figures["events"] / figures["yardstick"]


def by_users(measured: Measured) -> str:
    """Show that the cost of an order does not grow with the number of users."""
    few, many = measured.sizes[0], measured.sizes[-1]

    def row(market: str, users: int) -> list[str]:
        own, first = measured.case(market, users), measured.case(market, few)
        counts = measured.times[0][own]
        return [
            f"{users:,}",
            f"{counts['events'] / counts['orders']:.1f}",
            measured.over_rounds(lambda times: an_order(times[own])),
            measured.over_rounds(lambda times: an_order(times[own]) / an_order(times[first])),
            measured.over_rounds(lambda times: an_event(times[own]) / an_event(times[first])),
            f"{median(times[own]['run_peak'] for times in measured.times) / 2**20:.0f}",
        ]

    head = (
        "users", "events an order", "time an order / yardstick", f"time an order / with {few:,}",
        f"time an event / with {few:,}", "peak memory, MiB",
    )  # fmt: skip
    idle, day = (table(head, [row(market, users) for users in measured.sizes]) for market in ("idle", "day"))
    one, other = measured.case("idle", many), measured.case("idle", few)
    ratio = measured.over_rounds(lambda times: an_order(times[one]) / an_order(times[other]))
    return f"""## An order, by the number of users

The market is `market_day` with seed {SEED}, {DAILY:,} orders a day and about {measured.orders:,} in all, and users
who have money enough. Every message and every posting is recorded, and the laws hold in every run. Medians of
{len(measured.times)} rounds; an event of the yardstick took {measured.yardstick * 1e6:.2f} microseconds.

The same {CUSTOMERS:,} customers come for the same goods, and all others are idle. The work is the same to the last
event: **an order with {many:,} users takes {ratio} times as long as one with {few:,}**. Peak memory is
that of the process up to the end of the run, with Python and all packages.

{idle}

Any user may come. The more users there are, the more visits are somebody's first, who has to register: so an order
takes more events, and an event about as long as before.

{day}"""


def a_user(measured: Measured) -> str:
    """Tell what a user costs who does nothing."""
    few, many = measured.sizes[0], measured.sizes[-1]
    small, large = measured.case("idle", few), measured.case("idle", many)

    def more(times: dict[Case, Figures], name: str) -> float:
        return (times[large][name] - times[small][name]) / (many - few)

    def time(name: str) -> str:
        return measured.over_rounds(lambda times: more(times, name) / times[large]["yardstick"])

    def peak(name: str) -> str:
        return f"{median(more(times, name) for times in measured.times):,.0f}"

    kept = (measured.traces[many]["setup"] - measured.traces[few]["setup"]) / (many - few)
    rows = [
        ("set-up: secrets, deposits, accounts, openings", time("setup"), f"{kept:,.0f}", peak("setup_peak")),
        ("tables after the run", time("tables"), "", ""),
        ("check of the laws", time("laws"), "", peak("peak")),
    ]
    head = ("step", "time / yardstick", "bytes kept for the run", "bytes at the peak so far")
    return f"""## A user who does nothing

What {many:,} users cost more than {few:,} with the same orders, divided by the number of users more.

{table(head, rows)}"""


def flow(measured: Measured) -> str:
    """Compare the flow of an order with the yardstick."""
    few = measured.sizes[0]

    def row(market: str, title: str) -> list[str]:
        own = measured.case(market, few)
        counts = measured.times[0][own]
        rates = (counts[name] / counts["orders"] for name in ("visits", "messages", "transfers", "events"))
        return [
            title,
            *(f"{rate:.1f}" for rate in rates),
            measured.over_rounds(lambda times: an_event(times[own])),
            measured.over_rounds(lambda times: an_order(times[own])),
            measured.over_rounds(lambda times: (times[own]["tables"] + times[own]["laws"]) / times[own]["run"]),
        ]

    head = (
        "market", "visits", "messages", "transfers", "events", "time an event / yardstick",
        "time an order / yardstick", "tables and laws / run",
    )  # fmt: skip
    return f"""## The flow of an order

With {few:,} users, of whom any may come; visits, messages, transfers and kernel events are those of an order. An
event of the yardstick resumes a process and no more; in a market somebody also decides, posts and records.

{table(head, [row(market, title) for market, title in MARKETS.items()])}"""


def memory(measured: Measured) -> str:
    """Tell how much is recorded of an order, and how much a run holds."""
    figures, orders = measured.tables, measured.tables["orders"]
    few, many = measured.sizes[0], measured.sizes[-1]

    def row(title: str, tables: Sequence[str]) -> list[str]:
        rows, size, file = (
            sum(figures[f"{name}_{unit}"] for name in tables) / orders for unit in ("rows", "bytes", "file")
        )
        return [title, f"{rows:.2f}", f"{size:,.0f}", f"{file:,.0f}"]

    def held(users: int, name: str) -> str:
        return f"{measured.traces[users][name] / measured.traces[users]['orders']:,.0f}"

    head = ("table", "rows", "bytes in memory", "bytes on disk")
    return f"""## Memory of an order

Recorded rows, their bytes and those of the Parquet files, divided by the number of orders; visits that only look
are included, openings are not. With {few:,} users, of whom any may come.

{table(head, [*(row(name, [name]) for name in TABLES), row("all", TABLES)])}

All that a run allocates and still holds at its end, records and the rest, is {held(few, "run")} bytes an order
with {few:,} users and {held(many, "run")} with {many:,}, of whom the same ones order. At the most, while many
orders are under way, it holds {held(few, "run_most")} and {held(many, "run_most")}."""


def circumstances(*packages: str) -> str:
    """Return a Markdown table of where, with what and when something was measured."""
    return f"""| | |
|---|---|
| machine | {machine()} |
| Python | {sentence(facts())} |
| versions | {versions(*packages)} |
| date | {date.today().isoformat()} |"""


def versions(*packages: str) -> str:
    """Return the versions of Python and of packages."""
    python = f"{platform.python_implementation()} {platform.python_version()}"
    return ", ".join([python, *(f"{name} {version(name)}" for name in packages)])
