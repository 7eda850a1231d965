"""Files and folders that appear whole or not at all, and how far a writer is. Contains no format."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from alesha_sim.files import folders, regular

CHUNK = 20_000
"""Rows that are turned into Python's objects at once."""

UNLESS = ", unless overwritten by request"
"""The way out of a refusal to write over what is there."""

Progress = Callable[[float, str], None]
"""Called with the share that is written (0 to 1) and what is being written."""


def silent(share: float, what: str) -> None:
    """Tell nobody."""


def check_target(path: Path, *, folder: bool, overwrite: bool) -> None:
    """Raise FileExistsError or FileNotFoundError unless the export can be written to `path`."""
    if folder:
        if path.exists() and not path.is_dir():
            raise FileExistsError(f"{path}: must be a folder, not a file")
        if not folders.is_empty(path) and not overwrite:
            raise FileExistsError(f"{path}: must be a new or empty folder{UNLESS}")
        return
    if path.is_dir():
        raise FileExistsError(f"{path}: must be a file, not a folder")
    if regular.is_other(path):
        raise FileExistsError(f"{path}: {regular.RULE}")
    if path.exists() and not overwrite:
        raise FileExistsError(f"{path}: must not be there already{UNLESS}")
    if not path.absolute().parent.is_dir():
        raise FileNotFoundError(f"{path}: must lie in a folder that is there")


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Give a place beside `path` for a new file, which takes its place when all of it is written.

    Hidden folders that killed programs left beside it go.
    """
    with folders.hidden(path.absolute().parent) as hidden:
        ready = hidden / path.name
        yield ready
        os.replace(ready, path)


def chunks(rows: int) -> Iterator[slice]:
    """Yield slices that together cover so many rows."""
    for start in range(0, rows, CHUNK):
        yield slice(start, min(start + CHUNK, rows))
