"""SimPy's clock, tasks and timers, extended; nothing here knows a message."""

from alesha_sim.kernel.clock import Clock, Happening, Signal

__all__ = [
    "Clock",
    "Happening",
    "Signal",
]
