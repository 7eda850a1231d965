"""Until it is precise: Law's sequential rule for how many replications are enough. Nothing is run here."""

from collections.abc import Mapping
from math import ceil, isfinite
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from alesha_sim.experiments.estimates import CONFIDENCE, Estimates, estimates
from alesha_sim.experiments.metric_units import may_count
from alesha_sim.scenarios.errors import Problem, ScenarioError, shown

if TYPE_CHECKING:
    from pandas import DataFrame

RUNS_MIN = 20
"""How many runs are made before the rule is asked: fewer would tell little of the variance."""


class Goal(NamedTuple):
    """How precise a metric's mean has to be: its half-width, as a share of the mean or absolutely."""

    metric: str
    width: float
    absolute: bool

    def limit(self, mean: float) -> float:
        """Return the half-width that is narrow enough.

        Relative: an interval of gamma / (1 + gamma) times the observed mean is within gamma of the true one.
        """
        return self.width if self.absolute else self.width / (1 + self.width) * abs(mean)


def goals(until: Mapping[str, object]) -> tuple[Goal, ...]:
    """Return the goals that `until` names: a share (0.05), or {"absolute": 2.0}; raises ScenarioError."""
    found: list[Goal] = []
    problems: list[Problem] = []
    for metric, given in until.items():
        absolute = isinstance(given, Mapping) and list(given) == ["absolute"]
        width = given["absolute"] if absolute and isinstance(given, Mapping) else given
        if isinstance(width, bool) or not isinstance(width, int | float) or not 0 < width < float("inf"):
            rule = 'must be a share of the mean above 0, such as 0.05, or {"absolute": a half-width above 0}'
            problems.append(Problem(f"until.{metric}", shown(given), rule))
        else:
            found.append(Goal(str(metric), float(width), absolute))
    if not until:
        problems.append(Problem("until", "{}", "must name at least one metric"))
    if problems:
        raise ScenarioError(problems)
    return tuple(found)


class Rule:
    """Law's rule: stop at the first number of runs, 20 or more, at which every goal is met.

    Intervals of several metrics hold together with the probability `confidence` (Bonferroni). Source: Law,
    Simulation Modeling and Analysis, section 9.4.1 (a relative error of gamma needs gamma / (1 + gamma)). The rule
    looks at replications in their order, so the answer does not depend on how many are made at once. Values that
    do not vary tell nothing of precision: their goal is not met, unless they are a count or a share, which have
    exact intervals.
    """

    def __init__(self, wanted: tuple[Goal, ...], confidence: float = CONFIDENCE) -> None:
        self.goals = wanted
        self.confidence = confidence

    def stop(self, samples: NDArray[np.float64], first: int = RUNS_MIN) -> int | None:
        """Return the least number of rows, `first` or more, that are precise enough, None if all are not.

        A column a goal, a row a replication; NaN does not count as a value.
        """
        for count in range(max(first, RUNS_MIN), len(samples) + 1):
            if self._is_met(self._estimates(samples[:count])):
                return count
        return None

    def likely(self, samples: NDArray[np.float64]) -> int:
        """Return how many runs are likely to be enough, by the variances seen so far, at most twice as many."""
        found = self._estimates(samples)
        factors = [
            (half / goal.limit(mean)) ** 2 if goal.limit(mean) > 0 and half > 0 else 2.0
            for goal, mean, half in zip(self.goals, found.mean.tolist(), found.half_width.tolist(), strict=True)
        ]
        factor = max((each if isfinite(each) else 2.0) for each in factors)
        return ceil(len(samples) * min(factor, 2.0))

    def table(self, samples: NDArray[np.float64]) -> "DataFrame":
        """Return a row for each goal: `metric, mean, half_width, limit, runs, reached`."""
        from pandas import DataFrame

        found = self._estimates(samples)
        limits = [goal.limit(mean) for goal, mean in zip(self.goals, found.mean.tolist(), strict=True)]
        return DataFrame(
            {
                "metric": [goal.metric for goal in self.goals],
                "mean": found.mean,
                "half_width": found.half_width,
                "limit": limits,
                "runs": found.runs,
                "reached": self._reached(found),
            }
        )

    def notes(self, samples: NDArray[np.float64]) -> list[str]:
        """Return a line for each goal whose metric never varied, so that nothing is known of its precision."""
        found = self._estimates(samples)
        return [
            f"{goal.metric} was {mean:,.6g} in all {runs} runs: without variance no precision is reached"
            for goal, mean, sd, runs, reached in zip(
                self.goals,
                found.mean.tolist(),
                found.sd.tolist(),
                found.runs.tolist(),
                self._reached(found),
                strict=True,
            )
            if sd == 0 and not reached
        ]

    def _estimates(self, samples: NDArray[np.float64]) -> Estimates:
        counts = [may_count(goal.metric) for goal in self.goals]
        return estimates(samples, self.confidence, len(self.goals), counts=counts)

    def _reached(self, found: Estimates) -> list[bool]:
        """Tell of each goal whether it is met; an interval of no width is one of values without variance."""
        return [
            bool(0 < half <= goal.limit(mean) and runs >= RUNS_MIN)
            for goal, mean, half, runs in zip(
                self.goals, found.mean.tolist(), found.half_width.tolist(), found.runs.tolist(), strict=True
            )
        ]

    def _is_met(self, found: Estimates) -> bool:
        return all(self._reached(found))
