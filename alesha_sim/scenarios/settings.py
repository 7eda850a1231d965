"""Settings: changes to a scenario by dotted path.

Says how a path finds its place in a scenario's table. Whether the result is sound is the scenario's own
matter.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields
from decimal import Decimal
from typing import Any

from alesha_sim.distributions import KINDS
from alesha_sim.scenarios.errors import NAMED, Problem, ScenarioError, dotted, nearest
from alesha_sim.scenarios.model import Part

PARAMETERS = {"kind"} | {field.name for kind in KINDS.values() for field in fields(kind)}  # type: ignore[arg-type]
"""What can stand below a field that holds a distribution."""


def changed(part: Part, changes: Mapping[str, object]) -> tuple[dict[str, Any], list[Problem]]:
    """Return the part as a table with all changes made, and the problems of paths that lead nowhere.

    The outcome does not depend on the order of the changes: what contains goes before what is contained, and a
    kind before the fields of that kind.
    """
    tree = part.model_dump()
    found: list[Problem] = []
    for keys, value in sorted(((_keys(path), value) for path, value in changes.items()), key=_rank):
        try:
            _put(tree, keys, value)
        except ScenarioError as error:
            found += error.found
    return tree, found


def _keys(path: str) -> list[str]:
    """Split a path at its dots; a key in quotes may hold dots."""
    return [quoted or plain for quoted, plain in re.findall(r'"([^"]+)"|([^."]+)', str(path))]


def _rank(change: tuple[list[str], object]) -> tuple[int, bool, list[str]]:
    keys = change[0]
    return len(keys), keys[-1:] != ["kind"], keys


def _put(tree: Any, keys: list[str], value: object) -> None:
    """Put a value into a tree of tables."""
    if not keys:
        raise ScenarioError([Problem("", None, "a setting must have a path, such as bank.workers")])
    if len(keys) == 1 and keys[0] in NAMED and value:
        tree.pop(keys[0].removesuffix("s"), None)  # the one of that role, in whose place they are
    node = tree
    for depth in range(1, len(keys)):
        node = _below(node, keys[:depth], keys[depth])
    key = keys[-1]
    if isinstance(node, list):
        node[_place(node, keys)] = value
    else:
        if key == "kind" and node.get("kind") != value and keys[0] != "clearing":
            node.clear()
        if keys == ["currency", "code"] and node.get("code") != value:
            del node["decimals"]  # another currency's
        node[key] = value


def _below(node: Any, keys: list[str], below: str) -> Any:
    """Return what a key of a table (or of a list of tables) leads to, made a table when it can be one."""
    key: Any = _place(node, keys) if isinstance(node, list) else keys[-1]
    child = node[key] if isinstance(node, list) else node.get(key)
    match child:
        case None:
            child = [] if keys[0] in NAMED and len(keys) == 1 else {}
        case tuple():
            child = list(child)
        case dict() | list():
            pass
        case int() | float() | Decimal() if below in PARAMETERS:
            child = {"kind": "constant", "value": child}
        case _:
            rule = f"unknown field: {dotted(*keys)} has no fields"
            raise ScenarioError([Problem(dotted(*keys, below), None, rule)])
    node[key] = child
    return child


def _place(listed: Sequence[Any], keys: list[str]) -> int:
    """Return the place in a list of what its last key names: by SKU, by name, or the place itself."""
    labels = _labels(listed, keys[0])
    if keys[-1] not in labels:
        what = "SKU" if keys[0] == "catalogue" else "name" if keys[0] in NAMED else "key"
        raise ScenarioError([Problem(dotted(*keys), None, f"unknown {what}: {nearest(keys[-1], labels)}")])
    return labels.index(keys[-1])


def _labels(listed: Sequence[Any], field: str) -> list[str]:
    """Return what paths call the parts of a list: products by SKU, others by name or by their place."""
    key = "sku" if field == "catalogue" else "name"
    is_named = all(isinstance(each, Mapping) and key in each for each in listed)
    return [str(each[key]) if is_named else str(n) for n, each in enumerate(listed)]


def differences(one: Part, other: Part) -> list[tuple[str, Any, Any]]:
    """Return the dotted path and both values of every field that differs, in the order of the fields.

    A field that only one of them has is None in the other. Products go by their SKU, what is
    named by its name, other lists by their place.
    """
    mine, theirs = (dict(_leaves(part.model_dump(mode="json"))) for part in (one, other))
    paths = [*mine, *(path for path in theirs if path not in mine)]
    return [(path, mine.get(path), theirs.get(path)) for path in paths if mine.get(path) != theirs.get(path)]


def _leaves(node: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Yield the dotted path and the value of everything that has no fields of its own."""
    if isinstance(node, list) and node and isinstance(node[0], dict):
        node = dict(zip(_labels(node, path), node, strict=True))
    if not isinstance(node, dict):
        yield path, node
        return
    for key, child in node.items():
        name = f'"{key}"' if "." in key else key
        yield from _leaves(child, f"{path}.{name}" if path else name)
