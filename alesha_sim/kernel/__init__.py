"""SimPy's clock, tasks and timers, extended; nothing here knows a message."""

from alesha_sim.kernel.clock import Clock
from alesha_sim.kernel.scheduled import ScheduledCallback
from alesha_sim.kernel.signal import Signal

__all__ = [
    "Clock",
    "ScheduledCallback",
    "Signal",
]
