"""A network that loses, doubles and delays messages, and for an hour lets none through to the bank.

The question: what does a bad network cost when everybody asks again until there is an answer, and is anybody
charged twice or left without goods?
"""

from alesha_sim.scenarios.catalogue import SHIPPED
from alesha_sim.scenarios.fields import knob
from alesha_sim.scenarios.scenario import Scenario
from alesha_sim.units import DAY, HOUR, MINUTE


def unreliable_network(
    users: int = 200,
    visits_per_day: float = 400,
    days: float = 1,
    loss: float = 0.1,
    duplication: float = 0.05,
    outage_hours: float = 1,
    bank_crash_minutes: float = 10,
) -> Scenario:
    """Return the scenario of `days` days in which each message is lost with probability `loss`.

    One that is not lost arrives twice with probability `duplication`. From noon the link between shop and bank
    is down for `outage_hours` hours, and at 15:00 the bank crashes for `bank_crash_minutes` minutes. Everybody
    asks again after two seconds, then four, eight and so on; users five times, the others without end. Raises
    ScenarioError.
    """
    faults: list[dict[str, object]] = []
    if outage_hours:
        lasting = knob("outage_hours", outage_hours) * HOUR
        faults.append({"kind": "outage", "link": "shop<->bank", "start": 12 * HOUR, "duration": lasting})
    if bank_crash_minutes:
        lasting = knob("bank_crash_minutes", bank_crash_minutes) * MINUTE
        faults.append({"kind": "crash", "entity": "bank", "start": 15 * HOUR, "duration": lasting})
    return Scenario.model_validate(
        {
            "name": "unreliable_network",
            "description": SHIPPED["unreliable_network"],
            "horizon": knob("days", days) * DAY,
            "users": {"count": users, "opening_balance": {"kind": "lognormal", "mean": 4000, "cv": 0.8}},
            "demand": {"kind": "poisson", "visits_per_day": visits_per_day, "buy_share": 0.5},
            "supplier": {"lead_time": 0.5 * DAY, "delivery_time": {"kind": "uniform", "low": 0, "high": DAY}},
            "network": {
                "default": {
                    "latency": {"kind": "lognormal", "mean": 0.2, "cv": 1},
                    "loss": loss,
                    "duplication": duplication,
                    "timeout": 2,
                    "jitter": 0.2,
                },
                "links": {"user->shop": {"attempts": 5}},
            },
            "faults": faults,
        }
    )
