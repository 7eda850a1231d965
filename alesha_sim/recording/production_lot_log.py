"""The log of the lots that production is asked for."""

from collections.abc import Sequence

import numpy as np

from alesha_sim.columns import NAN, Columns, Packed, TextColumn, times
from alesha_sim.recording.narrow_rows import in_memory
from alesha_sim.recording.packed_rows import NewRows


class ProductionLotLog:
    """One row per lot of a product that was asked of production, numbered from 0.

    `arrived(replenishment, at)` records that a lot is ready.
    """

    def __init__(self, skus: Sequence[str], rows: NewRows = in_memory) -> None:
        self.skus = tuple(skus)
        self._table = rows("production_lots", product="H", quantity="q", ordered_at="d", arrived_at="d")
        self.arrived = self._table.part("arrived_at").fill

    def __len__(self) -> int:
        return len(self._table)

    def ordered(self, at: float, product: int, quantity: int) -> int:
        """Record that a lot is asked for and return its number."""
        return self._table.append(product, quantity, at, NAN)

    def columns(self, first: int = 0, rows: Packed | None = None) -> Columns:
        """Return the table `production_lots`, or what it shows of packed rows from row `first` on."""
        rows = self._table.array() if rows is None else rows
        return {
            "lot": np.arange(first, first + len(rows), dtype=np.int64),
            "sku": TextColumn(rows["product"].astype(np.int32), self.skus),
            "quantity": rows["quantity"].astype(np.int64),
            "ordered_at": times(rows["ordered_at"]),
            "arrived_at": times(rows["arrived_at"]),
        }
