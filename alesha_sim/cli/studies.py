"""`alesha replicate`, `sweep` and `compare`: what they run and what they print.

What a study file may say stands in `study_file.py`, what an experiment is in `alesha_sim.experiments`.
"""

from argparse import Namespace
from collections.abc import Mapping, Sequence
from math import inf
from typing import TYPE_CHECKING, Any

from alesha_sim.cli import output, study_file
from alesha_sim.cli.commands import setup_of
from alesha_sim.cli.study_file import Named
from alesha_sim.scenarios.errors import scenario_error

if TYPE_CHECKING:
    from pandas import DataFrame

    from alesha_sim.experiments import Study

FAILURES_SHOWN = 10
"""How many failed runs are named."""

SHOWN = ("orders", "completed", "revenue", "shop_cash", "mean_delivery_seconds", "mean_bank_wait_seconds")
"""The metrics of a sweep's table unless others are asked for."""


def replicate(arguments: Namespace) -> bool:
    """Run one scenario many times."""
    from alesha_sim import experiments

    study = study_file.read(arguments)
    named = study_file.one_scenario(arguments, study)
    options = {**study_file.options(study, "until", "max_runs", "confidence"), "setup": setup_of(arguments)}
    made = experiments.replicate(named.scenario, progress=not arguments.quiet, **options)
    return _told(arguments, study, [named], made)


def sweep(arguments: Namespace) -> bool:
    """Run one scenario at every point of a design."""
    from alesha_sim import experiments

    study = study_file.read(arguments)
    named, design = study_file.one_scenario(arguments, study), study_file.design(arguments, study)
    options = {**study_file.options(study), "setup": setup_of(arguments)}
    made = experiments.sweep(named.scenario, design, progress=not arguments.quiet, **options)
    return _told(arguments, study, [named], made)


def compare(arguments: Namespace) -> bool:
    """Run several scenarios with the same customers."""
    from alesha_sim import experiments
    from alesha_sim.experiments import plan

    study = study_file.read(arguments)
    named = study_file.several_scenarios(arguments, study)
    labels = [each.label for each in named]
    given = [label for label in labels if label is not None]
    if given and len(given) < len(labels):
        raise scenario_error("label", given, "must be given to all alternatives or to none")
    if "baseline" in study:  # before anything runs
        points = plan.labelled([each.scenario for each in named], given or None)
        plan.baseline_of([str(point.labels["scenario"]) for point in points], study["baseline"])
    made = experiments.compare(
        *(each.scenario for each in named),
        labels=given or None,
        progress=not arguments.quiet,
        setup=setup_of(arguments),
        **study_file.options(study),
    )
    return _told(arguments, study, named, made)


def _told(arguments: Namespace, asked: Mapping[str, Any], named: Sequence[Named], study: "Study") -> bool:
    """Print a study; tell whether no run failed. An interrupt that ended it goes on once it is printed."""
    confidence = asked.get("confidence", 0.95)
    again = [
        _again(study, named, arguments.setup, *run)
        for run in zip(study.failures["point"], study.failures["seed"], strict=True)
    ]
    if arguments.json:
        output.print_json(_object(study, confidence, asked.get("baseline"), again))
    else:
        shown = _metrics(study, arguments.metric)
        print("\n\n".join([_head(study), _table(study, shown, confidence, asked.get("baseline")), *study.notes]))
        for error, command in list(zip(study.failures["error"], again, strict=True))[:FAILURES_SHOWN]:
            output.remark(f"failed: {error}\n  {command}")
    if arguments.folder and not arguments.quiet:
        finished = "finished" if study.interrupted else "all"
        output.remark(f"{finished} runs are in {arguments.folder}")
    if study.interrupted:
        raise KeyboardInterrupt
    return study.failures.empty


def _again(study: "Study", named: Sequence[Named], setup: str | None, point: int, seed: int) -> str:
    """Return the command that makes a failed run again."""
    from alesha_sim.experiments.reproduction import command_line

    number, settings, *_ = study.plan.points[point]
    line = command_line(named[number].name, seed, {**named[number].settings, **settings}, study.record)
    return line if setup is None else f"{line} --setup {setup}"


# For programs


def _object(study: "Study", confidence: float, baseline: str | None, again: Sequence[str]) -> dict[str, Any]:
    several = len(study.plan.points) > 1
    compared = study.kind == "compare" and several and study.metrics
    differences = study.differences(baseline=baseline, confidence=confidence) if compared else None
    failures = study.failures.drop(columns=["trace", "command"]).assign(command=list(again))
    return {
        "study": study.kind,
        "scenarios": [scenario.name for scenario in study.plan.scenarios],
        "seed": study.seed,
        "runs": len(study.runs),
        "confidence": confidence,
        "summary": _records(study.summary(confidence).reset_index()),
        "differences": None if differences is None else _records(differences),
        "precision": None if study.precision is None else _records(study.precision),
        "failures": _records(failures),
        "recorded": study.record,
        "violations": study.violations,
        "notes": study.notes,
        "interrupted": study.interrupted,
    }


def _records(frame: "DataFrame") -> list[dict[str, Any]]:
    """Return rows as JSON can hold them: what is undefined or without bounds is None."""
    from math import isfinite

    rows: list[dict[str, Any]] = frame.astype(object).to_dict("records")  # type: ignore[assignment]
    return [
        {name: None if isinstance(value, float) and not isfinite(value) else value for name, value in row.items()}
        for row in rows
    ]


# For people


def _head(study: "Study") -> str:
    return repr(study).splitlines()[0]


def _metrics(study: "Study", wanted: Sequence[str] | None) -> list[str]:
    if wanted:
        return list(wanted)
    return [name for name in SHOWN if name in study.metrics] if study.kind == "sweep" else list(study.metrics)


def _table(study: "Study", metrics: Sequence[str], confidence: float, baseline: str | None) -> str:
    """Return the study as text: means by metric, means by point, or differences."""
    if not len(study.runs):
        return "no run is finished"
    match study.kind:
        case "sweep":
            return _by_point(study, metrics, confidence)
        case "compare":
            return _by_pair(study, metrics, confidence, baseline)
    found = study.summary(confidence).loc[list(metrics)]
    cells = [
        (metric, _number(row.mean), f"± {_number(row.half_width)}", _number(row.sd), f"{row.runs:,}")
        for metric, row in zip(found.index, _rows(found), strict=True)
    ]
    return output.table([("metric", "mean", f"{confidence:.0%}", "sd", "runs"), *cells], right=(1, 2, 3, 4))


def _by_point(study: "Study", metrics: Sequence[str], confidence: float) -> str:
    factors = study.plan.factors
    found, known = study.summary(confidence), study.metrics
    lines = []
    for number, point in enumerate(study.plan.points):
        labels = [point.labels[name] for name in factors]
        if not len(study.runs[study.runs["point"] == number]):
            continue
        # By place: two points of a design may have the same labels.
        rows = [found.iloc[number * len(known) + known.index(metric)] for metric in metrics]
        cells = [f"{_number(row['mean'])} ± {_number(row['half_width'])}" for row in rows]
        lines.append((*map(str, labels), *cells))
    places = range(len(factors), len(factors) + len(metrics))
    return output.table([(*factors, *metrics), *lines], right=list(places))


def _by_pair(study: "Study", metrics: Sequence[str], confidence: float, baseline: str | None) -> str:
    found = study.differences(baseline=baseline, confidence=confidence)
    found = found[found["metric"].isin(list(metrics))]
    cells = [
        (
            row.metric,
            f"{row.scenario} - {row.other}",
            _number(row.difference),
            f"± {_number(row.half_width)}",
            "all" if row.saved == inf else _number(row.saved),
            "*" if row.low > 0 or row.high < 0 else "",
        )
        for row in _rows(found)
    ]
    head = ("metric", "difference of", "mean", f"{confidence:.0%}", "saved", "")
    note = (
        "* the interval does not contain zero; the intervals of each metric hold simultaneously\n"
        "saved: how many times as many independent runs would be as precise; all: the difference never varies"
    )
    return output.table([head, *cells], right=(2, 3, 4)) + "\n\n" + note


def _rows(frame: "DataFrame") -> list[Any]:
    return list(frame.itertuples(index=False))


def _number(value: float) -> str:
    from alesha_sim.experiments.metric_units import number

    return number(value)
