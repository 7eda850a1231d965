"""How far users trust the shop."""

from typing import Any

import numpy as np

from alesha_sim.policies.users import TrustPolicy


class TrustLevels:
    """Each user's trust, 1 at first; the policy says what an event makes of it."""

    def __init__(self, policy: TrustPolicy, users: int) -> None:
        self._policy: Any = policy  # one of somebody's own may answer with anything
        self._level = np.ones(users)

    def judge(self, user: int, event: str) -> None:
        """Let a user trust the shop more or less after an event."""
        self._level[user] = self._policy.after(float(self._level[user]), event)

    def suffices(self, user: int, draw: float) -> bool:
        """Tell whether a user trusts the shop enough for a visit, by a draw from [0, 1)."""
        return bool(draw < self._level[user])
