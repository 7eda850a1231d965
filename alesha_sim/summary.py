"""The named figures of a result and the text that shows them. Only arithmetic on tables; no pandas here."""

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from alesha_sim.records import MISSING_TIME, Columns
from alesha_sim.tables import among, coded, equals, numbers
from alesha_sim.units import MICROSECONDS, Currency

OPEN = ("received", "processing", "on_the_way", "in_doubt")
DEPOSITS = "bank:deposits:"
OWNERS = ("users", "shop", "supplier")
FIGURES = (
    "visits", "registered_users", "orders", "completed", "declined", "cancelled", "returned", "open_orders",
    "units", "revenue", "refunds", "conversion", "decline_rate", "users_cash", "shop_cash", "supplier_cash",
    "shop_cash_min", "mean_delivery_seconds", "mean_bank_wait_seconds", "mean_shop_wait_seconds", "messages",
    "messages_lost", "returns", "fees", "units_lost", "stranded", "stranded_orders",
)  # fmt: skip
"""The names of what `figures` returns, so that a wrong one is known before anything runs."""


def figures(tables: Mapping[str, Columns], currency: Currency) -> dict[str, float]:
    """Return the named figures of a result: counts, amounts in major units, durations in seconds.

    - `visits`, `messages`: rows of these tables; `messages_lost`: those whose fate is `lost`. `orders`: rows of
      this table that are users'; what the shop orders for its stock counts in no figure of orders.
    - `registered_users`: users whom the shop registered.
    - `completed`, `declined`, `cancelled`, `returned`: orders in this status; `open_orders`: in one before these.
    - `units`: units that users received. `revenue`: price of goods delivered less what was given back for
      returns, as the shop's book has it (`shop:sales` less `shop:sales-returns`).
    - `refunds`: money that the bank moved back to users. `returns`: price given back for goods sent back.
    - `fees`: what the bank earned. `units_lost`: units that supplier or shop lost, replaced or wrote off.
    - `stranded`: money that users have paid, as far as they know, and have neither goods nor money for;
      `stranded_orders`: how many orders it is in.
    - `conversion`: orders per visit. `decline_rate`: declined orders per order.
    - `users_cash`, `shop_cash`, `supplier_cash`: deposits at the end, of all users together; `shop_cash_min`: the
      least that the shop's deposit was at any time.
    - `mean_delivery_seconds`: from an order's placing until the shop knows that it was delivered.
    - `mean_bank_wait_seconds`, `mean_shop_wait_seconds`: how long requests that were served, and notices that
      were read, had waited for a worker.

    A figure with nothing to divide by or to average is NaN.
    """
    orders, visits, messages = tables["orders"], tables["visits"], tables["messages"]
    mine = ~equals(coded(orders, "payment_method"), "replenishment")
    placed, arrived = _rows(mine), len(numbers(visits, "visit"))
    statuses = {
        status: _rows(mine & equals(coded(orders, "status"), status))
        for status in ("completed", "declined", "cancelled", "returned")
    }
    cash = {f"{owner}_cash": amount for owner, amount in deposits(tables, currency).items()}
    scale = currency.scale
    stranded = _stranded(tables["transfers"])
    return {
        "visits": arrived,
        "registered_users": _rows(numbers(tables["users"], "registered_at") != MISSING_TIME),
        "orders": placed,
        **statuses,
        "open_orders": _rows(mine & among(coded(orders, "status"), OPEN)),
        "units": _units(tables["transfers"]),
        "revenue": _revenue(tables["accounts"]) / scale,
        "refunds": _refunds(tables["transfers"]) / scale,
        "conversion": _ratio(placed, arrived),
        "decline_rate": _ratio(statuses["declined"], placed),
        **cash,
        "shop_cash_min": _least(tables, DEPOSITS + "shop") / scale,
        "mean_delivery_seconds": _mean_seconds(
            numbers(orders, "placed_at")[mine], numbers(orders, "delivered_at")[mine]
        ),
        "mean_bank_wait_seconds": _mean_wait(messages, "bank"),
        "mean_shop_wait_seconds": _mean_wait(messages, "shop"),
        "messages": len(numbers(messages, "message")),
        "messages_lost": _rows(equals(coded(messages, "fate"), "lost")),
        "returns": _moved(tables["transfers"], "shop:sales-returns", "return") / scale,
        "fees": _closing(tables["accounts"], "bank:fees") / scale,
        "units_lost": _lost(tables["transfers"], currency),
        "stranded": int(stranded.sum()) / scale,
        "stranded_orders": _rows(stranded > 0),
    }


def deposits(tables: Mapping[str, Columns], currency: Currency) -> dict[str, float]:
    """Return the deposits at the end of all users together, the shop and the supplier, in major units."""
    accounts = tables["accounts"]
    names, closing = coded(accounts, "account"), numbers(accounts, "closing")
    totals = dict.fromkeys(OWNERS, 0)
    # Of an account there is one row, so this takes a pass over the rows and none over the labels for each owner.
    for code, amount in zip(names.codes.tolist(), closing.tolist(), strict=True):
        owner = owner_of(names.labels[code])
        if owner in totals:
            totals[owner] += amount
    return {owner: total / currency.scale for owner, total in totals.items()}


def owner_of(account: str) -> str:
    """Return whose deposit an account is: `users` (of any user), `shop`, `supplier`; "" if it is none."""
    owner = account.removeprefix(DEPOSITS)
    if owner == account:
        return ""
    return "users" if owner.startswith("user:") else owner


def _rows(mask: npt.NDArray[np.bool_]) -> int:
    return int(np.count_nonzero(mask))


def _ratio(part: float, whole: float) -> float:
    return part / whole if whole else float("nan")


def _mean_seconds(begin: npt.NDArray[np.int64], end: npt.NDArray[np.int64]) -> float:
    """Return the mean of the durations that have both ends."""
    both = (begin != MISSING_TIME) & (end != MISSING_TIME)
    return _ratio(float((end[both] - begin[both]).sum(dtype=np.float64)) / MICROSECONDS, _rows(both))


def _mean_wait(messages: Columns, recipient: str) -> float:
    mine = equals(coded(messages, "recipient"), recipient)
    return _mean_seconds(numbers(messages, "delivered_at")[mine], numbers(messages, "started_at")[mine])


def _units(transfers: Columns) -> int:
    received = equals(coded(transfers, "book"), "users") & equals(coded(transfers, "code"), "deliver")
    return int(numbers(transfers, "amount")[received].sum())


def _refunds(transfers: Columns) -> float:
    back = equals(coded(transfers, "book"), "bank") & equals(coded(transfers, "code"), "refund")
    # The same money can come back more than once, so that the sum alone may pass 64 bits.
    return float(numbers(transfers, "amount")[back].sum(dtype=np.float64))


def _revenue(accounts: Columns) -> int:
    """Return sales less sales returns: both are income accounts, the second one with a debit balance."""
    return _closing(accounts, "shop:sales", "shop:sales-returns")


def _closing(accounts: Columns, *names: str) -> int:
    return int(numbers(accounts, "closing")[among(coded(accounts, "account"), names)].sum())


def _moved(transfers: Columns, account: str, code: str) -> float:
    """Return what was debited to an account under a code."""
    rows = equals(coded(transfers, "debit"), account) & equals(coded(transfers, "code"), code)
    return float(numbers(transfers, "amount")[rows].sum(dtype=np.float64))


def _lost(transfers: Columns, currency: Currency) -> int:
    """Return the units in the losses of supplier and shop."""
    lost = among(coded(transfers, "debit"), ["supplier:losses", "shop:losses"])
    lost &= ~equals(coded(transfers, "commodity"), currency.code)
    return int(numbers(transfers, "amount")[lost].sum())


def _stranded(transfers: Columns) -> npt.NDArray[np.int64]:
    """Return by order what its user has paid, as far as the user knows, beyond goods and refunds."""
    order, amount = numbers(transfers, "order"), numbers(transfers, "amount")
    advances = np.zeros(int(order.max(initial=0)) + 1, np.int64)
    for side, sign in (("debit", 1), ("credit", -1)):
        rows = equals(coded(transfers, side), "users:advances")
        np.add.at(advances, order[rows], sign * amount[rows])
    return np.maximum(advances, 0)


def _least(tables: Mapping[str, Columns], account: str) -> int:
    """Return the least balance that a liability account had at any time, its opening balance included."""
    accounts, transfers = tables["accounts"], tables["transfers"]
    opening = int(numbers(accounts, "opening")[equals(coded(accounts, "account"), account)].sum())
    paid = equals(coded(transfers, "debit"), account)
    touched = (paid | equals(coded(transfers, "credit"), account)) & ~equals(coded(transfers, "code"), "opening")
    changes = np.where(paid, -numbers(transfers, "amount"), numbers(transfers, "amount"))[touched]
    return opening + int(np.cumsum(changes).min(initial=0))
