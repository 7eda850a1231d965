"""What the command writes to disk: whole or not at all.

Files are made in a hidden folder and moved to their places when all of them are complete, so that neither a
problem nor an interruption leaves half of a result behind.
"""

import os
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from alesha_sim.exports.files import UNLESS, replacing
from alesha_sim.files import folders, regular
from alesha_sim.recording.levels import ALL, NotRecorded
from alesha_sim.scenarios.errors import scenario_error

if TYPE_CHECKING:
    from pandas import DataFrame

    from alesha_sim.results.result import Result

PICTURE = "balances.png"


@contextmanager
def claimed(folder: Path | None, *, force: bool) -> Iterator[None]:
    """Hold the folder that a result will be written into, if there is one, so that no other run takes it.

    Raises ScenarioError unless it can be written; with `force` it may hold something.
    """
    if folder is None:
        yield
        return
    _check(folder, force=force)
    with ExitStack() as held:
        with _named("--out", folder):
            held.enter_context(folders.held(folder))
        _check(folder, force=force)  # now that nobody else can fill it
        yield


def _check(folder: Path, *, force: bool) -> None:
    with _named("--out", folder):
        if folder.is_dir() and not folders.is_empty(folder) and not force:
            raise scenario_error(
                "--out", str(folder), "must be a new or empty folder (--force overwrites what is there)"
            )
        _check_writable(folder)


def save(result: "Result", folder: Path, *, as_csv: bool) -> str:
    """Write a result's tables, manifest and picture of balances into a `claimed` folder; say what there is now.

    With `as_csv` the tables are written as CSV too, for spreadsheets. Without transfers there is no picture. What
    an earlier result left there and this one does not have goes; other files in the folder stay. Raises
    ScenarioError when something cannot be written.
    """
    from alesha_sim.exports import spreadsheets
    from alesha_sim.storage import parquet
    from alesha_sim.storage.target import remove_unrecorded

    has_picture = result.record == ALL
    with _named("--out", folder):
        with folders.replacing(folder, is_held=True) as ready:
            result.save(ready)
            if as_csv:
                spreadsheets.write(result, ready)
            if has_picture:
                _draw(result, ready / PICTURE)
        remove_unrecorded(folder, result.record, parquet.SUFFIX, spreadsheets.SUFFIX)
        if not has_picture:
            (folder / PICTURE).unlink(missing_ok=True)
    return f"tables, {folders.MANIFEST} and {PICTURE}" if has_picture else f"tables and {folders.MANIFEST}"


def save_tables(tables: Mapping[str, "DataFrame"], folder: Path) -> str:
    """Write the tables of a study into a `claimed` folder, for spreadsheets; say what there is now."""
    from alesha_sim.exports import spreadsheets

    with _named("--out", folder), folders.replacing(folder, is_held=True) as ready:
        for name, table in tables.items():
            spreadsheets.harmless(table).to_csv(ready / f"{name}{spreadsheets.SUFFIX}", index=False)
    return ", ".join(f"{name}{spreadsheets.SUFFIX}" for name in tables)


def write_text(file: Path, text: str, *, force: bool, argument: str = "FILE") -> None:
    """Write a text file; raises ScenarioError when it cannot be written, or is there already without `force`."""
    check_file(file, force=force, argument=argument)
    with _named(argument, file), replacing(file) as ready:
        ready.write_text(text, encoding="utf-8")


def check_file(file: Path, *, force: bool, argument: str = "FILE") -> None:
    """Raise ScenarioError unless a text file can be written; with `force` it may be there already."""
    with _named(argument, file):
        if file.is_dir():
            raise scenario_error(argument, str(file), "must not be a folder")
        if regular.is_other(file):
            raise scenario_error(argument, str(file), regular.RULE)
        if file.exists() and not force:
            raise scenario_error(argument, str(file), "must not be there already (--force overwrites it)")
        if not file.absolute().parent.is_dir():
            raise scenario_error(argument, str(file), "must lie in a folder that is there")


def check_result(folder: Path) -> None:
    """Raise ScenarioError unless a folder has the manifest of a result."""
    if not folders.place(folder, folders.MANIFEST).is_file():
        raise scenario_error("RESULT", str(folder), f"must be a folder with a result ({folders.MANIFEST})")


@contextmanager
def reading(folder: Path) -> Iterator[None]:
    """Raise what is wrong with a result's folder as a ScenarioError of one line."""
    try:
        yield
    except FileNotFoundError:
        raise scenario_error(
            "RESULT", str(folder), f"must be a folder with a result ({folders.MANIFEST})"
        ) from None
    except (OSError, ValueError) as error:
        raise scenario_error("RESULT", str(folder), _one_line(error)) from None


@contextmanager
def spooling(folder: Path | None, out: Path | None) -> Iterator[None]:
    """Raise why a spool cannot be written, now or later in a run, as a ScenarioError of one line."""
    if folder is not None and out is not None and folder.resolve() == out.resolve():
        raise scenario_error("--spool", str(folder), "must be another folder than that of --out")
    try:
        yield
    except FileExistsError:
        raise scenario_error("--spool", str(folder), "must be a new or empty folder") from None
    except OSError as error:
        if folder is None:
            raise
        reason = str(error.strerror or error).rpartition("cannot be written: ")[2]
        raise scenario_error("--spool", str(folder), f"cannot be written: {reason}") from None


@contextmanager
def exporting(path: Path) -> Iterator[None]:
    """Raise why an export cannot be written as a ScenarioError of one line."""
    try:
        yield
    except NotRecorded:  # this is not about the path
        raise
    except (FileExistsError, FileNotFoundError, ValueError) as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise scenario_error("--out", str(path), f"cannot be written: {error.strerror}") from None
        rule = _one_line(error).removeprefix(f"{path}: ")
        raise scenario_error("--out", str(path), rule.replace(UNLESS, " (--force overwrites it)")) from None
    except ModuleNotFoundError as error:
        rule = f"needs the package {error.name} (extra of the same name)"
        raise scenario_error("--to", str(error.name), rule) from None
    except OSError as error:
        raise scenario_error("--out", str(path), f"cannot be written: {error.strerror or error}") from None


def _one_line(error: Exception) -> str:
    return "; ".join(str(error).splitlines())


def _draw(result: "Result", file: Path) -> None:
    """Draw everybody's balances, without `pyplot` and so without any window system."""
    from matplotlib.figure import Figure

    from alesha_sim import plots
    from alesha_sim.plots.style import FIGURE_INCHES

    figure = Figure(figsize=FIGURE_INCHES, layout="constrained")
    plots.balances(result, ax=figure.subplots())
    figure.savefig(file, dpi=150)


def _check_writable(folder: Path) -> None:
    """Raise ScenarioError unless the folder, or the nearest one above that is there, can be written in."""
    nearest = next(each for each in (folder, *folder.absolute().parents) if os.path.lexists(each))
    if not nearest.is_dir():
        raise scenario_error("--out", str(folder), f"{nearest} must be a folder")
    if not os.access(nearest, os.W_OK | os.X_OK):
        raise scenario_error("--out", str(folder), f"{nearest} must be writable")


@contextmanager
def _named(field: str, path: Path) -> Iterator[None]:
    """Raise what the operating system refuses as a ScenarioError that names the argument."""
    try:
        yield
    except OSError as error:
        raise scenario_error(field, str(path), f"cannot be written: {error.strerror or error}") from None
