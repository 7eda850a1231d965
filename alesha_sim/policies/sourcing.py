"""From which of several suppliers a shop orders how many units.

Contains policies only: what is on hand and on order, and who answers, is in `entities/`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from math import inf, lcm
from operator import index
from typing import ClassVar, NamedTuple, Protocol, runtime_checkable

from alesha_sim.policies.settlement import refuse
from alesha_sim.policies.stock import UNITS_MAX
from alesha_sim.policies.users import LARGEST, outside
from alesha_sim.units import apportioned, as_whole


class Source(NamedTuple):
    """A supplier as a shop sees it that needs units of a product.

    `charge` is for a unit, in minor units; `lead_seconds` from the order to the goods, as expected; `ordered`
    counts the units ordered there so far. It `is_open` unless it has rejected this order or does not answer.
    """

    name: str
    charge: int = 0
    lead_seconds: float = 0.0
    ordered: int = 0
    is_open: bool = True


class Due(NamedTuple):
    """Units on order: they come `after_seconds` from now, as expected."""

    units: int
    after_seconds: float


class StockPosition(NamedTuple):
    """What a shop has of a product at a review: units `on_hand` and free, `backordered`, and on their way."""

    on_hand: int
    backordered: int = 0
    on_order: Sequence[Due] = ()

    def within(self, seconds: float) -> int:
        """Return the position that counts only what comes within so many seconds."""
        coming = sum(due.units for due in self.on_order if due.after_seconds <= seconds)
        return self.on_hand - self.backordered + coming


Parts = Sequence[tuple[str, int]]
"""How many units go to which supplier, by name; each at most once, none of zero units."""


@runtime_checkable
class SourcingPolicy(Protocol):
    """What a shop asks that buys from several suppliers, product by product."""

    def order(self, sku: str, units: int, sources: Sequence[Source], position: StockPosition | None) -> Parts:
        """Return which suppliers get an order of how many units; () for nobody.

        `units` is what an order of a user lacks, or what the shop's stock policy wants at a review, 0 for nothing.
        `position` is given at a review of its own stock, else None. `sources` come as the scenario names them.
        """


def _all_to(sources: Sequence[Source], units: int) -> Parts:
    """Return an order of all units from the first that is open."""
    return [(source.name, units) for source in sources if source.is_open and units > 0][:1]


@dataclass(frozen=True, slots=True)
class SingleSource:
    """Everything comes from one supplier; while it is not open, nothing does.

    Raises ValueError unless `supplier` is a text.
    """

    kind: ClassVar[str] = "single"
    durations: ClassVar[tuple[str, ...]] = ()
    supplier: str | None = field(
        default=None,
        metadata={"description": "the name of the supplier; left out, the first of the shop's", "example": "mill"},
    )

    def __post_init__(self) -> None:
        """Refuse what is no name."""
        if not (self.supplier is None or isinstance(self.supplier, str)):
            raise ValueError(f"supplier: {self.supplier!r}: must be the name of a supplier")

    def order(self, sku: str, units: int, sources: Sequence[Source], position: StockPosition | None) -> Parts:
        """Give all units to the one supplier, if it is open."""
        named = [source for source in sources if self.supplier in (None, source.name)][:1]
        return _all_to(named, units)

    @property
    def names(self) -> Sequence[str]:
        """The suppliers that it names."""
        return () if self.supplier is None else (self.supplier,)


@dataclass(frozen=True, slots=True)
class CheapestSource:
    """Everything comes from the open supplier with the least charge; among equals the first."""

    kind: ClassVar[str] = "cheapest"
    durations: ClassVar[tuple[str, ...]] = ()

    def order(self, sku: str, units: int, sources: Sequence[Source], position: StockPosition | None) -> Parts:
        """Give all units to the one that is best."""
        return _all_to(sorted(sources, key=lambda source: source.charge), units)


@dataclass(frozen=True, slots=True)
class FastestSource:
    """Everything comes from the open supplier with the shortest lead time; among equals the first."""

    kind: ClassVar[str] = "fastest"
    durations: ClassVar[tuple[str, ...]] = ()

    def order(self, sku: str, units: int, sources: Sequence[Source], position: StockPosition | None) -> Parts:
        """Give all units to the one that is best."""
        return _all_to(sorted(sources, key=lambda source: source.lead_seconds), units)


@dataclass(frozen=True, slots=True)
class FallbackSource:
    """Everything comes from the first supplier that is open, in the order of the list.

    Raises ValueError unless `suppliers` is a list of texts without repeats.
    """

    kind: ClassVar[str] = "fallback"
    durations: ClassVar[tuple[str, ...]] = ()
    suppliers: tuple[str, ...] = field(
        default=(),
        metadata={
            "description": "the suppliers, the first choice first; without any, as the shop names them",
            "example": ["mill", "overseas"],
        },
    )

    def __post_init__(self) -> None:
        """Keep the names as a tuple, and refuse what is none."""
        given: object = self.suppliers
        if not isinstance(given, list | tuple) or not all(isinstance(name, str) for name in given):
            raise ValueError(f"suppliers: {given!r}: must be a list of names of suppliers")
        if len(set(given)) < len(given):
            raise ValueError(f"suppliers: {given!r}: must not name a supplier twice")
        object.__setattr__(self, "suppliers", tuple(given))

    def order(self, sku: str, units: int, sources: Sequence[Source], position: StockPosition | None) -> Parts:
        """Give all units to the first that is open."""
        named = {source.name: source for source in sources}
        return _all_to([named[name] for name in self.suppliers or named if name in named], units)

    @property
    def names(self) -> Sequence[str]:
        """The suppliers that it names."""
        return self.suppliers


@dataclass(frozen=True, slots=True)
class SplitSources:
    """Each supplier gets a share of all units, as near as whole units allow.

    What was ordered so far counts: over many orders the shares hold, however small each is. While a supplier is
    not open, the others share. `shares` are relative; one that is left out has none. Raises ValueError unless they
    are numbers from 0, one of them above.
    """

    kind: ClassVar[str] = "split"
    durations: ClassVar[tuple[str, ...]] = ()
    shares: Mapping[str, float] = field(
        metadata={
            "description": "relative share of the units from each supplier, a table by name",
            "example": {"mill": 3, "overseas": 1},
        }
    )

    def __post_init__(self) -> None:
        """Refuse shares that are no numbers, and keep an own copy of the table."""
        given: object = self.shares
        if not isinstance(given, Mapping):
            raise ValueError(f"shares: {given!r}: must be a table by the names of suppliers")
        refuse(fault for name, share in given.items() for fault in outside(f"shares.{name}", share, 0, LARGEST))
        if not sum(given.values()) > 0:
            raise ValueError("shares must have a positive sum")
        object.__setattr__(self, "shares", dict(given))

    def order(self, sku: str, units: int, sources: Sequence[Source], position: StockPosition | None) -> Parts:
        """Give each open supplier what brings it nearest to its share of all that was ordered."""
        open_to = [source for source in sources if source.is_open and self.shares.get(source.name, 0.0) > 0]
        if units <= 0 or not open_to:
            return ()
        shares = [Fraction(repr(self.shares[source.name])) for source in open_to]
        weights = [int(share * lcm(*(each.denominator for each in shares))) for share in shares]
        whole = units + sum(source.ordered for source in open_to)
        lacking = [
            max(whole * weight - source.ordered * sum(weights), 0)
            for source, weight in zip(open_to, weights, strict=True)
        ]
        parts = apportioned(units, lacking)
        return [(source.name, part) for source, part in zip(open_to, parts, strict=True) if part]

    @property
    def names(self) -> Sequence[str]:
        """The suppliers that it names."""
        return tuple(self.shares)


Pair = tuple[int | Mapping[str, int], int | Mapping[str, int]]
"""Two levels, of the fast supplier and of the slow one: numbers for all products, or tables by SKU."""


@dataclass(frozen=True, slots=True)
class DualSources:
    """Two suppliers, a fast one that is dear and a slow one: the dual-index policy.

    At a review the fast supplier is asked for what its position lacks to the first level of `order_up_to`: free
    units less back-orders, and of those on order what comes within the fast lead time. Then the slow one is asked
    for what all on hand and on order, these units too, lack to the second level. A low first level never asks the
    fast supplier, a second one no higher than the first never the slow one. What a user's order lacks, without a
    review, comes from the fast supplier. Raises ValueError with one line for each field that breaks its rule.

    Source: Veeraraghavan and Scheller-Wolf, "Now or Later: A Simple Policy for Effective Dual Sourcing in
    Capacitated Systems", Operations Research 56 (4), 2008, 850-864.
    """

    kind: ClassVar[str] = "dual"
    durations: ClassVar[tuple[str, ...]] = ()
    needs_stock: ClassVar[bool] = True
    fast: str = field(metadata={"description": "the name of the fast supplier", "example": "mill"})
    slow: str = field(metadata={"description": "the name of the slow supplier", "example": "overseas"})
    order_up_to: Pair = field(
        metadata={
            "description": "the levels of the fast and of the slow supplier, each a number or a table by SKU",
            "example": [40, 80],
        }
    )

    def __post_init__(self) -> None:
        """Refuse names that are none or the same, and levels that are no whole numbers; keep own copies."""
        faults = [
            f"{name}: {getattr(self, name)!r}: must be the name of a supplier"
            for name in ("fast", "slow")
            if not isinstance(getattr(self, name), str)
        ]
        if self.fast == self.slow:
            faults.append(f"slow: {self.slow!r}: must not be the fast supplier")
        given: object = self.order_up_to
        if not isinstance(given, list | tuple) or len(given) != 2:
            refuse([*faults, f"order_up_to: {given!r}: must be two levels, of the fast and of the slow supplier"])
        for place, level in enumerate(self.order_up_to):
            table = level if isinstance(level, Mapping) else {"": level}
            for sku, units in table.items():
                if as_whole(units, -UNITS_MAX, UNITS_MAX) is None:
                    where = f"order_up_to[{place}]{'.' * bool(sku)}{sku}"
                    faults.append(f"{where}: {units!r}: must be a whole number from {-UNITS_MAX} to {UNITS_MAX}")
        refuse(faults)
        levels = tuple(
            {sku: index(units) for sku, units in level.items()} if isinstance(level, Mapping) else index(level)
            for level in self.order_up_to
        )
        object.__setattr__(self, "order_up_to", levels)

    def order(self, sku: str, units: int, sources: Sequence[Source], position: StockPosition | None) -> Parts:
        """Ask the fast supplier for what is short soon, then the slow one for the rest."""
        by_name = {source.name: source for source in sources if source.is_open}
        if position is None:
            return [(name, units) for name in (self.fast, self.slow) if name in by_name and units > 0][:1]
        parts, soon = [], 0
        if self.fast in by_name:
            soon = max(self._level(0, sku) - position.within(by_name[self.fast].lead_seconds), 0)
            parts.append((self.fast, soon))
        if self.slow in by_name:
            parts.append((self.slow, max(self._level(1, sku) - position.within(inf) - soon, 0)))
        return [(name, part) for name, part in parts if part]

    def _level(self, place: int, sku: str) -> int:
        """Return a product's level; of one that a table leaves out, so low that nothing is ordered."""
        level = self.order_up_to[place]
        return level if isinstance(level, int) else level.get(sku, -UNITS_MAX)

    @property
    def names(self) -> Sequence[str]:
        """The suppliers that it names."""
        return self.fast, self.slow


SOURCINGS: dict[
    str, type[SingleSource | CheapestSource | FastestSource | SplitSources | DualSources | FallbackSource]
] = {
    each.kind: each
    for each in (SingleSource, CheapestSource, FastestSource, SplitSources, DualSources, FallbackSource)
}
"""Every policy of this module by its `kind`."""
