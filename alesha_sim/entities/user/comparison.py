"""A visit where there are several shops: the user compares the home pages of those it considers and goes to one.

How a user chooses is a policy of `policies/shop_choice.py`; the rest of the visit is in `visit.py`.
"""

from collections.abc import Mapping

from mypy_extensions import mypyc_attr

from alesha_sim.entities.entity import Asking
from alesha_sim.entities.user.context import UserContext
from alesha_sim.entities.user.intent import NoAnswer, VisitIntent
from alesha_sim.entities.user.open_orders import OpenOrders
from alesha_sim.entities.user.shops import KnownShops
from alesha_sim.entities.user.visit import VIEW_HOMEPAGE, UserVisit
from alesha_sim.messages import Homepage
from alesha_sim.policies.shop_choice import ShopOffer
from alesha_sim.vocabulary import BOUGHT, LOOKED


@mypyc_attr(allow_interpreted_subclasses=True)
class ComparingVisit(UserVisit):
    """A customer on a visit to the `shops` that it considers, which ends at one of them or at none."""

    def __init__(self, context: UserContext, orders: OpenOrders, intent: VisitIntent, shops: KnownShops) -> None:
        super().__init__(context, orders, intent)
        self.shops = shops
        self.shop_name = ""

    def view_homepage(self) -> Asking[Homepage]:
        """Look at one home page after the other, and return that of the shop where the user goes on.

        Raises NoAnswer if there is none. Who only looks around chooses none, unless one alone is considered.
        """
        pages: dict[str, Homepage] = {}
        outcome = LOOKED
        for name in self.shops.considered(self.code, self.intent.draws.shop):
            self.shop = self.context.shop(name)
            try:
                pages[name] = yield from self.ask_shop(VIEW_HOMEPAGE)
            except NoAnswer as silence:
                outcome = silence.outcome
        if not pages:
            raise NoAnswer(outcome)
        if self.cart or len(pages) == 1:
            self.shop_name = self._chosen(pages)
            self.shop = self.context.shop(self.shop_name)
            self.context.log.chose(self.number, self.shop_name)
            return pages[self.shop_name]
        return next(iter(pages.values()))

    def _chosen(self, pages: Mapping[str, Homepage]) -> str:
        """Return the name of the shop where the user goes on; raises NoAnswer if it goes nowhere."""
        prices, shops = self.context.prices, self.shops
        offers = [
            ShopOffer(
                name,
                prices.shown(page.offers, self.cart) / prices.scale,
                page.promise_seconds,
                shops.trust(self.code, name),
            )
            for name, page in pages.items()
            if page.offers
        ]
        chosen = shops.choose(offers, self.intent.draws.shop)
        if chosen is None:
            raise NoAnswer(LOOKED)
        return chosen

    def leave(self, outcome: int) -> None:
        """End the visit; a shop where the user bought is remembered."""
        if outcome == BOUGHT:
            self.shops.note_bought(self.code, self.shop_name)
        super().leave(outcome)
