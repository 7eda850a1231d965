"""The command `alesha report`: a run, a result that was saved before, or a study in its folder, as one page."""

import json
from argparse import Namespace
from pathlib import Path
from typing import TYPE_CHECKING

from alesha_sim import scenarios
from alesha_sim.cli import commands, folder, output
from alesha_sim.files import folders
from alesha_sim.scenarios.errors import scenario_error

if TYPE_CHECKING:
    from alesha_sim.results.result import Result


def report(arguments: Namespace) -> bool:
    """Write the report of a run or of a saved result; tell whether all laws hold."""
    # What is reported on comes before where: an unknown scenario must not be hidden by a file that is there.
    is_study, is_saved = _is_study(arguments.scenario), _is_saved(arguments.scenario)
    scenario = None if is_study or is_saved else commands.named_scenario(arguments)
    folder.check_file(arguments.out, force=arguments.force, argument="--out")
    if is_study:
        return _report_study(arguments)
    result = _saved(arguments) if scenario is None else commands.simulated(scenario, arguments).result()
    orders = len(result.orders) + len(result.purchases)
    if arguments.order is not None and not 1 <= arguments.order <= orders:
        rule = f"must be from 1 to {orders}" if orders else "no order was placed"
        raise scenario_error("--order", arguments.order, rule)
    from alesha_sim.reports.page import page

    folder.write_text(arguments.out, page(result, arguments.order), force=arguments.force, argument="--out")
    if not arguments.quiet:
        output.remark(f"{arguments.out} is the report of {result.scenario.name}, seed {result.seed}")
    return not result.check()


def _is_saved(name: str) -> bool:
    """Tell whether a folder with a result is meant; a scenario's own name always means the scenario."""
    path = Path(name)
    return name not in scenarios.names() and path.is_dir() and folders.place(path, folders.MANIFEST).is_file()


def _is_study(name: str) -> bool:
    """Tell whether the folder of a study is meant."""
    path = Path(name)
    if name in scenarios.names() or not (path / folders.MANIFEST).is_file():
        return False
    try:
        return str(json.loads((path / folders.MANIFEST).read_bytes())["format"]).startswith("alesha study")
    except (ValueError, TypeError, LookupError):
        return False


def _report_study(arguments: Namespace) -> bool:
    """Write the report of a study as far as it is done; tell whether no run failed."""
    from alesha_sim.experiments import Study
    from alesha_sim.reports.page import study_page

    given = {"--seed": arguments.seed, "--set": arguments.set or None, "--order": arguments.order}
    for option, value in given.items():
        if value is not None:
            raise scenario_error(option, value, f"cannot change {arguments.scenario}, which is a study")
    study = Study.load(arguments.scenario)
    folder.write_text(arguments.out, study_page(study), force=arguments.force, argument="--out")
    if not arguments.quiet:
        output.remark(f"{arguments.out} is the report of the study in {arguments.scenario}")
    return not len(study.failures)


def _saved(arguments: Namespace) -> "Result":
    """Read a result; what would need another run is refused."""
    from alesha_sim.results.result import Result

    for option, given in (("--seed", arguments.seed), ("--set", arguments.set or None)):
        if given is not None:
            raise scenario_error(option, given, f"cannot change {arguments.scenario}, which has been run already")
    try:
        return Result.load(arguments.scenario)
    except (OSError, ValueError) as error:
        raise scenario_error("SCENARIO", arguments.scenario, f"cannot be read: {error}") from None
