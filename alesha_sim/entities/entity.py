"""What the four entities have in common: an inbox, workers, and one-line asking and telling.

An entity knows of the others only what messages told it. Its decisions are plain methods without a `yield`; its
processes hold the yields and one `match`.
"""

from collections.abc import Callable, Generator
from typing import Any, NamedTuple

from simpy.events import Event

from alesha_sim.messages import Balance, BalanceEnquiry, Decline, Secret
from alesha_sim.network import Channel, Clock, Delivery, Inbox
from alesha_sim.records import NO_ID

Process = Generator[Event, Any, None]
Asking = Generator[Event, Any, Any]


class Wallet(NamedTuple):
    """A bank account's number and the secret that opens it."""

    account: int
    secret: Secret


class EntityError(RuntimeError):
    """An entity's code raised; the text names the entity, the message and the instant."""


class Party:
    """Whoever asks and tells: an organisation, or a user on a visit; `code` is how messages name it."""

    def __init__(self, clock: Clock, name: str, code: int) -> None:
        self.clock = clock
        self.name = name
        self.code = code

    def ask(
        self, channel: Channel, message: object, *, order: int = NO_ID, visit: int = NO_ID, to: int | None = None
    ) -> Asking:  # fmt: skip
        """Send a request and wait for its reply: `reply = yield from self.ask(self.bank, Authorise(...))`."""
        recipient = channel.recipient if to is None else to
        return (yield channel.ask(message, self.code, recipient, order, visit))

    def tell(
        self, channel: Channel, message: object, *, order: int = NO_ID, visit: int = NO_ID, to: int | None = None
    ) -> None:  # fmt: skip
        """Send a notice."""
        channel.tell(message, self.code, channel.recipient if to is None else to, order, visit)

    def pause(self, duration: Callable[[], float]) -> Process:
        """Let a drawn duration pass; a duration of zero costs no kernel event."""
        seconds = duration()
        if seconds > 0:
            yield self.clock.timeout(seconds)

    def enquire(self, bank: Channel, wallet: Wallet) -> Generator[Event, Any, int | Decline]:
        """Ask the bank what can be spent; minor units, or the bank's `Decline`."""
        reply = yield from self.ask(bank, BalanceEnquiry(wallet.account, wallet.secret))
        return reply.amount if isinstance(reply, Balance) else reply


class Entity(Party):
    """A party with an inbox of its own; subclasses write `work`, the life of one worker.

    `workers` hands serve the inbox; None hires one more, for good, whenever mail comes and nobody is idle.
    """

    def __init__(self, clock: Clock, name: str, code: int, workers: int | None) -> None:
        super().__init__(clock, name, code)
        self._workers = workers
        self.inbox = Inbox(clock, self._hire if workers is None else None)

    def open_for_business(self) -> None:
        """Start the fixed staff; without one, workers are hired as mail comes in."""
        for _ in range(self._workers or 0):
            self._hire()

    def _hire(self) -> None:
        self.clock.process(self.work())

    def work(self) -> Process:
        """Serve the inbox, one delivery after the other, for ever."""
        raise NotImplementedError

    def start(self, process: Process, delivery: Delivery) -> None:
        """Go on with a request in a process of its own, so that the worker is free for the next one."""
        self.clock.process(self._guarded(process, delivery))

    def _guarded(self, process: Process, delivery: Delivery) -> Process:
        try:
            yield from process
        except Exception as error:
            raise self.failure(delivery, error) from error

    def failure(self, delivery: Delivery, error: Exception) -> Exception:
        """Return the error that says where `error` happened."""
        if isinstance(error, EntityError):
            return error
        kind = type(delivery.message).__name__
        return EntityError(
            f"{self.name} failed on {kind} (message {delivery.row}, order {delivery.order}) "
            f"at {self.clock.now} s: {type(error).__name__}: {error}"
        )
