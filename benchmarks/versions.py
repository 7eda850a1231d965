"""Times the library and plain SimPy programs with several Pythons: `python versions.py PYTHON PYTHON ...`.

Each Python needs the packages of the library (`pip install alesha-sim`, or an editable installation). All take
turns, of which only one runs, so that all see the same changes of the machine's speed. What SimPy alone takes
longer is the interpreter's; what the library takes longer than that is its own. Prints a table in Markdown, each
time as a multiple of that with the first Python.
"""

import json
import sys
from argparse import ArgumentParser
from contextlib import ExitStack

from builds import facts_of
from cases import Figures
from peers import ORDERS, USERS
from tables import spread, table
from turns import line_from, next_turn, start

PROGRAMS = {
    "lean_simpy": "lean SimPy", "textbook_simpy": "SimPy, textbook", "library_all": "the library in Python",
}  # fmt: skip
Turn = dict[str, dict[str, Figures]]
"""What each program took with each Python in one round."""


def measured(pythons: list[str], rounds: int, users: int = USERS, orders: int = ORDERS) -> list[Turn]:
    """Time every program with every Python, in turn."""
    found: list[Turn] = []
    with ExitStack() as running:
        processes = {
            (python, name): running.enter_context(start("peers.py", name, users, orders, python=python))
            for python in pythons
            for name in PROGRAMS
        }
        for process in processes.values():
            line_from(process)  # ready: it has done the work once and waits
        keys = list(processes)
        for number in range(rounds):
            print(f"versions: round {number + 1} of {rounds} ...", file=sys.stderr)
            first = number % len(keys)
            turn: Turn = {python: {} for python in pythons}
            for python, name in keys[first:] + keys[:first]:
                turn[python][name] = json.loads(next_turn(processes[python, name]))
            found.append(turn)
        for process in processes.values():
            assert process.stdin is not None
            process.stdin.close()
    return found


def rows(pythons: list[str], found: list[Turn]) -> list[list[str]]:
    """Return a row a Python: its times as multiples of those of the first one, in the same round."""
    first = pythons[0]

    def ratio(python: str, name: str, figure: str) -> str:
        return spread([turn[python][name][figure] / turn[first][name][figure] for turn in found])

    def beyond(python: str) -> str:
        own, other = ([turn[one]["library_all"]["run"] / turn[one]["lean_simpy"]["run"] for turn in found]
                      for one in (python, first))  # fmt: skip
        return spread([a / b for a, b in zip(own, other, strict=True)])

    return [
        [
            facts_of(python)["name"],
            ratio(python, "lean_simpy", "yardstick"),
            *(ratio(python, name, "run") for name in PROGRAMS),
            beyond(python),
        ]
        for python in pythons
    ]


def section(pythons: list[str], found: list[Turn]) -> str:
    """Return a table in Markdown."""
    head = ("Python", "yardstick", *PROGRAMS.values(), "the library / lean SimPy")
    return table(head, rows(pythons, found))


def main() -> None:
    """Measure with the Pythons of the command line and print the table."""
    parser = ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("pythons", nargs="+", metavar="PYTHON", help="the first is what others are compared with")
    parser.add_argument("--rounds", type=int, default=9, help="how often everything is timed (%(default)s)")
    parser.add_argument("--users", type=int, default=USERS, help="%(default)s")
    parser.add_argument("--orders", type=int, default=ORDERS, help="%(default)s")
    chosen = parser.parse_args()
    print(section(chosen.pythons, measured(chosen.pythons, chosen.rounds, chosen.users, chosen.orders)))


if __name__ == "__main__":
    main()
