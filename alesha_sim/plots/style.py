"""What all plots have in common: colours, the bare axes, the footnote, and how amounts are written.

Sizes are relative to the reader's own font size, so that `rcParams["font.size"]` scales all of a plot.
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.font_manager import FontProperties
from matplotlib.text import Text

from alesha_sim.conversation import palette
from alesha_sim.units import Currency

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from alesha_sim.result import Result

COLOURS: Mapping[str, str] = palette.COLOURS
"""One colour an entity in every plot, the same as in conversations."""

LINE_STYLES: Mapping[str, str] = {"users": "-.", "shop": "-", "supplier": "--", "bank": ":"}
"""One line style an entity, for print without colour."""

LINE_WIDTHS: Mapping[str, float] = {"users": 1.4, "shop": 2.8, "supplier": 2.0, "bank": 2.0}
"""One line width an entity, in points; thinner lines are drawn above, so that lines in one place all show."""

DARK, GREY, PALE = "#222222", "#767676", "#E4EDF3"

FIGURE_INCHES = (8.0, 4.5)
"""The size of a plot's own figure: 1600 by 900 pixels of a slide at 200 dots an inch."""

LARGE_AMOUNTS = ((10**9, "billion"), (10**6, "million"))
AXIS_UNITS = ((10**9, 10**9, "billion "), (10**6, 10**6, "million "), (10**5, 10**3, "thousand "))


def bare_axes(ax: "Axes | None") -> "Axes":
    """Return `ax`, or axes in a new figure of pyplot, without the top and right spines."""
    if ax is None:
        from matplotlib import pyplot

        _, ax = pyplot.subplots(figsize=FIGURE_INCHES, layout="constrained")
    ax.spines[["top", "right"]].set_visible(False)
    return ax


def caption(ax: "Axes", title: str, result: "Result", remark: str) -> None:
    """Write what the plot shows above it, and below it in grey the scenario, the seed and the number of runs."""
    titled(ax, title, f"{result.scenario.name}, seed {result.seed}, 1 run" + (remark and f". {remark}"))


def titled(ax: "Axes", title: str, footnote: str) -> None:
    """Write a title above the axes and a footnote in grey below them."""
    ax.set_title(title, loc="left", fontsize="large", fontweight="bold", color=DARK, pad=12)
    below = -14 if not ax.axison else -14 - 2.9 * points("medium")
    ax.annotate(
        footnote, (0, 0), (0, below), xycoords="axes fraction", textcoords="offset points", va="top",
        fontsize="small", color=GREY, annotation_clip=False,
    ).set_gid("footnote")  # fmt: skip


def points(size: str) -> float:
    """Return a relative font size in points."""
    return FontProperties(size=size).get_size_in_points()


def size_in_points(ax: "Axes") -> tuple[float, float]:
    """Return the width and height of axes as their figure is laid out now."""
    figure = ax.get_figure(root=True)
    assert figure is not None
    box = ax.get_window_extent()
    return box.width * 72 / figure.dpi, box.height * 72 / figure.dpi


def width_in_points(text: Text) -> float:
    """Return how wide a text is drawn; of an annotation without its leader."""
    figure = text.get_figure(root=True)
    assert figure is not None
    return Text.get_window_extent(text).width * 72 / figure.dpi


def lay_out(ax: "Axes") -> None:
    """Let the figure's layout engine, if it has one, settle the size of the axes."""
    figure = ax.get_figure(root=True)
    if figure is not None and figure.get_layout_engine() is not None:
        figure.draw_without_rendering()


def signed(value: float) -> str:
    """Write a number on an axis of changes."""
    return "0" if value == 0 else f"{value:+,.10g}".replace("-", "\N{MINUS SIGN}")


def amount(minor: int, currency: Currency) -> str:
    """Write an amount without its currency: exactly below a million, above it to four digits."""
    size = abs(minor) / currency.scale
    for unit, word in LARGE_AMOUNTS:
        if size >= unit:
            number = f"{size / unit:,.4g} {word}"
            break
    else:
        number = currency.number(abs(minor)).removesuffix("." + "0" * currency.decimals)
    return "\N{MINUS SIGN}" * (minor < 0) + number


def change(minor: int, currency: Currency) -> str:
    """Write a change of an amount with its sign; no change is `0`."""
    return "+" * (minor > 0) + amount(minor, currency)


def axis_unit(largest: float, currency: Currency) -> tuple[float, str]:
    """Return how many minor units an axis counts as one, and its name: `BDT`, `thousand BDT`, `million BDT`."""
    for least, unit, word in AXIS_UNITS:
        if largest >= least * currency.scale:
            return float(unit * currency.scale), word + currency.code
    return float(currency.scale), currency.code


def spread(wanted: Sequence[float], gap: float, low: float, high: float) -> list[float]:
    """Return places near `wanted` that are at least `gap` apart and keep its order.

    They stay between `low` and `high`; where there is no room for that, they go on above `high`.
    """
    order = np.argsort(wanted, kind="stable")
    steps = gap * np.arange(len(order))
    lowest = np.asarray(wanted, np.float64)[order] - steps
    # Pushing up and pushing down both keep the gap, so their mean does too, and it favours neither end.
    up = np.maximum.accumulate(lowest)
    down = np.minimum.accumulate(lowest[::-1])[::-1]
    room = max(low, high - gap * (len(order) - 1))
    places = np.empty(len(order))
    places[order] = np.clip((up + down) / 2, low, room) + steps
    return [float(place) for place in places]
