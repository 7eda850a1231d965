"""The simulated clock: SimPy's environment, which also counts its events and runs up to an instant."""

from heapq import heappush

from simpy import Environment
from simpy.core import EmptySchedule
from simpy.events import NORMAL, Event

INFINITY = float("inf")


class Clock(Environment):
    """An environment whose time is seconds since the scenario's start; `events` counts those processed."""

    def __init__(self) -> None:
        super().__init__(0.0)
        self.events = 0

    def step(self) -> None:
        """Process the next event; `simpy.core.EmptySchedule` if there is none."""
        super().step()
        self.events += 1

    def run_to(self, until: float = INFINITY) -> None:
        """Process every event up to and including the instant `until`; the clock stays at the last one.

        SimPy's own `run(until=...)` stops before the events of that instant and raises when none is left.
        """
        queue = self._queue  # looking at the head costs less than `peek()` for every event
        step = self.step
        while queue and queue[0][0] <= until:
            step()

    def advance_to(self, at: float) -> None:
        """Set the clock to `at`, if it is later than now and no event lies between."""
        if at > self._now and self.peek() > at:
            self._now = at  # SimPy moves its clock only by events

    def schedule_at(self, event: Event, at: float) -> None:
        """Let `event` happen at the instant `at` exactly (SimPy adds delays, and so rounding errors)."""
        heappush(self._queue, (at, NORMAL, next(self._eid), event))


__all__ = ["INFINITY", "Clock", "EmptySchedule"]
