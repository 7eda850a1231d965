"""Random draws for each visit and each user, made with the demand before the clock starts.

So every variant of a scenario meets the same customers: a number from 0 to 1 is drawn for each thing that may
happen, and it happens where the number lies below the probability. Only what a scenario asks for is drawn.
"""

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from alesha_sim.distributions import Distribution
from alesha_sim.streams import Streams
from alesha_sim.units import MICROSECONDS

if TYPE_CHECKING:
    from alesha_sim.scenarios.scenario_fields import ScenarioFields
    from alesha_sim.scenarios.sections import Users

Floats = NDArray[np.float64]


def pays_at_door(users: "Users", visitor: NDArray[np.int64], streams: Streams) -> NDArray[np.bool_] | None:
    """Draw which visits pay on delivery; None if none does."""
    share = users.payment.cash_on_delivery
    if share == 0:
        return None
    if users.payment.per == "user":
        chosen: NDArray[np.bool_] = streams.generator("users:method").random(users.count) < share
        return chosen[visitor]
    return streams.generator("demand:method").random(len(visitor)) < share


def draws(scenario: "ScenarioFields", visits: int, streams: Streams) -> dict[str, Floats]:
    """Draw, by the names of an entity's `VisitDraws`, what may happen to each visit's order; one row a visit."""
    users, products = scenario.users, scenario.catalogue
    after, found = users.after_sales, {}

    def uniform(stream: str, *columns: int, name: str = "") -> None:
        found[name or stream] = streams.generator(f"demand:{stream}").random((visits, *columns))

    def lasting(name: str, distribution: Distribution) -> None:
        drawn = distribution.draw(streams.generator(f"demand:{name}"), visits)
        found[name] = np.rint(drawn * MICROSECONDS) / MICROSECONDS

    if users.payment.door_refusal > 0:
        uniform("door", name="door_refusal")
    if after.cancel_share > 0:
        uniform("cancel")
        lasting("cancel_after", after.cancel_after)
    if any(product.return_share for product in products):
        uniform("returns", len(products))
        lasting("return_after", after.return_after)
    if any(product.defect_share for product in products):
        uniform("defects", len(products))
        lasting("defect_after", after.defect_after)
    if after.complaint_share > 0:
        uniform("complaint")
    if users.choice is not None:
        uniform("taste", name="choice")
    if users.trust is not None:
        uniform("mood", name="trust")
    if len(scenario.shops) > 1:
        uniform("shop")
    return found


def zones(scenario: "ScenarioFields", streams: Streams) -> NDArray[np.int64] | None:
    """Draw in which zone each user lives; None if there are none."""
    shares = [zone.share for zone in scenario.delivery.zones]
    if not shares:
        return None
    heights = np.cumsum(shares)
    drawn = streams.generator("users:zone").random(scenario.users.count)
    return np.searchsorted(heights / heights[-1], drawn, side="right")
