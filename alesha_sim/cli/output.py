"""How the command prints: tables with aligned columns, JSON, remarks, and progress.

Contains layout only; what is said of a run is in `outcome.py`. Machine-readable text goes to standard
output, remarks to standard error. Importing this module loads nothing but the standard library.
"""

import json
import math
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from time import perf_counter
from typing import TYPE_CHECKING, Any
from unicodedata import combining, east_asian_width

if TYPE_CHECKING:
    from alesha_sim.simulation.simulation import Progress
    from alesha_sim.verification import Progress as CheckProgress


# A run that has come no further than this share of its horizon from one report to the next would never end.
STANDSTILL = 1e-7


def print_json(value: object) -> None:
    """Print a value as JSON text; undefined metrics must be None already (`plain`)."""
    print(json.dumps(value, indent=2, allow_nan=False))


def plain(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return named values with None for those that are undefined."""
    return {name: None if isinstance(value, float) and math.isnan(value) else value for name, value in row.items()}


def encodable(toml: str) -> str:
    """Return TOML text that standard output can take, with escapes for all signs beyond ASCII if it cannot."""
    try:
        toml.encode(sys.stdout.encoding or "utf-8")
    except UnicodeEncodeError:
        return "".join(sign if sign.isascii() else f"\\U{ord(sign):08x}" for sign in toml)
    return toml


def remark(text: str) -> None:
    """Print a remark on standard error."""
    print(text, file=sys.stderr)


def table(rows: Iterable[Sequence[str]], *, right: Sequence[int] = (), indent: str = "") -> str:
    """Return rows of equally many cells as text in columns; `right` are the columns aligned to the right."""
    rows = [list(row) for row in rows]
    widths = [max(map(cells, column)) for column in zip(*rows, strict=True)]
    lines = [
        "  ".join(
            _padding(cell, width) + cell if place in right else cell + _padding(cell, width)
            for place, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        for row in rows
    ]
    return "\n".join(f"{indent}{line}".rstrip() for line in lines)


def _padding(text: str, width: int) -> str:
    return " " * (width - cells(text))


def cells(text: str) -> int:
    """Return how many columns of a terminal a text takes: East Asian signs take two, combining ones none."""
    if text.isascii():
        return len(text)
    return sum(0 if combining(sign) else 2 if east_asian_width(sign) in "WF" else 1 for sign in text)


def wrapped(text: str, width: int, indent: str = "    ") -> list[str]:
    """Return a text in lines of at most `width` columns, broken at spaces where that can be; "" gives no line."""
    lines: list[str] = []
    rest = "".join(sign if sign.isprintable() else f"\\x{ord(sign):02x}" for sign in text)
    while cells(rest) > width:
        end = 0
        while cells(rest[: end + 1]) <= width:
            end += 1
        start = len(rest) - len(rest.lstrip())
        space = rest.rfind(" ", start, end + 1)
        cut = space if space > start else max(end, 1)
        lines.append(rest[:cut].rstrip())
        rest = (indent if width > 4 * len(indent) else "") + rest[cut:].lstrip()
    return [*lines, rest] if rest.strip() else lines


# Progress


class ProgressBar:
    """A line on a terminal that shows how far something is; its methods can watch a run or checks."""

    def __init__(self, bar: Any) -> None:
        self._bar = bar
        self._began = perf_counter()
        self._at, self._events = -1.0, 0

    def run(self, run: "Progress") -> None:
        """Show simulated time, orders and pace of a run."""
        from alesha_sim.units import DAY  # loads NumPy, which a run has loaded by now

        pace = run.events / max(perf_counter() - self._began, 1e-9)
        days = f"day {run.at / DAY:,.1f} of {run.horizon / DAY:,.1f}"
        if run.at - self._at > run.horizon * STANDSTILL:
            self._at, self._events = run.at, run.events
        stuck = run.events - self._events
        still = f", time stands still: {stuck:,} events since {self._at:,.6f} s" if stuck else ""
        self.show(run.at / run.horizon, f"{days}, {run.orders:,} orders, {pace:,.0f} events/s{still}")

    def checks(self, made: "CheckProgress") -> None:
        """Show which check is being made."""
        text = f"{made.number} of {made.checks}: {made.check}, {made.runs:,} runs"
        self.show((made.number - 1) / made.checks, text)

    def show(self, share: float, text: str) -> None:
        """Show which share of something is done, and what it is."""
        self._bar.set_description_str(text, refresh=False)
        # What is still open after the horizon goes on, with the bar at its end.
        self._bar.update(min(share, 1.0) - self._bar.n)


@contextmanager
def progress_bar(*, quiet: bool) -> Iterator[ProgressBar | None]:
    """Give a progress bar on standard error, or None where nobody would see it; it is gone afterwards."""
    if quiet or sys.stderr is None or not sys.stderr.isatty():
        yield None
        return
    from tqdm import tqdm

    layout = "{percentage:3.0f}% |{bar:20}| {desc} [{elapsed}]"
    with tqdm(total=1.0, bar_format=layout, leave=False, file=sys.stderr) as bar:
        yield ProgressBar(bar)
