"""Sensitivity: which settings a metric depends on, by Morris's screening and Sobol' indices.

The designs and the arithmetic are SALib's (extra `sensitivity`); the runs are those of a sweep.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any, Unpack

import numpy as np
from numpy.typing import NDArray

from alesha_sim.experiments.designs import Design, Ranges
from alesha_sim.experiments.plan import check_metrics
from alesha_sim.experiments.studies import sweep
from alesha_sim.experiments.study import Study
from alesha_sim.scenarios.errors import scenario_error
from alesha_sim.scenarios.fields import whole_from
from alesha_sim.streams import Streams

if TYPE_CHECKING:
    from pandas import DataFrame

    from alesha_sim.experiments.studies import Options
    from alesha_sim.scenarios.scenario import Scenario

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Sensitivity:
    """A table of indices with a row a factor, largest first, and the study behind it."""

    table: "DataFrame"
    study: Study


def morris(
    scenario: "Scenario",
    ranges: Mapping[str, Sequence[Any]],
    metric: str,
    *,
    trajectories: int = 10,
    levels: int = 4,
    runs: int = 1,
    **options: Unpack["Options"],
) -> Sensitivity:
    """Screen factors by the elementary effects of Morris (1991), over ranges as in `latin_hypercube`.

    `trajectories` times (factors + 1) points are run `runs` times each, with common random numbers. The table:
    `factor, mu, mu_star` (mean absolute effect over the whole range), `sigma` (interaction or curvature),
    `mu_star_half_width` (95 %). Raises ScenarioError, also where the package SALib is missing.
    """
    trajectories = whole_from("trajectories", trajectories, 2)
    spans, problem = _problem(ranges)
    seed = _seed(options)
    places = np.asarray(_salib("sample.morris").sample(problem, trajectories, num_levels=levels, seed=seed))
    study, means = _means(scenario, spans, places, metric, runs, options)
    found = _salib("analyze.morris").analyze(problem, places, means, num_levels=levels, seed=seed)
    names = {"mu": "mu", "mu_star": "mu_star", "sigma": "sigma", "mu_star_half_width": "mu_star_conf"}
    return Sensitivity(_table(spans, found, names, "mu_star"), study)


def sobol_indices(
    scenario: "Scenario",
    ranges: Mapping[str, Sequence[Any]],
    metric: str,
    *,
    base: int = 64,
    runs: int = 1,
    **options: Unpack["Options"],
) -> Sensitivity:
    """Estimate first-order and total Sobol' indices, over ranges as in `latin_hypercube`.

    `base` (a power of two) times (factors + 2) points are run `runs` times each, with common random numbers. The
    table: `factor, first, total` and their 95 % half-widths. Source: Saltelli et al. (2010). Raises ScenarioError,
    also where the package SALib is missing, and for a metric that never varies.
    """
    if not isinstance(base, int) or base < 2 or base & (base - 1):
        raise scenario_error("base", base, "must be a power of two, at least 2")
    spans, problem = _problem(ranges)
    seed = _seed(options)
    places = np.asarray(_salib("sample.sobol").sample(problem, base, calc_second_order=False, seed=seed))
    study, means = _means(scenario, spans, places, metric, runs, options)
    if np.ptp(means) == 0:
        raise scenario_error("metric", metric, "never varies over these ranges, so nothing can explain it")
    found = _salib("analyze.sobol").analyze(problem, means, calc_second_order=False, seed=seed)
    names = {"first": "S1", "first_half_width": "S1_conf", "total": "ST", "total_half_width": "ST_conf"}
    return Sensitivity(_table(spans, found, names, "total"), study)


def _salib(module: str) -> Any:
    try:
        return import_module(f"SALib.{module}")
    except ImportError:
        rule = 'needs the package SALib: python -m pip install "alesha-sim[sensitivity]"'
        raise scenario_error("sensitivity", module.partition(".")[2], rule) from None


def _problem(ranges: Mapping[str, Sequence[Any]]) -> tuple[Ranges, dict[str, Any]]:
    """Return the ranges, and the unit cube of as many factors as SALib describes it."""
    spans = Ranges(ranges)
    if len(spans.paths) < 2:
        raise scenario_error("ranges", len(spans.paths), "must have two factors or more")
    size = len(spans.paths)
    return spans, {"num_vars": size, "names": list(spans.paths), "bounds": [[0.0, 1.0]] * size}


def _seed(options: "Options") -> int:
    """Return a seed for SALib, which takes 32 bits."""
    seed = options.get("seed")
    return int(Streams(0 if seed is None else seed).generator("design:sensitivity").integers(2**32))


def _means(
    scenario: "Scenario", spans: Ranges, places: Array, metric: str, runs: int, options: "Options"
) -> tuple[Study, Array]:
    """Run the points; return the mean of the metric at each. Raises ScenarioError if one has none."""
    check_metrics("metric", [metric], options.get("metrics"))
    study = sweep(scenario, Design(tuple(spans.points(places))), runs, **options)
    if study.interrupted:
        raise KeyboardInterrupt
    values = [study.values(metric, point) for point in range(len(places))]
    missing = [point for point, each in enumerate(values) if np.isnan(each).all()]
    if missing:
        raise scenario_error("metric", metric, f"has no value at {len(missing)} of {len(places)} points")
    return study, np.array([np.nanmean(each) for each in values])


def _table(spans: Ranges, found: Mapping[str, Any], names: Mapping[str, str], order: str) -> "DataFrame":
    from pandas import DataFrame

    columns = {name: np.asarray(found[key], dtype=np.float64) for name, key in names.items()}
    frame = DataFrame({"factor": list(spans.paths), **columns})
    return frame.sort_values(order, ascending=False, ignore_index=True, kind="stable")
