"""One purchase as a conversation: what was said about an order and what moved for it, in time order."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from decimal import Decimal
from operator import attrgetter
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from pandas import DataFrame


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
    detail: str | None
    visit: int | None


class Transfer(NamedTuple):
    """A transfer; fields as the columns of the table `transfers`: money in major units, goods in units."""

    transfer: int
    time: datetime
    book: str
    debit: str
    credit: str
    amount: Decimal | int
    commodity: str
    code: str
    order: int | None
    link: int


class Conversation:
    """The messages and the transfers of one order, from its visit's first message on.

    `messages` and `transfers` are lists of plain tuples; iterating gives both in time order, messages by the
    instant of sending, so that each reply comes after its request. At one instant what was written comes before
    what was said, since an entity writes a fact down before it answers. Its text shows one line for each.
    """

    def __init__(self, title: str, messages: Iterable[Message], transfers: Iterable[Transfer]) -> None:
        self.title = title
        self.messages = sorted(messages, key=attrgetter("sent_at", "message"))
        self.transfers = sorted(transfers, key=attrgetter("time", "transfer"))
        # The sort keeps the order of equals: transfers first, then messages as they were numbered.
        self._entries: list[Transfer | Message] = [*self.transfers, *self.messages]
        self._entries.sort(key=_instant)

    def __len__(self) -> int:
        return len(self._entries)

    def __getitem__(self, place: int) -> Transfer | Message:
        return self._entries[place]

    def __repr__(self) -> str:
        said = _aligned([_said(message) for message in self.messages])
        moved = _aligned([_moved(transfer) for transfer in self.transfers])
        messages, transfers = iter(said), iter(moved)
        lines = [
            f"{_instant(entry).isoformat(sep=' ', timespec='milliseconds')}  "
            + (next(messages) if isinstance(entry, Message) else "    " + next(transfers))
            for entry in self._entries
        ]
        return "\n".join([self.title, *lines])

    def frame(self) -> "DataFrame":
        """Return one row per message and transfer in time order, missing where a column is the other's.

        Columns: `at, sender, recipient, kind, fate, detail, book, debit, credit, amount, commodity, code, link`;
        amounts as floats in major units, of goods in units.
        """
        from pandas import DataFrame, to_datetime

        columns = (
            "sender", "recipient", "kind", "fate", "detail",
            "book", "debit", "credit", "amount", "commodity", "code", "link",
        )  # fmt: skip
        values = {name: [getattr(entry, name, None) for entry in self._entries] for name in columns}
        table = DataFrame(values, columns=list(columns))
        table.insert(0, "at", to_datetime([_instant(entry) for entry in self._entries]).as_unit("us"))
        return table.astype({"amount": "float64", "link": "Int64"})


def _instant(entry: Transfer | Message) -> datetime:
    return entry.sent_at if isinstance(entry, Message) else entry.time


def _said(message: Message) -> Sequence[str]:
    notes = [message.detail] if message.detail else []
    if message.fate != "delivered":
        notes.append(message.fate)
    if message.attempt > 1:
        notes.append(f"attempt {message.attempt}")
    return f"{message.sender} -> {message.recipient}", message.kind, ", ".join(notes)


def _moved(transfer: Transfer) -> Sequence[str]:
    amount = f"{transfer.amount:,} {transfer.commodity}"
    return transfer.book, transfer.code, f"{transfer.debit} / {transfer.credit}", amount


def _aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    """Return each row as a line, its cells padded to the widest of their column."""
    widths = [max(map(len, cells)) for cells in zip(*rows, strict=True)]
    return ["  ".join(map(str.ljust, row, widths)).rstrip() for row in rows]
