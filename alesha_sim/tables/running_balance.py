"""Balances of accounts over time, from the rows of transfers: what changes one, and the sum after each change."""

from collections.abc import Collection
from typing import Any

import numpy as np
import numpy.typing as npt

from alesha_sim.columns import Columns, isin, numbers, text_column
from alesha_sim.numeric.counts import repeat

Ints = npt.NDArray[np.int64]


def changes(transfers: Columns, accounts: Collection[str]) -> tuple[Ints, Ints]:
    """Return the rows that change the balance of some accounts together, and by how much: positive for a debit."""
    debit, credit = (isin(text_column(transfers, side), accounts) for side in ("debit", "credit"))
    rows = np.flatnonzero(debit != credit)
    amounts = numbers(transfers, "amount")[rows]
    return rows, np.where(debit[rows], amounts, -amounts)


def begins(*keys: Ints) -> npt.NDArray[np.bool_]:
    """Tell of each row whether it is the first, or one of its keys differs from that of the row before."""
    found = np.ones(len(keys[0]), np.bool_)
    found[1:] = np.any([key[1:] != key[:-1] for key in keys], axis=0)
    return found


def running(changes: npt.NDArray[Any], first: npt.NDArray[np.bool_]) -> npt.NDArray[Any]:
    """Return the sum after each change, where sums start from zero at each `first`, of which row 0 is one."""
    sums = np.cumsum(changes)
    starts = np.flatnonzero(first)
    sums -= repeat((sums - changes)[starts], np.diff(np.append(starts, len(changes))))
    return sums
