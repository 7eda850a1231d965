"""Object-centric event logs as JSON, object by object and event by event."""

import json
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from alesha_sim.exports.files import Progress, silent
from alesha_sim.exports.ocel import EVENT_ATTRIBUTES, Event, Model, Object

if TYPE_CHECKING:
    from alesha_sim.results.result import Result


def write(result: "Result", path: Path, progress: Progress = silent) -> None:
    """Write the log as OCEL 2.0 JSON."""
    model = Model(result)
    with path.open("w", encoding="utf-8", newline="\n") as file:
        types = [{"name": name, "attributes": _typed(columns)} for name, columns in model.object_types.items()]
        file.write('{"objectTypes": ' + json.dumps(types) + ",\n")
        kinds = [{"name": name, "attributes": _typed(EVENT_ATTRIBUTES)} for name in model.types()]
        file.write('"eventTypes": ' + json.dumps(kinds) + ',\n"objects": [')
        file.writelines(_listed(model.objects(), _object))
        file.write('\n],\n"events": [')
        file.writelines(_listed(model.events(progress), _event))
        file.write("\n]}\n")


def _typed(attributes: dict[str, str]) -> list[dict[str, str]]:
    return [{"name": name, "type": kind} for name, kind in attributes.items()]


def _listed(each: Iterable[Any], described: Callable[[Any], dict[str, Any]]) -> Iterator[str]:
    """Yield the pieces of a JSON array, one line an element."""
    for number, value in enumerate(each):
        yield (",\n" if number else "\n") + json.dumps(described(value), ensure_ascii=False)


def _object(each: Object) -> dict[str, Any]:
    return {
        "id": each.id,
        "type": each.type,
        "attributes": [{"name": name, "time": at, "value": value} for name, at, value in each.attributes],
        "relationships": [{"objectId": id, "qualifier": kind} for id, kind in each.relations],
    }


def _event(each: Event) -> dict[str, Any]:
    return {
        "id": each.id,
        "type": each.type,
        "time": each.time,
        "attributes": [{"name": name, "value": value} for name, value in each.attributes.items()],
        "relationships": [{"objectId": id, "qualifier": kind} for id, kind in each.relations],
    }
