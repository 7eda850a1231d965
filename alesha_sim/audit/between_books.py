"""Laws of money that two books tell of: mirrors, the same user, transaction numbers (L3).

An entry has one number in all books, so these laws compare what two books wrote under it.
"""

from typing import NamedTuple

import numpy as np

from alesha_sim.audit.evidence import Evidence, sum_of
from alesha_sim.audit.findings import Findings
from alesha_sim.audit.per_order import that_hold
from alesha_sim.audit.reading import Ints, Mask, among
from alesha_sim.audit.register import ROLES
from alesha_sim.books.accounts import CODES, Account


class Mirror(NamedTuple):
    """An account that shows the same as `others` of the book that writes first.

    Only where the others move if `partly`: rows of its own with the codes `apart` have no counterpart.
    """

    own: Account
    others: tuple[Account, ...]
    partly: bool = False
    apart: tuple[str, ...] = ()


MIRRORS = (
    Mirror(Account.USERS_CASH, (Account.BANK_USER_DEPOSITS, Account.BANK_USER_HOLDS)),
    Mirror(Account.SHOP_CASH, (Account.BANK_SHOP_DEPOSIT,)),
    Mirror(Account.SUPPLIER_CASH, (Account.BANK_SUPPLIER_DEPOSIT,)),
    Mirror(Account.SUPPLIER_COLLECTIONS, (Account.BANK_COURIER_DEPOSIT,)),
    Mirror(Account.SHOP_ROLLING_RESERVE, (Account.BANK_ROLLING_RESERVE,)),
    # What was paid into escrow is due to the shop from the delivery on, which the bank does not learn.
    Mirror(Account.SHOP_SETTLEMENT_DUE, (Account.BANK_SETTLEMENT_DUE,), partly=True, apart=("sale", "allowance")),
    Mirror(Account.SHOP_SUPPLIER_ADVANCES, (Account.SUPPLIER_SHOP_ADVANCES,)),
    Mirror(Account.SHOP_COLLECTIONS_RECEIVABLE, (Account.SUPPLIER_COLLECTIONS_PAYABLE,)),
)


BETWEEN_FIRMS = (
    ((Account.SHOP_SUPPLIER_ADVANCES, Account.SUPPLIER_SUPPLIER_ADVANCES), Account.SUPPLIER_SHOP_ADVANCES),
    ((Account.SHOP_TRADE_PAYABLES, Account.SUPPLIER_TRADE_PAYABLES), Account.SUPPLIER_RECEIVABLES),
)
"""What firms have paid each other in advance, or owe: accounts of the buyer's book and that of the seller's."""

OF_PARTIES = (Account.SHOP_CASH, Account.SUPPLIER_CASH, Account.SUPPLIER_COLLECTIONS)
"""Those of the accounts that are compared party by party: an entry may move money between two of one role."""


def check_mirrors(evidence: Evidence, findings: Findings, *, drained: bool) -> None:
    """Check L3."""
    for part, mirror in enumerate(MIRRORS):
        findings.begin_part(part)
        if evidence.register.is_market and mirror.own == Account.SHOP_SUPPLIER_ADVANCES:
            continue  # suppliers have advances with each other, too
        parties = evidence.register.of_book(mirror.own.book)
        if mirror.own in OF_PARTIES and len(parties) > 1:
            for party in parties:
                _check_mirror(evidence, findings, mirror, drained=drained, party=party)
        else:
            _check_mirror(evidence, findings, mirror, drained=drained)
    findings.begin_part(len(MIRRORS))
    if evidence.register.is_market:
        for buyers, seller in BETWEEN_FIRMS:
            _check_between_firms(evidence, findings, buyers, seller, drained=drained)
    _check_same_user(evidence, findings)
    _check_transactions(evidence, findings)


def _check_mirror(
    evidence: Evidence, findings: Findings, mirror: Mirror, *, drained: bool, party: int | None = None
) -> None:
    """L3: both sides agree on an entry that both hold; what one lacks is on its way, and the bank is first.

    Of a `party`, its own account is compared with what its bank has of it.
    """
    e = evidence
    key = e.by_entry
    own, others = mirror.own, mirror.others
    books = own.book, others[0].book
    touched = [np.concatenate([side for name in names for side in e.sides(name)]) for names in ((own,), others)]
    if party is None:
        holds, other = (e.held(books[0]), e.held(books[1])), str(others[0])
        balances = e.balance(own, key), sum_of(e.balance(name, key) for name in others)
        title = str(own)
    else:
        name = e.register.parties[party]
        title, other = own.of(name), f"the deposit of {name}"
        touched = [
            rows[_of_holder(e, rows, names, party)] for rows, names in zip(touched, ((own,), others), strict=True)
        ]
        holds = e.held_by(party), e.held_by(e.register.bank_of(party))
        mine = _held_balance(e, own, party)
        balances = mine, sum_of(_held_balance(e, account, party) for account in others)
    if not any(len(rows) for rows in touched):
        return
    # What a pending transfer moves, and what it gives back, was the user's before and is so after.
    within = ("pending", "void", *mirror.apart)
    moves = [e.marked(rows[~among(e.code[rows], within, CODES)], key) for rows in touched]
    compared = holds[0] & holds[1] & (moves[1] if mirror.partly else True)
    findings.add(
        3,
        compared & (balances[0] != balances[1]),
        lambda entry: (
            f"entry {key.numbers[entry]}: {title} {balances[0][entry]}, but {other} {balances[1][entry]}"
        ),
        key.numbers,
    )
    if books[1] == "bank" or drained:
        findings.add(
            3,
            moves[0] & ~holds[1] & ~(e.doubtful & (books[1] != "bank")),
            lambda entry: (
                f"entry {key.numbers[entry]}: {title} {balances[0][entry]}, but book {books[1]} lacks the entry"
            ),
            key.numbers,
        )
    if drained:
        findings.add(
            3,
            moves[1] & ~holds[0] & ~e.doubtful,
            lambda entry: (
                f"entry {key.numbers[entry]}: {other} {balances[1][entry]}, but book {books[0]} never heard of it"
            ),
            key.numbers,
        )


def _check_between_firms(
    evidence: Evidence, findings: Findings, buyers: tuple[Account, ...], seller: Account, *, drained: bool
) -> None:
    """L3: what a firm paid another in advance, or owes it, both books show alike once both hold the entry."""
    e = evidence
    key = e.by_entry
    mine, theirs = sum_of(e.balance(buyer, key) for buyer in buyers), e.balance(seller, key)
    sides = [np.concatenate(e.sides(account)) for account in buyers]
    holds = e.marked(np.concatenate(sides), key), e.marked(np.concatenate(e.sides(seller)), key)
    compared = (holds[0] & holds[1]) | (drained & ~e.doubtful)
    findings.add(
        3,
        compared & (mine != theirs),
        lambda entry: f"entry {key.numbers[entry]}: {buyers[0]} {mine[entry]}, but {seller} {theirs[entry]}",
        key.numbers,
    )


def _of_holder(evidence: Evidence, rows: Ints, accounts: tuple[Account, ...], party: int) -> Mask:
    """Tell of rows whether one of their sides is an account of these that shows a party's money."""
    e, holder, roles = evidence, evidence.register.holder, [ROLES[account] for account in accounts]
    return (
        sum_of(
            np.isin(role[rows], roles) & (holder[side[rows]] == party)
            for role, side in ((e.debit_role, e.debit), (e.credit_role, e.credit))
        )
        > 0
    )


def _held_balance(evidence: Evidence, account: Account, party: int) -> Ints:
    """Return by entry the balance of the account of a party, in its natural direction."""
    e, holder = evidence, evidence.register.holder
    debits, credits = e.sides(account)
    debits, credits = debits[holder[e.debit[debits]] == party], credits[holder[e.credit[credits]] == party]
    return (e.summed(debits, e.by_entry) - e.summed(credits, e.by_entry)) * account.kind.sign


def _check_same_user(evidence: Evidence, findings: Findings) -> None:
    """L3: the bank and the users mean the same user under an entry, and it is the one who ordered."""
    e = evidence
    sides = [e.sides(name) for name in (Account.BANK_USER_DEPOSITS, Account.BANK_USER_HOLDS, Account.USERS_CASH)]
    rows = np.concatenate([rows for pair in sides for rows in pair])
    accounts = np.concatenate([side for debits, credits in sides for side in (e.debit[debits], e.credit[credits])])
    users, entries, orders = e.register.number[accounts], e.entry[rows], e.order[rows]
    user_of_entry = np.zeros(e.by_entry.size, np.int32)
    user_of_entry[entries] = users
    findings.add(
        3,
        (user_of_entry[entries] != users) | ((orders > 0) & (e.ordered_by[orders] != users)),
        lambda place: f"another user's account: {e.row_name(int(rows[place]))}",
        e.transfer[rows],
    )


def _check_transactions(evidence: Evidence, findings: Findings) -> None:
    """L3: the transaction numbers that shop and supplier took are the bank's, of that order, amount and payee."""
    e = evidence
    _check_numbers(e, findings, "payment", e.payment_transaction)
    _check_numbers(e, findings, "charges", e.charges_transaction)
    numbers = e.by_entry.numbers
    verified = e.by_rule("charges", Account.SUPPLIER_CASH, Account.SUPPLIER_SHOP_ADVANCES, e.by_entry)
    real = e.moved("bank", "charges", e.by_entry)
    findings.add(
        3,
        (verified != 0) & (verified != real),
        lambda entry: (
            f"entry {numbers[entry]}: the supplier took charges {verified[entry]}, the bank moved {real[entry]}"
        ),
        numbers,
    )


def _check_numbers(evidence: Evidence, findings: Findings, code: str, numbers: Ints) -> None:
    """L3: an order's transaction number is what the bank and the shop booked its payment or charges under.

    If nothing was paid in advance it may be the number of what was paid at the door.
    """
    e = evidence
    booked, told = e.rows("bank", code), e.rows("shop", code)
    if code == "charges":
        told = np.append(told, e.ruled(code, Account.SUPPLIER_SUPPLIER_ADVANCES, Account.SUPPLIER_CASH))
        told = that_hold(e, np.sort(told))
    if code == "payment":
        at_door = e.rows("bank", "collection")
        booked = np.concatenate([booked, at_door[e.advance[e.order[at_door]] == 0]])
    orders = np.full(e.by_entry.size + 1, -1, np.int64)
    orders[e.entry[booked]] = e.order[booked]
    findings.add(
        3,
        (numbers != -1) & (orders[e.by_entry.find(numbers)] != np.arange(len(numbers))),
        lambda order: (
            f"order {e.orders[order]}: transaction {numbers[order]} is no {code} of this order at the bank"
        ),
        e.orders,
    )
    findings.add(
        3,
        numbers[e.order[told]] != e.entry_number[told],
        lambda place: f"not the order's transaction number: {e.row_name(int(told[place]))}",
        e.transfer[told],
    )
