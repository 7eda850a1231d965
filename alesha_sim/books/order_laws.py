"""Laws of orders: what is open, what each side claims, what happens once, what users were told (L4, L5, L10)."""

import numpy as np

from alesha_sim.books.accounts import CODES
from alesha_sim.books.evidence import Evidence, Ints, Key, Mask
from alesha_sim.books.findings import Findings
from alesha_sim.books.rules import ROLES
from alesha_sim.records import OUTCOMES, STATUSES

CLAIMS = (
    "bank:holds:user:", "shop:customer-prepayments", "shop:refunds-due", "shop:supplier-advances",
    "supplier:shop-advances", "users:advances",
)  # fmt: skip
"""Accounts of money whose balance in an order's rows is what is still open in that order."""

GOODS = ("supplier:reserved", "supplier:goods-in-transit")
"""Accounts of units that an order binds."""


def check_orders(evidence: Evidence, findings: Findings, *, drained: bool) -> None:
    """Check L4, L5 and L10."""
    _check_prices(evidence, findings)
    _check_open(evidence, findings)
    _check_statuses(evidence, findings)
    _check_told(evidence, findings)
    _check_once(evidence, findings)
    _check_units(evidence, findings, drained=drained)
    _check_never_unpaid(evidence, findings)
    if drained:
        _check_closed(evidence, findings)
        _check_waiting(evidence, findings)
        _check_claims(evidence, findings)


def _of_status(evidence: Evidence, *names: str) -> Mask:
    """Tell by order whether its status is one of those named."""
    return np.isin(evidence.status, [STATUSES.index(name) for name in names])


def _charged(evidence: Evidence) -> Ints:
    """Return what each order took from its user; what is only held is still the user's."""
    key = evidence.by_order
    return -evidence.balance("bank:deposits:user:", key) - evidence.balance("bank:holds:user:", key)


def _charges(evidence: Evidence) -> Ints:
    """Return what the supplier charges for each order."""
    charges = np.zeros(len(evidence.total), np.int64)
    np.add.at(charges, evidence.line_order, evidence.line_quantity * evidence.unit_charge)
    return charges


def _check_prices(evidence: Evidence, findings: Findings) -> None:
    """L8: an order's lines are at the catalogue's price and charge and add up to its total."""
    e = evidence
    right = (e.unit_price == e.price[e.line_commodity]) & (e.unit_charge == e.charge[e.line_commodity])
    findings.add(
        8, ~right,
        lambda place: f"order {e.line_order[place]}, product {e.line_commodity[place] - 1}: price "
        f"{e.unit_price[place]}, charge {e.unit_charge[place]} are not the catalogue's",
    )  # fmt: skip
    prices = np.zeros(len(e.total), np.int64)
    np.add.at(prices, e.line_order, e.line_quantity * e.unit_price)
    findings.add(
        8, prices != e.total, lambda order: f"order {order}: total {e.total[order]}, but its lines {prices[order]}"
    )  # fmt: skip


def _check_open(evidence: Evidence, findings: Findings) -> None:
    """L4: no claim without an order, none below zero, nothing held once it is paid, no opening in an order."""
    e = evidence
    claims = np.isin(np.arange(len(ROLES)), [ROLES.index(name) for name in CLAIMS + GOODS])
    touched = claims[e.debit_role] | claims[e.credit_role]
    findings.add(4, touched & (e.order == 0), lambda row: f"belongs to no order: {e.row_name(row)}")
    openings = e.code == CODES.index("opening")
    findings.add(4, openings & (e.order > 0), lambda row: f"an opening within an order: {e.row_name(row)}")
    due = e.balance("shop:refunds-due", e.by_order)
    findings.add(4, due < 0, lambda order: f"order {order}: shop:refunds-due {due[order]}")
    held, paid = e.balance("bank:holds:user:", e.by_order), e.marked(e.rows("bank", "payment"), e.by_order)
    findings.add(4, held < 0, lambda order: f"order {order}: bank:holds:user: {held[order]}")
    findings.add(
        4, paid & (held > 0), lambda order: f"order {order} is paid, but bank:holds:user: is {held[order]}"
    )  # fmt: skip


def _check_statuses(evidence: Evidence, findings: Findings) -> None:
    """L4: an order's status says what the shop's book says; a declined order moved neither money nor goods."""
    e = evidence
    key = e.by_order
    sold, paid = e.moved("shop", "sale", key), e.moved("shop", "payment", key)
    completed = _of_status(e, "completed", "returned")
    findings.add(
        4, (e.total > 0) & (completed != (sold == e.total)),
        lambda order: f"order {order} is {STATUSES[e.status[order]]}, total {e.total[order]}, sold {sold[order]}",
    )  # fmt: skip
    findings.add(
        4, (_of_status(e, "received", "declined") & (paid != 0))
        | (_of_status(e, "processing", "on_the_way") & (paid != e.total)),
        lambda order: f"order {order} is {STATUSES[e.status[order]]}, total {e.total[order]}, paid {paid[order]}",
    )  # fmt: skip
    charged = _charged(e)
    passed_on = e.balance("bank:deposits:supplier", key)
    handed = e.marked(e.rows("users", "deliver", units=True), key)
    findings.add(
        4, _of_status(e, "declined") & ((charged != 0) | (passed_on != 0) | handed),
        lambda order: f"order {order} is declined, but charged {charged[order]}, passed on {passed_on[order]}, "
        f"{'goods' if handed[order] else 'no goods'} delivered",
    )  # fmt: skip


def _check_told(evidence: Evidence, findings: Findings) -> None:
    """L5: what a user was told, if anything, equals the outcome of the order."""
    e = evidence
    ordered = e.visit_order > 0
    order = np.where(ordered, e.visit_order, 0)
    bought, declined, looked = (e.outcome == OUTCOMES.index(name) for name in ("bought", "declined", "looked"))
    granted = e.moved("shop", "cancel", e.by_order)
    refused = _of_status(e, "declined", "cancelled") | ((e.total > 0) & (granted == e.total))
    untrue = (
        (bought & (~ordered | _of_status(e, "received", "declined")[order]))
        | (declined & ordered & ~refused[order])
        | (looked & ordered)
        | (ordered & (e.ordered_by[order] != e.visitor))
    )
    findings.add(
        5, untrue,
        lambda visit: f"visit {visit} of user {e.visitor[visit]} was told {_word(OUTCOMES, e.outcome[visit])}, "
        f"but order {e.visit_order[visit]} of user {e.ordered_by[order[visit]]} is "
        f"{_word(STATUSES, e.status[order[visit]])}",
    )  # fmt: skip


def _word(words: tuple[str, ...], code: int) -> str:
    """Return a word by its code, `nothing` if it is missing."""
    return words[code] if code >= 0 else "nothing"


def _check_once(evidence: Evidence, findings: Findings) -> None:
    """L10: an order is paid once and in full, charged once, refunded and sold at most as far as it was paid."""
    e = evidence
    key = e.by_order
    count = np.bincount(e.order[e.rows("bank", "payment")], minlength=key.size)
    paid, refunded = e.moved("bank", "payment", key), e.moved("bank", "refund", key)
    findings.add(
        10, (count > 1) | ((count == 1) & (paid != e.total)) | (refunded > paid),
        lambda order: f"order {order}: {count[order]} payments of {paid[order]}, total {e.total[order]}, refunds "
        f"{refunded[order]}",
    )  # fmt: skip
    due = _charges(e)
    charged, returned = e.moved("bank", "charges", key), e.moved("bank", "charges-return", key)
    findings.add(
        10, (charged - returned > due) | (returned > charged),
        lambda order: f"order {order}: charges {charged[order]} less {returned[order]} returned, due {due[order]}",
    )  # fmt: skip
    rows = e.rows("bank", "charges")
    findings.add(
        10, e.amount[rows] != due[e.order[rows]],
        lambda place: f"charges must be {due[e.order[rows[place]]]}: {e.row_name(int(rows[place]))}",
    )  # fmt: skip
    sold, cancelled = e.moved("shop", "sale", key), e.moved("shop", "cancel", key)
    findings.add(
        10, sold + cancelled > e.total,
        lambda order: f"order {order}: sold {sold[order]}, cancelled {cancelled[order]}, total {e.total[order]}",
    )  # fmt: skip


def _check_units(evidence: Evidence, findings: Findings, *, drained: bool) -> None:
    """L4 and L10: by order and product no more units are kept, sent and given than ordered, or received."""
    e = evidence
    rows = np.flatnonzero((e.row_commodity > 0) & (e.order > 0))
    places = np.full(len(e.amount), len(e.lines.quantity), np.int32)
    places[rows] = e.lines.find(e.order[rows], e.row_commodity[rows])
    key = Key(places, len(e.lines.quantity) + 1)
    one = np.ones(len(e.price), np.int64)
    reserved, sent = (e.balance(name, key, one) for name in GOODS)
    given, received = (e.moved(book, "deliver", key, one) for book in ("supplier", "users"))
    ordered = np.append(e.lines.quantity, 0)
    strange = rows[places[rows] == len(e.lines.quantity)]
    findings.add(
        10, np.ones(len(strange), np.bool_),
        lambda place: f"the order has no such product: {e.row_name(int(strange[place]))}",
    )  # fmt: skip

    def describe(place: int) -> str:
        name = e.lines.name(place)
        return (
            f"{name}: reserved {reserved[place]}, in transit {sent[place]}, given {given[place]}, "
            f"received {received[place]}, ordered {ordered[place]}"
        )

    findings.add(4, ((reserved < 0) | (sent < 0))[:-1], describe)
    findings.add(10, ((received > ordered) | (reserved + sent + given > ordered))[:-1], describe)
    if drained:
        line_order = np.append(e.lines.keys // len(e.price), 0)
        closed = _of_status(e, "completed", "cancelled", "declined")[line_order]
        findings.add(4, (closed & ((reserved != 0) | (sent != 0)))[:-1], describe)


def _check_never_unpaid(evidence: Evidence, findings: Findings) -> None:
    """L10: nothing is sent before the bank took the payment and the supplier knows of the charges."""
    e = evidence
    due = _charges(e)
    sent = _first_row(e, e.rows("supplier", "ship", units=True))
    paid = _first_row(e, e.rows("bank", "payment"))
    charged = _first_row(e, e.rows("supplier", "charges"))
    shipped = sent < len(e.amount)
    findings.add(
        10, shipped & (((paid > sent) & (e.total > 0)) | ((charged > sent) & (due > 0))),
        lambda order: f"order {order} was sent unpaid: {e.row_name(int(sent[order]))}",
    )  # fmt: skip


def _first_row(evidence: Evidence, rows: Ints) -> Ints:
    """Return the first of `rows` by order, the number of all rows where there is none."""
    first = np.full(len(evidence.total), len(evidence.amount), np.int64)
    backwards = rows[::-1]
    first[evidence.order[backwards]] = backwards
    return first


def _check_closed(evidence: Evidence, findings: Findings) -> None:
    """L4: a closed order leaves no claim; a cancelled one cost the user nothing and the shop only transport."""
    e = evidence
    key = e.by_order
    closed = _of_status(e, "completed", "cancelled", "declined")
    open_claims = np.stack([np.where(closed, e.balance(name, key), 0) for name in CLAIMS[:-1]])

    def describe(place: int) -> str:
        claim, order = divmod(place, key.size)
        status = STATUSES[e.status[order]]
        return f"order {order} is {status}, but {CLAIMS[claim]} is {open_claims[claim, order]}"

    findings.add(4, open_claims.ravel() != 0, describe)
    charged, passed_on = _charged(e), e.balance("bank:deposits:supplier", key)
    transport = e.moved("supplier", "transport", key)
    handed = e.marked(e.rows("users", "deliver", units=True), key)
    findings.add(
        4, _of_status(e, "cancelled") & ((charged != 0) | (passed_on != transport) | handed),
        lambda order: f"order {order} is cancelled, but charged {charged[order]}, passed on {passed_on[order]} "
        f"for transport {transport[order]}, {'goods' if handed[order] else 'no goods'} delivered",
    )  # fmt: skip


def _check_waiting(evidence: Evidence, findings: Findings) -> None:
    """L4: a paid order that is still open waits for money that the shop does not have; no other is forgotten."""
    e = evidence
    key = e.by_order
    called_off = e.moved("shop", "cancel", key) > 0
    charged = e.marked(e.rows("shop", "charges"), key)
    needed = np.where(called_off, e.total, np.where(charged, 0, _charges(e)))
    waiting = _of_status(e, "processing")
    cash = int(e.closing[e.role == ROLES.index("shop:cash")].sum())
    # Debts are paid in turn: behind one that waits for money, others wait that need less.
    forgotten = _of_status(e, "on_the_way") | (waiting & (not (waiting & (needed > cash)).any()))
    findings.add(
        4, forgotten,
        lambda order: f"order {order} is still {STATUSES[e.status[order]]} and nothing is left to happen: needs "
        f"{needed[order]}, shop:cash is {cash}",
    )  # fmt: skip


def _check_claims(evidence: Evidence, findings: Findings) -> None:
    """L5: what users have paid and not received is what the shop owes; those who gave up cannot know."""
    e = evidence
    key = e.by_order
    claimed = e.balance("users:advances", key)
    owed = e.balance("shop:customer-prepayments", key) + e.balance("shop:refunds-due", key)
    gave_up = np.isin(e.outcome, [OUTCOMES.index("abandoned"), OUTCOMES.index("unanswered")])
    unheard = np.zeros(key.size, np.bool_)
    unheard[e.visit_order[gave_up & (e.visit_order > 0)]] = True
    findings.add(
        5, (claimed != owed) & ~unheard & ~_of_status(e, "in_doubt"),
        lambda order: f"order {order}: users:advances {claimed[order]}, but the shop owes {owed[order]}",
    )  # fmt: skip
