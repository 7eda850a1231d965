"""Samples that a reader's own function took of a run, and how a manifest holds them."""

from collections.abc import Mapping
from math import isnan
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt


class Samples(NamedTuple):
    """What a collector sampled every `every` seconds: `values[i]` (one column a name) at `seconds[i]`."""

    names: tuple[str, ...]
    every: float
    seconds: npt.NDArray[np.float64]
    values: npt.NDArray[np.float64]

    def plain(self) -> dict[str, Any]:
        """Return the samples as JSON can hold them, None where a value is none."""
        values = [[None if isnan(value) else value for value in row] for row in self.values.tolist()]
        return {"names": [*self.names], "every": self.every, "seconds": self.seconds.tolist(), "values": values}

    @classmethod
    def read(cls, said: Mapping[str, Any]) -> "Samples":
        """Return the samples that `plain` wrote."""
        names, seconds = tuple(map(str, said["names"])), np.array(said["seconds"], np.float64)
        values = np.array(said["values"], np.float64).reshape(len(seconds), len(names))
        return cls(names, float(said["every"]), seconds, values)
