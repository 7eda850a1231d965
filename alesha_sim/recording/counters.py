"""What stands in for a log whose table is off: it counts what the figures of a result need, and keeps no rows.

Each counter has the functions of the log in `recording/` that it replaces, and `tally()`, which returns what
`results/metrics.py` would count in the table. No rule and no decision lives here.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from alesha_sim.columns import INFINITY, MISSING_TIME, NAN, Vocabulary, times
from alesha_sim.numeric.counts import bincount
from alesha_sim.recording.order_log import OrderLog
from alesha_sim.recording.packed_rows import PackedRows
from alesha_sim.recording.replenishment_log import ReplenishmentLog
from alesha_sim.recording.visit_log import VisitLog
from alesha_sim.units import total
from alesha_sim.vocabulary import DECLINED, DELIVERED, IN_DOUBT, RECEIVED, STATUSES


class MessageTally:
    """Counts the copies of messages that are sent to one recipient, and how long those served had waited.

    A copy has no number. What `sent` returns instead is how many microseconds it has waited for a worker, which
    its receiver adds to when it takes the copy up and hands back with `begun`, or with `served` if the answer
    comes at once.
    """

    mention = "".format
    """Names a message in an error's text: not at all."""

    def __init__(self) -> None:
        self.requests = 0
        self.details = Vocabulary(("",))
        self.sent, self.begun, self.served, self.lost, self.tally = _counters()

    def landed(self, row: int, at: float, fate: int = DELIVERED) -> None:
        """Do nothing about a copy that reached its receiver."""

    def withdrawn(self, row: int) -> None:
        """Do nothing about a copy that left the inbox unread."""

    def sent_again(self, row: int) -> int:
        """Count a second copy of a message that leaves together with the first."""
        return self.sent(0.0, 0, 0, 0, 0, 0, 0, object)


def _counters() -> tuple[
    Callable[..., int],
    Callable[..., None],
    Callable[..., None],
    Callable[[int], None],
    Callable[[], dict[str, int]],
]:
    """Return the functions through which every message passes, which share their counts and nothing else."""
    copies = losses = services = waited = 0

    def sent(
        at: float,
        request: int,
        order: int,
        visit: int,
        sender: int,
        recipient: int,
        attempt: int,
        kind: type,
        detail: int = 0,
    ) -> int:
        nonlocal copies
        copies += 1
        return 0

    def begun(row: int, started_at: float) -> None:
        nonlocal services, waited
        services += 1
        waited += row

    def served(row: int, started_at: float, finished_at: float) -> None:
        nonlocal services, waited
        if row >= 0:
            services += 1
            waited += row

    def lost(row: int) -> None:
        nonlocal losses
        losses += 1

    def tally() -> dict[str, int]:
        return {"rows": copies, "lost": losses, "served": services, "waited": waited}

    return sent, begun, served, lost, tally


class OrderTally(OrderLog):
    """Keeps of each order the 29 bytes by which its user's purchases, its status and its delivery are counted."""

    def __init__(self) -> None:
        self._orders = PackedRows(placed_at="d", total="q", user="i", status="B", delivered_at="d")
        self._doubted = set()
        self._move = self._orders.filler("status")
        self._deliver = self._orders.filler("delivered_at")

    def placed(
        self, at: float, user: int, total: int, method: str, advance: int, promised_at: float = INFINITY
    ) -> int:
        """Count an order as received and return its number; `user` is -1 for a replenishment of the shop's."""
        return 1 + self._orders.append(at, total, user, RECEIVED, NAN)

    def line(self, order: int, product: int, quantity: int, unit_price: int, unit_charge: int) -> None:
        """Do nothing about what an order asks for."""

    def status(self, order: int, status: int, reason: str = "") -> None:
        """Note that an order moved to `status`."""
        self._move(order - 1, self.known(order, status))

    def doubt(self, order: int) -> None:
        """Note that somebody gave up asking about an order that was not declined."""
        self._doubted.add(order)
        if self._orders.row(order - 1)["status"] != DECLINED:
            self._move(order - 1, IN_DOUBT)

    def paid(self, order: int, transaction: int, at: float) -> None:
        """Do nothing about the user's payment."""

    def fill(self, order: int, field: str, value: Any) -> None:
        """Note when an order was delivered."""
        if field == "delivered_at":
            self._deliver(order - 1, value)

    def tally(self) -> dict[str, int]:
        """Count users' orders, all and by status, and those delivered with the microseconds that took."""
        rows = self._orders.array()
        rows = rows[rows["user"] >= 0]
        statuses = bincount(rows["status"], minlength=len(STATUSES)).tolist()
        return {
            "orders": len(rows),
            **dict(zip(STATUSES, statuses, strict=True)),
            **lasted("delivery", times(rows["placed_at"]), times(rows["delivered_at"])),
        }


def lasted(name: str, began: npt.NDArray[np.int64], ended: npt.NDArray[np.int64]) -> dict[str, int]:
    """Count the rows that have both instants, and the microseconds in between."""
    both = (began != MISSING_TIME) & (ended != MISSING_TIME)
    return {f"{name}_rows": int(np.count_nonzero(both)), f"{name}_time": total(ended[both] - began[both])}


class VisitTally(VisitLog):
    """Counts visits."""

    def __init__(self) -> None:
        self._visits = 0
        self.reached = self.ordered = self.left = _overlook

    def __len__(self) -> int:
        return self._visits

    def arrived(self, at: float, user: int, intent: str = "honest") -> int:
        """Count a visit and return its number."""
        self._visits += 1
        return self._visits - 1

    def tally(self) -> dict[str, int]:
        """Return how many visits there were."""
        return {"rows": self._visits}


class ReplenishmentTally(ReplenishmentLog):
    """Numbers lots, which no figure counts."""

    def __init__(self) -> None:
        self._lots = 0

    def __len__(self) -> int:
        return self._lots

    def ordered(self, at: float, product: int, quantity: int) -> int:
        """Return the number of a lot that is asked for."""
        self._lots += 1
        return self._lots - 1

    def arrived(self, replenishment: int, at: float) -> None:
        """Do nothing about a lot that is ready."""

    def tally(self) -> dict[str, int]:
        """Return nothing."""
        return {}


def _overlook(*_: float) -> None:
    """Do nothing about how far a visit has come, what it ordered, and when and how it ended."""
