"""A book of a reader's own in the ledger: its accounts, and what is written between them.

No law of the package says what it must hold; that its rows are rows, that its accounts keep their floors and that
it balances in every commodity holds for it as for any book.
"""

import re
from typing import Any

from alesha_sim.books.accounts import Kind
from alesha_sim.vocabulary import NO_ID

WORD = re.compile(r"[a-z]([a-z0-9-]{0,22}[a-z0-9])?")
RULE = "must be at most 24 of a-z, 0-9 and dash, first a letter, last no dash"


class OwnBook:
    """A book under a name; `number` is how the ledger knows it. `Ledger.open_book` makes it."""

    def __init__(self, ledger: Any, name: str, number: int) -> None:
        self._ledger = ledger  # a Ledger, whose module imports this one
        self.name = name
        self.number = number

    def account(self, name: str, kind: Kind | str, *, commodity: str | None = None, floor: bool = False) -> int:
        """Open an account and return its id; tables show it as `book:name`.

        `kind` is "asset", "liability", "equity", "income" or "expense", by which statements classify it. It counts
        money, or else units of `commodity`: a product's SKU, or a word of your own. With `floor` its balance is
        never below zero. Raises ValueError for what is no such word, and for an account opened before.
        """
        checked("account", name)
        place = 0 if commodity is None else self._ledger.commodity(commodity)
        return int(self._ledger.open(f"{self.name}:{name}", Kind(kind), commodity=place, floor=floor).start)

    def post(self, at: float, debit: int, credit: int, amount: int, code: str, *, order: int = NO_ID) -> int:
        """Write a transfer under an entry of its own, and return the entry; LawBroken as in `Ledger.post`.

        `at` in seconds, `amount` in minor units of money or units of goods. `code` says why: one of the package's
        or a word of your own; under "opening" it is what the account had at the start.
        """
        ledger = self._ledger
        return int(ledger.new_transfer(at, self.number, order, debit, credit, amount, ledger.code(code)))

    def balance(self, account: int) -> int:
        """Return an account's balance in its natural direction, in minor units or units."""
        return int(self._ledger.balance(account))


def checked(field: str, word: str) -> str:
    """Return a word that can name a book, an account, a commodity or a code; ValueError if it cannot."""
    if not (isinstance(word, str) and WORD.fullmatch(word)):
        raise ValueError(f"{field}: {word!r}: {RULE}")
    return word
