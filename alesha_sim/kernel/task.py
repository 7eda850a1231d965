"""Tasks: SimPy processes that begin at once, and end without a kernel event where nobody waits for their end.

Two events less for each process, and no second generator around it to explain what went wrong in it: measured
0.91 of a market's run. Whoever shares their state with a process that they are in the middle of uses SimPy's own,
which begins after all that happens in the present event.
"""

from collections.abc import Callable, Generator
from typing import Any

from simpy.events import Event, Process

from alesha_sim.kernel.clock import PENDING, Clock, InfallibleEvent

Explain = Callable[[Exception], Exception]
"""Turns what a process raised into the error that says where it did."""


class _Beginning:
    """What a process is resumed with for the first time."""

    _ok = True
    _value = None


class Task(Process):
    """A process of `generator`; what it raises leaves the run as the error that `explain` makes of it."""

    # Named once more, so that they are places of its own where this is compiled; such a place is empty at first.
    env: Any
    callbacks: Any  # None once it is over
    _ok: Any
    _value: Any
    _target: Any
    _generator: Any
    _wake: Any

    def __init__(
        self, clock: Clock, generator: Generator[Event, Any, Any], explain: Explain | None = None
    ) -> None:
        # Not `Process.__init__`, which schedules the beginning.
        self.env = self._clock = clock
        self.callbacks = []
        self._value = PENDING
        self._generator = generator
        self._send = generator.send
        self._explain = explain
        self._wake = self._resume  # one for all waits; the circle is broken at the end
        self._resume(_BEGINNING)

    def _resume(self, event: Any) -> None:
        """Go on until the next event that is still to come; SimPy's own, but for the end and for nesting."""
        clock = self._clock
        before, clock._active_proc = clock._active_proc, self
        try:
            while True:
                if isinstance(event, InfallibleEvent):
                    event = self._send(event._value)
                else:
                    event = self._send(event._value) if event._ok else self._raise(event)
                callbacks: list[Any] | None = event.callbacks
                if callbacks is not None:
                    callbacks.append(self._wake)
                    break
        except StopIteration as end:
            self._end(ok=True, value=end.value)
            event = None
        except BaseException as error:
            self._end(ok=False, value=self._failure(error, event))
            event = None
        self._target = event
        clock._active_proc = before

    def _raise(self, event: Any) -> Event:
        """Let the failure of an event happen where it is waited for, as a copy of this process's own."""
        event._defused = True
        error = type(event._value)(*event._value.args)
        error.__cause__ = event._value
        waits_for: Event = self._generator.throw(error)
        return waits_for

    def _failure(self, error: BaseException, event: object) -> BaseException:
        """Return what the process failed with, explained."""
        if not hasattr(event, "callbacks") and event is not _BEGINNING:
            error = RuntimeError(f"{self.name}: yielded {event!r}: must be an event")
        if self._explain is None or not isinstance(error, Exception):
            return error
        explained = self._explain(error)
        if explained is not error:
            explained.__cause__ = error
        return explained

    def _end(self, *, ok: bool, value: object) -> None:
        self._ok, self._value, self._wake = ok, value, None
        if ok and not self.callbacks:
            self.callbacks = None
        else:
            self.env.schedule(self)


_BEGINNING = _Beginning()
