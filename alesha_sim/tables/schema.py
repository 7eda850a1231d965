"""Which tables a run has and of which type their columns are."""

from collections.abc import Mapping
from enum import StrEnum

import numpy as np

from alesha_sim.columns import Column, Columns, TextColumn
from alesha_sim.recording.levels import ALL, NotRecorded, Tallies, is_on, known


class Type(StrEnum):
    """What a column holds; in brackets how its canonical column does."""

    ID = "id"  # a number that names something (int64)
    REFERENCE = "reference"  # the number of something else, or none (int64, -1 = none)
    COUNT = "count"  # (int64)
    TIME = "time"  # an instant, or none (int64 microseconds since the start, MISSING_TIME = none)
    AMOUNT = "amount"  # money, or goods in rows of a product (int64 minor units, or units)
    FLOAT = "float"  # (float64)
    TEXT = "text"  # text, or none (TextColumn)


Schema = Mapping[str, Type]

SCHEMA: Mapping[str, Schema] = {
    "orders": {
        "order": Type.ID, "user": Type.ID, "placed_at": Type.TIME, "total": Type.AMOUNT,
        "payment_method": Type.TEXT, "status": Type.TEXT, "reason": Type.TEXT,
        "payment_transaction": Type.REFERENCE,
        "charges_transaction": Type.REFERENCE, "paid_at": Type.TIME, "accepted_at": Type.TIME,
        "delivered_at": Type.TIME, "closed_at": Type.TIME, "advance": Type.AMOUNT, "promised_at": Type.TIME,
        "seller": Type.TEXT,
    },
    "purchases": {
        "order": Type.ID, "buyer": Type.TEXT, "seller": Type.TEXT, "placed_at": Type.TIME, "total": Type.AMOUNT,
        "status": Type.TEXT, "reason": Type.TEXT, "charges_transaction": Type.REFERENCE, "accepted_at": Type.TIME,
        "delivered_at": Type.TIME, "closed_at": Type.TIME,
    },
    "order_lines": {
        "order": Type.ID, "sku": Type.TEXT, "quantity": Type.COUNT, "unit_price": Type.AMOUNT,
        "unit_charge": Type.AMOUNT,
    },
    "visits": {
        "visit": Type.ID, "user": Type.ID, "arrived_at": Type.TIME, "left_at": Type.TIME, "stage": Type.TEXT,
        "outcome": Type.TEXT, "order": Type.REFERENCE, "intent": Type.TEXT, "shop": Type.TEXT,
    },
    "messages": {
        "message": Type.ID, "request": Type.REFERENCE, "order": Type.REFERENCE, "sender": Type.TEXT,
        "recipient": Type.TEXT, "kind": Type.TEXT, "attempt": Type.COUNT, "sent_at": Type.TIME,
        "delivered_at": Type.TIME, "started_at": Type.TIME, "finished_at": Type.TIME, "fate": Type.TEXT,
        "reason": Type.TEXT, "visit": Type.REFERENCE,
    },
    "transfers": {
        "transfer": Type.ID, "posted_at": Type.TIME, "book": Type.TEXT, "debit": Type.TEXT, "credit": Type.TEXT,
        "amount": Type.AMOUNT, "commodity": Type.TEXT, "code": Type.TEXT, "order": Type.REFERENCE,
        "entry": Type.ID,
    },
    "accounts": {
        "account": Type.TEXT, "book": Type.TEXT, "kind": Type.TEXT, "commodity": Type.TEXT,
        "opening": Type.AMOUNT, "closing": Type.AMOUNT,
    },
    "production_lots": {
        "lot": Type.ID, "sku": Type.TEXT, "quantity": Type.COUNT, "ordered_at": Type.TIME,
        "arrived_at": Type.TIME,
    },
    "users": {
        "user": Type.ID, "account": Type.TEXT, "registered_at": Type.TIME, "opening_balance": Type.AMOUNT,
        "closing_balance": Type.AMOUNT, "orders": Type.COUNT, "spent": Type.AMOUNT,
    },
}  # fmt: skip
"""Every table's columns in their order. Amounts beside a `commodity` are money only where that is the currency."""


def no_rows(table: str) -> Columns:
    """Return the columns of a table without rows."""
    none: dict[Type, Column] = {Type.TEXT: TextColumn(np.zeros(0, np.int32), ()), Type.FLOAT: np.zeros(0)}
    return {name: none.get(kind, np.zeros(0, np.int64)) for name, kind in SCHEMA[table].items()}


class Tables(dict[str, Columns]):
    """The tables that a run recorded at the level `record`, in the schema's order; any other raises NotRecorded.

    `tallies` has what metrics need of the tables that are off. Raises ValueError for an unknown level.
    """

    def __init__(
        self, tables: Mapping[str, Columns], record: str = ALL, tallies: Tallies | None = None
    ) -> None:  # fmt: skip
        self.record = known(record)
        self.tallies = dict(tallies or {})
        super().__init__((table, tables[table]) for table in recorded(record))

    def __missing__(self, table: str) -> Columns:
        raise NotRecorded(table, self.record) if table in SCHEMA else KeyError(table)


def recorded(record: str) -> tuple[str, ...]:
    """Return the tables that a level records."""
    return tuple(table for table in SCHEMA if is_on(table, record))
