"""Columns of a log: what a missing value is, coded text, packed rows."""

from collections.abc import Iterable, Sequence
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from alesha_sim.numbered import NumberedLabels
from alesha_sim.units import MICROSECONDS
from alesha_sim.vocabulary import NO_ID

MISSING_TIME = int(np.iinfo(np.int64).min)
_NO_CODE: Final = -2
NAN: Final = float("nan")
INFINITY: Final = float("inf")


class TextColumn(NamedTuple):
    """A text column: `codes` (int32, -1 = missing) index `labels`."""

    codes: npt.NDArray[np.int32]
    labels: Sequence[str]


Column = npt.NDArray[Any] | TextColumn
Columns = dict[str, Column]
Packed = npt.NDArray[np.void]


def times(seconds: npt.NDArray[np.float64]) -> npt.NDArray[np.int64]:
    """Return instants as whole microseconds since the start, `MISSING_TIME` where they are NaN."""
    missing = np.isnan(seconds)
    whole: npt.NDArray[np.int64] = np.rint(np.where(missing, 0.0, seconds) * MICROSECONDS).astype(np.int64)
    whole[missing] = MISSING_TIME
    return whole


class Vocabulary(dict[str, int]):
    """Words and their codes, numbered in the order of first use; asking for a new word adds it."""

    def __init__(self, words: Sequence[str] = ()) -> None:
        super().__init__({word: code for code, word in enumerate(words)})

    def __missing__(self, word: str) -> int:
        code = self[word] = len(self)
        return code

    def text_column(self, codes: npt.NDArray[Any]) -> TextColumn:
        """Return `codes` as a text column of these words."""
        return TextColumn(codes.astype(np.int32), tuple(self))


def _name(code: int, organisations: Sequence[str]) -> str:
    """Return an entity's name from its code; one that stands for nobody is shown as it is, `entity:-7`."""
    return f"user:{code}" if code >= 0 else dict(enumerate(organisations)).get(-1 - code, f"entity:{code}")


def entity_names(codes: npt.NDArray[Any], organisations: Sequence[str]) -> TextColumn:
    """Return entity codes (a user's number, or -1 - k for organisation k) as the names `user:17`, `shop`."""
    own = len(organisations)
    users = int(codes.max(initial=-1)) + 1
    if users > len(codes) or codes.min(initial=0) < -own:  # few rows of many users, or codes of nobody
        found, places = np.unique(codes, return_inverse=True)
        return TextColumn(places.astype(np.int32), [_name(code, organisations) for code in found.tolist()])
    labels = [*organisations, *(f"user:{number}" for number in range(users))]
    return TextColumn(np.where(codes < 0, -1 - codes, codes + own).astype(np.int32), labels)


def organisation_names(codes: npt.NDArray[Any], organisations: Sequence[str]) -> TextColumn:
    """Return codes of organisations (-1 - k for organisation k) as their names; any other is missing."""
    return TextColumn(np.maximum(-1 - codes, NO_ID).astype(np.int32), organisations)


class Kinds(dict[type, int]):
    """The codes of kinds of message, by their classes; those of one name share a code."""

    def __init__(self) -> None:
        super().__init__()
        self.words = Vocabulary()

    def __missing__(self, kind: type) -> int:
        code = self[kind] = self.words[kind.__name__]
        return code


def _or_missing(vocabulary: Vocabulary, codes: npt.NDArray[Any]) -> TextColumn:
    """Return a text column in which the vocabulary's first word, the empty one, is missing."""
    return TextColumn(codes.astype(np.int32) - 1, tuple(vocabulary)[1:])


def codes(column: Column) -> npt.NDArray[Any]:
    """Return a column's numbers: of a text its codes."""
    return column.codes if isinstance(column, TextColumn) else column


def rows(columns: Columns) -> int:
    """Return how many rows a table has."""
    return len(codes(next(iter(columns.values()))))


def numbers(columns: Columns, name: str) -> npt.NDArray[np.int64]:
    """Return a column of whole numbers; raises ValueError for text and for numbers of another type.

    Tables may come from a reader of the package, so a column of a wrong type is bad input.
    """
    column = columns[name]
    if isinstance(column, TextColumn) or column.dtype != np.int64:
        raise ValueError(f"column {name}: must hold 64-bit whole numbers")
    return column


def text_column(columns: Columns, name: str) -> TextColumn:
    """Return a column of text; raises ValueError for numbers."""
    column = columns[name]
    if not isinstance(column, TextColumn):
        raise ValueError(f"column {name}: must hold text")
    return column


def equals(text: TextColumn, word: str) -> npt.NDArray[np.bool_]:
    """Tell of each row whether its text is `word`."""
    labels = text.labels
    found = 2 if isinstance(labels, NumberedLabels) else labels.count(word)
    if found > 1:
        return isin(text, [word])
    same: npt.NDArray[np.bool_] = text.codes == (labels.index(word) if found else _NO_CODE)
    return same


def isin(text: TextColumn, words: Iterable[str]) -> npt.NDArray[np.bool_]:
    """Tell of each row whether its text is one of `words`."""
    wanted = frozenset(words)
    # One entry more than labels, so that the code -1 of a missing text finds a False.
    hits = np.zeros(len(text.labels) + 1, np.bool_)
    labels = text.labels
    hits[:-1] = labels.isin(wanted) if isinstance(labels, NumberedLabels) else [*map(wanted.__contains__, labels)]
    return hits[text.codes]
