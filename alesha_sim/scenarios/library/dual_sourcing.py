"""Two suppliers of the same goods, one fast and dear, one slow and cheap, and a shop that keeps goods of its own.

The question: what is the fast one worth? By the dual-index policy the shop asks it for what would be short within
its lead time, and the slow one for the rest, once a day. With a low first level only the slow one is ever asked,
with a second level no higher than the first only the fast one: between these two limits of a single source lies
the best.
"""

from alesha_sim.scenarios.catalogue import SHIPPED
from alesha_sim.scenarios.fields import knob
from alesha_sim.scenarios.scenario import Scenario
from alesha_sim.units import DAY

FAST, SLOW = "near", "overseas"


def dual_sourcing(
    days: float = 180,
    units_per_day: float = 10,
    fast_level: int = 24,
    slow_level: int = 95,
    fast_days: float = 1,
    slow_days: float = 7,
    fast_charge: float = 8,
    slow_charge: float = 6,
) -> Scenario:
    """Return the scenario of `days` days in which about `units_per_day` single units are wanted a day.

    Each day the shop orders up to `fast_level` of what it has, owes and gets within `fast_days` from the supplier
    `near`, at `fast_charge` a unit, and up to `slow_level` of all that it has and has ordered from `overseas`,
    which takes `slow_days` and `slow_charge`. What it cannot send at once waits. Raises ScenarioError.
    """
    suppliers = [
        {
            "name": name,
            "lead_time": knob(f"{field}_days", length) * DAY,
            "delivery_time": 0,
            "charges": {"kettle": charge},
        }
        for field, name, length, charge in (
            ("fast", FAST, fast_days, fast_charge),
            ("slow", SLOW, slow_days, slow_charge),
        )
    ]
    return Scenario.model_validate(
        {
            "name": "dual_sourcing",
            "description": SHIPPED["dual_sourcing"],
            "horizon": knob("days", days) * DAY,
            "catalogue": [
                {"sku": "kettle", "name": "Kettle", "marked_price": 12, "price": 12, "charge": 8, "cost": 5},
            ],
            "users": {"count": 200, "opening_balance": 10**6},
            "demand": {"kind": "poisson", "visits_per_day": knob("units_per_day", units_per_day), "units": 1},
            "shops": [
                {
                    "name": "shop",
                    "suppliers": [FAST, SLOW],
                    "opening_balance": 10**6,
                    "unmet_demand": "backordered",
                    "stock": {"kind": "anchor_adjust", "goal": 0, "period": DAY},
                    "sourcing": {
                        "kind": "dual",
                        "fast": FAST,
                        "slow": SLOW,
                        "order_up_to": [fast_level, slow_level],
                    },
                }
            ],
            "banks": [{"name": "bank"}],
            "suppliers": suppliers,
            "network": {"default": {"latency": 0}},
        }
    )
