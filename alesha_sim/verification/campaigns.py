"""What becomes of prepaid campaigns under each rule, beside what the press reported of one.

Amounts are scaled up to full size, in crore (ten million) Tk. Which reports, and how certain they are, stands in
the scenario's own docstring.
"""

from typing import NamedTuple

import numpy as np

from alesha_sim.books.accounts import Account
from alesha_sim.columns import MISSING_TIME, equals, numbers, text_column
from alesha_sim.results.result import Result
from alesha_sim.scenarios.library.prepaid_campaigns import CRORE, LAST_WAVE, WAVES
from alesha_sim.units import DAY, MICROSECONDS

RULES = {
    "none": {"rule": "none"},
    "escrow of day 180": {"rule": "escrow", "rule_from": 180},
    "escrow": {"rule": "escrow"},
    "guidelines": {"rule": "guidelines"},
    "advance of 10 %": {"rule": "advance"},
}
"""The rules by name, as knobs of `prepaid_campaigns`."""

REPORT_DAY, HALF_YEAR = 194.0, 181.0
"""14 July and 1 July 2021, in days from 1 January."""

REPORTED = {
    "turnover of the first half-year, crore Tk": (1100.0, 1400.0),
    "prepaid in the last wave, crore Tk": (658.0, 658.0),
    "last wave delivered by 14 July": (0.0, 0.0),
    "money stranded, crore Tk": (258.0, 300.0),
    "customers stranded": (7000.0, 7000.0),
}
"""The least and the most that was reported."""


class Outcome(NamedTuple):
    """What became of a run; amounts in crore Tk at full size, shares from 0 to 1."""

    turnover: float
    prepaid_last: float
    delivered_last: float
    delivered: tuple[float, ...]
    short_from: float
    stranded: float
    customers: int
    recovered: float

    def metrics(self) -> dict[str, float]:
        """Return the figures that were reported too, by the names in `REPORTED`."""
        return dict(zip(REPORTED, (*self[:3], self.stranded, float(self.customers)), strict=True))


def outcome(result: Result) -> Outcome:
    """Return what became of a run of `prepaid_campaigns`.

    `delivered`: share of each wave's paid orders delivered in the end; `short_from`: the first day on which an
    order was paid whose charges the shop could not pay within a day (NaN: never); `customers`: users with money
    stranded, at full size; `recovered`: of the money for goods that never came, the share that users got back
    (NaN: none).
    """
    size = LAST_WAVE / result.scenario.demand.waves[-1].visits  # type: ignore[union-attr]
    orders = result.columns("orders")
    placed, paid, delivered = (_days(numbers(orders, name)) for name in ("placed_at", "paid_at", "delivered_at"))
    scale = result.scenario.currency.scale * CRORE / size
    wave = np.searchsorted([day for day, _ in WAVES], placed, side="right") - 1
    advance = numbers(orders, "advance")
    is_paid = ~np.isnan(paid)
    lost, back = _lost(result, len(placed))
    last = wave == len(WAVES) - 1
    return Outcome(
        turnover=float(advance[is_paid & (paid < HALF_YEAR)].sum()) / scale,
        prepaid_last=float(advance[is_paid & last].sum()) / scale,
        delivered_last=_share(delivered[last & is_paid] < REPORT_DAY),
        delivered=tuple(_share(~np.isnan(delivered[is_paid & (wave == n)])) for n in range(len(WAVES))),
        short_from=_short_from(result, paid),
        stranded=float(lost.sum()) / scale,
        customers=round(len(np.unique(numbers(orders, "user")[lost > 0])) * size),
        recovered=float(back.sum() / (back.sum() + lost.sum())) if back.any() or lost.any() else float("nan"),
    )


def _lost(result: Result, orders: int) -> tuple[np.ndarray, np.ndarray]:
    """Return by order what its user has paid and got neither goods nor money for, and what came back."""
    transfers = result.columns("transfers")
    order, amount = numbers(transfers, "order"), numbers(transfers, "amount")
    lost, back = np.zeros(orders + 1, np.int64), np.zeros(orders + 1, np.int64)
    debit, credit = (equals(text_column(transfers, side), Account.USERS_ADVANCES) for side in ("debit", "credit"))
    np.add.at(lost, order[debit], amount[debit])
    np.subtract.at(lost, order[credit], amount[credit])
    refunds = equals(text_column(transfers, "book"), "bank") & equals(text_column(transfers, "code"), "refund")
    np.add.at(back, order[refunds], amount[refunds])
    return lost[1:], back[1:]


def _short_from(result: Result, paid: np.ndarray) -> float:
    """Return the first day on which an order was paid whose charges had to wait for more than a day."""
    transfers = result.columns("transfers")
    charges = equals(text_column(transfers, "book"), "bank") & equals(text_column(transfers, "code"), "charges")
    bought = np.full(len(paid) + 1, np.inf)
    bought[numbers(transfers, "order")[charges]] = _days(numbers(transfers, "posted_at")[charges])
    waited = paid[bought[1:] - paid > 1]
    return float(waited.min()) if waited.size else float("nan")


def _days(instants: np.ndarray) -> np.ndarray:
    return np.where(instants == MISSING_TIME, np.nan, instants / (DAY * MICROSECONDS))


def _share(holds: np.ndarray) -> float:
    return float(holds.mean()) if holds.size else float("nan")
