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
    yield from _escrow(scenario)
    yield from _promise(scenario)
    yield from _stock("supplier.stock", scenario.supplier.stock, scenario)
    if scenario.shop.stock is not None:
        yield from _stock("shop.stock", scenario.shop.stock, scenario)
        if isinstance(scenario.shop.stock, MakeToOrder):
            rule = "must be a kind that keeps goods: the shop makes none"
            yield Problem("shop.stock.kind", "'make_to_order'", rule)
    yield from _zones(scenario)
    yield from _amounts(scenario)


def _escrow(scenario: "ScenarioFields") -> Iterator[Problem]:
    settlement = scenario.bank.settlement
    if not isinstance(settlement, Escrow):
        return
    share = scenario.users.payment.cash_on_delivery
    if share > 0:
        rule = "must be 0 where bank.settlement is escrow: the bank holds only what is paid in advance"
        yield Problem("users.payment.cash_on_delivery", str(share), rule)
    if scenario.shop.advance < 1:
        rule = "must be 1 where bank.settlement is escrow: the bank holds the whole price"
        yield Problem("shop.advance", str(scenario.shop.advance), rule)
    if settlement.refund_after is not None and scenario.shop.promise is None:
        rule = "missing: must be given where bank.settlement.refund_after says when late orders are refunded"
        yield Problem("shop.promise", None, rule)


def _promise(scenario: "ScenarioFields") -> Iterator[Problem]:
    promise, supplier = scenario.shop.promise, scenario.supplier
    if promise is None:
        return
    travels = [zone.delivery_time for zone in scenario.delivery.zones] or [supplier.delivery_time]
    shortest = min(travel.least for travel in travels)
    if isinstance(supplier.stock, MakeToOrder):
        shortest += supplier.lead_time.least
    if promise < shortest:
        rule = f"must be at least the shortest time in which goods are made and brought, {shortest:g} s"
        yield Problem("shop.promise", f"{promise:g}", rule)


def _stock(field: str, policy: StockPolicy, scenario: "ScenarioFields") -> Iterator[Problem]:
    """Yield unknown SKUs, and aims that the warehouse has no room for."""
    for place, sku in _named(policy):
        if sku not in scenario.skus:
            yield Problem(f"{field}.{place}", repr(sku), f"unknown SKU: {nearest(sku, scenario.skus)}")
    room = scenario.supplier.capacity
    if room is None or not field.startswith("supplier"):
        return
    yield from _aims(field, policy, room) or _openings(field, policy, room, scenario.skus)
    if scenario.supplier.minimum_lot > room:
        rule = f"must be at most supplier.capacity, {room}"
        yield Problem("supplier.minimum_lot", str(scenario.supplier.minimum_lot), rule)


def _aims(field: str, policy: StockPolicy, room: int) -> list[Problem]:
    """Return a problem if a policy of this package wants to have more of a product than there is room for."""
    rule = f"must be at most supplier.capacity, {room}"
    for kind, name in _AIMS.items():
        if isinstance(policy, kind):
            aim = getattr(policy, name)
            most = max(aim.values(), default=0) if isinstance(aim, Mapping) else aim
            return [Problem(f"{field}.{name}", str(most), rule)] if most > room else []
    return []


def _openings(field: str, policy: StockPolicy, room: int, skus: Sequence[str]) -> list[Problem]:
    """Return a problem for each product of which any policy opens with more than there is room for."""
    opening = {sku: opening_of(policy, sku) for sku in skus}
    rule = f"must be at most supplier.capacity, {room}"
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
    fees, income = scenario.bank.fees, scenario.users.income
    amounts = {
        "supplier.return_transport": scenario.supplier.return_transport,
        "users.budget": scenario.users.budget,
        "users.income.amount": None if income is None else income.amount,
        **{f"bank.fees.{name}": getattr(fees, name) for name in ("fixed", "payer_fixed", "declined")},
    }
    for field, amount in amounts.items():
        yield from money_problem(field, amount, scenario.currency)
