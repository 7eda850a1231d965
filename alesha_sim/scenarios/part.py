"""The base of every model of a scenario.

Here lives how a model is made and how it says what is wrong with it; no field of any particular model.
"""

from collections.abc import Mapping
from typing import Any, Self, get_args, get_origin

from pydantic import BaseModel, ConfigDict, ValidationError

from alesha_sim.scenarios.errors import ScenarioError, translated


class Part(BaseModel):
    """A part of a scenario: frozen, refusing unknown fields, raising all its faults at once as a ScenarioError."""

    # Defaults are validated too, because a rule may join a default to a field that was given.
    model_config = ConfigDict(frozen=True, extra="forbid", validate_default=True, arbitrary_types_allowed=True)

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
