"""Turns what was measured of other programs into a section of the page. Nothing is measured here."""

from collections.abc import Sequence
from importlib.metadata import version
from statistics import median

from cases import Figures
from contenders.entrants import REFERENCES, UNFIT, contenders
from peers import Beside
from tables import spread, table


def beside(measured: Beside, second: Beside | None = None, builds: Sequence[str] = ()) -> str:
    """Return the section, with the same programs on a `second` of two `builds` of Python, if there are two."""
    everybody = contenders()
    rounds = measured.rounds
    some = next(iter(rounds[0].values()))
    about = [
        f"- **{everybody[name].title}**{_version(name)}: {everybody[name].about}{_apart(name)}."
        for name in everybody
        if name in rounds[0]
    ]
    about += [f"- **{everybody[name].title}** is left out: {why}." for name, why in measured.absent.items()]
    about += [f"- **{title}** is left out: {why}." for title, why in UNFIT.items()]
    return f"""## Beside other programs

The same {some["orders"]:,.0f} orders by {measured.users:,} users: every visitor orders, some cannot pay, some
mistype their secret. An order takes {some["messages"] / some["orders"]:.1f} messages, each with a drawn latency;
all programs draw the same service times at the same places, have the same workers and queues, and check money in
the same way. Before anything is timed, and again after every run, a program must have the library's own orders,
each closed at the same instant, its deposits and its number of messages. Programs run in alternation,
{len(rounds)} rounds, each in a process of its own. Timed is the run alone: drawing the demand before and reading
the outcome after are left out for everybody. Ratios are those of the times of one round.

{_table(rounds)}

{chr(10).join(about)}{_second(second, builds)}"""


def _second(second: Beside | None, builds: Sequence[str]) -> str:
    """Return the part on the second build of Python, which begins after an empty line; "" if there is none."""
    if second is None:
        return ""
    ticks = _tick(second.rounds) * 1e6
    return f"""

### On a second build of Python

All of the above is {builds[0]}. The same programs and the same machine code with {builds[1]}:
{len(second.rounds)} rounds, an event of the yardstick in {ticks:.2f} microseconds.

{_table(second.rounds)}"""


def _tick(rounds: list[dict[str, Figures]]) -> float:
    """Return the seconds of an event of the yardstick, the median of all."""
    return median(figures["yardstick"] for times in rounds for figures in times.values())


def _table(rounds: list[dict[str, Figures]]) -> str:
    """Return a row for each program that was timed."""
    names = [name for name in contenders() if name in rounds[0]]
    references = [name for name in REFERENCES if name in names]  # not everywhere is a compiler
    ratios = [f"time / {_title(name)}" for name in references]
    head = ("program", "messages", "kernel events", "time an order / yardstick", *ratios)
    return table(head, [_row(name, rounds, references) for name in names])


def ratios(measured: Beside, name: str, other: str) -> list[float]:
    """Return the time of one program as a multiple of another's, by round; nothing if one did not take part."""
    if not {name, other} <= measured.rounds[0].keys():
        return []
    return [times[name]["run"] / times[other]["run"] for times in measured.rounds]


def _title(name: str) -> str:
    return contenders()[name].title


def _version(name: str) -> str:
    package = contenders()[name].package
    return f" ({version(package)})" if package else ""


def _apart(name: str) -> str:
    why = contenders()[name].apart
    return f"; {why}" if why else ""


def _row(name: str, rounds: list[dict[str, Figures]], references: list[str]) -> list[str]:
    """Return the row of one program, its times divided by those of the `references`."""
    figures = rounds[0][name]
    orders = figures["orders"]
    events = f"{figures['events'] / orders:.1f}" if "events" in figures else ""
    own = [times[name]["run"] / orders / times[name]["yardstick"] for times in rounds]
    compared = [spread([times[name]["run"] / times[other]["run"] for times in rounds]) for other in references]
    return [_title(name), f"{figures['messages'] / orders:.1f}", events, spread(own), *compared]
