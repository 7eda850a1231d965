"""The idempotency store of an inbox: serves a request once, whatever the network does, and none while down.

Built only where messages can be lost, doubled or asked again. What is kept of a request is its key and its
content; of one that carries a secret a digest instead, so that no secret is stored.
"""

from hashlib import blake2b
from operator import attrgetter
from typing import Any

from alesha_sim.messages.fields import SECRET_FIELDS

Key = tuple[Any, ...]
"""Sender, order or visit, step and try: what an asker finds again in its own records after a crash."""


class Stored:
    """A reply that was given, and to which content (None: to any)."""

    __slots__ = ("content", "reply")

    def __init__(self, content: object, reply: object) -> None:
        self.content: Any = content
        self.reply: Any = reply


class IdempotencyStore:
    """Remembers which keys are being served and which were served with what reply, for the whole run.

    Forgetting after a time would save memory, but an asker without a last attempt may come back at any time.
    """

    def __init__(self) -> None:
        self.is_up = True
        self._known: dict[Key, Any] = {}  # the content of what is being served, a `Stored` for what was
        self._readers: dict[type, Any] = {}
        self._no_digest = blake2b(digest_size=12)

    def admit(self, key: Key, content: object) -> Any:
        """Note that a request is being served and return None, if it is new.

        Else return a `Stored` for what was served, the content of what is being served.
        """
        known = self._known.get(key)
        if known is None:
            self._known[key] = content
        return known

    def served(self, key: Key) -> Stored | None:
        """Return the reply that was given under a key."""
        known = self._known.get(key)
        return known if isinstance(known, Stored) else None

    def begin(self, key: Key, content: object) -> None:
        """Note that a request is being served."""
        self._known.setdefault(key, content)

    def store(self, key: Key, content: object, reply: object) -> None:
        """Keep a reply, in the same step as its effect."""
        self._known[key] = Stored(content, reply)

    def forget(self, key: Key) -> None:
        """Note that a request will not be served."""
        if not isinstance(self._known.get(key), Stored):
            self._known.pop(key, None)

    def crash(self) -> None:
        """Go down: what was being served is gone, what was served is on record."""
        self.is_up = False
        self._known = {key: known for key, known in self._known.items() if isinstance(known, Stored)}

    def content(self, message: Any) -> Any:
        """Return what tells a request from any other: the message, or a digest of one that carries a secret."""
        kind = type(message)
        read = self._readers.get(kind, kind)
        if read is kind:
            read = self._readers[kind] = _reader(message)
        if read is None:
            return message
        fields = [field if isinstance(field, str) else repr(field) for field in read(message)]
        digest = self._no_digest.copy()  # half of the time that a new one takes
        digest.update("\x1f".join(fields).encode())  # joined, a secret is its own text
        return digest.digest()


def _reader(message: Any) -> Any:
    """Return what reads kind and fields of messages with secrets, which show as stars; None for others."""
    has_secret = any(name in SECRET_FIELDS for name in message.__match_args__) or "***" in repr(message)
    return attrgetter("__class__.__name__", *message.__match_args__) if has_secret else None
