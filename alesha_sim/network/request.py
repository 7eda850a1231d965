"""A request as its asker holds it: one event over all attempts, resolved in place by the first reply."""

from typing import Any, Final

from alesha_sim.kernel.clock import InfallibleEvent
from alesha_sim.messages.message import Message
from alesha_sim.recording.packed_rows import Boxed


class NoReply(Message):
    """What an asker gets after the last attempt without a reply: whether anything happened, it cannot know."""

    __slots__ = ()


class GaveUp(Message):
    """What an asker gets who lost patience and closed the connection; the receiver learns by a `Withdraw`."""

    __slots__ = ()


class Withdraw(Message):
    """Tell the receiver that nobody waits for the reply to a request any more."""

    __match_args__ = ("request",)
    __slots__ = __match_args__

    def __init__(self, request: int) -> None:
        self.request: Final = request


class Conflict(Message):
    """What an asker gets whose key was used before with other content; nothing was done."""

    __slots__ = ()


class Request(InfallibleEvent):
    """One question, waited for by its asker until the first reply arrives; its value is the reply.

    `callbacks` tells its state: a list = waited for, empty = given up, None = answered.
    """

    # As class attributes these cost nothing where nobody asks twice.
    attempt = 1
    wait_factor = 1.0
    """How many times longer than the channel's its waits are."""
    number: Boxed = -1
    message: Any = None
    envelope: tuple[Any, ...] = ()
    """What another attempt sends again; kept only where there may be one."""

    def resolve(self, reply: object) -> None:
        """Hand the reply to whoever waits, within the kernel event that brought it."""
        callbacks: list[Any] = self.callbacks
        self.callbacks = None
        self._value = reply
        for callback in callbacks:
            callback(self)
