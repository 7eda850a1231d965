"""The scenario: everything that a run needs to know, as one frozen value.

Here lives the whole and the rules that join its parts. How it is read from a file stands in `files.py`, how
settings change it in `settings.py`.
"""

import math
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from os import PathLike
from typing import TYPE_CHECKING, Annotated, Any, Self, TypeVar, cast

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, ValidationError, ValidationInfo, field_validator, model_validator

from alesha_sim.distributions import Distribution
from alesha_sim.scenarios import files, settings, summary_html
from alesha_sim.scenarios.bounds import money_faults, unbounded
from alesha_sim.scenarios.channels import Network
from alesha_sim.scenarios.cross_checks import NO_HORIZON
from alesha_sim.scenarios.cross_checks import contradictions as between_parts
from alesha_sim.scenarios.demand import visit_draws
from alesha_sim.scenarios.demand.base import Market, Poisson, Single, Visits
from alesha_sim.scenarios.demand.bursts import Flash, Waves
from alesha_sim.scenarios.demand.mixture import Mixture
from alesha_sim.scenarios.demand.repeat_buying import BgNbd, ParetoNbd
from alesha_sim.scenarios.demand.replay import Replay
from alesha_sim.scenarios.disruptions import Mishap, contradictions
from alesha_sim.scenarios.errors import Fault, ScenarioError, product_names, refuse
from alesha_sim.scenarios.fields import Duration, Horizon, Instant, Name, Text, money_fault
from alesha_sim.scenarios.model import Part
from alesha_sim.scenarios.sections import Bank, Delivery, Product, Shop, Supplier, Users
from alesha_sim.scenarios.tagged_fields import CurrencyUsed
from alesha_sim.streams import Streams
from alesha_sim.units import AMOUNT_MAX, MICROSECONDS, Currency, total
from alesha_sim.vocabulary import PRODUCTS_MAX

if TYPE_CHECKING:
    from pandas import DataFrame

Value = TypeVar("Value")

CATALOGUE = tuple(
    Product.model_validate(dict(zip(("sku", "name", "marked_price", "price", "charge", "cost"), row, strict=True)))
    for row in (
        ("hp-laptop", "HP laptop", 600, 500, 400, 300),
        ("apple-watch", "Apple watch", 300, 250, 180, 120),
        ("iphone-x", "Apple iPhone X", 1000, 900, 720, 540),
    )
)
"""AleshaMart's three products."""


class Scenario(Part):
    """A frozen description of a run: who trades what, when users come, how fast everybody works.

    Amounts are in major units of `currency`, durations in seconds, instants in seconds from `start`. Raises
    ScenarioError (a ValueError) with all faults at once.
    """

    name: Name = Field(
        default="scenario",
        examples=["my_scenario"],
        description="What results call it: letters, digits, dashes and underscores.",
    )
    description: Text = Field(default="", description="One line that says what it is about.")
    start: Instant = Field(default=datetime(2021, 1, 1), description="The instant of time 0, without a zone.")
    horizon: Horizon = Field(
        default=cast("float", None),  # which its type turns into infinity
        examples=["1 day"],
        description="New visits begin before this; left out, a replay ends after its last visit, and every other "
        "demand must have it.",
    )
    drain: Duration | None = Field(
        default=None,
        examples=["30 days"],
        description="How long open matters may go on after that; left out, until all is done.",
    )
    currency: CurrencyUsed = Field(default=Currency(), description="What all amounts are in.")
    catalogue: tuple[Product, ...] = Field(
        default=CATALOGUE,
        description="The products; left out, AleshaMart's three.",
    )
    users: Users = Field(default=Users(), description="The customers: how many, what they have, how they behave.")
    demand: Annotated[
        Single | Poisson | BgNbd | ParetoNbd | Flash | Waves | Replay | Mixture, Field(discriminator="kind")
    ] = Field(
        examples=[{"kind": "poisson", "visits_per_day": 100}],
        description="Who visits when and wants what, by its kind.",
    )
    shop: Shop = Field(
        default=Shop(),
        description="The shop: it sells to users, and has every order paid, supplied and made good.",
    )
    bank: Bank = Field(
        default=Bank(), description="The bank: every payment between users, shop and supplier goes through it."
    )
    supplier: Supplier = Field(
        default=Supplier(), description="The supplier: it makes or keeps the goods and has them delivered."
    )
    delivery: Delivery = Field(default=Delivery(), description="How goods are brought to users.")
    network: Network = Field(
        default=Network(), description="How messages travel between users, shop, bank and supplier."
    )
    faults: tuple[Mishap, ...] = Field(
        default=(),
        description="What goes wrong for a while, by its kind; where messages can be lost, "
        "network.default.timeout must be given.",
    )

    # Each validator sees the parts above its field that are sound, so one call finds all faults of all parts.

    @field_validator("catalogue")
    @classmethod
    def _sellable(cls, catalogue: tuple[Product, ...], info: ValidationInfo) -> tuple[Product, ...]:
        if not catalogue:
            raise ValueError("must have at least one product")
        if len(catalogue) > PRODUCTS_MAX:
            raise ValueError(f"must have at most {PRODUCTS_MAX} products")
        skus = [product.sku for product in catalogue]
        first: dict[str, int] = {}
        found = [
            Fault(f"[{n}].sku", repr(sku), "must not occur twice")
            for n, sku in enumerate(skus)
            if first.setdefault(sku, n) < n
        ]
        currency = info.data.get("currency")
        if currency is not None:
            for called, product in zip(product_names(catalogue), catalogue, strict=True):
                if product.sku == currency.code.lower():
                    found.append(Fault(f"{called}.sku", repr(product.sku), "must not be the currency's name"))
                for field in ("marked_price", "price", "charge", "cost"):
                    found += money_fault(f"{called}.{field}", getattr(product, field), currency)
        return _sound(catalogue, found)

    @field_validator("users", "shop")
    @classmethod
    def _funded(cls, owner: Users | Shop, info: ValidationInfo) -> Users | Shop:
        return _sound(owner, _balance_faults(owner, info))

    @field_validator("demand")
    @classmethod
    def _suited(cls, demand: Any, info: ValidationInfo) -> Any:
        users = info.data.get("users")
        return _sound(
            demand, demand.faults(users.count if users else None, _skus(info), info.data.get("horizon", math.inf))
        )

    @field_validator("supplier")
    @classmethod
    def _supplying(cls, supplier: Supplier, info: ValidationInfo) -> Supplier:
        return _sound(supplier, _balance_faults(supplier, info) or _money_faults(supplier, info))

    @field_validator("faults")
    @classmethod
    def _consistent(cls, faults: tuple[Mishap, ...], info: ValidationInfo) -> tuple[Mishap, ...]:
        network = info.data.get("network")
        return faults if network is None else _sound(faults, list(contradictions(faults, network)))

    @classmethod
    def _translated(cls, error: ValidationError, given: Mapping[str, Any] | None) -> ScenarioError:
        found = list(super()._translated(error, given).found)
        if given is not None and given.get("horizon") is None and NO_HORIZON not in found:
            demand = given.get("demand")
            kind = demand.get("kind") if isinstance(demand, Mapping) else getattr(demand, "kind", None)
            found = found if kind in ("replay", "mixture") else [NO_HORIZON, *found]
        return ScenarioError(found)

    @model_validator(mode="after")
    def _meant(self) -> Self:
        return _sound(self, [*between_parts(self), *unbounded(self)])

    @property
    def is_hostile(self) -> bool:
        """Whether messages can be lost, doubled or sent again, or entities crash."""
        return bool(self.faults) or self.network.is_hostile

    @property
    def uses_escrow(self) -> bool:
        """Whether the bank keeps payments until users say that the goods have come."""
        return bool(getattr(self.bank.settlement, "needs_confirmation", False))

    @property
    def skus(self) -> tuple[str, ...]:
        """The catalogue's SKUs, in its order."""
        return tuple(product.sku for product in self.catalogue)

    def visits(self, seed: int) -> Visits:
        """Draw (or read) the intended visits, sorted by instant and all before the horizon.

        Raises ScenarioError for a replay file that cannot be used and for visits too large for 64 bits of money.
        """
        streams = Streams(seed)
        market = Market(self.users.count, self.skus, self.horizon, self.start)
        try:
            at, user, quantities, cut = self.demand.purchases(market, streams)
        except ScenarioError as error:
            raise ScenarioError(fault.under("demand") for fault in error.found) from None
        at = np.rint(at * MICROSECONDS) / MICROSECONDS
        order = np.argsort(at, kind="stable")
        order = order[at[order] < self.horizon]
        slips = streams.generator("demand:wrong_secret").random(len(order)) < self.users.wrong_secret
        bounds = np.cumsum(self.users.attacks.shares)
        drawn_at_random = streams.generator("demand:attack").random(len(order))
        attacks = np.searchsorted(bounds, drawn_at_random, side="right")
        intent = np.where(attacks < len(bounds), attacks + 1, 0).astype(np.int8)
        at_door = visit_draws.pays_at_door(self.users, user[order], streams)
        whims = visit_draws.whims(self, len(order), streams)
        drawn = Visits(at[order], user[order], quantities[order], slips, intent, at_door, whims, cut)
        self._check_totals(drawn)
        return drawn

    def ending(self, drawn: Visits) -> Self:
        """Return the scenario with a horizon: its own, or the first microsecond after the last of its visits."""
        if self.horizon < math.inf:
            return self
        last = round(float(drawn.at[-1]) * MICROSECONDS)
        ended = self.model_copy(update={"horizon": (last + 1) / MICROSECONDS})
        return _sound(ended, list(unbounded(ended)))

    def demand_table(self, seed: int) -> "DataFrame":
        """Return the intended visits as a DataFrame: `at` (seconds), `user`, the units of each SKU."""
        from pandas import DataFrame

        drawn = self.visits(seed)
        columns = {sku: drawn.quantities[:, n] for n, sku in enumerate(self.skus)}
        return DataFrame({"at": drawn.at, "user": drawn.user, **columns})

    def opening_balances(self, seed: int) -> NDArray[np.int64]:
        """Draw what each user has in the bank at the start, in minor units.

        Raises ScenarioError when all money together would not fit 64 bits.
        """
        given, users = self.users.opening_balance, self.users.count
        others = sum(self.currency.minor(owner.opening_balance) for owner in (self.shop, self.supplier))
        if isinstance(given, Distribution):
            drawn = given.draw(Streams(seed).generator("users:opening_balance"), users) * self.currency.scale
            # The sum is checked as floats, which do not wrap around; the margin is more than their error.
            if not drawn.sum() + others < AMOUNT_MAX * 0.999:
                raise ScenarioError([Fault("users.opening_balance", str(given), _ALL_MONEY)])
            balances = np.rint(drawn).astype(np.int64)
            _sound(self, list(money_faults(self, total(balances))))
            return balances
        return np.full(users, self.currency.minor(given), dtype=np.int64)

    def with_settings(self, changes: Mapping[str, object]) -> Self:
        """Return the scenario with fields changed by their dotted path, all together validated once.

        `{"bank.workers": 3, "catalogue.hp-laptop.price": 450, "network.links.user->shop.latency": "1 s"}`; setting
        the kind of something drops the other fields of its old kind. Raises ScenarioError.
        """
        tree, found = settings.changed(self, changes)
        try:
            scenario = type(self).model_validate(tree)
        except ScenarioError as error:
            raise ScenarioError([*found, *error.found]) from None
        return _sound(scenario, found)

    def diff(self, other: "Scenario") -> str | None:
        """Name the first field that differs, such as `users.count: 1 against 2`; None if none does."""
        found = settings.differences(self, other)
        if not found:
            return None
        (path, mine, theirs), *more = found
        return f"{path}: {mine} against {theirs}" + (f" (and {len(more)} more fields)" if more else "")

    @classmethod
    def from_toml(cls, text: str) -> Self:
        """Make a scenario from TOML text; raises ScenarioError."""
        return cls.model_validate(files.table(text))

    @classmethod
    def read(cls, path: str | PathLike[str]) -> Self:
        """Read a TOML file; a replay file named in it is looked for beside it. Raises ScenarioError."""
        return cls.model_validate(files.read(path))

    def to_toml(self) -> str:
        """Return the scenario as TOML text with every field that has a value."""
        return files.text(self.model_dump())

    def write(self, path: str | PathLike[str]) -> None:
        """Write a TOML file that `read` understands; raises ScenarioError when a policy is the user's own."""
        files.write(path, self.model_dump())

    def _repr_html_(self) -> str:
        return summary_html.html(self)

    def _check_totals(self, wanted: Visits) -> None:
        """Refuse a visit whose goods are worth more than a 64-bit amount, and visits that are so all together."""
        dearest = [self.currency.minor(max(product.price, product.charge)) for product in self.catalogue]
        if self.users.choice is not None:  # which may put any product into the cart
            dearest = [max(dearest)] * len(dearest)
        # Floats do not wrap around; what comes near the limit is worth looking at exactly.
        for n in np.flatnonzero(wanted.quantities @ np.array(dearest, dtype=np.float64) > AMOUNT_MAX / 2):
            total = sum(price * int(units) for price, units in zip(dearest, wanted.quantities[n], strict=True))
            if total > AMOUNT_MAX:
                visit = f"demand: visit of user {wanted.user[n]} at {wanted.at[n]:g} s"
                raise refuse(visit, self.currency.text(total), "must fit in 64 bits of minor units")
        wanted_units = wanted.quantities.sum(axis=0).tolist()  # each is below 2**31, and so are the visits
        turnover = sum(price * units for price, units in zip(dearest, wanted_units, strict=True))
        turnover += len(wanted.at) * self.currency.minor(self.supplier.return_transport)
        if turnover > AMOUNT_MAX:
            raise refuse("demand: all visits", self.currency.text(turnover), _ALL_SALES)


def _skus(info: ValidationInfo) -> tuple[str, ...] | None:
    """Return the SKUs of a catalogue without faults."""
    catalogue = info.data.get("catalogue")
    return None if catalogue is None else tuple(product.sku for product in catalogue)


def _balance_faults(owner: Users | Shop | Supplier, info: ValidationInfo) -> list[Fault]:
    currency = info.data.get("currency")
    return [] if currency is None else money_fault("opening_balance", owner.opening_balance, currency)


def _money_faults(supplier: Supplier, info: ValidationInfo) -> list[Fault]:
    """Return a fault when all opening balances, where they are constant, do not fit one ledger."""
    currency, users, shop = (info.data.get(part) for part in ("currency", "users", "shop"))
    if currency is None or users is None or shop is None or not isinstance(users.opening_balance, Decimal):
        return []
    total = sum(currency.minor(owner.opening_balance) for owner in (shop, supplier))
    total += users.count * currency.minor(users.opening_balance)
    return [Fault("opening_balance", str(supplier.opening_balance), _ALL_MONEY)] if total > AMOUNT_MAX else []


def _sound(value: Value, found: list[Fault]) -> Value:
    """Return a value that has no faults; raises ScenarioError when it has."""
    if found:
        raise ScenarioError(found)
    return value


_ALL_SALES = "goods and what it may cost to bring them back must fit in 64 bits of minor units"
_ALL_MONEY = "with those of all others must fit in 64 bits of minor units"
