"""What functions, classes and modules of the reader's own are made of: their code, and all that it reads.

Code of the standard library, of installed packages and of this package goes by its name and version. Comments and
places in a file do not count, since what runs is taken and not its text. How values become an identity stands in
`identity.py`.
"""

import dis
import sys
import sysconfig
from collections.abc import Iterator
from dataclasses import fields
from enum import EnumMeta
from functools import cached_property, lru_cache
from importlib import import_module, metadata
from importlib.util import find_spec
from pathlib import Path
from types import (
    BuiltinFunctionType,
    CellType,
    CodeType,
    FunctionType,
    GetSetDescriptorType,
    MemberDescriptorType,
    MethodType,
    ModuleType,
)
from typing import Any

Part = tuple[str, Any]
"""A label and what is found under it; a label in angle brackets is none of the reader's names."""

Parts = tuple[str, list[Part]]
"""What kind of thing something is, and its parts."""

PASSED_OVER = frozenset({
    "__dict__", "__weakref__", "__module__", "__doc__", "__slotnames__", "__abstractmethods__", "_abc_impl",
    "__firstlineno__", "__static_attributes__", "__signature__", "__orig_bases__", "__parameters__",
})  # fmt: skip
"""Attributes of a class that say where or how it was made, or that Python adds while it is used."""

CODE = (
    "co_name", "co_argcount", "co_posonlyargcount", "co_kwonlyargcount", "co_flags", "co_code", "co_names",
    "co_varnames", "co_freevars", "co_cellvars", "co_exceptiontable", "co_consts",
)  # fmt: skip


def of_code(value: Any) -> Parts | None:
    """Return the parts of a function, class, module or method; None for anything else."""
    found = reference(value)
    if found is not None:
        return "reference", [("<name>", found)]
    match value:
        case FunctionType():
            return "function", _of_function(value)
        case type():
            return "class", _of_class(value)
        case ModuleType():
            return "module", _of_module(value)
        case MethodType():
            return "method", [("<self>", value.__self__), ("<function>", value.__func__)]
        case CodeType():
            return "code", [("<code>", getattr(value, name)) for name in CODE]
    return _of_descriptor(value)


def _of_descriptor(value: Any) -> Parts | None:
    """Return the parts of what stands in classes in the place of functions."""
    match value:
        case staticmethod() | classmethod():
            return type(value).__name__, [("<function>", value.__func__)]
        case property():
            return "property", [("<function>", each) for each in (value.fget, value.fset, value.fdel)]
        case cached_property():
            return "cached_property", [("<function>", value.func)]
        case MemberDescriptorType() | GetSetDescriptorType():
            return "slot", [("<name>", value.__name__)]
        case CellType():
            return "cell", _contents("<cell>", value)
        case BuiltinFunctionType():
            return "builtin", [("<self>", value.__self__), ("<name>", value.__name__)]
    if callable(value) and hasattr(value, "__wrapped__") and hasattr(value, "cache_parameters"):
        return "cached", [("<function>", value.__wrapped__), *value.cache_parameters().items()]
    if callable(value) and hasattr(value, "__objclass__"):
        return "of a class", [("<class>", value.__objclass__), ("<name>", value.__name__)]
    return None


# Names


def reference(value: Any) -> tuple[str, str, str] | None:
    """Return module, name and version of what a package brings with it; None for what is the reader's own."""
    if isinstance(value, ModuleType):
        return None if is_own_module(value.__name__) else (value.__name__, "", _version(value.__name__))
    if not isinstance(value, type) and not callable(value):
        return None
    module, name = getattr(value, "__module__", None), getattr(value, "__qualname__", None)
    if not isinstance(module, str) or not isinstance(name, str) or is_own_module(module):
        return None
    found: Any = sys.modules.get(module)
    for part in name.split("."):
        found = getattr(found, part, None)
    return (module, name, _version(module)) if found is value else None


def is_own(kind: type) -> bool:
    """Tell whether a class is the reader's own."""
    return reference(kind) is None


@lru_cache(maxsize=1024)
def is_own_module(name: str) -> bool:
    """Tell whether a module is neither Python's, nor this package's, nor that of an installed package."""
    top = name.partition(".")[0]
    if top in sys.stdlib_module_names or top == "alesha_sim":
        return False
    try:
        module = sys.modules.get(top)
        spec = getattr(module, "__spec__", None) or find_spec(top)
    except (ImportError, ValueError):
        return True
    places = (
        [] if spec is None else [*([spec.origin] if spec.origin else ()), *(spec.submodule_search_locations or ())]
    )
    installed = [Path(sysconfig.get_path(kind)) for kind in ("purelib", "platlib")]
    return not any(Path(place).is_relative_to(above) for place in places for above in installed)


@lru_cache(maxsize=1024)
def _version(name: str) -> str:
    """Return the version of an installed package, "" for Python's modules and this package's."""
    top = name.partition(".")[0]
    if top in sys.stdlib_module_names or top == "alesha_sim":
        return ""
    try:
        return metadata.version(top)
    except metadata.PackageNotFoundError:
        names = metadata.packages_distributions().get(top, [])
        return ", ".join(f"{each} {metadata.version(each)}" for each in sorted(set(names)))


# Functions


def _of_function(function: Any) -> list[Part]:
    """Return code, defaults, attributes and closed-over values of a function, and the globals that it reads."""
    if hasattr(function, "registry") and hasattr(function, "dispatch"):  # of `singledispatch`, which keeps a cache
        return [("<name>", function.__qualname__), ("<registry>", dict(function.registry))]
    code = function.__code__
    parts = [
        ("<name>", function.__qualname__),
        ("<code>", code),
        ("<defaults>", function.__defaults__),
        *(function.__kwdefaults__ or {}).items(),
        ("<attributes>", None),
        *function.__dict__.items(),
        ("<closure>", None),
    ]
    for name, cell in zip(code.co_freevars, function.__closure__ or (), strict=True):
        parts += _contents(name, cell)
    return [*parts, ("<globals>", None), *_read_by(code, function.__globals__)]


def _contents(name: str, cell: CellType) -> list[Part]:
    """Return what a cell holds; one without anything yet has no parts."""
    try:
        return [(name, cell.cell_contents)]
    except ValueError:
        return []


def _read_by(code: CodeType, names: dict[str, Any]) -> Iterator[Part]:
    """Yield the globals that code reads, and what it takes from modules of the reader's own."""
    codes = [*_nested(code)]
    used = {name for each in codes for name in each.co_names}
    modules: list[ModuleType] = []
    for name in sorted({name for each in codes for name in _global_names(each)} & names.keys()):
        if isinstance(names[name], ModuleType):
            modules.append(names[name])
        yield name, names[name]
    modules += [module for each in codes for module in _imported(each, str(names.get("__package__") or ""))]
    yield from _taken_from(modules, used)


def _nested(code: CodeType) -> Iterator[CodeType]:
    yield code
    for each in code.co_consts:
        if isinstance(each, CodeType):
            yield from _nested(each)


def _global_names(code: CodeType) -> Iterator[str]:
    for step in dis.get_instructions(code):
        if step.opname.endswith(("_GLOBAL", "_NAME", "_GLOBALS")) and not step.opname.startswith("IMPORT"):
            yield str(step.argval)


def _imported(code: CodeType, package: str) -> Iterator[ModuleType]:
    """Yield the modules of the reader's own that code imports while it runs."""
    steps = [step for step in dis.get_instructions(code) if step.opname != "EXTENDED_ARG"]
    for place, step in enumerate(steps):
        if step.opname == "IMPORT_NAME":
            name = "." * int(steps[place - 2].argval) + str(step.argval)
            try:
                if name.startswith(".") or is_own_module(name):
                    yield import_module(name, package)
            except Exception:  # the run will say so, if it comes that far
                continue


def _taken_from(modules: list[ModuleType], used: set[str]) -> Iterator[Part]:
    """Yield modules of the reader's own and what they hold under the names that code uses."""
    seen: set[str] = set()
    while modules:
        module = modules.pop(0)
        if module.__name__ in seen or not is_own_module(module.__name__):
            continue
        seen.add(module.__name__)
        yield module.__name__, module
        for name in sorted(used & vars(module).keys()):
            value = vars(module)[name]
            if isinstance(value, ModuleType):
                modules.append(value)
            yield f"{module.__name__}.{name}", value


# Classes and modules


def _of_class(kind: Any) -> list[Part]:
    """Return name, bases and attributes of a class, those that a library adds by itself left out."""
    parts = [("<name>", kind.__qualname__), ("<bases>", kind.__bases__), ("<metaclass>", type(kind))]
    attributes = dict(vars(kind))
    if isinstance(kind, EnumMeta):
        members: Any = kind.__members__
        parts += [(name, (member._name_, member._value_)) for name, member in members.items()]
        attributes = {name: each for name, each in attributes.items() if _is_told_of_enum(name, each, members)}
    rules = attributes.get("__pydantic_decorators__")
    for group in fields(rules) if rules else ():
        parts += [(f"<{name}>", rule.info) for name, rule in getattr(rules, group.name).items()]
    return parts + [(name, attributes[name]) for name in sorted(attributes) if _is_told(name)]


def _is_told(name: str) -> bool:
    """Tell whether an attribute of a class can be the reader's; pydantic keeps addresses and compiled rules."""
    return name not in PASSED_OVER and (not name.startswith("__pydantic_") or name == "__pydantic_fields__")


def _is_told_of_enum(name: str, value: object, members: Any) -> bool:
    return name not in members and (
        not name.startswith("_") or isinstance(value, FunctionType | classmethod | staticmethod)
    )


def _of_module(module: ModuleType) -> list[Part]:
    """Return the name of a module of the reader's own and the bytes of its file."""
    try:
        content = Path(str(module.__file__)).read_bytes()
    except (AttributeError, OSError):
        content = b""
    return [("<name>", module.__name__), ("<file>", content)]
