"""The life of an order: what follows what, what changes nothing, and that all else is refused."""

from itertools import product

import pytest

from alesha_sim.entities.shop.order_states import (
    EVENTS,
    FULFILMENT_ROWS,
    FULFILMENTS,
    STATUS_ROWS,
    STEPS,
    ImpossibleTransition,
    fulfilment_after,
    status_after,
)
from alesha_sim.vocabulary import STATUSES

STATUS = """
event       received    processing  on_the_way  completed   declined    cancelled   returned    in_doubt
paid        processing  -           -           -           -           -           -           processing
declined    declined    -           -           -           -           -           -           declined
sent        -           on_the_way  on_the_way  completed   -           cancelled   returned    on_the_way
arrived     -           completed   completed   -           -           -           -           completed
cancelled   cancelled   cancelled   cancelled   -           -           cancelled   -           cancelled
returned    -           -           -           returned    -           -           -           -
unanswered  in_doubt    in_doubt    in_doubt    completed   -           cancelled   returned    in_doubt
"""

FULFILMENT = """
step      open    begun   placed    recalled  off
begin     begun   begun   -         -         -
stand_by  -       open    -         -         -
accept    -       placed  -         -         off
recall    -       -       recalled  recalled  -
keep      -       -       -         placed    off
stop  off     off     off       off       off
"""


def cells(table):
    """Yield event, state and following state of a table as text."""
    (_, *states), *rows = (line.split() for line in table.strip().splitlines())
    for event, *following in rows:
        for state, next_state in zip(states, following, strict=True):
            yield event.replace("_", " "), state, next_state


def after(function, event, state, names):
    try:
        return names[function(event, state, 7)]
    except ImpossibleTransition:
        return "-"


@pytest.mark.parametrize(("event", "state", "following"), list(cells(STATUS)))
def test_a_status_follows_by_the_table(event, state, following):
    assert after(status_after, EVENTS.index(event), STATUSES.index(state), STATUSES) == following


@pytest.mark.parametrize(("step", "state", "following"), list(cells(FULFILMENT)))
def test_a_fulfilment_follows_by_the_table(step, state, following):
    assert after(fulfilment_after, STEPS.index(step), FULFILMENTS.index(state), FULFILMENTS) == following


def test_the_tables_here_name_every_event_in_every_state():
    assert len(list(cells(STATUS))) == len(list(product(EVENTS, STATUSES)))
    assert len(list(cells(FULFILMENT))) == len(list(product(STEPS, FULFILMENTS)))


def test_what_is_impossible_names_order_event_and_state():
    with pytest.raises(ImpossibleTransition, match=r"^order 7: paid: impossible while completed$"):
        status_after(EVENTS.index("paid"), STATUSES.index("completed"), 7)
    with pytest.raises(ImpossibleTransition, match=r"^order 7: recall: impossible while open$"):
        fulfilment_after(STEPS.index("recall"), FULFILMENTS.index("open"), 7)


def test_every_row_says_why():
    assert all(row.why for row in (*STATUS_ROWS, *FULFILMENT_ROWS))


def test_better_knowledge_ends_doubt_and_only_closed_orders_stay_out_of_it():
    doubt = STATUSES.index("in_doubt")
    ends = {EVENTS[event]: after(status_after, event, doubt, STATUSES) for event in range(len(EVENTS))}
    assert ends == {
        "paid": "processing", "declined": "declined", "sent": "on_the_way", "arrived": "completed",
        "cancelled": "cancelled", "returned": "-", "unanswered": "in_doubt",
    }  # fmt: skip
