"""The digest of tables."""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from alesha_sim.columns import Columns, TextColumn, codes
from alesha_sim.numbered import NumberedLabels
from alesha_sim.recording.levels import ALL, Tallies
from alesha_sim.tables.schema import SCHEMA, Tables
from alesha_sim.units import Currency

_BETWEEN = '", "'
_PLAIN = bytes(byte for byte in range(ord(" "), 127) if byte not in b'"\\')
"""The characters that JSON shows as they are."""


def digest(tables: Mapping[str, Columns], currency: Currency) -> str:
    """Return the SHA-256 of canonical tables, in hexadecimal digits.

    It covers the recording level, the currency's decimals, and of every column its table, name, type and
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
    """Return the SHA-256 of what stands before the tables: level, the currency's decimals, any tallies."""
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
        yield heading(table, name, len(values), column.labels if isinstance(column, TextColumn) else None)
        yield little_endian(values)


def heading(table: str, name: str, height: int, labels: Sequence[str] | None) -> bytes:
    """Return what stands before a column's numbers in a digest; `labels` of a text only."""
    line = f"{table}.{name} {SCHEMA[table][name]} {height}\n".encode()
    if not labels:
        return line if labels is None else line + b"[]"
    # What `json.dumps` makes, several times as fast where no label has a character that JSON escapes.
    text = labels.joined(_BETWEEN) if isinstance(labels, NumberedLabels) else _BETWEEN.join(labels)
    if text.isascii():
        encoded = text.encode()
        if encoded.translate(None, _PLAIN) == b'"' * (2 * (len(labels) - 1)):
            return line + b'["' + encoded + b'"]'
    return line + json.dumps(list(labels)).encode()


def little_endian(values: npt.NDArray[Any]) -> memoryview:
    """Return a column's numbers as a digest reads them: the array's own bytes where nothing has to be changed."""
    if values.dtype.kind == "f":
        values = np.where(np.isnan(values), np.nan, values)
    return values.astype(values.dtype.newbyteorder("<"), copy=False).data
