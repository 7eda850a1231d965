"""How the busiest tables are written in Python: packed rows, each in one call of `struct`.

What each method does stands in `messages.py`; `typed_tables.py` does the same where the library is compiled.
"""

import struct
from array import array
from collections.abc import Iterator
from typing import Any, Final, TypeAlias

import numpy as np
import numpy.typing as npt

from alesha_sim.columns import NAN
from alesha_sim.recording.messages import Messages
from alesha_sim.recording.narrow_rows import WIDE, in_memory
from alesha_sim.recording.packed_rows import Boxed, NewRows
from alesha_sim.vocabulary import DELIVERED, IN_FLIGHT, LOST, WITHDRAWN

MESSAGE_FIELDS: Final = {
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
"""The fields of a row of `messages`."""

TRANSFER_FIELDS: Final = {
    "at": "d",
    "debit": "i",
    "credit": "i",
    "amount": "q",
    "order": "i",
    "entry": "i",
    "code": "B",
}
"""The fields of a row of `transfers`."""

# What is not known yet is one field, always of the same bytes.
_UNKNOWN: Final = struct.pack("<dBdd", NAN, IN_FLIGHT, NAN, NAN)
_MESSAGE: Final = struct.Struct(f"<d{len(_UNKNOWN)}siiiiiIBB")
_PACK: Final = _MESSAGE.pack
_WIDTH: Final = _MESSAGE.size
_MANY: Final = 2 * WIDE * _WIDTH

# What writes the fields that become known together, and where in a row they begin.
_ARRIVE: Final = struct.Struct("<dB").pack_into
_TAKE: Final = struct.Struct("<dBd").pack_into
_FINISH: Final = struct.Struct("<d").pack_into
_ARRIVAL: Final = struct.calcsize("<d")
_FINISHED: Final = struct.calcsize("<ddBd")


_TRANSFER: Final = struct.Struct("<" + "".join(TRANSFER_FIELDS.values()))
PACK_TRANSFER: Final = _TRANSFER.pack
_TRANSFER_WIDTH: Final = _TRANSFER.size

Numbers: TypeAlias = "list[int] | array[int]"
"""Whole numbers of at most 64 bits, by account or by entry."""


class MessageRows(Messages):
    """Packed rows of messages; what is filled in later is written at its place, in memory or on disk."""

    # Each method works the place in memory out itself: to call `Part` costs a quarter more. Rows on disk are rare.

    def __init__(self, rows: NewRows = in_memory) -> None:
        super().__init__()
        self._table = table = rows("messages", **MESSAGE_FIELDS)
        self._arrival = table.part("delivered_at", "fate")
        self._fate, self._start, self._finish = map(table.part, ("fate", "started_at", "finished_at"))

    def __len__(self) -> int:
        return len(self._table)

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
        """Write a row."""
        table = self._table
        rows = table.rows
        if len(rows) >= _MANY:
            table.trim()
        row = table.base + len(rows) // _WIDTH
        rows += _PACK(at, _UNKNOWN, request, order, visit, sender, recipient, attempt, self.kinds[kind], detail)
        return row

    def sent_again(self, row: Boxed) -> Boxed:
        """Write a row once more."""
        self.settle()
        copy = self._table.copy(row)
        self.settle()
        return copy

    def landed(self, row: Boxed, at: float, fate: Boxed = DELIVERED) -> None:
        """Fill in when and how."""
        self.last_landed = row
        table = self._table
        place = row - table.base
        if place >= 0:
            _ARRIVE(table.rows, place * _WIDTH + _ARRIVAL, at, fate)
        else:
            self._arrival.fill_two(row, at, fate)

    def taken_at_once(self, row: Boxed, at: float) -> None:
        """Fill in one instant for both."""
        self.last_landed = row
        table = self._table
        place = row - table.base
        if place >= 0:
            _TAKE(table.rows, place * _WIDTH + _ARRIVAL, at, DELIVERED, at)
        else:
            self._arrival.fill_two(row, at, DELIVERED)
            self._start.fill(row, at)

    def taken(self, row: Boxed, at: float, since: float) -> None:
        """Fill in when."""
        self._start.fill(row, at)

    def served(self, row: Boxed, at: float) -> None:
        """Fill in when."""
        table = self._table
        place = row - table.base
        if place >= 0:
            _FINISH(table.rows, place * _WIDTH + _FINISHED, at)
        else:
            self._finish.fill(row, at)

    def lost(self, row: Boxed) -> None:
        """Fill in that it came nowhere."""
        self._arrival.fill_two(row, NAN, LOST)

    def withdrawn(self, row: Boxed) -> None:
        """Fill in how it ended."""
        self.settle()
        self._fate.fill(row, WITHDRAWN)


class TransferRows:
    """Packed rows of transfers; `next` is the number of the next one."""

    def __init__(self, rows: NewRows = in_memory) -> None:
        self._table = rows("transfers", **TRANSFER_FIELDS)
        self.buffer = self._table.rows
        self.dtype = self._table.dtype
        self.next: Boxed = 0

    def write(
        self, at: float, debit: Boxed, credit: Boxed, amount: int, order: Boxed, entry: Boxed, code: Boxed
    ) -> None:
        """Write a row; struct.error for what its field cannot hold."""
        self.buffer += PACK_TRANSFER(at, debit, credit, amount, order, entry, code)
        self.next += 1

    def settle(self) -> None:
        """Let rows that are held back for a while join the packed ones; here none are."""
        self.next = len(self._table)

    def trim(self) -> None:
        """Move old rows to where they take less space; called when no entry is half written."""
        self.settle()
        self._table.trim()

    def extend(self, rows: npt.NDArray[np.void]) -> None:
        """Write many rows."""
        self.settle()
        self._table.extend(rows)
        self.settle()

    def fields(self, row: Boxed) -> tuple[Any, ...]:
        """Return one row's fields in their order."""
        return self._table.fields(row)

    def cut(self, first: Boxed) -> list[tuple[Any, ...]]:
        """Take the rows from number `first` on back, and return them; none of them has left memory."""
        self.settle()
        taken = [self._table.fields(row) for row in range(first, len(self._table))]
        del self.buffer[(first - self._table.base) * _TRANSFER_WIDTH :]
        self.settle()
        return taken

    def clear(self) -> None:
        """Forget the rows in memory; the next one has the number of the first of them."""
        self.settle()
        self._table.clear()
        self.settle()

    def array(self) -> npt.NDArray[np.void]:
        """Return a copy of all rows as a structured array."""
        self.settle()
        return self._table.array()

    def blocks(self) -> Iterator[tuple[int, npt.NDArray[np.void]]]:
        """Yield copies of all rows in their order, each with the number of its first row."""
        self.settle()
        return self._table.blocks()


def account_numbers() -> Numbers:
    """Return no numbers, in a list, where looking one up is fastest."""
    return []


def entry_numbers() -> Numbers:
    """Return no numbers, in an array, where there may be many."""
    return array("q")


def longer(old: Numbers, value: int, count: int) -> Numbers:
    """Return `old` with a number `count` times more; the caller puts it in its place."""
    old.extend([value] * count)
    return old


def replaced(old: Numbers, values: npt.NDArray[np.int64]) -> Numbers:
    """Return other numbers for `old`; the caller puts them in its place."""
    del old[:]
    old.extend(values.tolist())
    return old
