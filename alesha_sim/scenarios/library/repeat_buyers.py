"""Customers who come back, by the BG/NBD model."""

from alesha_sim.scenarios.catalogue import SHIPPED
from alesha_sim.scenarios.fields import knob
from alesha_sim.scenarios.scenario import Scenario
from alesha_sim.units import WEEK


def repeat_buyers(
    users: int = 2357,
    weeks: float = 78,
    r: float = 0.243,
    alpha: float = 4.414,
    a: float = 0.793,
    b: float = 2.426,
    units: float = 1.5,
    opening_balance: float = 10_000_000,
) -> Scenario:
    """Return the scenario of `users` customers who enter over 12 weeks and buy again until they drop out.

    Purchase rates are gamma of shape `r` and rate `alpha` (weeks), drop-out probabilities after a repeat purchase
    beta of `a` and `b`; the defaults are what Fader, Hardie and Lee (2005, Marketing Science 24(2) 275-284) found
    for the CDNOW sample. Each purchase is one visit of `units` units in the mean, before the end of week `weeks`.
    Everybody can pay: `opening_balance` is each user's, in major units. Raises ScenarioError.
    """
    return Scenario.model_validate(
        {
            "name": "repeat_buyers",
            "description": SHIPPED["repeat_buyers"],
            "horizon": knob("weeks", weeks) * WEEK,
            "users": {"count": users, "opening_balance": opening_balance},
            "demand": {
                "kind": "bg_nbd",
                "weeks": weeks,
                "r": r,
                "alpha": alpha,
                "a": a,
                "b": b,
                "units": units,
            },
        }
    )
