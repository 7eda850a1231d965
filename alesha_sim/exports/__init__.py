"""Results as other people's programs read them: journals, event logs, tables.

`write(result, "beancount", "market.beancount")` writes one file or folder, whole or not at all. The same run gives
the same bytes. `demand` reads an event log back as a plan of visits. Importing this package loads no format.
"""

from collections.abc import Callable
from importlib import import_module
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from alesha_sim.exports.files import Progress, check_target, replacing, silent
from alesha_sim.files import folders

if TYPE_CHECKING:
    from alesha_sim.exports.plan import Plan, demand
    from alesha_sim.results.result import Result

__all__ = ["FORMATS", "Format", "Plan", "Progress", "check", "demand", "write"]


class Format(NamedTuple):
    """A format: the module and function that write it, whether it is a folder, and what it is for."""

    module: str
    writer: str
    is_folder: bool
    summary: str


FORMATS = {
    "beancount": Format("beancount", "write", False, "a Beancount file"),
    "hledger": Format("hledger", "write", False, "a journal for hledger or ledger"),
    "ocel-json": Format("ocel_json", "write", False, "an object-centric event log, OCEL 2.0 as JSON"),
    "ocel-sqlite": Format("ocel_sqlite", "write", False, "an object-centric event log, OCEL 2.0 as SQLite"),
    "xes": Format("xes", "write", False, "an event log, one trace an order"),
    "csv": Format("package", "write_csv", True, "a folder of CSV files with a data dictionary"),
    "parquet": Format("package", "write_parquet", True, "a folder of Parquet files with a data dictionary"),
    "duckdb": Format("duck", "write", False, "a DuckDB file with views (needs the extra duckdb)"),
}
"""The formats by name."""


def check(name: str, path: str | PathLike[str], *, overwrite: bool = False) -> Format:
    """Return a format that can be written to `path`; ValueError for an unknown name, OSError for the path."""
    if name not in FORMATS:
        raise ValueError(f"format {name}: must be one of {', '.join(FORMATS)}")
    check_target(Path(path), folder=FORMATS[name].is_folder, overwrite=overwrite)
    return FORMATS[name]


def write(
    result: "Result", name: str, path: str | PathLike[str], *, overwrite: bool = False, progress: Progress = silent
) -> None:
    """Write a result in a format of `FORMATS` to a file or folder, which appears whole or not at all.

    `progress` is called with the share that is done and a text. Raises ValueError for an unknown format,
    FileExistsError for a target that is there already (without `overwrite`), and ModuleNotFoundError naming the
    extra for a format whose package is not installed.
    """
    found = check(name, path, overwrite=overwrite)
    module = import_module(f"{__name__}.{found.module}")
    writer: Callable[..., None] = getattr(module, found.writer)
    target = Path(path)
    if found.is_folder:
        with folders.replacing(target) as ready:
            writer(result, ready, progress)
    else:
        with replacing(target) as ready:
            writer(result, ready, progress)


def __getattr__(name: str) -> Any:
    if name in ("Plan", "demand"):
        return getattr(import_module(f"{__name__}.plan"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
