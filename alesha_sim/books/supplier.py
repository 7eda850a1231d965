"""The supplier's book: goods by unit and at cost, the shop's advances, and its cash as far as it knows."""

from collections.abc import Iterable, Sequence

from alesha_sim.books.accounts import (
    CHARGES,
    CHARGES_RETURN,
    COST,
    DELIVER,
    MAKE,
    OPENING,
    SALE,
    SHIP,
    SUPPLIER,
    TRANSPORT,
    Kind,
)
from alesha_sim.books.ledger import Ledger, Row
from alesha_sim.records import NO_ID

Lines = Iterable[tuple[int, int]]
"""What an order or a parcel consists of: (product's index, quantity)."""


class SupplierBook:
    """Posts the supplier's part of each fact; `costs` are minor units a unit, by product.

    `at` in seconds, amounts in minor units. A method tells whether it wrote: not if the book holds the link.
    """

    def __init__(self, ledger: Ledger, costs: Sequence[int]) -> None:
        self._ledger = ledger
        self._costs = tuple(costs)
        self._cash = ledger.account("supplier:cash", Kind.ASSET)
        self._stock_value = ledger.account("supplier:stock", Kind.ASSET, floor=True)
        self._transit_value = ledger.account("supplier:goods-in-transit", Kind.ASSET, floor=True)
        # Tuples of ids, because looking a range up costs twice as much.
        self._reserved = tuple(ledger.units("supplier:reserved", Kind.ASSET, floor=True))
        self._transit = tuple(ledger.units("supplier:goods-in-transit", Kind.ASSET, floor=True))
        self._advances = ledger.account("supplier:shop-advances", Kind.LIABILITY)
        self._payables = ledger.account("supplier:payables", Kind.LIABILITY)
        self._equity = ledger.account("supplier:equity", Kind.EQUITY)
        self._made = tuple(ledger.units("supplier:made", Kind.EQUITY))
        self._handovers = tuple(ledger.units("supplier:handovers", Kind.EQUITY))
        self._sales = ledger.account("supplier:sales", Kind.INCOME)
        self._cost_of_sales = ledger.account("supplier:cost-of-sales", Kind.EXPENSE)
        self._transport = ledger.account("supplier:transport", Kind.EXPENSE)

    def open(self, at: float, link: int, amount: int) -> bool:
        """Opening: cash / equity."""
        return self._ledger.transfer(at, SUPPLIER, link, NO_ID, self._cash, self._equity, amount, OPENING)

    def charges(self, at: float, link: int, order: int, amount: int) -> bool:
        """Charges, once the bank confirmed them: cash / shop-advances."""
        return self._ledger.transfer(at, SUPPLIER, link, order, self._cash, self._advances, amount, CHARGES)

    def charges_returned(self, at: float, link: int, order: int, amount: int, transport: int = 0) -> bool:
        """Charges returned, less transport: shop-advances / cash; shop-advances / transport."""
        rows = (
            (self._advances, self._cash, amount, CHARGES_RETURN),
            (self._advances, self._transport, transport, TRANSPORT),
        )
        return self._ledger.linked(at, SUPPLIER, link, order, rows)

    def made_to_order(self, at: float, order: int, lines: Lines) -> int:
        """Made to order: reserved / made in units; stock / payables at cost. Returns the link."""
        rows = self._units(self._reserved, self._made, lines, MAKE, self._stock_value, self._payables, MAKE)
        link = self._ledger.new_link()
        self._ledger.linked(at, SUPPLIER, link, order, rows)
        return link

    def shipped(self, at: float, order: int, lines: Lines) -> int:
        """Shipped: goods-in-transit / reserved in units, / stock at cost. Returns the link."""
        rows = self._units(
            self._transit, self._reserved, lines, SHIP, self._transit_value, self._stock_value, SHIP
        )
        link = self._ledger.new_link()
        self._ledger.linked(at, SUPPLIER, link, order, rows)
        return link

    def allot(self) -> int:
        """Return a new link for a delivery: the giver allots it when it ships."""
        return self._ledger.new_link()

    def delivered(self, at: float, link: int, order: int, lines: Lines, charge: int) -> bool:
        """Delivered: handovers / goods-in-transit in units; shop-advances / sales; cost-of-sales at cost."""
        rows = self._units(
            self._handovers, self._transit, lines, DELIVER, self._cost_of_sales, self._transit_value, COST
        )
        rows.insert(-1, (self._advances, self._sales, charge, SALE))
        return self._ledger.linked(at, SUPPLIER, link, order, rows)

    def _units(
        self, to: Sequence[int], source: Sequence[int], lines: Lines, code: int,
        value_to: int, value_from: int, value_code: int,
    ) -> list[Row]:  # fmt: skip
        """Return a row of units for each product and one of their cost."""
        cost = 0
        rows = []
        for product, quantity in lines:
            rows.append((to[product], source[product], quantity, code))
            cost += self._costs[product] * quantity
        rows.append((value_to, value_from, cost, value_code))
        return rows
