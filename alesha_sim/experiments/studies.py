"""The experiments: replicate one scenario, sweep its settings, compare several. Each returns a `Study`.

Everything is checked before anything runs. How runs are made stands in `execution.py`.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from os import PathLike
from typing import TYPE_CHECKING, Any, TypedDict, Unpack

import numpy as np

from alesha_sim.experiments import designs
from alesha_sim.experiments.estimates import CONFIDENCE, check_confidence
from alesha_sim.experiments.execution import Execution
from alesha_sim.experiments.folder import Archive, seed_in
from alesha_sim.experiments.importing import refuse_while_importing
from alesha_sim.experiments.job import Run
from alesha_sim.experiments.plan import (
    Plan,
    Point,
    alone,
    check_metrics,
    labelled,
    recording_of,
    swept,
)
from alesha_sim.experiments.precision import RUNS_MIN, Rule, goals
from alesha_sim.experiments.study import Study
from alesha_sim.experiments.workers import check_jobs
from alesha_sim.scenarios import with_extensions
from alesha_sim.scenarios.errors import Problem, ScenarioError, nearest, scenario_error
from alesha_sim.scenarios.fields import whole_from

if TYPE_CHECKING:
    from alesha_sim.experiments.series import Recording
    from alesha_sim.scenarios.scenario import Scenario

RUNS = 30


class Options(TypedDict, total=False):
    """What every experiment takes.

    `seed` determines all randomness (default: drawn, and kept as `study.seed`). `jobs` is the number of workers as
    joblib counts them (default: what `joblib.parallel_config` says, else one per core). With `folder` every run is
    saved there as it finishes, and a later start makes only the missing runs; `keep` names tables to be kept there
    whole. `series` names time series to record (`balances`, `stock`, `open_orders`, `waits`), one value for each
    `every` (seconds, or text such as "1h"). Metrics count after `warmup`. `metrics` is a function from a `Result`
    (with a `warmup`, from `Result.after(warmup)`) to more named metrics. `progress` shows the progress on a
    terminal or in a notebook. With `record="summary"` runs keep only metrics, accounts and users, as in
    `simulate`, and their digests are of that level; the laws are not checked, as a note says, and there are no
    series and no warm-up.
    `setup` is a function that is handed each simulation before its first event, as in `Simulation`; what it
    collects is recorded by its name in `series`, at the collector's own `every`.
    """

    seed: int | None
    jobs: int | None
    folder: str | PathLike[str] | None
    keep: Sequence[str]
    series: Sequence[str]
    every: str | float | None
    warmup: str | float | None
    metrics: Any
    progress: bool
    record: str
    setup: Any


def replicate(
    scenario: "Scenario",
    runs: int = RUNS,
    *,
    until: Mapping[str, object] | None = None,
    max_runs: int = 500,
    confidence: float = CONFIDENCE,
    **options: Unpack[Options],
) -> Study:
    """Run a scenario many times; replication k has a seed of its own that follows from the study's.

    With `until`, runs are added until each metric named there is precise enough by Law's rule, at least 20 and at
    most `max_runs`; `runs` does not count then. `{"shop_cash": 0.05}` wants a half-width that keeps the mean
    within 5 %, `{"declined": {"absolute": 2}}` one of at most 2, for a mean near zero; several hold together with
    the probability `confidence`. An interrupt keeps the runs that are saved. The other options are those of
    `Options`. Raises ScenarioError.
    """
    runs = whole_from("runs", runs, 1)
    check_confidence(confidence)
    plan = plan_of("replicate", [scenario], alone(scenario), options)
    if until is None:
        return _made(plan, runs, options)
    max_runs = whole_from("max_runs", max_runs, RUNS_MIN)
    wanted = goals(until)
    check_metrics("until", (goal.metric for goal in wanted), options.get("metrics"))
    with execution_of(plan, options) as execution:
        return _until(execution, Rule(wanted, confidence), max_runs)


def sweep(scenario: "Scenario", design: object, runs: int = RUNS, **options: Unpack[Options]) -> Study:
    """Run a scenario many times at each point of a design; replication k has the same seed at every point.

    A design is a mapping from dotted paths to lists of values (the full grid), a list of points (mappings from
    paths to values), or one of `alesha_sim.experiments.designs`: `latin_hypercube`, `sobol`. The options are those
    of `Options`. Raises ScenarioError with every problem of every point before anything runs.
    """
    runs = whole_from("runs", runs, 1)
    scenario = with_extensions(scenario, options.get("setup"))[0]
    return _made(plan_of("sweep", [scenario], swept(scenario, designs.read(design)), options), runs, options)


def compare(
    *scenarios: "Scenario", runs: int = RUNS, labels: Sequence[str] | None = None, **options: Unpack[Options]
) -> Study:
    """Run two or more scenarios many times; replication k has the same seed in all of them.

    `study.differences()` gives the paired differences. `labels` are what the scenarios are called (left out, their
    names). The options are those of `Options`. Raises ScenarioError.
    """
    runs = whole_from("runs", runs, 1)
    return _made(plan_of("compare", scenarios, labelled(scenarios, labels), options), runs, options)


def plan_of(kind: str, scenarios: Sequence["Scenario"], points: Sequence[Point], options: Options) -> Plan:
    """Return the plan of an experiment; raises ScenarioError for options that there are not or that are wrong."""
    refuse_while_importing()
    _check_options(options)
    scenarios = [with_extensions(scenario, options.get("setup"))[0] for scenario in scenarios]
    recording: Recording = recording_of(scenarios, options)
    plan = Plan(kind, scenarios, points, seed=options.get("seed"), recording=recording)
    _check_points(plan)
    return plan


def _check_points(plan: Plan) -> None:
    """Raise ScenarioError unless all points have one currency, and a horizon that the recording fits in."""
    scenarios = [
        plan.scenario(number)
        if any(path.partition(".")[0] in ("currency", "horizon") for path in point.settings)
        else plan.scenarios[point.scenario]
        for number, point in enumerate(plan.points)
    ]
    codes = dict.fromkeys(scenario.currency.code for scenario in scenarios)
    if len(codes) > 1:
        raise scenario_error(
            "currency", ", ".join(codes), "must be the same in all: amounts of several cannot be compared"
        )
    shortest = min(scenario.horizon for scenario in scenarios)
    for name in ("warmup", "every"):
        length = getattr(plan.recording, name)
        if length >= shortest:
            raise scenario_error(name, length, f"must be less than the horizon of {shortest:g} s")


def _check_options(options: Options) -> None:
    known = list(Options.__annotations__)
    for name in options:
        if name not in known:
            raise ScenarioError([Problem(name, None, f"unknown option: {nearest(name, known)}")])


@contextmanager
def execution_of(plan: Plan, options: Options) -> Iterator[Execution]:
    """Give the execution of a plan, nothing made yet; its folder, if it has one, is held meanwhile.

    In a folder, a plan without a seed of its own takes the seed of the study that is there.
    """
    check_jobs(options.get("jobs"))
    folder = options.get("folder")
    if plan.recording.keep and folder is None:
        raise scenario_error("keep", list(plan.recording.keep), "must come with a folder")
    given: dict[str, Any] = {"jobs": options.get("jobs"), "progress": options.get("progress", True)}
    if folder is None:
        yield Execution(plan, **given)
        return
    if not plan.is_seeded and (seed := seed_in(folder)) is not None:
        plan = plan.with_seed(seed)
    with Archive.of(folder, plan).begun(plan) as archive:
        yield Execution(plan, archive=archive, **given)


def _made(plan: Plan, runs: int, options: Options) -> Study:
    """Make all runs of a plan, replication by replication, so that an interrupt leaves the points alike."""
    chosen = [(point, replication) for replication in range(runs) for point in range(len(plan.points))]
    with execution_of(plan, options) as execution:
        notes = _resumed(execution, chosen)
        if not execution.make(chosen):
            notes.append(_stopped(execution, chosen))
        execution.finish()
    return Study(execution, chosen, notes=notes)


def _until(execution: Execution, rule: Rule, max_runs: int) -> Study:
    """Make runs until the rule is content; those beyond the first number that contents it do not count."""
    aim, looked, enough = RUNS_MIN, RUNS_MIN, None
    notes: list[str] = _resumed(execution, _first(max_runs))
    while execution.make(_first(aim), total=max_runs):
        samples = _samples(execution, rule, aim)
        enough = rule.stop(samples, looked)
        if enough is not None or aim == max_runs:
            break
        looked, aim = aim + 1, min(max_runs, max(rule.likely(samples), aim + 2))
    else:
        notes.append(_stopped(execution, _first(aim)))
    execution.finish()
    chosen = _first(aim if enough is None else enough)
    if enough is None and not execution.interrupted:
        notes.append(f"not precise enough after {max_runs} runs: study.precision has what was reached")
    samples = _samples(execution, rule, len(chosen))
    notes += rule.notes(samples)
    table = rule.table(samples) if execution.rows.metrics else None
    return Study(execution, chosen, notes=notes, precision=table)


def _first(runs: int) -> list[Run]:
    return [(0, replication) for replication in range(runs)]


def _samples(execution: Execution, rule: Rule, runs: int) -> "np.ndarray[Any, np.dtype[np.float64]]":
    """Return the metrics that the rule looks at, a column each; raises ScenarioError for one that there is not."""
    metrics = execution.rows.metrics
    for goal in rule.goals:
        if metrics and goal.metric not in metrics:
            raise scenario_error("until", goal.metric, f"unknown metric: {nearest(goal.metric, metrics)}")
    columns = [
        execution.rows.column(goal.metric, _first(runs)) if metrics else np.full(runs, np.nan)
        for goal in rule.goals
    ]
    return np.stack(columns, axis=1)


def _resumed(execution: Execution, chosen: Sequence[Run]) -> list[str]:
    """Return what is to be said of runs that were found in the folder."""
    found = sum(run in execution.rows for run in chosen)
    return [f"resumed: {found:,} of {len(chosen):,} runs were done already"] if found else []


def _stopped(execution: Execution, chosen: Sequence[Run]) -> str:
    return f"interrupted: {sum(run in execution.rows for run in chosen):,} of {len(chosen):,} runs are done"
