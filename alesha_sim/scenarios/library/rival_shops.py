"""Shops that compete for the same users by price, promise and trust; a price war, and a rival that gives up.

The question: who wins which users, and what does a price war cost? Users compare the home pages and choose by a
multinomial logit, so that while trust plays no part (`trust=0`) the share of each shop is known in closed form.
"""

from typing import Any

from alesha_sim.scenarios.catalogue import SHIPPED
from alesha_sim.scenarios.errors import scenario_error
from alesha_sim.scenarios.fields import knob, whole_from
from alesha_sim.scenarios.scenario import Scenario
from alesha_sim.units import DAY

PHONE = {"sku": "phone", "name": "Phone", "marked_price": 600, "price": 500, "charge": 400, "cost": 300}
NAMES = ("daraz", "pickaboo", "bikroy")


def rival_shops(
    users: int = 400,
    visits_per_day: float = 60,
    days: float = 90,
    prices: tuple[float, ...] = (500, 490, 480),
    promised_days: tuple[float, ...] = (3, 5, 7),
    price_sensitivity: float = 0.02,
    promise_sensitivity: float = 0.1,
    trust: float = 2,
    outside: float = -9.5,
    war_days: tuple[float, float] = (30, 60),
    war_price: float = 450,
    answer_days: float = 10,
    exit_day: float | None = 75,
) -> Scenario:
    """Return the scenario of `days` days with a shop for each of `prices`, the last of which closes at `exit_day`.

    A user who wants a phone goes to shop j with probability exp(V_j) / (exp(`outside`) + the sum of all exp(V_k)),
    where V = `trust` * the user's trust - `price_sensitivity` * price - `promise_sensitivity` * days promised;
    with `trust` 0 only price and promise count. From the first of `war_days` until the last the first shop asks
    `war_price`, and the others, `answer_days` after it, too; a shop never asks more than before. Goods come after
    3.4 days on average: who promises much is trusted less after a late delivery. Raises ScenarioError.
    """
    begins, ends = (knob(f"war_days[{n}]", day) * DAY for n, day in enumerate(war_days))
    count = whole_from("prices", len(prices), 2, len(NAMES))
    if len(promised_days) != count:
        raise scenario_error(
            "promised_days", list(promised_days), f"must have a number for each of {count} prices"
        )
    shops: list[dict[str, Any]] = []
    for name, price, promised in zip(NAMES, prices, promised_days, strict=False):
        promised_seconds = knob(f"promised_days[{len(shops)}]", promised) * DAY
        at = begins if not shops else begins + knob("answer_days", answer_days) * DAY
        dated = [{"sku": "phone", "price": price, "from": 0}]
        if at < ends and war_price < price:
            dated.append({"sku": "phone", "price": war_price, "from": at, "until": ends})
        shops.append({"name": name, "opening_balance": 200_000, "promise": promised_seconds, "prices": dated})
    if exit_day is not None:
        shops[-1]["closes"] = knob("exit_day", exit_day) * DAY
    return Scenario.model_validate(
        {
            "name": "rival_shops",
            "description": SHIPPED["rival_shops"],
            "horizon": knob("days", days) * DAY,
            "catalogue": [PHONE],
            "users": {
                "count": users,
                "opening_balance": 1_000_000,
                "shop_choice": {
                    "kind": "logit",
                    "price": -knob("price_sensitivity", price_sensitivity),
                    "promise": -knob("promise_sensitivity", promise_sensitivity),
                    "trust": trust,
                    "outside": outside,
                },
                "trust": {"kind": "trust", "late": 0.3, "on_time": 0.1},
            },
            "demand": {"kind": "poisson", "visits_per_day": visits_per_day, "buy_share": 1, "units": 1},
            "shops": shops,
            "supplier": {"lead_time": DAY, "delivery_time": {"kind": "gamma", "mean": 2.4 * DAY, "cv": 0.5}},
        }
    )
