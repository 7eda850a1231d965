"""Packed rows of which only the newest are in memory; the others are in a file, at the same places."""

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any
from weakref import finalize

import numpy as np
import numpy.typing as npt

from alesha_sim.recording.packed_rows import PackedRows


class SpooledRows(PackedRows):
    """Packed rows that leave memory when `flush` is called; `base` of them have left.

    Rows keep their numbers, and those on disk can be read and changed like the others. The file has no name
    where the system allows that, and goes with the process. `block` is how many rows are read at a time.
    """

    def __init__(self, folder: Path, block: int, **fields: str) -> None:
        super().__init__(**fields)
        self.block = block
        self.copied = 0
        """How many rows, from the first on, somebody has taken a copy of."""
        self.is_stale = False
        """Whether one of those rows has changed since."""
        self._file = TemporaryFile(dir=folder, buffering=0)  # noqa: SIM115  (open as long as the rows live)
        finalize(self, self._file.close)

    def change(self, row: int, offset: int, content: bytes) -> None:
        """Overwrite a part of a row on disk."""
        self._file.seek(row * self.width + offset)
        _write(self._file, content)
        if row < self.copied:
            self.is_stale = True

    def packed(self, row: int) -> bytes:
        """Return the bytes of a row."""
        if row >= self.base:
            return super().packed(row)
        self._file.seek(row * self.width)
        return bytes(self._file.read(self.width))

    @property
    def in_memory(self) -> int:
        """How many rows have not left memory."""
        return len(self.rows) // self.width

    def flush(self) -> None:
        """Let all rows leave memory; OSError if they cannot be written, and then they stay."""
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
