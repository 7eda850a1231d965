"""All logs of one run but the ledger's."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from alesha_sim.columns import NAN
from alesha_sim.recording.counters import MessageCounter, thin
from alesha_sim.recording.levels import ALL, NotRecorded, Tallies
from alesha_sim.recording.message_log import MessageLog
from alesha_sim.recording.messages import Messages
from alesha_sim.recording.narrow_rows import in_memory
from alesha_sim.recording.order_log import OrderLog
from alesha_sim.recording.packed_rows import NewRows
from alesha_sim.recording.production_lot_log import ProductionLotLog
from alesha_sim.recording.visit_log import VisitLog
from alesha_sim.vocabulary import ORGANISATIONS

WAITED_FOR = ("bank", "shop")
"""The parties of whose messages a metric says how long they waited."""


class Records:
    """What a run records at the level `record`; `rows` makes the rows of each log where all is kept."""

    def __init__(self, skus: Sequence[str], users: int, rows: NewRows = in_memory, record: str = ALL) -> None:
        self.record = record
        rows = rows if record == ALL else thin
        self._messages = MessageLog(rows) if record == ALL else None
        self._message_counters: dict[str, MessageCounter] = {}
        self.organisations = list(ORGANISATIONS) if self._messages is None else self._messages.organisations
        """The names of those who are no users, in the order of their codes from -1 down."""
        self.orders, self.visits = OrderLog(skus, rows, self.organisations), VisitLog(rows)
        self.production_lots = ProductionLotLog(skus, rows)
        self.registered_at = np.full(users, NAN)

    @property
    def messages(self) -> MessageLog:
        """The log of messages; NotRecorded if they are off."""
        if self._messages is None:
            raise NotRecorded("messages", self.record)
        return self._messages

    def messages_to(self, recipient: str) -> Messages:
        """Return what takes down the messages to a kind of party: one log for all, or a counter of its own."""
        if self._messages is not None:
            return self._messages
        return self._message_counters.setdefault(recipient, MessageCounter())

    def tallies(self) -> Tallies:
        """Return what was counted in the place of each table that is off; no metric needs production_lots."""
        if self._messages is not None:
            return {}
        orders, visits = self.orders.counts(), {"rows": len(self.visits)}
        return {"orders": orders, "visits": visits, "production_lots": {}, "messages": self._message_counts()}

    def _message_counts(self) -> dict[str, int]:
        """Return how many messages there were and were lost, and how long those served by bank and shop waited."""
        said = {recipient: counter.counts() for recipient, counter in self._message_counters.items()}
        none = MessageCounter().counts()
        found = {name: sum(each[name] for each in said.values()) for name in ("rows", "lost")}
        for name in WAITED_FOR:
            own = said.get(name, none)
            found |= {f"{name}_rows": own["served"], f"{name}_time": own["waited"]}
        return found


class InboxStatistics(NamedTuple):
    """What an inbox counted: `mean_waiting` is the time-weighted mean number that waited since the start."""

    arrivals: int
    waited: int
    mean_waiting: float
    waiting_max: int
