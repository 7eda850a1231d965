"""Signals: what a party's task waits for, such as a reply, a delivery or the end of a service.

A signal is no event of SimPy's: it cannot fail, and mostly one task waits for it, which it keeps in a field and
wakes directly. SimPy's processes and conditions can wait for one as they do for an event.
"""

from collections.abc import Callable
from typing import Any, ClassVar, TypeAlias

from simpy import events
from simpy.events import AllOf, AnyOf, Event

from alesha_sim.kernel.scheduled import ScheduledCallback

PENDING: Any = events.PENDING


class Waiter:
    """Who waits for a signal: SimPy's callbacks, or a task, which has no `functions` but does something else."""

    __slots__ = ("functions", "signal")

    functions: list[Callable[[Any], None]] | None
    signal: Any

    def wake(self, value: Any) -> None:
        """Go on with the signal's value."""
        for function in self.functions or ():
            function(self.signal)


class Signal(ScheduledCallback):
    """Happens at most once at a time, at an instant of its own or when something else lets it; it never fails."""

    __slots__ = ("_value", "env", "is_over", "waiter")

    env: Any  # a condition compares the environments of what it waits for
    waiter: Waiter | None
    is_over: bool
    _value: Any

    # What SimPy's processes, conditions and programs use of an event; the rest of it is below.
    _ok: ClassVar[bool] = True
    ok: ClassVar[Any] = Event.ok
    processed: ClassVar[Any] = Event.processed
    triggered: ClassVar[Any] = Event.triggered
    value: ClassVar[Any] = Event.value

    def __init__(self, clock: Any) -> None:
        self.env, self.waiter = clock, None
        self.is_over, self._value = False, PENDING

    def fire(self) -> None:
        """Happen, with the value that it has; the waiting task continues before this returns."""
        waiter = self.waiter
        self.waiter, self.is_over = None, True
        if waiter is not None:
            waiter.wake(self._value)

    def happen(self, value: Any) -> None:
        """Happen now with this value."""
        self._value = value
        self.fire()

    @property
    def is_awaited(self) -> bool:
        """Whether somebody waits; a task that stopped waiting for a request has given it up."""
        waiter = self.waiter
        return waiter is not None and (waiter.functions is None or bool(waiter.functions))

    @property
    def callbacks(self) -> Any:
        """The functions that are called when it happens; None once it has."""
        if self.is_over:
            return None
        waiter: Any = self.waiter
        if waiter is None or waiter.functions is None:
            self.waiter = shared = Waiter()
            shared.signal, shared.functions = self, [] if waiter is None else [waiter.process._resume]
            return shared.functions
        return waiter.functions

    def __or__(self, other: Any) -> AnyOf:
        """Return the event that either of two has happened."""
        return AnyOf(self.env, [self, other])  # type: ignore[list-item]

    def __and__(self, other: Any) -> AllOf:
        """Return the event that both have happened."""
        return AllOf(self.env, [self, other])  # type: ignore[list-item]


Waitable: TypeAlias = Event | Signal
"""What a process can yield."""
