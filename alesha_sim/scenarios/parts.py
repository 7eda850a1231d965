"""The parts of a scenario: products, users, shop, bank, supplier and the network between them.

Here live declarations and the rules within one part. Rules that join parts stand in `scenario.py`, demand in
`demand.py`.
"""

from decimal import Decimal
from typing import Annotated, Literal, Self

from pydantic import Field, ValidationInfo, field_validator, model_validator

from alesha_sim.distributions import Constant
from alesha_sim.policies import MakeToOrder
from alesha_sim.scenarios.errors import refuse
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


class Attacks(Part):
    """Shares of all visits, 0 to 1, that are attacks; together at most 1."""

    guess_secret: Share = Field(
        default=0.0, description="Pays from someone else's account and guesses the secret."
    )
    replay_payment: Share = Field(default=0.0, description="Sends someone else's payment again.")
    borrow_account: Share = Field(default=0.0, description="Pays from someone else's account with the own secret.")
    claim_transaction: Share = Field(default=0.0, description="Orders at the supplier naming a false transaction.")
    tamper_total: Share = Field(default=0.0, description="Checks out with a total of the visitor's own.")

    @model_validator(mode="after")
    def _at_most_all(self) -> Self:
        if sum(self.shares) > 1:
            raise ValueError("must together be at most 1")
        return self

    @property
    def shares(self) -> tuple[float, ...]:
        """The shares in the order of the fields, which is that of the intents' names."""
        return tuple(getattr(self, name) for name in type(self).model_fields)


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
    patience: Durations | None = Field(
        default=None,
        description="How long a user waits for each reply, seconds or distribution; left out, for ever.",
    )
    attacks: Attacks = Field(default=Attacks(), description="Which visits are attacks.")


class Shop(Part):
    """AleshaMart."""

    workers: Workers = None
    page_time: Durations = Field(default=Constant(0), description="Time to serve a page, seconds or distribution.")
    opening_balance: Money = Field(default=Decimal(10_000), description="What it has in the bank.")
    unpaid_after: Annotated[Duration, Field(gt=0)] | None = Field(
        default=None, description="When an order that nobody pays is cancelled, seconds; left out, never."
    )


class Bank(Part):
    """The bank of all."""

    workers: Workers = None
    authorisation_time: Durations = Field(
        default=Constant(0), description="Time to decide on a payment, seconds or distribution."
    )
    secret_attempts: Annotated[Whole, Field(ge=1)] | None = Field(
        default=None, description="How many wrong secrets in a row lock an account; left out, none does."
    )
    lock_time: Duration = Field(default=DAY, description="How long an account stays locked, seconds.")


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
