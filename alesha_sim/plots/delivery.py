"""The plot of the time from order to delivery, with orders that are still open."""

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import numpy.typing as npt
from matplotlib.ticker import PercentFormatter

from alesha_sim.columns import MISSING_TIME, isin, numbers, text_column
from alesha_sim.numeric.counts import bincount
from alesha_sim.plots import style, times
from alesha_sim.units import MICROSECONDS, microseconds

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from alesha_sim.results.result import Result

Seconds = npt.NDArray[np.float64]
TAKEN_ON = ("processing", "on_the_way", "completed", "returned", "in_doubt")
QUANTILES = ((0.5, "half of the orders"), (0.9, "nine of ten orders"))


class Deliveries(NamedTuple):
    """How many seconds after they were placed orders were delivered, cancelled, or still open at the end.

    `share[i]` of all orders are delivered within `seconds[i]`, by the estimate of Aalen and Johansen (1978): what
    is still open counts as long as it was seen, and cancellation competes with delivery. Without open orders it is
    the empirical distribution, without cancelled ones the complement of Kaplan and Meier's estimate.
    """

    delivered: Seconds
    cancelled: Seconds
    open: Seconds
    seconds: Seconds
    share: Seconds


def delivery_times(result: "Result", *, ax: "Axes | None" = None) -> "Axes":
    """Plot which share of orders is delivered within which time, orders still open at the end marked as such.

    Counted are orders that users paid or the supplier accepted; a delivery is when the shop knows of it.

    Draws into `ax`, or into a new figure of pyplot, which stays open for the caller to show or close.
    """
    ax = style.bare_axes(ax)
    found = deliveries(result)
    last = max((float(part.max(initial=0)) for part in found[:3]), default=0.0)
    unit = times.time_unit(last)
    ends_at = (last * times.TAIL or 1) / unit.seconds
    at = np.concatenate(([0.0], found.seconds / unit.seconds))
    share = np.concatenate(([0.0], found.share))
    until = (last or unit.seconds) / unit.seconds
    ax.plot(
        np.append(at, until),
        np.append(share, share[-1]),
        drawstyle="steps-post",
        linewidth=2,
        color=style.COLOURS["users"],
    )
    open_at = np.sort(found.open) / unit.seconds
    ax.plot(
        open_at,
        share[np.searchsorted(at, open_at, side="right") - 1],
        "|",
        color=style.DARK,
        markersize=9,
        markeredgewidth=1,
        label="open orders",
    )
    ax.set(xlim=(0, ends_at), ylim=(0, 1.04))
    ax.yaxis.set_major_formatter(PercentFormatter(1, decimals=0, symbol="\N{NO-BREAK SPACE}%"))
    ax.set_ylabel("Share of orders delivered")
    ax.set_xlabel(f"{unit.name} since the order", loc="left")
    times.set_ticks(ax, unit, ends_at)
    style.caption(ax, _finding(found), result, _remark(found))
    style.lay_out(ax)
    _mark_quantiles(ax, found, unit)
    return ax


def deliveries(result: "Result") -> Deliveries:
    """Return the times of users' orders."""
    orders = result.columns("orders")
    status = text_column(orders, "status")
    placed, delivered, closed = (numbers(orders, name) for name in ("placed_at", "delivered_at", "closed_at"))
    taken = isin(status, TAKEN_ON)
    for name in ("paid_at", "accepted_at"):
        taken |= numbers(orders, name) != MISSING_TIME
    arrived = taken & (delivered != MISSING_TIME)
    ended = taken & ~arrived & isin(status, ("cancelled", "declined", "returned")) & (closed != MISSING_TIME)
    still = taken & ~arrived & ~ended
    end = np.full(len(placed), microseconds(result.ended_at))
    spans = [
        (when[rows] - placed[rows]) / MICROSECONDS
        for when, rows in ((delivered, arrived), (closed, ended), (end, still))
    ]
    return Deliveries(spans[0], spans[1], spans[2], *cumulative_incidence(*spans))


def cumulative_incidence(events: Seconds, competing: Seconds, censored: Seconds) -> tuple[Seconds, Seconds]:
    """Return the instants of events and, from each on, the estimated share that has had the event.

    At one instant events come before censoring. Estimate: Aalen and Johansen (1978), Scandinavian Journal of
    Statistics 5, 141-150.
    """
    instants = np.unique(np.concatenate((events, competing)))
    ends = np.sort(np.concatenate((events, competing, censored)))
    at_risk = len(ends) - np.searchsorted(ends, instants, side="left")
    happened, competed = (_count(spans, instants) for spans in (events, competing))
    left = np.cumprod(1 - (happened + competed) / at_risk)
    before = np.concatenate(([1.0], left[:-1]))[: len(instants)]
    return instants, np.cumsum(before * happened / at_risk)


def _count(spans: Seconds, instants: Seconds) -> npt.NDArray[np.int64]:
    """Return how many spans end at each instant."""
    return bincount(np.searchsorted(instants, spans), minlength=len(instants))


def _quantile(found: Deliveries, share: float) -> float | None:
    """Return the seconds within which a share of orders is delivered; None if so many never are."""
    # A share is a product of ratios, so that it may miss a round number by a hair.
    place = int(np.searchsorted(found.share, share - 1e-9))
    return float(found.seconds[place]) if place < len(found.seconds) else None


def _mark_quantiles(ax: "Axes", found: Deliveries, unit: times.TimeUnit) -> None:
    """Lead from the axes to where half and nine of ten are delivered."""
    if len(found.delivered) < 3:
        return
    for share, _ in QUANTILES:
        seconds = _quantile(found, share)
        if seconds is not None:
            x = seconds / unit.seconds
            ax.plot((0, x, x), (share, share, 0), color=style.GREY, linewidth=0.8, linestyle=":", zorder=0)


def _finding(found: Deliveries) -> str:
    """Return the title: within which time half and nine of ten orders are delivered."""
    orders = sum(map(len, found[:3]))
    if not orders:
        return "No order was paid or accepted"
    if not len(found.delivered):
        return f"None of {orders:,} orders is delivered" if orders > 1 else "The only order is not delivered"
    if orders == 1:
        return f"The only order is delivered after {times.lasting(float(found.delivered[0]))}"
    told = [(name, _quantile(found, share)) for share, name in QUANTILES]
    unit = times.time_unit(max(found.delivered))
    parts = [f"{name} within {times.lasting(seconds, unit)}" for name, seconds in told if seconds is not None]
    if not parts:
        return f"Only {found.share[-1]:.0%} of the orders are delivered".replace("%", "\N{NO-BREAK SPACE}%")
    if len({part.partition(" within ")[2] for part in parts}) < len(parts):
        parts = parts[-1:]  # half and nine of ten within one time: the larger share says it all
    first = parts[0].replace(" within", " are delivered within")
    return ", ".join([f"{first[0].upper()}{first[1:]}", *(part.replace(" orders", "") for part in parts[1:])])


def _remark(found: Deliveries) -> str:
    counts = (
        (len(found.delivered), "delivered"),
        (len(found.cancelled), "cancelled"),
        (len(found.open), "still open"),
    )
    told = ", ".join(f"{count:,} {name}" for count, name in counts if count)
    estimate = ", marked by ticks (Aalen-Johansen estimate)" if len(found.open) else ""
    return f"Orders: {told}{estimate}." if told else ""
