"""Tables as CSV files that a spreadsheet can open without running anything that stands in them."""

from pathlib import Path
from typing import TYPE_CHECKING

from alesha_sim.tables.schema import recorded

if TYPE_CHECKING:
    from pandas import DataFrame

    from alesha_sim.results.result import Result

SUFFIX = ".csv"

FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""What a spreadsheet takes for the beginning of a formula. Source: OWASP, "CSV Injection"."""


def write(result: "Result", folder: Path) -> None:
    """Write one UTF-8 CSV file a table into an existing folder; columns as in the result's DataFrames."""
    for table in recorded(result.record):
        harmless(getattr(result, table)).to_csv(folder / (table + SUFFIX), index=False)


def harmless(frame: "DataFrame") -> "DataFrame":
    """Return a table whose texts begin with an apostrophe where a spreadsheet would see a formula."""
    texts = frame.columns[[column.dtype.kind not in "iufbM" for _, column in frame.items()]]
    return frame.assign(**{name: frame[name].astype(object).map(_quoted) for name in texts})


def _quoted(value: object) -> object:
    return f"'{value}" if isinstance(value, str) and value.startswith(FORMULA) else value
