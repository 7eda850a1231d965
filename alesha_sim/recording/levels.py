"""What a run can record, and the error for a table that it did not.

Contains only the choice; what is counted instead of recorded is in `counters.py` and `books/counting.py`.
"""

from collections.abc import Mapping

ALL = "all"
"""The level at which every message, order and transfer is kept."""

SUMMARY = "summary"
"""The level at which nothing is kept but what metrics need, and the tables `ALWAYS`."""

LEVELS = (ALL, SUMMARY)

ALWAYS = ("accounts", "users")
"""The tables that every level has, since they are made at the end of a run."""

Tallies = Mapping[str, Mapping[str, int]]
"""For each table that is off, the counts and sums that the metrics of a result need of it."""


class NotRecorded(ValueError):
    """A table is asked for that the run did not record; the text names it, and how to run to have it."""

    def __init__(self, table: str, record: str) -> None:
        super().__init__(table, record)
        self.table = table
        self.record = record

    def __str__(self) -> str:
        return f"table {self.table}: not recorded with record={self.record!r}: must be run with record={ALL!r}"


def known(record: str, field: str = "record") -> str:
    """Return a level; ValueError, naming the field, for what is none."""
    if record not in LEVELS:
        raise ValueError(f"{field}: {record!r}: must be one of {', '.join(LEVELS)}")
    return record


def is_on(table: str, record: str) -> bool:
    """Tell whether a level records a table."""
    return record == ALL or table in ALWAYS
