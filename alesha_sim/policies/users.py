"""What users decide by: which product they choose, and how far they trust the shop after what happened to them.

Contains policies only: what a user remembers, and when it acts, is in `entities/`.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import accumulate
from math import isfinite
from typing import ClassVar, NamedTuple, Protocol, runtime_checkable

from alesha_sim.messages import Lines
from alesha_sim.numeric.elementary import exp

LARGEST = 1e9
"""No coefficient is beyond it in size, so that no utility overflows, whatever a product costs."""

ON_TIME, LATE, REFUSED = "on_time", "late", "refused"
"""What may become of an order: it came by the promised instant, later, or the shop did not supply it."""


class Priced(NamedTuple):
    """A product as a visitor sees it: `marked_price` is struck through, `price` is asked, in major units."""

    sku: str
    marked_price: float
    price: float


@runtime_checkable
class ChoicePolicy(Protocol):
    """What a visitor asks who has seen the products and their prices."""

    def choose(self, offers: Sequence[Priced], cart: Lines, draw: float) -> Lines:
        """Return what the visitor orders who came for `cart`, () for nothing; `draw` is from [0, 1)."""


@runtime_checkable
class TrustPolicy(Protocol):
    """What a user asks who knows what became of an order."""

    def after(self, trust: float, event: str) -> float:
        """Return the trust after an event: "on_time", "late" or "refused". Trust is 1 at first."""


@dataclass(frozen=True, slots=True)
class Logit:
    """All units of the cart go to one product, chosen by a multinomial logit, or to none.

    A product's utility is V = `appeal` - `price_sensitivity` * price + `discount_attraction` * discount: the price
    is that of a unit in major units, the discount the share of the marked price that is taken off. Product j is
    chosen with probability exp(V_j) / (exp(`outside`) + sum of all exp(V_k)), nothing with what is left; where
    `outside` is None everybody buys. `appeal` is one number for all products or a table by SKU, in which products
    left out have 0. Raises ValueError with one line for each field that breaks its rule.

    Source: McFadden, "Conditional logit analysis of qualitative choice behavior", in Zarembka (ed.), "Frontiers in
    Econometrics", Academic Press 1974, 105-142.
    """

    kind: ClassVar[str] = "logit"
    durations: ClassVar[tuple[str, ...]] = ()
    price_sensitivity: float = field(
        metadata={"description": "utility lost with each major unit of the price", "example": 0.01}
    )
    discount_attraction: float = field(
        default=0.0, metadata={"description": "utility won by a discount of the whole marked price", "example": 2}
    )
    appeal: float | Mapping[str, float] = field(
        default=0.0,
        metadata={
            "description": "utility of each product apart from its price, one number or a table by SKU",
            "example": {"hp-laptop": 3},
        },
    )
    outside: float | None = field(
        default=None, metadata={"description": "utility of buying nothing; left out, everybody buys", "example": 0}
    )

    def __post_init__(self) -> None:
        """Refuse coefficients that are no numbers or too large, and keep an own copy of the table."""
        faults = [
            *outside("price_sensitivity", self.price_sensitivity, 0, LARGEST),
            *outside("discount_attraction", self.discount_attraction, -LARGEST, LARGEST),
        ]
        if isinstance(self.appeal, Mapping):
            for sku, appeal in self.appeal.items():
                faults += outside(f"appeal.{sku}", appeal, -LARGEST, LARGEST)
            object.__setattr__(self, "appeal", dict(self.appeal))
        else:
            faults += outside("appeal", self.appeal, -LARGEST, LARGEST)
        if self.outside is not None:
            faults += outside("outside", self.outside, -LARGEST, LARGEST)
        if faults:
            raise ValueError("\n".join(faults))

    def utility(self, offer: Priced) -> float:
        """Return what a product is worth to a visitor, without the random part."""
        appeal = self.appeal.get(offer.sku, 0.0) if isinstance(self.appeal, Mapping) else self.appeal
        discount = 1 - offer.price / offer.marked_price if offer.marked_price > 0 else 0.0
        return appeal - self.price_sensitivity * offer.price + self.discount_attraction * discount

    def shares(self, offers: Sequence[Priced]) -> list[float]:
        """Return the probability of each product, and last that of buying nothing."""
        weights = self._weights(offers)
        total = sum(weights)
        return [weight / total for weight in weights] + ([0.0] if self.outside is None else [])

    def choose(self, offers: Sequence[Priced], cart: Lines, draw: float) -> Lines:
        """Return all units of the cart as units of the product at `draw` in the cumulated shares."""
        if not offers:
            return ()
        chosen = drawn(self._weights(offers), draw)
        return (
            ()
            if chosen is None or chosen == len(offers)
            else ((offers[chosen].sku, sum(units for _, units in cart)),)
        )

    def _weights(self, offers: Sequence[Priced]) -> list[float]:
        """Return weights in proportion to the exponentials, last that of buying nothing if it is possible."""
        utilities = [self.utility(offer) for offer in offers]
        if self.outside is not None:
            utilities.append(self.outside)
        # The shares depend on differences alone; the highest as origin keeps every exponential within [0, 1].
        highest = max(utilities, default=0.0)
        return [exp(utility - highest) for utility in utilities]


@dataclass(frozen=True, slots=True)
class Trust:
    """Trust is from 0 to 1: each event takes or gives a share, and a visit happens with that probability.

    A late order takes the share `late` of the trust there is, one not supplied `refused`; one that comes on time
    gives back the share `on_time` of what is missing to 1. Raises ValueError unless all are from 0 to 1.
    """

    kind: ClassVar[str] = "trust"
    durations: ClassVar[tuple[str, ...]] = ()
    late: float = field(
        default=0.0,
        metadata={"description": "share of the trust that a late order takes (0 to 1)", "example": 0.3},
    )
    refused: float = field(
        default=0.0,
        metadata={"description": "share that an order takes that was not supplied (0 to 1)", "example": 0.5},
    )
    on_time: float = field(
        default=0.0,
        metadata={
            "description": "share of what is missing to 1 that one on time gives back (0 to 1)",
            "example": 0.1,
        },
    )

    def __post_init__(self) -> None:
        """Refuse what is no share."""
        faults = [fault for name in (LATE, REFUSED, ON_TIME) for fault in outside(name, getattr(self, name), 0, 1)]
        if faults:
            raise ValueError("\n".join(faults))

    def after(self, trust: float, event: str) -> float:
        """Return the trust after an event: "on_time", "late" or "refused"."""
        if event == ON_TIME:
            return trust + self.on_time * (1 - trust)
        return trust * (1 - (self.late if event == LATE else self.refused))


def drawn(weights: Sequence[float], draw: float) -> int | None:
    """Return the place at `draw` in the cumulated weights, never one that weighs nothing; None if all do."""
    heights = list(accumulate(weights))
    if not heights or heights[-1] <= 0:
        return None
    # One that weighs nothing is as high as the one before it, and so is never the first above the mark.
    mark = draw * heights[-1]
    return next((place for place, height in enumerate(heights) if mark < height), heights.index(heights[-1]))


def outside(field: str, value: object, low: float, high: float) -> Iterator[str]:
    """Yield what is wrong with a number that must be from `low` to `high`, if anything is."""
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if not is_number or not isfinite(value) or not low <= value <= high:  # type: ignore[arg-type,operator]
        yield f"{field}: {value!r}: must be a number from {low:g} to {high:g}"


CHOICES: dict[str, type[Logit]] = {Logit.kind: Logit}
"""Every choice policy of this module by its `kind`."""

TRUSTS: dict[str, type[Trust]] = {Trust.kind: Trust}
"""Every trust policy of this module by its `kind`."""
