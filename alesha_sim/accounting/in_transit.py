"""Which message brings the news of an entry to a book that lacks it, and where that message is at an instant.

News of an entry travels in a chain of messages about one order: a payment comes to its user by the bank's
`Receipt` to the shop, the shop's purchase from the supplier, and the `Confirmation`. The one named is the last
that is still on its way, else the last that waits or is being served; where all copies were lost, the last one
sent.
"""

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from alesha_sim.accounting.journal_arrays import Ints, words
from alesha_sim.columns import MISSING_TIME, numbers, text_column
from alesha_sim.results.snapshot import queued
from alesha_sim.vocabulary import NO_ID

if TYPE_CHECKING:
    from alesha_sim.results.result import Result

ON_ITS_WAY, WAITING, SERVED, LOST, READ = "on its way", "waiting", "being served", "lost", "read"
"""Where a message is: with the network, in an inbox, with a worker, gone, or with its recipient."""

ASKED = ("Authorise", "EnquireTransaction", "Receipt")
BOUGHT = ("Transfer", "Receipt", "PlaceOrder", "VerifyTransaction", "Verification")

CHAINS = {
    ("shop", "payment"): (ASKED, ("Receipt",)),
    ("shop", "charges"): (("Transfer", "Receipt"), ("Receipt",)),
    ("shop", "charges-return"): (
        ("PlaceOrder", "CancelOrder", "Transfer", "Receipt", "OrderRejected", "OrderCancelled"),
        ("OrderRejected", "OrderCancelled"),
    ),
    ("shop", "refund"): (("Refund", "Receipt", "Refunded"), ("Receipt", "Refunded")),
    ("shop", "fee"): (("Authorise", "Decline"), ("Decline",)),
    ("shop", "settlement"): (("ConfirmDelivery", "Credited"), ("Credited",)),
    ("shop", "release"): (("Credited",), ("Credited",)),
    ("shop", "remittance"): (("Transfer", "Receipt", "Remitted"), ("Remitted",)),
    ("shop", "deliver"): (("Deliver", "Acknowledged", "Delivered"), ("Delivered",)),
    ("shop", "collection"): (("Deliver", "Acknowledged", "Delivered"), ("Delivered",)),
    ("supplier", "charges"): (BOUGHT, ("Verification",)),
    ("supplier", "charges-return"): (("Transfer", "Receipt"), ("Receipt",)),
    ("supplier", "remittance"): (("Transfer", "Receipt"), ("Receipt",)),
    ("supplier", "collection"): (("Transfer", "Receipt", "Deliver", "Acknowledged"), ("Acknowledged",)),
    ("supplier", "deliver"): (("Deliver", "Acknowledged"), ("Acknowledged",)),
    ("user", "payment"): (
        (
            *ASKED, *BOUGHT, "Pay", "OrderAccepted", "OrderRejected", "OrderCancelled", "Refund", "Confirmation",
            "Refusal", "Refunded", "Deliver", "EnquirePayment",
        ),
        ("Confirmation", "Refusal", "Refunded", "Deliver"),
    ),
    ("user", "refund"): (("Refund", "Refunded"), ("Refunded",)),
    ("user", "collection"): (("Transfer", "Receipt"), ("Receipt",)),
    ("user", "income"): (("Credited",), ("Credited",)),
}  # fmt: skip
"""By who is to learn and the code of the entry: the kinds of messages of the chain, then those that tell."""


COUNTED = ("delivered", "in_flight")
"""Fates of messages that are read: a duplicate, or a reply that nobody waits for any more, tells nothing."""

NEVER = 2**62


class Message(NamedTuple):
    """A copy of a message and where it is at an instant; `message` is -1 if none was found."""

    message: int
    kind: str
    sender: str
    recipient: str
    sent_at: int
    state: str


NONE = Message(NO_ID, "", "", "", MISSING_TIME, "")


class InTransit:
    """The messages of a result, by order; instants in microseconds."""

    def __init__(self, result: "Result") -> None:
        table = result.columns("messages")
        self._sent = numbers(table, "sent_at")
        # Lists, because single elements of arrays cost three times as much to look at.
        self._landed, self._started, self._finished = (
            numbers(table, f"{name}_at").tolist() for name in ("delivered", "started", "finished")
        )
        self._number = numbers(table, "message")
        self._kind, self._fate = words(text_column(table, "kind")), words(text_column(table, "fate"))
        self._sender, self._recipient = words(text_column(table, "sender")), words(text_column(table, "recipient"))
        mail, left = queued(table)
        self._queued = (mail & (left == MISSING_TIME)).tolist()
        orders = numbers(table, "order")
        self._by_order: Ints = np.argsort(orders, kind="stable")
        self._orders = orders[self._by_order]

    def of(self, owner: str, code: str, order: int, since: int, at: int) -> Message:
        """Return the message that `owner` waits for at an instant: news of an entry `code` of `order`.

        The entry was first written at `since`. Without any message of its chain, one with number -1.
        """
        chain, telling = CHAINS.get((owner.partition(":")[0], code), ((), ()))
        best, rank = NO_ID, (-1, 0)
        for row in self._rows(order, since, at):
            kind = self._kind[row]
            if (chain and kind not in chain) or (order == NO_ID and self._recipient[row] != owner):
                continue
            state = self._state(row, at)
            tells = kind in telling and self._recipient[row] == owner and self._fate[row] in COUNTED
            urgency = {ON_ITS_WAY: 4 + tells, WAITING: 3, SERVED: 2, LOST: 1}.get(state, 0)
            # Of several copies that would tell, the one that arrives first does; else the last one sent matters.
            landed = self._landed[row]
            place = row if urgency < 5 else -(landed if landed != MISSING_TIME else NEVER)
            if best == NO_ID or (urgency, place) > rank:
                best, rank = row, (urgency, place)
        if best == NO_ID:
            return NONE
        return Message(
            int(self._number[best]), self._kind[best], self._sender[best], self._recipient[best],
            int(self._sent[best]), self._state(best, at),
        )  # fmt: skip

    def _rows(self, order: int, since: int, at: int) -> list[int]:
        """Return the messages about an order that were sent in a period, in the order of sending."""
        first, last = np.searchsorted(self._orders, (order, order + 1))
        rows = self._by_order[first:last]
        sent = self._sent[rows]
        found: list[int] = rows[(sent >= since) & (sent <= at)].tolist()
        return found

    def _state(self, row: int, at: int) -> str:
        landed = self._landed[row]
        if landed == MISSING_TIME:
            return LOST if self._fate[row] == "lost" else ON_ITS_WAY
        if landed > at:
            return ON_ITS_WAY
        started, finished = self._started[row], self._finished[row]
        if started == MISSING_TIME:  # a reply, or what nobody has taken up
            return WAITING if self._queued[row] else READ
        if started > at:
            return WAITING
        return SERVED if finished == MISSING_TIME or finished > at else READ
