"""What users know of several shops, and how they choose among them."""

from collections.abc import Sequence
from typing import Any

from alesha_sim.entities.user.trust import TrustLevels
from alesha_sim.policies.shop_choice import KnownShop, ShopChoicePolicy, ShopOffer


class KnownShops:
    """The shops that users can go to, by name: where each user bought last, and how far it trusts each.

    A user's trust in a shop is 1 where nobody keeps it. Raises ValueError for a policy that names no such shop.
    """

    def __init__(self, names: Sequence[str], policy: ShopChoicePolicy, trust: TrustLevels | None) -> None:
        self.names = tuple(names)
        self._policy: Any = policy  # one of somebody's own may answer with anything
        self._trust = trust
        self._last: dict[int, str] = {}

    def considered(self, user: int, draw: float) -> list[str]:
        """Return the shops whose home pages a user asks for."""
        last = self._last.get(user)
        known = [KnownShop(name, self.trust(user, name), name == last) for name in self.names]
        return [self._known(name, self.names) for name in self._policy.considers(known, draw)]

    def choose(self, offers: Sequence[ShopOffer], draw: float) -> str | None:
        """Return the shop where a user goes on that has seen these offers, None for none."""
        chosen = self._policy.choose(offers, draw)
        return None if chosen is None else self._known(chosen, [offer.name for offer in offers])

    def note_bought(self, user: int, name: str) -> None:
        """Remember where a user bought last."""
        self._last[user] = name

    def trust(self, user: int, name: str) -> float:
        """Return how far a user trusts a shop."""
        return 1.0 if self._trust is None else self._trust.level(user, self.names.index(name))

    def _known(self, name: Any, names: Sequence[str]) -> str:
        if name not in names:
            rule = f"must be one of {', '.join(names)}"
            raise ValueError(f"users.shop_choice: {type(self._policy).__name__}: {name!r}: {rule}")
        return str(name)
