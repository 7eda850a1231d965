"""SimPy's clock, tasks and timers, extended; nothing here knows a message."""

from alesha_sim.kernel.clock import Clock, InfallibleEvent, ScheduledCallback

__all__ = [
    "Clock",
    "InfallibleEvent",
    "ScheduledCallback",
]
