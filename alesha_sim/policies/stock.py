"""What a keeper of goods decides by: which orders it takes, and how many units it orders when.

Contains policies only: what is on hand and who waits for it is in `entities/stock.py`.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from math import isfinite, sqrt
from operator import index
from statistics import fmean, stdev
from typing import ClassVar, Protocol, runtime_checkable

from alesha_sim.policies.settlement import SECONDS_MAX, refuse
from alesha_sim.units import as_whole

Levels = int | Mapping[str, int]
"""A number of units: the same for all products, or a table by SKU; products left out are made to order."""

UNITS_MAX = 10**9
"""The largest number of units that a policy can name: a stock of them still fits the books."""


class PolicyError(ValueError):
    """A policy answered what cannot be used; the text names the policy, what it was asked and the answer."""


@runtime_checkable
class StockPolicy(Protocol):
    """What a keeper of goods asks about its stock; all numbers are units of one product."""

    @property
    def period(self) -> float | None:
        """Seconds between reviews, at k * period for k >= 1; None: every demand is a review of its products."""

    def accepts(self, lines: Sequence[tuple[str, int]]) -> bool:
        """Tell whether an order of these (SKU, quantity) lines is taken, be there stock or not."""

    def opening(self, sku: str) -> int | None:
        """Return what is in stock at the start; None: nothing is kept, every unit is made for its order."""

    def order(self, sku: str, position: int, demands: Sequence[int]) -> int:
        """Return how many units to order at a review, 0 for none; asked only for products that are kept.

        `position` is what is free and on order, less what is back-ordered; of what is on order only the share
        `counted`, if the policy has that attribute. `demands` are the units demanded in
        each past period, the latest last; empty for a policy without periods.
        """


@dataclass(frozen=True, slots=True)
class MakeToOrder:
    """Every unit is made for its order; nothing is kept in stock.

    An order that holds any of the SKUs in `unavailable` is rejected as a whole. Raises ValueError unless
    `unavailable` is a list of texts.
    """

    kind: ClassVar[str] = "make_to_order"
    durations: ClassVar[tuple[str, ...]] = ()
    period: ClassVar[None] = None
    unavailable: tuple[str, ...] = field(
        default=(), metadata={"description": "SKUs that are not made: orders of them are rejected"}
    )

    def __post_init__(self) -> None:
        """Keep the SKUs as a tuple, so that equal policies are equal and cannot be changed."""
        given: object = self.unavailable
        if not isinstance(given, list | tuple):
            raise ValueError(f"unavailable: {given!r}: must be a list of SKUs")
        strangers = ((n, sku) for n, sku in enumerate(given) if not isinstance(sku, str))
        refuse(f"unavailable[{n}]: {sku!r}: must be text" for n, sku in strangers)
        object.__setattr__(self, "unavailable", tuple(given))

    def accepts(self, lines: Sequence[tuple[str, int]]) -> bool:
        """Tell whether every product of the order is made."""
        unavailable = self.unavailable
        return not unavailable or not any(sku in unavailable for sku, _ in lines)

    def opening(self, sku: str) -> int | None:
        """Keep nothing."""
        return None

    def order(self, sku: str, position: int, demands: Sequence[int]) -> int:
        """Order nothing: what is made is made for an order."""
        return 0


@dataclass(frozen=True, slots=True)
class _Kept:
    """What the policies that keep goods have in common: they take every order and name levels."""

    durations: ClassVar[tuple[str, ...]] = ()

    def accepts(self, lines: Sequence[tuple[str, int]]) -> bool:
        """Take every order; whether it waits or is rejected where goods are short, its keeper decides."""
        return True

    def _settle(self, least: Mapping[str, int]) -> list[str]:
        """Keep own copies of the levels named in `least`, and return the faults of those below it."""
        faults: list[str] = []
        for name, bound in least.items():
            given = getattr(self, name)
            rule = f"must be a whole number from {bound} to {UNITS_MAX}"
            entries = given if isinstance(given, Mapping) else {None: given}
            if not entries:
                faults.append(f"{name}: {given!r}: must name a product, or be a number for all")
            for sku, units in entries.items():
                if as_whole(units, bound, UNITS_MAX) is None:
                    faults.append(f"{name if sku is None else f'{name}.{sku}'}: {units!r}: {rule}")
            if not faults:
                kept = {sku: index(units) for sku, units in entries.items()}
                object.__setattr__(self, name, kept if isinstance(given, Mapping) else kept[None])
        return faults


@dataclass(frozen=True, slots=True)
class BaseStock(_Kept):
    """Base stock (S - 1, S): order at each demand what is missing to `level`, which is also the opening stock.

    With back-orders and Poisson demand of single units at rate lambda, stock less back-orders is
    S - Poisson(lambda L) in the long run (Zipkin, "Foundations of Inventory Management", section 6.2); with lost
    sales the share lost is Erlang's B. Raises ValueError for levels that are no whole numbers from 0 on.
    """

    kind: ClassVar[str] = "base_stock"
    period: ClassVar[None] = None
    level: Levels = field(
        hash=False, metadata={"description": "units in stock and being made, less those waited for", "example": 10}
    )

    def __post_init__(self) -> None:
        """Check the level."""
        refuse(self._settle({"level": 0}))

    def opening(self, sku: str) -> int | None:
        """Open with the level."""
        return _of(self.level, sku)

    def order(self, sku: str, position: int, demands: Sequence[int]) -> int:
        """Order up to the level."""
        return max(0, (_of(self.level, sku) or 0) - position)


@dataclass(frozen=True, slots=True)
class ReorderPoint(_Kept):
    """Reorder point and quantity (r, Q): at or below the point, order multiples of `quantity` until above it.

    The opening stock is r + Q (Hadley and Whitin, "Analysis of Inventory Systems", chapter 4). Raises ValueError
    for a point that is no whole number from 0 on, and for a quantity below 1.
    """

    kind: ClassVar[str] = "reorder_point"
    period: ClassVar[None] = None
    reorder_point: Levels = field(
        hash=False,
        metadata={"description": "a lot is ordered when no more than so many units are left", "example": 5},
    )
    quantity: Levels = field(hash=False, metadata={"description": "units of a lot", "example": 20})

    def __post_init__(self) -> None:
        """Check both numbers, and that tables name the same products."""
        refuse(self._settle({"reorder_point": 0, "quantity": 1}) or _unlike(self, "reorder_point", "quantity"))

    def opening(self, sku: str) -> int | None:
        """Open with r + Q."""
        point, quantity = _of(self.reorder_point, sku), _of(self.quantity, sku)
        return None if point is None or quantity is None else point + quantity

    def order(self, sku: str, position: int, demands: Sequence[int]) -> int:
        """Order as many lots of Q as bring the position above r."""
        point, quantity = _of(self.reorder_point, sku), _of(self.quantity, sku)
        if point is None or quantity is None or position > point:
            return 0
        return ((point - position) // quantity + 1) * quantity


@dataclass(frozen=True, slots=True)
class Periodic(_Kept):
    """Periodic review (s, S): every `period` seconds, order up to S where the position is at s or below.

    The opening stock is S (Scarf, "The optimality of (S, s) policies in the dynamic inventory problem", 1960).
    Raises ValueError for levels that are no whole numbers from 0 on, s above S, and a period that is not positive.
    """

    kind: ClassVar[str] = "periodic"
    durations: ClassVar[tuple[str, ...]] = ("period",)
    reorder_point: Levels = field(
        hash=False,
        metadata={"description": "s: an order is placed when no more than so many units are left", "example": 5},
    )
    order_up_to: Levels = field(
        hash=False, metadata={"description": "S: up to so many units are ordered", "example": 25}
    )
    period: float = field(metadata={"description": "from review to review", "example": "7 days"})

    def __post_init__(self) -> None:
        """Check the levels and the period."""
        faults = self._settle({"reorder_point": 0, "order_up_to": 0})
        refuse([*(faults or _unlike(self, "reorder_point", "order_up_to") or self._disorder()), *_lasting(self)])

    def _disorder(self) -> Iterator[str]:
        """Yield a fault for each product whose reorder point is above what is ordered up to."""
        tables = [level for level in (self.reorder_point, self.order_up_to) if isinstance(level, Mapping)]
        for sku in tables[0] if tables else ("",):
            point, aim = _of(self.reorder_point, sku), _of(self.order_up_to, sku)
            if point is not None and aim is not None and point > aim:
                name = f"reorder_point.{sku}" if isinstance(self.reorder_point, Mapping) else "reorder_point"
                yield f"{name}: {point}: must be at most order_up_to, {aim}"

    def opening(self, sku: str) -> int | None:
        """Open with S."""
        return None if _of(self.reorder_point, sku) is None else _of(self.order_up_to, sku)

    def order(self, sku: str, position: int, demands: Sequence[int]) -> int:
        """Order up to S, if s is reached."""
        point, aim = _of(self.reorder_point, sku), _of(self.order_up_to, sku)
        return 0 if point is None or aim is None or position > point else aim - position


@dataclass(frozen=True, slots=True)
class MovingAverage(_Kept):
    """Order up to what a moving average forecasts: y = L m + `safety` s sqrt(L), every `period` seconds.

    m and s are mean and standard deviation of the latest `periods` demands, or of those known at first; L is
    `lead_periods`, the lead time and the review period together, in periods. Ordered is y less the position,
    rounded, never less than nothing: else the variance of orders is 1 + 2 L / p + 2 L^2 / p^2 times that of demand
    for p periods and a safety of 0 (Chen, Drezner, Ryan and Simchi-Levi, "Quantifying the bullwhip effect in a
    simple supply chain", Management Science 46, 2000, 436-443). Raises ValueError, a line for each field.
    """

    kind: ClassVar[str] = "moving_average"
    durations: ClassVar[tuple[str, ...]] = ("period",)
    periods: int = field(metadata={"description": "how many past periods the average has", "example": 5})
    period: float = field(metadata={"description": "from review to review", "example": "1 day"})
    lead_periods: float = field(
        metadata={"description": "lead time and review period together, in periods", "example": 3}
    )
    safety: float = field(
        default=0.0,
        metadata={
            "description": "standard deviations of demand kept as safety stock, times the root of lead_periods"
        },
    )
    opening_stock: Levels = field(default=0, hash=False, metadata={"description": "units at the start"})

    def __post_init__(self) -> None:
        """Check every field."""
        faults = []
        if as_whole(self.periods, 1, UNITS_MAX) is None:
            faults.append(f"periods: {self.periods!r}: must be a whole number from 1 to {UNITS_MAX}")
        for name in ("lead_periods", "safety"):
            given = getattr(self, name)
            if not _is_number(given) or not 0 <= given <= UNITS_MAX:
                faults.append(f"{name}: {given!r}: must be a number from 0 to {UNITS_MAX}")
        refuse([*faults, *_lasting(self), *self._settle({"opening_stock": 0})])

    def opening(self, sku: str) -> int | None:
        """Open with the opening stock."""
        return _of(self.opening_stock, sku)

    def order(self, sku: str, position: int, demands: Sequence[int]) -> int:
        """Order up to the forecast."""
        known = demands[-self.periods :]
        if not known:
            return 0
        aim = self.lead_periods * fmean(known)
        if self.safety and len(known) > 1:
            aim += self.safety * stdev(known) * sqrt(self.lead_periods)
        return max(0, round(aim - position))


@dataclass(frozen=True, slots=True)
class AnchorAdjust(_Kept):
    """Anchor and adjust: order what is forecast, and the share `gain` of what is short of `goal`, every `period`.

    Short is `goal` less stock, plus what is back-ordered, less the share `counted` of what is on order: who sees
    all of the supply line has 1, who forgets it 0 (Sterman, "Modeling managerial behavior: misperceptions of
    feedback in a dynamic decision making experiment", Management Science 35, 1989, 321-339, found 0.34). The
    forecast is `forecast` at first, and moves by the share `smoothing` of its error with each period's demand.
    With a gain of 1, all counted and no forecast it orders up to the goal. First come the `first_orders`, one a
    review, whatever the stock is, and what is demanded then is not forecast from. Raises ValueError, a line for
    each field.
    """

    kind: ClassVar[str] = "anchor_adjust"
    durations: ClassVar[tuple[str, ...]] = ("period",)
    goal: Levels = field(
        hash=False, metadata={"description": "units aimed at, in stock and counted on order", "example": 28}
    )
    period: float = field(metadata={"description": "from review to review", "example": "7 days"})
    gain: float = field(default=1.0, metadata={"description": "share of what is short that a review orders"})
    counted: float = field(default=1.0, metadata={"description": "share of what is on order that is counted"})
    smoothing: float = field(default=0.0, metadata={"description": "weight of the latest demand in the forecast"})
    forecast: float = field(default=0.0, metadata={"description": "units forecast for a period at first"})
    opening_stock: Levels = field(default=0, hash=False, metadata={"description": "units at the start"})
    first_orders: tuple[int, ...] = field(
        default=(), metadata={"description": "units ordered at the first reviews, one after the other"}
    )

    def __post_init__(self) -> None:
        """Check every field."""
        faults = self._settle({"goal": 0, "opening_stock": 0})
        for name, most in (("gain", 1), ("counted", 1), ("smoothing", 1), ("forecast", UNITS_MAX)):
            given = getattr(self, name)
            if not _is_number(given) or not 0 <= given <= most:
                faults.append(f"{name}: {given!r}: must be a number from 0 to {most}")
        orders: object = self.first_orders
        if not isinstance(orders, list | tuple) or any(as_whole(each, 0, UNITS_MAX) is None for each in orders):
            faults.append(f"first_orders: {orders!r}: must be a list of whole numbers from 0 to {UNITS_MAX}")
        refuse([*faults, *_lasting(self)])
        object.__setattr__(self, "first_orders", tuple(index(each) for each in self.first_orders))

    def opening(self, sku: str) -> int | None:
        """Open with the opening stock."""
        return None if _of(self.goal, sku) is None else _of(self.opening_stock, sku) or 0

    def order(self, sku: str, position: int, demands: Sequence[int]) -> int:
        """Order the forecast and a part of what is short; `position` has of what is on order what is counted."""
        first = len(self.first_orders)
        if len(demands) <= first:
            return self.first_orders[len(demands) - 1] if demands else 0
        forecast = self.forecast
        for demand in demands[first:] if self.smoothing else ():
            forecast += self.smoothing * (demand - forecast)
        return max(0, round(forecast + self.gain * ((_of(self.goal, sku) or 0) - position)))


STOCKS: dict[str, type[MakeToOrder | BaseStock | ReorderPoint | Periodic | MovingAverage | AnchorAdjust]] = {
    kind.kind: kind for kind in (MakeToOrder, BaseStock, ReorderPoint, Periodic, MovingAverage, AnchorAdjust)
}
"""Every stock policy of this module by its `kind`."""


def _of(levels: Levels, sku: str) -> int | None:
    """Return a product's own number; None if a table leaves it out."""
    return levels if isinstance(levels, int) else levels.get(sku)


def _unlike(policy: object, one: str, other: str) -> list[str]:
    """Return a fault if two tables name different products."""
    ours, theirs = getattr(policy, one), getattr(policy, other)
    if not isinstance(ours, Mapping) or not isinstance(theirs, Mapping) or ours.keys() == theirs.keys():
        return []
    return [f"{other}: {', '.join(theirs)}: must name the products of {one}, {', '.join(ours)}"]


def _lasting(policy: Periodic | MovingAverage | AnchorAdjust) -> list[str]:
    """Keep the period as a float, and return its fault, if any."""
    given = policy.period
    if not _is_number(given) or not 0 < given <= SECONDS_MAX:
        return [f"period: {given!r}: must be a positive number of seconds"]
    object.__setattr__(policy, "period", float(given))
    return []


def _is_number(value: object) -> bool:
    """Tell whether a value is a finite number, NumPy's too, no bool."""
    return (isinstance(value, float) or as_whole(value) is not None) and isfinite(value)  # type: ignore[arg-type]
