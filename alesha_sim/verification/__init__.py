"""Checks of the program against theory and published figures: what `alesha verify` runs.

A check compares figures observed in runs with what they should be. Where chance plays a part, the mean of at least
20 independent runs must lie within four standard errors, and the standard error below 1.5 % of the expected value:
runs are added until it is. A check that fails is made once more, with other seeds and four times the runs.
"""

from collections.abc import Callable
from functools import partial
from typing import NamedTuple

from alesha_sim.verification.check import Check, Figure, Row, table
from alesha_sim.verification.customers import cdnow_run, orders_run, repeat_check
from alesha_sim.verification.queues import MORE_QUEUES, QUEUES, little_run, queue_check
from alesha_sim.verification.stocks import more_stock_checks, stock_checks

__all__ = [
    "Check",
    "Figure",
    "Progress",
    "Row",
    "checks",
    "run_checks",
    "table",
]


class Progress(NamedTuple):
    """How far the checks are: check `number` (from 1) of `checks`, and the runs that it has made."""

    check: str
    number: int
    checks: int
    runs: int


def checks(*, full: bool = False) -> list[Check]:
    """Return all checks; `full` adds larger queues and stocks, which take some minutes more."""
    return [
        *map(queue_check, QUEUES + MORE_QUEUES if full else QUEUES),
        Check("Little's law", little_run, replicated=False),
        *(stock_checks() + more_stock_checks() if full else stock_checks()),
        repeat_check(),
        Check("repeat buyers, orders", orders_run, replicated=False),
        Check("CDNOW replay", cdnow_run, replicated=False, needs="lifetimes"),
    ]


def run_checks(seed: int, *, full: bool = False, progress: Callable[[Progress], None] | None = None) -> list[Row]:
    """Make all checks and return their rows; `progress` is called after every run.

    Takes a minute or two, with `full` several. The program is sound if every row has `passed`. Raises ValueError
    for a seed that is no whole number from 0 to 2**63 - 1.
    """
    found = checks(full=full)

    def report(check: Check, number: int, runs: int) -> None:
        if progress is not None:
            progress(Progress(check.name, number, len(found), runs))

    made = [check.rows(seed, partial(report, check, number)) for number, check in enumerate(found, start=1)]
    return [row for rows in made for row in rows]
