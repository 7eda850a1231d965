"""One-line faults that a program can plant in a module: what `mutants.py` samples from.

Each operator yields a replacement for one node of the module's tree. Left alone: docstrings, annotations,
decorators, imports, texts (an error's wording is not behaviour), and what only the type checker reads.
"""

import ast
import copy
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

BOUNDS = {ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt}
ARITHMETIC = {
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Add, ast.Div: ast.Mult, ast.FloorDiv: ast.Mult,
    ast.Mod: ast.FloorDiv,
}  # fmt: skip
Function = ast.FunctionDef | ast.AsyncFunctionDef
Signatures = Mapping[str, list[tuple[str, ...]]]
"""The annotations of the parameters by the name of a function or class, once for each definition of the name."""


class Mutation(NamedTuple):
    """A change of one place: from `start` to `end` (offsets in bytes) stands `after` instead of `before`."""

    operator: str
    line: int
    start: int
    end: int
    before: str
    after: str

    def applied(self, source: str) -> str:
        """Return the source with this fault in it."""
        content = source.encode()
        return (content[: self.start] + self.after.encode() + content[self.end :]).decode()


def mutations(source: str, signatures: Signatures | None = None) -> list[Mutation]:
    """Return every mutation of a module, in the order of their places."""
    tree = ast.parse(source)
    lines = [0]
    for line in source.encode().splitlines(keepends=True):
        lines.append(lines[-1] + len(line))
    found = []
    for node, names in nodes(tree, {}):
        changes = [(node, *change) for change in mutated(node, names, signatures or {})] if has_place(node) else []
        changes += [(test, "condition", ast.UnaryOp(ast.Not(), test)) for test in conditions(node)]
        for node, operator, new in changes:
            start = lines[node.lineno - 1] + node.col_offset
            end = lines[node.end_lineno - 1] + node.end_col_offset
            before = " ".join(source.encode()[start:end].decode().split())
            after = new if isinstance(new, str) else ast.unparse(new)
            if isinstance(node, ast.expr):
                after = f"({after})"
            if isinstance(new, str) or ast.dump(new) != ast.dump(node):
                found.append(Mutation(operator, node.lineno, start, end, before, after))
    return sorted(found, key=lambda mutation: (mutation.start, mutation.end, mutation.operator, mutation.after))


def nodes(tree: ast.AST, names: Mapping[str, str]) -> Iterator[tuple[ast.AST, Mapping[str, str]]]:
    """Yield what may be changed, each with the names and annotations of the enclosing function's parameters."""
    for field, value in ast.iter_fields(tree):
        if field in ("annotation", "returns", "decorator_list", "bases", "keywords", "type_params") and not (
            field == "keywords" and isinstance(tree, ast.Call)
        ):
            continue
        for child in value if isinstance(value, list) else [value]:
            if not isinstance(child, ast.AST) or left_alone(child):
                continue
            inside = names
            if isinstance(child, Function):
                inside = {each.arg: ast.unparse(each.annotation) for each in parameters(child) if each.annotation}
            yield child, inside
            yield from nodes(child, inside)


def has_place(node: ast.AST) -> bool:
    """Tell whether a node stands in the text as a whole."""
    return hasattr(node, "lineno")


def left_alone(node: ast.AST) -> bool:
    """Tell whether nothing in a node is to be changed."""
    if isinstance(node, ast.Import | ast.ImportFrom | ast.JoinedStr | ast.arguments | ast.Raise | ast.Assert):
        return True
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
        return True
    if isinstance(node, Function) and node.name in ("__repr__", "_repr_html_"):
        return True
    if isinstance(node, ast.Assign) and any(isinstance(t, ast.Name) and t.id == "__slots__" for t in node.targets):
        return True
    return isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)


def mutated(
    node: ast.AST, names: Mapping[str, str], signatures: Signatures
) -> Iterator[tuple[str, ast.AST | str]]:
    """Yield the operators that apply to a node, each with what takes its place."""
    match node:
        case ast.Compare():
            for place, operator in enumerate(node.ops):
                if type(operator) in BOUNDS:
                    new = copy.deepcopy(node)
                    new.ops[place] = BOUNDS[type(operator)]()
                    yield "bound", new
        case ast.BinOp() if type(node.op) in ARITHMETIC and not is_text(node):
            yield "arithmetic", ast.BinOp(node.left, ARITHMETIC[type(node.op)](), node.right)
        case ast.UnaryOp(op=ast.USub()):
            yield "sign", node.operand
        case ast.Constant(value=int() | float() as value) if not isinstance(value, bool):
            yield "constant", ast.Constant(value + 1)
        case ast.Call():
            yield from (("exchange", new) for new in exchanged(node, signatures))
        case ast.Name(ctx=ast.Load()) if node.id in names:
            alike = [name for name, kind in names.items() if kind == names[node.id] and name != node.id]
            yield from (("name", ast.Name(name, ast.Load())) for name in alike)
        case ast.Return(value=ast.Compare() | ast.BoolOp() as value):
            yield "condition", ast.Return(ast.UnaryOp(ast.Not(), value))
        case ast.Expr(value=ast.Call() | ast.Yield() | ast.YieldFrom()) | ast.AugAssign() | ast.Continue():
            yield "statement", "pass"
        case ast.Assign(targets=[ast.Attribute() | ast.Subscript(), *_]):
            yield "statement", "pass"


def conditions(node: ast.AST) -> list[ast.expr]:
    """Return the expressions of a node that decide between two ways."""
    if isinstance(node, ast.comprehension):
        return list(node.ifs)
    is_branch = isinstance(node, ast.If | ast.IfExp | ast.While)
    return [node.test] if is_branch and not isinstance(node.test, ast.Constant) else []


def is_text(node: ast.BinOp) -> bool:
    """Tell whether an operator surely works on texts."""
    sides = (node.left, node.right)
    return any(
        isinstance(side, ast.JoinedStr) or (isinstance(side, ast.Constant) and isinstance(side.value, str))
        for side in sides
    )


def exchanged(call: ast.Call, signatures: Signatures) -> Iterator[ast.Call]:
    """Yield a call with two positional arguments exchanged whose parameters have one type in every definition."""
    name = ast.unparse(call.func).rpartition(".")[2]
    if name not in signatures or any(isinstance(argument, ast.Starred) for argument in call.args):
        return
    for one in range(len(call.args)):
        for other in range(one + 1, len(call.args)):
            is_alike = all(len(kinds) > other and kinds[one] == kinds[other] for kinds in signatures[name])
            if is_alike and ast.dump(call.args[one]) != ast.dump(call.args[other]):
                new = copy.deepcopy(call)
                new.args[one], new.args[other] = new.args[other], new.args[one]
                yield new


def parameters(function: Function) -> list[ast.arg]:
    """Return a function's parameters but `self`."""
    arguments = function.args
    found = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
    return [argument for argument in found if argument.arg not in ("self", "cls")]


def signatures_of(trees: Iterable[ast.AST]) -> dict[str, list[tuple[str, ...]]]:
    """Return the annotations of positional parameters, and of the fields of tuples and dataclasses, by name."""
    found: dict[str, list[tuple[str, ...]]] = {}
    for tree in trees:
        for node in ast.walk(tree):
            if isinstance(node, Function):
                kinds = tuple(
                    ast.unparse(each.annotation) if each.annotation else f"?{each.arg}"
                    for each in parameters(node) if each in node.args.args
                )  # fmt: skip
                found.setdefault(node.name, []).append(kinds)
            elif isinstance(node, ast.ClassDef):
                init = [part for part in node.body if isinstance(part, Function) and part.name == "__init__"]
                fields = [part for part in node.body if isinstance(part, ast.AnnAssign)]
                kinds = tuple(ast.unparse(part.annotation) for part in fields)
                if init:
                    kinds = tuple(
                        ast.unparse(each.annotation) if each.annotation else f"?{each.arg}"
                        for each in parameters(init[0])
                    )
                found.setdefault(node.name, []).append(kinds)
    return found
