"""Counts the instructions of one run, a figure that no other program on the machine changes.

valgrind's callgrind runs a program that makes one run of `market_day(users=500, visits_per_day=500)`, then one
that makes three; half the difference is a run without imports and set-up. `--site FOLDER` counts the library that
is in a folder instead, such as the compiled one of `make compiled` (build/site). Takes a minute or two.
"""

import os
import re
import shutil
import subprocess
import sys
from argparse import ArgumentParser
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PROGRAM = """
import sys
from alesha_sim import Simulation, scenarios
scenario = scenarios.market_day(users=500, visits_per_day=500)
for _ in range(int(sys.argv[1])):
    Simulation(scenario, 7).run()
"""


def instructions(site: Path, runs: int) -> int:
    """Return how many instructions a program takes that makes so many runs with the library in a folder."""
    command = [
        "valgrind",
        "--tool=callgrind",
        "--callgrind-out-file=/dev/null",
        sys.executable,
        "-c",
        PROGRAM,
        str(runs),
    ]
    environment = os.environ | {"PYTHONPATH": str(site), "PYTHONHASHSEED": "0"}
    done = subprocess.run(command, cwd=site, env=environment, capture_output=True, text=True, check=True)
    found = re.search(r"Collected : (\d+)", done.stderr)
    assert found is not None, done.stderr[-2000:]
    return int(found[1])


def main() -> None:
    """Print the instructions of a run, in millions."""
    parser = ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument(
        "--site", type=Path, default=ROOT, help="the folder that holds the library (this checkout)"
    )
    options = parser.parse_args()
    if shutil.which("valgrind") is None:
        sys.exit("instructions: valgrind not found (Debian: valgrind)")
    site = options.site.resolve()
    one, three = (instructions(site, runs) for runs in (1, 3))
    print(f"{(three - one) / 2e6:.1f} million instructions a run")


if __name__ == "__main__":
    main()
