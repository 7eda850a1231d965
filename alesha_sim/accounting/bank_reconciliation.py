"""The bank reconciliation: what an owner's cash and deposit differ by, and the message each part waits for."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from alesha_sim.accounting.in_transit import InTransit, Message
from alesha_sim.accounting.journal_arrays import At, Ints, Journal
from alesha_sim.books.accounts import Account, role_of
from alesha_sim.books.owners import deposits_of, holds_of, names_of, of_role
from alesha_sim.units import Currency
from alesha_sim.vocabulary import NO_ID

if TYPE_CHECKING:
    from pandas import DataFrame

    from alesha_sim.results.result import Result


def _cash(roles: Mapping[str, str]) -> dict[str, str]:
    """Return the account of each firm's own cash, and of what each supplier's courier collected, by owner."""
    own = {"shop": Account.SHOP_CASH, "supplier": Account.SUPPLIER_CASH, "courier": Account.SUPPLIER_COLLECTIONS}
    found: dict[str, str] = {}
    for role, account in own.items():
        found |= dict(zip(of_role(role, roles), names_of(account, roles), strict=True))
    return found


class Item(NamedTuple):
    """An entry that one of the two books holds: `amount` (minor units) is what it adds to the bank's side.

    `held_by` is the book that holds it, `booked_at` when it was written there (microseconds), `message` what the
    other book's owner waits for.
    """

    entry: int
    order: int
    code: str
    amount: int
    held_by: str
    booked_at: int
    message: Message


class Reconciliation(NamedTuple):
    """Own cash and the bank's deposit at an instant, in minor units, and the items that explain the difference."""

    owner: str
    at: int
    own: int
    bank: int
    items: tuple[Item, ...]
    currency: Currency

    @property
    def difference(self) -> int:
        """What the bank has more than the owner knows of."""
        return self.bank - self.own

    @property
    def unexplained(self) -> int:
        """What is left of the difference after the items for which there is a message."""
        return self.difference - sum(item.amount for item in self.items if item.message.message != NO_ID)

    def frame(self) -> "DataFrame":
        """Return the items in major units.

        Columns `entry, order, code, amount, held_by, message, kind, sender, recipient, state`.
        """
        from pandas import DataFrame

        messages = [item.message for item in self.items]
        return DataFrame(
            {
                "entry": [item.entry for item in self.items],
                "order": [item.order for item in self.items],
                "code": [item.code for item in self.items],
                "amount": [item.amount / float(self.currency.scale) for item in self.items],
                "held_by": [item.held_by for item in self.items],
                "message": [message.message for message in messages],
                "kind": [message.kind for message in messages],
                "sender": [message.sender for message in messages],
                "recipient": [message.recipient for message in messages],
                "state": [message.state for message in messages],
            }
        )

    def __str__(self) -> str:
        text = self.currency.text
        lines = [f"{self.owner}: own cash {text(self.own)}, deposit {text(self.bank)}"]
        for item in self.items:
            tells = item.message
            told = f"{tells.kind} {tells.sender} -> {tells.recipient} (message {tells.message}) {tells.state}"
            if tells.message == NO_ID:
                told = "no message will tell"
            lines.append(f"  {text(item.amount)}: {item.code}, entry {item.entry}, order {item.order}: {told}")
        return "\n".join([*lines, f"  not explained: {text(self.unexplained)}"])


class Reconciler:
    """Reconciles one owner at as many instants as wanted; `reconcile` is its use for one."""

    def __init__(self, result: "Result", owner: str) -> None:
        self.owner = owner
        self._journal = Journal(result)
        self._in_transit = InTransit(result)
        own, bank = self._sides(owner)
        self._own, self._bank = self._moves(own), self._moves(bank)

    def _sides(self, owner: str) -> tuple[Ints, Ints]:
        """Return the accounts of the owner's cash and of its deposit."""
        journal, roles = self._journal, self._journal.result.scenario.roles
        cash = _cash(roles)
        if owner == "users":
            own = journal.places(Account.USERS_CASH)
            kept = Account.BANK_USER_DEPOSITS, Account.BANK_USER_HOLDS
            bank = journal.places(*(name for account in kept for name in names_of(account, roles)))
        else:
            name = cash.get(owner, Account.USERS_CASH + owner.removeprefix("user:"))
            own = journal.places(name) if owner in cash or owner.startswith("user:") else journal.places()
            bank = journal.places(*deposits_of(owner, roles), *holds_of(owner, roles))
        if not len(own) or not len(bank) or owner.endswith(":"):
            last, known = self._journal.result.scenario.users.count - 1, ", ".join(["users", *cash])
            raise ValueError(f"entity {owner}: must be {known}, or user:0 to user:{last}")
        return own, bank

    def _moves(self, places: Ints) -> tuple[Ints, Ints]:
        """Return the transfers that move money in or out of accounts, and by how much (in is positive)."""
        journal = self._journal
        mine = np.zeros(len(journal.accounts), np.int64)
        mine[places] = 1
        # A deposit is the bank's debt: what the owner gains is a credit there.
        sign = np.array([journal.accounts[place].kind.sign for place in places.tolist()], np.int64)
        mine[places] *= sign
        change = (mine[journal.debit] - mine[journal.credit]) * journal.amount
        rows = np.flatnonzero(change)
        return rows, change[rows]

    def at(self, at: At = None) -> Reconciliation:
        """Return the reconciliation at an instant; ValueError for one outside the run."""
        journal, instant = self._journal, self._journal.instant(at)
        sides = []
        for rows, change in (self._own, self._bank):
            known = slice(0, int(np.searchsorted(journal.posted_at[rows], instant, side="right")))
            sides.append((rows[known], change[known]))
        (own_rows, own), (bank_rows, bank) = sides
        entries = np.concatenate((journal.entry[own_rows], journal.entry[bank_rows]))
        found, which = np.unique(entries, return_inverse=True)
        left = np.zeros(len(found), np.int64)
        np.add.at(left, which, np.concatenate((-own, bank)))
        first = np.full(len(found), len(journal))
        rows = np.concatenate((own_rows, bank_rows))
        np.minimum.at(first, which, rows)
        items = [self._item(int(first[n]), int(left[n]), instant) for n in np.flatnonzero(left).tolist()]
        return Reconciliation(self.owner, instant, int(own.sum()), int(bank.sum()), tuple(items), journal.currency)

    def _item(self, row: int, amount: int, at: int) -> Item:
        journal = self._journal
        code = journal.code.labels[journal.code.codes[row]]
        held_by = journal.book.labels[journal.book.codes[row]]
        order, since = int(journal.order[row]), int(journal.posted_at[row])
        roles = journal.result.scenario.roles
        waits = self.owner if roles.get(held_by) == "bank" else next(iter(of_role("bank", roles)))
        if waits == "users":
            waits = self._user(row)
        couriers = dict(zip(of_role("courier", roles), of_role("supplier", roles), strict=True))
        waits = couriers.get(waits, waits)
        message = self._in_transit.of(waits, code, order, since, at)
        return Item(int(journal.entry[row]), order, code, amount, held_by, since, message)

    def _user(self, row: int) -> str:
        """Return the user whose deposit or hold a transfer touches."""
        journal = self._journal
        for place in (int(journal.debit[row]), int(journal.credit[row])):
            name = journal.accounts[place].name
            if role_of(name, journal.result.scenario.roles) in (
                Account.BANK_USER_DEPOSITS,
                Account.BANK_USER_HOLDS,
            ):
                return f"user:{name.rpartition(':')[2]}"
        return "users"


def reconcile(result: "Result", owner: str, at: At = None) -> Reconciliation:
    """Return why an owner's cash and its deposit at the bank differ at an instant, item by item.

    `owner` is `shop`, `supplier`, `courier` (the supplier's account for money collected), `user:<n>`, or `users`
    together. Each item is an entry that one of the two books holds and the other lacks, with the
    message that is to tell of it. Raises ValueError for another owner and an instant outside the run.
    """
    return Reconciler(result, owner).at(at)
