"""Files that are read at once: neither a pipe that nobody writes into nor a device without an end is one."""

import os
from contextlib import suppress
from errno import EINVAL
from io import BufferedReader
from pathlib import Path
from stat import S_ISFIFO, S_ISREG

PIPES_OF_SHELLS = ("/dev/fd/", "/dev/stdin", "/proc/self/fd/")
"""Where a shell names a pipe that something writes into: `<(command)`, or standard input."""

RULE = "must be a regular file, not a pipe or a device"


def opened(path: str | os.PathLike[str]) -> BufferedReader:
    """Open a file to read its bytes, and never wait for it; raises OSError for what is no regular file.

    A pipe is let through that a shell made for the command.
    """
    if "\0" in str(path):
        raise OSError(EINVAL, "a file's name must not hold a NUL character")
    file = open(path, "rb", opener=_at_once)  # noqa: SIM115  # the caller closes it
    mode = os.fstat(file.fileno()).st_mode
    if S_ISREG(mode):
        return file
    if S_ISFIFO(mode) and str(path).startswith(PIPES_OF_SHELLS):
        os.set_blocking(file.fileno(), True)
        return file
    file.close()
    raise OSError(EINVAL, RULE, str(path))


def content(path: str | os.PathLike[str]) -> bytes:
    """Return a file's bytes; raises OSError as `opened` does."""
    with opened(path) as file:
        return file.read()


def is_other(path: Path) -> bool:
    """Tell whether something is there that is neither a regular file nor a folder, such as a pipe or a device."""
    with suppress(ValueError):  # a NUL in the name, which what opens the path refuses
        return path.exists() and not path.is_file() and not path.is_dir()
    return False


def _at_once(path: str, flags: int) -> int:
    """Open a path without waiting for the other end of a pipe, as files are opened otherwise."""
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))
