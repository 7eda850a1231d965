"""The floor: a loop over a heap of (instant, number, callback, arguments), and no processes at all.

A Python program that keeps a calendar of events can do with hardly less.
"""

from collections.abc import Callable
from heapq import heappop, heappush
from itertools import count

from contenders.callbacks import Market, Visit
from contenders.flow import Flow, Outcome, Ready


class Calendar:
    """What is to be called when."""

    def __init__(self) -> None:
        self.now = 0.0
        self._number = count()
        self._due: list[tuple[float, int, Callable[..., object], tuple[object, ...]]] = []

    def after(self, seconds: float, function: Callable[..., object], *arguments: object) -> None:
        """Note a call."""
        heappush(self._due, (self.now + seconds, next(self._number), function, arguments))

    def run(self) -> None:
        """Call whatever is due until nothing is left."""
        due = self._due
        while due:
            self.now, _, function, arguments = heappop(due)
            function(*arguments)

    def events(self) -> int:
        """Return how many calls were noted."""
        return next(self._number)


def prepare(flow: Flow) -> Ready:
    """Set the market up."""
    calendar = Calendar()
    market = Market(flow, calendar.after, lambda: calendar.now, Visit)

    def outcome() -> Outcome:
        return market.parties.outcome(market.messages, calendar.now, calendar.events())

    return Ready(calendar.run, outcome)
