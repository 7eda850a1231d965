"""Smaller markets: fewer parties, and one of each in place of named ones.

What can be simpler within a party is in `reductions.py`.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from alesha_sim.scenarios.errors import NAMED
from alesha_sim.scenarios.market import NamedBank, NamedShop, NamedSupplier
from alesha_sim.scenarios.sections import Bank, Shop, Supplier
from alesha_sim.verification.fuzz.dice import Tree

KEPT = ("name", "bank", "suppliers", "upstream")
"""Fields of a named party that say who it is and with whom it deals."""

_OF_BANKS = ("share", "reserves", "credit", "closes")


def defaults(field: str) -> Tree:
    """Return the defaults of a party in one of the lists of a market, but those that say who it is."""
    kinds: dict[str, Any] = {"shops": NamedShop, "banks": NamedBank, "suppliers": NamedSupplier}
    table: Tree = kinds[field](name="x").model_dump(mode="json")
    return {name: value for name, value in table.items() if name not in KEPT}


def fewer_parties(tree: Tree) -> Iterator[Tree]:
    """Take each party out, whose part another one takes; then let one of each have no name."""
    for field in NAMED:
        several = tree.get(field, [])
        if len(several) > 1:
            for party in several:
                others = [each for each in several if each is not party]
                yield _replaced(tree | {field: others}, {party["name"]: others[0]["name"]})
    if any(tree.get(field) for field in NAMED) and all(len(tree.get(field, [])) < 2 for field in NAMED):
        yield _unnamed(tree)


def _replaced(tree: Tree, names: Mapping[str, str]) -> Tree:
    """Return a tree in which some names stand for others, and nothing is said that only several parties have."""
    smaller = {name: value for name, value in tree.items() if name != "clearing" or len(tree["banks"]) > 1}
    smaller["users"] = tree["users"] | {"shop_choice": None}
    smaller["shops"] = [_shop(each, names) for each in tree.get("shops", [])]
    smaller["suppliers"] = [_peers(each, names) for each in tree.get("suppliers", [])]
    gone = _OF_BANKS[:1] if len(tree.get("banks", [])) > 1 else _OF_BANKS
    smaller["banks"] = [{n: v for n, v in each.items() if n not in gone} for each in tree.get("banks", [])]
    links = tree["network"]["links"]
    kept = {link: own for link, own in links.items() if not {*link.split("->")} & {*names}}
    smaller["network"] = tree["network"] | {"links": kept}
    smaller["faults"] = [each for each in tree["faults"] if not _mentioned(each) & {*names}]
    return {name: value for name, value in smaller.items() if value or name not in NAMED}


def _mentioned(fault: Tree) -> set[str]:
    return {fault["entity"]} if "entity" in fault else {*fault["link"].replace("<->", "->").split("->")}


def _peers(party: Tree, names: Mapping[str, str]) -> Tree:
    upstream = party.get("upstream")
    kept = {} if upstream is None else {"upstream": None if upstream in names else upstream}
    return party | {"bank": names.get(party.get("bank") or "", party.get("bank"))} | kept


def _shop(shop: Tree, names: Mapping[str, str]) -> Tree:
    suppliers = list(dict.fromkeys(names.get(name, name) for name in shop["suppliers"]))
    return _peers(shop, names) | {"suppliers": suppliers, "sourcing": None}


def _unnamed(tree: Tree) -> Tree:
    """Return the tree of one of each, whose parties have no names."""
    roles = {each["name"]: field.removesuffix("s") for field in NAMED for each in tree.get(field, [])}
    smaller = _replaced(tree, roles)
    for section, role in ((Shop, "shop"), (Bank, "bank"), (Supplier, "supplier")):
        for party in smaller.pop(f"{role}s", []):
            smaller[role] = {name: value for name, value in party.items() if name in section.model_fields}
    return smaller
