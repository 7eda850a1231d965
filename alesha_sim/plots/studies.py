"""The plots of a study: a metric over its runs, over time, between scenarios, over two factors."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.ticker import FuncFormatter, MaxNLocator, NullFormatter
from numpy.typing import NDArray

from alesha_sim.conversation import palette
from alesha_sim.experiments.estimates import CONFIDENCE, estimates
from alesha_sim.experiments.metric_units import PLAIN, Unit, may_count, spoken, unit_of
from alesha_sim.plots import style
from alesha_sim.plots.times import TimeUnit, set_ticks, time_unit
from alesha_sim.scenarios.errors import nearest, scenario_error

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.axis import Axis

    from alesha_sim.experiments.study import Study

Array = NDArray[np.float64]

POINT_COLOURS = (*style.COLOURS.values(), *palette.OTHERS[:2])
"""Of points that are drawn together, after Okabe and Ito; more than six nobody would tell apart."""

POINT_LINE_STYLES: tuple[Any, ...] = ("-", "--", "-.", ":", (0, (6, 1, 1, 1, 1, 1)), (0, (1, 3)))
LABEL_GAP = 6.0  # points between the end of a line and its label
LEAST_RUNS = 2


def distribution(
    study: "Study", metric: str, *, point: int = 0, confidence: float = CONFIDENCE, ax: "Axes | None" = None
) -> "Axes":
    """Plot how a metric is spread over the runs of a point: each run, how many are alike, the mean's interval.

    Draws into `ax`, or into a new figure of pyplot, which stays open for the caller to show or close. Raises
    ValueError for an unknown metric, and if no run has it.
    """
    values = _values(study, metric, point)
    ax = style.bare_axes(ax)
    found = estimates(values[:, None], confidence, counts=may_count(metric))
    mean, half = float(found.mean[0]), float(found.half_width[0])
    scale = unit_of(metric, float(np.abs(values).max()), study.plan)
    ax.hist(values, bins="fd" if np.ptp(values) > 0 else 1, color=style.PALE, edgecolor="white")
    ax.plot(values, np.zeros_like(values), "|", color=style.GREY, markersize=9, transform=ax.get_xaxis_transform())
    ax.axvspan(float(found.low[0]), float(found.high[0]), color=POINT_COLOURS[0], alpha=0.18, linewidth=0)
    ax.axvline(mean, color=POINT_COLOURS[0], linewidth=2)
    ax.annotate(
        f"mean {_written(mean, scale)}\n{_plus_minus(half, confidence, scale)}",
        (mean, 1),
        (LABEL_GAP, -2),
        xycoords=("data", "axes fraction"),
        textcoords="offset points",
        va="top",
        color=POINT_COLOURS[0],
        fontweight="bold",
    )
    ax.set_xlabel(_axis_label(metric, scale), **style.AS_WRITTEN)
    ax.set_ylabel("Runs")
    ax.yaxis.set_major_locator(MaxNLocator(integer=True))
    _count_in(ax.xaxis, scale)
    low, high = np.quantile(values, [0.05, 0.95])
    between = f"{_number(low / scale.size)} and {_written(high, scale)}"
    title = f"{_name(metric)}: 90 % of the runs lie between {between}"
    style.titled(ax, title, _footnote(study, [point], f"{len(values)} runs"))
    return ax


def band(
    study: "Study",
    series: str,
    name: str,
    *,
    points: Sequence[int] | None = None,
    confidence: float = CONFIDENCE,
    ax: "Axes | None" = None,
) -> "Axes":
    """Plot the mean of a recorded series over time, with the band of its interval, a line a point.

    Of a single point, the band in which 90 % of the runs lie is drawn too. Raises ValueError for a series that was
    not recorded, a name that it does not have, and more than six points.
    """
    chosen = list(range(len(study.plan.points)) if points is None else points)
    if not 1 <= len(chosen) <= len(POINT_COLOURS):
        raise scenario_error("points", len(chosen), f"must be from 1 to {len(POINT_COLOURS)} in one plot")
    frame = study.series(series, confidence)
    names = list(dict.fromkeys(frame["name"]))
    if name not in names:
        raise scenario_error("name", name, f"is not in {series}: {nearest(name, names)}")
    frame = frame[frame["name"] == name]
    ax = style.bare_axes(ax)
    end = float(frame["seconds"].max())
    unit = time_unit(end)
    ends: list[tuple[float, str]] = []
    for place, point in enumerate(chosen):
        rows = frame[frame["point"] == point].dropna(subset=["mean"])
        at, colour = rows["seconds"].to_numpy() / unit.seconds, POINT_COLOURS[place]
        if len(chosen) == 1:
            ax.fill_between(at, rows["few"], rows["most"], color=colour, alpha=0.12, linewidth=0)
        ax.fill_between(at, rows["low"], rows["high"], color=colour, alpha=0.3, linewidth=0)
        ax.plot(at, rows["mean"], color=colour, linestyle=POINT_LINE_STYLES[place], linewidth=2)
        ends.append((float(rows["mean"].iloc[-1]), study.label(point)))
    _label_time(ax, unit, end)
    ax.set_ylabel(_series_label(study, series, name), **style.AS_WRITTEN)
    _count_in(ax.yaxis)
    shades = "mean" if len(chosen) > 1 else "mean; the pale band holds 90 % of the runs"
    runs = f"{int(frame['runs'].max())} runs{' each' * (len(chosen) > 1)}"
    remark = f"{runs}. Dark bands: {confidence:.0%} of the {shades}"
    style.titled(ax, _band_title(series, name, ends), _footnote(study, chosen, remark))
    style.lay_out(ax)
    if len(chosen) > 1:
        _label_lines(ax, ends, end / unit.seconds)
    return ax


def effects(
    study: "Study",
    metric: str,
    *,
    baseline: str | int | None = 0,
    confidence: float = CONFIDENCE,
    ax: "Axes | None" = None,
) -> "Axes":
    """Plot what each scenario changes: paired differences with their simultaneous intervals, sorted, and zero.

    They are compared with the `baseline`, all pairs if it is None. Raises ValueError as `Study.differences` does.
    """
    frame = study.differences(metric, baseline=baseline, confidence=confidence)
    frame = frame.sort_values("difference", ignore_index=True, kind="stable")
    rows: list[Any] = list(frame.itertuples())
    ax = style.bare_axes(ax)
    places = np.arange(len(frame))
    clear = (frame["low"] > 0) | (frame["high"] < 0)
    for place, row, sure in zip(places.tolist(), rows, clear, strict=True):
        colour = POINT_COLOURS[0] if sure else style.GREY
        ax.plot((row.low, row.high), (place, place), color=colour, linewidth=2.5, solid_capstyle="butt")
        ax.plot(row.difference, place, "o" if sure else "D", color=colour, markersize=7)
    ax.axvline(0, color=style.DARK, linewidth=0.8)
    several = frame["other"].nunique() > 1
    for place, row in enumerate(rows):
        # Above its line and not beside the axis: the names of a sweep's points are long.
        ax.annotate(
            f"{row.scenario} - {row.other}" if several else str(row.scenario),
            (0, place),
            (0, 7),
            xycoords=("axes fraction", "data"),
            textcoords="offset points",
            color=style.DARK,
            fontsize="small",
            bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.8, "alpha": 0.85},
            **style.AS_WRITTEN,
        )
    ax.set_yticks([])
    ax.set_ylim(-0.5, len(frame) - 0.3)
    ax.spines["left"].set_visible(False)
    scale = unit_of(metric, float(np.nanmax(np.abs(frame[["low", "high"]].to_numpy()), initial=0.0)), study.plan)
    _count_in(ax.xaxis, scale)
    against = "between scenarios" if several else f"from {frame['other'].iloc[0]}"
    ax.set_xlabel(f"{_axis_label(metric, scale)}: difference {against}", loc="left", **style.AS_WRITTEN)
    title = f"{_name(metric)}: {int(clear.sum())} of {len(frame)} differences are clear of zero"
    remark = f"{int(frame['runs'].min())} paired runs. {confidence:.0%} intervals, which hold together"
    style.titled(ax, title, _footnote(study, [], remark))
    return ax


def precision(
    study: "Study", metric: str, *, point: int = 0, confidence: float = CONFIDENCE, ax: "Axes | None" = None
) -> "Axes":
    """Plot how the mean of a metric and its interval settle as runs are added, and the goal if there was one.

    Raises ValueError for an unknown metric, and for fewer than two runs that have it.
    """
    values = _values(study, metric, point)
    if len(values) < LEAST_RUNS:
        raise scenario_error("runs", len(values), f"must be {LEAST_RUNS} or more, to have an interval")
    counts = np.arange(LEAST_RUNS, len(values) + 1)
    found = [estimates(values[:count], confidence, counts=may_count(metric)) for count in counts]
    mean, low, high, half = (
        np.array([float(getattr(each, part)) for each in found]) for part in ("mean", "low", "high", "half_width")
    )
    ax = style.bare_axes(ax)
    ax.fill_between(counts, low, high, color=POINT_COLOURS[0], alpha=0.25, linewidth=0)
    ax.plot(counts, mean, color=POINT_COLOURS[0], linewidth=2)
    goal = _goal(study, metric)
    if goal is not None:
        for sign in (-1, 1):
            ax.axhline(mean[-1] + sign * goal, color=style.GREY, linestyle="--", linewidth=1)
        ax.annotate(
            "as narrow as asked for",
            (1, mean[-1] + goal),
            (0, 3),
            xycoords=("axes fraction", "data"),
            textcoords="offset points",
            ha="right",
            fontsize="small",
            color=style.GREY,
        )
    _limit_to_later(ax, low, high)
    scale = unit_of(metric, float(np.abs(mean).max()), study.plan)
    ax.set_xlabel("Runs")
    ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    ax.set_ylabel(_axis_label(metric, scale), **style.AS_WRITTEN)
    _count_in(ax.yaxis, scale)
    share = f", {half[-1] / abs(mean[-1]):.1%} of the mean" if mean[-1] else ""
    reached = f"{_number(mean[-1] / scale.size)} ± {_written(half[-1], scale)}"
    title = f"{_name(metric)}: {reached} after {len(values)} runs{share}"
    style.titled(ax, title, _footnote(study, [point], f"{len(values)} runs. Band: {confidence:.0%} interval"))
    return ax


def heat_map(study: "Study", metric: str, x: str, y: str, *, ax: "Axes | None" = None) -> "Axes":
    """Plot the mean of a metric over two factors of a sweep, whose values are in the order of the design.

    Over other factors of the design the mean is taken. Raises ValueError for an unknown factor.
    """
    for name in (x, y):
        if name not in study.plan.factors:
            raise scenario_error("factor", name, f"is not in the design: {nearest(name, study.plan.factors)}")
    study.values(metric)
    table = study.runs.pivot_table(index=y, columns=x, values=metric, aggfunc="mean", sort=False)
    labels = [point.labels for point in study.plan.points]
    columns, rows = (list(dict.fromkeys(point[name] for point in labels)) for name in (x, y))
    means = table.reindex(index=rows, columns=columns).to_numpy(np.float64)
    ax = style.bare_axes(ax)
    scale = unit_of(metric, float(np.nanmax(np.abs(means))), study.plan)
    shown: Any = ax.imshow(means, cmap="cividis", aspect="auto", origin="lower")
    for row, column in zip(*np.nonzero(~np.isnan(means)), strict=True):
        mean = float(means[row, column])
        dark = mean < shown.norm.vmin + 0.55 * (shown.norm.vmax - shown.norm.vmin)
        colour = "white" if dark else style.DARK
        ax.text(column, row, _number(mean / scale.size), ha="center", va="center", color=colour)
    ax.set_xticks(range(len(columns)), [str(value) for value in columns], **style.AS_WRITTEN)
    ax.set_yticks(range(len(rows)), [str(value) for value in rows], **style.AS_WRITTEN)
    ax.tick_params(length=0)
    ax.spines[:].set_visible(False)
    ax.set_xlabel(x, **style.AS_WRITTEN)
    ax.set_ylabel(y, **style.AS_WRITTEN)
    least, most = float(np.nanmin(means)), float(np.nanmax(means))
    title = f"{_name(metric)}: from {_number(least / scale.size)} to {_written(most, scale)}"
    others = [name for name in study.plan.factors if name not in (x, y)]
    over = f", over all {', '.join(others)}" if others else ""
    remark = f"{len(study.runs):,} runs. Means of: {_axis_label(metric, scale)}{over}"
    style.titled(ax, title, _footnote(study, [], remark))
    return ax


def warm_up(study: "Study", series: str, name: str, *, point: int = 0, ax: "Axes | None" = None) -> "Axes":
    """Plot why a warm-up is cut where it is: the mean over replications, and MSER for every cut, least at the cut.

    Raises ValueError as `Study.warm_up` does.
    """
    found = study.warm_up(series, name, point)
    ax = style.bare_axes(ax)
    unit = time_unit(float(found.at[-1]))
    at = found.at / unit.seconds
    ax.axvspan(0, found.seconds / unit.seconds, color=style.PALE, linewidth=0, zorder=0)
    ax.plot(at, found.batches, color=POINT_COLOURS[0], linewidth=1.8)
    ax.axvline(at[-1] / 2, color=style.GREY, linewidth=0.8, linestyle=":")
    ax.set_ylabel(_series_label(study, series, name), color=POINT_COLOURS[0], **style.AS_WRITTEN)
    other = ax.twinx()
    other.spines[["top", "left"]].set_visible(False)
    other.plot(at[: len(found.statistic)], found.statistic, color=POINT_COLOURS[1], linestyle="--", linewidth=1.5)
    best = found.cut // 5
    other.plot(at[best], found.statistic[best], "o", color=POINT_COLOURS[1], markersize=7)
    other.set_yscale("log")
    other.yaxis.set_minor_formatter(NullFormatter())
    other.set_ylabel("MSER if the run were cut here", color=POINT_COLOURS[1])
    _label_time(ax, unit, float(found.at[-1]))
    cut = f"{found.seconds / unit.seconds:.3g} {unit.name.lower()}"
    title = "Run too short: the cut lies in its second half" if found.too_short else f"Warm-up ends after {cut}"
    runs = int(study.series(series)["runs"].max())
    remark = f"{runs} runs. Means of 5 values of the mean over runs; dotted: half of the run"
    style.titled(ax, title, _footnote(study, [point], remark))
    return ax


# What the plots share


def _values(study: "Study", metric: str, point: int) -> Array:
    """Return a metric's values that are defined; raises ScenarioError if there is none."""
    values = study.values(metric, point)
    values = values[~np.isnan(values)]
    if not len(values):
        raise scenario_error("metric", metric, f"has no value at point {point}")
    return values


def _goal(study: "Study", metric: str) -> float | None:
    """Return the half-width that was asked for."""
    if study.precision is None:
        return None
    found = study.precision.loc[study.precision["metric"] == metric, "limit"]
    return float(found.iloc[0]) if len(found) else None


def _limit_to_later(ax: "Axes", lows: Array, highs: Array) -> None:
    """Let the first few runs, whose intervals are wide, not press all others flat."""
    later = min(len(lows) - 1, max(2, len(lows) // 10))
    low, high = float(lows[later:].min()), float(highs[later:].max())
    margin = 0.08 * (high - low) or 1.0
    ax.set_ylim(low - margin, high + margin)


def _label_time(ax: "Axes", unit: TimeUnit, end: float) -> None:
    ax.set_xlabel(f"{unit.name} since the start", loc="left")
    ax.set_xlim(0, end / unit.seconds)
    set_ticks(ax, unit, end / unit.seconds)


def _label_lines(ax: "Axes", ends: Sequence[tuple[float, str]], end: float) -> None:
    """Write each line's label at its end, inside the axes."""
    width, height = style.size_in_points(ax)
    low, high = ax.get_ylim()
    line = 1.3 * style.points("medium")
    wanted = [(value - low) / (high - low) * height for value, _ in ends]
    places = style.spread(wanted, line, line / 2, height - line / 2)
    texts = [
        ax.annotate(
            label,
            (end, value),
            (LABEL_GAP, place - natural),
            textcoords="offset points",
            va="center",
            color=POINT_COLOURS[number],
            fontweight="bold",
            **style.AS_WRITTEN,
        )
        for number, ((value, label), place, natural) in enumerate(zip(ends, places, wanted, strict=True))
    ]
    labelled = max(map(style.width_in_points, texts)) + LABEL_GAP + 2
    ax.set_xlim(0, end / max(1 - labelled / width, 0.3))


def _band_title(series: str, name: str, ends: Sequence[tuple[float, str]]) -> str:
    what = f"{series.replace('_', ' ').capitalize()} of {name}" if series != "open_orders" else "Open orders"
    if len(ends) == 1:
        return f"{what} end at {_number(ends[0][0])} in the mean"
    least, most = min(ends), max(ends)
    return f"{what} end between {_number(least[0])} and {_number(most[0])} in the mean"


def _footnote(study: "Study", points: Sequence[int], remark: str) -> str:
    """Return the scenario, the point if it is one of several, the seed, the remark, and how many runs failed."""
    names = list(dict.fromkeys(scenario.name for scenario in study.plan.scenarios))
    at = f" ({study.label(points[0])})" if len(points) == 1 and len(study.plan.points) > 1 else ""
    failed = sum(map(study.failed, points or range(len(study.plan.points))))
    missing = f". {failed:,} run{'s' * (failed > 1)} failed" if failed else ""
    return f"{', '.join(names)}{at}, seed {study.seed}, {remark}{missing}"


def _axis_label(metric: str, scale: Unit) -> str:
    """Return a metric's name with its unit."""
    return f"{_name(metric)} ({scale.name})" if scale.name else _name(metric)


def _series_label(study: "Study", series: str, name: str) -> str:
    units = {"balances": study.plan.scenarios[0].currency.code, "stock": "units", "waits": "mean wait, seconds"}
    unit = f" ({units[series]})" if series in units else ""
    return f"{series.replace('_', ' ').capitalize()}: {name}{unit}"


class _Places(MaxNLocator):
    """Puts ticks where values divided by a unit's size are round."""

    def __init__(self, size: float) -> None:
        super().__init__(nbins="auto", steps=[1, 2, 2.5, 5, 10])
        self._size = size

    def tick_values(self, vmin: float, vmax: float) -> Any:
        """Return the ticks between two values."""
        return np.asarray(super().tick_values(vmin / self._size, vmax / self._size)) * self._size


def _count_in(axis: "Axis", scale: Unit = PLAIN) -> None:
    """Let an axis count in a unit, and write its numbers with commas."""
    axis.set_major_locator(_Places(scale.size))
    axis.set_major_formatter(FuncFormatter(lambda value, _: style.grouped(value / scale.size)))


def _name(metric: str) -> str:
    return spoken(metric).capitalize()


def _written(value: float, scale: Unit) -> str:
    return f"{_number(value / scale.size)} {scale.name}".rstrip()


def _plus_minus(half: float, confidence: float, scale: Unit) -> str:
    return f"± {_written(half, scale)} ({confidence:.0%})" if np.isfinite(half) else "1 run has no interval"


def _number(value: float) -> str:
    """Write a number to four digits, with commas where it has more before its point."""
    size = abs(value)
    text = f"{value:,.0f}" if size >= 1000 else f"{value:.4g}"
    return text.replace("-", "\N{MINUS SIGN}")
