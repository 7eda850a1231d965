"""Views over a result's tables: balances and stock over time, and the rows of one order. No pandas here."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from alesha_sim.arrays import repeat
from alesha_sim.conversation import Message, Transfer
from alesha_sim.records import MISSING_TIME, NO_ID, Coded, Column, Columns
from alesha_sim.summary import DEPOSITS, OWNERS, owner_of
from alesha_sim.tables import among, coded, equals, numbers
from alesha_sim.units import Currency

ON_HAND = ("supplier:stock", "supplier:reserved")


class Course(NamedTuple):
    """How numbers went: `values[i]` (one column each) held from `at[i]` (microseconds) until `at[i + 1]`."""

    at: npt.NDArray[np.int64]
    values: npt.NDArray[np.int64]

    def on_grid(self, every: int, end: int) -> "Course":
        """Return the values at 0, `every`, 2 `every`, ... until the first instant not before `end`."""
        grid = np.arange(0, end + every, every, dtype=np.int64)
        return Course(grid, self.values[np.searchsorted(self.at, grid, side="right") - 1])


def course(at: npt.NDArray[np.int64], changes: npt.NDArray[np.int64]) -> Course:
    """Return the course of numbers that are zero before `changes` (one row each) happen to them.

    It begins at 0 and has one row per instant, with the values after all that happened then.
    """
    order = np.argsort(at, kind="stable")
    at = np.concatenate(([0], at[order]))
    values = np.concatenate((np.zeros((1, changes.shape[1]), np.int64), np.cumsum(changes[order], axis=0)))
    last = np.append(at[1:] != at[:-1], True)
    return Course(at[last], values[last])


BALANCES = ("debit", "credit", "amount", "time")
"""The columns of transfers that `balances` reads."""


def balances(transfers: Iterable[Columns], entity: str | None) -> Course:
    """Return the course of deposits in minor units: of users, shop and supplier, or of one `entity`.

    `transfers` are batches whose texts have the same labels.
    """
    columns = {owner: place for place, owner in enumerate(OWNERS if entity is None else (entity,))}
    one_user = entity not in (None, "users")

    def places(side: Coded) -> npt.NDArray[np.int8]:
        owners = [name.removeprefix(DEPOSITS) if one_user else owner_of(name) for name in side.labels]
        return np.array([columns.get(owner, -1) for owner in owners] + [-1], np.int8)

    sides: list[npt.NDArray[np.int8]] = []
    at, changes = [np.zeros(0, np.int64)], [np.zeros((0, len(columns)), np.int64)]
    for batch in transfers:
        debit, credit = coded(batch, "debit"), coded(batch, "credit")
        sides = sides or [places(debit), places(credit)]
        debits, credits = sides[0][debit.codes], sides[1][credit.codes]
        touched = np.flatnonzero((debits >= 0) | (credits >= 0))
        amounts, rows = numbers(batch, "amount")[touched], np.arange(len(touched))
        change = np.zeros((len(touched), len(columns) + 1), np.int64)  # the last column takes what is nobody's
        change[rows, debits[touched]] -= amounts
        change[rows, credits[touched]] += amounts
        at.append(numbers(batch, "time")[touched])
        changes.append(change[:, :-1])
    return course(np.concatenate(at), np.concatenate(changes))


def stock(
    transfers: Columns, replenishments: Columns, orders: Columns, lines: Columns, sku: str
) -> Course:  # fmt: skip
    """Return the course of a product's units at the supplier: on hand, on order, backordered.

    Backordered are units of accepted orders that are neither reserved nor made for them. Replacements under
    warranty do not count.
    """
    at, change = _on_hand(transfers, sku)
    mine = equals(coded(replenishments, "sku"), sku)
    quantity = numbers(replenishments, "quantity")[mine]
    ordered, arrived = (numbers(replenishments, name)[mine] for name in ("ordered_at", "arrived_at"))
    here = arrived != MISSING_TIME
    lots = np.concatenate((quantity, -quantity[here]))
    owed_at, owed = _backordered(transfers, orders, lines, sku)
    when = np.concatenate((at, ordered, arrived[here], owed_at))
    changes = np.zeros((len(when), 3), np.int64)
    changes[: len(at), 0] = change
    changes[len(at) : len(at) + len(lots), 1] = lots
    changes[len(at) + len(lots) :, 2] = owed
    return course(when, changes)


def _backordered(
    transfers: Columns, orders: Columns, lines: Columns, sku: str
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:  # fmt: skip
    """Return when and by how much a product's backordered units changed.

    An order's units are asked for when the supplier takes its charges, and again when they are lost; they are
    there when they are reserved or made, and asked for no more when the charges are returned.
    """
    placed = len(numbers(orders, "placed_at"))
    asked = np.zeros(placed + 1, np.int64)
    of_sku = equals(coded(lines, "sku"), sku)
    np.add.at(asked, numbers(lines, "order")[of_sku], numbers(lines, "quantity")[of_sku])
    order, amount = numbers(transfers, "order"), numbers(transfers, "amount")
    supplier, code = equals(coded(transfers, "book"), "supplier"), coded(transfers, "code")
    goods = supplier & equals(coded(transfers, "commodity"), sku) & (order > 0)
    came = goods & equals(coded(transfers, "debit"), "supplier:reserved")
    lost = goods & equals(code, "loss")
    charged, returned = (supplier & equals(code, name) for name in ("charges", "charges-return"))
    # Who was rejected never waited: the charges came back and nothing was kept for the order.
    accepted = np.append(False, numbers(orders, "accepted_at") != MISSING_TIME)
    accepted[order[came]] = True
    rejected = np.zeros(placed + 1, np.bool_)
    rejected[order[returned]] = True
    rows = np.flatnonzero(came | lost | ((charged | returned) & (asked[order] > 0)))
    rows = rows[(accepted | ~rejected)[order[rows]]]
    rows = rows[np.argsort(order[rows], kind="stable")]
    change = np.where(charged[rows], asked[order[rows]], np.where(came[rows], -amount[rows], amount[rows]))
    change[returned[rows]] = 0
    first = np.diff(order[rows], prepend=0) != 0
    waiting = _running(change, first)
    waiting = np.where(returned[rows], 0, np.maximum(waiting, 0))
    before = np.where(first, 0, np.append(0, waiting[:-1])[: len(rows)])
    return numbers(transfers, "time")[rows], waiting - before


def _running(changes: npt.NDArray[np.int64], first: npt.NDArray[np.bool_]) -> npt.NDArray[np.int64]:
    """Return the running sums of `changes`, beginning anew at each `first`."""
    sums = np.cumsum(changes)
    starts = np.flatnonzero(first)
    base = (sums - changes)[starts]
    return sums - repeat(base, np.diff(np.append(starts, len(changes))))


def _on_hand(transfers: Columns, sku: str) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Return when and by how much a product's free and reserved units changed."""
    mine = equals(coded(transfers, "commodity"), sku)
    came, went = (among(coded(transfers, side), ON_HAND) for side in ("debit", "credit"))
    touched = mine & (came != went)
    amounts = numbers(transfers, "amount")[touched]
    return numbers(transfers, "time")[touched], np.where(came[touched], amounts, -amounts)


def messages_of(tables: Mapping[str, Columns], order: int, start: datetime) -> list[Message]:
    """Return the messages about an order and those of its visit that led to it, in the order of sending."""
    messages, visits = tables["messages"], tables["visits"]
    about, visit, request = (numbers(messages, name) for name in ("order", "visit", "request"))
    mine = about == order
    shopping = np.append(visit[mine], numbers(visits, "visit")[numbers(visits, "order") == order])
    before = (about == NO_ID) & np.isin(visit, shopping[shopping != NO_ID])
    # The invoice may leave after the order was placed; it answers a request that was sent before.
    placed_at = numbers(tables["orders"], "placed_at")[order - 1]
    asked = request[before & (numbers(messages, "sent_at") <= placed_at)]
    return plain_messages(messages, mine | (before & np.isin(request, asked)), start)


def messages_of_user(tables: Mapping[str, Columns], user: int, start: datetime) -> list[Message]:
    """Return the messages from and to a user and those about the user's orders, in the order of sending."""
    messages, orders = tables["messages"], tables["orders"]
    name = f"user:{user}"
    own = numbers(orders, "order")[numbers(orders, "user") == user]
    mine = equals(coded(messages, "sender"), name) | equals(coded(messages, "recipient"), name)
    return plain_messages(messages, mine | np.isin(numbers(messages, "order"), own), start)


def plain_messages(messages: Columns, mine: npt.NDArray[np.bool_], start: datetime) -> list[Message]:
    """Return some messages as plain tuples."""
    rows = np.flatnonzero(mine)
    columns = (_plain(messages[name], rows, start, name.endswith("_at")) for name in Message._fields)
    return [Message._make(fields) for fields in zip(*columns, strict=True)]


def transfers_of(transfers: Columns, order: int, start: datetime, currency: Currency) -> list[Transfer]:
    """Return the transfers of an order, in the order of writing; money in major units."""
    return plain_transfers(transfers, numbers(transfers, "order") == order, start, currency)


def transfers_of_user(
    tables: Mapping[str, Columns], user: int, start: datetime, currency: Currency
) -> list[Transfer]:
    """Return the transfers of a user's orders and those that touched the user's accounts, but for the opening."""
    transfers, orders = tables["transfers"], tables["orders"]
    own = numbers(orders, "order")[numbers(orders, "user") == user]
    mine = np.isin(numbers(transfers, "order"), own)
    for side in ("debit", "credit"):
        text = coded(transfers, side)
        mine |= among(text, [name for name in text.labels if name.endswith(f":{user}")])
    return plain_transfers(transfers, mine & ~equals(coded(transfers, "code"), "opening"), start, currency)


def plain_transfers(
    transfers: Columns, mine: npt.NDArray[np.bool_], start: datetime, currency: Currency
) -> list[Transfer]:
    """Return some transfers as plain tuples; money in major units."""
    rows = np.flatnonzero(mine)
    columns = (_plain(transfers[name], rows, start, name == "time") for name in Transfer._fields)
    found = [Transfer._make(fields) for fields in zip(*columns, strict=True)]
    return [
        row._replace(amount=currency.major(int(row.amount)) if row.commodity == currency.code else row.amount)
        for row in found
    ]


def _plain(column: Column, rows: npt.NDArray[np.int64], start: datetime, is_time: bool) -> list[Any]:
    """Return some values of a column as Python's own: instants as datetimes, what is missing as None."""
    if isinstance(column, Coded):
        return [column.labels[code] if code >= 0 else None for code in column.codes[rows].tolist()]
    values = column[rows].tolist()
    if is_time:
        return [None if value == MISSING_TIME else start + timedelta(microseconds=value) for value in values]
    return [None if value == NO_ID else value for value in values]
