"""Study files: an experiment in TOML, and how the command line takes precedence.

    scenario = "market_day"        # a name, or a file beside this one
    runs = 30
    seed = 7
    settings."shop.workers" = 2    # made in every scenario

    [grid]                         # a sweep: or [[points]], [latin_hypercube], [sobol]
    "bank.workers" = [1, 2, 4]

    [[alternatives]]               # a comparison
    label = "one teller"
    settings."bank.workers" = 1

Nothing is run here, and a file never imports code: only the command line's --setup does.
"""

from argparse import Namespace
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from alesha_sim import scenarios
from alesha_sim.cli.commands import scenario_with, setup_of
from alesha_sim.scenarios import files
from alesha_sim.scenarios.errors import Problem, ScenarioError, nearest, scenario_error

if TYPE_CHECKING:
    from alesha_sim.experiments import Design
    from alesha_sim.scenarios.scenario import Scenario

PASSED_ON = ("runs", "seed", "warmup", "series", "every", "keep", "jobs", "folder", "record")
COMMON = ("kind", "settings", "confidence", *PASSED_ON)
DESIGNS = ("grid", "points", "latin_hypercube", "sobol")
OWN = {
    "replicate": ("scenario", "until", "max_runs"),
    "sweep": ("scenario", "baseline", *DESIGNS),
    "compare": ("scenario", "alternatives", "baseline"),
}
"""The keys of a study file that only one kind of study has."""


class Named(NamedTuple):
    """A scenario with what the command line needs to name it again, and what a comparison calls it."""

    name: str
    settings: Mapping[str, object]
    scenario: "Scenario"
    label: str | None = None


def read(arguments: Namespace) -> dict[str, Any]:
    """Return the study file's table, the command line's options put over it; raises ScenarioError."""
    from alesha_sim.results.metrics import METRICS  # it loads NumPy, which a command line that is wrong need not

    file: Path | None = arguments.study
    found = {} if file is None else files.table(_text(file), str(file))
    kind = arguments.command
    known = (*COMMON, *OWN[kind])
    problems = [
        Problem(key, None, f"unknown key of a study: {nearest(key, known)}") for key in found if key not in known
    ]
    if found.get("kind", kind) != kind:
        problems.append(Problem("kind", repr(found["kind"]), f"must be {kind}, as the command is"))
    for key in ("settings", "until", "grid", "latin_hypercube", "sobol"):
        if not isinstance(found.get(key, {}), Mapping):
            problems.append(Problem(key, None, "must be a table"))
    problems += [
        Problem("--metric", repr(name), f"unknown metric: {nearest(name, METRICS)}")
        for name in arguments.metric or ()
        if name not in METRICS
    ]
    if problems:
        raise ScenarioError(problems)
    given = {name: getattr(arguments, name, None) for name in (*PASSED_ON, "confidence", "max_runs", "baseline")}
    found.update({name: value for name, value in given.items() if value is not None})
    found["settings"] = {**flat(found.get("settings", {})), **dict(arguments.set)}
    found["setup"] = setup_of(arguments)
    if getattr(arguments, "until", None):
        found["until"] = dict(arguments.until)
    return found


def options(study: Mapping[str, Any], *more: str) -> dict[str, Any]:
    """Return what the functions of `alesha_sim.experiments` take as keyword arguments."""
    return {name: study[name] for name in (*PASSED_ON, *more) if name in study}


def one_scenario(arguments: Namespace, study: Mapping[str, Any]) -> Named:
    """Return the scenario that the command line or the study file names, its settings made."""
    name = arguments.scenario or _beside(arguments.study, study.get("scenario"))
    return _named(name, study["settings"], study["setup"])


def several_scenarios(arguments: Namespace, study: Mapping[str, Any]) -> list[Named]:
    """Return the scenarios that the command line names, or variants of one, else the study file's alternatives."""
    if arguments.vary:
        return _variants(arguments, study)
    if len(arguments.scenarios) == 1:
        rule = "must be two or more to be compared, or one with --vary PATH=VALUE,VALUE"
        raise scenario_error("scenarios", "1 given", rule)
    if arguments.scenarios:
        return [_named(name, study["settings"], study["setup"]) for name in arguments.scenarios]
    found = []
    for number, alternative in enumerate(_tables(study, "alternatives")):
        known = ("label", "scenario", "settings")
        for key in alternative:
            if key not in known:
                field = f"alternatives[{number}].{key}"
                raise ScenarioError([Problem(field, None, f"unknown key: {nearest(key, known)}")])
        name = _beside(arguments.study, alternative.get("scenario", study.get("scenario")))
        own = _named(name, {**study["settings"], **flat(alternative.get("settings", {}))}, study["setup"])
        found.append(own._replace(label=alternative.get("label")))
    return found


def labels(named: Sequence[Named]) -> list[str]:
    """Return what a comparison calls its scenarios: their labels or else their names, of a file the file's."""
    from alesha_sim.experiments.plan import numbered

    given = [each.label for each in named if each.label is not None]
    if not given:
        return numbered([each.name if each.name in scenarios.names() else Path(each.name).stem for each in named])
    if len(given) < len(named):
        raise scenario_error("label", given, "must be given to all alternatives or to none")
    return given


def _variants(arguments: Namespace, study: Mapping[str, Any]) -> list[Named]:
    """Return one scenario with each combination of the values that the command line gives."""
    from alesha_sim import experiments

    if len(arguments.scenarios) > 1:
        rule = "must be one scenario where --vary makes the variants"
        raise scenario_error("scenarios", f"{len(arguments.scenarios)} given", rule)
    name = arguments.scenarios[0] if arguments.scenarios else _beside(arguments.study, study.get("scenario"))
    made = experiments.grid(dict(arguments.vary))
    return [
        _named(name, {**study["settings"], **point}, study["setup"])._replace(
            label=", ".join(f"{path}={value}" for path, value in point.items())
        )
        for point in made.points
    ]


def design(arguments: Namespace, study: Mapping[str, Any]) -> "Design":
    """Return the design of a sweep; raises ScenarioError unless there is exactly one."""
    from alesha_sim import experiments

    if arguments.vary:
        return experiments.grid(dict(arguments.vary))
    there = [name for name in DESIGNS if name in study]
    if len(there) != 1:
        raise ScenarioError([Problem("design", ", ".join(there) or None, f"must be one of {', '.join(DESIGNS)}")])
    match there[0]:
        case "grid":
            return experiments.grid(flat(study["grid"]))
        case "points":
            return experiments.Design(tuple(flat(point) for point in _tables(study, "points")))
        case "sobol":
            return _spread("sobol", experiments.sobol, study)
    return _spread("latin_hypercube", experiments.latin_hypercube, study)


def _spread(name: str, make: Callable[..., "Design"], study: Mapping[str, Any]) -> "Design":
    """Return a design over ranges: its table has `points`, `ranges` and perhaps a `seed` of its own."""
    table = study[name]
    known = ("points", "ranges", "seed")
    for key in table:
        if key not in known:
            raise ScenarioError([Problem(f"{name}.{key}", None, f"unknown key: {nearest(key, known)}")])
    seed = table.get("seed", study.get("seed", 0))
    return make(flat(table.get("ranges", {})), points=table.get("points"), seed=seed)


def flat(table: Mapping[str, Any], above: str = "") -> dict[str, Any]:
    """Return a table's values by dotted path; a table with a `kind` is a value, such as a distribution."""
    found: dict[str, Any] = {}
    for key, value in table.items():
        path = f"{above}.{key}" if above else key
        if isinstance(value, Mapping) and "kind" not in value:
            found |= flat(value, path)
        else:
            found[path] = value
    return found


def _tables(study: Mapping[str, Any], key: str) -> list[Mapping[str, Any]]:
    found = study.get(key, [])
    if not isinstance(found, list) or not all(isinstance(each, Mapping) for each in found):
        raise ScenarioError([Problem(key, None, "must be a list of tables")])
    return found


def _named(name: object, settings: Mapping[str, object], setup: object) -> Named:
    if not isinstance(name, str):
        raise ScenarioError([Problem("scenario", None, "missing: must be given, here or in the study file")])
    return Named(name, settings, scenario_with(name, settings, setup))


def _beside(file: Path | None, name: object) -> object:
    """Return a scenario's name; one that is a file is looked for beside the study file."""
    if file is None or not isinstance(name, str) or name in scenarios.names():
        return name
    return str(file.parent / name)


def _text(file: Path) -> str:
    try:
        return files.content(file, files.TOML_BYTES_MAX).decode()
    except OSError as error:
        raise scenario_error("--study", str(file), f"cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise scenario_error("--study", str(file), "cannot be read: is not UTF-8 text") from None
