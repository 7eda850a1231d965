"""The log of messages."""

import struct
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
from mypy_extensions import mypyc_attr

from alesha_sim.columns import NAN, Coded, Columns, Kinds, Packed, Vocabulary, _name, _or_missing, names_of, times
from alesha_sim.recording.packed_rows import Boxed, NewRows, in_memory
from alesha_sim.vocabulary import DELIVERED, FATES, IN_FLIGHT, LOST, NO_ID, ORGANISATIONS, WITHDRAWN


@mypyc_attr(allow_interpreted_subclasses=True)
class MessageLog:
    """One row per sent copy of a message, numbered in the order of sending.

    - `sent(at, request, order, visit, sender, recipient, attempt, kind, detail)` records that a copy of a message
      of the class `kind` leaves, with a code of `details`, and returns its number.
    - `landed(row, at, fate)` records that copy `row` reached its receiver.
    - `begun(row, started_at)` and `served(row, started_at, finished_at)` record when a worker took a message up,
      where the answer takes time, and when it was answered or dealt with.
    """

    mention = "message {}, ".format
    """Names a message, by its number, in an error's text."""

    def __init__(self, rows: NewRows = in_memory) -> None:
        self.organisations = list(ORGANISATIONS)
        self.kinds = Kinds()
        self.details = Vocabulary(("",))
        self.requests = 0
        self._table = rows(
            "messages",
            sent_at="d",
            delivered_at="d",
            fate="B",
            started_at="d",
            finished_at="d",
            request="i",
            order="i",
            visit="i",
            sender="i",
            recipient="i",
            attempt="I",
            kind="B",
            detail="B",
        )
        self._last_landed = [NO_ID]
        self.sent = self._sender()
        self.landed = self._lander()
        self.begun = self._table.filler("started_at")
        self.served = self._table.filler("started_at", "finished_at")
        self._lose = self._table.filler("delivered_at", "fate")
        self._end = self._table.filler("fate")

    # Functions that hold what they need, since every message passes them: measured 0.96 of the run's time.

    def _sender(self) -> Callable[..., int]:
        rows, width, kinds = self._table.rows, self._table.width, self.kinds
        # What is not known yet is one field, always of the same bytes.
        unknown = struct.pack("<dBdd", NAN, IN_FLIGHT, NAN, NAN)
        pack = struct.Struct(f"<d{len(unknown)}siiiiiIBB").pack

        def sent(
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
            nonlocal rows
            row = len(rows) // width
            rows += pack(at, unknown, request, order, visit, sender, recipient, attempt, kinds[kind], detail)
            return row

        return sent

    def _lander(self) -> Callable[..., None]:
        rows, width, last = self._table.rows, self._table.width, self._last_landed
        pack_into, offset = self._table.part("delivered_at", "fate")

        def landed(row: Boxed, at: Any, fate: Boxed = DELIVERED) -> None:
            number: int = row  # unpacked once, to reckon with
            pack_into(rows, number * width + offset, at, fate)
            last[0] = row

        return landed

    def __len__(self) -> int:
        return len(self._table)

    @property
    def last_landed(self) -> int:
        """The number of the message that was delivered last, `NO_ID` before the first."""
        return self._last_landed[0]

    def sent_again(self, row: int) -> int:
        """Record a second copy of a message that leaves together with the first, and return its number."""
        return self._table.copy(row)

    def lost(self, row: int) -> None:
        """Record that copy `row` never reached anybody who could read it."""
        self._lose(row, NAN, LOST)

    def withdrawn(self, row: int) -> None:
        """Record that copy `row` left the inbox unread, since nobody waited for a reply any more."""
        self._end(row, WITHDRAWN)

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
            "sender": names_of(rows["sender"], self.organisations),
            "recipient": names_of(rows["recipient"], self.organisations),
            "kind": self.kinds.words.coded(rows["kind"]),
            "attempt": rows["attempt"].astype(np.int64),
            "sent_at": times(rows["sent_at"]),
            "delivered_at": times(rows["delivered_at"]),
            "started_at": times(rows["started_at"]),
            "finished_at": times(rows["finished_at"]),
            "fate": Coded(rows["fate"].astype(np.int32), FATES),
            "detail": _or_missing(self.details, rows["detail"]),
            "visit": rows["visit"].astype(np.int64),
        }
