"""From whom an organisation buys: its sellers, what each of them takes, and whether it is heard of."""

from collections.abc import Sequence
from typing import NamedTuple


class Seller(NamedTuple):
    """A seller as its buyer knows it: its code, the number of its account, what a unit costs by product.

    Goods are paid `credit_seconds` after they came, or before they are ordered if None.
    """

    code: int
    account: int
    charges: Sequence[int]
    credit_seconds: float | None = None


class PurchasingTerms(NamedTuple):
    """From which `sellers` goods are bought; an order is sent `order_seconds` after it was decided on."""

    sellers: Sequence[Seller]
    order_seconds: float = 0.0


class Sources:
    """The sellers of one buyer, in the order in which it names them."""

    def __init__(self, skus: Sequence[str], sellers: Sequence[Seller]) -> None:
        self.skus = tuple(skus)
        self.products = {sku: product for product, sku in enumerate(skus)}
        self.sellers = tuple(sellers)
        self._unanswered: dict[int, dict[int, float]] = {seller.code: {} for seller in sellers}

    def split(self, product: int, units: int) -> list[tuple[Seller, int]]:
        """Return who is to send how many units of a product."""
        return [(self.sellers[0], units)]

    def after(self, rejecting: Seller, product: int, units: int) -> Seller | None:
        """Return who is asked next for goods that a seller rejected; None for nobody."""
        return None

    def asked(self, seller: Seller, order: int, at: float) -> None:
        """Note that a seller is asked to supply an order."""
        self._unanswered[seller.code][order] = at

    def heard(self, seller: Seller, order: int) -> None:
        """Note that a seller has answered."""
        self._unanswered[seller.code].pop(order, None)
