"""Plants one-line faults and counts how many the tests find: `make mutants`, or `python tests/mutants.py --help`.

A seed draws a sample of the mutations of the packages in `PARTS`, the same number of each operator where there are
so many. Each mutant is a copy of the package with one change that compiles to other code. It meets the test files
of its own module, those that import what the module defines, and those of the modules that use it; then the golden
digests and 50 random worlds. It is found when one of them fails, or takes many times the processor time that it
takes without a fault. The rows of a run go to `--out`; a stopped run resumes from there.

mutmut and cosmic-ray do not fit: neither exchanges arguments, drops statements or takes a neighbouring name, and
both run one command for all mutants, while the tests to run here depend on the module.
"""

import ast
import json
import os
import random
import re
import shutil
import signal
import sys
from argparse import ArgumentParser
from collections import Counter
from compileall import compile_dir
from functools import cache, partial
from itertools import accumulate
from pathlib import Path
from py_compile import PycInvalidationMode
from tempfile import TemporaryDirectory
from types import CodeType

import forks
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
GOLDEN = "test_golden_digests.py"
LEFT_OUT = (
    "test_benchmarks.py", "test_compiled.py", "test_contenders.py", "test_dashboard.py", "test_lab.py",
    "test_mutants.py", "test_notebooks.py", "test_pictures.py", "test_stepper.py", "test_tidy.py",
)  # fmt: skip
"""Test files that say nothing about what code does, or start browsers, compilers and other libraries."""


OWN = {
    "audit/": ("test_laws.py", "test_law_parts.py", "test_law_reports.py"),
    "books/": ("test_books.py", "test_ledger.py"),
    "entities/bank/": ("test_bank.py", "test_settlement.py"),
    "entities/shop/": ("test_shop.py", "test_after_sale.py"),
    "entities/supplier/": ("test_supplier.py", "test_stock.py"),
    "entities/user/": ("test_buyers.py", "test_user_parts.py"),
    "experiments/": ("test_experiments.py",),
    "experiments/folder.py": ("test_study_folders.py",),
    "experiments/journal.py": ("test_study_attacks.py",),
    "experiments/plan.py": ("test_study_folders.py",),
    "experiments/studies.py": ("test_experiments.py",),
    "kernel/": ("test_clock.py", "test_event_calendar.py", "test_signal.py", "test_task.py"),
    "network/": ("test_network.py", "test_retry.py"),
}
"""The test files of a whole part of the package, of which most modules have none by their own names."""


def sample(count, seed, part=None):
    """Return pairs of a module's path and a mutation, `count` in all, shared evenly by the operators."""
    sources = {path.relative_to(PACKAGE).as_posix(): path.read_text("utf-8") for path in PACKAGE.rglob("*.py")}
    signatures = signatures_of(ast.parse(source) for source in sources.values())
    kinds = {}
    for name, source in sorted(sources.items()):
        if name.split("/")[0] in PARTS and (part is None or name.startswith(part)):
            for mutation in mutations(source, signatures):
                kinds.setdefault(mutation.operator, []).append((name, mutation))
    dice = random.Random(seed)
    for found in kinds.values():
        dice.shuffle(found)
    drawn, known = [], {(name, compiled(source)) for name, source in sources.items()}
    while len(drawn) < count and any(kinds.values()):
        for _, found in sorted(kinds.items()):
            if drawn_one := differing(found, sources, known):
                drawn.append(drawn_one)
    return drawn[:count]


def differing(found, sources, known):
    """Take mutations from a list up to one that compiles to code not yet known; return that, or None."""
    while found:
        name, mutation = found.pop()
        code = name, compiled(mutation.applied(sources[name]))
        if code not in known:
            known.add(code)
            return name, mutation
    return None


def compiled(source):
    """Return what a source compiles to, the places in its text left out."""
    return parts_of(compile(source, "", "exec", dont_inherit=True))


def parts_of(code):
    """Return what a code object does, as values that compare."""
    constants = [
        parts_of(each) if isinstance(each, CodeType) else (type(each).__name__, repr(each))
        for each in code.co_consts
    ]
    return code.co_name, code.co_code, tuple(constants), code.co_names, code.co_varnames, code.co_freevars


@cache
def entity_names(module):
    """Return what a module defines that tests may import: public classes and functions, and the module itself."""
    tree = ast.parse((PACKAGE / module).read_text("utf-8"))
    defined = {node.name for node in tree.body if isinstance(node, ast.FunctionDef | ast.ClassDef)}
    return {name for name in defined if not name.startswith("_")}


@cache
def tests_of(module):
    """Return the test files of a module: its own, those that name it, those that name what uses it."""
    return naming(module).union(*map(naming, users_of(module)))


@cache
def naming(module):
    """Return the test files that are a module's own or its part's, or import it or what it defines."""
    dotted = dotted_of(module)
    found = {name for part, names in OWN.items() if module.startswith(part) for name in names}
    for path in sorted((ROOT / "tests").glob("test_*.py")):
        text = path.read_text("utf-8")
        is_own = path.stem == f"test_{Path(module).stem}"
        if path.name not in LEFT_OUT and (is_own or dotted in text or imports_any(text, entity_names(module))):
            found.add(path.name)
    return found


@cache
def users_of(module):
    """Return the modules of the package that import a module, or while no test names one of these, their users."""
    imported = re.compile(rf"^\s*from {re.escape(dotted_of(module))} import", re.M)
    paths = [path for path in sorted(PACKAGE.rglob("*.py")) if imported.search(path.read_text("utf-8"))]
    found = {path.relative_to(PACKAGE).as_posix() for path in paths}
    return found if any(map(naming, found)) else {further for user in found for further in users_of(user)}


def dotted_of(module):
    """Return a module's name as an import spells it."""
    return "alesha_sim." + module.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


def imports_any(text, names):
    """Tell whether a test file imports one of these names from the package."""
    imported = re.findall(r"^from alesha_sim[\w.]* import (\([^)]*\)|.*)$", text, re.M)
    return bool(names & set(re.findall(r"\w+", " ".join(imported))))


class Costs:
    """What each test takes without a fault, by its file, and which fail then; measured once and kept in a file."""

    def __init__(self, path, seconds):
        self.path, self.seconds = path, seconds
        self.known = json.loads(path.read_text("utf-8")) if path.exists() else {}

    def measure(self, folders, files):
        """Run the files that are not known yet on the unchanged package, none longer than a mutant might."""
        unknown = sorted(set(files) - set(self.known))
        for name, folder, status, spent in forks.carried_out(unknown, folders, measured, self.seconds):
            text = (folder / forks.FOUND).read_text("utf-8") if status in (0, 1) else "{}"
            self.known[name] = {"spent": round(spent, 1), "tests": {}, "failed": [], **json.loads(text)}
            print(
                f"{name}: {spent:.1f} s without a fault, exit {status} {self.known[name]['failed'] or ''}",
                flush=True,
            )
            self.path.write_text(json.dumps(self.known), "utf-8")

    def tests(self):
        """Return the seconds of every test by its name."""
        return {test: cost for known in self.known.values() for test, cost in known["tests"].items()}

    def failed(self):
        """Return the tests that fail without a fault."""
        return [test for known in self.known.values() for test in known["failed"]]

    def chosen(self, module):
        """Return a module's test files in the order of the run: those that name it, then those of its users."""
        names, own = naming(module) | {GOLDEN}, {f"test_{Path(module).stem}.py", *OWN.get(module, ())}
        chosen = self._within(0.6 * self.seconds, names, own)
        left = self.seconds / 2 - sum(self.known[name]["spent"] for name in chosen)
        return chosen + self._within(max(left, self.seconds / 5), tests_of(module) - names, own)

    def _within(self, seconds, names, own):
        """Return those of the files that together take no longer, a module's own first and then the cheapest."""
        files = sorted(names, key=lambda name: (name not in own, self.known[name]["spent"]))
        sums = accumulate(self.known[name]["spent"] for name in files)
        return [name for name, total in zip(files, sums, strict=True) if total <= seconds or name == GOLDEN]


def measured(name, folder):
    """Run a test file without a fault and keep the seconds of its tests and which fail; a fork's work."""
    trial = forks.Trial({})
    status = forks.pytested([name], trial)
    (folder / forks.FOUND).write_text(json.dumps({"tests": trial.measured, "failed": trial.failed}), "utf-8")
    return status


def tried(costs, mutant, folder):
    """Plant a mutant in a copy of the project and run the tests on it; a fork's work."""
    module, mutation = mutant
    (folder / forks.FOUND).unlink(missing_ok=True)
    target = folder / "alesha_sim" / module
    target.write_text(mutation.applied(target.read_text("utf-8")), "utf-8")
    return forks.told_apart(costs.chosen(module), forks.Trial(costs.tests(), costs.failed()))


def judged(costs, mutants, folders):
    """Yield the verdict on each mutant, as a row of the output."""
    for (module, mutation), folder, status, spent in forks.carried_out(
        mutants, folders, partial(tried, costs), costs.seconds
    ):
        shutil.copy(PACKAGE / module, folder / "alesha_sim" / module)
        told = (folder / forks.FOUND).read_text("utf-8") if status in (0, 1) else forks.TIME_OUT
        if status > 1:
            told = f"exit {status}: {(folder / 'told.txt').read_text('utf-8')[-300:]}"
        yield {"module": module, **mutation._asdict(), "found": told, "seconds": round(spent, 1)}


def copied(folder):
    """Copy the project to a folder, its package compiled so that a changed source is noticed whatever its date."""
    for name in COPIED:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(ROOT / name, folder / name)
    compile_dir(folder / "alesha_sim", quiet=1, invalidation_mode=PycInvalidationMode.CHECKED_HASH)
    return folder


def key_of(row):
    """Return what tells one mutant from another."""
    return row["module"], row["start"], row["end"], row["after"]


def main(arguments=None):
    """Run a sample; print a line a mutant and the share that was found."""
    parser = ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--count", type=int, default=400, help="how many mutants")
    parser.add_argument("--seed", type=int, default=1, help="which sample")
    parser.add_argument("--jobs", type=int, default=os.cpu_count(), help="how many at once")
    parser.add_argument("--seconds", type=float, default=120, help="what a mutant may take of a processor's time")
    parser.add_argument("--only", help="a part of the package or a module: entities, books/holds.py")
    parser.add_argument("--out", type=Path, default=ROOT / "out" / "mutants.jsonl", help="where the rows go")
    parser.add_argument("--list", action="store_true", help="print the sample and run nothing")
    given = parser.parse_args(arguments)
    chosen = sample(given.count, given.seed, given.only)
    if given.list:
        print("\n".join(told({"module": module, **mutation._asdict()}) for module, mutation in chosen))
        return 0
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    given.out.parent.mkdir(parents=True, exist_ok=True)
    lines = given.out.read_text("utf-8").splitlines() if given.out.exists() else []
    done = {key_of(row): row for row in map(json.loads, lines)}
    left = [(m, mutation) for m, mutation in chosen if key_of({"module": m, **mutation._asdict()}) not in done]
    costs = Costs(given.out.with_suffix(".costs.json"), given.seconds)
    with TemporaryDirectory() as folder, given.out.open("a") as out:
        folders = [copied(Path(folder) / str(number)) for number in range(given.jobs)]
        costs.measure(folders, {GOLDEN}.union(*(tests_of(module) for module, _ in left)))
        for number, row in enumerate(judged(costs, left, folders), 1):
            out.write(json.dumps(row) + "\n")
            out.flush()
            done[key_of(row)] = row
            print(f"{number} of {len(left)}: {told(row)}", flush=True)
    return summed_up([done[key_of({"module": module, **mutation._asdict()})] for module, mutation in chosen])


def told(row):
    """Return a mutant as one line."""
    what = f"{row['module']}:{row['line']} {row['operator']}: {row['before'][:60]} -> {row['after'][:60]}"
    return f"{what} {row['found'] or 'NOT FOUND'} ({row['seconds']} s)" if "found" in row else what


def summed_up(rows):
    """Print the share found by operator and by package, and the survivors; return 1 if there are any."""
    survivors = [row for row in rows if not row["found"]]
    for kind in (lambda row: row["operator"], lambda row: row["module"].split("/")[0]):
        every, missed = Counter(map(kind, rows)), Counter(map(kind, survivors))
        print(
            "\n".join(
                f"{name:12} {every[name] - missed[name]:4} of {every[name]:4} found" for name in sorted(every)
            )
        )
    late = sum(row["found"] == forks.TIME_OUT for row in rows)
    print(f"{len(rows) - len(survivors)} of {len(rows)} found, {late} of these by their processor time")
    print("\n".join(map(told, survivors)))
    return int(bool(survivors))


if __name__ == "__main__":
    sys.exit(main())
