"""The accounts of one party's book, each under the name that the party gives it."""

from alesha_sim.books.accounts import Account
from alesha_sim.books.lazy_accounts import LazyAccount, LazyUnits
from alesha_sim.books.ledger import Ledger


class PartyAccounts:
    """Opens accounts in the book of a party; `book` is its number. ValueError if the ledger has no such book."""

    def __init__(self, ledger: Ledger, party: str) -> None:
        self.book = ledger.chart.book(party)
        self._ledger = ledger
        self._party = party

    def money(self, account: Account, owner: str = "") -> int:
        """Open an account of money and return its id; `owner` is whose deposit it is."""
        return self._ledger.account(account, account.of(self._party, owner))

    def units(self, account: Account) -> tuple[int, ...]:
        """Open an account for the units of each product and return their ids."""
        return self._ledger.units(account, account.of(self._party))

    def family(self, account: Account, numbers: int | range) -> range:
        """Open an account for each of these numbers of users and return their ids."""
        return self._ledger.family(account, numbers, account.of(self._party))

    def lazy(self, account: Account, owner: str = "") -> LazyAccount:
        """Return an account of money that opens when it is first used."""
        return LazyAccount(self._ledger, account, account.of(self._party, owner))

    def lazy_units(self, account: Account) -> LazyUnits:
        """Return accounts of units that open when they are first used."""
        return LazyUnits(self._ledger, account, account.of(self._party))
