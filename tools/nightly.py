"""Runs every test at full size, with the library in Python and compiled, and sums it up: `make nightly`.

It takes hours. Results are written to `build/nightly` test by test: after an interruption `--resume` goes on with
what is not done, as long as the library is the same. The summary is printed as Markdown at the end, or at once of
what there is with `--summary`; `--write` also puts it into docs/validation.md.
"""

import json
import os
import re
import subprocess
import sys
from argparse import ArgumentParser, Namespace
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "benchmarks")]

import compiled  # noqa: E402
from builds import facts, sentence  # noqa: E402
from kept import machine  # noqa: E402

PAGE = ROOT / "docs" / "validation.md"
HEADING = "## The full suite"
FORMS = {"python": "in Python", "compiled": "compiled"}
OUTCOMES = ("passed", "skipped", "failed")


class Test(NamedTuple):
    """What came of a test: its outcome, the seconds of all steps, why it was skipped, whether it is over."""

    name: str
    outcome: str
    seconds: float
    why: str
    is_over: bool

    @property
    def file(self) -> str:
        """The file that the test is in."""
        return self.name.partition("::")[0].rpartition("/")[2]


def main() -> int:
    """Run what is asked for and print the summary; return 1 if a test failed or could not run."""
    chosen = options()
    chosen.folder.mkdir(parents=True, exist_ok=True)
    forms = [chosen.only] if chosen.only else list(FORMS)
    if not chosen.summary:
        begin(chosen.folder, resume=chosen.resume, size="reduced" if chosen.small else "full")
        for form in forms:
            run(chosen, form)
    found = {form: tests(lines(chosen.folder / f"{form}.jsonl")) for form in FORMS}
    text = summary(found, json.loads((chosen.folder / "about.json").read_text("utf-8")))
    print(text)
    if chosen.write:
        PAGE.write_text(placed(PAGE.read_text("utf-8"), text), "utf-8")
    bad = any(test.outcome == "failed" or not test.is_over for one in found.values() for test in one)
    return bad or not any(found.values())


def options(arguments: Sequence[str] | None = None) -> Namespace:
    """Read the command line."""
    parser = ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("tests", nargs="*", type=Path, help="test files (all)")
    parser.add_argument("--resume", action="store_true", help="go on with what is not done")
    parser.add_argument("--summary", action="store_true", help="run nothing; sum up what there is")
    parser.add_argument("--write", action="store_true", help="put the summary into docs/validation.md")
    parser.add_argument("--only", choices=FORMS, help="one form of the library (both)")
    parser.add_argument("--small", action="store_true", help="tests at the size of `make check`")
    parser.add_argument("--folder", type=Path, default=ROOT / "build" / "nightly", help="%(default)s")
    parser.add_argument("-n", "--workers", default="auto", help="how many tests at once (auto)")
    return parser.parse_args(arguments)


def begin(folder: Path, *, resume: bool, size: str) -> None:
    """Note of what the results are; remove those there are, or check that they are of the same library."""
    about: dict[str, Any] = {"library": compiled.library(), "python": sentence(facts()), "machine": machine()}
    about["size"] = size
    path = folder / "about.json"
    before = json.loads(path.read_text("utf-8")) if resume and path.exists() else {}
    if resume and {name: before.get(name) for name in about} != about:
        sys.exit("nightly: nothing to resume: there are no results of this library, size, Python and machine")
    if not resume:
        for form in FORMS:
            (folder / f"{form}.jsonl").unlink(missing_ok=True)
    about |= {"date": datetime.now(UTC).date().isoformat(), "goes": before.get("goes", 0) + 1}
    path.write_text(json.dumps(about), "utf-8")


def run(chosen: Namespace, form: str) -> None:
    """Run the tests with the library in this form; results go to its file."""
    path = chosen.folder.resolve() / f"{form}.jsonl"
    done = path.with_suffix(".done")
    over = [test.name for test in tests(lines(path)) if test.is_over and test.outcome != "failed"]
    done.write_text("\n".join(over), "utf-8")
    kept = [line for line in lines(path) if line["test"] in set(over)]  # what failed or was cut off runs again
    path.write_text("".join(json.dumps(line) + "\n" for line in kept), "utf-8")
    places = [str(ROOT / "tools")]
    variables = {"ALESHA_RESULTS": str(path), "ALESHA_DONE": str(done), "ALESHA_COMPILED_APART": "1"}
    variables["ALESHA_FULL"] = "0" if chosen.small else "1"
    which = [str(path.resolve()) for path in chosen.tests or [ROOT / "tests"]]
    command = [sys.executable, "-m", "pytest", "-q", "-n", chosen.workers, "-p", "nightly_results", *which]
    where = ROOT
    if form == "compiled":
        if compiled.missing():
            print(f"nightly: not run compiled: {compiled.missing()} not found", file=sys.stderr)
            return
        where = compiled.up_to_date()
        places.insert(0, str(where))
        command += ["--rootdir", str(ROOT), "-c", str(ROOT / "pyproject.toml"), "-p", "no:cacheprovider"]
        command += ["-m", "not interpreted"]
    else:
        places.append(str(ROOT))
    variables["PYTHONPATH"] = os.pathsep.join([*places, *filter(None, [os.environ.get("PYTHONPATH")])])
    print(f"nightly: {FORMS[form]} ...", file=sys.stderr, flush=True)
    subprocess.run(command, cwd=where, env=os.environ | variables, stdout=sys.stderr, check=False)


def lines(path: Path) -> list[dict[str, Any]]:
    """Return the lines that were written; the last one may have been cut off."""
    found = []
    for line in path.read_text("utf-8").splitlines() if path.exists() else []:
        try:
            found.append(json.loads(line))
        except json.JSONDecodeError:
            continue
    return found


def tests(steps: Iterable[dict[str, Any]]) -> list[Test]:
    """Return what came of each test, in the order in which they began."""
    found: dict[str, Test] = {}
    for step in steps:
        name = step["test"]
        before = found.get(name, Test(name, "passed", 0.0, "", False))
        outcome = max(before.outcome, step["outcome"], key=OUTCOMES.index)
        seconds = before.seconds + step["seconds"]
        is_over = before.is_over or step["step"] == "teardown"
        found[name] = Test(name, outcome, seconds, step.get("why", before.why), is_over)
    return list(found.values())


def summary(found: dict[str, list[Test]], about: dict[str, Any]) -> str:
    """Return the section on the full suite in Markdown."""
    return "\n\n".join(paragraphs({form: one for form, one in found.items() if one}, about)) + "\n"


def paragraphs(found: dict[str, list[Test]], about: dict[str, Any]) -> Iterator[str]:
    """Yield the parts of the section."""
    yield HEADING
    goes = "in one go" if about["goes"] == 1 else f"in {about['goes']} goes"
    yield f"""`make nightly` on {about["date"]}: every test at {about["size"]} size, {goes}. The library's source
has the digest `{about["library"]}`; {about["python"]}; {about["machine"]}. Seconds are those of all tests added
up; as many run at once as the machine has cores."""
    head = ["library", "tests", *OUTCOMES, "not over", "seconds"]
    rows = [[FORMS[form], *counted(one), str(unfinished(one)), took(one)] for form, one in found.items()]
    yield table(head, rows)
    head = ["file"]
    for form in found:
        head += [f"{FORMS[form]}: tests", *OUTCOMES, "seconds"]
    files = sorted({test.file for one in found.values() for test in one})
    yield table(head, [[f"`{file}`", *of_file(found, file)] for file in files])
    for form, one in found.items():
        why = Counter(test.why.removeprefix("Skipped: ") for test in one if test.outcome == "skipped")
        if why:
            told = "\n".join(f"- {count}: {reason}" for reason, count in why.most_common())
            yield f"Skipped, {FORMS[form]}:\n\n{told}"
        failed = [f"- `{test.name}`" for test in one if test.outcome == "failed"]
        if failed:
            yield f"Failed, {FORMS[form]}:\n\n{chr(10).join(failed)}"


def of_file(found: dict[str, list[Test]], file: str) -> Iterator[str]:
    """Yield the cells of a file's row."""
    for one in found.values():
        own = [test for test in one if test.file == file]
        yield from (*counted(own), took(own)) if own else [""] * (len(OUTCOMES) + 2)


def counted(some: list[Test]) -> list[str]:
    """Return how many tests there are, and how many of each outcome."""
    outcomes = Counter(test.outcome for test in some if test.is_over or test.outcome == "failed")
    return [f"{len(some):,}", *(f"{outcomes[outcome]:,}" for outcome in OUTCOMES)]


def unfinished(some: list[Test]) -> int:
    """Return how many tests were begun and did not get to their end."""
    return sum(not test.is_over and test.outcome != "failed" for test in some)


def took(some: list[Test]) -> str:
    """Return the seconds of some tests."""
    return f"{sum(test.seconds for test in some):,.0f}"


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a Markdown table: the first column to the left, the others to the right."""
    return "\n".join(f"| {' | '.join(line)} |" for line in [head, ["---", *["---:"] * (len(head) - 1)], *rows])


def placed(page: str, section: str) -> str:
    """Return a page with this section in the place of the one of the same heading, or at its end."""
    old = re.search(rf"^{re.escape(HEADING)}\n.*?(?=^## |\Z)", page, re.MULTILINE | re.DOTALL)
    if old is None:
        return page.rstrip("\n") + "\n\n" + section
    return (page[: old.start()] + section + "\n" + page[old.end() :]).rstrip("\n") + "\n"


if __name__ == "__main__":
    sys.exit(main())
