"""The plot of everybody's deposit at the bank over time."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import numpy.typing as npt
from matplotlib.ticker import FuncFormatter

from alesha_sim.books.owners import owner_of, owners
from alesha_sim.columns import numbers, text_column
from alesha_sim.plots import style, times
from alesha_sim.results import time_series
from alesha_sim.units import MICROSECONDS, Currency

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from alesha_sim.results.result import Result

NAMES: Mapping[str, str] = {"users": "Users together", "shop": "Shop", "supplier": "Supplier"}


class Deposits(NamedTuple):
    """The deposits of users together, shop and supplier (one column each) in minor units.

    `changes[i]` is what they had changed by since the start from `seconds[i]` on; `opening` is what they were.
    """

    seconds: npt.NDArray[np.float64]
    changes: npt.NDArray[np.int64]
    opening: npt.NDArray[np.int64]


def balances(result: "Result", *, ax: "Axes | None" = None) -> "Axes":
    """Plot how the deposits at the bank of users together, shop and supplier changed, and name their ends.

    The axis counts changes since the start, in the currency, against simulated time. All users together have up
    to thousands of times what the shop has, so on an axis of balances the shop's line would lie flat on the
    ground; panels of their own would need a scale each, and could not share the caller's `ax`. The changes have
    one size, since what users pay is what shop and supplier get: the lines add up to zero unless money comes in
    from outside. What the deposits were and became stands at the end of each line. Time ends shortly after the
    last change, because a run goes on until the goods have arrived, long after the money has.

    Draws into `ax`, or into a new figure of pyplot, which stays open for the caller to show or close.
    """
    ax = style.bare_axes(ax)
    deposits, currency = deposits_over_time(result), result.scenario.currency
    seconds = times.shown_until(result, float(deposits.seconds[-1]))
    time = times.time_unit(seconds)
    money, money_name = style.axis_unit(int(np.abs(deposits.changes).max()), currency)
    ends_at = seconds / time.seconds
    roles = result.scenario.roles
    names = {owner: NAMES.get(owner, owner) for owner in owners(roles)}
    if result.scenario.users.count == 1:
        names["users"] = "User"
    ax.plot((0, ends_at), (0, 0), color=style.GREY, linewidth=0.6, zorder=1)
    for column, owner in enumerate(names):
        role = roles[owner]
        ax.plot(
            np.append(deposits.seconds / time.seconds, ends_at),
            np.append(deposits.changes[:, column], deposits.changes[-1, column]) / money,
            drawstyle="steps-post",
            color=style.colour_of(owner, roles),
            linestyle=style.LINE_STYLES[role],
            linewidth=style.LINE_WIDTHS[role],
            zorder=3 - style.LINE_WIDTHS[role] / 10,
            label=names[owner],
        )
    times.set_time_axis(ax, result, time, ends_at)
    ax.set_ylabel(f"Change of deposits at the bank ({money_name})")
    ax.yaxis.set_major_formatter(FuncFormatter(lambda value, _: style.signed(value)))
    ax.margins(y=0.09)
    if not deposits.changes.any():
        ax.set(ylim=(-1, 1), yticks=(0,))
    style.caption(ax, _finding(deposits, list(names), roles, currency), result, _remark(result, seconds))
    style.lay_out(ax)
    style.label_ends(ax, _labels(deposits, names, money, result), ends_at)
    return ax


def deposits_over_time(result: "Result") -> Deposits:
    """Return the deposits of a result; the first row is the start, when nothing has changed yet."""
    roles = result.scenario.roles
    course = time_series.balances(result.source.batches("transfers", time_series.BALANCES), None, roles)
    accounts = result.columns("accounts")
    names = text_column(accounts, "account")
    whose = np.array([*(owner_of(name, roles) for name in names.labels), ""])[names.codes]
    opened = numbers(accounts, "opening")
    opening = np.array([opened[whose == owner].sum() for owner in owners(roles)], np.int64)
    seconds = np.concatenate(([0.0], course.at / MICROSECONDS))
    changes = np.concatenate((np.zeros((1, len(opening)), np.int64), course.values - opening))
    return Deposits(seconds, changes, opening)


def _labels(deposits: Deposits, names: Mapping[str, str], money: float, result: "Result") -> list[style.EndLabel]:
    """Return what stands at the ends: whose line it is and its change, below it the deposit before and after."""
    labels, currency, roles = [], result.scenario.currency, result.scenario.roles
    for owner, before, change in zip(names, deposits.opening.tolist(), deposits.changes[-1].tolist(), strict=True):
        head = f"{names[owner]} {style.change(change, currency) if change else 'unchanged'}"
        was = f"{style.amount(before, currency)} \N{RIGHTWARDS ARROW} " if change else ""
        foot = f"{was}{style.amount(before + change, currency)} {currency.code}"
        labels.append(style.EndLabel(style.colour_of(owner, roles), change / money, head, foot))
    return labels


def _finding(deposits: Deposits, owners: list[str], roles: Mapping[str, str], currency: Currency) -> str:
    """Return the title: how the shop ends, and how much that is above or below its start; of several the best."""
    shops = [place for place, owner in enumerate(owners) if roles[owner] == "shop"]
    if len(shops) > 1:
        gains = [int(deposits.changes[-1, place]) for place in shops]
        best = gains.index(max(gains))
        text = style.amount(gains[best], currency)
        return f"{owners[shops[best]]} gains most of {len(shops)} shops: {text} {currency.code}"
    shop = shops[0]
    change = int(deposits.changes[-1, shop])
    closing = f"{style.amount(int(deposits.opening[shop]) + change, currency)} {currency.code}"
    if not deposits.changes.any():
        return f"Nobody's deposit changes: the shop stays at {closing}"
    if change == 0:
        return f"Shop ends at {closing}, as it began"
    return f"Shop ends at {closing}, {'up' if change > 0 else 'down'} {style.amount(abs(change), currency)}"


def _remark(result: "Result", shown: float) -> str:
    """Return what the time axis leaves out: how long the run went on without any payment."""
    if result.ended_at <= shown:
        return ""
    unit = times.time_unit(result.ended_at)
    return (
        f"No deposit changes later; the run ends after {result.ended_at / unit.seconds:,.3g} {unit.name.lower()}."
    )
