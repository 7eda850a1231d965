"""Accounts that are opened when they are first used, so that a book lists none that nothing was ever posted to."""

from alesha_sim.books.accounts import Account
from alesha_sim.books.ledger import Ledger
from alesha_sim.vocabulary import NO_ID


class _Lazy:
    """What is to be opened, under the name of the chart or another."""

    def __init__(self, ledger: Ledger, account: Account, name: str = "") -> None:
        self._ledger = ledger
        self._account = account
        self._name = name


class LazyAccount(_Lazy):
    """An account of money; `id` opens it, `opened_as` is its id only if it has been opened."""

    opened_as = NO_ID

    @property
    def id(self) -> int:
        """The account's id; the account is open from then on."""
        if self.opened_as == NO_ID:
            self.opened_as = self._ledger.account(self._account, self._name)
        return self.opened_as


class LazyUnits(_Lazy):
    """The accounts of one name for the units of every product; `ids` opens them."""

    _opened_as: tuple[int, ...] = ()

    @property
    def ids(self) -> tuple[int, ...]:
        """The accounts' ids in the order of the products; the accounts are open from then on."""
        if not self._opened_as:
            self._opened_as = self._ledger.units(self._account, self._name)
        return self._opened_as
