"""The one form of all messages, what makes a message a request, and the one reply that all notices share."""

from collections.abc import Iterator
from typing import Any, ClassVar, Generic, Self, TypeVar

from mypy_extensions import mypyc_attr

Reply_co = TypeVar("Reply_co", covariant=True)


@mypyc_attr(allow_interpreted_subclasses=True)
class Message:
    """A small value that is only read: equal to another of its kind with equal fields.

    A kind names its fields in `__match_args__`, in the order in which its constructor takes them, and repeats them
    as `__slots__`. Constructors are written out: a generated one would stay interpreted in the compiled package.
    """

    __match_args__: ClassVar[tuple[str, ...]] = ()
    __slots__ = ()

    def __iter__(self) -> Iterator[Any]:
        """Go through the values of the fields, in order."""
        return iter([getattr(self, name) for name in type(self).__match_args__])

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Message) and type(other) is type(self) and tuple(other) == tuple(self)

    def __hash__(self) -> int:
        return (type(self), *self).__hash__()

    def __repr__(self) -> str:
        named = zip(type(self).__match_args__, self, strict=True)
        return f"{type(self).__name__}({', '.join(f'{name}={value!r}' for name, value in named)})"

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), tuple(self)

    def replaced(self, **changes: Any) -> Self:
        """Return the message with other values in some fields; raises TypeError for an unknown field."""
        return type(self)(**(dict(zip(type(self).__match_args__, self, strict=True)) | changes))


@mypyc_attr(allow_interpreted_subclasses=True)
class Asks(Message, Generic[Reply_co]):
    """A message that is answered by a `Reply_co`: `reply = yield from self.ask(bank, Authorise(...))` has a type.

    A kind of reply that the asker forgets is then an error of the type checker.
    """

    __slots__ = ()


class Acknowledged(Message):
    """The notice was received and what it reports is in the receiver's book."""

    __slots__ = ()


ACKNOWLEDGED = Acknowledged()
"""The one that is sent: it says nothing else."""
