"""A bank with too few workers: authorisations queue, and buyers hang up.

The question: how many workers does the bank need at the day's peak, and how many buyers hang up before they have
heard whether they paid?
"""

from alesha_sim.scenarios.catalogue import SHIPPED
from alesha_sim.scenarios.fields import knob
from alesha_sim.scenarios.library.market_day import PROFILE
from alesha_sim.scenarios.scenario import Scenario
from alesha_sim.units import DAY


def slow_bank(
    users: int = 3000,
    visits_per_day: float = 20_000,
    days: float = 0.25,
    start_hour: int = 14,
    workers: int | None = 1,
    authorisation_seconds: float = 9,
    patience_seconds: float = 45,
) -> Scenario:
    """Return the scenario of `days` days from `start_hour` o'clock on, with `workers` workers at the bank.

    An authorisation or transfer takes `authorisation_seconds` seconds in the mean (exponential); a tenth of the
    visits buys. Who waits for a reply of the shop's longer than an exponential time of mean `patience_seconds`
    hangs up; the order goes on without them if it was being paid. Raises ScenarioError.
    """
    return Scenario.model_validate(
        {
            "name": "slow_bank",
            "description": SHIPPED["slow_bank"],
            "start": f"2021-01-04 {int(knob('start_hour', start_hour)):02}:00",
            "horizon": knob("days", days) * DAY,
            "users": {
                "count": users,
                "opening_balance": 20_000,
                "patience": {"kind": "exponential", "mean": patience_seconds},
            },
            "demand": {
                "kind": "poisson",
                "visits_per_day": visits_per_day,
                "buy_share": 0.1,
                "profile": PROFILE,
            },
            "shop": {"page_time": {"kind": "gamma", "mean": 0.1, "cv": 0.7}, "opening_balance": 100_000},
            "bank": {
                "workers": workers,
                "authorisation_time": {"kind": "exponential", "mean": authorisation_seconds},
            },
        }
    )
