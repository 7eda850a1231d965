"""What makes two values the same to a run: a digest of all that they are made of, alike in every process.

Scenarios, policies and functions of the reader's own are taken apart down to plain values: fields, elements, the
bytes of arrays, and by `code.py` functions and classes. Two values share an identity only if no run could tell
them apart. What cannot be taken apart (an open file, a generator, a lock) is refused.
"""

from array import array
from collections.abc import Iterable, Mapping
from copyreg import dispatch_table
from dataclasses import is_dataclass
from enum import Enum
from hashlib import sha256
from struct import pack
from typing import Any

import numpy as np

from alesha_sim.experiments.code import Part, is_own, of_code, reference
from alesha_sim.scenarios.errors import Problem, ScenarioError, dotted

HOOK = "__alesha_identity__"
"""The method by which a class says what its objects are: it returns a value that can be taken apart."""

RULE = (
    "has no value that another start could be compared with: keep a value in its place, or give its class a "
    f"method {HOOK} that returns one"
)


def identity(value: object, field: str = "") -> str:
    """Return the identity of a value, 64 hexadecimal digits; it is the same in another process.

    Raises ScenarioError that names, below `field`, the first object that has none.
    """
    taken = _Taken()
    try:
        taken.write(field, value)
    except RecursionError:
        raise ScenarioError([Problem(field, None, "is nested too deeply to be compared")]) from None
    return taken.hexdigest()


class _Taken:
    """Values taken apart. Each piece has its type and length before it, so that no two values write the same.

    An object that can change is written once and then by number, so that cycles end, and so that two names of one
    list are not two equal lists.
    """

    def __init__(self) -> None:
        self._hash = sha256()
        self._numbers: dict[int, int] = {}
        self._kept: list[object] = []  # a number of an object that is gone could become another's
        self._path: list[str] = []

    def hexdigest(self) -> str:
        return self._hash.hexdigest()

    def write(self, label: str, value: object) -> None:
        """Write a value that is found under a label."""
        self._path.append(label)
        self._put("label", label.encode("utf-8", "surrogatepass"))
        leaf = _leaf(value)
        if leaf is not None:
            self._put(*leaf)
        elif _is_value(value) or self._is_new(value):
            self._write_parts(value)
        self._path.pop()

    def _write_parts(self, value: object) -> None:
        tag, parts = self._parts(value)
        self._put(tag, str(len(parts)).encode())
        for label, part in parts:
            self.write(label, part)

    def _is_new(self, value: object) -> bool:
        """Tell whether an object was not written before; if it was, write its number."""
        number = self._numbers.setdefault(id(value), len(self._kept))
        if number < len(self._kept):
            self._put("again", str(number).encode())
            return False
        self._kept.append(value)
        return True

    def _put(self, tag: str, content: bytes) -> None:
        self._hash.update(b"%d %s %d " % (len(tag), tag.encode(), len(content)))
        self._hash.update(content)

    def _parts(self, value: Any) -> tuple[str, list[Part]]:
        """Return what kind of thing a value is, and its parts by label."""
        hook = None if isinstance(value, type) else getattr(type(value), HOOK, None)
        if hook is not None:
            return "said", [("<class>", type(value)), ("", hook(value))]
        return of_code(value) or self._of_container(value) or _of_instance(value) or self._reduced(value)

    def _of_container(self, value: Any) -> tuple[str, list[Part]] | None:
        match value:
            case list() | tuple() if type(value) in (list, tuple):
                return type(value).__name__, [(f"[{place}]", each) for place, each in enumerate(value)]
            case dict() if type(value) is dict:
                return "dict", _items(value.items())
            case set() | frozenset():
                state = [] if type(value) in (set, frozenset) else _attributes(value.__reduce__()[2])
                elements = sorted(value, key=self._alone)  # the order of a set is that of a process
                return "set", [("<class>", type(value)), *(("{}", each) for each in elements), *state]
        return None

    def _alone(self, value: object) -> str:
        """Return the identity of an element as if it came next, whichever others there are."""
        taken = _Taken()
        taken._numbers, taken._kept, taken._path = dict(self._numbers), [*self._kept], [*self._path]
        taken.write("{}", value)
        return taken.hexdigest()

    def _reduced(self, value: Any) -> tuple[str, list[Part]]:
        """Take an object apart as it is taken apart for a worker, which makes it from the same parts."""
        try:
            reduce = dispatch_table.get(type(value))
            found: Any = reduce(value) if reduce else value.__reduce_ex__(4)
        except Exception as error:
            raise self._refused(value) from error
        if isinstance(found, str):  # the name of what its module holds
            return "named", [("<class>", type(value)), ("", found)]
        make, arguments, state, elements, items = (*found[:5], None, None, None)[:5]
        parts = [("<make>", make), *(("<argument>", each) for each in arguments), *_attributes(state)]
        parts += [(f"[{place}]", each) for place, each in enumerate(elements or ())]
        return "object", parts + _items(items or ())

    def _refused(self, value: object) -> ScenarioError:
        path = dotted(*(label for label in self._path if not label.startswith("<")))
        return ScenarioError([Problem(path, f"an object of {type(value).__qualname__}", RULE)])


def _leaf(value: Any) -> tuple[str, bytes] | None:
    """Return the type and the bytes of a plain value, None for any other."""
    kind = type(value)
    if kind is str:
        return "str", value.encode("utf-8", "surrogatepass")
    if kind in (int, bool, type(None), type(...), type(NotImplemented)):
        return kind.__name__, str(value).encode() if kind is not int else b"%x" % value
    if kind is float:
        return "float", pack("<d", value)
    if kind in (bytes, memoryview):
        return "bytes", bytes(value)
    if kind is tuple and value and all(type(each) is float for each in value):  # recorded visits are long
        return "floats", np.array(array("d", value), "<f8").tobytes()
    if kind is tuple and value and all(type(each) is int for each in value):
        return "ints", b",".join(b"%x" % each for each in value)
    return None


def _is_value(value: object) -> bool:
    """Tell whether an object cannot change, so that it does not matter how often it is there."""
    kind: Any = type(value)
    if is_own(kind):
        frozen = is_dataclass(kind) and vars(kind).get("__dataclass_params__")
        return bool(frozen and frozen.frozen) or issubclass(kind, tuple | frozenset | Enum)
    return kind.__hash__ not in (None, object.__hash__)


def _of_instance(value: Any) -> tuple[str, list[Part]] | None:
    """Return the parts of objects that have more to them, or less, than what a worker is sent."""
    match value:
        case Enum():
            return "member", [("<class>", type(value)), ("<name>", value._name_), ("<value>", value._value_)]
        case _ if hasattr(
            type(value), "model_fields"
        ):  # of pydantic, which also notes what was given and what not
            more = {**(value.__pydantic_extra__ or {}), **(value.__pydantic_private__ or {})}
            fields = {name: vars(value)[name] for name in type(value).model_fields if name in vars(value)}
            return "model", [("<class>", type(value)), *fields.items(), *more.items()]
        case np.ndarray() if type(value) is np.ndarray:
            order = "F" if value.flags.f_contiguous and not value.flags.c_contiguous else "C"
            content = value.tolist() if value.dtype.hasobject else value.tobytes()
            return "array", [("<type>", repr(value.dtype)), ("<shape>", (order, value.shape)), ("", content)]
        case Mapping() if type(value).__name__ == "mappingproxy":
            return "mappingproxy", _items(value.items())
    return _of_pandas(value)


def _of_pandas(value: Any) -> tuple[str, list[Part]] | None:
    """Return the parts of tables, whose blocks in memory tell how they were made and not what they hold."""
    if reference(type(value)) is None or not type(value).__module__.startswith("pandas."):
        return None
    from pandas import CategoricalDtype, DataFrame, Index, MultiIndex, Series

    match value:
        case DataFrame():
            columns = [(f"[{place}]", value.iloc[:, place]) for place in range(value.shape[1])]
            return "frame", [("index", value.index), ("columns", value.columns), *columns]
        case MultiIndex():
            return "index", [("names", list(value.names)), ("", value.tolist())]
        case Series() | Index():
            kind = value.dtype if isinstance(value.dtype, CategoricalDtype) else repr(value.dtype)
            content = value.to_numpy() if isinstance(value.dtype, np.dtype) else value.tolist()
            index = [("index", value.index)] if isinstance(value, Series) else []
            return type(value).__name__, [("name", value.name), ("<type>", kind), ("", content), *index]
    return None


def _attributes(state: Any) -> list[Part]:
    """Return the attributes of an object from its state, in their order."""
    match state:
        case None:
            return []
        case dict() if all(isinstance(name, str) for name in state):
            return [*state.items()]
        case (dict() | None as named, dict() as slots):
            return [*_attributes(named), ("<slots>", None), *_attributes(slots)]
    return [("<state>", state)]


def _items(items: Iterable[tuple[Any, Any]]) -> list[Part]:
    """Return keys and values, in their order, which a run may go by."""
    parts: list[Part] = []
    for key, value in items:
        parts += [("<key>", key), (key if type(key) is str else "[]", value)]
    return parts
