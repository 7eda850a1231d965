"""The shop's own goods, by unit and at charge: their accounts, and the rows of moving them among these."""

from functools import cached_property

from alesha_sim.books.accounts import Kind
from alesha_sim.books.goods import Lines, unit_rows
from alesha_sim.books.ledger import Ledger, Row


class Store:
    """Accounts of the shop's goods, each opened when it is first used. Values in minor units."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    @cached_property
    def stock(self) -> tuple[int, ...]:
        """Units in the shop."""
        return tuple(self._ledger.units("shop:stock", Kind.ASSET, floor=True))

    @cached_property
    def stock_value(self) -> int:
        """What the units in the shop were charged at."""
        return self._ledger.account("shop:stock", Kind.ASSET, floor=True)

    @cached_property
    def transit(self) -> tuple[int, ...]:
        """Units on their way to users."""
        return tuple(self._ledger.units("shop:goods-in-transit", Kind.ASSET, floor=True))

    @cached_property
    def transit_value(self) -> int:
        """What the units on their way were charged at."""
        return self._ledger.account("shop:goods-in-transit", Kind.ASSET, floor=True)

    @cached_property
    def handovers(self) -> tuple[int, ...]:
        """Units given to other books, less those taken."""
        return tuple(self._ledger.units("shop:handovers", Kind.EQUITY))

    @cached_property
    def losses(self) -> tuple[int, ...]:
        """Units lost or written off."""
        return tuple(self._ledger.units("shop:losses", Kind.EXPENSE))

    @cached_property
    def losses_value(self) -> int:
        """What the units lost or written off were charged at."""
        return self._ledger.account("shop:losses", Kind.EXPENSE)

    def shipped(self, lines: Lines, charge: int, code: int) -> list[Row]:
        """Return the rows of sending units: goods-in-transit / stock."""
        value = self.transit_value, self.stock_value, charge, code
        return [*unit_rows(self.transit, self.stock, lines, code), value]

    def lost(self, lines: Lines, charge: int, code: int) -> list[Row]:
        """Return the rows of losing units that were sent: losses / goods-in-transit."""
        value = self.losses_value, self.transit_value, charge, code
        return [*unit_rows(self.losses, self.transit, lines, code), value]

    def written_off(self, lines: Lines, charge: int, code: int) -> list[Row]:
        """Return the rows of writing units off: losses / stock."""
        value = self.losses_value, self.stock_value, charge, code
        return [*unit_rows(self.losses, self.stock, lines, code), value]
