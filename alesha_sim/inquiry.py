"""Questions to a result that a sentence or two answer: why, what then, what differs. From tables alone."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from html import escape
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import numpy.typing as npt

from alesha_sim.conversation import Message
from alesha_sim.conversation.entries import instant
from alesha_sim.conversation.wording import lasting
from alesha_sim.messages import Reason
from alesha_sim.modes import Tallies
from alesha_sim.records import MISSING_TIME, NO_ID, ORGANISATIONS, STATUSES, Coded, Column, Columns, times
from alesha_sim.sight import RunSight
from alesha_sim.spooled import source_of, tallies_of
from alesha_sim.summary import OPEN, OWNERS
from alesha_sim.tables import coded, equals, numbers
from alesha_sim.units import Currency
from alesha_sim.views import BALANCES, balances, messages_of, plain_messages

if TYPE_CHECKING:
    from alesha_sim.scenarios.demand import Visits


class Moment(NamedTuple):
    """How things stood at an instant, after all that happened at it.

    `balances` are deposits in major units, `orders` the status of each order that was open, `queues` how many
    requests waited for a worker of each organisation.
    """

    at: datetime
    balances: dict[str, float]
    orders: dict[int, str]
    queues: dict[str, int]
    currency: str

    def _rows(self) -> list[tuple[str, str]]:
        rows = [(f"deposit of {name}", f"{amount:,.2f} {self.currency}") for name, amount in self.balances.items()]
        counts = {status: [*self.orders.values()].count(status) for status in OPEN}
        rows += [(f"orders {status}", f"{count:,}") for status, count in counts.items() if count] or [
            ("open orders", "0")
        ]
        return rows + [(f"waiting for {name}", f"{count:,}") for name, count in self.queues.items()]

    def __repr__(self) -> str:
        rows = self._rows()
        width = max(len(name) for name, _ in rows)
        return "\n".join([str(self.at), *(f"  {name:{width}}  {text:>20}" for name, text in rows)])

    def _repr_html_(self) -> str:
        rows = "".join(
            f"<tr><th>{escape(name)}</th><td style='text-align: right'>{escape(text)}</td></tr>"
            for name, text in self._rows()
        )
        return f"<p>{self.at}</p><table>{rows}</table>"


# Why an order is as it is


def why(tables: Mapping[str, Columns], order: int, start: datetime, currency: Currency) -> str:
    """Say in one sentence why an order ended as it did, or what it waits for."""
    orders, sight = tables["orders"], RunSight(tables, start, currency)
    status, reason = (_text(coded(orders, name), order - 1) for name in ("status", "reason"))
    said = messages_of(tables, order, start)
    about = [message for message in said if message.order == order]
    if reason:
        cause = next((message for message in about if message.detail == reason), None)
        number = f", message {cause.message}" if cause else ""
        return f"{status}: {_because(tables, order, reason, cause, sight) or reason}{number}"
    if status == "completed":
        return _completed(tables, order, about, currency)
    waits = _short_of_cash(tables, order, sight) if status == "processing" else None
    if waits is not None:
        return f"{status}: {waits}"
    last = max(about, key=instant, default=None)
    if last is None:
        return f"{status}: no message about it was sent"
    way = f"{last.kind} from {last.sender} to {last.recipient}"
    return f"{status}: last heard of in message {last.message}, {way} ({last.fate})"


def _because(
    tables: Mapping[str, Columns], order: int, reason: str, cause: Message | None, sight: RunSight
) -> str | None:
    """Return what stands behind a reason in figures, if the tables show it."""
    if reason != Reason.INSUFFICIENT_FUNDS or cause is None:
        return None
    user, total = (int(numbers(tables["orders"], name)[order - 1]) for name in ("user", "total"))
    had = sight.balance(f"user:{user}", sight.written_before(cause.sent_at))
    due = sight.major(total)
    return f"deposit {had:,} below {due:,}" if had is not None and had < due else None


def _completed(tables: Mapping[str, Columns], order: int, about: list[Message], currency: Currency) -> str:
    orders = tables["orders"]
    total, transaction, placed, arrived = (
        int(numbers(orders, name)[order - 1]) for name in ("total", "transaction", "placed_at", "delivered_at")
    )
    paid = f"paid {currency.text(total)}" + (f" under transaction {transaction}" if transaction != NO_ID else "")
    took = lasting_microseconds(arrived - placed) if arrived != MISSING_TIME else None
    told = f", known to be delivered {took} after it was placed" if took else ""
    return f"completed: {paid}{told}, message {max(about, key=instant).message}"


def _short_of_cash(tables: Mapping[str, Columns], order: int, sight: RunSight) -> str | None:
    """Say that the shop cannot pay its supplier, if that is what an order waits for."""
    if numbers(tables["orders"], "charges_transaction")[order - 1] != NO_ID:
        return None
    lines = tables["order_lines"]
    mine = numbers(lines, "order") == order
    due = sight.major(int((numbers(lines, "quantity")[mine] * numbers(lines, "unit_charge")[mine]).sum()))
    has = sight.balance("shop", len(numbers(tables["transfers"], "time")))
    if has is None or has >= due:
        return None
    return f"the shop's deposit {has:,} is below the supplier's charges {due:,}"


def lasting_microseconds(duration: int) -> str:
    """Write a duration roughly."""
    return lasting(timedelta(microseconds=duration))


def _text(text: Coded, row: int) -> str | None:
    code = int(text.codes[row])
    return text.labels[code] if code >= 0 else None


# How things stood at an instant


def moment(tables: Mapping[str, Columns], at: int, start: datetime, currency: Currency) -> Moment:
    """Return how things stood at an instant (microseconds since the start)."""
    course = balances(source_of(tables).batches("transfers", BALANCES), None)
    amounts = course.values[np.searchsorted(course.at, at, side="right") - 1] / currency.scale
    deposits = dict(zip(OWNERS, amounts.tolist(), strict=True))
    orders = open_orders(RunSight(tables, start, currency), at)
    return Moment(start + timedelta(microseconds=at), deposits, orders, queues(tables, at), currency.code)


def open_orders(sight: RunSight, at: int) -> dict[int, str]:
    """Return the status of every order that was open at an instant (microseconds)."""
    statuses = sight.statuses(at)
    wanted = [STATUSES.index(status) for status in OPEN]
    return {int(row) + 1: STATUSES[statuses[row]] for row in np.flatnonzero(np.isin(statuses, wanted))}


def queues(tables: Mapping[str, Columns], at: int) -> dict[str, int]:
    """Return how many requests and notices waited for a worker of each organisation at an instant."""
    messages = tables["messages"]
    recipient = coded(messages, "recipient")
    came, (mail, left) = numbers(messages, "delivered_at"), queued(messages)
    waiting = mail & (came <= at) & ((left > at) | (left == MISSING_TIME))
    names = [name for name in (*ORGANISATIONS, *recipient.labels) if not name.startswith("user:")]
    found = {}
    for name in dict.fromkeys(names):
        mine = np.array([label == name for label in recipient.labels] + [False])[recipient.codes]
        found[name] = int(np.count_nonzero(waiting & mine))
    return found


def queued(messages: Columns) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.int64]]:
    """Tell which messages came into an inbox to be served, and when each left it, `MISSING_TIME` if it has not.

    These are requests and notices, no replies and no copies. A request leaves when a worker takes it up or its
    asker withdraws it; the `Withdraw` itself is for the inbox, and waits for no worker.
    """
    came, request = numbers(messages, "delivered_at"), numbers(messages, "request")
    fate, withdraws = coded(messages, "fate"), equals(coded(messages, "kind"), "Withdraw")
    withdrawn = equals(fate, "withdrawn")
    mail: npt.NDArray[np.bool_] = (came != MISSING_TIME) & (equals(fate, "delivered") | withdrawn)
    left = numbers(messages, "started_at").copy()
    notices = np.flatnonzero(mail & withdraws)
    told = np.full(int(request.max(initial=0)) + 1, np.iinfo(np.int64).max)
    np.minimum.at(told, request[notices], came[notices])
    left[withdrawn] = np.maximum(came, told[request])[withdrawn]
    return mail & ~withdraws & ~_is_reply(messages), left


def _is_reply(messages: Columns) -> npt.NDArray[np.bool_]:
    """Tell which messages answer a request: all of its number whose sender is not who sent the first."""
    request, sender = numbers(messages, "request"), coded(messages, "sender").codes
    known = request != NO_ID
    first = np.full(int(request.max(initial=0)) + 1, NO_ID)
    rows = np.flatnonzero(known)[::-1]
    first[request[rows]] = sender[rows]  # of several values the last one stays: the earliest row's
    is_reply: npt.NDArray[np.bool_] = known & (sender != first[np.where(known, request, 0)])
    return is_reply


# What differs


def is_as_drawn(visits: Columns, drawn: "Visits", ended_at: float) -> bool:
    """Tell whether the visits are those that were drawn, as far as they began before the end (seconds)."""
    begun = drawn.at <= ended_at
    found = numbers(visits, "user"), numbers(visits, "arrived_at")
    wanted = drawn.user[begun], times(drawn.at[begun])
    return all(np.array_equal(one, other) for one, other in zip(found, wanted, strict=True))


SAID = ("sender", "recipient", "kind", "order", "attempt", "sent_at", "detail", "delivered_at", "fate")
"""The columns of messages that say what happened when; others tell of it again later."""


def first_difference(one: Mapping[str, Columns], other: Mapping[str, Columns], start: datetime) -> str | None:
    """Name the first message that differs, else the first row of another table, else the first count.

    None if all that both have is the same.
    """
    shared = [table for table in one if table in other]
    row = _first_row(one["messages"], other["messages"], SAID) if "messages" in shared else None
    if row is not None:
        mine, theirs = (_message(tables["messages"], row, start) for tables in (one, other))
        return f"message {row}: {mine} against {theirs}"
    for table in shared:
        row = _first_row(one[table], other[table], tuple(one[table]))
        if row is None:
            continue
        for name in one[table]:
            values = [_value(tables[table], name, row) for tables in (one, other)]
            if values[0] != values[1]:
                return f"{table}: row {row}: {name}: {values[0]} against {values[1]}"
    return _first_count(tallies_of(one), tallies_of(other))


def _first_count(one: Tallies, other: Tallies) -> str | None:
    """Name the first count that differs of a table that both counted; None if all are the same."""
    for table in one:
        for name, count in one[table].items():
            if count != other.get(table, one[table])[name]:
                return f"{table}: counted {name}: {count} against {other[table][name]}"
    return None


def _first_row(one: Columns, other: Columns, names: tuple[str, ...]) -> int | None:
    lengths = {len(_codes(columns[names[0]])) for columns in (one, other)}
    size = min(lengths)
    differs = np.zeros(size, np.bool_)
    for name in names:
        mine, theirs = _comparable(one[name], other[name])
        differs |= mine[:size] != theirs[:size]
    if differs.any():
        return int(differs.argmax())
    return None if len(lengths) == 1 else size


def _comparable(one: Column, other: Column) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Return two columns as numbers that are equal where the values are."""
    if not isinstance(one, Coded) or not isinstance(other, Coded):
        return _codes(one), _codes(other)
    places = {label: place for place, label in enumerate(dict.fromkeys((*one.labels, *other.labels)))}
    mine, theirs = (np.array([*(places[label] for label in text.labels), -1]) for text in (one, other))
    return mine[one.codes], theirs[other.codes]


def _codes(column: Column) -> npt.NDArray[np.int64]:
    return column.codes.astype(np.int64) if isinstance(column, Coded) else column


def _value(columns: Columns, name: str, row: int) -> object:
    column = columns[name]
    if row >= len(_codes(column)):
        return "no such row"
    return _text(column, row) if isinstance(column, Coded) else column[row].item()


def _message(messages: Columns, row: int, start: datetime) -> str:
    count = len(numbers(messages, "message"))
    if row >= count:
        return "no message"
    (said,) = plain_messages(messages, np.arange(count) == row, start)
    detail = f" ({said.detail})" if said.detail else ""
    fate = "" if said.fate == "delivered" else f", {said.fate}"
    return f"{said.sender} -> {said.recipient} {said.kind}{detail}{fate} at {said.sent_at}"
