"""How laws read columns: whole numbers as they are, texts as codes in this package's order."""

from collections.abc import Mapping, Sequence
from typing import Any, cast

import numpy as np
import numpy.typing as npt

from alesha_sim.columns import TextColumn

Ints = npt.NDArray[np.signedinteger[Any]]
Mask = npt.NDArray[np.bool_]


EXACT_MAX = 2**60
"""Up to here sums count in 64 bits, since laws add and subtract a few of them."""


def exact(values: Ints, times: int | None = None) -> Ints:
    """Return whole numbers that add up exactly: Python's own where 64 bits might not hold the sum of all of them.

    `times` is how often all together count at most, where that is not once each.
    """
    bound = max(int(values.max(initial=0)), -int(values.min(initial=0))) * (
        len(values) if times is None else times
    )
    if bound > EXACT_MAX and times is None:
        bound = int(np.abs(values.astype(np.float64)).sum())
    return values if bound <= EXACT_MAX else cast(Ints, values.astype(object))


def recoded(
    column: TextColumn, words: Mapping[str, int] | Sequence[str], dtype: npt.DTypeLike | None = None
) -> npt.NDArray[Any]:
    """Return a text column's codes as `codes_of` does."""
    return codes_of(column.labels, words, dtype)[column.codes]


def codes_of(
    labels: Sequence[str], words: Mapping[str, int] | Sequence[str], dtype: npt.DTypeLike | None = None
) -> npt.NDArray[Any]:
    """Return the codes of labels by `words`, -1 where they are unknown, and one more -1 for what is missing.

    Of the type `dtype`, or of the smallest signed one that holds every code.
    """
    if not isinstance(words, Mapping):
        words = {word: code for code, word in enumerate(words)}
    if dtype is None:
        dtype = np.min_scalar_type(-1 - max(words.values(), default=0))
    return np.array([*(words.get(label, -1) for label in labels), -1], dtype)


def among(codes: Ints, words: Sequence[str], vocabulary: Sequence[str]) -> Mask:
    """Tell of each code of a vocabulary, or -1 for none, whether it stands for one of `words`."""
    wanted = np.zeros(len(vocabulary) + 1, np.bool_)
    wanted[[vocabulary.index(word) for word in words]] = True
    found: Mask = wanted[codes]
    return found
