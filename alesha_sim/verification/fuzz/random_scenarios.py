"""Random worlds: scenarios drawn within wide limits, to see whether the laws hold in every one of them.

This module says what a world may be as a whole; its parts are drawn in `drawn_demand.py`, `drawn_trade.py` and
`drawn_network.py`. `trials.py` runs worlds and `shrink.py` makes a failing one smaller. Every drawn number is
short enough that a TOML file gives back exactly the same scenario.
"""

from datetime import datetime, timedelta
from typing import NamedTuple

from alesha_sim.recording.levels import ALL, SUMMARY
from alesha_sim.scenarios.scenario import Scenario
from alesha_sim.streams import Streams
from alesha_sim.units import DAY
from alesha_sim.verification.fuzz import drawn_market, drawn_network, drawn_trade
from alesha_sim.verification.fuzz.dice import HUGE, Dice, Outline, Tree, exact, short
from alesha_sim.verification.fuzz.drawn_demand import demand

VISITS_MAX = 110
"""How many visits are expected at most; few visits are as likely as many."""

FEW = 5
"""How many visits are expected at most where each is dear: of huge amounts, or with many products."""

PRODUCTS = 150
"""How many products there are at most where there are many: more than a byte numbers with its sign."""

CURRENCIES = (("BDT", 2), ("BDT", 2), ("JPY", 0), ("KWD", 3), ("XAU", 4), ("XTS", 1))

SPOOL = "spool"
"""The way of a run whose tables are in a folder from the beginning."""


class World(NamedTuple):
    """A scenario, the seed that it is run with, and what it is compared with: the same run in another way.

    The way is `SUMMARY` or `SPOOL`; `ALL` is the plain run itself.
    """

    scenario: Scenario
    seed: int
    way: str = ALL


def draw(seed: int, number: int, *, markets: bool = False) -> World:
    """Return world `number` (from 0) of a seed, or the market that is made of it.

    Raises ValueError unless both are whole numbers from 0.
    """
    run_seed, tree, way = drawn(seed, number, markets=markets)
    return World(Scenario.model_validate(tree), run_seed, way)


def drawn(seed: int, number: int, *, markets: bool = False) -> tuple[int, Tree, str]:
    """Return a world's seed, its scenario as a tree, and its way.

    Every third world is a calm one, with a bad network or with faults or with neither: what goes wrong in a few
    places reaches states that it hides in many.
    """
    if number < 0:
        raise ValueError(f"number: {number}: must not be negative")
    dice = Dice(Streams(seed).generator(f"world:{number}"))
    run_seed = dice.whole(0, 2**32 - 1)
    calm = dice.one_of("network", "faults", "") if number % 3 == 0 else None
    is_silent = calm is None and dice.chance(0.06)
    outline, currency = _outline(dice, is_silent=is_silent)
    network, slowest = drawn_network.network(dice, is_lossy=calm in (None, "network"))
    faults = drawn_network.faults(dice, outline.horizon) if calm in (None, "faults") else []
    if calm == "" and dice.chance(0.5):
        network["default"] |= {"timeout": None, "duplication": dice.one_of(0, 0, 0.3, 1)}
    tree: Tree = {
        "name": f"world-{number}",
        "description": f"World {number} of seed {seed}; run it with --seed {run_seed}.",
        "start": _start(dice),
        "horizon": outline.horizon,
        "currency": currency,
        "catalogue": drawn_trade.products(dice, outline),
        "users": drawn_trade.users(dice, outline, slowest),
        "demand": demand(dice, outline),
        **drawn_trade.organisations(dice, outline),
        "network": network,
        "faults": faults,
    }
    _trade(Dice(Streams(seed).generator(f"world:{number}:trade")), tree, outline)
    tree["shop"]["prices"] = drawn_trade.dated_prices(
        Dice(Streams(seed).generator(f"world:{number}:prices")), outline
    )
    if dice.chance(0.15):
        tree["drain"] = dice.evenly(0, outline.horizon)
    if faults and dice.chance(0.2):
        _indebted(dice, tree, outline)
    if is_silent:
        drawn_network.silence(dice, tree)
    drawn_network.keep_bounds(tree)
    if markets:
        drawn_market.several(Dice(Streams(seed).generator(f"world:{number}:market")), tree, outline)
    if tree["demand"]["kind"] == "replay" and not tree["demand"]["cut"] and dice.chance(0.2):
        del tree["horizon"]  # it ends after the last visit
    way = dice.one_of(SPOOL, SUMMARY) if dice.chance(0.12) else ALL
    return run_seed, tree, way


def _outline(dice: Dice, *, is_silent: bool) -> tuple[Outline, Tree]:
    """Draw how large a world is, and its currency; few visits come where each takes long to run or costs much."""
    horizon = dice.widely(DAY, 60 * DAY) if dice.chance(0.07) else dice.widely(60, 7200)
    code, decimals = dice.one_of(*CURRENCIES)
    count = dice.whole(1, 5)
    if dice.chance(0.02) and not is_silent:
        count = dice.whole(PRODUCTS - 20, PRODUCTS)
    users = dice.one_of(1, dice.whole(1, 5), dice.whole(1, 20))
    unit: float = 10**decimals
    if dice.chance(0.06):  # prices of a few minor units, or of one
        unit = dice.one_of(0.001, 0.01)
    elif count <= 5 and dice.chance(0.06):  # sums near 2**53, up to near 2**62
        unit, count, users = HUGE * dice.one_of(1, 2, 16, 256), min(count, 2), min(users, 2)
    is_dear = count > 5 or unit >= HUGE
    visits = dice.widely(2, FEW if is_dear else 3 * FEW if is_silent else VISITS_MAX)
    skus = [f"product-{n}" for n in range(count)]
    return Outline(horizon, visits, users, skus, decimals, unit), {"code": code, "decimals": decimals}


def _start(dice: Dice) -> datetime:
    """Draw when a world begins: where years, months and days begin and end, or at any instant."""
    edges = "2021-01-01", "2024-02-28 23:59:59.5", "2023-12-31 23:30", "2024-01-31 12:00", "2023-02-28 22:00"
    if dice.chance(0.5):
        return datetime.fromisoformat(dice.one_of(*edges))
    return datetime(2020, 1, 1) + timedelta(days=dice.whole(0, 2000), seconds=dice.whole(0, 86_399))


def _trade(dice: Dice, tree: Tree, outline: Outline) -> None:
    """Draw settlement, payment at the door, stocks, deliveries, and what users do afterwards."""
    if dice.chance(0.5):
        tree["shop"]["promise"] = dice.widely(1, 2 * outline.horizon)
    drawn_trade.payments(dice, tree, outline)
    drawn_trade.goods(dice, tree, outline)
    drawn_trade.after_sales(dice, tree, outline)
    _keep_promises(tree)


def _keep_promises(tree: Tree) -> None:
    """Promise nothing that cannot be kept: make and bring goods, at their quickest, within what is promised."""
    promise, supplier = tree["shop"].get("promise"), tree["supplier"]
    if promise is None:
        return
    travels = [zone["delivery_time"] for zone in tree["delivery"].get("zones", ())] or [supplier["delivery_time"]]
    least = min(map(drawn_trade.least, travels))
    if supplier.get("stock", {"kind": "make_to_order"})["kind"] == "make_to_order":
        least += drawn_trade.least(supplier["lead_time"])
    if promise < least:
        tree["shop"]["promise"] = short(1.1 * least)


def _indebted(dice: Dice, tree: Tree, outline: Outline) -> None:
    """Let a poor shop crash while it owes refunds and charges: goods come back and orders are cancelled.

    What it has paid to the supplier is gone by then, so that its debts wait for the payments of later orders.
    """
    shop, users, horizon = tree["shop"], tree["users"], outline.horizon
    shop |= {"opening_balance": "0", "restocking_fee": 0}
    soon = {name: dice.spread(dice.widely(0.01, horizon / 4)) for name in ("cancel_after", "return_after")}
    users["after_sales"] |= soon | {"cancel_share": dice.one_of(0, 0.5)}
    tree["supplier"] |= {
        name: dice.spread(dice.widely(0.01, horizon / 8)) for name in ("lead_time", "delivery_time")
    }
    for product in tree["catalogue"]:
        product |= {"return_share": 1, "return_window": horizon}
        if dice.chance(0.5):  # what is sold below its charge is paid by later sales
            product["charge"] = max(product["charge"], product["price"], key=float)
    at = 0.0
    tree["faults"] = [fault for fault in tree["faults"] if fault.get("entity") != "shop"]
    for _ in range(dice.whole(1, 6)):
        start = at + exact(dice.widely(horizon / 50, horizon / 2))
        duration = exact(dice.widely(0.1, horizon / 20)) or exact(0.1)
        tree["faults"].append({"kind": "crash", "entity": "shop", "start": start, "duration": duration})
        at = start + duration
    _keep_promises(tree)
