"""The log of orders: those of users, and what organisations buy from each other, under one sequence of numbers."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from alesha_sim.columns import (
    INFINITY,
    MISSING_TIME,
    NAN,
    Columns,
    Packed,
    TextColumn,
    Vocabulary,
    _or_missing,
    organisation_names,
    times,
)
from alesha_sim.numeric.counts import bincount
from alesha_sim.recording.narrow_rows import in_memory
from alesha_sim.recording.packed_rows import NewRows
from alesha_sim.units import total
from alesha_sim.vocabulary import (
    COMPLETED,
    DECLINED,
    IN_DOUBT,
    NO_ID,
    ON_THE_WAY,
    ORGANISATIONS,
    PROCESSING,
    RECEIVED,
    STATUSES,
)


class OrderLog:
    """One row per order, numbered from 1, and one per order and product.

    Buyers and sellers are codes; `organisations` has the names of those who are no users, from -1 down.
    """

    def __init__(
        self, skus: Sequence[str], rows: NewRows = in_memory, organisations: Sequence[str] = ORGANISATIONS
    ) -> None:
        self.skus = tuple(skus)
        self._organisations = organisations
        self.reasons = Vocabulary(("",))
        self.methods = Vocabulary()
        self._orders = rows(
            "orders",
            placed_at="d",
            total="q",
            buyer="i",
            seller="i",
            method="B",
            status="B",
            reason="B",
            transaction="i",
            paid_at="d",
            charges_transaction="i",
            accepted_at="d",
            delivered_at="d",
            closed_at="d",
            advance="q",
            promised_at="d",
        )
        self._lines = rows("order_lines", order="i", product="H", quantity="q", unit_price="q", unit_charge="q")
        self._unit_charge = self._lines.part("unit_charge")
        self._doubted: set[int] = set()
        self._status = self._orders.part("status", "reason")
        self._paid = self._orders.part("transaction", "paid_at")
        self._later = {
            name: self._orders.part(name)
            for name in ("charges_transaction", "accepted_at", "delivered_at", "closed_at")
        }

    def __len__(self) -> int:
        return len(self._orders)

    def placed(
        self,
        at: float,
        buyer: int,
        seller: int,
        total: int,
        method: str,
        advance: int,
        promised_at: float = INFINITY,
    ) -> int:
        """Record an order as received and return its number.

        The buyer is a user, or an organisation, to whom the total is what the seller charges.
        """
        promised = NAN if promised_at == INFINITY else promised_at
        row = self._orders.append(
            at,
            total,
            buyer,
            seller,
            self.methods[method],
            RECEIVED,
            0,
            NO_ID,
            NAN,
            NO_ID,
            NAN,
            NAN,
            NAN,
            advance,
            promised,
        )
        return 1 + row

    def line(self, order: int, product: int, quantity: int, unit_price: int, unit_charge: int) -> int:
        """Record how much of a product an order asks for, at which price and charge; return the row's number."""
        return self._lines.append(order, product, quantity, unit_price, unit_charge)

    def charge(self, row: int, unit_charge: int) -> None:
        """Record at which charge a line is supplied after all, by its row's number."""
        self._unit_charge.fill(row, unit_charge)

    def status(self, order: int, status: int, reason: str = "") -> None:
        """Record that an order moved to `status`, for `reason` if it was refused."""
        self._status.fill_two(order - 1, self._known(order, status), self.reasons[reason])

    def _known(self, order: int, status: int) -> int:
        """Return the status to record: in doubt for an order that somebody gave up asking about, unless declined.

        The party that closes it does not know of that, and its money or goods may be missing somewhere else.
        """
        is_doubted = bool(self._doubted) and order in self._doubted and status != DECLINED
        return IN_DOUBT if is_doubted else status

    def mark_in_doubt(self, order: int) -> None:
        """Record that somebody gave up asking about an order, of money or goods, that was not declined."""
        fields = self._orders.row(order - 1)
        self._doubted.add(order)
        if fields["status"] != DECLINED:
            self._status.fill_two(order - 1, IN_DOUBT, fields["reason"])

    def paid(self, order: int, transaction: int, at: float) -> None:
        """Record the user's payment."""
        self._paid.fill_two(order - 1, transaction, at)

    def fill(self, order: int, field: str, value: Any) -> None:
        """Record one later fact of an order: `charges_transaction`, `accepted_at`, `delivered_at`, `closed_at`."""
        self._later[field].fill(order - 1, value)

    def by_user(self, users: int) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
        """Return how many orders each user placed, and the total of those paid and not cancelled."""
        placed, spent = np.zeros(users, np.int64), np.zeros(users, np.int64)
        for _, block in self._orders.blocks():
            rows = block[block["buyer"] >= 0]
            kept = rows[np.isin(rows["status"], (PROCESSING, ON_THE_WAY, COMPLETED))]
            np.add.at(spent, kept["buyer"], kept["total"])
            placed += bincount(rows["buyer"], minlength=users)
        return placed, spent

    def counts(self) -> dict[str, int]:
        """Count users' orders, all and by status, and those delivered with the microseconds that took."""
        rows = self._orders.array()
        rows = rows[rows["buyer"] >= 0]
        statuses = bincount(rows["status"], minlength=len(STATUSES)).tolist()
        return {
            "orders": len(rows),
            "total": total(rows["total"]),
            **dict(zip(STATUSES, statuses, strict=True)),
            **lasted("delivery", times(rows["placed_at"]), times(rows["delivered_at"])),
        }

    def order_columns(self, first: int = 0, rows: Packed | None = None) -> Columns:
        """Return the table `orders`, of users' orders, or what it shows of packed rows from row `first` on."""
        rows = self._orders.array() if rows is None else rows
        own = np.flatnonzero(rows["buyer"] >= 0)
        rows = rows[own]
        return {
            "order": own + np.int64(first + 1),
            "user": rows["buyer"].astype(np.int64),
            "placed_at": times(rows["placed_at"]),
            "total": rows["total"].astype(np.int64),
            "payment_method": self.methods.text_column(rows["method"]),
            "status": TextColumn(rows["status"].astype(np.int32), STATUSES),
            "reason": _or_missing(self.reasons, rows["reason"]),
            "payment_transaction": rows["transaction"].astype(np.int64),
            "charges_transaction": rows["charges_transaction"].astype(np.int64),
            "paid_at": times(rows["paid_at"]),
            "accepted_at": times(rows["accepted_at"]),
            "delivered_at": times(rows["delivered_at"]),
            "closed_at": times(rows["closed_at"]),
            "advance": rows["advance"].astype(np.int64),
            "promised_at": times(rows["promised_at"]),
            "seller": organisation_names(rows["seller"], self._organisations),
        }

    def purchase_columns(self, first: int = 0, rows: Packed | None = None) -> Columns:
        """Return the table `purchases`, of organisations' orders, or what it shows of rows from `first` on."""
        rows = self._orders.array() if rows is None else rows
        own = np.flatnonzero(rows["buyer"] < 0)
        rows = rows[own]
        return {
            "order": own + np.int64(first + 1),
            "buyer": organisation_names(rows["buyer"], self._organisations),
            "seller": organisation_names(rows["seller"], self._organisations),
            "placed_at": times(rows["placed_at"]),
            "total": rows["total"].astype(np.int64),
            "status": TextColumn(rows["status"].astype(np.int32), STATUSES),
            "reason": _or_missing(self.reasons, rows["reason"]),
            "charges_transaction": rows["charges_transaction"].astype(np.int64),
            "accepted_at": times(rows["accepted_at"]),
            "delivered_at": times(rows["delivered_at"]),
            "closed_at": times(rows["closed_at"]),
        }

    def line_columns(self, first: int = 0, rows: Packed | None = None) -> Columns:
        """Return the table `order_lines`, or what it shows of packed rows from row `first` on."""
        del first
        rows = self._lines.array() if rows is None else rows
        return {
            "order": rows["order"].astype(np.int64),
            "sku": TextColumn(rows["product"].astype(np.int32), self.skus),
            "quantity": rows["quantity"].astype(np.int64),
            "unit_price": rows["unit_price"].astype(np.int64),
            "unit_charge": rows["unit_charge"].astype(np.int64),
        }


def lasted(name: str, began: npt.NDArray[np.int64], ended: npt.NDArray[np.int64]) -> dict[str, int]:
    """Count the rows that have both instants, and the microseconds in between."""
    both = (began != MISSING_TIME) & (ended != MISSING_TIME)
    return {f"{name}_rows": int(np.count_nonzero(both)), f"{name}_time": total(ended[both] - began[both])}
