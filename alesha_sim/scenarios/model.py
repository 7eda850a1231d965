"""The base of every model of a scenario.

Says how a model is made and how it says what is wrong with it; no field of any particular model.
"""

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any, ClassVar, Self, get_args, get_origin

from pydantic import BaseModel, ConfigDict, ValidationError, model_validator

from alesha_sim.scenarios.errors import Problem, ScenarioError, translated


class Kept:
    """What a serializer returns around an object of your own: pydantic would take a dataclass apart."""

    __slots__ = ("value",)

    def __init__(self, value: object) -> None:
        self.value = value


class Part(BaseModel):
    """A part of a scenario: frozen, refusing unknown fields, raising a ScenarioError with all its problems."""

    may_be_derived: ClassVar[bool] = False
    """Whether a class of one's own derived from it stays what it is, in the fields that allow it."""

    # Defaults are validated too, because a rule may join a default to a field that was given.
    model_config = ConfigDict(frozen=True, extra="forbid", validate_default=True, arbitrary_types_allowed=True)

    @model_validator(mode="after")
    def _as_declared(self) -> Self:
        """Refuse parts of a class of your own: any change of the whole would turn them into the package's."""
        found = []
        for name, value in self.__dict__.items():
            for place, part in _parts(value):
                declared = _models(type(self), name)
                if type(part) not in declared and not part.may_be_derived:
                    rule = f"must be of a class of the package itself: {', '.join(m.__name__ for m in declared)}"
                    found.append(Problem(name + place, type(part).__qualname__, rule))
        if found:
            raise ScenarioError(found)
        return self

    def __init__(self, **fields: Any) -> None:
        try:
            super().__init__(**fields)
        except ValidationError as error:
            raise self._translated(error, fields) from None

    @classmethod
    def model_validate(cls, obj: Any, **options: Any) -> Self:
        """Make the part from a table, or return it when it is one already; raises ScenarioError."""
        try:
            return super().model_validate(obj, **options)
        except ValidationError as error:
            raise cls._translated(error, obj if isinstance(obj, Mapping) else None) from None

    @classmethod
    def model_validate_json(cls, json_data: str | bytes | bytearray, **options: Any) -> Self:
        """Make the part from JSON text; raises ScenarioError."""
        try:
            return super().model_validate_json(json_data, **options)
        except ValidationError as error:
            raise cls._translated(error, None) from None

    def model_dump(self, **options: Any) -> dict[str, Any]:
        """Return the part as a table, as pydantic does; objects of your own stay what they are in Python."""
        return {name: _opened(value) for name, value in super().model_dump(**options).items()}

    @classmethod
    def kinds(cls, name: str) -> dict[str, type["Part"]]:
        """Return the models that a field tagged by `kind` may hold, by their tag; nothing for any other field."""
        field = cls.model_fields[name]
        models = get_args(field.annotation)
        if get_origin(field.annotation) is tuple:
            tagged, *_ = get_args(models[0]) or (None,)  # a list of such fields: Annotated[A | B, ...]
            models = get_args(tagged)
        elif field.discriminator is None:
            return {}
        return {model.model_fields["kind"].default: model for model in models}

    @classmethod
    def _translated(cls, error: ValidationError, given: Mapping[str, Any] | None) -> ScenarioError:
        """Return what pydantic found in plain words; `given` is the table that it looked at, if it was one."""
        names = {name: tuple(cls.kinds(name)) for name in cls.model_fields}
        return translated(error.errors(include_url=False), names, given or {})


def _opened(value: Any) -> Any:
    """Return what a dump holds with all objects of your own in their places."""
    match value:
        case Kept():
            return value.value
        case dict():
            return {key: _opened(each) for key, each in value.items()}
        case list():
            return [_opened(each) for each in value]
        case tuple():
            return tuple(_opened(each) for each in value)
    return value


def _parts(value: object) -> Iterator[tuple[str, Part]]:
    """Yield the parts that a field holds, each with its place in it."""
    match value:
        case Part():
            yield "", value
        case tuple():
            yield from ((f"[{n}]", each) for n, each in enumerate(value) if isinstance(each, Part))
        case dict():
            yield from ((f".{key}", each) for key, each in value.items() if isinstance(each, Part))


@cache
def _models(owner: type[Part], name: str) -> tuple[type[Part], ...]:
    """Return the models that the type of a field names."""
    found: list[type[Part]] = []
    types = [owner.model_fields[name].annotation]
    for each in types:
        if isinstance(each, type) and get_origin(each) is None and issubclass(each, Part):
            found.append(each)
        types += get_args(each)
    return tuple(found)
