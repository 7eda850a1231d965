"""Smaller worlds: everything that can be taken out of a scenario or be simpler in it, one thing at a time.

A scenario is looked at as the tree of tables and lists that its TOML file is. Nothing is run here, and nobody asks
here whether a tree is still a valid scenario.
"""

from collections.abc import Iterator
from copy import deepcopy
from math import ceil, inf
from typing import Any

from alesha_sim.distributions import KINDS as DISTRIBUTIONS
from alesha_sim.scenarios import files
from alesha_sim.scenarios.errors import NAMED
from alesha_sim.scenarios.fields import number
from alesha_sim.scenarios.injected_faults import directions
from alesha_sim.scenarios.scenario import Scenario
from alesha_sim.scenarios.sections import Product
from alesha_sim.scenarios.tagged_fields import distribution
from alesha_sim.verification.fuzz.dice import Tree, short
from alesha_sim.verification.fuzz.random_scenarios import World
from alesha_sim.verification.fuzz.reduced_market import defaults

SECTIONS = (("users",), ("shop",), ("bank",), ("supplier",), ("delivery",), ("network", "default"), ("currency",))
"""Tables of a scenario whose every field has a default."""

OPTIONAL = ("warranty", "return_window", "return_share", "defect_share")
"""Fields of a product that have a default."""

Path = tuple[Any, ...]


def spelt_out(world: World) -> Tree:
    """Return a world's tree, its description left out, with its visits one by one as its seed draws them."""
    scenario, visits = world.scenario, world.scenario.visits(world.seed)
    columns = {"at": visits.at.tolist(), "user": visits.user.tolist()}
    columns |= {sku: visits.quantities[:, product].tolist() for product, sku in enumerate(scenario.skus)}
    demand = {"kind": "replay", "visits": columns}
    return scenario.model_dump(mode="json") | {"description": "", "demand": demand}


def brief(scenario: Scenario) -> str:
    """Return a scenario as TOML text, without the fields that have their default."""
    tree, default = scenario.model_dump(mode="json"), _default()
    for path, value in _defaults(tree):
        if _at(tree, path) == value:
            del _at(tree, path[:-1])[path[-1]]
    for product in tree["catalogue"]:
        for name in OPTIONAL:
            if product[name] == Product.model_fields[name].default:
                del product[name]
    if tree["start"] == default["start"]:
        del tree["start"]
    return files.text(_without_empty(tree))


# Things that can be taken out, from one place in their list to before another; None past the list's end


def without_visits(tree: Tree, start: int, end: int) -> Tree | None:
    """Take visits out."""
    columns = _visits(tree)
    if start >= len(columns["at"]):
        return None
    kept = {name: column[:start] + column[end:] for name, column in columns.items()}
    return _changed(tree, ("demand", "visits"), kept)


def without_faults(tree: Tree, start: int, end: int) -> Tree | None:
    """Take crashes, outages and degradations out."""
    if start >= len(tree["faults"]):
        return None
    return tree | {"faults": tree["faults"][:start] + tree["faults"][end:]}


def without_products(tree: Tree, start: int, end: int) -> Tree | None:
    """Take products out of the catalogue, and with them whatever names them."""
    products = tree["catalogue"]
    if start >= len(products):
        return None
    gone = [product["sku"] for product in products[start:end]]
    smaller = deepcopy(tree) | {"catalogue": products[:start] + products[end:]}
    columns = _visits(smaller)
    for sku in gone:
        columns.pop(sku, None)
    smaller["users"]["choice"] = _unnamed(smaller["users"]["choice"], gone)
    firms = [each for field in ("shops", "suppliers") for each in smaller.get(field, [])]
    for firm in (*firms, *(smaller[name] for name in ("shop", "supplier") if name in smaller)):
        stock = firm["stock"] = _unnamed(firm["stock"], gone)
        if "prices" in firm:  # a shop, which makes nothing
            if stock is not None and stock["kind"] == "make_to_order":
                firm["stock"] = None
            if firm["stock"] is None and "sourcing" in firm:
                firm["sourcing"] = None  # a dual one is asked at reviews
            firm["prices"] = [price for price in firm["prices"] if price["sku"] not in gone]
        for name in ("charges", "lead_times"):
            if name in firm:
                firm[name] = {sku: value for sku, value in firm[name].items() if sku not in gone}
    return smaller


def _unnamed(policy: Tree | None, skus: list[str]) -> Tree | None:
    """Return a policy that does not name any of `skus`; None where a table of it would be empty."""
    kept: Tree = {}
    for name, value in (policy or {}).items():
        if isinstance(value, list | dict):
            left = [each for each in value if each not in skus]
            kept[name] = {sku: value[sku] for sku in left} if isinstance(value, dict) else left
            if isinstance(value, dict) and not left:
                return _at(_default(), ("supplier", "stock"))  # type: ignore[no-any-return]
        else:
            kept[name] = value
    return kept or None


def without_links(tree: Tree, start: int, end: int) -> Tree | None:
    """Let links be as the network's default is."""
    links = list(tree["network"]["links"].items())
    if start >= len(links):
        return None
    return _changed(tree, ("network", "links"), dict(links[:start] + links[end:]))


# Things that can be simpler


def earlier(tree: Tree) -> Iterator[Tree]:
    """Let the first visit come at once, the faults as much earlier, or each of these by itself."""
    instants = _visits(tree)["at"]
    first = min(instants, default=0.0)
    faults = [_moved(fault, first) for fault in tree["faults"]]
    if first:
        sooner = _changed(tree, ("demand", "visits", "at"), [at - first for at in instants])
        yield from (sooner | {"faults": faults}, sooner)
    for n, fault in enumerate(tree["faults"]):
        yield _changed(tree, ("faults", n), _moved(fault, fault["start"]))


def _moved(fault: Tree, seconds: float) -> Tree:
    return fault | {"start": max(0.0, fault["start"] - seconds)}


def shorter(tree: Tree) -> Iterator[Tree]:
    """Let visits end with the last one, and the rest of the run come to its end or end soon."""
    given = inf if tree["horizon"] is None else tree["horizon"]  # left out, it is after the last visit
    last = max(_visits(tree)["at"], default=tree["demand"].get("at", given - 1))
    horizon = min(float(ceil(last + 1)), given)
    yield tree | {"horizon": horizon, "drain": None}
    if tree["drain"] is not None:
        drain = (last if given == inf else given) + tree["drain"] - horizon
        yield from (tree | {"horizon": horizon, "drain": less} for less in (0.0, drain // 2, drain // 1, drain))


def fewer_users(tree: Tree) -> Iterator[Tree]:
    """Let all visits be of few users, counted from 0; there may be one more whom an attack is against."""
    columns = _visits(tree)
    if "user" not in columns:
        return
    seen = sorted(dict.fromkeys(columns["user"]))
    for users in ([0] * len(columns["user"]), [seen.index(user) for user in columns["user"]]):
        for spare in (1, 2):
            count = max(users, default=0) + spare
            if count <= tree["users"]["count"]:
                yield _changed(_changed(tree, ("demand", "visits", "user"), users), ("users", "count"), count)


def plainer(tree: Tree) -> Iterator[Tree]:
    """Give whole tables, then single fields, their default; draw nothing from a distribution but its mean."""
    for section, default in _tables(tree):
        yield _changed(tree, section, _at(tree, section) | default)
        for path in _fields(default, section):
            yield _changed(tree, path, _at(default, path[len(section) :]))
            yield from _constant(tree, path)
    for n in range(len(tree["catalogue"])):
        for name in OPTIONAL:
            yield _changed(tree, ("catalogue", n, name), Product.model_fields[name].default)
    for path in _link_fields(tree):
        yield _changed(tree, path, None)
        yield from _constant(tree, path)


def milder(tree: Tree) -> Iterator[Tree]:
    """Let outages and degradations go one way, and degradations do one thing."""
    for n, fault in enumerate(tree["faults"]):
        if fault["kind"] != "crash":
            yield from (_changed(tree, ("faults", n, "link"), link) for link in directions(fault["link"]))
        if fault["kind"] == "degradation":
            yield from (_changed(tree, ("faults", n, field), 0.0) for field in ("loss", "duplication"))
            yield _changed(tree, ("faults", n, "latency"), None)
            yield from _constant(tree, ("faults", n, "latency"))


def rounder(tree: Tree) -> Iterator[Tree]:
    """Write numbers with fewer digits, the instants of all visits together."""
    if instants := _visits(tree)["at"]:
        for digits in (0, 1, 2):
            yield _changed(tree, ("demand", "visits", "at"), [round(at, digits) for at in instants])
    paths = [path for path, value in _defaults(tree) if _at(tree, path) != value] + list(_link_fields(tree))
    paths += [("faults", n, name) for n in range(len(tree["faults"])) for name in ("start", "duration")]
    for path in paths:
        value = _at(tree, path)
        if isinstance(value, float):
            yield from (_changed(tree, path, float(f"{value:.{digits}e}")) for digits in (0, 1))


def single(tree: Tree) -> Iterator[Tree]:
    """Let there be one visit, of someone who only looks or else the only one that there is."""
    yield tree | {"demand": {"kind": "single"}}
    columns = _visits(tree)
    if len(columns["at"]) == 1:
        visit = {name: column[0] for name, column in columns.items()}
        at, user = visit.pop("at"), visit.pop("user")
        wanted = {sku: units for sku, units in visit.items() if units}
        yield tree | {"demand": {"kind": "single", "at": at, "user": user, "quantities": wanted}}


def _constant(tree: Tree, path: Path) -> Iterator[Tree]:
    """Yield the tree in which a distribution is its mean."""
    table = _at(tree, path)
    if isinstance(table, dict) and table.get("kind") in DISTRIBUTIONS:
        yield _changed(tree, path, short(distribution(table, number).expected))


# Trees


def _visits(tree: Tree) -> dict[str, list[Any]]:
    """Return the columns of the visits; as long as they are drawn, there is nothing in them."""
    return tree["demand"].get("visits") or {"at": []}


def _default() -> Tree:
    return Scenario.model_validate({"horizon": 1, "demand": {"kind": "single"}}).model_dump(mode="json")


def _tables(tree: Tree) -> Iterator[tuple[Path, Tree]]:
    """Yield the path of each table whose fields have defaults, of a market's parties too, and these."""
    default = _default()
    for section in SECTIONS:
        if section[0] in tree:
            yield section, _at(default, section)
    for field in NAMED:
        yield from (((field, n), defaults(field)) for n in range(len(tree.get(field, []))))


def _defaults(tree: Tree) -> Iterator[tuple[Path, Any]]:
    """Yield the path of each field that has a default, and that."""
    for section, default in _tables(tree):
        yield from ((path, _at(default, path[len(section) :])) for path in _fields(default, section))


def _fields(table: Tree, above: Path) -> Iterator[Path]:
    """Yield the paths of all fields of a table, those of tables within it too."""
    for name, value in table.items():
        if isinstance(value, dict) and value and "kind" not in value:
            yield from _fields(value, (*above, name))
        else:
            yield (*above, name)


def _link_fields(tree: Tree) -> Iterator[Path]:
    """Yield the paths of what is different by link."""
    for name, link in tree["network"]["links"].items():
        yield from (("network", "links", name, field) for field, value in link.items() if value is not None)


def _at(tree: Any, path: Path) -> Any:
    for step in path:
        tree = tree[step]
    return tree


def _changed(tree: Tree, path: Path, value: Any) -> Tree:
    """Return a tree with another value at a path; what does not change is shared with the old tree."""
    changed: Tree = _replaced(tree, path, value)
    return changed


def _replaced(node: Any, path: Path, value: Any) -> Any:
    if not path:
        return value
    copy = list(node) if isinstance(node, list) else dict(node)
    copy[path[0]] = _replaced(node[path[0]], path[1:], value)
    return copy


def _without_empty(tree: Any) -> Any:
    """Return a tree without empty tables, lists and texts; in lists, nothing is left out."""
    if not isinstance(tree, dict):
        return tree
    inner = {name: _without_empty(value) for name, value in tree.items()}
    return {name: value for name, value in inner.items() if value not in ({}, [], "")}
