"""The plot of the supplier's stock and back-orders over time."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import numpy.typing as npt
from matplotlib.ticker import FuncFormatter, MaxNLocator

from alesha_sim.numeric.counts import repeat
from alesha_sim.plots import style, times

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from alesha_sim.results.result import Result

SHOWN = 4
"""How many products are drawn unless they are named: those with most units on hand or back-ordered."""

LINES = ("-", "--", "-.", (0, (5, 1.5, 1, 1.5, 1, 1.5)))


class Shelf(NamedTuple):
    """A product's units at the supplier: `on_hand[i]` and `backordered[i]` from `seconds[i]` on."""

    sku: str
    seconds: npt.NDArray[np.float64]
    on_hand: npt.NDArray[np.int64]
    backordered: npt.NDArray[np.int64]

    def time_owed(self, until: float) -> float:
        """Return the share of time, up to `until` seconds, in which units were back-ordered."""
        spans = np.diff(np.append(self.seconds, max(until, self.seconds[-1])))
        return float(spans[self.backordered > 0].sum() / spans.sum()) if spans.sum() else 0.0


def stock(result: "Result", skus: Sequence[str] | None = None, *, ax: "Axes | None" = None) -> "Axes":
    """Plot each product's units on hand at the supplier, and below zero those that orders wait for.

    `skus` chooses products, at most as many as there are line styles; ValueError for others. Left out, the four
    are drawn that have most units on hand or back-ordered at any time.

    Draws into `ax`, or into a new figure of pyplot, which stays open for the caller to show or close.
    """
    everything = shelves(result)
    chosen = _chosen(everything, skus)
    ax = style.bare_axes(ax)
    last = max(float(shelf.seconds[-1]) for shelf in chosen)
    until = times.shown_until(result, last)
    unit = times.time_unit(until)
    ends_at = until / unit.seconds
    ax.plot((0, ends_at), (0, 0), color=style.GREY, linewidth=0.6, zorder=1)
    for place, shelf in enumerate(chosen):
        at = np.append(shelf.seconds, until) / unit.seconds
        on_hand, owed = (np.append(units, units[-1]) for units in (shelf.on_hand, shelf.backordered))
        look: dict[str, Any] = {"color": style.PRODUCTS[place], "linestyle": LINES[place], "linewidth": 1.3}
        ax.plot(at, on_hand, drawstyle="steps-post", label=shelf.sku, **look)
        if shelf.backordered.any():
            ax.plot(*_below(at, owed), drawstyle="steps-post", label=f"_{shelf.sku} back-ordered", **look)
    times.set_time_axis(ax, result, unit, ends_at)
    owing = any(shelf.backordered.any() for shelf in chosen)
    ax.set_ylabel("Units at the supplier" + (" (below 0: back-ordered)" if owing else ""))
    ax.yaxis.set_major_locator(MaxNLocator(6, integer=True))
    ax.yaxis.set_major_formatter(FuncFormatter(lambda value, _: style.grouped(value)))
    if not any(shelf.on_hand.any() or shelf.backordered.any() for shelf in chosen):
        ax.set(ylim=(-0.5, 1))
    style.caption(ax, _finding(chosen, result.ended_at), result, _remark(everything, chosen))
    style.lay_out(ax)
    style.label_ends(ax, [_label(shelf, style.PRODUCTS[place]) for place, shelf in enumerate(chosen)], ends_at)
    return ax


def shelves(result: "Result") -> list[Shelf]:
    """Return the units of every product over time, from `Result.stock`."""
    table = result.stock()
    start = np.datetime64(result.scenario.start, "us")
    found = []
    for sku, rows in table.groupby("sku", observed=True, sort=False):
        seconds = (rows["at"].to_numpy().astype("datetime64[us]") - start) / np.timedelta64(1, "s")
        found.append(Shelf(str(sku), seconds, rows["on_hand"].to_numpy(), rows["backordered"].to_numpy()))
    return found


def _below(
    at: npt.NDArray[np.float64], owed: npt.NDArray[np.int64]
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Return the line of what is owed, which leaves zero and returns to it; none while nothing is owed."""
    before = np.append(0, owed[:-1])
    zero = (owed == 0) & (before > 0) | (owed > 0) & (before == 0)
    # At an instant there are up to two points: zero, and what is owed or, so that the line ends there, nothing.
    instants = repeat(at, 1 + zero)
    line = repeat(np.where(owed > 0, -owed.astype(np.float64), np.nan), 1 + zero)
    line[np.cumsum(1 + zero)[zero] - 2] = 0.0
    return instants, line


def _chosen(everything: list[Shelf], skus: Sequence[str] | None) -> list[Shelf]:
    if skus is None:
        ranked = sorted(everything, key=lambda shelf: -int(max(shelf.on_hand.max(), shelf.backordered.max())))
        kept = {shelf.sku for shelf in ranked[:SHOWN]}
        return [shelf for shelf in everything if shelf.sku in kept]
    known = {shelf.sku: shelf for shelf in everything}
    unknown = [sku for sku in skus if sku not in known]
    if unknown:
        raise ValueError(f"skus: {', '.join(unknown)}: must be among {', '.join(known)}")
    if not 1 <= len(skus) <= SHOWN:
        raise ValueError(f"skus: {len(skus)} products: must be 1 to {SHOWN}, more lines cannot be distinguished")
    return [known[sku] for sku in skus]


def _label(shelf: Shelf, colour: str) -> style.EndLabel:
    on_hand, owed = int(shelf.on_hand[-1]), int(shelf.backordered[-1])
    head = f"{shelf.sku} {on_hand:,}" + (f", {owed:,} owed" if owed else "")
    most = f"most {int(shelf.on_hand.max()):,}"
    if shelf.backordered.any():
        most += f", owed {int(shelf.backordered.max()):,}"
    return style.EndLabel(colour, float(-owed if owed and not on_hand else on_hand), head, most)


def _finding(chosen: Sequence[Shelf], ended_at: float) -> str:
    """Return the title: which product runs out most, and how far."""
    worst = max(chosen, key=lambda shelf: shelf.time_owed(ended_at))
    owed = int(worst.backordered.max())
    if owed:
        share = f"{worst.time_owed(ended_at):.0%}".replace("%", "\N{NO-BREAK SPACE}%")
        return f"Orders wait for {worst.sku} {share} of the time, for up to {owed:,} units"
    if not any(_lies(shelf) for shelf in chosen):
        return "Nothing lies in stock: what is made goes out at once"
    fullest = max(chosen, key=lambda shelf: int(shelf.on_hand.max()))
    return f"No order waits for stock; most on hand: {int(fullest.on_hand.max()):,} {fullest.sku}"


def _lies(shelf: Shelf) -> bool:
    """Tell whether units are on hand for any time at all."""
    return bool(shelf.on_hand.any())


def _remark(everything: Sequence[Shelf], chosen: Sequence[Shelf]) -> str:
    left_out = len(everything) - len(chosen)
    more = f" {left_out} more product{'s' * (left_out > 1)} not shown." if left_out else ""
    return f"On hand counts free and reserved units.{more}"
