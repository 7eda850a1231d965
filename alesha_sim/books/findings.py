"""What a check of the laws found: lines of text, a limited number for each law. No law lives here."""

from collections import Counter, defaultdict
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

LIMIT = 20
"""How many violations of one law are described; the others are counted."""


class Findings:
    """Violations by law, described as they are found."""

    def __init__(self) -> None:
        self._counts: Counter[int] = Counter()
        self._lines: defaultdict[int, list[str]] = defaultdict(list)

    def __len__(self) -> int:
        return self._counts.total()

    def add(self, law: int, broken: npt.NDArray[Any], describe: Callable[[int], str]) -> None:
        """Record a violation at each True of `broken`; `describe(place)` names it and gives the figures."""
        places = np.flatnonzero(broken)
        self._counts[law] += len(places)
        lines = self._lines[law]
        lines += (f"L{law}: {describe(int(place))}" for place in places[: LIMIT - len(lines)])

    def report(self) -> list[str]:
        """Return one line a violation, in the order of the laws."""
        lines = []
        for law in sorted(self._lines):
            lines += self._lines[law]
            unsaid = self._counts[law] - len(self._lines[law])
            if unsaid:
                lines.append(f"L{law}: ... and {unsaid} more")
        return lines
