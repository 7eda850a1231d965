"""The messages and transfers of a run that a conversation shows."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from alesha_sim.columns import MISSING_TIME, Column, Columns, TextColumn, equals, isin, numbers, text_column
from alesha_sim.conversation import Conversation, Message, Transfer
from alesha_sim.conversation.run_context import RunContext
from alesha_sim.conversation.steps import book_of
from alesha_sim.tables.every_order import KINDS, every_order
from alesha_sim.tables.source import source_of
from alesha_sim.units import Currency
from alesha_sim.vocabulary import NO_ID

if TYPE_CHECKING:
    from alesha_sim.scenarios.scenario import Scenario


Mask = npt.NDArray[np.bool_] | slice


class ConversationSelection:
    """The conversations of one run, from its canonical tables."""

    def __init__(self, tables: Mapping[str, Columns], scenario: "Scenario") -> None:
        self._tables = tables
        self._start = scenario.start
        self._currency = scenario.currency
        self._name = scenario.name
        self._run = RunContext(tables, scenario.start, scenario.currency)

    def about_order(self, order: int) -> Conversation:
        """Return one purchase: its visit's messages up to the order, then all about the order."""
        source = source_of(self._tables)
        said = messages_of(self._tables, order, self._start)
        row = every_order({table: source.holding(table, "order", [order]) for table in KINDS})
        moved = source.holding("transfers", "order", [order])
        status, buyer, user = text_column(row, "status"), text_column(row, "buyer"), numbers(row, "user")[0]
        owner = f"user:{user}" if user >= 0 else buyer.labels[buyer.codes[0]]
        return self._conversation(
            f"Order {order} of {owner}, {status.labels[status.codes[0]]}",
            said,
            plain_transfers(moved, slice(None), self._start, self._currency),
        )

    def with_user(self, user: int) -> Conversation:
        """Return all that was said to and by a user, and about the user's orders."""
        said = messages_of_user(self._tables, user, self._start)
        moved = transfers_of_user(self._tables, user, self._start, self._currency)
        return self._conversation(f"user:{user}", said, moved)

    def between(self, one: str, other: str) -> Conversation:
        """Return all that two entities said to each other; `users` stands for all users."""
        messages, transfers = self._tables["messages"], self._tables["transfers"]
        sender, recipient = text_column(messages, "sender"), text_column(messages, "recipient")
        sides = [_names(name, sender, recipient) for name in (one, other)]
        (a, b), (c, d) = ([isin(text, side) for text in (sender, recipient)] for side in sides)
        said = plain_messages(messages, (a & d) | (c & b), self._start)
        books = isin(text_column(transfers, "book"), {book_of(name) for side in sides for name in side})
        moved = plain_transfers(transfers, books, self._start, self._currency)
        return Conversation(self._name, said, moved, self._run).between(one, other)

    def recent(self, count: int) -> Conversation:
        """Return the messages sent last, and all that was written since the first of them but for openings."""
        sent, written = (
            numbers(self._tables["messages"], "sent_at"),
            numbers(self._tables["transfers"], "posted_at"),
        )
        row = max(0, len(sent) - count)
        return self.since(row, int(np.searchsorted(written, sent[row])) if row < len(sent) else len(written))

    def since(self, message: int, transfer: int) -> Conversation:
        """Return the messages and the transfers from some numbers on, but for openings."""
        messages, transfers = self._tables["messages"], self._tables["transfers"]
        said = plain_messages(messages, numbers(messages, "message") >= message, self._start)
        written = (numbers(transfers, "transfer") >= transfer) & ~equals(text_column(transfers, "code"), "opening")
        moved = plain_transfers(transfers, written, self._start, self._currency)
        return self._conversation(self._name, said, moved)

    def _conversation(self, name: str, said: list[Message], moved: list[Transfer]) -> Conversation:
        title = f"{name}: {len(said)} messages, {len(moved)} transfers"
        return Conversation(title, said, moved, self._run)


def _names(entity: str, *texts: TextColumn) -> list[str]:
    """Return the names in messages that an entity goes by; ValueError if it has none."""
    known = sorted({name for text in texts for name in text.labels})
    found = [name for name in known if entity in (name, book_of(name))]
    if not found:
        some = [name for name in known if not name.startswith("user:")]
        raise ValueError(f"entity {entity}: must be one of {', '.join(some)}, users, or a user with messages")
    return found


def messages_of(tables: Mapping[str, Columns], order: int, start: datetime) -> list[Message]:
    """Return the messages about an order and those of its visit that led to it, in the order of sending."""
    source = source_of(tables)
    about, visits, *orders = (source.holding(table, "order", [order]) for table in ("messages", "visits", *KINDS))
    placed = every_order(dict(zip(KINDS, orders, strict=True)), ["placed_at"])
    shopping = np.unique(np.append(numbers(about, "visit"), numbers(visits, "visit")))
    said = source.holding("messages", "visit", shopping[shopping != NO_ID].tolist())
    before = numbers(said, "order") == NO_ID
    # The invoice may leave after the order was placed; it answers a request that was sent before.
    request, is_early = numbers(said, "request"), numbers(said, "sent_at") <= numbers(placed, "placed_at")
    led_to_it = before & np.isin(request, request[before & is_early])
    found = [*plain_messages(about, slice(None), start), *plain_messages(said, led_to_it, start)]
    return sorted(found, key=lambda message: message.message)


def messages_of_user(tables: Mapping[str, Columns], user: int, start: datetime) -> list[Message]:
    """Return the messages from and to a user and those about the user's orders, in the order of sending."""
    messages, orders = tables["messages"], tables["orders"]
    name = f"user:{user}"
    own = numbers(orders, "order")[numbers(orders, "user") == user]
    mine = equals(text_column(messages, "sender"), name) | equals(text_column(messages, "recipient"), name)
    return plain_messages(messages, mine | np.isin(numbers(messages, "order"), own), start)


def plain_messages(messages: Columns, mine: Mask, start: datetime) -> list[Message]:
    """Return some messages as plain tuples."""
    columns = (_plain(messages[name], mine, start, name.endswith("_at")) for name in Message._fields)
    return [Message._make(fields) for fields in zip(*columns, strict=True)]


def transfers_of_user(
    tables: Mapping[str, Columns], user: int, start: datetime, currency: Currency
) -> list[Transfer]:
    """Return the transfers of a user's orders and those that touched the user's accounts, but for the opening."""
    transfers, orders = tables["transfers"], tables["orders"]
    own = numbers(orders, "order")[numbers(orders, "user") == user]
    mine = np.isin(numbers(transfers, "order"), own)
    for side in ("debit", "credit"):
        text = text_column(transfers, side)
        mine |= isin(text, [name for name in text.labels if name.endswith(f":{user}")])
    return plain_transfers(transfers, mine & ~equals(text_column(transfers, "code"), "opening"), start, currency)


def plain_transfers(transfers: Columns, mine: Mask, start: datetime, currency: Currency) -> list[Transfer]:
    """Return some transfers as plain tuples; money in major units."""
    columns = (_plain(transfers[name], mine, start, name == "posted_at") for name in Transfer._fields)
    found = [Transfer._make(fields) for fields in zip(*columns, strict=True)]
    return [
        row._replace(amount=currency.major(int(row.amount)) if row.commodity == currency.code else row.amount)
        for row in found
    ]


def _plain(column: Column, rows: Mask, start: datetime, is_time: bool) -> list[Any]:
    """Return some values of a column as Python's own: instants as datetimes, what is missing as None."""
    if isinstance(column, TextColumn):
        return [column.labels[code] if code >= 0 else None for code in column.codes[rows].tolist()]
    values = column[rows].tolist()
    if is_time:
        return [None if value == MISSING_TIME else start + timedelta(microseconds=value) for value in values]
    return [None if value == NO_ID else value for value in values]
