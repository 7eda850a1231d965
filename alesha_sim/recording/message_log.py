"""The log of messages."""

from typing import Any

import numpy as np
import numpy.typing as npt

from alesha_sim.columns import Columns, Packed, TextColumn, _name, _or_missing, entity_names, times
from alesha_sim.form import COMPILED
from alesha_sim.recording.packed_rows import Boxed
from alesha_sim.vocabulary import FATES

if COMPILED:
    from alesha_sim.recording import typed_tables as tables
else:
    from alesha_sim.recording import packed_tables as tables


class MessageLog(tables.MessageRows):
    """One row per sent copy of a message, numbered in the order of sending."""

    def mention(self, row: Boxed) -> str:
        """Name a message, by its number, in an error's text."""
        return f"message {row}, "

    def name(self, code: int) -> str:
        """Return the name of an entity: `user:17`, `shop`."""
        return _name(code, self.organisations)

    def row(self, row: int) -> dict[str, Any]:
        """Return the fields of one message, its kind by name."""
        self.settle()
        fields = self._table.row(row)
        return {**fields, "kind": tuple(self.kinds.words)[fields["kind"]]}

    def array(self) -> npt.NDArray[np.void]:
        """Return a copy of the packed rows."""
        self.settle()
        return self._table.array()

    def columns(self, first: int = 0, rows: Packed | None = None) -> Columns:
        """Return the table `messages`, or what it shows of packed rows from row `first` on."""
        rows = self.array() if rows is None else rows
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
