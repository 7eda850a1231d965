"""The arguments of the command `alesha`: which there are, how they are read, and what is said when they are wrong.

Contains the table of commands and the parser. Options stand in `options.py`, what a command does in `commands.py`.
"""

import sys
from argparse import (
    Action,
    ArgumentError,
    ArgumentParser,
    Namespace,
    RawDescriptionHelpFormatter,
)
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, NamedTuple, NoReturn

from alesha_sim.cli import commands, report, step, studies
from alesha_sim.cli.options import ARGUMENTS
from alesha_sim.files import program
from alesha_sim.scenarios.errors import Problem, ScenarioError, nearest, shown

STATUSES = "exit status: 0 success, 1 a law is broken or a check failed, 2 invalid input"


class Command(NamedTuple):
    """One command: what it does, an example line, and which of the ARGUMENTS it takes; `run` tells if all held."""

    run: Callable[[Namespace], bool]
    summary: str
    example: str
    arguments: tuple[str, ...]


class Parser(ArgumentParser):
    """An argument parser whose complaints are a ScenarioError of one line each that names the nearest name."""

    def error(self, message: str) -> NoReturn:
        """Raise ScenarioError."""
        required = "the following arguments are required: "
        if message.startswith(required):
            names = message.removeprefix(required).split(", ")
            raise ScenarioError([Problem(name, None, f"missing: see {self.prog} --help") for name in names])
        raise ScenarioError([Problem(message.removeprefix("argument "), None, "")])

    def _check_value(self, action: Action, value: Any) -> None:
        if action.choices is not None and value not in action.choices:
            known = [str(choice) for choice in action.choices]
            raise ArgumentError(action, f"{shown(value)}: unknown command: {nearest(value, known)}")


def parse(argv: Sequence[str] | None) -> Namespace:
    """Return the arguments of a call; raises ScenarioError with a line for each that its command does not take."""
    found, unknown = parser().parse_known_args(argv)
    if unknown:
        raise ScenarioError(_unexpected(unknown, COMMANDS[found.command].arguments))
    return found


def parser() -> ArgumentParser:
    """Return the parser of the whole command."""
    whole = Parser(
        prog="alesha",
        description="Simulate an online store, its customers, its bank and its supplier, in double-entry books.",
        epilog=_epilog("examples", [command.example for command in COMMANDS.values()]),
        formatter_class=RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    whole.add_argument("--version", action=_Version, nargs=0, help="print the version and end")
    several = whole.add_subparsers(title="commands", dest="command", metavar="COMMAND", required=True)
    for name, command in COMMANDS.items():
        one = several.add_parser(
            name,
            help=command.summary,
            description=f"{command.summary[0].upper()}{command.summary[1:]}.",
            epilog=_epilog("example", [command.example]),
            formatter_class=RawDescriptionHelpFormatter,
            allow_abbrev=False,
        )
        for argument in command.arguments:
            one.add_argument(argument.partition(" ")[0], **ARGUMENTS[argument])
    return whole


def _epilog(title: str, examples: Iterable[str]) -> str:
    """Return what a help text ends with."""
    return "\n  ".join([f"{title}:", *examples]) + f"\n\n{STATUSES}"


class _Version(Action):
    """Print the version, which the package itself holds: it stands above every layer, and is not imported here."""

    def __call__(self, parser: ArgumentParser, *_: Any) -> None:
        print(f"alesha_sim {sys.modules['alesha_sim'].__version__} ({program.form()})")
        parser.exit()


def _unexpected(unknown: Sequence[str], valid: Sequence[str]) -> Iterator[Problem]:
    """Yield a problem for each unknown option or, if there is none, for each argument too many."""
    options = [text.partition("=")[0] for text in unknown if text.startswith("-")]
    known = [name.partition(" ")[0] for name in valid if name.startswith("-")]
    for option in options:
        yield Problem(option, None, f"unknown option: {nearest(option, [*known, '--help'])}")
    if not options:
        yield from (Problem(shown(text), None, "unexpected argument") for text in unknown)


RUN = ("scenario", "--seed", "--set", "--setup")
"""What all commands that run a scenario once take."""

STUDY = (
    "--study",
    "--runs",
    "--seed",
    "--set",
    "--setup",
    "--warmup",
    "--series",
    "--every",
    "--keep",
    "--record",
    "--metric",
    "--confidence",
    "--jobs N",
    "--folder",
    "--out TABLES",
    "--force",
    "--json",
    "--quiet",
)
"""What all experiments take."""

COMMANDS: dict[str, Command] = {
    "list": Command(
        commands.list_scenarios,
        "list all scenarios",
        "alesha list",
        ("--json",),
    ),
    "show": Command(
        commands.show,
        "print a scenario as TOML, with every field",
        "alesha show market_day --set shop.workers=2 > market.toml",
        ("scenario", "--set", "--json"),
    ),
    "new": Command(
        commands.new,
        "write a commented scenario file that runs at once",
        "alesha new market.toml",
        ("file", "--force", "--quiet"),
    ),
    "run": Command(
        commands.run,
        "run a scenario, check every law, and print what happened with everybody's balances",
        "alesha run market_day --seed 7 --set bank.workers=3 --out out/market",
        (*RUN, "--out", "--csv", "--spool", "--record", "--force", "--json", "--quiet"),
    ),
    "balances": Command(
        commands.balances,
        "run a scenario, then let every party ask the bank for its balance",
        "alesha balances first_purchase --seed 7",
        (*RUN, "--all", "--json", "--quiet"),
    ),
    "export": Command(
        commands.export,
        "write a result in the format of another program: journals, event logs, tables",
        "alesha export out/market --to beancount --out market.beancount",
        ("result", "--to", "--out PATH", "--force", "--quiet"),
    ),
    "step": Command(
        step.step,
        "step through a run message by message with keys, or print it all with --plain",
        "alesha step first_purchase --seed 7",
        (*RUN, "--plain"),
    ),
    "report": Command(
        report.report,
        "write a run, a saved result or a study as one page: metrics, plots, the conversation of an order",
        "alesha report market_day --seed 7 --out report.html",
        ("scenario or folder", "--seed", "--set", "--setup", "--out PAGE", "--order", "--force", "--quiet"),
    ),
    "schema": Command(
        commands.schema,
        "print the JSON schema of a scenario file",
        "alesha schema > scenario.schema.json",
        (),
    ),
    "verify": Command(
        commands.verify,
        "check the simulation against textbook theory, or every law in random scenarios",
        "alesha verify --worlds 200 --jobs 2 --seed 1",
        (
            "--seed",
            "--full",
            "--worlds",
            "--markets",
            "--first",
            "--jobs",
            "--stop",
            "--out FILE",
            "--force",
            "--json",
            "--quiet",
        ),
    ),
    "replicate": Command(
        studies.replicate,
        "run a scenario many times and print means with intervals",
        "alesha replicate market_day --runs 50 --seed 7 --jobs 2 --folder out/study",
        ("scenario ?", "--until", "--max-runs", *STUDY),
    ),
    "sweep": Command(
        studies.sweep,
        "run a scenario many times at every point of a design and print means and paired differences",
        "alesha sweep market_day --vary bank.workers=1,2,4 --vary 'supplier.lead_time=1 day,7 days' --runs 10",
        ("scenario ?", "--vary", "--baseline POINT", *STUDY),
    ),
    "compare": Command(
        studies.compare,
        "run several scenarios, or variants of one, with the same customers and print the paired differences",
        "alesha compare market_day --vary bank.workers=2,4 --runs 50 --seed 7",
        ("scenarios", "--vary", "--baseline", *STUDY),
    ),
}
"""The commands by name, in the order of the help text."""
