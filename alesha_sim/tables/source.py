"""Where the rows of a result's tables are kept, and how they are read: whole, in batches, by orders.

Reading through a `Source` takes no more memory for a run of a million orders than for one of a thousand.
Nothing is derived here; which columns there are is in `schema.py`.
"""

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any, Protocol, runtime_checkable

import numpy as np
import numpy.typing as npt

from alesha_sim.columns import Column, Columns, TextColumn, codes, numbers, rows

BATCH = 240_000
"""Rows of a batch of columns that are in memory anyway; more gain nothing (measured)."""

OF_ORDERS = ("transfers", "orders", "purchases", "order_lines", "visits")
"""The tables whose rows may belong to an order."""


@runtime_checkable
class Source(Protocol):
    """The canonical columns of a result's tables."""

    def rows(self, table: str) -> int:
        """Return how many rows a table has."""

    def whole(self, table: str) -> Columns:
        """Return all columns of a table."""

    def batches(self, table: str, names: Sequence[str] | None = None) -> Iterator[Columns]:
        """Yield the columns `names` (default: all) of a table, some rows at a time, in the order of rows.

        The text columns of all batches have the same labels, those of the whole table.
        """

    def of_orders(self, first: int, last: int) -> Mapping[str, Columns]:
        """Return the rows of `OF_ORDERS` whose `order` is from `first` to `last`, in the order of rows.

        For -1 to -1 these are the transfers and visits that belong to no order, and no orders and lines.
        """

    def holding(self, table: str, name: str, values: Sequence[int]) -> Columns:
        """Return the rows of a table whose number `name` is one of `values`, in the order of rows."""


class InMemory:
    """Columns that are in memory as a `Source`; `batch` is the number of rows that `batches` yields at once."""

    def __init__(self, tables: Mapping[str, Columns], batch: int = BATCH) -> None:
        self._tables = tables
        self._batch = batch

    def rows(self, table: str) -> int:
        """Return how many rows a table has."""
        return rows(self._tables[table])

    def whole(self, table: str) -> Columns:
        """Return all columns of a table."""
        return self._tables[table]

    def batches(self, table: str, names: Sequence[str] | None = None) -> Iterator[Columns]:
        """Yield the columns `names` (default: all) of a table, some rows at a time, without copying them."""
        columns = self._tables[table]
        chosen = columns if names is None else {name: columns[name] for name in names}
        for start in range(0, self.rows(table), self._batch):
            yield picked(chosen, slice(start, start + self._batch))

    def of_orders(self, first: int, last: int) -> Mapping[str, Columns]:
        """Return the rows of `OF_ORDERS` whose `order` is from `first` to `last`, in the order of rows."""
        return {
            table: picked(self._tables[table], self._places[table].between(first, last)) for table in OF_ORDERS
        }

    def holding(self, table: str, name: str, values: Sequence[int]) -> Columns:
        """Return the rows of a table whose number `name` is one of `values`, in the order of rows."""
        columns = self._tables[table]
        return picked(columns, np.flatnonzero(np.isin(numbers(columns, name), values)))

    @cached_property
    def _places(self) -> "dict[str, _Places]":
        return {table: _Places(self._tables[table]["order"]) for table in OF_ORDERS}


class _Places:
    """Finds the rows of a range of orders; sorts them once, unless they stand in order anyway."""

    def __init__(self, column: Column) -> None:
        self._orders = codes(column)
        in_order = bool((self._orders[1:] >= self._orders[:-1]).all())
        # A third of the memory of NumPy's own places, which matters where there are many million rows.
        self._rank = None if in_order else np.argsort(self._orders, kind="stable").astype(np.uint32)

    def between(self, first: int, last: int) -> slice | npt.NDArray[np.uint32]:
        start, end = np.searchsorted(self._orders, (first, last + 1), sorter=self._rank).tolist()
        return slice(start, end) if self._rank is None else np.sort(self._rank[start:end], kind="stable")


def source_of(tables: Mapping[str, Columns] | Source) -> Source:
    """Return what reads tables in batches and by orders, wherever they are."""
    # The usual case first: to compare a dictionary with a protocol costs 50 us.
    return tables if not isinstance(tables, dict) and isinstance(tables, Source) else InMemory(tables)


def picked(columns: Columns, rows: slice | npt.NDArray[Any]) -> Columns:
    """Return some rows of columns: a slice, their places, or a mask."""
    return {
        name: TextColumn(column.codes[rows], column.labels) if isinstance(column, TextColumn) else column[rows]
        for name, column in columns.items()
    }


def joined(parts: Sequence[Columns]) -> Columns:
    """Return the rows of batches of one call as one."""

    def column(name: str) -> Column:
        values = [part[name] for part in parts]
        held = np.concatenate([codes(each) for each in values])
        first = values[0]
        return TextColumn(held, first.labels) if isinstance(first, TextColumn) else held

    return {name: column(name) for name in parts[0]}


def pieces(source: Source, table: str, size: int) -> Iterator[Columns]:
    """Yield all rows of a table, `size` at a time, whatever batches they are in; the last ones may be fewer."""
    rest: list[Columns] = []
    for batch in source.batches(table):
        found = joined([*rest, batch]) if rest else batch
        whole = rows(found) // size * size
        for start in range(0, whole, size):
            yield picked(found, slice(start, start + size))
        rest = [picked(found, slice(whole, None))] if whole < rows(found) else []
    yield from rest
