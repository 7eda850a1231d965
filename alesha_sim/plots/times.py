"""Axes of simulated time: the unit they count in, where their ticks stand, and how durations are written."""

from typing import TYPE_CHECKING

from matplotlib.ticker import MaxNLocator, MultipleLocator

from alesha_sim.experiments.metric_units import TimeUnit as TimeUnit
from alesha_sim.experiments.metric_units import time_unit as time_unit

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from alesha_sim.results.result import Result


TICKS_MAX = 8
TAIL = 1.06  # how far the time axis goes on after the last change, as a share of what came before


def shown_until(result: "Result", last: float) -> float:
    """Return the second at which an axis ends: shortly after the last change, at the end if there is none."""
    if last <= 0:
        return result.ended_at or result.scenario.horizon
    return min(last * TAIL, max(result.ended_at, last))


def set_time_axis(ax: "Axes", result: "Result", unit: TimeUnit, ends_at: float) -> None:
    """Name the horizontal axis, simulated time since the start, and set its ticks up to `ends_at` units."""
    start = result.scenario.start
    ax.set_xlabel(f"{unit.name} since the start ({start.day} {start:%B %Y})", loc="left")
    set_ticks(ax, unit, ends_at)


def set_ticks(ax: "Axes", unit: TimeUnit, ends_at: float) -> None:
    """Set the ticks of an axis of durations up to `ends_at` units; it may go on without a spine, for labels."""
    step = next((step for step in unit.steps if ends_at / step <= TICKS_MAX), None)
    locator = MultipleLocator(step) if step else MaxNLocator(TICKS_MAX, steps=[1, 2, 5, 10])
    ax.set_xticks([tick for tick in locator.tick_values(0, ends_at) if 0 <= tick <= ends_at])
    ax.spines["bottom"].set_bounds(0, ends_at)


def lasting(seconds: float, unit: TimeUnit | None = None) -> str:
    """Write a duration with three digits in `unit`, or in one that suits it, such as `2.4 minutes`."""
    if 0 < seconds < 1 and unit is None:
        return "under a millisecond" if seconds < 1e-3 else f"{seconds * 1e3:.3g} milliseconds"
    unit = unit or time_unit(seconds)
    number = f"{seconds / unit.seconds:,.3g}"
    name = unit.name.lower()
    return f"{number} {name.removesuffix('s') if number == '1' else name}"
