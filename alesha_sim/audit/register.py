"""What all transfers are checked against: the accounts that there are, and the products of the catalogue.

It is prepared once, however many parts the transfers are read in.
"""

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from alesha_sim.audit.own_books import OwnAccounts
from alesha_sim.audit.reading import Ints, codes_of, exact, recoded
from alesha_sim.books.accounts import BOOK_ROLES, COURIER_SUFFIX, DEPOSITS, NO_ROLES, Account, role_of
from alesha_sim.books.chart import ONE_OF_EACH
from alesha_sim.columns import Columns, TextColumn, numbers, text_column
from alesha_sim.numbered import NumberedLabels, split

# The place of each account in the chart, which is how arrays tell accounts apart.
_FLOORED = np.array([account.is_floored for account in Account])
ROLES: Mapping[str, int] = {account: place for place, account in enumerate(Account)}


class Priced(NamedTuple):
    """A product of the catalogue: what a unit is sold at, charged at and made for, in minor units."""

    sku: str
    price: int
    charge: int
    cost: int


class Repriced(NamedTuple):
    """From the instant `at` on, in microseconds, a shop sells a unit of a product at `price`, in minor units."""

    shop: str
    at: int
    sku: str
    price: int


class Settling(NamedTuple):
    """How banks settle: the `credit` line of each by its name (minor units), and whether one closes."""

    credit: Mapping[str, int]
    closes: bool = False


class Register:
    """The table `accounts` and the catalogue, prepared; accounts of a reader's own books are in `own` alone.

    `roles` has the role of each party that keeps a book, by its name; `parties` are their names. Of each account
    `book` is the role of its book as a place in `BOOK_ROLES`, `party` whose book it is and `holder` whose money it
    shows, of a deposit the depositor: places in `parties`. `settling` says how several banks settle.
    Commodity 0 is money, 1 + k is product k of the catalogue; what this package does not know is -1. Prices
    are the catalogue's until the first of `changes`.
    """

    def __init__(
        self,
        table: Columns,
        catalogue: Sequence[Priced],
        roles: Mapping[str, str] = ONE_OF_EACH,
        changes: Sequence[Repriced] = (),
        settling: Settling | None = None,
    ) -> None:
        self.settling = settling
        self.parties = tuple(roles)
        self.roles = tuple(roles.values())
        self.is_market = roles != ONE_OF_EACH
        self._roles = roles if self.is_market else NO_ROLES
        self.products = {product.sku: place for place, product in enumerate(catalogue, 1)}
        self.price, self.charge, self.cost = (
            np.array([0, *(product[field] for product in catalogue)], np.int64) for field in (1, 2, 3)
        )
        self.changes = changes
        self._read_changes()
        self.own = OwnAccounts(table, self.parties)
        table = self.own.others
        names, commodities = text_column(table, "account"), text_column(table, "commodity")
        self._names = names
        stems, stem, number = split(names.labels)
        found = [*map(self._role, stems), (-1, -1, -1)]
        of_row = np.append(stem, -1)[names.codes]
        self.role = np.array([role for role, _, _ in found], np.int8)[of_row]
        numbered = np.append(number, -1)[names.codes]
        self.number = np.maximum(np.array([own for _, own, _ in found], np.int64)[of_row], numbered)
        # Money is the one commodity that is no product; the bank's reserves hold nothing else.
        self.currency = next((label for label in commodities.labels if label not in self.products), "")
        self.commodities = {self.currency: 0} | self.products
        self.commodity = recoded(commodities, self.commodities)
        self.party = recoded(text_column(table, "book"), self.parties)
        self.book = self.role_of_party[self.party]
        owner = np.array([place for _, _, place in found], np.int8)[of_row]
        self.holder = np.where(owner < 0, self.party, owner)
        self.kind = text_column(table, "kind")
        self.opening, self.closing = exact(numbers(table, "opening")), exact(numbers(table, "closing"))
        self._index()
        self._read: list[tuple[Sequence[str], Ints]] = []

    @property
    def gives_credit(self) -> bool:
        """Whether a supplier lets goods be paid after delivery: it has an account for that."""
        return len(self.of_role(Account.SUPPLIER_RECEIVABLES)) > 0

    @property
    def role_of_party(self) -> npt.NDArray[np.int8]:
        """The role of each party as a place in `BOOK_ROLES`, and of none -1."""
        return np.array([*map(BOOK_ROLES.index, self.roles), -1], np.int8)

    @property
    def floors(self) -> Ints:
        """The balance below which each account must not be, of those without a floor the least number."""
        least = np.iinfo(np.int64).min
        floors = np.where(_FLOORED[self.role], 0, least)
        if self.settling is not None:
            floors[self.of_role(Account.BANK_RESERVES)] = least
            for account in self.of_role(Account.CLEARING_RESERVES).tolist():
                floors[account] = -self.settling.credit.get(self.account_name(account).rpartition(":")[2], 0)
        return floors

    def of_book(self, role: str) -> list[int]:
        """Return the places of the parties whose books are of a role."""
        return [place for place, own in enumerate(self.roles) if own == role]

    def bank_of(self, party: int) -> int:
        """Return the place of the bank where a party has its account, -1 for none."""
        found = np.flatnonzero((self.holder == party) & (self.party != party))
        return int(self.party[found[0]]) if len(found) else -1

    def _role(self, name: str) -> tuple[int, int, int]:
        """Return the place in the chart of an account's name, its number in its family, whose deposit it is."""
        role = role_of(name, self._roles)
        if role not in ROLES:
            return -1, -1, -1
        rest = role_of(name)
        number = int(name.removeprefix(rest) or -1) if role.endswith(":") and rest != name else -1
        return ROLES[role], number, self._depositor(name, role)

    def _depositor(self, name: str, role: str) -> int:
        """Return the place of the party whose deposit an account is; -1 for a user's, and for what is none."""
        if not role.startswith(DEPOSITS) or role.endswith(":"):
            return -1
        owner = name.rpartition(":")[2]
        if owner == Account.BANK_COURIER_DEPOSIT.rpartition(":")[2]:
            owner = "supplier"
        owner = owner.removesuffix(COURIER_SUFFIX)
        return self.parties.index(owner) if owner in self.parties else -1

    def _read_changes(self) -> None:
        """Prepare the search for prices by shop, product and how many instants of changes have passed."""
        at = np.array([each.at for each in self.changes], np.int64)
        self._changed_at = np.unique(at)
        shop = np.array([self.parties.index(each.shop) for each in self.changes], np.int64)
        commodity = np.array([self.products[each.sku] for each in self.changes], np.int64)
        every = np.arange(len(self.parties) * len(self.price))
        first = self._price_keys_of(every // len(self.price), every % len(self.price), 0)
        later = self._price_keys_of(shop, commodity, np.searchsorted(self._changed_at, at) + 1)
        keys = np.append(first, later)
        prices = np.append(np.tile(self.price, len(self.parties)), [each.price for each in self.changes])
        order = np.argsort(keys, kind="stable")
        self._price_keys, self._prices = keys[order], prices[order].astype(np.int64)

    def _price_keys_of(self, shop: Ints, commodity: Ints, passed: Ints | int) -> Ints:
        products, steps = np.int64(len(self.price)), np.int64(len(self._changed_at) + 1)
        return (shop * products + commodity) * steps + passed

    def price_at(self, shop: Ints, at: Ints, commodity: Ints) -> Ints:
        """Return what a unit of each commodity is sold at by the list of a shop at an instant, microseconds."""
        if not self.changes:
            return self.price[commodity]
        passed = np.searchsorted(self._changed_at, at, side="right")
        keys = self._price_keys_of(shop.astype(np.int64), commodity.astype(np.int64), passed)
        found: Ints = self._prices[np.searchsorted(self._price_keys, keys, side="right") - 1]
        return found

    def _index(self) -> None:
        """Prepare the search for accounts by name and commodity."""
        names, size = self._names, np.int64(len(self.price))
        keys = names.codes * size + self.commodity
        self._by_key = np.append(np.argsort(keys, kind="stable"), 0)
        self._keys = keys
        # Most rows are of money: one table look-up serves them, and only units need a search.
        self._in_money = np.full(len(names.labels) + 1, -1, np.int32)
        money = np.flatnonzero(self.commodity == 0)
        self._in_money[names.codes[money]] = money

    def places(self, names: TextColumn, commodity: Ints) -> Ints:
        """Return the account of each row's side: the place of its name in its commodity, or -1."""
        name = self._own_codes(names.labels)[names.codes]
        found: Ints = self._in_money[name]
        units = np.flatnonzero(commodity != 0)
        wanted = name[units] * np.int64(len(self.price)) + commodity[units]
        candidates = self._by_key[np.searchsorted(self._keys, wanted, sorter=self._by_key[:-1])]
        found[units] = np.where(self._keys[candidates] == wanted, candidates, -1)
        return found

    def _own_codes(self, labels: Sequence[str]) -> Ints:
        """Return this table's codes of labels; those of the last two columns are kept, which parts share."""
        for known, codes in self._read:
            if known is labels or known == labels:
                return codes
        own = self._names.labels
        if isinstance(labels, NumberedLabels) and isinstance(own, NumberedLabels) and labels.stems == own.stems:
            codes = np.append(own.find(labels), -1)
        else:
            codes = codes_of(labels, self._codes, np.int32)
        self._read = [(labels, codes), *self._read[:1]]
        return codes

    @cached_property
    def _codes(self) -> dict[str, int]:
        return {label: code for code, label in enumerate(self._names.labels)}

    def of_role(self, account: Account) -> Ints:
        """Return the places of the accounts of a role."""
        return np.flatnonzero(self.role == ROLES[account])

    def account_name(self, account: int) -> str:
        """Return the name of an account alone; two commodities of one name share it."""
        return str(self._names.labels[self._names.codes[account]])

    def name(self, account: int) -> str:
        """Name an account and its commodity."""
        if account < 0:
            return "an account that the table accounts lacks"
        commodity = int(self.commodity[account])
        unit = [self.currency, *self.products][commodity] if commodity >= 0 else "unknown commodity"
        code = int(self._names.codes[account])
        return f"{self._names.labels[code] if code >= 0 else 'unnamed account'} ({unit})"
