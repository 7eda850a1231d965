"""The golden digests: what every scenario, made small, gave for two seeds when the digests were last written.

`python tests/golden.py` runs them all again and tells what changed; `--write` keeps what they give now. A digest
may change only on purpose, with a line in the changelog that says why.
"""

import json
import platform
import sys
from argparse import ArgumentParser
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path

import numpy as np
import small

import alesha_sim as alesha
from alesha_sim.scenarios import catalogue
from alesha_sim.streams import Streams
from alesha_sim.tables.digest import table_digest
from alesha_sim.tables.schema import SCHEMA

FILE = Path(__file__).parent / "reference" / "golden_digests.json"
SEEDS = (7, 2021)
UNRELIABLE = "unreliable_market"
"""A world that is no shipped scenario: every link loses and doubles messages."""

NAMES = (*catalogue.SHIPPED, UNRELIABLE)
SMALLER = {"slow_bank": {"horizon": "2 hours"}, "returns_season": {"horizon": "25 days"}}
"""What is small enough for a test that runs a scenario once is cut further for these."""


def scenario(name):
    """Return the scenario whose digests are golden."""
    found = small.unreliable_market() if name == UNRELIABLE else small.scenario(name)
    return found.with_settings(SMALLER.get(name, {}))


def run(name, seed):
    """Return a run whose digests are golden."""
    return alesha.simulate(scenario(name), seed=seed)


def digests(result):
    """Return a run's digest, its kernel events and the digest of each table, so that a difference has a place."""
    tables = {table: table_digest(table, result.columns(table)) for table in SCHEMA}
    return {"digest": result.digest, "events": result.events, "tables": tables}


def draws():
    """Return a digest of what NumPy alone draws and computes here: the last bits are its and the machine's."""
    generator, size = Streams(1).generator("golden"), 2000
    drawn = [
        generator.lognormal(0, 1, size), generator.gamma(0.4, 2, size), generator.gamma(3, 2, size),
        generator.standard_exponential(size), generator.exponential(3, size), generator.triangular(1, 2, 5, size),
        generator.uniform(1, 9, size), generator.random(size), generator.poisson(3, size),
        generator.binomial(20, 0.3, size), generator.geometric(0.3, size), generator.beta(0.8, 2.4, size),
        generator.normal(0, 1, size), generator.gumbel(0, 1, size), generator.integers(0, 1000, size),
        generator.permutation(size), generator.choice(9, size, p=np.full(9, 1 / 9)),
    ]  # fmt: skip
    chances = drawn[7]
    drawn += [np.cumsum(chances), np.interp(chances, np.sort(chances[:99]), chances[:99])]
    return sha256(b"".join(np.asarray(each, np.float64).tobytes() for each in drawn)).hexdigest()


def origin():
    """Return what the last bits of a run depend on beside the project's own code."""
    machine = f"{platform.system()} {platform.machine()}"
    return {"numpy": version("numpy"), "machine": machine, "draws": draws()}


def written():
    """Return what the file says, if there is one: `origin`, and in `runs` the digests by name and seed."""
    return json.loads(FILE.read_text("utf-8")) if FILE.exists() else {"origin": None, "runs": {}}


def stranger(kept, here):
    """Say why runs here cannot be compared with those of the origin `kept`; "" if they can."""
    if kept["draws"] == here["draws"]:
        return ""
    one, other = (f"numpy {each['numpy']} on {each['machine']}" for each in (kept, here))
    return f"nothing compared: the golden digests are of {one}, and {other} draws other numbers"


def differences(name, seed, found):
    """Yield in one line each what a run gives and what was written for it, where they differ."""
    kept = written()["runs"].get(name, {}).get(str(seed), {"tables": {}})
    for table, digest in found["tables"].items():
        if kept["tables"].get(table) != digest:
            yield f"{name}, seed {seed}: table {table} is not the one whose digest was written"
    for figure in ("events", "digest"):
        if kept.get(figure) != found[figure]:
            yield f"{name}, seed {seed}: {figure} {found[figure]}, written {kept.get(figure)}"


def main(arguments=None):
    """Compare or write; the exit status is 1 if something differs and was not written."""
    parser = ArgumentParser(description="Runs every scenario and compares it with its golden digests.")
    parser.add_argument("--write", action="store_true", help="keep what the runs give now")
    write = parser.parse_args(arguments).write
    runs = {name: {str(seed): digests(run(name, seed)) for seed in SEEDS} for name in NAMES}
    lines = [
        line for name, seeds in runs.items() for seed, found in seeds.items()
        for line in differences(name, seed, found)
    ]  # fmt: skip
    print("\n".join(lines) or "nothing differs")
    if write:
        FILE.write_text(json.dumps({"origin": origin(), "runs": runs}, indent=1) + "\n", "utf-8")
    return int(bool(lines) and not write)


if __name__ == "__main__":
    sys.exit(main())
