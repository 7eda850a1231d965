"""The tables of a run as arrays that laws can compare: codes in this package's order, sums by order and link.

No law lives here. Everything is read from the canonical columns, so a result that was loaded from files can be
checked as well as one that has just run. No function loops over rows.
"""

from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from alesha_sim.books.accounts import BOOKS, CODES
from alesha_sim.books.rules import CHART, ROLES, Rule, permitted
from alesha_sim.messages import Method
from alesha_sim.records import OUTCOMES, STATUSES, Coded, Columns

RULES = tuple(permitted())
"""Every row that the posting rules know; a transfer's rule is its place here."""

Ints = npt.NDArray[np.signedinteger[Any]]
Mask = npt.NDArray[np.bool_]


_NONE = np.zeros(0, np.int64)


class Priced(NamedTuple):
    """A product of the catalogue: what a unit is sold at, charged at and made for, in minor units."""

    sku: str
    price: int
    charge: int
    cost: int


class Key(NamedTuple):
    """What rows are summed by: a number for each row, from 0 to `size - 1`."""

    of_row: Ints
    size: int


class Lines:
    """Quantities ordered, by order and commodity; a product named twice in an order counts once, summed."""

    def __init__(self, orders: Ints, commodities: Ints, quantities: Ints, products: int) -> None:
        self._products = products + 1
        self.keys, places = np.unique(orders * self._products + commodities, return_inverse=True)
        self.quantity = np.zeros(len(self.keys), np.int64)
        np.add.at(self.quantity, places, quantities)

    def find(self, orders: Ints, commodities: Ints) -> Ints:
        """Return the place of each order's product among the lines, or their number if it was not ordered."""
        wanted = orders * np.int64(self._products) + commodities
        places = np.searchsorted(self.keys, wanted)
        known = np.append(self.keys, -1)[places] == wanted
        return np.where(known, places, len(self.keys))

    def name(self, place: int) -> str:
        """Name a line in a message."""
        order, commodity = divmod(int(self.keys[place]), self._products)
        return f"order {order}, product {commodity - 1}"


class Evidence:
    """The tables `transfers`, `accounts`, `orders`, `order_lines`, `visits` and `users` of one run, prepared.

    Orders keep their numbers, and 0 stands for none. Commodity 0 is money, 1 + k is product k of the catalogue.
    What a table names and this package does not know is -1.
    """

    def __init__(self, tables: Mapping[str, Columns], catalogue: Sequence[Priced]) -> None:
        self._products = {product.sku: place for place, product in enumerate(catalogue, 1)}
        self.price, self.charge, self.cost = (
            np.array([0, *(product[field] for product in catalogue)], np.int64) for field in (1, 2, 3)
        )
        self._read_accounts(tables["accounts"])
        self._read_transfers(tables["transfers"])
        self._read_rules()
        self._read_orders(tables["orders"], tables["order_lines"])
        self._read_visits(tables["visits"], tables["users"])

    def _read_accounts(self, table: Columns) -> None:
        names, commodities = coded(table, "account"), coded(table, "commodity")
        self._names = names
        roles = [*(_role(label) for label in names.labels), (-1, -1)]
        self.role = np.array([role for role, _ in roles], np.int8)[names.codes]
        self.number = np.array([number for _, number in roles], np.int32)[names.codes]
        # Money is the one commodity that is no product; the bank's reserves hold nothing else.
        self.currency = next((label for label in commodities.labels if label not in self._products), "")
        self.commodity = recoded(commodities, {self.currency: 0} | self._products)
        self.account_book = recoded(coded(table, "book"), BOOKS)
        self.account_kind = coded(table, "kind")
        self.opening, self.closing = numbers(table, "opening"), numbers(table, "closing")

    def _read_transfers(self, table: Columns) -> None:
        self.transfer, self.time = numbers(table, "transfer"), numbers(table, "time")
        self.amount = numbers(table, "amount")
        self.book = recoded(coded(table, "book"), BOOKS)
        self.code = recoded(coded(table, "code"), CODES)
        commodity = recoded(coded(table, "commodity"), {self.currency: 0} | self._products)
        self.row_commodity = commodity
        self.debit = self._account(coded(table, "debit"), commodity)
        self.credit = self._account(coded(table, "credit"), commodity)
        self.debit_role = np.append(self.role, np.int8(-1))[self.debit]
        self.credit_role = np.append(self.role, np.int8(-1))[self.credit]
        order = numbers(table, "order")
        self.order = np.where(order == -1, 0, np.where(order == 0, -1, order))
        self.link = numbers(table, "link")

    def _read_rules(self) -> None:
        known = np.full((len(CODES), 2, len(ROLES), len(ROLES)), -1, np.int8)
        for place, rule in enumerate(RULES):
            sides = ROLES.index(rule.debit), ROLES.index(rule.credit)
            known[CODES.index(rule.code), int(rule.units), *sides] = place
        units = (self.row_commodity > 0).astype(np.int8)
        self.rule = known[self.code, units, self.debit_role, self.credit_role]
        self._uses = np.bincount(self.rule[self.rule >= 0], minlength=len(RULES))
        # Not `np.unique`, which loads all of numpy.ma: a fiftieth of the time of `alesha run first_purchase`.
        self._roles = set(np.flatnonzero(np.bincount(self.role[self.role >= 0])).tolist())

    def _account(self, names: Coded, commodity: Ints) -> Ints:
        """Return the account of each row's side: the place in `accounts` of its name in its commodity, or -1."""
        own = self._names
        name = recoded(names, {label: place for place, label in enumerate(own.labels)}, np.int32)
        size = len(self.price)
        keys = own.codes * np.int64(size) + self.commodity
        order = np.argsort(keys)
        # Most rows are of money: one table look-up serves them, and only units need a search.
        in_money = np.full(len(own.labels) + 1, -1, np.int32)
        money = np.flatnonzero(self.commodity == 0)
        in_money[own.codes[money]] = money
        found: Ints = in_money[name]
        units = np.flatnonzero(commodity != 0)
        wanted = name[units] * np.int64(size) + commodity[units]
        candidates = np.append(order, 0)[np.searchsorted(keys, wanted, sorter=order)]
        found[units] = np.where(keys[candidates] == wanted, candidates, -1)
        return found

    def _read_orders(self, orders: Columns, lines: Columns) -> None:
        self.order_numbers = numbers(orders, "order")
        self.ordered_by = _from_one(numbers(orders, "user"), -1)
        self.total = _from_one(numbers(orders, "total"), 0)
        self.advance = _from_one(numbers(orders, "advance"), 0)
        methods = recoded(coded(orders, "payment_method"), (Method.REPLENISHMENT,))
        self.replenishes = _from_one(methods == 0, False)
        self.status = _from_one(recoded(coded(orders, "status"), STATUSES), -1)
        self.transaction = _from_one(numbers(orders, "transaction"), -1)
        self.charges_transaction = _from_one(numbers(orders, "charges_transaction"), -1)
        self.line_order = numbers(lines, "order")
        self.line_commodity = recoded(coded(lines, "sku"), self._products, np.int64)
        self.line_quantity = numbers(lines, "quantity")
        self.unit_price, self.unit_charge = numbers(lines, "unit_price"), numbers(lines, "unit_charge")
        self.lines = Lines(self.line_order, self.line_commodity, self.line_quantity, len(self._products))

    def _read_visits(self, visits: Columns, users: Columns) -> None:
        self.visitor, self.visit_order = numbers(visits, "user"), numbers(visits, "order")
        self.outcome = recoded(coded(visits, "outcome"), OUTCOMES)
        self.user_opening = numbers(users, "opening_balance")
        self.user_closing = numbers(users, "closing_balance")

    # Sums

    @cached_property
    def by_order(self) -> Key:
        """The key that sums rows by order; place 0 is for rows of none."""
        return Key(self.order, len(self.total))

    @cached_property
    def by_link(self) -> Key:
        """The key that sums rows by link."""
        return Key(self.link, int(self.link.max(initial=0)) + 1)

    @cached_property
    def by_line(self) -> Key:
        """The key that sums rows by order and product, as places of `lines`; the last place is for all others."""
        rows = np.flatnonzero((self.row_commodity > 0) & (self.order > 0))
        places = np.full(len(self.amount), len(self.lines.quantity), np.int32)
        places[rows] = self.lines.find(self.order[rows], self.row_commodity[rows])
        return Key(places, len(self.lines.quantity) + 1)

    @cached_property
    def doubtful(self) -> Mask:
        """Tell by link which belong to an order in doubt: what was told there may never arrive."""
        in_doubt = (self.status == STATUSES.index("in_doubt"))[self.order]
        return self.marked(np.flatnonzero(in_doubt & (self.order > 0)), self.by_link)

    def rows(self, book: str, code: str, *, units: bool = False) -> Ints:
        """Return the rows of a code in a book, of money or else of units."""
        wanted = [
            place for place, rule in enumerate(RULES)
            if (rule.book, rule.code, rule.units) == (book, code, units) and self._uses[place]
        ]  # fmt: skip
        if not wanted:
            return _NONE
        return np.flatnonzero(self.rule == wanted[0] if len(wanted) == 1 else np.isin(self.rule, wanted))

    def ruled(self, book: str, code: str, sides: str, *, units: bool = False) -> Ints:
        """Return the rows of one rule: `sides` are the accounts debited / credited, without the book's name."""
        debit, credit = sides.split(" / ")
        place = RULES.index(Rule(book, code, units, f"{book}:{debit}", f"{book}:{credit}"))
        return np.flatnonzero(self.rule == place) if self._uses[place] else _NONE

    def by_rule(self, book: str, code: str, sides: str, key: Key, worth: Ints | None = None) -> Ints:
        """Return the amounts moved under one rule by `key`: money, or units valued at `worth`."""
        return self.summed(self.ruled(book, code, sides, units=worth is not None), key, worth)

    def summed(self, rows: Ints, key: Key, worth: Ints | None = None) -> Ints:
        """Return the sum of the amounts of `rows` by `key`; units are counted as `worth` each commodity says."""
        sums = np.zeros(key.size, np.int64)
        if not len(rows):
            return sums
        amounts = self.amount[rows]
        if worth is not None:
            amounts = amounts * worth[self.row_commodity[rows]]
        np.add.at(sums, key.of_row[rows], amounts)
        return sums

    def moved(self, book: str, code: str, key: Key, worth: Ints | None = None) -> Ints:
        """Return the amounts moved under a code in a book by `key`: money, or units valued at `worth`."""
        return self.summed(self.rows(book, code, units=worth is not None), key, worth)

    def balance(self, name: str, key: Key, worth: Ints | None = None) -> Ints:
        """Return the balance of an account in the rows of each `key`, in its natural direction.

        The name is that of a role, so all users' accounts count together. Money, or units valued at `worth`.
        """
        debits, credits = self.sides(name, units=worth is not None)
        return (self.summed(debits, key, worth) - self.summed(credits, key, worth)) * CHART[name].kind.sign

    def sides(self, name: str, *, units: bool = False) -> tuple[Ints, Ints]:
        """Return the rows that debit and those that credit an account, of money or else of units."""
        role = ROLES.index(name)
        if role not in self._roles:
            return _NONE, _NONE
        of_kind = (self.row_commodity > 0) == units
        return (
            np.flatnonzero((self.debit_role == role) & of_kind),
            np.flatnonzero((self.credit_role == role) & of_kind),
        )

    def marked(self, rows: Ints, key: Key) -> Mask:
        """Tell which places of `key` have one of `rows`."""
        marks = np.zeros(key.size, np.bool_)
        marks[key.of_row[rows]] = True
        return marks

    def held(self, book: str) -> Mask:
        """Tell by link whether a book holds it with at least one row."""
        return self.marked(np.flatnonzero(self.book == BOOKS.index(book)), self.by_link)

    # Names, for messages

    def account_name(self, account: int) -> str:
        """Name an account and its commodity."""
        if account < 0:
            return "an account that the table accounts lacks"
        commodity = int(self.commodity[account])
        unit = [self.currency, *self._products][commodity] if commodity >= 0 else "unknown commodity"
        code = int(self._names.codes[account])
        return f"{self._names.labels[code] if code >= 0 else 'unnamed account'} ({unit})"

    def row_name(self, row: int) -> str:
        """Describe a transfer."""
        code = CODES[self.code[row]] if self.code[row] >= 0 else "unknown code"
        return (
            f"transfer {self.transfer[row]}, order {self.order[row] or -1}, link {self.link[row]}: {code} "
            f"{self.amount[row]}, {self.account_name(int(self.debit[row]))} / "
            f"{self.account_name(int(self.credit[row]))}"
        )


def numbers(table: Columns, name: str) -> npt.NDArray[np.int64]:
    """Return a column of whole numbers."""
    column = table[name]
    if isinstance(column, Coded) or column.dtype != np.int64:
        raise ValueError(f"column {name}: must hold 64-bit whole numbers")
    return column


def coded(table: Columns, name: str) -> Coded:
    """Return a column of text."""
    column = table[name]
    if not isinstance(column, Coded):
        raise ValueError(f"column {name}: must hold text")
    return column


def recoded(
    column: Coded, words: Mapping[str, int] | Sequence[str], dtype: npt.DTypeLike = np.int8
) -> npt.NDArray[Any]:
    """Return a text column's codes by `words`; -1 where it is missing or unknown."""
    if not isinstance(words, Mapping):
        words = {word: code for code, word in enumerate(words)}
    codes = np.array([*(words.get(label, -1) for label in column.labels), -1], dtype)
    return codes[column.codes]


def sum_of(sums: Iterable[Ints]) -> Ints:
    """Return the sum of arrays of one length."""
    first, *others = sums
    for other in others:
        first = first + other
    return first


def _from_one(column: npt.NDArray[Any], filler: int) -> npt.NDArray[Any]:
    """Return a column of `orders` with one place in front, so that an order's number is its place."""
    return np.concatenate([np.array([filler], column.dtype), column])


def _role(name: str) -> tuple[int, int]:
    """Return the place in `ROLES` of an account's name and its number in its family, -1 where there is none."""
    if name in CHART:
        return ROLES.index(name), -1
    family, _, number = name.rpartition(":")
    if f"{family}:" in CHART and number.isdecimal():
        return ROLES.index(f"{family}:"), int(number)
    return -1, -1
