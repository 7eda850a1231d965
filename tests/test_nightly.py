"""What `make nightly` keeps of each test, and how it sums that up."""

import importlib
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

TOOLS = Path(__file__).resolve().parents[1] / "tools"
SUITE = """
import pytest
def test_good(): pass
@pytest.mark.parametrize("number", [1, 2])
def test_number(number): assert number == 1
@pytest.mark.skip(reason="no time")
def test_left(): pass
@pytest.fixture
def broken():
    yield
    raise ValueError
def test_end(broken): pass
"""


@pytest.fixture
def nightly(monkeypatch):
    """Give the script."""
    monkeypatch.syspath_prepend(str(TOOLS))
    return importlib.import_module("nightly")


def recorded(nightly, folder, *options, done=""):
    """Run the suite in a process of its own; return what came of its tests."""
    (folder / "test_some.py").write_text(SUITE, "utf-8")
    (folder / "done").write_text(done, "utf-8")
    variables = {"ALESHA_RESULTS": str(folder / "results"), "ALESHA_DONE": str(folder / "done")}
    environment = os.environ | variables | {"PYTHONPATH": str(TOOLS)}
    command = [sys.executable, "-m", "pytest", "-q", "-p", "nightly_results", "-p", "no:cacheprovider", *options]
    subprocess.run([*command, "test_some.py"], cwd=folder, env=environment, stdout=subprocess.DEVNULL, check=False)
    return nightly.tests(nightly.lines(folder / "results"))


@pytest.mark.parametrize("options", [(), ("-n", "2")])
def test_every_test_is_recorded_once(nightly, tmp_path, options):
    found = {test.name.partition("::")[2]: test for test in recorded(nightly, tmp_path, *options)}
    outcomes = {name: test.outcome for name, test in found.items()}
    assert outcomes == {
        "test_good": "passed", "test_number[1]": "passed", "test_number[2]": "failed", "test_left": "skipped",
        "test_end": "failed",
    }  # fmt: skip
    assert found["test_left"].why == "Skipped: no time"
    assert all(test.is_over for test in found.values())


def test_what_is_done_is_left_out(nightly, tmp_path):
    done = "test_some.py::test_good\ntest_some.py::test_number[2]"
    found = recorded(nightly, tmp_path, done=done)
    assert {test.name.partition("::")[2] for test in found} == {"test_number[1]", "test_left", "test_end"}


def test_what_cannot_be_collected_has_failed(nightly, tmp_path, monkeypatch):
    monkeypatch.setitem(globals(), "SUITE", "import no_such_module")
    assert [(test.name, test.outcome) for test in recorded(nightly, tmp_path)] == [("test_some.py", "failed")]


STEPS = [
    {"test": "tests/test_a.py::test_x", "step": "setup", "outcome": "passed", "seconds": 1.0},
    {"test": "tests/test_a.py::test_x", "step": "call", "outcome": "passed", "seconds": 2.0},
    {"test": "tests/test_a.py::test_x", "step": "teardown", "outcome": "passed", "seconds": 0.0},
    {
        "test": "tests/test_b.py::test_y",
        "step": "setup",
        "outcome": "skipped",
        "seconds": 0.0,
        "why": "Skipped: y",
    },
    {"test": "tests/test_b.py::test_y", "step": "teardown", "outcome": "passed", "seconds": 0.0},
    {"test": "tests/test_b.py::test_z", "step": "setup", "outcome": "passed", "seconds": 4.0},
]
ABOUT = {
    "date": "2027-01-02",
    "size": "full",
    "goes": 1,
    "library": "0123",
    "python": "CPython",
    "machine": "2 cores",
}


def test_the_summary_has_a_row_for_each_file(nightly):
    found = {"python": nightly.tests(STEPS), "compiled": nightly.tests(STEPS[:3])}
    text = nightly.summary(found, ABOUT)
    rows = [
        "| in Python | 3 | 1 | 1 | 0 | 1 | 7 |",
        "| compiled | 1 | 1 | 0 | 0 | 0 | 3 |",
        "| `test_a.py` | 1 | 1 | 0 | 0 | 3 | 1 | 1 | 0 | 0 | 3 |",
        "| `test_b.py` | 2 | 0 | 1 | 0 | 4 |  |  |  |  |  |",
    ]
    assert set(rows) <= set(text.splitlines())
    assert "Skipped, in Python:\n\n- 1: y" in text
    assert "`make nightly` on 2027-01-02: every test at full size, in one go." in text


def test_a_run_goes_on_only_with_results_of_the_same_library(nightly, tmp_path):
    with pytest.raises(SystemExit, match="nothing to resume"):
        nightly.begin(tmp_path, resume=True, size="full")
    nightly.begin(tmp_path, resume=False, size="full")
    (tmp_path / "python.jsonl").write_text("{}\n", "utf-8")
    nightly.begin(tmp_path, resume=True, size="full")
    assert json.loads((tmp_path / "about.json").read_text("utf-8"))["goes"] == 2
    assert (tmp_path / "python.jsonl").exists()
    with pytest.raises(SystemExit, match="nothing to resume"):
        nightly.begin(tmp_path, resume=True, size="reduced")
    nightly.begin(tmp_path, resume=False, size="full")
    assert not (tmp_path / "python.jsonl").exists()


def test_a_line_that_was_cut_off_is_no_result(nightly, tmp_path):
    path = tmp_path / "python.jsonl"
    path.write_text(json.dumps(STEPS[0]) + "\n" + json.dumps(STEPS[1])[:20], "utf-8")
    assert nightly.lines(path) == STEPS[:1]


def test_the_section_takes_the_place_of_the_old_one(nightly):
    page = "# Page\n\n## The full suite\n\nold\n\n## Next\n\ntext\n"
    new = nightly.placed(page, "## The full suite\n\nnew\n")
    assert new == "# Page\n\n## The full suite\n\nnew\n\n## Next\n\ntext\n"
    assert nightly.placed("# Page\n", "## The full suite\n\nnew\n") == "# Page\n\n## The full suite\n\nnew\n"
