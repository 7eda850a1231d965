"""What all users share, and a user who acts: on a visit, or about an order.

Visits and orders are handed the context; the entity that keeps them, `UserPopulation`, they do not know.
"""

from typing import Any

from mypy_extensions import mypyc_attr

from alesha_sim.books.users import UsersBook
from alesha_sim.entities.entity import Entity, EntityError, Party, Process
from alesha_sim.entities.price_lists import PriceLists
from alesha_sim.entities.user.budget import Budgets
from alesha_sim.entities.user.credentials import Credentials
from alesha_sim.entities.user.price_list import PriceList
from alesha_sim.entities.user.shops import KnownShops
from alesha_sim.entities.user.terms import UserTerms
from alesha_sim.entities.user.trust import TrustLevels
from alesha_sim.kernel.task import begin
from alesha_sim.messages import Lines, Pay
from alesha_sim.network import Channel
from alesha_sim.policies.shop_choice import ShopShares
from alesha_sim.policies.users import REFUSED
from alesha_sim.recording.visit_log import VisitLog
from alesha_sim.vocabulary import NO_ID


class UserContext:
    """What users act with; none of it is exchanged once it is made.

    The channels are those of `party`, which also lists orders in doubt: both are set when a market is connected.
    """

    def __init__(
        self, party: Entity, book: UsersBook, log: VisitLog, credentials: Credentials, terms: UserTerms
    ) -> None:
        users = len(credentials)
        self.party = party
        self.clock = party.clock
        self.book = book
        self.log = log
        self.credentials = credentials
        self.prices = PriceList(terms.products, terms.scale)
        first = {sku: price for sku, (_, price) in terms.products.items()}
        self._price_lists = {shop: PriceLists(first, changes) for shop, changes in terms.price_changes.items()}
        self.behaviour = terms.behaviour
        self.patience = terms.patience
        self.shops = terms.shops
        self.only_shop = self.shops[0] if len(self.shops) == 1 else ""
        self._suppliers = terms.suppliers
        self._banks = terms.banks
        self.choice: Any = terms.choice  # one of somebody's own may answer with anything
        self.budgets: Budgets | None = None
        if terms.budget is not None:
            self.budgets = Budgets(party.clock, users, terms.budget, terms.budget_seconds)
        self.trust = None if terms.trust is None else TrustLevels(terms.trust, users, len(self.shops))
        self.known_shops: KnownShops | None = None
        if len(self.shops) > 1:
            self.known_shops = KnownShops(self.shops, terms.shop_choice or ShopShares(), self.trust)
        self.intercepted = Intercepted()

    def shop(self, name: str | None = None) -> Channel:
        """Return the channel to a shop, to the first one unless it is named."""
        return self.party.channels[self.shops[0] if name is None else name]

    def prices_in(self, shop: Channel, number: int, cart: Lines) -> dict[str, int]:
        """Return what a unit of each product in a cart costs by a shop's list of a number."""
        lists = next(lists for name, lists in self._price_lists.items() if self.party.channels[name] is shop)
        return {sku: lists.price(sku, number) for sku, _ in cart}

    def supplier(self) -> Channel:
        """Return the channel to the first supplier."""
        return self.party.channels[self._suppliers[0]]

    def bank(self, user: int) -> Channel:
        """Return the channel to the bank where a user has their account."""
        name = next(name for name, customers in self._banks.items() if customers is None or user in customers)
        return self.party.channels[name]

    def judge(self, user: int, event: str, shop: Channel) -> None:
        """Let a user trust a shop more or less after an event, if trust matters."""
        if self.trust is not None:
            place = 0
            if len(self.shops) > 1:
                place = [self.party.channels[name] is shop for name in self.shops].index(True)
            self.trust.judge(user, event, place)

    def note_refused_cart(self, user: int, amount: int, chosen_at: float, shop: Channel) -> None:
        """Learn that a shop does not take a cart: the budget set aside is free again, the trust suffers."""
        if self.budgets is not None:
            self.budgets.give_back(user, amount, chosen_at)
        self.judge(user, REFUSED, shop)


class Intercepted:
    """What attackers intercept: the last payment that was filled in, the last transaction a user heard of."""

    def __init__(self) -> None:
        self.payment: Pay | None = None
        self.transaction = NO_ID


@mypyc_attr(allow_interpreted_subclasses=True)
class ActingUser(Party):
    """One user in one matter: a visit, or an order; `shop` is the channel to the shop that it is about."""

    def __init__(self, context: UserContext, user: int, shop: Channel) -> None:
        super().__init__(context.clock, f"user:{user}", user)
        self.context = context
        self.shop = shop
        self.mark_in_doubt = context.party.mark_in_doubt

    @property
    def subject(self) -> str:
        """What this is about, for an error's text."""
        raise NotImplementedError

    def start(self, process: Process) -> None:
        """Let a process of this user run; an error in it names the user and the matter."""
        begin(self.clock, process, self._failure)

    def _failure(self, error: Exception) -> EntityError:
        where = f"{self.name} failed on {self.subject} at {self.clock.now} s"
        return EntityError(f"{where}: {type(error).__name__}: {error}")
