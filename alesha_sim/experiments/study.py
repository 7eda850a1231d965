"""The study: what the runs of an experiment left behind, as tidy tables. Everything here is derived from them."""

from collections.abc import Collection, Sequence
from functools import cached_property
from html import escape
from itertools import combinations
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import NDArray

from alesha_sim.experiments.estimates import CONFIDENCE, Estimates, estimates, paired, seldom
from alesha_sim.experiments.execution import Execution
from alesha_sim.experiments.folder import Archive, read_manifest
from alesha_sim.experiments.job import KEYS, Run
from alesha_sim.experiments.metric_units import may_count, readable
from alesha_sim.experiments.output_analysis import WarmUp, mser5
from alesha_sim.experiments.plan import Plan, Point, baseline_of
from alesha_sim.experiments.reproduction import command
from alesha_sim.experiments.series import SERIES, Recording, Track
from alesha_sim.numeric.counts import repeat
from alesha_sim.recording.levels import ALL, NotRecorded, is_on
from alesha_sim.scenarios.errors import ScenarioError, nearest, scenario_error
from alesha_sim.tables.schema import SCHEMA

if TYPE_CHECKING:
    from pandas import DataFrame

    from alesha_sim.scenarios.scenario import Scenario

BAND = 0.90
"""The share of runs between `few` and `most` of a series."""

NAMED = 3
"""How many points a note names."""


class Study:
    """Many runs of one or more scenarios; `replicate`, `sweep` and `compare` return it.

    `kind` says which of them did, `seed` is the study's, from which each replication's follows. `notes` are lines
    that a reader should know; `interrupted` tells that runs are missing; `folder` is where the study is kept;
    `record` is the level of its runs, which their digests are of.
    `precision` is a table of what `until` asked for and what was reached, None without it.
    """

    def __init__(
        self,
        execution: Execution,
        chosen: Sequence[Run],
        *,
        notes: Sequence[str] = (),
        precision: "DataFrame | None" = None,
    ) -> None:
        self.plan = execution.plan
        self.kind = self.plan.kind
        self.seed = self.plan.seed
        self.record = self.plan.recording.record
        self.interrupted = execution.interrupted
        self.folder = None if execution.archive is None else execution.archive.folder
        self.precision = precision
        self._archive = execution.archive
        self._rows = execution.rows
        self._tracks = execution.tracks
        self._chosen = list(chosen)
        asked = frozenset(chosen)
        self._failures = [failure for run, failure in sorted(execution.failures.items()) if run in asked]
        self.notes = [*notes, *self._doubts()]

    @classmethod
    def load(cls, folder: str | PathLike[str]) -> Self:
        """Read the study in a folder as far as it is done; nothing is run.

        Raises ScenarioError if there is none, and for a scenario with a policy of one's own, which no file holds.
        """
        place = Path(folder).absolute()
        plan = _plan_of(read_manifest(place))
        archive = Archive.of(place, plan)
        execution = Execution(plan, archive=archive)
        execution.failures.update({failure.run: failure for failure in archive.failures()})
        return cls(execution, sorted({*execution.rows.runs, *execution.failures}))

    # Runs

    @cached_property
    def runs(self) -> "DataFrame":
        """A row a finished run: `point`, the design's columns, `replication, seed, digest, record`, metrics."""
        frame = self._rows.frame(self._chosen)
        frame.insert(KEYS.index("record"), "record", self.record)
        self._label(frame, 1)
        return frame

    @cached_property
    def failures(self) -> "DataFrame":
        """One row per run that failed: its place as in `runs`, `error`, `command` to make it again, `trace`."""
        from pandas import DataFrame

        rows = [
            (*failure.run, failure.seed, failure.error, self.command(*failure.run), failure.trace)
            for failure in self._failures
        ]
        names = ["point", "replication", "seed", "error", "command", "trace"]
        frame = DataFrame(rows, columns=names).astype(dict.fromkeys(names[:3], "int64"))
        self._label(frame, 1)
        return frame

    @property
    def metrics(self) -> tuple[str, ...]:
        """The names of all metrics."""
        return self._rows.metrics

    def scenario(self, point: int = 0) -> "Scenario":
        """Return the scenario of a point; run with a row's seed and `record` it gives that row's digest."""
        return self.plan.scenario(point)

    def label(self, point: int) -> str:
        """Return what a point is called."""
        return self.plan.label(point)

    def command(self, point: int = 0, replication: int = 0) -> str:
        """Return how a run is made again, alone."""
        file = None if self._archive is None else self._archive.scenario_file(self.plan.points[point].scenario)
        return command(self.plan, (point, replication), file)

    def values(self, metric: str, point: int = 0) -> NDArray[np.float64]:
        """Return a metric of a point's runs by replication, NaN where one failed; ValueError if there is none."""
        self._check_figure(metric)
        return self._rows.column(metric, [run for run in self._chosen if run[0] == point])

    def failed(self, point: int) -> int:
        """Return how many runs of a point failed."""
        return sum(failure.run[0] == point for failure in self._failures)

    def table(self, name: str) -> "DataFrame":
        """Return a table that was kept, of all runs, as it is in the folder."""
        if name not in self.plan.recording.keep or self._archive is None:
            raise self._left_out("table", name, "keep", SCHEMA)
        if not len(self._rows):
            raise scenario_error("table", name, "has no finished run")
        frame: DataFrame = self._archive.table(name, sorted(self._rows.runs)).to_pandas()
        return frame

    @property
    def violations(self) -> list[str] | None:
        """A line for each run that broke a law; None where runs had no transfers, so that none was checked."""
        if self.record != ALL:
            return None
        broken = "LawBroken: "
        return [each.error.removeprefix(broken) for each in self._failures if each.error.startswith(broken)]

    # Estimates

    def summary(self, confidence: float = CONFIDENCE) -> "DataFrame":
        """Return each metric's `mean, sd, low, high, half_width, runs, failed` at each point, with its interval.

        Intervals are those of `estimates`: Student's t, but exact for shares and rare counts, where `half_width`
        is how far the farther end is from the mean. The index is the metric's name, after the design's columns
        where there are any. `runs` counts those in which the metric is defined, `failed` those that failed, which
        count in no mean.
        """
        from pandas import DataFrame, Index, MultiIndex

        factors, columns, keys = self.plan.factors, [], []
        for point in self._points():
            found = self._estimates(point, confidence)[1]
            failed = np.full(len(self.metrics), self.failed(point))
            columns.append(np.stack([*found[:6], failed], axis=1))
            labels = self.plan.points[point].labels
            keys += [(*(labels[name] for name in factors), metric) for metric in self.metrics]
        names = ["mean", "sd", "low", "high", "half_width", "runs", "failed"]
        index: Any = MultiIndex.from_tuples(keys, names=[*factors, "metric"]) if keys and factors else None
        if index is None:
            index = Index([key[-1] for key in keys], name="metric", dtype="str")
        values = np.concatenate(columns) if columns else np.empty((0, len(names)))
        return DataFrame(values, index=index, columns=names).astype(dict.fromkeys(names[5:], np.int64))

    def differences(
        self, metric: str | None = None, *, baseline: str | int | None = None, confidence: float = CONFIDENCE
    ) -> "DataFrame":
        """Return paired differences between points, of one metric or of all.

        A row compares `scenario` less `other`: the mean `difference`, `sd, low, high, half_width`, the
        `correlation` that common random numbers made, `saved`: how many times as many independent runs would
        be as precise (infinitely many where the difference never varies), and `runs`. All pairs are compared, or
        each point with the `baseline` (its label or number). The intervals of one metric hold together with the
        probability `confidence` (Bonferroni). Raises ValueError.
        """
        from pandas import DataFrame

        if metric is not None:
            self._check_figure(metric)
        pairs = self._pairs(baseline)
        rows = []
        for name in self.metrics if metric is None else (metric,):
            for one, other in pairs:
                found = paired(self.values(name, one), self.values(name, other), confidence, len(pairs))
                gap = found.difference
                numbers = (gap.mean, gap.sd, gap.low, gap.high, gap.half_width, found.correlation, found.saved)
                rows.append((name, self.label(one), self.label(other), *map(float, numbers), int(gap.runs)))
        names = "metric scenario other difference sd low high half_width correlation saved runs"
        return DataFrame(rows, columns=names.split())

    def _pairs(self, baseline: str | int | None) -> list[tuple[int, int]]:
        points = range(len(self.plan.points))
        if len(points) < 2:
            raise scenario_error("differences", f"{len(points)} point", "must have two or more points")
        if baseline is None:
            return [(other, one) for one, other in combinations(points, 2)]
        other = baseline_of([self.label(point) for point in points], baseline)
        return [(point, other) for point in points if point != other]

    # Over time

    def tracks(self, series: str, point: int = 0) -> tuple[Track, NDArray[np.float64]]:
        """Return a series of a point: the first run's, and the values of all runs (run, instant, name).

        Raises ValueError for a series that was not recorded.
        """
        if series not in self.plan.recording.series:
            raise self._left_out("series", series, "series", SERIES)
        runs = [run for run in self._chosen if run[0] == point and run in self._rows]
        if not runs:
            raise scenario_error("point", point, "has no finished run")
        archive = self._archive
        found = [self._tracks[series, run] if archive is None else archive.track(series, run) for run in runs]
        return found[0], np.stack([track.values for track in found])

    def series(self, name: str, confidence: float = CONFIDENCE) -> "DataFrame":
        """Return a recorded series over all runs: `seconds, name, mean, low, high, few, most, runs`.

        One row per point, name and instant, the design's columns first. `low` and `high` bound the mean with the
        probability `confidence`, at each instant alone; 90 % of the runs lie between `few` and `most`.
        """
        from pandas import DataFrame, concat

        frames = []
        for point in self._points():
            first, values = self.tracks(name, point)
            flat = values.reshape(len(values), -1)
            found = estimates(flat, confidence)
            few, most = _quantiles(flat)
            size, names = len(first.seconds), first.names
            frame = DataFrame(
                {
                    "point": point,
                    "seconds": repeat(first.seconds, len(names)),
                    "name": names * size,
                    "mean": found.mean,
                    "low": found.low,
                    "high": found.high,
                    "few": few,
                    "most": most,
                    "runs": found.runs,
                }
            )
            self._label(frame, 1)
            frames.append(frame.sort_values(["name", "seconds"], kind="stable"))
        return concat(frames, ignore_index=True) if frames else DataFrame()

    def warm_up(self, series: str, name: str, point: int = 0) -> WarmUp:
        """Return where a series is cut by MSER-5 on its mean over the replications."""
        first, values = self.tracks(series, point)
        if name not in first.names:
            raise scenario_error("name", name, f"is not in {series}: {nearest(name, first.names)}")
        mean = estimates(values[:, :, first.names.index(name)]).mean
        there = ~np.isnan(mean)
        return mser5(mean[there], first.seconds[there])

    # How it shows itself

    def __repr__(self) -> str:
        return "\n".join([self._headline(), *self.notes])

    def _repr_html_(self) -> str:
        head = "".join(f"<p>{escape(line)}</p>" for line in repr(self).splitlines())
        return f"{head}{readable(self.summary(), self.plan).to_html(index=False)}"

    def _headline(self) -> str:
        points = len(self.plan.points)
        of = f"{self.plan.scenarios[0].name}" if self.kind != "compare" else f"{points} scenarios"
        at = f" at {points} point{'s' * (points > 1)}" if self.kind == "sweep" else ""
        return f"Study of {of}{at}, seed {self.seed}: {len(self.runs):,} of {len(self._chosen):,} runs finished"

    # Inside

    def _left_out(self, field: str, name: str, option: str, known: Collection[str]) -> ScenarioError:
        """Return the error for a table or a series that runs did not keep, with the options that would keep it."""
        collects = option == "series" and any(scenario.extensions for scenario in self.plan.scenarios)
        if name not in known and not collects:
            return scenario_error(field, name, f"unknown name: {nearest(name, known)}")
        options = [f"{option}=({name!r},)"]
        if not is_on(name, self.record):
            options.append(f"record={ALL!r}")
        if option == "keep" and self.folder is None:
            options.append("folder=...")
        return scenario_error(field, name, f"was not kept: must be run with {', '.join(options)}")

    def _estimates(self, point: int, confidence: float = CONFIDENCE) -> tuple[NDArray[np.float64], Estimates]:
        """Return all metrics of a point's runs, a column each, and their estimates."""
        samples = np.stack([self.values(metric, point) for metric in self.metrics], axis=1)
        return samples, estimates(samples, confidence, counts=[may_count(metric) for metric in self.metrics])

    def _doubts(self) -> list[str]:
        """Return lines on laws not checked, on runs that count in no mean, and on unreliable intervals."""
        lines = [] if self.record == ALL else [f"laws not checked: {NotRecorded('transfers', self.record)}"]
        if failed := len(self._failures):
            runs = "1 run" if failed == 1 else f"{failed:,} runs"
            lines.append(f"{runs} failed and count in no mean: study.failures tells how to make each again")
        return lines + self._unreliable()

    def _unreliable(self) -> list[str]:
        """Return lines on amounts that are other than zero in few runs of a point, or in none of it alone."""
        found = {point: self._estimates(point) for point in self._points()}
        if not found:
            return []
        never = np.array([(each.runs > 1) & (each.low == 0) & (each.high == 0) for _, each in found.values()])
        kinds = (
            ("nearly every run", np.array([seldom(*each) for each in found.values()])),
            ("every run", never & ~never.all(axis=0)),  # zero at all points: there is nothing to count
        )
        comma = "; " if self.plan.factors else ", "
        return [
            f"zero in {where}, so the intervals are unreliable: {comma.join(named)}"
            for where, masks in kinds
            if (named := self._where(masks))
        ]

    def _where(self, masks: NDArray[np.bool_]) -> list[str]:
        """Return the metrics that are marked at any point, with the points where they are."""
        points, found = self._points(), []
        for name, mask in zip(self.metrics, masks.T, strict=False):
            names = [self.label(point) for point, marked in zip(points, mask, strict=True) if marked]
            if names:
                more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
                found.append(f"{name} (at {' and '.join(names[:NAMED])}{more})" if self.plan.factors else name)
        return found

    def _points(self) -> list[int]:
        return sorted({point for point, _ in self._chosen}) if len(self._rows) else []

    def _label(self, frame: "DataFrame", place: int) -> None:
        """Put the design's columns into a frame that has a column `point`."""
        for offset, name in enumerate(self.plan.factors):
            labels = [self.plan.points[point].labels[name] for point in frame["point"]]
            frame.insert(place + offset, name, labels)

    def _check_figure(self, metric: str) -> None:
        if metric not in self.metrics:
            raise scenario_error("metric", metric, f"unknown metric: {nearest(metric, self.metrics)}")


def _quantiles(values: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the ends between which 90 % of each column's values lie, NaN for a column without any."""
    tail = (1 - BAND) / 2
    empty = np.isnan(values).all(axis=0)
    few, most = np.nanquantile(np.where(empty, 0.0, values), [tail, 1 - tail], axis=0)
    return np.where(empty, np.nan, few), np.where(empty, np.nan, most)


def _plan_of(manifest: dict[str, Any]) -> Plan:
    """Return the plan that a manifest describes."""
    from alesha_sim.scenarios.scenario import Scenario

    said = manifest["identity"]
    points = [Point(point["scenario"], point["settings"], point["labels"]) for point in manifest["points"]]
    recording = Recording(
        said["warmup"], tuple(said["series"]), said["every"], tuple(said["keep"]), record=said["record"]
    )
    scenarios = [Scenario.model_validate(scenario) for scenario in manifest["scenarios"]]
    return Plan(said["kind"], scenarios, points, seed=said["seed"], recording=recording)
