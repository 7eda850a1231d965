"""The warehouse: what is free, what is on order, and who waits; which lot is ordered when.

Contains decisions alone, without a clock, a book or a yield: its keeper writes what they mean into a book, draws
lead times, and comes back when a lot has arrived.
"""

from collections import deque
from collections.abc import Sequence
from math import floor
from operator import index
from typing import Any, NamedTuple

from alesha_sim.columns import INFINITY
from alesha_sim.policies import PolicyError, StockPolicy
from alesha_sim.units import AMOUNT_MAX

Goods = list[tuple[int, int]]
"""(product's index, units)."""

IDLE_REVIEWS_MAX = 100
"""So many reviews after the horizon that bring nothing end reviewing: no policy may keep a run going forever."""


class Reservation:
    """Units of a product that `owner` is to get; `missing` of them are neither set aside nor made yet."""

    __slots__ = ("missing", "owner", "product", "units")

    def __init__(self, owner: Any, product: int, units: int) -> None:
        self.owner = owner
        self.product = product
        self.units = units
        self.missing = units


class StockTerms(NamedTuple):
    """How goods are kept: `policy` decides what is kept and ordered.

    A lot has at least `minimum_lot` units, and with `capacity` there is room for so many units of a product free
    and on order together. Until `horizon`, seconds, periodic policies are reviewed in every period. A keeper that
    `buys` its goods makes none: what the policy does not keep is ordered as soon as somebody waits for it.
    """

    policy: StockPolicy
    minimum_lot: int = 1
    capacity: int | None = None
    horizon: float = INFINITY
    buys: bool = False


class Warehouse:
    """Stock by product, in units; a product that the policy does not keep is made to order, but may be free too.

    While anything is free, nobody waits for it: what comes in goes to who has waited longest. What is reserved
    takes no room. Beyond their horizon a periodic policy is reviewed only while somebody waits. Raises ValueError
    where no lot has room.

    All that is ever ordered, at `costs` minor units a unit by product, must fit in 64 bits; what is ordered beyond
    that is a PolicyError, which names the policy as that of `owner`.
    """

    def __init__(
        self,
        terms: StockTerms,
        skus: Sequence[str],
        costs: Sequence[int] | None = None,
        *,
        owner: str = "supplier.stock",
    ) -> None:
        policy, minimum_lot, capacity, horizon, self._buys = terms
        if capacity is not None and capacity < minimum_lot:
            raise ValueError(f"capacity: {capacity}: must be at least minimum_lot, {minimum_lot}")
        self._policy: Any = policy  # one of somebody's own may answer with anything
        self._counted: Any = getattr(policy, "counted", 1)
        opening = [self._opening(sku) for sku in skus]
        self.available = [units or 0 for units in opening]
        self.on_order = [0] * len(skus)
        self.backordered = [0] * len(skus)
        self.ordered = [0] * len(skus)
        self.demands: list[list[int]] = [[] for _ in skus]
        self._has_level = [units is not None for units in opening]
        self.is_kept = [self._buys or has_level for has_level in self._has_level]
        period = self._policy.period
        self.period = None if period is None else float(period)
        self._skus = tuple(skus)
        self._minimum_lot = minimum_lot
        self._capacity = capacity
        self._horizon = horizon
        self._waiting: list[deque[Reservation]] = [deque() for _ in skus]
        self._demanded = [0] * len(skus)
        self._closed = self._reviewed = 0
        self._idle_reviews = 0
        self._owner = owner
        # What costs nothing is counted in units, which must fit as well.
        self._costs = [max(cost, 1) for cost in costs or [0] * len(self._skus)]
        self._ordered: Any = 0  # may pass 64 bits, where this is compiled too

    def _opening(self, sku: str) -> int | None:
        """Return what the policy has of a product at the start, None if it does not keep it."""
        given = self._policy.opening(sku)
        return None if given is None else _whole(f"opening of {sku}", given)

    def in_stock(self) -> Goods:
        """Return what is free, product by product."""
        return [(product, units) for product, units in enumerate(self.available) if units]

    def can_serve(self, goods: Goods) -> bool:
        """Tell whether nothing of these goods would have to wait: all is free, or made to order."""
        return all(units <= self.available[product] or not self.is_kept[product] for product, units in goods)

    def position(self, product: int) -> int:
        """Return what is free and on order, less what is back-ordered."""
        return self.available[product] + self.on_order[product] - self.backordered[product]

    def _counted_position(self, product: int) -> Any:
        """Return the position as the policy sees it, which may forget a part of what is on order."""
        if self._counted == 1:
            return self.position(product)
        return self.available[product] - self.backordered[product] + self._counted * self.on_order[product]

    # Who gets what

    def demand(self, goods: Goods, at: float) -> None:
        """Count a demand for the forecasts, whether it is met or not."""
        if self.period is None:
            return
        over = _periods(at, self.period)
        # Demand at the very end of a period is of that period; periods before it nobody reviewed in the meantime.
        self._close_periods(over - 1 if over * self.period == at else over)
        for product, units in goods:
            self._demanded[product] += units

    def _close_periods(self, last: int) -> None:
        """Close the periods up to number `last`, of which the first has had all the demand."""
        missed = last - self._closed
        if missed <= 0:
            return
        self._closed = last
        for product, units in enumerate(self._demanded):
            self.demands[product] += [units] + [0] * (missed - 1)
            self._demanded[product] = 0

    def reserve(self, reservation: Reservation, *, expedite: bool = False) -> int:
        """Reserve what is free and return how much; what is missing waits, or is to be made if it is not kept."""
        product = reservation.product
        taken = min(self.available[product], reservation.missing)
        self.available[product] -= taken
        reservation.missing -= taken
        if reservation.missing and self.is_kept[product]:
            self.backordered[product] += reservation.missing
            self._idle_reviews = 0
            if expedite:
                self._waiting[product].appendleft(reservation)
            else:
                self._waiting[product].append(reservation)
        return taken

    def take_in(self, product: int, units: int) -> list[tuple[Reservation, int]]:
        """Take units in, new or returned, and return who gets how many of them now; the rest is available."""
        waiting, given = self._waiting[product], []
        while waiting and units:
            reservation = waiting[0]
            taken = min(units, reservation.missing)
            units -= taken
            reservation.missing -= taken
            self.backordered[product] -= taken
            given.append((reservation, taken))
            if not reservation.missing:
                waiting.popleft()
        self.available[product] += units
        return given

    def withdraw(self, reservation: Reservation) -> int:
        """Let a reservation wait no longer and return the units it had; the caller takes them in again."""
        waiting = self._waiting[reservation.product]
        if reservation.missing and reservation in waiting:
            waiting.remove(reservation)
            self.backordered[reservation.product] -= reservation.missing
        return reservation.units - reservation.missing

    # What is ordered

    def to_order(self, product: int) -> int:
        """Return how many units of a product the policy orders now, 0 for none; they count as on order.

        Raises PolicyError for a policy that does not name a whole number from 0 on, and for one that is too large.
        """
        if not self.is_kept[product]:
            return 0
        sku = self._skus[product]
        if self._has_level[product]:
            answer = self._policy.order(sku, self._counted_position(product), self.demands[product])
            ordered = _whole(f"order of {sku}", answer)
        else:
            ordered = max(0, -self.position(product))
        units = max(ordered, self._minimum_lot) if ordered else 0
        if units and self._capacity is not None:
            room = self._capacity - self.available[product] - self.on_order[product]
            units = min(units, room) if room >= self._minimum_lot else 0
        self._ordered += units * self._costs[product]
        if self._ordered > AMOUNT_MAX:
            what = f"{self._owner}: {type(self._policy).__name__}: order of {sku}"
            amount = f"{units} units at {self._costs[product]} minor units each"
            raise PolicyError(f"{what}: {amount}: all that is ordered must fit in 64 bits of minor units")
        self.expect(product, units)
        return units

    def expect(self, product: int, units: int) -> None:
        """Count units as ordered, or as ordered no more if there are fewer than none."""
        self.on_order[product] += units
        self.ordered[product] += units

    def is_tight(self) -> bool:
        """Tell whether an arrival makes room for which the policy has to be asked again."""
        return self._capacity is not None and self.period is None

    def arrived(self, product: int, units: int) -> list[tuple[Reservation, int]]:
        """Take in units that were on order, and return who gets how many of them."""
        self.on_order[product] -= units
        return self.take_in(product, units)

    # Periodic reviews, at k * period for k >= 1

    def review(self, now: float) -> Goods:
        """Close the periods that are over and return what is ordered; nothing if none has ended since the last."""
        if self.period is None or (self._reviewed + 1) * self.period > now:
            return []
        self._close_periods(_periods(now, self.period))
        self._reviewed = self._closed
        asked = ((product, self.to_order(product)) for product in range(len(self._skus)))
        lots = [(product, units) for product, units in asked if units]
        self._idle_reviews = self._idle_reviews + 1 if now > self._horizon and not any(self.on_order) else 0
        return lots

    def next_review(self, now: float) -> float:
        """Return the next instant at which to review, now if one was missed, infinity for none."""
        if self.period is None:
            return INFINITY
        at = (self._reviewed + 1) * self.period
        if at > self._horizon:
            if not any(self.backordered) or self._idle_reviews >= IDLE_REVIEWS_MAX:
                return INFINITY
            if at <= now:
                return (floor(now / self.period) + 1) * self.period
        return max(at, now)


def _periods(at: float, period: float) -> int:
    """Return how many periods are over at an instant, the one that ends then included."""
    over = floor(at / period)  # the quotient may be rounded over a whole number
    while (over + 1) * period <= at:
        over += 1
    while over * period > at:
        over -= 1
    return over


def _whole(what: str, given: Any) -> int:
    """Return a policy's answer as an int; raises PolicyError unless it is a whole number from 0 on."""
    if not hasattr(given, "__index__") or given < 0:
        raise PolicyError(f"stock policy: {what}: {given!r}: must be a whole number from 0 on")
    return index(given)
