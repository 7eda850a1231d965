"""Which module imports which, type-only and lazy imports included, and the circles among them."""

import ast
from collections.abc import Mapping
from graphlib import CycleError, TopologicalSorter


def graph(sources: Mapping[str, ast.Module]) -> dict[str, set[str]]:
    """Return the modules that each module imports, from their trees by dotted name (a package by its own name).

    A name taken from a package's `__init__` counts as taken from the module that the `__init__` has it from.
    """
    packages = {name.rpartition(".")[0] for name in sources}
    faces = {
        name: {
            alias.asname or alias.name: f"{node.module}.{alias.name}"
            for node in ast.walk(tree)
            if isinstance(node, ast.ImportFrom) and node.module
            for alias in node.names
        }
        for name, tree in sources.items()
        if name in packages
    }

    def home(name: str) -> str:
        passed = set()
        while name and name not in sources:
            passed.add(name)
            base, _, last = name.rpartition(".")
            through = faces.get(base, {}).get(last, "")
            name = through if through and through not in passed else base
        return name

    edges = {}
    for name, tree in sources.items():
        found = {home(target) for node in ast.walk(tree) for target in imported(node)}
        edges[name] = found - {name, ""}
    return edges


def imported(node: ast.AST) -> list[str]:
    """Return the full names that a statement imports; relative imports are not used in the package."""
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if isinstance(node, ast.ImportFrom) and node.module:
        return [f"{node.module}.{alias.name}" for alias in node.names]
    return []


def circles(edges: Mapping[str, set[str]]) -> list[tuple[str, ...]]:
    """Return circles of modules, each as `a, b, ..., a`, until without their last imports none is left."""
    left = {name: set(targets) for name, targets in edges.items()}
    found = []
    while True:
        try:
            TopologicalSorter(left).prepare()
        except CycleError as error:
            circle = tuple(reversed(error.args[1]))  # graphlib names each before what imports it
            found.append(circle)
            left[circle[0]].discard(circle[1])
        else:
            return found
