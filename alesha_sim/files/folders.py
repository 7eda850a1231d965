"""Folders whose files change all at once, which no file system does for several files or two folders by itself.

New files are made in a hidden folder inside. Renaming that one is the step that counts: before it the old files
stand and after it the new ones, wherever a killed program stopped. What follows, moving them to their places, can
be finished at any time. Nothing outside the folder is written.

A program that fills a folder holds it by a lock of the operating system, which ends with the program, however that
ends. So what another one left unfinished in a folder that can be held belongs to nobody.
"""

import os
import shutil
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext, suppress
from errno import EACCES, EAGAIN, EBUSY, EDEADLK
from pathlib import Path
from tempfile import mkdtemp

UNFINISHED = ".alesha-unfinished-"
COMPLETE = ".alesha-complete"
HIDDEN = ".alesha-hidden-"
LOCK = ".alesha-lock"
MANIFEST = "manifest.json"  # what a result or a study says of itself; without it a folder is neither


def place(folder: Path, name: str) -> Path:
    """Return where a file of the folder is: a killed program may have left it complete, but not in its place."""
    complete = folder / COMPLETE / name
    return complete if complete.is_file() else folder / name


def is_empty(folder: Path) -> bool:
    """Tell whether there is no such folder, or nothing in it but what a killed program did not finish."""
    return not folder.exists() or all(
        each.name == LOCK or each.name.startswith(UNFINISHED) for each in folder.iterdir()
    )


def is_unfinished(folder: Path) -> bool:
    """Tell whether a program began to fill the folder, and has not finished or was killed."""
    return folder.is_dir() and any(folder.glob(UNFINISHED + "*"))


@contextmanager
def replacing(folder: Path, *, is_held: bool = False) -> Iterator[Path]:
    """Give an empty folder; the files put there replace, all or none, those of the same names in `folder`.

    The folder is made if need be, with those above; if anything fails, all is as it was. Other files in it stay.
    What killed programs left there is finished or removed first. The folder is held meanwhile, unless the caller
    holds it. Raises FileExistsError where a folder stands in the place of a file, and what `held` raises.
    """
    with nullcontext() if is_held else held(folder):
        _tidy(folder)
        unfinished = Path(mkdtemp(prefix=UNFINISHED, dir=folder))
        try:
            yield unfinished
            _check_places(unfinished, folder)
            unfinished.rename(folder / COMPLETE)
        except BaseException:
            shutil.rmtree(unfinished, ignore_errors=True)
            raise
        _move(folder / COMPLETE, folder)


@contextmanager
def hidden(folder: Path) -> Iterator[Path]:
    """Give a hidden folder in another, for files that will leave it; those of killed programs go first."""
    for left in sorted(folder.glob(HIDDEN + "*")):
        with suppress(OSError), locked(left):  # one that another program holds stays
            shutil.rmtree(left)
    own = Path(mkdtemp(prefix=HIDDEN, dir=folder))
    try:
        with locked(own):
            yield own
    finally:
        shutil.rmtree(own, ignore_errors=True)


# Holding a folder


@contextmanager
def held(folder: Path) -> Iterator[None]:
    """Make a folder if need be, with those above, and hold it; if anything fails, those that were made go.

    Raises OSError (EBUSY) at once where another program, or another part of this one, holds it.
    """
    made = [each for each in (folder, *folder.absolute().parents) if not each.exists()]
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with locked(folder):
            yield
    except BaseException:
        for each in made:
            with suppress(OSError):
                each.rmdir()
        raise


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Hold a folder that is there; raises OSError (EBUSY) at once where another holds it."""
    path = folder / LOCK
    file = _opened(path)
    try:
        yield
    finally:
        with suppress(OSError):  # one system removes no file that is open, another loses the lock with the file
            path.unlink()
        os.close(file)


def _opened(path: Path) -> int:
    """Return the file that is the lock, locked."""
    while True:
        file = os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0))
        try:
            _lock(file, path.parent)
            if path.exists() and os.path.samestat(os.fstat(file), path.stat()):
                return file
        except BaseException:
            os.close(file)
            raise
        os.close(file)  # the one that held it has just removed it


def _lock(file: int, folder: Path) -> None:
    try:
        if sys.platform == "win32":
            import msvcrt

            msvcrt.locking(file, msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno in (EACCES, EAGAIN, EDEADLK):
            raise OSError(EBUSY, "another program is writing into it", str(folder)) from None
        warnings.warn(f"{folder}: without locks here, two programs could write into it at once", stacklevel=2)


# Inside


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
        if left.is_dir() and not left.is_symlink():
            shutil.rmtree(left)
        else:
            left.unlink()


def _move(complete: Path, folder: Path) -> None:
    for file in sorted(complete.iterdir()):
        os.replace(file, folder / file.name)
    complete.rmdir()
