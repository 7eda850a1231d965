"""The shop's own goods, by unit and at charge: their accounts, and the rows of moving them among these.

Charge is a moving average of what was paid for them.
"""

from alesha_sim.books.accounts import Account
from alesha_sim.books.goods import Lines, unit_rows
from alesha_sim.books.goods_value import GoodsValue
from alesha_sim.books.ledger import Row
from alesha_sim.books.party_accounts import PartyAccounts


class StockAccounts:
    """Accounts of the shop's goods, each opened when it is first used. Values in minor units."""

    def __init__(self, accounts: PartyAccounts) -> None:
        self.stock = accounts.lazy_units(Account.SHOP_STOCK)
        self.stock_value = accounts.lazy(Account.SHOP_STOCK)
        self.transit = accounts.lazy_units(Account.SHOP_GOODS_IN_TRANSIT)
        self.transit_value = accounts.lazy(Account.SHOP_GOODS_IN_TRANSIT)
        self.goods_clearing = accounts.lazy_units(Account.SHOP_GOODS_CLEARING)
        self.losses = accounts.lazy_units(Account.SHOP_LOSSES)
        self.losses_value = accounts.lazy(Account.SHOP_LOSSES)
        self.goods_value = GoodsValue()

    def shipped(self, lines: Lines, charge: int, code: int) -> list[Row]:
        """Return the rows of sending units: goods-in-transit / stock."""
        value = self.transit_value.id, self.stock_value.id, charge, code
        return [*unit_rows(self.transit.ids, self.stock.ids, lines, code), value]

    def lost(self, lines: Lines, charge: int, code: int) -> list[Row]:
        """Return the rows of losing units that were sent: losses / goods-in-transit."""
        value = self.losses_value.id, self.transit_value.id, charge, code
        return [*unit_rows(self.losses.ids, self.transit.ids, lines, code), value]

    def written_off(self, lines: Lines, charge: int, code: int) -> list[Row]:
        """Return the rows of writing units off: losses / stock."""
        value = self.losses_value.id, self.stock_value.id, charge, code
        return [*unit_rows(self.losses.ids, self.stock.ids, lines, code), value]
