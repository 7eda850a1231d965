"""Results on disk: a folder with one Parquet file a table and `manifest.json`. No pickle, no code."""

import json
import platform
import shutil
import sys
from collections.abc import Mapping
from datetime import datetime
from importlib.metadata import version
from os import PathLike
from pathlib import Path
from tempfile import mkdtemp
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import numpy.typing as npt

from alesha_sim.network.inbox import InboxStatistics
from alesha_sim.records import MISSING_TIME, NO_ID, Coded, Column, Columns
from alesha_sim.tables import RECORDED, SCHEMA, Type, canonical, digest, in_money, instants, rows, table_digest
from alesha_sim.units import Currency

if TYPE_CHECKING:
    import pyarrow as pa

    from alesha_sim.scenarios.scenario import Scenario

MANIFEST = "manifest.json"
SUFFIX = ".parquet"
OWN_FILES = (MANIFEST, *(table + SUFFIX for table in SCHEMA))
FORMAT = 1


class Manifest(NamedTuple):
    """What `manifest.json` says of a run, beside versions and the rows and digest of each table."""

    scenario: "Scenario"
    seed: int
    digest: str
    ended_at: float
    drained: bool
    events: int
    inboxes: Mapping[str, InboxStatistics]


# Writing


def save(
    folder: str | PathLike[str], manifest: Manifest, tables: Mapping[str, Columns], *, overwrite: bool = False
) -> None:
    """Write tables and manifest into `folder`, which appears whole or not at all.

    Raises FileExistsError for a folder with something in it, unless with `overwrite` it holds a result; then
    that one is replaced when the new one is complete, and files of other kinds stay.
    """
    target = Path(folder).resolve()
    _refuse_to_overwrite(target, overwrite)
    target.parent.mkdir(parents=True, exist_ok=True)
    # Beside the target, because a folder can only be renamed within its file system.
    workshop = Path(mkdtemp(prefix=f".{target.name}-", dir=target.parent))
    new, old = workshop / "new", workshop / "old"
    try:
        new.mkdir()
        _write(new, manifest, tables)
        _swap(target, new, old)
    finally:
        # An old result that could not be put back is not thrown away.
        if target.exists() or not old.exists():
            shutil.rmtree(workshop)


def _refuse_to_overwrite(target: Path, overwrite: bool) -> None:
    if not target.exists():
        return
    if not target.is_dir():
        raise FileExistsError(f"{target}: must be a folder, not a file")
    if Path.cwd().is_relative_to(target):
        raise FileExistsError(f"{target}: must not be the current folder, which cannot be replaced")
    if any(target.iterdir()) and not overwrite:
        raise FileExistsError(f"{target}: must be empty, or be overwritten by request")
    if any(target.iterdir()) and not (target / MANIFEST).exists():
        raise FileExistsError(f"{target}: must hold a result ({MANIFEST}) to be overwritten")


def _swap(target: Path, new: Path, old: Path) -> None:
    """Put `new` in the place of `target`; what stood there goes to `old`, or back if that fails."""
    if not target.exists():
        new.rename(target)
        return
    for other in target.iterdir():
        if other.name not in OWN_FILES:
            _copy(other, new / other.name)
    target.rename(old)
    try:
        new.rename(target)
    except BaseException:
        old.rename(target)
        raise


def _copy(source: Path, goal: Path) -> None:
    if source.is_dir() and not source.is_symlink():
        shutil.copytree(source, goal, symlinks=True)
    else:
        shutil.copy2(source, goal, follow_symlinks=False)


def _write(folder: Path, manifest: Manifest, tables: Mapping[str, Columns]) -> None:
    from pyarrow import parquet

    scenario = manifest.scenario
    described = _described(manifest, tables)
    for table, columns in tables.items():
        arrow = to_arrow(table, columns, scenario.currency, scenario.start)
        parquet.write_table(arrow, folder / (table + SUFFIX), compression="zstd")
    text = json.dumps(described, indent=2, allow_nan=False, ensure_ascii=False)
    (folder / MANIFEST).write_text(text + "\n", encoding="utf-8")


def _described(manifest: Manifest, tables: Mapping[str, Columns]) -> dict[str, Any]:
    """Return the contents of `manifest.json`."""
    return {
        "format": FORMAT,
        "recorded": RECORDED,
        "versions": {
            "alesha_sim": sys.modules["alesha_sim"].__version__,
            "python": platform.python_version(),
            **{package: version(package) for package in ("numpy", "simpy")},
        },
        **manifest._asdict(),
        "scenario": manifest.scenario.model_dump(mode="json"),
        "inboxes": {name: statistics._asdict() for name, statistics in manifest.inboxes.items()},
        "rows": {table: rows(columns) for table, columns in tables.items()},
        "table_digests": {table: table_digest(table, columns) for table, columns in tables.items()},
    }


def to_arrow(table: str, columns: Columns, currency: Currency, start: datetime) -> "pa.Table":
    """Return canonical columns as an Arrow table: amounts exact decimals, instants timestamps, texts dictionaries.

    Amounts are in major units with the currency's decimals; amounts of goods are units, written with as many.
    """
    import pyarrow as pa

    money = in_money(columns, currency)
    schema = SCHEMA[table]

    def array(column: Column, kind: Type) -> Any:
        if isinstance(column, Coded):
            return pa.DictionaryArray.from_arrays(
                pa.array(column.codes, mask=column.codes == NO_ID), pa.array(column.labels, pa.string())
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


# Reading


def load(folder: str | PathLike[str], scenario: "Scenario | None" = None) -> tuple[Manifest, dict[str, Columns]]:
    """Read a manifest and canonical tables, and compare them with the digest.

    `scenario` stands in for the manifest's, which it must equal when written down. Raises FileNotFoundError if
    there is no manifest, ValueError naming the file that is not as it was saved.
    """
    folder = Path(folder)
    path = folder / MANIFEST
    content = path.read_bytes()
    try:
        described = json.loads(content)
        manifest = _manifest(described, scenario)
        digests = {table: str(described["table_digests"][table]) for table in SCHEMA}
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError(f"{path}: cannot be read: {_line(error)}") from error
    currency, start = manifest.scenario.currency, manifest.scenario.start
    tables = {table: _read(folder / (table + SUFFIX), table, currency, start) for table in SCHEMA}
    if digest(tables, currency) != manifest.digest:
        changed = [table + SUFFIX for table in SCHEMA if table_digest(table, tables[table]) != digests[table]]
        raise ValueError(f"{folder / (changed or [MANIFEST])[0]}: not as it was saved: the digest differs")
    return manifest, tables


def _manifest(described: dict[str, Any], scenario: "Scenario | None") -> Manifest:
    from alesha_sim.scenarios.scenario import Scenario

    if described["format"] != FORMAT or described["recorded"] != RECORDED:
        raise ValueError(f"format {described['format']}, recorded {described['recorded']}: unknown")
    fields: dict[str, Any] = {name: described[name] for name in Manifest._fields}
    fields["scenario"] = scenario or Scenario.model_validate(described["scenario"])
    if scenario is not None and scenario.model_dump(mode="json") != described["scenario"]:
        raise ValueError("scenario: must be the one that was run")
    fields["inboxes"] = {name: InboxStatistics(**statistics) for name, statistics in described["inboxes"].items()}
    return Manifest(**fields)


def _read(path: Path, table: str, currency: Currency, start: datetime) -> Columns:
    from pyarrow import ArrowException, parquet

    try:
        with parquet.ParquetFile(path) as file:
            return from_arrow(table, file.read(), currency, start)
    except (ArrowException, OSError, TypeError, ValueError) as error:
        raise ValueError(f"{path}: cannot be read: {_line(error)}") from error


def _line(error: Exception) -> str:
    """Return an error's text as one line, led by its type where it says too little."""
    text = "; ".join(str(error).splitlines())
    return f"{error} is missing" if isinstance(error, KeyError) else text


def from_arrow(table: str, arrow: "pa.Table", currency: Currency, start: datetime) -> Columns:
    """Return the canonical columns of an Arrow table that `to_arrow` made.

    Raises ValueError (Arrow's errors are such, too) for other columns, other types and values out of range.
    """
    schema = SCHEMA[table]
    if arrow.column_names != list(schema):
        raise ValueError(f"columns {arrow.column_names}: must be {list(schema)}")
    columns: Columns = {}
    for name in sorted(schema, key=lambda name: schema[name] is Type.AMOUNT):  # amounts need the commodity
        columns[name] = _column(arrow.column(name), schema[name], columns, currency, start)
    return canonical(table, {name: columns[name] for name in schema})


def _column(values: Any, kind: Type, columns: Columns, currency: Currency, start: datetime) -> Column:
    import pyarrow as pa
    from pyarrow import compute

    if kind is Type.AMOUNT:
        return _minor(values, in_money(columns, currency), currency)
    if kind is Type.TEXT:
        text = compute.cast(values, pa.dictionary(pa.int32(), pa.string())).unify_dictionaries().combine_chunks()
        return Coded(text.indices.fill_null(NO_ID).to_numpy(), tuple(text.dictionary.to_pylist()))
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
