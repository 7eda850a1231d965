"""The simulated clock: SimPy's environment, which also counts its events and runs up to an instant."""

from collections.abc import Callable, Generator, Iterator
from functools import partial
from typing import Any

from mypy_extensions import i64
from simpy import Environment
from simpy.core import EmptySchedule, StopSimulation
from simpy.events import Event, EventPriority, Process, Timeout

from alesha_sim.form import COMPILED
from alesha_sim.kernel.scheduled import INFINITY, MANY, NORMAL, ScheduledCallback
from alesha_sim.kernel.signal import Signal, Waitable, Waiter


class LinkedCalendar:
    """The calendar where this is compiled: a pairing heap whose nodes are the entries themselves.

    Its order and its methods are those of `TupleCalendar`, which is 1.7 times as fast where nothing is compiled.
    Each entry knows its first child and its next sibling; what is put in before the first entry, as most messages
    are, becomes the first in one step, however many parcels wait below (Fredman et al. 1986, Algorithmica 1).
    """

    def __init__(self, clock: "Clock") -> None:
        self._clock = clock
        self._first: ScheduledCallback | None = None
        self._count: i64 = 0

    def __iter__(self) -> Iterator[ScheduledCallback]:
        """Yield all entries, in any order."""
        left = [self._first]
        while left:
            entry = left.pop()
            if entry is not None:
                yield entry
                left += [entry.child, entry.next]

    def put(self, entry: ScheduledCallback, at: float, priority: i64 = NORMAL) -> None:
        """Let an entry fire at an instant."""
        entry.at = at
        entry.rank = (priority << 56) + self._count
        entry.child = entry.next = None
        self._count += 1
        first = self._first
        self._first = entry if first is None else _joined(first, entry)

    def first(self) -> ScheduledCallback | None:
        """Return the entry that fires next, None if there is none."""
        return self._first

    def peek(self) -> float:
        """Return the instant of the next entry, infinity if there is none."""
        first = self._first
        return INFINITY if first is None else first.at

    def run(self, until: float, most: i64) -> i64:
        """Fire the entries up to and including the instant `until`, `most` at most; return how many there were."""
        clock = self._clock
        fired: i64 = 0
        try:
            while fired < most:
                first = self._first
                if first is None or first.at > until:
                    break
                children = first.child
                self._first = children if children is None or children.next is None else _all_joined(children)
                clock.now = first.at
                fired += 1
                first.fire()
        finally:
            clock.events += fired
        return fired


def _joined(one: ScheduledCallback, other: ScheduledCallback) -> ScheduledCallback:
    """Return the earlier of two entries, which then has the other below it; its siblings stay as they were."""
    if other.at < one.at or (other.at == one.at and other.rank < one.rank):
        one, other = other, one
    other.next = one.child
    one.child = other
    return one


def _all_joined(entry: ScheduledCallback) -> ScheduledCallback:
    """Return the earliest of an entry and its siblings, which has the others below it."""
    pairs: ScheduledCallback | None = None
    left: ScheduledCallback | None = entry
    while left is not None:  # join them two by two, then all pairs, the last first
        one, other = left, left.next
        if other is None:
            left = None
        else:
            left = other.next
            one = _joined(one, other)
        one.next = pairs
        pairs = one
    assert pairs is not None
    first, left = pairs, pairs.next
    while left is not None:
        other, left = left, left.next
        first = _joined(first, other)
    first.next = None
    return first


if COMPILED:
    Calendar = LinkedCalendar
else:
    from alesha_sim.kernel.tuple_calendar import TupleCalendar as Calendar


class SimpyEvent(ScheduledCallback):
    """The entry of an event of SimPy's own."""

    __slots__ = ("event",)

    def __init__(self, event: Event) -> None:
        self.event: Any = event

    def fire(self) -> None:
        """Let the event happen, as SimPy's own `step` does."""
        event = self.event
        callbacks, event.callbacks = event.callbacks, None
        try:
            for callback in callbacks:
                callback(event)
        except StopSimulation:  # the rest of them are called when the run goes on
            event.callbacks = callbacks[callbacks.index(callback) + 1 :]
            event.env.schedule(event, EventPriority(-1))
            raise
        if not event._ok and not hasattr(event, "_defused"):
            error = type(event._value)(*event._value.args)
            error.__cause__ = event._value
            raise error


class Clock(Environment):
    """An environment whose time is seconds since the scenario's start; `events` counts those processed.

    What is to happen waits in `calendar`.
    """

    __slots__ = ("now",)

    # Named once more, so that they are places of its own, which are read without a call.
    now: float
    events: i64
    calendar: Calendar
    _active_proc: Any
    process: Callable[[Generator[Waitable, Any, Any]], Process]  # type: ignore[assignment]

    def __init__(self, calendar: Callable[["Clock"], Any] = Calendar) -> None:
        super().__init__(0.0)
        self.now, self.events = 0.0, 0
        self.calendar = calendar(self)
        # SimPy binds these again at every call.
        self.timeout = partial(Timeout, self)  # type: ignore[method-assign]
        self.process = partial(Process, self)

    @property
    def active_process(self) -> Process | None:
        """The process that is at work; None between events."""
        active: Any = self._active_proc
        is_runner = isinstance(active, Waiter)
        process: Process | None = active.process if is_runner else active
        return process

    def schedule(self, event: Event, priority: int = NORMAL, delay: float = 0) -> None:
        """Let an event happen after a delay, in seconds."""
        self.calendar.put(SimpyEvent(event), self.now + delay, priority)

    def pause(self, seconds: float) -> Signal:
        """Return a signal to yield: it happens after so many seconds; ValueError if they are less than none."""
        if seconds < 0:
            raise ValueError(f"seconds: {seconds!r}: must not be negative")
        signal = Signal(self)
        signal._value = None
        self.calendar.put(signal, self.now + seconds)
        return signal

    def peek(self) -> float:
        """Return the instant of the next event, infinity if there is none."""
        return self.calendar.peek()

    def step(self) -> None:
        """Process the next event; `simpy.core.EmptySchedule` if there is none."""
        if not self.calendar.run(INFINITY, 1):
            raise EmptySchedule

    def run(self, until: Any = None) -> Any:
        """Run as SimPy's environment does: to the end, up to before an instant, or until an event or signal."""
        if isinstance(until, Signal) and until.callbacks is not None:
            event = self.event()
            until.callbacks.append(event.trigger)
            until = event
        return until.value if isinstance(until, Signal) else super().run(until)

    def run_to(self, until: float = INFINITY, most: int = MANY) -> None:
        """Process the events up to and including the instant `until`, `most` of them at most.

        The clock stays at the last one. SimPy's own `run(until=...)` stops before the events of that instant and
        raises when none is left.
        """
        self.calendar.run(until, most)

    def advance_to(self, at: float) -> None:
        """Set the clock to `at`, if it is later than now and no event lies between."""
        if at > self.now and self.peek() > at:
            self.now = at  # SimPy moves its clock only by events
