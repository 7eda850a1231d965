"""Messages that must arrive: each is asked until it is answered, after a crash of the sender too."""

from collections.abc import Callable
from typing import Any, NamedTuple

from alesha_sim.entities.entity import Entity, Process
from alesha_sim.messages import Asks
from alesha_sim.network import NoReply


class Letter(NamedTuple):
    """A message, to whom it goes, and what is done once it has been answered."""

    recipient: int
    message: Asks[Any]
    step: str
    order: int
    then: Callable[[], None] | None


class Outbox:
    """What `party` has sent and nobody has answered yet, by the recipient's code and the step."""

    def __init__(self, party: Entity) -> None:
        self._party = party
        self._letters: dict[tuple[int, str], Letter] = {}

    def send(
        self, recipient: int, message: Asks[Any], *, step: str, order: int, then: Callable[[], None] | None = None
    ) -> None:
        """Send a message and see to it that it is answered; `then` is called once it is."""
        party = self._party
        channel = party.channel_to(recipient)
        if then is None and channel.retry is None:  # nothing is lost, and nothing follows from the answer
            party.send_notice(channel, message, order=order)
            return
        letter = self._letters[recipient, step] = Letter(recipient, message, step, order, then)
        party.run(self._deliver(letter))

    def _deliver(self, letter: Letter) -> Process:
        party = self._party
        recipient, message, step, order, then = letter
        reply = yield from party.ask_until_answered(party.channel_to(recipient), message, step=step, order=order)
        if isinstance(reply, NoReply):
            return
        self._letters.pop((recipient, step), None)
        if then is not None:
            then()

    def recover(self) -> None:
        """Send again what was not answered before the sender crashed."""
        for letter in list(self._letters.values()):
            self._party.run(self._deliver(letter))
