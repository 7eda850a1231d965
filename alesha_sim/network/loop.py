"""The run loop: takes the events of a clock off its two heaps, in their order, and lets them happen."""

from heapq import heappop, heappush
from typing import TYPE_CHECKING, Any

from simpy.events import Event, EventPriority

if TYPE_CHECKING:
    from alesha_sim.network.clock import Clock

Entry = tuple[float, EventPriority, int, Event]
"""An event in a heap: its instant, its priority among those of that instant, and its number."""


def process_events(clock: "Clock", near: list[Any], later: list[Any], until: float, most: int) -> None:
    """Process the events up to and including the instant `until`, `most` of them at most.

    The loop is the body of SimPy's `step`, without two calls for every event: measured 0.95 of the run's time.
    """
    events, pop = 0, heappop
    entry: Any  # compiled, an annotated tuple would be taken apart and put together again
    try:
        while (near or later) and events < most:
            entry = pop(near if not later or (near and near[0] < later[0]) else later)
            at: float = entry[0]
            if at > until:
                heappush(near, entry)
                break
            clock._now = at
            event = entry[3]
            events += 1
            callbacks = event.callbacks
            event.callbacks = None
            for callback in callbacks:
                callback(event)
            if not event._ok and not hasattr(event, "_defused"):
                raise _failure(event)
    finally:
        clock.events += events


def _failure(event: Event) -> BaseException:
    """Return what an event failed with that nobody waited for, as a copy of its own."""
    value: Any = event._value
    error: BaseException = type(value)(*value.args)
    error.__cause__ = value
    return error
