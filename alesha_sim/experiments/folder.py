"""A study's folder: every finished run is there at once, whole or not at all, and a later start goes on from it.

    manifest.json      what the study is: its identity, versions, scenarios, points; what its runs record
    runs/              a Parquet file a run: point, replication, seed, digest, metrics
    runs.parquet       the same of many runs, which are taken together when a study ends
    series/<name>/     a Parquet file a run: point, replication, seconds, one column a name
    tables/<table>/    a Parquet file a run: point, replication, seed, and the table's own columns
    failures.json      the runs that failed at the last start
    scenario_<n>.toml  the scenarios, where a file can hold them
    journal.sha256     the SHA-256 of each of these files, but of failures.json, which holds its own

A run is done once its line is in the journal, on disk; what belongs to it is on disk before. Nothing is read that
is not as it was written. While runs are made the folder is held, so that no other program makes them, too.
"""

import json
import platform
import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import fields, is_dataclass
from datetime import timedelta
from hashlib import sha256
from importlib.metadata import version
from io import BytesIO
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from alesha_sim.experiments.job import KEYS, Outcome, Run
from alesha_sim.experiments.journal import Journal, damaged, put
from alesha_sim.experiments.plan import Plan
from alesha_sim.experiments.run_table import Rows
from alesha_sim.experiments.series import Track
from alesha_sim.files import folders, regular
from alesha_sim.scenarios.errors import ScenarioError, scenario_error

if TYPE_CHECKING:
    import pyarrow as pa

FAILURES, TOGETHER = "failures.json", "runs.parquet"
FORMAT = "alesha study 5"

RUN = re.compile(r"runs/p(\d+)-r(\d+)\.parquet")


class Archive:
    """The folder of one study; `keeps` are the folders that each run has a file in, such as `series/waits`."""

    def __init__(self, folder: str | PathLike[str], keeps: Iterable[str] = ()) -> None:
        self.folder = Path(folder).absolute()
        self._keeps = tuple(keeps)
        self._journal = Journal(self.folder)

    @classmethod
    def of(cls, folder: str | PathLike[str], plan: Plan) -> "Archive":
        """Return the folder of a study with a plan."""
        recording = plan.recording
        series, tables = (
            (f"series/{name}" for name in recording.series),
            (f"tables/{name}" for name in recording.keep),
        )
        return cls(folder, (*series, *tables))

    # Beginning and ending

    @contextmanager
    def begun(self, plan: Plan) -> Iterator["Archive"]:
        """Make the folder, or make sure that it holds this study, and hold it.

        Raises ScenarioError, and changes nothing, where it holds anything else than this study or nothing, and
        where another program holds it.
        """
        identity = json.loads(json.dumps(plan.identity()))
        self._check_same(identity)
        with ExitStack() as held:
            try:
                held.enter_context(folders.held(self.folder))
                self._check_same(identity)  # now that nobody else can fill it
                self._begin(plan, identity)
            except OSError as error:
                raise scenario_error("folder", str(self.folder), f"cannot be written: {error.strerror}") from None
            yield self

    def _check_same(self, identity: Mapping[str, Any]) -> None:
        if not _is_new(self.folder):
            _check_same(read_manifest(self.folder), identity, self.folder)

    def _begin(self, plan: Plan, identity: Mapping[str, Any]) -> None:
        """Write what stands before any run, the journal last; a folder that has one stays as it is."""
        if self._journal.read():
            return
        # A program killed right after it leaves a study without runs.
        if not (self.folder / folders.MANIFEST).exists():
            put(self.folder / folders.MANIFEST, json.dumps(_described(plan, identity), indent=2).encode())
        (self.folder / "runs").mkdir(exist_ok=True)
        self._check_journal()
        for number, scenario in enumerate(plan.scenarios):
            _write_scenario(scenario, self.scenario_file(number))
        self.write_failures(())
        self._journal.tidy()
        names = [folders.MANIFEST, *(path.name for path in sorted(self.folder.glob("scenario_*.toml")))]
        self._journal.replace({name: sha256((self.folder / name).read_bytes()).hexdigest() for name in names})

    def scenario_file(self, number: int) -> Path:
        """Return where a scenario is, if a file can hold it."""
        return self.folder / f"scenario_{number}.toml"

    # Runs

    def keep(self, outcome: Outcome) -> None:
        """Write a finished run; once this returns, the run counts as done."""
        name = _file(outcome.run)
        files = {f"tables/{table}/{name}": content for table, content in outcome.tables.items()}
        for series, track in outcome.series.items():
            files[f"series/{series}/{name}"] = _bytes(_track_table(outcome.run, track))
        files[f"runs/{name}"] = _bytes(_row_table(outcome), small=True)
        self._journal.write(files, last=f"runs/{name}")

    def rows(self) -> Rows:
        """Return the finished runs; raises ScenarioError that names a file which is not as it was written."""
        while True:
            try:
                return self._rows()
            except ScenarioError:
                if not self._journal.has_changed():  # else another program has gone on meanwhile
                    raise

    def _rows(self) -> Rows:
        journal = self._journal
        journal.read()
        self._check_journal()
        rows = Rows()
        for name in (TOGETHER, *filter(RUN.fullmatch, journal.digests)):
            if name in journal.digests:
                _add(rows, journal.content(name))
        for path in sorted((self.folder / "runs").glob("p*.parquet")):
            name = f"runs/{path.name}"
            found = RUN.fullmatch(name)
            if name not in journal.digests and not (found and (int(found[1]), int(found[2])) in rows):
                raise damaged(journal.path, f"has no line for {name}")
        for run in rows.runs:
            for kept in self._keeps:
                journal.check_there(f"{kept}/{_file(run)}")
        return rows

    def _check_journal(self) -> None:
        """Raise ScenarioError unless the files that any study has are as they were written."""
        journal = self._journal
        if not journal.digests:
            if (self.folder / TOGETHER).exists() or any((self.folder / "runs").glob("p*.parquet")):
                raise damaged(journal.path, "is missing or empty, and there are runs")
            return
        for name in (
            folders.MANIFEST,
            *(name for name in journal.digests if "/" not in name and name != TOGETHER),
        ):
            journal.content(name)
        if TOGETHER not in journal.digests and (self.folder / TOGETHER).exists():
            raise damaged(journal.path, f"has no line for {TOGETHER}")
        self.failures()

    def take_together(self, rows: Rows) -> None:
        """Put all finished runs, these, into one file; then remove theirs and what killed programs left."""
        import pyarrow as pa

        journal = self._journal
        if any(map(RUN.fullmatch, journal.digests)):
            frame = rows.frame()
            columns = {name: pa.array(frame[name].tolist()) for name in frame.columns}
            others = {
                name: digest
                for name, digest in journal.digests.items()
                if name != TOGETHER and not RUN.fullmatch(name)
            }
            journal.take_over(TOGETHER, _bytes(pa.table(columns)), others)
        if TOGETHER in journal.digests:
            for file in sorted((self.folder / "runs").glob("p*.parquet")):
                file.unlink()
        journal.tidy()

    def track(self, series: str, run: Run) -> Track:
        """Return a run's series."""
        table = _table(self._journal.content(f"series/{series}/{_file(run)}"))
        names = tuple(table.column_names[3:])
        values = np.stack([table[name].to_numpy() for name in names], axis=1)
        return Track(names, table["seconds"].to_numpy(), values)

    def table(self, name: str, runs: Iterable[Run]) -> "pa.Table":
        """Return a kept table of some runs, one after the other."""
        import pyarrow as pa

        return pa.concat_tables(_table(self._journal.content(f"tables/{name}/{_file(run)}")) for run in runs)

    # Failures

    def write_failures(self, failures: Iterable[Outcome]) -> None:
        """Write down the runs that failed, in place of those before."""
        rows = [
            {"run": list(failure.run), "seed": failure.seed, "error": failure.error, "trace": failure.trace}
            for failure in failures
        ]
        put(self.folder / FAILURES, _with_digest(rows))

    def failures(self) -> list[Outcome]:
        """Return the runs that failed at the last start; raises ScenarioError if the file was damaged."""
        file = self.folder / FAILURES
        if not file.is_file():
            if self._journal.digests:
                raise damaged(file, "is missing")
            return []
        try:
            content = regular.content(file)
            rows = json.loads(content)["failures"]
            if content == _with_digest(rows):
                return [Outcome(tuple(row.pop("run")), **row) for row in rows]
        except (OSError, ValueError, TypeError, LookupError, RecursionError):
            pass
        raise damaged(file, "is not as it was written: its digest differs")


# The manifest


def read_manifest(folder: Path) -> dict[str, Any]:
    """Return what a study's manifest says; raises ScenarioError if there is no study in the folder.

    What the journal says of it is believed before what it says itself.
    """
    journal = Journal(folder)
    if journal.path.exists() and (journal.read() or not (folder / folders.MANIFEST).exists()):
        journal.content(folders.MANIFEST)
    try:
        found = json.loads(regular.content(folder / folders.MANIFEST))
        form = str(found["format"])
        if form == FORMAT:
            return dict(found)
    except (OSError, ValueError, TypeError, LookupError, RecursionError):
        form = ""
    if form.startswith(FORMAT.rstrip("0123456789")):
        rule = f"holds a study of another format ({form}, and this is {FORMAT}): must be another folder"
        raise scenario_error("folder", str(folder), rule)
    raise scenario_error(
        "folder", str(folder), "must be new, empty, or hold a study: there is something else in it"
    )


def seed_in(folder: str | PathLike[str]) -> int | None:
    """Return the seed of the study in a folder, None if the folder is new or empty."""
    place = Path(folder)
    return None if _is_new(place) else int(read_manifest(place)["identity"]["seed"])


def _is_new(folder: Path) -> bool:
    """Tell whether nothing is in the folder; raises ScenarioError if it is a file."""
    if folder.exists() and not folder.is_dir():
        raise scenario_error("folder", str(folder), "must be a folder, not a file")
    return folders.is_empty(folder)


def versions() -> dict[str, str]:
    """Return the versions that decide a run's digest."""
    return {
        "alesha_sim": sys.modules["alesha_sim"].__version__,
        "python": platform.python_version(),
        **{package: version(package) for package in ("numpy", "simpy")},
    }


def _described(plan: Plan, identity: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "format": FORMAT,
        "versions": versions(),
        "identity": identity,
        "scenarios": [scenario.model_dump(mode="json") for scenario in plan.scenarios],
        "points": [
            {"scenario": point.scenario, "labels": point.labels, "settings": _plain(point.settings)}
            for point in plan.points
        ],
    }


def _plain(value: Any) -> Any:
    """Return a setting as JSON can hold it and a scenario reads it: distributions and policies as tables, say."""
    match value:
        case str() | bool() | int() | float() | None:
            return value
        case Mapping():
            return {str(key): _plain(each) for key, each in value.items()}
        case list() | tuple():
            return [_plain(each) for each in value]
        case timedelta():
            return value.total_seconds()
        case _ if hasattr(type(value), "model_dump"):
            return value.model_dump(mode="json")
        case _ if is_dataclass(value) and type(value).__module__.startswith("alesha_sim."):
            table = {field.name: _plain(getattr(value, field.name)) for field in fields(value)}
            kind = {"kind": value.kind} if hasattr(value, "kind") else {}
            return kind | {name: each for name, each in table.items() if each is not None}
    return str(value)  # an object of the reader's own, which a loaded study cannot make again


def _check_same(found: Mapping[str, Any], identity: Mapping[str, Any], folder: Path) -> None:
    """Refuse the folder of another study, or of another version of the program."""
    for name, used in versions().items():
        if found["versions"].get(name) != used:
            rule = (
                f"holds runs of {name} {found['versions'].get(name)}, and this is {used}: must be another folder"
            )
            raise scenario_error("folder", str(folder), rule)
    for name, value in identity.items():
        if found["identity"].get(name) != value:
            differs = f"differ{'' if name[-1] == 's' else 's'}"
            levels = f" ({found['identity'][name]!r}, and this is {value!r})" if name == "record" else ""
            rule = f"holds another study: its {name} {differs}{levels}: must be another folder"
            raise scenario_error("folder", str(folder), rule)


# Files


def _file(run: Run) -> str:
    return f"p{run[0]}-r{run[1]}.parquet"


def _add(rows: Rows, content: bytes) -> None:
    """Add the finished runs of a file."""
    for row in _table(content).to_pylist():
        point, replication, seed, digest = (row.pop(key) for key in KEYS[:4])
        rows.add((point, replication), seed, digest, row)


def _table(content: bytes) -> "pa.Table":
    from pyarrow import parquet

    return parquet.ParquetFile(BytesIO(content)).read()


def _with_digest(rows: object) -> bytes:
    """Return the runs that failed as their file holds them."""
    digest = sha256(json.dumps(rows, sort_keys=True).encode()).hexdigest()
    return json.dumps({"failures": rows, "sha256": digest}, indent=2).encode()


def _write_scenario(scenario: Any, path: Path) -> None:
    try:
        if not path.exists():
            put(path, scenario.to_toml().encode())
    except ScenarioError:  # it has a policy of the reader's own, which no file can hold
        path.unlink(missing_ok=True)


def _row_table(outcome: Outcome) -> "pa.Table":
    import pyarrow as pa

    keys = [pa.array([value]) for value in (*outcome.run, outcome.seed, outcome.digest)]
    # Each metric is a slice of one array: thirty arrays of one number would take longer to make than the file.
    values = pa.array(np.array([*outcome.metrics.values()], np.float64))
    metrics = [values.slice(place, 1) for place in range(len(values))]
    return pa.table([*keys, *metrics], names=[*KEYS[:4], *outcome.metrics])


def _track_table(run: Run, track: Track) -> "pa.Table":
    import pyarrow as pa

    size = len(track.seconds)
    labels = {name: pa.array(np.full(size, value)) for name, value in zip(KEYS[:2], run, strict=True)}
    columns = {name: track.values[:, place] for place, name in enumerate(track.names)}
    return pa.table({**labels, "seconds": track.seconds, **columns})


def _bytes(table: "pa.Table", *, small: bool = False) -> bytes:
    """Return a table as a Parquet file; to compress a small one would take longer than to write it."""
    import pyarrow as pa
    from pyarrow import parquet

    sink = pa.BufferOutputStream()
    if small:
        parquet.write_table(
            table, sink, compression="none", use_dictionary=False, write_statistics=False, store_schema=False
        )
    else:
        parquet.write_table(table, sink, compression="zstd")
    content: bytes = sink.getvalue().to_pybytes()
    return content
