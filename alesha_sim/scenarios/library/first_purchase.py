"""One user's first purchase: the whole flow once, step by step."""

from alesha_sim.scenarios.catalogue import SHIPPED
from alesha_sim.scenarios.scenario import Scenario
from alesha_sim.units import DAY


def first_purchase(opening_balance: float = 5000, laptops: int = 1, watches: int = 2) -> Scenario:
    """Return the scenario of one user who is not registered yet and buys for the first time.

    He tries to log in, is refused, registers, logs in, looks at all three products and buys `laptops` HP laptops
    and `watches` Apple watches. All latencies and lead times are constant. With the defaults user, shop and
    supplier, who open with 5,000, 10,000 and 5,000, end with 4,000, 10,240 and 5,760. `opening_balance` is the
    user's, in major units. Raises ScenarioError.
    """
    return Scenario.model_validate(
        {
            "name": "first_purchase",
            "description": SHIPPED["first_purchase"],
            "horizon": DAY,
            "users": {"count": 1, "opening_balance": opening_balance, "views": "all"},
            "demand": {"kind": "single", "quantities": {"hp-laptop": laptops, "apple-watch": watches}},
            "shop": {"opening_balance": 10_000},
            "supplier": {"opening_balance": 5000},
        }
    )
