"""A conversation: messages and the transfers that they caused, in time order, and every view of them."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from functools import cached_property
from operator import attrgetter
from typing import TYPE_CHECKING, Any

from alesha_sim.conversation.diagram import Diagram
from alesha_sim.conversation.entries import Entry, Message, RunLookup, Transfer, amount_text, instant
from alesha_sim.conversation.labels import clock, remarks
from alesha_sim.conversation.lanes import in_order
from alesha_sim.conversation.mermaid import mermaid
from alesha_sim.conversation.stepper import Pane, Stepper
from alesha_sim.conversation.steps import Step, book_of, steps

if TYPE_CHECKING:
    from pandas import DataFrame


class Conversation:
    """Messages, such as those about one order from its visit's first on, and the transfers that belong to them.

    `messages` and `transfers` are lists of plain tuples; iterating gives both in time order, messages by the
    instant of sending, so that each reply comes after its request. At one instant what was written comes before
    what was said, since an entity posts an entry before it answers. `steps` has each message with what it
    moved, in the order of arrival. Its text shows one line for each entry, a message
    with its number as in the table `messages`. `run` describes the run around it;
    without one, balances and the order's status are not shown. `present` have lanes even if they say nothing.
    """

    def __init__(
        self,
        title: str,
        messages: Iterable[Message],
        transfers: Iterable[Transfer],
        run: RunLookup | None = None,
        *,
        present: Iterable[str] = (),
    ) -> None:
        self.title = title
        self.run = run
        self._present = list(present)
        self.messages = sorted(messages, key=attrgetter("sent_at", "message"))
        self.transfers = sorted(transfers, key=attrgetter("posted_at", "transfer"))
        # The sort keeps the order of equals: transfers first, then messages as they were numbered.
        self._entries: list[Entry] = [*self.transfers, *self.messages]
        self._entries.sort(key=instant)

    @cached_property
    def steps(self) -> list[Step]:
        """Each message with the transfers that it caused, and what entities did by themselves, in time order."""
        return steps(self.messages, self.transfers)

    @property
    def lanes(self) -> list[str]:
        """Who takes part: users, shop, bank, supplier, then all others by name, in every conversation."""
        spoke = (name for message in self.messages for name in (message.sender, message.recipient))
        return in_order([*self._present, *spoke, *(step.lane for step in self.steps)])

    def with_lanes(self, names: Iterable[str]) -> "Conversation":
        """Return the conversation with lanes for these entities too, though they say nothing in it."""
        return Conversation(self.title, self.messages, self.transfers, self.run, present=names)

    def __len__(self) -> int:
        return len(self._entries)

    def __getitem__(self, place: int) -> Entry:
        return self._entries[place]

    def __iter__(self) -> Iterator[Entry]:
        return iter(self._entries)

    # Parts of it

    def between(self, one: str, other: str) -> "Conversation":
        """Return what two entities said to each other and what that moved; `users` stands for any user.

        Raises ValueError for who does not take part.
        """
        for name in (one, other):
            if name not in self.lanes and not any(book_of(lane) == name for lane in self.lanes):
                raise ValueError(f"entity {name}: must be one of {', '.join(self.lanes)}")
        pairs = {(one, other), (other, one)}

        def is_between(message: Message) -> bool:
            senders, recipients = ({name, book_of(name)} for name in (message.sender, message.recipient))
            return any(sender in senders and recipient in recipients for sender, recipient in pairs)

        return self._part(f"between {one} and {other}", lambda step: _says(step, is_between))

    def where(
        self,
        *,
        kinds: str | Iterable[str] | None = None,
        since: datetime | str | None = None,
        until: datetime | str | None = None,
        fate: str | None = None,
        steps: Callable[[Step], bool] | None = None,
    ) -> "Conversation":
        """Return the steps of some kinds of message, of a time (both ends included), of one fate.

        `steps` chooses among them. Instants are datetimes or ISO 8601 text. Naming kinds or a fate leaves out what
        entities did by themselves. Raises ValueError for a kind or fate that does not occur and for text that is
        no instant.
        """
        wanted = None if kinds is None else {kinds} if isinstance(kinds, str) else {*kinds}
        _check("kind", wanted, {message.kind for message in self.messages})
        _check("fate", fate and {fate}, {message.fate for message in self.messages})
        first, last = _instant("since", since), _instant("until", until)

        def is_wanted(step: Step) -> bool:
            if (first is not None and step.at < first) or (last is not None and step.at > last):
                return False
            if steps is not None and not steps(step):
                return False
            if wanted is None and fate is None:
                return True
            return _says(step, lambda said: (not wanted or said.kind in wanted) and fate in (None, said.fate))

        return self._part("part", is_wanted)

    def _part(self, name: str, keep: Callable[[Step], bool]) -> "Conversation":
        kept = [step for step in self.steps if keep(step)]
        messages = [step.message for step in kept if step.message is not None]
        moved = [transfer for step in kept for transfer in step.transfers]
        title = f"{self.title} ({name}: {len(messages)} messages, {len(moved)} transfers)"
        return Conversation(title, messages, moved, self.run)

    # Views of it

    def __repr__(self) -> str:
        said = _aligned([_said(message) for message in self.messages])
        moved = _aligned([_moved(transfer) for transfer in self.transfers])
        messages, transfers = iter(said), iter(moved)
        width = max((len(str(message.message)) for message in self.messages), default=0)
        lines = [
            f"{clock(instant(entry))}  "
            + (
                f"{entry.message:>{width}}  {next(messages)}"
                if isinstance(entry, Message)
                else f"{'':{width}}      {next(transfers)}"
            )
            for entry in self._entries
        ]
        return "\n".join([self.title, *lines])

    def diagram(self) -> Diagram:
        """Return the sequence diagram: a lane for each entity, time downwards."""
        return Diagram(self.title, self.lanes, self.steps, repr(self))

    @property
    def pane(self) -> Pane:
        """What a stepper shows of the conversation, alone or beside another."""
        return Pane(self.diagram(), self.run)

    def stepper(self) -> Stepper:
        """Return a page on which the conversation can be gone through message by message."""
        return Stepper([self.pane])

    def to_mermaid(self) -> str:
        """Return the sequence diagram in Mermaid's notation, for pages that draw it themselves."""
        return mermaid(self.title, self.lanes, self.steps)

    def frame(self) -> "DataFrame":
        """Return one row per message and transfer in time order, missing where a column is the other's.

        Columns: `at, sender, recipient, kind, fate, reason, book, debit, credit, amount, commodity, code, entry`;
        amounts as floats in major units, of goods in units.
        """
        from pandas import DataFrame, to_datetime

        columns = (
            "sender",
            "recipient",
            "kind",
            "fate",
            "reason",
            "book",
            "debit",
            "credit",
            "amount",
            "commodity",
            "code",
            "entry",
        )
        values = {name: [getattr(entry, name, None) for entry in self._entries] for name in columns}
        table = DataFrame(values, columns=list(columns))
        table.insert(0, "at", to_datetime([instant(entry) for entry in self._entries]).as_unit("us"))
        return table.astype({"amount": "float64", "entry": "Int64"})

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any]:
        return self.diagram()._repr_mimebundle_(include, exclude)


def _says(step: Step, condition: Callable[[Message], bool]) -> bool:
    return step.message is not None and condition(step.message)


def _check(name: str, wanted: Iterable[str] | None, known: set[str]) -> None:
    for word in sorted(wanted or ()):
        if word not in known:
            raise ValueError(f"{name} {word}: must be one of {', '.join(sorted(known))}")


def _instant(name: str, at: datetime | str | None) -> datetime | None:
    if not isinstance(at, str):
        return at
    try:
        return datetime.fromisoformat(at)
    except ValueError:
        raise ValueError(f"{name}: {at!r}: must be an instant such as '2021-01-01 00:00:01'") from None


def _said(message: Message) -> Sequence[str]:
    return f"{message.sender} -> {message.recipient}", message.kind, ", ".join(remarks(message))


def _moved(transfer: Transfer) -> Sequence[str]:
    return transfer.book, transfer.code, f"{transfer.debit} / {transfer.credit}", amount_text(transfer)


def _aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    """Return each row as a line, its cells padded to the widest of their column."""
    widths = [max(map(len, cells)) for cells in zip(*rows, strict=True)]
    return ["  ".join(map(str.ljust, row, widths)).rstrip() for row in rows]
