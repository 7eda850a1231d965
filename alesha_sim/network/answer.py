"""The answer that a receiver owes, which outlives a crash of the receiver."""

from alesha_sim.network.channel import Delivery
from alesha_sim.network.inbox import Inbox


class Answer:
    """The one answer to a request that is worked on for long; kept with the receiver's records.

    While the delivery lives it is answered; after a crash only its key is left, and the reply is stored for the
    asker's next attempt.
    """

    __slots__ = ("_content", "_delivery", "_inbox", "_key", "given")

    def __init__(self, delivery: Delivery) -> None:
        self._delivery: Delivery | None = delivery
        self._inbox: Inbox | None = None
        self._key = delivery.key
        self._content = delivery.content
        self.given = False

    def give(self, reply: object) -> None:
        """Answer, if that has not been done."""
        if self.given:
            return
        self.given = True
        if self._delivery is not None:
            self._delivery.answer(reply)
            self._delivery = None
        elif self._inbox is not None and self._key is not None:
            self._inbox.store_under(self._key, self._content, reply)

    def resume(self, inbox: Inbox) -> None:
        """Take the request up again after a crash: its copies are turned away until it is answered."""
        self._delivery = None
        self._inbox = inbox
        if not self.given and self._key is not None and self._content is not None:
            inbox.begin(self._key, self._content)
