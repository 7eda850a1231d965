"""Several kinds of demand at once."""

from collections.abc import Sequence
from typing import Annotated, Literal

from pydantic import Field

from alesha_sim.scenarios.demand.base import OWN, Demand, Draws, Market, Poisson, Purchases, Single
from alesha_sim.scenarios.demand.bursts import Flash, Under, Waves, joined
from alesha_sim.scenarios.demand.repeat_buying import BgNbd, ParetoNbd
from alesha_sim.scenarios.demand.replay import Replay
from alesha_sim.scenarios.errors import Problem, ScenarioError

Component = Annotated[
    Single | Poisson | BgNbd | ParetoNbd | Flash | Waves | Replay, Field(discriminator="kind"), *OWN
]


class Mixture(Demand):
    """The visits of several kinds of demand together; each part draws from streams of its own."""

    kind: Literal["mixture"] = "mixture"
    parts: Annotated[tuple[Component, ...], Field(min_length=1)] = Field(
        examples=[[{"kind": "single", "at": "2 hours"}, {"kind": "flash", "visits": 20}]],
        description="Each a demand of its own, of any kind but this one; at least one.",
    )

    def purchases(self, market: Market, streams: Draws) -> Purchases:
        """Draw part after part."""
        found = []
        for place, part in enumerate(self.parts):
            try:
                found.append(part.purchases(market, Under(streams, f"part:{place}:")))
            except ScenarioError as error:
                raise ScenarioError(problem.prefixed(f"parts[{place}]") for problem in error.found) from None
        return joined(found)

    @property
    def is_recorded(self) -> bool:
        """Whether every part is."""
        return all(part.is_recorded for part in self.parts)

    def problems(self, users: int | None, skus: Sequence[str] | None, horizon: float) -> list[Problem]:
        """Return what does not suit the scenario in any part."""
        return [
            problem.prefixed(f"parts[{place}]")
            for place, part in enumerate(self.parts)
            for problem in part.problems(users, skus, horizon)
        ]
