"""Labels that differ by a number, such as the names of a million users' accounts, kept without their texts."""

import re
from collections.abc import Collection, Iterator, Sequence
from operator import add
from typing import Any, Final

import numpy as np
import numpy.typing as npt

WIDTH: Final = 2**32
_FEW: Final = 8
"""Up to how many words are faster looked for one by one."""

_NUMBER = re.compile("(0|[1-9][0-9]{0,8})?")


class NumberedLabels(Sequence[str]):
    """Labels as whole numbers: `WIDTH` times the place of a stem in `stems`, plus 1 + the number after it, or 0.

    Numbers are below 10**9. No text is made until somebody asks for it, since of a million accounts few are ever
    shown. A stem is of one label alone or of numbered ones only, and ends in a colon then, or is the only one.
    """

    def __init__(self, stems: Sequence[str], keys: npt.NDArray[np.int64]) -> None:
        self.stems, self.keys = stems, keys

    def __len__(self) -> int:
        return len(self.keys)

    def __getitem__(self, place: Any) -> Any:
        keys = self.keys[place]
        return NumberedLabels(self.stems, keys) if np.ndim(keys) else next(iter(self[[place]]))

    def __iter__(self) -> Iterator[str]:
        stems, digits = (self.keys // WIDTH).tolist(), (self.keys % WIDTH - 1).tolist()
        for place in np.flatnonzero(self.keys % WIDTH == 0).tolist():
            digits[place] = ""
        return map(add, map(self.stems.__getitem__, stems), map(str, digits))

    def joined(self, between: str) -> str:
        """Return `between.join(self)`, faster."""
        stems = [between + stem for stem in self.stems]
        pieces = [""] * (2 * len(self.keys))
        pieces[::2] = [stems[place] for place in (self.keys // WIDTH).tolist()]
        pieces[1::2] = map(str, (self.keys % WIDTH - 1).tolist())
        for place in np.flatnonzero(self.keys % WIDTH == 0).tolist():
            pieces[2 * place + 1] = ""
        return "".join(pieces)[len(between) :]

    def isin(self, words: Collection[str]) -> npt.NDArray[np.bool_]:
        """Tell of each label whether it is one of `words`."""
        split = ((place, word, len(stem)) for place, stem in enumerate(self.stems) for word in words
                 if word.startswith(stem) and _NUMBER.fullmatch(word, len(stem)))  # fmt: skip
        wanted = [place * WIDTH + 1 + int(word[end:] or -1) for place, word, end in split]
        if len(wanted) > _FEW:
            return np.isin(self.keys, wanted)
        found = np.zeros(len(self.keys), np.bool_)
        for key in wanted:
            found |= self.keys == key
        return found

    def find(self, others: "NumberedLabels") -> npt.NDArray[np.int64]:
        """Return the place of each of other labels, of the same stems, among these, -1 for none."""
        order = np.argsort(self.keys, kind="stable")
        # The last place is of no label, for what comes before the first.
        found = np.append(order, -1)[np.searchsorted(self.keys, others.keys, "right", order) - 1]
        return np.where(np.append(self.keys, -1)[found] == others.keys, found, -1)


def split(labels: Sequence[str]) -> tuple[Sequence[str], npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Return stems, and of each label its stem's place and its number; a text is its own stem, of no number."""
    if isinstance(labels, NumberedLabels):
        return labels.stems, labels.keys // WIDTH, labels.keys % WIDTH - 1
    return labels, np.arange(len(labels)), np.full(len(labels), -1)
