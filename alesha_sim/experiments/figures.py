"""What a figure counts in, and how its values are written for people. Nothing is run here."""

from typing import TYPE_CHECKING, NamedTuple

from alesha_sim.results.metrics import MONEY
from alesha_sim.units import DAY, HOUR, MINUTE, WEEK

if TYPE_CHECKING:
    from pandas import DataFrame

    from alesha_sim.experiments.plan import Plan


class TimeUnit(NamedTuple):
    """A unit of time: from how many seconds on it is used, and how far apart its ticks on an axis may be."""

    least: float
    seconds: float
    name: str
    steps: tuple[float, ...]


TIME_UNITS = (
    TimeUnit(20 * WEEK, WEEK, "Weeks", (2, 4, 13, 26, 52)),
    TimeUnit(3 * DAY, DAY, "Days", (1, 2, 7, 14, 28)),
    TimeUnit(3 * HOUR, HOUR, "Hours", (1, 2, 3, 6, 12)),
    TimeUnit(3 * MINUTE, MINUTE, "Minutes", (1, 2, 5, 10, 15, 30)),
    TimeUnit(0, 1, "Seconds", ()),
)

AMOUNT_UNITS = ((10**9, 10**9, "billion "), (10**6, 10**6, "million "), (10**5, 10**3, "thousand "))
"""From how many major units on an axis or a row counts in so many of them, and what they are called."""


class Unit(NamedTuple):
    """What a figure's values are divided by to be read, and what they are then in; "" for a plain number."""

    size: float
    name: str


PLAIN = Unit(1, "")


def time_unit(seconds: float) -> TimeUnit:
    """Return the unit in which an axis of so many seconds counts."""
    return next(unit for unit in TIME_UNITS if seconds >= unit.least)


def is_duration(figure: str) -> bool:
    """Tell whether a figure is in seconds."""
    return figure.endswith("_seconds")


def is_money(figure: str) -> bool:
    """Tell whether a figure is an amount of money, also one of one's own that is named after some cash."""
    return figure in MONEY or "_cash" in figure


def may_count(figure: str) -> bool:
    """Tell whether a figure may be a count or a share; of one's own only its values can tell."""
    return not is_duration(figure) and not is_money(figure)


def unit_of(figure: str, largest: float, plan: "Plan") -> Unit:
    """Return the unit in which values of a figure up to `largest` are read best."""
    if is_duration(figure):
        chosen = time_unit(largest)
        return Unit(chosen.seconds, chosen.name.lower())
    if not is_money(figure):
        return PLAIN
    code = plan.scenarios[0].currency.code
    for least, size, word in AMOUNT_UNITS:
        if largest >= least:
            return Unit(size, word + code)
    return Unit(1, code)


def readable(summary: "DataFrame", plan: "Plan") -> "DataFrame":
    """Return a study's summary as texts: each figure in the unit that suits it, which its name says."""
    from pandas import DataFrame

    if summary.empty:
        return DataFrame(columns=[*plan.factors, "figure", *summary.columns])
    found = summary.reset_index()
    ends = found[["mean", "low", "high"]].abs().max(axis=1).fillna(0.0)
    most = ends.groupby(found["figure"]).max()
    units = {figure: unit_of(figure, most[figure], plan) for figure in found["figure"].unique()}
    sizes = found["figure"].map(lambda figure: units[figure].size)
    names = [f"{spoken(figure)}, {units[figure].name}".removesuffix(", ") for figure in found["figure"]]
    # The labels of points as they are: pandas would round them, so that two could look the same.
    texts = {factor: found[factor].map(str) for factor in plan.factors} | {"figure": names}
    texts |= {each: (found[each] / sizes).map(number) for each in ("mean", "half_width", "low", "high", "sd")}
    texts |= {each: found[each].map("{:,}".format) for each in ("runs", "failed")}
    return DataFrame(texts).rename(columns={"half_width": "±"})


def spoken(figure: str) -> str:
    """Return a figure's name as people write it: `mean_delivery_seconds` is mean delivery."""
    return figure.removesuffix("_seconds").replace("_", " ")


def number(value: float) -> str:
    """Write a number to six digits, a large one in full; "" for what is undefined."""
    if value != value:
        return ""
    return f"{value:,.0f}" if 1e6 <= abs(value) < 1e16 else f"{value:,.6g}"
