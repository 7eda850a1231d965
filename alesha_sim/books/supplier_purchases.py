"""What a supplier that buys what it sells writes of that, in its own book: as the buyer."""

from collections.abc import Sequence

from alesha_sim.books.accounts import CHARGES, CHARGES_RETURN, COST, DELIVER, TRANSPORT, Account
from alesha_sim.books.goods import Lines, unit_rows
from alesha_sim.books.goods_value import GoodsValue
from alesha_sim.books.lazy_accounts import LazyUnits
from alesha_sim.books.ledger import Ledger
from alesha_sim.books.party_accounts import PartyAccounts


class SupplierPurchases:
    """Posts the buyer's part of an entry; `stock` are the units that it receives, worth `goods_value`.

    A method tells whether it wrote: not if the book holds the entry.
    """

    def __init__(
        self,
        ledger: Ledger,
        accounts: PartyAccounts,
        cash: int,
        stock: LazyUnits,
        stock_value: int,
        goods_clearing: Sequence[int],
        transport: int,
        goods_value: GoodsValue,
    ) -> None:
        self._ledger = ledger
        self._book = accounts.book
        self._cash = cash
        self._stock = stock
        self._stock_value = stock_value
        self._goods_clearing = goods_clearing
        self._transport = transport
        self._goods_value = goods_value
        self._advances = accounts.lazy(Account.SUPPLIER_SUPPLIER_ADVANCES)
        self._trade_payables = accounts.lazy(Account.SUPPLIER_TRADE_PAYABLES)

    def cash_balance(self) -> int:
        """Return the cash that the supplier knows it has."""
        return self._ledger.balance(self._cash)

    def charges(self, at: float, entry: int, order: int, amount: int) -> bool:
        """Charges: supplier-advances / cash."""
        return self._ledger.transfer(at, self._book, entry, order, self._advances.id, self._cash, amount, CHARGES)

    def charges_returned(self, at: float, entry: int, order: int, amount: int, transport: int = 0) -> bool:
        """Charges returned, less transport: cash / supplier-advances; transport / supplier-advances."""
        rows = (
            (self._cash, self._advances.id, amount, CHARGES_RETURN),
            (self._transport, self._advances.id, transport, TRANSPORT),
        )
        return self._ledger.post(at, self._book, entry, order, rows)

    def received(
        self, at: float, entry: int, order: int, lines: Lines, charges: Sequence[int], on_credit: bool = False
    ) -> bool:
        """Goods received: stock / goods-clearing; at charge stock / supplier-advances, or / trade-payables."""
        rows = unit_rows(self._stock.ids, self._goods_clearing, lines, DELIVER)
        source = self._trade_payables.id if on_credit else self._advances.id
        rows.append((self._stock_value, source, sum(charges), COST))
        is_new = self._ledger.post(at, self._book, entry, order, rows)
        if is_new:
            self._goods_value.put(lines, charges)
        return is_new
