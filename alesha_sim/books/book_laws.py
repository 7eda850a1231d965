"""Laws of single rows and of whole books: form, floors, reserves, statements (L0 to L2, L9)."""

import numpy as np

from alesha_sim.books.accounts import BANK, BOOKS, INCOME, KINDS, OPENING
from alesha_sim.books.evidence import Evidence, Ints, recoded
from alesha_sim.books.findings import Findings
from alesha_sim.books.rules import CHART, ROLES


def check_form(evidence: Evidence, findings: Findings) -> None:
    """L0: every row names accounts, an order and a fact that there are, and tables are numbered as they say."""
    e = evidence
    rows, orders, users = len(e.amount), len(e.order_numbers), len(e.user_opening)
    # A link is allotted for each opening and each fact; far more of them can only be a wrong number.
    links = 1000 + 2 * users + 4 * rows
    findings.add(
        0, (e.role < 0) | (e.commodity < 0) | (e.account_book < 0),
        lambda account: f"{e.account_name(account)}: not in the chart of accounts",
    )  # fmt: skip
    unreadable = (e.debit < 0) | (e.credit < 0) | (e.book < 0) | (e.code < 0)
    findings.add(0, unreadable, lambda row: f"unknown account, book or code: {e.row_name(row)}")
    findings.add(
        0, (e.order < 0) | (e.order > orders), lambda row: f"there is no such order: {e.row_name(row)}"
    )  # fmt: skip
    findings.add(0, (e.link < 1) | (e.link > links), lambda row: f"no such link: {e.row_name(row)}")
    findings.add(
        0, e.order_numbers != np.arange(1, orders + 1),
        lambda place: f"row {place} of orders has number {e.order_numbers[place]}, must be {place + 1}",
    )  # fmt: skip
    findings.add(
        0, ((e.ordered_by < 0) != e.replenishes)[1:] | (e.ordered_by >= users)[1:],
        lambda place: f"order {place + 1} of user {e.ordered_by[place + 1]}: must be a known user's, "
        "and no user's if it is a replenishment",
    )  # fmt: skip
    findings.add(
        0, (e.line_order < 1) | (e.line_order > orders) | (e.line_commodity < 1) | (e.line_quantity < 1),
        lambda place: f"row {place} of order_lines: order {e.line_order[place]}, product "
        f"{e.line_commodity[place] - 1}, quantity {e.line_quantity[place]}: must be known and above zero",
    )  # fmt: skip
    findings.add(
        0, (e.visitor < 0) | (e.visitor >= users) | (e.visit_order < -1) | (e.visit_order > orders),
        lambda visit: f"visit {visit}: user {e.visitor[visit]}, order {e.visit_order[visit]}: must be known",
    )  # fmt: skip


def check_books(evidence: Evidence, findings: Findings, *, drained: bool) -> None:
    """Check L0 to L2 and L9."""
    _check_rows(evidence, findings)
    _check_floors(evidence, findings)
    _check_reserves(evidence, findings)
    _check_statements(evidence, findings)
    _check_group(evidence, findings, drained=drained)
    _check_users(evidence, findings)


def _check_rows(evidence: Evidence, findings: Findings) -> None:
    """L0: amounts above zero, rows in the order of time, accounts of the row's own book."""
    e = evidence
    findings.add(0, e.amount <= 0, lambda row: f"the amount must be above zero: {e.row_name(row)}")
    findings.add(
        0, e.transfer != np.arange(len(e.transfer)),
        lambda row: f"row {row} of transfers has number {e.transfer[row]}",
    )  # fmt: skip
    findings.add(
        0, np.diff(e.time, prepend=min(0, int(e.time[0])) if len(e.time) else 0) < 0,
        lambda row: f"time runs backwards: {e.row_name(row)}",
    )  # fmt: skip
    books = np.array([BOOKS.index(role.partition(":")[0]) for role in ROLES], np.int8)
    findings.add(
        0, (books[e.debit_role] != e.book) | (books[e.credit_role] != e.book),
        lambda row: f"an account of another book: {e.row_name(row)}",
    )  # fmt: skip


def _check_floors(evidence: Evidence, findings: Findings) -> None:
    """L1: no account with a floor is below zero after any transfer."""
    e = evidence
    floored = np.array([role.floor for role in CHART.values()])
    signs = np.array([role.kind.sign for role in CHART.values()])
    debits = np.flatnonzero(floored[e.debit_role])
    credits = np.flatnonzero(floored[e.credit_role])
    rows = np.concatenate([debits, credits])
    accounts = np.concatenate([e.debit[debits], e.credit[credits]])
    changes = np.concatenate(
        [e.amount[debits] * signs[e.debit_role[debits]], -e.amount[credits] * signs[e.credit_role[credits]]]
    )
    order = np.argsort(accounts * np.int64(len(e.amount)) + rows)
    accounts, rows = accounts[order], rows[order]
    running = np.cumsum(changes[order])
    first = np.diff(accounts, prepend=-1) != 0
    before = running[first] - changes[order][first]
    running -= np.repeat(before, np.diff(np.append(np.flatnonzero(first), len(first))))
    below = np.flatnonzero(running < 0)
    # One line an account: the first time that it was below.
    below = below[np.unique(accounts[below], return_index=True)[1]]
    findings.add(
        1, np.ones(len(below), np.bool_),
        lambda place: f"{e.account_name(int(accounts[below[place]]))} at {running[below[place]]} after "
        f"{e.row_name(int(rows[below[place]]))}",
    )  # fmt: skip


def _check_reserves(evidence: Evidence, findings: Findings) -> None:
    """L2: only openings and income change the bank's reserves, and they are all that the bank owes."""
    e = evidence
    reserves = ROLES.index("bank:reserves")
    touched = (e.debit_role == reserves) | (e.credit_role == reserves)
    declared = (e.code == OPENING) | (e.code == INCOME)
    findings.add(2, touched & ~declared, lambda row: f"changes the reserves: {e.row_name(row)}")
    of_bank = e.account_book == BANK
    behind = int(e.closing[of_bank & (e.role == reserves)].sum())
    owed = int(e.closing[of_bank & (e.role != reserves)].sum())
    findings.add(2, np.array([behind != owed]), lambda _: f"bank:reserves {behind}, but the bank owes {owed}")


def _check_statements(evidence: Evidence, findings: Findings) -> None:
    """L9: opening + flows = closing; every book balances in every commodity."""
    e = evidence
    signs = np.array([role.kind.sign for role in CHART.values()])[e.role]
    opening = _net(e, np.flatnonzero(e.code == OPENING)) * signs
    closing = _net(e, np.arange(len(e.amount))) * signs
    findings.add(
        9, (opening != e.opening) | (closing != e.closing),
        lambda account: f"{e.account_name(account)}: opening {e.opening[account]}, closing {e.closing[account]}, "
        f"but transfers make {opening[account]} and {closing[account]}",
    )  # fmt: skip
    kinds = np.array([KINDS.index(role.kind) for role in CHART.values()])[e.role]
    findings.add(
        9, kinds != recoded(e.account_kind, KINDS),
        lambda account: f"{e.account_name(account)}: must be of kind {KINDS[kinds[account]]}",
    )  # fmt: skip
    trial = np.zeros((len(BOOKS), len(e.price)), np.int64)
    np.add.at(trial, (e.account_book, e.commodity), e.closing * signs)
    findings.add(
        9, trial.ravel() != 0,
        lambda place: f"book {BOOKS[place // len(e.price)]}, commodity {place % len(e.price)}: debits exceed "
        f"credits by {trial.ravel()[place]}",
    )  # fmt: skip


def _net(evidence: Evidence, rows: Ints) -> Ints:
    """Return debits less credits of every account in `rows`."""
    net = np.zeros(len(evidence.role), np.int64)
    np.add.at(net, evidence.debit[rows], evidence.amount[rows])
    np.subtract.at(net, evidence.credit[rows], evidence.amount[rows])
    return net


def _check_group(evidence: Evidence, findings: Findings, *, drained: bool) -> None:
    """L9: what shop and supplier hold of each other is equal, so that it cancels in the group."""
    e = evidence
    pairs = [("shop:investment", "supplier:equity")]
    if drained and not e.doubtful.any():
        pairs.append(("shop:supplier-advances", "supplier:shop-advances"))
        pairs.append(("shop:collections-due", "supplier:collections-owed"))
    closings = [[int(e.closing[e.role == ROLES.index(name)].sum()) for name in pair] for pair in pairs]
    findings.add(
        9, np.array([one != other for one, other in closings]),
        lambda place: f"{pairs[place][0]} {closings[place][0]}, but {pairs[place][1]} {closings[place][1]}",
    )  # fmt: skip


def _check_users(evidence: Evidence, findings: Findings) -> None:
    """L9: the table `users` shows the deposits that the bank owes to the users."""
    e = evidence
    deposits = np.flatnonzero(e.role == ROLES.index("bank:deposits:user:"))
    own = np.full(len(e.user_opening), -1)
    places = e.number[deposits]
    findings.add(9, places >= len(own), lambda place: f"{e.account_name(int(deposits[place]))}: no such user")
    inside = places < len(own)
    own[places[inside]] = deposits[inside]
    findings.add(
        9, (own < 0) | (e.opening[own] != e.user_opening) | (e.closing[own] != e.user_closing),
        lambda user: f"user {user}: opening {e.user_opening[user]}, closing {e.user_closing[user]}, but the bank "
        f"has {e.account_name(int(own[user]))} from {e.opening[own[user]]} to {e.closing[own[user]]}",
    )  # fmt: skip
