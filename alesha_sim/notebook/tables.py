"""Ledgers, statements and summaries as a notebook shows them: by pandas' Styler, in the currency's format."""

import math
from collections.abc import Hashable
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import pandas as pd

from alesha_sim.plots.times import lasting

if TYPE_CHECKING:
    from pandas.io.formats.style import Styler

    from alesha_sim.results.result import Result
    from alesha_sim.units import Currency

AMOUNTS = frozenset(
    ("revenue", "refunds", "sales_returns", "bank_fees", "stranded_funds", "users_cash", "shop_cash",
    "supplier_cash",
     "shop_cash_min")
)  # fmt: skip
"""The figures of a summary that are money."""

SHARES = frozenset({"conversion_rate", "decline_rate"})
LOOK: list[Any] = [
    {"selector": "th", "props": "text-align: left; font-weight: 600"},
    {"selector": "caption", "props": "text-align: left; font-weight: 600; padding-bottom: 0.4em"},
]
NUMBERS = "text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap"


def style_ledger(result: "Result", book: str, order: int | None = None) -> "Styler":
    """Return the transfers of a book, or those of an order: money with its decimals, goods in units.

    Raises ValueError for an unknown book or order, ImportError where Jinja2 is missing.
    """
    rows = result.ledger(book)
    if order is not None:
        result.follow(order)  # refuses an unknown order
        rows = rows[rows["order"] == order]
    rows = rows.drop(columns=["transfer", "book"]).reset_index(drop=True)
    whose = "" if order is None else f", order {order}"
    title = f"{book.capitalize()}'s ledger{whose}: {len(rows):,} transfer{'s' * (len(rows) != 1)}"
    return style_statement(rows, result.scenario.currency, title)


def style_statement(frame: pd.DataFrame, currency: "Currency", title: str = "") -> "Styler":
    """Return a table whose columns of floats are amounts in major units, such as a statement or a trial balance.

    Where it has a column `commodity`, amounts of goods are units. Amounts below zero have a true minus, rows of
    totals are bold; what is missing stays empty. Raises ImportError where Jinja2 is missing.
    """
    if find_spec("jinja2") is None:
        raise ImportError('a styled table needs jinja2: python -m pip install "alesha-sim[notebook]"')
    amounts: list[Hashable] = [name for name in frame.columns if pd.api.types.is_float_dtype(frame[name])]
    texts = frame.astype(object)
    goods = (frame["commodity"] != currency.code) if "commodity" in frame else pd.Series(False, frame.index)
    for name in amounts:
        texts[name] = [_amount(value, currency, unit) for value, unit in zip(frame[name], goods, strict=True)]
    for name in frame.columns:
        if name not in amounts:
            texts[name] = [_text(value) for value in frame[name]]
    return _aligned(texts.style.set_caption(title), amounts).apply(_bold_totals, axis=1)


def _aligned(styled: "Styler", numbers: list[Hashable]) -> "Styler":
    """Align columns of numbers to the right, all others to the left."""
    right: dict[Any, Any] = {
        name: [{"selector": "th.col_heading", "props": "text-align: right"}] for name in numbers
    }
    styled = styled.hide(axis="index").set_table_styles(LOOK).set_table_styles(right, overwrite=False)
    styled = styled.format(escape="html").set_properties(None, **_properties("text-align: left"))
    return styled.set_properties(subset=numbers, **_properties(NUMBERS))


def style_summary(result: "Result") -> "Styler":
    """Return the figures of `Result.summary` as people write them: money, shares, durations and counts."""
    currency = result.scenario.currency
    rows = [(name.replace("_", " ").removesuffix(" seconds"), _figure(name, value, currency))
            for name, value in result.metrics().items()]  # fmt: skip
    table = pd.DataFrame(rows, columns=["metric", "value"])
    title = f"{result.scenario.name}, seed {result.seed}"
    return _aligned(style_statement(table, currency, title), ["value"])


def _properties(text: str) -> dict[str, Any]:
    """Read style properties, which pandas takes as keywords."""
    return dict(part.split(": ") for part in text.split("; "))


def _amount(value: float, currency: "Currency", is_goods: bool) -> str:
    if math.isnan(value):
        return ""
    return f"{value:,.{0 if is_goods else currency.decimals}f}".replace("-", "\N{MINUS SIGN}")


def _text(value: Any) -> str:
    if pd.isna(value):
        return ""
    if isinstance(value, pd.Timestamp):
        return value.isoformat(sep=" ", timespec="milliseconds")
    return str(value)


def _figure(name: str, value: float, currency: "Currency") -> str:
    if math.isnan(value):
        return "none"
    if name in AMOUNTS:
        return f"{_amount(value, currency, is_goods=False)} {currency.code}"
    if name in SHARES:
        return f"{100 * value:.3g}\N{NO-BREAK SPACE}%"
    return lasting(value) if name.endswith("_seconds") else f"{value:,}"


def _bold_totals(row: "pd.Series[Any]") -> list[str]:
    is_total = any(str(row.get(name, "")).lower().startswith("total") for name in ("section", "line", "account"))
    return ["font-weight: 600; border-top: 1px solid" if is_total else ""] * len(row)
