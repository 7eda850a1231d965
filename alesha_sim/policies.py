"""Policies: pure decisions that an entity asks for.

Here live frozen values with a method or two, without a clock, a generator or a book of their own. A scenario
names them by their `kind`; in Python any object with the same methods takes their place.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Protocol, runtime_checkable


@runtime_checkable
class StockPolicy(Protocol):
    """What a supplier asks about the goods of an order."""

    def accepts(self, lines: Sequence[tuple[str, int]]) -> bool:
        """Tell whether the supplier takes an order of these (SKU, quantity) lines."""


@dataclass(frozen=True, slots=True)
class MakeToOrder:
    """Every unit is made for its order; nothing is kept in stock.

    An order that holds any of the SKUs in `unavailable` is rejected as a whole. Raises ValueError unless
    `unavailable` is a list of texts.
    """

    kind: ClassVar[str] = "make_to_order"
    unavailable: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Keep the SKUs as a tuple, so that equal policies are equal and cannot be changed."""
        given: object = self.unavailable
        if not isinstance(given, list | tuple):
            raise ValueError(f"unavailable: {given!r}: must be a list of SKUs")
        faults = [
            f"unavailable[{n}]: {sku!r}: must be text" for n, sku in enumerate(given) if not isinstance(sku, str)
        ]
        if faults:
            raise ValueError("\n".join(faults))
        object.__setattr__(self, "unavailable", tuple(given))

    def accepts(self, lines: Sequence[tuple[str, int]]) -> bool:
        """Tell whether the supplier makes every product of the order."""
        return not any(sku in self.unavailable for sku, _ in lines)


KINDS: dict[str, type[MakeToOrder]] = {MakeToOrder.kind: MakeToOrder}
"""Every stock policy of this module by its `kind`."""
