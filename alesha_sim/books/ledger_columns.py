"""The tables `transfers` and `accounts`, made of a ledger's rows, balances and chart."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from alesha_sim.books.accounts import BOOKS_MAX, KINDS
from alesha_sim.books.chart import Chart
from alesha_sim.columns import Columns, Packed, TextColumn, times


def transfers(chart: Chart, codes: Sequence[str], first: int, rows: Packed) -> Columns:
    """Return what the table `transfers` shows of packed rows, the first of which has the number `first`."""
    debit, credit, places = chart.sides(rows["debit"], rows["credit"])
    return {
        "transfer": np.arange(first, first + len(rows), dtype=np.int64),
        "posted_at": times(rows["at"]),
        "book": TextColumn(places % BOOKS_MAX, tuple(chart.books)),
        "debit": debit,
        "credit": credit,
        "amount": rows["amount"].astype(np.int64),
        "commodity": TextColumn(places // BOOKS_MAX, tuple(chart.commodities)),
        "code": TextColumn(rows["code"].astype(np.int32), tuple(codes)),
        "order": rows["order"].astype(np.int64),
        "entry": rows["entry"].astype(np.int64),
    }


def accounts(chart: Chart, opening: npt.NDArray[np.int64], closing: npt.NDArray[np.int64]) -> Columns:
    """Return the table `accounts` of balances, debits less credits, each in its account's natural direction."""
    labels, names = chart.names()
    places = np.array(chart.places, np.int32)
    signs = np.array(chart.signs, np.int64)
    return {
        "account": TextColumn(names, labels),
        "book": TextColumn(places % BOOKS_MAX, tuple(chart.books)),
        "kind": TextColumn(chart.kinds(), KINDS),
        "commodity": TextColumn(places // BOOKS_MAX, tuple(chart.commodities)),
        "opening": opening * signs,
        "closing": closing * signs,
    }
