"""Who comes when for what: visits begin as they were drawn, each when its instant has come.

Demand stays in the arrays it was drawn in; what one visit needs is read when it begins.
"""

from collections.abc import Callable, Container, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from alesha_sim.entities.user.intent import VisitDraws, VisitIntent
from alesha_sim.entities.user.population import UserPopulation
from alesha_sim.messages import Lines, Method
from alesha_sim.vocabulary import INTENTS

if TYPE_CHECKING:
    from alesha_sim.scenarios.demand.base import Visits


class Arrivals:
    """Lets the visits of a demand begin, at the instants `at` (seconds), but for those of users who are `played`.

    A visitor looks at the pages of all products, `skus`, or only at those of what is in the cart.
    """

    def __init__(
        self, users: UserPopulation, visits: "Visits", skus: Sequence[str], views_all: bool, played: Container[int]
    ) -> None:
        self.at = visits.at
        self._users = users
        self._skus = tuple(skus)
        self._views_all = views_all
        self._played = played
        # Arrays, read one number at a time: as lists they would take 200 bytes a visit.
        self._user, self._intent = _narrow(visits.user).item, visits.intent.item
        self._mistypes_secret = visits.wrong_secret.item
        self._quantities, self._at_door = _narrow(visits.quantities), visits.at_door
        self._draws = _draws(visits.draws)
        self._carts: dict[bytes, Lines] = {}

    def begin(self, number: int) -> None:
        """Let a visit begin."""
        user, intent = self._user(number), self._intent(number)
        if user in self._played:
            return
        cart = self._cart(number)
        if intent and not cart:
            cart = ((self._skus[0], 1),)  # an attacker always wants something
        views = self._skus if self._views_all else tuple([sku for sku, _ in cart])
        at_door = self._at_door is not None and self._at_door[number]
        method = Method.CASH_ON_DELIVERY if at_door else Method.ACCOUNT
        mistypes_secret = self._mistypes_secret(number)
        self._users.arrive(
            VisitIntent(user, cart, views, mistypes_secret, INTENTS[intent], method, self._draws(number))
        )

    def _cart(self, number: int) -> Lines:
        """Return what a visitor means to buy; equal carts are one, since most want what others want, too."""
        quantities = self._quantities[number]
        key = quantities.tobytes()
        cart = self._carts.get(key)
        if cart is None:
            units = quantities.tolist()
            cart = self._carts[key] = tuple([(sku, n) for sku, n in zip(self._skus, units, strict=True) if n])
        return cart


def _draws(drawn: Mapping[str, npt.NDArray[np.float64]]) -> Callable[[int], VisitDraws]:
    """Return the draws of a visit, by its number; the same for all where nothing was drawn."""
    if not drawn:
        none_drawn = VisitDraws()
        return lambda number: none_drawn

    def of(number: int) -> VisitDraws:
        rows = {name: column[number].tolist() for name, column in drawn.items()}
        return VisitDraws._make(
            _plain(rows.get(name, default)) for name, default in VisitDraws._field_defaults.items()
        )

    return of


def _narrow(numbers: npt.NDArray[np.int64]) -> npt.NDArray[np.signedinteger[Any]]:
    """Return whole numbers from 0 in the least space that all of them fit in."""
    return numbers.astype(np.min_scalar_type(-1 - int(numbers.max(initial=0))))


def _plain(value: Any) -> Any:
    """Return a draw as the visit holds it: one number, or a tuple with one for each product."""
    return tuple(value) if isinstance(value, list) else value
