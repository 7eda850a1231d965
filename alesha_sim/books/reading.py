"""How laws read columns: whole numbers as they are, texts as codes in this package's order."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from alesha_sim.records import Coded, Columns

Ints = npt.NDArray[np.signedinteger[Any]]
Mask = npt.NDArray[np.bool_]


def numbers(table: Columns, name: str) -> npt.NDArray[np.int64]:
    """Return a column of whole numbers."""
    column = table[name]
    if isinstance(column, Coded) or column.dtype != np.int64:
        raise ValueError(f"column {name}: must hold 64-bit whole numbers")
    return column


def coded(table: Columns, name: str) -> Coded:
    """Return a column of text."""
    column = table[name]
    if not isinstance(column, Coded):
        raise ValueError(f"column {name}: must hold text")
    return column


def recoded(
    column: Coded, words: Mapping[str, int] | Sequence[str], dtype: npt.DTypeLike = np.int8
) -> npt.NDArray[Any]:
    """Return a text column's codes by `words`; -1 where it is missing or unknown."""
    return codes_of(column.labels, words, dtype)[column.codes]


def codes_of(
    labels: Sequence[str], words: Mapping[str, int] | Sequence[str], dtype: npt.DTypeLike = np.int8
) -> npt.NDArray[Any]:
    """Return the codes of labels by `words`, -1 where they are unknown, and one more -1 for what is missing."""
    if not isinstance(words, Mapping):
        words = {word: code for code, word in enumerate(words)}
    return np.array([*(words.get(label, -1) for label in labels), -1], dtype)
