"""Laws of facts that two books tell of: mirrors, goods handed over, values, earnings (L3, L6 to L8).

A fact has one link in all books, so these laws compare what two books wrote under it.
"""

import numpy as np

from alesha_sim.books.accounts import CODES
from alesha_sim.books.evidence import Evidence, Ints, Mask
from alesha_sim.books.findings import Findings
from alesha_sim.records import OUTCOMES

MIRRORS = (
    ("users:cash:", ("bank:deposits:user:", "bank:holds:user:")),
    ("shop:cash", ("bank:deposits:shop",)),
    ("supplier:cash", ("bank:deposits:supplier",)),
    ("shop:supplier-advances", ("supplier:shop-advances",)),
)
"""Accounts that show the same from two sides; the bank's side is written first."""


def check_links(evidence: Evidence, findings: Findings, *, drained: bool) -> None:
    """Check L3 and L6 to L8."""
    for own, others in MIRRORS:
        _check_mirror(evidence, findings, own, others, drained=drained)
    _check_same_user(evidence, findings)
    _check_transactions(evidence, findings)
    _check_handovers(evidence, findings, drained=drained)
    _check_values(evidence, findings)
    _check_parcels(evidence, findings)
    _check_sales(evidence, findings, drained=drained)


def _check_mirror(
    evidence: Evidence, findings: Findings, own: str, others: tuple[str, ...], *, drained: bool
) -> None:  # fmt: skip
    """L3: both sides agree on a link that both hold; what one lacks is on its way, and the bank is first."""
    e = evidence
    key = e.by_link
    other = others[0]
    books = own.partition(":")[0], other.partition(":")[0]
    balances = e.balance(own, key), np.sum([e.balance(name, key) for name in others], axis=0)
    holds = e.held(books[0]), e.held(books[1])
    # What a pending transfer moves, and what it gives back, was the user's before and is so after.
    within = np.isin(e.code, [CODES.index("pending"), CODES.index("void")])
    touched = [np.concatenate([side for name in names for side in e.sides(name)]) for names in ((own,), others)]
    moves = [e.marked(rows[~within[rows]], key) for rows in touched]
    findings.add(
        3, holds[0] & holds[1] & (balances[0] != balances[1]),
        lambda link: f"link {link}: {own} {balances[0][link]}, but {other} {balances[1][link]}",
    )  # fmt: skip
    if books[1] == "bank" or drained:
        findings.add(
            3, moves[0] & ~holds[1] & ~(e.doubtful & (books[1] != "bank")),
            lambda link: f"link {link}: {own} {balances[0][link]}, but book {books[1]} lacks the link",
        )  # fmt: skip
    if drained:
        excused = e.doubtful | _never_told(e) if books[0] == "users" else e.doubtful
        findings.add(
            3, moves[1] & ~holds[0] & ~excused,
            lambda link: f"link {link}: {other} {balances[1][link]}, but book {books[0]} never heard of it",
        )  # fmt: skip


def _never_told(evidence: Evidence) -> Mask:
    """Tell by link which payments their users never heard of, because they gave up before the answer."""
    e = evidence
    gave_up = (e.outcome == OUTCOMES.index("abandoned")) | (e.outcome == OUTCOMES.index("unanswered"))
    orders = np.zeros(len(e.total), np.bool_)
    orders[e.visit_order[gave_up & (e.visit_order > 0)]] = True
    payments = e.rows("bank", "payment")
    return e.marked(payments[orders[e.order[payments]]], e.by_link)


def _check_same_user(evidence: Evidence, findings: Findings) -> None:
    """L3: the bank and the users mean the same user under a link, and it is the one who ordered."""
    e = evidence
    sides = [e.sides(name) for name in ("bank:deposits:user:", "bank:holds:user:", "users:cash:")]
    rows = np.concatenate([rows for pair in sides for rows in pair])
    accounts = np.concatenate([side for debits, credits in sides for side in (e.debit[debits], e.credit[credits])])
    users, links, orders = e.number[accounts], e.link[rows], e.order[rows]
    of_link = np.zeros(e.by_link.size, np.int32)
    of_link[links] = users
    findings.add(
        3, (of_link[links] != users) | ((orders > 0) & (e.ordered_by[orders] != users)),
        lambda place: f"another user's account: {e.row_name(int(rows[place]))}",
    )  # fmt: skip


def _check_transactions(evidence: Evidence, findings: Findings) -> None:
    """L3: the transaction numbers that shop and supplier took are the bank's, of that order, amount and payee."""
    e = evidence
    _check_numbers(e, findings, "payment", e.transaction)
    _check_numbers(e, findings, "charges", e.charges_transaction)
    verified, real = (e.moved(book, "charges", e.by_link) for book in ("supplier", "bank"))
    findings.add(
        3, (verified != 0) & (verified != real),
        lambda link: f"link {link}: the supplier took charges {verified[link]}, the bank moved {real[link]}",
    )  # fmt: skip


def _check_numbers(evidence: Evidence, findings: Findings, code: str, numbers: Ints) -> None:
    """L3: an order's transaction number is what the bank and the shop booked its payment or charges under."""
    e = evidence
    booked, told = e.rows("bank", code), e.rows("shop", code)
    size = e.by_link.size
    orders = np.full(size + 1, -1, np.int64)
    orders[e.link[booked]] = e.order[booked]
    places = np.where((numbers >= 0) & (numbers < size), numbers, size)
    findings.add(
        3, (numbers != -1) & (orders[places] != np.arange(len(numbers))),
        lambda order: f"order {order}: transaction {numbers[order]} is no {code} of this order at the bank",
    )  # fmt: skip
    findings.add(
        3, numbers[e.order[told]] != e.link[told],
        lambda place: f"not the order's transaction number: {e.row_name(int(told[place]))}",
    )  # fmt: skip


def _check_handovers(evidence: Evidence, findings: Findings, *, drained: bool) -> None:
    """L6: what a giver gave under a link is what the taker took; only what the giver has not heard is left."""
    e = evidence
    products = len(e.price)
    given, taken = e.rows("supplier", "deliver", units=True), e.rows("users", "deliver", units=True)
    rows = np.concatenate([given, taken])
    keys, places = np.unique(e.link[rows] * products + e.row_commodity[rows], return_inverse=True)
    left = np.zeros(len(keys), np.int64)
    np.add.at(left, places, np.concatenate([-e.amount[given], e.amount[taken]]))
    known = e.marked(given, e.by_link)[keys // products]
    findings.add(
        6, (left != 0) & (known | (drained & ~e.doubtful[keys // products])),
        lambda place: f"link {keys[place] // products}, product {keys[place] % products - 1}: the user took "
        f"{left[place]} more than the supplier gave",
    )  # fmt: skip


def _check_values(evidence: Evidence, findings: Findings) -> None:
    """L7: the money in the supplier's goods is their units at cost, for every order."""
    e = evidence
    key = e.by_order
    for goods, value in (
        ("supplier:reserved", "supplier:stock"), ("supplier:goods-in-transit", "supplier:goods-in-transit"),
    ):  # fmt: skip
        _check_worth(
            findings, 7, "order", value, e.balance(value, key), e.balance(goods, key, e.cost), goods + " at cost"
        )  # fmt: skip


def _check_parcels(evidence: Evidence, findings: Findings) -> None:
    """L8: goods made are owed at cost; the supplier sold what it gave at charge, at the cost of it."""
    e = evidence
    made = e.moved("supplier", "make", e.by_order, e.cost)
    owed = e.balance("supplier:payables", e.by_order)
    _check_worth(findings, 8, "order", "supplier:payables", owed, made, "units made at cost")
    key = e.by_link
    for code, worth in (("sale", e.charge), ("cost", e.cost)):
        value = e.moved("supplier", "deliver", key, worth)
        _check_worth(findings, 8, "link", f"supplier {code}", e.moved("supplier", code, key), value, "units given")


def _check_sales(evidence: Evidence, findings: Findings, *, drained: bool) -> None:
    """L8: users spent the price of what they took; the shop sold it, once it knows, at price and at charge."""
    e = evidence
    key = e.by_link
    taken = e.moved("users", "deliver", key, e.price)
    _check_worth(findings, 8, "link", "users sale", e.moved("users", "sale", key), taken, "units taken")
    sales, costs = e.moved("shop", "sale", key), e.moved("shop", "cost", key)
    told = (sales != 0) | (costs != 0) | (drained & ~e.doubtful)
    for code, booked, worth in (("sale", sales, e.price), ("cost", costs, e.charge)):
        value = e.moved("users", "deliver", key, worth)
        _check_worth(findings, 8, "link", f"shop {code}", booked, np.where(told, value, 0), "units taken")


def _check_worth(
    findings: Findings, law: int, key: str, name: str, booked: Ints, worth: Ints, source: str
) -> None:
    """Record where what was booked in money differs from the worth of the units."""
    findings.add(
        law, booked != worth, lambda place: f"{key} {place}: {name} {booked[place]}, but {source} {worth[place]}"
    )  # fmt: skip
