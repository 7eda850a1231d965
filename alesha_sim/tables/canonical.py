"""Columns in their canonical form: texts coded by first appearance."""

from typing import Any

import numpy as np
import numpy.typing as npt

from alesha_sim.columns import Column, Columns, TextColumn, codes
from alesha_sim.numbered import NumberedLabels
from alesha_sim.tables.schema import SCHEMA, Type
from alesha_sim.vocabulary import NO_ID


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
            held = "text" if isinstance(column, TextColumn) else column.dtype
            raise ValueError(f"table {table}: column {name}: {held}: must be of type {schema[name]}")
    found = {name: one_form(column, schema[name]) for name, column in columns.items()}
    lengths = {name: len(codes(column)) for name, column in found.items()}
    if len(set(lengths.values())) > 1:
        raise ValueError(f"table {table}: lengths {lengths}: must be equal")
    return found


def _holds(column: Column, kind: Type) -> bool:
    """Tell whether a column can be one of this type; signed numbers only, since others may not fit."""
    if isinstance(column, TextColumn) or kind is Type.TEXT:
        return isinstance(column, TextColumn) and kind is Type.TEXT
    return bool(column.dtype.kind == ("f" if kind is Type.FLOAT else "i"))


def one_form(column: Column, kind: Type) -> Column:
    """Return a column in its canonical form."""
    if isinstance(column, TextColumn):
        return by_appearance(column)
    return _read_only(np.ascontiguousarray(column, np.float64 if kind is Type.FLOAT else np.int64))


def by_appearance(text: TextColumn) -> TextColumn:
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
    labels = text.labels
    kept = labels[used] if isinstance(labels, NumberedLabels) else tuple(labels[place] for place in used.tolist())
    return TextColumn(_read_only(renumbered[text.codes]), kept)


def _read_only(array: npt.NDArray[Any]) -> npt.NDArray[Any]:
    view = array.view()
    view.flags.writeable = False
    return view
