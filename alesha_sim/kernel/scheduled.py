"""What happens at an instant: the entries of the clock's calendar."""

from typing import Final, Optional

from mypy_extensions import i64

NORMAL: Final = 1
"""The priority of messages and services, SimPy's own."""

AFTER_MESSAGES: Final = 2
"""The priority of time-outs: at one instant they come after all messages."""

INFINITY: Final = float("inf")

MANY: Final = 2**60
"""More events than any run has."""


class ScheduledCallback:
    """An entry whose `fire` is called at its instant; it waits for one instant at a time.

    Nothing waits for it, so it costs less than an event. Its fields are those of a `LinkedCalendar`.
    """

    __slots__ = ("at", "child", "next", "rank")

    at: float
    rank: i64  # what decides at one instant: priority, then order of arrival
    child: Optional["ScheduledCallback"]
    next: Optional["ScheduledCallback"]

    def fire(self) -> None:
        """Do what is to be done at this instant."""
        raise NotImplementedError
