"""Folders whose files change at one stroke, although no file system can exchange many files, or two folders, so.

New files are made in a hidden folder inside. Renaming that one is the step that counts: before it the old files
stand and after it the new ones, wherever a killed program stopped. What follows, moving them to their places, can
be finished at any time. Nothing outside the folder is written.
"""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import mkdtemp

UNFINISHED = ".alesha-unfinished-"
COMPLETE = ".alesha-complete"


def place(folder: Path, name: str) -> Path:
    """Return where a file of the folder is: a killed program may have left it complete, but not in its place."""
    complete = folder / COMPLETE / name
    return complete if complete.is_file() else folder / name


def is_empty(folder: Path) -> bool:
    """Tell whether there is no such folder, or nothing in it but what a killed program did not finish."""
    return not folder.exists() or all(each.name.startswith(UNFINISHED) for each in folder.iterdir())


def is_unfinished(folder: Path) -> bool:
    """Tell whether a program began to fill the folder, and has not finished or was killed."""
    return folder.is_dir() and any(folder.glob(UNFINISHED + "*"))


@contextmanager
def replacing(folder: Path) -> Iterator[Path]:
    """Give an empty folder; the files put there replace, all or none, those of the same names in `folder`.

    The folder is made if need be, with those above; if anything fails, all is as it was. Other files in it stay.
    What killed programs left there is finished or removed first; so is what a living one has not finished, which
    then fails. Raises FileExistsError where a folder stands in the place of a file.
    """
    made = [each for each in (folder, *folder.absolute().parents) if not each.exists()]
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _tidy(folder)
        unfinished = Path(mkdtemp(prefix=UNFINISHED, dir=folder))
        try:
            yield unfinished
            _check_places(unfinished, folder)
            unfinished.rename(folder / COMPLETE)
        except BaseException:
            shutil.rmtree(unfinished, ignore_errors=True)
            raise
    except BaseException:
        for each in made:
            with suppress(OSError):
                each.rmdir()
        raise
    _move(folder / COMPLETE, folder)


def _check_places(files: Path, folder: Path) -> None:
    for file in sorted(files.iterdir()):
        goal = folder / file.name
        if goal.is_dir() and not goal.is_symlink():
            raise FileExistsError(f"{goal}: must be a file, not a folder")


def _tidy(folder: Path) -> None:
    """Bring to its end what killed programs began: complete files go to their places, all others away."""
    complete = folder / COMPLETE
    if complete.is_dir() and not complete.is_symlink():
        _move(complete, folder)
    else:
        complete.unlink(missing_ok=True)
    for left in sorted(folder.glob(UNFINISHED + "*")):
        _remove(left)


def _move(complete: Path, folder: Path) -> None:
    for file in sorted(complete.iterdir()):
        with suppress(FileNotFoundError):  # another program is finishing this, too
            os.replace(file, folder / file.name)
    with suppress(FileNotFoundError):
        complete.rmdir()


def _remove(unfinished: Path) -> None:
    """Remove another program's unfinished folder, or whatever stands in its place, without following links."""
    with suppress(FileNotFoundError):
        # Renamed first: should that program still live, it must not complete what is half removed.
        gone = unfinished.rename(f"{unfinished}-")
        if gone.is_dir() and not gone.is_symlink():
            shutil.rmtree(gone)
        else:
            gone.unlink()
