"""Channels: one-way simulated links between entities, and what travels on them.

The asker holds a `Request`, the receiver a `Delivery`. A delivery is the only heap entry a message needs, and it
is armed again for the reply's way back. A request is never in the heap: the reply's landing resolves it in place.
A channel without faults and without retries has None for both, which costs a comparison.
"""

from collections.abc import Callable
from operator import attrgetter
from typing import Any, Final

from alesha_sim.kernel.clock import Clock
from alesha_sim.kernel.scheduled import ScheduledCallback
from alesha_sim.kernel.timers import Timeouts
from alesha_sim.messages import ACKNOWLEDGED, Decline, OrderRejected, Refusal
from alesha_sim.network.faults import Faults
from alesha_sim.network.idempotency import Key
from alesha_sim.network.request import GaveUp, NoReply, Request, Withdraw
from alesha_sim.network.retry import Retry, RetryPolicy
from alesha_sim.recording.messages import Messages
from alesha_sim.recording.packed_rows import Boxed
from alesha_sim.vocabulary import LATE, NO_ID

NO_REQUEST = NO_ID
_REFUSALS: Final = frozenset({Refusal, Decline, OrderRejected})


class Receiver:
    """Where messages end, as a channel sees it; an inbox is one."""

    @property
    def is_up(self) -> bool:
        """Whether messages can be received now."""
        raise NotImplementedError

    def arrive(self, delivery: "Delivery") -> None:
        """Take in a message that has come."""
        raise NotImplementedError

    def withdraw(self, notice: "Delivery") -> None:
        """Let a request go that nobody waits for."""
        raise NotImplementedError

    def store_under(self, key: Key, content: object, reply: object) -> None:
        """Keep the reply to a request that carries a key."""
        raise NotImplementedError


class Delivery(ScheduledCallback):
    """One copy of a message on its way to its receiver, and then the receiver's handle to answer it."""

    __slots__ = (
        "attempt",
        "channel",
        "content",
        "is_reply",
        "key",
        "message",
        "number",
        "order",
        "recipient",
        "request",
        "row",
        "sender",
        "visit",
        "waits_since",
    )

    def __init__(  # every field has its own meaning; a tuple would hide it
        self,
        channel: "Channel",
        message: object,
        row: Boxed,
        request: Request | None,
        number: Boxed,
        sender: Boxed,
        recipient: Boxed,
        order: Boxed,
        visit: Boxed,
        key: Key | None = None,
    ) -> None:
        self.channel = channel
        self.message: Any = message
        self.row = row
        self.request = request
        self.number = number
        self.sender = sender
        self.recipient = recipient
        self.order = order
        self.visit = visit
        self.waits_since: float  # set where it waits for a worker
        self.is_reply = False
        self.key = key
        self.attempt: Boxed = 1
        self.content: Any = None

    def fire(self) -> None:
        """Arrive: at the receiver, or back with the reply."""
        request, channel = self.request, self.channel
        if not self.is_reply:
            channel.inbox.arrive(self)
            return
        waiter = request.waiter if request is not None else None
        if request is not None and waiter is not None and (waiter.functions is None or waiter.functions):
            channel.log.landed(self.row, channel.clock.now)
            # The body of `Signal.happen`, one call less for every reply.
            request.waiter, request.is_over, request._value = None, True, self.message
            if channel.retry is not None:
                request.timeouts.waiting.pop(request, None)  # what came in time is not kept until its time is over
            waiter.wake(self.message)
        elif channel.back.inbox.is_up:
            channel.log.landed(self.row, channel.clock.now, LATE)
        else:
            channel.log.lost(self.row)

    def answer(self, reply: object) -> None:
        """Send `reply` back to the asker; the request is dealt with, and dealt with once."""
        channel = self.channel
        channel.log.served(self.row, channel.clock.now)
        if self.key is not None:
            channel.inbox.store_under(self.key, self.content, reply)
        self.reply(reply)

    def reply(self, reply: Any) -> None:
        """Send a reply, for the first time or again."""
        channel, kind = self.channel, type(reply)
        log, clock, back = channel.log, channel.clock, channel.back
        now = clock.now
        self.message = reply
        self.row = log.sent(
            now,
            self.number,
            self.order,
            self.visit,
            self.recipient,
            self.sender,
            self.attempt,
            kind,
            log.details[reply.reason] if kind in _REFUSALS else 0,
        )
        self.is_reply = True
        if back.faults is None:  # as in `Channel.ask`
            clock.calendar.put(self, now + back.latency())
        else:
            back.send(self)

    def acknowledge(self) -> None:
        """Say that a notice has been taken in, if its sender asked for that."""
        if self.request is None:
            self.close()
        else:
            self.answer(ACKNOWLEDGED)

    def close(self) -> None:
        """Record that the message has been dealt with; a notice needs nothing more."""
        channel = self.channel
        channel.log.served(self.row, channel.clock.now)

    def duplicate(self) -> "Delivery":
        """Return a second copy of the same message, with a row of its own."""
        duplicate = type(self)(
            self.channel,
            self.message,
            self.channel.log.sent_again(self.row),
            self.request,
            self.number,
            self.sender,
            self.recipient,
            self.order,
            self.visit,
            self.key,
        )
        duplicate.is_reply, duplicate.content, duplicate.attempt = self.is_reply, self.content, self.attempt
        return duplicate


class _Withdrawal(Delivery):
    """A notice for the inbox itself: nobody waits for the reply to a request any more."""

    def fire(self) -> None:
        """Arrive."""
        self.channel.inbox.withdraw(self)


class Channel:
    """A one-way link to `inbox`; replies travel on `back`, its counterpart.

    `faults` is None where every message arrives once, `retry` None where nobody asks twice; requests carry their
    keys only if `is_keyed`, where one may come twice.
    """

    inbox: Receiver
    back: "Channel"

    def __init__(
        self,
        clock: Clock,
        log: Messages,
        latency: Callable[[], float],
        recipient: Boxed,
        faults: Faults | None = None,
    ) -> None:
        self.clock = clock
        self.log = log
        self.latency = latency
        self.recipient = recipient
        self.faults = faults
        self.retry: Retry | None = None
        self.is_keyed = False

    def connect(self, inbox: Receiver, back: "Channel") -> None:
        """Say where messages end and on which channel their replies go."""
        self.inbox = inbox
        self.back = back

    def retry_with(self, policy: RetryPolicy, uniform: Callable[[], float]) -> None:
        """Let every request be sent again until it is answered; `uniform` jitters the waits."""
        self.is_keyed = True
        self.retry = Retry(self.clock, policy, uniform, self._resend, lambda request: request.happen(NoReply()))

    def ask(
        self,
        message: object,
        sender: Boxed,
        recipient: Boxed,
        order: Boxed,
        visit: Boxed,
        key: Key | None = None,
        wait_factor: float = 1.0,
    ) -> Request:
        """Send a request and return the signal of its reply, which is `NoReply` once nobody asks any more.

        Every wait for a reply is `wait_factor` times as long as the retry policy says, a day at most.
        """
        clock, log = self.clock, self.log
        request, now = Request(clock), clock.now
        number: Boxed = log.requests
        log.requests = number + 1
        request.number = number
        row = log.sent(now, number, order, visit, sender, recipient, 1, type(message))
        if not self.is_keyed:
            key = None
        delivery = Delivery(self, message, row, request, number, sender, recipient, order, visit, key)
        if self.faults is None:
            clock.calendar.put(delivery, now + self.latency())  # the body of `send`, one call less
        else:
            self.send(delivery)
        if self.retry is not None:
            request.envelope, request.message = (number, sender, recipient, order, visit, key), message
            request.attempt, request.wait_factor = 1, wait_factor
            self.retry.watch(request)
        return request

    def _resend(self, request: Request) -> None:
        request.attempt += 1
        number, sender, recipient, order, visit, _ = request.envelope
        row = self.log.sent(
            self.clock.now,
            number,
            order,
            visit,
            sender,
            recipient,
            request.attempt,
            type(request.message),
        )
        delivery = Delivery(self, request.message, row, request, *request.envelope)
        delivery.attempt = request.attempt
        self.send(delivery)
        assert self.retry is not None
        self.retry.watch(request)

    def give_up_after(self, seconds: float, request: Request, sender: int) -> None:
        """Let the asker lose patience: the request is given up and withdrawn, unless the reply comes first."""

        def give_up(request: Request) -> None:
            self._withdraw(request.number, sender)
            request.happen(GaveUp())

        Timeouts(self.clock, seconds, attrgetter("is_awaited"), give_up).watch(request)

    def _withdraw(self, number: int, sender: int) -> None:
        row = self.log.sent(self.clock.now, number, NO_ID, NO_ID, sender, self.recipient, 1, Withdraw)
        self.send(_Withdrawal(self, Withdraw(number), row, None, number, sender, self.recipient, NO_ID, NO_ID))

    def send_notice(self, message: object, sender: Boxed, recipient: Boxed, order: Boxed, visit: Boxed) -> None:
        """Send a notice, to which there is no reply."""
        row = self.log.sent(self.clock.now, NO_REQUEST, order, visit, sender, recipient, 1, type(message))
        self.send(Delivery(self, message, row, None, NO_REQUEST, sender, recipient, order, visit))

    def send(self, delivery: Delivery) -> None:
        """Let a delivery arrive after this channel's latency, as far as its faults let it."""
        clock = self.clock
        if self.faults is None:
            clock.calendar.put(delivery, clock.now + self.latency())
            return
        copies = self.faults.copies(clock.now)
        # Two latencies for every message, even a lost one, so that no degradation shifts those after it.
        latencies = self.latency(), (self.faults.copy_latency or self.latency)()
        if copies == 0:
            self.log.lost(delivery.row)
        deliveries = [delivery, delivery.duplicate()] if copies == 2 else [delivery]
        for each, latency in zip(deliveries[:copies], latencies, strict=False):
            delay = latency + self.faults.delay(clock.now)
            clock.calendar.put(each, clock.now + delay)
