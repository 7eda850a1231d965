"""A run at one moment."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from html import escape
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from alesha_sim.books.chart import ONE_OF_EACH
from alesha_sim.books.owners import OPEN, of_role, owners
from alesha_sim.columns import MISSING_TIME, Columns, equals, numbers, text_column
from alesha_sim.conversation.run_context import RunContext
from alesha_sim.results.time_series import BALANCES, balances
from alesha_sim.tables.source import source_of
from alesha_sim.units import Currency
from alesha_sim.vocabulary import NO_ID, ORGANISATIONS, STATUSES


class Snapshot(NamedTuple):
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


def snapshot(
    tables: Mapping[str, Columns],
    at: int,
    start: datetime,
    currency: Currency,
    roles: Mapping[str, str] = ONE_OF_EACH,
) -> Snapshot:
    """Return how things stood at an instant (microseconds since the start)."""
    course = balances(source_of(tables).batches("transfers", BALANCES), None, roles)
    amounts = course.values[np.searchsorted(course.at, at, side="right") - 1] / currency.scale
    deposits = dict(zip(owners(roles), amounts.tolist(), strict=True))
    orders = open_orders(RunContext(tables, start, currency), at)
    waiting = queues(tables, at, roles)
    return Snapshot(start + timedelta(microseconds=at), deposits, orders, waiting, currency.code)


def open_orders(run: RunContext, at: int) -> dict[int, str]:
    """Return the status of every order that was open at an instant (microseconds)."""
    statuses = run.statuses(at)
    wanted = [STATUSES.index(status) for status in OPEN]
    return {int(row) + 1: STATUSES[statuses[row]] for row in np.flatnonzero(np.isin(statuses, wanted))}


def queues(tables: Mapping[str, Columns], at: int, roles: Mapping[str, str] = ONE_OF_EACH) -> dict[str, int]:
    """Return how many requests and notices waited for a worker of each organisation at an instant."""
    messages = tables["messages"]
    recipient = text_column(messages, "recipient")
    came, (mail, left) = numbers(messages, "delivered_at"), queued(messages)
    waiting = mail & (came <= at) & ((left > at) | (left == MISSING_TIME))
    parties = [name for role in ORGANISATIONS for name in of_role(role, roles)]
    names = [name for name in (*parties, *recipient.labels) if not name.startswith("user:")]
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
    fate, withdraws = text_column(messages, "fate"), equals(text_column(messages, "kind"), "Withdraw")
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
    request, sender = numbers(messages, "request"), text_column(messages, "sender").codes
    known = request != NO_ID
    first = np.full(int(request.max(initial=0)) + 1, NO_ID)
    rows = np.flatnonzero(known)[::-1]
    first[request[rows]] = sender[rows]  # of several values the last one stays: the earliest row's
    is_reply: npt.NDArray[np.bool_] = known & (sender != first[np.where(known, request, 0)])
    return is_reply
