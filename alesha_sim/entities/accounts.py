"""Account numbers and secrets, as their owners and the banks write them, and whose account is whose."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final, NamedTuple

from alesha_sim.messages import Secret
from alesha_sim.vocabulary import BANK, COURIER, SHOP, SUPPLIER

FIRST_USER_ACCOUNT: Final = 10_000_000
FIRST_ORGANISATION_ACCOUNT: Final = 9_000_001

SECRET_FORM: Final = "%016x"  # 40 % faster than a format string, also for NumPy's numbers


class Holder(NamedTuple):
    """An organisation with an account: its code, name and role, the account's number, and the code of its bank.

    A supplier's account for money collected at doors has a holder of its own, of the role `courier`.
    """

    code: int
    name: str
    role: str
    number: int
    bank: int


ONE_OF_EACH: Final = (
    Holder(SHOP, "shop", "shop", FIRST_ORGANISATION_ACCOUNT, BANK),
    Holder(SUPPLIER, "supplier", "supplier", FIRST_ORGANISATION_ACCOUNT + 1, BANK),
    Holder(COURIER, "courier", "courier", FIRST_ORGANISATION_ACCOUNT + 2, BANK),
)


_PURPOSES: Final = {("user", "courier"): "collection", ("courier", "shop"): "remittance"}


class Directory:
    """Whose account is whose, at which bank, and which firm buys from which: what every bank knows.

    Users are numbered from 0; `customers` has those of each bank by the bank's code. `trades` are pairs of codes:
    a buyer and its seller.
    """

    def __init__(
        self,
        holders: Sequence[Holder] = ONE_OF_EACH,
        customers: Mapping[int, range] | None = None,
        trades: Iterable[tuple[int, int]] = ((SHOP, SUPPLIER),),
    ) -> None:
        self.holders = tuple(holders)
        self.customers = dict(customers or {})
        self._owners = {holder.number: holder.code for holder in holders}
        self._holders = {holder.code: holder for holder in holders}
        self._trades = frozenset(trades)
        self._purposes: dict[tuple[int, int], str] = {}
        self.shops = {holder.number: holder.code for holder in holders if holder.role == "shop"}
        """The shops by the numbers of their accounts."""

    def owner(self, account: int) -> int | None:
        """Return the code of an account's owner, which is a user's number; None for a low number of nobody's."""
        owner = account - FIRST_USER_ACCOUNT
        return owner if owner >= 0 else self._owners.get(account)

    def number(self, owner: int) -> int:
        """Return the number of an owner's account."""
        return FIRST_USER_ACCOUNT + owner if owner >= 0 else self._holders[owner].number

    def role(self, owner: int | None) -> str:
        """Return the role of an owner: `user`, `shop`, `supplier` or `courier`; "" for nobody."""
        if owner is None:
            return ""
        return "user" if owner >= 0 else self._holders[owner].role

    def bank(self, owner: int) -> int:
        """Return the code of the bank where an owner has its account; KeyError for nobody."""
        if owner < 0:
            return self._holders[owner].bank
        return next(bank for bank, users in self.customers.items() if owner in users)

    def buys(self, buyer: int, seller: int) -> bool:
        """Tell whether one buys from the other."""
        return (buyer, seller) in self._trades

    def purpose(self, payer: int, payee: int) -> str:
        """Return why one owner pays another by a transfer, as a code of the ledger; "" if it never does."""
        pair = min(payer, 0), min(payee, 0)  # all users pay for the same
        found = self._purposes.get(pair)
        if found is None:
            found = self._purposes[pair] = self._purpose(*pair)
        return found

    def _purpose(self, payer: int, payee: int) -> str:
        if self.buys(payer, payee):
            return "charges"
        if self.buys(payee, payer):
            return "charges-return"
        return _PURPOSES.get((self.role(payer), self.role(payee)), "")

    def of_bank(self, bank: int) -> list[Holder]:
        """Return the organisations that have their account at a bank."""
        return [holder for holder in self.holders if holder.bank == bank]


def account_number(owner: int) -> int:
    """Return the account number of a user, or of an organisation where there is one of each role."""
    return FIRST_USER_ACCOUNT + owner if owner >= 0 else _ONE_OF_EACH.number(owner)


_ONE_OF_EACH: Final = Directory()


def secret_text(number: int) -> Secret:
    """Return a secret as its owner types it: 16 hexadecimal digits."""
    return Secret(SECRET_FORM % number)
