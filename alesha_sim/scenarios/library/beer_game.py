"""The beer game: four tiers, one product, orders and goods that are weeks on their way, one step in demand.

The question: where does the wave come from that grows from tier to tier, and what takes it away? Each tier sees
the orders of the next alone, and reviews its stock once a week. Players order as `anchor_adjust` does, and forget
a part of what they have on order (Sterman 1989); a tier that counts all of it makes no wave.

In a week goods and orders come in, what can be sent is sent, back-orders first and in parts, and then everybody
reviews. An order reaches the seller `order_weeks` after it was decided on, goods their buyer `delivery_weeks`
after they left, and the brewery's lots are there after `brewing_weeks`. Goods are sold on credit, so that no order
waits for money. A run begins with a prologue, in which orders and goods are set on their way: the game begins with
full pipelines.
"""

from collections.abc import Sequence
from typing import Any

from alesha_sim.policies import AnchorAdjust
from alesha_sim.scenarios.catalogue import SHIPPED
from alesha_sim.scenarios.errors import scenario_error
from alesha_sim.scenarios.fields import knob
from alesha_sim.scenarios.scenario import Scenario
from alesha_sim.units import DAY

WEEK = 7 * DAY
TIERS = ("retailer", "wholesaler", "distributor", "brewery")


def beer_game(
    weeks: int = 36,
    demand: int = 4,
    step: int = 8,
    step_week: int = 5,
    stock: int = 12,
    goal: int = 17,
    gain: float = 0.26,
    counted: float = 0.34,
    smoothing: float = 0.36,
    order_weeks: int = 2,
    delivery_weeks: int = 2,
    brewing_weeks: int = 3,
    latency: float = 0.0,
    demands: Sequence[int] | None = None,
    stocks: Sequence[int] | None = None,
    goals: Sequence[int] | None = None,
) -> Scenario:
    """Return the scenario of a game of `weeks` weeks; `demand` is wanted a week, from `step_week` on `step`.

    Every tier has `stock` units at first and orders as `anchor_adjust` says: what it forecasts, and the share
    `gain` of what stock and the share `counted` of its orders on the way lack to the `goal`; `smoothing` is the
    weight of the latest demand in its forecast. With a gain and a share counted of 1 and no smoothing each tier
    orders up to the goal and the demand of a week. Messages take `latency` seconds. `demands` by week, `stocks`
    and `goals` by tier from the retailer up take the place of the numbers for all. Raises ScenarioError.
    """
    for name, given in (("order_weeks", order_weeks), ("delivery_weeks", delivery_weeks), ("weeks", weeks)):
        if knob(name, given) < 1:
            raise scenario_error(name, given, "must be at least 1")
    first = order_weeks + delivery_weeks + 1
    if not 1 <= knob("brewing_weeks", brewing_weeks) <= first:
        raise scenario_error("brewing_weeks", brewing_weeks, f"must be from 1 to {first}")
    wanted = (
        [step if week >= step_week else demand for week in range(1, weeks + 1)] if demands is None else demands
    )
    held = [stock] * len(TIERS) if stocks is None else stocks
    aims = [goal] * len(TIERS) if goals is None else goals
    weights = {"gain": gain, "counted": counted, "smoothing": smoothing, "forecast": demand}
    started = _prologue(held, demand, order_weeks + delivery_weeks, delivery_weeks, brewing_weeks)
    policies = [
        AnchorAdjust(aim, WEEK, **weights, opening_stock=opening, first_orders=orders)
        for aim, (opening, orders) in zip(aims, started, strict=True)
    ]
    visits = [first + week + 0.5 for week, units in enumerate(wanted) for _ in range(units)]
    return Scenario.model_validate(
        {
            "name": "beer_game",
            "description": SHIPPED["beer_game"],
            "horizon": (first + len(wanted) + 0.25) * WEEK,
            "catalogue": [
                {"sku": "beer", "name": "Beer", "marked_price": 9, "price": 9, "charge": 5, "cost": 1},
            ],
            "users": {"opening_balance": 10**6},
            "demand": {
                "kind": "replay",
                "visits": {
                    "at": [at * WEEK for at in visits],
                    "user": [0] * len(visits),
                    "beer": [1] * len(visits),
                },
            },
            **_parties(policies, order_weeks, delivery_weeks, brewing_weeks),
            "banks": [{"name": "bank"}],
            "network": {"default": {"latency": latency}},
        }
    )


def _parties(
    policies: Sequence[AnchorAdjust], order_weeks: int, delivery_weeks: int, brewing_weeks: int
) -> dict[str, Any]:
    """Return the shop and the suppliers; a review is half a week after the goods and orders that it looks at."""
    sent = {"order_time": (order_weeks - 0.5) * WEEK, "opening_balance": 10**6}
    terms = {"delivery_time": delivery_weeks * WEEK, "parts": True, "credit": True, **sent}
    waits = {"suppliers": [TIERS[1]], "unmet_demand": "backordered"}
    return {
        "shops": [{"name": TIERS[0], "stock": policies[0], **waits, **sent}],
        "suppliers": [
            {"name": TIERS[1], "upstream": TIERS[2], "stock": policies[1], **terms},
            {"name": TIERS[2], "upstream": TIERS[3], "stock": policies[2], **terms},
            {"name": TIERS[3], "lead_time": (brewing_weeks - 0.5) * WEEK, "stock": policies[3], **terms},
        ],
    }


def first_week(order_weeks: int = 2, delivery_weeks: int = 2) -> int:
    """Return how many weeks the prologue takes: week 1 of the game ends one week later."""
    return order_weeks + delivery_weeks + 1


def _prologue(
    stocks: Sequence[int], demand: int, away: int, delivery_weeks: int, brewing_weeks: int
) -> list[tuple[int, tuple[int, ...]]]:
    """Return what each tier opens with and orders in the prologue, so that the game begins with full pipelines.

    The shop opens empty: its first order is its stock, which comes just before the game does.
    """
    flow, sent = (demand,) * away, demand * delivery_weeks
    brewed = (0,) * (away + 1 - brewing_weeks) + (demand,) * brewing_weeks
    return [
        (0, (stocks[0], *flow)),
        (stocks[1] + stocks[0] + sent, (0, *flow)),
        (stocks[2] + sent, (0, *flow)),
        (stocks[3] + sent, brewed),
    ]
