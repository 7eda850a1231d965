"""From whom an organisation buys: its sellers, what each of them takes, and which of them gets an order."""

from collections.abc import Collection, Sequence
from typing import Any, NamedTuple

from alesha_sim.policies import PolicyError, Source, SourcingPolicy, StockPosition

Goods = Sequence[tuple[int, int]]
"""(product's index, units)."""

SILENCE = 3600.0
"""A seller that has not answered for so many seconds gets no order until it does."""


class Seller(NamedTuple):
    """A seller as its buyer knows it: its code, the number of its account, what a unit costs by product.

    `lead_seconds` is how long goods take from the order, as expected, by product. Goods bought
    `on_credit` are not paid before they are ordered.
    """

    code: int
    account: int
    charges: Sequence[int]
    name: str = "supplier"
    lead_seconds: Sequence[float] = ()
    on_credit: bool = False


class PurchasingTerms(NamedTuple):
    """From which `sellers` goods are bought, by which policy; the first of them sells all if it is None.

    An order for stock is sent `order_seconds` after it was decided on.
    """

    sellers: Sequence[Seller]
    order_seconds: float = 0.0
    sourcing: SourcingPolicy | None = None


class Sources:
    """The sellers of one buyer, in the order in which it names them, and its choice among them."""

    def __init__(self, skus: Sequence[str], terms: PurchasingTerms) -> None:
        self.skus = tuple(skus)
        self.products = {sku: product for product, sku in enumerate(skus)}
        self.sellers = tuple(terms.sellers)
        self.policy: Any = terms.sourcing  # one of somebody's own may answer with anything
        self.looks_at_stock = bool(getattr(self.policy, "needs_stock", False))
        self._by_name = {seller.name: seller for seller in self.sellers}
        self._ordered = {seller.code: [0] * len(self.skus) for seller in self.sellers}
        self._unanswered: dict[int, dict[int, float]] = {seller.code: {} for seller in self.sellers}

    def split(
        self,
        product: int,
        units: int,
        now: float,
        position: StockPosition | None = None,
        rejected: Collection[int] = (),
    ) -> list[tuple[Seller, int]]:
        """Return who is to send how many units of a product; `rejected` are the codes of those who do not.

        Raises PolicyError for a policy that names another, or no whole number of units.
        """
        if self.policy is None:
            return [(self.sellers[0], units)] if units and not rejected else []
        sku = self.skus[product]
        sources = [
            Source(
                seller.name,
                seller.charges[product],
                seller.lead_seconds[product],
                self._ordered[seller.code][product],
                seller.code not in rejected and not self._is_silent(seller, now),
            )
            for seller in self.sellers
        ]
        parts = self.policy.order(sku, units, sources, position)
        for name, part in parts:
            if name not in self._by_name or type(part) is not int or part < 0:
                kind = type(self.policy).__name__
                answer = f"sourcing: {kind}: order of {sku}: {(name, part)!r}"
                raise PolicyError(f"{answer}: must be a supplier and units")
        return [(self._by_name[name], part) for name, part in parts if part]

    def choose(self, goods: Goods, now: float, rejected: Collection[int] = ()) -> Seller | None:
        """Return who is to send all of an order: who gets the most of its units; None for nobody."""
        if self.policy is None:
            return None if rejected else self.sellers[0]
        units: dict[str, int] = {}
        for product, wanted in goods:
            for seller, part in self.split(product, wanted, now, rejected=rejected):
                units[seller.name] = units.get(seller.name, 0) + part
        return self._by_name[max(units, key=lambda name: units[name])] if units else None

    def count(self, seller: Seller, goods: Goods) -> None:
        """Count units that a seller is asked for."""
        for product, units in goods:
            self._ordered[seller.code][product] += units

    def asked(self, seller: Seller, order: int, at: float) -> None:
        """Note that a seller is asked to supply an order."""
        if self.policy is None:
            return
        self._unanswered[seller.code][order] = at

    def heard(self, seller: Seller, order: int) -> None:
        """Note that a seller has answered."""
        if self.policy is None:
            return
        self._unanswered[seller.code].pop(order, None)

    def _is_silent(self, seller: Seller, now: float) -> bool:
        """Tell whether a seller has owed an answer for long."""
        waiting = self._unanswered[seller.code]
        return bool(waiting) and now - min(waiting.values()) > SILENCE
