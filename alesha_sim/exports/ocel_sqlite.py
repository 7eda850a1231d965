"""Object-centric event logs as SQLite: a table a type, and tables of relations."""

import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from alesha_sim.exports.files import CHUNK, Progress, silent
from alesha_sim.exports.ocel import EPOCH, EVENT_ATTRIBUTES, Event, Model, Object

if TYPE_CHECKING:
    from alesha_sim.results.result import Result

_SQL_TYPES = {"string": "TEXT", "float": "REAL", "integer": "INTEGER"}

_TABLES = """
CREATE TABLE event_map_type (ocel_type TEXT PRIMARY KEY, ocel_type_map TEXT);
CREATE TABLE object_map_type (ocel_type TEXT PRIMARY KEY, ocel_type_map TEXT);
CREATE TABLE event (ocel_id TEXT PRIMARY KEY, ocel_type TEXT,
  FOREIGN KEY(ocel_type) REFERENCES event_map_type(ocel_type));
CREATE TABLE object (ocel_id TEXT PRIMARY KEY, ocel_type TEXT,
  FOREIGN KEY(ocel_type) REFERENCES object_map_type(ocel_type));
CREATE TABLE event_object (ocel_event_id TEXT, ocel_object_id TEXT, ocel_qualifier TEXT,
  PRIMARY KEY(ocel_event_id, ocel_object_id, ocel_qualifier),
  FOREIGN KEY(ocel_event_id) REFERENCES event(ocel_id), FOREIGN KEY(ocel_object_id) REFERENCES object(ocel_id));
CREATE TABLE object_object (ocel_source_id TEXT, ocel_target_id TEXT, ocel_qualifier TEXT,
  PRIMARY KEY(ocel_source_id, ocel_target_id, ocel_qualifier),
  FOREIGN KEY(ocel_source_id) REFERENCES object(ocel_id), FOREIGN KEY(ocel_target_id) REFERENCES object(ocel_id));
"""


def write(result: "Result", path: Path, progress: Progress = silent) -> None:
    """Write the log as OCEL 2.0 SQLite, some thousands of rows at a time."""
    model = Model(result)
    base = sqlite3.connect(path)
    try:
        # One file, written once and put in its place when it is whole: no journal, no waiting for the disk.
        # Without `secure_delete` the free space of a page may hold whatever was in memory before.
        settings = "journal_mode = OFF", "synchronous = OFF", "foreign_keys = OFF", "secure_delete = ON"
        base.executescript("".join(f"PRAGMA {setting};" for setting in settings))
        base.executescript(_TABLES + "".join(_type_tables(model)))
        rows = [(name, _map(name)) for name in model.types()]
        base.executemany("INSERT INTO event_map_type VALUES (?, ?)", rows)
        base.executemany(
            "INSERT INTO object_map_type VALUES (?, ?)", [(name, _map(name)) for name in model.object_types]
        )
        _insert(base, (row for each in model.objects() for row in _object_rows(each, model.object_types)))
        _insert(base, (row for each in model.events(progress) for row in _event_rows(each)))
        base.commit()
    except sqlite3.Error as error:
        raise OSError(f"{path.name}: {error}") from error
    finally:
        base.close()


def _map(name: str) -> str:
    """Return the name of a type as a part of a table's name: `order line` becomes `OrderLine`.

    A dash, which no name of the package has, becomes two underscores, so that different names stay different.
    """
    return "".join(word.capitalize() for word in name.split()).replace("-", "__")


def _type_tables(model: Model) -> Iterator[str]:
    columns = "".join(f', "{name}" {_SQL_TYPES[kind]}' for name, kind in EVENT_ATTRIBUTES.items())
    for name in model.types():
        yield (
            f"CREATE TABLE event_{_map(name)} (ocel_id TEXT PRIMARY KEY, ocel_time TIMESTAMP{columns}, "
            "FOREIGN KEY(ocel_id) REFERENCES event(ocel_id));\n"
        )
    for name, attributes in model.object_types.items():
        columns = "".join(f', "{attribute}" {_SQL_TYPES[kind]}' for attribute, kind in attributes.items())
        yield (
            f"CREATE TABLE object_{_map(name)} (ocel_id TEXT, ocel_time TIMESTAMP, ocel_changed_field TEXT"
            f"{columns}, FOREIGN KEY(ocel_id) REFERENCES object(ocel_id));\n"
        )


Insertion = tuple[str, tuple[Any, ...]]


def _insert(base: sqlite3.Connection, rows: Iterable[Insertion]) -> None:
    """Insert rows in batches, table by table within each."""
    batch: dict[str, list[tuple[Any, ...]]] = {}
    for number, (statement, values) in enumerate(rows, 1):
        batch.setdefault(statement, []).append(values)
        if number % CHUNK == 0:
            _flush(base, batch)
    _flush(base, batch)


def _flush(base: sqlite3.Connection, batch: dict[str, list[tuple[Any, ...]]]) -> None:
    for statement, rows in batch.items():
        base.executemany(statement, rows)
    batch.clear()


def _object_rows(each: Object, types: Mapping[str, Mapping[str, str]]) -> Iterator[Insertion]:
    yield "INSERT INTO object VALUES (?, ?)", (each.id, each.type)
    names = list(types[each.type])
    statement = f"INSERT INTO object_{_map(each.type)} VALUES (?, ?, ?{', ?' * len(names)})"
    fixed = {name: value for name, at, value in each.attributes if at == EPOCH}
    yield statement, (each.id, _sql_time(EPOCH), None, *(fixed.get(name) for name in names))
    for name, at, value in each.attributes:
        if at != EPOCH:
            changed = (value if name == column else None for column in names)
            yield statement, (each.id, _sql_time(at), name, *changed)
    for id, kind in each.relations:
        yield "INSERT INTO object_object VALUES (?, ?, ?)", (each.id, id, kind)


def _event_rows(each: Event) -> Iterator[Insertion]:
    yield "INSERT INTO event VALUES (?, ?)", (each.id, each.type)
    values = (each.attributes.get(name) for name in EVENT_ATTRIBUTES)
    statement = f"INSERT INTO event_{_map(each.type)} VALUES (?, ?{', ?' * len(EVENT_ATTRIBUTES)})"
    yield statement, (each.id, _sql_time(each.time), *values)
    for id, kind in each.relations:
        yield "INSERT INTO event_object VALUES (?, ?, ?)", (each.id, id, kind)


def _sql_time(at: str) -> str:
    """Return an instant as SQLite's own functions read it: `2021-06-01 10:00:00.123456`, UTC."""
    return at.replace("T", " ").removesuffix("Z")
