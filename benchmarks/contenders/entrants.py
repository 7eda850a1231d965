"""Who takes part, and who is turned away: a program must do the same work as the library before it is timed."""

from collections.abc import Callable
from functools import partial
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from math import isclose
from pathlib import Path
from typing import NamedTuple

from compiled import SITE

from contenders import library
from contenders.flow import Flow, Outcome, Placed, Ready

REFERENCES = ("lean_simpy", "event_simpy", "library_all", "compiled_all")
"""By whose times all others are divided: the leanest program of all, the leanest whose parties talk, the library
with all its records, in Python and compiled."""

LIBRARIES = ("with_salabim", "with_simulsi", "with_simulatte", "with_mesa", "with_nagasim", "with_ciw")
"""The programs that are written with another simulation library than SimPy."""


class Contender(NamedTuple):
    """A program: its `title` and what it is `about`, as the page says it; the `package` that it is written with.

    `setting` is handed to its `prepare`. `apart` says why it does not end at the same instant, if it does not.
    If it `is_compiled`, the library is that of the folder `compiled.SITE`.
    """

    title: str
    about: str
    package: str = "simpy"
    module: str = ""
    setting: str = ""
    apart: str = ""
    is_compiled: bool = False


LIBRARY = {
    "all": (
        "alesha_sim in Python",
        "the library, not compiled: books of all parties, every message, posting and visit recorded",
    ),
    "summary": ("alesha_sim in Python, nothing but the flow", "the same with nothing recorded but counts"),
}

COMPILED = {
    "all": ("alesha_sim compiled", "the library with its busiest modules compiled, everything recorded"),
    "summary": ("alesha_sim compiled, nothing but the flow", "the same with nothing recorded but counts"),
}

PEERS = {
    "lean_simpy": Contender(
        "lean SimPy", "a visitor's process does everything itself: time-outs, counters, queues of bare events"
    ),
    "event_simpy": Contender(
        "SimPy, messages on bare events", "parties of their own: inboxes are deques, a reply is an event"
    ),
    "resource_simpy": Contender("SimPy, Resources", "a visitor's process that requests workers of a `Resource`"),
    "textbook_simpy": Contender(
        "SimPy, textbook", "a `Store` for each inbox, a `Resource` of workers, a process for each message"
    ),
    "with_salabim": Contender("salabim", "components that hold, and request and release resources", "salabim"),
    "with_simulsi": Contender("SimulSI", "processes that yield delays and requests of resources", "simulsi"),
    "with_simulatte": Contender(
        "simulatte", "processes whose jobs are worked on by servers; its own routings cannot branch", "simulatte"
    ),
    "with_mesa": Contender("Mesa", "agents that schedule their methods with a `DEVSimulator`", "mesa"),
    "with_nagasim": Contender(
        "Naga", "a model of blocks, in which logic of one's own says where entities go", "nagasim"
    ),
    "with_ciw": Contender(
        "Ciw",
        "a network of queues with routing of one's own; an event's time grows with the customers inside",
        "ciw",
        apart="as a customer cannot become two, goods are made only once the user knows, a little later",
    ),
    "floor_heapq": Contender("the floor", "callbacks from a loop over a heap, no processes", ""),
}


UNFIT: dict[str, str] = {}
"""Programs that cannot express the work, by title, and why."""


def contenders() -> dict[str, Contender]:
    """Return all programs by name, the library's first."""
    modes = library.MODES if library.IS_CHOSEN else library.MODES[:1]
    own = {
        f"library_{mode}": Contender(*LIBRARY[mode], package="", module="library", setting=mode) for mode in modes
    } | {
        f"compiled_{mode}": Contender(*about, package="", module="library", setting=mode, is_compiled=True)
        for mode, about in COMPILED.items()
    }  # fmt: skip
    return own | PEERS


def site(name: str) -> Path | None:
    """Return the folder of the library that a contender runs with, None for the one that is edited."""
    contender = contenders().get(name)
    return SITE if contender is not None and contender.is_compiled else None


def present() -> tuple[list[str], dict[str, str]]:
    """Return the names of those who can take part, and by name why others cannot."""
    absent = {}
    for name, contender in contenders().items():
        try:
            if contender.package:
                version(contender.package)
        except PackageNotFoundError:
            absent[name] = f"{contender.package} is not installed"
        if contender.is_compiled and not SITE.exists():
            absent[name] = "it is not compiled (`make compiled`)"
    return [name for name in contenders() if name not in absent], absent


def prepared(name: str) -> Callable[[Flow], Ready]:
    """Return what sets a contender's program up; Refused for the library in another form than it asks for."""
    contender = contenders()[name]
    if contender.is_compiled and not library.is_compiled():
        raise Refused(f"{name}: the library that is loaded is not compiled")
    prepare: Callable[..., Ready] = import_module(f"contenders.{contender.module or name}").prepare
    return partial(prepare, record=contender.setting) if contender.setting else prepare


def outcome(prepare: Callable[[Flow], Ready], flow: Flow) -> Outcome:
    """Return what comes of a run."""
    ready = prepare(flow)
    ready.go()
    return ready.outcome()


class Refused(Exception):
    """A contender does other work than the library does."""


def compare(name: str, found: Outcome, expected: Outcome) -> None:
    """Raise Refused, naming the contender and what differs first, unless it did the same work.

    Orders must be closed at the same instants, so that nobody spares a wait. What the library was told not to keep
    cannot be compared: deposits and the last instant always are.
    """
    contender = contenders()[name]
    if found.messages != expected.messages and (found.messages is not None or not contender.module):
        raise Refused(f"{name}: {found.messages} messages instead of {expected.messages}")
    if found.orders is not None or not contender.module:
        _compare_orders(name, found.orders or [], expected.orders or [], apart=bool(contender.apart))
    for account, deposit in expected.deposits.items():
        if found.deposits.get(account) != deposit:
            raise Refused(f"{name}: deposit of {account}: {found.deposits.get(account)} instead of {deposit}")
    if not contender.apart and not isclose(found.ended_at, expected.ended_at, abs_tol=1e-3):
        raise Refused(f"{name}: ended at {found.ended_at} s instead of {expected.ended_at} s")


def _compare_orders(name: str, found: list[Placed], expected: list[Placed], *, apart: bool) -> None:
    if len(found) != len(expected):
        raise Refused(f"{name}: {len(found)} orders instead of {len(expected)}")
    for ours, theirs in zip(found, expected, strict=True):
        same = ours[:-1] == theirs[:-1] and (apart or isclose(ours.closed_at, theirs.closed_at, abs_tol=1e-3))
        if not same:
            raise Refused(f"{name}: {ours} instead of {theirs}")
