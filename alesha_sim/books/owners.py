"""Whose account is whose, as tables show it."""

ENDS = ("completed", "declined", "cancelled", "returned")
OPEN = ("received", "processing", "on_the_way", "in_doubt")
DEPOSITS = "bank:deposits:"
OWNERS = ("users", "shop", "supplier")


def owner_of(account: str) -> str:
    """Return whose deposit an account is: `users` (of any user), `shop`, `supplier`; "" if it is none."""
    owner = account.removeprefix(DEPOSITS)
    if owner == account:
        return ""
    return "users" if owner.startswith("user:") else owner
