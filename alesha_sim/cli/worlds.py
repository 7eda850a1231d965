"""`alesha verify --worlds`: how random worlds are run and what is said of them.

What a world is, how it is run and how a failing one is made smaller stands in `alesha_sim.verification`.
"""

from argparse import Namespace
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from alesha_sim.cli import folder, output
from alesha_sim.scenarios.errors import Problem, ScenarioError

if TYPE_CHECKING:
    from alesha_sim.verification.fuzz.shrink import Shrunk
    from alesha_sim.verification.fuzz.trials import Progress, Survey

FAILURES_SHOWN = 10
"""How many failing worlds get lines of their own; the others share one."""

LINES_SHOWN = 3
"""How many violations of a world are shown."""

STEPS = 10
"""How often progress is printed where no terminal shows it all the time."""

FILE = "world.toml"

Show = Callable[[float, str], None]


def check(arguments: Namespace) -> None:
    """Raise ScenarioError unless the options of `verify` go together and its file can be written."""
    only_worlds = ("markets", "first", "jobs", "stop", "out", "force")
    values = {name: getattr(arguments, name) for name in only_worlds}
    given = [name for name, value in values.items() if value is not None and value is not False]
    found = [] if arguments.worlds else [Problem(f"--{name}", None, "must come with --worlds") for name in given]
    if arguments.worlds and arguments.full:
        found.append(Problem("--full", None, "must not come with --worlds"))
    if found:
        raise ScenarioError(found)
    if arguments.out is not None:
        folder.check_file(arguments.out, force=arguments.force, argument="--out")


def verify(arguments: Namespace, seed: int) -> bool:
    """Run the worlds, shrink the first one that fails, and print what was found; tell whether all laws held."""
    from alesha_sim.verification.fuzz.trials import survey

    with _progress(quiet=arguments.quiet) as show:
        found = survey(
            seed,
            arguments.worlds,
            first=arguments.first or 0,
            jobs=arguments.jobs or 1,
            stop=arguments.stop,
            markets=arguments.markets,
            progress=lambda progress: show(*_surveyed(progress)),
        )
        smallest = _smallest(found, show) if found.failures else None
    toml = "" if smallest is None else _toml(found, smallest)
    if toml and arguments.out is not None:
        folder.write_text(arguments.out, toml, force=arguments.force, argument="--out")
    if arguments.json:
        output.print_json(_object(found, smallest, toml))
    else:
        last = toml.rstrip("\n") or "all laws hold in every world"
        print("\n\n".join([_counts(found), _pace(found), *_failures(found), last]))
    return not found.failures


# How far it is


@contextmanager
def _progress(*, quiet: bool) -> Iterator[Show]:
    """Give a function that shows progress: all the time on a terminal, else by a line every so often."""
    with output.progress_bar(quiet=quiet) as bar:
        if bar is not None:
            yield bar.show
        elif quiet:
            yield lambda share, text: None
        else:
            yield _lines()


def _lines() -> Show:
    """Return a function that prints a line whenever another tenth is done."""
    told = [-1]

    def show(share: float, text: str) -> None:
        step = int(share * STEPS)
        if step != told[0]:
            told[0] = step
            output.remark(text)

    return show


def _surveyed(progress: "Progress") -> tuple[float, str]:
    text = f"{progress.done:,} of {progress.worlds:,} worlds, {progress.failures:,} failed"
    return progress.done / progress.worlds, text


def _smallest(found: "Survey", show: Show) -> "Shrunk":
    """Shrink the first world that failed."""
    from alesha_sim.verification.fuzz.random_scenarios import draw
    from alesha_sim.verification.fuzz.shrink import TRIES, shrink
    from alesha_sim.verification.fuzz.trials import trial

    number = found.failures[0].number
    tried = f"smaller worlds like world {number} tried"
    failed = trial(draw(found.seed, number, markets=found.markets))
    return shrink(failed, progress=lambda tries: show(tries / TRIES, f"{tries} {tried}"))


# What was found


def _again(found: "Survey", number: int) -> str:
    """Return the command that runs one world again."""
    return f"alesha verify --worlds 1{' --markets' * found.markets} --first {number} --seed {found.seed}"


def _counts(found: "Survey") -> str:
    """Return what was met in the worlds, by group; of what the ledger writes only how many kinds of row."""
    last = found.first + found.worlds - 1
    rows: list[tuple[str, str]] = []
    for group, labels in _grouped(found).items():
        if group != "postings":
            rows += [(group, ""), *((f"  {label}", f"{number:,}") for label, number in labels.items())]
    return f"worlds {found.first:,} to {last:,} of seed {found.seed}\n\n{output.table(rows, right=(1,))}"


def _pace(found: "Survey") -> str:
    """Return which kinds of thing no world met, and which world was slowest."""
    slow, missed, met = found.slowest, _missed(found), len(found.counts)
    return (
        f"{met:,} kinds of thing were met, {len(missed):,} were not that other worlds meet (--json names them)\n"
        f"{found.seconds / found.worlds * 1000:.0f} ms a world; the slowest, world {slow.number}, took "
        f"{slow.seconds:.2f} s and {slow.events:,} events: {_again(found, slow.number)}"
    )


def _missed(found: "Survey") -> list[str]:
    """Return what was not met although some worlds meet it."""
    from alesha_sim.verification.fuzz.met import NEVER, vocabulary

    return [
        ": ".join(kind)
        for kind in vocabulary(markets=found.markets)
        if kind not in found.counts and kind not in NEVER
    ]


def _grouped(found: "Survey") -> dict[str, dict[str, int]]:
    groups: dict[str, dict[str, int]] = {}
    for (group, label), number in sorted(found.counts.items()):
        groups.setdefault(group, {})[label] = number
    return groups


def _failures(found: "Survey") -> Iterator[str]:
    """Yield a paragraph for each world that failed, and one with a line for each beyond the first few."""
    for failure in found.failures[:FAILURES_SHOWN]:
        again = _again(found, failure.number)
        yield "\n  ".join([f"world {failure.number} fails: {again}", *failure.violations[:LINES_SHOWN]])
    more = [
        f"world {failure.number} fails {failure.law}: {_again(found, failure.number)}"
        for failure in found.failures[FAILURES_SHOWN:]
    ]
    if more:
        yield "\n".join(more)


def _toml(found: "Survey", smallest: "Shrunk") -> str:
    """Return the smallest world as a file, whose comments say what to do with it."""
    from alesha_sim.recording.levels import ALL
    from alesha_sim.verification.fuzz.random_scenarios import SPOOL
    from alesha_sim.verification.fuzz.reductions import brief

    trial = smallest.trial
    _, seed, way = trial.world
    differs = {ALL: "", SPOOL: ", with --spool FOLDER and without"}.get(way, f", with --record {way} and without")
    head = [
        f"The smallest of {smallest.tries} worlds like world {found.failures[0].number} of seed {found.seed} "
        "in which this fails too:",
        *(f"  {violation}" for violation in smallest.violations[:LINES_SHOWN]),
        f"Save it as {FILE} and see: alesha run {FILE} --seed {seed}{differs}",
    ]
    return "".join(f"# {line}\n" for line in head) + "\n" + brief(trial.world.scenario)


def _object(found: "Survey", smallest: "Shrunk | None", toml: str) -> dict[str, Any]:
    """Return what `--json` prints."""
    return {
        "seed": found.seed,
        "first": found.first,
        "worlds": found.worlds,
        "passed": not found.failures,
        "counts": _grouped(found),
        "missed": _missed(found),
        "slowest": {
            "world": found.slowest.number,
            "seconds": found.slowest.seconds,
            "events": found.slowest.events,
        },
        "failures": [
            {
                "world": failure.number,
                "law": failure.law,
                "again": _again(found, failure.number),
                "violations": failure.violations,
            }
            for failure in found.failures
        ],
        "smallest": None
        if smallest is None
        else {
            "seed": smallest.trial.world.seed,
            "violations": smallest.violations,
            "toml": toml,
        },
    }
