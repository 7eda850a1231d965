"""The house rules that a program can read off the source: layers, sizes, state, public names, clean files.

Each rule is a function from one parsed module to its violations. `PLANTED` proves that each one can fail.
"""

import ast
import os
import re
import shutil
import statistics
import subprocess
import sys
import tokenize
from collections.abc import Callable, Iterator
from io import StringIO
from pathlib import Path
from tokenize import COMMENT
from typing import NamedTuple

import pytest
from layers import LAYER, MODULES_AT_THE_TOP, THIRD_PARTY, block
from module_graph import circles, graph

from alesha_sim.books.accounts import DEPOSITS, HOLDS, Account

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = "alesha_sim"

MODULE_LINES, FUNCTION_LINES, MEDIAN_LINES, PACKAGE_STATEMENTS = 400, 50, 8, 32_000
LAID_OUT_BY_HAND = 40
CHANCE = {"random", "secrets", "uuid", "numpy.random"}
STATEFUL = {"default_rng", "Generator", "RandomState", "Random", "Streams", "Environment", "count", "open"}
MUTATORS = {
    "add", "append", "appendleft", "clear", "discard", "extend", "insert", "pop", "popitem", "popleft",
    "remove", "reverse", "setdefault", "sort", "update",
}  # fmt: skip
POINTER_SIZED = {"bincount", "repeat"}
FRAGILE = {
    "acos", "arccos", "arcsin", "arctan", "arctan2", "asin", "atan", "atan2", "average", "cbrt", "cos", "cosh",
    "dot", "einsum", "erf", "erfc", "exp", "exp2", "expm1", "float_power", "gamma", "hypot", "inner", "lgamma",
    "linalg", "log", "log10", "log1p", "log2", "logaddexp", "matmul", "mean", "pow", "power", "sin", "sinh", "std",
    "tan", "tanh", "var", "vdot",
}  # fmt: skip
DRAWING = {
    "streams", "distributions", "kernel", "network", "policies", "scenarios", "entities", "simulation",
    "verification/fuzz",
}  # fmt: skip
IN_A_RUN = {"kernel", "network", "books", "entities", "messages", "recording", "columns"}
PROTECTED = {"_queue", "_eid", "_active_proc", "_generator", "_target", "_ok", "_value", "_resume", "_now"}

CHART = "books/accounts.py"
NAMES = [name.rstrip(":") for name in (*Account, DEPOSITS, HOLDS)]
OWN_NAMES = [name.partition(":")[2] for name in NAMES]
COMPOUND = [name for name in OWN_NAMES if "-" in name or name == "goods-clearing"]  # words that mean nothing else
SPELT = re.compile(rf"(?<![\w-])({'|'.join([*NAMES, *(f':{name}' for name in OWN_NAMES), *COMPOUND])})(?![\w-])")
"""An account's name with its book, after a colon, or in words that say nothing but an account."""

# The public face as built; parts that are only planned join the list when they are.
PUBLIC = {
    "Scenario", "Simulation", "Result", "simulate",
    "scenarios", "plots", "entities", "policies", "distributions", "accounting", "exports", "notebook",
    "Study", "replicate", "sweep", "compare",
}  # fmt: skip

Function = ast.FunctionDef | ast.AsyncFunctionDef


class Module(NamedTuple):
    """One parsed module: `part` is its first name below the package, which decides its layer."""

    name: str
    part: str
    lines: int
    tree: ast.Module

    def at(self, node: ast.AST, what: str) -> str:
        return f"{self.name}:{getattr(node, 'lineno', 1)}: {what}"


class Import(NamedTuple):
    """One imported module, and whether importing the module that names it loads it."""

    node: ast.stmt
    name: str
    at_module_level: bool


def parsed(name: str, source: str) -> Module:
    part = name.removesuffix(".py").split("/")[0]
    return Module(name, part, source.count("\n"), ast.parse(source, name))


def package() -> list[Module]:
    folder = ROOT / PACKAGE
    files = sorted(folder.rglob("*.py"))
    return [parsed(path.relative_to(folder).as_posix(), path.read_text("utf-8")) for path in files]


MODULES = package()


def imports(module: Module) -> Iterator[Import]:
    """Yield every import; those inside functions or under `if TYPE_CHECKING` are not at module level."""

    def walk(node: ast.AST, at_module_level: bool) -> Iterator[Import]:
        for child in ast.iter_child_nodes(node):
            inner = at_module_level and not isinstance(child, Function | ast.Lambda)
            if isinstance(child, ast.If) and "TYPE_CHECKING" in ast.unparse(child.test):
                inner = False
            if isinstance(child, ast.Import | ast.ImportFrom):
                yield from (Import(child, name, at_module_level) for name in imported(module, child))
            yield from walk(child, inner)

    return walk(module.tree, at_module_level=True)


def imported(module: Module, node: ast.Import | ast.ImportFrom) -> list[str]:
    """Return the full names that a statement imports, `package.part.name` for a name out of a module."""
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    base = node.module or ""
    if node.level:
        folders = [PACKAGE, *module.name.split("/")[:-1]]
        base = ".".join([*folders[: len(folders) - node.level + 1], *filter(None, [base])])
    return [f"{base}.{alias.name}" for alias in node.names]


def functions(module: Module) -> list[Function]:
    return [node for node in ast.walk(module.tree) if isinstance(node, Function)]


def length(function: Function) -> int:
    """Count a function's lines from the first statement after its docstring to its end."""
    body = function.body[1:] if ast.get_docstring(function) is not None else function.body
    return (body[-1].end_lineno or 0) - body[0].lineno + 1 if body else 0


def at_import(node: ast.AST) -> Iterator[ast.AST]:
    """Yield what runs when the module is imported: everything but the insides of functions."""
    for child in ast.iter_child_nodes(node):
        if not isinstance(child, Function | ast.Lambda):
            yield child
            yield from at_import(child)


def called(node: ast.AST) -> str:
    """Return the last part of the name that a call calls, "" for anything else."""
    if not isinstance(node, ast.Call):
        return ""
    return ast.unparse(node.func).rpartition(".")[2]


def misplaced_imports(module: Module) -> Iterator[str]:
    """Within the package, import only from one's own part or from a lower layer, never the package itself."""
    own = LAYER.get(module.part)
    if own is None:
        yield module.at(module.tree, f"{module.part} belongs to no layer")
        return
    for node, name, _ in imports(module):
        root, _, rest = name.partition(".")
        if root != PACKAGE:
            continue
        part = rest.partition(".")[0]
        target = part if part in LAYER else "__init__"
        if target != module.part and LAYER[target] >= own:
            yield module.at(node, f"{module.part} (layer {own}) imports {name}")


def foreign_imports(module: Module) -> Iterator[str]:
    """Of third parties, import only what the part may, and where it may."""
    for node, name, at_module_level in imports(module):
        top = name.partition(".")[0]
        if top == PACKAGE or top in sys.stdlib_module_names:
            continue
        always, inside = THIRD_PARTY.get(module.part, (set(), set()))
        if top not in always and (at_module_level or top not in inside):
            place = "at module level" if at_module_level else "inside a function"
            yield module.at(node, f"{module.part} imports {name} {place}")


def long_parts(module: Module) -> Iterator[str]:
    """Keep modules and functions short."""
    if module.lines > MODULE_LINES:
        yield f"{module.name}: {module.lines} lines"
    for function in functions(module):
        if length(function) > FUNCTION_LINES:
            yield module.at(function, f"{function.name} has {length(function)} lines")


def module_state(module: Module) -> Iterator[str]:
    """Keep no state at module level: constants in capitals or type names only, nothing done at import."""
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Global):
            yield module.at(node, f"global {', '.join(node.names)}")
    for node in at_import(module.tree):
        if called(node) in STATEFUL:
            yield module.at(node, f"{called(node)}() when imported")
    for statement in module.tree.body:
        for name in assigned(statement):
            if not (name.startswith("__") or name.lstrip("_")[:1].isupper()):
                yield module.at(statement, f"variable {name} at module level")
        if isinstance(statement, ast.For | ast.While | ast.With | ast.Delete | ast.AugAssign):
            yield module.at(statement, "a statement that acts when imported")
        if isinstance(statement, ast.Expr) and not is_harmless(statement.value):
            yield module.at(statement, "an expression that acts when imported")


def is_harmless(expression: ast.expr) -> bool:
    """Tell whether an expression is a docstring, or finishes the definition of a pydantic model."""
    return isinstance(expression, ast.Constant) or called(expression) == "model_rebuild"


def assigned(statement: ast.stmt) -> list[str]:
    targets = statement.targets if isinstance(statement, ast.Assign) else []
    if isinstance(statement, ast.AnnAssign):
        targets = [statement.target]
    names = [node for target in targets for node in ast.walk(target) if isinstance(node, ast.Name)]
    return [name.id for name in names]


def changed_constants(module: Module) -> Iterator[str]:
    """Change no module-level constant: neither by a method nor by an item."""
    constants = {name for statement in module.tree.body for name in assigned(statement)}
    for node in ast.walk(module.tree):
        target: ast.AST | None = None
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in MUTATORS:
            target = node.func.value
        elif isinstance(node, ast.Subscript) and not isinstance(node.ctx, ast.Load):
            target = node.value
        if isinstance(target, ast.Name) and target.id in constants and target.id.isupper():
            yield module.at(node, f"changes {target.id}")


def unseeded_chance(module: Module) -> Iterator[str]:
    """Take chance from streams.py alone, and let nothing depend on `hash()` or on a set's order."""
    if module.part != "streams":
        for node, name, _ in imports(module):
            if any(name == source or name.startswith(source + ".") for source in CHANCE):
                yield module.at(node, f"imports {name}")
    for node in ast.walk(module.tree):
        text = ast.unparse(node) if isinstance(node, ast.Attribute | ast.Name) else ""
        if module.part != "streams" and text in {"np.random", "numpy.random", "os.urandom"}:
            yield module.at(node, text)
        if text == "hash":
            yield module.at(node, "hash()")
        if called(node) in {"list", "tuple", "enumerate", "iter", "join"} and any(map(is_set, node.args)):
            yield module.at(node, "the order of a set")
        if isinstance(node, ast.For | ast.comprehension) and is_set(node.iter):
            yield module.at(node.iter, "the order of a set")


def is_set(node: ast.AST) -> bool:
    return isinstance(node, ast.Set | ast.SetComp) or called(node) in {"set", "frozenset"}


def heavy_values(module: Module) -> Iterator[str]:
    """Use neither Decimal nor pandas inside a run."""
    if module.part not in IN_A_RUN:
        return
    for node, name, _ in imports(module):
        if name.partition(".")[0] in {"decimal", "pandas"}:
            yield module.at(node, f"imports {name}")


def protected_fields(module: Module) -> Iterator[str]:
    """Touch SimPy's protected fields in kernel/ and network/ alone."""
    if module.part in ("kernel", "network"):
        return
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Attribute) and node.attr in PROTECTED:
            yield module.at(node, f".{node.attr}")


def platform_sized(module: Module) -> Iterator[str]:
    """Call what wants pointer-sized numbers from `numeric/counts.py` alone: with 32 bits NumPy refuses int64."""
    if module.name == "numeric/counts.py":
        return
    for node, name, _ in imports(module):
        if name.partition(".")[0] == "numpy" and name.rpartition(".")[2] in POINTER_SIZED:
            yield module.at(node, f"imports {name}")
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Attribute) and node.attr in POINTER_SIZED:
            base = ast.unparse(node.value)
            if base not in {"pa", "itertools"}:
                yield module.at(node, f"{base}.{node.attr}")
        if any(isinstance(word, ast.Name) and word.id == "int" for word in types_of(node)):
            yield module.at(node, "an array of the platform's whole numbers")


def types_of(node: ast.AST) -> list[ast.expr]:
    """Return what a call names as the type of an array."""
    if not isinstance(node, ast.Call):
        return []
    given = [keyword.value for keyword in node.keywords if keyword.arg == "dtype"]
    return given + (node.args[:1] if called(node) == "astype" else [])


def unstable_sorts(module: Module) -> Iterator[str]:
    """Name the kind of every sort of places: of equals, quicksort's order differs from processor to processor."""
    for node in ast.walk(module.tree):
        given = {keyword.arg for keyword in node.keywords} if isinstance(node, ast.Call) else set()
        if called(node) in {"argsort", "sort_values"} and "kind" not in given:
            yield module.at(node, f"{called(node)} without a kind")


def fragile_draws(module: Module) -> Iterator[str]:
    """Where anything is drawn, take exponentials and powers from `numeric`, not from NumPy or the C library."""
    if module.part not in DRAWING and module.name.rpartition("/")[0] not in DRAWING:
        return
    for node, name, _ in imports(module):
        if name.partition(".")[0] in {"math", "numpy", "scipy"} and name.rpartition(".")[2] in FRAGILE:
            yield module.at(node, f"imports {name}")
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Attribute) and node.attr in FRAGILE and ast.unparse(node.value) in {"np", "math"}:
            yield module.at(node, ast.unparse(node))
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Pow) and not is_whole(node.left):
            yield module.at(node, ast.unparse(node))
        if called(node) in {"pow", "lognormal", "gamma", "beta"}:
            yield module.at(node, called(node))


def is_whole(node: ast.expr) -> bool:
    """Tell whether an expression is a whole number as it is written."""
    return isinstance(node, ast.Constant) and isinstance(node.value, int | float) and node.value % 1 == 0


def spelt_accounts(module: Module) -> Iterator[str]:
    """Take the names of accounts from the chart; a docstring may say them."""
    if module.name == CHART:
        return
    prose = {id(node.value) for node in ast.walk(module.tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(module.tree):
        text = node.value if isinstance(node, ast.Constant) and id(node) not in prose else None
        if isinstance(text, str) and SPELT.search(text):
            yield module.at(node, f"spells an account: {text.strip()[:40]!r}")


Rule = Callable[[Module], Iterator[str]]
RULES: list[Rule] = [
    misplaced_imports, foreign_imports, long_parts, module_state, changed_constants, unseeded_chance,
    heavy_values, protected_fields, platform_sized, unstable_sorts,
    fragile_draws, spelt_accounts,
]  # fmt: skip


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_every_module_keeps_the_rule(rule):
    assert MODULES
    assert [violation for module in MODULES for violation in rule(module)] == []


PLANTED = [
    (misplaced_imports, "books/bank.py", "from alesha_sim.entities import shop"),
    (misplaced_imports, "books/bank.py", "from alesha_sim.network.channel import Channel"),
    (misplaced_imports, "units.py", "from alesha_sim import Scenario"),
    (misplaced_imports, "network/inbox.py", "def f():\n    from ..entities.shop import Shop"),
    (misplaced_imports, "helpers.py", ""),
    (foreign_imports, "results/result.py", "import pandas as pd"),
    (foreign_imports, "books/ledger.py", "def f():\n    import simpy"),
    (foreign_imports, "messages/fields.py", "import numpy as np"),
    (foreign_imports, "policies/stock.py", "from pydantic import BaseModel"),
    (long_parts, "units.py", "\n" * 401),
    (long_parts, "units.py", "def f():\n" + "    x = 1\n" * 51),
    (module_state, "units.py", "cache = {}"),
    (module_state, "units.py", "def f():\n    global CACHE"),
    (module_state, "streams.py", "GENERATOR = np.random.default_rng(1)"),
    (module_state, "network/inbox.py", "class Inbox:\n    numbers = itertools.count()"),
    (module_state, "units.py", "for name in ():\n    pass"),
    (module_state, "units.py", "print('loaded')"),
    (changed_constants, "units.py", "SEEN = []\ndef f():\n    SEEN.append(1)"),
    (changed_constants, "units.py", "SEEN = {}\ndef f():\n    SEEN[1] = 2"),
    (unseeded_chance, "entities/shop.py", "import random"),
    (unseeded_chance, "entities/shop.py", "from numpy.random import default_rng"),
    (unseeded_chance, "entities/shop.py", "def f():\n    return np.random.default_rng()"),
    (unseeded_chance, "streams.py", "def f(name):\n    return hash(name)"),
    (unseeded_chance, "units.py", "def f(names):\n    return [name for name in set(names)]"),
    (unseeded_chance, "units.py", "def f(names):\n    return ', '.join({*names})"),
    (heavy_values, "entities/shop.py", "from decimal import Decimal"),
    (heavy_values, "recording/message_log.py", "def f():\n    import pandas"),
    (protected_fields, "simulation/stepping.py", "def f(clock):\n    return clock._queue"),
    (platform_sized, "books/bank.py", "def f(codes):\n    return np.bincount(codes, minlength=3)"),
    (platform_sized, "books/bank.py", "def f(values, times):\n    return values.repeat(times)"),
    (platform_sized, "scenarios/demand.py", "from numpy import repeat"),
    (platform_sized, "scenarios/demand.py", "def f(values):\n    return values.astype(int)"),
    (platform_sized, "scenarios/demand.py", "def f(size):\n    return np.zeros(size, dtype=int)"),
    (fragile_draws, "scenarios/demand.py", "def f(x):\n    return np.log1p(x)"),
    (fragile_draws, "scenarios/demand.py", "def f(growth, years):\n    return growth**years"),
    (fragile_draws, "policies/users.py", "from math import exp"),
    (fragile_draws, "entities/user.py", "def f(x):\n    return math.pow(x, 0.5)"),
    (fragile_draws, "verification/fuzz/dice.py", "from numpy import log"),
    (fragile_draws, "distributions.py", "def f(generator):\n    return generator.lognormal(0, 1, 5)"),
    (fragile_draws, "scenarios/repeats.py", "def f(generator):\n    return generator.beta(1, 2, 5)"),
    (spelt_accounts, "results/metrics.py", "CASH = 'shop:cash'"),
    (spelt_accounts, "results/metrics.py", "def f(user):\n    return f'users:cash:{user}'"),
    (spelt_accounts, "results/metrics.py", "def f(owner):\n    return 'bank:deposits:' + owner"),
    (spelt_accounts, "results/metrics.py", "def f(book):\n    return f'{book}:stock'"),
    (spelt_accounts, "audit/goods.py", "SIDES = 'sales-returns / refunds-payable'"),
    (spelt_accounts, "audit/goods.py", "GIVEN = 'goods-clearing'"),
    (spelt_accounts, "exports/duck.py", "VIEW = \"SELECT * FROM entries WHERE account = 'bank:fees'\""),
    (unstable_sorts, "results/time_series.py", "def f(at):\n    return np.argsort(at)"),
    (unstable_sorts, "experiments/study.py", "def f(frame):\n    return frame.sort_values('mean')"),
]


@pytest.mark.parametrize(("rule", "name", "source"), PLANTED)
def test_each_rule_finds_a_planted_violation(rule, name, source):
    assert list(rule(parsed(name, source)))


ALLOWED = [
    ("results/result.py", "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import pandas as pd"),
    ("results/result.py", "def f():\n    import pandas as pd"),
    ("entities/shop.py", "from .entity import Entity\nfrom ..books import ledger\nimport simpy"),
    ("streams.py", "from numpy.random import Generator\nimport secrets"),
    ("units.py", 'MAX = 3\n"""The most."""\nPair = tuple[int, int]\n__all__ = ["MAX"]'),
    ("units.py", "def f(names):\n    return sorted(set(names))"),
    ("network/inbox.py", "def f(clock):\n    return clock._now"),
    ("books/bank.py", "def f(codes):\n    return bincount(codes), codes.astype(np.int64), itertools.repeat(1)"),
    ("scenarios/demand.py", "LIMIT = 2**31\ndef f(x):\n    return elementary.exp(x), np.sqrt(x), 10**x"),
    (CHART, "CASH = 'shop:cash'"),
    ("results/metrics.py", 'def f():\n    """Read `shop:cash`."""\n    return \'stock\', \'shop:service\''),
    ("theory/queues.py", "def f(x):\n    return np.exp(x) ** 2"),
    ("results/time_series.py", "def f(at):\n    return np.argsort(at, kind='stable')"),
]


@pytest.mark.parametrize(("name", "source"), ALLOWED)
def test_no_rule_forbids_what_the_design_allows(name, source):
    assert [violation for rule in RULES for violation in rule(parsed(name, source))] == []


def dotted(name: str) -> str:
    """Return a module's name as imports write it."""
    return ".".join((PACKAGE, *name.removesuffix(".py").split("/"))).removesuffix(".__init__")


def test_no_modules_import_each_other_in_a_circle():
    assert circles(graph({dotted(module.name): module.tree for module in MODULES})) == []


CIRCULAR = {
    "at module level": {"a": "from p.b import f", "b": "import p.a"},
    "for types": {"a": "from p.b import f", "b": "if TYPE_CHECKING:\n    from p.a import g"},
    "lazily": {"a": "from p.b import f", "b": "def f():\n    from p.a import g"},
    "through a package's face": {
        "a": "from p.c import f", "c": "from p.c.d import f", "c.d": "from p.a import g"
    },
    "of three": {"a": "from p.b import f", "b": "from p.c import f", "c": "from p.a import f"},
}  # fmt: skip


@pytest.mark.parametrize("sources", CIRCULAR.values(), ids=CIRCULAR)
def test_a_circle_of_modules_is_found(sources):
    (found,) = circles(graph({f"p.{name}": ast.parse(source) for name, source in sources.items()}))
    assert found[0] == found[-1]
    assert {"p.a"} < set(found)


def test_modules_that_import_one_way_make_no_circle():
    sources = {"a": "from p.b import f\nfrom p.c import g", "b": "from p.c import g", "c": "import numpy"}
    assert circles(graph({f"p.{name}": ast.parse(source) for name, source in sources.items()})) == []


def at_the_top(names):
    """Return what stands at the package's top level and is neither a package nor a foundation module."""
    return {name.removesuffix(".py") for name in names if "/" not in name} - MODULES_AT_THE_TOP


def test_only_packages_and_foundation_modules_stand_at_the_top():
    assert at_the_top(module.name for module in MODULES) == set()
    assert at_the_top(["units.py", "books/bank.py", "helpers.py"]) == {"helpers"}


def test_the_layers_in_the_documentation_are_those_that_are_enforced():
    assert block() in (ROOT / "docs" / "architecture.md").read_text("utf-8")


def test_functions_are_short_by_the_median():
    lengths = [length(function) for module in MODULES for function in functions(module)]
    assert statistics.median(lengths) < MEDIAN_LINES


def test_the_package_stays_small():
    # Statements: lines would reward leaving out docstrings. The bound moves on purpose, not by drift.
    nodes = [node for module in MODULES for node in ast.walk(module.tree)]
    assert sum(isinstance(node, ast.stmt) for node in nodes) < PACKAGE_STATEMENTS


def skips(source: str) -> int:
    """Return how many statements the formatter is told to leave alone."""
    comments = (
        token.string for token in tokenize.generate_tokens(StringIO(source).readline) if token.type == COMMENT
    )
    return sum("fmt: skip" in comment or "fmt: off" in comment for comment in comments)


def test_few_statements_are_laid_out_by_hand():
    sources = [path.read_text("utf-8") for path in (ROOT / PACKAGE).rglob("*.py")]
    assert sum(map(skips, sources)) <= LAID_OUT_BY_HAND


def test_statements_laid_out_by_hand_are_counted():
    assert skips("a = (\n    1,\n)  # fmt: skip\n# fmt: off\nb = '# fmt: skip'\n") == 2


def test_the_public_names_are_those_of_the_documentation():
    (face,) = (module for module in MODULES if module.name == "__init__.py")
    assignments = [node for node in face.tree.body if assigned(node) == ["__all__"]]
    assert [set(ast.literal_eval(node.value)) for node in assignments] == [PUBLIC]


# Text files: what must not stand in any file of the project.

MACHINE_PATH = re.compile(r"(?<![\w.])/(?:work|farm|root|tmp|home|Users|var/folders)/[\w.]")
REGISTRY_HOST = re.compile(
    r"\b(?:pypi|pythonhosted|npmjs|debian|crates|rubygems|anaconda)\.(?:org|io|com)\b|--(?:extra-)?index-url"
)
PINNED = re.compile(r"(#.*|[A-Za-z0-9._-]+==[A-Za-z0-9.!+]+)?")
LOCK_FILES = {"uv.lock", "poetry.lock", "pdm.lock", "Pipfile.lock", "package-lock.json"}


def project_files() -> list[Path]:
    """Return the files that git tracks or would track."""
    git = shutil.which("git")
    command = [git or "git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False) if git else None
    if listed is None or listed.returncode:
        if os.environ.get("ALESHA_CI"):
            pytest.fail("git does not list the project's files here")
        pytest.skip("needs git and a clone of the repository")
    paths = [ROOT / name for name in listed.stdout.split("\0") if name]
    return [path for path in paths if path.is_file()]


def text_of(path: Path) -> str:
    """Return a file's text, "" for a binary one."""
    content = path.read_bytes()
    return "" if b"\0" in content else content.decode("utf-8")


@pytest.mark.parametrize("pattern", [MACHINE_PATH, REGISTRY_HOST], ids=["machine paths", "registry hosts"])
def test_no_file_names_a_machine_or_a_registry(pattern):
    found = [
        f"{path.relative_to(ROOT)}: {match[0]}"
        for path in project_files()
        for match in pattern.finditer(text_of(path))
    ]
    assert found == []


@pytest.mark.parametrize(
    ("pattern", "text", "found"),
    [
        (MACHINE_PATH, "see /" + "tmp/x", True),
        (MACHINE_PATH, "'/" + "home/me/data'", True),
        (MACHINE_PATH, "out/tmp/x and a/root/b", False),
        (REGISTRY_HOST, "https://pypi" + ".org/simple", True),
        (REGISTRY_HOST, "the package debian-goodies", False),
    ],
)
def test_the_patterns_find_what_they_should(pattern, text, found):
    assert bool(pattern.search(text)) is found


def test_no_lock_file_records_where_packages_came_from():
    assert [path.name for path in project_files() if path.name in LOCK_FILES] == []


def test_constraints_are_names_and_versions_only():
    lines = (ROOT / "constraints.txt").read_text("utf-8").splitlines()
    assert [line for line in lines if not PINNED.fullmatch(line)] == []
    assert "simpy" in {line.partition("==")[0] for line in lines}
