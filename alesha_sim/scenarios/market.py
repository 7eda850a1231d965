"""A market of several: named shops, banks and suppliers, how banks settle, and who deals with whom.

Contains declarations and what a scenario tells of its organisations. What must hold between them is in
`market_checks.py`.
"""

import re
from collections.abc import Mapping
from decimal import Decimal
from itertools import combinations, product
from typing import Annotated, Any, Literal, NamedTuple

from pydantic import BeforeValidator, ConfigDict, Field

from alesha_sim.distributions import Distribution
from alesha_sim.scenarios.errors import Problem, ScenarioError, nearest, scenario_error
from alesha_sim.scenarios.fields import Duration, Flag, Money, Share, Sku
from alesha_sim.scenarios.model import Part
from alesha_sim.scenarios.sections import Bank, Price, Shop, Supplier
from alesha_sim.scenarios.tagged_fields import Durations, Sourcing
from alesha_sim.units import DAY
from alesha_sim.vocabulary import CLEARING
from alesha_sim.vocabulary import ORGANISATIONS as ROLES

NAME_LENGTH = 24
"""How long the name of a party may be: it begins the names of its accounts."""

USER, USERS, COURIER = "user", "users", "courier"
"""Who else takes part: a customer, all of them, the house at which banks settle, who collects money at doors."""

_NAME = "[A-Za-z][A-Za-z0-9]*(-[A-Za-z0-9]+)*"


def plural(role: str) -> str:
    """Return the field of a scenario that lists the organisations of a role."""
    return f"{role}s"


def party_name(value: object) -> str:
    """Read the name of a party: letters and digits, dashes inside, and not what has its meaning already."""
    if not isinstance(value, str) or len(value) > NAME_LENGTH or not re.fullmatch(_NAME, value):
        rule = f"must be at most {NAME_LENGTH} letters and digits, a letter first, dashes inside"
        raise scenario_error("", value, rule)
    small = value.lower()
    if small.startswith("user"):
        raise scenario_error("", value, "must not begin with user: accounts of users do")
    if small in (CLEARING, COURIER, "outside"):
        raise scenario_error("", value, "must not be clearing, courier or outside, which are no organisations")
    if small.endswith(f"-{COURIER}"):
        raise scenario_error("", value, f"must not end in -{COURIER}: the account of a supplier's courier does")
    return value


PartyName = Annotated[str, BeforeValidator(party_name)]


class Named(Part):
    """An organisation that is one of several of its role."""

    name: PartyName = Field(
        description=f"What it is called everywhere: at most {NAME_LENGTH} letters and digits, dashes inside.",
    )


class NamedShop(Shop, Named):
    """One of several shops: every field of `shop`, its name and with whom it deals."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"name": "daraz"}]})

    bank: PartyName | None = Field(
        default=None,
        examples=["city"],
        description="The bank where the shop keeps its account; left out, the only one.",
    )
    suppliers: tuple[PartyName, ...] = Field(
        default=(), examples=[["mill"]], description="From whom it buys; without any, from the only supplier."
    )
    sourcing: Sourcing | None = Field(
        default=None,
        description="Which of its suppliers gets what; left out, the first of them gets all.",
    )
    order_time: Duration = Field(
        default=0.0, description="Time from a decision to order goods for stock until the order is sent."
    )
    unmet_demand: Literal["passed-on", "backordered"] = Field(
        default="passed-on",
        description="What becomes of orders that the shop's own stock cannot serve at once: a supplier sends "
        "them, or they wait.",
    )


class NamedBank(Bank, Named):
    """One of several banks: every field of `bank`, its name, its customers and its reserves."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"name": "city"}]})

    share: Share | None = Field(
        default=None,
        examples=[0.6],
        description="Share of the users who have their accounts there; left out at all banks, equal.",
    )
    reserves: Money | None = Field(
        default=None,
        examples=[1_000_000],
        description="What it has at the clearing house at the start; left out, what its depositors brought.",
    )
    credit: Money = Field(default=Decimal(0), description="How far its reserves may go below zero within a day.")
    closes: Duration | None = Field(
        default=None,
        examples=["3 days"],
        description="When it is closed: its accounts can then neither pay nor be paid; left out, never.",
    )


class NamedSupplier(Supplier, Named):
    """One of several suppliers: every field of `supplier`, its name and with whom it deals."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"name": "mill"}]})

    bank: PartyName | None = Field(
        default=None,
        examples=["city"],
        description="The bank where the supplier keeps its account; left out, the only one.",
    )
    upstream: PartyName | None = Field(
        default=None,
        examples=["quarry"],
        description="The supplier from which it buys what it sells; left out, it makes that.",
    )
    charges: dict[Sku, Price] = Field(
        default={},
        examples=[{"iphone-x": 700}],
        description="What it takes for a unit, a table by SKU; of other products the catalogue's charge.",
    )
    lead_times: dict[Sku, Durations] = Field(
        default={},
        examples=[{"iphone-x": "9 days"}],
        description="Time to make a product, a table by SKU; of other products lead_time.",
    )
    order_time: Duration = Field(
        default=0.0, description="Time from a decision to order goods upstream until the order is sent."
    )
    parts: Flag = Field(
        default=False,
        description="Whether an organisation's order is delivered in parts, as far as stock goes.",
    )
    credit: Flag = Field(
        default=False,
        description="Whether organisations owe for goods for their stock, and pay after the run; or else they pay "
        "before the goods are sent.",
    )


class Clearing(Part):
    """The house at which banks settle what they owe each other."""

    kind: Literal["gross", "net", "guaranteed"] = Field(
        default="gross",
        description="Each payment by itself (gross), what is left of all in a cycle (net), or net with losses "
        "shared (guaranteed).",
    )
    every: Annotated[Duration, Field(gt=0)] = Field(
        default=DAY, description="Time from one net cycle to the next; gross settlement has none."
    )
    queue: Literal["fifo", "bypass", "gridlock"] = Field(
        default="fifo",
        description="Which payments that wait are settled next: a bank's first (fifo), any that can be paid "
        "(bypass), or the most that can be paid together (gridlock).",
    )
    interchange: Share = Field(
        default=0.0, description="Share of a payment to a shop that the payer's bank keeps of what it clears."
    )


class Organisation(NamedTuple):
    """An organisation of a scenario: its name, its role, and the section that says how it works."""

    name: str
    role: str
    terms: Any

    @property
    def field(self) -> str:
        """The path of its section, for settings and for what is said of it: of a named one with its name."""
        return f"{plural(self.role)}.{self.name}" if isinstance(self.terms, Named) else self.role


def organisations(scenario: Part) -> tuple[Organisation, ...]:
    """Return the shops, then the banks, then the suppliers, each in the order of the scenario."""
    found = []
    for role in ROLES:
        several: tuple[Any, ...] = getattr(scenario, plural(role))
        if several:
            found += [Organisation(each.name, role, each) for each in several]
        else:
            found.append(Organisation(role, role, getattr(scenario, role)))
    return tuple(found)


def of_role(scenario: Part, role: str) -> list[Organisation]:
    """Return the organisations of a role, in the order of the scenario."""
    return [each for each in organisations(scenario) if each.role == role]


def party(scenario: Part, name: str) -> Organisation:
    """Return the organisation of a name; raises ScenarioError, naming the nearest, if there is none."""
    found = {each.name: each for each in organisations(scenario)}
    if name not in found:
        raise ScenarioError([Problem("", repr(name), f"unknown organisation: {nearest(name, found)}")])
    return found[name]


def bank_of(scenario: Part, name: str) -> str:
    """Return the name of the bank of a shop or a supplier: the one it names, or the only one."""
    own: str | None = getattr(party(scenario, name).terms, "bank", None)
    return own or of_role(scenario, "bank")[0].name


def suppliers_of(scenario: Part, name: str) -> tuple[str, ...]:
    """Return the names of those from whom a shop or a supplier buys; none if it makes what it sells."""
    buyer = party(scenario, name)
    if buyer.role == "shop":
        return getattr(buyer.terms, "suppliers", ()) or (of_role(scenario, "supplier")[0].name,)
    upstream = getattr(buyer.terms, "upstream", None)
    return () if upstream is None else (upstream,)


def connected(scenario: Part) -> tuple[tuple[str, str], ...]:
    """Return the pairs of parties that talk to each other, by name; all users together are `user`.

    Users talk to every organisation; a shop and a supplier to its own bank and to those from whom it buys; banks
    to each other and to the clearing house.
    """
    shops, banks, suppliers = ([each.name for each in of_role(scenario, role)] for role in ROLES)
    pairs = [*((USER, name) for name in (*shops, *banks)), *((name, USER) for name in suppliers)]
    pairs += [(name, bank_of(scenario, name)) for name in shops]
    pairs += [(name, source) for name in shops for source in suppliers_of(scenario, name)]
    pairs += [(name, bank_of(scenario, name)) for name in suppliers]
    pairs += [(name, source) for name in suppliers for source in suppliers_of(scenario, name)]
    if len(banks) > 1:
        pairs += combinations(banks, 2)
        pairs += [(name, CLEARING) for name in banks]
    return tuple(pairs)


def links(scenario: Part) -> tuple[str, ...]:
    """Return every one-way link by the names of its parties."""
    return tuple(f"{one}->{other}" for pair in connected(scenario) for one, other in (pair, pair[::-1]))


def link_keys(scenario: Part, link: str) -> list[str]:
    """Return all that a link is called, the widest first: by roles, by role and name, by names."""
    roles = {each.name: each.role for each in organisations(scenario)}
    ends = [dict.fromkeys((roles.get(name, name), name)) for name in link.split("->")]
    return ["->".join(each) for each in product(*ends)]


def own_links(scenario: Part) -> list[str]:
    """Return the links that the network names and no party has: those of an extension's entities."""
    known = {key for link in links(scenario) for key in link_keys(scenario, link)}
    stated: Mapping[str, object] = vars(scenario)["network"].links
    return [name for name in stated if name not in known]


def lead_times(supplier: Supplier) -> list[Distribution]:
    """Return every lead time of a supplier: the one of all products, and those of some."""
    return [supplier.lead_time, *getattr(supplier, "lead_times", {}).values()]


def only(scenario: Part, role: str) -> Any:
    """Return the section of the only one that is named of a role; AttributeError where there are several."""
    several: tuple[Any, ...] = getattr(scenario, plural(role))
    if len(several) != 1:
        names = ", ".join(each.name for each in several)
        example = f"{plural(role)}.{several[0].name}"
        raise AttributeError(f"scenario.{role}: there are several: {names}; name one: {example}")
    return several[0]
