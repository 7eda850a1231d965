"""Columns to Parquet files and back, by Arrow."""

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from alesha_sim.columns import MISSING_TIME, Column, Columns, TextColumn
from alesha_sim.tables.canonical import canonical
from alesha_sim.tables.frames import in_money, instants
from alesha_sim.tables.schema import SCHEMA, Type
from alesha_sim.units import Currency
from alesha_sim.vocabulary import NO_ID

if TYPE_CHECKING:
    import pyarrow as pa

    from alesha_sim.scenarios.scenario import Scenario

SUFFIX = ".parquet"
COMPRESSION = "zstd"


def write_table(folder: Path, table: str, columns: Columns, scenario: "Scenario") -> None:
    """Write canonical columns as the Parquet file of a table."""
    from pyarrow import parquet

    arrow = to_arrow(table, columns, scenario.currency, scenario.start)
    parquet.write_table(arrow, folder / (table + SUFFIX), compression=COMPRESSION)


def to_arrow(table: str, columns: Columns, currency: Currency, start: datetime) -> "pa.Table":
    """Return canonical columns as an Arrow table: amounts exact decimals, instants timestamps, texts dictionaries.

    Amounts are in major units with the currency's decimals; amounts of goods are units, written with as many.
    """
    import pyarrow as pa

    money = in_money(columns, currency)
    schema = SCHEMA[table]

    def array(column: Column, kind: Type) -> Any:
        if isinstance(column, TextColumn):
            return pa.DictionaryArray.from_arrays(
                pa.array(column.codes, mask=column.codes == NO_ID), pa.array(list(column.labels), pa.string())
            )
        match kind:
            case Type.REFERENCE:
                return pa.array(column, mask=column == NO_ID)
            case Type.TIME:
                return pa.array(instants(column, start), mask=column == MISSING_TIME)
            case Type.AMOUNT:
                return _decimals(column, money, currency)
        return pa.array(column)

    return pa.table({name: array(column, schema[name]) for name, column in columns.items()})


def _decimals(
    values: npt.NDArray[np.int64], money: npt.NDArray[np.bool_] | None, currency: Currency
) -> "pa.Array":
    import pyarrow as pa
    from pyarrow import compute

    kind = pa.decimal128(19 + currency.decimals, currency.decimals)
    # A decimal128 is an integer in two words, the low one first; the high one of 64 bits is their sign.
    words = np.stack((values, values >> 63), axis=1)
    amounts = pa.Array.from_buffers(kind, len(values), [None, pa.py_buffer(words)])
    if money is None:
        return amounts
    return compute.if_else(pa.array(money), amounts, compute.cast(pa.array(values), kind))


def from_arrow(table: str, arrow: "pa.Table", currency: Currency, start: datetime) -> Columns:
    """Return the canonical columns of an Arrow table that `to_arrow` made.

    Raises ValueError (Arrow's errors are such, too) for other columns, other types and values out of range.
    """
    schema = SCHEMA[table]
    if arrow.column_names != list(schema):
        raise ValueError(f"columns {arrow.column_names}: must be {list(schema)}")
    columns = read_columns(table, arrow, currency, start)
    return canonical(table, {name: columns[name] for name in schema})


def read_columns(table: str, arrow: "pa.Table", currency: Currency, start: datetime) -> Columns:
    """Return some columns of an Arrow table as `from_arrow` does, but not in their canonical form.

    Amounts beside a `commodity` need that column too.
    """
    schema = SCHEMA[table]
    columns: Columns = {}
    for name in sorted(arrow.column_names, key=lambda name: schema[name] is Type.AMOUNT):
        columns[name] = _column(arrow.column(name), schema[name], columns, currency, start)
    return columns


def _column(values: Any, kind: Type, columns: Columns, currency: Currency, start: datetime) -> Column:
    import pyarrow as pa
    from pyarrow import compute

    if kind is Type.AMOUNT:
        return _minor(values, in_money(columns, currency), currency)
    if kind is Type.TEXT:
        text = compute.cast(values, pa.dictionary(pa.int32(), pa.string())).unify_dictionaries().combine_chunks()
        return TextColumn(text.indices.fill_null(NO_ID).to_numpy(), tuple(text.dictionary.to_pylist()))
    if kind is Type.FLOAT:
        return np.asarray(compute.cast(values, pa.float64()).to_numpy())
    if kind is Type.TIME:
        missing = values.is_null().to_numpy()
        since = compute.cast(compute.cast(values, pa.timestamp("us")), pa.int64()).fill_null(0).to_numpy()
        return np.where(missing, MISSING_TIME, since - np.datetime64(start, "us").astype(np.int64))
    numbers = compute.cast(values, pa.int64())
    return np.asarray((numbers.fill_null(NO_ID) if kind is Type.REFERENCE else numbers).to_numpy())


def _minor(values: Any, money: npt.NDArray[np.bool_] | None, currency: Currency) -> npt.NDArray[np.int64]:
    """Return decimals as whole minor units, those of goods as units."""
    import pyarrow as pa
    from pyarrow import compute

    decimals = compute.cast(values, pa.decimal128(19 + currency.decimals, currency.decimals)).combine_chunks()
    if decimals.null_count:
        raise ValueError("an amount is missing")
    words = np.frombuffer(decimals.buffers()[1], np.int64).reshape(-1, 2)
    words = words[decimals.offset : decimals.offset + len(decimals)]
    if money is None:
        money = np.ones(len(words), np.bool_)
    if (words[money, 0] >> 63 != words[money, 1]).any():
        raise ValueError("an amount does not fit in 64 bits")
    found = words[:, 0].copy()
    found[~money] = compute.cast(decimals.filter(pa.array(~money)), pa.int64()).to_numpy()
    return found
