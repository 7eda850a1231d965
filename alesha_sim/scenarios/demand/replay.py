"""Replayed demand: visits that were recorded, from a file or from columns in the scenario itself.

Contains the rules for such columns; how files become columns stands in `visit_files.py`.
"""

import math
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self

import numpy as np
from pydantic import Field, PlainSerializer, PlainValidator, ValidationInfo, WithJsonSchema, field_validator

from alesha_sim.scenarios.demand import visit_files
from alesha_sim.scenarios.demand.base import Demand, Draws, Market, Purchases, Shares, spread, unknown_skus
from alesha_sim.scenarios.errors import Problem, ScenarioError, scenario_error
from alesha_sim.scenarios.fields import Flag, Text, plain

if TYPE_CHECKING:
    from pandas import DataFrame


def _columns(value: object) -> dict[str, tuple[Any, ...]] | None:
    """Read a table of columns; what they hold is looked at together with the scenario's products."""
    if value is None:
        return None
    if not isinstance(value, Mapping):
        raise scenario_error("", value, "must be a table of columns")
    found = [
        Problem(str(name), str(column), "must be a list")
        for name, column in value.items()
        if isinstance(column, str) or not isinstance(column, Sequence | np.ndarray)
    ]
    if found:
        raise ScenarioError(found)
    return {str(name): tuple(plain(each) for each in column) for name, column in value.items()}


Columns = Annotated[
    dict[str, tuple[Any, ...]] | None,
    PlainValidator(_columns),
    PlainSerializer(lambda columns: columns and {name: list(column) for name, column in columns.items()}),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "object", "additionalProperties": {"type": "array", "items": {"type": "number"}}},
                {"type": "null"},
            ]
        }
    ),
]


class Replay(Demand):
    """Recorded visits, from a file or from a table of columns.

    The columns are the instants `at` in seconds, in order, the `user` from 0, and units in a column per SKU.
    Products without a column are not bought. A column `units` in place of those of SKUs holds so many units of
    products that are drawn by share. A visit at or after the scenario's horizon is refused, or with `cut` left out
    and counted; without a horizon the scenario ends after the last visit.
    """

    kind: Literal["replay"] = "replay"
    format: Literal["visits", "cdnow"] = Field(
        default="visits",
        description="What the file holds: columns, or the layout of the CDNOW histories.",
    )
    file: Text | None = Field(
        default=None,
        examples=["visits.csv"],
        description="A .csv or .parquet file beside this one, with columns at (seconds, in order), user (from 0) "
        "and units in a column for each SKU, or one column units; package: begins the name of one in a package; "
        "left out, none.",
    )
    visits: Columns = Field(
        default=None,
        examples=[{"at": [0, 60], "user": [0, 1], "hp-laptop": [1, 2]}],
        description="The columns themselves, in place of a file; left out, none.",
    )
    shares: Shares = None
    cut: Flag = Field(
        default=False,
        description="Whether visits at or after the horizon are left out and counted; otherwise they are refused.",
    )

    @field_validator("file")
    @classmethod
    def _readable(cls, file: str | None, info: ValidationInfo) -> str | None:
        if info.data.get("format") == "visits" and file and not file.lower().endswith((".csv", ".parquet")):
            raise scenario_error("", file, "must end in .csv or .parquet")
        return file

    @field_validator("visits")
    @classmethod
    def _one_source(cls, visits: Columns, info: ValidationInfo) -> Columns:
        if "file" in info.data and (visits is None) == (info.data["file"] is None):
            raise ScenarioError([Problem("", None, "either file or visits must be given")])
        if visits is not None and info.data.get("format") == "cdnow":
            raise ScenarioError([Problem("", None, "must not be given with the format cdnow")])
        return visits

    @classmethod
    def of(cls, frame: "DataFrame", shares: Mapping[str, float] | None = None) -> Self:
        """Make the demand of a DataFrame with the columns of a file; raises ScenarioError."""
        names = [str(name) for name in frame.columns]
        visit_files.refuse_twins("visits", names)
        columns = {name: frame.iloc[:, place].tolist() for place, name in enumerate(names)}
        return cls.model_validate({"visits": columns, "shares": shares})

    def purchases(self, market: Market, streams: Draws) -> Purchases:
        """Read the visits; raises ScenarioError with a line for each column and rule that is broken."""
        table = self._recorded(market.start)
        columns, found = table.checked(market.users, market.skus, self._bound(market.horizon))
        if found:
            raise ScenarioError(found)
        before = columns["at"] < market.horizon
        cut = len(before) - int(before.sum())
        columns = {name: values[before] for name, values in columns.items()}
        if "units" in columns:
            quantities = spread(columns["units"].astype(np.int64), self.shares, market.skus, streams)
        else:
            none = np.zeros(len(columns["at"]))
            quantities = np.stack([columns.get(sku, none) for sku in market.skus], axis=1).astype(np.int64)
        return Purchases(columns["at"], columns["user"].astype(np.int64), quantities, cut)

    @property
    def is_recorded(self) -> bool:
        """Recorded visits, as all are here."""
        return True

    def problems(self, users: int | None, skus: Sequence[str] | None, horizon: float) -> list[Problem]:
        """Return the problems of columns in the scenario; a file is looked at when its visits are asked for."""
        found = unknown_skus("shares", self.shares, skus)
        if self.visits is not None:
            found += visit_files.inline(self.visits).checked(users, skus, self._bound(horizon))[1]
        return found

    def _bound(self, horizon: float) -> float:
        """Return the horizon that visits must keep to."""
        return math.inf if self.cut else horizon

    def __alesha_identity__(self) -> tuple[object, ...]:
        """Return what a run depends on: the fields, and the bytes of the file, which may be another tomorrow."""
        content = None if self.file is None else visit_files.file_digest(self.file)
        return *self.model_dump().items(), content

    def _recorded(self, start: datetime) -> visit_files.Table:
        if self.visits is not None:
            return visit_files.inline(self.visits)
        assert self.file is not None, "one of file and visits is always given"
        return visit_files.cdnow(self.file, start) if self.format == "cdnow" else visit_files.visits(self.file)
