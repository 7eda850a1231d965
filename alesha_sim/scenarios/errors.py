"""What is wrong with a scenario, said in one line a problem: field, value and rule.

Contains the error that every reader of scenarios raises and the translation of pydantic's findings into plain
words. Importing this module loads nothing but the standard library.
"""

import reprlib
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from difflib import get_close_matches
from functools import cache
from typing import Any, NamedTuple

VALUE_LENGTH = 60
"""How many characters of a refused value a problem shows."""


NAMED = ("shops", "banks", "suppliers")
"""The lists of a scenario whose tables are called by their names."""


class Problem(NamedTuple):
    """One problem: the dotted field, the value as it was given (None if there is none), the rule it breaks."""

    field: str
    value: str | None
    rule: str

    def __str__(self) -> str:
        return ": ".join(" ".join(part.split()) for part in self if part)

    def prefixed(self, *above: str) -> "Problem":
        """Return the same problem as seen from further outside: `price` under `catalogue`, `[1]`."""
        return self._replace(field=dotted(*above, self.field))


class ScenarioError(ValueError):
    """A scenario, its file or its settings cannot be used; `problems` has one line for each reason.

    A line reads `bank.workers: 0: must be at least 1`: the dotted field, the value, the rule. The text of the
    error is all lines.
    """

    def __init__(self, found: Iterable[Problem]) -> None:
        self.found = tuple(found)
        super().__init__(self.found)

    @property
    def problems(self) -> list[str]:
        """The problems, a line each, every line once."""
        return list(dict.fromkeys(str(problem) for problem in self.found))

    def __str__(self) -> str:
        return "\n".join(self.problems)


def scenario_error(field: str, value: object, rule: str) -> ScenarioError:
    """Return the error of a single problem."""
    return ScenarioError([Problem(field, shown(value), rule)])


def dotted(*parts: str) -> str:
    """Join the parts of a field's path; a part that begins with a bracket needs no dot before it."""
    path = ""
    for part in filter(None, parts):
        path += part if part.startswith("[") or not path else f".{part}"
    return path


def shown(value: object) -> str:
    """Return a value as a problem shows it: short and on one line."""
    match value:
        case int() if abs(value) > 10**VALUE_LENGTH:
            # Python refuses to write out the very long ones.
            return f"a number of more than {VALUE_LENGTH} digits"
        case str() | bool() | int() | float() | None:
            text = repr(value)
        case Mapping():
            return "a table"
        case list() | tuple():
            text = reprlib.repr(value)
        case _:
            text = f"{value}"
    return _short(text)


def _short(text: str) -> str:
    return text if len(text) <= VALUE_LENGTH else f"{text[: VALUE_LENGTH - 4]} ..."


def nearest(name: object, valid: Iterable[str]) -> str:
    """Say which valid name comes nearest to one that is not, or which ones there are."""
    names = list(valid)
    close = get_close_matches(str(name), names, n=1, cutoff=0.5)
    if close:
        return f"nearest is {close[0]}"
    return f"valid are {', '.join(names)}" if names else "there are none"


def from_lines(error: ValueError) -> ScenarioError:
    """Return the error whose problems are the lines `field: value: rule` of another error's text."""
    if isinstance(error, ScenarioError):
        return error
    found = []
    for line in str(error).splitlines():
        parts = line.split(": ", 2)
        found.append(Problem(parts[0], _short(parts[1]), parts[2]) if len(parts) == 3 else Problem("", None, line))
    return ScenarioError(found)


def translated(
    details: Iterable[Mapping[str, Any]], names: Mapping[str, Sequence[str]], given: Mapping[str, Any]
) -> ScenarioError:
    """Return the error that says what pydantic found, `ValidationError.errors()`, in plain words.

    `names` are the model's fields, each with the kinds that it may have (pydantic puts the kind into the location
    of such a field); `given` is what the model was made from.
    """
    found: list[Problem] = []
    products = cache(lambda: product_names(given["catalogue"]))
    for detail in details:
        location = list(detail["loc"])
        tag = 2 if len(location) > 1 and isinstance(location[1], int) else 1
        if len(location) > tag and names.get(location[0]):
            del location[tag]
        above = _path(location, products, given)
        inner = detail.get("ctx", {}).get("error")
        if isinstance(inner, ScenarioError):
            found += [problem.prefixed(*above) for problem in inner.found]
        else:
            found.append(_problem(detail, above, names))
    return ScenarioError(found)


def _path(location: Sequence[str | int], products: Callable[[], list[str]], given: Mapping[str, Any]) -> list[str]:
    """Return the parts of a field's path; what has a SKU or a name is called by it where that is clear."""
    parts = [f"[{part}]" if isinstance(part, int) else part for part in location if part != "[key]"]
    if len(location) > 1 and isinstance(location[1], int):
        if location[0] == "catalogue":
            parts[1] = products()[location[1]]
        elif location[0] in NAMED:
            parts[1] = party_names(given[parts[0]])[location[1]]
    return parts


def product_names(catalogue: Iterable[Any]) -> list[str]:
    """Return what a problem calls each product: its SKU, or its place when the SKU is missing or not its alone."""
    return _called(catalogue, "sku")


def party_names(parties: Iterable[Any]) -> list[str]:
    """Return what a problem calls each organisation of a list: its name, or its place, as with products."""
    return _called(parties, "name")


def _called(listed: Iterable[Any], key: str) -> list[str]:
    labels = [each.get(key) if isinstance(each, Mapping) else getattr(each, key, None) for each in listed]
    times = Counter(label for label in labels if isinstance(label, str) and label)
    clear = [isinstance(label, str) and times[label] == 1 for label in labels]
    return [str(label) if fine else f"[{n}]" for n, (label, fine) in enumerate(zip(labels, clear, strict=True))]


def _problem(detail: Mapping[str, Any], above: Sequence[str], names: Mapping[str, Sequence[str]]) -> Problem:
    """Return the problem of one finding of pydantic's own."""
    kind, limits = detail["type"], detail.get("ctx", {})
    field = dotted(*above)
    tags = names.get(above[0], ()) if above else ()
    if kind == "missing":
        return Problem(field, None, "missing: must be given")
    if kind == "extra_forbidden":
        return Problem(field, None, f"unknown field: {nearest(above[-1], names)}")
    if kind == "union_tag_not_found":
        return Problem(dotted(field, "kind"), None, f"missing: must be one of {', '.join(tags)}")
    if kind == "union_tag_invalid":
        return Problem(
            dotted(field, "kind"), shown(limits["tag"]), f"unknown kind: {nearest(limits['tag'], tags)}"
        )
    say = _RULES.get(kind)
    rule = say(limits) if say else str(detail["msg"])
    return Problem(field, shown(detail["input"]), rule)


_RULES: dict[str, Callable[[Mapping[str, Any]], str]] = {
    "greater_than_equal": lambda limits: f"must be at least {limits['ge']}",
    "greater_than": lambda limits: f"must be more than {limits['gt']}",
    "less_than": lambda limits: f"must be less than {limits['lt']}",
    "less_than_equal": lambda limits: f"must be at most {limits['le']}",
    "string_type": lambda _: "must be text",
    "tuple_type": lambda _: "must be a list",
    "dict_type": lambda _: "must be a table",
    "model_type": lambda _: "must be a table",
    "model_attributes_type": lambda _: "must be a table",
    "literal_error": lambda limits: f"must be one of {limits['expected'].replace(' or ', ', ')}",
    "value_error": lambda limits: str(limits["error"]),
}
