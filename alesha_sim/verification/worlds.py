"""Random worlds: scenarios drawn within wide limits, to see whether the laws hold in every one of them.

Here lives what a world may be; `trials.py` runs worlds and `shrink.py` makes a failing one smaller. Every drawn
number is short enough that a TOML file gives back exactly the same scenario.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple, TypeVar

from alesha_sim.elementary import exp, log
from alesha_sim.scenarios.faults import ENTITIES
from alesha_sim.scenarios.links import LINKS
from alesha_sim.scenarios.parts import Attacks
from alesha_sim.scenarios.scenario import Scenario
from alesha_sim.streams import Generator, Streams

Tree = dict[str, Any]
Option = TypeVar("Option")

VISITS_MAX = 200
"""How many visits are expected at most; few visits are as likely as many."""

LATENCIES = (0, 0.05, 0.05, 1, 10, 100)
"""Mean latencies, seconds; the longest are as long as a typical crash."""

CURRENCIES = (("BDT", 2), ("BDT", 2), ("JPY", 0), ("KWD", 3), ("XAU", 4))


class World(NamedTuple):
    """A scenario and the seed that it is run with."""

    scenario: Scenario
    seed: int


class Dice:
    """Choices of a stream; numbers come with at most three digits that count."""

    def __init__(self, generator: Generator) -> None:
        self._chance = generator

    def chance(self, probability: float) -> bool:
        """Tell whether something happens."""
        return bool(self._chance.random() < probability)

    def one_of(self, *options: Option) -> Option:
        """Choose one, all alike; name an option twice to favour it."""
        return options[self.whole(0, len(options) - 1)]

    def whole(self, low: int, high: int) -> int:
        """Draw a whole number from `low` to `high`."""
        return int(self._chance.integers(low, high, endpoint=True))

    def evenly(self, low: float, high: float) -> float:
        """Draw a number, each as likely as the other."""
        return short(self._chance.uniform(low, high))

    def widely(self, low: float, high: float) -> float:
        """Draw a number, each order of magnitude as likely as the other."""
        return short(exp(self._chance.uniform(log(low), log(high))))

    def some(self, options: Sequence[Option], most: int) -> list[Option]:
        """Choose up to `most` different ones, in their order."""
        size = min(self.whole(0, most), len(options))
        places = self._chance.choice(len(options), size=size, replace=False)
        return [options[place] for place in sorted(places.tolist())]

    def spread(self, mean: float) -> Tree | float:
        """Draw a distribution of about this mean, of any kind."""
        if mean == 0:
            return 0.0
        kinds: tuple[Tree, ...] = (
            {"kind": "exponential", "mean": mean},
            {"kind": "uniform", "low": 0, "high": short(2 * mean)},
            {"kind": "triangular", "low": 0, "mode": mean, "high": short(2.5 * mean)},
            {"kind": "lognormal", "mean": mean, "cv": self.evenly(0.2, 3)},
            {"kind": "gamma", "mean": mean, "cv": self.evenly(0.2, 2)},
            {"kind": "erlang", "mean": mean, "k": self.whole(1, 5)},
            {"kind": "empirical", "values": [0, mean, short(3 * mean)], "weights": [1, 2, 1]},
        )
        return mean if self.chance(0.4) else self.one_of(*kinds)


def short(number: float) -> float:
    """Return a number with the three digits that count most."""
    return float(f"{number:.3g}")


def exact(number: float) -> float:
    """Return a number in 64ths, whose sums have no rounding errors, so that one crash may touch the next."""
    return round(number * 64) / 64


def draw(seed: int, number: int) -> World:
    """Return world `number` (from 0) of a seed; raises ValueError unless both are whole numbers from 0.

    Every third world is a calm one, with a bad network or with faults or with neither: what goes wrong in a few
    places reaches states that it hides in many.
    """
    if number < 0:
        raise ValueError(f"number: {number}: must not be negative")
    dice = Dice(Streams(seed).generator(f"world:{number}"))
    run_seed = dice.whole(0, 2**32 - 1)
    horizon = dice.widely(60, 7200)
    code, decimals = dice.one_of(*CURRENCIES)
    skus = [f"product-{n}" for n in range(dice.whole(1, 5))]
    users = dice.one_of(1, dice.whole(1, 5), dice.whole(1, 20))
    calm = dice.one_of("network", "faults", "") if number % 3 == 0 else None
    network, slowest = _network(dice, is_lossy=calm in (None, "network"))
    faults = _faults(dice, horizon) if calm in (None, "faults") else []
    if calm == "" and dice.chance(0.5):
        del network["default"]["timeout"]
    tree: Tree = {
        "name": f"world-{number}",
        "description": f"World {number} of seed {seed}; run it with --seed {run_seed}.",
        "horizon": horizon,
        "currency": {"code": code, "decimals": decimals},
        "catalogue": [_product(dice, sku, decimals) for sku in skus],
        "users": _users(dice, users, slowest),
        "demand": _demand(dice, horizon, users, skus),
        **_organisations(dice, horizon, skus),
        "network": network,
        "faults": faults,
    }
    _commerce(Dice(Streams(seed).generator(f"world:{number}:commerce")), tree, horizon, skus)
    if dice.chance(0.15):
        tree["drain"] = dice.evenly(0, horizon)
    if faults and dice.chance(0.1):  # a link that never comes back: without a drain some would ask for ever
        for_ever = {"kind": "outage", "link": _some_link(dice), "start": dice.evenly(0, horizon)}
        tree["faults"] = [*faults, for_ever | {"duration": 1e9}]
        tree["drain"] = dice.one_of(0, horizon, short(10 * horizon))
    return World(Scenario.model_validate(tree), run_seed)


def _product(dice: Dice, sku: str, decimals: int) -> Tree:
    """Draw a product; a quarter of them is sold below the supplier's charge."""
    price, charge, cost = sorted((dice.widely(1, 1000) for _ in range(3)), reverse=True)
    if dice.chance(0.25):
        price, charge = charge, price
    if dice.chance(0.03):
        cost = 0
    amounts = {"marked_price": price, "price": price, "charge": charge, "cost": cost}
    return {"sku": sku, "name": sku.title()} | {name: f"{each:.{decimals}f}" for name, each in amounts.items()}


def _users(dice: Dice, count: int, slowest: float) -> Tree:
    balance = dice.widely(300, 1_000_000)
    users: Tree = {
        "count": count,
        "opening_balance": dice.one_of(f"{balance:.0f}", {"kind": "lognormal", "mean": balance, "cv": 1}),
        "wrong_secret": dice.one_of(0, 0, 0.1, 0.3),
        "views": dice.one_of("bought", "all"),
    }
    if dice.chance(0.2):
        users["patience"] = dice.spread(dice.widely(0.1, 20) * max(slowest, 0.1))
    if dice.chance(0.3):
        users["attacks"] = dict.fromkeys(dice.some(tuple(Attacks.model_fields), 5), dice.one_of(0.02, 0.1))
    return users


def _demand(dice: Dice, horizon: float, users: int, skus: Sequence[str]) -> Tree:
    """Draw visits at random, or recorded ones of which many come at one instant."""
    visits = dice.widely(2, VISITS_MAX)
    if dice.chance(0.8):
        day = short(visits / horizon * 86_400)
        return {"kind": "poisson", "visits_per_day": day, "buy_share": 0.9, "units": dice.one_of(1, 1.5, 4)}
    instants = sorted(dice.one_of(0.0, 1.0, dice.evenly(0, 0.9 * horizon)) for _ in range(round(visits)))
    columns = {"at": instants, "user": [dice.whole(0, users - 1) for _ in instants]}
    wanted = {sku: [dice.one_of(0, 1, 1, 3) for _ in instants] for sku in skus}
    return {"kind": "replay", "visits": columns | wanted}


def _organisations(dice: Dice, horizon: float, skus: Sequence[str]) -> Tree:
    """Draw the shop, the bank and the supplier; queues may be long, and lead times as long as the horizon."""

    def workers() -> int | None:
        return dice.one_of(None, 1, dice.whole(1, 4))

    def lasting(most: float) -> Tree | float:
        return dice.one_of(0.0, dice.spread(dice.widely(0.01, most)))

    shop: Tree = {"workers": workers(), "page_time": lasting(5)}
    shop["opening_balance"] = dice.one_of("0", "1000", "100000")
    if dice.chance(0.4):
        shop["unpaid_after"] = dice.widely(1, horizon)
    bank: Tree = {"workers": workers(), "authorisation_time": lasting(60)}
    if dice.chance(0.4):
        bank |= {"secret_attempts": dice.whole(1, 3), "lock_time": dice.widely(1, horizon)}
    supplier: Tree = {"workers": workers(), "handling_time": lasting(60)}
    supplier |= {"lead_time": lasting(horizon), "delivery_time": lasting(horizon)}
    supplier["opening_balance"] = dice.one_of("0", "5000")
    if dice.chance(0.3):
        supplier["stock"] = {"kind": "make_to_order", "unavailable": dice.some(skus, 2)}
    return {"shop": shop, "bank": bank, "supplier": supplier}


def _commerce(dice: Dice, tree: Tree, horizon: float, skus: Sequence[str]) -> None:
    """Draw policies for a world: settlement, payment at the door, stocks, deliveries, what users do afterwards.

    Each part is as plain as it can be in about half of all worlds, so that faults show in simple surroundings too.
    """
    if dice.chance(0.5):
        tree["shop"]["promise"] = dice.widely(1, 2 * horizon)
        for name in ("lead_time", "delivery_time"):
            tree["supplier"][name] = {"kind": "exponential", "mean": dice.widely(0.01, horizon)}
    _payments(dice, tree, horizon)
    _goods(dice, tree, horizon, skus)
    _afterwards(dice, tree, horizon)


def _payments(dice: Dice, tree: Tree, horizon: float) -> None:
    """Draw when payments reach the shop, what the bank takes and keeps back, and who pays at the door."""
    shop, bank, users = (tree[name] for name in ("shop", "bank", "users"))
    settlement = dice.one_of("immediate", "immediate", "delayed", "escrow")
    if settlement == "delayed":
        bank["settlement"] = {"kind": settlement, "after": dice.widely(0.1, horizon)}
    elif settlement == "escrow":
        bank["settlement"] = {"kind": settlement}
        if "promise" in shop and dice.chance(0.7):
            bank["settlement"]["refund_after"] = dice.one_of(0, dice.widely(0.1, horizon))
    else:
        shares = {name: dice.one_of(0, 0.3, 1) for name in ("cash_on_delivery", "door_refusal")}
        users["payment"] = shares | {"per": dice.one_of("visit", "user")}
        shop["advance"] = dice.one_of(1, 1, 1, 0.1, 0.5)
    if dice.chance(0.4):
        shares = {name: dice.one_of(0, 0.02, 0.3) for name in ("share", "payer_share")}
        bank["fees"] = shares | {
            name: dice.one_of("0", "1", "20") for name in ("fixed", "payer_fixed", "declined")
        }
    if dice.chance(0.3):
        bank["reserve"] = {"share": dice.one_of(0.1, 0.5, 1), "time": dice.one_of(0, dice.widely(0.1, horizon))}
    if dice.chance(0.3):
        users["income"] = {"amount": "100", "every": short(horizon / 3), "first": dice.one_of(0, 1)}


def _goods(dice: Dice, tree: Tree, horizon: float, skus: Sequence[str]) -> None:
    """Draw how goods are kept and brought."""
    shop, supplier = tree["shop"], tree["supplier"]
    if dice.chance(0.5):
        supplier["stock"] = _stock(dice, horizon, skus)
        supplier["unmet"] = dice.one_of("backordered", "rejected")
        supplier["minimum_lot"] = dice.one_of(1, 1, 3)
        supplier["capacity"] = dice.one_of(None, None, 40)
    supplier |= {"return_transport": dice.one_of("0", "7"), "transport_charged": dice.one_of(0, 0.5, 1)}
    supplier["remit_after"] = dice.one_of(0, dice.widely(0.1, horizon))
    if dice.chance(0.3):
        shop["stock"] = _stock(dice, horizon, skus)
    report = dice.spread(dice.widely(0.01, horizon))
    tree["delivery"] = {"lost": dice.one_of(0, 0, 0.2), "report_time": report, "partial": dice.one_of(False, True)}
    if dice.chance(0.3):
        travel = {"kind": "exponential", "mean": dice.widely(0.01, horizon)}
        zones = [{"name": f"zone-{n}", "share": dice.whole(1, 3), "delivery_time": travel} for n in range(2)]
        tree["delivery"]["zones"] = zones


def _afterwards(dice: Dice, tree: Tree, horizon: float) -> None:
    """Draw what users do once they have ordered, and how they react."""
    shop, users = tree["shop"], tree["users"]
    shop |= {name: dice.one_of(0, 0, 0.2, 1) for name in ("restocking_fee", "unfit", "compensation")}
    shop["limit"] = dice.one_of(None, None, None, 2)
    lasting = {
        name: dice.spread(dice.widely(0.01, horizon)) for name in ("cancel_after", "return_after", "defect_after")
    }
    shares = {"cancellation": dice.one_of(0, 0, 0.3, 1), "complaint": dice.one_of(0, 0.5, 1)}
    users["afterwards"] = {**lasting, **shares, "late_returns": dice.one_of(1, 3)}
    for product in tree["catalogue"]:
        product["return_share"], product["defect_share"] = dice.one_of(0, 0, 0.3, 1), dice.one_of(0, 0, 0.3, 1)
        product["return_window"], product["warranty"] = dice.widely(1, horizon), dice.widely(1, 4 * horizon)
    if dice.chance(0.2):
        users |= {"budget": "1000", "budget_period": short(horizon / 2)}
    if dice.chance(0.2):
        users["choice"] = {"kind": "logit", "price_sensitivity": 0.01, "outside": dice.one_of(None, 0)}
    if dice.chance(0.3):
        users["trust"] = {"kind": "trust", "late": 0.3, "refused": 0.5, "on_time": 0.2}


def _stock(dice: Dice, horizon: float, skus: Sequence[str]) -> Tree:
    """Draw how goods are kept; one product in some is left out, and so made to order."""
    kind = dice.one_of("base_stock", "reorder_point", "periodic", "moving_average")
    period = dice.widely(horizon / 20, horizon)
    if kind == "base_stock":
        level = dice.one_of(0, 2, 20)
        return {"kind": kind, "level": dice.one_of(level, {skus[0]: level})}
    if kind == "reorder_point":
        return {"kind": kind, "reorder_point": dice.one_of(0, 3), "quantity": dice.one_of(1, 5)}
    if kind == "periodic":
        point = dice.one_of(0, 3)
        return {"kind": kind, "reorder_point": point, "order_up_to": point + dice.one_of(1, 8), "period": period}
    return {
        "kind": kind, "periods": dice.whole(1, 4), "period": period, "lead_periods": dice.whole(1, 3),
        "safety": dice.one_of(0, 1), "opening_stock": dice.one_of(0, 5),
    }  # fmt: skip


def _network(dice: Dice, *, is_lossy: bool) -> tuple[Tree, float]:
    """Draw the links, and return also the longest mean latency."""
    means = {"": dice.one_of(*LATENCIES)} | {name: dice.one_of(*LATENCIES) for name in dice.some(LINKS, 4)}
    slowest = max(means.values())
    tables = {name: _link(dice, mean, slowest, is_lossy=is_lossy) for name, mean in means.items()}
    default = tables.pop("")
    some = {name: {field: table[field] for field in dice.some(list(table), 7)} for name, table in tables.items()}
    return {"default": default, "links": some}, slowest


def _link(dice: Dice, mean: float, slowest: float, *, is_lossy: bool) -> Tree:
    """Draw a link; askers may ask again long before an answer can be there."""
    return {
        "latency": dice.spread(mean),
        "loss": dice.one_of(0, 0.05, 0.3, 0.6) if is_lossy else 0,
        "duplication": dice.one_of(0, 0.05, 0.3, 1) if is_lossy else 0,
        "timeout": short(dice.widely(0.5, 20) * max(slowest, 0.2)),
        "attempts": dice.one_of(None, None, dice.whole(1, 8)),
        "growth": dice.one_of(1, 1.5, 2, 2),
        "jitter": dice.one_of(0, 0, 0.3, 0.9),
    }


def _some_link(dice: Dice) -> str:
    return dice.one_of(*LINKS).replace("->", dice.one_of("->", "<->"))


def _faults(dice: Dice, horizon: float) -> list[Tree]:
    """Draw crashes, outages and spells, of which many go on when the visits are over."""
    faults = [fault for entity in ENTITIES for fault in _crashes(dice, entity, horizon)]
    for kind in ("outage", "spell"):
        for _ in range(dice.one_of(0, 0, dice.whole(1, 3))):
            start, duration = dice.one_of(0.0, dice.evenly(0, 2 * horizon)), dice.widely(0.1, horizon)
            fault: Tree = {"kind": kind, "link": _some_link(dice), "start": start, "duration": duration}
            if kind == "spell":
                fault |= {"loss": dice.one_of(0, 0.5, 1), "duplication": dice.one_of(0, 0.5, 1)}
                fault["latency"] = dice.one_of(None, dice.spread(dice.widely(0.1, 100)))
            faults.append(fault)
    return dice.some(faults, len(faults)) if dice.chance(0.3) else faults


def _crashes(dice: Dice, entity: str, horizon: float) -> list[Tree]:
    """Draw crashes of one entity, one after the other; some come at the instant of a restart."""
    crashes: list[Tree] = []
    at = exact(dice.one_of(0.0, dice.evenly(0, horizon), dice.evenly(0, 1.5 * horizon)))
    for _ in range(dice.one_of(0, 1, dice.whole(0, 12))):
        start = at + exact(dice.one_of(0.0, dice.widely(0.01, 10), dice.widely(0.01, horizon)))
        lasting = dice.one_of(dice.widely(0.01, 1), dice.widely(0.1, 100), dice.widely(0.1, horizon))
        duration = exact(lasting) or exact(0.1)
        crashes.append({"kind": "crash", "entity": entity, "start": start, "duration": duration})
        at = start + duration
    return crashes
