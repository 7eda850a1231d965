"""Three banks, one of which lent its reserves out: it cannot pay what its customers spend, and is closed.

The question: who loses what when a bank cannot pay, and does it help to share losses among the others?
"""

from alesha_sim.scenarios.catalogue import SHIPPED
from alesha_sim.scenarios.fields import knob
from alesha_sim.scenarios.scenario import Scenario
from alesha_sim.units import DAY, HOUR


def bank_failure(
    users: int = 300,
    visits_per_day: float = 200,
    days: float = 4,
    kind: str = "net",
    cycle_hours: float = 24,
    reserves: float = 2000,
    closes_after_days: float | None = 2.5,
) -> Scenario:
    """Return the scenario of `days` days in which the bank `trust` has `reserves`, and is closed at an instant.

    A third of the users has accounts at each of three banks; the shop is at `city`, the supplier at `union`. With
    `closes_after_days` None it stays open. Raises ScenarioError.
    """
    closes = {} if closes_after_days is None else {"closes": knob("closes_after_days", closes_after_days) * DAY}
    return Scenario.model_validate(
        {
            "name": "bank_failure",
            "description": SHIPPED["bank_failure"],
            "start": "2021-01-04",
            "horizon": knob("days", days) * DAY,
            "users": {"count": users, "opening_balance": 5000},
            "demand": {"kind": "poisson", "visits_per_day": visits_per_day, "buy_share": 0.4},
            "shops": [{"name": "shop", "bank": "city", "opening_balance": 100_000}],
            "suppliers": [{"name": "supplier", "bank": "union", "opening_balance": 0}],
            "banks": [{"name": "city"}, {"name": "union"}, {"name": "trust", "reserves": reserves, **closes}],
            "clearing": {"kind": kind, "every": knob("cycle_hours", cycle_hours) * HOUR},
        }
    )
