"""Packed rows of which only the newest are in memory; the others are in a file, at the same places."""

import struct
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any
from weakref import finalize

import numpy as np
import numpy.typing as npt

from alesha_sim.recording.packed_rows import PackedRows


class SpooledRows(PackedRows):
    """Packed rows that leave memory when `relieve` is called; `base` of them have left.

    Rows keep their numbers, and those on disk can be read and changed like the others. The file has no name
    where the system allows that, and goes with the process. `block` is how many rows are read at a time.
    """

    def __init__(self, folder: Path, block: int, **fields: str) -> None:
        super().__init__(**fields)
        self.block = block
        self.base = 0
        self.copied = 0
        """How many rows, from the first on, somebody has taken a copy of."""
        self.is_stale = False
        """Whether one of those rows has changed since."""
        self.leaving: Callable[[int, npt.NDArray[np.void]], object] | None = None
        """Called with the number of the first row and the rows that are about to leave memory."""
        self._file = TemporaryFile(dir=folder, buffering=0)  # noqa: SIM115  (open as long as the rows live)
        finalize(self, self._file.close)

    def __len__(self) -> int:
        return self.base + len(self.rows) // self.width

    def append(self, *values: Any) -> int:
        """Write a row and return its number, from 0."""
        row = self.base + len(self.rows) // self.width
        self.rows += self.pack(*values)
        return row

    def filler(self, *names: str) -> Callable[..., None]:
        """Return `fill(row, *values)`, which overwrites the neighbouring fields `names` of a row."""
        pack_into, offset = self.part(*names)
        pack = struct.Struct("<" + "".join(self._codes[name] for name in names)).pack
        rows, width = self.rows, self.width

        def fill_two(row: int, one: Any, other: Any) -> None:
            place = row - self.base
            if place >= 0:
                pack_into(rows, place * width + offset, one, other)
            else:
                self._change(row, offset, pack(one, other))

        def fill(row: int, *values: Any) -> None:
            place = row - self.base
            if place >= 0:
                pack_into(rows, place * width + offset, *values)
            else:
                self._change(row, offset, pack(*values))

        return fill_two if len(names) == 2 else fill

    def _change(self, row: int, offset: int, content: bytes) -> None:
        self._file.seek(row * self.width + offset)
        _write(self._file, content)
        if row < self.copied:
            self.is_stale = True

    def copy(self, row: int) -> int:
        """Write a row once more and return the number of the copy."""
        self.rows += self.packed(row)
        return len(self) - 1

    def packed(self, row: int) -> bytes:
        """Return the bytes of a row."""
        if row >= self.base:
            place = (row - self.base) * self.width
            return bytes(self.rows[place : place + self.width])
        self._file.seek(row * self.width)
        return bytes(self._file.read(self.width))

    def fields(self, row: int) -> tuple[Any, ...]:
        """Return one row's fields in their order."""
        return self._unpack_from(self.packed(row))

    def row(self, row: int) -> dict[str, Any]:
        """Return one row's fields by name."""
        return dict(zip(self._codes, self.fields(row), strict=True))

    @property
    def in_memory(self) -> int:
        """How many rows have not left memory."""
        return len(self.rows) // self.width

    def relieve(self) -> None:
        """Let all rows leave memory; OSError if they cannot be written, and then they stay."""
        if self.leaving is not None:
            self.leaving(self.base, np.frombuffer(bytes(self.rows), self.dtype))
        self._file.seek(self.base * self.width)
        _write(self._file, self.rows)
        self.base = len(self)
        self.rows.clear()

    def on_disk(self, first: int, last: int) -> npt.NDArray[np.void]:
        """Return copies of the rows from `first` up to `last`, all of which have left memory."""
        size = (last - first) * self.width
        self._file.seek(first * self.width)
        content = self._file.read(size)
        if len(content) != size:
            raise OSError(f"rows {first} to {last}: not all of them are there")
        return np.frombuffer(content, self.dtype)

    def blocks(self) -> Iterator[tuple[int, npt.NDArray[np.void]]]:
        """Yield copies of all rows in their order, each with the number of its first row, block by block."""
        for first in range(0, self.base, self.block):
            yield first, self.on_disk(first, min(first + self.block, self.base))
        if self.rows:
            yield self.base, np.frombuffer(bytes(self.rows), self.dtype)

    def array(self) -> npt.NDArray[np.void]:
        """Return a copy of all rows as a structured array; it is as large as it would be without a file."""
        return np.concatenate([np.empty(0, self.dtype), *(rows for _, rows in self.blocks())])


def _write(file: Any, content: bytes | bytearray) -> None:
    """Write all of it; a system may take less than it is given."""
    written = file.write(content)
    while written < len(content):
        written += file.write(content[written:])
