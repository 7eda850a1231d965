"""The life of an order as two tables: what happens, in which state, and which state follows.

The first is of the order's `status`, which its user sees. The second is of its `fulfilment`: how far the shop has
got with having it supplied, which nobody else knows. A row without a following state names news that comes twice
or is overtaken, and changes nothing. What no row names raises `ImpossibleTransition`. No other module sets these
states. docs/order.md shows both tables.
"""

from typing import Final, NamedTuple

from mypy_extensions import mypyc_attr

from alesha_sim.vocabulary import (
    CANCELLED,
    COMPLETED,
    DECLINED,
    IN_DOUBT,
    ON_THE_WAY,
    PROCESSING,
    RECEIVED,
    RETURNED,
    STATUSES,
)

# What happens to an order, for its status.
PAID: Final = 0
REFUSED: Final = 1
SENT: Final = 2
ARRIVED: Final = 3
CANCELLATION_DONE: Final = 4
CAME_BACK: Final = 5
UNANSWERED: Final = 6

EVENTS: Final = ("paid", "declined", "sent", "arrived", "cancelled", "returned", "unanswered")
"""What the events are called: paid, or to be paid at the door; declined by the bank; accepted by the supplier,
or sent from stock; received in full; cancelled; all goods given back; nobody answers about money or goods."""

# How far the shop has got, and what happens to that.
OPEN: Final = 0
BEGUN: Final = 1
PLACED: Final = 2
RECALLED: Final = 3
OFF: Final = 4

FULFILMENTS: Final = ("open", "begun", "placed", "recalled", "off")
"""Nothing is done that costs money; charges are asked for or goods are sent from stock; the supplier has accepted;
the supplier is asked not to send; cancelled, even if not refunded yet."""

BEGIN: Final = 0
STAND_BY: Final = 1
ACCEPT: Final = 2
RECALL: Final = 3
KEEP: Final = 4
STOP: Final = 5

STEPS: Final = ("begin", "stand by", "accept", "recall", "keep", "stop")
"""Charges are asked for, or a parcel is sent from stock; there was not the money, or the parcel was lost; the
supplier accepts; it is asked not to send; it has sent already; the order is cancelled."""


class Row(NamedTuple):
    """What happens in one of some states, which state follows (None: the same), and how that comes about."""

    event: int
    states: tuple[int, ...]
    following: int | None
    why: str


STATUS_ROWS: Final = (
    Row(PAID, (RECEIVED,), PROCESSING, "the bank moved the money, or the goods are to be paid at the door"),
    Row(PAID, (IN_DOUBT,), PROCESSING, "better knowledge ends doubt: after a restart the bank was asked again"),
    Row(REFUSED, (RECEIVED, IN_DOUBT), DECLINED, "the bank declined"),
    Row(SENT, (PROCESSING, IN_DOUBT), ON_THE_WAY, "the supplier accepted, or the shop sent it from stock"),
    Row(SENT, (ON_THE_WAY,), None, "sent again: the first parcel was lost"),
    Row(SENT, (COMPLETED, CANCELLED, RETURNED), None, "the acceptance was overtaken by what followed it"),
    Row(ARRIVED, (PROCESSING, ON_THE_WAY, IN_DOUBT), COMPLETED, "all of its goods have arrived"),
    Row(CANCELLATION_DONE, (RECEIVED,), CANCELLED, "not paid in time, or its user changed their mind"),
    Row(CANCELLATION_DONE, (PROCESSING, ON_THE_WAY, IN_DOUBT), CANCELLED, "stopped, and the money is back"),
    Row(CANCELLATION_DONE, (CANCELLED,), None, "cancelled a second time"),
    Row(CAME_BACK, (COMPLETED,), RETURNED, "all of its goods are back"),
    Row(UNANSWERED, (RECEIVED, PROCESSING, ON_THE_WAY), IN_DOUBT, "nobody can say whether money or goods moved"),
    Row(UNANSWERED, (IN_DOUBT,), None, "nor about what was asked next"),
    Row(UNANSWERED, (COMPLETED, CANCELLED, RETURNED), None, "a refund nobody answers for opens no closed order"),
)
"""Which status follows which."""

FULFILMENT_ROWS: Final = (
    Row(BEGIN, (OPEN,), BEGUN, "the shop has the money, or the goods"),
    Row(BEGIN, (BEGUN,), None, "begun again after a restart"),
    Row(STAND_BY, (BEGUN,), OPEN, "the bank declined the charges, or a parcel from stock was lost"),
    Row(ACCEPT, (BEGUN,), PLACED, "the supplier accepts"),
    Row(ACCEPT, (OFF,), None, "the goods came back before the acceptance did"),
    Row(RECALL, (PLACED,), RECALLED, "its user changed their mind, or its money went back because it is late"),
    Row(RECALL, (RECALLED,), None, "asked again after a restart"),
    Row(KEEP, (RECALLED,), PLACED, "the supplier has sent it already"),
    Row(KEEP, (OFF,), None, "the goods came back while the supplier was asked"),
    Row(STOP, (OPEN, BEGUN, PLACED, RECALLED), OFF, "cancelled"),
    Row(STOP, (OFF,), None, "stopped a second time"),
)
"""Which step of the fulfilment follows which."""


@mypyc_attr(native_class=False)
class ImpossibleTransition(AssertionError):
    """Something happened to an order that cannot happen in its state; the text names order, event and state."""


def _table(rows: tuple[Row, ...], events: int, states: int) -> tuple[tuple[int, ...], ...]:
    """Return the following state by event and state, -1 where there is none."""
    table = [[-1] * states for _ in range(events)]
    for event, before, following, _ in rows:
        for state in before:
            assert table[event][state] == -1, f"two rows for event {event} in state {state}"
            table[event][state] = state if following is None else following
    return tuple(tuple(row) for row in table)


_STATUS: Final = _table(STATUS_ROWS, len(EVENTS), len(STATUSES))
_FULFILMENT: Final = _table(FULFILMENT_ROWS, len(STEPS), len(FULFILMENTS))


def status_after(event: int, status: int, order: int) -> int:
    """Return the status that follows; raises ImpossibleTransition if none does."""
    following: int = _STATUS[event][status]
    if following < 0:
        raise ImpossibleTransition(f"order {order}: {EVENTS[event]}: impossible while {STATUSES[status]}")
    return following


def fulfilment_after(step: int, fulfilment: int, order: int) -> int:
    """Return the step of the fulfilment that follows; raises ImpossibleTransition if none does."""
    following: int = _FULFILMENT[step][fulfilment]
    if following < 0:
        raise ImpossibleTransition(f"order {order}: {STEPS[step]}: impossible while {FULFILMENTS[fulfilment]}")
    return following
