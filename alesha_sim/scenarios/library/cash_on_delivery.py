"""Payment at the door: the goods travel first, the money comes later, and some parcels come back.

The question: what does a share of buyers who pay on delivery, and refuse now and then, do to the shop's cash, its
sales and its transport?
"""

from alesha_sim.scenarios.catalogue import SHIPPED
from alesha_sim.scenarios.fields import knob
from alesha_sim.scenarios.scenario import Scenario
from alesha_sim.units import DAY


def cash_on_delivery(
    users: int = 400,
    visits_per_day: float = 60,
    days: float = 30,
    share: float = 0.6,
    refusal: float = 0.15,
    return_transport: float = 25,
    remit_after_days: float = 7,
    opening_balance: float = 10_000,
) -> Scenario:
    """Return the scenario of `days` days in which a `share` of users always pays on delivery.

    They refuse a share `refusal` of parcels at the door; each parcel that comes back costs the shop
    `return_transport` (major units). What the courier collects reaches the shop `remit_after_days` days later;
    until then, and from the order on, the shop has paid its supplier out of `opening_balance` and what others
    paid in advance. Raises ScenarioError.
    """
    return Scenario.model_validate(
        {
            "name": "cash_on_delivery",
            "description": SHIPPED["cash_on_delivery"],
            "horizon": knob("days", days) * DAY,
            "users": {
                "count": users,
                "opening_balance": {"kind": "lognormal", "mean": 6000, "cv": 0.6},
                "payment": {"cash_on_delivery": share, "per": "user", "door_refusal": refusal},
            },
            "demand": {"kind": "poisson", "visits_per_day": visits_per_day, "buy_share": 0.5},
            "shop": {"opening_balance": opening_balance, "promise": 5 * DAY},
            "bank": {"authorisation_time": {"kind": "lognormal", "mean": 1.5, "cv": 0.8}},
            "supplier": {
                "lead_time": {"kind": "lognormal", "mean": DAY, "cv": 0.5},
                "return_transport": return_transport,
                "remit_after": knob("remit_after_days", remit_after_days) * DAY,
            },
            "delivery": {
                "zones": [
                    {
                        "name": "city",
                        "share": 0.6,
                        "delivery_time": {"kind": "uniform", "low": 0, "high": 2 * DAY},
                    },
                    {
                        "name": "country",
                        "share": 0.4,
                        "delivery_time": {"kind": "uniform", "low": DAY, "high": 5 * DAY},
                    },
                ]
            },
        }
    )
