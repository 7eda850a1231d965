"""Designs: which points of a scenario's settings are run. Nothing is run here.

A point is a mapping from dotted paths to values. Whether a scenario takes them is the scenario's own matter.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray

from alesha_sim.scenarios.errors import Problem, ScenarioError, scenario_error, shown
from alesha_sim.scenarios.fields import plain, seconds, whole_from
from alesha_sim.streams import Generator, Streams

Point = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Design:
    """The points of a sweep, in their order; `factors` are the paths that any of them sets.

    Raises ScenarioError for a design without points and for one that sets nothing.
    """

    points: tuple[Point, ...]
    kind: str = "points"

    def __post_init__(self) -> None:
        """Refuse an empty design."""
        if not self.points:
            raise scenario_error("design", list(self.points), "must have at least one point")
        if not self.factors:
            raise scenario_error("design", list(self.points), "must change at least one field")

    @property
    def factors(self) -> tuple[str, ...]:
        """The paths, in the order in which the points name them."""
        return tuple(dict.fromkeys(path for point in self.points for path in point))


def grid(factors: Mapping[str, Sequence[object]]) -> Design:
    """Return the full grid: every combination of the factors' values, the last factor changing fastest.

    Raises ScenarioError for a grid without factors, for values that are no list, and for an empty one.
    """
    found = [
        Problem(str(path), shown(values), "must be a list of at least one value")
        for path, values in factors.items()
        if isinstance(values, str) or not isinstance(values, Sequence | np.ndarray) or not len(values)
    ]
    if found or not factors:
        raise ScenarioError(found or [Problem("design", "{}", "must have at least one factor")])
    values = [[plain(value) for value in each] for each in factors.values()]
    return Design(tuple(dict(zip(factors, point, strict=True)) for point in product(*values)), "grid")


def read(design: object) -> Design:
    """Return a design: itself, the grid of a mapping, or the points of a list; raises ScenarioError."""
    match design:
        case Design():
            return design
        case Mapping():
            return grid(design)
        case list() | tuple() if all(isinstance(point, Mapping) for point in design):
            return Design(tuple({path: plain(value) for path, value in point.items()} for point in design))
    raise scenario_error("design", design, "must be a mapping from paths to lists, a list of points, or a Design")


def latin_hypercube(ranges: Mapping[str, Sequence[Any]], *, points: int, seed: int) -> Design:
    """Return a Latin hypercube: each factor's range is cut into `points` strata, each hit once.

    A range is (low, high): two whole numbers give whole numbers from low to high, both included; amounts of
    `Decimal` keep the decimals that they were given; durations as text give seconds; other numbers give floats.
    Source: McKay, Beckman and Conover (1979), by SciPy's `qmc.LatinHypercube`. Raises ScenarioError.
    """
    from scipy.stats import qmc

    def unit(factors: int, chance: Generator) -> NDArray[np.float64]:
        return np.asarray(qmc.LatinHypercube(factors, rng=chance).random(whole_from("points", points, 1)))

    return _spread(ranges, "latin_hypercube", unit, seed)


def sobol(ranges: Mapping[str, Sequence[Any]], *, points: int, seed: int) -> Design:
    """Return a scrambled Sobol' sequence over ranges as in `latin_hypercube`; `points` must be a power of two.

    Source: Sobol' (1967), scrambled after Owen (1998), by SciPy's `qmc.Sobol`. Raises ScenarioError.
    """
    from scipy.stats import qmc

    points = whole_from("points", points, 1)
    if points & (points - 1):
        raise scenario_error("points", points, "must be a power of two, else a Sobol' sequence is not balanced")

    def unit(factors: int, chance: Generator) -> NDArray[np.float64]:
        return np.asarray(qmc.Sobol(factors, scramble=True, rng=chance).random(points))

    return _spread(ranges, "sobol", unit, seed)


def _spread(
    ranges: Mapping[str, Sequence[Any]],
    kind: str,
    unit: Callable[[int, Generator], NDArray[np.float64]],
    seed: int,
) -> Design:
    """Return the design of points in the unit cube, stretched to the ranges."""
    spans = Ranges(ranges)
    places = unit(len(spans.paths), Streams(seed).generator(f"design:{kind}"))
    return Design(tuple(spans.points(places)), kind)


class Ranges:
    """The ranges of factors, (low, high) by path; raises ScenarioError naming each that is none."""

    def __init__(self, ranges: Mapping[str, Sequence[Any]]) -> None:
        if not ranges:
            raise scenario_error("design", {}, "must have at least one factor")
        found: list[Problem] = []
        self.paths = tuple(str(path) for path in ranges)
        self._scales: list[Callable[[float], object]] = []
        for path, span in ranges.items():
            try:
                self._scales.append(_scale(*_bounds(span)))
            except (ScenarioError, TypeError, ValueError, ArithmeticError):
                found.append(Problem(str(path), shown(span), _SPAN))
        if found:
            raise ScenarioError(found)

    def points(self, places: NDArray[np.float64]) -> Iterator[dict[str, object]]:
        """Yield the point of each row of places, 0 to 1 in each factor's range."""
        for row in places.tolist():
            yield {path: scale(at) for path, scale, at in zip(self.paths, self._scales, row, strict=True)}


_SPAN = "must be (low, high), two numbers or durations with low below high"


def _bounds(span: Sequence[Any]) -> tuple[Any, Any]:
    if isinstance(span, str):
        raise TypeError
    low, high = (seconds(end) if isinstance(end, str) else plain(end) for end in span)
    if isinstance(low, bool) or isinstance(high, bool) or not low < high or not np.isfinite(float(high - low)):
        raise ValueError
    return low, high


def _scale(low: Any, high: Any) -> Callable[[float], object]:
    """Return the function from [0, 1] to values between two ends, of the ends' own type."""
    if isinstance(low, int) and isinstance(high, int):
        return lambda at: min(high, low + int(at * (high - low + 1)))
    if isinstance(low, Decimal) or isinstance(high, Decimal):
        step = min((Decimal(low), Decimal(high)), key=lambda end: int(end.as_tuple().exponent))
        return lambda at: (Decimal(low) + Decimal(at) * (Decimal(high) - Decimal(low))).quantize(step)
    return lambda at: float(low) + at * (float(high) - float(low))
