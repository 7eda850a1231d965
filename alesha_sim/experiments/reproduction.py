"""The command that makes one run of a study again, alone. Nothing is run here."""

import json
from collections.abc import Mapping
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING

from alesha_sim import scenarios
from alesha_sim.experiments.job import Run
from alesha_sim.experiments.plan import Plan
from alesha_sim.recording.levels import ALL
from alesha_sim.scenarios import catalogue

if TYPE_CHECKING:
    from alesha_sim.scenarios.scenario import Scenario


def command(plan: Plan, run: Run, file: Path | None = None) -> str:
    """Return how a run is made again: a command line, or Python where no command can say it.

    `file` is where the scenario of the run's point was written, if it was.
    """
    point, replication = run
    seed = plan.seed_of(replication)
    number, settings, *_ = plan.points[point]
    try:
        return command_line(_named(plan.scenarios[number], file), seed, settings, plan.recording.record)
    except (TypeError, ValueError):
        level = "" if plan.recording.record == ALL else f", record={plan.recording.record!r}"
        return f"alesha_sim.simulate(study.scenario({point}), seed={seed}{level})"


def command_line(scenario: str, seed: int, settings: Mapping[str, object], record: str = ALL) -> str:
    """Return the command that runs a scenario with settings; TypeError for a value that it cannot hold."""
    words = ["alesha", "run", scenario, "--seed", str(seed)]
    for path, value in settings.items():
        words += ["--set", f"{path}={toml(value)}"]
    words += [] if record == ALL else ["--record", record]
    return " ".join(map(quote, words))


def _named(scenario: "Scenario", file: Path | None) -> str:
    """Return what the command calls a scenario; ValueError if it has no name for it."""
    if scenario.name in catalogue.SHIPPED and scenarios.load(scenario.name) == scenario:
        return scenario.name
    if file is None or not file.exists():
        raise ValueError("the scenario is neither shipped nor in a file")
    return str(file)


def toml(value: object) -> str:
    """Return a value in one line of TOML; TypeError for what TOML cannot hold."""
    match value:
        case bool():
            return str(value).lower()
        case int() | float():
            return repr(value)
        case str():
            return json.dumps(value, ensure_ascii=False)
        case Mapping():
            return "{" + ", ".join(f"{json.dumps(str(key))} = {toml(each)}" for key, each in value.items()) + "}"
        case list() | tuple():
            return "[" + ", ".join(map(toml, value)) + "]"
    raise TypeError(f"{value!r} cannot be written as TOML")
