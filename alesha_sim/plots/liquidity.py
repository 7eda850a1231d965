"""The plot of what banks have at the clearing house over time, and of what waits there."""

from typing import TYPE_CHECKING, Any

import numpy as np

from alesha_sim.plots import style, times
from alesha_sim.results.liquidity import reserves
from alesha_sim.units import MICROSECONDS

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from pandas import DataFrame, Series

    from alesha_sim.results.result import Result

DASHES = ("-", "--", ":", "-.")
"""A line style a bank, for print without colour."""


def liquidity(result: "Result", *, ax: "Axes | None" = None) -> "Axes":
    """Plot each bank's reserves at the clearing house over time, and name their ends.

    The axis counts major units against simulated time. A thin line below zero is a bank's credit line. At the end
    of each line stands how far the reserves fell at the most, and what still waits for them. Draws into `ax`, or
    into a new figure of pyplot, which stays open for the caller to show or close. Raises ValueError for a run
    with one bank, which has nobody to settle with.
    """
    scenario, figures = result.scenario, result.liquidity()
    if figures.empty:
        raise ValueError("result: must be of a scenario with several banks, of which each has reserves")
    ax = style.bare_axes(ax)
    paths = reserves(scenario, result.columns("transfers"))
    seconds = times.shown_until(result, max(path[-1][0] for path in paths.values()) / MICROSECONDS)
    time = times.time_unit(seconds)
    largest = max(abs(amount) for path in paths.values() for _, amount in path)
    money, money_name = style.axis_unit(largest, scenario.currency)
    ends_at, labels = seconds / time.seconds, []
    for place, (bank, path) in enumerate(paths.items()):
        colour = style.colour_of(bank, scenario.roles)
        at = np.array([instant for instant, _ in path]) / MICROSECONDS / time.seconds
        had = np.array([amount for _, amount in path]) / money
        line: dict[str, Any] = {"color": colour, "linestyle": DASHES[place % len(DASHES)]}
        ax.plot(np.append(at, ends_at), np.append(had, had[-1]), drawstyle="steps-post", label=bank, **line)
        credit = scenario.currency.minor(scenario.banks[place].credit)
        if credit:
            ax.plot((0, ends_at), (-credit / money,) * 2, linewidth=0.8, **line)
        labels.append(_label(bank, colour, float(had[-1]), figures.iloc[place], scenario.currency.code))
    times.set_time_axis(ax, result, time, ends_at)
    ax.set_ylabel(f"Reserves at the clearing house ({money_name})")
    ax.margins(y=0.09)
    style.caption(ax, _finding(result.instructions()), result, "")
    style.lay_out(ax)
    style.label_ends(ax, labels, ends_at)
    return ax


def _label(bank: str, colour: str, end: float, figures: "Series[float]", currency: str) -> style.EndLabel:
    """Return what stands at a bank's end: how far its reserves fell, and what waits for them."""
    foot = f"fell by {figures['peak_use']:,.10g} {currency} at the most"
    if figures["waiting"]:
        foot += f", {figures['waiting']:,.10g} waits"
    return style.EndLabel(colour, end, bank, foot)


def _finding(instructions: "DataFrame") -> str:
    """Return the title: what became of the payments between banks."""
    many, ended = len(instructions), instructions["outcome"]
    settled = int((ended == "settled").sum())
    if settled == many:
        return f"All {many:,} payments between banks were settled"
    waiting = int((ended == "waiting").sum())
    rest = f", {waiting:,} still wait" if waiting else ""
    return f"Of {many:,} payments between banks {settled:,} were settled{rest}"
