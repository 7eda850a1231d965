"""Laws of orders that hold once nothing is on its way: no claim is left, no order forgotten (L4, L5, L8)."""

import numpy as np

from alesha_sim.audit.evidence import Evidence, of_status, sum_of
from alesha_sim.audit.findings import Findings
from alesha_sim.audit.per_order import charged, charges, escrowed, late_refunds, users_allowances
from alesha_sim.audit.reading import Ints
from alesha_sim.books.accounts import Account
from alesha_sim.vocabulary import STATUSES

SETTLED = (
    Account.BANK_USER_HOLDS,
    Account.BANK_SETTLEMENT_DUE,
    Account.BANK_ROLLING_RESERVE,
    Account.BANK_COURIER_DEPOSIT,
    Account.SHOP_CUSTOMER_PREPAYMENTS,
    Account.SHOP_ROLLING_RESERVE,
    Account.SHOP_COLLECTIONS_RECEIVABLE,
    Account.SHOP_SUPPLIER_ADVANCES,
    Account.SUPPLIER_COLLECTIONS,
    Account.SUPPLIER_COLLECTIONS_PAYABLE,
    Account.SUPPLIER_SHOP_ADVANCES,
)
"""Accounts that a closed order has left: nothing in its rows is still in them."""


class Closing:
    """What holds once drained of L4, L5 and L8 by order: `see` all orders, part by part, then `close`."""

    def __init__(self, findings: Findings) -> None:
        self._findings = findings
        self._idle: dict[int, Findings] = {}
        self._short: set[int] = set()
        self._suppliers: set[int] = set()

    def see(self, evidence: Evidence) -> None:
        """Check some orders, as the section of findings that has begun."""
        findings = self._findings
        _check_closed(evidence, findings)
        _check_cancelled(evidence, findings)
        findings.begin_part(1)
        self._check_waiting(evidence)
        findings.begin_part(2)
        _check_claims(evidence, findings)
        _check_late(evidence, findings)

    def close(self) -> None:
        """Say which orders are forgotten, once it is known whether any waits for money."""
        # Debts are paid in turn: behind one that waits for money, others wait that need less.
        # What waits for a supplier that lacks money waits through no fault of the shop's.
        for party, idle in self._idle.items():
            if party not in self._short and not self._short & self._suppliers:
                self._findings.take(idle)

    def _check_waiting(self, evidence: Evidence) -> None:
        """L4: a paid order that is open waits for money that the shop lacks; no other is forgotten."""
        e = evidence
        owed = e.balance(Account.SHOP_REFUNDS_PAYABLE, e.by_order)
        known = e.marked(e.rows("shop", "charges"), e.by_order)
        needed = np.where(owed > 0, owed, np.where(known, 0, charges(e)))
        sent = of_status(e, "on_the_way")
        # A lost parcel of the shop's own goods is bought again, which may have to wait for money as well.
        waiting = (
            of_status(e, "processing") | (sent & ~known) | (of_status(e, "completed", "returned") & (owed > 0))
        )
        waiting = (waiting | (sent & (owed > 0))) & ~e.uncertain
        cash = _cash(e)
        payers = np.where(e.replenishes, e.buyer, e.seller)  # for what an order still needs
        self._suppliers = {*e.register.of_book("supplier")}

        def describe(order: int) -> str:
            payer = int(payers[order])
            return (
                f"order {e.orders[order]} is still {STATUSES[e.status[order]]} and nothing is left to happen: "
                f"needs {needed[order]}, {Account.SHOP_CASH.of(e.register.parties[payer])} is {cash[payer]}"
            )

        self._findings.add(4, sent & known & (owed <= 0) & ~e.uncertain, describe, e.orders)
        for party, amount in cash.items():
            mine = waiting & (payers == party)
            # A debt that waits at the clearing house holds up those behind it.
            if (mine & (needed > amount)).any() or e.held_up.any():
                self._short.add(party)
            idle = self._idle.setdefault(party, Findings())
            idle.begin(self._findings.section, 1)
            idle.add(4, mine, describe, e.orders)


def _cash(evidence: Evidence) -> dict[int, int]:
    """Return the cash of each shop and supplier by its place among the parties."""
    r = evidence.register
    accounts = np.concatenate([r.of_role(Account.SHOP_CASH), r.of_role(Account.SUPPLIER_CASH)])
    return {int(r.party[account]): int(r.closing[account]) for account in accounts}


def _check_closed(evidence: Evidence, findings: Findings) -> None:
    """L4: a closed order leaves no claim, but refunds that wait for money and escrow that nobody confirmed."""
    e = evidence
    key = e.by_order
    closed, void = of_status(e, "completed", "returned"), of_status(e, "cancelled", "declined")
    left = {name: np.where(closed | void, e.balance(name, key), 0) for name in SETTLED}
    for name in (Account.SHOP_REFUNDS_PAYABLE, Account.BANK_ESCROW):
        left[name] = np.where(void, e.balance(name, key), 0)
    left[Account.SHOP_SETTLEMENT_DUE] = np.where(
        closed | void, e.balance(Account.SHOP_SETTLEMENT_DUE, key) - e.balance(Account.BANK_ESCROW, key), 0
    )
    for name, claims in left.items():

        def describe(order: int, name: str = name, claims: Ints = claims) -> str:
            return f"order {e.orders[order]} is {STATUSES[e.status[order]]}, but {name} is {claims[order]}"

        findings.add(4, (claims != 0) & ~e.uncertain, describe, e.orders)


def _check_cancelled(evidence: Evidence, findings: Findings) -> None:
    """L4: a cancelled order cost the user at most the bank's fee and the shop only transport."""
    e = evidence
    key = e.by_order
    taken, passed_on = charged(e), e.balance(Account.BANK_SUPPLIER_DEPOSIT, key)
    fees = sum_of(
        e.by_rule("fee", source, Account.BANK_FEES, key)
        for source in (Account.BANK_USER_DEPOSITS, Account.BANK_USER_HOLDS)
    )
    transport = e.by_rule("transport", Account.SUPPLIER_SHOP_ADVANCES, Account.SUPPLIER_TRANSPORT, key)
    handed = e.marked(e.rows("users", "deliver", units=True), key)
    findings.add(
        4, of_status(e, "cancelled") & ~e.uncertain & ((taken != fees) | (passed_on != transport) | handed),
        lambda order: f"order {e.orders[order]} is cancelled, but charged {taken[order]}, passed on "
        f"{passed_on[order]} for transport {transport[order]}, {'goods' if handed[order] else 'no goods'} "
        "delivered",
        e.orders,
    )  # fmt: skip


def _check_claims(evidence: Evidence, findings: Findings) -> None:
    """L5: what users paid and did not receive, bank and shop owe them.

    What lies in escrow for goods that were delivered is the shop's, and due to it.
    """
    e = evidence
    key = e.by_order
    claimed = e.balance(Account.USERS_ADVANCES, key)
    owing = (
        Account.SHOP_CUSTOMER_PREPAYMENTS,
        Account.SHOP_REFUNDS_PAYABLE,
        Account.BANK_ESCROW,
        Account.BANK_SETTLEMENT_DUE,
    )
    owed = sum_of(e.balance(name, key) for name in owing) - e.balance(Account.SHOP_SETTLEMENT_DUE, key)
    findings.add(
        5,
        (claimed != owed) & ~e.uncertain,
        lambda order: (
            f"order {e.orders[order]}: {Account.USERS_ADVANCES} {claimed[order]}, but the shop owes {owed[order]}"
        ),
        e.orders,
    )


def _check_late(evidence: Evidence, findings: Findings) -> None:
    """L8: after a late refund all goods delivered cost nothing, in both books; it gave all of the payment back."""
    e = evidence
    key = e.by_order
    refunds, paid = late_refunds(e), escrowed(e)
    allowances: tuple[tuple[Ints, Ints], ...] = (
        (
            e.by_rule("allowance", Account.SHOP_SALES_RETURNS, Account.SHOP_SETTLEMENT_DUE, key),
            e.moved("shop", "sale", key),
        ),
        (users_allowances(e), e.moved("users", "sale", key)),
    )
    wrong = (refunds > 0) & (refunds != paid)
    for allowed, sold in allowances:
        wrong |= (refunds > 0) & (allowed != sold) & ~e.uncertain
    findings.add(
        8, wrong,
        lambda order: f"order {e.orders[order]}: late refund {refunds[order]} of {paid[order]}; allowed of what "
        "was sold: " + ", ".join(f"{allowed[order]} of {sold[order]}" for allowed, sold in allowances),
        e.orders,
    )  # fmt: skip
