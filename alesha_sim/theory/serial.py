"""A chain of stocks that order from each other one unit for each demanded, and what it holds and owes on average.

Base stock at every stage, Poisson demand of single units at the first, given lead times; the last stage orders
from where there is always enough. The figures are exact: a stage is late by what the next one lacks, and what that
lacks is independent of the demand in its own lead time (Zipkin, "Foundations of Inventory Management", section
8.3).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np

from alesha_sim.theory.rules import positive, refuse, whole
from alesha_sim.theory.stock import Demand


class Stage(NamedTuple):
    """The averages of one stage: units on hand, and units that it owes the stage before it."""

    on_hand: float
    backordered: float


@dataclass(frozen=True)
class SerialStock:
    """A serial system with base stocks `levels`, the stage that customers ask first.

    Times are in one unit, `demand_rate` is units in it; `lead_times` are those to each stage from the next. Raises
    ValueError, a line for each number that is out of place.
    """

    demand_rate: float
    lead_times: Sequence[float]
    levels: Sequence[int]

    def __post_init__(self) -> None:
        """Check every number."""
        refuse(
            positive("demand_rate", self.demand_rate),
            *(positive(f"lead_times[{place}]", each) for place, each in enumerate(self.lead_times)),
            *(whole(f"levels[{place}]", each, least=0) for place, each in enumerate(self.levels)),
        )
        if len(self.lead_times) != len(self.levels):
            raise ValueError(f"levels: {self.levels!r}: must be one for each of {len(self.lead_times)} lead times")

    @cached_property
    def stages(self) -> tuple[Stage, ...]:
        """The averages of each stage."""
        lacking, found = np.ones(1), []
        for lead_time, level in zip(reversed(self.lead_times), reversed(self.levels), strict=True):
            short = np.convolve(lacking, Demand(self.demand_rate * lead_time).probabilities)
            units = np.arange(len(short))
            lacking = np.append(short[: level + 1].sum(), short[level + 1 :])
            on_hand = np.maximum(level - units, 0) @ short
            found.append(Stage(float(on_hand), float(np.arange(len(lacking)) @ lacking)))
        return tuple(reversed(found))

    def cost(self, holding: Sequence[float], shortage: float) -> float:
        """Return the average cost a unit of time: `holding` by stage, of goods on the way that of the sender.

        `shortage` is what a unit costs that customers wait for.
        """
        kept = sum(stage.on_hand * each for stage, each in zip(self.stages, holding, strict=True))
        away = sum(
            self.demand_rate * lead_time * each
            for lead_time, each in zip(self.lead_times[:-1], holding[1:], strict=True)
        )
        return kept + away + shortage * self.stages[0].backordered
