"""Laws of orders at any instant: what is open, what happens once, what users heard (L4, L5, L8, L10)."""

import numpy as np

from alesha_sim.audit.evidence import Evidence, of_status, sum_of
from alesha_sim.audit.findings import Findings
from alesha_sim.audit.reading import Ints, Mask
from alesha_sim.books.accounts import Account
from alesha_sim.numeric.counts import bincount
from alesha_sim.vocabulary import OUTCOMES, STATUSES

NOT_NEGATIVE = (
    Account.SHOP_REFUNDS_PAYABLE,
    Account.BANK_USER_HOLDS,
    Account.BANK_SETTLEMENT_DUE,
    Account.BANK_ESCROW,
    Account.BANK_ROLLING_RESERVE,
    Account.BANK_COURIER_DEPOSIT,
    Account.SUPPLIER_COLLECTIONS,
    Account.SUPPLIER_COLLECTIONS_PAYABLE,
)
"""Accounts whose balance in an order's rows is never below zero: its owner writes what comes before what goes."""


def check_orders(evidence: Evidence, findings: Findings) -> None:
    """Check what holds at any instant of L4, L5, L8 and L10 by order."""
    _check_prices(evidence, findings)
    _check_open(evidence, findings)
    _check_statuses(evidence, findings)
    _check_declined(evidence, findings)
    _check_told(evidence, findings)
    _check_once(evidence, findings)
    _check_charges(evidence, findings)
    _check_late(evidence, findings)
    _check_never_unpaid(evidence, findings)


def charged(evidence: Evidence) -> Ints:
    """Return what each order took from its user; what is only held is still the user's."""
    key = evidence.by_order
    return -evidence.balance(Account.BANK_USER_DEPOSITS, key) - evidence.balance(Account.BANK_USER_HOLDS, key)


def charges(evidence: Evidence) -> Ints:
    """Return what the supplier charges for each order."""
    due = np.zeros(len(evidence.total), evidence.unit_charge.dtype)
    np.add.at(due, evidence.line_order, evidence.line_quantity * evidence.unit_charge)
    return due


def that_hold(evidence: Evidence, rows: Ints) -> Ints:
    """Return of rows of charges those that hold: where suppliers can be changed, the last of each order."""
    if not evidence.register.is_market:
        return rows
    _, places = np.unique(evidence.order[rows[::-1]], return_index=True)
    return np.sort(rows[::-1][places])


def escrowed(evidence: Evidence) -> Ints:
    """Return what was paid into escrow for each order."""
    key = evidence.by_order
    sources = Account.BANK_USER_DEPOSITS, Account.BANK_USER_HOLDS, Account.BANK_CLEARING_CLAIM
    return sum_of(evidence.by_rule("payment", source, Account.BANK_ESCROW, key) for source in sources)


def late_refunds(evidence: Evidence) -> Ints:
    """Return what was refunded out of escrow for each order, without what was left of it when it was settled."""
    e = evidence
    payees = Account.BANK_USER_DEPOSITS, Account.BANK_CLEARING_DUE
    rows = np.concatenate([e.ruled("refund", Account.BANK_ESCROW, payee) for payee in payees])
    settled = e.marked(e.rows("bank", "settlement"), e.by_entry)
    return e.summed(rows[~settled[e.entry[rows]]], e.by_order)


def _check_prices(evidence: Evidence, findings: Findings) -> None:
    """L8: lines are at the list's price and charge and add up to the total; a replenishment is not sold."""
    e = evidence
    listed = e.register.price_at(e.seller[e.line_order], e.placed_at[e.line_order], e.line_commodity)
    price = np.where(e.replenishes[e.line_order], 0, listed)
    source = "price list" if e.register.changes else "catalogue"
    # Suppliers of a market take charges of their own.
    at_charge = e.register.is_market | (e.unit_charge == e.charge[e.line_commodity])
    right = (e.unit_price == price) & at_charge
    findings.add(
        8,
        ~right,
        lambda place: (
            f"order {e.line_order_number[place]}, product {e.line_commodity[place] - 1}: price "
            f"{e.unit_price[place]}, charge {e.unit_charge[place]} are not the {source}'s"
        ),
        e.line_order_number,
    )
    prices = np.zeros(len(e.total), e.unit_price.dtype)
    np.add.at(prices, e.line_order, e.line_quantity * e.unit_price)
    findings.add(
        8,
        prices != e.total,
        lambda order: f"order {e.orders[order]}: total {e.total[order]}, but its lines {prices[order]}",
        e.orders,
    )
    charges = np.zeros(len(e.total), e.unit_charge.dtype)
    np.add.at(charges, e.line_order, e.line_quantity * e.unit_charge)
    findings.add(
        8,
        e.replenishes & (charges != e.bought),
        lambda order: f"purchase {e.orders[order]}: total {e.bought[order]}, but its lines {charges[order]}",
        e.orders,
    )
    findings.add(
        8,
        (e.advance < 0) | (e.advance > e.total),
        lambda order: (
            f"order {e.orders[order]}: advance {e.advance[order]}: must be from 0 to the total {e.total[order]}"
        ),
        e.orders,
    )


def _check_open(evidence: Evidence, findings: Findings) -> None:
    """L4: nothing that is kept for an order is below zero, nothing is held once it is paid, escrow is whole."""
    e = evidence
    key = e.by_order
    for name in NOT_NEGATIVE:
        left = e.balance(name, key)

        def describe(order: int, name: str = name, left: Ints = left) -> str:
            return f"order {e.orders[order]}: {name} {left[order]}"

        findings.add(4, left < 0, describe, e.orders)
    held, paid = e.balance(Account.BANK_USER_HOLDS, key), e.marked(e.rows("bank", "payment"), key)
    findings.add(
        4,
        paid & (held > 0),
        lambda order: f"order {e.orders[order]} is paid, but {Account.BANK_USER_HOLDS} is {held[order]}",
        e.orders,
    )
    escrow = e.balance(Account.BANK_ESCROW, key)
    findings.add(
        4,
        (escrow != 0) & (escrow != e.total),
        lambda order: (
            f"order {e.orders[order]}: {Account.BANK_ESCROW} {escrow[order]}: must be 0 or the total "
            f"{e.total[order]}"
        ),
        e.orders,
    )


def _check_statuses(evidence: Evidence, findings: Findings) -> None:
    """L4: an order's status says what the shop's book says of its payment and delivery."""
    e = evidence
    key = e.by_order
    sold = e.moved("shop", "sale", key)
    sold_all = of_status(e, "completed", "returned")
    findings.add(
        4,
        (e.total > 0) & (sold_all != (sold == e.total)) & ~e.uncertain,
        lambda order: (
            f"order {e.orders[order]} is {STATUSES[e.status[order]]}, total {e.total[order]}, sold {sold[order]}"
        ),
        e.orders,
    )
    # What is in escrow is not in the shop's book.
    known = e.moved("shop", "payment", key)
    paid, collected = known + escrowed(e), e.moved("shop", "collection", key)
    findings.add(
        4,
        (of_status(e, "received", "declined") & (known != 0))
        | (of_status(e, "processing", "on_the_way") & (paid != e.advance))
        | (sold_all & (paid + collected != e.total)),
        lambda order: (
            f"order {e.orders[order]} is {STATUSES[e.status[order]]}, total {e.total[order]}, advance "
            f"{e.advance[order]}, paid {paid[order]}, collected {collected[order]}"
        ),
        e.orders,
    )


def _check_declined(evidence: Evidence, findings: Findings) -> None:
    """L4: a declined order moved neither money nor goods, but for the bank's fee."""
    e = evidence
    taken = charged(e)
    passed_on = e.balance(Account.BANK_SUPPLIER_DEPOSIT, e.by_order)
    handed = e.marked(e.rows("users", "deliver", units=True), e.by_order)
    findings.add(
        4,
        of_status(e, "declined") & ((taken != 0) | (passed_on != 0) | handed),
        lambda order: (
            f"order {e.orders[order]} is declined, but charged {taken[order]}, passed on "
            f"{passed_on[order]}, {'goods' if handed[order] else 'no goods'} delivered"
        ),
        e.orders,
    )


def _check_told(evidence: Evidence, findings: Findings) -> None:
    """L5: what a user heard, if anything, equals the outcome of the order."""
    e = evidence
    order = e.visit_order
    ordered = order > 0
    bought, declined, looked = (e.outcome == OUTCOMES.index(name) for name in ("bought", "declined", "looked"))
    granted, paid = e.moved("shop", "cancel", e.by_order), e.moved("shop", "payment", e.by_order)
    # Under escrow nothing is granted: the bank gives the money back after the supplier did.
    back = (escrowed(e) > 0) & e.marked(e.rows("shop", "charges-return"), e.by_order)
    refused = of_status(e, "declined", "cancelled", "in_doubt") | ((paid > 0) & (granted == paid)) | back
    # A payment in advance of what is due at the door is refused; the order still waits to be paid there.
    refused_early = e.prepays & (of_status(e, "received") & (e.advance == 0))[order]
    untrue = (
        (bought & (~ordered | of_status(e, "received", "declined")[order]))
        | (declined & ordered & ~(refused[order] | refused_early))
        | (looked & ordered)
        | (ordered & (e.ordered_by[order] != e.visitor))
    )
    findings.add(
        5,
        untrue,
        lambda visit: (
            f"visit {e.visit[visit]} of user {e.visitor[visit]} ended "
            f"{_word(OUTCOMES, e.outcome[visit])}, but order {e.visit_order_number[visit]} of user "
            f"{e.ordered_by[order[visit]]} is {_word(STATUSES, e.status[order[visit]])}"
        ),
        e.visit,
    )


def _word(words: tuple[str, ...], code: int) -> str:
    """Return a word by its code, `nothing` if it is missing."""
    return words[code] if code >= 0 else "nothing"


def _check_once(evidence: Evidence, findings: Findings) -> None:
    """L10: an order is paid and collected once, in full; at most what was paid is refunded, what is due sold."""
    e = evidence
    key = e.by_order
    rest = e.total - e.advance
    moved = {}
    for code, due in (("payment", e.advance), ("collection", rest)):
        count = bincount(e.order[e.rows("bank", code)], minlength=key.size)
        moved[code] = e.moved("bank", code, key)
        wrong = (count > 1) | ((count == 1) & (moved[code] != due))

        def describe(order: int, code: str = code, due: Ints = due, count: Ints = count) -> str:
            return f"order {e.orders[order]}: {count[order]} {code}s of {moved[code][order]}, due {due[order]}"

        findings.add(10, wrong, describe, e.orders)
    paid, refunded = moved["payment"] + moved["collection"], e.moved("bank", "refund", key)
    findings.add(
        10,
        refunded > paid,
        lambda order: (
            f"order {e.orders[order]}: paid {paid[order]}, total {e.total[order]}, refunds {refunded[order]}"
        ),
        e.orders,
    )
    sold, cancelled = e.moved("shop", "sale", key), e.moved("shop", "cancel", key)
    findings.add(
        10,
        sold + cancelled > e.total,
        lambda order: (
            f"order {e.orders[order]}: sold {sold[order]}, cancelled {cancelled[order]}, total {e.total[order]}"
        ),
        e.orders,
    )
    compensations = e.order[e.ruled("allowance", Account.SHOP_SALES_RETURNS, Account.SHOP_REFUNDS_PAYABLE)]
    times = bincount(compensations, minlength=key.size)
    findings.add(10, times > 1, lambda order: f"order {e.orders[order]}: {times[order]} compensations", e.orders)


def _check_charges(evidence: Evidence, findings: Findings) -> None:
    """L10: an order is charged in full, and no more comes back than was charged."""
    e = evidence
    key = e.by_order
    due = charges(e)
    passed_on, back = e.moved("bank", "charges", key), e.moved("bank", "charges-return", key)
    findings.add(
        10,
        (passed_on - back > due) | (back > passed_on),
        lambda order: (
            f"order {e.orders[order]}: charges {passed_on[order]} less {back[order]} returned, due {due[order]}"
        ),
        e.orders,
    )
    rows = that_hold(e, e.rows("bank", "charges"))
    findings.add(
        10,
        e.amount[rows] != due[e.order[rows]],
        lambda place: f"charges must be {due[e.order[rows[place]]]}: {e.row_name(int(rows[place]))}",
        e.transfer[rows],
    )


def _check_late(evidence: Evidence, findings: Findings) -> None:
    """L8: a late refund gives all of the escrow back; then goods cost nothing, to each book's knowledge."""
    e = evidence
    key = e.by_order
    refunds = late_refunds(e)
    of_shop = e.by_rule("allowance", Account.SHOP_SALES_RETURNS, Account.SHOP_SETTLEMENT_DUE, key)
    for book, allowed in (("shop", of_shop), ("users", users_allowances(e))):
        sold = e.moved(book, "sale", key)

        def describe(order: int, book: str = book, allowed: Ints = allowed, sold: Ints = sold) -> str:
            return (
                f"order {e.orders[order]}: book {book} allows {allowed[order]} of {sold[order]} sold, late refund "
                f"{refunds[order]}"
            )

        findings.add(8, (allowed > sold) | ((allowed > 0) & (refunds == 0)), describe, e.orders)


def users_allowances(evidence: Evidence) -> Ints:
    """Return by order what users know to have been given back because goods came after a late refund."""
    e = evidence
    rows = e.rows("users", "allowance")
    if not len(rows):
        return e.summed(rows, e.by_order)
    other = e.marked(np.concatenate([e.rows("users", "refund"), e.rows("users", "sale")]), e.by_entry)
    return e.summed(rows[other[e.entry[rows]]], e.by_order)


def _check_never_unpaid(evidence: Evidence, findings: Findings) -> None:
    """L10: nothing is sent before the advance is paid and the charges are known, nor given before the rest is."""
    e = evidence
    paid, collected = (_first_row(e, e.rows("bank", code)) for code in ("payment", "collection"))
    charged_at = _first_row(e, e.ruled("charges", Account.SUPPLIER_CASH, Account.SUPPLIER_SHOP_ADVANCES))
    sent, sent_by_shop = (_first_row(e, e.rows(book, "ship", units=True)) for book in ("supplier", "shop"))
    taken = _first_row(e, e.rows("users", "deliver", units=True))
    # What the shop sent itself the supplier charges for neither then nor when it replaces it under warranty.
    uncharged = (charged_at > sent) & (sent_by_shop > sent)
    if e.register.gives_credit:
        uncharged &= ~e.replenishes | e.marked(e.rows("bank", "charges"), e.by_order)
    unpaid = ((paid > sent) & (e.advance > 0)) | uncharged

    def add(broken: Mask, verb: str, rows: Ints) -> None:
        def describe(order: int) -> str:
            return f"order {e.orders[order]} was {verb} unpaid: {e.row_name(int(rows[order]))}"

        findings.add(10, broken, describe, e.orders)

    add(unpaid, "sent", sent)
    add((paid > sent_by_shop) & (e.advance > 0), "sent", sent_by_shop)
    add((e.total > e.advance) & (collected > taken), "given", taken)


def _first_row(evidence: Evidence, rows: Ints) -> Ints:
    """Return the first of `rows` by order, the number of all rows where there is none."""
    first = np.full(len(evidence.total), len(evidence.amount), np.int64)
    first[evidence.order[rows[::-1]]] = rows[::-1]
    return first
