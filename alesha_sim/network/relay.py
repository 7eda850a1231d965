"""A channel whose messages go to an entity in between instead of the recipient that they name."""

from collections.abc import Callable

from alesha_sim.kernel.clock import Clock
from alesha_sim.network.channel import NO_REQUEST, Channel, Delivery
from alesha_sim.network.idempotency import Key
from alesha_sim.network.request import Request
from alesha_sim.recording.messages import Messages
from alesha_sim.recording.packed_rows import Boxed


class Relay(Channel):
    """A one-way link to the inbox of an entity in between: every message is recorded as sent to that entity.

    `address` returns whom a message was meant for.
    """

    def __init__(self, clock: Clock, log: Messages, latency: Callable[[], float], recipient: Boxed) -> None:
        super().__init__(clock, log, latency, recipient)
        self._addresses: dict[int, int] = {}  # by the number of a request

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
        """Send a request as `Channel.ask` does."""
        if recipient != self.recipient:
            self._addresses[self.log.requests] = recipient
        return super().ask(message, sender, self.recipient, order, visit, key, wait_factor)

    def send_notice(self, message: object, sender: Boxed, recipient: Boxed, order: Boxed, visit: Boxed) -> None:
        """Send a notice as `Channel.send_notice` does."""
        row = self.log.sent(self.clock._now, NO_REQUEST, order, visit, sender, self.recipient, 1, type(message))
        notice = _Notice(self, message, row, None, NO_REQUEST, sender, self.recipient, order, visit)
        notice.address = recipient
        self.send(notice)

    def address(self, delivery: Delivery) -> Boxed | None:
        """Return the code of the recipient that a message names; None for the party at the channel's end."""
        if isinstance(delivery, _Notice):
            return None if delivery.address == self.recipient else delivery.address
        return self._addresses.get(delivery.number)


class _Notice(Delivery):
    """A notice that names `address` as its recipient."""

    address: Boxed = -1

    def duplicate(self) -> Delivery:
        """Return a second copy of the same notice, with the same address."""
        duplicate = super().duplicate()
        assert isinstance(duplicate, _Notice)
        duplicate.address = self.address
        return duplicate
