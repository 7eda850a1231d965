"""The kinds of event of a process log: those of a purchase, and those of entities and books of a reader's own."""

import re
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from alesha_sim.accounting.journal_arrays import Ints, Journal
from alesha_sim.books.accounts import CODES, OPENING
from alesha_sim.columns import Columns, TextColumn, text_column
from alesha_sim.vocabulary import NO_ID

if TYPE_CHECKING:
    from alesha_sim.results.result import Result


class Activity(NamedTuple):
    """A kind of event: its name, and who acts (`user` stands for the order's or visit's user)."""

    name: str
    resource: str


ACTIVITIES = (
    Activity("view home page", "user"),
    Activity("register", "user"),
    Activity("log in", "user"),
    Activity("view product", "user"),
    Activity("check out", "user"),
    Activity("pay", "user"),
    Activity("hold money", "bank"),
    Activity("authorise payment", "bank"),
    Activity("decline payment", "bank"),
    Activity("give held money back", "bank"),
    Activity("take fee", "bank"),
    Activity("pay charges", "shop"),
    Activity("order from supplier", "shop"),
    Activity("verify charges", "bank"),
    Activity("accept order", "supplier"),
    Activity("reject order", "supplier"),
    Activity("confirm", "shop"),
    Activity("refuse", "shop"),
    Activity("produce", "supplier"),
    Activity("reserve", "supplier"),
    Activity("end reservation", "supplier"),
    Activity("ship", "supplier"),
    Activity("ship own stock", "shop"),
    Activity("lose parcel", "supplier"),
    Activity("take parcel back", "supplier"),
    Activity("collect at the door", "user"),
    Activity("deliver", "supplier"),
    Activity("deliver to the shop", "supplier"),
    Activity("replace under warranty", "supplier"),
    Activity("complete order", "shop"),
    Activity("remit collections", "supplier"),
    Activity("settle", "bank"),
    Activity("release reserve", "bank"),
    Activity("return charges", "supplier"),
    Activity("cancel order", "shop"),
    Activity("take goods back", "shop"),
    Activity("write off", "shop"),
    Activity("refund", "bank"),
)
"""Every kind of event, in the order in which they may follow each other at one instant."""

PLACE = {activity.name: place for place, activity in enumerate(ACTIVITIES)}


class OwnActivities:
    """What entities of a reader's own say, `courier deliver`, and their books post, `courier fare`.

    An own entity or book is one that the scenario does not name. Places count on from those of `ACTIVITIES`.
    """

    def __init__(self, result: "Result", journal: Journal) -> None:
        self._known = {*result.scenario.roles, "users"}
        self._journal = journal
        self._places: dict[tuple[str, str], int] = {}
        self.activities: list[Activity] = []

    def said(self, messages: Columns) -> Ints:
        """Return the activity of each message that one of one's own sent, -1 of all others."""
        return self._of_pairs(text_column(messages, "sender"), text_column(messages, "kind"))

    def posted(self) -> tuple[Ints, Ints]:
        """Return the first row of each entry in a book of one's own but openings, and its activity."""
        journal = self._journal
        rows = np.flatnonzero(self._is_own(journal.book)[journal.book.codes])
        rows = rows[np.unique(journal.entry[rows], return_index=True)[1]]
        book, code = (TextColumn(text.codes[rows], text.labels) for text in (journal.book, journal.code))
        places = self._of_pairs(book, code)
        return rows[places >= 0], places[places >= 0]

    def _is_own(self, names: TextColumn) -> "np.ndarray[tuple[int], np.dtype[np.bool_]]":
        """Tell of each label whether it names one of one's own; the last answer is that of no label."""
        own = [not label.startswith("user:") and label not in self._known for label in names.labels]
        return np.array([*own, False], np.bool_)

    def _of_pairs(self, who: TextColumn, what: TextColumn) -> Ints:
        """Return the activity of each row in which one of one's own does something, -1 of all others."""
        found = np.full(len(who.codes), NO_ID, np.int64)
        rows = np.flatnonzero(self._is_own(who)[who.codes] & (what.codes >= 0))
        pairs, which = np.unique(np.stack((who.codes[rows], what.codes[rows])), axis=1, return_inverse=True)
        words = [(who.labels[one], what.labels[other]) for one, other in pairs.T.tolist()]
        places = [NO_ID if word == CODES[OPENING] else self._place(name, word) for name, word in words]
        found[rows] = np.array(places, np.int64)[which.ravel()]
        return found

    def _place(self, name: str, word: str) -> int:
        """Return the place of what somebody does, `EnquireBalance` say; it is made when first asked for."""
        if (name, word) not in self._places:
            text = f"{name} {re.sub(r'(?<=[a-z0-9])(?=[A-Z])', ' ', word).lower()}"
            taken = {*PLACE, *(activity.name for activity in self.activities)}
            numbered = (text if number == 1 else f"{text} {number}" for number in range(1, len(taken) + 2))
            self._places[name, word] = len(ACTIVITIES) + len(self.activities)
            self.activities.append(Activity(next(each for each in numbered if each not in taken), name))
        return self._places[name, word]
