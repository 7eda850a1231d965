"""What the command writes to disk: whole or not at all.

Files are made in a hidden folder near their place and moved there when all of them are complete, so that neither
a fault nor an interruption leaves half of a result behind.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from alesha_sim.scenarios.errors import refuse

if TYPE_CHECKING:
    from alesha_sim.result import Result

MANIFEST = "manifest.json"
PICTURE = "balances.png"


def check(folder: Path, *, force: bool) -> None:
    """Raise ScenarioError unless a result can be written into the folder; with `force` it may hold something."""
    with _named("--out", folder):
        if folder.is_dir() and any(folder.iterdir()) and not force:
            raise refuse("--out", str(folder), "must be a new or empty folder (--force overwrites what is there)")
        _check_writable(folder)


def save(result: "Result", folder: Path) -> None:
    """Write a result's tables, manifest and picture of balances into the folder, over an earlier result's.

    Other files in the folder stay. Raises ScenarioError when something cannot be written.
    """
    with (
        _named("--out", folder),
        _parents(folder),
        _hidden(folder if folder.is_dir() else folder.parent) as hidden,
    ):
        ready = hidden / "result"
        result.save(ready)
        _draw(result, ready / PICTURE)
        _move(ready, folder)


def write_text(file: Path, text: str, *, force: bool) -> None:
    """Write a text file; raises ScenarioError when it cannot be written, or is there already without `force`."""
    with _named("FILE", file):
        if file.is_dir():
            raise refuse("FILE", str(file), "must not be a folder")
        if file.exists() and not force:
            raise refuse("FILE", str(file), "must not be there already (--force overwrites it)")
        if not file.absolute().parent.is_dir():
            raise refuse("FILE", str(file), "must lie in a folder that is there")
        with _hidden(file.parent) as hidden:
            ready = hidden / "text"
            ready.write_text(text, encoding="utf-8")
            os.replace(ready, file)


def _draw(result: "Result", file: Path) -> None:
    """Draw everybody's balances, without `pyplot` and so without any window system."""
    from matplotlib.figure import Figure

    from alesha_sim import plots
    from alesha_sim.plots.style import FIGURE_INCHES

    figure = Figure(figsize=FIGURE_INCHES, layout="constrained")
    plots.balances(result, ax=figure.subplots())
    figure.savefig(file, dpi=150)


def _move(ready: Path, folder: Path) -> None:
    """Move complete files to their place: at one stroke if it is new, else one by one."""
    if not folder.is_dir():
        os.replace(ready, folder)
        return
    # Without a manifest no folder is a result: one that mixes two results, if the machine stops here, is none.
    (folder / MANIFEST).unlink(missing_ok=True)
    for file in sorted(ready.iterdir(), key=lambda file: (file.name == MANIFEST, file.name)):
        os.replace(file, folder / file.name)


@contextmanager
def _hidden(place: Path) -> Iterator[Path]:
    """Give a folder for files that are not complete yet; it lies within the file system that they belong to."""
    with TemporaryDirectory(prefix=".alesha-", dir=place) as hidden:
        yield Path(hidden)


@contextmanager
def _parents(folder: Path) -> Iterator[None]:
    """Make the folders above, and remove them again if what follows fails."""
    above = folder.absolute().parents
    made = [each for each in above if not each.exists()]
    above[0].mkdir(parents=True, exist_ok=True)
    try:
        yield
    except BaseException:
        for each in made:
            with suppress(OSError):
                each.rmdir()
        raise


def _check_writable(folder: Path) -> None:
    """Raise ScenarioError unless the folder, or the nearest one above that is there, can be written in."""
    nearest = next(each for each in (folder, *folder.absolute().parents) if os.path.lexists(each))
    if not nearest.is_dir():
        raise refuse("--out", str(folder), f"{nearest} must be a folder")
    if not os.access(nearest, os.W_OK | os.X_OK):
        raise refuse("--out", str(folder), f"{nearest} must be writable")


@contextmanager
def _named(field: str, path: Path) -> Iterator[None]:
    """Raise what the operating system refuses as a ScenarioError that names the argument."""
    try:
        yield
    except OSError as error:
        raise refuse(field, str(path), f"cannot be written: {error.strerror or error}") from None
