"""What a check of the laws found: lines of text, a limited number for each law."""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from alesha_sim.audit.reading import Ints

LIMIT = 20
"""How many violations of one law are described; the others are counted."""


class Place(NamedTuple):
    """Which check of a law found something: checks have places of their own, whatever part they see."""

    law: int
    section: int
    part: int
    step: int


class Findings:
    """Violations by law, described as they are found; the same in whatever parts the evidence was read.

    Each part goes through the same checks in the same order. What one check finds is reported in the order of the
    numbers that are given with it, so that it does not matter in which part a violation stood.
    """

    def __init__(self) -> None:
        self._counts: dict[Place, int] = {}
        self._lines: dict[Place, list[tuple[int, str]]] = {}
        self.section, self._part, self._step = 0, 0, 0

    def __len__(self) -> int:
        return sum(self._counts.values())

    def begin(self, section: int, part: int = 0) -> None:
        """Say that the checks of a section, or of a part of one, follow."""
        self.section, self._part, self._step = section, part, 0

    def begin_part(self, part: int) -> None:
        """Say that the checks of a part of the section follow."""
        self._part, self._step = part, 0

    def add(
        self, law: int, broken: npt.NDArray[Any], describe: Callable[[int], str], numbers: Ints | None = None
    ) -> None:
        """Record a violation at each True of `broken`; `describe(place)` names it and gives the figures.

        `numbers` has the number of each place in the whole run, where that is not the place.
        """
        found = Place(law, self.section, self._part, self._step)
        self._step += 1
        if not np.count_nonzero(broken):  # a third of the time of looking for the places
            return
        places = np.flatnonzero(broken)
        ranks = places if numbers is None else numbers[places]
        first = np.argsort(ranks, kind="stable")[:LIMIT]
        lines = [(int(ranks[n]), f"L{law}: {describe(int(places[n]))}") for n in first.tolist()]
        self._keep(found, len(places), lines)

    def take(self, other: "Findings") -> None:
        """Record what another check of the same laws found, too."""
        for found, count in other._counts.items():
            self._keep(found, count, other._lines[found])

    def _keep(self, found: Place, count: int, lines: list[tuple[int, str]]) -> None:
        self._counts[found] = self._counts.get(found, 0) + count
        kept = [*self._lines.get(found, ()), *lines]
        self._lines[found] = sorted(kept, key=lambda line: line[0])[:LIMIT]

    def report(self) -> list[str]:
        """Return one line a violation, in the order of the laws, at most `LIMIT` a law."""
        lines = []
        for law in sorted({found.law for found in self._counts}):
            mine = sorted(found for found in self._counts if found.law == law)
            texts = [text for found in mine for _, text in self._lines[found]][:LIMIT]
            lines += texts
            unsaid = sum(self._counts[found] for found in mine) - len(texts)
            if unsaid:
                lines.append(f"L{law}: ... and {unsaid} more")
        return lines
