"""The speed and memory that the library aims at, and how far it is there. Nothing is measured here."""

from collections.abc import Callable, Iterator, Mapping
from statistics import median
from typing import Any, NamedTuple

import memory
import second_build
import whole_call
from contenders.entrants import LIBRARIES, contenders
from page import Measured, an_order
from peers import Beside
from peers_page import ratios
from tables import spread, table

Figures = Mapping[str, Any]
"""What was measured, by part; parts that were not measured are missing."""


class Aim(NamedTuple):
    """A figure, and the bound that it should keep; `values` returns what was measured, by round."""

    title: str
    bound: float
    is_most: bool
    values: Callable[[Figures], list[float]]

    def row(self, figures: Figures) -> list[str]:
        """Return the aim, what was measured, and whether it is reached."""
        side = "at most" if self.is_most else "at least"
        bound = f"{side} {self.bound:,g}"
        values = self.values(figures)
        if not values:
            return [self.title, bound, "not measured", ""]
        middle = median(values)
        reached = middle <= self.bound if self.is_most else middle >= self.bound
        shown = spread(values) if len(values) > 1 else f"{middle:,.2f}" if middle < 100 else f"{middle:,.0f}"
        return [self.title, bound, shown, "yes" if reached else "no"]


def of_programs(beside: Callable[[Figures], Beside | None], where: str = "") -> Iterator[Aim]:
    """Yield the aims beside other programs, with the figures of one build of Python."""

    def compared(name: str, other: str) -> Callable[[Figures], list[float]]:
        def values(figures: Figures) -> list[float]:
            found = beside(figures)
            return [] if found is None else ratios(found, name, other)

        return values

    yield Aim(f"compiled / lean SimPy{where}", 1.1, True, compared("compiled_all", "lean_simpy"))
    yield Aim(f"SimPy, textbook / compiled{where}", 6, False, compared("textbook_simpy", "compiled_all"))
    yield Aim(f"in Python / lean SimPy{where}", 2.8, True, compared("library_all", "lean_simpy"))
    for name in LIBRARIES:
        title = contenders()[name].title
        yield Aim(f"{title} / compiled{where}", 2.8, False, compared(name, "compiled_all"))
        yield Aim(f"{title} / in Python{where}", 1, False, compared(name, "library_all"))


def on_first(figures: Figures) -> Beside | None:
    """Return the times of all programs with the Python that measures."""
    return Beside(**figures["peers"]) if "peers" in figures else None


def on_second(figures: Figures) -> Beside | None:
    """Return those with the second build of Python."""
    found = second_build.from_figures(figures.get("second"))
    return found and found[0]


def readiness(figures: Figures) -> list[float]:
    """Return what time-outs that never ring cost an order, by round."""
    if "markets" not in figures:
        return []
    measured = Measured.from_figures(figures["markets"])
    wary, plain = (measured.case(market, measured.sizes[0]) for market in ("wary", "messages"))
    return [an_order(times[wary]) / an_order(times[plain]) for times in measured.times]


def call(figures: Figures) -> list[float]:
    """Return what a user's whole call takes compiled, as a share of what it takes in Python, by round."""
    return whole_call.ratios(figures.get("call", {}))


def bytes_of(form: str) -> Callable[[Figures], list[float]]:
    """Return what tells the bytes of an order in a form."""

    def values(figures: Figures) -> list[float]:
        found = memory.an_order(figures.get("memory", {}), form)
        return [] if found is None else [found]

    return values


def aims() -> list[Aim]:
    """Return all aims, in the order of the page."""
    return [
        *of_programs(on_first),
        Aim("the whole call, compiled / in Python", 0.5, True, call),
        Aim("with keys and time-outs that never ring / without", 1.25, True, readiness),
        Aim("bytes of a further order in memory, in Python", 1_900, True, bytes_of("python")),
        Aim("bytes of a further order in memory, compiled", 1_900, True, bytes_of("compiled")),
        Aim(
            "spooled peak at 10,000,000 orders / at 1,000,000", 1.1, True,
            lambda found: [memory.growth(found["spooled"])] if "spooled" in found else [],
        ),
    ]  # fmt: skip


def section(figures: Figures) -> str:
    """Return the section in Markdown, with the second build of Python beside the first."""
    beside = {aim.title: aim.row(figures)[2] for aim in of_programs(on_second)}
    rows = [[*aim.row(figures), beside.get(aim.title, "")] for aim in aims()]
    head = ("figure", "aim", "measured", "reached", "on the second build")
    return f"""## Aims

Judged by the median of what was measured on the first build of Python. The least and the greatest stand in
brackets.

{table(head, rows)}"""
