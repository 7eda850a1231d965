"""The parts of a scenario: products, users, shop, bank, supplier and the network between them.

Here live declarations and the rules within one part. Rules that join parts stand in `scenario.py`, demand in
`demand.py`.
"""

from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, ValidationInfo, field_validator

from alesha_sim.distributions import Constant
from alesha_sim.policies import MakeToOrder
from alesha_sim.scenarios.errors import Fault, ScenarioError, nearest, refuse
from alesha_sim.scenarios.fields import Duration, Money, Share, Sku, Text, Whole
from alesha_sim.scenarios.part import Part
from alesha_sim.scenarios.tagged import Amounts, Durations, Stock

DAY = 86_400.0

Workers = Annotated[
    Annotated[Whole, Field(ge=1, le=100_000)] | None,
    Field(description="How many requests are served at once; left out, a worker is hired when none is idle."),
]


Price = Annotated[Money, Field(gt=0)]


class Product(Part):
    """A product of the catalogue; amounts in major units of the scenario's currency."""

    sku: Sku = Field(description="Its name everywhere: up to 24 of a-z, 0-9 and dash, first a letter.")
    name: Text = Field(description="What people read.")
    marked_price: Money = Field(description="The price before the discount, per unit.")
    price: Price = Field(description="What a user pays for a unit, more than 0.")
    charge: Price = Field(description="What the supplier takes from the shop for a unit, more than 0.")
    cost: Money = Field(description="What a unit costs the supplier, at most the charge.")
    warranty: Duration = Field(default=730 * DAY, description="How long the warranty lasts, seconds.")
    return_window: Duration = Field(
        default=7 * DAY, description="How long after delivery goods may come back, seconds."
    )

    @field_validator("cost")
    @classmethod
    def _covered(cls, cost: Money, info: ValidationInfo) -> Money:
        charge = info.data.get("charge")
        if charge is not None and cost > charge:
            raise refuse("", cost, f"must be at most the charge, {charge}")
        return cost


class Users(Part):
    """The customers."""

    count: Annotated[Whole, Field(ge=1, le=100_000_000)] = Field(default=1, description="How many there are.")
    opening_balance: Amounts = Field(
        default=Decimal(5000), description="What each has in the bank, amount or distribution."
    )
    wrong_secret: Share = Field(
        default=0.0, description="Share of visits, 0 to 1, in which the user mistypes the secret."
    )
    views: Literal["bought", "all"] = Field(
        default="bought", description="Which products a buyer looks at before buying."
    )


class Shop(Part):
    """AleshaMart."""

    workers: Workers = None
    page_time: Durations = Field(default=Constant(0), description="Time to serve a page, seconds or distribution.")
    opening_balance: Money = Field(default=Decimal(10_000), description="What it has in the bank.")


class Bank(Part):
    """The bank of all."""

    workers: Workers = None
    authorisation_time: Durations = Field(
        default=Constant(0), description="Time to decide on a payment, seconds or distribution."
    )


class Supplier(Part):
    """The shop's subsidiary that makes and delivers."""

    workers: Workers = None
    handling_time: Durations = Field(
        default=Constant(0), description="Time to look at an order, seconds or distribution."
    )
    lead_time: Durations = Field(
        default=Constant(DAY), description="Time to make the goods, seconds or distribution."
    )
    delivery_time: Durations = Field(
        default=Constant(DAY), description="Time to bring them to the user, seconds or distribution."
    )
    opening_balance: Money = Field(default=Decimal(5000), description="What it has in the bank.")
    stock: Stock = Field(
        default=MakeToOrder(), description="How it keeps goods; SKUs in `unavailable` are not made."
    )


LINKS = tuple(
    f"{sender}->{recipient}"
    for one, other in (
        ("user", "shop"),
        ("user", "bank"),
        ("supplier", "user"),
        ("shop", "bank"),
        ("shop", "supplier"),
        ("supplier", "bank"),
    )
    for sender, recipient in ((one, other), (other, one))
)
"""The names of all one-way links; all users share theirs."""


def _link_name(value: Any) -> Any:
    if value not in LINKS:
        raise ScenarioError([Fault("", None, f"unknown link: {nearest(value, LINKS)}")])
    return value


class Link(Part):
    """A one-way link from one entity to another."""

    latency: Durations = Field(
        default=Constant(0.05), description="How long a message takes, seconds or distribution."
    )


class LinkOverride(Part):
    """What is different on one link; what is left out is as in the network's default."""

    latency: Durations | None = Field(
        default=None, description="How long a message takes, seconds or distribution."
    )


class Network(Part):
    """The links between the entities."""

    default: Link = Field(default=Link(), description="Every link that is not named below.")
    links: dict[Annotated[str, BeforeValidator(_link_name)], LinkOverride] = Field(
        default={}, description='What is different by link, such as "user->shop".'
    )

    def link(self, name: str) -> Link:
        """Return the link of a name such as `shop->bank`, as it is after its overrides."""
        override = self.links.get(name)
        if override is None:
            return self.default
        changed = {field: getattr(override, field) for field in LinkOverride.model_fields}
        return self.default.model_copy(update={field: v for field, v in changed.items() if v is not None})
