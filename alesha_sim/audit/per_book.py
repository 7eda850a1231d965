"""Laws of single rows and of whole books: rows, floors, reserves, statements (L0 to L2, L9).

They see every transfer once, in the order of writing, and carry from one part to the next no more than some
numbers for each account.
"""

import numpy as np

from alesha_sim.audit.evidence import Evidence
from alesha_sim.audit.findings import Findings
from alesha_sim.audit.reading import Ints, recoded
from alesha_sim.audit.register import ROLES, Register
from alesha_sim.books.accounts import BOOK_ROLES, INCOME, KINDS, OPENING, Account
from alesha_sim.columns import Columns, numbers
from alesha_sim.tables import running_balance

_SIGNS = np.array([account.kind.sign for account in Account])
_BOOKS = np.array([BOOK_ROLES.index(account.book) for account in Account], np.int8)

SECTIONS = ("rows", "floors", "reserves", "statements")
"""The order in which the report lists them."""

ROWS, FLOORS, RESERVES, STATEMENTS = range(len(SECTIONS))


_ALSO = {
    Account.SHOP_SUPPLIER_ADVANCES: Account.SUPPLIER_SUPPLIER_ADVANCES,
    Account.SHOP_TRADE_PAYABLES: Account.SUPPLIER_TRADE_PAYABLES,
}
"""What suppliers that buy have in the same way as shops."""


class Books:
    """The laws of books: `see` all transfers, part by part, then `close`."""

    def __init__(self, register: Register, findings: Findings) -> None:
        self._register = register
        self._findings = findings
        accounts = len(register.role)
        self._time = 0
        self._floors = register.floors
        self._running = np.zeros(accounts, np.int64)
        self._was_below = np.zeros(accounts, np.bool_)
        self._opening, self._closing = np.zeros(accounts, np.int64), np.zeros(accounts, np.int64)

    def see(self, evidence: Evidence) -> None:
        """Check what can be said of the next transfers (L0, L1, L2), and add them up."""
        self._findings.begin(ROWS)
        self._check_rows(evidence)
        self._findings.begin(FLOORS)
        self._check_floors(evidence)
        self._findings.begin(RESERVES)
        self._check_reserves(evidence)
        self._opening = _add(self._opening, evidence, np.flatnonzero(evidence.code == OPENING))
        self._closing = _add(self._closing, evidence, slice(None))

    def _check_rows(self, evidence: Evidence) -> None:
        """L0: amounts above zero, rows in the order of time, accounts of the row's own book."""
        e, findings = evidence, self._findings
        rows = e.row_number
        findings.add(0, e.amount <= 0, lambda row: f"the amount must be above zero: {e.row_name(row)}", rows)
        findings.add(
            0, e.transfer != rows, lambda row: f"row {rows[row]} of transfers has number {e.transfer[row]}", rows
        )
        if not e.first and len(e.posted_at):
            self._time = min(0, int(e.posted_at[0]))
        findings.add(
            0,
            np.diff(e.posted_at, prepend=self._time) < 0,
            lambda row: f"time runs backwards: {e.row_name(row)}",
            rows,
        )
        self._time = int(e.posted_at[-1]) if len(e.posted_at) else self._time
        findings.add(
            0,
            (_BOOKS[e.debit_role] != e.book) | (_BOOKS[e.credit_role] != e.book),
            lambda row: f"an account of another book: {e.row_name(row)}",
            rows,
        )
        if self._register.is_market:
            party = self._register.party
            findings.add(
                0,
                (party[e.debit] != e.party) | (party[e.credit] != e.party),
                lambda row: f"an account in another party's book: {e.row_name(row)}",
                rows,
            )

    def _check_floors(self, evidence: Evidence) -> None:
        """L1: no account with a floor is below zero after any transfer."""
        e, name = evidence, self._register.name
        floored = self._floors > np.iinfo(np.int64).min
        debits, credits = np.flatnonzero(floored[e.debit]), np.flatnonzero(floored[e.credit])
        rows = np.concatenate([debits, credits])
        accounts = np.concatenate([e.debit[debits], e.credit[credits]])
        changes = np.concatenate(
            [e.amount[debits] * _SIGNS[e.debit_role[debits]], -e.amount[credits] * _SIGNS[e.credit_role[credits]]]
        )
        order = np.argsort(accounts * np.int64(len(e.amount)) + rows, kind="quicksort")  # no two are equal
        accounts, rows, changes = accounts[order], rows[order], changes[order]
        first = running_balance.begins(accounts)
        self._running = self._running.astype(np.result_type(self._running, changes), copy=False)
        running = self._running[accounts] + running_balance.running(changes, first)
        last = np.append(first[1:], True)[: len(first)]
        self._running[accounts[last]] = running[last]
        # One line an account: the first time that it was below.
        below = np.flatnonzero((running < self._floors[accounts]) & ~self._was_below[accounts])
        below = below[np.unique(accounts[below], return_index=True)[1]]
        self._was_below[accounts[below]] = True
        self._findings.add(
            1,
            np.ones(len(below), np.bool_),
            lambda place: (
                f"{name(int(accounts[below[place]]))} at {running[below[place]]} after "
                f"{e.row_name(int(rows[below[place]]))}"
            ),
            accounts[below],
        )

    def _check_reserves(self, evidence: Evidence) -> None:
        """L2: only openings and income change the reserves of the one bank, or what backs those of several."""
        e = evidence
        is_alone = self._register.settling is None
        reserves = ROLES[Account.BANK_RESERVES if is_alone else Account.CLEARING_BACKING]
        touched = (e.debit_role == reserves) | (e.credit_role == reserves)
        declared = (e.code == OPENING) | (e.code == INCOME)
        rows = e.row_number
        self._findings.add(2, touched & ~declared, lambda row: f"changes the reserves: {e.row_name(row)}", rows)

    def close(self, users: Columns, *, is_settled: bool) -> None:
        """Check L2 and L9 for all that was seen; `is_settled` says that nobody has anything still to hear."""
        self._findings.begin(RESERVES, 1)
        self._check_backing()
        self._findings.begin(STATEMENTS)
        self._check_statements()
        self._check_group(is_settled=is_settled)
        self._check_users(numbers(users, "opening_balance"), numbers(users, "closing_balance"))

    def _check_backing(self) -> None:
        """L2: a bank's reserves are all that it owes."""
        r = self._register
        if r.settling is not None:
            self._check_house()
            return
        banks = r.of_book("bank")
        mine, reserves = [r.party == bank for bank in banks], r.role == ROLES[Account.BANK_RESERVES]
        behind = [int(r.closing[own & reserves].sum()) for own in mine]
        owed = [int(r.closing[own & ~reserves].sum()) for own in mine]
        self._findings.add(
            2,
            np.array([one != other for one, other in zip(behind, owed, strict=True)]),
            lambda place: (
                f"{Account.BANK_RESERVES.of(r.parties[banks[place]])} {behind[place]}, but the bank owes "
                f"{owed[place]}"
            ),
        )

    def _check_house(self) -> None:
        """L2: what backs the reserves of all banks is what the house owes to them."""
        r = self._register
        backing, reserves, settlement = (
            int(r.closing[r.of_role(account)].sum())
            for account in (Account.CLEARING_BACKING, Account.CLEARING_RESERVES, Account.CLEARING_SETTLEMENT)
        )
        self._findings.add(
            2,
            np.array([backing != reserves, settlement != 0]),
            lambda place: (
                f"{Account.CLEARING_BACKING} {backing}, but reserves {reserves}"
                if place == 0
                else f"{Account.CLEARING_SETTLEMENT} is {settlement}"
            ),
        )

    def _check_statements(self) -> None:
        """L9: opening + flows = closing; every book balances in every commodity."""
        r, findings = self._register, self._findings
        signs = _SIGNS[r.role]
        opening, closing = self._opening * signs, self._closing * signs
        findings.add(
            9,
            (opening != r.opening) | (closing != r.closing),
            lambda account: (
                f"{r.name(account)}: opening {r.opening[account]}, closing {r.closing[account]}, "
                f"but transfers make {opening[account]} and {closing[account]}"
            ),
        )
        kinds = np.array([KINDS.index(account.kind) for account in Account])[r.role]
        findings.add(
            9,
            kinds != recoded(r.kind, KINDS),
            lambda account: f"{r.name(account)}: must be of kind {KINDS[kinds[account]]}",
        )
        books = _BOOKS[r.role]
        findings.add(
            9, books != r.book, lambda account: f"{r.name(account)}: must be of book {BOOK_ROLES[books[account]]}"
        )
        trial = np.zeros((len(r.parties), len(r.price)), r.closing.dtype)
        np.add.at(trial, (r.party, r.commodity), r.closing * signs)
        findings.add(
            9,
            trial.ravel() != 0,
            lambda place: (
                f"book {r.parties[place // len(r.price)]}, commodity {place % len(r.price)}: debits exceed "
                f"credits by {trial.ravel()[place]}"
            ),
        )

    def _check_group(self, *, is_settled: bool) -> None:
        """L9: what shops and suppliers hold of each other is equal, so that it cancels in a group."""
        r = self._register
        pairs = [] if r.is_market else [(Account.SHOP_INVESTMENT, Account.SUPPLIER_EQUITY)]
        if is_settled:
            pairs.append((Account.SHOP_SUPPLIER_ADVANCES, Account.SUPPLIER_SHOP_ADVANCES))
            pairs.append((Account.SHOP_TRADE_PAYABLES, Account.SUPPLIER_RECEIVABLES))
            pairs.append((Account.SHOP_COLLECTIONS_RECEIVABLE, Account.SUPPLIER_COLLECTIONS_PAYABLE))
        closings = [[self._closing_of(name) for name in pair] for pair in pairs]
        self._findings.add(
            9,
            np.array([one != other for one, other in closings]),
            lambda place: f"{pairs[place][0]} {closings[place][0]}, but {pairs[place][1]} {closings[place][1]}",
        )

    def _closing_of(self, name: Account) -> int:
        """Return what all accounts of a role come to, with what suppliers have of each other."""
        r = self._register
        names = [name, *([_ALSO[name]] if name in _ALSO else [])]
        return sum(int(r.closing[r.of_role(each)].sum()) for each in names)

    def _check_users(self, opening: Ints, closing: Ints) -> None:
        """L9: the table `users` shows the deposits that the bank owes to the users."""
        r, findings = self._register, self._findings
        deposits = r.of_role(Account.BANK_USER_DEPOSITS)
        own = np.full(len(opening), -1)
        places = r.number[deposits]
        findings.add(9, places >= len(own), lambda place: f"{r.name(int(deposits[place]))}: no such user")
        inside = places < len(own)
        own[places[inside]] = deposits[inside]
        there = np.flatnonzero(own >= 0)
        wrong = own < 0
        wrong[there] = (r.opening[own[there]] != opening[there]) | (r.closing[own[there]] != closing[there])

        def describe(user: int) -> str:
            account = int(own[user])
            has = (
                f"has {r.name(account)} from {r.opening[account]} to {r.closing[account]}"
                if account >= 0
                else "has no account of theirs"
            )
            return f"user {user}: opening {opening[user]}, closing {closing[user]}, but the bank {has}"

        findings.add(9, wrong, describe)


def _add(net: Ints, evidence: Evidence, rows: Ints | slice) -> Ints:
    """Return `net` with debits less credits of every account in `rows` added to it."""
    net = net.astype(np.result_type(net, evidence.amount), copy=False)
    np.add.at(net, evidence.debit[rows], evidence.amount[rows])
    np.subtract.at(net, evidence.credit[rows], evidence.amount[rows])
    return net
