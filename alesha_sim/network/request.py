"""A request as its asker holds it: one signal over all attempts, resolved in place by the first reply."""

from typing import Any, Final

from alesha_sim.kernel.signal import Signal
from alesha_sim.kernel.timers import Timeouts
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


class Request(Signal):
    """One question, waited for by its asker until the first reply arrives; its value is the reply."""

    __slots__ = ("attempt", "envelope", "message", "number", "timeouts", "wait_factor")

    number: Boxed

    # What another attempt sends again, and when; set only where there may be one.
    attempt: Boxed
    wait_factor: float
    """How many times longer than the channel's its waits are."""
    message: Any
    envelope: tuple[Any, ...]
    timeouts: Timeouts
