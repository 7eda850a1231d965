"""Timers: events that the calendar brings, rather than a message; and the end of a process by force."""

from collections import deque
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from simpy.events import Process

from alesha_sim.kernel.clock import INFINITY, LATE, Clock, Happening

Instants = Sequence[float] | npt.NDArray[np.float64]


class Timetable(Happening):
    """Calls `begin(k)` at the k-th of some sorted instants (seconds): one heap entry at a time, armed again.

    The instants may be an array, which takes a quarter of the memory of a list of floats.
    """

    def __init__(self, clock: Clock, instants: Instants, begin: Callable[[int], None]) -> None:
        self._clock = clock
        self._instants = instants
        self._begin = begin
        self._next = 0
        self._arm()

    def _arm(self) -> None:
        if self._next < len(self._instants):
            self._clock.schedule_at(self, float(self._instants[self._next]))

    def happen(self) -> None:
        """Begin with what is next, and wait for what comes after it."""
        number = self._next
        self._next += 1
        self._arm()
        self._begin(number)


class Bell(Happening):
    """Rings for whatever has waited `seconds`: one armed heap entry for all that share the duration.

    What waits is `due(thing)` while it still matters, and `ring(thing)` is called when its time is over. At one
    instant all messages go before, so that a reply never loses against its time-out.
    """

    def __init__(
        self, clock: Clock, seconds: float, due: Callable[[Any], bool], ring: Callable[[Any], None]
    ) -> None:
        self._clock = clock
        self._seconds = seconds
        self._due = due
        self._ring = ring
        self._waiting: deque[tuple[float, Any]] = deque()
        self._armed = False

    def watch(self, thing: object) -> None:
        """Let a thing wait from now on."""
        self._waiting.append((self._clock.now + self._seconds, thing))
        if not self._armed:
            self._arm()

    def silence(self) -> None:
        """Forget whatever waits."""
        self._waiting.clear()

    def _arm(self) -> None:
        self._armed = True
        self._clock.schedule_at(self, self._waiting[0][0], LATE)

    def happen(self) -> None:
        """Ring for all whose time is over."""
        waiting, over = self._waiting, []
        now = self._clock.now
        while waiting and (waiting[0][0] <= now or not self._due(waiting[0][1])):
            thing = waiting.popleft()[1]
            if self._due(thing):
                over.append(thing)
        self._armed = False
        if waiting:
            self._arm()
        for thing in over:
            self._ring(thing)


class Alarm:
    """Rings at the next of instants that are set in any order: seldom more than one heap entry for all of them.

    `ring()` does what is due and returns the next instant (seconds), infinity if there is none. At one instant all
    messages go before.
    """

    def __init__(self, clock: Clock, ring: Callable[[], float]) -> None:
        self._clock = clock
        self._ring = ring
        self._armed: list[float] = []  # the earliest last: only an earlier one is ever added

    def set(self, at: float) -> None:
        """Ring at an instant, unless something rings before: then `ring` will say when again."""
        if at < (self._armed[-1] if self._armed else INFINITY):
            self._armed.append(at)
            self._clock.schedule_at(_Entry(self), at, LATE)

    def go_off(self) -> None:
        """Do what is due and ask when to ring again; its entry in the calendar calls this."""
        self._armed.pop()
        self.set(self._ring())


class _Entry(Happening):
    """An alarm's place in the calendar; it may have several."""

    def __init__(self, alarm: Alarm) -> None:
        self._alarm = alarm

    def happen(self) -> None:
        """Ring."""
        self._alarm.go_off()


def stop(process: Process) -> None:
    """End a process where it stands: what it waits for goes on without it, and nothing of it runs again."""
    target = process.target
    if target is not None and target.callbacks:
        # The process's own entry among those who wait; SimPy's interrupts do the same.
        target.callbacks[:] = [callback for callback in target.callbacks if callback != process._resume]
    process._generator.close()
