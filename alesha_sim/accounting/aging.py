"""Receivables, prepayments and payables by how long they are open: open items, and their sums by age."""

from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from alesha_sim.accounting import classification
from alesha_sim.accounting.journal_arrays import BEFORE, At, Ints, Journal
from alesha_sim.tables import running_balance
from alesha_sim.units import DAY, MICROSECONDS

if TYPE_CHECKING:
    from pandas import DataFrame

    from alesha_sim.results.result import Result


class OpenItems(NamedTuple):
    """What is open, one row for each part that was opened at once: `amount` is in minor units, `age` microseconds.

    `account` is a place in the journal's accounts; an amount is positive in the account's natural direction.
    """

    account: Ints
    order: Ints
    entry: Ints
    opened_at: Ints
    age: Ints
    amount: Ints


def open_items(journal: Journal, at: int) -> OpenItems:
    """Return the open items at an instant, account by account and order by order.

    What settles an order's item settles the oldest part first; items without an order are settled in their order
    of opening. What was settled before it was opened, since news overtook each other, is open with a minus.
    """
    places = journal.places(*classification.OPEN_ITEMS)
    places = places[journal.is_money[places]]
    sign = np.zeros(len(journal.accounts), np.int64)
    sign[places] = [journal.accounts[place].kind.sign for place in places.tolist()]
    rows = journal.touching(places, BEFORE, at)
    each = np.arange(len(rows.posted_at))
    account, both = np.concatenate((rows.debit, rows.credit)), np.concatenate((each, each))
    change = np.concatenate((rows.amount, -rows.amount)) * sign[account]
    kept = np.flatnonzero(change)
    order = np.lexsort((both[kept], rows.order[both[kept]], account[kept]))
    row, account, change = both[kept][order], account[kept][order], change[kept][order]
    left = _first_in_first_out(account, rows.order[row], change)
    rest = np.flatnonzero(left)
    row = row[rest]
    return OpenItems(
        account[rest], rows.order[row], rows.entry[row], rows.posted_at[row], at - rows.posted_at[row], left[rest]
    )


def _first_in_first_out(account: Ints, order: Ints, change: Ints) -> Ints:
    """Return what is left of each change after those of the other sign have used up the oldest ones.

    Rows of one account and order stand together, in the order of writing.
    """
    first = running_balance.begins(account, order)
    group = np.cumsum(first) - 1
    left = np.zeros(len(change), np.int64)
    for sign in (1, -1):
        opened = np.maximum(sign * change, 0)
        settled = np.zeros(len(np.flatnonzero(first)), np.int64)
        np.add.at(settled, group, np.maximum(-sign * change, 0))
        left += sign * np.clip(running_balance.running(opened, first) - settled[group], 0, opened)
    return left


def aging(result: "Result", at: At = None, days: Sequence[float] = (1, 7, 30, 90)) -> "DataFrame":
    """Return what is open at an instant by account and age, in major units.

    Columns `account, class` (receivable, prepayment, payable), `total`, and one column an interval of age: up to
    the first of `days`, up to the second, ..., above the last. The total is the account's balance. Raises
    ValueError for an instant outside the run, and for `days` that are not positive and increasing.
    """
    from pandas import DataFrame

    bounds = [float(day) for day in days]
    if not bounds or bounds[0] <= 0 or any(b <= a for a, b in pairwise(bounds)):
        raise ValueError(f"days: {list(days)}: must be positive and increasing")
    journal = Journal(result)
    items = open_items(journal, journal.instant(at))
    interval = np.searchsorted(np.array(bounds) * DAY * MICROSECONDS, items.age, side="left")
    names = [f"to {day:g} d" for day in bounds] + [f"over {bounds[-1]:g} d"]
    places = [place for place in journal.places(*classification.OPEN_ITEMS).tolist() if journal.is_money[place]]
    sums = np.zeros((len(places), len(names)), np.int64)
    np.add.at(sums, (np.searchsorted(places, items.account), interval), items.amount)
    accounts = [journal.accounts[place].name for place in places]
    return DataFrame(
        {
            "account": accounts,
            "class": [classification.OPEN_ITEMS[name] for name in accounts],
            "total": journal.money(sums.sum(axis=1)),
            **{name: journal.money(sums[:, n]) for n, name in enumerate(names)},
        }
    )
