"""The simulated clock: SimPy's environment, which also counts its events and runs up to an instant."""

from functools import partial
from heapq import heappop, heappush, heappushpop
from typing import Any, Final

from simpy import Environment, events
from simpy.events import Event, EventPriority, Process, Timeout

# What every message needs, as constants: where this is compiled, an imported name is looked up at every use.
NORMAL: Final = events.NORMAL
PENDING: Final = events.PENDING
INFINITY: Final = float("inf")
AFTER_MESSAGES: Final = EventPriority(NORMAL + 1)
"""The priority of time-outs: at one instant they come after all messages."""

MANY: Final = 2**60
"""More events than any run has."""

NEAR_SECONDS = 1_000.0
"""What happens later than this from now waits apart, so that it is not in the way of messages and services."""


class ScheduledCallback:
    """A heap entry whose `fire` is called at its instant; nothing waits for it, so it costs less than an event."""

    def fire(self) -> None:
        """Do what is to be done at this instant."""
        raise NotImplementedError


class InfallibleEvent(Event):
    """An event that cannot fail, so that what waits for it resumes without a check.

    Its `callbacks` are a list while it is awaited, None once it has happened.
    """

    # Named once more, so that they are places of its own where this is compiled, and nothing is looked up.
    env: Any
    callbacks: Any
    _value: Any
    _ok = True

    def __init__(self, clock: "Clock") -> None:
        # What `Event.__init__` does, one call less for every request.
        self.env = clock
        self.callbacks = []
        self._value = PENDING


class Clock(Environment):
    """An environment whose time is seconds since the scenario's start; `events` counts those processed.

    Events wait in two heaps, of which the earlier head is next: thousands of parcels under way would make the
    heap of the few messages between them deep. Measured 0.95 of the run's time at 3,000 open orders.
    """

    __slots__ = ("_now",)

    # Named once more, so that they are places of its own where this is compiled. What is in a heap is not
    # annotated: compiled, an annotated tuple would be taken apart and put together again.
    _now: float
    _queue: list[Any]
    _eid: Any
    _active_proc: Any

    def __init__(self) -> None:
        super().__init__(0.0)
        self.events = 0
        self._later: list[Any] = []
        self._later_at = INFINITY  # when the first of them happens
        # SimPy binds these anew at every call.
        self.timeout = partial(Timeout, self)  # type: ignore[method-assign]
        self.process = partial(Process, self)  # type: ignore[method-assign]

    def schedule(self, event: Event, priority: EventPriority = NORMAL, delay: float = 0) -> None:
        """Let an event happen after a delay, in seconds."""
        self._put(self._now + delay, priority, event, is_near=delay < NEAR_SECONDS)

    def schedule_at(self, event: Event | ScheduledCallback, at: float, priority: EventPriority = NORMAL) -> None:
        """Let `event` happen at the instant `at` exactly (SimPy adds delays, and so rounding errors)."""
        self._put(at, priority, event, is_near=at < self._now + NEAR_SECONDS)

    def pause(self, seconds: float) -> InfallibleEvent:
        """Return an event to yield: it happens after so many seconds; ValueError if they are less than none."""
        if seconds < 0:
            raise ValueError(f"seconds: {seconds!r}: must not be negative")
        event = InfallibleEvent(self)
        event._value = None
        self._put(self._now + seconds, NORMAL, event, is_near=seconds < NEAR_SECONDS)
        return event

    def _put(self, at: float, priority: EventPriority, event: Event | ScheduledCallback, *, is_near: bool) -> None:
        if not is_near and at < self._later_at:
            self._later_at = at
        heappush(self._queue if is_near else self._later, (at, priority, next(self._eid), event))

    def peek(self) -> float:
        """Return the instant of the next event, infinity if there is none."""
        self._join()
        return super().peek()

    def step(self) -> None:
        """Process the next event; `simpy.core.EmptySchedule` if there is none."""
        self._join()
        if self._queue and isinstance(self._queue[0][3], ScheduledCallback):
            self.run_to(most=1)
        else:
            self.events += bool(self._queue)  # before it happens: one that fails has been processed too
            super().step()

    def _join(self) -> None:
        """Put the next event where SimPy looks for it."""
        queue, later = self._queue, self._later
        if later and not (queue and queue[0] < later[0]):
            heappush(queue, self._earlier())

    def _earlier(self, entry: Any = None) -> Any:
        """Return the first of what waits apart and of `entry`, if one is given; the other then waits apart."""
        later = self._later
        entry = heappop(later) if entry is None else heappushpop(later, entry)
        self._later_at = later[0][0] if later else INFINITY
        return entry

    def run_to(self, until: float = INFINITY, most: int = MANY) -> None:
        """Process the events up to and including the instant `until`, `most` of them at most.

        The clock stays at the last one.

        SimPy's own `run(until=...)` stops before the events of that instant and raises when none is left. The loop
        is the body of its `step`, without two calls for every event: measured 0.95 of the run's time.
        """
        queue, events, pop = self._queue, 0, heappop
        try:
            while (queue or self._later) and events < most:
                entry: tuple[Any, ...] = pop(queue) if queue else self._earlier()
                at: float = entry[0]
                if at >= self._later_at:
                    entry = self._earlier(entry)
                    at = entry[0]
                if at > until:
                    heappush(queue, entry)
                    break
                self._now = at
                event = entry[3]
                events += 1
                if isinstance(event, ScheduledCallback):
                    event.fire()
                    continue
                callbacks: list[Any] = event.callbacks
                event.callbacks = None
                for callback in callbacks:
                    callback(event)
                if not event._ok and not hasattr(event, "_defused"):
                    error = type(event._value)(*event._value.args)
                    error.__cause__ = event._value
                    raise error
        finally:
            self.events += events

    def advance_to(self, at: float) -> None:
        """Set the clock to `at`, if it is later than now and no event lies between."""
        if at > self._now and self.peek() > at:
            self._now = at  # SimPy moves its clock only by events


# The place that holds the instant is read without a call: SimPy's property is one, thirty times an order.
Clock.now = vars(Clock)["_now"]  # type: ignore[method-assign]
