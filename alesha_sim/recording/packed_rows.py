"""Rows of fixed width, packed into bytes as they are written and read by NumPy without a loop."""

import struct
from collections.abc import Callable, Iterator
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
from mypy_extensions import i64, mypyc_attr

Boxed: TypeAlias = i64
"""A number of a message, an order, an entry or an entity: compiled, it is no object, and never passes 64 bits."""

_NUMPY_CODES = {"d": "f8", "q": "i8", "i": "i4", "H": "u2", "I": "u4", "h": "i2", "B": "u1", "b": "i1"}


@mypyc_attr(allow_interpreted_subclasses=True)
class PackedRows:
    """Append-only rows of fixed width; `fields` maps each name to a struct code (little-endian, unpadded).

    Rows are numbered from 0. Those before `base` are not in memory; here that is none.
    """

    def __init__(self, **fields: str) -> None:
        layout = struct.Struct("<" + "".join(fields.values()))
        self.base = 0
        self.rows = bytearray()
        self.width = layout.size
        self.pack = layout.pack
        self.dtype = np.dtype([(name, "<" + _NUMPY_CODES[code]) for name, code in fields.items()])
        self._codes = fields
        self._unpack = layout.unpack

    def __len__(self) -> int:
        return self.base + len(self.rows) // self.width

    def append(self, *values: Any) -> Boxed:
        """Write a row and return its number."""
        row = self.base + len(self.rows) // self.width
        self.rows += self.pack(*values)
        return row

    def extend(self, rows: npt.NDArray[np.void]) -> None:
        """Write many rows."""
        self.rows += rows.tobytes()

    def trim(self) -> None:
        """Move old rows to where they take less space; here there is no such place."""

    def clear(self) -> None:
        """Forget the rows in memory; the next one has the number of the first of them."""
        self.rows.clear()

    def part(self, *names: str) -> "Part":
        """Return the neighbouring fields `names`, to be written together."""
        place = self.dtype.names or ()
        first = place.index(names[0])
        if place[first : first + len(names)] != names:
            raise ValueError(f"fields {names} are not neighbours in {place}")
        layout = struct.Struct("<" + "".join(self._codes[name] for name in names))
        return Part(self, layout, struct.calcsize("<" + "".join(list(self._codes.values())[:first])))

    def change(self, row: int, offset: int, content: bytes) -> None:
        """Overwrite a part of a row that is not in memory."""
        raise IndexError(f"row {row}: not in memory")

    def copy(self, row: int) -> int:
        """Write a row once more and return the number of the copy."""
        self.rows += self.packed(row)
        return len(self) - 1

    def packed(self, row: int) -> bytes:
        """Return the bytes of a row."""
        place = (row - self.base) * self.width
        return bytes(self.rows[place : place + self.width])

    def fields(self, row: int) -> tuple[Any, ...]:
        """Return one row's fields in their order."""
        return self._unpack(self.packed(row))

    def row(self, row: int) -> dict[str, Any]:
        """Return one row's fields by name."""
        return dict(zip(self._codes, self.fields(row), strict=True))

    def array(self) -> npt.NDArray[np.void]:
        """Return a copy of all rows as a structured array."""
        return np.frombuffer(bytes(self.rows), dtype=self.dtype)

    def blocks(self) -> Iterator[tuple[int, npt.NDArray[np.void]]]:
        """Yield copies of all rows in their order, each with the number of its first row; here all at once."""
        yield 0, self.array()


@mypyc_attr(allow_interpreted_subclasses=True)
class Part:
    """Neighbouring fields of the rows of a table, which are written together once their values are known."""

    def __init__(self, table: PackedRows, layout: struct.Struct, offset: int) -> None:
        self._table = table
        self._rows = table.rows
        self._width = table.width
        self._offset = offset
        self._pack = layout.pack
        self._pack_into = layout.pack_into

    # Two methods, since to collect values in a tuple and spread them again costs a third of a call.

    def fill(self, row: Boxed, value: Any) -> None:
        """Write the one field of row `row`."""
        place: int = row - self._table.base
        if place >= 0:
            self._pack_into(self._rows, place * self._width + self._offset, value)
        else:
            self._table.change(row, self._offset, self._pack(value))

    def fill_two(self, row: Boxed, one: Any, other: Any) -> None:
        """Write the two fields of row `row`."""
        place: int = row - self._table.base
        if place >= 0:
            self._pack_into(self._rows, place * self._width + self._offset, one, other)
        else:
            self._table.change(row, self._offset, self._pack(one, other))


NewRows = Callable[..., PackedRows]
"""Makes the rows of the table that is named first; its fields follow by name."""
