"""`alesha step`: steps through a run with keys on a terminal, or prints all of it where there is none.

Contains the screen and what each key does to it; keys are read in `keys.py`, and stepping itself is in
`alesha_sim.simulation.stepping`.
"""

import sys
from argparse import Namespace
from collections.abc import Callable, Iterable, Iterator, Sequence
from shutil import get_terminal_size
from typing import TYPE_CHECKING

from alesha_sim import scenarios
from alesha_sim.cli import keys, output

if TYPE_CHECKING:
    from alesha_sim.conversation import Conversation
    from alesha_sim.simulation.stepping import Walk

KEYS = (
    "n message", "e event", "i instant", "o order", "p back", "b breakpoint", "c continue", "? help", "q quit",
)  # fmt: skip
ALIASES = {" ": "n", "enter": "n", "right": "n", "left": "p", "h": "?", "": "q"}
HELP = (
    "n, Enter, Space, Right: go on until the next message has been delivered",
    "e: go on by one event of the kernel",
    "i: let everything happen that happens at the next instant",
    "o: go on until the next order has been placed",
    "p, Left: go back by one event",
    "b: set a breakpoint: a kind of message (Authorise), an entity (bank, user:3) or order=3; nothing removes it",
    "c: continue to the breakpoint, or to the end",
    "Up, Down: scroll by a line; Page Up, Page Down: by a screen; Home: to the first message; End: to the last",
    "h, ?: show or leave this page",
    "q, Ctrl-D: quit",
    "",
    "The screen has, from top to bottom: the clock; what was said (sender -> recipient) and what was written "
    "(book: code, amount, debit / credit); balances; who waits for whom.",
)
WAITING_SHOWN, LITTLE_SHOWN = 4, 2
"""How many who wait are shown on a screen with room, and on one without."""

CLEAR = "\x1b[2J\x1b[H"
SPACIOUS = 20
"""From this height on, empty lines set the parts of the screen apart."""

LOW = 9
"""Below this height only the keys for help and for the end are named."""


def step(arguments: Namespace) -> bool:
    """Go through a run; tell whether all laws hold in what has happened so far."""
    from alesha_sim.simulation.stepping import Walk

    scenario = scenarios.load(arguments.scenario)
    if arguments.set:
        scenario = scenario.with_settings(dict(arguments.set))
    walk = Walk(scenario, arguments.seed)
    if arguments.plain or not keys.are_there():
        return _print_whole(walk)
    with keys.single_keys() as read:
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
    """What the terminal shows, and what each key does; `read` waits for a key, as `keys.single_keys` gives it.

    The clock is always on top and the keys are always at the bottom. What is between scrolls; after each move its
    end is shown.
    """

    def __init__(self, walk: "Walk", read: Callable[[], str]) -> None:
        self._walk = walk
        self._read = read
        self._breakpoint = ""
        self._remark = ""
        self._is_help = False
        self._above_end = 0
        self._page = 1
        self._before = dict(_balances(walk))
        self._moves: dict[str, Callable[[], object]] = {
            "n": walk.next_message, "e": walk.next_event, "i": walk.next_instant, "o": walk.next_order,
            "p": self._back, "c": self._continue,
        }  # fmt: skip

    def run(self) -> None:
        """Show the screen, do what the key says, until it is q."""
        while True:
            self._draw()
            key = self._read()
            if ALIASES.get(key, key) == "q":
                print()
                return
            self.press(key)

    def _draw(self) -> None:
        sys.stdout.write(CLEAR + self.text(*get_terminal_size()))
        sys.stdout.flush()

    def press(self, key: str) -> None:
        """Do what a key says."""
        key = ALIASES.get(key, key)
        if key == keys.RESIZED or self._scrolls(key):
            return
        self._remark = ""
        self._is_help = key == "?" and not self._is_help
        self._above_end = sys.maxsize if self._is_help else 0
        if key == "b":
            self._set_breakpoint()
        elif key in self._moves:
            self._before = dict(_balances(self._walk))
            self._moves[key]()
            if self._walk.simulation.drained:
                self._remark = "nothing is left to happen"
        elif key not in ("?", "escape"):
            self._remark = f"no such key: {key}; ? explains the keys"

    def _scrolls(self, key: str) -> bool:
        """Move up and down in what is shown; tell whether the key was for that. `text` keeps it within bounds."""
        lines = {"up": 1, "down": -1, "page up": self._page, "page down": -self._page}
        if key in ("home", "end"):
            self._above_end = sys.maxsize if key == "home" else 0
        elif key in lines:
            self._above_end = max(0, self._above_end + lines[key])
        return key in ("home", "end") or key in lines

    def _back(self) -> None:
        if not self._walk.events:
            self._remark = "this is the start"
        self._walk.back()

    def _continue(self) -> None:
        if self._breakpoint:
            self._walk.run_to(self._breakpoint)
        else:
            self._walk.finish()

    def _set_breakpoint(self) -> None:
        """Read a breakpoint, letter by letter up to Enter; Escape leaves it as it was, nothing takes it away."""
        words = ""
        key = ""
        while key not in ("enter", "escape"):
            self._remark = f"stop at (kind, entity, order=N; nothing: at the end): {words}_"
            self._draw()
            key = self._read()
            if key == "backspace":
                words = words[:-1]
            elif len(key) == 1:
                words += key
            elif not key:
                break
        self._remark = ""
        try:
            if words.strip() and key == "enter":
                self._walk.condition(words)
            if key == "enter":
                self._breakpoint = words.strip()
        except ValueError as error:
            self._remark = str(error)

    def text(self, width: int, height: int) -> str:
        """Return the screen: no line of it is wider than the terminal, and there are no more than it has."""
        width = max(width - 1, 1)
        head = output.wrapped(self._headline(), width)[: max(1, height // 3)]
        named = _flowed(KEYS if height >= LOW else KEYS[-2:], width)
        room = max(1, height - len(head) - len(named) - 2)
        foot = [*output.wrapped(self._remark, width)[-room:], *named]
        space = [""] if height >= SPACIOUS else []
        self._page = max(1, height - len(head) - len(foot) - len(space) - 1)
        lines = [*head, *self._window(width, space), *space, *foot]
        return "\n".join(lines[:height])

    def _headline(self) -> str:
        walk = self._walk
        place = f"{walk.simulation.now:,.3f} s, event {walk.events:,}, {self._sent:,} messages"
        stop = f", stops at: {self._breakpoint}" if self._breakpoint else ""
        return f"{walk.scenario.name}, seed {walk.seed}: {place}{stop}"

    def _window(self, width: int, space: Sequence[str]) -> list[str]:
        """Return the part of what can be scrolled that is shown, and below it a line that says where more is."""
        wanted = min(self._page + self._above_end, self._sent)
        parts = [self._said(wanted), self._balances(), self._waiting(WAITING_SHOWN if space else LITTLE_SHOWN)]
        texts = HELP if self._is_help else [line for part in parts for line in (*space, *part)]
        body = [line for text in texts for line in output.wrapped(text, width) or [""]]
        self._above_end = min(self._above_end, max(0, len(body) - self._page))
        end = len(body) - self._above_end
        is_more_above = end > self._page or (not self._is_help and wanted < self._sent)
        more = [("more above (Up)", is_more_above), ("more below (Down)", self._above_end > 0)]
        return [*body[max(0, end - self._page) : end], "; ".join(text for text, is_so in more if is_so)[:width]]

    @property
    def _sent(self) -> int:
        return len(self._walk.simulation.records.messages)

    def _said(self, count: int) -> list[str]:
        """Return the last messages and what was written since, and which message was delivered last."""
        if not count:
            return ["nothing has been said yet"]
        lines = list(_told(self._walk.recent(count)))
        last = self._walk.last
        if last is not None:
            lines.append(f"> delivered: {last.message} {last.kind}, {last.sender} to {last.recipient}")
        return lines

    def _balances(self) -> list[str]:
        rows = [
            (name, text, "" if self._before[name] == text else f"(was {self._before[name].partition(' ')[0]})")
            for name, text in _balances(self._walk)
        ]
        return output.table(rows, right=(1,)).splitlines()

    def _waiting(self, most: int) -> list[str]:
        waiting = [str(waiting) for waiting in self._walk.waiting()]
        more = len(waiting) - most
        lines = [*waiting[:most], *([f"and {more:,} more"] if more > 0 else [])]
        return lines or ["nobody waits for a reply"]


def _told(entries: "Conversation") -> Iterator[str]:
    """Yield a line for each entry, and one for each day; amounts come before accounts, which are long."""
    from alesha_sim.conversation.entries import Message, amount_text, instant
    from alesha_sim.conversation.labels import remarks

    day = None
    for entry in entries:
        at = instant(entry)
        if at.date() != day:
            day = at.date()
            yield day.isoformat()
        clock = at.time().isoformat("milliseconds")
        if isinstance(entry, Message):
            unusual = ", ".join(remarks(entry))
            said = f"{entry.kind}: {unusual}" if unusual else entry.kind
            yield f"{clock}  {entry.sender} -> {entry.recipient}  {said}"
        else:
            yield f"{clock}    {entry.book}: {entry.code} {amount_text(entry)}, {entry.debit} / {entry.credit}"


def _flowed(parts: Iterable[str], width: int) -> list[str]:
    """Return parts side by side, as many in a line as fit."""
    lines = [""]
    for part in parts:
        together = f"{lines[-1]}  {part}".strip()
        if len(together) > width and lines[-1]:
            lines.append(part)
        else:
            lines[-1] = together
    return [line[:width] for line in lines]
