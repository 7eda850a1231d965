"""Packed rows in memory of which the older are kept by column, each column in the least space that it fits in.

In a block of rows written one after another, numbers of orders, requests and entries are near each other,
users and kinds are few, and most attempts are the first: 59 bytes of a message become 45.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from alesha_sim.recording.packed_rows import PackedRows

WIDE = 2**14
"""How many of the newest rows stay as they were written: what still changes is nearly always among them."""

_UNSIGNED = ((2**8, np.uint8), (2**16, np.uint16), (2**32, np.uint32))


class NarrowRows(PackedRows):
    """Packed rows that `trim` moves to narrow blocks of `wide` rows each; at least the newest `wide` rows stay.

    Rows keep their numbers, and those in narrow blocks can be read and changed like the others.
    """

    def __init__(self, wide: int = WIDE, /, **fields: str) -> None:
        super().__init__(**fields)
        self._wide = wide
        self._narrow: list[dict[str, Narrow]] = []
        places: Mapping[str, Any] = self.dtype.fields or {}
        self._ends = {name: (place[1], place[1] + place[0].itemsize) for name, place in places.items()}

    def trim(self) -> None:
        """Move the oldest rows that were written whole to narrow blocks; called when no row is half written."""
        while len(self.rows) >= 2 * self._wide * self.width:
            self._narrow.append(self._oldest())
            del self.rows[: self._wide * self.width]
            self.base += self._wide

    def _oldest(self) -> dict[str, "Narrow"]:
        """Return the oldest `wide` rows by column; its local arrays let go of the bytes as it ends."""
        rows = np.frombuffer(self.rows, self.dtype, self._wide)
        return {name: Narrow(rows[name]) for name in self._ends}

    def clear(self) -> None:
        """Forget the rows; the next one has the number of the first of them."""
        super().clear()
        self._narrow.clear()
        self.base = 0

    def change(self, row: int, offset: int, content: bytes) -> None:
        """Overwrite a part of a row in a narrow block."""
        columns, end = self._narrow[row // self._wide], offset + len(content)
        for name, (first, last) in self._ends.items():
            if offset <= first and last <= end:
                (value,) = np.frombuffer(content[first - offset : last - offset], self.dtype[name]).tolist()
                columns[name].set(row % self._wide, value)

    def packed(self, row: int) -> bytes:
        """Return the bytes of a row."""
        if row >= self.base:
            return super().packed(row)
        place = row % self._wide
        return self.pack(*[column.get(place) for column in self._narrow[row // self._wide].values()])

    def array(self) -> npt.NDArray[np.void]:
        """Return a copy of all rows as a structured array."""
        rows = np.empty(len(self), self.dtype)
        for first, block in self.blocks():
            rows[first : first + len(block)] = block
        return rows

    def blocks(self) -> Iterator[tuple[int, npt.NDArray[np.void]]]:
        """Yield copies of all rows in their order, each with the number of its first row, block by block."""
        for number, columns in enumerate(self._narrow):
            block = np.empty(self._wide, self.dtype)
            for name, column in columns.items():
                block[name] = column.whole()
            yield number * self._wide, block
        yield self.base, super().array()


NARROW = ("messages", "transfers")
"""The tables whose rows take nearly all the memory of a run."""


def in_memory(table: str, /, **fields: str) -> PackedRows:
    """Return rows of a table that stay in memory."""
    return NarrowRows(**fields) if table in NARROW else PackedRows(**fields)


class Narrow:
    """A column of numbers: whole ones as what they are above the least, in the least space; others as they are.

    -1, which stands for no order, no visit and the shop, is kept as 0, so that it does not widen a column.
    """

    def __init__(self, numbers: npt.NDArray[Any]) -> None:
        self._dtype = numbers.dtype
        self._least: int | None = None
        self._numbers = np.array(numbers)
        if numbers.dtype.kind in "iu" and numbers.dtype.itemsize > 1:
            self._pack(self._numbers.astype(np.int64))

    def _pack(self, numbers: npt.NDArray[np.int64]) -> None:
        """Keep numbers in less space, if they fit."""
        is_none = numbers == -1
        others = numbers[~is_none]
        least = int(others.min()) if len(others) else 0
        span = 2 + int(others.max(initial=least)) - least
        for most, dtype in _UNSIGNED:
            if span <= most:
                self._least = least
                self._numbers = np.where(is_none, 0, numbers - least + 1).astype(dtype)
                break

    def whole(self) -> npt.NDArray[Any]:
        """Return a copy of the numbers as they were given."""
        if self._least is None:
            return self._numbers.copy()
        kept = self._numbers.astype(np.int64)
        return np.where(kept == 0, -1, kept - 1 + self._least).astype(self._dtype)

    def get(self, place: int) -> Any:
        """Return one number."""
        number = self._numbers[place].item()
        if self._least is None:
            return number
        return number + self._least - 1 if number else -1

    def set(self, place: int, number: Any) -> None:
        """Overwrite one number; the column takes as much space as before, or as given where it does not fit."""
        if self._least is None:
            self._numbers[place] = number
            return
        kept = 0 if number == -1 else number - self._least + 1
        if not 0 <= kept <= np.iinfo(self._numbers.dtype).max or (number != -1 and not kept):
            self._numbers, self._least = self.whole(), None
            kept = number
        self._numbers[place] = kept
