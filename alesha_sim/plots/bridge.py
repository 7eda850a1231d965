"""The plot of what changed a deposit at the bank from its opening to its closing balance."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from matplotlib.ticker import FuncFormatter, MaxNLocator

from alesha_sim.books.accounts import CODES
from alesha_sim.books.owners import depositor, owner_of, owners
from alesha_sim.columns import equals, isin, numbers, text_column
from alesha_sim.plots import style
from alesha_sim.tables import running_balance
from alesha_sim.units import Currency

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from alesha_sim.results.result import Result

WORDS: Mapping[str, str] = {
    "income": "Income from outside", "pending": "Holds", "void": "Holds released", "payment": "Payments",
    "fee": "Bank's fees", "retention": "Kept in reserve", "settlement": "Settlements", "refund": "Refunds",
    "release": "Reserve released", "charges": "Supplier's charges", "charges-return": "Charges returned",
    "collection": "Paid at the door", "remittance": "Remitted by courier",
}  # fmt: skip
PAD = 5.0  # points between a bar and its amount
LEAST_SHARE = 0.25  # of the axis from zero that the changes must take; else the axis is cut


class Bridge(NamedTuple):
    """An entity's deposits in minor units: at the start, changes by code, at the end.

    What came in stands first, each part in the order of the posting rules, so that no level on the way is below
    zero.
    """

    opening: int
    changes: Mapping[str, int]
    closing: int


def cash_bridge(result: "Result", entity: str | None = None, *, ax: "Axes | None" = None) -> "Axes":
    """Plot how an entity's deposit came from its opening to its closing balance, one bar a code of transfer.

    `entity` is `shop`, `supplier`, or the name of a firm of a market, `users` (all together) or one such as
    `user:17`; left out, the shop, in a market the first one. ValueError for another. What came in is solid, what
    went out hatched. Where the changes are small beside the balances, the axis does not begin at zero, and the
    footnote says so.

    Draws into `ax`, or into a new figure of pyplot, which stays open for the caller to show or close.
    """
    entity = owners(result.scenario.roles)[1] if entity is None else entity
    bridge, currency = bridge_of(result, entity), result.scenario.currency
    ax = style.bare_axes(ax)
    bars = _bars(bridge, currency)
    low = _lowest(bars)
    unit, unit_name = style.axis_unit(max(max(bar.begin, bar.end) for bar in bars), currency)
    roles = result.scenario.roles
    colour = style.colour_of(entity, roles) if entity in roles else style.COLOURS["users"]
    for row, bar in enumerate(bars):
        left, right = sorted((bar.begin or low if bar.is_total else bar.begin, bar.end))
        out = not bar.is_total and bar.end < bar.begin
        ax.barh(
            row, (right - left) / unit, 0.62, left / unit, edgecolor=colour, linewidth=1,
            color="white" if out else colour if bar.is_total else style.tint(colour, 0.5),
            hatch="////" if out else None,
        )  # fmt: skip
        if row + 1 < len(bars):
            ax.plot((bar.end / unit,) * 2, (row, row + 1), color=style.GREY, linewidth=0.7, zorder=0)
    ax.set(ylim=(len(bars) - 0.4, -0.6))
    ax.set_yticks(range(len(bars)), [bar.name for bar in bars])
    ax.tick_params(axis="y", length=0)
    ax.set_xlabel(f"Deposit at the bank ({unit_name})", loc="left")
    ax.xaxis.set_major_locator(MaxNLocator(5))
    ax.xaxis.set_major_formatter(FuncFormatter(lambda value, _: style.grouped(value)))
    cut = "The axis does not begin at zero." if low else ""
    style.caption(ax, _finding(bridge, entity, currency), result, cut)
    style.lay_out(ax)
    _write_amounts(ax, bars, low / unit, unit)
    return ax


def bridge_of(result: "Result", entity: str) -> Bridge:
    """Return what changed an entity's deposits; ValueError for who has none. Openings are no changes."""
    accounts, transfers = result.columns("accounts"), result.columns("transfers")
    names = text_column(accounts, "account")
    roles = result.scenario.roles
    mine = [name for name in names.labels if entity in (owner_of(name, roles), depositor(name, roles))]
    if not mine:
        last = result.scenario.users.count - 1
        raise ValueError(f"entity {entity}: must be {', '.join(owners(roles))}, or user:0 to user:{last}")
    held = isin(names, mine)
    rows, change = running_balance.changes(transfers, mine)
    codes = text_column(transfers, "code")
    changes = {}
    for code in CODES[1:]:
        wanted = equals(codes, code)[rows]
        if np.any(wanted):
            changes[code] = -int(change[wanted].sum())
    opening, closing = (int(numbers(accounts, name)[held].sum()) for name in ("opening", "closing"))
    ordered = dict(sorted(changes.items(), key=lambda item: item[1] < 0))  # keeps the order of equals
    return Bridge(opening, ordered, closing)


class _Bar(NamedTuple):
    name: str
    begin: int
    end: int
    text: str
    is_total: bool


def _bars(bridge: Bridge, currency: Currency) -> list[_Bar]:
    bars = [_Bar("Opening balance", 0, bridge.opening, style.amount(bridge.opening, currency), is_total=True)]
    at = bridge.opening
    for code, change in bridge.changes.items():
        bars.append(_Bar(_word(code), at, at + change, style.change(change, currency), is_total=False))
        at += change
    closing = style.amount(bridge.closing, currency)
    return [*bars, _Bar("Closing balance", 0, bridge.closing, closing, is_total=True)]


def _word(code: str) -> str:
    return WORDS.get(code, code.replace("-", " ").capitalize())


def _lowest(bars: list[_Bar]) -> float:
    """Return where the axis begins: at zero, or below the changes where they would be too small to see."""
    levels = [bar.end for bar in bars]
    low, high = min(levels), max(levels)
    if high == low or low <= 0 or high - low >= LEAST_SHARE * high:
        return 0.0
    return low - 0.25 * (high - low)


def _write_amounts(ax: "Axes", bars: list[_Bar], low: float, unit: float) -> None:
    """Write each bar's amount to its right, and widen the axis until all of them are inside."""
    width, _ = style.size_in_points(ax)
    ends, right = [max(bar.begin, bar.end) / unit for bar in bars], low
    for row, (bar, end) in enumerate(zip(bars, ends, strict=True)):
        text = ax.annotate(
            bar.text, (end, row), (PAD, 0), textcoords="offset points", va="center", color=style.DARK,
            fontweight="bold" if bar.is_total else "normal",
        )  # fmt: skip
        share = min((style.width_in_points(text) + 2 * PAD) / width, 0.7)
        right = max(right, low + (end - low) / (1 - share))
    ax.set_xlim(low, right if right > low else low + 1)
    ax.spines["left"].set_visible(low == 0)


def _finding(bridge: Bridge, entity: str, currency: Currency) -> str:
    """Return the title: by how much the deposit changed, and what brought and took most."""
    name = {"users": "Users'"}.get(entity, entity if entity.startswith("user:") else f"{entity.capitalize()}'s")
    changed = bridge.closing - bridge.opening
    if not any(bridge.changes.values()):
        return f"{name} cash stays at {style.amount(bridge.closing, currency)} {currency.code}"
    verb = "grows by" if changed > 0 else "falls by" if changed else "ends as it began"
    by = f" {style.amount(abs(changed), currency)} {currency.code}" if changed else ""
    most = [max(bridge.changes.items(), key=lambda item: item[1]), min(bridge.changes.items(), key=lambda i: i[1])]
    told = [(code, change) for code, change in dict(most).items() if change]
    parts = ", ".join(f"{_word(code).lower()} {style.change(change, currency)}" for code, change in told)
    return f"{name} cash {verb}{by}: {parts}"
