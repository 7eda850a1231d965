"""How a random world becomes a market: one to three shops, banks and suppliers, who deals with whom, and how.

What the world has as one of each is where a market begins: its further parties are like those, and some of what
they do is drawn again.
"""

from alesha_sim.scenarios.injected_faults import directions
from alesha_sim.verification.fuzz import drawn_trade
from alesha_sim.verification.fuzz.dice import Dice, Outline, Tree, short

SHARES = {1: ([1],), 2: ([0.5, 0.5], [0.9, 0.1], [0, 1]), 3: ([0.5, 0.25, 0.25], [0.1, 0.1, 0.8], [0, 0.5, 0.5])}
"""Shares of the users that so many banks may have; each sum is exact."""

BANKS_MAX = 3
"""How many banks a world may have."""


def several(dice: Dice, tree: Tree, outline: Outline) -> None:
    """Let a world have named shops, banks and suppliers in place of the one of each that it has."""
    suppliers = _suppliers(dice, tree.pop("supplier"), tree["catalogue"], outline)
    shops = _shops(dice, tree.pop("shop"), [each["name"] for each in suppliers], outline)
    banks = _like(dice, "bank", tree.pop("bank"), dice.whole(1, BANKS_MAX), outline)
    if len(banks) > 1:
        _settling(dice, tree, banks, outline)
    names = [bank["name"] for bank in banks]
    for client in (*shops, *suppliers):
        client["bank"] = dice.one_of(*names)
    if len(banks) == 1 and dice.chance(0.5):  # it need not have a name
        tree["bank"] = {field: value for field, value in banks.pop().items() if field != "name"}
        for client in (*shops, *suppliers):
            client["bank"] = dice.one_of(None, "bank")
    tree |= {"shops": shops, "banks": banks, "suppliers": suppliers}
    keep_promises(tree)
    if len(shops) > 1:
        tree["users"]["shop_choice"] = _choice(dice, shops)
    _by_name(dice, tree)


def _like(dice: Dice, role: str, section: Tree, count: int, outline: Outline) -> list[Tree]:
    """Return so many parties of a role: one as the section says, the others with more of their own."""
    found = [{"name": f"{role}-1"} | section]
    for number in range(2, count + 1):
        found.append({"name": f"{role}-{number}"} | section | drawn_trade.organisations(dice, outline)[role])
    return found


def _suppliers(dice: Dice, section: Tree, catalogue: list[Tree], outline: Outline) -> list[Tree]:
    """Draw the suppliers: their charges and lead times, and from which of the later ones each buys."""
    found = _like(dice, "supplier", section, dice.whole(1, 3), outline)
    for place, supplier in enumerate(found):
        named = dice.some(catalogue, 2)
        if named and dice.chance(0.4):
            dearer = {each["sku"]: outline.money(dice.widely(1, 1000), 1) for each in named}
            supplier["charges"] = {p["sku"]: max(p["charge"], dearer[p["sku"]], key=float) for p in named}
        if named and dice.chance(0.3):
            times = {each["sku"]: dice.spread(dice.widely(0.01, outline.horizon)) for each in named}
            supplier["lead_times"] = times
        later = [each["name"] for each in found[place + 1 :]]
        if later and dice.chance(0.3):
            supplier["upstream"] = dice.one_of(*later)
        supplier |= {"parts": dice.one_of(False, True), "order_time": _soon(dice, outline)}
        if dice.chance(0.3):
            supplier["credit"] = True
    return found


def _shops(dice: Dice, section: Tree, suppliers: list[str], outline: Outline) -> list[Tree]:
    """Draw the shops: what they ask, from whom they buy, and how they choose among several."""
    found = _like(dice, "shop", section, dice.whole(1, 3), outline)
    for shop in found:
        if dice.chance(0.3):
            shop["prices"] = drawn_trade.dated_prices(dice, outline)
        shop["suppliers"] = dice.some(suppliers, len(suppliers)) or suppliers[:1]
        shop["sourcing"] = _sourcing(dice, shop)
        waiting = dice.one_of("passed-on", "backordered") if shop.get("stock") else "passed-on"
        shop |= {"unmet_demand": waiting, "order_time": _soon(dice, outline)}
    return found


def _soon(dice: Dice, outline: Outline) -> float:
    """Draw how long an order for stock waits until it is sent."""
    return dice.one_of(0.0, 0.0, dice.widely(0.1, outline.horizon / 4))


def _sourcing(dice: Dice, shop: Tree) -> Tree | None:
    first, *others = shop["suppliers"]
    plain: list[Tree | None] = [None, {"kind": "single"}, {"kind": "cheapest"}, {"kind": "fastest"}]
    if not others:
        return dice.one_of(*plain)
    policies = [*plain, {"kind": "fallback"}, {"kind": "single", "supplier": others[0]}]
    policies.append({"kind": "split", "shares": {first: 1, others[0]: dice.one_of(1, 3, 0.2)}})
    if shop.get("stock"):
        levels = [dice.one_of(-5, 2, 10), dice.one_of(5, 20)]
        policies += 3 * [{"kind": "dual", "fast": first, "slow": others[0], "order_up_to": levels}]
    return dice.one_of(*policies)


def _settling(dice: Dice, tree: Tree, banks: list[Tree], outline: Outline) -> None:
    """Draw whose customers users are and how banks settle; often there is little to settle with."""
    shares = dice.one_of(None, *SHARES[len(banks)])
    for bank, share in zip(banks, shares or [None] * len(banks), strict=True):
        bank["share"] = share
        if dice.chance(0.4):
            bank["reserves"] = outline.money(dice.one_of(0, 300, 3000))
        if dice.chance(0.3):
            bank["credit"] = outline.money(dice.one_of(100, 3000))
        if dice.chance(0.1):
            bank["closes"] = dice.evenly(0, outline.horizon)
    tree["clearing"] = {
        "kind": dice.one_of("gross", "net", "guaranteed"),
        "every": dice.widely(outline.horizon / 20, outline.horizon),
        "queue": dice.one_of("fifo", "bypass", "gridlock"),
        "interchange": dice.one_of(0, 0, 0.02, 0.5),
    }


def _choice(dice: Dice, shops: list[Tree]) -> Tree | None:
    """Draw how users choose among shops."""
    names = [shop["name"] for shop in shops]
    is_promised = all(shop.get("promise") is not None for shop in shops)
    return dice.one_of(
        None,
        {"kind": "only", "shop": dice.one_of(None, *names)},
        {"kind": "share", "shares": dice.one_of(None, dict(zip(names, dice.weights(len(names)), strict=True)))},
        {"kind": "loyal", "least_trust": dice.one_of(0.3, 0.9, 1)},
        {"kind": "cheapest"},
        {
            "kind": "logit",
            "price": dice.one_of(0, -0.001, -0.1),
            "promise": dice.one_of(0, -0.1) if is_promised else 0,
            "trust": dice.one_of(0, 2),
            "appeal": dice.one_of(None, {names[-1]: 1.0}),
            "outside": dice.one_of(None, None, -5, 0),
        },
    )


def keep_promises(tree: Tree) -> None:
    """Let no shop promise what none of its suppliers could keep, at its quickest."""
    zones = [zone["delivery_time"] for zone in tree["delivery"].get("zones", ())]
    least = {each["name"]: _shortest(each, zones) for each in tree["suppliers"]}
    for shop in tree["shops"]:
        quickest = min(least[name] for name in shop["suppliers"])
        if shop.get("promise") is not None and shop["promise"] < quickest:
            shop["promise"] = short(1.1 * quickest)


def _shortest(supplier: Tree, zones: list[Tree | float]) -> float:
    travel = min(map(drawn_trade.least, zones or [supplier["delivery_time"]]))
    if supplier.get("stock", {"kind": "make_to_order"})["kind"] != "make_to_order":
        return travel
    leads = [supplier["lead_time"], *supplier.get("lead_times", {}).values()]
    return travel + min(map(drawn_trade.least, leads))


def _by_name(dice: Dice, tree: Tree) -> None:
    """Let some faults be those of single parties or of their links, and one link be different from its role's."""
    parties = {role: [each["name"] for each in tree[f"{role}s"]] for role in ("shop", "bank", "supplier")}
    parties["bank"] = parties["bank"] or ["bank"]
    links = {f"user->{name}" for name in parties["shop"] + parties["bank"]}
    links |= {f"{each['name']}->{each['bank'] or 'bank'}" for each in (*tree["shops"], *tree["suppliers"])}
    links |= {f"{shop['name']}->{source}" for shop in tree["shops"] for source in shop["suppliers"]}
    for fault in tree["faults"]:
        if fault["kind"] == "crash":
            fault["entity"] = dice.one_of(fault["entity"], *parties[fault["entity"]])
        elif dice.chance(0.4) and len(directions(fault["link"])) == 2:
            fault["link"] = dice.one_of(*sorted(links)).replace("->", "<->")
    given = tree["network"]["links"]
    if given and dice.chance(0.5):
        given[dice.one_of(*sorted(links))] = dice.one_of(*given.values())
