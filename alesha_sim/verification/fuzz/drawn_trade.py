"""How a random world trades: products, customers, organisations, payments, goods, and what comes after the sale.

Each part is as plain as it can be in about half of all worlds, so that faults show in simple surroundings too.
"""

from alesha_sim.scenarios.sections import Attacks
from alesha_sim.verification.fuzz.dice import HUGE, Dice, Outline, Tree, short


def products(dice: Dice, outline: Outline) -> list[Tree]:
    """Draw the catalogue; a quarter of it is sold below the supplier's charge."""
    return [_product(dice, outline, sku) for sku in outline.skus]


def _product(dice: Dice, outline: Outline, sku: str) -> Tree:
    price, charge, cost = sorted((dice.widely(1, 1000) for _ in range(3)), reverse=True)
    if dice.chance(0.25):
        price, charge = charge, price
    if dice.chance(0.03):
        cost = 0
    money, horizon = outline.money, outline.horizon
    return {
        "sku": sku,
        "name": sku.title(),
        "marked_price": money(dice.one_of(1, 1, 1.5, 0) * price, 0),
        "price": money(price, 1),
        "charge": money(charge, 1),
        "cost": money(cost, 0),
        "return_share": dice.one_of(0, 0, 0.3, 1),
        "defect_share": dice.one_of(0, 0, 0.3, 1),
        "return_window": dice.widely(1, horizon),
        "warranty": dice.widely(1, 4 * horizon),
    }


def dated_prices(dice: Dice, outline: Outline) -> list[Tree]:
    """Draw prices from an instant on, in a third of all worlds; some end, a few within another one's time."""
    found: dict[tuple[str, float], Tree] = {}
    for _ in range(dice.whole(1, 4) if dice.chance(0.35) else 0):
        sku, begins_at = dice.one_of(*outline.skus), dice.one_of(0, dice.evenly(0, outline.horizon))
        price = {"sku": sku, "price": outline.money(dice.widely(1, 1000), 1), "from": begins_at}
        if dice.chance(0.6):
            price["until"] = begins_at + dice.widely(1, outline.horizon)
        found[sku, begins_at] = price
    return list(found.values())


def users(dice: Dice, outline: Outline, slowest: float) -> Tree:
    """Draw the customers, who are as patient as the slowest link asks for."""
    found: Tree = {
        "count": outline.users,
        "opening_balance": _wealth(dice, outline),
        "wrong_secret": dice.one_of(0, 0, 0.1, 0.3),
        "views": dice.one_of("bought", "all"),
    }
    if dice.chance(0.2):
        found["patience"] = dice.spread(dice.widely(0.1, 20) * max(slowest, 0.1))
    if dice.chance(0.3):
        found["attacks"] = dict.fromkeys(dice.some(tuple(Attacks.model_fields), 5), dice.one_of(0.02, 0.1, 0.2))
    if dice.chance(0.3):
        amount = outline.money(100, 1)
        every = dice.one_of(0.1, 0.3, 0.3) * outline.horizon
        found["income"] = {"amount": amount, "every": short(every), "first": dice.one_of(0, 1)}
    if dice.chance(0.2):
        period = short(outline.horizon * dice.one_of(0.1, 0.5, 1))
        found |= {"budget": outline.money(dice.one_of(200, 1000), 1), "budget_period": period}
    if dice.chance(0.2):
        found["choice"] = _choice(dice, outline)
    if dice.chance(0.3):
        shares = {name: dice.one_of(0, 0.3, 1) for name in ("late", "refused", "on_time")}
        found["trust"] = {"kind": "trust"} | shares
    return found


def _wealth(dice: Dice, outline: Outline) -> Tree | float | str:
    """Draw what each user has in the bank; amounts that come near 64 bits are the same for all."""
    if outline.unit >= HUGE:
        return outline.money(dice.widely(300, 10_000))
    balance = dice.widely(300, 1_000_000)
    major = float(outline.money(balance, 1))
    return dice.one_of(outline.money(balance), outline.money(balance), dice.spread(short(major)))


def _choice(dice: Dice, outline: Outline) -> Tree:
    price = float(outline.money(100, 1))
    appeal = dict.fromkeys(dice.some(outline.skus, 3), 2.0)
    return {
        "kind": "logit",
        "price_sensitivity": short(min(1 / price, 1.0)),
        "discount_attraction": dice.one_of(0, 2, -1),
        "appeal": dice.one_of(0, appeal or 1),
        "outside": dice.one_of(None, 0, 1),
    }


def organisations(dice: Dice, outline: Outline) -> Tree:
    """Draw the shop, the bank and the supplier; queues may be long, and lead times as long as the horizon."""
    horizon = outline.horizon

    def workers() -> int | None:
        return dice.one_of(None, 1, dice.whole(1, 4))

    def lasting(most: float) -> Tree | float:
        return dice.one_of(0.0, dice.spread(dice.widely(0.01, most)))

    shop: Tree = {
        "workers": workers(),
        "page_time": lasting(5),
        "opening_balance": outline.money(dice.one_of(0, 0, 1000, 10_000 if outline.unit >= HUGE else 100_000)),
    }
    if dice.chance(0.4):
        shop["unpaid_after"] = dice.widely(1, horizon)
    bank: Tree = {"workers": workers(), "authorisation_time": lasting(60)}
    if dice.chance(0.4):
        bank |= {"secret_attempts": dice.whole(1, 3), "lock_time": dice.one_of(0, dice.widely(1, horizon))}
    supplier: Tree = {
        "workers": workers(),
        "handling_time": lasting(60),
        "lead_time": lasting(horizon),
        "delivery_time": lasting(horizon),
        "opening_balance": outline.money(dice.one_of(0, 5000)),
    }
    if dice.chance(0.3):
        supplier["stock"] = {"kind": "make_to_order", "unavailable": dice.some(outline.skus, 2)}
    return {"shop": shop, "bank": bank, "supplier": supplier}


def payments(dice: Dice, tree: Tree, outline: Outline) -> None:
    """Draw when payments reach the shop, what the bank takes and keeps back, and who pays at the door."""
    shop, bank = tree["shop"], tree["bank"]
    settlement = dice.one_of("immediate", "immediate", "delayed", "escrow")
    if settlement == "delayed":
        bank["settlement"] = {"kind": settlement, "after": dice.one_of(0, dice.widely(0.1, outline.horizon))}
    elif settlement == "escrow":
        bank["settlement"] = _escrow(dice, outline, is_promised="promise" in shop)
    if settlement != "escrow" and dice.chance(0.7):
        shares = {name: dice.one_of(0, 0.3, 1) for name in ("cash_on_delivery", "door_refusal")}
        tree["users"]["payment"] = shares | {"per": dice.one_of("visit", "user")}
        shop["advance"] = dice.one_of(1, 1, 1, 0.1, 0.5, 0.001, 0)
    if dice.chance(0.4):
        bank["fees"] = _fees(dice, outline)
    if dice.chance(0.3):
        time = dice.one_of(0, dice.widely(0.1, outline.horizon))
        bank["rolling_reserve"] = {"share": dice.one_of(0.1, 0.5, 1), "period": time}


def _escrow(dice: Dice, outline: Outline, *, is_promised: bool) -> Tree:
    escrow: Tree = {"kind": "escrow", "since": dice.one_of(0, 0, dice.evenly(0, outline.horizon))}
    if is_promised and dice.chance(0.7):
        escrow["refund_after"] = dice.one_of(0, dice.widely(0.1, outline.horizon))
    return escrow


def _fees(dice: Dice, outline: Outline) -> Tree:
    shares = {name: dice.one_of(0, 0.02, 0.07, 0.3) for name in ("share", "payer_share")}
    return shares | {name: outline.money(dice.one_of(0, 1, 20)) for name in ("fixed", "payer_fixed", "declined")}


def goods(dice: Dice, tree: Tree, outline: Outline) -> None:
    """Draw how goods are kept and brought."""
    shop, supplier, horizon = tree["shop"], tree["supplier"], outline.horizon
    opening = 0
    if dice.chance(0.5):
        supplier["stock"], opening = _stock(dice, outline)
    if dice.chance(0.7):
        supplier["unmet_demand"] = dice.one_of("backordered", "rejected")
        lot = supplier["minimum_lot"] = dice.one_of(1, 1, 3)
        supplier["capacity"] = dice.one_of(None, None, 40, max(opening, lot), max(opening, lot) + dice.whole(0, 3))
    transport = outline.money(dice.one_of(0, 7, 500))
    supplier |= {"return_transport": transport, "transport_charged": dice.one_of(0, 0.5, 1)}
    supplier["remit_after"] = dice.one_of(0, dice.widely(0.1, horizon))
    if dice.chance(0.3):
        shop["stock"], _ = _stock(dice, outline)
    report = dice.spread(dice.widely(0.01, horizon))
    lost = dice.one_of(0, 0, 0.2, 0.7)
    tree["delivery"] = {"lost": lost, "report_time": report, "partial": dice.one_of(False, True)}
    if dice.chance(0.3):
        shares = dice.weights(dice.whole(1, 3))
        tree["delivery"]["zones"] = [
            {"name": f"zone-{n}", "share": share, "delivery_time": dice.spread(dice.widely(0.01, horizon))}
            for n, share in enumerate(shares)
        ]


def _stock(dice: Dice, outline: Outline) -> tuple[Tree, int]:
    """Draw how goods are kept, and return also the most that there is of a product at first.

    Where numbers stand in a table, products left out are made to order.
    """
    kind = dice.one_of("base_stock", "reorder_point", "periodic", "moving_average")
    period = dice.widely(outline.horizon / 20, outline.horizon)
    named = dice.one_of(None, outline.skus[:1], outline.skus[: dice.whole(1, len(outline.skus))])

    def levels(number: int) -> int | dict[str, int]:
        return number if named is None else dict.fromkeys(named, number)

    if kind == "base_stock":
        level = dice.one_of(0, 2, 20)
        return {"kind": kind, "level": levels(level)}, level
    if kind == "reorder_point":
        point, quantity = dice.one_of(0, 3), dice.one_of(1, 5)
        return {"kind": kind, "reorder_point": levels(point), "quantity": levels(quantity)}, point + quantity
    if kind == "periodic":
        point = dice.one_of(0, 3)
        aim = point + dice.one_of(0, 1, 8)
        aims = {"reorder_point": levels(point), "order_up_to": levels(aim)}
        return {"kind": kind, **aims, "period": period}, aim
    opening = dice.one_of(0, 5)
    periods, lead, safety = dice.whole(1, 4), dice.one_of(0.5, 1, 2, 3), dice.one_of(0, 1, 1.5)
    kept = {"period": period, "opening_stock": levels(opening)}
    if periods == 3:  # what moves it is not drawn for itself, which would make other worlds of all seeds
        goal = {"goal": levels(10 + opening), "forecast": lead, "first_orders": [3] * (lead > 1)}
        weights = {"gain": 1 - lead / 4, "counted": safety / 2, "smoothing": lead / 6}
        return {"kind": "anchor_adjust", **kept, **goal, **weights}, opening
    return {"kind": kind, **kept, "periods": periods, "lead_periods": lead, "safety": safety}, opening


def after_sales(dice: Dice, tree: Tree, outline: Outline) -> None:
    """Draw what users do once they have ordered, and what the shop makes of it."""
    horizon = outline.horizon
    shares = {name: dice.one_of(0, 0, 0.2, 1) for name in ("restocking_fee", "unfit", "compensation")}
    tree["shop"] |= shares | {"purchase_limit": dice.one_of(None, None, None, 2)}
    lasting = {
        name: dice.one_of(0, *(dice.spread(dice.widely(0.01, horizon)) for _ in range(3)))
        for name in ("cancel_after", "return_after", "defect_after")
    }
    wishes = {"cancel_share": dice.one_of(0, 0, 0.3, 1), "complaint_share": dice.one_of(0, 0.5, 1)}
    tree["users"]["after_sales"] = {**lasting, **wishes, "late_return_factor": dice.one_of(0, 1, 3)}


def least(duration: Tree | float) -> float:
    """Return the shortest of what a duration can be."""
    if not isinstance(duration, dict):
        return duration
    return float(duration.get("low", min(duration.get("values", (0.0,)))))
