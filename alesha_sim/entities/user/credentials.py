"""What users know by heart: their accounts at the bank, with the secrets, and their passwords for the shop."""

import numpy as np
import numpy.typing as npt

from alesha_sim.entities.accounts import account_number, secret_text
from alesha_sim.entities.entity import Wallet
from alesha_sim.messages import Secret


class Credentials:
    """What each user, numbered from 0, proves their identity with; the arrays have one number a user."""

    def __init__(self, secrets: npt.NDArray[np.uint64], passwords: npt.NDArray[np.uint64]) -> None:
        self._secrets, self._passwords = secrets.data, passwords.data  # plain ints, as in the bank

    def __len__(self) -> int:
        """How many users there are."""
        return len(self._secrets)

    def wallet(self, user: int) -> Wallet:
        """Return a user's account number and secret key."""
        return Wallet(account_number(user), secret_text(self._secrets[user]))

    def password(self, user: int) -> Secret:
        """Return a user's password for the shop."""
        return secret_text(self._passwords[user])

    def someone_else(self, user: int) -> int:
        """Return another user's number, the user's own if there is no other."""
        return (user + 1) % len(self._secrets)
