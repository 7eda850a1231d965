"""The ledger: balances and the append-only rows of transfers of all books.

Nothing but `post`, its one-row form `transfer` and its bulk form `open_many` moves anything. Which entries
move what is decided in the module of each book; the ledger knows only that a row has two sides, that the rows
of an entry are written all or none, and that a book writes an entry once.
"""

import struct
from collections.abc import Iterable, Mapping, Sequence
from typing import Final, NamedTuple, NoReturn

import numpy as np
import numpy.typing as npt
from mypy_extensions import mypyc_attr

from alesha_sim.books import ledger_columns, openings
from alesha_sim.books.accounts import BOOKS_MAX, CODES, OPENING, Account, Kind
from alesha_sim.books.chart import ONE_OF_EACH, Chart
from alesha_sim.books.own_book import OwnBook, checked
from alesha_sim.columns import Columns, Packed
from alesha_sim.form import COMPILED
from alesha_sim.recording.narrow_rows import in_memory
from alesha_sim.recording.packed_rows import Boxed, NewRows
from alesha_sim.units import AMOUNT_MAX
from alesha_sim.vocabulary import NO_ID

if COMPILED:
    from alesha_sim.recording import typed_tables as tables
else:
    from alesha_sim.recording import packed_tables as tables

Row = tuple[int, int, int, Boxed]
"""What a book gives for one transfer: debit account, credit account, amount, code."""

_REFUSED: Final = (struct.error, OverflowError, IndexError, TypeError)
"""What a value raises that its field cannot hold, and an unknown account; compiled, a large sum a ValueError."""

CODES_MAX: Final = 256
_UNKNOWN: Final = "unknown account"
_FEW_BOOKS: Final = 8
"""With so few books a mark is a small number, which Python shifts four times as fast."""

_ROOM: Final = 64
"""For how many more entries than are asked for there is room, at the least."""


@mypyc_attr(native_class=False)
class LawBroken(AssertionError):
    """A transfer would break a law of the books: the text names law and row, and nothing was written."""


class Transfer(NamedTuple):
    """One row of the ledger: `amount` debited to one account and credited to the other."""

    at: float
    debit: int
    credit: int
    amount: int
    order: int
    entry: int
    code: int


@mypyc_attr(allow_interpreted_subclasses=True)
class Ledger:
    """Transfers of money (commodity 0, `currency_code`) and of units of `skus` (commodities 1, 2, ...).

    `books` has the role of every book by its name. An account id is one name in one commodity. Amounts are whole:
    minor units of money, units of goods.
    """

    def __init__(
        self,
        currency_code: str,
        skus: Sequence[str],
        rows: NewRows = in_memory,
        books: Mapping[str, str] = ONE_OF_EACH,
    ) -> None:
        self.chart = Chart((currency_code, *skus), books)
        self.codes = [*CODES]
        self._products = len(skus)
        self._rows = tables.TransferRows(rows)
        self._net: tables.Numbers = tables.account_numbers()
        """By account: debits less credits."""
        self._next_entry: Boxed = 1
        """The number of the next entry."""
        self._shift = _FEW_BOOKS if len(books) <= _FEW_BOOKS else BOOKS_MAX
        self._marks: tables.Numbers = tables.longer(tables.entry_numbers(), 0, 1)
        """By entry: one bit a book that holds it, and above them the row that the first of these began with."""

    def __len__(self) -> int:
        return self._rows.next

    # Books, accounts and words of your own

    def open_book(self, name: str) -> OwnBook:
        """Open a book of your own; ValueError for a name that is no word or is taken, and for one too many."""
        number = self.chart.open_book(checked("book", name))
        if number == self._shift:  # one bit more a book
            marks = openings.with_room(np.array(self._marks, np.int64), _FEW_BOOKS)
            self._marks, self._shift = tables.replaced(self._marks, marks), BOOKS_MAX
        return OwnBook(self, name, number)

    def commodity(self, name: str) -> int:
        """Return the number of a commodity; a word that is none yet becomes one. ValueError for what cannot."""
        names = self.chart.commodities
        if name not in names:
            if checked("commodity", name) == names[0].lower():
                raise ValueError(f"commodity: {name!r}: must not be the currency's name")
            names.append(name)
        return names.index(name)

    def code(self, word: str) -> int:
        """Return the number of a code; a word that is none yet becomes one. ValueError for what cannot."""
        if word not in self.codes:
            if len(self.codes) == CODES_MAX:
                raise ValueError(f"code: {word!r}: a ledger must have at most {CODES_MAX} codes")
            self.codes.append(checked("code", word))
        return self.codes.index(word)

    # Accounts

    def account(self, account: Account, name: str = "") -> int:
        """Open an account of money and return its id; ValueError if it was opened before.

        It is named as in the chart unless a `name` is given, here and below.
        """
        return self.open(name or str(account), account.kind, floor=account.is_floored).start

    def units(self, account: Account, name: str = "") -> tuple[int, ...]:
        """Open one account a product, all of one name, and return their ids in the order of the products."""
        # Not a range, because looking it up costs twice as much.
        return tuple(
            self.open(name or str(account), account.kind, commodity=product, floor=account.is_floored).start
            for product in range(1, 1 + self._products)
        )

    def family(self, account: Account, numbers: int | range, name: str = "") -> range:
        """Open accounts of money, named by their numbers after the family's name; return their ids.

        `numbers` is a range, or how many from 0 on.
        """
        given = range(numbers) if isinstance(numbers, int) else numbers
        name, kind, floor = name or str(account), account.kind, account.is_floored
        return self.open(name, kind, count=len(given), floor=floor, numbered=True, first=given.start)

    def open(
        self, name: str, kind: Kind, *,
        count: int = 1, commodity: int = 0, floor: bool = False, numbered: bool = False, first: int = 0,
    ) -> range:  # fmt: skip
        """Open accounts that need not be of the chart, as `Chart.open` does."""
        ids = self.chart.open(
            name, kind, count=count, commodity=commodity, floor=floor, numbered=numbered, first=first
        )
        self._net = tables.longer(self._net, 0, count)
        return ids

    def balance(self, account: int) -> int:
        """Return the balance in the account's natural direction (assets, expenses: debits less credits)."""
        return self._net[account] * self.chart.signs[account]

    # Journal entries

    def new_entry(self) -> Boxed:
        """Allot the number of a new journal entry, counting from 1."""
        entry = self._next_entry
        if entry == len(self._marks):
            self._marks = tables.longer(self._marks, 0, _ROOM + len(self._marks) // 8)
            self._rows.trim()  # here, since it happens often enough and never within an entry
        self._next_entry = entry + 1
        return entry

    def new_entries(self, count: int) -> range:
        """Allot `count` entries at once."""
        start = int(self._next_entry)
        self._marks = tables.longer(self._marks, 0, max(0, start + count - len(self._marks)))
        self._next_entry = start + count
        return range(start, start + count)

    def holds(self, book: int, entry: int) -> bool:
        """Tell whether `book` has posted `entry`, even if all its amounts were zero."""
        return 0 < entry < self._next_entry and bool(self._marks[entry] >> book & 1)

    def first(self, entry: int) -> Transfer:
        """Return the first row written under `entry`; KeyError if there is none."""
        number = self._marks[entry] >> self._shift if 0 < entry < self._next_entry else len(self)
        if number >= len(self):
            raise KeyError(entry)
        # `Transfer._make` would count the fields again, in Python.
        row = tuple.__new__(Transfer, self._rows.fields(number))
        if row.entry != entry:
            raise KeyError(entry)
        return row

    # Transfers

    def transfer(
        self, at: float, book: int, entry: Boxed, order: Boxed, debit: int, credit: int, amount: int, code: Boxed
    ) -> bool:
        """Write an entry of one row, as `post` does.

        It repeats the rules of `post`, because half of all entries have one row, and without the loop, the
        tuple and the means to undo a row costs 0.75 times as much (0.45 against 0.6 us, a bare pack 0.11).
        """
        bit = 1 << book
        if not 0 < entry < self._next_entry:
            raise LawBroken(f"L0: entry {entry} was never allotted")
        held = self._marks[entry]
        if held & bit:
            return False
        try:
            if amount > 0:
                chart, net = self.chart, self._net
                place = chart.places[debit]
                if place != chart.places[credit] or place & 31 != book or debit == credit:
                    self._refuse(book, entry, debit, credit, amount, code)
                # As `int`, so that sums beyond 64 bits do not wrap, not in the compiled form either.
                owed: int = net[debit]
                owned: int = net[credit]
                owed += amount
                owned -= amount
                if owed > chart.most[debit] or owned < chart.least[credit]:
                    self._refuse(book, entry, debit, credit, amount, code)
                written = self._rows
                if not held:
                    held = written.next << self._shift
                if COMPILED:
                    written.write(at, debit, credit, amount, order, entry, code)
                else:  # its body, a call less
                    buffer = written.buffer
                    buffer += tables.PACK_TRANSFER(at, debit, credit, amount, order, entry, code)
                    written.next += 1
                net[debit] = owed
                net[credit] = owned
            elif amount:
                self._refuse(book, entry, debit, credit, amount, code)
        except (*_REFUSED, ValueError) as error:
            reason = str(error) or _UNKNOWN
            raise LawBroken(f"L0: {reason} (entry {entry}, order {order}, amount {amount})") from error
        self._marks[entry] = held | bit
        return True

    def new_transfer(
        self, at: float, book: int, order: Boxed, debit: int, credit: int, amount: int, code: Boxed
    ) -> Boxed:
        """Write a new entry of one row, as `transfer` does, and return its entry."""
        entry = self.new_entry()
        self.transfer(at, book, entry, order, debit, credit, amount, code)
        return entry

    def post_new(self, at: float, book: int, order: Boxed, rows: Iterable[Row]) -> Boxed:
        """Write a new entry, as `post` does, and return its entry."""
        entry = self.new_entry()
        self.post(at, book, entry, order, rows)
        return entry

    def post(self, at: float, book: int, entry: Boxed, order: Boxed, rows: Iterable[Row]) -> bool:
        """Write the part of `entry` that belongs to `book`, all rows or none; False if held already.

        `at` in seconds, `order` the order's number or -1, amounts Python ints. Zero amounts are not written.
        Raises LawBroken, and writes nothing, for an entry never allotted, a negative amount or one beyond 64
        bits, accounts of another book or of two commodities (L0), and a floor broken by any of the rows (L1).
        """
        bit = 1 << book
        if not 0 < entry < self._next_entry:
            raise LawBroken(f"L0: entry {entry} was never allotted")
        held = self._marks[entry]
        if held & bit:
            return False
        start = self._rows.next
        try:
            chart, written = self.chart, self._rows
            for debit, credit, amount, code in rows:
                if amount <= 0:
                    if amount:
                        self._refuse(book, entry, debit, credit, amount, code)
                    continue
                place = chart.places[debit]
                if place != chart.places[credit] or place & 31 != book or debit == credit:
                    self._refuse(book, entry, debit, credit, amount, code)
                net = self._net  # read again: what yields the rows may open an account, which may replace it
                try:
                    owed: int = net[debit]
                    owned: int = net[credit]
                    owed += amount
                    owned -= amount
                    if owed > chart.most[debit] or owned < chart.least[credit]:
                        self._refuse(book, entry, debit, credit, amount, code)
                    if COMPILED:
                        written.write(at, debit, credit, amount, order, entry, code)
                    else:
                        buffer = written.buffer
                        buffer += tables.PACK_TRANSFER(at, debit, credit, amount, order, entry, code)
                        written.next += 1
                except ValueError as error:
                    raise LawBroken(f"L0: {error} (entry {entry}, order {order})") from error
                net[debit] = owed
                net[credit] = owned
        except _REFUSED as error:
            self._undo(start)
            raise LawBroken(f"L0: {str(error) or _UNKNOWN} (entry {entry}, order {order})") from error
        except BaseException:
            self._undo(start)
            raise
        self._marks[entry] = (held or start << self._shift) | bit
        return True

    def _undo(self, start: int) -> None:
        """Take back the rows from number `start` on, whose entry could not be finished."""
        net = self._net
        for _, debit, credit, amount, _, _, _ in self._rows.cut(start):
            net[debit] -= amount
            net[credit] += amount

    def _refuse(self, book: int, entry: int, debit: int, credit: int, amount: int, code: int) -> NoReturn:
        """Raise LawBroken for a row."""
        chart, owed, owned = self.chart, int(self._net[debit]), int(self._net[credit])
        if amount < 0:
            rule = "L0: must not be negative"
        elif chart.places[debit] != chart.places[credit] or chart.places[debit] & 31 != book or debit == credit:
            rule = f"L0: must be two accounts of the book {chart.books[book]} in one commodity"
        elif max(owed + amount, amount - owned) > AMOUNT_MAX:
            rule = "L0: balances must fit in 64 bits"
        else:
            rule = "L1: below zero"
        names = [chart.commodities[chart.places[account] // BOOKS_MAX] for account in (debit, credit)]
        sides = ", ".join(
            f"{chart.name(account)} ({name}) had {self.balance(account)}"
            for account, name in zip((debit, credit), names, strict=True)
        )
        raise LawBroken(f"{rule}: entry {entry}, {self.codes[code]} {amount}, debit / credit: {sides}")

    def open_many(
        self,
        at: float,
        book: int,
        entries: range,
        debits: int | range,
        credits: int | range,
        amounts: npt.NDArray[np.int64],
        code: int,
    ) -> None:
        """Write one row under each entry, without a loop: the openings of many accounts.

        `debits` and `credits` are one account or one for each entry. The rules are those of `post`; in addition,
        each row must raise both its accounts, so that no floor can break. Raises ValueError if balances could
        pass 64 bits.
        """
        debited = np.broadcast_to(np.asarray(debits, np.int64), len(entries))
        credited = np.broadcast_to(np.asarray(credits, np.int64), len(entries))
        if len(entries) and not (entries.step == 1 and entries.start > 0 and entries.stop <= self._next_entry):
            raise LawBroken(f"L0: entries {entries} were never allotted")
        fault = openings.fault(self.chart, book, debited, credited, amounts)
        if fault:
            raise LawBroken(fault)
        openings.check_range(np.array(self._net, np.int64)[np.concatenate([debited, credited])], amounts)
        held = np.array(self._marks, np.int64)
        mine = held[entries.start : entries.stop]
        written = np.flatnonzero((mine >> book & 1 == 0) & (amounts > 0))
        begun = self._rows.next + np.arange(len(written))
        mine[written] = np.where(mine[written] == 0, begun << self._shift, mine[written])
        mine |= 1 << book
        self._marks = tables.replaced(self._marks, held)
        rows = np.empty(len(written), self._rows.dtype)
        rows["at"], rows["order"], rows["code"] = at, NO_ID, code
        rows["debit"], rows["credit"], rows["amount"] = debited[written], credited[written], amounts[written]
        rows["entry"] = entries.start + written
        self._rows.extend(rows)
        net = np.array(self._net, np.int64)
        np.add.at(net, rows["debit"], rows["amount"])
        np.subtract.at(net, rows["credit"], rows["amount"])
        self._net = tables.replaced(self._net, net)

    # Tables

    def settle(self) -> None:
        """Let rows that are held back for a while join the packed ones."""
        self._rows.settle()

    def array(self) -> npt.NDArray[np.void]:
        """Return a copy of all rows as a structured array with the fields of `Transfer`."""
        return self._rows.array()

    def columns(self, first: int = 0, rows: Packed | None = None) -> Columns:
        """Return the table `transfers`, or what it shows of packed rows from row `first` on."""
        rows = self.array() if rows is None else rows
        return ledger_columns.transfers(self.chart, self.codes, first, rows)

    def _opened(self) -> npt.NDArray[np.int64]:
        """Return by account what its openings debited to it, less what they credited."""
        opening = np.zeros(len(self._net), np.int64)
        for _, block in self._rows.blocks():
            rows = block[block["code"] == OPENING]
            np.add.at(opening, rows["debit"], rows["amount"])
            np.subtract.at(opening, rows["credit"], rows["amount"])
        return opening

    def account_columns(self) -> Columns:
        """Return the table `accounts`: opening and closing balances, in each account's natural direction."""
        return ledger_columns.accounts(self.chart, self._opened(), np.array(self._net, np.int64))
