"""The fields of a scenario, and the rules that join one with those above it.

How a scenario is read, drawn and changed is in `scenario.py`; what its parts together must keep is in
`cross_checks.py` and `bounds.py`.
"""

import math
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated, Any, TypeVar, cast

from pydantic import Field, SerializerFunctionWrapHandler, ValidationInfo, field_validator, model_serializer

from alesha_sim.scenarios import market
from alesha_sim.scenarios.channels import Link, Network
from alesha_sim.scenarios.demand.base import OWN, Poisson, Single
from alesha_sim.scenarios.demand.bursts import Flash, Waves
from alesha_sim.scenarios.demand.mixture import Mixture
from alesha_sim.scenarios.demand.repeat_buying import BgNbd, ParetoNbd
from alesha_sim.scenarios.demand.replay import Replay
from alesha_sim.scenarios.errors import Problem, ScenarioError, party_names, product_names
from alesha_sim.scenarios.extensions import Extension
from alesha_sim.scenarios.fields import Duration, Horizon, Instant, Name, Text, money_problem
from alesha_sim.scenarios.injected_faults import InjectedFault
from alesha_sim.scenarios.market import Clearing, NamedBank, NamedShop, NamedSupplier, Organisation
from alesha_sim.scenarios.model import Part
from alesha_sim.scenarios.sections import Bank, Delivery, Product, Shop, Supplier, Users
from alesha_sim.scenarios.tagged_fields import CurrencyUsed
from alesha_sim.units import AMOUNT_MAX, Currency
from alesha_sim.vocabulary import CLEARING, ORGANISATIONS, PRODUCTS_MAX

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


_OF_A_MARKET = ("shops", "banks", "suppliers", "clearing")


class ScenarioFields(Part):
    """What a scenario says: its fields, each valid by itself and with those above it."""

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
        description="The products that the shop sells; left out, AleshaMart's three.",
    )
    users: Users = Field(default=Users(), description="The customers: how many, what they have, how they behave.")
    demand: Annotated[
        Single | Poisson | BgNbd | ParetoNbd | Flash | Waves | Replay | Mixture, Field(discriminator="kind"), *OWN
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
    shops: tuple[NamedShop, ...] = Field(
        default=(), description="Several shops, in place of shop; every field of shop, and those of a market."
    )
    banks: tuple[NamedBank, ...] = Field(
        default=(), description="Several banks, in place of bank; every field of bank, and those of a market."
    )
    suppliers: tuple[NamedSupplier, ...] = Field(
        default=(),
        description="Several suppliers, in place of supplier; every field of supplier, and those of a market.",
    )
    clearing: Clearing | None = Field(
        default=None, description="How several banks settle with each other; left out, gross."
    )
    delivery: Delivery = Field(default=Delivery(), description="How goods are brought to users.")
    network: Network = Field(
        default=Network(), description="How messages travel between users, shop, bank and supplier."
    )
    faults: tuple[InjectedFault, ...] = Field(
        default=(),
        description="What goes wrong for a while, by its kind; where messages can be lost, "
        "network.default.timeout must be given.",
    )
    extensions: tuple[Extension, ...] = Field(
        default=(),
        description="What of other packages takes part, by the names that they register; `--setup` adds your own.",
    )

    # Each validator sees the parts above its field that are sound, so one call finds all faults of all parts.

    @field_validator("catalogue")
    @classmethod
    def _check_catalogue(cls, catalogue: tuple[Product, ...], info: ValidationInfo) -> tuple[Product, ...]:
        if not catalogue:
            raise ValueError("must have at least one product")
        if len(catalogue) > PRODUCTS_MAX:
            raise ValueError(f"must have at most {PRODUCTS_MAX} products")
        skus = [product.sku for product in catalogue]
        first: dict[str, int] = {}
        found = [
            Problem(f"[{n}].sku", repr(sku), "must not occur twice")
            for n, sku in enumerate(skus)
            if first.setdefault(sku, n) < n
        ]
        currency = info.data.get("currency")
        if currency is not None:
            for called, product in zip(product_names(catalogue), catalogue, strict=True):
                if product.sku == currency.code.lower():
                    found.append(Problem(f"{called}.sku", repr(product.sku), "must not be the currency's name"))
                for field in ("marked_price", "price", "charge", "cost"):
                    found += money_problem(f"{called}.{field}", getattr(product, field), currency)
        return checked(catalogue, found)

    @field_validator("users", "shop")
    @classmethod
    def _check_opening_balance(cls, owner: Users | Shop, info: ValidationInfo) -> Users | Shop:
        return checked(owner, _balance_problems(owner, info))

    @field_validator("shops", "suppliers")
    @classmethod
    def _check_opening_balances(cls, several: tuple[Any, ...], info: ValidationInfo) -> tuple[Any, ...]:
        found = [
            problem.prefixed(called)
            for called, owner in zip(party_names(several), several, strict=True)
            for problem in _balance_problems(owner, info)
        ]
        return checked(several, found)

    @field_validator("demand")
    @classmethod
    def _check_demand(cls, demand: Any, info: ValidationInfo) -> Any:
        users = info.data.get("users")
        return checked(
            demand,
            demand.problems(users.count if users else None, _skus(info), info.data.get("horizon", math.inf)),
        )

    @field_validator("supplier")
    @classmethod
    def _check_supplier(cls, supplier: Supplier, info: ValidationInfo) -> Supplier:
        return checked(supplier, _balance_problems(supplier, info) or _money_problems(supplier, info))

    @property
    def is_hostile(self) -> bool:
        """Whether messages can be lost, doubled or sent again, or entities crash."""
        names = (*market.links(self), *market.own_links(self))
        return bool(self.faults) or any(self.link(name).is_hostile for name in names)

    @property
    def uses_escrow(self) -> bool:
        """Whether a bank keeps payments until users say that the goods have come."""
        banks = market.of_role(self, "bank")
        return any(getattr(bank.terms.settlement, "needs_confirmation", False) for bank in banks)

    @property
    def is_market(self) -> bool:
        """Whether shops, banks or suppliers are named, as where there are several of them."""
        return bool(self.shops or self.banks or self.suppliers)

    @property
    def organisations(self) -> tuple[Organisation, ...]:
        """The shops, then the banks, then the suppliers; one of a role that is not named bears the role's name."""
        return market.organisations(self)

    @property
    def roles(self) -> dict[str, str]:
        """The role of each party by its name: organisations, "users", and "clearing" where banks settle."""
        found = {each.name: each.role for each in self.organisations} | {market.USERS: market.USERS}
        return found if self.clearing is None else found | {CLEARING: CLEARING}

    @property
    def connected(self) -> tuple[tuple[str, str], ...]:
        """The pairs of parties that talk to each other, by name; all users together are `user`."""
        return market.connected(self)

    @property
    def link_names(self) -> tuple[str, ...]:
        """Every name of a one-way link: each end is a party, or a role for all who have it."""
        return tuple(dict.fromkeys(key for link in market.links(self) for key in market.link_keys(self, link)))

    def link(self, name: str) -> Link:
        """Return the link between two parties, `daraz->city`; what names say goes before what roles say."""
        return self.network.link(*market.link_keys(self, name))

    def called(self, word: str) -> tuple[str, ...]:
        """Return the names of those that a word means: the party of that name, or all of that role."""
        roles = self.roles
        return (word,) if word in roles else tuple(name for name, role in roles.items() if role == word)

    def party(self, name: str) -> Organisation:
        """Return an organisation by its name; raises ScenarioError for an unknown one."""
        return market.party(self, name)

    def bank_of(self, name: str) -> str:
        """Return the name of the bank of a shop or a supplier; raises ScenarioError for an unknown name."""
        return market.bank_of(self, name)

    def suppliers_of(self, name: str) -> tuple[str, ...]:
        """Return from whom a shop or a supplier buys, by name; raises ScenarioError for an unknown name."""
        return market.suppliers_of(self, name)

    if not TYPE_CHECKING:  # who reads `scenario.shop` finds a `Shop`, or hears that there are several

        def __getattr__(self, name: str) -> Any:
            if name in ORGANISATIONS and self.__dict__.get(market.plural(name)):
                return market.only(self, name)
            return super().__getattr__(name)

    @model_serializer(mode="wrap")
    def _without_empty_lists(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Leave out what a market has, where there is none."""
        table: dict[str, Any] = handler(self)
        return {name: each for name, each in table.items() if each or name not in _OF_A_MARKET}

    @property
    def catalogue_prices(self) -> dict[str, Decimal]:
        """The catalogue's price of each product, by SKU."""
        return {product.sku: product.price for product in self.catalogue}

    @property
    def skus(self) -> tuple[str, ...]:
        """The catalogue's SKUs, in its order."""
        return tuple(product.sku for product in self.catalogue)


def _skus(info: ValidationInfo) -> tuple[str, ...] | None:
    """Return the SKUs of a catalogue without faults."""
    catalogue = info.data.get("catalogue")
    return None if catalogue is None else tuple(product.sku for product in catalogue)


def _balance_problems(owner: Users | Shop | Supplier, info: ValidationInfo) -> list[Problem]:
    currency = info.data.get("currency")
    return [] if currency is None else money_problem("opening_balance", owner.opening_balance, currency)


def _money_problems(supplier: Supplier, info: ValidationInfo) -> list[Problem]:
    """Return a fault when all opening balances, where they are constant, do not fit one ledger."""
    currency, users, shop = (info.data.get(part) for part in ("currency", "users", "shop"))
    if currency is None or users is None or shop is None or not isinstance(users.opening_balance, Decimal):
        return []
    total = sum(currency.minor(owner.opening_balance) for owner in (shop, supplier))
    total += users.count * currency.minor(users.opening_balance)
    return [Problem("opening_balance", str(supplier.opening_balance), ALL_MONEY)] if total > AMOUNT_MAX else []


def checked(value: Value, found: list[Problem]) -> Value:
    """Return a value that has no faults; raises ScenarioError when it has."""
    if found:
        raise ScenarioError(found)
    return value


ALL_MONEY = "with those of all others must fit in 64 bits of minor units"
