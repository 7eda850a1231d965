"""The tables of a run, or a part of them, as arrays that laws can compare: sums by order, by entry, by order line.

Everything is read from the canonical columns, so a result that was loaded from files can be
checked as well as one that has just run. No function loops over rows.
"""

from collections.abc import Iterable, Mapping, Sequence
from functools import cache, cached_property, reduce
from operator import add
from typing import Any

import numpy as np
import numpy.typing as npt

from alesha_sim.audit.keys import Key, Lines
from alesha_sim.audit.order_columns import lacking_party, order_columns, replenishing
from alesha_sim.audit.posting_rules import Rule, permitted
from alesha_sim.audit.reading import Ints, Mask, among, exact, recoded
from alesha_sim.audit.register import ROLES, Priced, Register
from alesha_sim.books.accounts import BOOK_ROLES, CODES, Account
from alesha_sim.columns import Columns, numbers, text_column
from alesha_sim.numeric.counts import bincount
from alesha_sim.vocabulary import OUTCOMES, STATUSES

RULES = tuple(permitted())
"""Every row that the posting rules know; a transfer's rule is its place here."""

PREPAYING = ("guess_secret", "borrow_account")
"""The attacks that pay for an order in advance, whether or not anything of it is due before the door."""

_PLACES = {rule: place for place, rule in enumerate(RULES)}
_NONE = np.zeros(0, np.int64)


class Evidence:
    """Rows of the tables of orders, prepared; tables that are left out are unknown.

    Orders are those of users and organisations together. The `total` of a purchase is 0, since no user pays it;
    what its seller charges is `bought`. What belongs together must be there together: all rows of an order, and
    all of an entry. Orders and entries stand at places of their own, 0 for no order; `orders` and `entries` have
    their numbers. Commodities are the register's. What a table names and this package does not know is -1. `first`
    is the number of rows before, `row_number` that of each transfer; those of a reader's own books are in `own`
    alone.
    """

    def __init__(
        self,
        tables: Mapping[str, Columns],
        catalogue: Sequence[Priced],
        register: Register | None = None,
        first: int = 0,
    ) -> None:
        self.register = Register(tables["accounts"], catalogue) if register is None else register
        self.first = first
        self.price, self.charge, self.cost = self.register.price, self.register.charge, self.register.cost
        if "transfers" in tables:
            self._read_transfers(tables["transfers"])
        if "orders" in tables or "purchases" in tables:
            self._read_orders(tables)
        if "order_lines" in tables:
            self._read_lines(tables["order_lines"])
        if "visits" in tables:
            self._read_visits(tables["visits"])

    def _read_transfers(self, table: Columns) -> None:
        register = self.register
        (table, self.row_number), self.own = register.own.set_aside(table, self.first)
        self.transfer, self.posted_at = numbers(table, "transfer"), numbers(table, "posted_at")
        self.amount = exact(numbers(table, "amount"))
        self.party = recoded(text_column(table, "book"), register.parties)
        self.book = register.role_of_party[self.party]
        self.code = recoded(text_column(table, "code"), CODES)
        self.row_commodity = recoded(text_column(table, "commodity"), register.commodities)
        self.debit = register.places(text_column(table, "debit"), self.row_commodity)
        self.credit = register.places(text_column(table, "credit"), self.row_commodity)
        roles = np.append(register.role, np.int8(-1))
        self.debit_role, self.credit_role = roles[self.debit], roles[self.credit]
        order = numbers(table, "order")
        self.order_number = np.where(order == -1, 0, np.where(order == 0, -1, order))
        self.entry_number = numbers(table, "entry")

    def _read_orders(self, tables: Mapping[str, Columns]) -> None:
        table = order_columns(tables, with_instants=bool(self.register.changes))
        self.orders = _from_one(numbers(table, "order"), 0)
        self.ordered_by = _from_one(numbers(table, "user"), -1)
        self.placed_at = np.zeros(len(self.orders), np.int64)
        if self.register.changes:
            self.placed_at = _from_one(numbers(table, "placed_at"), 0)
        self.buyer, self.seller = (
            _from_one(recoded(text_column(table, side), self.register.parties), -1) for side in ("buyer", "seller")
        )
        self.replenishes = _from_one(replenishing(table), False)
        self.lacks_party = _from_one(lacking_party(table), False)
        total = _from_one(exact(numbers(table, "total")), 0)
        self.total, self.bought = np.where(self.replenishes, 0, total), np.where(self.replenishes, total, 0)
        self.advance = _from_one(exact(numbers(table, "advance")), 0)
        self.status = _from_one(recoded(text_column(table, "status"), STATUSES), -1)
        self.payment_transaction = _from_one(numbers(table, "payment_transaction"), -1)
        self.charges_transaction = _from_one(numbers(table, "charges_transaction"), -1)

    def _read_lines(self, table: Columns) -> None:
        self.line_order_number = numbers(table, "order")
        self.line_commodity = recoded(text_column(table, "sku"), self.register.products, np.int64)
        self.line_quantity = numbers(table, "quantity")
        units = int(np.abs(exact(self.line_quantity)).sum())
        self.unit_price = exact(numbers(table, "unit_price"), units)
        self.unit_charge = exact(numbers(table, "unit_charge"), units)

    def _read_visits(self, table: Columns) -> None:
        self.visit, self.visitor = numbers(table, "visit"), numbers(table, "user")
        self.visit_order_number = numbers(table, "order")
        self.outcome = recoded(text_column(table, "outcome"), OUTCOMES)
        self.prepays = np.zeros(len(self.visit), np.bool_)
        if "intent" in table:
            self.prepays = recoded(text_column(table, "intent"), PREPAYING) >= 0

    # Places

    def _order_places(self, given: Ints) -> Ints:
        """Return the places of orders by their numbers; what is no order's is at place 0."""
        orders = self.orders
        before = int(orders[1]) - 1 if len(orders) > 1 else 0
        if int(orders[-1]) == before + len(orders) - 1:
            return np.maximum(given - before, 0)
        return np.where(given > 0, np.searchsorted(orders, given), 0)

    @cached_property
    def order(self) -> Ints:
        """The order of each transfer, as its place."""
        return self._order_places(self.order_number)

    @cached_property
    def line_order(self) -> Ints:
        """The order of each row of `order_lines`, as its place."""
        return self._order_places(self.line_order_number)

    @cached_property
    def visit_order(self) -> Ints:
        """The order of each visit, as its place."""
        return self._order_places(self.visit_order_number)

    @cached_property
    def lines(self) -> Lines:
        """The quantities ordered."""
        return Lines(self.line_order, self.line_commodity, self.line_quantity, len(self.register.products))

    # Sums

    @cached_property
    def by_order(self) -> Key:
        """The key that sums rows by order; place 0 is for rows of none."""
        return Key(self.order, len(self.total), self.orders)

    @cached_property
    def by_entry(self) -> Key:
        """The key that sums rows by entry."""
        given = self.entry_number
        size = int(given.max(initial=0)) + 1
        if size <= 2 * len(given) + 2:
            return Key(given, size, np.arange(size))
        # Rows of a few orders of many: only the entries that they have get a place.
        used = np.zeros(size, np.bool_)
        used[given] = True
        found = np.flatnonzero(used)
        places = np.zeros(size, np.int64)
        places[found] = np.arange(len(found))
        return Key(places[given], len(found), found)

    @property
    def entry(self) -> Ints:
        """The entry of each transfer, as its place."""
        return self.by_entry.of_row

    @cached_property
    def by_line(self) -> Key:
        """The key that sums rows by order and product, as places of `lines`; the last place is for all others."""
        lines = self.lines
        rows = np.flatnonzero((self.row_commodity > 0) & (self.order > 0))
        places = np.full(len(self.amount), len(lines.keys), np.int32)
        places[rows] = lines.find(self.order[rows], self.row_commodity[rows])
        found = self.orders[lines.order] * len(self.price) + lines.product
        return Key(places, len(lines.keys) + 1, np.append(found, -1))

    @cached_property
    def doubtful(self) -> Mask:
        """Tell by entry which belong to an order in doubt: what was reported there may never arrive."""
        return self.marked(np.flatnonzero(self.uncertain[self.order]), self.by_entry)

    @cached_property
    def held_up(self) -> Mask:
        """Tell by order what has a payment that the payee's bank has not heard of, if any ever will be."""
        sent, received = self.sides(Account.BANK_CLEARING_DUE)[1], self.sides(Account.BANK_CLEARING_CLAIM)[0]
        waiting = self.marked(sent, self.by_entry) & ~self.marked(received, self.by_entry)
        held_up = self.marked(sent[waiting[self.entry[sent]]], self.by_order)
        held_up[0] = False
        return held_up

    @cached_property
    def uncertain(self) -> Mask:
        """Tell by order which are in doubt or held up; if a bank closes, that may be any."""
        uncertain: Mask = (self.status == STATUSES.index("in_doubt")) | self.held_up
        if self.register.settling is not None and self.register.settling.closes:
            uncertain = np.ones(len(uncertain), np.bool_)
        return uncertain

    @cached_property
    def rule(self) -> npt.NDArray[np.int16]:
        """The rule of each transfer, as its place in `RULES`."""
        units = (self.row_commodity > 0).astype(np.int8)
        found: npt.NDArray[np.int16] = _known_rules()[self.code, units, self.debit_role, self.credit_role]
        return found

    @cached_property
    def _by_rule(self) -> dict[int, Ints]:
        """The rows of each rule that has any, in their order; under -1 those that have no rule.

        Sorted once, in linear time for such small numbers: to look for the rows of each rule in turn took half
        of the check.
        """
        rows = np.argsort(self.rule, kind="stable")
        ends = np.cumsum(bincount(self.rule + 1)).tolist()
        starts = [0, *ends]
        return {
            place: rows[start:end]
            for place, (start, end) in enumerate(zip(starts, ends, strict=False), -1)
            if start < end
        }

    def _under(self, places: Sequence[int]) -> Ints:
        """Return the rows of some rules, rule by rule."""
        parts = [self._by_rule[place] for place in places if place in self._by_rule]
        return parts[0] if len(parts) == 1 else np.concatenate([_NONE, *parts])

    def rows(self, book: str, code: str, *, units: bool = False) -> Ints:
        """Return the rows of a code in a book, of money or else of units, in their order.

        Of a payment between two banks the row of the payer's, since that of the payee's is the same once more.
        """
        wanted = _rules_of_code(book, code, units)
        found = self._under(wanted)
        return np.sort(found) if len(wanted) > 1 else found

    def ruled(self, code: str, debit: Account, credit: Account, *, units: bool = False) -> Ints:
        """Return the rows of one rule: of a code that debits one account and credits another of its book."""
        return self._by_rule.get(_PLACES[Rule(debit.book, code, units, debit, credit)], _NONE)

    def by_rule(self, code: str, debit: Account, credit: Account, key: Key, worth: Ints | None = None) -> Ints:
        """Return the amounts moved under one rule by `key`: money, or units valued at `worth`."""
        return self.summed(self.ruled(code, debit, credit, units=worth is not None), key, worth)

    def summed(self, rows: Ints, key: Key, worth: Ints | None = None) -> Ints:
        """Return the sum of the amounts of `rows` by `key`; units are counted as `worth` each commodity says."""
        if not len(rows):
            return np.zeros(key.size, self.amount.dtype)
        amounts = self.amount[rows]
        if worth is not None:
            amounts = amounts * exact(worth, int(amounts.sum()))[self.row_commodity[rows]]
        sums = np.zeros(key.size, amounts.dtype)
        np.add.at(sums, key.of_row[rows], amounts)
        return sums

    def sold_for(self, book: str, code: str, key: Key) -> Ints:
        """Return the price of the units moved under a code in a book by `key`, each by the list of its order."""
        rows = self.rows(book, code, units=True)
        if not len(rows):
            return np.zeros(key.size, self.amount.dtype)
        order = self.order[rows]
        prices = self.register.price_at(self.seller[order], self.placed_at[order], self.row_commodity[rows])
        amounts = self.amount[rows]
        amounts = amounts * exact(prices, int(amounts.sum()))
        sums = np.zeros(key.size, amounts.dtype)
        np.add.at(sums, key.of_row[rows], amounts)
        return sums

    def charged_for(self, rows: Ints, key: Key) -> Ints:
        """Return what units were bought for by `key`: at the catalogue's charge, or in a market their order's."""
        if not self.register.is_market:
            return self.summed(rows, key, self.charge)
        amounts = self.amount[rows] * self._line_charge[self.by_line.of_row[rows]]
        sums = np.zeros(key.size, amounts.dtype)
        np.add.at(sums, key.of_row[rows], amounts)
        return sums

    @cached_property
    def _line_charge(self) -> Ints:
        """The charge of a unit of each of `lines`; the last place is for what was not ordered."""
        charges = np.zeros(len(self.lines.keys) + 1, self.unit_charge.dtype)
        charges[self.lines.find(self.line_order, self.line_commodity)] = self.unit_charge
        return charges

    def moved(self, book: str, code: str, key: Key, worth: Ints | None = None) -> Ints:
        """Return the amounts moved under a code in a book by `key`: money, or units valued at `worth`."""
        return self.summed(self.rows(book, code, units=worth is not None), key, worth)

    def balance(self, account: Account, key: Key, worth: Ints | None = None) -> Ints:
        """Return the balance of an account in the rows of each `key`, in its natural direction.

        All users' accounts of a family count together. Money, or units valued at `worth`.
        """
        debits, credits = self.sides(account, units=worth is not None)
        if not len(debits) and not len(credits):
            return np.zeros(key.size, self.amount.dtype)
        return (self.summed(debits, key, worth) - self.summed(credits, key, worth)) * account.kind.sign

    def sides(self, account: Account, *, units: bool = False) -> tuple[Ints, Ints]:
        """Return the rows that debit and those that credit an account, of money or else of units, rule by rule."""
        debits, credits = (self._under(places) for places in _rules_of_account(account, units))
        unknown = self._by_rule.get(-1)
        if unknown is None:
            return debits, credits
        unknown = unknown[(self.row_commodity[unknown] > 0) == units]
        role = ROLES[account]
        return (
            np.concatenate([unknown[self.debit_role[unknown] == role], debits]),
            np.concatenate([unknown[self.credit_role[unknown] == role], credits]),
        )

    def marked(self, rows: Ints, key: Key) -> Mask:
        """Tell which places of `key` have one of `rows`."""
        marks = np.zeros(key.size, np.bool_)
        marks[key.of_row[rows]] = True
        return marks

    def held(self, book: str) -> Mask:
        """Tell by entry whether a book holds it with at least one row."""
        return self.marked(np.flatnonzero(self.book == BOOK_ROLES.index(book)), self.by_entry)

    def held_by(self, party: int) -> Mask:
        """Tell by entry whether the book of a party holds it with at least one row."""
        return self.marked(np.flatnonzero(self.party == party), self.by_entry)

    # Names, for messages

    def line_name(self, place: int) -> str:
        """Name a line."""
        lines = self.lines
        return f"order {self.orders[lines.order[place]]}, product {lines.product[place]}"

    def row_name(self, row: int) -> str:
        """Describe a transfer."""
        code = CODES[self.code[row]] if self.code[row] >= 0 else "unknown code"
        name = self.register.name
        return (
            f"transfer {self.transfer[row]}, order {self.order_number[row] or -1}, "
            f"entry {self.entry_number[row]}: "
            f"{code} {self.amount[row]}, {name(int(self.debit[row]))} / {name(int(self.credit[row]))}"
        )


def sum_of(sums: Iterable[Ints]) -> Ints:
    """Return the sum of arrays of one length."""
    return reduce(add, sums)


def _from_one(column: npt.NDArray[Any], filler: int) -> npt.NDArray[Any]:
    """Return a column of `orders` with one place in front for what belongs to no order."""
    return np.concatenate([np.array([filler], column.dtype), column])


@cache
def _rules_of_code(book: str, code: str, units: bool) -> list[int]:
    """Return the rules of a code in a book, of money or else of units, as places in `RULES`."""
    return [
        place
        for rule, place in _PLACES.items()
        if (rule.book, rule.code, rule.units) == (book, code, units)
        and rule.debit is not Account.BANK_CLEARING_CLAIM
    ]


@cache
def _rules_of_account(account: Account, units: bool) -> tuple[list[int], list[int]]:
    """Return the rules that debit an account and those that credit it, of money or else of units."""
    rules = [(rule, place) for rule, place in _PLACES.items() if rule.units == units]
    return (
        [place for rule, place in rules if rule.debit is account],
        [place for rule, place in rules if rule.credit is account],
    )


@cache
def _known_rules() -> npt.NDArray[np.int16]:
    """Return the place of each rule by code, units or money, roles debited and credited; -1 for none."""
    known = np.full((len(CODES), 2, len(ROLES), len(ROLES)), -1, np.int16)
    for rule, place in _PLACES.items():
        sides = ROLES[rule.debit], ROLES[rule.credit]
        known[CODES.index(rule.code), int(rule.units), *sides] = place
    return known


def of_status(evidence: Evidence, *names: str) -> Mask:
    """Tell by order whether its status is one of those named."""
    return among(evidence.status, names, STATUSES)
