"""Asking again: how long an asker waits for a reply, how often it asks, and how the waits grow."""

from collections.abc import Callable
from typing import NamedTuple

from alesha_sim.kernel.clock import Clock
from alesha_sim.kernel.timers import Bell
from alesha_sim.network.request import Request
from alesha_sim.units import DAY, MICROSECONDS

LONGEST_WAIT = DAY
"""Waits grow up to a day, seconds; doubled without end, the fortieth would last longer than the world."""


class Patience(NamedTuple):
    """Attempt k waits `timeout * growth ** (k - 1)` seconds, from k = 2 times 1 - `jitter` to 1 + `jitter`.

    Waits grow no further than a day. `attempts` None asks until a reply comes.
    """

    timeout: float
    attempts: int | None
    growth: float
    jitter: float


class Retry:
    """Watches requests on one channel: `again(request)` after each time-out, `give_up(request)` after the last.

    `uniform` gives numbers from 0 to 1 of the channel's own stream. Requests that wait equally long share events.
    """

    def __init__(
        self,
        clock: Clock,
        patience: Patience,
        uniform: Callable[[], float],
        again: Callable[[Request], None],
        give_up: Callable[[Request], None],
    ) -> None:
        self._clock = clock
        self.patience = patience
        self._uniform = uniform
        self._again = again
        self._give_up = give_up
        self._bells: dict[float, Bell] = {}
        self._waits = [patience.timeout]

    def watch(self, request: Request) -> None:
        """Wait for the reply to the attempt that has just been sent."""
        seconds = min(self._wait(request.attempt) * request.stretch, LONGEST_WAIT)
        jitter = self.patience.jitter
        if jitter and request.attempt > 1:
            seconds *= 1 + jitter * (2 * self._uniform() - 1)
            self._bell(seconds).watch(request)  # nobody else waits exactly so long
            return
        bell = self._bells.get(seconds)
        if bell is None:
            bell = self._bells[seconds] = self._bell(seconds)
        bell.watch(request)

    def _wait(self, attempt: int) -> float:
        """Return how long an attempt waits before jitter."""
        waits = self._waits
        while len(waits) < attempt and waits[-1] < LONGEST_WAIT and self.patience.growth > 1:
            waits.append(min(waits[-1] * self.patience.growth, LONGEST_WAIT))
        return waits[min(attempt, len(waits)) - 1]

    def _bell(self, seconds: float) -> Bell:
        return Bell(self._clock, round(seconds * MICROSECONDS) / MICROSECONDS, is_waited_for, self._ring)

    def _ring(self, request: Request) -> None:
        attempts = self.patience.attempts
        if attempts is None or request.attempt < attempts:
            self._again(request)
        else:
            self._give_up(request)


def is_waited_for(request: Request) -> bool:
    """Tell whether somebody still waits for the reply."""
    return bool(request.callbacks)
