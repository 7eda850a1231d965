"""The terms on which a clearing house settles, in the units of a run: seconds, codes of banks."""

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from alesha_sim.entities.bank.calendar import Income
from alesha_sim.policies.clearing import fifo
from alesha_sim.units import DAY

GROSS, NET, GUARANTEED = "gross", "net", "guaranteed"

_NOBODY: Final[Mapping[int, range]] = {}


class ClearingTerms(NamedTuple):
    """How banks settle: each payment by itself (`gross`), or in cycles of `every` seconds (`net`, `guaranteed`).

    Gross, what settles of the payments that wait is said by `queue`. Users get their `income`, if there is any,
    through their banks, of which each has some `users`. `closures` are instants, and the bank closed at each.
    """

    kind: str = GROSS
    every: float = DAY
    queue: Any = fifo
    income: Income | None = None
    users: Mapping[int, range] = _NOBODY
    closures: tuple[tuple[float, int], ...] = ()
