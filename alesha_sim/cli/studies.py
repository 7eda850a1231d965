"""`alesha replicate`, `sweep` and `compare`: what they run and what they say to programs.

What a study file may say stands in `study_file.py`, how a study is printed in `study_text.py`, what an experiment
is in `alesha_sim.experiments`.
"""

from argparse import Namespace
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from alesha_sim.cli import folder, output, study_file, study_text
from alesha_sim.cli.study_file import Named

if TYPE_CHECKING:
    from pandas import DataFrame

    from alesha_sim.experiments import Study

FAILURES_SHOWN = 10
"""How many failed runs are named."""


def replicate(arguments: Namespace) -> bool:
    """Run one scenario many times."""
    from alesha_sim import experiments

    study = study_file.read(arguments)
    named = study_file.one_scenario(arguments, study)
    options = {**study_file.options(study, "until", "max_runs", "confidence"), "setup": study["setup"]}
    with folder.claimed(arguments.out, force=arguments.force):
        made = experiments.replicate(named.scenario, progress=not arguments.quiet, **options)
        return _told(arguments, study, [named], made)


def sweep(arguments: Namespace) -> bool:
    """Run one scenario at every point of a design."""
    from alesha_sim import experiments
    from alesha_sim.experiments import plan

    study = study_file.read(arguments)
    named, design = study_file.one_scenario(arguments, study), study_file.design(arguments, study)
    options = {**study_file.options(study), "setup": study["setup"]}
    if "baseline" in study:  # before anything runs
        points = plan.swept(named.scenario, design)
        plan.baseline_of([plan.called(point) for point in points], study["baseline"])
    with folder.claimed(arguments.out, force=arguments.force):
        made = experiments.sweep(named.scenario, design, progress=not arguments.quiet, **options)
        return _told(arguments, study, [named], made)


def compare(arguments: Namespace) -> bool:
    """Run several scenarios with the same customers."""
    from alesha_sim import experiments
    from alesha_sim.experiments import plan

    study = study_file.read(arguments)
    named = study_file.several_scenarios(arguments, study)
    labels = study_file.labels(named)
    if "baseline" in study:  # before anything runs
        plan.baseline_of(labels, study["baseline"])
    with folder.claimed(arguments.out, force=arguments.force):
        made = experiments.compare(
            *(each.scenario for each in named),
            labels=labels,
            progress=not arguments.quiet,
            setup=study["setup"],
            **study_file.options(study),
        )
        return _told(arguments, study, named, made)


def _told(arguments: Namespace, asked: Mapping[str, Any], named: Sequence[Named], study: "Study") -> bool:
    """Print a study; tell whether no run failed. An interrupt that ended it goes on once it is printed."""
    confidence, baseline = asked.get("confidence", 0.95), asked.get("baseline")
    if baseline is None and study.kind == "sweep":
        baseline = 0
    again = [
        _again(study, named, arguments.setup, *run)
        for run in zip(study.failures["point"], study.failures["seed"], strict=True)
    ]
    if arguments.json:
        output.print_json(_object(study, confidence, baseline, again))
    else:
        print(study_text.text(study, arguments.metric, confidence, baseline))
        for error, command in list(zip(study.failures["error"], again, strict=True))[:FAILURES_SHOWN]:
            output.remark(f"failed: {error}\n  {command}")
    if arguments.out:
        written = folder.save_tables(study_text.tables(study, confidence, baseline), arguments.out)
        if not arguments.quiet:
            output.remark(f"{written} are in {arguments.out}")
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


def _object(study: "Study", confidence: float, baseline: str | int | None, again: Sequence[str]) -> dict[str, Any]:
    made = study_text.tables(study, confidence, baseline)
    differences = made.get("differences")
    failures = study.failures.drop(columns=["trace", "command"]).assign(command=list(again))
    return {
        "study": study.kind,
        "scenarios": [scenario.name for scenario in study.plan.scenarios],
        "seed": study.seed,
        "runs": len(study.runs),
        "confidence": confidence,
        "summary": _records(made["summary"]),
        "differences": None if differences is None else _records(differences),
        "series": {name: _records(made[f"series_{name}"]) for name in study_text.series_of(study)},
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
