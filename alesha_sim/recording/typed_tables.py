"""How the busiest tables are written where the library is compiled: the newest rows in vectors of numbers.

Full vectors join the packed rows, as they do before somebody reads: where rows are kept, in memory or on disk, is
the same in both forms. What each method does stands in `messages.py`; `packed_tables.py` does the same in Python,
where vectors would be slower.
"""

from typing import Any, Final, TypeAlias

import numpy as np
import numpy.typing as npt
from librt.vecs import extend, vec
from mypy_extensions import i32, i64

from alesha_sim.columns import NAN
from alesha_sim.recording import packed_tables
from alesha_sim.recording.narrow_rows import in_memory
from alesha_sim.recording.packed_rows import Boxed, NewRows, PackedRows
from alesha_sim.vocabulary import DELIVERED, IN_FLIGHT, LOST

WINDOW: Final = 2048
"""How many rows the vectors of a table hold: what still changes is among the newest, and fits in a cache."""

Numbers: TypeAlias = "vec[i64]"
"""Whole numbers of at most 64 bits, by account or by entry."""

_LEAST: Final = -(2**31)
_MOST: Final = 2**31 - 1

_INSTANTS: Final = ("sent_at", "delivered_at", "started_at", "finished_at")
_SIDES: Final = ("debit", "credit", "order", "entry", "code")
_FACTS: Final = ("fate", "request", "order", "visit", "sender", "recipient", "attempt", "kind", "detail")


class MessageRows(packed_tables.MessageRows):
    """Rows of messages; the newest are in two vectors, each row's instants and its other facts side by side."""

    def __init__(self, rows: NewRows = in_memory) -> None:
        super().__init__(rows)
        self._first: i64 = 0
        """The number of the first row that is in the vectors."""
        self._count: i64 = 0
        self._instants = vec[float]([NAN] * (4 * WINDOW))
        self._facts = vec[i32]([0] * (9 * WINDOW))

    def __len__(self) -> int:
        return self._first + self._count

    def settle(self) -> None:
        """Let the rows in the vectors join the packed ones."""
        _join(self._table, self._count, {_INSTANTS: self._instants, _FACTS: self._facts})
        self._table.trim()
        self._first = len(self._table)
        self._count = 0

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
        if self._count == WINDOW:
            self.settle()
        place = self._count
        self._count = place + 1
        instants, facts, first = self._instants, self._facts, 4 * place
        instants[first] = at
        instants[first + 1] = NAN
        instants[first + 2] = NAN
        instants[first + 3] = NAN
        first = 9 * place
        facts[first] = IN_FLIGHT
        facts[first + 1] = _fits(request, _LEAST, _MOST)
        facts[first + 2] = _fits(order, _LEAST, _MOST)
        facts[first + 3] = _fits(visit, _LEAST, _MOST)
        facts[first + 4] = _fits(sender, _LEAST, _MOST)
        facts[first + 5] = _fits(recipient, _LEAST, _MOST)
        facts[first + 6] = _fits(attempt, _LEAST, _MOST)
        facts[first + 7] = _fits(self.kinds[kind], 0, 255)
        facts[first + 8] = _fits(detail, 0, 255)
        return self._first + place

    def landed(self, row: Boxed, at: float, fate: Boxed = DELIVERED) -> None:
        """Fill in when and how."""
        place = row - self._first
        if place >= 0:
            self.last_landed = row
            self._instants[4 * place + 1] = at
            self._facts[9 * place] = i32(fate)
        else:
            super().landed(row, at, fate)

    def taken_at_once(self, row: Boxed, at: float) -> None:
        """Fill in one instant for both."""
        self.landed(row, at)
        self.taken(row, at, at)

    def taken(self, row: Boxed, at: float, since: float) -> None:
        """Fill in when."""
        place = row - self._first
        if place >= 0:
            self._instants[4 * place + 2] = at
        else:
            super().taken(row, at, since)

    def served(self, row: Boxed, at: float) -> None:
        """Fill in when."""
        place = row - self._first
        if place >= 0:
            self._instants[4 * place + 3] = at
        else:
            super().served(row, at)

    def lost(self, row: Boxed) -> None:
        """Fill in that it came nowhere."""
        place = row - self._first
        if place >= 0:
            self._instants[4 * place + 1] = NAN  # a crash loses what had been delivered
            self._facts[9 * place] = LOST
        else:
            super().lost(row)


class TransferRows(packed_tables.TransferRows):
    """Rows of transfers; the newest are in three vectors, one of them for amounts, which alone take 64 bits."""

    def __init__(self, rows: NewRows = in_memory) -> None:
        super().__init__(rows)
        self._count: i64 = 0
        self._instants = vec[float]([0.0] * WINDOW)
        self._amounts = vec[i64]([0] * WINDOW)
        self._facts = vec[i32]([0] * (5 * WINDOW))

    def settle(self) -> None:
        """Let the rows in the vectors join the packed ones."""
        columns = {("at",): self._instants, ("amount",): self._amounts, _SIDES: self._facts}
        _join(self._table, self._count, columns)
        self._count = 0
        super().settle()

    def write(
        self, at: float, debit: Boxed, credit: Boxed, amount: int, order: Boxed, entry: Boxed, code: Boxed
    ) -> None:
        """Write a row; OverflowError for what its field cannot hold."""
        if self._count == WINDOW:
            self.settle()
        place = self._count
        facts, first = self._facts, 5 * place
        facts[first] = _fits(debit, _LEAST, _MOST)
        facts[first + 1] = _fits(credit, _LEAST, _MOST)
        facts[first + 2] = _fits(order, _LEAST, _MOST)
        facts[first + 3] = _fits(entry, _LEAST, _MOST)
        facts[first + 4] = _fits(code, 0, 255)
        self._instants[place] = at
        self._amounts[place] = amount
        self._count = place + 1
        self.next += 1

    def fields(self, row: Boxed) -> tuple[Any, ...]:
        """Return one row's fields in their order."""
        place = row - self.next + self._count
        if place < 0:
            return super().fields(row)
        facts, first = self._facts, 5 * place
        instant, amount = self._instants[place], self._amounts[place]
        return (
            instant,
            facts[first],
            facts[first + 1],
            amount,
            facts[first + 2],
            facts[first + 3],
            facts[first + 4],
        )


def account_numbers() -> Numbers:
    """Return no numbers."""
    return vec[i64]()


def entry_numbers() -> Numbers:
    """Return no numbers."""
    return vec[i64]()


def longer(old: Numbers, value: int, count: int) -> Numbers:
    """Return `old` with a number `count` times more; the caller puts it in its place."""
    length = len(old) + count
    if count > length // 8:  # a vector that grows by itself doubles
        old = vec[i64](old, capacity=length + length // 8)
    return extend(old, np.full(count, value, np.int64))


def replaced(old: Numbers, values: npt.NDArray[np.int64]) -> Numbers:
    """Return other numbers for `old`; the caller puts them in its place."""
    return vec[i64](values)


def _fits(number: i64, least: i64, most: i64) -> i32:
    """Return a number for a field of 32 bits or 8; OverflowError, where a conversion would drop bits silently."""
    if number > most or number < least:
        raise OverflowError(f"{number}: must be from {least} to {most}")
    return i32(number)


def _join(table: PackedRows, count: int, columns: dict[tuple[str, ...], Any]) -> None:
    """Add the first `count` rows of vectors to packed rows; each vector has the fields of a row side by side."""
    rows = np.empty(count, table.dtype)
    for names, numbers in columns.items():
        each = np.asarray(numbers)[: count * len(names)].reshape(count, len(names))
        for place, name in enumerate(names):
            rows[name] = each[:, place]
    table.extend(rows)
