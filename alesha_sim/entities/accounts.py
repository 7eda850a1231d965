"""Account numbers and secrets, as their owners and the bank write them."""

from alesha_sim.messages import Secret
from alesha_sim.vocabulary import COURIER, SHOP, SUPPLIER

FIRST_USER_ACCOUNT = 10_000_000
ORGANISATION_ACCOUNTS = {SHOP: 9_000_001, SUPPLIER: 9_000_002, COURIER: 9_000_003}

SECRET_FORM = "%016x"  # 40 % faster than a format string, also for NumPy's numbers


def account_number(owner: int) -> int:
    """Return the account number of a user (their number) or an organisation (its code)."""
    return FIRST_USER_ACCOUNT + owner if owner >= 0 else ORGANISATION_ACCOUNTS[owner]


def secret_text(number: int) -> Secret:
    """Return a secret as its owner types it: 16 hexadecimal digits."""
    return Secret(SECRET_FORM % number)
