"""What each field of a scenario means and how it is written, read off its declaration.

The commented template and the tables of the documentation are made of this. No text about any field stands here.
"""

import dataclasses
from collections.abc import Iterator, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any, Literal, NamedTuple, get_args, get_origin

from pydantic.fields import FieldInfo

from alesha_sim.distributions import Constant, Distribution
from alesha_sim.scenarios.fields import Written
from alesha_sim.scenarios.market import Named
from alesha_sim.scenarios.model import Part
from alesha_sim.scenarios.tagged_fields import Kinds
from alesha_sim.units import Currency

MISSING = dataclasses.MISSING
"""The default of a field that must be given, and the example of one that has none."""


class Described(NamedTuple):
    """A field as its readers see it: `meaning` in a few words, without a full stop; `written` says how, or is "".

    `left_out` says what holds where an optional field is not given, "" where its default says so. `parts` are the
    classes that a field with fields of its own may hold, several if it `is_tagged`; it `is_list` of them, or not.
    """

    name: str
    meaning: str
    written: str
    left_out: str
    default: Any
    example: Any
    parts: tuple[type, ...] = ()
    is_tagged: bool = False
    is_list: bool = False
    is_optional: bool = False

    @property
    def must_be_given(self) -> bool:
        """Whether a scenario without this field is refused."""
        return self.default is MISSING

    @property
    def shown(self) -> Any:
        """What an example of the field shows: its own example if it has one, else its default."""
        return self.default if self.example is MISSING else self.example

    def sentence(self) -> str:
        """Return what is to be known of the field, but its default."""
        head, semicolon, rest = self.meaning.partition("; ")
        return (f"{head} ({self.written})" if self.written else head) + semicolon + rest

    def comment(self) -> str:
        """Return the sentence with what holds where the field is not given, unless the example shows that."""
        told = self.sentence()
        if self.left_out:
            told += f"; off: {self.left_out}"
        elif self.must_be_given:
            told += "; must be given"
        elif self.default is not None and self.shown != self.default and not self.parts:
            told += f"; default {literal(self.default, self.written)}"
        return told


def fields_of(owner: type) -> list[Described]:
    """Return the fields of a part of a scenario, or of a frozen value in it, but its `kind`."""
    if issubclass(owner, Part):
        extra: Any = owner.model_config.get("json_schema_extra", {})
        shown = extra.get("examples", [{}])[0]
        not_told = known_otherwise(owner) | ({"kind"} if is_tagged(owner) else set())
        names = [name for name in owner.model_fields if name not in not_told]
        fields = [_of_part(name, owner.model_fields[name]) for name in names]
        return [field._replace(example=shown.get(field.name, field.example)) for field in fields]
    return [_of_value(owner, field) for field in dataclasses.fields(owner) if field.init]  # type: ignore[arg-type]


def known_otherwise(owner: type) -> set[str]:
    """Return the fields of one of several organisations that are those of the only one, and described there."""
    single = [base for base in owner.__bases__ if issubclass(owner, Named) and not issubclass(base, Named)]
    return {name for base in single if issubclass(base, Part) for name in base.model_fields}


def is_tagged(owner: type) -> bool:
    """Return whether a class is one of the kinds of a table: then its `kind` is its own and nothing else."""
    field = getattr(owner, "model_fields", {}).get("kind")
    return field is not None and len(get_args(field.annotation)) == 1


def summary(owner: type) -> str:
    """Return the first sentence of a class's docstring, without its full stop."""
    return first_sentence(owner.__doc__ or "")


def tag(kind: Any) -> str:
    """Return the name by which a class of a tagged table is chosen."""
    return str(kind.model_fields["kind"].default if hasattr(kind, "model_fields") else kind.kind)


def first_sentence(text: str) -> str:
    """Return the first sentence of a text, on one line and without its full stop and its quotes of code."""
    return " ".join(text.split()).replace("`", "").partition(". ")[0].removesuffix(".")


def _of_part(name: str, field: FieldInfo) -> Described:
    types = list(_types(field.annotation))
    classes = tuple(each for each in types if isinstance(each, type) and issubclass(each, Part | Currency))
    kinds = [each for each in field.metadata + types if isinstance(each, Kinds)]
    parts = kinds[0].classes if kinds else classes
    meaning, left_out = _meant(small(field.description or ""))
    return Described(
        name,
        meaning,
        _written(field.metadata + types),
        left_out,
        MISSING if field.is_required() else field.default,
        (field.examples or [MISSING])[0],
        parts,
        is_tagged=bool(kinds) or is_tagged(classes[0] if classes else Part),
        is_list=get_origin(field.annotation) in (tuple, dict),
        is_optional=type(None) in types,
    )


def _of_value(owner: type, field: "dataclasses.Field[Any]") -> Described:
    meaning, left_out = _meant(field.metadata["description"])
    written = "duration" if field.name in getattr(owner, "durations", ()) else ""
    is_optional = field.default is None
    default = getattr(owner(), field.name) if is_optional and owner is Currency else field.default
    return Described(
        field.name, meaning, written, left_out, default, field.metadata.get("example", MISSING),
        is_optional=is_optional and default is None,
    )  # fmt: skip


def _types(annotation: Any) -> Iterator[Any]:
    """Yield a type, all that it is made of, and what is annotated to that."""
    yield annotation
    for each in get_args(annotation):
        yield from _types(each)


def _written(marks: list[Any]) -> str:
    for mark in marks:
        if isinstance(mark, Written):
            return mark.words
        if get_origin(mark) is Literal:
            *others, last = (literal(each) for each in get_args(mark))
            return f"{', '.join(others)} or {last}"
    return ""


def _meant(description: str) -> tuple[str, str]:
    """Return what a description says of a field, and what it says holds where that is left out."""
    meaning, _, left_out = description.removesuffix(".").partition("; left out, ")
    return meaning, left_out


def small(sentence: str) -> str:
    """Return a sentence as it goes on after another, unless it begins with an abbreviation."""
    return sentence if sentence[1:2].isupper() else sentence[:1].lower() + sentence[1:]


# Values as TOML


def literal(value: Any, written: str = "") -> str:
    """Return a value as people write it in TOML: durations with their unit, numbers as short as they are."""
    match value:
        case Constant():
            return literal(value.value, written)
        case bool():
            return str(value).lower()
        case int() | float() | Decimal():
            return _number(value, written)
        case datetime():
            return str(value)
        case str():
            return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
        case list() | tuple():
            return f"[{', '.join(literal(each) for each in value)}]"
        case Mapping():
            inside = ", ".join(f"{name} = {literal(each)}" for name, each in value.items())
            return f"{{ {inside} }}" if inside else "{}"
        case Distribution():
            return literal({"kind": value.kind} | dataclasses.asdict(value))  # type: ignore[call-overload]
    raise TypeError(f"no TOML for {value!r}")


def _number(value: float | Decimal, written: str) -> str:
    if "duration" in written:
        for unit, seconds in (("day", 86_400), ("hour", 3600), ("min", 60)):
            if value and value % seconds == 0:
                count = int(value / seconds)
                return f'"{count} {unit}{"s" if count != 1 and unit != "min" else ""}"'
    return str(int(value)) if value == int(value) else str(value)
