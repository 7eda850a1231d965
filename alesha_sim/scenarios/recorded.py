"""Recorded visits as columns: how files become columns, and the rules that columns keep.

Here live the readers of CSV, Parquet and CDNOW files and the checks that name column, row and value. Nothing is
drawn.
"""

import csv
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from errno import EFBIG
from importlib.util import find_spec
from os import SEEK_END
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from alesha_sim.arrays import bincount
from alesha_sim.scenarios.demand import DAY, UNITS_MAX
from alesha_sim.scenarios.errors import Fault, ScenarioError, nearest, shown
from alesha_sim.scenarios.files import PACKAGE, check_size, content

Numbers = NDArray[np.float64]

CDNOW_START = date(1997, 1, 1)
"""The first day of the CDNOW histories."""

REPLAY_BYTES_MAX = 200_000_000
"""Some 14 million visits; to read them as text takes two minutes and 6 GB of memory."""

REPLAY_VALUES_MAX = 50_000_000
"""As many as such a text can hold; a Parquet file of a few bytes may unpack to any number."""


@dataclass(frozen=True)
class Table:
    """Columns as they were given, where their rows stand and whether their order is that of time."""

    columns: Mapping[str, Sequence[Any]]
    source: str
    place: Callable[[str, int], str]
    ordered: bool = True
    combine: Callable[[dict[str, Numbers]], dict[str, Numbers]] = lambda columns: columns

    def checked(self, users: int | None, skus: Sequence[str] | None) -> tuple[dict[str, Numbers], list[Fault]]:
        """Return the columns as numbers, and a fault for each rule that a column breaks, with its first row.

        None stands for users or products that are themselves at fault: rules about them are left out.
        """
        found = self._misnamed(skus)
        if not found and len({len(column) for column in self.columns.values()}) > 1:
            found = [Fault(self.source, None, "columns must be equally long")]
        if not found and not len(self.columns["at"]):
            found = [Fault(self.source, None, "must hold at least one visit")]
        if found:
            return {}, found
        numbers = {name: _numbers(column) for name, column in self.columns.items()}
        found = [fault for name in numbers for fault in self._broken(name, numbers[name], users)]
        return ({}, found) if found else (self.combine(numbers), [])

    def _misnamed(self, skus: Sequence[str] | None) -> list[Fault]:
        """Return the faults of columns that are missing or unknown."""
        found = [
            Fault(self.source, None, f"column {name}: missing: must be given")
            for name in ("at", "user")
            if name not in self.columns
        ]
        goods = [name for name in self.columns if name not in ("at", "user")]
        if "units" in goods and len(goods) > 1:
            found.append(Fault(self.source, None, "column units: must not stand beside columns of SKUs"))
        elif not goods:
            found.append(Fault(self.source, None, "must have a column for at least one SKU, or units"))
        known = ("units", *skus) if skus else ("units", *goods)
        for name in goods:
            if name not in known:
                found.append(Fault(self.source, None, f"column {name}: unknown column: {nearest(name, known)}"))
        return found

    def _broken(self, name: str, values: Numbers, users: int | None) -> Iterator[Fault]:
        """Yield a fault for each rule that the numbers of a column break."""
        given = self.columns[name]
        for rule, broken in _rules(name, values, users, self.ordered):
            rows = np.flatnonzero(broken)
            if rows.size:
                more = f" (and {rows.size - 1} more)" if rows.size > 1 else ""
                yield Fault(self.place(name, int(rows[0])), shown(given[rows[0]]), rule + more)


def _rules(
    name: str, values: Numbers, users: int | None, ordered: bool
) -> Iterator[tuple[str, NDArray[np.bool_]]]:
    """Yield the rules of a column and the rows that break each; a row breaks only its first."""
    finite = np.isfinite(values)
    yield "must be a finite number", ~finite
    # A comparison with NaN is false, as is wanted: such a row is at fault already.
    yield "must not be negative", values < 0
    if name == "at":
        if ordered:
            yield "must not be before the row above", np.concatenate(([False], values[1:] < values[:-1]))
        return
    fractional = finite & (values >= 0) & (values != np.floor(values))
    yield "must be a whole number", fractional
    if name != "user":
        yield f"must be at most {UNITS_MAX}", finite & ~fractional & (values > UNITS_MAX)
    elif users is not None:
        yield f"must be below users.count, {users}", finite & ~fractional & (values >= users)


def _numbers(column: Sequence[Any]) -> Numbers:
    """Return a column as floats, NaN where a value is no number."""

    def read(value: Any) -> float:
        try:
            return math.nan if isinstance(value, bool) else float(value)
        except (TypeError, ValueError, OverflowError):
            return math.nan

    return np.fromiter((read(value) for value in column), dtype=np.float64, count=len(column))


def inline(columns: Mapping[str, Sequence[Any]]) -> Table:
    """Return the columns of a scenario as a table; rows count from 0, as the lists' places do."""
    return Table(columns, "visits", lambda column, row: f"visits.{column}[{row}]")


def visits(file: str) -> Table:
    """Read a CSV or Parquet file with the columns of a demand table; raises ScenarioError."""
    path = _located(file)
    if path.suffix.lower() == ".parquet":
        # Rows of a Parquet file have no lines: they count from 1.
        columns = _parquet(path)
        return Table(columns, "file", lambda column, row: f"file: {path.name}, row {row + 1}, {column}")
    columns, lines = _csv(path)
    return Table(columns, "file", lambda column, row: f"file: {path.name}, line {lines[row]}, {column}")


def cdnow(file: str) -> Table:
    """Read a file in the layout of the CDNOW histories; raises ScenarioError.

    Each line holds a customer's number from 1, the day as YYYYMMDD, the units and the dollars, blanks between;
    what stands before these four is passed over. One visit a customer and day, at noon, with the day's units;
    time 0 is 1 January 1997. Layout and data: Fader and Hardie, "Notes on the CDNOW Master Data Set",
    brucehardie.com.
    """
    path = _located(file)
    rows = [(n, line.split()) for n, line in enumerate(_text(path).splitlines(), 1) if line.strip()]
    found = [
        Fault(f"file: {path.name}, line {n}", None, "must hold customer, day as YYYYMMDD, units and dollars")
        for n, cells in rows
        if len(cells) < 4 or _day(cells[-3]) is None
    ]
    if found:
        raise ScenarioError(found[:1])
    columns: dict[str, Sequence[Any]] = {
        "at": [_day(cells[-3]) for _, cells in rows],
        "user": [_from_one(cells[-4]) for _, cells in rows],
        "units": [cells[-2] for _, cells in rows],
    }
    lines = [n for n, _ in rows]
    return Table(
        columns,
        "file",
        lambda column, row: f"file: {path.name}, line {lines[row]}, {column}",
        ordered=False,
        combine=_by_day,
    )


def _by_day(columns: dict[str, Numbers]) -> dict[str, Numbers]:
    """Sum the units of each customer and day; return them sorted by day, then customer, at noon."""
    pairs = np.stack((columns["at"], columns["user"]), axis=1)
    unique, group = np.unique(pairs, axis=0, return_inverse=True)
    units = bincount(group.ravel(), weights=columns["units"])
    return {"at": unique[:, 0] * DAY + DAY / 2, "user": unique[:, 1], "units": units}


def _day(text: str) -> int | None:
    """Return the day of a date YYYYMMDD counted from the histories' first; None when it is none."""
    try:
        return (date(int(text[:4]), int(text[4:6]), int(text[6:])) - CDNOW_START).days
    except ValueError:
        return None


def _from_one(text: str) -> int | str:
    """Return a customer's number counted from 0; what is no number stays as it is."""
    return int(text) - 1 if text.isdecimal() else text


def _located(file: str) -> Path:
    """Return the path of a replay file, which may come with an installed package (found, never imported)."""
    if not file.startswith(PACKAGE):
        return Path(file)
    package, _, inside = file.removeprefix(PACKAGE).partition("/")
    # A dotted name would import the packages above it.
    spec = find_spec(package) if package.isidentifier() else None
    if spec is None or not spec.submodule_search_locations:
        hint = ": pip install 'alesha-sim[replay]'" if package == "lifetimes" else ""
        raise ScenarioError([Fault("file", shown(file), f"the package {package} is not installed{hint}")])
    return Path(spec.submodule_search_locations[0], inside)


def _unreadable(path: Path, reason: object) -> ScenarioError:
    return ScenarioError([Fault("file", str(path), f"cannot be read: {reason}")])


def _text(path: Path) -> str:
    """Return the text of a file that is not empty."""
    try:
        text = content(path, REPLAY_BYTES_MAX).decode("utf-8-sig")
    except OSError as error:
        raise _unreadable(path, error.strerror) from None
    except UnicodeDecodeError:
        raise _unreadable(path, "is not UTF-8 text") from None
    if not text.strip():
        raise _unreadable(path, "is empty")
    return text


def _csv(path: Path) -> tuple[dict[str, Sequence[str]], list[int]]:
    """Return the columns of a CSV file as text and the line of each row; blank lines are passed over."""
    reader = csv.reader(_text(path).splitlines(keepends=True))
    try:
        rows = [(reader.line_num, row) for row in reader if any(cell.strip() for cell in row)]
    except csv.Error as error:
        raise _unreadable(path, error) from None
    names = [name.strip() for name in rows[0][1]]
    if len(set(names)) < len(names):
        raise ScenarioError([Fault("file", path.name, "every column must have a name of its own")])
    for line, row in rows[1:]:
        if len(row) != len(names):
            rule = f"must have {len(names)} values, one for each column"
            raise ScenarioError([Fault(f"file: {path.name}, line {line}", f"{len(row)} values", rule)])
    columns = zip(*(row for _, row in rows[1:]), strict=True) if rows[1:] else [()] * len(names)
    return dict(zip(names, columns, strict=True)), [line for line, _ in rows[1:]]


def _parquet(path: Path) -> dict[str, Sequence[Any]]:
    """Return the columns of a Parquet file."""
    from pyarrow import ArrowException
    from pyarrow.parquet import ParquetFile

    try:
        with path.open("rb") as file:
            check_size(file.seek(0, SEEK_END), REPLAY_BYTES_MAX)
            parquet = ParquetFile(file)
            if parquet.metadata.num_rows * parquet.metadata.num_columns > REPLAY_VALUES_MAX:
                raise OSError(EFBIG, f"must hold at most {REPLAY_VALUES_MAX:,} values")
            table = parquet.read()
    except OSError as error:
        raise _unreadable(path, error.strerror or str(error).partition("\n")[0]) from None
    except ArrowException as error:
        raise _unreadable(path, str(error).partition("\n")[0]) from None
    return {name: table.column(name).to_pylist() for name in table.column_names}
