"""Retries: how long an asker waits for a reply, how often it asks, and how the waits grow."""

from collections.abc import Callable
from operator import attrgetter
from typing import NamedTuple

from alesha_sim.kernel.clock import Clock
from alesha_sim.kernel.timers import Timeouts
from alesha_sim.network.request import Request
from alesha_sim.units import DAY, MICROSECONDS

LONGEST_WAIT = DAY
"""Waits grow up to a day, seconds; doubled without end, the fortieth would last longer than the world."""


class RetryPolicy(NamedTuple):
    """Attempt k waits `timeout * backoff ** (k - 1)` seconds, from k = 2 times 1 - `jitter` to 1 + `jitter`.

    Waits grow no further than a day. `attempts` None asks until a reply comes.
    """

    timeout: float
    attempts: int | None
    backoff: float
    jitter: float


class Retry:
    """Watches requests on one channel: `resend(request)` after each time-out, `give_up(request)` after the last.

    `uniform` gives numbers from 0 to 1 of the channel's own stream. Requests that wait equally long share events.
    """

    def __init__(
        self,
        clock: Clock,
        policy: RetryPolicy,
        uniform: Callable[[], float],
        resend: Callable[[Request], None],
        give_up: Callable[[Request], None],
    ) -> None:
        self._clock = clock
        self.policy = policy
        self._uniform = uniform
        self._resend = resend
        self._give_up = give_up
        self._waits = [policy.timeout]
        self._first = self._new_timeouts(min(policy.timeout, LONGEST_WAIT))
        self._timeouts = {policy.timeout: self._first}

    def watch(self, request: Request) -> None:
        """Wait for the reply to the attempt that has just been sent."""
        is_first = request.attempt == 1 and request.wait_factor == 1.0
        request.timeouts = timeouts = self._first if is_first else self._later(request)
        timeouts.waiting[request] = self._clock.now + timeouts.seconds  # the body of `watch`, one call less
        if not timeouts.is_armed:
            timeouts.arm()

    def _later(self, request: Request) -> Timeouts:
        """Return the time-outs of an attempt that may wait longer than others."""
        seconds = min(self._wait(request.attempt) * request.wait_factor, LONGEST_WAIT)
        jitter = self.policy.jitter
        if jitter and request.attempt > 1:
            seconds *= 1 + jitter * (2 * self._uniform() - 1)
            return self._new_timeouts(seconds)  # nobody else waits exactly so long
        timeouts = self._timeouts.get(seconds)
        if timeouts is None:
            timeouts = self._timeouts[seconds] = self._new_timeouts(seconds)
        return timeouts

    def _wait(self, attempt: int) -> float:
        """Return how long an attempt waits before jitter."""
        waits = self._waits
        while len(waits) < attempt and waits[-1] < LONGEST_WAIT and self.policy.backoff > 1:
            waits.append(min(waits[-1] * self.policy.backoff, LONGEST_WAIT))
        return waits[min(attempt, len(waits)) - 1]

    def _new_timeouts(self, seconds: float) -> Timeouts:
        return Timeouts(
            self._clock, round(seconds * MICROSECONDS) / MICROSECONDS, attrgetter("is_awaited"), self._on_timeout
        )

    def _on_timeout(self, request: Request) -> None:
        attempts = self.policy.attempts
        if attempts is None or request.attempt < attempts:
            self._resend(request)
        else:
            self._give_up(request)
