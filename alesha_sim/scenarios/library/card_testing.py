"""Card testing: attackers try secrets and stolen accounts at the check-out, one after the other.

The question: what do locks and fees for declined payments do to attackers, to honest users and to the shop?
"""

from alesha_sim.scenarios.catalogue import SHIPPED
from alesha_sim.scenarios.fields import knob
from alesha_sim.scenarios.scenario import Scenario
from alesha_sim.units import DAY, HOUR


def card_testing(
    users: int = 300,
    visits_per_day: float = 400,
    days: float = 2,
    attackers: float = 0.3,
    secret_attempts: int | None = 3,
    lock_hours: float = 24,
    declined_fee: float = 2,
    wrong_secret: float = 0.02,
) -> Scenario:
    """Return the scenario of `days` days in which a share `attackers` of all visits is an attack.

    Attackers guess secrets, pay with others' accounts, send intercepted payments again, name false transactions
    and change totals. After `secret_attempts` wrong secrets in a row (None: never) the bank locks an account for
    `lock_hours` hours; the shop is charged `declined_fee` (major units) for each declined payment. Of the honest
    visits a share `wrong_secret` mistypes the secret. Raises ScenarioError.
    """
    share = knob("attackers", attackers) / 5
    return Scenario.model_validate(
        {
            "name": "card_testing",
            "description": SHIPPED["card_testing"],
            "horizon": knob("days", days) * DAY,
            "users": {
                "count": users,
                "opening_balance": {"kind": "lognormal", "mean": 5000, "cv": 0.8},
                "wrong_secret": wrong_secret,
                "attacks": {
                    "guess_secret": share,
                    "replay_payment": share,
                    "borrow_account": share,
                    "claim_transaction": share,
                    "tamper_total": share,
                },
            },
            "demand": {"kind": "poisson", "visits_per_day": visits_per_day, "buy_share": 0.5},
            "bank": {
                "secret_attempts": secret_attempts,
                "lock_time": knob("lock_hours", lock_hours) * HOUR,
                "fees": {"share": 0.015, "declined": declined_fee},
            },
        }
    )
