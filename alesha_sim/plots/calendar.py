"""The plot of when orders are placed: a heat map of hours and days, weekdays and weeks, or months and years."""

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import numpy.typing as npt
from matplotlib.colors import LinearSegmentedColormap

from alesha_sim.columns import numbers
from alesha_sim.numeric.counts import bincount
from alesha_sim.plots import style
from alesha_sim.tables.frames import instants
from alesha_sim.units import microseconds

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from alesha_sim.results.result import Result

HOURLY_DAYS, WEEKLY_DAYS = 21, 3 * 366
"""Up to so many days hours are shown by day, up to so many weekdays by week, beyond that months by year."""

WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
LABELS_MAX = 7


class Calendar(NamedTuple):
    """Orders counted by row and column; NaN where the run was not going on."""

    counts: npt.NDArray[np.float64]
    rows: list[str]
    columns: list[str]
    name: str
    peak: str


def calendar(result: "Result", *, ax: "Axes | None" = None) -> "Axes":
    """Plot how many orders users place when: darker is more.

    Up to three weeks of visits each hour of each day is a cell, up to three years each day, in rows of weekdays;
    beyond that each month.

    Draws into `ax`, or into a new figure of pyplot, which stays open for the caller to show or close.
    """
    ax = style.bare_axes(ax)
    found = calendar_of(result)
    most = float(np.nanmax(found.counts))
    shades = LinearSegmentedColormap.from_list("orders", ("#F4F7F9", style.COLOURS["users"], "#00263D"))
    high, wide = found.counts.shape
    edges = np.arange(wide + 1), np.arange(high + 1)
    ax.pcolormesh(*edges, found.counts, cmap=shades, vmin=0, vmax=max(most, 1), edgecolors="white", linewidth=0.4)
    ax.set(xlim=(0, wide), ylim=(high, 0))
    ax.spines[["left", "bottom"]].set_visible(False)
    ax.tick_params(length=0)
    for axis, labels in ((ax.xaxis, found.columns), (ax.yaxis, found.rows)):
        step = -(-len(labels) // LABELS_MAX)
        axis.set_ticks(np.arange(0, len(labels), step) + 0.5, labels[::step])
    ax.set_xlabel(found.name, loc="left")
    scale = f"Darkest: {most:,.0f} order{'s' * (most != 1)}; palest: none." if most else ""
    style.caption(ax, _finding(found, most), result, scale)
    style.lay_out(ax)
    return ax


def calendar_of(result: "Result") -> Calendar:
    """Return the orders that users placed, counted."""
    start = result.scenario.start
    at = instants(numbers(result.columns("orders"), "placed_at"), start)
    ends = instants(np.array([microseconds(result.scenario.horizon) - 1]), start)
    first, last = np.datetime64(start, "D"), np.sort(np.append(at, ends))[-1].astype("datetime64[D]")
    days = int((last - first) / np.timedelta64(1, "D")) + 1
    if days <= HOURLY_DAYS:
        return _hourly(at, first, days)
    return _weekly(at, first, days) if days <= WEEKLY_DAYS else _monthly(at, first, last)


Instants = npt.NDArray[np.datetime64]


def _hourly(at: Instants, first: np.datetime64, days: int) -> Calendar:
    day = (at.astype("datetime64[D]") - first).astype(np.int64)
    hour = (at.astype("datetime64[h]") - at.astype("datetime64[D]")).astype(np.int64)
    counts = _counted(hour, day, (24, days))
    hours = [f"{number:02}:00" for number in range(24)]
    dates = [_date(first + number) for number in range(days)]
    row, column = _peak(counts)
    peak = f"{_date(first + column, long=True)}, {row:02}:00 to {row + 1:02}:00"
    return Calendar(counts, hours, dates, f"Day, each with 24 hours ({_year(first)})", peak)


def _weekly(at: Instants, first: np.datetime64, days: int) -> Calendar:
    # 5 January 1970 was a Monday.
    offset = (first.astype(np.int64) - 4) % 7
    day = (at.astype("datetime64[D]") - first).astype(np.int64) + offset
    weeks = -(-(days + int(offset)) // 7)
    counts = _counted(day % 7, day // 7, (7, weeks))
    number = np.arange(7)[:, None] + 7 * np.arange(weeks)
    counts[(number < offset) | (number >= offset + days)] = np.nan
    row, column = _peak(counts)
    monday = first - int(offset)
    dates = [_date(monday + 7 * week, year=weeks > 40) for week in range(weeks)]
    peak = _date(monday + int(7 * column + row), long=True)
    return Calendar(counts, list(WEEKDAYS), dates, f"Week from Monday ({_year(first)})", peak)


def _monthly(at: Instants, first: np.datetime64, last: np.datetime64) -> Calendar:
    begin, end = (int(day.astype("datetime64[M]").astype(np.int64)) for day in (first, last))
    month = at.astype("datetime64[M]").astype(np.int64)
    years = end // 12 - begin // 12 + 1
    counts = _counted(month % 12, month // 12 - begin // 12, (12, years))
    number = np.arange(12)[:, None] + 12 * (begin // 12 + np.arange(years))
    counts[(number < begin) | (number > end)] = np.nan
    row, column = _peak(counts)
    names = [str(1970 + begin // 12 + year) for year in range(years)]
    return Calendar(counts, list(MONTHS), names, "Year", f"{MONTHS[row]} {names[column]}")


def _counted(
    row: npt.NDArray[np.int64], column: npt.NDArray[np.int64], shape: tuple[int, int]
) -> npt.NDArray[np.float64]:
    counts = bincount(row * shape[1] + column, minlength=shape[0] * shape[1])
    return counts.reshape(shape).astype(np.float64)


def _peak(counts: npt.NDArray[np.float64]) -> tuple[int, int]:
    place = int(np.nanargmax(counts))
    return place // counts.shape[1], place % counts.shape[1]


def _day(date: np.datetime64) -> datetime:
    return datetime(1970, 1, 1) + timedelta(days=int(date.astype("datetime64[D]").astype(np.int64)))


def _date(date: np.datetime64, *, long: bool = False, year: bool = False) -> str:
    day = _day(date)
    if long:
        return f"{day:%A} {day.day} {day:%B %Y}"
    return f"{day.day} {day:%b}" + (f" {day:%y}" if year else "")


def _year(date: np.datetime64) -> str:
    return f"from {_date(date, long=True).partition(' ')[2]}"


def _finding(found: Calendar, most: float) -> str:
    if not most:
        return "No order is placed"
    total = float(np.nansum(found.counts))
    if total == most:
        return f"All orders are placed on {found.peak}" if total > 1 else f"The only order: {found.peak}"
    return f"Most orders at one time: {most:,.0f} of {total:,.0f} on {found.peak}"
