"""Which names of the package the help texts of its public things mention, and where each can be imported."""

import ast
import importlib
import inspect
import pkgutil
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from layers import MODULES_AT_THE_TOP

import alesha_sim

ROOT = Path(alesha_sim.__file__).parent
FOREIGN = {"Event", "Figure"}
"""Classes of SimPy and matplotlib that share their name with one of the package."""


@cache
def faces() -> dict[str, list[str]]:
    """Return the packages that export names, each with the names."""
    found = {"alesha_sim": list(alesha_sim.__all__)}
    for module in pkgutil.iter_modules(alesha_sim.__path__, "alesha_sim."):
        if module.name != "alesha_sim.__main__":
            found[module.name] = list(getattr(importlib.import_module(module.name), "__all__", ()))
    return found


@cache
def exported() -> frozenset[str]:
    """Return every name that some package exports, or that stands in a foundation module."""
    foundation = {
        name for module in MODULES_AT_THE_TOP for name in vars(importlib.import_module(f"alesha_sim.{module}"))
    }
    return frozenset(foundation.union(*faces().values()))


@cache
def defined() -> frozenset[str]:
    """Return the public classes of the package."""
    trees = [ast.parse(path.read_text("utf-8")) for path in ROOT.rglob("*.py")]
    classes = {node.name for tree in trees for node in tree.body if isinstance(node, ast.ClassDef)}
    return frozenset(name for name in classes if not name.startswith("_"))


def help_texts(thing: object) -> Iterator[str]:
    """Yield what `help` shows of a thing: docstrings and signatures, of a class those of its public methods.

    A constructor is left out: what the assembly hands to its parts is no reader's business.
    """
    members = [thing]
    if inspect.isclass(thing):
        public = [value for name, value in vars(thing).items() if not name.startswith("_")]
        members += [getattr(value, "fget", None) or getattr(value, "__func__", value) for value in public]
    for member in members:
        if inspect.isfunction(member):
            yield str(inspect.signature(member))
        if inspect.isfunction(member) or inspect.isclass(member):
            yield inspect.getdoc(member) or ""


def mentioned(text: str) -> set[str]:
    """Return the classes that a help text names: in backticks, as an annotation, or as what is raised."""
    quoted = re.findall(r"`([A-Z]\w+)[`.(]", text)
    raised = re.findall(r"[Rr]aises ([A-Z]\w+)", text)
    annotated = re.findall(r"\b[A-Z]\w+", text) if text.startswith("(") else []
    return {*quoted, *raised, *annotated} & defined() - FOREIGN


def unreachable(packages: dict[str, list[str]]) -> list[str]:
    """Return the names that help texts of these packages mention and no package exports."""
    found = set()
    for package, names in packages.items():
        module = importlib.import_module(package)
        for name in names:
            words = {word for text in help_texts(getattr(module, name)) for word in mentioned(text)}
            found |= {f"{word}, named by {package}.{name}" for word in words - exported()}
    return sorted(found)
