"""What must hold between the organisations of a market: their names, their banks, from whom they buy.

Contains rules only. They are looked at once all parts of a scenario are sound, and before the other rules between
parts, which go by names.
"""

from collections.abc import Iterator, Sequence
from math import fsum
from typing import TYPE_CHECKING, Any

from alesha_sim.policies import ShopLogit
from alesha_sim.scenarios.errors import NAMED, Problem, nearest
from alesha_sim.scenarios.market import NamedShop, NamedSupplier, of_role, plural
from alesha_sim.units import AMOUNT_MAX
from alesha_sim.vocabulary import ORGANISATIONS as ROLES

if TYPE_CHECKING:
    from alesha_sim.scenarios.scenario_fields import ScenarioFields

ORGANISATIONS_MAX = 28
"""How many organisations a scenario may name: each has a book, and so have the users and the clearing house."""

SHARES_TOLERANCE = 1e-9
"""How far from 1 the banks' shares of the users may add up to: rounding, and no more."""


def problems(scenario: "ScenarioFields") -> list[Problem]:
    """Return what is wrong with the organisations; names first, since all that follows goes by them."""
    if not scenario.is_market:
        alone = [] if scenario.clearing is None else [_no_clearing("banks")]
        return [*alone, *_shop_choice(scenario)]
    found = [*_both_forms(scenario), *_names(scenario)]
    return (
        found
        or [*_banks(scenario), *_peers(scenario), *_products(scenario), *_rings(scenario)]
        or [
            *_shop_choice(scenario),
            *_sourcing(scenario),
        ]
    )


def _both_forms(scenario: "ScenarioFields") -> Iterator[Problem]:
    for role in ROLES:
        if getattr(scenario, plural(role)) and role in scenario.model_fields_set:
            yield Problem(role, None, f"must not be given beside {plural(role)}, which stand in its place")


def _names(scenario: "ScenarioFields") -> Iterator[Problem]:
    """Yield names that two parties have, names of roles but of the only one of that role, and too many parties."""
    first: dict[str, str] = {}
    for field in NAMED:
        several = getattr(scenario, field)
        for place, each in enumerate(several):
            called, small = f"{field}[{place}]", each.name.lower()
            if small in first:
                rule = f"must not be the name of {first[small]} too, in capitals or small letters"
                yield Problem(f"{called}.name", repr(each.name), rule)
            first.setdefault(small, called)
            if small in ROLES and (plural(small) != field or len(several) > 1):
                rule = f"must not be the name of a role, unless it is the only {small}"
                yield Problem(f"{called}.name", repr(each.name), rule)
    if all(each.name == each.role for each in scenario.organisations):
        given = next(field for field in NAMED if getattr(scenario, field))
        yield Problem(given, None, "must not all be named by their roles: one of each has no list")
    count = len(scenario.organisations)
    if count > ORGANISATIONS_MAX:
        rule = f"must be at most {ORGANISATIONS_MAX} shops, banks and suppliers together"
        yield Problem("", f"{count} organisations", rule)


def _banks(scenario: "ScenarioFields") -> Iterator[Problem]:
    """Yield what is wrong with the banks together: shares of the users, and how they settle."""
    banks = scenario.banks
    if len(banks) < 2 and scenario.clearing is not None:
        yield _no_clearing("banks")
    for bank in banks if len(banks) == 1 else ():
        if bank.reserves is not None or bank.credit:
            field = "reserves" if bank.reserves is not None else "credit"
            yield Problem(f"banks.{bank.name}.{field}", str(getattr(bank, field)), "must not be given: " + _ALONE)
    reserves = sum(bank.reserves or 0 for bank in banks)
    if reserves * scenario.currency.scale > AMOUNT_MAX:
        yield Problem("banks", str(reserves), "reserves must together fit in 64 bits of minor units")
    given = [bank for bank in banks if bank.share is not None]
    missing = [bank for bank in banks if bank.share is None]
    if given and missing:
        for bank in missing:
            yield Problem(f"banks.{bank.name}.share", None, "missing: must be given at all banks or at none")
    elif given and abs(fsum(bank.share or 0.0 for bank in given) - 1) > SHARES_TOLERANCE:
        told = " + ".join(f"{bank.share:g}" for bank in given)
        yield Problem("banks", told, "shares must add up to 1")


_ALONE = "a bank that is the only one has nobody to settle with"


def _no_clearing(field: str) -> Problem:
    return Problem("clearing", None, f"must not be given without several {field}: {_ALONE}")


def _peers(scenario: "ScenarioFields") -> Iterator[Problem]:
    """Yield banks and suppliers that are named and are not there, and those that must be named and are not."""
    banks, suppliers = ([each.name for each in of_role(scenario, role)] for role in ("bank", "supplier"))
    for each in scenario.organisations:
        terms, field = each.terms, each.field
        if field == each.role:
            yield from _unnamed(each.role, banks, suppliers)
            continue
        if each.role != "bank":
            yield from _known(f"{field}.bank", terms.bank, banks, "bank")
        if isinstance(terms, NamedShop):
            for place, name in enumerate(terms.suppliers):
                if name in terms.suppliers[:place]:
                    yield Problem(f"{field}.suppliers[{place}]", repr(name), "must not occur twice")
                yield from _known(f"{field}.suppliers[{place}]", name, suppliers, "supplier")
            if not terms.suppliers:
                yield from _known(f"{field}.suppliers", None, suppliers, "supplier")
        if isinstance(terms, NamedSupplier) and terms.upstream is not None:
            yield from _known(f"{field}.upstream", terms.upstream, suppliers, "supplier")


def _unnamed(role: str, banks: list[str], suppliers: list[str]) -> Iterator[Problem]:
    """Yield a problem for the one shop or supplier that is not named, where it would have to choose."""
    peers = {"shop": {"bank": banks, "supplier": suppliers}, "supplier": {"bank": banks}}.get(role, {})
    for peer, names in peers.items():
        if len(names) > 1:
            rule = f"missing: must be given where there are several {plural(peer)}: each {role} names its own"
            yield Problem(plural(role), None, rule)


def _known(field: str, name: str | None, names: list[str], role: str) -> Iterator[Problem]:
    """Yield a problem for a name that nobody of the role has, and for none where there are several."""
    if name is not None and name not in names:
        yield Problem(field, repr(name), f"unknown {role}: {nearest(name, names)}")
    if name is None and len(names) > 1:
        yield Problem(field, None, f"missing: must be given where there are several {plural(role)}")


def _products(scenario: "ScenarioFields") -> Iterator[Problem]:
    """Yield products that a supplier has a charge or a lead time of, and that the catalogue has not."""
    for supplier in scenario.suppliers:
        for table in ("charges", "lead_times"):
            for sku in getattr(supplier, table):
                if sku not in scenario.skus:
                    field = f"suppliers.{supplier.name}.{table}.{sku}"
                    yield Problem(field, None, f"unknown SKU: {nearest(sku, scenario.skus)}")


def _rings(scenario: "ScenarioFields") -> Iterator[Problem]:
    """Yield each ring of suppliers that buy from each other, once, at the first of them."""
    upstream = {supplier.name: supplier.upstream for supplier in scenario.suppliers}
    told: set[str] = set()
    for start in upstream:
        chain: list[str] = [start]
        while (above := upstream.get(chain[-1])) is not None and above not in chain:
            chain.append(above)
        if above == start and start not in told:
            told.update(chain)
            ring = " -> ".join([*chain, start])
            yield Problem(f"suppliers.{start}.upstream", repr(upstream[start]), f"must not be a ring: {ring}")


def _shop_choice(scenario: "ScenarioFields") -> Iterator[Problem]:
    """Yield what users cannot choose by: shops that are not there, and a promise that nobody gives."""
    choice, field = scenario.users.shop_choice, "users.shop_choice"
    if choice is None:
        return
    if not scenario.shops:
        yield Problem(field, None, "must not be given without shops: there is one, and nobody chooses")
        return
    yield from _named(field, choice, [shop.name for shop in scenario.shops], "shop")
    for shop in scenario.shops:
        if isinstance(choice, ShopLogit) and choice.promise and shop.promise is None:
            rule = f"missing: must be given where {field}.promise counts, or nobody buys there"
            yield Problem(f"shops.{shop.name}.promise", None, rule)


def _sourcing(scenario: "ScenarioFields") -> Iterator[Problem]:
    """Yield what shops cannot buy by: suppliers that are not theirs, reviews of a stock that they do not keep."""
    for shop in scenario.shops:
        policy: Any = shop.sourcing
        field = f"shops.{shop.name}.sourcing"
        yield from _named(field, policy, scenario.suppliers_of(shop.name), "supplier of this shop")
        if getattr(policy, "needs_stock", False) and shop.stock is None:
            rule = f"missing: must be given where sourcing is {policy.kind}, which is asked at reviews"
            yield Problem(f"shops.{shop.name}.stock", None, rule)


def _named(field: str, policy: object, names: Sequence[str], role: str) -> Iterator[Problem]:
    """Yield each name in a policy that is none of these."""
    for name in getattr(policy, "names", ()):
        if name not in names:
            yield Problem(field, repr(name), f"unknown {role}: {nearest(name, names)}")
