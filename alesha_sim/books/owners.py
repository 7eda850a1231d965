"""Whose account is whose, as tables show it."""

from alesha_sim.books.accounts import DEPOSITS

ENDS = ("completed", "declined", "cancelled", "returned")
OPEN = ("received", "processing", "on_the_way", "in_doubt")
OWNERS = ("users", "shop", "supplier")


def owner_of(account: str) -> str:
    """Return whose deposit an account is: `users` (of any user), `shop`, `supplier`; "" if it is none."""
    owner = account.removeprefix(DEPOSITS)
    if owner == account:
        return ""
    return "users" if owner.startswith("user:") else owner
