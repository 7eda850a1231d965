"""Keeps the figures of each part of a page in a file of its own, so that the parts can be measured one by one.

A file tells, beside the figures, of which library they are (a digest of its source), on which build of Python and
machine they were measured, when, and how long it took. An interrupted measurement loses one part.
"""

import json
import os
import platform
import re
from collections.abc import Callable
from datetime import date
from pathlib import Path
from time import perf_counter
from typing import Any, NamedTuple

from builds import facts, sentence
from compiled import library


class Kept(NamedTuple):
    """The `figures` of a part, as JSON holds them, and what they were measured of, with, where and when."""

    library: str
    build: str
    machine: str
    date: str
    seconds: float
    figures: Any

    @property
    def is_current(self) -> bool:
        """Whether the library, the Python and the machine are those of today."""
        return (self.library, self.build, self.machine) == (library(), sentence(facts()), machine())


def measured(measure: Callable[[], Any]) -> Kept:
    """Measure a part now."""
    source, started = library(), perf_counter()
    figures = json.loads(json.dumps(rounded(measure())))  # the same whether just measured or read from its file
    seconds = round(perf_counter() - started, 1)
    return Kept(source, sentence(facts()), machine(), date.today().isoformat(), seconds, figures)


def rounded(value: Any) -> Any:
    """Return figures with six digits each, which is more than any of them is good for."""
    if isinstance(value, dict):
        return {name: rounded(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [rounded(one) for one in value]
    return float(f"{value:.6g}") if isinstance(value, float) else value


def write(folder: Path, part: str, kept: Kept) -> None:
    """Write a part's file, whole or not at all."""
    folder.mkdir(parents=True, exist_ok=True)
    unfinished = folder / f"{part}.json.unfinished"
    lines = [f"{json.dumps(name)}: {_wrapped(value)}" for name, value in kept._asdict().items()]
    unfinished.write_text("{\n" + ",\n".join(lines) + "\n}\n", "utf-8")
    os.replace(unfinished, folder / f"{part}.json")


def _wrapped(value: Any) -> str:
    """Return a value as JSON with short lines, so that a change of one figure is a change of one line."""
    return json.dumps(value, indent=1) if isinstance(value, dict | list) else json.dumps(value)


def read(folder: Path, part: str) -> Kept | None:
    """Return what was kept of a part, None if nothing was."""
    path = folder / f"{part}.json"
    return Kept(**json.loads(path.read_text("utf-8"))) if path.exists() else None


def machine() -> str:
    """Return the number of cores and the name of the processor."""
    return f"{os.cpu_count()} cores, {processor()}"


def processor() -> str:
    """Return the processor's name."""
    described = Path("/proc/cpuinfo")
    text = described.read_text("utf-8") if described.exists() else ""
    found = re.search(r"^model name\s*:\s*(.+)$", text, re.MULTILINE)
    return found[1].strip() if found else platform.processor() or platform.machine()
