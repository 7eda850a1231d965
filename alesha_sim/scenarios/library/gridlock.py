"""Two banks with less in reserve than one payment takes: each waits for what the other would pay it.

The question: when does everything stop, and what moves it: reserves, credit, or looking at all that waits at once?
"""

from alesha_sim.scenarios.catalogue import SHIPPED
from alesha_sim.scenarios.fields import knob
from alesha_sim.scenarios.scenario import Scenario
from alesha_sim.units import DAY, HOUR

PHONE = {"sku": "phone", "name": "Phone", "marked_price": 500, "price": 500, "charge": 400, "cost": 300}
"""The one product: whatever is paid between the banks is 500 or 400."""


def gridlock(
    users: int = 200,
    visits_per_day: float = 200,
    days: float = 2,
    reserves: float = 300,
    credit: float = 0,
    queue: str = "fifo",
    kind: str = "gross",
    cycle_hours: float = 6,
) -> Scenario:
    """Return the scenario of `days` days of two banks, at each a shop whose supplier is at the other.

    Half of the users has accounts at each bank; the shops are chosen alike. Each bank has `reserves` at the
    clearing house and `credit`; payments that wait are settled as `queue` says. Raises ScenarioError.
    """
    bank = {"reserves": reserves, "credit": credit}
    return Scenario.model_validate(
        {
            "name": "gridlock",
            "description": SHIPPED["gridlock"],
            "start": "2021-01-04",
            "horizon": knob("days", days) * DAY,
            "catalogue": [PHONE],
            "users": {
                "count": users,
                "opening_balance": 5000,
                "shop_choice": {"kind": "share", "shares": {"daraz": 0.5, "pickaboo": 0.5}},
            },
            "demand": {"kind": "poisson", "visits_per_day": visits_per_day, "buy_share": 0.5},
            "shops": [
                {"name": "daraz", "bank": "city", "suppliers": ["mill"], "opening_balance": 50_000},
                {"name": "pickaboo", "bank": "union", "suppliers": ["quarry"], "opening_balance": 50_000},
            ],
            "suppliers": [
                {"name": "mill", "bank": "union", "opening_balance": 0},
                {"name": "quarry", "bank": "city", "opening_balance": 0},
            ],
            "banks": [{"name": "city", **bank}, {"name": "union", **bank}],
            "clearing": {"kind": kind, "every": knob("cycle_hours", cycle_hours) * HOUR, "queue": queue},
        }
    )
