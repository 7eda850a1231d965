"""A check: figures observed in runs against what they should be, and how they are judged.

What is compared with what stands in the other modules.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from math import isnan, nan, sqrt
from typing import NamedTuple

import numpy as np

from alesha_sim.streams import Streams

RUNS_MIN, RUNS_MAX = 20, 500
ERRORS, PRECISION = 4.0, 0.015
AGREES, DIFFERS, BLURRED, SKIPPED = "agrees", "differs", "too blurred", "skipped"


class Row(NamedTuple):
    """One figure of a check; the verdict is `agrees`, `differs`, `too blurred` (to agree) or `skipped`."""

    check: str
    figure: str
    expected: float
    observed: float
    tolerance: float
    verdict: str

    @property
    def passed(self) -> bool:
        """Whether nothing speaks against the program."""
        return self.verdict in (AGREES, SKIPPED)


class Figure(NamedTuple):
    """What one run showed and what it should have shown."""

    observed: float
    expected: float
    tolerance: float = 0.0


Figures = Mapping[str, Figure]
Report = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class Check:
    """A named comparison; `run(seed)` makes one run and returns its figures.

    With `replicated` the mean over runs is judged, by the rule that the package states; else one run must show
    each figure within its own tolerance. `needs` names a package without which the check is skipped.
    """

    name: str
    run: Callable[[int], Figures]
    replicated: bool = True
    needs: str | None = None

    def rows(self, seed: int, report: Report = lambda runs: None) -> list[Row]:
        """Make the check and return a row for each figure; `report` gets the number of runs so far."""
        if self.needs is not None and find_spec(self.needs) is None:
            return [Row(self.name, f"needs the package {self.needs}", nan, nan, nan, SKIPPED)]
        if not self.replicated:
            found = self.run(next(self._seeds(seed, "first")))
            report(1)
            return [_exact(self.name, name, figure) for name, figure in found.items()]
        runs = self._replicate(self._seeds(seed, "first"), report)
        rows = self._means(runs)
        if all(row.passed for row in rows):
            return rows
        return self._means(self._replicate(self._seeds(seed, "again"), report, count=4 * len(runs)))

    def _seeds(self, seed: int, attempt: str) -> Iterator[int]:
        generator = Streams(seed).generator(f"verification:{self.name}:{attempt}")
        while True:
            yield int(generator.integers(2**63 - 1))

    def _replicate(self, seeds: Iterator[int], report: Report, count: int | None = None) -> list[Figures]:
        """Make `count` runs, or as many as the precision needs."""
        least, most = (count, count) if count is not None else (RUNS_MIN, RUNS_MAX)
        runs: list[Figures] = []
        while len(runs) < least or (len(runs) < most and self._blurred(runs)):
            runs.append(self.run(next(seeds)))
            report(len(runs))
        return runs

    def _blurred(self, runs: list[Figures]) -> bool:
        return any(_is_blurred(row.tolerance / ERRORS, row.expected) for row in self._means(runs))

    def _means(self, runs: list[Figures]) -> list[Row]:
        return [_mean(self.name, name, [run[name] for run in runs]) for name in runs[0]]


def _mean(check: str, name: str, metrics: list[Figure]) -> Row:
    """Judge a figure by its mean; the expected value may differ from run to run."""
    expected = float(np.mean([figure.expected for figure in metrics]))
    off = np.array([figure.observed - figure.expected for figure in metrics])
    error = float(off.std(ddof=1)) / sqrt(len(off))
    if not abs(off.mean()) <= ERRORS * error:
        verdict = DIFFERS
    else:
        verdict = BLURRED if _is_blurred(error, expected) else AGREES
    return Row(check, name, expected, expected + float(off.mean()), ERRORS * error, verdict)


def _is_blurred(error: float, expected: float) -> bool:
    return error > PRECISION * abs(expected)


def _exact(check: str, name: str, figure: Figure) -> Row:
    verdict = AGREES if abs(figure.observed - figure.expected) <= figure.tolerance else DIFFERS
    return Row(check, name, figure.expected, figure.observed, figure.tolerance, verdict)


def table(rows: Iterable[Row]) -> str:
    """Return the rows as text in columns, with their headings and a last line that sums up."""
    shown = list(rows)
    cells = [("check", "figure", "expected", "observed", "tolerance", "verdict")]
    cells += [(*row[:2], _number(row[2]), _number(row[3]), _number(row[4], 2), row[5]) for row in shown]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    lines = [_line(line, widths) for line in cells]
    passed = sum(row.passed for row in shown)
    skipped = sum(row.verdict == SKIPPED for row in shown)
    note = f", {skipped} skipped" if skipped else ""
    return "\n".join([*lines, "", f"{passed - skipped} of {len(shown) - skipped} figures agree{note}"])


def _line(cells: tuple[str, ...], widths: list[int]) -> str:
    padded = [
        cell.rjust(width) if 2 <= place <= 4 else cell.ljust(width)
        for place, (cell, width) in enumerate(zip(cells, widths, strict=True))
    ]
    return "  ".join(padded).rstrip()


def _number(value: float, digits: int = 6) -> str:
    return "" if isnan(value) else f"{value:.{digits}g}"
