"""What a network does to messages: loses them, doubles them, slows them down, always or for a while."""

from collections.abc import Callable, Sequence
from math import fsum
from typing import NamedTuple


class Window(NamedTuple):
    """A degradation of a channel, from `start` until before `end` (seconds): more loss, doubling and latency."""

    start: float
    end: float
    loss: float
    duplication: float
    delay: Callable[[], float] | None


class Faults:
    """Decides how many copies of a message arrive, and how late; `loss` and `duplication` are probabilities.

    A loss is drawn first; a copy that is not lost is doubled with its probability. `loss_draw` and
    `duplication_draw` give uniform numbers from streams of the channel's own, one for each message, so that a
    degradation shifts no later draw. In a degradation the probability is that of either cause: 1 - (1 - p)(1 - q).
    `copy_latency` gives the latencies of second copies, from a stream of theirs; None lets the channel's own do
    so.
    """

    def __init__(
        self,
        loss: float,
        duplication: float,
        windows: Sequence[Window],
        loss_draw: Callable[[], float],
        duplication_draw: Callable[[], float],
        copy_latency: Callable[[], float] | None = None,
    ) -> None:
        self._loss = loss
        self._duplication = duplication
        self._windows = tuple(windows)
        self._loss_draw = loss_draw
        self._duplication_draw = duplication_draw
        self.copy_latency = copy_latency

    def copies(self, now: float) -> int:
        """Return how many copies of a message sent now arrive: 0, 1 or 2."""
        keep, single = 1 - self._loss, 1 - self._duplication
        for window in self._open(now):
            keep *= 1 - window.loss
            single *= 1 - window.duplication
        lost, doubled = self._loss_draw() >= keep, self._duplication_draw() >= single
        return 0 if lost else 1 + doubled

    def delay(self, now: float) -> float:
        """Return what the degradations of this moment add to a copy's latency, seconds."""
        return fsum(window.delay() for window in self._open(now) if window.delay is not None)

    def _open(self, now: float) -> list[Window]:
        return [window for window in self._windows if window.start <= now < window.end]
