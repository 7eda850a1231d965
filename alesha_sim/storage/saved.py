"""Results as folders: written, checked and read back."""

import json
from collections.abc import Mapping
from datetime import datetime
from hashlib import file_digest, sha256
from os import PathLike
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

from alesha_sim.columns import Columns, rows
from alesha_sim.files import folders, program, regular
from alesha_sim.recording.levels import ALL, Tallies, known
from alesha_sim.recording.run_logs import InboxStatistics
from alesha_sim.recording.samples import Samples
from alesha_sim.storage.parquet import SUFFIX, from_arrow, write_table
from alesha_sim.storage.target import refuse_to_overwrite, remove_unrecorded
from alesha_sim.tables.digest import digest, table_digest
from alesha_sim.tables.schema import Tables, recorded
from alesha_sim.units import Currency

if TYPE_CHECKING:
    from alesha_sim.scenarios.scenario import Scenario


FORMAT = 4
OWN_DIGEST = "manifest_digest"


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
    versions: Mapping[str, str] = MappingProxyType({})
    collected: Mapping[str, Samples] = MappingProxyType({})


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


def _write(folder: Path, manifest: Manifest, tables: Mapping[str, Columns]) -> None:
    for table, columns in tables.items():
        write_table(folder, table, columns, manifest.scenario)
    digests = {table: table_digest(table, columns) for table, columns in tables.items()}
    write_manifest(folder, manifest, {table: rows(columns) for table, columns in tables.items()}, digests)


def write_manifest(
    folder: Path,
    manifest: Manifest,
    heights: Mapping[str, int],
    digests: Mapping[str, str],
    *,
    spooled: bool = False,
) -> None:
    """Write the manifest of a result whose tables are in the folder, with the rows and the digest of each."""
    described = described_run(manifest)
    described["spooled"] = spooled
    described["rows"], described["table_digests"] = dict(heights), dict(digests)
    described["file_digests"] = {table + SUFFIX: _file_digest(folder / (table + SUFFIX)) for table in heights}
    described[OWN_DIGEST] = _own_digest(described)
    text = json.dumps(described, indent=2, allow_nan=False, ensure_ascii=False)
    (folder / folders.MANIFEST).write_text(text + "\n", encoding="utf-8")


def _file_digest(path: Path) -> str:
    with regular.opened(path) as file:
        return file_digest(file, "sha256").hexdigest()


def described_run(manifest: Manifest) -> dict[str, Any]:
    """Return what `manifest.json` says of the run; without `versions`, this program made it."""
    return {
        "format": FORMAT,
        **manifest._asdict(),
        "versions": dict(manifest.versions) or program.versions(),
        "scenario": manifest.scenario.model_dump(mode="json"),
        "inboxes": {name: statistics._asdict() for name, statistics in manifest.inboxes.items()},
        "collected": {name: samples.plain() for name, samples in manifest.collected.items()},
        "tallies": {table: dict(tally) for table, tally in manifest.tallies.items()},
    }


def _own_digest(described: Mapping[str, Any]) -> str:
    """Return the SHA-256 of a manifest's contents but for this digest itself, however they are laid out."""
    contents = {name: value for name, value in described.items() if name != OWN_DIGEST}
    return sha256(json.dumps(contents, sort_keys=True).encode()).hexdigest()


def load(
    folder: str | PathLike[str], scenario: "Scenario | None" = None
) -> tuple[Manifest, Mapping[str, Columns]]:
    """Read a manifest and canonical tables, and compare them with the digests; spooled tables stay on disk.

    `scenario` stands in for the manifest's, which it must equal when written down. Raises FileNotFoundError if
    there is no manifest, ValueError naming the file that is not as it was saved.
    """
    folder = Path(folder)
    path = folders.place(folder, folders.MANIFEST)
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
        from alesha_sim.storage.on_disk import Spooled

        for table in there:
            _check_file(folders.place(folder, table + SUFFIX), files[table])
        return manifest, Spooled(folder, currency, start, manifest.digest, manifest.recorded, manifest.tallies)
    columns = {table: _read(folder, table, files[table], currency, start) for table in there}
    tables = Tables(columns, manifest.recorded, manifest.tallies)
    if digest(tables, currency) != manifest.digest:
        changed = [table + SUFFIX for table in there if table_digest(table, tables[table]) != digests[table]]
        raise _refused(folder / (changed or [folders.MANIFEST])[0])
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
    if described["format"] != FORMAT:
        raise ValueError(f"format: {described['format']!r}: must be {FORMAT}")
    known(described["recorded"], "recorded")
    if described[OWN_DIGEST] != _own_digest(described):
        raise _Altered
    return described


def _manifest(described: dict[str, Any], scenario: "Scenario | None") -> Manifest:
    from alesha_sim.scenarios.scenario import Scenario

    # Older results lack these: there were no levels, no visits were cut off by request, nothing was collected.
    described = {"tallies": {}, "visits_cut": 0, "collected": {}, **described}
    fields: dict[str, Any] = {name: described[name] for name in Manifest._fields}
    fields["scenario"] = scenario or Scenario.model_validate(described["scenario"])
    if scenario is not None and scenario.model_dump(mode="json") != described["scenario"]:
        raise ValueError("scenario: must be the one that was run")
    fields["inboxes"] = {name: InboxStatistics(**statistics) for name, statistics in described["inboxes"].items()}
    fields["collected"] = {name: Samples.read(said) for name, said in described["collected"].items()}
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
