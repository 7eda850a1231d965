"""What all plots have in common: colours, the bare axes, the footnote, and how amounts are written.

Sizes are relative to the reader's own font size, so that `rcParams["font.size"]` scales all of a plot.
"""

import textwrap
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from matplotlib.colors import to_hex, to_rgb
from matplotlib.font_manager import FontProperties
from matplotlib.text import Text

from alesha_sim.conversation import palette
from alesha_sim.experiments.metric_units import AMOUNT_UNITS
from alesha_sim.units import Currency

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from alesha_sim.results.result import Result

COLOURS: Mapping[str, str] = palette.COLOURS
"""One colour an entity in every plot, the same as in conversations."""

LINE_STYLES: Mapping[str, str] = {"users": "-.", "shop": "-", "supplier": "--", "bank": ":"}
"""One line style an entity, for print without colour."""

LINE_WIDTHS: Mapping[str, float] = {"users": 1.4, "shop": 2.8, "supplier": 2.0, "bank": 2.0}
"""One line width an entity, in points; thinner lines are drawn above, so that lines in one place all show."""

PRODUCTS = ("#332288", "#8C6D31", "#882255", "#525252")
"""Colours for products, dark enough for their names and none of them an entity's (Tol 2021, but for the brown)."""

DARK, GREY, PALE = "#222222", "#767676", "#E4EDF3"

FIGURE_INCHES = (8.0, 4.5)
"""The size of a plot's own figure: 1600 by 900 pixels of a slide at 200 dots an inch."""

LABEL_GAP = 7.0  # points between the end of a line and its label
LINE_HEIGHT = 1.3  # of a label's line, as a share of the font's size
LEADER: Mapping[str, Any] = {"arrowstyle": "-", "linewidth": 0.8, "relpos": (0, -0.08), "shrinkA": 0, "shrinkB": 0}
"""The thin line from an end to its label, which may have had to give way to another."""

AS_WRITTEN: Mapping[str, Any] = {"parse_math": False}
"""How texts that hold a reader's own words are drawn: a dollar sign in them is no mathematics."""

LARGE_AMOUNTS = ((10**9, "billion"), (10**6, "million"))


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
    """Write a title above the axes and a footnote in grey below them.

    Both are broken into lines where they would be wider than the axes.
    """
    heading = ax.set_title(
        title, loc="left", fontsize="large", fontweight="bold", color=DARK, pad=12, **AS_WRITTEN
    )
    below = -14 if not ax.axison else -14 - 2.9 * points("medium")
    note = ax.annotate(
        footnote,
        (0, 0),
        (0, below),
        xycoords="axes fraction",
        textcoords="offset points",
        va="top",
        fontsize="small",
        color=GREY,
        annotation_clip=False,
        **AS_WRITTEN,
    )
    note.set_gid("footnote")
    lay_out(ax)
    for text in (heading, note):
        break_lines(text, size_in_points(ax)[0])


def break_lines(text: Text, width: float) -> None:
    """Break a text into lines of at most so many points, as far as its words allow."""
    drawn = width_in_points(text)
    if drawn > width:
        whole = text.get_text()
        text.set_text(textwrap.fill(whole, max(int(0.97 * len(whole) * width / drawn), 12)))


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


class EndLabel(NamedTuple):
    """What stands at the end of a line: its colour and height, a line of text, and a smaller one below it."""

    colour: str
    end: float
    head: str
    foot: str


def label_ends(ax: "Axes", labels: Sequence[EndLabel], ends_at: float) -> None:
    """Write the labels inside the axes, where no layout of the caller cuts them off or puts a neighbour."""
    width, height = size_in_points(ax)
    low, high = ax.get_ylim()
    wanted = [(label.end - low) / (high - low) * height for label in labels]
    line = LINE_HEIGHT * points("medium")
    places = spread(wanted, 2.2 * line, line, height - line)
    texts = []
    for label, place, natural in zip(labels, places, wanted, strict=True):
        beside: dict[str, Any] = {"xy": (ends_at, label.end), "textcoords": "offset points", **AS_WRITTEN}
        texts += [
            ax.annotate(
                label.head,
                xytext=(LABEL_GAP, place - natural + 1),
                va="bottom",
                fontweight="bold",
                color=label.colour,
                arrowprops={**LEADER, "color": label.colour},
                **beside,
            ),
            ax.annotate(
                label.foot,
                xytext=(LABEL_GAP, place - natural - 1),
                va="top",
                fontsize="small",
                color=DARK,
                **beside,
            ),
        ]
    labelled = max(map(width_in_points, texts)) + LABEL_GAP + 2
    ax.set_xlim(-0.008 * ends_at, ends_at / max(1 - labelled / width, 0.3))


def tint(colour: str, share: float) -> tuple[float, float, float]:
    """Return a colour of which only a share is left, the rest white."""
    red, green, blue = (1 - share * (1 - part) for part in to_rgb(colour))
    return red, green, blue


def colour_of(party: str, roles: Mapping[str, str]) -> str:
    """Return the colour of a party: that of its role, and a paler shade for each further party of the role."""
    role = roles[party]
    mine = [name for name, own in roles.items() if own == role]
    place = mine.index(party)
    return COLOURS[role] if place == 0 else to_hex(tint(COLOURS[role], 1 - 0.55 * place / (len(mine) - 1)))


def grouped(value: float) -> str:
    """Write a number on an axis: digits in groups of three, a true minus."""
    return f"{value:,.10g}".replace("-", "\N{MINUS SIGN}")


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
    for least, unit, word in AMOUNT_UNITS:
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
