"""The interface through which channels and inboxes record messages; nothing is kept here."""

from alesha_sim.columns import Kinds, Vocabulary
from alesha_sim.recording.packed_rows import Boxed
from alesha_sim.vocabulary import DELIVERED, NO_ID, ORGANISATIONS


class Messages:
    """Is notified of every sent copy of a message; subclasses override what they keep a record of.

    A copy is known by the number that `sent` returned.
    """

    def __init__(self) -> None:
        self.organisations = list(ORGANISATIONS)
        self.kinds = Kinds()
        self.details = Vocabulary(("",))
        self.requests: Boxed = 0
        self.last_landed: Boxed = NO_ID
        """The number of the message that was delivered last, `NO_ID` before the first."""

    def sent(
        self,
        at: float,
        request: Boxed,
        order: Boxed,
        visit: Boxed,
        sender: Boxed,
        recipient: Boxed,
        attempt: Boxed,
        kind: type,
        detail: Boxed = 0,
    ) -> Boxed:
        """Record that a copy of a message of the class `kind` leaves, and return its number.

        `detail` is a code of `details`.
        """
        return 0

    def sent_again(self, row: Boxed) -> Boxed:
        """Record a second copy of a message that leaves together with the first, and return its number."""
        return 0

    def landed(self, row: Boxed, at: float, fate: Boxed = DELIVERED) -> None:
        """Record that copy `row` reached its receiver."""

    def taken_at_once(self, row: Boxed, at: float) -> None:
        """Record that copy `row` reached its receiver and that a worker took it up at that instant."""

    def taken(self, row: Boxed, at: float, since: float) -> None:
        """Record that a worker took copy `row` up, which had waited since it was delivered."""

    def served(self, row: Boxed, at: float) -> None:
        """Record that copy `row` was answered or dealt with."""

    def lost(self, row: Boxed) -> None:
        """Record that copy `row` never reached anybody who could read it."""

    def withdrawn(self, row: Boxed) -> None:
        """Record that copy `row` left the inbox unread, since nobody waited for a reply any more."""

    def settle(self) -> None:
        """Let rows that are held back for a while join the packed ones."""

    def mention(self, row: Boxed) -> str:
        """Name a message in an error's text: here not at all."""
        return ""
