"""Measures what it takes to start: whole processes of pairs of commands in turn, CPU time, medians and ratios.

Compiled modules are kept in a folder of their own, which every command fills once before it is timed: as after an
installation, and whatever the environment says of bytecode. `python benchmarks/startup.py` prints the section.
"""

import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from resource import RUSAGE_CHILDREN, getrusage
from statistics import median
from tempfile import TemporaryDirectory
from typing import NamedTuple

ROUNDS = 15
KERNEL = ("-c", "import simpy, numpy")
READING = ("-c", "import simpy, numpy, pydantic")
COMMAND = ("-m", "alesha_sim")


class Pair(NamedTuple):
    """What is measured and what it is compared with: arguments of Python; `most` is the ratio aimed at, if any."""

    name: str
    arguments: tuple[str, ...]
    base: tuple[str, ...]
    most: float | None = None


PAIRS = (
    Pair("import alesha_sim", ("-c", "import alesha_sim"), KERNEL, 1.5),
    Pair("from alesha_sim import Result, simulate", ("-c", "from alesha_sim import Result, simulate"), KERNEL),
    Pair("alesha --help", (*COMMAND, "--help"), READING),
    Pair("alesha list", (*COMMAND, "list"), READING, 2.0),
    Pair("alesha show first_purchase", (*COMMAND, "show", "first_purchase"), READING),
    Pair("alesha run first_purchase", (*COMMAND, "run", "first_purchase", "--seed", "1"), READING),
)


class Turns(NamedTuple):
    """CPU seconds of a pair's processes, round by round."""

    own: list[float]
    base: list[float]

    @property
    def ratios(self) -> list[float]:
        """How much longer the first takes than the second, in each round."""
        return [own / base for own, base in zip(self.own, self.base, strict=True)]


def seconds(arguments: Sequence[str], environment: dict[str, str]) -> float:
    """Run a whole Python process and return its CPU seconds; CalledProcessError if it fails."""
    before = getrusage(RUSAGE_CHILDREN)
    subprocess.run([sys.executable, *arguments], stdout=subprocess.DEVNULL, env=environment, check=True)
    after = getrusage(RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def measured(rounds: int = ROUNDS, pairs: Sequence[Pair] = PAIRS) -> dict[Pair, Turns]:
    """Time every pair, one process after the other, so many rounds."""
    found = {pair: Turns([], []) for pair in pairs}
    with TemporaryDirectory() as compiled:
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "PYTHONPYCACHEPREFIX": compiled}
        environment.pop("PYTHONDONTWRITEBYTECODE", None)
        for arguments in {arguments: None for pair in pairs for arguments in (pair.arguments, pair.base)}:
            seconds(arguments, environment)
        for _ in range(rounds):
            for pair, turns in found.items():
                turns.own.append(seconds(pair.arguments, environment))
                turns.base.append(seconds(pair.base, environment))
    return found


def figures(found: dict[Pair, Turns]) -> dict[str, dict[str, list[float]]]:
    """Return what was measured as JSON can hold it."""
    return {pair.name: turns._asdict() for pair, turns in found.items()}


def from_figures(told: dict[str, dict[str, list[float]]]) -> dict[Pair, Turns]:
    """Return what `figures` was made of, without what is no longer measured."""
    return {pair: Turns(**told[pair.name]) for pair in PAIRS if pair.name in told}


def section(found: dict[Pair, Turns] | None = None) -> str:
    """Return what was measured (now, if nothing is given) as a section in Markdown."""
    return "\n\n".join(paragraphs(measured() if found is None else found)) + "\n"


def paragraphs(found: dict[Pair, Turns]) -> Iterator[str]:
    """Yield the parts of the section."""
    rounds = len(next(iter(found.values())).own)
    yield "## Start-up"
    yield f"""CPU time of whole processes, each in turn with what it is compared with, medians of {rounds} rounds;
of the ratios the smallest and the largest too. Modules are compiled before, as after an installation."""
    rows = ["| process | ms | compared with | ms | ratio | least to most | aim |"]
    rows.append("| --- | ---: | --- | ---: | ---: | ---: | ---: |")
    for pair, turns in found.items():
        own, base = (f"{1000 * median(times):.0f}" for times in turns)
        spread = f"{min(turns.ratios):.2f} to {max(turns.ratios):.2f}"
        aim = "" if pair.most is None else f"at most {pair.most:g}"
        told = f"{median(turns.ratios):.2f} | {spread} | {aim}"
        rows.append(f"| `{pair.name}` | {own} | `{pair.base[-1]}` | {base} | {told} |")
    yield "\n".join(rows)


if __name__ == "__main__":
    here = str(Path(__file__).resolve().parents[1])
    sys.path[0] = here  # the package beside this folder, not the modules in it
    print(section(), end="")
