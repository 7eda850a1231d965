"""What all entities have in common: an inbox, workers, channels, and requests and notices in one line.

An entity knows of the others only what messages reported. Its decisions are plain methods without a `yield`; its
processes hold the yields and one `match`.
"""

from collections.abc import Callable, Generator, Iterable, Sequence
from functools import partial
from typing import Any, NamedTuple, TypeVar

from mypy_extensions import mypyc_attr
from simpy.events import Event
from simpy.events import Process as SimpyProcess

from alesha_sim.kernel.clock import Clock
from alesha_sim.kernel.signal import Waitable
from alesha_sim.kernel.task import Explain, Task, begin
from alesha_sim.kernel.timers import stop
from alesha_sim.messages import Asks, Balance, Decline, EnquireBalance, Secret
from alesha_sim.network import Channel, Delivery, Inbox, NoReply, Relay
from alesha_sim.units import DAY, MINUTE
from alesha_sim.vocabulary import NO_ID, ORGANISATIONS, UNREGISTERED

Reply = TypeVar("Reply")
Value = TypeVar("Value")

Process = Generator[Waitable, Any, None]
Asking = Generator[Waitable, Any, Value]
"""A process that asks and comes to a value."""

ROUNDS = 200
"""How many rounds of attempts `ask_until_answered` makes before it leaves the order in doubt."""

FIRST_PAUSE, LONGEST_PAUSE = MINUTE, DAY
"""Seconds before the second round, and at most; in between each pause is twice the one before."""


class Wallet(NamedTuple):
    """A bank account's number and the secret that opens it."""

    account: int
    secret: Secret


@mypyc_attr(native_class=False)
class EntityError(RuntimeError):
    """An entity's code raised; the text names the entity, the message and the instant."""


@mypyc_attr(allow_interpreted_subclasses=True)
class Party:
    """Sends requests and notices: an organisation, or a user on a visit; `code` is how messages name it.

    `mark_in_doubt(order)` lists an order about which nobody answers any more.
    """

    def __init__(self, clock: Clock, name: str, code: int) -> None:
        self.clock = clock
        self.name = name
        self.code = code
        self.mark_in_doubt: Callable[[int], None] = _ignore

    def ask(
        self,
        channel: Channel,
        message: Asks[Reply],
        *,
        step: str | None = None,
        order: int = NO_ID,
        visit: int = NO_ID,
        to: int | None = None,
    ) -> Asking[Reply | NoReply]:
        """Send a request and wait for its reply: `reply = yield from self.ask(self.channels["bank"], request)`.

        A request that changes something names its `step`: with sender, order and visit it is the key under which
        the receiver does it once. The reply is `NoReply` when the channel's last attempt went unanswered.
        """
        recipient = channel.recipient if to is None else to
        key = (self.code, order, visit, step) if step is not None and channel.is_keyed else None
        reply: Reply | NoReply = yield channel.ask(message, self.code, recipient, order, visit, key)
        return reply

    def ask_until_answered(
        self, channel: Channel, message: Asks[Reply], *, step: str, order: int, to: int | None = None
    ) -> Asking[Reply | NoReply]:
        """Ask under the same key until a reply comes, in rounds with growing pauses in between.

        The reply is `NoReply` only after the last of 200 rounds.
        Each round waits longer for its replies, so that one comes even over a link slower than its time-outs.
        """
        if channel.retry is None:  # nothing is lost; one generator less for every request
            return self.ask(channel, message, step=step, order=order, to=to)
        return self._ask_in_rounds(channel, message, step, order, to)

    def _ask_in_rounds(
        self, channel: Channel, message: Asks[Reply], step: str, order: int, to: int | None
    ) -> Asking[Reply | NoReply]:
        recipient, key = channel.recipient if to is None else to, (self.code, order, NO_ID, step)
        pause, wait_factor = FIRST_PAUSE, 1.0
        for _ in range(ROUNDS):
            reply: Reply | NoReply = yield channel.ask(
                message, self.code, recipient, order, NO_ID, key, wait_factor
            )
            if not isinstance(reply, NoReply):
                return reply
            yield self.clock.pause(pause)
            pause, wait_factor = min(2 * pause, LONGEST_PAUSE), min(2 * wait_factor, LONGEST_PAUSE)
        if order != NO_ID:
            self.mark_in_doubt(order)
        return reply

    def send_notice(
        self, channel: Channel, message: object, *, order: int = NO_ID, visit: int = NO_ID, to: int | None = None
    ) -> None:
        """Send a notice."""
        channel.send_notice(message, self.code, channel.recipient if to is None else to, order, visit)

    def query_balance(self, bank: Channel, wallet: Wallet) -> Asking[int | Decline | NoReply]:
        """Ask the bank what can be spent: minor units, or the bank's `Decline`; `NoReply` if it never answers."""
        reply = yield from self.ask(bank, EnquireBalance(wallet.account, wallet.secret))
        return reply.amount if isinstance(reply, Balance) else reply


@mypyc_attr(allow_interpreted_subclasses=True)
class Entity(Party):
    """A party with an inbox of its own; subclasses write `work`, the life of one worker.

    `workers` serve the inbox; None adds a permanent one whenever mail comes and nobody is idle. A run that it is
    added to gives it its name and code. `channels` has its channels by the name of the entity at the
    other end; replacing one diverts the messages sent on it. `names` are those of all who are no users, in the
    order of their codes from -1 down, and `bank` is the name of the one where it keeps its account. Raises
    ValueError for a user's code.
    """

    def __init__(self, clock: Clock, name: str = "", code: int = UNREGISTERED, workers: int | None = None) -> None:
        if code >= 0:
            raise ValueError(f"entity {name!r}: code {code}: must be below 0, since those from 0 on are users'")
        super().__init__(clock, name, code)
        self.channels: dict[str, Channel] = {}
        self.names: Sequence[str] = ORGANISATIONS
        self.bank = "bank"
        self._workers = workers
        self.inbox = Inbox(clock, self._add_worker if workers is None else None)
        self._processes: dict[SimpyProcess, None] | None = None

    def channel_to(self, code: int) -> Channel:
        """Return the channel to an organisation by its code, or to the users for a user's number."""
        return self.channels["users" if code >= 0 else self.names[-1 - code]]

    def open_for_business(self) -> None:
        """Start the fixed number of workers; without one, workers are added as messages arrive."""
        for _ in range(self._workers or 0):
            self._add_worker()

    def _add_worker(self) -> None:
        self._begin(self.work())

    def run(self, process: Asking[object]) -> None:
        """Let a process of this entity run from the end of this event on."""
        self._remember(self.clock.process(process))

    def start(self, process: Process, delivery: Delivery) -> None:
        """Go on with a request in a process of its own, so that the worker is free for the next one."""
        self._begin(process, partial(self.failure, delivery))

    def _begin(self, process: Process, explain: Explain | None = None) -> None:
        if self._processes is None:
            begin(self.clock, process, explain)
        else:
            self._remember(Task(self.clock, process, explain))

    def _remember(self, running: SimpyProcess) -> None:
        """Keep a process in mind until it ends, if the entity can crash."""
        if self._processes is not None and running.is_alive:
            self._processes[running] = None
            running.callbacks.append(self._forget)

    def _forget(self, process: Event) -> None:
        assert self._processes is not None
        self._processes.pop(process, None)  # type: ignore[call-overload]

    # Crash and restart: processes and what is in flight inside them are gone, books and records stay.

    def track_processes(self) -> None:
        """Keep track of the processes that run, so that a crash can stop them."""
        self._processes = {}

    def crash(self) -> None:
        """Stop at once; what arrives from now on is lost."""
        assert self._processes is not None
        self.inbox.crash()
        for process in self._processes:
            stop(process)
        self._processes.clear()

    def restart(self) -> None:
        """Open again, and go on with what the records say is unfinished."""
        assert self.inbox.idempotency is not None
        self.inbox.idempotency.is_up = True
        self.open_for_business()
        self.recover()

    def recover(self) -> None:
        """Go on with what was unfinished when the entity crashed; nothing, if it only answers questions."""

    def work(self) -> Process:
        """Serve the inbox, one delivery after the other, forever."""
        raise NotImplementedError

    def send_notice_reliably(
        self, channel: Channel, message: Asks[object], *, step: str, order: int
    ) -> Iterable[Waitable]:
        """Send a notice, and see to it that it arrives where messages can be lost."""
        if channel.retry is None:
            self.send_notice(channel, message, order=order)
            return ()
        return self._ask_in_rounds(channel, message, step, order, None)

    def pass_on(self, delivery: Delivery, channel: Channel) -> Asking[object]:
        """Send what a relay brought on to its recipient, and the reply back; return the reply.

        It is None for a notice, and `NoReply`, which is not sent back, where nobody answered. The receiver sees
        this entity as the sender.
        """
        relay, message = delivery.channel, delivery.message
        to = relay.address(delivery) if isinstance(relay, Relay) else None
        if delivery.request is None:
            self.send_notice(channel, message, order=delivery.order, visit=delivery.visit, to=to)
            delivery.close()
            return None
        reply: object
        if delivery.key is None:
            reply = yield from self.ask(channel, message, order=delivery.order, visit=delivery.visit, to=to)
        else:
            step = f"{delivery.sender}:{delivery.visit}:{delivery.key[3]}"
            reply = yield from self.ask_until_answered(channel, message, step=step, order=delivery.order, to=to)
        if not isinstance(reply, NoReply):
            delivery.answer(reply)
        return reply

    def failure(self, delivery: Delivery, error: Exception) -> Exception:
        """Return the error that says where `error` happened."""
        if isinstance(error, EntityError):
            return error
        kind = type(delivery.message).__name__
        return EntityError(
            f"{self.name} failed on {kind} ({delivery.channel.log.mention(delivery.row)}order {delivery.order}) "
            f"at {self.clock.now} s: {type(error).__name__}: {error}"
        )


def _ignore(order: int) -> None:
    """Do nothing about an order in doubt: where nothing can be lost, there is none."""
