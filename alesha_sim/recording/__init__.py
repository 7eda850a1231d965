"""What a run writes down: logs, counters, levels."""

from alesha_sim.recording.levels import NotRecorded
from alesha_sim.recording.messages import Messages

__all__ = ["Messages", "NotRecorded"]
