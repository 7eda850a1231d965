"""The log of messages."""

import struct
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from mypy_extensions import mypyc_attr

from alesha_sim.columns import (
    NAN,
    Columns,
    Kinds,
    Packed,
    TextColumn,
    Vocabulary,
    _name,
    _or_missing,
    entity_names,
    times,
)
from alesha_sim.recording.packed_rows import Boxed, NewRows, in_memory
from alesha_sim.vocabulary import DELIVERED, FATES, IN_FLIGHT, LOST, NO_ID, ORGANISATIONS, WITHDRAWN

_FIELDS = {
    "sent_at": "d",
    "delivered_at": "d",
    "fate": "B",
    "started_at": "d",
    "finished_at": "d",
    "request": "i",
    "order": "i",
    "visit": "i",
    "sender": "i",
    "recipient": "i",
    "attempt": "I",
    "kind": "B",
    "detail": "B",
}
# What is not known yet is one field, always of the same bytes.
_UNKNOWN: Final = struct.pack("<dBdd", NAN, IN_FLIGHT, NAN, NAN)
_LAYOUT = struct.Struct(f"<d{len(_UNKNOWN)}siiiiiIBB")
_PACK: Final = _LAYOUT.pack
_WIDTH: Final = _LAYOUT.size


@mypyc_attr(allow_interpreted_subclasses=True)
class MessageLog:
    """One row per sent copy of a message, numbered in the order of sending.

    `served(row, at)` records when a message was answered or dealt with.
    """

    mention = "message {}, ".format
    """Names a message, by its number, in an error's text."""

    def __init__(self, rows: NewRows = in_memory) -> None:
        self.organisations = list(ORGANISATIONS)
        self.kinds = Kinds()
        self.details = Vocabulary(("",))
        self.requests = 0
        self.last_landed: Boxed = NO_ID
        """The number of the message that was delivered last, `NO_ID` before the first."""
        self._table = rows("messages", **_FIELDS)
        self._arrival = self._table.part("delivered_at", "fate")
        self._fate = self._table.part("fate")
        self._taking = self._table.part("delivered_at", "fate", "started_at")
        self._start = self._table.part("started_at")
        self.served = self._table.part("finished_at").fill

    def __len__(self) -> int:
        return len(self._table)

    def sent(
        self,
        at: Any,
        request: Boxed,
        order: Boxed,
        visit: Boxed,
        sender: Boxed,
        recipient: Boxed,
        attempt: Boxed,
        kind: type,
        detail: Boxed = 0,
    ) -> Boxed:
        """Record that a copy of a message of the class `kind` leaves, and return its number.

        `detail` is a code of `details`.
        """
        table = self._table
        rows = table.rows
        row = table.base + len(rows) // _WIDTH
        rows += _PACK(at, _UNKNOWN, request, order, visit, sender, recipient, attempt, self.kinds[kind], detail)
        return row

    def landed(self, row: Boxed, at: Any, fate: Boxed = DELIVERED) -> None:
        """Record that copy `row` reached its receiver."""
        self._arrival.fill_two(row, at, fate)
        self.last_landed = row

    def taken_at_once(self, row: Boxed, at: Any) -> None:
        """Record that copy `row` reached its receiver and that a worker took it up at that instant."""
        self._taking.fill_three(row, at, DELIVERED, at)
        self.last_landed = row

    def taken(self, row: Boxed, at: float, since: float) -> None:
        """Record that a worker took copy `row` up, which had waited since it was delivered."""
        self._start.fill(row, at)

    def sent_again(self, row: int) -> int:
        """Record a second copy of a message that leaves together with the first, and return its number."""
        return self._table.copy(row)

    def lost(self, row: int) -> None:
        """Record that copy `row` never reached anybody who could read it."""
        self._arrival.fill_two(row, NAN, LOST)

    def withdrawn(self, row: int) -> None:
        """Record that copy `row` left the inbox unread, since nobody waited for a reply any more."""
        self._fate.fill(row, WITHDRAWN)

    def name(self, code: int) -> str:
        """Return the name of an entity: `user:17`, `shop`."""
        return _name(code, self.organisations)

    def row(self, row: int) -> dict[str, Any]:
        """Return the fields of one message, its kind by name."""
        fields = self._table.row(row)
        return {**fields, "kind": tuple(self.kinds.words)[fields["kind"]]}

    def array(self) -> npt.NDArray[np.void]:
        """Return a copy of the packed rows."""
        return self._table.array()

    def columns(self, first: int = 0, rows: Packed | None = None) -> Columns:
        """Return the table `messages`, or what it shows of packed rows from row `first` on."""
        rows = self._table.array() if rows is None else rows
        return {
            "message": np.arange(first, first + len(rows), dtype=np.int64),
            "request": rows["request"].astype(np.int64),
            "order": rows["order"].astype(np.int64),
            "sender": entity_names(rows["sender"], self.organisations),
            "recipient": entity_names(rows["recipient"], self.organisations),
            "kind": self.kinds.words.text_column(rows["kind"]),
            "attempt": rows["attempt"].astype(np.int64),
            "sent_at": times(rows["sent_at"]),
            "delivered_at": times(rows["delivered_at"]),
            "started_at": times(rows["started_at"]),
            "finished_at": times(rows["finished_at"]),
            "fate": TextColumn(rows["fate"].astype(np.int32), FATES),
            "reason": _or_missing(self.details, rows["detail"]),
            "visit": rows["visit"].astype(np.int64),
        }
