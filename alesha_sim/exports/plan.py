"""An object-centric event log read back as a plan: who orders what and when. Nothing else of it is taken.

The log may come from a run (`exports.write(result, "ocel-json", ...)`) or from a real store whose log has the same
types: events `check out` related to a `user`, an `order` and its `order line`s, which have `sku` and `quantity`.
"""

import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from alesha_sim.files import regular

if TYPE_CHECKING:
    from pandas import DataFrame

    from alesha_sim.scenarios.scenario import Scenario

ORDERED = "check out"
"""The type of the events that are taken."""

OWN_USER = "user:"
"""What the ids of users begin with in logs of runs; their numbers are kept."""

BYTES_MAX = 500_000_000
"""The largest JSON file that is read, since all of it is held in memory; SQLite files may be larger."""


USERS_MAX = 100_000_000
"""As many users as a scenario has at most."""


class Order(NamedTuple):
    """What is taken of an order: when it was placed, by which user, and the units of each product.

    `event` is its check-out, and `is_zoned` whether that one's time came with a zone.
    """

    at: datetime
    user: str
    quantities: Mapping[str, int]
    event: str
    is_zoned: bool


class Plan(NamedTuple):
    """Visits that each place one order: `at` seconds after `start`, `user` from 0, units in a column per SKU.

    `users` holds the log's id of each user by number, "" for numbers that do not occur.
    """

    start: datetime
    visits: "DataFrame"
    users: tuple[str, ...]

    def applied(self, scenario: "Scenario") -> "Scenario":
        """Return a scenario whose demand is this plan: its start, enough users, a horizon after the last visit.

        Raises ScenarioError, for instance for products that the scenario does not have.
        """
        columns = {str(name): self.visits[name].tolist() for name in self.visits.columns}
        return scenario.with_settings(
            {
                "start": self.start.isoformat(),
                "users.count": max(len(self.users), 1),
                "horizon": max(scenario.horizon, float(self.visits["at"].iloc[-1]) + 1),
                "demand": {"kind": "replay", "visits": columns},
            }
        )


def demand(log: str | PathLike[str], start: datetime | None = None) -> Plan:
    """Read the orders of an OCEL 2.0 log, JSON or SQLite by its contents, as a plan of visits.

    Only the orders' times, users and quantities are taken. `start` (UTC; default midnight before the first order)
    is the plan's time 0. Raises ValueError naming the file, and the event or object that is not as it must be, and
    FileNotFoundError.
    """
    path = Path(log)
    with regular.opened(path) as file:
        is_sqlite = file.read(16).startswith(b"SQLite format 3")
    try:
        orders = sorted(_sqlite(path) if is_sqlite else _json(path), key=lambda order: (order.at, order.user))
    except (sqlite3.Error, json.JSONDecodeError, UnicodeDecodeError, KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"{path}: is no OCEL 2.0 log: {type(error).__name__}: {error}") from None
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from None
    if not orders:
        raise ValueError(f"{path}: must hold at least one event {ORDERED!r}")
    local = [order.event for order in orders if not order.is_zoned]
    if 0 < len(local) < len(orders):
        raise ValueError(f"{path}: event {local[0]}: time: must have a zone, as other events' times have")
    begin = _midnight(orders[0].at) if start is None else _utc(start)
    if orders[0].at < begin:
        raise ValueError(f"start: {begin}: must not be after the first order, {orders[0].at}")
    try:
        return _plan(begin, orders)
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from None


def _plan(start: datetime, orders: list[Order]) -> Plan:
    from pandas import DataFrame

    users = _numbered([order.user for order in orders])
    skus = sorted({sku for order in orders for sku in order.quantities})
    names = [""] * (max(users.values()) + 1)
    for name, number in users.items():
        names[number] = name
    columns: dict[str, list[float]] = {
        "at": [(order.at - start) / timedelta(seconds=1) for order in orders],
        "user": [users[order.user] for order in orders],
        **{sku: [order.quantities.get(sku, 0) for order in orders] for sku in skus},
    }
    return Plan(start, DataFrame(columns), tuple(names))


def _numbered(users: Iterable[str]) -> dict[str, int]:
    """Number users: as their ids say where all do, else in the order of their first orders."""
    names = list(dict.fromkeys(users))
    ends = [name.removeprefix(OWN_USER) for name in names]
    if all(name.startswith(OWN_USER) and _is_number(end) for name, end in zip(names, ends, strict=True)):
        numbers = {name: int(end) for name, end in zip(names, ends, strict=True)}
        for name, number in numbers.items():
            if number >= USERS_MAX:
                raise ValueError(f"object {name}: must be a number below {USERS_MAX}")
        return numbers
    return {name: number for number, name in enumerate(names)}


def _is_number(text: str) -> bool:
    """Tell whether a text is a user's number or a number of units: digits, and no more than either can have."""
    return text.isascii() and text.isdigit() and len(text) <= 10


def _order(event: str, at: str, related: Iterable[tuple[str, str, Mapping[str, Any]]]) -> Order:
    """Return an order from a check-out and the objects it is related to: id, type, attributes."""
    users: list[str] = []
    quantities: dict[str, int] = {}
    for name, kind, attributes in related:
        if kind == "user":
            users.append(name)
        elif kind == "order line":
            sku, units = attributes.get("sku"), attributes.get("quantity")
            if not isinstance(sku, str) or not sku:
                raise ValueError(f"object {name}: sku: {sku!r}: must be a product's name")
            if not _is_number(str(units)) or int(str(units)) < 1:
                raise ValueError(f"object {name}: quantity: {units!r}: must be a whole number from 1")
            quantities[sku] = quantities.get(sku, 0) + int(str(units))
    if len(users) != 1:
        raise ValueError(f"event {event}: must be related to one object of type user, not {len(users)}")
    if not quantities:
        raise ValueError(f"event {event}: must be related to at least one object of type order line")
    found = _instant(event, at)
    return Order(_utc(found), users[0], quantities, event, found.tzinfo is not None)


def _instant(event: str, at: str) -> datetime:
    try:
        return datetime.fromisoformat(at)
    except (TypeError, ValueError):
        raise ValueError(f"event {event}: time: {at!r}: must be an ISO 8601 instant") from None


def _utc(at: datetime) -> datetime:
    """Return an instant in UTC, without its zone; one without a zone is taken to be in UTC."""
    return at if at.tzinfo is None else at.astimezone(UTC).replace(tzinfo=None)


def _midnight(at: datetime) -> datetime:
    return at.replace(hour=0, minute=0, second=0, microsecond=0)


def _json(path: Path) -> Iterator[Order]:
    if path.stat().st_size > BYTES_MAX:
        raise ValueError(f"must be at most {BYTES_MAX:,} bytes (as SQLite it may be larger)")
    log = json.loads(path.read_bytes())
    objects = {each["id"]: each for each in log["objects"]}
    for event in log["events"]:
        if event["type"] == ORDERED:
            related = [objects[each["objectId"]] for each in event.get("relationships", ())]
            known = ((each["id"], each["type"], _attributes(each)) for each in related)
            yield _order(event["id"], event["time"], known)


def _attributes(each: Mapping[str, Any]) -> dict[str, Any]:
    return {attribute["name"]: attribute["value"] for attribute in each.get("attributes", ())}


def _sqlite(path: Path) -> Iterator[Order]:
    # Opened for reading only, so that a log is never changed, nor a journal left beside it.
    base = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)
    try:
        table = _table(base, "event", ORDERED)
        lines = _table(base, "object", "order line")
        if table is None or lines is None:
            return
        query = f"""
            SELECT e.ocel_id, e.ocel_time, o.ocel_id, o.ocel_type, l.sku, l.quantity
            FROM "{table}" AS e
            LEFT JOIN event_object AS r ON r.ocel_event_id = e.ocel_id
            LEFT JOIN object AS o ON o.ocel_id = r.ocel_object_id
            LEFT JOIN "{lines}" AS l ON l.ocel_id = o.ocel_id AND l.ocel_changed_field IS NULL
            ORDER BY e.rowid, r.rowid
        """
        current: tuple[str, str] | None = None
        related: list[tuple[str, str, Mapping[str, Any]]] = []
        for event, at, name, kind, sku, units in base.execute(query):
            if current is not None and current[0] != event:
                yield _order(*current, related)
                related = []
            current = event, at
            related.append((name, kind, {"sku": sku, "quantity": units}))
        if current is not None:
            yield _order(*current, related)
    finally:
        base.close()


def _table(base: sqlite3.Connection, prefix: str, kind: str) -> str | None:
    """Return the name of the table of a type; None if there is no such type."""
    query = f"SELECT ocel_type_map FROM {prefix}_map_type WHERE ocel_type = ?"
    row = base.execute(query, (kind,)).fetchone()
    return None if row is None else f"{prefix}_{row[0]}".replace('"', "")
