"""The changes of a shop's prices that follow from its dated prices. Loads nothing that makes a scenario."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, NamedTuple

from alesha_sim.units import Currency

if TYPE_CHECKING:
    from alesha_sim.scenarios.price_lists import DatedPrice


class PriceChange(NamedTuple):
    """From the instant `at` (seconds) on a unit of a product costs `price` (minor units)."""

    at: float
    sku: str
    price: int


def price_changes(
    prices: Sequence["DatedPrice"], catalogue: Mapping[str, Decimal], currency: Currency
) -> tuple[PriceChange, ...]:
    """Return how prices change, by instant and product; those of the `catalogue`, by SKU, hold before."""
    of_product: dict[str, list[DatedPrice]] = {}
    for each in sorted(prices, key=lambda each: each.begins_at):
        of_product.setdefault(each.sku, []).append(each)
    found = []
    for sku, first in catalogue.items():
        own, price = of_product.get(sku, ()), first
        for at in sorted({at for each in own for at in (each.begins_at, each.until) if at is not None}):
            holding = [
                each.price for each in own if each.begins_at <= at and (each.until is None or at < each.until)
            ]
            before, price = price, holding[-1] if holding else first
            if price != before:
                found.append(PriceChange(at, sku, currency.minor(price)))
    return tuple(sorted(found))
