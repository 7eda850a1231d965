"""The parts of a scenario: products, users, shop, bank, supplier and how goods are brought to users.

Contains declarations and the rules within one part. Rules that join parts stand in `scenario.py` and
`cross_checks.py`, demand in `scenarios/demand/base.py`.
"""

from decimal import Decimal
from math import fsum
from typing import Annotated, Literal, Self

from pydantic import Field, ValidationInfo, field_validator, model_validator

from alesha_sim.distributions import Constant
from alesha_sim.policies import Immediate, MakeToOrder
from alesha_sim.scenarios.errors import scenario_error
from alesha_sim.scenarios.fields import Duration, Flag, Money, Name, Number, Share, Sku, Text, Whole
from alesha_sim.scenarios.model import Part
from alesha_sim.scenarios.price_lists import DatedPrice
from alesha_sim.scenarios.tagged_fields import Amounts, Choice, Durations, Settlement, ShopChoice, Stock, Trust
from alesha_sim.units import DAY, HOUR

Price = Annotated[Money, Field(gt=0)]
Workers = Annotated[
    Annotated[Whole, Field(ge=1, le=100_000)] | None,
    Field(examples=[3], description="Requests served at once; left out, a worker is hired when none is idle."),
]


class Product(Part):
    """A product of the catalogue; amounts in major units of the scenario's currency."""

    sku: Sku = Field(
        description="Its name everywhere: at most 24 of a-z, 0-9 and dash, first a letter, last no dash; not "
        "the currency's."
    )
    name: Text = Field(description="What people read; tables name the sku.")
    marked_price: Money = Field(description="The price before the discount; it is shown, never paid.")
    price: Price = Field(description="What a user pays for a unit.")
    charge: Price = Field(description="What the supplier takes from the shop for a unit.")
    cost: Money = Field(description="What a unit costs the supplier, at most the charge.")
    warranty: Duration = Field(
        default=730 * DAY,
        description="How long after delivery a broken unit is replaced; defect_share is how many break.",
    )
    return_window: Duration = Field(
        default=7 * DAY, description="How long after delivery goods may come back; return_share is how many do."
    )
    return_share: Share = Field(default=0.0, description="Share of purchases of it that are sent back.")
    defect_share: Share = Field(
        default=0.0, description="Share of purchases of it that break and are claimed under warranty."
    )

    @field_validator("cost")
    @classmethod
    def _check_cost(cls, cost: Money, info: ValidationInfo) -> Money:
        charge = info.data.get("charge")
        if charge is not None and cost > charge:
            raise scenario_error("", cost, f"must be at most the charge, {charge}")
        return cost


class Attacks(Part):
    """Shares of all visits that are attacks; together at most 1."""

    guess_secret: Share = Field(
        default=0.0, description="Pays from someone else's account and guesses the secret."
    )
    replay_payment: Share = Field(default=0.0, description="Sends someone else's payment again.")
    borrow_account: Share = Field(default=0.0, description="Pays from someone else's account with the own secret.")
    claim_transaction: Share = Field(
        default=0.0, description="Orders at the supplier and names a false transaction."
    )
    tamper_total: Share = Field(default=0.0, description="Checks out with a total of the visitor's own.")

    @model_validator(mode="after")
    def _at_most_all(self) -> Self:
        if fsum(self.shares) > 1:
            raise ValueError("must together be at most 1")
        return self

    @property
    def shares(self) -> tuple[float, ...]:
        """The shares in the order of the fields, which is that of the intents' names."""
        return tuple(getattr(self, name) for name in type(self).model_fields)


class Income(Part):
    """What every user is paid by the world outside, on each pay-day before the horizon."""

    amount: Price = Field(examples=[500], description="Paid to each user on each pay-day.")
    every: Annotated[Duration, Field(gt=0)] = Field(
        default=30 * DAY, description="Time from one pay-day to the next."
    )
    first: Duration = Field(default=0.0, description="When the first pay-day is, from the start.")


class Payment(Part):
    """How users pay: from their account in advance, or on delivery at their door."""

    cash_on_delivery: Share = Field(
        default=0.0,
        description="Share of visits, or of users, that pays on delivery, at the door; the others pay in advance.",
    )
    per: Literal["visit", "user"] = Field(
        default="visit",
        description="Whether cash_on_delivery is a share of visits, or of users who always pay so.",
    )
    door_refusal: Share = Field(
        default=0.0, description="Share of parcels to be paid at the door that are refused there."
    )


class AfterSales(Part):
    """What users do about an order once it is placed."""

    cancel_share: Share = Field(default=0.0, description="Share of orders that the user wants cancelled.")
    cancel_after: Durations = Field(
        default=Constant(HOUR),
        description="How long after the order the user wants that; what is shipped is not cancelled.",
    )
    return_after: Durations = Field(
        default=Constant(2 * DAY),
        description="How long after delivery goods go back; later than return_window they are refused.",
    )
    late_return_factor: Annotated[Number, Field(ge=0)] = Field(
        default=1.0, description="By what a late delivery multiplies the products' return_share."
    )
    defect_after: Durations = Field(
        default=Constant(90 * DAY),
        description="How long after delivery goods break; later than warranty none is replaced.",
    )
    complaint_share: Share = Field(
        default=0.0, description="Share of late deliveries about which the user complains."
    )


class Users(Part):
    """The customers."""

    count: Annotated[Whole, Field(ge=1, le=100_000_000)] = Field(
        default=1, examples=[100], description="How many users there are; demand says who comes when."
    )
    opening_balance: Amounts = Field(
        default=Decimal(5000), description="What each user has in the bank at the start; income comes on top."
    )
    wrong_secret: Share = Field(
        default=0.0, description="Share of visits in which the user mistypes the secret once; no attack."
    )
    views: Literal["bought", "all"] = Field(
        default="bought", description="Which products a buyer looks at first; not what is bought."
    )
    patience: Durations | None = Field(
        default=None,
        examples=["1 min"],
        description="How long a user on a visit waits for each reply of the shop; left out, forever.",
    )
    attacks: Attacks = Field(
        default=Attacks(), description="Shares of all visits that are attacks; together at most 1."
    )
    income: Income | None = Field(default=None, description="Money from outside on pay-days; left out, none.")
    budget: Money | None = Field(
        default=None,
        examples=[1000],
        description="Most that a user orders in each budget_period; left out, no limit.",
    )
    budget_period: Annotated[Duration, Field(gt=0)] = Field(
        default=30 * DAY, description="How long a budget is for; what is left of it lapses."
    )
    choice: Choice | None = Field(
        default=None, description="How a user chooses among products by price; left out, as demand says."
    )
    shop_choice: ShopChoice | None = Field(
        default=None,
        description="How a user chooses among several shops; left out, each is as likely.",
    )
    trust: Trust | None = Field(
        default=None, description="How lateness and refusals keep a user from coming again; left out, not at all."
    )
    payment: Payment = Field(default=Payment(), description="How users pay.")
    after_sales: AfterSales = Field(
        default=AfterSales(), description="What users do about an order once it is placed."
    )


class Shop(Part):
    """The shop."""

    workers: Workers = None
    page_time: Durations = Field(
        default=Constant(0), description="Time to serve a page; payments and news take none."
    )
    opening_balance: Money = Field(
        default=Decimal(10_000), description="What the shop has in the bank at the start."
    )
    unpaid_after: Annotated[Duration, Field(gt=0)] | None = Field(
        default=None,
        examples=["1 day"],
        description="When an order that nobody pays is cancelled; left out, never.",
    )
    promise: Annotated[Duration, Field(gt=0)] | None = Field(
        default=None,
        examples=["3 days"],
        description="Within what time of the order delivery is promised; left out, nothing is late.",
    )
    advance: Share = Field(
        default=1.0, description="Share of the total that is paid in advance; the rest is paid at the door."
    )
    restocking_fee: Share = Field(
        default=0.0,
        description="Share of the price kept when goods are sent back; nothing is kept for a replacement.",
    )
    unfit: Share = Field(
        default=0.0, description="Share of goods sent back that are written off; the others can be sold again."
    )
    compensation: Share = Field(
        default=0.0, description="Share of the price given back for a complaint about a late delivery."
    )
    purchase_limit: Annotated[Whole, Field(ge=1)] | None = Field(
        default=None,
        examples=[1],
        description="Most units of a product that one user may order in all; left out, no limit.",
    )
    stock: Stock | None = Field(
        default=None,
        examples=[{"kind": "base_stock", "level": 10}],
        description="How it keeps goods of its own, by a kind of supplier.stock but make_to_order; left out, the "
        "supplier sends every order.",
    )
    closes: Duration | None = Field(
        default=None,
        examples=["75 days"],
        description="When it takes no more orders, from the start; what was ordered it still supplies; left out, "
        "never.",
    )
    prices: tuple[DatedPrice, ...] = Field(
        default=(),
        description="Prices from an instant on; left out, the catalogue's price of each product holds all along.",
    )


class Fees(Part):
    """What the bank takes for payments; amounts in major units, shares of the payment."""

    fixed: Money = Field(default=Decimal(0), description="Taken from the shop for each payment.")
    share: Share = Field(default=0.0, description="Taken from the shop, as a share of the payment.")
    payer_fixed: Money = Field(default=Decimal(0), description="Taken from the user for each payment.")
    payer_share: Share = Field(default=0.0, description="Taken from the user, as a share of the payment.")
    declined: Money = Field(default=Decimal(0), description="Taken from the shop for each declined payment.")


class RollingReserve(Part):
    """A rolling reserve: a share of all that is settled to the shop is kept back for a while."""

    share: Share = Field(default=0.0, description="Share of each settlement, after its fee, that is kept back.")
    period: Duration = Field(default=30 * DAY, description="How long what is kept back stays with the bank.")


class Bank(Part):
    """The bank."""

    workers: Workers = None
    authorisation_time: Durations = Field(
        default=Constant(0), description="Time to decide on what moves money; enquiries take none."
    )
    secret_attempts: Annotated[Whole, Field(ge=1)] | None = Field(
        default=None,
        examples=[3],
        description="Wrong secrets in a row after which an account is locked; left out, none is.",
    )
    lock_time: Duration = Field(
        default=DAY, description="How long an account stays locked, against its owner too."
    )
    settlement: Settlement = Field(
        default=Immediate(), description="When users' payments reach the shop, by its kind."
    )
    fees: Fees = Field(default=Fees(), description="What the bank takes for payments.")
    rolling_reserve: RollingReserve = Field(
        default=RollingReserve(),
        description="A rolling reserve: what the bank keeps back of settlements for a while.",
    )


class Supplier(Part):
    """The shop's subsidiary that makes and delivers."""

    workers: Workers = None
    handling_time: Durations = Field(
        default=Constant(0), description="Time to look at an order; making its goods takes no worker."
    )
    lead_time: Durations = Field(
        default=Constant(DAY), description="Time to make goods; delivery_time comes after it."
    )
    delivery_time: Durations = Field(
        default=Constant(DAY), description="Time to bring goods to the user; in zones, theirs holds."
    )
    opening_balance: Money = Field(
        default=Decimal(5000), description="What the supplier has in the bank at the start."
    )
    stock: Stock = Field(
        default=MakeToOrder(),
        description="How it keeps goods, by its kind; units are one number for all products, or a table by SKU.",
    )
    unmet_demand: Literal["backordered", "rejected"] = Field(
        default="backordered", description="What becomes of orders that stock cannot serve at once."
    )
    minimum_lot: Annotated[Whole, Field(ge=1)] = Field(
        default=1, description="Least units of a product made at once for stock."
    )
    capacity: Annotated[Whole, Field(ge=1)] | None = Field(
        default=None,
        examples=[100],
        description="Most units of a product in stock and being made; left out, no limit.",
    )
    return_transport: Money = Field(
        default=Decimal(0),
        description="Cost of a parcel refused at the door; what users send back later costs nothing.",
    )
    transport_charged: Share = Field(
        default=1.0, description="Share of return_transport that the shop bears, at most the parcel's charges."
    )
    remit_after: Duration = Field(
        default=7 * DAY, description="How long after delivery money collected at doors goes to the shop."
    )


class Zone(Part):
    """A part of the country, and how long a parcel takes to get there."""

    name: Name = Field(
        examples=["dhaka"], description="What it is called: letters, digits, dashes and underscores."
    )
    share: Annotated[Number, Field(ge=0)] = Field(
        examples=[3], description="Relative share of the users who live there."
    )
    delivery_time: Durations = Field(examples=["1 day"], description="Time to bring a parcel there.")


class Delivery(Part):
    """How goods are brought to users."""

    zones: tuple[Zone, ...] = Field(
        default=(), description="Where users live; without any zone, supplier.delivery_time holds for all."
    )
    lost: Annotated[Number, Field(ge=0, lt=1)] = Field(
        default=0.0, description="Share of parcels, 0 to below 1, that are lost and sent once more."
    )
    report_time: Durations = Field(
        default=Constant(DAY), description="How long after it was due a lost parcel is reported."
    )
    partial: Flag = Field(
        default=False,
        description="Whether each product of an order is sent once it is there; not if money is due at the door.",
    )
