"""Parts of a scenario that contradict each other: each is sound alone, together they cannot be meant.

Contains rules only. They are looked at once all parts are sound.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields, is_dataclass
from typing import TYPE_CHECKING, Any

from alesha_sim.policies import (
    BaseStock,
    Escrow,
    MakeToOrder,
    Periodic,
    ReorderPoint,
    StockPolicy,
)
from alesha_sim.scenarios.bounds import opening_of
from alesha_sim.scenarios.errors import Problem, nearest
from alesha_sim.scenarios.fields import money_problem
from alesha_sim.scenarios.market import NamedBank, NamedSupplier, Organisation, lead_times, of_role, party
from alesha_sim.scenarios.price_lists import price_problems

if TYPE_CHECKING:
    from alesha_sim.scenarios.scenario_fields import ScenarioFields

NO_HORIZON = Problem("horizon", None, "missing: must be given")
"""Only a scenario whose visits are all recorded ends without a horizon."""

_AIMS = {BaseStock: "level", ReorderPoint: "reorder_point", Periodic: "order_up_to"}
"""The field of each stock policy that says how much it wants to have."""


def contradictions(scenario: "ScenarioFields") -> Iterator[Problem]:
    """Yield what does not go together."""
    if scenario.horizon == math.inf and not scenario.demand.is_recorded:
        yield NO_HORIZON
    for bank in of_role(scenario, "bank"):
        yield from _escrow(bank, scenario)
    for shop in of_role(scenario, "shop"):
        yield from _promise(shop, scenario)
        yield from price_problems(f"{shop.field}.prices", shop.terms.prices, scenario.skus, scenario.currency)
    for keeper in (*of_role(scenario, "supplier"), *of_role(scenario, "shop")):
        yield from _keeps(keeper, scenario)
    yield from _zones(scenario)
    yield from _amounts(scenario)


def _escrow(bank: Organisation, scenario: "ScenarioFields") -> Iterator[Problem]:
    """Yield what a bank that holds payments back, and the shops that it serves, cannot do together."""
    settlement, where = bank.terms.settlement, f"{bank.field}.settlement"
    if not isinstance(settlement, Escrow):
        return
    share = scenario.users.payment.cash_on_delivery
    if share > 0:
        rule = f"must be 0 where {where} is escrow: the bank holds only what is paid in advance"
        yield Problem("users.payment.cash_on_delivery", str(share), rule)
    for shop in of_role(scenario, "shop"):
        if scenario.bank_of(shop.name) != bank.name:
            continue
        if shop.terms.advance < 1:
            rule = f"must be 1 where {where} is escrow: the bank holds the whole price"
            yield Problem(f"{shop.field}.advance", str(shop.terms.advance), rule)
        if settlement.refund_after is not None and shop.terms.promise is None:
            rule = f"missing: must be given where {where}.refund_after says when late orders are refunded"
            yield Problem(f"{shop.field}.promise", None, rule)


def _promise(shop: Organisation, scenario: "ScenarioFields") -> Iterator[Problem]:
    """Yield a promise that no delivery can keep, whichever of its suppliers a shop asks."""
    promise = shop.terms.promise
    if promise is None:
        return
    zones = [zone.delivery_time.least for zone in scenario.delivery.zones]
    suppliers = [party(scenario, name).terms for name in scenario.suppliers_of(shop.name)]
    shortest = min(
        min(zones or [supplier.delivery_time.least])
        + (min(lead.least for lead in lead_times(supplier)) if isinstance(supplier.stock, MakeToOrder) else 0)
        for supplier in suppliers
    )
    if promise < shortest:
        rule = f"must be at least the shortest time in which goods are made and brought, {shortest:g} s"
        yield Problem(f"{shop.field}.promise", f"{promise:g}", rule)


def _keeps(keeper: Organisation, scenario: "ScenarioFields") -> Iterator[Problem]:
    """Yield what is wrong with how a shop or a supplier keeps goods."""
    field, policy = f"{keeper.field}.stock", keeper.terms.stock
    if policy is None:
        return
    yield from _stock(field, policy, keeper, scenario)
    if keeper.role == "shop" and isinstance(policy, MakeToOrder):
        rule = "must be a kind that keeps goods: the shop makes none"
        yield Problem(f"{field}.kind", "'make_to_order'", rule)


def _stock(field: str, policy: StockPolicy, keeper: Organisation, scenario: "ScenarioFields") -> Iterator[Problem]:
    """Yield unknown SKUs, and aims that the warehouse has no room for."""
    for place, sku in _named(policy):
        if sku not in scenario.skus:
            yield Problem(f"{field}.{place}", repr(sku), f"unknown SKU: {nearest(sku, scenario.skus)}")
    room = getattr(keeper.terms, "capacity", None)
    if room is None:
        return
    rule = f"must be at most {keeper.field}.capacity, {room}"
    yield from _aims(field, policy, room, rule) or _openings(field, policy, room, rule, scenario.skus)
    if keeper.terms.minimum_lot > room:
        yield Problem(f"{keeper.field}.minimum_lot", str(keeper.terms.minimum_lot), rule)


def _aims(field: str, policy: StockPolicy, room: int, rule: str) -> list[Problem]:
    """Return a problem if a policy of this package wants to have more of a product than there is room for."""
    for kind, name in _AIMS.items():
        if isinstance(policy, kind):
            aim = getattr(policy, name)
            most = max(aim.values(), default=0) if isinstance(aim, Mapping) else aim
            return [Problem(f"{field}.{name}", str(most), rule)] if most > room else []
    return []


def _openings(field: str, policy: StockPolicy, room: int, rule: str, skus: Sequence[str]) -> list[Problem]:
    """Return a problem for each product of which any policy opens with more than there is room for."""
    opening = {sku: opening_of(policy, sku) for sku in skus}
    return [
        Problem(field, f"opening stock of {sku}, {units}", rule) for sku, units in opening.items() if units > room
    ]


def _named(policy: Any) -> Iterator[tuple[str, str]]:
    """Yield where a policy of this package names a product, and which."""
    if isinstance(policy, MakeToOrder):
        yield from ((f"unavailable[{n}]", sku) for n, sku in enumerate(policy.unavailable))
    elif is_dataclass(policy):  # a policy of the user's own may be anything
        for field in fields(policy):
            table = getattr(policy, field.name)
            if isinstance(table, Mapping):
                yield from ((field.name, sku) for sku in table)


def _zones(scenario: "ScenarioFields") -> Iterator[Problem]:
    zones = scenario.delivery.zones
    names = [zone.name for zone in zones]
    for place, name in enumerate(names):
        if name in names[:place]:
            yield Problem(f"delivery.zones[{place}].name", repr(name), "must not occur twice")
    if zones and not sum(zone.share for zone in zones) > 0:
        yield Problem("delivery.zones", None, "shares must have a positive sum")


def _amounts(scenario: "ScenarioFields") -> Iterator[Problem]:
    """Yield amounts with more decimals than the currency has."""
    amounts: dict[str, Any] = {}
    for supplier in of_role(scenario, "supplier"):
        amounts |= _amounts_of(supplier)
    income = scenario.users.income
    amounts["users.budget"] = scenario.users.budget
    amounts["users.income.amount"] = None if income is None else income.amount
    for bank in of_role(scenario, "bank"):
        amounts |= _amounts_of(bank)
    for field, amount in amounts.items():
        yield from money_problem(field, amount, scenario.currency)


def _amounts_of(each: Organisation) -> dict[str, Any]:
    """Return the amounts of a bank's or a supplier's section, but the opening balance, by their fields."""
    terms = each.terms
    if each.role == "supplier":
        found = {"return_transport": terms.return_transport}
    else:
        found = {f"fees.{name}": getattr(terms.fees, name) for name in ("fixed", "payer_fixed", "declined")}
    if isinstance(terms, NamedBank):
        found |= {"reserves": terms.reserves, "credit": terms.credit}
    if isinstance(terms, NamedSupplier):
        found |= {f"charges.{sku}": charge for sku, charge in terms.charges.items()}
    return {f"{each.field}.{place}": amount for place, amount in found.items()}
