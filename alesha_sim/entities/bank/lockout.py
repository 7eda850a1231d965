"""Account lockout: which accounts cannot be used for a while, after too many wrong secrets in a row."""


class AccountLockout:
    """Locks an account for `seconds` after `attempts` wrong secrets in a row."""

    def __init__(self, attempts: int, seconds: float) -> None:
        self._attempts = attempts
        self._seconds = seconds
        self._wrong: dict[int, int] = {}
        self._locked_until: dict[int, float] = {}

    def refuses(self, owner: int, right: bool, now: float) -> bool:
        """Tell whether the account is locked now; else note whether the secret was right."""
        if self._locked_until.get(owner, now) > now:
            return True
        wrong = 0 if right else self._wrong.get(owner, 0) + 1
        if wrong >= self._attempts:
            self._locked_until[owner], wrong = now + self._seconds, 0
        self._wrong[owner] = wrong
        return False
