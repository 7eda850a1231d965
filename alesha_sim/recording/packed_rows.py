"""Rows of fixed width, packed into bytes as they are written and read by NumPy without a loop."""

import struct
from collections.abc import Callable, Iterator
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
from mypy_extensions import mypyc_attr

Boxed: TypeAlias = int | Any
"""A whole number that is handed on more often than reckoned with.

Compiled, it stays the object that it is; what is annotated as an `int` is unpacked, and packed again for others.
"""

_NUMPY_CODES = {"d": "f8", "q": "i8", "i": "i4", "H": "u2", "I": "u4", "h": "i2", "B": "u1", "b": "i1"}


@mypyc_attr(allow_interpreted_subclasses=True)
class PackedRows:
    """Append-only rows of fixed width; `fields` maps each name to a struct code (little-endian, unpadded)."""

    def __init__(self, **fields: str) -> None:
        layout = struct.Struct("<" + "".join(fields.values()))
        self.rows = bytearray()
        self.width = layout.size
        self.pack = layout.pack
        self.dtype = np.dtype([(name, "<" + _NUMPY_CODES[code]) for name, code in fields.items()])
        self._codes = fields
        self._unpack_from = layout.unpack_from

    def __len__(self) -> int:
        return len(self.rows) // self.width

    def append(self, *values: Any) -> Boxed:
        """Write a row and return its number, from 0."""
        row = len(self.rows) // self.width
        self.rows += self.pack(*values)
        return row

    def part(self, *names: str) -> tuple[Callable[..., None], int]:
        """Return the function that packs the neighbouring fields `names`, and where in a row they begin."""
        place = self.dtype.names or ()
        first = place.index(names[0])
        if place[first : first + len(names)] != names:
            raise ValueError(f"fields {names} are not neighbours in {place}")
        layout = struct.Struct("<" + "".join(self._codes[name] for name in names))
        return layout.pack_into, struct.calcsize("<" + "".join(list(self._codes.values())[:first]))

    def filler(self, *names: str) -> Callable[..., None]:
        """Return `fill(row, *values)`, which overwrites the neighbouring fields `names` of a row."""
        rows, width = self.rows, self.width
        pack_into, offset = self.part(*names)

        def fill_one(row: int, value: Any) -> None:
            pack_into(rows, row * width + offset, value)

        def fill_two(row: int, one: Any, other: Any) -> None:
            pack_into(rows, row * width + offset, one, other)

        def fill(row: int, *values: Any) -> None:
            pack_into(rows, row * width + offset, *values)

        # To collect values in a tuple and spread them again costs a third of a call.
        by_number: dict[int, Callable[..., None]] = {1: fill_one, 2: fill_two}
        return by_number.get(len(names), fill)

    def copy(self, row: int) -> int:
        """Write a row once more and return the number of the copy."""
        self.rows += self.rows[row * self.width : (row + 1) * self.width]
        return len(self) - 1

    def row(self, row: int) -> dict[str, Any]:
        """Return one row's fields by name."""
        return dict(zip(self._codes, self.unpacked(self.rows, row), strict=True))

    def unpacked(self, packed: bytearray, row: int) -> tuple[Any, ...]:
        """Return the fields of one of several rows that were packed as these are."""
        return self._unpack_from(packed, row * self.width)

    def array(self) -> npt.NDArray[np.void]:
        """Return a copy of all rows as a structured array."""
        return np.frombuffer(bytes(self.rows), dtype=self.dtype)

    def blocks(self) -> Iterator[tuple[int, npt.NDArray[np.void]]]:
        """Yield copies of all rows in their order, each with the number of its first row; here all at once."""
        yield 0, self.array()


NewRows = Callable[..., PackedRows]
"""Makes the rows of the table that is named first; its fields follow by name."""


def in_memory(table: str, /, **fields: str) -> PackedRows:
    """Return rows that stay in memory, whatever the table."""
    del table
    return PackedRows(**fields)
