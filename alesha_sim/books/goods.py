"""Rows of goods: one of units for each product, and one of what they are worth in money."""

from collections.abc import Iterable, Sequence

from alesha_sim.books.ledger import Row

Lines = Iterable[tuple[int, int]]
"""What an order or a parcel consists of: (product's index, quantity)."""


def unit_rows(to: Sequence[int], source: Sequence[int], lines: Lines, code: int) -> list[Row]:
    """Return a row of units for each product, from its account in `source` to that in `to`."""
    return [(to[product], source[product], quantity, code) for product, quantity in lines]
