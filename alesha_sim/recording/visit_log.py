"""The log of visits."""

import numpy as np

from alesha_sim.columns import NAN, Columns, Packed, TextColumn, Vocabulary, _or_missing, times
from alesha_sim.recording.narrow_rows import in_memory
from alesha_sim.recording.packed_rows import NewRows
from alesha_sim.vocabulary import HOME, INTENTS, NO_ID, OUTCOMES, STAGES


class VisitLog:
    """One row per visit, numbered from 0 in the order of arrival.

    `reached(visit, stage)` records the furthest stage that a visit has come to, `ordered(visit, order)` the order
    that it placed, `left(visit, at, outcome)` that it is over.
    """

    def __init__(self, rows: NewRows = in_memory) -> None:
        self.intents = Vocabulary(INTENTS)
        self.shops = Vocabulary(("",))
        self._table = rows(
            "visits",
            arrived_at="d",
            left_at="d",
            outcome="b",
            user="i",
            stage="B",
            order="i",
            intent="B",
            shop="H",
        )
        self._chose = self._table.part("shop").fill
        self.reached = self._table.part("stage").fill
        self.ordered = self._table.part("order").fill
        self.left = self._table.part("left_at", "outcome").fill_two

    def __len__(self) -> int:
        return len(self._table)

    def arrived(self, at: float, user: int, intent: str = "honest", shop: str = "") -> int:
        """Record that a visit begins and return its number; `shop` is the name of a shop chosen before it."""
        return self._table.append(at, NAN, -1, user, HOME, NO_ID, self.intents[intent], self.shops[shop])

    def chose(self, visit: int, shop: str) -> None:
        """Record to which shop a visit goes."""
        self._chose(visit, self.shops[shop])

    def columns(self, first: int = 0, rows: Packed | None = None) -> Columns:
        """Return the table `visits`, or what it shows of packed rows from row `first` on.

        A visit that is not over has no outcome, and one whose user has not chosen yet no shop.
        """
        rows = self._table.array() if rows is None else rows
        return {
            "visit": np.arange(first, first + len(rows), dtype=np.int64),
            "user": rows["user"].astype(np.int64),
            "arrived_at": times(rows["arrived_at"]),
            "left_at": times(rows["left_at"]),
            "stage": TextColumn(rows["stage"].astype(np.int32), STAGES),
            "outcome": TextColumn(rows["outcome"].astype(np.int32), OUTCOMES),
            "order": rows["order"].astype(np.int64),
            "intent": self.intents.text_column(rows["intent"]),
            "shop": _or_missing(self.shops, rows["shop"]),
        }
