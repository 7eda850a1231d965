"""The faults that `make mutants` plants are those that it says; each is one change of code that still parses."""

import ast
import signal

import forks
import mutants
import pytest
from mutations import mutations, signatures_of

FAULTS = [
    ("x = a < b", "bound", "(a <= b)"),
    ("x = a >= b", "bound", "(a > b)"),
    ("x = a + b", "arithmetic", "(a - b)"),
    ("x = a // b", "arithmetic", "(a * b)"),
    ("x = -a", "sign", "(a)"),
    ("x = 3", "constant", "(4)"),
    ("if a:\n    b()", "condition", "(not a)"),
    ("x = [i for i in a if i]", "condition", "(not i)"),
    ("def f():\n    return a and b", "condition", "return not (a and b)"),
    ("f(a)", "statement", "pass"),
    ("a.b = c", "statement", "pass"),
    ("a += 1", "statement", "pass"),
    ("def f(a: int, b: int, c: str):\n    return a", "name", "(b)"),
    ("def f(a: int, b: int): ...\nx = f(y, z)", "exchange", "(f(z, y))"),
]


@pytest.mark.parametrize(("source", "operator", "after"), FAULTS)
def test_each_operator_plants_its_fault(source, operator, after):
    found = mutations(source, signatures_of([ast.parse(source)]))
    assert (operator, after) in {(mutation.operator, mutation.after) for mutation in found}


LEFT_ALONE = [
    "import a", "def f(a: int = 3): ...", '"""A docstring of 3 words."""', "raise E(a < b)",
    "if TYPE_CHECKING:\n    x = 3", "x = f'{a + 1}'", "def f(a: int, b: str): ...\nx = f(y, z)", "x = 'a' + b",
    "class A:\n    __slots__ = ('a', 3)",
]  # fmt: skip


@pytest.mark.parametrize("source", LEFT_ALONE)
def test_what_decides_nothing_is_left_alone(source):
    assert mutations(source, signatures_of([ast.parse(source)])) == []


def test_a_mutation_changes_its_place_alone():
    source = "def f(ä, b):\n    if ä < b:  # a comment\n        return ä + b\n"
    (bound,) = [mutation for mutation in mutations(source) if mutation.operator == "bound"]
    assert bound.applied(source) == source.replace("ä < b", "(ä <= b)")


def test_every_drawn_mutant_parses_and_a_seed_draws_the_same():
    drawn = mutants.sample(40, 3)
    assert drawn == mutants.sample(40, 3) != mutants.sample(40, 4)
    assert {mutation.operator for _, mutation in drawn} == {fault for _, fault, _ in FAULTS}
    for module, mutation in drawn:
        source = (mutants.PACKAGE / module).read_text("utf-8")
        assert mutants.compiled(mutation.applied(source)) != mutants.compiled(source)


def test_a_change_that_compiles_to_the_same_code_or_stood_before_is_not_drawn():
    source, known = "x = a < b\n", {("a.py", mutants.compiled("x = a < b\n"))}
    (bound,) = mutations(source)
    same = bound._replace(after="(a < b)")
    found = [("a.py", bound), ("a.py", bound), ("a.py", same)]
    assert mutants.differing(found, {"a.py": source}, known) == ("a.py", bound)
    assert mutants.differing(found, {"a.py": source}, known) is None


def test_a_module_meets_its_own_tests_then_those_that_name_it_then_those_of_its_users():
    costs = mutants.Costs(mutants.ROOT / "no such file", 120)
    costs.known = {name: {"spent": 1.0} for name in mutants.tests_of("audit/partition.py") | {mutants.GOLDEN}}
    assert "test_laws.py" in costs.chosen("audit/partition.py")
    costs.known = {name: {"spent": 2.0} for name in mutants.tests_of("books/holds.py") | {mutants.GOLDEN}}
    costs.known["test_holds.py"] = {"spent": 9.0}
    assert costs.chosen("books/holds.py")[0] == "test_holds.py"
    costs.known = {name: {"spent": 2.0} for name in mutants.tests_of("experiments/folder.py") | {mutants.GOLDEN}}
    costs.known["test_study_folders.py"] = {"spent": 70.0}
    assert costs.chosen("experiments/folder.py")[0] == "test_study_folders.py"
    assert not {"test_readme.py", *mutants.LEFT_OUT} & set(costs.chosen("experiments/folder.py"))


def test_a_module_meets_no_more_tests_than_fit_into_its_time_but_always_the_golden_digests():
    costs = mutants.Costs(mutants.ROOT / "no such file", 4)
    costs.known = {name: {"spent": 1.0} for name in mutants.tests_of("books/ledger.py") | {mutants.GOLDEN}}
    costs.known[mutants.GOLDEN] = {"spent": 90.0}
    assert costs.chosen("books/ledger.py")[2:] == [mutants.GOLDEN]


def test_the_test_files_of_parts_and_their_parts_are_there():
    for part, names in mutants.OWN.items():
        assert (mutants.PACKAGE / part).exists()
        assert all((mutants.ROOT / "tests" / name).is_file() for name in (*names, *mutants.LEFT_OUT))


def endless(job, folder):
    while True:
        pass


def boundless(job, folder):
    kept = []
    while True:
        kept.append(bytearray(1 << 28))


def refused(job, folder):
    (folder / "seen").write_text(job)
    return 1


@pytest.mark.parametrize(
    ("work", "seconds", "status"),
    [(endless, 1, -signal.SIGXCPU), (boundless, 30, 70), (refused, 30, 1), (lambda *_: 0, 30, 0)],
)
def test_a_fork_is_bounded_by_processor_time_and_memory(work, seconds, status, tmp_path, monkeypatch):
    monkeypatch.setattr(forks, "IMPORTED", ())
    monkeypatch.setattr(forks, "MEMORY", 2 << 30)
    ((job, folder, found, spent),) = forks.carried_out(["a job"], [tmp_path], work, seconds)
    assert (job, folder, found) == ("a job", tmp_path, status)
    assert (tmp_path / "seen").exists() == (work is refused)
    assert spent < 30


PROJECT = """
from pathlib import Path

def test_of_little_cost_that_fails():
    assert Path("answer").read_text() == "42"

def test_that_fails_without_a_fault():
    assert False
"""


@pytest.mark.parametrize(("answer", "found"), [("42", ""), ("41", "test_a.py::test_of_little_cost_that_fails")])
def test_what_fails_with_the_fault_alone_finds_it(answer, found, tmp_path, monkeypatch):
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests" / "test_a.py").write_text(PROJECT)
    (tmp_path / "answer").write_text(answer)
    monkeypatch.setattr(forks, "WORLDS", 1)
    monkeypatch.setattr(forks, "IMPORTED", ())
    trial = forks.Trial({}, ["tests/test_a.py::test_that_fails_without_a_fault"])
    [*forks.carried_out([trial], [tmp_path], lambda trial, _: forks.told_apart(["test_a.py"], trial), 60)]
    assert (tmp_path / forks.FOUND).read_text() == (f"tests/{found}" if found else "")


def test_the_sum_counts_what_time_found_and_tells_the_survivors(capsys):
    row = {"module": "a.py", "line": 1, "operator": "bound", "before": "a", "after": "b", "seconds": 1.0}
    rows = [{**row, "found": found} for found in ("tests/test_a.py::test_b", forks.TIME_OUT, "")]
    assert (mutants.summed_up(rows[:2]), mutants.summed_up(rows)) == (0, 1)
    printed = capsys.readouterr().out
    assert "2 of 3 found, 1 of these by their processor time" in printed
    assert "a.py:1 bound: a -> b NOT FOUND" in printed
