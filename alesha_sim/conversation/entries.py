"""What a conversation is made of: copies of messages, transfers, and what can be looked up of the run around."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple, Protocol


class Message(NamedTuple):
    """A copy of a message; fields as the columns of the table `messages`, None where it has nothing."""

    message: int
    request: int | None
    order: int | None
    sender: str
    recipient: str
    kind: str
    attempt: int
    sent_at: datetime
    delivered_at: datetime | None
    fate: str
    reason: str | None
    visit: int | None
    started_at: datetime | None = None
    finished_at: datetime | None = None


class Transfer(NamedTuple):
    """A transfer; fields as the columns of the table `transfers`: money in major units, goods in units."""

    transfer: int
    posted_at: datetime
    book: str
    debit: str
    credit: str
    amount: Decimal | int
    commodity: str
    code: str
    order: int | None
    entry: int


Entry = Transfer | Message


class RunLookup(Protocol):
    """What a conversation can look up of the run around it; `written` counts the run's transfers so far."""

    def written_before(self, at: datetime) -> int:
        """Return how many transfers were written before an instant."""

    def balance(self, entity: str, written: int) -> Decimal | None:
        """Return what an entity has after so many transfers, in major units; None if it has no account."""

    def totals(self, written: int) -> Mapping[str, tuple[Decimal, Decimal]]:
        """Return of each book the sums of what grows by debits and by credits, in major units."""

    def status(self, order: int, at: datetime) -> str | None:
        """Return an order's status at an instant; None before it was placed."""

    @property
    def currency(self) -> str:
        """The code of the money."""


def instant(entry: Entry) -> datetime:
    """Return when an entry stands in time: a message when it was sent."""
    return entry.sent_at if isinstance(entry, Message) else entry.posted_at


def amount_text(transfer: Transfer) -> str:
    """Write what a transfer moved: `1,000.00 BDT`, `2 apple-watch`."""
    return f"{transfer.amount:,} {transfer.commodity}"
