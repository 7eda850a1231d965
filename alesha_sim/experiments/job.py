"""What a worker does: it takes a scenario and a seed, runs them, and gives back metrics. No environment travels.

A job holds its scenario as bytes that cloudpickle made, so that policies defined in a notebook's cell travel too.
How jobs reach the workers stands in `workers.py`.
"""

from collections.abc import Mapping
from concurrent.futures import BrokenExecutor
from functools import lru_cache
from traceback import format_exception
from typing import TYPE_CHECKING, Any, NamedTuple

from alesha_sim.experiments.importing import importing
from alesha_sim.experiments.series import Recording, Track, table_bytes, track
from alesha_sim.scenarios.errors import scenario_error
from alesha_sim.simulation.simulation import simulate

if TYPE_CHECKING:
    from alesha_sim.results.result import Result
    from alesha_sim.scenarios.scenario import Scenario

KEYS = ("point", "replication", "seed", "digest", "record")
"""The columns of a study's runs that stand before its metrics."""

Run = tuple[int, int]
"""A run of a study: the number of its point and of its replication, both from 0."""


class Job(NamedTuple):
    """One run to be made: `parcel` is from `packed`, the settings are made in the scenario before it is run.

    The settings are bytes too, empty where there are none: what they hold may be imported only by `unpacked`.
    """

    run: Run
    seed: int
    parcel: bytes
    settings: bytes = b""


class Outcome(NamedTuple):
    """What came of a job: metrics and digest, or an `error` in one line with its `trace`."""

    run: Run
    seed: int
    digest: str = ""
    metrics: Mapping[str, float] = {}
    series: Mapping[str, Track] = {}
    tables: Mapping[str, bytes] = {}
    error: str = ""
    trace: str = ""


def packed(*parts: object) -> bytes:
    """Return a scenario and what is to be recorded, or settings, as bytes for a job."""
    import cloudpickle

    content: bytes = cloudpickle.dumps(parts)
    return content


@lru_cache(maxsize=32)
def unpacked(parcel: bytes) -> tuple[Any, ...]:
    """Return what was packed; a worker that gets the same bytes again need not read them again.

    Raises RuntimeError if a module that is imported here starts a study.
    """
    import cloudpickle

    with importing():
        parts: tuple[Any, ...] = cloudpickle.loads(parcel)
    return parts


def run_job(job: Job) -> Outcome:
    """Make a run; whatever it raises, but an interrupt, is its outcome."""
    try:
        return _done(job)
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        return Outcome(job.run, job.seed, error=one_line(error), trace="".join(format_exception(error)))


def one_line(error: BaseException) -> str:
    """Return an error as one line, its type first."""
    return " ".join(f"{type(error).__name__}: {error}".split())


def has_died(error: Exception) -> bool:
    """Return whether an error says that a worker's process ended: loky's or Dask's."""
    return isinstance(error, BrokenExecutor) or type(error).__name__ == "KilledWorker"


def lost(job: Job, error: Exception) -> Outcome:
    """Return the outcome of a job that its worker did not give back."""
    reason = "the worker died" if has_died(error) else f"the worker failed: {one_line(error)}"
    return Outcome(job.run, job.seed, error=reason, trace=str(error))


def _done(job: Job) -> Outcome:
    scenario: Scenario
    recording: Recording
    scenario, recording = unpacked(job.parcel)
    if job.settings:
        scenario = scenario.with_settings(*unpacked(job.settings))
    result = simulate(scenario, job.seed, record=recording.record)
    labels: dict[str, Any] = dict(zip(("point", "replication"), job.run, strict=True))
    return Outcome(
        job.run,
        job.seed,
        result.digest,
        figures_of(result, recording),
        {name: track(result, name, recording.every) for name in recording.series},
        {table: table_bytes(result, table, {**labels, "seed": job.seed}) for table in recording.keep},
    )


def figures_of(result: "Result", recording: Recording) -> dict[str, float]:
    """Return the metrics of a run and the reader's own, both from the end of the warm-up on if there is one.

    Raises ScenarioError for a metric of your own that has the name of another, or of one of the `KEYS`.
    """
    counted = result.after(recording.warmup) if recording.warmup else result
    metrics = {name: float(value) for name, value in counted.metrics().items()}
    if recording.metrics is not None:
        for name, value in recording.metrics(counted).items():
            if name in metrics or name in KEYS:
                raise scenario_error("metrics", name, "must not be the name of another metric or column of runs")
            metrics[name] = float(value)
    return metrics
