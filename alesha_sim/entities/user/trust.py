"""How far users trust the shops."""

from typing import Any

import numpy as np

from alesha_sim.policies.users import TrustPolicy


class TrustLevels:
    """Each user's trust in each of so many shops, 1 at first; the policy says what an event makes of it."""

    def __init__(self, policy: TrustPolicy, users: int, shops: int = 1) -> None:
        self._policy: Any = policy  # one of somebody's own may answer with anything
        self._levels = [np.ones(users) for _ in range(shops)]

    def judge(self, user: int, event: str, shop: int = 0) -> None:
        """Let a user trust a shop, by its place, more or less after an event."""
        level = self._levels[shop]
        level[user] = self._policy.after(float(level[user]), event)

    def level(self, user: int, shop: int = 0) -> float:
        """Return how far a user trusts a shop."""
        return float(self._levels[shop][user])

    def suffices(self, user: int, draw: float) -> bool:
        """Tell whether a user trusts the only shop enough for a visit, by a draw from [0, 1)."""
        return bool(draw < self._levels[0][user])
