"""Choice among many: the procedure KN of Kim and Nelson, which goes on only with those that may still be best.

The procedure knows nothing of scenarios (`kim_nelson`); `select` makes the runs that it asks for.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING, NamedTuple, Unpack

import numpy as np
from numpy.typing import NDArray

from alesha_sim.experiments.estimates import CONFIDENCE, NOISE, check_confidence
from alesha_sim.experiments.execution import Execution
from alesha_sim.experiments.job import Run
from alesha_sim.experiments.plan import check_metrics
from alesha_sim.experiments.study import Study
from alesha_sim.scenarios.errors import nearest, scenario_error
from alesha_sim.scenarios.fields import whole_from

if TYPE_CHECKING:
    from pandas import DataFrame

    from alesha_sim.experiments.studies import Options
    from alesha_sim.scenarios.scenario import Scenario

FIRST = 20
"""How many runs of each are made before any can be left out."""

Array = NDArray[np.float64]
Sample = Callable[[Sequence[int]], Array | None]
"""Gives one more value of each of the systems that are named, in their order, or None if there are no more."""


class Decision(NamedTuple):
    """Which system was found best, whether the procedure came to its end, and after how many runs others left.

    `left[i]` is 0 for systems that never left; `means` and `runs` are those when they did, or at the end. `alike`
    are the pairs still there at the end that never differed, so that nothing is known of their difference.
    """

    best: int
    decided: bool
    means: Array
    runs: NDArray[np.int64]
    left: NDArray[np.int64]
    alike: tuple[tuple[int, int], ...] = ()


def kim_nelson(
    sample: Sample, systems: int, *, indifference: float, confidence: float = CONFIDENCE, first: int = FIRST
) -> Decision:
    """Return which of several systems has the largest mean.

    It is the best with at least the probability `confidence`, if the best is better than all others by at least
    the `indifference`, and else one within that of the best. Values must be about normal and independent from
    replication to replication; between systems they may depend (common random numbers). Between two that have not
    differed in the first runs nothing is decided before they do, from all runs up to then. Source: Kim and Nelson,
    "A fully sequential procedure for indifference-zone selection in simulation" (2001), with c = 1.
    """
    everybody = list(range(systems))
    rows = [sample(everybody) for _ in range(first)]
    if any(row is None for row in rows):
        nothing = np.full(systems, np.nan)
        return Decision(0, False, nothing, np.zeros(systems, np.int64), np.zeros(systems, np.int64))
    totals = np.array(rows, dtype=np.float64).sum(axis=0)
    reach = np.where(np.eye(systems, dtype=np.bool_), 0.0, np.inf)
    runs, left = np.full(systems, first), np.zeros(systems, np.int64)
    alive, count = np.array(everybody), first
    while True:
        isin = np.ix_(alive, alive)
        unknown = np.isinf(reach[isin])
        if unknown.any():
            known = _reach(np.array(rows, dtype=np.float64)[:, alive], systems, confidence) / indifference**2
            reach[isin] = np.where(unknown, known, reach[isin])
        means = totals[alive] / count
        # How far behind another one may be and still stay, which shrinks to nothing as the runs go on.
        slack = np.maximum(0.0, indifference / (2 * count) * (reach[isin] - count))
        stays = (means[:, None] >= means[None, :] - slack).all(axis=1)
        left[alive[~stays]] = count
        alive = alive[stays]
        if len(alive) == 1 or count > reach[np.ix_(alive, alive)].max():
            break
        row = sample(alive.tolist())
        if row is None:
            break
        whole = np.full(systems, np.nan)
        whole[alive] = row
        rows.append(whole)
        totals[alive] += row
        count += 1
        runs[alive] = count
    best = int(alive[np.argmax(totals[alive])])
    decided = len(alive) == 1 or bool(count > reach[np.ix_(alive, alive)].max())
    alike = [(one, other) for one, other in combinations(alive.tolist(), 2) if np.isinf(reach[one, other])]
    return Decision(best, decided, totals / runs, runs, left, tuple(alike))


def _reach(values: Array, systems: int, confidence: float) -> Array:
    """Return h squared times the variance of each pair's difference over the first runs.

    It is infinite for two systems that differ by rounding at most, whose variance says nothing, and 0 for one and
    itself.
    """
    first = len(values)
    eta = ((2 * (1 - confidence) / (systems - 1)) ** (-2 / (first - 1)) - 1) / 2
    gaps = [values - column[:, None] for column in values.T]
    differ = np.array([np.abs(gap).max(axis=0) for gap in gaps]) > NOISE * np.abs(values).max()
    spread = np.array([gap.var(axis=0, ddof=1) for gap in gaps])
    reach = np.where(differ, 2 * eta * (first - 1) * spread, np.inf)
    np.fill_diagonal(reach, 0.0)
    return np.asarray(reach, dtype=np.float64)


@dataclass(frozen=True, slots=True)
class Selection:
    """What `select` found: the `best` scenario's label, whether it is `decided`, all runs as a `study`.

    `table` has a row a scenario: `scenario, mean, runs, left_after` (0 for those that stayed to the end).
    """

    best: str
    point: int
    decided: bool
    study: Study
    table: "DataFrame"

    @property
    def scenario(self) -> "Scenario":
        """The best scenario itself."""
        return self.study.scenario(self.point)

    def __str__(self) -> str:
        made = f"after {int(self.table['runs'].sum()):,} runs"
        return f"best is {self.best}, {made}" if self.decided else f"not decided {made}: {self.best} leads"


def select(
    scenarios: Sequence["Scenario"],
    metric: str,
    *,
    indifference: float,
    largest: bool = True,
    confidence: float = CONFIDENCE,
    first: int = FIRST,
    max_runs: int = 1000,
    labels: Sequence[str] | None = None,
    **options: Unpack["Options"],
) -> Selection:
    """Choose the scenario with the largest (or smallest) mean of a metric by `kim_nelson`.

    `indifference` is the least difference worth detecting, in the metric's unit. Replication k has the same seed
    in all scenarios; one in which any of them failed, or has no such metric, is passed over. Of scenarios that
    have not differed yet more runs are made, up to `max_runs` of each, and a note says if they never did. The
    choice does not depend on the number of workers. The options are those of `replicate`. Raises ScenarioError.
    """
    from alesha_sim.experiments.plan import labelled
    from alesha_sim.experiments.studies import execution_of, plan_of

    check_confidence(confidence)
    if isinstance(indifference, bool) or not isinstance(indifference, int | float) or not indifference > 0:
        raise scenario_error("indifference", indifference, "must be a number above 0")
    check_metrics("metric", [metric], options.get("metrics"))
    first = whole_from("first", first, 3)
    max_runs = whole_from("max_runs", max_runs, first)
    plan = plan_of("compare", scenarios, labelled(scenarios, labels), options)
    with execution_of(plan, options) as execution:
        source = _Source(execution, metric, max_runs, sign=1.0 if largest else -1.0)
        found = kim_nelson(
            source, len(scenarios), indifference=float(indifference), confidence=confidence, first=first
        )
        execution.finish()
    study = Study(execution, sorted(source.used), notes=[] if found.decided else ["the selection is not decided"])
    study.notes += [
        f"{metric} never differed between {study.label(one)} and {study.label(other)} in {found.runs[one]:,} runs:"
        " without variance nothing is decided"
        for one, other in found.alike
    ]
    return Selection(study.label(found.best), found.best, found.decided, study, _table(study, found, source.sign))


class _Source:
    """Gives `kim_nelson` values from runs: as many are made at once as there are cores, and used one by one."""

    def __init__(self, execution: Execution, metric: str, max_runs: int, *, sign: float) -> None:
        from joblib import cpu_count

        self.sign = sign
        self.used: list[Run] = []
        self._execution = execution
        self._metric = metric
        self._max_runs = max_runs
        self._next = 0
        self._ahead = int(cpu_count())

    def __call__(self, systems: Sequence[int]) -> Array | None:
        while self._next < self._max_runs:
            replication, self._next = self._next, self._next + 1
            runs = [(system, replication) for system in systems]
            if not self._make(runs):
                return None
            values = self._values(runs)
            self.used += runs
            if np.isfinite(values).all():
                return values
        return None

    def _make(self, runs: Sequence[Run]) -> bool:
        execution = self._execution
        if all(run in execution.rows or run in execution.failures for run in runs):
            return True
        more = max(1, round(self._ahead / len(runs)))
        replications = range(runs[0][1], min(runs[0][1] + more, self._max_runs))
        return execution.make([(system, replication) for replication in replications for system, _ in runs])

    def _values(self, runs: Sequence[Run]) -> Array:
        rows = self._execution.rows
        if rows.metrics and self._metric not in rows.metrics:
            raise scenario_error("metric", self._metric, f"unknown metric: {nearest(self._metric, rows.metrics)}")
        if not rows.metrics:
            return np.full(len(runs), np.nan)
        return self.sign * rows.column(self._metric, runs)


def _table(study: Study, found: Decision, sign: float) -> "DataFrame":
    from pandas import DataFrame

    labels = [study.label(point) for point in range(len(found.means))]
    return DataFrame(
        {"scenario": labels, "mean": sign * found.means, "runs": found.runs, "left_after": found.left}
    )
