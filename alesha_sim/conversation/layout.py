"""Where everything in a sequence diagram stands: lanes side by side, time downwards, in units of an SVG pixel.

Time is not to scale: each instant at which something happens has a row of its own, long pauses are written between
rows. An arrow slopes from the row of sending to the row of arrival. Nothing is drawn here.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from itertools import pairwise
from typing import NamedTuple

from alesha_sim.conversation.entries import Message, Transfer, amount_text
from alesha_sim.conversation.labels import arrow_style, format_duration, label
from alesha_sim.conversation.palette import colours
from alesha_sim.conversation.steps import Step

FIRST_LANE, LANE, HEAD = 175.0, 212.0, 64.0
ROW, PAUSE, LINE, PADDING, CLEAR = 34.0, 26.0, 15.0, 9.0, 7.0
CHARACTER = 6.6
"""The mean width of a character of the labels, whose size is 12."""

LONG = timedelta(seconds=60)
"""Pauses from this length on are written between the rows."""


class Lane(NamedTuple):
    """An entity's vertical line."""

    name: str
    x: float
    colour: str


class Arrow(NamedTuple):
    """A message from its sending to its arrival; one that did not arrive ends on the way. `style` as in labels."""

    step: int
    x1: float
    y1: float
    x2: float
    y2: float
    label: str
    style: str


class Box(NamedTuple):
    """What was written at one instant on a lane; `y` is its top."""

    step: int
    x: float
    y: float
    width: float
    height: float
    lines: tuple[str, ...]


class Mark(NamedTuple):
    """A text at a height: an instant on the left, or a pause across all lanes."""

    y: float
    text: str


class Drawing(NamedTuple):
    """All that a diagram shows; `ends` are each step's upper and lower end."""

    title: str
    lanes: tuple[Lane, ...]
    arrows: tuple[Arrow, ...]
    boxes: tuple[Box, ...]
    instants: tuple[Mark, ...]
    pauses: tuple[Mark, ...]
    ends: tuple[tuple[float, float], ...]
    width: float
    height: float


Row = tuple[datetime, int]
"""An instant, and a level that puts what happens at it in order."""


def lay_out(title: str, names: Sequence[str], steps: Sequence[Step]) -> Drawing:
    """Return where everything stands."""
    rows = _Rows(steps)
    lanes = tuple(
        Lane(name, FIRST_LANE + LANE * place, colour)
        for place, (name, colour) in enumerate(zip(names, colours([*names]), strict=True))
    )
    x = {lane.name: lane.x for lane in lanes}
    arrows = tuple(
        _arrow(number, step.message, rows, x) for number, step in enumerate(steps) if step.message is not None
    )
    boxes = tuple(
        _box(number, x[step.lane], rows.top[row], transfers)
        for number, step in enumerate(steps)
        for row, transfers in rows.written[number].items()
    )
    places: dict[int, list[float]] = {}
    for arrow in arrows:
        places.setdefault(arrow.step, []).extend((arrow.y1, arrow.y2))
    for box in boxes:
        places.setdefault(box.step, []).extend((box.y, box.y + box.height))
    ends = tuple((min(places[number]), max(places[number])) for number in range(len(steps)))
    right = max([lane.x for lane in lanes], default=FIRST_LANE) + LANE / 2
    width = max(right, 40 + CHARACTER * 1.2 * len(title))
    return Drawing(title, lanes, arrows, boxes, rows.instants, rows.pauses, ends, width, rows.height)


class _Rows:
    """The rows of a diagram: `top` is where arrows end, `bottom` where they begin, below all boxes."""

    def __init__(self, steps: Sequence[Step]) -> None:
        self.sent: dict[int, Row] = {}
        self.landed: dict[int, Row] = {}
        self._order([step.message for step in steps if step.message is not None])
        self.written = [self._writing(step) for step in steps]
        boxes = [item for written in self.written for item in written.items()]
        lines: dict[Row, int] = {}
        for row, transfers in boxes:
            lines[row] = max(lines.get(row, 0), len(transfers))
        rows = sorted({*self.sent.values(), *self.landed.values(), *lines})
        self._stack(rows, lines)

    def _order(self, messages: Iterable[Message]) -> None:
        """Give each sending and each arrival a row, in the order in which one led to the other."""
        arrived: dict[tuple[str, datetime], int] = {}
        taken: set[tuple[str, str, Row, str]] = set()
        for said in sorted(messages, key=lambda said: said.message):
            level = arrived.get((said.sender, said.sent_at), 0)
            self.sent[said.message] = _free(taken, said, (said.sent_at, level), "sent")
            if said.delivered_at is None:
                continue
            below = self.sent[said.message][1] + 1 if said.delivered_at == said.sent_at else 0
            row = self.landed[said.message] = _free(taken, said, (said.delivered_at, below), "landed")
            place = (said.recipient, said.delivered_at)
            arrived[place] = max(arrived.get(place, 0), row[1])

    def _writing(self, step: Step) -> dict[Row, list[Transfer]]:
        """Return what a step wrote by the row at which it did."""
        found: dict[Row, list[Transfer]] = {}
        landed = None if step.message is None else self.landed.get(step.message.message)
        for transfer in step.transfers:
            row = landed if landed is not None and landed[0] == transfer.posted_at else (transfer.posted_at, 0)
            found.setdefault(row, []).append(transfer)
        return found

    def _stack(self, rows: Sequence[Row], lines: dict[Row, int]) -> None:
        self.top: dict[Row, float] = {}
        self.bottom: dict[Row, float] = {}
        instants: list[Mark] = []
        pauses: list[Mark] = []
        y = HEAD + 30
        for row, following in pairwise([*rows, None]):
            assert row is not None
            self.top[row] = y
            instants.append(Mark(y, _time(row[0], instants and rows[len(instants) - 1][0])))
            self.bottom[row] = y + (lines[row] * LINE + 2 * PADDING + CLEAR if row in lines else 0)
            y = self.bottom[row] + ROW
            if following is not None and following[0] - row[0] >= LONG:
                pauses.append(Mark(y - ROW / 2 + PAUSE / 2, f"{format_duration(following[0] - row[0])} later"))
                y += PAUSE
        self.instants = tuple(mark for mark in instants if mark.text)
        self.pauses = tuple(pauses)
        self.height = y + 16


def _free(taken: set[tuple[str, str, Row, str]], said: Message, row: Row, what: str) -> Row:
    """Return the first level at which no other message of the same two entities stands, so that none hides it."""
    while (said.sender, said.recipient, row, what) in taken:
        row = (row[0], row[1] + 1)
    taken.add((said.sender, said.recipient, row, what))
    return row


def _time(at: datetime, before: datetime | list[Mark]) -> str:
    """Write an instant; its day only where it is another than the row before's, nothing for the same instant."""
    if at == before:
        return ""
    same_day = isinstance(before, datetime) and before.date() == at.date()
    return at.time().isoformat("milliseconds") if same_day else at.isoformat(sep=" ", timespec="milliseconds")


def _arrow(number: int, said: Message, rows: _Rows, x: dict[str, float]) -> Arrow:
    x1, y1, x2 = x[said.sender], rows.bottom[rows.sent[said.message]], x[said.recipient]
    landed = rows.landed.get(said.message)
    if landed is not None:
        return Arrow(number, x1, y1, x2, rows.top[landed], label(said), arrow_style(said))
    return Arrow(number, x1, y1, x1 + (x2 - x1) * 0.62, y1 + ROW * 0.62, label(said), arrow_style(said))


def _box(number: int, x: float, y: float, transfers: Sequence[Transfer]) -> Box:
    lines = tuple(f"{transfer.code} {amount_text(transfer)}" for transfer in transfers)
    width = CHARACTER * max(map(len, lines)) + 18
    return Box(number, x - width / 2, y + 4, width, LINE * len(lines) + 2 * PADDING - 8, lines)
