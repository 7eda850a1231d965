"""The tables of a result: their columns and types, how they become DataFrames, and the digest of them all.

What is recorded where is in `records.py` and the ledger; what the figures mean is in `summary.py`.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from alesha_sim.modes import ALL, NotRecorded, Tallies, is_on, known
from alesha_sim.records import NO_ID, Coded, Column, Columns
from alesha_sim.units import Currency

if TYPE_CHECKING:
    from pandas import Categorical, DataFrame


class Type(StrEnum):
    """What a column holds; in brackets how its canonical column does."""

    ID = "id"  # a number that names something (int64)
    REFERENCE = "reference"  # the number of something else, or none (int64, -1 = none)
    COUNT = "count"  # (int64)
    TIME = "time"  # an instant, or none (int64 microseconds since the start, MISSING_TIME = none)
    AMOUNT = "amount"  # money, or goods in rows of a product (int64 minor units, or units)
    FLOAT = "float"  # (float64)
    TEXT = "text"  # text, or none (Coded)


Schema = Mapping[str, Type]

SCHEMA: Mapping[str, Schema] = {
    "orders": {
        "order": Type.ID, "user": Type.ID, "placed_at": Type.TIME, "total": Type.AMOUNT,
        "payment_method": Type.TEXT, "status": Type.TEXT, "reason": Type.TEXT, "transaction": Type.REFERENCE,
        "charges_transaction": Type.REFERENCE, "paid_at": Type.TIME, "accepted_at": Type.TIME,
        "delivered_at": Type.TIME, "closed_at": Type.TIME, "advance": Type.AMOUNT, "promised_at": Type.TIME,
    },
    "order_lines": {
        "order": Type.ID, "sku": Type.TEXT, "quantity": Type.COUNT, "unit_price": Type.AMOUNT,
        "unit_charge": Type.AMOUNT,
    },
    "visits": {
        "visit": Type.ID, "user": Type.ID, "arrived_at": Type.TIME, "left_at": Type.TIME, "stage": Type.TEXT,
        "outcome": Type.TEXT, "order": Type.REFERENCE, "intent": Type.TEXT,
    },
    "messages": {
        "message": Type.ID, "request": Type.REFERENCE, "order": Type.REFERENCE, "sender": Type.TEXT,
        "recipient": Type.TEXT, "kind": Type.TEXT, "attempt": Type.COUNT, "sent_at": Type.TIME,
        "delivered_at": Type.TIME, "started_at": Type.TIME, "finished_at": Type.TIME, "fate": Type.TEXT,
        "detail": Type.TEXT, "visit": Type.REFERENCE,
    },
    "transfers": {
        "transfer": Type.ID, "time": Type.TIME, "book": Type.TEXT, "debit": Type.TEXT, "credit": Type.TEXT,
        "amount": Type.AMOUNT, "commodity": Type.TEXT, "code": Type.TEXT, "order": Type.REFERENCE,
        "link": Type.ID,
    },
    "accounts": {
        "account": Type.TEXT, "book": Type.TEXT, "kind": Type.TEXT, "commodity": Type.TEXT,
        "opening": Type.AMOUNT, "closing": Type.AMOUNT,
    },
    "replenishments": {
        "replenishment": Type.ID, "sku": Type.TEXT, "quantity": Type.COUNT, "ordered_at": Type.TIME,
        "arrived_at": Type.TIME,
    },
    "users": {
        "user": Type.ID, "account": Type.TEXT, "registered_at": Type.TIME, "opening_balance": Type.AMOUNT,
        "closing_balance": Type.AMOUNT, "orders": Type.COUNT, "spent": Type.AMOUNT,
    },
}  # fmt: skip
"""Every table's columns in their order. Amounts beside a `commodity` are money only where that is the currency."""


class Tables(dict[str, Columns]):
    """The tables that a run recorded in the mode `record`, in the schema's order; any other raises NotRecorded.

    `tallies` has what figures need of the tables that are off. Raises ValueError for a mode that there is not.
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
    """Return the tables that a mode records."""
    return tuple(table for table in SCHEMA if is_on(table, record))


# Canonical columns: one form for the same contents, whatever wrote them


def canonical(table: str, columns: Columns) -> Columns:
    """Return the columns of `table` in the one form that the digest and all readers rely on.

    Numbers are contiguous and cannot be written to; the labels of a text are those in use, in the order of their
    first appearance. Raises ValueError for columns or types other than the schema's, and for unequal lengths.
    """
    schema = SCHEMA[table]
    if list(columns) != list(schema):
        raise ValueError(f"table {table}: columns {list(columns)}: must be {list(schema)}")
    for name, column in columns.items():
        if not _holds(column, schema[name]):
            held = "text" if isinstance(column, Coded) else column.dtype
            raise ValueError(f"table {table}: column {name}: {held}: must be of type {schema[name]}")
    found = {name: one_form(column, schema[name]) for name, column in columns.items()}
    lengths = {name: len(codes(column)) for name, column in found.items()}
    if len(set(lengths.values())) > 1:
        raise ValueError(f"table {table}: lengths {lengths}: must be equal")
    return found


def codes(column: Column) -> npt.NDArray[Any]:
    """Return a column's numbers: of a text its codes."""
    return column.codes if isinstance(column, Coded) else column


def rows(columns: Columns) -> int:
    """Return how many rows a table has."""
    return len(codes(next(iter(columns.values()))))


def numbers(columns: Columns, name: str) -> npt.NDArray[Any]:
    """Return a column that is no text."""
    column = columns[name]
    if isinstance(column, Coded):
        raise TypeError(f"column {name} is text")
    return column


def coded(columns: Columns, name: str) -> Coded:
    """Return a column that is text."""
    column = columns[name]
    if not isinstance(column, Coded):
        raise TypeError(f"column {name} is not text")
    return column


def equals(text: Coded, word: str) -> npt.NDArray[np.bool_]:
    """Tell of each row whether its text is `word`."""
    return among(text, [word])


def among(text: Coded, words: Iterable[str]) -> npt.NDArray[np.bool_]:
    """Tell of each row whether its text is one of `words`."""
    wanted = frozenset(words)
    # One entry more than labels, so that the code -1 of a missing text finds a False.
    hits = np.zeros(len(text.labels) + 1, np.bool_)
    hits[:-1] = np.fromiter(map(wanted.__contains__, text.labels), np.bool_, len(text.labels))
    return hits[text.codes]


def _holds(column: Column, kind: Type) -> bool:
    """Tell whether a column can be one of this type; signed numbers only, since others may not fit."""
    if isinstance(column, Coded) or kind is Type.TEXT:
        return isinstance(column, Coded) and kind is Type.TEXT
    return bool(column.dtype.kind == ("f" if kind is Type.FLOAT else "i"))


def one_form(column: Column, kind: Type) -> Column:
    """Return a column in its canonical form."""
    if isinstance(column, Coded):
        return by_appearance(column)
    return _read_only(np.ascontiguousarray(column, np.float64 if kind is Type.FLOAT else np.int64))


def by_appearance(text: Coded) -> Coded:
    """Return a text with the labels in use only, in the order of their first appearance."""
    size = len(text.codes)
    first = np.full(len(text.labels) + 1, size)
    # Of several values for one place the last one stays, so going backwards leaves the first appearance.
    first[text.codes[::-1]] = np.arange(size - 1, -1, -1)
    first = first[:-1]
    used = np.flatnonzero(first < size)
    used = used[np.argsort(first[used], kind="stable")]
    renumbered = np.full(len(text.labels) + 1, NO_ID, np.int32)
    renumbered[used] = np.arange(len(used), dtype=np.int32)
    return Coded(_read_only(renumbered[text.codes]), tuple(text.labels[place] for place in used.tolist()))


def _read_only(array: npt.NDArray[Any]) -> npt.NDArray[Any]:
    view = array.view()
    view.flags.writeable = False
    return view


# The digest


def digest(tables: Mapping[str, Columns], currency: Currency) -> str:
    """Return the SHA-256 of canonical tables, in hexadecimal digits.

    It covers the recording mode, the currency's decimals, and of every column its table, name, type and
    little-endian bytes; of a text its labels too. Every NaN counts as the same. What was counted in the place of
    tables that are off stands before the tables.
    """
    record, tallies = (tables.record, tables.tallies) if isinstance(tables, Tables) else (ALL, {})
    total = begun_digest(currency, record, tallies)
    for table, columns in tables.items():
        for piece in _pieces(table, columns):
            total.update(piece)
    return total.hexdigest()


def begun_digest(currency: Currency, record: str, tallies: Tallies) -> "hashlib._Hash":
    """Return the SHA-256 of what stands before the tables: mode, the currency's decimals, tallies if there are."""
    counted = json.dumps(tallies, sort_keys=True) if tallies else ""
    return hashlib.sha256(f"alesha_sim {record} {currency.decimals}\n{counted}".encode())


def table_digest(table: str, columns: Columns) -> str:
    """Return the SHA-256 of one canonical table."""
    total = hashlib.sha256()
    for piece in _pieces(table, columns):
        total.update(piece)
    return total.hexdigest()


def _pieces(table: str, columns: Columns) -> Iterator[bytes | memoryview]:
    for name, column in columns.items():
        values = codes(column)
        yield heading(table, name, len(values), column.labels if isinstance(column, Coded) else None)
        yield little_endian(values)


def heading(table: str, name: str, height: int, labels: Sequence[str] | None) -> bytes:
    """Return what stands before a column's numbers in a digest; `labels` of a text only."""
    line = f"{table}.{name} {SCHEMA[table][name]} {height}\n".encode()
    return line if labels is None else line + json.dumps(labels).encode()


def little_endian(values: npt.NDArray[Any]) -> memoryview:
    """Return a column's numbers as a digest reads them: the array's own bytes where nothing has to be changed."""
    if values.dtype.kind == "f":
        values = np.where(np.isnan(values), np.nan, values)
    return values.astype(values.dtype.newbyteorder("<"), copy=False).data


# DataFrames


def in_money(columns: Columns, currency: Currency) -> npt.NDArray[np.bool_] | None:
    """Tell of each row whether its amounts are money; None if the table has nothing but money."""
    return equals(coded(columns, "commodity"), currency.code) if "commodity" in columns else None


def major(
    values: npt.NDArray[np.int64], money: npt.NDArray[np.bool_] | None, currency: Currency
) -> npt.NDArray[np.float64]:
    """Return amounts in major units as floats, amounts of goods in units; `money` as from `in_money`."""
    if money is None:
        return values / float(currency.scale)
    return values / np.where(money, float(currency.scale), 1.0)


def instants(values: npt.NDArray[np.int64], start: datetime) -> npt.NDArray[np.datetime64]:
    """Return microseconds since `start` as datetime64[us]; a missing one is NaT."""
    # NumPy's NaT is the same number as MISSING_TIME, and NaT plus anything stays NaT.
    return np.datetime64(start, "us") + values.view("timedelta64[us]")


def frame(table: str, columns: Columns, currency: Currency, start: datetime) -> "DataFrame":
    """Return canonical columns as a DataFrame: amounts in major units, instants as timestamps, texts categorical.

    References are nullable Int64, other numbers int64 or float64.
    """
    from pandas import DataFrame

    money = in_money(columns, currency)
    return DataFrame(
        {name: _values(column, SCHEMA[table][name], money, currency, start) for name, column in columns.items()}
    )


def _values(
    column: Column, kind: Type, money: npt.NDArray[np.bool_] | None, currency: Currency, start: datetime
) -> Any:
    from pandas import arrays

    if isinstance(column, Coded):
        return categorical(column)
    match kind:
        case Type.REFERENCE:
            return arrays.IntegerArray(column.copy(), column == NO_ID)
        case Type.TIME:
            return instants(column, start)
        case Type.AMOUNT:
            return major(column, money, currency)
        case _:
            return column


def categorical(text: Coded) -> "Categorical[str]":
    """Return a text as pandas has it: one category for each label, a missing text NaN."""
    from pandas import Categorical, Index

    return Categorical.from_codes(text.codes, categories=Index(list(text.labels), dtype="str"))
