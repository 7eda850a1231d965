"""Keys of a terminal one at a time: letters as they are, others by name (`up`, `page down`, `enter`)."""

import codecs
import os
import re
import select
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from shutil import get_terminal_size

NAMES = {
    "\r": "enter", "\n": "enter", "\x7f": "backspace", "\b": "backspace", "\x04": "q", "\x1b": "escape",
    "\x1b[A": "up", "\x1b[B": "down", "\x1b[C": "right", "\x1b[D": "left",
    "\x1bOA": "up", "\x1bOB": "down", "\x1bOC": "right", "\x1bOD": "left",
    "\x1b[5~": "page up", "\x1b[6~": "page down",
    "\x1b[H": "home", "\x1bOH": "home", "\x1b[1~": "home", "\x1b[7~": "home",
    "\x1b[F": "end", "\x1bOF": "end", "\x1b[4~": "end", "\x1b[8~": "end",
}  # fmt: skip
"""What terminals send for a key, and the key's name; the end of input (Ctrl-D) is q."""

RESIZED = "resized"
"""In place of a key: the terminal has another size."""

KEY = re.compile(r"\x1b\[[0-9;]*[A-Za-z~]|\x1bO.|.", re.DOTALL)
ESCAPE_SECONDS = 0.05
"""How long the rest of a key that begins with Escape may take to come."""

LOOK_SECONDS = 0.5
"""How often the size of the terminal is looked at."""


def are_there() -> bool:
    """Tell whether keys can be read and a screen be drawn: both ends are one terminal that is not a dumb one."""
    ends = (sys.stdin, sys.stdout)
    if not all(end is not None and end.isatty() for end in ends) or os.environ.get("TERM", "dumb") == "dumb":
        return False
    return find_spec("termios") is not None


@contextmanager
def single_keys() -> Iterator[Callable[[], str]]:
    """Give a function that waits for one key, "" at the end of input; the terminal is as before afterwards."""
    import termios
    import tty

    terminal = sys.stdin.fileno()
    before = termios.tcgetattr(terminal)
    try:
        tty.setcbreak(terminal)
        keys = _keys(terminal)
        yield lambda: next(keys, "")
    finally:
        termios.tcsetattr(terminal, termios.TCSADRAIN, before)


def split(text: str) -> list[str]:
    """Return the keys that a terminal sent, by name where they have one."""
    return [NAMES.get(key, key) for key in KEY.findall(text)]


def _keys(terminal: int) -> Iterator[str]:
    decode = codecs.getincrementaldecoder(sys.stdin.encoding or "utf-8")("replace").decode
    size = get_terminal_size()
    while True:
        while not _comes(terminal, LOOK_SECONDS):
            if get_terminal_size() != size:
                size = get_terminal_size()
                yield RESIZED
        read = os.read(terminal, 1024)
        if not read:
            return
        text = decode(read)
        while re.search(r"\x1b[\[O]?[0-9;]*$", text) and _comes(terminal, ESCAPE_SECONDS):
            text += decode(os.read(terminal, 1024))
        yield from split(text)


def _comes(terminal: int, seconds: float) -> bool:
    return bool(select.select([terminal], [], [], seconds)[0])
