"""What a run can be told to record, and what is said of a table that it did not.

Only the choice lives here: what is counted instead of recorded is in `counters.py` and `books/counting.py`.
"""

from collections.abc import Mapping

ALL = "all"
"""The mode in which every message, order and transfer is kept."""

OFF: Mapping[str, tuple[str, ...]] = {
    ALL: (),
    "ledger": ("messages",),
    "orders": ("messages", "transfers"),
    "summary": ("messages", "transfers", "orders", "order_lines", "visits", "replenishments"),
}
"""The modes, from most to least, each with the tables that are off in it."""

MODES = tuple(OFF)

Tallies = Mapping[str, Mapping[str, int]]
"""For each table that is off, the counts and sums that the figures of a result need of it."""


class NotRecorded(ValueError):
    """A table is asked for that the run did not record; the text names it, and how to run to have it."""

    def __init__(self, table: str, record: str) -> None:
        super().__init__(table, record)
        self.table = table
        self.record = record

    def __str__(self) -> str:
        modes = [repr(mode) for mode in MODES if self.table not in OFF[mode]]
        *most, last = modes
        wanted = f"{', '.join(most)} or {last}" if most else last
        return f"table {self.table}: not recorded with record={self.record!r}: must be run with record={wanted}"


def known(record: str) -> str:
    """Return a mode; ValueError for what is none."""
    if record not in MODES:
        raise ValueError(f"record: {record!r}: must be one of {', '.join(MODES)}")
    return record


def is_on(table: str, record: str) -> bool:
    """Tell whether a mode records a table."""
    return table not in OFF[record]
