"""Retries over a channel that loses messages: how often, how long, and how often something is done twice."""

from __future__ import annotations

import math
from dataclasses import dataclass

from alesha_sim.theory.rules import below_one, not_negative, positive, refuse, whole


@dataclass(frozen=True, slots=True, kw_only=True)
class Retries:
    """A request that is sent after each time-out until a reply comes, `attempts` times at most (None: no end).

    Requests and replies are lost independently with the probabilities `request_loss` and `reply_loss`; a reply
    that is not lost comes before the time-out. A receiver without keys charges once for every request that
    arrives, one that knows its keys once in all. Raises ValueError for losses not from 0 to below 1. Source:
    geometric series, an attempt failing with probability f = 1 - (1 - `request_loss`) (1 - `reply_loss`).
    """

    request_loss: float
    reply_loss: float
    attempts: int | None = None

    def __post_init__(self) -> None:
        refuse(
            below_one("request_loss", self.request_loss),
            below_one("reply_loss", self.reply_loss),
            None if self.attempts is None else whole("attempts", self.attempts),
        )

    @property
    def attempt_fails(self) -> float:
        """The probability that an attempt brings no reply (f)."""
        return 1 - (1 - self.request_loss) * (1 - self.reply_loss)

    @property
    def acknowledged(self) -> float:
        """The probability that a reply comes at last."""
        return 1 - self._every(self.attempt_fails)

    @property
    def never_charged(self) -> float:
        """The probability that no request arrives."""
        return self._every(self.request_loss)

    @property
    def charged_unaware(self) -> float:
        """The probability that a request arrives but no reply does: the asker cannot know that it was charged."""
        return self._every(self.attempt_fails) - self.never_charged

    @property
    def mean_attempts(self) -> float:
        """The mean number of attempts."""
        return self.acknowledged / (1 - self.attempt_fails)

    @property
    def mean_charges(self) -> float:
        """The mean number of charges by a receiver without keys; with keys it is 1 - `never_charged`."""
        return (1 - self.request_loss) * self.mean_attempts

    @property
    def charged_twice(self) -> float:
        """The probability of more than one charge by a receiver without keys.

        Exactly one charge: a first request arrives, and then either its reply does too, or all later requests
        are lost.
        """
        once = (1 - self.never_charged) * (1 - self.reply_loss)
        if self.attempts is not None:
            others_lost = self.request_loss ** (self.attempts - 1)
            once += self.attempts * (1 - self.request_loss) * self.reply_loss * others_lost
        return 1 - self.never_charged - once

    def mean_seconds(self, *, round_trip: float, timeout: float, growth: float = 1.0) -> float:
        """Return the mean time until the asker has a reply or gives up; infinite where the waits grow too fast.

        Attempt k waits `timeout * growth ** (k - 1)`, `growth` being at least 1 and `timeout` at least
        `round_trip`, which is how long request and reply take together; else ValueError. (A channel's waits grow
        no further than a day; here nothing stops them.)
        """
        refuse(
            not_negative("round_trip", round_trip),
            positive("timeout", timeout),
            None if timeout >= round_trip else f"timeout: {timeout}: must be at least round_trip, {round_trip}",
            None if 1 <= growth < math.inf else f"growth: {growth}: must be at least 1 and finite",
        )
        grown = self.attempt_fails * growth
        if self.attempts is None:
            waits = 1 / (1 - grown) if grown < 1 else math.inf
        else:
            waits = math.fsum(grown**attempt for attempt in range(self.attempts))
        return round_trip * self.acknowledged + timeout * self.attempt_fails * waits

    def _every(self, chance: float) -> float:
        """Return the probability that something happens at every attempt."""
        return 0.0 if self.attempts is None else chance**self.attempts
