"""The faults that `make mutants` plants are those that it says; each is one change of code that still parses."""

import ast

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
        assert ast.dump(ast.parse(mutation.applied(source))) != ast.dump(ast.parse(source))


def test_a_module_meets_its_own_tests_first():
    assert mutants.tests_of("books/holds.py")[0] == "test_holds.py"
    assert "test_readme.py" not in mutants.tests_of("books/holds.py")


def test_undecided_mutants_count_neither_way(capsys):
    row = {"module": "a.py", "line": 1, "operator": "bound", "before": "a", "after": "b", "seconds": 1.0}
    rows = [{**row, "found": found} for found in ("tests/test_a.py::test_b", mutants.UNDECIDED, "")]
    assert mutants.summed_up(rows) == 1
    assert "1 of 2 found, 1 undecided" in capsys.readouterr().out
