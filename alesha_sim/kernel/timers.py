"""Timers: what happens at an instant rather than by a message; and the end of a process by force."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from simpy.events import Process

from alesha_sim.kernel.clock import Clock
from alesha_sim.kernel.scheduled import AFTER_MESSAGES, INFINITY, ScheduledCallback

Instants = Sequence[float] | npt.NDArray[np.float64]


class Schedule(ScheduledCallback):
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
            self._clock.calendar.put(self, float(self._instants[self._next]))

    def fire(self) -> None:
        """Call `begin` for the next instant, and wait for the one after it."""
        number = self._next
        self._next += 1
        self._arm()
        self._begin(number)


class Timeouts(ScheduledCallback):
    """Time-outs of one duration, `seconds`, which share one armed heap entry.

    A thing is waited for while `is_waiting(thing)`; `on_timeout(thing)` is called when its time is over. At one
    instant all messages go before, so that a reply never loses against its time-out.
    """

    def __init__(
        self, clock: Clock, seconds: float, is_waiting: Callable[[Any], bool], on_timeout: Callable[[Any], None]
    ) -> None:
        self._clock = clock
        self.seconds = seconds
        self._is_waiting = is_waiting
        self._on_timeout = on_timeout
        self.waiting: dict[Any, float] = {}
        """Until when each waits, the earliest first; what is taken out waits no longer."""
        self.is_armed = False

    def watch(self, thing: object) -> None:
        """Let a thing wait from now on, which did not wait before."""
        self.waiting[thing] = self._clock.now + self.seconds
        if not self.is_armed:
            self.arm()

    def clear(self) -> None:
        """Drop all that wait."""
        self.waiting.clear()

    def arm(self) -> None:
        """Be in the calendar at the end of the first wait."""
        self.is_armed = True
        self._clock.calendar.put(self, next(iter(self.waiting.values())), AFTER_MESSAGES)

    def fire(self) -> None:
        """Call `on_timeout` for all whose time is over."""
        waiting, passed = self.waiting, []
        now = self._clock.now
        for thing, until in waiting.items():
            if until > now and self._is_waiting(thing):
                break
            passed.append(thing)
        for thing in passed:
            del waiting[thing]
        over = [thing for thing in passed if self._is_waiting(thing)]
        self.is_armed = False
        if waiting:
            self.arm()
        for thing in over:
            self._on_timeout(thing)


class Timer:
    """Fires at the next of instants that are set in any order: seldom more than one heap entry for all of them.

    `on_timeout()` does what is due and returns the next instant (seconds), infinity if there is none. At one
    instant all messages go before.
    """

    def __init__(self, clock: Clock, on_timeout: Callable[[], float]) -> None:
        self._clock = clock
        self._on_timeout = on_timeout
        self._armed: list[float] = []  # the earliest last: only an earlier one is ever added

    def set(self, at: float) -> None:
        """Fire at an instant, unless an earlier one is set: then `on_timeout` will name the next."""
        if at < (self._armed[-1] if self._armed else INFINITY):
            self._armed.append(at)
            self._clock.calendar.put(_TimerEntry(self), at, AFTER_MESSAGES)

    def expire(self) -> None:
        """Do what is due and set the next instant; its heap entry calls this."""
        self._armed.pop()
        self.set(self._on_timeout())


class _TimerEntry(ScheduledCallback):
    """A timer's heap entry; a timer may have several."""

    def __init__(self, timer: Timer) -> None:
        self._timer = timer

    def fire(self) -> None:
        """Let the timer expire."""
        self._timer.expire()


def stop(process: Process) -> None:
    """End a process where it stands: what it waits for goes on without it, and nothing of it runs again."""
    target = process.target
    if target is not None and target.callbacks:
        # The process's own entry among those who wait; SimPy's interrupts do the same.
        target.callbacks[:] = [callback for callback in target.callbacks if callback != process._resume]
    process._generator.close()
