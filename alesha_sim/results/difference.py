"""Where two runs begin to differ."""

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from alesha_sim.columns import Column, Columns, TextColumn, numbers, times
from alesha_sim.conversation.selection import plain_messages
from alesha_sim.recording.levels import Tallies
from alesha_sim.results.explanation import _text
from alesha_sim.storage.on_disk import tallies_of

if TYPE_CHECKING:
    from alesha_sim.scenarios.demand.base import Visits


def is_as_drawn(visits: Columns, drawn: "Visits", ended_at: float) -> bool:
    """Tell whether the visits are those that were drawn, as far as they began before the end (seconds)."""
    begun = drawn.at <= ended_at
    found = numbers(visits, "user"), numbers(visits, "arrived_at")
    wanted = drawn.user[begun], times(drawn.at[begun])
    return all(np.array_equal(one, other) for one, other in zip(found, wanted, strict=True))


SAID = ("sender", "recipient", "kind", "order", "attempt", "sent_at", "reason", "delivered_at", "fate")
"""The columns of messages that say what happened when; others repeat it later."""


def first_difference(one: Mapping[str, Columns], other: Mapping[str, Columns], start: datetime) -> str | None:
    """Name the first message that differs, else the first row of another table, else the first count.

    None if all that both have is the same.
    """
    shared = [table for table in one if table in other]
    row = _first_row(one["messages"], other["messages"], SAID) if "messages" in shared else None
    if row is not None:
        mine, theirs = (_message(tables["messages"], row, start) for tables in (one, other))
        return f"message {row}: {mine} against {theirs}"
    for table in shared:
        row = _first_row(one[table], other[table], tuple(one[table]))
        if row is None:
            continue
        for name in one[table]:
            values = [_value(tables[table], name, row) for tables in (one, other)]
            if values[0] != values[1]:
                return f"{table}: row {row}: {name}: {values[0]} against {values[1]}"
    return _first_count(tallies_of(one), tallies_of(other))


def _first_count(one: Tallies, other: Tallies) -> str | None:
    """Name the first count that differs of a table that both counted; None if all are the same."""
    for table in one:
        for name, count in one[table].items():
            if count != other.get(table, one[table])[name]:
                return f"{table}: counted {name}: {count} against {other[table][name]}"
    return None


def _first_row(one: Columns, other: Columns, names: tuple[str, ...]) -> int | None:
    lengths = {len(_codes(columns[names[0]])) for columns in (one, other)}
    size = min(lengths)
    differs = np.zeros(size, np.bool_)
    for name in names:
        mine, theirs = _comparable(one[name], other[name])
        differs |= mine[:size] != theirs[:size]
    if differs.any():
        return int(differs.argmax())
    return None if len(lengths) == 1 else size


def _comparable(one: Column, other: Column) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Return two columns as numbers that are equal where the values are."""
    if not isinstance(one, TextColumn) or not isinstance(other, TextColumn):
        return _codes(one), _codes(other)
    places = {label: place for place, label in enumerate(dict.fromkeys((*one.labels, *other.labels)))}
    mine, theirs = (np.array([*(places[label] for label in text.labels), -1]) for text in (one, other))
    return mine[one.codes], theirs[other.codes]


def _codes(column: Column) -> npt.NDArray[np.int64]:
    return column.codes.astype(np.int64) if isinstance(column, TextColumn) else column


def _value(columns: Columns, name: str, row: int) -> object:
    column = columns[name]
    if row >= len(_codes(column)):
        return "no such row"
    return _text(column, row) if isinstance(column, TextColumn) else column[row].item()


def _message(messages: Columns, row: int, start: datetime) -> str:
    count = len(numbers(messages, "message"))
    if row >= count:
        return "no message"
    (said,) = plain_messages(messages, np.arange(count) == row, start)
    detail = f" ({said.reason})" if said.reason else ""
    fate = "" if said.fate == "delivered" else f", {said.fate}"
    return f"{said.sender} -> {said.recipient} {said.kind}{detail}{fate} at {said.sent_at}"
