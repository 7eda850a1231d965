"""Channels: one-way simulated links between entities, and what travels on them.

The asker holds a `Request`, the receiver a `Delivery`. A delivery is the only heap entry a message needs, and it
is armed again for the reply's way back. A request is never in the heap: the reply's landing resolves it in place.
"""

from collections.abc import Callable
from heapq import heappush
from typing import TYPE_CHECKING, Any

from simpy.events import NORMAL, Event

from alesha_sim.messages import Decline, OrderRejected, Refusal
from alesha_sim.network.clock import Clock
from alesha_sim.records import NO_ID, MessageLog

if TYPE_CHECKING:
    from alesha_sim.network.inbox import Inbox

NO_REQUEST = NO_ID
_REFUSALS = (Refusal, Decline, OrderRejected)


class Request(Event):
    """One question, waited for by its asker until the first reply arrives; its value is the reply.

    `callbacks` tells its state: a list = waited for, empty = given up, None = answered.
    """

    _ok = True

    def resolve(self, reply: object) -> None:
        """Hand the reply to whoever waits, within the kernel event that brought it."""
        callbacks = self.callbacks
        self.callbacks = None  # type: ignore[assignment]
        self._value = reply
        for callback in callbacks:
            callback(self)


class Delivery(Event):
    """One copy of a message on its way to its receiver, and then the receiver's handle to answer it."""

    _ok = True

    def __init__(  # every field has its own meaning; a tuple would hide it
        self, channel: "Channel", message: object, row: int, request: Request | None, number: int, sender: int,
        recipient: int, order: int, visit: int,
    ) -> None:  # fmt: skip
        # Event.__init__ is not called: it would allocate a list of callbacks for every message.
        self.callbacks = channel.arrivals  # type: ignore[assignment]
        self.channel = channel
        self.log = channel.log
        self.message: Any = message
        self.row = row
        self.request = request
        self.number = number
        self.sender = sender
        self.recipient = recipient
        self.order = order
        self.visit = visit
        self.started_at = 0.0

    def answer(self, reply: object) -> None:
        """Send `reply` back to the asker; the request is dealt with."""
        self.close()
        back = self.channel.back
        detail = reply.reason if isinstance(reply, _REFUSALS) else ""
        self.row = self.log.sent(
            back.clock.now, self.number, self.order, self.visit, self.recipient, self.sender, 1,
            type(reply).__name__, detail,
        )  # fmt: skip
        self.message = reply
        self.callbacks = _REPLY_ARRIVES  # type: ignore[assignment]
        back.send(self)

    def close(self) -> None:
        """Record that the message has been dealt with; a notice needs nothing more."""
        self.log.served(self.row, self.started_at, self.channel.clock.now)


def _land_reply(event: Event) -> None:
    delivery: Delivery = event  # type: ignore[assignment]
    delivery.log.landed(delivery.row, delivery.channel.clock.now)
    request = delivery.request
    if request is not None and request.callbacks:
        request.resolve(delivery.message)


_REPLY_ARRIVES = (_land_reply,)


class Channel:
    """A one-way link to `inbox`; replies travel on `back`, its counterpart."""

    def __init__(self, clock: Clock, log: MessageLog, latency: Callable[[], float], recipient: int) -> None:
        self.clock = clock
        self.log = log
        self.latency = latency
        self.recipient = recipient
        self.arrivals: tuple[Callable[[Any], None], ...] = ()
        self.back = self

    def connect(self, inbox: "Inbox", back: "Channel") -> None:
        """Say where messages end and on which channel their replies go."""
        self.arrivals = (inbox.arrive,)
        self.back = back

    def ask(self, message: object, sender: int, recipient: int, order: int, visit: int) -> Request:
        """Send a request and return the event of its reply."""
        request = Request(self.clock)
        log = self.log
        number = log.requests
        log.requests = number + 1
        row = log.sent(
            self.clock.now, number, order, visit, sender, recipient, 1, type(message).__name__
        )  # fmt: skip
        self.send(Delivery(self, message, row, request, number, sender, recipient, order, visit))
        return request

    def tell(self, message: object, sender: int, recipient: int, order: int, visit: int) -> None:
        """Send a notice, to which there is no reply."""
        row = self.log.sent(
            self.clock.now, NO_REQUEST, order, visit, sender, recipient, 1, type(message).__name__
        )  # fmt: skip
        self.send(Delivery(self, message, row, None, NO_REQUEST, sender, recipient, order, visit))

    def send(self, delivery: Delivery) -> None:
        """Let a delivery arrive after this channel's latency."""
        clock = self.clock
        # The body of `Environment.schedule`, one call less for every message.
        heappush(clock._queue, (clock._now + self.latency(), NORMAL, next(clock._eid), delivery))
