"""What must hold before rows can be compared at all: they name what there is, and are numbered as they say (L0).

Each table is read by itself, so any part of it will do.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from alesha_sim.audit.evidence import Evidence
from alesha_sim.audit.findings import Findings
from alesha_sim.audit.reading import Ints
from alesha_sim.audit.register import Register
from alesha_sim.columns import numbers
from alesha_sim.tables.every_order import KINDS
from alesha_sim.tables.source import Source


class Sizes(NamedTuple):
    """How many transfers there are, orders of users and organisations together, and users."""

    transfers: int
    orders: int
    users: int

    @property
    def entries(self) -> int:
        """The highest number of an entry that can be right.

        One is allotted for each opening and each later entry; far more of them can only be a wrong number.
        """
        return 1000 + 2 * self.users + 4 * self.transfers


def check_accounts(register: Register, findings: Findings) -> None:
    """L0: every account is one of the chart, of a known commodity and book."""
    r = register
    findings.add(
        0,
        (r.role < 0) | (r.commodity < 0) | (r.book < 0),
        lambda account: f"{r.name(account)}: not in the chart of accounts",
    )


def check_transfers(evidence: Evidence, findings: Findings, sizes: Sizes) -> None:
    """L0: every transfer names accounts, a book, a code, an order and an entry that there are."""
    e = evidence
    rows = e.row_number
    unreadable = (e.debit < 0) | (e.credit < 0) | (e.book < 0) | (e.code < 0)
    findings.add(0, unreadable, lambda row: f"unknown account, book or code: {e.row_name(row)}", rows)
    findings.add(
        0,
        (e.order_number < 0) | (e.order_number > sizes.orders),
        lambda row: f"there is no such order: {e.row_name(row)}",
        rows,
    )
    findings.add(
        0,
        (e.entry_number < 1) | (e.entry_number > sizes.entries),
        lambda row: f"no such entry: {e.row_name(row)}",
        rows,
    )


def check_numbers(source: Source, findings: Findings, sizes: Sizes) -> None:
    """L0: orders and purchases are numbered from 1 together, each table in the order of its rows."""
    is_taken = np.zeros(sizes.orders + 1, np.bool_)
    for part, table in enumerate(KINDS):
        first = last = 0
        for batch in source.batches(table, ["order"]):
            found = numbers(batch, "order")
            wrong = (found <= np.append(last, found[:-1])) | (found > sizes.orders)
            wrong[~wrong] = is_taken[found[~wrong]]
            is_taken[found[~wrong]] = True
            findings.begin(2, part)
            findings.add(0, wrong, _misnumbered(table, first, found, sizes.orders), first + np.arange(len(found)))
            first, last = first + len(found), found[-1] if len(found) else last


def _misnumbered(table: str, first: int, found: Ints, orders: int) -> Callable[[int], str]:
    """Return what describes a wrong number in a batch that begins at row `first`."""
    rule = f"must be from 1 to {orders}, above the one before, and of no other order"
    return lambda place: f"row {first + place} of {table} has number {found[place]}, {rule}"


def check_orders(evidence: Evidence, findings: Findings, sizes: Sizes) -> None:
    """L0: orders are a known user's unless an organisation buys, and say who sells."""
    e = evidence
    findings.add(
        0,
        (e.orders > 0) & ((e.ordered_by < 0) != e.replenishes) | (e.ordered_by >= sizes.users),
        lambda place: f"order {e.orders[place]} of user {e.ordered_by[place]}: must be a known user's",
        e.orders,
    )
    findings.add(
        0,
        e.lacks_party,
        lambda place: f"order {e.orders[place]}: must have a seller, and a purchase a buyer who is another",
        e.orders,
    )


def check_lines(evidence: Evidence, findings: Findings, sizes: Sizes) -> None:
    """L0: order lines are of a known order and product, and of something."""
    e = evidence
    order, rows = e.line_order_number, e.first + np.arange(len(e.line_quantity))
    findings.add(
        0,
        (order < 1) | (order > sizes.orders) | (e.line_commodity < 1) | (e.line_quantity < 1),
        lambda place: (
            f"row {rows[place]} of order_lines: order {order[place]}, product "
            f"{e.line_commodity[place] - 1}, quantity {e.line_quantity[place]}: must be known and above zero"
        ),
        rows,
    )


def check_visits(evidence: Evidence, findings: Findings, sizes: Sizes) -> None:
    """L0: visits are numbered from 0, of a known user, and led to a known order or to none."""
    e = evidence
    order, rows = e.visit_order_number, e.first + np.arange(len(e.visitor))
    findings.add(
        0, e.visit != rows, lambda place: f"row {rows[place]} of visits has number {e.visit[place]}", rows
    )
    findings.add(
        0,
        (e.visitor < 0) | (e.visitor >= sizes.users) | (order < -1) | (order == 0) | (order > sizes.orders),
        lambda place: f"visit {rows[place]}: user {e.visitor[place]}, order {order[place]}: must be known",
        rows,
    )
