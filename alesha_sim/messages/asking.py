"""What makes a message a request: the type of its replies. And the one reply that all notices share."""

from typing import NamedTuple, Protocol, TypeVar

Reply_co = TypeVar("Reply_co", covariant=True)


class Asks(Protocol[Reply_co]):
    """A message that is answered by a `Reply_co`; the type checker reads it off the return type of `_replies`.

    Nobody calls the method. It stands in each request, so that `reply = yield from self.ask(bank, Authorise(...))`
    has a type and a forgotten kind of reply is an error of the type checker. A tuple cannot be generic, and a list
    of overloads would repeat every message in one place.
    """

    def _replies(self) -> Reply_co:
        raise NotImplementedError


class Noted(NamedTuple):
    """The notice was received and what it reports is in the receiver's book."""


NOTED = Noted()
"""The one that is sent: it says nothing else."""
