"""Recorded visits as columns: how files become columns, and the rules that columns keep.

Contains the readers of CSV, Parquet and CDNOW files and the checks that name column, row and value. Nothing is
drawn.
"""

import csv
import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from errno import EFBIG
from functools import partial
from hashlib import sha256
from importlib.util import find_spec
from os import SEEK_END
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from alesha_sim.files import regular
from alesha_sim.numeric.counts import bincount
from alesha_sim.scenarios.demand.base import UNITS_MAX
from alesha_sim.scenarios.errors import Problem, ScenarioError, nearest, shown
from alesha_sim.scenarios.fields import SECONDS_MAX
from alesha_sim.scenarios.files import PACKAGE, check_size, content
from alesha_sim.units import MICROSECONDS, in_seconds, is_plain_number

Numbers = NDArray[np.float64]

REPLAY_BYTES_MAX = 200_000_000
"""Some 14 million visits; to read them as text takes two minutes and 6 GB of memory."""

REPLAY_VALUES_MAX = 50_000_000
"""As many as such a text can hold; a Parquet file of a few bytes may unpack to any number."""


@dataclass(frozen=True)
class Table:
    """Columns as they were given, where their rows stand and whether their order is that of time.

    `instants` turns the column `at` into seconds from the start; `early` is the rule that a negative one breaks.
    """

    columns: Mapping[str, Sequence[Any]]
    source: str
    place: Callable[[str, int], str]
    ordered: bool = True
    combine: Callable[[dict[str, Numbers]], dict[str, Numbers]] = lambda columns: columns
    instants: Callable[[Sequence[Any]], Numbers] = lambda column: _numbers(column)
    early: str = "must not be negative"

    def checked(
        self, users: int | None, skus: Sequence[str] | None, horizon: float = math.inf
    ) -> tuple[dict[str, Numbers], list[Problem]]:
        """Return the columns as numbers, and a problem for each rule that a column breaks, with its first row.

        None stands for users or products that are themselves at problem: rules about them are left out. Instants
        are rounded to the clock's microseconds, and must be before the horizon.
        """
        found = self._misnamed(skus)
        if not found and len({len(column) for column in self.columns.values()}) > 1:
            found = [Problem(self.source, None, "columns must be equally long")]
        if not found and not len(self.columns["at"]):
            found = [Problem(self.source, None, "must hold at least one visit")]
        if found:
            return {}, found
        numbers = {name: _numbers(column) for name, column in self.columns.items() if name != "at"}
        at = self._instants()
        found = self._broken("at", _instant_rules(at, self.early, horizon, self.ordered))
        for name, values in numbers.items():
            found += self._broken(name, _number_rules(name, values, users))
        return ({}, found) if found else self._combined({"at": at, **numbers})

    def _combined(self, numbers: dict[str, Numbers]) -> tuple[dict[str, Numbers], list[Problem]]:
        """Return the columns with rows of one visit joined, and a problem if one of these holds too much."""
        columns = self.combine(numbers)
        if columns.get("units", np.zeros(1)).max() > UNITS_MAX:
            return {}, [
                Problem(self.source, None, f"units of a user and day must be at most {UNITS_MAX} together")
            ]
        return columns, []

    def _misnamed(self, skus: Sequence[str] | None) -> list[Problem]:
        """Return the problems of columns that are missing or unknown."""
        found = [
            Problem(self.source, None, f"column {name}: missing: must be given")
            for name in ("at", "user")
            if name not in self.columns
        ]
        goods = [name for name in self.columns if name not in ("at", "user")]
        if "units" in goods and len(goods) > 1:
            found.append(Problem(self.source, None, "column units: must not stand beside columns of SKUs"))
        elif not goods:
            found.append(Problem(self.source, None, "must have a column for at least one SKU, or units"))
        known = ("units", *skus) if skus else ("units", *goods)
        for name in goods:
            if name not in known:
                found.append(Problem(self.source, None, f"column {name}: unknown column: {nearest(name, known)}"))
        return found

    def _instants(self) -> Numbers:
        with np.errstate(over="ignore"):
            return np.rint(self.instants(self.columns["at"]) * MICROSECONDS) / MICROSECONDS

    def _broken(self, name: str, rules: Iterable[tuple[str, NDArray[np.bool_]]]) -> list[Problem]:
        """Return a problem for each rule that the numbers of a column break."""
        given, found = self.columns[name], []
        for rule, broken in rules:
            rows = np.flatnonzero(broken)
            if rows.size:
                more = f" (and {rows.size - 1} more)" if rows.size > 1 else ""
                found.append(Problem(self.place(name, int(rows[0])), shown(given[rows[0]]), rule + more))
        return found


# A row breaks only the first of a column's rules. A comparison with NaN is false, as is wanted: such a row is at
# problem already.


def _instant_rules(
    at: Numbers, early: str, horizon: float, ordered: bool
) -> Iterator[tuple[str, NDArray[np.bool_]]]:
    """Yield the rules of instants and the rows that break each."""
    yield "must be a finite number", ~np.isfinite(at)
    yield early, at < 0
    if ordered:
        yield "must not be before the row above", np.concatenate(([False], at[1:] < at[:-1]))
    if horizon < SECONDS_MAX:
        yield f"must be before the horizon, {in_seconds(horizon)}", (at >= horizon) & np.isfinite(at)
    else:
        yield f"must be less than {SECONDS_MAX} seconds (285 years)", (at >= SECONDS_MAX) & np.isfinite(at)


def _number_rules(name: str, values: Numbers, users: int | None) -> Iterator[tuple[str, NDArray[np.bool_]]]:
    """Yield the rules of users and units and the rows that break each."""
    finite = np.isfinite(values)
    yield "must be a finite number", ~finite
    yield "must not be negative", values < 0
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
            if isinstance(value, bool) or (isinstance(value, str) and not is_plain_number(value)):
                return math.nan
            return float(value)
        except (TypeError, ValueError, OverflowError):
            return math.nan

    return np.fromiter((read(value) for value in column), dtype=np.float64, count=len(column))


def refuse_twins(source: str, names: Sequence[str]) -> None:
    """Raise ScenarioError, naming the column, if two of a table have one name."""
    twice = dict.fromkeys(name for place, name in enumerate(names) if name in names[:place])
    if twice:
        raise ScenarioError(Problem(source, None, f"column {name}: must not occur twice") for name in twice)


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


def cdnow(file: str, start: datetime) -> Table:
    """Read a file in the layout of the CDNOW histories; raises ScenarioError.

    Each line holds a customer's number from 1, the day as YYYYMMDD, the units and the dollars, blanks between;
    what stands before these four is passed over. One visit a customer and day, at that day's noon, with the day's
    units; `start` is time 0. Layout and data: Fader and Hardie, "Notes on the CDNOW Master Data Set",
    brucehardie.com.
    """
    path = _located(file)
    rows = [(n, line.split()) for n, line in enumerate(_text(path).splitlines(), 1) if line.strip()]
    found = [
        Problem(f"file: {path.name}, line {n}", None, "must hold customer, day as YYYYMMDD, units and dollars")
        for n, cells in rows
        if len(cells) < 4 or _noon(cells[-3]) is None
    ]
    if found:
        raise ScenarioError(found[:1])
    columns: dict[str, Sequence[Any]] = {
        "at": [cells[-3] for _, cells in rows],
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
        instants=partial(_since, start),
        early=f"noon of this day must not be before the start, {start}",
    )


def _by_day(columns: dict[str, Numbers]) -> dict[str, Numbers]:
    """Sum the units of each customer and day; return them sorted by day, then customer."""
    pairs = np.stack((columns["at"], columns["user"]), axis=1)
    unique, group = np.unique(pairs, axis=0, return_inverse=True)
    units = bincount(group.ravel(), weights=columns["units"])
    return {"at": unique[:, 0], "user": unique[:, 1], "units": units}


def _noon(text: str) -> datetime | None:
    """Return the noon of a date YYYYMMDD; None when it is none."""
    try:
        if len(text) != 8 or not (text.isascii() and text.isdigit()):
            return None
        return datetime.combine(date(int(text[:4]), int(text[4:6]), int(text[6:])), time(12))
    except ValueError:
        return None


def _since(start: datetime, days: Sequence[str]) -> Numbers:
    """Return the noons of days in seconds from the start."""
    at = {day: (noon - start).total_seconds() for day in dict.fromkeys(days) if (noon := _noon(day)) is not None}
    return np.array([at[day] for day in days], dtype=np.float64)


def _from_one(text: str) -> int | str:
    """Return a customer's number counted from 0; what is no number, or no customer's, stays as it is."""
    return int(text) - 1 if text.isascii() and text.isdigit() and len(text) < 16 else text


def _located(file: str) -> Path:
    """Return the path of a replay file, which may come with an installed package (found, never imported)."""
    if "\0" in file:
        raise ScenarioError([Problem("file", shown(file), "must not hold a NUL character")])
    if not file.startswith(PACKAGE):
        return Path(file)
    package, _, inside = file.removeprefix(PACKAGE).partition("/")
    # A dotted name would import the packages above it.
    spec = find_spec(package) if package.isidentifier() else None
    if spec is None or not spec.submodule_search_locations:
        hint = ": pip install 'alesha-sim[replay]'" if package == "lifetimes" else ""
        raise ScenarioError([Problem("file", shown(file), f"the package {package} is not installed{hint}")])
    return Path(spec.submodule_search_locations[0], inside)


def file_digest(file: str) -> str:
    """Return the SHA-256 of a replay's file, "" where it cannot be read; a run says so."""
    try:
        return sha256(content(_located(file), REPLAY_BYTES_MAX)).hexdigest()
    except (OSError, ScenarioError):
        return ""


def _unreadable(path: Path, reason: object) -> ScenarioError:
    return ScenarioError([Problem("file", str(path), f"cannot be read: {reason}")])


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
    refuse_twins("file", names)
    for line, row in rows[1:]:
        if len(row) != len(names):
            rule = f"must have {len(names)} values, one for each column"
            raise ScenarioError([Problem(f"file: {path.name}, line {line}", f"{len(row)} values", rule)])
    columns = zip(*(row for _, row in rows[1:]), strict=True) if rows[1:] else [()] * len(names)
    return dict(zip(names, columns, strict=True)), [line for line, _ in rows[1:]]


def _parquet(path: Path) -> dict[str, Sequence[Any]]:
    """Return the columns of a Parquet file."""
    from pyarrow import ArrowException
    from pyarrow.parquet import ParquetFile

    try:
        with regular.opened(path) as file:
            check_size(file.seek(0, SEEK_END), REPLAY_BYTES_MAX)
            parquet = ParquetFile(file)
            if parquet.metadata.num_rows * parquet.metadata.num_columns > REPLAY_VALUES_MAX:
                raise OSError(EFBIG, f"must hold at most {REPLAY_VALUES_MAX:,} values")
            table = parquet.read()
            names, columns = table.column_names, [column.to_pylist() for column in table.columns]
    except UnicodeDecodeError:
        raise _unreadable(path, "holds text that is not UTF-8") from None
    except OSError as error:
        raise _unreadable(path, error.strerror or str(error).partition("\n")[0]) from None
    except (ArrowException, ValueError, OverflowError) as error:
        raise _unreadable(path, str(error).partition("\n")[0]) from None
    refuse_twins("file", names)
    return dict(zip(names, columns, strict=True))
