"""Which messages and transfers of a run make a conversation: about an order, with a user, between two entities."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from alesha_sim import views
from alesha_sim.conversation import Conversation, Message, Transfer
from alesha_sim.conversation.steps import book_of
from alesha_sim.records import Coded, Columns
from alesha_sim.sight import RunSight
from alesha_sim.tables import among, coded, equals, numbers

if TYPE_CHECKING:
    from alesha_sim.scenarios.scenario import Scenario


class Talks:
    """The conversations of one run, from its canonical tables."""

    def __init__(self, tables: Mapping[str, Columns], scenario: "Scenario") -> None:
        self._tables = tables
        self._start = scenario.start
        self._currency = scenario.currency
        self._name = scenario.name
        self._sight = RunSight(tables, scenario.start, scenario.currency)

    def about_order(self, order: int) -> Conversation:
        """Return one purchase: its visit's messages up to the order, then all about the order."""
        orders = self._tables["orders"]
        status, owner = coded(orders, "status"), numbers(orders, "user")[order - 1]
        said = views.messages_of(self._tables, order, self._start)
        moved = views.transfers_of(self._tables["transfers"], order, self._start, self._currency)
        return self._conversation(
            f"Order {order} of user:{owner}, {status.labels[status.codes[order - 1]]}", said, moved
        )

    def with_user(self, user: int) -> Conversation:
        """Return all that was said to and by a user, and about the user's orders."""
        said = views.messages_of_user(self._tables, user, self._start)
        moved = views.transfers_of_user(self._tables, user, self._start, self._currency)
        return self._conversation(f"user:{user}", said, moved)

    def between(self, one: str, other: str) -> Conversation:
        """Return all that two entities said to each other; `users` stands for all users."""
        messages, transfers = self._tables["messages"], self._tables["transfers"]
        sender, recipient = coded(messages, "sender"), coded(messages, "recipient")
        sides = [_names(name, sender, recipient) for name in (one, other)]
        (a, b), (c, d) = ([among(text, side) for text in (sender, recipient)] for side in sides)
        said = views.plain_messages(messages, (a & d) | (c & b), self._start)
        books = among(coded(transfers, "book"), {book_of(name) for side in sides for name in side})
        moved = views.plain_transfers(transfers, books, self._start, self._currency)
        return Conversation(self._name, said, moved, self._sight).between(one, other)

    def recent(self, count: int) -> Conversation:
        """Return the messages sent last, and all that was written since the first of them but for openings."""
        sent, written = numbers(self._tables["messages"], "sent_at"), numbers(self._tables["transfers"], "time")
        row = max(0, len(sent) - count)
        return self.since(row, int(np.searchsorted(written, sent[row])) if row < len(sent) else len(written))

    def since(self, message: int, transfer: int) -> Conversation:
        """Return the messages and the transfers from some numbers on, but for openings."""
        messages, transfers = self._tables["messages"], self._tables["transfers"]
        said = views.plain_messages(messages, numbers(messages, "message") >= message, self._start)
        written = (numbers(transfers, "transfer") >= transfer) & ~equals(coded(transfers, "code"), "opening")
        moved = views.plain_transfers(transfers, written, self._start, self._currency)
        return self._conversation(self._name, said, moved)

    def _conversation(self, name: str, said: list[Message], moved: list[Transfer]) -> Conversation:
        title = f"{name}: {len(said)} messages, {len(moved)} transfers"
        return Conversation(title, said, moved, self._sight)


def _names(entity: str, *texts: Coded) -> list[str]:
    """Return the names in messages that an entity goes by; ValueError if it has none."""
    known = sorted({name for text in texts for name in text.labels})
    found = [name for name in known if entity in (name, book_of(name))]
    if not found:
        some = [name for name in known if not name.startswith("user:")]
        raise ValueError(f"entity {entity}: must be one of {', '.join(some)}, users, or a user with messages")
    return found
