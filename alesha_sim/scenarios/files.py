"""Scenarios as TOML: text in, table out, and back.

Contains what a file adds to a scenario's own rules: syntax, encoding and where a replay file is looked for. A
file never imports code.
"""

import tomllib
from collections.abc import Iterator, Mapping
from copy import deepcopy
from datetime import datetime
from decimal import Decimal
from errno import EFBIG
from os import PathLike
from pathlib import Path
from typing import Any

from alesha_sim.files import regular
from alesha_sim.scenarios.errors import Problem, ScenarioError, dotted, scenario_error

PACKAGE = "package:"
"""Begins the name of a file that comes with an installed package."""

TOML_BYTES_MAX = 5_000_000
"""A scenario of 29,000 products; to read it takes five seconds and 200 MB of memory."""

_PIECE = 1 << 20


def table(text: str, origin: str = "") -> dict[str, Any]:
    """Return the table in a TOML text; raises ScenarioError, naming `origin`, when it is none."""
    try:
        return tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        raise ScenarioError([Problem(origin, None, f"is not TOML: {error}")]) from None


def read(path: str | PathLike[str]) -> dict[str, Any]:
    """Return the table in a TOML file, its replay file's name made absolute; raises ScenarioError."""
    path = Path(path)
    try:
        found = table(content(path, TOML_BYTES_MAX).decode(), str(path))
    except OSError as error:
        raise ScenarioError([Problem(str(path), None, f"cannot be read: {error.strerror}")]) from None
    except UnicodeDecodeError:
        raise ScenarioError([Problem(str(path), None, "cannot be read: is not UTF-8 text")]) from None
    for demand in _demands(found):
        if isinstance(file := demand.get("file"), str) and not file.startswith(PACKAGE):
            demand["file"] = str(path.parent.absolute() / file)
    return found


def _demands(scenario: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield the table of the demand, and those of the parts of a mixture."""
    demand = scenario.get("demand")
    if isinstance(demand, dict):
        yield demand
        parts = demand.get("parts")
        if isinstance(parts, list | tuple):
            yield from (part for part in parts if isinstance(part, dict))


def content(path: Path, limit: int) -> bytes:
    """Return a file's bytes; raises OSError, also when there are more than `limit`.

    They are counted as they are read: what is no plain file, a pipe say, does not tell its size.
    """
    found = bytearray()
    with regular.opened(path) as file:
        while len(found) <= limit and (piece := file.read(_PIECE)):
            found += piece
    check_size(len(found), limit)
    return bytes(found)


def check_size(size: int, limit: int) -> None:
    """Raise OSError if `size` bytes are more than `limit`."""
    if size > limit:
        raise OSError(EFBIG, f"must be at most {limit:,} bytes")


def text(dump: Mapping[str, Any]) -> str:
    """Return a scenario's fields as TOML text; fields without a value are left out."""
    from tomli_w import dumps

    return dumps(_plain(dump, ""))


def write(path: str | PathLike[str], dump: Mapping[str, Any]) -> None:
    """Write a scenario's fields to a TOML file; a replay file that lies beside or below it is named relatively.

    Raises ScenarioError if the file would be too large to be read.
    """
    path = Path(path)
    fields = dict(dump) | {"demand": deepcopy(dump["demand"])}
    for demand in _demands(fields):
        file = demand.get("file")
        if file and not file.startswith(PACKAGE):
            place, folder = Path(file).absolute(), path.parent.absolute()
            demand["file"] = str(place.relative_to(folder) if place.is_relative_to(folder) else place)
    written = text(fields).encode()
    try:
        check_size(len(written), TOML_BYTES_MAX)
    except OSError as error:
        raise ScenarioError([Problem(str(path), None, f"cannot be written: {error.strerror}")]) from None
    path.write_bytes(written)


def _plain(value: Any, field: str) -> Any:
    """Return a value as TOML can hold it: money as text, whole seconds without a fraction, nothing for None."""
    match value:
        case Mapping():
            return {key: _plain(each, dotted(field, key)) for key, each in value.items() if each is not None}
        case list() | tuple():
            return [_plain(each, f"{field}[{n}]") for n, each in enumerate(value)]
        case Decimal():
            return str(value)
        case float() if value.is_integer():
            return int(value)
        case str() | bool() | int() | float() | datetime():
            return value
    raise scenario_error(field, type(value).__qualname__, "an object of Python cannot be written to a file")
