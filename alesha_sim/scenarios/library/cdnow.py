"""The real purchase histories of 2,357 customers of CDNOW, replayed."""

from alesha_sim.scenarios.catalogue import SHIPPED
from alesha_sim.scenarios.demand.replay import Replay
from alesha_sim.scenarios.scenario import Scenario
from alesha_sim.units import DAY

FILE = "package:lifetimes/datasets/CDNOW_sample.txt"
"""The 1/10 sample of the CDNOW histories, as the package `lifetimes` ships it (extra `replay`)."""


def cdnow(opening_balance: float = 1_000_000, drain: float | str | None = None) -> Scenario:
    """Return the scenario that replays the CDNOW sample: 2,357 customers, 78 weeks from 1 January 1997.

    Every day on which a customer bought is a visit at noon that buys that day's number of units, of products drawn
    by share; 6,696 visits and 16,479 units in all. Everybody can pay: `opening_balance` is each user's, in major
    units. `drain` bounds what follows the last day, seconds or text; None runs until all is done. The data: Fader,
    Hardie and Lee 2005, Marketing Science 24(2) 275-284. Raises ScenarioError.
    """
    return Scenario.model_validate(
        {
            "name": "cdnow",
            "description": SHIPPED["cdnow"],
            "start": "1997-01-01",
            "horizon": 546 * DAY,
            "drain": drain,
            "users": {"count": 2357, "opening_balance": opening_balance},
            "demand": Replay(file=FILE, format="cdnow"),
        }
    )
