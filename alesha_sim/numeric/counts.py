"""The two calls of NumPy that want pointer-sized whole numbers, for columns of 64 bits on every platform.

Where a pointer has 32 bits (WebAssembly, 32-bit ARM), `np.bincount` and `np.repeat` refuse the int64 of which all
columns here are made. Nothing else in the package may call the two; `tests/test_tidy.py` says so.
"""

from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

Kind = TypeVar("Kind", bound=np.generic)


def bincount(places: npt.ArrayLike, weights: npt.ArrayLike | None = None, minlength: int = 0) -> npt.NDArray[Any]:
    """Return how often each place from 0 occurs (int64), or with `weights` their sums (float64).

    Places are whole numbers of any type, none negative; as for `np.bincount`, ValueError is raised otherwise.
    """
    found = np.bincount(np.asarray(places, np.intp), weights, minlength)
    return found.astype(np.int64 if weights is None else np.float64, copy=False)


def repeat(values: npt.NDArray[Kind], times: npt.ArrayLike) -> npt.NDArray[Kind]:
    """Return each value as many times as `times` says, one number for all or one for each, of any whole type."""
    return np.repeat(values, np.asarray(times, np.intp))
