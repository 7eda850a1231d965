"""What a holder's goods are worth: a moving average of what was paid for them, product by product.

A book of goods has one. It posts nothing: it says what the money row of a movement is to be.
"""

from collections.abc import Iterable, Sequence

from alesha_sim.books.goods import Lines


class GoodsValue:
    """Units held, free and reserved, and their value in minor units, by product.

    What leaves takes `value * units // units held`, so that the last unit takes the rest; nothing is ever lost to
    rounding. Goods that come back keep the value at which they left.
    """

    def __init__(self) -> None:
        self._units: dict[int, int] = {}
        self._values: dict[int, int] = {}

    def put(self, lines: Lines, values: Iterable[int]) -> None:
        """Take in units of each product at a value."""
        held, worth = self._units, self._values
        for (product, units), value in zip(lines, values, strict=True):
            held[product] = held.get(product, 0) + units
            worth[product] = worth.get(product, 0) + value

    def take(self, lines: Lines) -> list[int]:
        """Take units of each product out and return each line's worth; the ledger refuses what is not there."""
        held, worth = self._units, self._values
        values = []
        for product, units in lines:
            had = held.get(product, 0)
            value = worth[product] * units // had if had else 0
            held[product] = had - units
            worth[product] = worth.get(product, 0) - value
            values.append(value)
        return values


def part_of(value: int, units: int, before: int, taken: int) -> int:
    """Return what `taken` of `units` together worth `value` are worth, after `before` of them were taken.

    All parts together are worth the whole, in whatever portions they are taken.
    """
    return value * (before + taken) // units - value * before // units


def at_cost(lines: Lines, costs: Sequence[int]) -> list[int]:
    """Return what each line is worth at so many minor units a unit, by product."""
    return [costs[product] * units for product, units in lines]
