"""After the season: goods come back, the more so when they came late.

The question: what do late deliveries cost, once returns, complaints and the trust of customers are counted?
"""

from alesha_sim.scenarios.catalogue import SHIPPED
from alesha_sim.scenarios.fields import knob
from alesha_sim.scenarios.scenario import Scenario
from alesha_sim.units import DAY


def returns_season(
    users: int = 400,
    visits_per_day: float = 80,
    days: float = 60,
    return_share: float = 0.12,
    late_factor: float = 2.5,
    delivery_days: float = 3,
    promised_days: float = 4,
    restocking_fee: float = 0.1,
    complaint: float = 0.3,
    compensation: float = 0.05,
) -> Scenario:
    """Return the scenario of `days` days in which a share `return_share` of purchases is sent back.

    Delivery takes `delivery_days` days in the mean and is promised within `promised_days`; a late one multiplies
    returns by `late_factor`, and a share `complaint` of late buyers complains and is given `compensation` of the
    price. The shop keeps `restocking_fee` of the price of returned goods and writes a fifth of them off; the
    others it sells again. Users who are let down come less often. Raises ScenarioError.
    """
    return Scenario.model_validate(
        {
            "name": "returns_season",
            "description": SHIPPED["returns_season"],
            "horizon": knob("days", days) * DAY,
            "catalogue": [
                {"sku": "hp-laptop", "name": "HP laptop", "marked_price": 600, "price": 500, "charge": 400,
                 "cost": 300, "return_share": return_share},
                {"sku": "apple-watch", "name": "Apple watch", "marked_price": 300, "price": 250, "charge": 180,
                 "cost": 120, "return_share": min(1.0, 1.5 * knob("return_share", return_share))},
                {"sku": "iphone-x", "name": "Apple iPhone X", "marked_price": 1000, "price": 900, "charge": 720,
                 "cost": 540, "return_share": return_share},
            ],
            "users": {
                "count": users,
                "opening_balance": 20_000,
                "after_sales": {
                    "return_after": {"kind": "gamma", "mean": 3 * DAY, "cv": 0.5},
                    "late_return_factor": late_factor,
                    "complaint_share": complaint,
                },
                "trust": {"kind": "trust", "late": 0.15, "refused": 0.3, "on_time": 0.2},
            },
            "demand": {"kind": "poisson", "visits_per_day": visits_per_day, "buy_share": 0.5},
            "shop": {
                "opening_balance": 50_000,
                "promise": knob("promised_days", promised_days) * DAY,
                "restocking_fee": restocking_fee,
                "unfit": 0.2,
                "compensation": compensation,
                # What comes back is sold again: the shop keeps no goods but these.
                "stock": {"kind": "base_stock", "level": 0},
            },
            "supplier": {
                "stock": {"kind": "base_stock", "level": 40},
                "lead_time": {"kind": "lognormal", "mean": 5 * DAY, "cv": 0.4},
                "delivery_time": {"kind": "gamma", "mean": knob("delivery_days", delivery_days) * DAY, "cv": 0.5},
            },
            "delivery": {"partial": True},
        }
    )  # fmt: skip
