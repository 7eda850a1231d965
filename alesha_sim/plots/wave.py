"""The plot of what the tiers of a market order, one below the other: the wave that grows from tier to tier."""

from typing import TYPE_CHECKING

import numpy as np
from matplotlib.ticker import MaxNLocator

from alesha_sim.plots import style
from alesha_sim.units import MICROSECONDS

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from alesha_sim.results.result import Result


def wave(result: "Result", sku: str | None = None, *, ax: "Axes | None" = None) -> "Axes":
    """Plot how many units of a product each keeper of goods ordered from sample to sample, up to the horizon.

    The samples are those that `watch_weekly` of `alesha_sim.simulation.stock_levels` collects as the run goes;
    ValueError for a result without them, and for an unknown product. Left out, the first product is drawn.

    Draws into `ax`, or into a new figure of pyplot, which stays open for the caller to show or close.
    """
    samples = result.collected.get("stock")
    if samples is None:
        raise ValueError("stock: not collected: run with setup=watch_weekly of alesha_sim.simulation.stock_levels")
    skus = result.scenario.skus
    if sku is not None and sku not in skus:
        raise ValueError(f"sku: {sku!r}: must be one of {', '.join(skus)}")
    chosen, roles = skus[0] if sku is None else sku, result.scenario.roles
    ax = style.bare_axes(ax)
    start, horizon = np.datetime64(result.scenario.start, "us"), result.scenario.horizon
    samples = samples[samples["at"] <= start + np.timedelta64(round(horizon * MICROSECONDS), "us")]
    weeks = np.arange(1, len(samples))
    for name in roles:
        column = f"{name} {chosen} ordered"
        if column in samples:
            ordered = np.diff(samples[column].to_numpy())
            colour = style.colour_of(name, roles)
            ax.plot(weeks, ordered, color=colour, linewidth=1.3, drawstyle="steps-mid", label=name)
    ax.set_xlabel("week")
    ax.set_ylabel(f"units of {chosen} ordered")
    ax.yaxis.set_major_locator(MaxNLocator(integer=True))
    ax.legend(frameon=False)
    return ax
