"""The steps of a conversation: each message with the transfers that it caused, and what an entity did by itself.

A transfer belongs to the message at whose arrival its writer wrote it, or at the end of whose service. What was
written at another instant (goods made after a lead time, a hold that expired) is a step of its own.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import NamedTuple

from alesha_sim.conversation.entries import Message, Transfer


class Step(NamedTuple):
    """One message (None for what an entity did by itself) and its transfers; `lane` is who acted at `at`."""

    at: datetime
    lane: str
    message: Message | None
    transfers: tuple[Transfer, ...]


def steps(messages: Sequence[Message], transfers: Sequence[Transfer]) -> list[Step]:
    """Return the steps in the order in which they took effect: a message when it was delivered, else sent."""
    places = _Places(messages)
    caused: dict[int, list[Transfer]] = {}
    alone: dict[tuple[datetime, str, int | None], list[Transfer]] = {}
    for transfer in transfers:
        lane, cause = places.writer(transfer)
        if cause is not None:
            caused.setdefault(cause.message, []).append(transfer)
        else:
            alone.setdefault((transfer.posted_at, lane, transfer.order), []).append(transfer)
    found = [
        Step(
            message.delivered_at or message.sent_at,
            message.recipient,
            message,
            tuple(caused.get(message.message, ())),
        )
        for message in messages
    ]
    found += [Step(at, lane, None, tuple(rows)) for (at, lane, _), rows in alone.items()]
    return sorted(found, key=_order)


def _order(step: Step) -> tuple[datetime, float]:
    return step.at, float("inf") if step.message is None else step.message.message


class _Places:
    """Who received what when, to find the message behind a transfer."""

    def __init__(self, messages: Iterable[Message]) -> None:
        self._arrived: dict[tuple[str, datetime], list[Message]] = {}
        self._finished: dict[tuple[str, datetime], list[Message]] = {}
        self._users: dict[int | None, str] = {}
        for message in messages:
            book = book_of(message.recipient)
            for place, at in ((self._arrived, message.delivered_at), (self._finished, message.finished_at)):
                if at is not None:
                    place.setdefault((book, at), []).append(message)
            for name in (message.sender, message.recipient):
                if book_of(name) == "users" and message.order is not None:
                    self._users[message.order] = name

    def writer(self, transfer: Transfer) -> tuple[str, Message | None]:
        """Return who wrote a transfer, and at which message, if at one."""
        for place in (self._arrived, self._finished):
            there = place.get((transfer.book, transfer.posted_at), ())
            about = [message for message in there if message.order == transfer.order]
            if about:
                return about[-1].recipient, about[-1]
        if transfer.book == "users":
            return self._users.get(transfer.order, transfer.book), None
        return transfer.book, None


def book_of(entity: str) -> str:
    """Return the name of the book that an entity writes: all users share theirs."""
    return "users" if entity.startswith("user:") else entity
