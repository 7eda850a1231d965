"""Measures what an order and a user cost, and writes the figures to docs/performance.md (`make bench`).

The page has parts, each of which is measured by itself and kept in a file in `benchmarks/figures`. Without names
all parts are measured whose figures are of another library, Python or machine, so that an interrupted run goes on
where it was; then the page is written from all that is kept. `make bench PARTS="peers call"` measures these parts,
`PARTS=page` writes the page only. All takes half an hour or so; `--small` tries every part in two minutes.
"""

import subprocess
import sys
from argparse import ArgumentParser, Namespace, RawDescriptionHelpFormatter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import aims
import compiled
import growth
import kept
import markets
import memory
import page
import peers
import peers_page
import second_build
import startup
import whole_call
from kept import Kept
from tables import table
from turns import HERE

TRIED = HERE / "tried.md"
FIGURES = HERE / "figures"
ROOT = HERE.parent
ONLY_THE_PAGE = "page"


class Effort(NamedTuple):
    """How much is measured: rounds of what is timed, users, orders and so on; `second` names another Python."""

    rounds: int = 5
    users: tuple[int, ...] = (1_000, 10_000, 100_000)
    orders: int = 3_000
    beside: tuple[int, int] = (peers.USERS, peers.ORDERS)
    calls: int = whole_call.ROUNDS
    in_memory: tuple[int, ...] = (20_000, 40_000, 60_000, 80_000, 100_000)
    spooled: tuple[int, ...] = (1_000_000, 10_000_000)
    growth: tuple[tuple[int, ...], tuple[int, ...]] = (growth.ORDERS, growth.USERS)
    starts: int = startup.ROUNDS
    second: str | None = None


FULL = {"users": (1_000, 10_000, 100_000, 1_000_000), "orders": 30_000}
MILLION = {"growth": (growth.FULL_ORDERS, growth.FULL_USERS)}
SMALL = Effort(
    rounds=1, users=(40, 60), orders=20, beside=(60, 120), calls=1, in_memory=(100, 200), spooled=(100, 200),
    growth=((20, 40), (1_000, 1_100)), starts=1,
)  # fmt: skip


class Part(NamedTuple):
    """A part of the page: what it is `about`, how it is measured, and the section that is made of its figures.

    With `is_long` it takes an hour or more, and is measured only when it is named.
    """

    about: str
    measure: Callable[[Effort], Any]
    section: Callable[[dict[str, Any]], str]
    is_long: bool = False


def forms() -> tuple[str, ...]:
    """Return the forms of the library that can be measured here."""
    return ("python",) if compiled.missing() else ("compiled", "python")


PARTS: dict[str, Part] = {
    "call": Part(
        "the whole call and its parts, compiled against Python",
        lambda effort: whole_call.measured(effort.calls),
        lambda all_figures: whole_call.section(all_figures["call"]),
    ),
    "markets": Part(
        "an order and a user, by users and by flow",
        lambda effort: markets.measure_all(effort.users, effort.orders, effort.rounds).figures(),
        lambda all_figures: page.section(all_figures["markets"]),
    ),
    "memory": Part(
        "memory of an order in either form",
        lambda effort: memory.of_forms(effort.in_memory, forms()),
        lambda all_figures: memory.section(all_figures["memory"]),
    ),
    "spooled": Part(
        "long spooled runs",
        lambda effort: memory.of_spools(effort.spooled, forms()[0]),
        lambda all_figures: memory.section_of_spools(all_figures["spooled"]),
        is_long=True,
    ),
    # Runs of half a second see more of what else the machine does than turns of hundredths: they need more rounds.
    "peers": Part(
        "other programs",
        lambda effort: peers.side_by_side(3 * effort.rounds, *effort.beside)._asdict(),
        lambda all_figures: beside(all_figures),
    ),
    "second": Part(
        "the same on a second build of Python",
        lambda effort: second_build.measured(2 * effort.rounds, *effort.beside, effort.second),
        lambda all_figures: "",  # it stands in the section on other programs
    ),
    "growth": Part(
        "growth with orders and users",
        lambda effort: growth.figures(growth.measured(*effort.growth)),
        lambda all_figures: growth.section(growth.from_figures(all_figures["growth"])),
    ),
    "startup": Part(
        "start-up",
        lambda effort: startup.figures(startup.measured(effort.starts)),
        lambda all_figures: startup.section(startup.from_figures(all_figures["startup"])),
    ),
}


def beside(all_figures: dict[str, Any]) -> str:
    """Return the section on other programs, on both builds of Python if both were measured."""
    measured = peers.Beside(**all_figures["peers"])
    second = second_build.from_figures(all_figures.get("second"))
    if second is None:
        return peers_page.beside(measured)
    return peers_page.beside(measured, second[0], (all_figures["builds"]["peers"], second[1]))


def to_measure(chosen: Namespace) -> list[str]:
    """Return the parts that the command line asks for, or those that are not kept of this library."""
    if chosen.parts or chosen.small:
        return [name for name in PARTS if not chosen.parts or name in chosen.parts]
    found = {name: kept.read(chosen.figures, name) for name in PARTS}
    return [
        name
        for name, part in PARTS.items()
        if not part.is_long and (chosen.again or found[name] is None or not found[name].is_current)
    ]


def measure(names: list[str], effort: Effort, folder: Path) -> list[str]:
    """Measure these parts and keep their figures; return those that failed, after telling why."""
    if names and not compiled.missing():
        compiled.up_to_date()
    failed = []
    for name in names:
        print(f"{name}: {PARTS[name].about} ...", file=sys.stderr, flush=True)
        try:
            kept.write(folder, name, kept.measured(lambda name=name: PARTS[name].measure(effort)))
        except (RuntimeError, subprocess.CalledProcessError, OSError) as failure:
            print(f"{name}: failed: {failure}", file=sys.stderr)
            failed.append(name)
    return failed


def whole_page(found: dict[str, Kept]) -> Iterator[str]:
    """Yield the parts of the page that can be made of what is kept."""
    all_figures = {name: one.figures for name, one in found.items() if one.figures is not None}
    all_figures["builds"] = {name: one.build for name, one in found.items()}
    yield introduction(found)
    yield aims.section(all_figures)
    for name, part in PARTS.items():
        if name in all_figures:
            yield part.section(all_figures)
    yield origins(found)
    yield TRIED.read_text("utf-8")


def introduction(found: dict[str, Kept]) -> str:
    """Say what was measured, how, where and when."""
    rows = [
        ("machine", {one.machine for one in found.values()}),
        ("Python", {one.build for one in found.values()}),
        ("versions", {page.versions("simpy", "numpy", "pydantic")}),
        ("dates", {one.date for one in found.values()}),
    ]
    second = second_build.from_figures(found["second"].figures) if "second" in found else None
    if second is not None:
        rows.insert(2, ("second build of Python", {second[1]}))
    lines = "\n".join(f"| {name} | {'; '.join(sorted(values))} |" for name, values in rows)
    return f"""# Performance

What an order and a user cost. `make bench` measures it and writes this page.

Times are CPU times in multiples of the **yardstick**, the time that SimPy takes for one event of a process which
does nothing but `yield env.timeout(1)`. What is timed and the yardstick take turns of a few hundredths of a second
in one process, and the processes of all rows of a table take turns, so that all see the same changes of the
machine's speed. Figures are medians of the rounds; in brackets stand the least and the greatest.

| | |
|---|---|
{lines}"""


def origins(found: dict[str, Kept]) -> str:
    """Tell of each part with which command, when and of which library it was measured."""
    current = compiled.library()
    rows = []
    for name, part in PARTS.items():
        told = ["not measured", "", ""]
        if name in found:
            one = found[name]
            whose = "this one" if one.library == current else f"`{one.library}`, before the last change"
            told = [one.date, f"{one.seconds / 60:.1f}", whose]
        rows.append([f"{part.about}", f'`make bench PARTS="{name}"`', *told])
    head = ("part", "command", "measured on", "minutes", "source of the library")
    return f"""## Parts of this page

Each part is measured by itself; its figures are kept in `benchmarks/figures`. The source of the library when this
page was written had the digest `{current}`.

{table(head, rows)}"""


def options(arguments: list[str] | None = None) -> Namespace:
    """Read the command line."""
    parser = ArgumentParser(description=__doc__, formatter_class=RawDescriptionHelpFormatter)
    names = [*PARTS, ONLY_THE_PAGE]
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"what to measure, of {', '.join(names)}")
    parser.add_argument("--again", action="store_true", help="measure all but the long parts, whatever is kept")
    parser.add_argument("--full", action="store_true", help="up to a million users, ten times the orders")
    parser.add_argument("--million", action="store_true", help="growth up to a million orders and as many users")
    parser.add_argument("--small", action="store_true", help="least sizes, to see that every part works")
    parser.add_argument("--rounds", type=int, help="how often everything is timed (5)")
    parser.add_argument("--second", metavar="PYTHON", help="the second build of Python (a distribution's)")
    parser.add_argument("--figures", type=Path, default=FIGURES, help="where figures are kept (%(default)s)")
    parser.add_argument("--out", type=Path, default=ROOT / "docs" / "performance.md", help="%(default)s")
    chosen = parser.parse_args(arguments)
    unknown = set(chosen.parts) - set(names)
    if unknown:
        parser.error(f"argument PART: {', '.join(sorted(unknown))}: must be of {', '.join(names)}")
    if chosen.rounds is not None and chosen.rounds < 1:
        parser.error(f"argument --rounds: {chosen.rounds}: must be at least 1")
    if chosen.small and chosen.figures == FIGURES:
        parser.error("argument --small: needs --figures and --out, so that the page keeps its own")
    return chosen


def effort_of(chosen: Namespace) -> Effort:
    """Return how much the command line asks to measure."""
    effort = SMALL if chosen.small else Effort()
    changes: dict[str, Any] = {"second": chosen.second}
    changes |= (FULL | MILLION if chosen.full else {}) | (MILLION if chosen.million else {})
    changes |= {"rounds": chosen.rounds} if chosen.rounds else {}
    return effort._replace(**changes)


def main() -> int:
    """Measure what is asked for and write the page; return 1 if a part failed."""
    chosen = options()
    if compiled.missing():
        print(f"the compiled library does not take part: {compiled.missing()} not found", file=sys.stderr)
    failed = measure(to_measure(chosen), effort_of(chosen), chosen.figures)
    found = {name: one for name in PARTS if (one := kept.read(chosen.figures, name)) is not None}
    if "growth" in found:
        growth.draw(growth.from_figures(found["growth"].figures), chosen.out.with_name(growth.PICTURE.name))
    chosen.out.write_text("\n\n".join(part.strip() for part in whole_page(found) if part) + "\n", "utf-8")
    print(f"written: {chosen.out}", file=sys.stderr)
    return bool(failed)


if __name__ == "__main__":
    sys.exit(main())
