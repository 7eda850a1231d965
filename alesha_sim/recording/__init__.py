"""What a run writes down: logs, counters, levels."""

from alesha_sim.recording.levels import NotRecorded

__all__ = ["NotRecorded"]
