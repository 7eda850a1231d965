"""Timers: events that the calendar brings, rather than a message."""

from collections.abc import Callable, Sequence

from simpy.events import Event

from alesha_sim.network.clock import Clock


class Timetable(Event):
    """Calls `begin(k)` at the k-th of some sorted instants (seconds): one heap entry at a time, armed again."""

    _ok = True

    def __init__(self, clock: Clock, instants: Sequence[float], begin: Callable[[int], None]) -> None:
        super().__init__(clock)
        self._value = None
        self._clock = clock
        self._instants = instants
        self._begin = begin
        self._next = 0
        self._arm()

    def _arm(self) -> None:
        if self._next < len(self._instants):
            self.callbacks = [self._happen]
            self._clock.schedule_at(self, self._instants[self._next])

    def _happen(self, _: Event) -> None:
        number = self._next
        self._next += 1
        self._arm()
        self._begin(number)
