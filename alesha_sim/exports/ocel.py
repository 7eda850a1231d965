"""A run as an object-centric event log (OCEL 2.0): its types, objects, events and relations.

How they are written stands in `ocel_json` and `ocel_sqlite`.

Source: Berti, Koren, Adams, Park, Knopp, Graves, Rafiei, Liss, Genannt Unterberg, Zhang, Schwanen, Pegoraro and
van der Aalst (2024), OCEL (Object-Centric Event Log) 2.0 Specification.
"""

from collections.abc import Iterable, Iterator
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from alesha_sim.accounting.journal_arrays import Ints, words
from alesha_sim.columns import MISSING_TIME, numbers, text_column
from alesha_sim.exports.activities import ACTIVITIES, PLACE
from alesha_sim.exports.files import Progress, chunks
from alesha_sim.exports.process import PAGES, Log

if TYPE_CHECKING:
    from alesha_sim.results.result import Result

EPOCH = "1970-01-01T00:00:00Z"
"""When attributes that never change are valid from, by convention of the format."""

OBJECT_TYPES: dict[str, dict[str, str]] = {
    "user": {"opening balance": "float"},
    "order": {"total": "float", "payment method": "string", "status": "string"},
    "order line": {"sku": "string", "quantity": "integer", "unit price": "float"},
    "payment": {"amount": "float"},
    "transaction": {"amount": "float", "code": "string"},
    "supplier order": {"charges": "float"},
    "parcel": {"units": "integer"},
}
"""The attributes of each type of object, and their types."""

ENTITY = {"entity": {"name": "string"}}
"""The type of entities and books of a reader's own, in a log of a run that has any."""

EVENT_ATTRIBUTES = {"resource": "string", "amount": "float", "cost": "float"}
"""The attributes of every event: who acts, what the bank moves, what the group spends; the last two may lack."""

CREATES = {"check out": "order", "order from supplier": "supplier order", "ship": "parcel"}
"""What kind of object an event brings about; its qualifier says so."""

SUPPLYING = frozenset(
    {
        "order from supplier",
        "pay charges",
        "verify charges",
        *(activity.name for activity in ACTIVITIES if activity.resource == "supplier"),
    }
)
"""Events that concern the order to the supplier."""

PAYMENTS = ("authorise payment", "collect at the door")
"""Events in which a user pays for an order; money held is not paid yet."""


class Object(NamedTuple):
    """An object: attributes (name, instant, value), and relations (object's id, qualifier)."""

    id: str
    type: str
    attributes: tuple[tuple[str, str, Any], ...] = ()
    relations: tuple[tuple[str, str], ...] = ()


class Event(NamedTuple):
    """An event: its attributes by name and its relations (object's id, qualifier)."""

    id: str
    type: str
    time: str
    attributes: dict[str, Any]
    relations: tuple[tuple[str, str], ...]


class Model:
    """Objects and events of a result, in a fixed order and with ids that name what they are: `order:17`."""

    def __init__(self, result: "Result") -> None:
        self.log = Log(result)
        self.result = result
        self._major = float(result.scenario.currency.scale)
        log = self.log
        of_order = (log.order > 0) & (log.order <= log.orders)
        self._supplied = np.zeros(log.orders + 1, np.bool_)
        self._supplied[log.order[(log.activity == PLACE["order from supplier"]) & of_order]] = True
        self._pays = np.zeros(int(log.entry.max(initial=0)) + 2, np.bool_)
        pays = np.isin(log.activity, [PLACE[name] for name in PAYMENTS])
        self._pays[log.entry[pays & of_order & (log.amount >= 0)]] = True
        lines = result.columns("order_lines")
        self._skus = text_column(lines, "sku")
        self._rank = np.argsort(numbers(lines, "order"), kind="stable")
        self._bounds = np.searchsorted(numbers(lines, "order")[self._rank], np.arange(log.orders + 2))

    @cached_property
    def object_types(self) -> dict[str, dict[str, str]]:
        """The attributes of each type of object, and their types."""
        return OBJECT_TYPES | (ENTITY if self._own() else {})

    def _own(self) -> list[str]:
        """Return who of one's own does something."""
        return list(dict.fromkeys(each.resource for each in self.log.activities[len(ACTIVITIES) :]))

    def _lines(self, order: int) -> list[str]:
        """Return the products of an order."""
        rows = self._rank[self._bounds[order] : self._bounds[order + 1]]
        return [self._skus.labels[code] for code in self._skus.codes[rows].tolist()]

    def _is_supplied(self, order: int) -> bool:
        return 0 < order <= self.log.orders and bool(self._supplied[order])

    def _is_payment(self, entry: int) -> bool:
        return entry > 0 and bool(self._pays[entry])

    # Objects

    def objects(self) -> Iterator[Object]:
        """Yield all objects, those of a type together but for payments, which stand before their transactions."""
        yield from self._users()
        yield from self._orders()
        yield from self._order_lines()
        yield from self._transactions()
        charges = self._charges()
        for order in np.flatnonzero(self._supplied).tolist():
            amount = (("charges", EPOCH, int(charges[order]) / self._major),)
            yield Object(f"supplier-order:{order}", "supplier order", amount, ((f"order:{order}", "supplies"),))
        yield from self._parcels()
        for name in self._own():
            yield Object(f"entity:{name}", "entity", (("name", EPOCH, name),))

    def _users(self) -> Iterator[Object]:
        users = self.result.columns("users")
        balances = numbers(users, "opening_balance")
        # Programs drop objects that no event is related to, so a user who never came is no object.
        seen = np.unique(self.log.user[self.log.user >= 0])
        for user, balance in zip(seen.tolist(), balances[seen].tolist(), strict=True):
            yield Object(f"user:{user}", "user", (("opening balance", EPOCH, balance / self._major),))

    def _orders(self) -> Iterator[Object]:
        log, table = self.log, self.log.every_order
        steps = {"processing": "paid_at", "on_the_way": "accepted_at", "completed": "delivered_at"}
        statuses, methods = (words(text_column(table, name)) for name in ("status", "payment_method"))
        totals, users = numbers(table, "total").tolist(), numbers(table, "user").tolist()
        for rows in chunks(log.orders):
            changes = {status: self._stamps(numbers(table, column)[rows]) for status, column in steps.items()}
            closed = self._stamps(numbers(table, "closed_at")[rows])
            for n, place in enumerate(range(rows.start, rows.stop)):
                last = statuses[place]
                moves = [("status", changes[status][n], status) for status in steps if changes[status][n]]
                if last not in ("received", *steps):
                    moves.append(("status", closed[n] or self._stamps(np.array([self._end], np.int64))[0], last))
                attributes = (
                    ("total", EPOCH, totals[place] / self._major),
                    ("payment method", EPOCH, methods[place]),
                    ("status", EPOCH, "received"),
                    *sorted(moves, key=lambda move: move[1]),
                )
                order = place + 1
                lines = tuple((_line(order, sku), "contains") for sku in self._lines(order))
                placed_by = ((f"user:{users[place]}", "placed by"),) if users[place] >= 0 else ()
                yield Object(f"order:{order}", "order", attributes, placed_by + lines)

    @property
    def _end(self) -> int:
        return self.log.journal.end

    def _stamps(self, times: Any) -> list[str]:
        """Return instants as text, "" for those that are missing."""
        texts = self.log.stamps(times)
        return ["" if at == MISSING_TIME else text for at, text in zip(times.tolist(), texts, strict=True)]

    def _order_lines(self) -> Iterator[Object]:
        table = self.result.columns("order_lines")
        columns = [numbers(table, name).tolist() for name in ("order", "quantity", "unit_price")]
        for order, quantity, price, sku in zip(*columns, words(text_column(table, "sku")), strict=True):
            attributes = (
                ("sku", EPOCH, sku),
                ("quantity", EPOCH, quantity),
                ("unit price", EPOCH, price / self._major),
            )
            yield Object(_line(order, sku), "order line", attributes)

    def _transactions(self) -> Iterator[Object]:
        """Yield the payments of orders, and every transaction of the bank about an order."""
        log, journal = self.log, self.log.journal
        moved = np.flatnonzero((log.amount >= 0) & (log.order > 0) & (log.order <= log.orders))
        for part in chunks(len(moved)):
            rows = moved[part]
            columns = (log.entry, log.order, log.amount)
            codes = journal.code.codes[log.first_row[rows]].tolist()
            for entry, order, amount, code in zip(
                *(column[rows].tolist() for column in columns), codes, strict=True
            ):
                yield from self._transaction(entry, order, amount / self._major, journal.code.labels[code])

    def _transaction(self, entry: int, order: int, amount: float, code: str) -> Iterator[Object]:
        relations: tuple[tuple[str, str], ...] = ((f"order:{order}", "moves money for"),)
        if self._is_payment(entry):
            pays = ((f"order:{order}", "pays"),)
            yield Object(f"payment:{entry}", "payment", (("amount", EPOCH, amount),), pays)
            relations += ((f"payment:{entry}", "carries out"),)
        attributes = (("amount", EPOCH, amount), ("code", EPOCH, code))
        yield Object(f"transaction:{entry}", "transaction", attributes, relations)

    def _charges(self) -> Ints:
        """Return what the bank moved from shop to supplier for each order."""
        log = self.log
        found = np.zeros(log.orders + 1, np.int64)
        rows = np.flatnonzero((log.activity == PLACE["pay charges"]) & (log.order > 0) & (log.order <= log.orders))
        np.add.at(found, log.order[rows], log.amount[rows])
        return found

    def _parcels(self) -> Iterator[Object]:
        log = self.log
        ships = np.flatnonzero(np.isin(log.activity, [PLACE["ship"], PLACE["ship own stock"]]))
        for row in ships.tolist():
            order, relations = int(log.order[row]), []
            if 0 < order <= log.orders:
                relations.append((f"order:{order}", "delivers"))
            if self._is_supplied(order):
                relations.append((f"supplier-order:{order}", "fulfils"))
            units = sum(amount for _, amount in log.lines(int(log.first_row[row])))
            yield Object(f"parcel:{log.parcel[row]}", "parcel", (("units", EPOCH, units),), tuple(relations))

    # Events

    def types(self) -> list[str]:
        """Return the types of the events that occur, in the order of a purchase."""
        return [
            self.log.activities[place].name for place in np.unique(self.log.activity[self._related()]).tolist()
        ]

    def _related(self) -> Any:
        """Tell of each event whether it has to do with any object."""
        log = self.log
        about_order = (log.order > 0) & (log.order <= log.orders)
        return (log.user >= 0) | about_order | (log.parcel >= 0) | (log.activity >= len(ACTIVITIES))

    def count(self) -> int:
        """Return how many events there are."""
        return int(np.count_nonzero(self._related()))

    def events(self, progress: Progress) -> Iterator[Event]:
        """Yield all events in the order of time; an event that concerns no object is left out."""
        log, related, number = self.log, self._related(), 0
        for rows in log.slices():
            columns = (
                log.activity,
                log.order,
                log.user,
                log.entry,
                log.first_row,
                log.parcel,
                log.amount,
                log.cost,
            )
            lists = [column[rows].tolist() for column in columns]
            for *fields, at, kept in zip(*lists, log.stamps(log.at[rows]), related[rows].tolist(), strict=True):
                if kept:
                    number += 1
                    yield self._event(number, at, *fields)
            progress(rows.stop / len(log), f"{rows.stop:,} of {len(log):,} events")

    def _event(
        self,
        number: int,
        at: str,
        activity: int,
        order: int,
        user: int,
        entry: int,
        first_row: int,
        parcel: int,
        amount: int,
        cost: int,
    ) -> Event:
        name = self.log.activities[activity].name
        attributes: dict[str, Any] = {"resource": self.log.resource(activity, user, order)}
        if amount >= 0:
            attributes["amount"] = amount / self._major
        if cost:
            attributes["cost"] = cost / self._major
        related = [*self._related_objects(name, order, user, entry, first_row, parcel, has_moved=amount >= 0)]
        if activity >= len(ACTIVITIES):
            related.insert(0, (f"entity:{self.log.resource(activity, user, order)}", "actor"))
        creates = CREATES.get(name)
        relations = tuple((id, "creates" if kind == creates else kind) for id, kind in related)
        return Event(f"e{number}", name, at, attributes, relations)

    def _related_objects(
        self, name: str, order: int, user: int, entry: int, first_row: int, parcel: int, *, has_moved: bool
    ) -> Iterator[tuple[str, str]]:
        """Yield the objects of an event with the qualifiers of their relations."""
        if user >= 0:
            yield f"user:{user}", "visitor" if name in PAGES else "customer"
        if 0 < order <= self.log.orders:
            yield f"order:{order}", "order"
            for sku in self._touched(name, order, first_row):
                yield _line(order, sku), "item"
            if self._is_payment(entry):
                yield f"payment:{entry}", "payment"
            if has_moved:
                yield f"transaction:{entry}", "transaction"
        if name in SUPPLYING and self._is_supplied(order):
            yield f"supplier-order:{order}", "supplier order"
        if parcel >= 0:
            yield f"parcel:{parcel}", "parcel"

    def _touched(self, name: str, order: int, first_row: int) -> Iterable[str]:
        """Return the products of an order that an event is about: all at check-out, later those it moves."""
        lines = self._lines(order)
        if name == "check out":
            return lines
        if first_row < 0:
            return ()
        moved = {sku for sku, _ in self.log.lines(first_row)}
        return [sku for sku in lines if sku in moved]


def _line(order: int, sku: str) -> str:
    return f"line:{order}:{sku}"
