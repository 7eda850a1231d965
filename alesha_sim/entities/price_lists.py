"""The prices of a shop's products over time, in numbered lists."""

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from math import inf

from alesha_sim.units import MICROSECONDS

Changes = Sequence[tuple[float, str, int]]
"""From an instant (seconds) on a unit of a product (SKU) costs so many minor units."""


class PriceLists:
    """What a shop asks for each product at which instant.

    List 0 has the `prices` at first, by SKU; each instant of `changes` begins the next list. Instants are compared
    as they are recorded, in whole microseconds.
    """

    def __init__(self, prices: Mapping[str, int], changes: Changes) -> None:
        self._begins = sorted({round(at * MICROSECONDS) for at, _, _ in changes})
        numbers = {at: number for number, at in enumerate(self._begins, 1)}
        self._numbers: dict[str, list[int]] = {sku: [0] for sku in prices}
        self._prices: dict[str, list[int]] = {sku: [price] for sku, price in prices.items()}
        self._changed: dict[int, list[str]] = {}
        for at, sku, price in sorted(changes):
            number = numbers[round(at * MICROSECONDS)]
            self._numbers[sku].append(number)
            self._prices[sku].append(price)
            self._changed.setdefault(number, []).append(sku)

    def number_at(self, now: float) -> int:
        """Return the number of the list that holds at an instant."""
        return bisect_right(self._begins, round(now * MICROSECONDS))

    def ends_after(self, number: int) -> float:
        """Return an instant until which a list holds at least; infinity for the last one."""
        return (self._begins[number] - 1) / MICROSECONDS if number < len(self._begins) else inf

    def price(self, sku: str, number: int) -> int:
        """Return the price of a product in a list."""
        return self._prices[sku][bisect_right(self._numbers[sku], number) - 1]

    def changed(self, number: int) -> Sequence[str]:
        """Return the products that cost something else in a list than in the one before."""
        return self._changed.get(number, ())
