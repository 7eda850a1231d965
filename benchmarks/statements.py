"""Times single statements with several Pythons: `python statements.py PYTHON PYTHON ...`.

Each is repeated a hundred times in a loop that `timeit` runs, counting CPU time. The Pythons take turns, and the
best of all turns counts. Prints a table in Markdown, each time as a multiple of that with the first Python.
"""

import re
import subprocess
from argparse import ArgumentParser
from collections.abc import Sequence
from math import inf

from builds import facts_of
from tables import table

STATEMENTS = {
    "`for _ in range(100): pass`": ("", "pass"),
    "`f()`, a function of nothing": ("def f(): pass", "f()"),
    "`send(None)` of a generator that yields for ever": (
        "def g():\n    while True: yield\nsend = g().send; send(None)", "send(None)",
    ),
    "`[a for a in c]`, of two": ("c = [1, 2]", "[a for a in c]"),
    "`x + 7`, of whole numbers near 10^9": ("x = 10**9", "x + 7"),
    "`x + 7.0`": ("x = 1e9", "x + 7.0"),
    "`A(1)`, which keeps its argument": ("class A:\n    def __init__(self, a): self.a = a", "A(1)"),
    "`heappush(h, (1e3, i)); heappop(h)`, 60 in the heap": (
        "from heapq import heappush, heappop\nh, i = [(float(n), n) for n in range(60)], 7",
        "heappush(h, (1e3, i)); heappop(h)",
    ),
    "`pack(1, 2, 3.0, 4.0)` of a `struct.Struct`": (
        "from struct import Struct\npack = Struct('<qqdd').pack", "pack(1, 2, 3.0, 4.0)",
    ),
}  # fmt: skip
"""What is timed: how the page calls it, what is done before, and the statement."""


def nanoseconds(python: str, before: str, statement: str, loops: int) -> float:
    """Return the CPU time of a hundred repetitions of a statement, the best of five times so many loops."""
    loop = f"for _ in range(100): {statement}"
    command = [
        python,
        "-m",
        "timeit",
        "-p",
        "-u",
        "nsec",
        "-n",
        str(loops),
        "-r",
        "5",
        "-s",
        before or "pass",
        loop,
    ]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    (found,) = re.findall(r"best of 5: (\S+) nsec per loop", said)
    return float(found)


def section(pythons: Sequence[str], loops: int = 1000, turns: int = 9) -> str:
    """Time all statements with all Pythons and return a table in Markdown."""
    best = {(name, python): inf for name in STATEMENTS for python in pythons}
    for _ in range(turns):
        for name, python in best:
            best[name, python] = min(best[name, python], nanoseconds(python, *STATEMENTS[name], loops))
    head = ("statement", *(facts_of(python)["name"].split()[1] for python in pythons[1:]))
    rows = [
        [name, *(f"{best[name, python] / best[name, pythons[0]]:.2f}" for python in pythons[1:])]
        for name in STATEMENTS
    ]
    return table(head, rows)


def main() -> None:
    """Time with the Pythons of the command line and print the table."""
    parser = ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("pythons", nargs="+", metavar="PYTHON", help="the first is what others are compared with")
    print(section(parser.parse_args().pythons))


if __name__ == "__main__":
    main()
