"""A flash sale: hundreds come within a minute for a few phones at half price, one for each customer.

The question: who gets one, how long do pages and payments take, and how much money goes out and comes back for
goods that were gone?
"""

from alesha_sim.scenarios.catalogue import SHIPPED
from alesha_sim.scenarios.fields import knob
from alesha_sim.scenarios.scenario import Scenario
from alesha_sim.units import DAY, HOUR


def flash_sale(
    users: int = 2000,
    visits: int = 1200,
    stock: int = 200,
    limit: int | None = 1,
    opens: float = 1.0,
    rush: float = 60.0,
    quiet_visits_per_day: float = 300,
    shop_workers: int | None = 20,
    bank_workers: int | None = 10,
) -> Scenario:
    """Return the scenario of a sale of `stock` phones that opens `opens` hours after the start.

    Of `users` users `visits` come for one phone each, in the mean `rush` seconds after the opening, in addition to
    `quiet_visits_per_day` ordinary visits of all users; a user may order `limit` units of a product in all
    (None: no limit). The supplier rejects what it has no stock for, and the money comes back; it makes no more
    phones within the month. Raises ScenarioError.
    """
    quiet = {
        "kind": "poisson",
        "visits_per_day": quiet_visits_per_day,
        "buy_share": 0.3,
        "shares": {"hp-laptop": 1},
    }
    sale = {
        "kind": "flash",
        "at": knob("opens", opens) * HOUR,
        "visits": visits,
        "rush": rush,
        "shares": {"iphone-x": 1},
    }
    return Scenario.model_validate(
        {
            "name": "flash_sale",
            "description": SHIPPED["flash_sale"],
            "horizon": DAY,
            "catalogue": [
                {"sku": "iphone-x", "name": "Apple iPhone X", "marked_price": 1000, "price": 500, "charge": 720,
                 "cost": 540},
                {"sku": "hp-laptop", "name": "HP laptop", "marked_price": 600, "price": 500, "charge": 400,
                 "cost": 300},
            ],
            "users": {"count": users, "opening_balance": {"kind": "lognormal", "mean": 1500, "cv": 0.5}},
            "demand": {"kind": "mixture", "parts": [sale, quiet]},
            "shop": {
                "workers": shop_workers,
                "page_time": {"kind": "gamma", "mean": 0.2, "cv": 0.7},
                "opening_balance": 200_000,
                "purchase_limit": limit,
            },
            "bank": {"workers": bank_workers, "authorisation_time": {"kind": "lognormal", "mean": 1.5, "cv": 0.8}},
            "supplier": {
                "stock": {"kind": "base_stock", "level": {"iphone-x": stock}},
                "unmet_demand": "rejected",
                "lead_time": {"kind": "uniform", "low": 30 * DAY, "high": 40 * DAY},
                "delivery_time": {"kind": "uniform", "low": DAY, "high": 3 * DAY},
            },
            "network": {"default": {"latency": {"kind": "lognormal", "mean": 0.08, "cv": 0.8}}},
        }
    )  # fmt: skip
