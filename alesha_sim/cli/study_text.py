"""What the command prints of a study: means, paired differences and series over time, as text and as tables.

Numbers come from the study; only their choice and layout is here.
"""

from collections.abc import Sequence
from math import inf
from typing import TYPE_CHECKING, Any

from alesha_sim.cli import output

if TYPE_CHECKING:
    from pandas import DataFrame

    from alesha_sim.experiments import Study

SHOWN = ("orders", "completed", "revenue", "shop_cash", "mean_delivery_seconds", "mean_bank_wait_seconds")
"""The metrics of a sweep's table unless others are asked for."""

INSTANTS, LINES = 6, 20
"""A series is printed at so many instants, and so many lines of it."""

SINGLE = "one run is one draw and has no interval: --runs 30 makes 30"

STAR = "* the interval does not contain zero; the intervals of each metric hold simultaneously"


def tables(study: "Study", confidence: float, baseline: str | int | None) -> dict[str, "DataFrame"]:
    """Return a study as tables by name: runs, summary, differences where there are any, and each series."""
    found = {"runs": study.runs, "summary": study.summary(confidence).reset_index()}
    if _has_differences(study):
        found["differences"] = study.differences(baseline=baseline, confidence=confidence)
    return found | {f"series_{name}": study.series(name, confidence) for name in series_of(study)}


def series_of(study: "Study") -> tuple[str, ...]:
    """Return the names of the series that a study has."""
    return study.plan.recording.series if len(study.runs) else ()


def text(study: "Study", metrics: Sequence[str] | None, confidence: float, baseline: str | int | None) -> str:
    """Return all that is printed of a study; `metrics` are those to be shown, None for those of its kind."""
    parts = [repr(study).splitlines()[0]]
    parts += _tables(study, _metrics(study, metrics), confidence, baseline)
    parts += [_over_time(study, name, confidence) for name in series_of(study)]
    single = [SINGLE] if (study.runs["replication"] == 0).all() and len(study.runs) else []
    return "\n\n".join([*parts, *single, *study.notes])


def _metrics(study: "Study", wanted: Sequence[str] | None) -> list[str]:
    if wanted:
        return list(wanted)
    return [name for name in SHOWN if name in study.metrics] if study.kind == "sweep" else list(study.metrics)


def _has_differences(study: "Study") -> bool:
    return bool(study.kind != "replicate" and len(study.plan.points) > 1 and study.metrics)


def _tables(study: "Study", metrics: Sequence[str], confidence: float, baseline: str | int | None) -> list[str]:
    """Return the study as text: means by metric, means and differences by point, or differences by pair."""
    if not len(study.runs):
        return ["no run is finished"]
    match study.kind:
        case "sweep":
            means = _by_point(study, metrics, confidence)
            if not _has_differences(study):
                return [means]
            return [means, *_from_baseline(study, metrics, confidence, baseline or 0)]
        case "compare":
            return _by_pair(study, metrics, confidence, baseline)
    found = study.summary(confidence).loc[list(metrics)]
    if (found["runs"] <= 1).all():
        return [
            output.table(
                [("metric", "value"), *zip(metrics, map(_number, found["mean"]), strict=True)], right=(1,)
            )
        ]
    cells = [
        (metric, _number(row.mean), _margin(row.half_width), _number(row.sd), f"{row.runs:,}")
        for metric, row in zip(found.index, _rows(found), strict=True)
    ]
    return [output.table([("metric", "mean", f"{confidence:.0%}", "sd", "runs"), *cells], right=(1, 2, 3, 4))]


def _by_point(study: "Study", metrics: Sequence[str], confidence: float) -> str:
    found, known = study.summary(confidence), study.metrics
    rows: list[tuple[int, list[str]]] = []
    for number in range(len(study.plan.points)):
        if not len(study.runs[study.runs["point"] == number]):
            continue
        # By place: two points of a design may have the same labels.
        of_point = [found.iloc[number * len(known) + known.index(metric)] for metric in metrics]
        rows.append(
            (number, [f"{_number(row['mean'])} {_margin(row['half_width'])}".rstrip() for row in of_point])
        )
    return _point_table(study, metrics, rows)


def _from_baseline(study: "Study", metrics: Sequence[str], confidence: float, baseline: str | int) -> list[str]:
    """Return the paired differences of each point from one, a line a point."""
    found = [study.differences(metric, baseline=baseline, confidence=confidence) for metric in metrics]
    names = [study.label(number) for number in range(len(study.plan.points))]
    base = names.index(baseline) if isinstance(baseline, str) else baseline
    others = [number for number in range(len(names)) if number != base]
    rows = [
        (number, [f"{_number(row.difference)} {_margin(row.half_width)}{_star(row)}" for row in of_point])
        for number, *of_point in zip(others, *map(_rows, found), strict=True)
    ]
    head = f"paired differences from {names[base]}, {confidence:.0%}"
    return [f"{head}\n{_point_table(study, metrics, rows)}", STAR]


def _point_table(study: "Study", metrics: Sequence[str], rows: Sequence[tuple[int, list[str]]]) -> str:
    """Return a table with a line a point: its labels, then a cell for each metric."""
    factors = study.plan.factors
    lines = [
        (*(str(study.plan.points[number].labels[name]) for name in factors), *cells) for number, cells in rows
    ]
    places = range(len(factors), len(factors) + len(metrics))
    return output.table([(*factors, *metrics), *lines], right=list(places))


def _by_pair(study: "Study", metrics: Sequence[str], confidence: float, baseline: str | int | None) -> list[str]:
    found = study.differences(baseline=baseline, confidence=confidence)
    found = found[found["metric"].isin(list(metrics))]
    cells = [
        (
            row.metric,
            f"{row.scenario} - {row.other}",
            _number(row.difference),
            _margin(row.half_width),
            "all" if row.saved == inf else _number(row.saved),
            _star(row).strip(),
        )
        for row in _rows(found)
    ]
    head = ("metric", "difference of", "mean", f"{confidence:.0%}", "saved", "")
    saved = (
        "saved: how many times as many independent runs would be as precise; all: the difference never varies, "
    )
    saved += "empty: neither scenario varies"
    return [output.table([head, *cells], right=(2, 3, 4)), f"{STAR}\n{saved}"]


def _over_time(study: "Study", series: str, confidence: float) -> str:
    """Return the means of a series at a few instants, a line a point and name."""
    from datetime import timedelta

    import numpy as np

    from alesha_sim.conversation.labels import format_duration

    found = study.series(series, confidence)
    instants = np.unique(found["seconds"])
    chosen = instants[np.unique(np.linspace(0, len(instants) - 1, INSTANTS).round().astype(np.int64))]
    few = found[found["seconds"].isin(chosen)]
    lines: list[tuple[str, ...]] = []
    for (point, name), rows in few.groupby(["point", "name"], sort=False):
        labels = [study.label(int(str(point)))] if study.plan.factors else []
        lines.append((*labels, str(name), *map(_number, rows["mean"])))
    head = ("point", "name") if study.plan.factors else ("name",)
    times = ["0" if at == 0 else format_duration(timedelta(seconds=float(at))) for at in chosen]
    right = list(range(len(head), len(head) + len(times)))
    shown = output.table([(*head, *times), *lines[:LINES]], right=right)
    left_out = f"\n{len(lines) - LINES:,} more lines: --json and --out have all" if len(lines) > LINES else ""
    return f"{series}, means over the runs\n{shown}{left_out}"


def _rows(frame: "DataFrame") -> list[Any]:
    return list(frame.itertuples(index=False))


def _star(row: Any) -> str:
    return " *" if row.low > 0 or row.high < 0 else "  "


def _margin(half_width: float) -> str:
    """Return the half-width of an interval, "" for the mean of one run, which has none."""
    return f"± {_number(half_width)}" if half_width == half_width else ""


def _number(value: float) -> str:
    from alesha_sim.experiments.metric_units import number

    return number(value)
