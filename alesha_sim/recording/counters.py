"""What is kept where tables are off: rows with only the fields that metrics need, and a counter of messages.

The logs are those of any run; only their rows are narrower. Contains no rules and no decisions.
"""

import struct
from collections.abc import Mapping
from typing import Any

from alesha_sim.recording.messages import Messages
from alesha_sim.recording.packed_rows import Boxed, PackedRows, Part
from alesha_sim.units import MICROSECONDS

KEPT: Mapping[str, tuple[str, ...]] = {
    "orders": ("placed_at", "total", "buyer", "status", "reason", "delivered_at"),
}
"""The fields that metrics and the table of users need; of rows of other tables no more than the number."""


class ThinRows(PackedRows):
    """Rows that are numbered like any others, and of which only the fields `kept` stay."""

    def __init__(self, kept: tuple[str, ...], **fields: str) -> None:
        super().__init__(**{name: code for name, code in fields.items() if name in kept})
        self._kept = kept
        self._places = [number for number, name in enumerate(fields) if name in kept]
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def append(self, *values: Any) -> Boxed:
        """Keep what is kept of a row and return its number."""
        self.rows += self.pack(*[values[place] for place in self._places])
        self._count += 1
        return self._count - 1

    def part(self, *names: str) -> Part:
        """Return the neighbouring fields `names`, whose values are dropped if they are not kept."""
        return super().part(*names) if names[0] in self._kept else NotKept(self, struct.Struct(""), 0)


class NotKept(Part):
    """Fields that are not kept."""

    def fill(self, row: Boxed, value: Any) -> None:
        """Do nothing."""

    def fill_two(self, row: Boxed, one: Any, other: Any) -> None:
        """Do nothing."""


def thin(table: str, /, **fields: str) -> PackedRows:
    """Return the rows of a table that is off."""
    return ThinRows(KEPT.get(table, ()), **fields)


class MessageCounter(Messages):
    """Counts the copies of messages that are sent to one recipient, and how long those taken up had waited.

    A copy has no number.
    """

    def __init__(self) -> None:
        super().__init__()
        self._copies = self._losses = self._services = self._waited = 0

    def sent(
        self,
        at: float,
        request: Boxed,
        order: Boxed,
        visit: Boxed,
        sender: Boxed,
        recipient: Boxed,
        attempt: Boxed,
        kind: type,
        detail: Boxed = 0,
    ) -> Boxed:
        """Count a copy."""
        self._copies += 1
        return 0

    def sent_again(self, row: Boxed) -> Boxed:
        """Count a second copy of a message that leaves together with the first."""
        self._copies += 1
        return 0

    def taken_at_once(self, row: Boxed, at: float) -> None:
        """Count a copy that a worker took up as it came."""
        self._services += 1

    def taken(self, row: Boxed, at: float, since: float) -> None:
        """Count a copy that a worker took up, and how long it had waited, each instant rounded as in a table."""
        self._services += 1
        self._waited += round(at * MICROSECONDS) - round(since * MICROSECONDS)

    def lost(self, row: Boxed) -> None:
        """Count a copy that never reached anybody who could read it."""
        self._losses += 1

    def counts(self) -> dict[str, int]:
        """Return how many copies there were, were lost and were served, and how long the last had waited."""
        return {"rows": self._copies, "lost": self._losses, "served": self._services, "waited": self._waited}
