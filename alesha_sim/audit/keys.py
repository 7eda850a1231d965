"""What rows are summed by: keys, and the lines of orders."""

from typing import NamedTuple

import numpy as np

from alesha_sim.audit.reading import Ints


class Key(NamedTuple):
    """What rows are summed by: a place for each row, from 0 to `size - 1`, and the number of each place."""

    of_row: Ints
    size: int
    numbers: Ints

    def find(self, numbers: Ints) -> Ints:
        """Return the place of each of `numbers`, or `size` if it has none."""
        places = np.searchsorted(self.numbers, numbers)
        return np.where(np.append(self.numbers, -1)[places] == numbers, places, self.size)


class Lines:
    """Quantities ordered, by order and commodity; a product named twice in an order counts once, summed.

    Of each line, `order` is the order's place and `product` the product, from 0.
    """

    def __init__(self, orders: Ints, commodities: Ints, quantities: Ints, products: int) -> None:
        self._products = np.int64(products + 1)  # orders may be places, of 32 bits where pointers are
        self.keys, places = np.unique(orders * self._products + commodities, return_inverse=True)
        self.quantity = np.zeros(len(self.keys), np.int64)
        np.add.at(self.quantity, places, quantities)
        self.order, self.product = self.keys // self._products, self.keys % self._products - 1

    def find(self, orders: Ints, commodities: Ints) -> Ints:
        """Return the place of each order's product among the lines, or their number if it was not ordered."""
        wanted = orders * self._products + commodities
        places = np.searchsorted(self.keys, wanted)
        known = np.append(self.keys, -1)[places] == wanted
        return np.where(known, places, len(self.keys))
