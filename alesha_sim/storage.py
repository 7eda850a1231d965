"""Results on disk: a folder with one Parquet file a table and `manifest.json`. No pickle, no code."""

import json
import platform
import sys
from collections.abc import Mapping
from datetime import datetime
from hashlib import file_digest, sha256
from importlib.metadata import version
from os import PathLike
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import numpy.typing as npt

from alesha_sim import folders, regular
from alesha_sim.modes import ALL, MODES, Tallies, is_on
from alesha_sim.network.inbox import InboxStatistics
from alesha_sim.records import MISSING_TIME, NO_ID, Coded, Column, Columns
from alesha_sim.tables import (
    SCHEMA,
    Tables,
    Type,
    canonical,
    digest,
    in_money,
    instants,
    recorded,
    rows,
    table_digest,
)
from alesha_sim.units import Currency

if TYPE_CHECKING:
    import pyarrow as pa

    from alesha_sim.scenarios.scenario import Scenario

MANIFEST = "manifest.json"
SUFFIX = ".parquet"
FORMAT = 2
OWN_DIGEST = "manifest_digest"
COMPRESSION = "zstd"


class Manifest(NamedTuple):
    """What `manifest.json` says of a run, beside versions and the rows and digest of each table."""

    scenario: "Scenario"
    seed: int
    digest: str
    ended_at: float
    drained: bool
    events: int
    inboxes: Mapping[str, InboxStatistics]
    recorded: str = ALL
    tallies: Tallies = MappingProxyType({})
    visits_cut: int = 0


# Writing


def save(
    folder: str | PathLike[str], manifest: Manifest, tables: Mapping[str, Columns], *, overwrite: bool = False
) -> None:
    """Write tables and manifest into `folder`, where they appear all at one stroke or not at all.

    Raises FileExistsError for a folder with something in it, unless with `overwrite` it holds a result; then
    that one is replaced when the new one is complete, and files of other kinds stay.
    """
    target = Path(folder).resolve()
    refuse_to_overwrite(target, overwrite=overwrite)
    with folders.replacing(target) as ready:
        refuse_to_overwrite(target, overwrite=overwrite)  # now that nobody else can fill it
        _write(ready, manifest, tables)
    remove_unrecorded(target, manifest.recorded, SUFFIX)


def remove_unrecorded(folder: Path, record: str, *suffixes: str) -> None:
    """Remove the files of tables that are off, which an earlier result left in the folder."""
    for table in SCHEMA:
        if not is_on(table, record):
            for suffix in suffixes:
                (folder / (table + suffix)).unlink(missing_ok=True)


def refuse_to_overwrite(target: Path, *, overwrite: bool = False) -> None:
    """Raise FileExistsError for a file, and for a folder with something in it, but a result with `overwrite`.

    Raises ValueError for a name that is no text.
    """
    # Bytes that are no text: what writes Parquet files cannot name one there.
    if any("\udc80" <= sign <= "\udcff" for sign in str(target)):
        raise ValueError(f"folder {str(target)!r}: must be a name in UTF-8")
    if target.exists() and not target.is_dir():
        raise FileExistsError(f"{target}: must be a folder, not a file")
    if folders.is_empty(target):
        return
    if not overwrite:
        raise FileExistsError(f"{target}: must be empty, or be overwritten by request")
    if not folders.place(target, MANIFEST).exists():
        raise FileExistsError(f"{target}: must hold a result ({MANIFEST}) to be overwritten")


def _write(folder: Path, manifest: Manifest, tables: Mapping[str, Columns]) -> None:
    for table, columns in tables.items():
        write_table(folder, table, columns, manifest.scenario)
    digests = {table: table_digest(table, columns) for table, columns in tables.items()}
    write_manifest(folder, manifest, {table: rows(columns) for table, columns in tables.items()}, digests)


def write_table(folder: Path, table: str, columns: Columns, scenario: "Scenario") -> None:
    """Write canonical columns as the Parquet file of a table."""
    from pyarrow import parquet

    arrow = to_arrow(table, columns, scenario.currency, scenario.start)
    parquet.write_table(arrow, folder / (table + SUFFIX), compression=COMPRESSION)


def write_manifest(
    folder: Path, manifest: Manifest, heights: Mapping[str, int], digests: Mapping[str, str], *,
    spooled: bool = False,
) -> None:  # fmt: skip
    """Write the manifest of a result whose tables are in the folder, with the rows and the digest of each."""
    described = _described(manifest)
    described["spooled"] = spooled
    described["rows"], described["table_digests"] = dict(heights), dict(digests)
    described["file_digests"] = {table + SUFFIX: _file_digest(folder / (table + SUFFIX)) for table in heights}
    described[OWN_DIGEST] = _own_digest(described)
    text = json.dumps(described, indent=2, allow_nan=False, ensure_ascii=False)
    (folder / MANIFEST).write_text(text + "\n", encoding="utf-8")


def _file_digest(path: Path) -> str:
    with regular.opened(path) as file:
        return file_digest(file, "sha256").hexdigest()


def _described(manifest: Manifest) -> dict[str, Any]:
    """Return what `manifest.json` says of the run."""
    return {
        "format": FORMAT,
        "versions": {
            "alesha_sim": sys.modules["alesha_sim"].__version__,
            "python": platform.python_version(),
            **{package: version(package) for package in ("numpy", "simpy")},
        },
        **manifest._asdict(),
        "scenario": manifest.scenario.model_dump(mode="json"),
        "inboxes": {name: statistics._asdict() for name, statistics in manifest.inboxes.items()},
        "tallies": {table: dict(tally) for table, tally in manifest.tallies.items()},
    }


def _own_digest(described: Mapping[str, Any]) -> str:
    """Return the SHA-256 of a manifest's contents but for this digest itself, however they are laid out."""
    contents = {name: value for name, value in described.items() if name != OWN_DIGEST}
    return sha256(json.dumps(contents, sort_keys=True).encode()).hexdigest()


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


def load(
    folder: str | PathLike[str], scenario: "Scenario | None" = None
) -> tuple[Manifest, Mapping[str, Columns]]:
    """Read a manifest and canonical tables, and compare them with the digests; spooled tables stay on disk.

    `scenario` stands in for the manifest's, which it must equal when written down. Raises FileNotFoundError if
    there is no manifest, ValueError naming the file that is not as it was saved.
    """
    folder = Path(folder)
    path = folders.place(folder, MANIFEST)
    if not path.exists() and folders.is_unfinished(folder):
        raise FileNotFoundError(f"{folder}: must hold a result; the run that began one here did not finish it")
    try:
        described = _checked(json.loads(regular.content(path)))
        manifest = _manifest(described, scenario)
        there = recorded(manifest.recorded)
        digests = {table: str(described["table_digests"][table]) for table in there}
        files = {table: str(described["file_digests"][table + SUFFIX]) for table in there}
    except (FileNotFoundError, NotADirectoryError):
        raise
    except (AttributeError, KeyError, OSError, RecursionError, TypeError, ValueError) as error:
        raise _refused(path, error) from error
    currency, start = manifest.scenario.currency, manifest.scenario.start
    if described.get("spooled"):
        from alesha_sim.spooled import Spooled

        for table in there:
            _check_file(folders.place(folder, table + SUFFIX), files[table])
        return manifest, Spooled(folder, currency, start, manifest.digest, manifest.recorded, manifest.tallies)
    columns = {table: _read(folder, table, files[table], currency, start) for table in there}
    tables = Tables(columns, manifest.recorded, manifest.tallies)
    if digest(tables, currency) != manifest.digest:
        changed = [table + SUFFIX for table in there if table_digest(table, tables[table]) != digests[table]]
        raise _refused(folder / (changed or [MANIFEST])[0])
    return manifest, tables


def _check_file(path: Path, saved: str) -> None:
    """Raise ValueError unless a file is as it was saved."""
    try:
        found = _file_digest(path)
    except OSError as error:
        raise _refused(path, error) from error
    if found != saved:
        raise _refused(path)


def _checked(described: dict[str, Any]) -> dict[str, Any]:
    """Return a manifest's contents; ValueError if they are of another format, or not as they were saved."""
    if described["format"] != FORMAT or described["recorded"] not in MODES:
        raise ValueError(f"format {described['format']}, recorded {described['recorded']}: unknown")
    if described[OWN_DIGEST] != _own_digest(described):
        raise _Altered
    return described


def _manifest(described: dict[str, Any], scenario: "Scenario | None") -> Manifest:
    from alesha_sim.scenarios.scenario import Scenario

    # Older results have neither: there were no modes, and no visits were cut off by request.
    described = {"tallies": {}, "visits_cut": 0, **described}
    fields: dict[str, Any] = {name: described[name] for name in Manifest._fields}
    fields["scenario"] = scenario or Scenario.model_validate(described["scenario"])
    if scenario is not None and scenario.model_dump(mode="json") != described["scenario"]:
        raise ValueError("scenario: must be the one that was run")
    fields["inboxes"] = {name: InboxStatistics(**statistics) for name, statistics in described["inboxes"].items()}
    return Manifest(**fields)


def _read(folder: Path, table: str, saved: str, currency: Currency, start: datetime) -> Columns:
    import pyarrow as pa
    from pyarrow import parquet

    path = folders.place(folder, table + SUFFIX)
    try:
        content = regular.content(path)
        # Before anything else looks into it, since what reads a damaged file may do worse than raise.
        if sha256(content).hexdigest() != saved:
            raise _Altered
        with parquet.ParquetFile(pa.BufferReader(content)) as file:
            return from_arrow(table, file.read(), currency, start)
    except (pa.ArrowException, OSError, TypeError, ValueError) as error:
        raise _refused(path, error) from error


class _Altered(ValueError):
    """A file's contents do not have the digest that was written down."""


def _refused(path: Path, error: Exception | None = None) -> ValueError:
    """Return the error that names a file and says in one line what is wrong with it."""
    match error:
        case None | _Altered():
            return ValueError(f"{path}: not as it was saved: the digest differs")
        case KeyError():
            reason = f"{error} is missing"
        case OSError(strerror=str(text)):
            reason = text
        case _:
            reason = "; ".join(str(error).splitlines())
    return ValueError(f"{path}: cannot be read: {reason}")


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
