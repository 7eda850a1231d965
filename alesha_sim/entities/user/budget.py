"""What users may spend."""

import numpy as np

from alesha_sim.kernel.clock import Clock


class Budgets:
    """What each user may still order: `most` (minor units) in each period of `seconds`, 0 for the whole run."""

    def __init__(self, clock: Clock, users: int, most: int, seconds: float) -> None:
        self._clock = clock
        self._most = most
        self._seconds = seconds
        self._ordered = np.zeros(users, np.int64)
        self._period = np.zeros(users, np.int64)

    def take(self, user: int, amount: int) -> bool:
        """Set an amount aside for an order of now; False, and nothing is done, if it is more than is left."""
        ordered = self._ordered_until_now(user)
        if ordered + amount > self._most:
            return False
        self._ordered[user] = ordered + amount
        return True

    def give_back(self, user: int, amount: int, taken_at: float) -> None:
        """Undo what was set aside at an instant for an order that did not come about, if its period still runs."""
        if self._period_of(taken_at) == self._period_of(self._clock.now):
            self._ordered[user] = max(self._ordered_until_now(user) - amount, 0)

    def _ordered_until_now(self, user: int) -> int:
        """Return what a user has ordered in the period that runs."""
        period = self._period_of(self._clock.now)
        if self._period[user] != period:
            self._period[user] = period
            self._ordered[user] = 0
        return int(self._ordered[user])

    def _period_of(self, at: float) -> int:
        return int(at // self._seconds) if self._seconds else 0
