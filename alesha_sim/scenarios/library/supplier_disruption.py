"""A supplier that closes for weeks, and the stock that carries the shop over them, or does not.

The question: how much stock is worth how many weeks, in deliveries on time, in cash and in customers who come
back?
"""

from alesha_sim.scenarios.catalogue import SHIPPED
from alesha_sim.scenarios.fields import knob
from alesha_sim.scenarios.scenario import Scenario
from alesha_sim.units import DAY


def supplier_disruption(
    users: int = 300,
    visits_per_day: float = 60,
    days: float = 90,
    closed_from: float = 30,
    closed_days: float = 14,
    shop_stock: int = 60,
    supplier_stock: int = 30,
    promised_days: float = 7,
) -> Scenario:
    """Return the scenario of `days` days with the supplier closed for `closed_days` from day `closed_from` on.

    While it is closed it takes no orders and ships nothing; what it has under way arrives. The shop keeps up to
    `shop_stock` units of each product itself (0: none, every order goes to the supplier), the supplier
    `supplier_stock`. Delivery is promised within `promised_days` days; users trust less after a late one. Raises
    ScenarioError.
    """
    closing = {
        "kind": "crash",
        "entity": "supplier",
        "start": knob("closed_from", closed_from) * DAY,
        "duration": max(knob("closed_days", closed_days) * DAY, 1.0),
    }
    shop: dict[str, object] = {"opening_balance": 200_000, "promise": knob("promised_days", promised_days) * DAY}
    if shop_stock != 0:
        shop["stock"] = {"kind": "base_stock", "level": shop_stock}
    return Scenario.model_validate(
        {
            "name": "supplier_disruption",
            "description": SHIPPED["supplier_disruption"],
            "horizon": knob("days", days) * DAY,
            "users": {
                "count": users,
                "opening_balance": 20_000,
                "trust": {"kind": "trust", "late": 0.3, "refused": 0.3, "on_time": 0.1},
            },
            "demand": {"kind": "poisson", "visits_per_day": visits_per_day, "buy_share": 0.5},
            "shop": shop,
            "supplier": {
                "stock": {"kind": "base_stock", "level": supplier_stock},
                "lead_time": {"kind": "lognormal", "mean": 4 * DAY, "cv": 0.4},
                "delivery_time": {"kind": "uniform", "low": DAY, "high": 3 * DAY},
            },
            "network": {"default": {"timeout": 600, "backoff": 2}},
            "faults": [closing] if closed_days else [],
        }
    )
