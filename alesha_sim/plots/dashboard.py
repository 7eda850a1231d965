"""One page for a slide: the key figures of a result and four of its plots."""

import math
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from alesha_sim.plots import style, times
from alesha_sim.plots.balances import balances
from alesha_sim.plots.bridge import cash_bridge
from alesha_sim.plots.calendar import calendar
from alesha_sim.plots.delivery import delivery_times
from alesha_sim.plots.funnel import funnel
from alesha_sim.plots.goods import stock
from alesha_sim.plots.queueing import queues, waiting

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from alesha_sim.results.result import Result

PANELS: Mapping[str, Callable[..., "Axes"]] = {
    "balances": balances,
    "funnel": funnel,
    "cash_bridge": cash_bridge,
    "delivery_times": delivery_times,
    "stock": stock,
    "queues": queues,
    "waiting": waiting,
    "calendar": calendar,
}
SHOWN = ("balances", "funnel", "cash_bridge", "delivery_times")

SLIDE_INCHES = (13.333, 7.5)
"""A slide of 16 to 9."""


def dashboard(result: "Result", panels: Sequence[str] = SHOWN, *, figure: "Figure | None" = None) -> "Figure":
    """Draw a result on one page: key figures above, below them four plots, each titled with what it finds.

    `panels` are one to four names of plots, drawn in rows of two. Raises ValueError for a name that is no plot of
    a whole result, and for more than four, which a slide could not show legibly.

    Draws into `figure`, or into a new one of pyplot of a slide's size, which stays open for the caller.
    """
    unknown = [name for name in panels if name not in PANELS]
    if unknown:
        raise ValueError(f"panels: {', '.join(unknown)}: must be among {', '.join(PANELS)}")
    if not 1 <= len(panels) <= len(SHOWN):
        raise ValueError(f"panels: {len(panels)} of them: must be 1 to {len(SHOWN)}, so that all stay legible")
    if figure is None:
        from matplotlib import pyplot

        figure = pyplot.figure(figsize=SLIDE_INCHES, layout="constrained")
    rows, columns = -(-len(panels) // 2), min(len(panels), 2)
    head: dict[str, Any] = {"fontsize": "x-large", "fontweight": "bold", "color": style.DARK, **style.AS_WRITTEN}
    figure.suptitle(_headline(result), x=0.01, ha="left", **head)
    grid = figure.add_gridspec(rows + 1, columns, height_ratios=[0.16, *[1] * rows], hspace=0.06, wspace=0.06)
    _write_metrics(figure.add_subplot(grid[0, :]), result)
    for place, name in enumerate(panels):
        ax = PANELS[name](result, ax=figure.add_subplot(grid[1 + place // columns, place % columns]))
        _shorten_footnote(ax, result)
    return figure


def key_metrics(result: "Result") -> dict[str, str]:
    """Return the figures that the page leads with, as texts by name."""
    metrics, currency = result.exact_metrics(), result.scenario.currency
    delivery = metrics["mean_delivery_seconds"]

    def money(name: str) -> str:
        return style.amount(int(metrics[name]), currency)

    def share(name: str) -> str:
        return "none" if math.isnan(metrics[name]) else f"{100 * metrics[name]:.3g}\N{NO-BREAK SPACE}%"

    return {
        "visits": f"{metrics['visits']:,}",
        "orders": f"{metrics['orders']:,}",
        "orders per visit": share("conversion_rate"),
        "declined": share("decline_rate"),
        "open at the end": f"{metrics['open_orders']:,}",
        f"revenue, {currency.code}": money("revenue"),
        f"shop's cash, {currency.code}": money("shop_cash"),
        "mean delivery": "none" if math.isnan(delivery) else times.lasting(delivery),
    }


def _headline(result: "Result") -> str:
    days = times.lasting(result.ended_at) if result.ended_at else "no time"
    return f"{result.scenario.name.replace('_', ' ').capitalize()}: {days}, seed {result.seed}, 1 run"


def _write_metrics(ax: "Axes", result: "Result") -> None:
    """Write the key figures side by side, each above its name."""
    ax.set_axis_off()
    texts = key_metrics(result)
    for place, (name, text) in enumerate(texts.items()):
        at = (place / len(texts), 0.5)
        beside: dict[str, Any] = {
            "xycoords": "axes fraction",
            "textcoords": "offset points",
            "annotation_clip": False,
        }
        ax.annotate(text, at, (0, 0), va="bottom", fontsize="large", fontweight="bold", color=style.DARK, **beside)
        ax.annotate(name, at, (0, -2), va="top", fontsize="medium", color=style.GREY, **beside)


def _shorten_footnote(ax: "Axes", result: "Result") -> None:
    """Leave what only this plot says in its footnote; scenario, seed and runs stand at the top of the page."""
    for text in ax.texts:
        if text.get_gid() == "footnote":
            said = " ".join(text.get_text().split())
            prefix = f"{result.scenario.name}, seed {result.seed}, 1 run"
            text.set_text(said.removeprefix(prefix).removeprefix(". "))
            style.break_lines(text, style.size_in_points(ax)[0])
