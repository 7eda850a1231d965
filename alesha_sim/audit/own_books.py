"""Laws of books of a reader's own: rows and whole books (L0, L9). What their entries must be is up to the reader.

Their accounts and transfers are set aside, so that the other laws see the package's books alone. That no account
with a floor is below zero is the ledger's to refuse: tables do not say which have one.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from alesha_sim.audit.findings import Findings
from alesha_sim.audit.reading import Ints, exact
from alesha_sim.books.accounts import BOOKS, Kind
from alesha_sim.columns import Columns, TextColumn, isin, numbers, text_column
from alesha_sim.tables.source import picked


class Rows(NamedTuple):
    """Some transfers, and the number of each among all."""

    table: Columns
    numbers: Ints


class OwnAccounts:
    """The accounts of a reader's own books among those of a table; `others` is the table without them.

    `known` are the books that are not a reader's own.
    """

    def __init__(self, table: Columns, known: Sequence[str] = BOOKS) -> None:
        self.others = table
        self.books: tuple[str, ...] = ()
        self.table: Columns | None = None
        book = text_column(table, "book")
        if set(book.labels) <= set(known):
            return
        labels, name = [*book.labels, ""], text_column(table, "account")
        own = ~isin(book, known)
        for place in np.flatnonzero(own).tolist():
            own[place] = name.labels[name.codes[place]].startswith(f"{labels[book.codes[place]]}:")
        self.others, self.table = _used(picked(table, ~own)), picked(table, own)
        self.books = tuple(dict.fromkeys(labels[code] for code in book.codes[own].tolist()))

    def set_aside(self, transfers: Columns, first: int) -> tuple[Rows, Rows | None]:
        """Return the transfers of the package's books, and those of your own, if there are any."""
        book = text_column(transfers, "book")
        rows = first + np.arange(len(book.codes))
        if not any(label in self.books for label in book.labels):
            return Rows(transfers, rows), None
        own = isin(book, self.books)
        return Rows(picked(transfers, ~own), rows[~own]), Rows(picked(transfers, own), rows[own])


class OwnBooks:
    """The laws of a reader's own books: `see` all their transfers, part by part, then `close`."""

    def __init__(self, accounts: OwnAccounts, findings: Findings) -> None:
        self._findings = findings
        table = accounts.table
        self._names, self._books, kinds, self._commodities = (
            [] if table is None else _texts(text_column(table, name))
            for name in ("account", "book", "kind", "commodity")
        )
        self._places = {key: place for place, key in enumerate(zip(self._names, self._commodities, strict=True))}
        self._signs = np.array([Kind(kind).sign if kind in set(Kind) else 0 for kind in kinds], np.int64)
        balances = [_NONE if table is None else exact(numbers(table, name)) for name in ("opening", "closing")]
        self._told_opening, self._told_closing = balances
        self._opening, self._closing = np.zeros(len(kinds), object), np.zeros(len(kinds), object)

    def see(self, own: Rows, *, orders: int, entries: int) -> None:
        """Check what can be said of the next transfers, and add them up; there are so many orders and entries."""
        table, rows = own
        commodity, book = text_column(table, "commodity"), _texts(text_column(table, "book"))
        debit, credit = (self._find(text_column(table, side), commodity) for side in ("debit", "credit"))
        amount, order, entry = (numbers(table, name) for name in ("amount", "order", "entry"))
        code = _texts(text_column(table, "code"))
        books = [*self._books, ""]
        known = (debit >= 0) & (credit >= 0) & (debit != credit)
        within = known & np.array([books[one] == each for one, each in zip(debit, book, strict=True)], np.bool_)
        within &= np.array([books[one] == each for one, each in zip(credit, book, strict=True)], np.bool_)
        is_order = (order == -1) | ((order >= 1) & (order <= orders))
        is_entry = (entry >= 1) & (entry <= entries)
        for broken, rule in (
            (~within, "must be between two accounts of its book in one commodity"),
            (amount <= 0, "the amount must be above zero"),
            (numbers(table, "transfer") != rows, "must have the number of its row"),
            (~is_order, "there is no such order"),
            (~is_entry, "no such entry"),
            (np.array([not each for each in code], np.bool_), "must have a code"),
        ):
            self._findings.add(0, broken, _named(rule, rows, book), rows)
        opens = known & np.array([each == "opening" for each in code], np.bool_)
        for sums, mine in ((self._opening, opens), (self._closing, known)):
            np.add.at(sums, debit[mine], amount[mine].astype(object))
            np.subtract.at(sums, credit[mine], amount[mine].astype(object))

    def _find(self, names: TextColumn, commodities: TextColumn) -> Ints:
        """Return the place of each row's account, -1 where there is none."""
        width = len(commodities.labels) + 1
        pairs, inverse = np.unique(
            (names.codes.astype(np.int64) + 1) * width + commodities.codes + 1, return_inverse=True
        )
        keys = [(["", *commodities.labels][pair % width], pair // width - 1) for pair in pairs.tolist()]
        found = [self._places.get((names.labels[name] if name >= 0 else "", unit), -1) for unit, name in keys]
        return np.array(found, np.int64)[inverse]

    def close(self) -> None:
        """L9: opening + flows = closing, and every book balances in every commodity."""
        add, signs = self._findings.add, self._signs
        opening, closing = self._opening * signs, self._closing * signs
        name = [f"{name} ({unit})" for name, unit in self._places]
        add(9, signs == 0, lambda place: f"{name[place]}: must be of a known kind")
        add(
            9,
            ((opening != self._told_opening) | (closing != self._told_closing)).astype(np.bool_),
            lambda place: (
                f"{name[place]}: opening {self._told_opening[place]}, closing {self._told_closing[place]}, "
                f"but transfers make {opening[place]} and {closing[place]}"
            ),
        )
        trial: dict[tuple[str, str], int] = {}
        for place, key in enumerate(zip(self._books, self._commodities, strict=True)):
            trial[key] = trial.get(key, 0) + int(self._told_closing[place]) * int(signs[place])
        keys, sums = list(trial), np.array([*trial.values()], object)
        add(
            9,
            (sums != 0).astype(np.bool_),
            lambda place: f"book {keys[place][0]}, {keys[place][1]}: debits exceed credits by {sums[place]}",
        )


_NONE = np.zeros(0, np.int64)


def _named(rule: str, rows: Ints, books: Sequence[str]) -> Callable[[int], str]:
    """Return what describes a row that breaks a rule."""
    return lambda row: f"{rule}: transfer {rows[row]}, book {books[row]}"


def _texts(column: TextColumn) -> list[str]:
    """Return a text column as a list, "" where it is missing."""
    labels = [*column.labels, ""]
    return [labels[code] for code in column.codes.tolist()]


def _used(table: Columns) -> Columns:
    """Return a table whose commodities are those alone that it uses."""
    commodity = text_column(table, "commodity")
    used, places = np.unique(commodity.codes, return_inverse=True)
    if len(used) and used[0] < 0:
        return table  # a missing one is reported elsewhere
    return {**table, "commodity": TextColumn(places.astype(np.int32), [commodity.labels[code] for code in used])}
