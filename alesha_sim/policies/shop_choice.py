"""How a user chooses among shops: whom it asks for a home page, and where it buys after it has seen the prices.

Contains policies only: what a user remembers of a shop, and how it asks, is in `entities/`. A policy is asked
twice on a visit, both times with the same draw.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import inf
from typing import ClassVar, NamedTuple, Protocol, runtime_checkable

from alesha_sim.numeric.elementary import exp
from alesha_sim.policies.settlement import refuse
from alesha_sim.policies.users import LARGEST, drawn, outside
from alesha_sim.units import DAY


class KnownShop(NamedTuple):
    """A shop as a user knows it before a visit.

    `trust` is the user's own, from 0 to 1; `is_last` says that it bought there last.
    """

    name: str
    trust: float = 1.0
    is_last: bool = False


class ShopOffer(NamedTuple):
    """A shop as a user sees it after its home page: `price` is that of all it wants there, in major units.

    `promise_seconds` is within what time delivery is promised, infinite where nothing is.
    """

    name: str
    price: float
    promise_seconds: float = inf
    trust: float = 1.0


@runtime_checkable
class ShopChoicePolicy(Protocol):
    """What a visitor asks who could buy at several shops; `draw` is from [0, 1), the same for both."""

    def considers(self, shops: Sequence[KnownShop], draw: float) -> Sequence[str]:
        """Return the names of the shops whose home pages the visitor asks for, each once, () for none."""

    def choose(self, offers: Sequence[ShopOffer], draw: float) -> str | None:
        """Return where the visitor goes on, of those that answered; None: nowhere."""


@dataclass(frozen=True, slots=True)
class OnlyShop:
    """Everybody goes to one shop, whatever the others ask.

    Raises ValueError unless `shop` is a text.
    """

    kind: ClassVar[str] = "only"
    durations: ClassVar[tuple[str, ...]] = ()
    shop: str | None = field(
        default=None,
        metadata={"description": "the name of the shop; left out, the first of all", "example": "daraz"},
    )

    def __post_init__(self) -> None:
        """Refuse what is no name."""
        if not (self.shop is None or isinstance(self.shop, str)):
            raise ValueError(f"shop: {self.shop!r}: must be the name of a shop")

    def considers(self, shops: Sequence[KnownShop], draw: float) -> Sequence[str]:
        """Ask the one shop, if it is there."""
        names = [shop.name for shop in shops]
        return [name for name in names if name == self.shop] if self.shop else names[:1]

    def choose(self, offers: Sequence[ShopOffer], draw: float) -> str | None:
        """Go to it, if it answers."""
        names = [offer.name for offer in offers]
        return self.shop if self.shop in names else names[0] if names and self.shop is None else None

    @property
    def names(self) -> Sequence[str]:
        """The shops that it names."""
        return () if self.shop is None else (self.shop,)


@dataclass(frozen=True, slots=True)
class ShopShares:
    """Each visit goes to a shop with a probability of its own, whatever it asks.

    `shares` are relative; a shop that is left out has none. Raises ValueError unless they are numbers from 0, one
    of them above.
    """

    kind: ClassVar[str] = "share"
    durations: ClassVar[tuple[str, ...]] = ()
    shares: Mapping[str, float] | None = field(
        default=None,
        metadata={
            "description": "relative share of the visits of each shop, a table by name; left out, equal",
            "example": {"daraz": 3, "pickaboo": 1},
        },
    )

    def __post_init__(self) -> None:
        """Refuse shares that are no numbers, and keep an own copy of the table."""
        if self.shares is None:
            return
        given: object = self.shares
        if not isinstance(given, Mapping):
            raise ValueError(f"shares: {given!r}: must be a table by the names of shops")
        refuse(fault for name, share in given.items() for fault in outside(f"shares.{name}", share, 0, LARGEST))
        if not sum(given.values()) > 0:
            raise ValueError("shares must have a positive sum")
        object.__setattr__(self, "shares", dict(given))

    def considers(self, shops: Sequence[KnownShop], draw: float) -> Sequence[str]:
        """Ask the shop at `draw` in the cumulated shares."""
        weights = [1.0 if self.shares is None else self.shares.get(shop.name, 0.0) for shop in shops]
        place = drawn(weights, draw)
        return () if place is None else (shops[place].name,)

    def choose(self, offers: Sequence[ShopOffer], draw: float) -> str | None:
        """Go to the one that was asked, if it answers."""
        return offers[0].name if offers else None

    @property
    def names(self) -> Sequence[str]:
        """The shops that it names."""
        return () if self.shares is None else tuple(self.shares)


@dataclass(frozen=True, slots=True)
class Loyal:
    """A user stays with the shop where it bought last, until its trust in it is lost.

    One who has none, or has lost trust, goes to one of the shops that it trusts, each as likely; where it trusts
    none, to one of those that it trusts most. Raises ValueError unless `least_trust` is from 0 to 1.
    """

    kind: ClassVar[str] = "loyal"
    durations: ClassVar[tuple[str, ...]] = ()
    least_trust: float = field(
        default=0.5, metadata={"description": "trust below which a user leaves a shop (0 to 1)", "example": 0.7}
    )

    def __post_init__(self) -> None:
        """Refuse what is no share."""
        refuse(outside("least_trust", self.least_trust, 0, 1))

    def considers(self, shops: Sequence[KnownShop], draw: float) -> Sequence[str]:
        """Ask the shop where the user stays, or to which it changes."""
        trusted = [shop for shop in shops if shop.trust >= self.least_trust]
        last = [shop.name for shop in trusted if shop.is_last]
        if last:
            return last[:1]
        most = max((shop.trust for shop in shops), default=0.0)
        open_to = trusted or [shop for shop in shops if shop.trust == most]
        place = drawn([1.0] * len(open_to), draw)
        return () if place is None else (open_to[place].name,)

    def choose(self, offers: Sequence[ShopOffer], draw: float) -> str | None:
        """Go to the one that was asked, if it answers."""
        return offers[0].name if offers else None


@dataclass(frozen=True, slots=True)
class CheapestShop:
    """A user asks all shops and goes where what it wants costs least; among equals each is as likely."""

    kind: ClassVar[str] = "cheapest"
    durations: ClassVar[tuple[str, ...]] = ()

    def considers(self, shops: Sequence[KnownShop], draw: float) -> Sequence[str]:
        """Ask all."""
        return [shop.name for shop in shops]

    def choose(self, offers: Sequence[ShopOffer], draw: float) -> str | None:
        """Go to the cheapest of those that answered."""
        least = min((offer.price for offer in offers), default=0.0)
        cheapest = [offer.name for offer in offers if offer.price == least]
        place = drawn([1.0] * len(cheapest), draw)
        return None if place is None else cheapest[place]


@dataclass(frozen=True, slots=True)
class ShopLogit:
    """A user asks all shops and goes to one of them, or nowhere, by a multinomial logit.

    A shop's utility is V = `appeal` + `price` * price + `promise` * days + `trust` * trust: the price is that of
    all the user wants, in major units, the days those within which delivery is promised, the trust the user's own,
    from 0 to 1. Shop j is chosen with probability exp(V_j) / (exp(`outside`) + sum of all exp(V_k)), none with
    what is left; where `outside` is None everybody goes on. Where `promise` counts, a shop without one is not
    chosen. Raises ValueError with one line for each field that breaks its rule.

    Source: McFadden, "Conditional logit analysis of qualitative choice behavior", in Zarembka (ed.), "Frontiers in
    Econometrics", Academic Press 1974, 105-142.
    """

    kind: ClassVar[str] = "logit"
    durations: ClassVar[tuple[str, ...]] = ()
    price: float = field(
        default=0.0,
        metadata={
            "description": "utility of each major unit of what the cart costs (at most 0)",
            "example": -0.01,
        },
    )
    promise: float = field(
        default=0.0,
        metadata={"description": "utility of each day of the promised delivery (at most 0)", "example": -0.1},
    )
    trust: float = field(
        default=0.0, metadata={"description": "utility of the user's whole trust (at least 0)", "example": 1}
    )
    appeal: Mapping[str, float] | None = field(
        default=None,
        metadata={
            "description": "utility of a shop apart from that, a table by name, of others 0; left out, 0 for all",
            "example": {"daraz": 0.5},
        },
    )
    outside: float | None = field(
        default=None,
        metadata={"description": "utility of going nowhere; left out, everybody goes on", "example": -10},
    )

    def __post_init__(self) -> None:
        """Refuse coefficients too large or of the wrong sign, and keep an own copy of the table."""
        faults = [
            *outside("price", self.price, -LARGEST, 0),
            *outside("promise", self.promise, -LARGEST, 0),
            *outside("trust", self.trust, 0, LARGEST),
        ]
        if self.outside is not None:
            faults += outside("outside", self.outside, -LARGEST, LARGEST)
        given: object = self.appeal
        if given is not None and not isinstance(given, Mapping):
            refuse([*faults, f"appeal: {given!r}: must be a table by the names of shops"])
        for name, utility in (self.appeal or {}).items():
            faults += outside(f"appeal.{name}", utility, -LARGEST, LARGEST)
        refuse(faults)
        if self.appeal is not None:
            object.__setattr__(self, "appeal", dict(self.appeal))

    def utility(self, offer: ShopOffer) -> float:
        """Return what a shop is worth to a visitor, without the random part."""
        # A coefficient of 0 times a promise that never ends is nothing, not NaN.
        promised = self.promise and self.promise * (offer.promise_seconds / DAY)
        own = 0.0 if self.appeal is None else self.appeal.get(offer.name, 0.0)
        return own + self.price * offer.price + promised + self.trust * offer.trust

    def shares(self, offers: Sequence[ShopOffer]) -> list[float]:
        """Return the probability of each shop, and last that of going nowhere."""
        weights = self._weights(offers)
        if self.outside is None:
            weights.append(0.0 if any(weights) else 1.0)
        total = sum(weights)
        return [weight / total for weight in weights]

    def considers(self, shops: Sequence[KnownShop], draw: float) -> Sequence[str]:
        """Ask all."""
        return [shop.name for shop in shops]

    def choose(self, offers: Sequence[ShopOffer], draw: float) -> str | None:
        """Return the shop at `draw` in the cumulated shares of those that answered."""
        place = drawn(self._weights(offers), draw)
        return None if place is None or place == len(offers) else offers[place].name

    @property
    def names(self) -> Sequence[str]:
        """The shops that it names."""
        return tuple(self.appeal or ())

    def _weights(self, offers: Sequence[ShopOffer]) -> list[float]:
        """Return weights in proportion to the exponentials, last that of going nowhere if it is possible."""
        utilities = [self.utility(offer) for offer in offers]
        if self.outside is not None:
            utilities.append(self.outside)
        # The shares depend on differences alone; the highest as origin keeps every exponential within [0, 1].
        highest = max(utilities, default=0.0)
        if highest == -inf:
            return [0.0] * len(utilities)
        return [exp(utility - highest) for utility in utilities]


SHOP_CHOICES: dict[str, type[OnlyShop | ShopShares | Loyal | CheapestShop | ShopLogit]] = {
    each.kind: each for each in (OnlyShop, ShopShares, Loyal, CheapestShop, ShopLogit)
}
"""Every policy of this module by its `kind`."""
