"""What random worlds are drawn from: every field of the schema, every kind, and every pair of kinds."""

import json
import re
from itertools import combinations

import numpy as np
import pytest
from conftest import is_full_size

from alesha_sim.scenarios.scenario import Scenario
from alesha_sim.verification.fuzz.dice import HUGE
from alesha_sim.verification.fuzz.random_scenarios import SPOOL, draw, drawn

WORLDS = 40_000 if is_full_size() else 2_500
ENOUGH = 15
"""How often two kinds must be expected together, were they independent, before their absence means something."""

NOT_DRAWN = {
    "demand{replay}.file": "a world is one text, and has no file beside it",
    "demand{replay}.format": "the layout of a file",
    "shop.stock{make_to_order}": "refused: the shop makes nothing",
    "{constant}": "written as a plain number",
    "extensions": "a world is a file, which names no code",
    "shop.closes": "no shop closes in a world",
    **dict.fromkeys(
        ("shops[]", "banks[]", "suppliers[]", "clearing", "users.shop_choice"), "worlds have one of each"
    ),
}
"""What no world has, with why; parts of demand in a mixture are as demand is."""


# The schema as paths: `users.count`, `supplier.stock{periodic}.period`, `network.links.*.loss`


SCHEMA = Scenario.model_json_schema()


def resolved(node):
    return SCHEMA["$defs"][node["$ref"].rpartition("/")[2]] if "$ref" in node else node


def fields(node, path=""):
    """Yield the paths of all fields of a schema that are no tables themselves."""
    node = resolved(node)
    alternatives = [resolved(each) for each in node.get("oneOf", node.get("anyOf", [node]))]
    for each in alternatives:
        kind = each.get("properties", {}).get("kind", {}).get("const")
        below = f"{path}{{{kind}}}" if kind else path
        if "properties" in each:
            for name, inner in each["properties"].items():
                if name != "kind":
                    yield from fields(inner, f"{below}.{name}".lstrip("."))
        elif "items" in each and "type" not in each["items"]:
            yield from fields(each["items"], f"{path}[]")
        elif "$ref" in each.get("additionalProperties", {}):
            yield from fields(each["additionalProperties"], f"{path}.*")
        elif each.get("type") != "null":
            yield path


FIELDS = set(fields(SCHEMA))
TAGGED = {path[: match.start()] for path in FIELDS for match in re.finditer(r"\{", path)}
"""The paths of all tables that have a kind."""


def values(tree, path=""):
    """Yield the path and the value of every field of a scenario; of a table that has a kind, also that."""
    is_table = isinstance(tree, dict)
    if path in TAGGED:
        yield f"{path}=", tree["kind"] if is_table else "nothing" if tree is None else "plain"
    if path in FIELDS and not (is_table and "kind" in tree):
        yield path, tree
    elif isinstance(tree, list):
        for each in tree:
            yield from values(each, f"{path}[]")
    elif is_table:
        below = f"{path}{{{tree['kind']}}}" if "kind" in tree else path
        for name in tree.keys() - {"kind"}:
            yield from values(tree[name], f"{below}.{'*' if path == 'network.links' else name}".lstrip("."))


def is_left_out(path):
    plain = path.replace("demand{mixture}.parts[]", "demand")
    return any(word in plain for word in NOT_DRAWN)


def test_the_schema_is_read_whole():
    assert {"users.count", "supplier.stock{periodic}.period", "network.links.*.loss"} < FIELDS
    assert {"faults[]{degradation}.latency{gamma}.cv", "demand{waves}.waves[].units"} < FIELDS
    assert {"demand{mixture}.parts[]{flash}.rush", "catalogue[].warranty", "horizon"} < FIELDS
    assert len(FIELDS) > 400


def test_every_field_is_drawn_with_another_value_than_its_default():
    seen = {}
    for number in range(3000 if is_full_size() else 1000):
        for path, value in values(draw(1, number).scenario.model_dump(mode="json")):
            seen.setdefault(path, set()).add(json.dumps(value))
    assert [path for path in sorted(FIELDS) if len(seen.get(path, ())) < 2 and not is_left_out(path)] == []
    assert [path for path in NOT_DRAWN if path in FIELDS and len(seen.get(path, ())) > 1] == []


# Pairs


def features(tree, way):
    """Return what a world has, by name: the kind of each tagged table, and what is switched on."""
    users, shop, bank, supplier = (tree[name] for name in ("users", "shop", "bank", "supplier"))
    fees, payment = bank.get("fees", {}), users.get("payment", {})
    link, least = tree["network"]["default"], 10 ** -tree["currency"]["decimals"]
    prices = [float(product["price"]) / least for product in tree["catalogue"]]
    switched = {
        "cash on delivery": payment.get("cash_on_delivery"),
        "refusals at the door": payment.get("door_refusal"),
        "part in advance": shop.get("advance", 1) < 1,
        "advance that rounds to nothing": shop.get("advance", 1) * min(prices) < 0.5,
        "a unit of one minor unit": min(prices) < 1.5,
        "amounts beyond 2**53": max(prices) > 1000 * HUGE / 16,
        "many products": len(prices) > 128,
        "own stock": shop.get("stock"),
        "fees": fees.get("share"),
        "payer's fees": fees.get("payer_share") or float(fees.get("payer_fixed", 0)),
        "fee of declined payments": float(fees.get("declined", 0)),
        "rolling reserve": bank.get("rolling_reserve"),
        "locks": bank.get("secret_attempts"),
        "late refunds": bank.get("settlement", {}).get("refund_after") is not None,
        "promise": shop.get("promise"),
        "compensation": shop.get("compensation") and users["after_sales"]["complaint_share"],
        "purchase limit": shop.get("purchase_limit"),
        "unpaid orders cancelled": shop.get("unpaid_after"),
        "capacity": supplier.get("capacity"),
        "minimum lot": supplier.get("minimum_lot", 1) > 1,
        "orders rejected": supplier.get("unmet_demand") == "rejected",
        "cancellations": users["after_sales"]["cancel_share"],
        "returns": any(product["return_share"] for product in tree["catalogue"]),
        "defects": any(product["defect_share"] for product in tree["catalogue"]),
        "zones": tree["delivery"].get("zones"),
        "parcels lost": tree["delivery"]["lost"],
        "parts of orders": tree["delivery"]["partial"],
        "patience": users.get("patience"),
        "income": users.get("income"),
        "budget": users.get("budget"),
        "choice": users.get("choice"),
        "trust": users.get("trust"),
        "wrong secrets": users["wrong_secret"],
        "cut off": tree.get("drain") is not None,
        "loss": link["loss"],
        "duplication": link["duplication"],
        "no time-out": link["timeout"] is None,
        "finite attempts": link.get("attempts"),
        "poor shop": not float(shop["opening_balance"]),
        "silence": any(fault["duration"] > 1e7 for fault in tree["faults"]),
        "begins at midnight": tree["start"].time().isoformat() == "00:00:00",
        "days": tree.get("horizon", 0) > 86_400,
        "horizon left out": "horizon" not in tree,
        **{f"crash of the {fault['entity']}": True for fault in tree["faults"] if fault["kind"] == "crash"},
        **{f"attack {name}": share for name, share in users.get("attacks", {}).items()},
        f"decimals={tree['currency']['decimals']}": True,
        "spooled": way == SPOOL,
        "summary alone": way == "summary",
    }
    kinds = {f"{path}{kind}" for path, kind in values(tree) if path.endswith("=")}
    return {name for name, is_on in switched.items() if is_on} | kinds


APART = [
    ("bank.settlement=(?!escrow)", "late refunds", "it is escrow that gives money back late"),
    (
        "bank.settlement=escrow|late refunds",
        "cash on delivery|refusals at the|part in adv|advance that",
        "refused",
    ),
    ("horizon left out", "demand=(?!replay)|days", "recorded visits end by themselves"),
    ("no time-out", "crash|loss|outage|degradation|faults", "refused: whoever lost a message would wait for ever"),
]
"""Pairs that do not occur, as patterns, with why."""


def are_apart(one, other):
    """Tell whether two features cannot meet: of one place, one inside the other's kind, or listed."""
    (place, _, kind), (other_place, _, other_kind) = one.partition("="), other.partition("=")
    if kind and other_kind:
        if place == other_place:
            return not re.search(r"\[\]|\*", place)
        for inner, outer, outer_kind in ((place, other_place, other_kind), (other_place, place, kind)):
            if inner.startswith(outer + "{") and not inner.startswith(f"{outer}{{{outer_kind}}}"):
                return not re.search(r"\[\]|\*", outer)
    return any(
        re.match(a, x) and re.match(b, y) for a, b, _ in APART for x, y in ((one, other), (other, one))
    )  # fmt: skip


@pytest.fixture(scope="module")
def met():
    worlds = [features(*drawn(1, number)[1:]) for number in range(WORLDS)]
    names = sorted({name for world in worlds for name in world})
    has = np.array([[name in world for name in names] for world in worlds], dtype=np.float32)
    return names, has


def test_every_pair_of_kinds_is_drawn(met):
    names, has = met
    share, together = has.mean(0), has.T @ has
    missing = [
        (names[a], names[b])
        for a, b in combinations(range(len(names)), 2)
        if not together[a, b] and share[a] * share[b] * WORLDS > ENOUGH and not are_apart(names[a], names[b])
    ]
    assert missing == []
