"""Whose account is whose, as tables show it. `roles` has the role of each party by its name."""

from collections.abc import Mapping

from alesha_sim.books.accounts import BUYER_ADVANCES, COURIER_SUFFIX, FIRM_DEPOSITS, HOLDS, OF_DEPOSITS, Account
from alesha_sim.books.chart import ONE_OF_EACH

ENDS = ("completed", "declined", "cancelled", "returned")
OPEN = ("received", "processing", "on_the_way", "in_doubt")

_OF_DEPOSITORS = {account: role for role, account in FIRM_DEPOSITS.items()}


def owners(roles: Mapping[str, str] = ONE_OF_EACH) -> tuple[str, ...]:
    """Return who has deposits: `users` for all of them together, then the shops, then the suppliers."""
    return "users", *of_role("shop", roles), *of_role("supplier", roles)


def of_role(role: str, roles: Mapping[str, str] = ONE_OF_EACH) -> list[str]:
    """Return the names of the parties of a role, of `courier` those of the suppliers' accounts for collections."""
    if role == "courier":
        suppliers = of_role("supplier", roles)
        return ["courier" if name == "supplier" else name + COURIER_SUFFIX for name in suppliers]
    return [name for name, own in roles.items() if own == role]


def depositor(account: str, roles: Mapping[str, str] = ONE_OF_EACH) -> str:
    """Return whose deposit an account is, such as `user:17` or `shop`; "" if it is none."""
    bank, deposits, owner = account.partition(OF_DEPOSITS)
    return owner if deposits and roles.get(bank) == "bank" else ""


def owner_of(account: str, roles: Mapping[str, str] = ONE_OF_EACH) -> str:
    """Return whose deposit an account is: `users` of any user, or a firm's name; "" if it is none."""
    owner = depositor(account, roles)
    return "users" if owner.startswith("user:") else owner


def deposits_of(owner: str, roles: Mapping[str, str] = ONE_OF_EACH) -> list[str]:
    """Return what a deposit of an owner, such as `user:17` or `shop`, is called at each of the banks."""
    return [f"{bank}{OF_DEPOSITS}{owner}" for bank in of_role("bank", roles)]


def holds_of(owner: str, roles: Mapping[str, str] = ONE_OF_EACH) -> list[str]:
    """Return what the account of what is held of a user's money, `user:17`, is called at each of the banks."""
    kept = HOLDS[HOLDS.index(":") :]
    return [f"{bank}{kept}{owner}" for bank in of_role("bank", roles)]


def names_of(account: Account, roles: Mapping[str, str] = ONE_OF_EACH) -> list[str]:
    """Return what an account of the chart is called in each book that can have it."""
    parties, depositors = of_role(account.book, roles), _OF_DEPOSITORS.get(account)
    if depositors is not None:
        return [account.of(bank, owner) for bank in parties for owner in of_role(depositors, roles)]
    if account is Account.SUPPLIER_SHOP_ADVANCES and roles != ONE_OF_EACH:
        return [account.of(party, BUYER_ADVANCES) for party in parties]
    return [account.of(party) for party in parties]
