"""A study's folder: every finished run is there at once, whole or not at all, and a later start goes on from it.

    manifest.json      what the study is: its identity, versions, scenarios, points
    runs/              a Parquet file a run: point, replication, seed, digest, figures
    runs.parquet       the same of many runs, which are taken together when a study ends
    series/<name>/     a Parquet file a run: point, replication, seconds, one column a name
    tables/<table>/    a Parquet file a run: point, replication, seed, and the table's own columns
    failures.json      the runs that failed at the last start
    scenario_<n>.toml  the scenarios, where a file can hold them

A run counts as done once its file in `runs/` is there; what belongs to it is written before.
"""

import json
import os
import platform
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from importlib.metadata import version
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from alesha_sim import folders
from alesha_sim.experiments.plan import Plan
from alesha_sim.experiments.recordings import Track
from alesha_sim.experiments.rows import Rows
from alesha_sim.experiments.work import Outcome, Run
from alesha_sim.scenarios.errors import ScenarioError, refuse

if TYPE_CHECKING:
    import pyarrow as pa

MANIFEST, FAILURES, TOGETHER = "manifest.json", "failures.json", "runs.parquet"
FORMAT = "alesha study 2"
KEYS = ("point", "replication", "seed", "digest")


class Archive:
    """The folder of one study."""

    def __init__(self, folder: str | PathLike[str]) -> None:
        self.folder = Path(folder).absolute()

    def begin(self, plan: Plan) -> None:
        """Make the folder, or make sure that it holds this study.

        Raises ScenarioError, and changes nothing, where it holds anything else than this study or nothing.
        """
        is_new = _is_new(self.folder)
        if not is_new:
            _check_same(read_manifest(self.folder), plan, self.folder)
        try:
            if is_new:  # first the manifest: a program killed right after it leaves a study without runs
                _write(self.folder / MANIFEST, json.dumps(_described(plan), indent=2).encode())
            (self.folder / "runs").mkdir(exist_ok=True)
            for number, scenario in enumerate(plan.scenarios):
                _write_scenario(scenario, self.scenario_file(number))
        except OSError as error:
            raise refuse("folder", str(self.folder), f"cannot be written: {error.strerror}") from None

    def scenario_file(self, number: int) -> Path:
        """Return where a scenario is, if a file can hold it."""
        return self.folder / f"scenario_{number}.toml"

    def keep(self, outcome: Outcome) -> None:
        """Write a finished run; once this returns, it is done for good."""
        name = _file(outcome.run)
        for table, content in outcome.tables.items():
            _write(self.folder / "tables" / table / name, content)
        for series, track in outcome.series.items():
            _write(self.folder / "series" / series / name, _bytes(_track_table(outcome.run, track)))
        _write(self.folder / "runs" / name, _bytes(_row_table(outcome), small=True))

    def rows(self) -> Rows:
        """Return the finished runs."""
        rows = Rows()
        for table in self._tables():
            for row in table.to_pylist():
                point, replication, seed, digest = (row.pop(key) for key in KEYS)
                rows.add((point, replication), seed, digest, row)
        return rows

    def take_together(self, rows: Rows) -> None:
        """Put all finished runs, these, into one file; then remove theirs and what killed programs left."""
        import pyarrow as pa

        files = self._single_files()
        if files:
            frame = rows.frame()
            columns = {name: pa.array(frame[name].tolist()) for name in frame.columns}
            _write(self.folder / TOGETHER, _bytes(pa.table(columns)))
        for file in [*files, *self.folder.rglob(folders.UNFINISHED + "*")]:
            file.unlink(missing_ok=True)

    def track(self, series: str, run: Run) -> Track:
        """Return a run's series."""
        from pyarrow import parquet

        table = parquet.ParquetFile(self.folder / "series" / series / _file(run)).read()
        names = tuple(table.column_names[3:])
        values = np.stack([table[name].to_numpy() for name in names], axis=1)
        return Track(names, table["seconds"].to_numpy(), values)

    def write_failures(self, failures: Iterable[Outcome]) -> None:
        """Write down the runs that failed, in place of those before."""
        rows = [
            {"run": failure.run, "seed": failure.seed, "error": failure.error, "trace": failure.trace}
            for failure in failures
        ]
        _write(self.folder / FAILURES, json.dumps(rows, indent=2).encode())

    def failures(self) -> list[Outcome]:
        """Return the runs that failed at the last start."""
        file = self.folder / FAILURES
        if not file.exists():
            return []
        return [Outcome(tuple(row.pop("run")), **row) for row in json.loads(file.read_bytes())]

    def _tables(self) -> Iterator["pa.Table"]:
        from pyarrow import parquet

        together = self.folder / TOGETHER
        for file in [*([together] if together.exists() else []), *self._single_files()]:
            yield parquet.ParquetFile(file).read()

    def _single_files(self) -> list[Path]:
        return sorted((self.folder / "runs").glob("p*.parquet"))


# The manifest


def read_manifest(folder: Path) -> dict[str, Any]:
    """Return what a study's manifest says; raises ScenarioError if there is no study in the folder."""
    try:
        found = json.loads((folder / MANIFEST).read_bytes())
        form = str(found["format"])
        if form == FORMAT:
            return dict(found)
    except (OSError, ValueError, TypeError, LookupError):
        form = ""
    if form.startswith(FORMAT.rstrip("0123456789")):
        rule = f"holds a study of another format ({form}, and this is {FORMAT}): must be another folder"
        raise refuse("folder", str(folder), rule)
    raise refuse("folder", str(folder), "must be new, empty, or hold a study: there is something else in it")


def seed_in(folder: str | PathLike[str]) -> int | None:
    """Return the seed of the study in a folder, None if the folder is new or empty."""
    place = Path(folder)
    return None if _is_new(place) else int(read_manifest(place)["identity"]["seed"])


def _is_new(folder: Path) -> bool:
    """Tell whether nothing is in the folder; raises ScenarioError if it is a file."""
    if folder.exists() and not folder.is_dir():
        raise refuse("folder", str(folder), "must be a folder, not a file")
    return folders.is_empty(folder)


def versions() -> dict[str, str]:
    """Return the versions that decide a run's digest."""
    return {
        "alesha_sim": sys.modules["alesha_sim"].__version__,
        "python": platform.python_version(),
        **{package: version(package) for package in ("numpy", "simpy")},
    }


def _described(plan: Plan) -> dict[str, Any]:
    return {
        "format": FORMAT,
        "versions": versions(),
        "identity": plan.identity(),
        "scenarios": [scenario.model_dump(mode="json") for scenario in plan.scenarios],
        "points": [
            {"scenario": point.scenario, "labels": point.labels, "settings": _settings(point.settings)}
            for point in plan.points
        ],
    }


def _settings(settings: Mapping[str, object]) -> dict[str, object]:
    """Return settings as JSON can hold them."""
    plain: Callable[[object], bool] = lambda value: isinstance(value, str | bool | int | float | None)  # noqa: E731
    return {path: value if plain(value) else str(value) for path, value in settings.items()}


def _check_same(found: Mapping[str, Any], plan: Plan, folder: Path) -> None:
    """Refuse the folder of another study, or of another version of the program."""
    for name, used in versions().items():
        if found["versions"].get(name) != used:
            rule = (
                f"holds runs of {name} {found['versions'].get(name)}, and this is {used}: must be another folder"
            )
            raise refuse("folder", str(folder), rule)
    for name, value in plan.identity().items():
        if found["identity"].get(name) != json.loads(json.dumps(value)):
            rule = (
                f"holds another study: its {name} differ{'' if name[-1] == 's' else 's'}: must be another folder"
            )
            raise refuse("folder", str(folder), rule)


# Files


def _file(run: Run) -> str:
    return f"p{run[0]}-r{run[1]}.parquet"


def _write(path: Path, content: bytes) -> None:
    """Put a file in its place, whole or not at all, whenever the program is killed."""
    path.parent.mkdir(parents=True, exist_ok=True)
    ready = path.with_name(f"{folders.UNFINISHED}{path.name}-{os.getpid()}")
    ready.write_bytes(content)
    os.replace(ready, path)


def _write_scenario(scenario: Any, path: Path) -> None:
    try:
        if not path.exists():
            _write(path, scenario.to_toml().encode())
    except ScenarioError:  # it has a policy of the reader's own, which no file can hold
        path.unlink(missing_ok=True)


def _row_table(outcome: Outcome) -> "pa.Table":
    import pyarrow as pa

    keys = [pa.array([value]) for value in (*outcome.run, outcome.seed, outcome.digest)]
    # Each figure is a slice of one array: thirty arrays of one number would take longer to make than the file.
    values = pa.array(np.array([*outcome.figures.values()], np.float64))
    figures = [values.slice(place, 1) for place in range(len(values))]
    return pa.table([*keys, *figures], names=[*KEYS, *outcome.figures])


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
