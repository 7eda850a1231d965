"""`alesha step`: a run gone through by keys on a terminal, or printed whole where there is none.

Here live the keys and what the screen shows; how a run is gone through stands in `alesha_sim.stepping`.
"""

import sys
from argparse import Namespace
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from shutil import get_terminal_size
from typing import TYPE_CHECKING

from alesha_sim import scenarios
from alesha_sim.cli import output

if TYPE_CHECKING:
    from alesha_sim.stepping import Walk

KEYS = "n next message  e event  i instant  o order  p back  b breakpoint  c continue  q quit"
WAITING_SHOWN = 4
CLEAR = "\x1b[2J\x1b[H"


def step(arguments: Namespace) -> bool:
    """Go through a run; tell whether all laws hold in what has happened so far."""
    from alesha_sim.stepping import Walk

    scenario = scenarios.load(arguments.scenario)
    if arguments.set:
        scenario = scenario.with_settings(dict(arguments.set))
    walk = Walk(scenario, arguments.seed)
    has_keys = sys.stdin.isatty() and sys.stdout.isatty() and find_spec("termios") is not None
    if arguments.plain or not has_keys:
        return _print_whole(walk)
    with _single_keys() as read:
        Screen(walk, read).run()
    return not walk.simulation.result().check()


def _print_whole(walk: "Walk") -> bool:
    """Print every message and transfer, then everybody's balance and the laws."""
    result = walk.finish()
    print(result.recent(len(walk.simulation.records.messages)))
    print(f"\nseed {walk.seed}, digest {result.digest[:12]}")
    print(output.table(_balances(walk), right=(1,)))
    violations = result.check()
    print("\n".join(violations) if violations else "all laws hold")
    return not violations


def _balances(walk: "Walk") -> list[tuple[str, str]]:
    currency = walk.scenario.currency
    return [(name, f"{amount:,.{currency.decimals}f} {currency.code}") for name, amount in walk.balances().items()]


class Screen:
    """What stands on the terminal, and what each key does; `read` waits for a key, `ask` for a line."""

    def __init__(self, walk: "Walk", read: Callable[[], str]) -> None:
        self._walk = walk
        self._read = read
        self._breakpoint = ""
        self._remark = ""
        self._before = dict(_balances(walk))
        self._moves: dict[str, Callable[[], object]] = {
            "n": walk.next_message, "e": walk.next_event, "i": walk.next_instant, "o": walk.next_order,
            "p": walk.back, "c": self._continue,
        }  # fmt: skip

    def run(self) -> None:
        """Show the screen, do what the key says, until it is q."""
        while True:
            width, height = get_terminal_size()
            sys.stdout.write(CLEAR + self.text(width, height))
            sys.stdout.flush()
            key = self._read()
            if key in ("q", ""):
                print()
                return
            self.press(key)

    def press(self, key: str) -> None:
        """Do what a key says."""
        self._remark = ""
        self._before = dict(_balances(self._walk))
        if key == "b":
            self._set_breakpoint()
        elif key in self._moves:
            self._moves[key]()
            if self._walk.simulation.drained:
                self._remark = "nothing is left to happen"
        elif key.strip():
            self._remark = f"no such key: {key}"

    def _continue(self) -> None:
        if self._breakpoint:
            self._walk.run_to(self._breakpoint)
        else:
            self._walk.finish()

    def _set_breakpoint(self) -> None:
        """Read a breakpoint, letter by letter up to the end of the line; nothing takes it away."""
        print("\nstop at (kind, entity, order=N; nothing: at the end): ", end="", flush=True)
        words = ""
        while (letter := self._read()) not in ("\n", "\r", ""):
            words = words[:-1] if letter in ("\x7f", "\b") else words + letter
            sys.stdout.write("\b \b" if letter in ("\x7f", "\b") else letter)
            sys.stdout.flush()
        try:
            if words.strip():
                self._walk.condition(words)
            self._breakpoint = words.strip()
        except ValueError as error:
            self._remark = str(error)

    def text(self, width: int, height: int) -> str:
        """Return the screen: the clock, the last messages, balances, who waits for whom, the keys."""
        walk = self._walk
        sent = len(walk.simulation.records.messages)
        place = f"{walk.simulation.now:,.3f} s, event {walk.events:,}, {sent:,} messages"
        stop = f", stops at: {self._breakpoint}" if self._breakpoint else ""
        head = [f"{walk.scenario.name}, seed {walk.seed}: {place}{stop}", ""]
        foot = ["", *self._tail(), "", KEYS, self._remark]
        said = self._said(max(3, height - len(head) - len(foot)))
        lines = [line[: max(width - 1, 20)] for line in (*head, *said, *foot)]
        return "\n".join(lines)

    def _said(self, room: int) -> list[str]:
        """Return the last lines of what was said and written; the message delivered last has a mark."""
        lines = (
            repr(self._walk.recent(room)).splitlines()[1:] if len(self._walk.simulation.records.messages) else []
        )
        last = self._walk.last
        if last is not None:
            lines.append(f"> delivered: {last.message} {last.kind}, {last.sender} to {last.recipient}")
        return lines[-room:] or ["nothing has been said yet"]

    def _tail(self) -> list[str]:
        rows = [
            (name, text, "" if self._before[name] == text else f"(was {self._before[name]})")
            for name, text in _balances(self._walk)
        ]
        waiting = [str(waiting) for waiting in self._walk.waiting()]
        more = len(waiting) - WAITING_SHOWN
        lines = [*waiting[:WAITING_SHOWN], *([f"and {more:,} more"] if more > 0 else [])]
        return [*output.table(rows, right=(1,)).splitlines(), "", *(lines or ["nobody waits for a reply"])]


@contextmanager
def _single_keys() -> Iterator[Callable[[], str]]:
    """Give a function that waits for one key; the terminal is as before afterwards."""
    import termios
    import tty

    terminal = sys.stdin.fileno()
    before = termios.tcgetattr(terminal)
    try:
        tty.setcbreak(terminal)
        yield lambda: sys.stdin.read(1)
    finally:
        termios.tcsetattr(terminal, termios.TCSADRAIN, before)
