"""The command `alesha report`: a run, or a result that was saved before, as one page."""

from argparse import Namespace
from pathlib import Path
from typing import TYPE_CHECKING

from alesha_sim import folders, scenarios
from alesha_sim.cli import folder, output
from alesha_sim.scenarios.errors import refuse

if TYPE_CHECKING:
    from alesha_sim.result import Result


def report(arguments: Namespace) -> bool:
    """Write the report of a run or of a saved result; tell whether all laws hold."""
    folder.check_file(arguments.out, force=arguments.force, argument="--out")
    result = _saved(arguments) if _is_saved(arguments.scenario) else _run(arguments)
    orders = len(result.orders)
    if arguments.order is not None and not 1 <= arguments.order <= orders:
        rule = f"must be from 1 to {orders}" if orders else "no order was placed"
        raise refuse("--order", arguments.order, rule)
    from alesha_sim.report import page

    folder.write_text(arguments.out, page(result, arguments.order), force=arguments.force, argument="--out")
    if not arguments.quiet:
        output.remark(f"{arguments.out} is the report of {result.scenario.name}, seed {result.seed}")
    return not result.check()


def _is_saved(name: str) -> bool:
    """Tell whether a folder with a result is meant; a scenario's own name always means the scenario."""
    path = Path(name)
    return name not in scenarios.names() and path.is_dir() and folders.place(path, folder.MANIFEST).is_file()


def _saved(arguments: Namespace) -> "Result":
    """Read a result; what would need another run is refused."""
    from alesha_sim.result import Result

    for option, given in (("--seed", arguments.seed), ("--set", arguments.set or None)):
        if given is not None:
            raise refuse(option, given, f"cannot change {arguments.scenario}, which has been run already")
    try:
        return Result.load(arguments.scenario)
    except (OSError, ValueError) as error:
        raise refuse("SCENARIO", arguments.scenario, f"cannot be read: {error}") from None


def _run(arguments: Namespace) -> "Result":
    from alesha_sim.cli.commands import simulated

    return simulated(arguments).result()
