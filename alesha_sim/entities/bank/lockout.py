"""Account lockout: which accounts cannot be used for a while, after too many wrong secrets in a row."""


class AccountLockout:
    """Locks an account for `seconds` after `attempts` wrong secrets in a row."""

    def __init__(self, attempts: int, seconds: float) -> None:
        self._attempts = attempts
        self._seconds = seconds
        self._wrong: dict[int, int] = {}
        self._locked_until: dict[int, float] = {}

    def note_attempt(self, owner: int, right: bool, now: float) -> bool:
        """Note an attempt to use an account; return whether the account was locked already.

        The attempt that locks an account is refused for its secret, later ones because of the lock. A right secret
        sets the count back to zero; attempts during a lock are not counted.
        """
        if self._locked_until.get(owner, now) > now:
            return True
        wrong = 0 if right else self._wrong.get(owner, 0) + 1
        if wrong >= self._attempts:
            self._locked_until[owner], wrong = now + self._seconds, 0
        self._wrong[owner] = wrong
        return False
