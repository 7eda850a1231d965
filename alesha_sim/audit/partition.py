"""How a check reads tables that may be too many for memory: transfers in their order, then orders in blocks.

All rows of an entry belong to one order (L0), so that blocks of whole orders hold whole entries, too. Where rows
break that, the orders that they join are checked together, in a block of their own.
"""

from collections.abc import Iterator, Mapping, Sequence
from itertools import chain

import numpy as np

from alesha_sim.audit.evidence import Evidence
from alesha_sim.audit.form import Sizes
from alesha_sim.audit.register import Priced, Register, Repriced, Settling
from alesha_sim.books.chart import ONE_OF_EACH
from alesha_sim.columns import Columns, numbers
from alesha_sim.tables.every_order import KINDS
from alesha_sim.tables.source import OF_ORDERS, Source, joined, picked
from alesha_sim.vocabulary import NO_ID


class Parts:
    """The tables of a source as evidence, at most about `rows` transfers at once; all at once if they fit."""

    def __init__(
        self,
        source: Source,
        catalogue: Sequence[Priced],
        rows: int,
        roles: Mapping[str, str] = ONE_OF_EACH,
        changes: Sequence[Repriced] = (),
        settling: Settling | None = None,
    ) -> None:
        self._source, self._catalogue, self._rows = source, catalogue, rows
        self.register = Register(source.whole("accounts"), catalogue, roles, changes, settling)
        transfers, orders = source.rows("transfers"), sum(source.rows(table) for table in KINDS)
        self.sizes = Sizes(transfers, orders, source.rows("users"))
        self._joins = _Joins(self.sizes)
        self._whole = None
        if self.sizes.transfers <= rows:
            self._whole = self._evidence({table: source.whole(table) for table in OF_ORDERS})

    def _evidence(self, tables: Mapping[str, Columns], first: int = 0) -> Evidence:
        return Evidence(tables, self._catalogue, self.register, first)

    def of_tables(self, *tables: str) -> Iterator[Evidence]:
        """Yield the rows of tables in their order; whatever else is in this evidence is not to be relied on."""
        if self._whole is not None:
            yield self._whole
            return
        for table in tables:
            first = 0
            for batch in self._source.batches(table):
                rows = len(numbers(batch, "order"))
                yield self._read({table: batch}, first)
                first += rows
                del batch  # before the next one is read, so that there is one at a time

    def blocks(self) -> Iterator[Evidence]:
        """Yield what belongs to no order, and all orders with what belongs to them, once transfers were read."""
        if self._whole is not None:
            yield self._whole
            return
        shared, orders = self._joins.orders(), self.sizes.orders
        step = max(1, self._rows * orders // self.sizes.transfers)
        ranges = ((first, min(first + step - 1, orders)) for first in range(1, orders + 1, step))
        for first, last in chain([(NO_ID, NO_ID)], ranges):
            yield self._block(first, last, shared)
        if shared:
            yield self._evidence(_of(self._source, shared))

    def _read(self, tables: Mapping[str, Columns], first: int) -> Evidence:
        part = self._evidence(tables, first)
        if "transfers" in tables:
            self._joins.see(part)
        return part

    def _block(self, first: int, last: int, shared: Sequence[int]) -> Evidence:
        tables = self._source.of_orders(first, last)
        return self._evidence(_without(tables, shared) if shared else tables)


class _Joins:
    """Finds the orders that share an entry with others or with rows of no order, in four bytes an entry."""

    def __init__(self, sizes: Sizes) -> None:
        self._sizes = sizes
        self._owner = np.full(1024, NO_ID, np.int32)
        self._is_shared = np.zeros(sizes.orders + 1, np.bool_)

    def see(self, evidence: Evidence) -> None:
        """Read the next transfers; those with impossible numbers are reported elsewhere."""
        order, entry = evidence.order_number, evidence.entry_number
        if (
            not len(entry)
            or min(order.min(), entry.min()) < 0
            or order.max() > self._sizes.orders
            or entry.max() > self._sizes.entries
        ):
            return
        self._grow(int(entry.max()) + 1)
        before = self._owner[entry]
        self._owner[entry] = order
        for owner in (np.where(before == NO_ID, order, before), self._owner[entry]):
            other = np.flatnonzero(owner != order)
            self._is_shared[order[other]] = self._is_shared[owner[other]] = True

    def _grow(self, entries: int) -> None:
        missing = entries - len(self._owner)
        if missing > 0:
            more = np.full(max(missing, len(self._owner) // 2), NO_ID, np.int32)
            self._owner = np.concatenate([self._owner, more])

    def orders(self) -> list[int]:
        """Return the numbers of these orders, -1 for what belongs to none."""
        return [order or NO_ID for order in np.flatnonzero(self._is_shared).tolist()]


def _without(tables: Mapping[str, Columns], orders: Sequence[int]) -> dict[str, Columns]:
    """Return the rows that belong to none of `orders`."""
    return {
        table: picked(columns, np.isin(numbers(columns, "order"), orders, invert=True))
        for table, columns in tables.items()
    }


def _of(source: Source, orders: Sequence[int]) -> dict[str, Columns]:
    """Return the rows that belong to any of `orders`, in the order of rows; it reads all rows of a source."""
    return {
        table: joined([picked(batch, np.isin(numbers(batch, "order"), orders)) for batch in source.batches(table)])
        for table in OF_ORDERS
        if source.rows(table)
    }
