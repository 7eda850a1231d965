"""The courier: how long a parcel travels, whether it is lost on the way, and what is on record of it.

A courier is no entity: it has neither inbox nor book. Who sends a parcel writes what becomes of it.
"""

from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt

from alesha_sim.messages import Acknowledged, CashCollected, Delivered, DeliveryRefused, Lines
from alesha_sim.vocabulary import NO_ID


class Courier:
    """Brings parcels to users, by the zone that each lives in; a shop lives in zone 0.

    `seconds` draws a travel time, one function a zone; `zones` is each user's zone, 0 for all if None. A parcel is
    lost with probability `lost`, decided by `loss_draw`, a number from [0, 1); the sender hears of it
    `report_seconds` after it should have arrived. Raises ValueError for a probability outside [0, 1): a parcel
    that is sent again must arrive at last.
    """

    def __init__(
        self,
        seconds: Sequence[Callable[[], float]],
        zones: Sequence[int] | npt.NDArray[np.integer] | None,
        lost: float,
        loss_draw: Callable[[], float] | None,
        report_seconds: Callable[[], float],
    ) -> None:
        if not 0 <= lost < 1:
            raise ValueError(f"lost: {lost!r}: must be a number from 0 to less than 1")
        if lost and loss_draw is None:
            raise ValueError(f"loss_draw: None: must be given where parcels are lost, {lost!r}")
        self._seconds = tuple(seconds)
        self._zones = zones
        self._lost = lost
        self._loss_draw = loss_draw
        self._report_seconds = report_seconds

    def travel(self, user: int) -> float:
        """Draw how long a parcel travels to a user, or to the shop by its code; seconds."""
        zone = 0 if self._zones is None or user < 0 else self._zones[user]
        return self._seconds[zone]()

    def loses(self) -> bool:
        """Decide whether the next parcel is lost."""
        return self._loss_draw is not None and self._lost > 0 and self._loss_draw() < self._lost

    def report(self) -> float:
        """Draw how long after its arrival was due the loss of a parcel is reported; seconds."""
        return self._report_seconds()


class Parcel:
    """What a sender has on record of a parcel: `entry` is the delivery's, `goods` are (product, units).

    `costs` is what each line of them was worth when it left, in minor units.
    At `arrives_at` it is handed over, or reported lost if `is_lost`. `reply` is what was said at the door, and
    `is_reported` whether the shop has been notified; `remit_at` is when what was collected is, and `returned`
    the transaction under which its charges came back.
    """

    __slots__ = (
        "arrives_at",
        "costs",
        "entry",
        "goods",
        "is_lost",
        "is_reported",
        "lines",
        "remit_at",
        "reply",
        "returned",
    )

    def __init__(
        self,
        entry: int,
        lines: Lines,
        goods: list[tuple[int, int]],
        costs: list[int],
        courier: Courier,
        user: int,
        now: float,
    ) -> None:
        self.entry = entry
        self.lines = lines
        self.goods = goods
        self.costs = costs
        self.is_lost = courier.loses()
        self.arrives_at = now + courier.travel(user) + (courier.report() if self.is_lost else 0.0)
        self.reply: Acknowledged | CashCollected | DeliveryRefused | None = None
        self.is_reported = False
        self.remit_at = 0.0
        self.returned = NO_ID

    def delivery_notice(self, collected: int) -> Delivered:
        """Return the notice to the shop once it is handed over; `collected` was paid for it, if anything was."""
        if not isinstance(self.reply, CashCollected):
            return Delivered(self.entry, self.lines)
        return Delivered(self.entry, self.lines, self.reply.transaction, collected)
