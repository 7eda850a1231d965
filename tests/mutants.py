"""Plants one-line faults and counts how many the tests find: `make mutants`, or `python tests/mutants.py --help`.

A seed draws a sample of the mutations of the packages in `PARTS`, the same number of each operator where there are
so many. Each mutant is a copy of the package with one change. It meets the test files of its own module and those
that import what the module defines, then the golden digests, then 50 random scenarios. It is found when one
of them fails, or does not end within `--seconds` although the unchanged package does. The rows of a run go to
`--out`; a stopped run resumes from there.

mutmut and cosmic-ray do not fit: neither exchanges arguments, drops statements or takes a neighbouring name, and
both run one command for all mutants, while the tests to run here depend on the module.
"""

import ast
import json
import os
import random
import re
import shutil
import subprocess
import sys
import time
from argparse import ArgumentParser
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from mutations import mutations, signatures_of

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "alesha_sim"
PARTS = ("books", "audit", "entities", "network", "kernel", "policies", "experiments")
COPIED = (
    "alesha_sim",
    "tests",
    "benchmarks",
    "docs",
    "notebooks",
    "pyproject.toml",
    "README.md",
    "constraints.txt",
)
WORLDS = "from alesha_sim.verification.fuzz.trials import survey; raise SystemExit(bool(survey(5, 50).failures))"
UNDECIDED = "undecided: the tests do not end in time without a fault either"
EVERYWHERE = ("test_tidy.py", "test_notebooks.py", "test_lab.py", "test_benchmarks.py", "test_contenders.py")
"""Test files that say nothing about what code does, or take longer than a mutant may."""


def sample(count, seed, part=None):
    """Return pairs of a module's path and a mutation, `count` in all, shared evenly by the operators."""
    trees = {path: ast.parse(path.read_text("utf-8")) for path in sorted(PACKAGE.rglob("*.py"))}
    signatures = signatures_of(trees.values())
    kinds = {}
    for path in trees:
        name = path.relative_to(PACKAGE).as_posix()
        if name.split("/")[0] in PARTS and (part is None or name.startswith(part)):
            for mutation in mutations(path.read_text("utf-8"), signatures):
                kinds.setdefault(mutation.operator, []).append((name, mutation))
    dice = random.Random(seed)
    for found in kinds.values():
        dice.shuffle(found)
    drawn = []
    while len(drawn) < count and any(kinds.values()):
        drawn += [found.pop() for _, found in sorted(kinds.items()) if found]
    return sorted(drawn[:count])


@cache
def names_of(module):
    """Return what a module defines that tests may import: public classes and functions, and the module itself."""
    tree = ast.parse((PACKAGE / module).read_text("utf-8"))
    defined = {node.name for node in tree.body if isinstance(node, ast.FunctionDef | ast.ClassDef)}
    return {name for name in defined if not name.startswith("_")}


@cache
def tests_of(module):
    """Return the test files that import a module or what it defines, those first that name it most often."""
    dotted = "alesha_sim." + module.removesuffix(".py").replace("/", ".")
    words = re.compile(rf"{re.escape(dotted)}\b|\b(?:{'|'.join(map(re.escape, names_of(module))) or '(?!)'})\b")
    found = []
    for path in sorted((ROOT / "tests").glob("test_*.py")):
        text = path.read_text("utf-8")
        is_own = path.stem == f"test_{Path(module).stem}"
        if path.name not in EVERYWHERE and (is_own or dotted in text or imports_any(text, names_of(module))):
            found.append((not is_own, -len(words.findall(text)), path.name))
    return [name for *_, name in sorted(found)]


def imports_any(text, names):
    """Tell whether a test file imports one of these names from the package."""
    imported = re.findall(r"^from alesha_sim[\w.]* import (\([^)]*\)|.*)$", text, re.M)
    return bool(names & set(re.findall(r"\w+", " ".join(imported))))


def phases(module):
    """Return the commands that a mutant of this module has to pass, the most telling first."""
    pytest = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", "--no-header"]
    return [
        *([[*pytest, *(f"tests/{name}" for name in tests_of(module))]] if tests_of(module) else []),
        [*pytest, "tests/test_golden_digests.py"],
        [sys.executable, "-c", WORLDS],
    ]


def tried(folder, module, mutation, seconds):
    """Run a mutant in a copy of the project; return what found it ("" for nothing) and how long that took."""
    target, began = folder / "alesha_sim" / module, time.monotonic()
    source = (PACKAGE / module).read_text("utf-8")
    target.write_text(mutation.applied(source) if mutation else source, "utf-8")
    environment = {**os.environ, "PYTHONPATH": str(folder), "PYTHONDONTWRITEBYTECODE": "1"}
    found = ""
    for command in phases(module):
        left = seconds - (time.monotonic() - began)
        try:
            run = subprocess.run(
                command, cwd=folder, env=environment, capture_output=True, text=True, timeout=max(left, 1)
            )
        except subprocess.TimeoutExpired:
            found = "time-out"
            break
        if run.returncode:
            failed = re.findall(r"^(?:FAILED|ERROR) (\S+)", run.stdout, re.M)
            found = failed[0] if failed else f"{command[-1][:40]}: exit {run.returncode}"
            break
    target.write_text(source, "utf-8")
    return found, time.monotonic() - began


class Workshop:
    """Copies of the project, one a worker, and how long each module's tests take without a fault."""

    def __init__(self, folder, workers, seconds):
        self.seconds = seconds
        self.free = [self._copy(Path(folder) / str(number)) for number in range(workers)]
        self.clean = {}

    @staticmethod
    def _copy(folder):
        for name in COPIED:
            if (ROOT / name).is_dir():
                shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                shutil.copy(ROOT / name, folder / name)
        return folder

    def judge(self, module, mutation):
        """Return the verdict on a mutant as a row of the output."""
        folder = self.free.pop()
        try:
            found, took = tried(folder, module, mutation, self.seconds)
            if found == "time-out" and not self._ends(folder, module):
                found = UNDECIDED
        finally:
            self.free.append(folder)
        return {"module": module, **mutation._asdict(), "found": found, "seconds": round(took, 1)}

    def _ends(self, folder, module):
        """Tell whether the unchanged package passes within the time; that is measured once a module."""
        if module not in self.clean:
            self.clean[module] = tried(folder, module, None, self.seconds)[0] == ""
        return self.clean[module]


def key_of(row):
    """Return what tells one mutant from another."""
    return row["module"], row["start"], row["end"], row["after"]


def main(arguments=None):
    """Run a sample; print a line a survivor and the share that was found."""
    parser = ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--count", type=int, default=400, help="how many mutants")
    parser.add_argument("--seed", type=int, default=1, help="which sample")
    parser.add_argument("--jobs", type=int, default=os.cpu_count(), help="how many at once")
    parser.add_argument("--seconds", type=float, default=120, help="what a mutant may take")
    parser.add_argument("--only", help="a part of the package or a module: entities, books/holds.py")
    parser.add_argument("--out", type=Path, default=ROOT / "out" / "mutants.jsonl", help="where the rows go")
    parser.add_argument("--list", action="store_true", help="print the sample and run nothing")
    given = parser.parse_args(arguments)
    chosen = sample(given.count, given.seed, given.only)
    if given.list:
        print("\n".join(told({"module": module, **mutation._asdict()}) for module, mutation in chosen))
        return 0
    given.out.parent.mkdir(parents=True, exist_ok=True)
    lines = given.out.read_text("utf-8").splitlines() if given.out.exists() else []
    done = {key_of(row): row for row in map(json.loads, lines)}
    left = [(m, mutation) for m, mutation in chosen if key_of({"module": m, **mutation._asdict()}) not in done]
    with TemporaryDirectory() as folder, ThreadPoolExecutor(given.jobs) as pool, given.out.open("a") as out:
        workshop = Workshop(folder, given.jobs, given.seconds)
        for number, row in enumerate(pool.map(lambda each: workshop.judge(*each), left), 1):
            out.write(json.dumps(row) + "\n")
            out.flush()
            done[key_of(row)] = row
            print(f"{number} of {len(left)}: {told(row)}", flush=True)
    rows = [done[key_of({"module": module, **mutation._asdict()})] for module, mutation in chosen]
    return summed_up(rows)


def told(row):
    """Return a mutant as one line."""
    what = f"{row['module']}:{row['line']} {row['operator']}: {row['before'][:60]} -> {row['after'][:60]}"
    return f"{what} {row['found'] or 'NOT FOUND'} ({row['seconds']} s)" if "found" in row else what


def summed_up(rows):
    """Print the share found by operator, the undecided and the survivors; the exit status is 1 if any survived."""
    undecided = [row for row in rows if row["found"] == UNDECIDED]
    rows = [row for row in rows if row["found"] != UNDECIDED]
    survivors = [row for row in rows if not row["found"]]
    for operator in sorted({row["operator"] for row in rows}):
        alike = [row for row in rows if row["operator"] == operator]
        print(f"{operator:12} {sum(bool(row['found']) for row in alike):4} of {len(alike):4} found")
    print(f"{len(rows) - len(survivors)} of {len(rows)} found, {len(undecided)} undecided")
    print("\n".join(map(told, [*undecided, *survivors])))
    return int(bool(survivors))


if __name__ == "__main__":
    sys.exit(main())
