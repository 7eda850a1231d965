"""SimPy's clock, tasks and timers, extended; nothing here knows a message."""

from alesha_sim.kernel.signal import Signal

__all__ = ["Signal"]
