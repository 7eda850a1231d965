"""What each command does: one function a command, from its arguments to whether all laws and checks held.

No text is laid out here (`output.py`, `outcome.py`) and no result written (`folder.py`). What is costly to import,
NumPy included, is imported inside the function that needs it.
"""

import sys
from argparse import Namespace
from importlib import import_module, resources
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING, Any

from alesha_sim import scenarios
from alesha_sim.cli import folder, output
from alesha_sim.files import folders
from alesha_sim.recording.levels import ALL
from alesha_sim.scenarios.errors import nearest, scenario_error

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from alesha_sim.scenarios.scenario import Scenario
    from alesha_sim.simulation.simulation import Simulation


def list_scenarios(arguments: Namespace) -> bool:
    """Print the name and the description of every scenario."""
    found = {name: _description(name) for name in scenarios.names()}
    if arguments.json:
        output.print_json([{"name": name, "description": text} for name, text in found.items()])
    else:
        print(output.table(found.items()))
    return True


def show(arguments: Namespace) -> bool:
    """Print a scenario as TOML (or JSON), its settings made."""
    scenario = named_scenario(arguments)
    if arguments.json:
        output.print_json(scenario.model_dump(mode="json"))
    else:
        print(output.encodable(scenario.to_toml()), end="")
    return True


def new(arguments: Namespace) -> bool:
    """Write the commented scenario file, and say what to do with it."""
    text = resources.files("alesha_sim.scenarios").joinpath("template.toml").read_text("utf-8")
    folder.write_text(arguments.file, text, force=arguments.force)
    if not arguments.quiet:
        place = str(arguments.file)
        place = f"./{place}" if place in scenarios.names() else quote(place)
        print(f"{arguments.file} is a scenario that runs as it is. Edit it, and run it with\n  alesha run {place}")
    return True


def run(arguments: Namespace) -> bool:
    """Run a scenario; print what happened and, if asked to, write it to a folder."""
    from alesha_sim.cli import outcome

    scenario = named_scenario(arguments)
    with folder.claimed(arguments.out, force=arguments.force):
        with folder.spooling(arguments.spool, arguments.out):
            simulation = simulated(scenario, arguments, spool=arguments.spool, record=arguments.record or ALL)
            result = simulation.result()
        violations = result.check() if result.is_checkable else None
        if arguments.out:
            written = folder.save(result, arguments.out, as_csv=arguments.csv)
    if arguments.json:
        output.print_json(outcome.report_object(result, violations))
    elif not arguments.quiet:
        print(outcome.report(result, violations))
    if arguments.quiet and violations:
        output.remark("\n".join(violations))
    if arguments.out and not arguments.quiet:
        output.remark(f"{written} are in {arguments.out}")
    if arguments.spool and not arguments.quiet:
        output.remark(f"tables and {folders.MANIFEST} are in {arguments.spool}")
    return not violations


def balances(arguments: Namespace) -> bool:
    """Run a scenario, let everybody ask the bank, and print the answers."""
    from alesha_sim.cli import outcome

    scenario = named_scenario(arguments)
    simulation = simulated(scenario, arguments)
    violations = simulation.result().check()
    answers = simulation.enquire_balances()
    if arguments.json:
        output.print_json(outcome.answers_object(scenario, simulation.seed, answers))
    else:
        print(outcome.answers_table(scenario, simulation.seed, answers, everybody=arguments.all))
    if violations:
        output.remark("\n".join(violations))
    return not violations


def export(arguments: Namespace) -> bool:
    """Write a result in another program's format."""
    from alesha_sim import exports
    from alesha_sim.results.result import Result

    if arguments.to not in exports.FORMATS:
        raise scenario_error(
            "--to", arguments.to, f"unknown format: {nearest(arguments.to, list(exports.FORMATS))}"
        )
    folder.check_result(arguments.result)
    with folder.exporting(arguments.out):
        exports.check(arguments.to, arguments.out, overwrite=arguments.force)
    with folder.reading(arguments.result):
        result = Result.load(arguments.result)
    with folder.exporting(arguments.out), output.progress_bar(quiet=arguments.quiet) as bar:
        watched = {"progress": bar.show} if bar else {}
        exports.write(result, arguments.to, arguments.out, overwrite=arguments.force, **watched)
    if not arguments.quiet:
        output.remark(f"{arguments.out} is {exports.FORMATS[arguments.to].summary}")
    return True


def schema(arguments: Namespace) -> bool:
    """Print the JSON schema of scenarios."""
    del arguments
    from alesha_sim.scenarios.scenario import Scenario

    output.print_json(Scenario.model_json_schema())
    return True


def verify(arguments: Namespace) -> bool:
    """Run random worlds, or the checks against theory, of which expected and observed figures are printed."""
    from alesha_sim.cli import worlds
    from alesha_sim.streams import fresh_seed
    from alesha_sim.verification import run_checks, table

    seed = fresh_seed() if arguments.seed is None else arguments.seed
    worlds.check(arguments)
    if arguments.worlds is not None:
        return worlds.verify(arguments, seed)
    with output.progress_bar(quiet=arguments.quiet) as bar:
        rows = run_checks(seed, full=arguments.full, progress=bar.checks if bar else None)
    passed = all(row.passed for row in rows)
    if arguments.json:
        output.print_json(
            {"seed": seed, "passed": passed, "checks": [output.plain(row._asdict()) for row in rows]}
        )
    else:
        print(f"{table(rows)}, seed {seed}")
    return passed


def named_scenario(arguments: Namespace) -> "Scenario":
    """Return the scenario that is named, all its settings made at once."""
    return scenario_with(arguments.scenario, dict(arguments.set), setup_of(arguments))


def scenario_with(name: str, settings: "Mapping[str, object]", setup: object) -> "Scenario":
    """Return the scenario of a name with `setup` among its extensions, all its settings made at once."""
    # The extension comes first, since settings may name the links of its entities; they may name it in turn.
    scenario = scenarios.load(name)
    if setup is not None:
        scenario = scenarios.with_extensions(scenario, setup)[0]
    scenario = scenario.with_settings(settings) if settings else scenario
    return scenarios.with_extensions(scenario, setup)[0]


def setup_of(arguments: Namespace) -> "Callable[[Any], object] | None":
    """Return the function of the reader's own that the command line names; None if it names none."""
    named: str | None = getattr(arguments, "setup", None)
    if named is None:
        return None
    from alesha_sim.experiments.importing import importing

    module, _, name = named.partition(":")
    if (here := str(Path.cwd())) not in sys.path:  # the installed command does not look there
        sys.path.insert(0, here)
    try:
        with importing():
            found: Any = import_module(module)
        for part in name.split("."):
            found = getattr(found, part)
    except Exception as error:
        raise scenario_error("--setup", named, f"cannot be loaded: {type(error).__name__}: {error}") from error
    if not callable(found):
        raise scenario_error("--setup", named, "must be a function of a simulation")
    function: Callable[[Any], object] = found
    return function


def simulated(
    scenario: "Scenario", arguments: Namespace, *, spool: "Path | None" = None, record: str = ALL
) -> "Simulation":
    """Return the simulation after its run, which shows its progress."""
    from alesha_sim.simulation.simulation import Simulation

    try:
        simulation = Simulation(scenario, arguments.seed, spool=spool, record=record)
        with output.progress_bar(quiet=arguments.quiet) as bar:
            simulation.run(progress=bar.run if bar else None)
    except MemoryError:
        rule = "needs more memory than this machine has; users.count, demand and horizon decide how much"
        raise scenario_error("scenario", scenario.name, rule) from None
    return simulation


def _description(name: str) -> str:
    """Return what a scenario says of itself."""
    try:
        return scenarios.describe(name)
    except Exception as error:  # of another package, whose scenario must not hide all others
        return f"cannot be loaded: {type(error).__name__}: {error}"
