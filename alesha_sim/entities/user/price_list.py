"""The prices that users have seen."""

from collections.abc import Mapping, Sequence

from alesha_sim.messages import Lines, Offer
from alesha_sim.policies.users import Priced


class PriceList:
    """What the products cost: `products` maps each SKU to (product index, price at first in minor units).

    One major unit has `scale` minor units.
    """

    def __init__(self, products: Mapping[str, tuple[int, int]], scale: int) -> None:
        self._products = products
        self.scale = scale
        self._seen: tuple[Sequence[Offer], list[Priced], dict[str, int]] = (), [], {}

    def index(self, sku: str) -> int:
        """Return a product's index."""
        return self._products[sku][0]

    def goods(self, lines: Lines) -> list[tuple[int, int]]:
        """Return lines as the book has them: product's index and units."""
        return [(self._products[sku][0], units) for sku, units in lines]

    def total(self, lines: Lines, prices: Mapping[str, int] | None = None) -> int:
        """Return what lines cost by these prices, or else by those at first, minor units."""
        if prices is not None:
            return sum([prices[sku] * units for sku, units in lines])
        return sum([self._products[sku][1] * units for sku, units in lines])

    def shown(self, offers: Sequence[Offer], lines: Lines) -> int:
        """Return what lines cost by a home page, minor units."""
        return self.total(lines, self._read(offers)[2])

    def priced(self, offers: Sequence[Offer]) -> list[Priced]:
        """Return the products on the home page as a choice looks at them."""
        return self._read(offers)[1]

    def _read(self, offers: Sequence[Offer]) -> tuple[Sequence[Offer], list[Priced], dict[str, int]]:
        if offers is not self._seen[0]:  # nearly every visitor sees the same page
            scale = self.scale
            products = [Priced(offer.sku, offer.marked_price / scale, offer.price / scale) for offer in offers]
            self._seen = offers, products, {offer.sku: offer.price for offer in offers}
        return self._seen
