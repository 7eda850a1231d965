"""The accounts of a ledger: their names, kinds and commodities. Balances and transfers are the ledger's."""

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from alesha_sim.books.accounts import BOOKS, BOOKS_MAX, KINDS, Kind, role_of
from alesha_sim.columns import TextColumn
from alesha_sim.form import COMPILED
from alesha_sim.numbered import WIDTH, NumberedLabels
from alesha_sim.numeric.counts import repeat
from alesha_sim.units import AMOUNT_MAX

if COMPILED:
    from alesha_sim.recording import typed_tables as tables
else:
    from alesha_sim.recording import packed_tables as tables

Ids = npt.NDArray[np.int32]

ONE_OF_EACH: Final[Mapping[str, str]] = {book: book for book in BOOKS}
"""The role of each book in a run with one organisation of each role."""


class AccountGroup(NamedTuple):
    """Accounts opened together: `size` of them from id `base`, a number after `name` if `numbered`."""

    base: int
    size: int
    name: str
    numbered: bool
    kind: Kind
    first: int = 0
    """The number of the first of them."""


class Chart:
    """Accounts by id, from 0 in the order of opening; what each has is in a list, or compiled in a vector."""

    def __init__(self, commodities: Sequence[str], books: Mapping[str, str] = ONE_OF_EACH) -> None:
        self.commodities = [*commodities]
        self.books = [*books]
        self.roles = [*books.values()]
        """By book: the role of the party that writes it, "" for one of a reader's own."""
        self.groups: list[AccountGroup] = []
        self.places: tables.Numbers = tables.account_numbers()
        """By account: BOOKS_MAX * commodity + book, so that one comparison serves both."""
        self.signs: tables.Numbers = tables.account_numbers()
        """By account: 1 if it grows by debits, else -1."""
        self.most: tables.Numbers = tables.account_numbers()
        """By account: the largest debit balance that it may have: 0, or what fits in 64 bits."""
        self.least: tables.Numbers = tables.account_numbers()
        """By account: the smallest debit balance that it may have, below zero a credit balance."""
        self._taken: set[tuple[str, int]] = set()

    def open(
        self,
        name: str,
        kind: Kind,
        *,
        count: int = 1,
        commodity: int = 0,
        floor: bool = False,
        numbered: bool = False,
        first: int = 0,
    ) -> range:
        """Open accounts and return their ids; `floor` forbids a balance below zero in the natural direction.

        Raises ValueError for a name of no book, an unknown commodity, an account opened before.
        """
        book = name.partition(":")[0]
        if book not in self.books:
            raise ValueError(f"account {name}: must begin with one of {', '.join(self.books)}")
        if not 0 <= commodity < len(self.commodities):
            raise ValueError(f"account {name}: commodity {commodity}: must be below {len(self.commodities)}")
        if (name, commodity) in self._taken:
            raise ValueError(f"account {name}: {self.commodities[commodity]}: must not be opened twice")
        self._taken.add((name, commodity))
        base = len(self.places)
        self.groups.append(AccountGroup(base, count, name, numbered, kind, first))
        self.places = tables.longer(self.places, BOOKS_MAX * commodity + self.books.index(book), count)
        self.signs = tables.longer(self.signs, kind.sign, count)
        self.most = tables.longer(self.most, 0 if floor and kind.sign < 0 else AMOUNT_MAX, count)
        self.least = tables.longer(self.least, 0 if floor and kind.sign > 0 else -AMOUNT_MAX, count)
        return range(base, base + count)

    def allow_below_zero(self, account: int, amount: int) -> None:
        """Let the balance of an account fall to so much below zero, instead of to its floor."""
        if self.signs[account] < 0:
            self.most[account] = amount
        else:
            self.least[account] = -amount

    def book(self, name: str) -> int:
        """Return the number of a book; ValueError if there is none of that name."""
        return self.books.index(name)

    def of_role(self, role: str) -> list[int]:
        """Return the numbers of the books of a role."""
        return [book for book, known in enumerate(self.roles) if known == role]

    def role_of(self, account: str) -> str:
        """Return the account of the chart of accounts that a name stands for."""
        return role_of(account, dict(zip(self.books, self.roles, strict=True)))

    def open_book(self, name: str) -> int:
        """Add a book of your own and return its number; ValueError for a name that is taken, and if all are."""
        if name in self.books:
            raise ValueError(f"book {name}: must not be opened twice")
        if len(self.books) == BOOKS_MAX:
            raise ValueError(f"book {name}: a ledger must have at most {BOOKS_MAX} books")
        self.books.append(name)
        self.roles.append("")
        return len(self.books) - 1

    def name(self, account: int) -> str:
        """Return an account's name, such as `bank:deposits:user:17`."""
        # Of parts without accounts some begin where another does; the last one that does has the account.
        after = bisect_right(self.groups, account, key=lambda group: group.base)
        for group in self.groups[max(after - 1, 0) : after]:
            if account < group.base + group.size:
                return f"{group.name}{account - group.base + group.first}" if group.numbered else group.name
        return f"unknown account {account}"

    def kinds(self) -> npt.NDArray[np.int32]:
        """Return the kind of every account, as its place in `KINDS`."""
        kinds = [KINDS.index(group.kind) for group in self.groups]
        return repeat(np.array(kinds, np.int32), [group.size for group in self.groups])

    def names(self) -> tuple[NumberedLabels, npt.NDArray[np.int32]]:
        """Return all names, each once, and for every account the place of its name."""
        stems: list[str] = []
        keys: list[npt.NDArray[np.int64]] = [np.zeros(0, np.int64)]
        known: dict[str, int] = {}
        places = np.empty(len(self.places), np.int32)
        size = 0
        for group in self.groups:
            first = size if group.numbered else known.setdefault(group.name, size)
            places[group.base : group.base + group.size] = np.arange(first, first + group.size)
            if first == size:
                keys.append(
                    len(stems) * WIDTH
                    + (1 + group.first + np.arange(group.size) if group.numbered else np.zeros(1, np.int64))
                )
                stems.append(group.name)
                size += len(keys[-1])
        return NumberedLabels(stems, np.concatenate(keys)), places

    def sides(self, debits: Ids, credits: Ids) -> tuple[TextColumn, TextColumn, Ids]:
        """Return the names of the accounts of two sides of rows, and the places of those debited."""
        every, names = self.names()
        return (
            TextColumn(names[debits], every),
            TextColumn(names[credits], every),
            np.array(self.places, np.int32)[debits],
        )
