"""What a metric counts in, and how its values are written for people. Nothing is run here."""

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
    """What a metric's values are divided by to be read, and what they are then in; "" for a plain number."""

    size: float
    name: str


PLAIN = Unit(1, "")


def time_unit(seconds: float) -> TimeUnit:
    """Return the unit in which an axis of so many seconds counts."""
    return next(unit for unit in TIME_UNITS if seconds >= unit.least)


def is_duration(metric: str) -> bool:
    """Tell whether a metric is in seconds."""
    return metric.endswith("_seconds")


def is_money(metric: str) -> bool:
    """Tell whether a metric is an amount of money, including one of your own with `_cash` in its name."""
    return metric in MONEY or "_cash" in metric


def may_count(metric: str) -> bool:
    """Tell whether a metric may be a count or a share; for one of your own, only its values can tell."""
    return not is_duration(metric) and not is_money(metric)


def unit_of(metric: str, largest: float, plan: "Plan") -> Unit:
    """Return the unit in which values of a metric up to `largest` are read best."""
    if is_duration(metric):
        chosen = time_unit(largest)
        return Unit(chosen.seconds, chosen.name.lower())
    if not is_money(metric):
        return PLAIN
    code = plan.scenarios[0].currency.code
    for least, size, word in AMOUNT_UNITS:
        if largest >= least:
            return Unit(size, word + code)
    return Unit(1, code)


def readable(summary: "DataFrame", plan: "Plan") -> "DataFrame":
    """Return a study's summary as texts: each metric in the unit that suits it, which its name says."""
    from pandas import DataFrame

    if summary.empty:
        return DataFrame(columns=[*plan.factors, "metric", *summary.columns])
    found = summary.reset_index()
    ends = found[["mean", "low", "high"]].abs().max(axis=1).fillna(0.0)
    most = ends.groupby(found["metric"]).max()
    units = {metric: unit_of(metric, most[metric], plan) for metric in found["metric"].unique()}
    sizes = found["metric"].map(lambda metric: units[metric].size)
    names = [f"{spoken(metric)}, {units[metric].name}".removesuffix(", ") for metric in found["metric"]]
    # The labels of points as they are: pandas would round them, so that two could look the same.
    texts = {factor: found[factor].map(str) for factor in plan.factors} | {"metric": names}
    texts |= {each: (found[each] / sizes).map(number) for each in ("mean", "half_width", "low", "high", "sd")}
    texts |= {each: found[each].map("{:,}".format) for each in ("runs", "failed")}
    return DataFrame(texts).rename(columns={"half_width": "±"})


def spoken(metric: str) -> str:
    """Return a metric's name as people write it: `mean_delivery_seconds` is mean delivery."""
    return metric.removesuffix("_seconds").replace("_", " ")


def number(value: float) -> str:
    """Write a number to six digits, a large one in full; "" for what is undefined."""
    if value != value:
        return ""
    return f"{value:,.0f}" if 1e6 <= abs(value) < 1e16 else f"{value:,.6g}"
