"""The idempotency store of an inbox: serves a request once, whatever the network does, and none while down.

Built only where messages can be lost, doubled or asked again. What is kept of a request is its key and a digest of
its content, never the content itself, so that no secret is stored.
"""

from collections.abc import Iterable
from hashlib import blake2b
from typing import Any, NamedTuple

Key = tuple[Any, ...]
"""Sender, order or visit, step and try: what an asker finds again in its own records after a crash."""


class Stored(NamedTuple):
    """A reply that was given, and to which content (None: to any)."""

    digest: bytes | None
    reply: Any


def digest(message: Iterable[Any]) -> bytes:
    """Return a digest of a message's kind and fields, secrets included."""
    # A secret's own text is hidden; `str.__str__` would show it, and encoding does.
    fields = [field.encode() if isinstance(field, str) else repr(field).encode() for field in message]
    return blake2b(b"\x1f".join([type(message).__name__.encode(), *fields]), digest_size=12).digest()


class IdempotencyStore:
    """Remembers which keys are being served and which were served with what reply, for the whole run.

    Forgetting after a time would save memory, but an asker without a last attempt may come back at any time.
    """

    def __init__(self) -> None:
        self.is_up = True
        self._active: dict[Key, bytes] = {}
        self._served: dict[Key, Stored] = {}

    def begin(self, key: Key, content: bytes) -> None:
        """Note that a request is being served."""
        self._active[key] = content

    def active(self, key: Key) -> bytes | None:
        """Return the digest of the request that is being served under a key."""
        return self._active.get(key)

    def served(self, key: Key) -> Stored | None:
        """Return the reply that was given under a key."""
        return self._served.get(key)

    def store(self, key: Key, content: bytes | None, reply: object) -> None:
        """Keep a reply, in the same step as its effect."""
        self._active.pop(key, None)
        self._served[key] = Stored(content, reply)

    def forget(self, key: Key) -> None:
        """Note that a request will not be served."""
        self._active.pop(key, None)

    def crash(self) -> None:
        """Go down: what was being served is gone, what was served is on record."""
        self.is_up = False
        self._active.clear()
