"""Two banks between which every sale crosses twice: users' payments one way, the supplier's charges the other.

The question: how much liquidity does each bank need to settle every payment by itself, and how much to settle what
is left of all in a cycle?
"""

from alesha_sim.scenarios.catalogue import SHIPPED
from alesha_sim.scenarios.fields import knob
from alesha_sim.scenarios.library.market_day import PROFILE
from alesha_sim.scenarios.scenario import Scenario
from alesha_sim.units import DAY, HOUR


def two_banks(
    users: int = 300,
    visits_per_day: float = 400,
    days: float = 3,
    share: float = 0.4,
    kind: str = "gross",
    cycle_hours: float = 24,
    queue: str = "fifo",
    reserves: float | None = None,
    credit: float = 0,
) -> Scenario:
    """Return the scenario of `days` days with the shop at the bank `city` and its supplier at `union`.

    `share` of the users has accounts at `city`. Banks settle by `kind`, of a cycle every `cycle_hours` hours; each
    has `reserves` at the clearing house (None: what its depositors brought) and `credit`. Raises ScenarioError.
    """
    bank = {"credit": credit} if reserves is None else {"reserves": reserves, "credit": credit}
    return Scenario.model_validate(
        {
            "name": "two_banks",
            "description": SHIPPED["two_banks"],
            "start": "2021-01-04",
            "horizon": knob("days", days) * DAY,
            "users": {"count": users, "opening_balance": 5000},
            "demand": {
                "kind": "poisson",
                "visits_per_day": visits_per_day,
                "buy_share": 0.4,
                "profile": PROFILE,
            },
            "shops": [{"name": "shop", "bank": "city", "opening_balance": 100_000}],
            "suppliers": [{"name": "supplier", "bank": "union", "opening_balance": 0}],
            "banks": [
                {"name": "city", "share": share, **bank},
                {"name": "union", "share": 1 - knob("share", share), **bank},
            ],
            "clearing": {"kind": kind, "every": knob("cycle_hours", cycle_hours) * HOUR, "queue": queue},
        }
    )
