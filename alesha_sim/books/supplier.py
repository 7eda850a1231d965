"""The supplier's book: goods by unit and at cost, the shop's advances, and its cash to its knowledge.

Cost is a moving average. What left keeps the cost at which it left: the sender names that cost again.
"""

from collections.abc import Sequence

from alesha_sim.books.accounts import (
    BUYER_ADVANCES,
    CHARGES,
    CHARGES_RETURN,
    COLLECTION,
    COST,
    DELIVER,
    LOSS,
    MAKE,
    OPENING,
    REMITTANCE,
    REPLACE,
    RESERVE,
    RETURN_TO_SENDER,
    SALE,
    SHIP,
    TRANSPORT,
    Account,
)
from alesha_sim.books.goods import Lines, unit_rows
from alesha_sim.books.goods_value import GoodsValue, at_cost
from alesha_sim.books.ledger import Ledger
from alesha_sim.books.party_accounts import PartyAccounts
from alesha_sim.books.supplier_purchases import SupplierPurchases
from alesha_sim.vocabulary import NO_ID


class SupplierBook:
    """Posts a supplier's part of each entry; `costs` are what making a unit costs in minor units, by product.

    `at` in seconds, amounts in minor units; `cost` is what `shipped` said of the goods, together or by line. A
    method that allots an entry returns it; any other tells whether it wrote: not if the book holds the entry.
    """

    def __init__(
        self, ledger: Ledger, costs: Sequence[int], name: str = "supplier", *, of_many: bool = False
    ) -> None:
        accounts = PartyAccounts(ledger, name)
        self._ledger = ledger
        self._book = accounts.book
        self.costs = tuple(costs)
        self._goods_value = GoodsValue()
        self._cash = accounts.money(Account.SUPPLIER_CASH)
        self._stock_value = accounts.money(Account.SUPPLIER_STOCK)
        self._transit_value = accounts.money(Account.SUPPLIER_GOODS_IN_TRANSIT)
        self._reserved = accounts.units(Account.SUPPLIER_RESERVED)
        self._transit = accounts.units(Account.SUPPLIER_GOODS_IN_TRANSIT)
        self._advances = accounts.money(Account.SUPPLIER_SHOP_ADVANCES, BUYER_ADVANCES if of_many else "")
        self._payables = accounts.money(Account.SUPPLIER_PAYABLES)
        self._equity = accounts.money(Account.SUPPLIER_EQUITY)
        self._produced = accounts.units(Account.SUPPLIER_PRODUCTION)
        self._goods_clearing = accounts.units(Account.SUPPLIER_GOODS_CLEARING)
        self._sales = accounts.money(Account.SUPPLIER_SALES)
        self._cost_of_sales = accounts.money(Account.SUPPLIER_COST_OF_SALES)
        self._transport = accounts.money(Account.SUPPLIER_TRANSPORT)
        # A supplier that makes to order, loses nothing and collects nothing has none of these.
        self._stock = accounts.lazy_units(Account.SUPPLIER_STOCK)
        self._losses = accounts.lazy_units(Account.SUPPLIER_LOSSES)
        self._losses_value = accounts.lazy(Account.SUPPLIER_LOSSES)
        self._collections = accounts.lazy(Account.SUPPLIER_COLLECTIONS)
        self._collections_payable = accounts.lazy(Account.SUPPLIER_COLLECTIONS_PAYABLE)
        self._receivables = accounts.lazy(Account.SUPPLIER_RECEIVABLES)
        self.purchases = SupplierPurchases(
            ledger,
            accounts,
            self._cash,
            self._stock,
            self._stock_value,
            self._goods_clearing,
            self._transport,
            self._goods_value,
        )

    def open(self, at: float, entry: int, amount: int) -> bool:
        """Opening: cash / equity."""
        return self._ledger.transfer(at, self._book, entry, NO_ID, self._cash, self._equity, amount, OPENING)

    def give_credit(self) -> None:
        """Open the account of what is sold and paid later: goods may be sent unpaid from now on."""
        assert self._receivables.id

    def open_stock(self, at: float, lines: Lines) -> int:
        """Opening stock: stock / production in units; stock / equity at cost."""
        rows = unit_rows(self._stock.ids, self._produced, lines, OPENING)
        rows.append((self._stock_value, self._equity, self._made(lines), OPENING))
        return self._ledger.post_new(at, self._book, NO_ID, rows)

    # Money

    def charges(self, at: float, entry: int, order: int, amount: int) -> bool:
        """Charges, once the bank confirmed them: cash / shop-advances."""
        return self._ledger.transfer(at, self._book, entry, order, self._cash, self._advances, amount, CHARGES)

    def charges_returned(self, at: float, entry: int, order: int, amount: int, transport: int = 0) -> bool:
        """Charges returned, less transport: shop-advances / cash; shop-advances / transport."""
        rows = (
            (self._advances, self._cash, amount, CHARGES_RETURN),
            (self._advances, self._transport, transport, TRANSPORT),
        )
        return self._ledger.post(at, self._book, entry, order, rows)

    def collected(self, at: float, entry: int, order: int, total: int) -> bool:
        """Collected at the door for the shop: collections / collections-payable."""
        return self._ledger.transfer(
            at, self._book, entry, order, self._collections.id, self._collections_payable.id, total, COLLECTION
        )

    def remitted(self, at: float, entry: int, order: int, total: int) -> bool:
        """Collections passed on to the shop: collections-payable / collections."""
        return self._ledger.transfer(
            at, self._book, entry, order, self._collections_payable.id, self._collections.id, total, REMITTANCE
        )

    # Goods

    def made_to_stock(self, at: float, lines: Lines) -> int:
        """Made to stock: stock / production in units; stock / payables at cost."""
        rows = unit_rows(self._stock.ids, self._produced, lines, MAKE)
        rows.append((self._stock_value, self._payables, self._made(lines), MAKE))
        return self._ledger.post_new(at, self._book, NO_ID, rows)

    def made_to_order(self, at: float, order: int, lines: Lines) -> int:
        """Made to order: reserved / production in units; stock / payables at cost. Returns the entry."""
        rows = unit_rows(self._reserved, self._produced, lines, MAKE)
        rows.append((self._stock_value, self._payables, self._made(lines), MAKE))
        return self._ledger.post_new(at, self._book, order, rows)

    def reserved(self, at: float, order: int, lines: Lines) -> int:
        """Reserved: reserved / stock in units."""
        return self._ledger.post_new(
            at, self._book, order, unit_rows(self._reserved, self._stock.ids, lines, RESERVE)
        )

    def reservation_ended(self, at: float, order: int, lines: Lines) -> int:
        """Reservation ended: stock / reserved in units."""
        return self._ledger.post_new(
            at, self._book, order, unit_rows(self._stock.ids, self._reserved, lines, RESERVE)
        )

    def shipped(self, at: float, order: int, lines: Lines) -> list[int]:
        """Shipped: goods-in-transit / reserved in units, / stock at cost. Returns the cost of each line."""
        costs = self._goods_value.take(lines)
        rows = unit_rows(self._transit, self._reserved, lines, SHIP)
        rows.append((self._transit_value, self._stock_value, sum(costs), SHIP))
        self._ledger.post_new(at, self._book, order, rows)
        return costs

    def lost(self, at: float, order: int, lines: Lines, cost: int) -> int:
        """Parcel lost: losses / goods-in-transit in units, and at cost."""
        rows = unit_rows(self._losses.ids, self._transit, lines, LOSS)
        rows.append((self._losses_value.id, self._transit_value, cost, LOSS))
        return self._ledger.post_new(at, self._book, order, rows)

    def came_back(self, at: float, order: int, lines: Lines, costs: Sequence[int], transport: int) -> int:
        """Came back: stock / goods-in-transit in units, and at cost; transport / payables."""
        self._goods_value.put(lines, costs)
        rows = unit_rows(self._stock.ids, self._transit, lines, RETURN_TO_SENDER)
        rows.append((self._stock_value, self._transit_value, sum(costs), RETURN_TO_SENDER))
        rows.append((self._transport, self._payables, transport, TRANSPORT))
        return self._ledger.post_new(at, self._book, order, rows)

    def allot(self) -> int:
        """Return a new entry for a delivery: the giver allots it when it ships."""
        return self._ledger.new_entry()

    def delivered(
        self, at: float, entry: int, order: int, lines: Lines, charge: int, cost: int, on_credit: bool = False
    ) -> bool:
        """Delivered: goods-clearing / goods-in-transit in units; cost-of-sales at cost.

        The sale: shop-advances / sales, on credit receivables / sales.
        """
        rows = unit_rows(self._goods_clearing, self._transit, lines, DELIVER)
        rows.append((self._receivables.id if on_credit else self._advances, self._sales, charge, SALE))
        rows.append((self._cost_of_sales, self._transit_value, cost, COST))
        return self._ledger.post(at, self._book, entry, order, rows)

    def replaced(self, at: float, entry: int, order: int, lines: Lines, cost: int) -> bool:
        """Warranty swap: goods-clearing / goods-in-transit, new ones; losses / goods-clearing, broken ones.

        At cost: losses / goods-in-transit.
        """
        lines = tuple(lines)
        rows = unit_rows(self._losses.ids, self._goods_clearing, lines, REPLACE)
        rows += unit_rows(self._goods_clearing, self._transit, lines, REPLACE)
        rows.append((self._losses_value.id, self._transit_value, cost, REPLACE))
        return self._ledger.post(at, self._book, entry, order, rows)

    def _made(self, lines: Lines) -> int:
        """Take in goods at what making them costs, and return that."""
        costs = at_cost(lines, self.costs)
        self._goods_value.put(lines, costs)
        return sum(costs)
