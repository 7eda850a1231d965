"""Laws of orders that hold once nothing is on its way: no claim is left, no order forgotten (L4, L5, L8)."""

import numpy as np

from alesha_sim.books.evidence import Evidence, Ints, sum_of
from alesha_sim.books.findings import Findings
from alesha_sim.books.order_laws import charged, charges, escrowed, late_refunds, of_status, users_allowances
from alesha_sim.books.rules import ROLES
from alesha_sim.records import OUTCOMES, STATUSES

SETTLED = (
    "bank:holds:user:", "bank:settlement-due", "bank:rolling-reserve", "bank:deposits:courier",
    "shop:customer-prepayments", "shop:rolling-reserve", "shop:collections-due", "shop:supplier-advances",
    "supplier:collections", "supplier:collections-owed", "supplier:shop-advances",
)  # fmt: skip
"""Accounts that a closed order has left: nothing in its rows is still in them."""


def check_closing(evidence: Evidence, findings: Findings) -> None:
    """Check what holds once drained of L4, L5 and L8 by order."""
    _check_closed(evidence, findings)
    _check_cancelled(evidence, findings)
    _check_waiting(evidence, findings)
    _check_claims(evidence, findings)
    _check_late(evidence, findings)


def _check_closed(evidence: Evidence, findings: Findings) -> None:
    """L4: a closed order leaves no claim, but refunds that wait for money and escrow that nobody confirmed."""
    e = evidence
    key = e.by_order
    closed, void = of_status(e, "completed", "returned"), of_status(e, "cancelled", "declined")
    left = {name: np.where(closed | void, e.balance(name, key), 0) for name in SETTLED}
    for name in ("shop:refunds-due", "bank:escrow"):
        left[name] = np.where(void, e.balance(name, key), 0)
    left["shop:settlement-due"] = np.where(
        closed | void, e.balance("shop:settlement-due", key) - e.balance("bank:escrow", key), 0
    )
    names, claims = list(left), np.stack(list(left.values()))

    def describe(place: int) -> str:
        claim, order = divmod(place, key.size)
        return f"order {order} is {STATUSES[e.status[order]]}, but {names[claim]} is {claims[claim, order]}"

    findings.add(4, claims.ravel() != 0, describe)


def _check_cancelled(evidence: Evidence, findings: Findings) -> None:
    """L4: a cancelled order cost the user at most the bank's fee and the shop only transport."""
    e = evidence
    key = e.by_order
    taken, passed_on = charged(e), e.balance("bank:deposits:supplier", key)
    fees = sum_of(
        e.by_rule("bank", "fee", f"{source} / fees", key) for source in ("deposits:user:", "holds:user:")
    )
    transport = e.by_rule("supplier", "transport", "shop-advances / transport", key)
    handed = e.marked(e.rows("users", "deliver", units=True), key)
    findings.add(
        4, of_status(e, "cancelled") & ((taken != fees) | (passed_on != transport) | handed),
        lambda order: f"order {order} is cancelled, but charged {taken[order]}, passed on {passed_on[order]} "
        f"for transport {transport[order]}, {'goods' if handed[order] else 'no goods'} delivered",
    )  # fmt: skip


def _check_waiting(evidence: Evidence, findings: Findings) -> None:
    """L4: a paid order that is still open waits for money that the shop does not have; no other is forgotten."""
    e = evidence
    key = e.by_order
    owed = e.balance("shop:refunds-due", key)
    known = e.marked(e.rows("shop", "charges"), key)
    needed = np.where(owed > 0, owed, np.where(known, 0, charges(e)))
    sent = of_status(e, "on_the_way")
    # A lost parcel of the shop's own goods is bought anew, which may have to wait for money as well.
    waiting = of_status(e, "processing") | (sent & ~known) | (of_status(e, "completed", "returned") & (owed > 0))
    waiting |= sent & (owed > 0)
    cash = int(e.closing[e.role == ROLES.index("shop:cash")].sum())
    # Debts are paid in turn: behind one that waits for money, others wait that need less.
    forgotten = (sent & known & (owed <= 0)) | (waiting & (not (waiting & (needed > cash)).any()))
    findings.add(
        4, forgotten,
        lambda order: f"order {order} is still {STATUSES[e.status[order]]} and nothing is left to happen: needs "
        f"{needed[order]}, shop:cash is {cash}",
    )  # fmt: skip


def _check_claims(evidence: Evidence, findings: Findings) -> None:
    """L5: what users paid and did not receive, bank and shop owe them; those who gave up cannot know.

    What lies in escrow for goods that were delivered is the shop's, and due to it.
    """
    e = evidence
    key = e.by_order
    claimed = e.balance("users:advances", key)
    owing = "shop:customer-prepayments", "shop:refunds-due", "bank:escrow", "bank:settlement-due"
    owed = sum_of(e.balance(name, key) for name in owing) - e.balance("shop:settlement-due", key)
    gave_up = np.isin(e.outcome, [OUTCOMES.index("abandoned"), OUTCOMES.index("unanswered")])
    unheard = np.zeros(key.size, np.bool_)
    unheard[e.visit_order[gave_up & (e.visit_order > 0)]] = True
    findings.add(
        5, (claimed != owed) & ~unheard & ~of_status(e, "in_doubt"),
        lambda order: f"order {order}: users:advances {claimed[order]}, but the shop owes {owed[order]}",
    )  # fmt: skip


def _check_late(evidence: Evidence, findings: Findings) -> None:
    """L8: after a late refund all goods delivered cost nothing, in both books; it gave all of the payment back."""
    e = evidence
    key = e.by_order
    refunds, paid = late_refunds(e), escrowed(e)
    allowances: tuple[tuple[Ints, Ints], ...] = (
        (e.by_rule("shop", "allowance", "sales-returns / settlement-due", key), e.moved("shop", "sale", key)),
        (users_allowances(e), e.moved("users", "sale", key)),
    )
    wrong = (refunds > 0) & (refunds != paid)
    for allowed, sold in allowances:
        wrong |= (refunds > 0) & (allowed != sold) & ~of_status(e, "in_doubt")
    findings.add(
        8, wrong,
        lambda order: f"order {order}: late refund {refunds[order]} of {paid[order]}; allowed of what was sold: "
        + ", ".join(f"{allowed[order]} of {sold[order]}" for allowed, sold in allowances),
    )  # fmt: skip
