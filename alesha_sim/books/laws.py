"""The check of all conservation laws, from the tables of a run alone.

Here live the order of the laws and those of single rows and whole books (L0 to L2, L9). Those of facts are in
`link_laws`, those of orders in `order_laws`. The tables say what happened; no law asks the ledger that wrote them.
"""

from collections.abc import Mapping, Sequence

import numpy as np

from alesha_sim.books.accounts import BOOKS, CODES, KINDS
from alesha_sim.books.evidence import Evidence, Ints, Priced, recoded
from alesha_sim.books.findings import Findings
from alesha_sim.books.link_laws import check_links
from alesha_sim.books.order_laws import check_orders
from alesha_sim.books.rules import CHART, ROLES, permitted
from alesha_sim.records import Columns

__all__ = ["Priced", "check"]


def check(tables: Mapping[str, Columns], catalogue: Sequence[Priced], *, drained: bool) -> list[str]:
    """Return the violations of the laws, one line each, at most 20 a law; none if all hold.

    `tables` are the canonical columns of `transfers`, `accounts`, `orders`, `order_lines`, `visits`, `users`.
    `drained` says that no message was on its way and no timer running; else only those laws are checked that
    hold at any instant. Amounts in messages are minor units or units of goods. If rows cannot be read at all
    (L0), the other laws are not checked. Source: section 3 of the posting rules.
    """
    findings = Findings()
    evidence = Evidence(tables, catalogue)
    _check_form(evidence, findings)
    if not findings:
        _check_rows(evidence, findings)
        _check_floors(evidence, findings)
        _check_reserves(evidence, findings)
        _check_statements(evidence, findings, drained=drained)
        check_links(evidence, findings, drained=drained)
        check_orders(evidence, findings, drained=drained)
    return findings.report()


def _check_form(evidence: Evidence, findings: Findings) -> None:
    """L0: every row names accounts, an order and a fact that there are, and tables are numbered as they say."""
    e = evidence
    rows, orders, users = len(e.amount), len(e.order_numbers), len(e.user_opening)
    # A link is allotted for each opening and each fact; far more of them can only be a wrong number.
    links = 1000 + 2 * users + 4 * rows
    unreadable = (e.debit < 0) | (e.credit < 0) | (e.book < 0) | (e.code < 0)
    findings.add(0, unreadable, lambda row: f"unknown account, book or code: {e.row_name(row)}")
    findings.add(
        0, (e.order < 0) | (e.order > orders), lambda row: f"there is no such order: {e.row_name(row)}"
    )  # fmt: skip
    findings.add(0, (e.link < 1) | (e.link > links), lambda row: f"no such link: {e.row_name(row)}")
    findings.add(
        0, (e.role < 0) | (e.commodity < 0) | (e.account_book < 0),
        lambda account: f"{e.account_name(account)}: not in the chart of accounts",
    )  # fmt: skip
    findings.add(
        0, e.order_numbers != np.arange(1, orders + 1),
        lambda place: f"row {place} of orders has number {e.order_numbers[place]}, must be {place + 1}",
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


def _check_rows(evidence: Evidence, findings: Findings) -> None:
    """L0: amounts above zero, rows in the order of time, accounts and commodities that the posting rules allow."""
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
    allowed = np.zeros((len(CODES), len(ROLES), len(ROLES)), np.bool_)
    for code, debit, credit in permitted():
        allowed[CODES.index(code), ROLES.index(debit), ROLES.index(credit)] = True
    findings.add(
        0, ~allowed[e.code, e.debit_role, e.credit_role],
        lambda row: f"the posting rules have no such row: {e.row_name(row)}",
    )  # fmt: skip
    books = np.array([BOOKS.index(role.partition(":")[0]) for role in ROLES], np.int8)
    findings.add(
        0, (books[e.debit_role] != e.book) | (books[e.credit_role] != e.book),
        lambda row: f"an account of another book: {e.row_name(row)}",
    )  # fmt: skip
    order_of_link = np.zeros(e.by_link.size, np.int64)
    order_of_link[e.link] = e.order
    findings.add(
        0, order_of_link[e.link] != e.order,
        lambda row: f"link {e.link[row]} also has rows of another order: {e.row_name(row)}",
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
    declared = (e.code == CODES.index("opening")) | (e.code == CODES.index("income"))
    findings.add(2, touched & ~declared, lambda row: f"changes the reserves: {e.row_name(row)}")
    of_bank = e.account_book == BOOKS.index("bank")
    behind = int(e.closing[of_bank & (e.role == reserves)].sum())
    owed = int(e.closing[of_bank & (e.role != reserves)].sum())
    findings.add(2, np.array([behind != owed]), lambda _: f"bank:reserves {behind}, but the bank owes {owed}")


def _check_statements(evidence: Evidence, findings: Findings, *, drained: bool) -> None:
    """L9: opening + flows = closing; every book balances in every commodity; capital is eliminated."""
    e = evidence
    signs = np.array([role.kind.sign for role in CHART.values()])[e.role]
    opening, closing = _flows(e, e.rows_of_openings()) * signs, _flows(e, np.arange(len(e.amount))) * signs
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
    _check_equal(evidence, findings, "shop:investment", "supplier:equity")
    if drained:
        _check_equal(evidence, findings, "shop:supplier-advances", "supplier:shop-advances")
    _check_users(evidence, findings)
