"""Tables as pandas frames in major units."""

from datetime import datetime
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from alesha_sim.columns import Column, Columns, TextColumn, equals, text_column
from alesha_sim.recording.samples import Samples
from alesha_sim.tables.schema import SCHEMA, Type
from alesha_sim.units import MICROSECONDS, Currency
from alesha_sim.vocabulary import NO_ID

if TYPE_CHECKING:
    from pandas import Categorical, DataFrame


def in_money(columns: Columns, currency: Currency) -> npt.NDArray[np.bool_] | None:
    """Tell of each row whether its amounts are money; None if the table has nothing but money."""
    return equals(text_column(columns, "commodity"), currency.code) if "commodity" in columns else None


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

    if isinstance(column, TextColumn):
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


def categorical(text: TextColumn) -> "Categorical[str]":
    """Return a text as pandas has it: one category for each label, a missing text NaN."""
    from pandas import Categorical, Index

    return Categorical.from_codes(text.codes, categories=Index(list(text.labels), dtype="str"))


def sampled(samples: Samples, start: datetime) -> "DataFrame":
    """Return samples as a DataFrame: `at` as timestamps, then a column for each number."""
    from pandas import DataFrame

    at = np.rint(samples.seconds * MICROSECONDS).astype(np.int64)
    return DataFrame({"at": instants(at, start), **dict(zip(samples.names, samples.values.T, strict=True))})
