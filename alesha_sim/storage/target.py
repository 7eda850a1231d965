"""The folder that a result is saved to: what may be overwritten, and what an earlier result left there."""

from pathlib import Path

from alesha_sim.files import folders
from alesha_sim.recording.levels import is_on
from alesha_sim.tables.schema import SCHEMA


def refuse_to_overwrite(target: Path, *, overwrite: bool = False) -> None:
    """Raise FileExistsError for a file, and for a folder with something in it, but a result with `overwrite`.

    Raises ValueError for a name that is no text.
    """
    # Bytes that are no text: what writes Parquet files cannot name one there.
    if any("\udc80" <= sign <= "\udcff" for sign in str(target)):
        raise ValueError(f"folder {str(target)!r}: must be a name in UTF-8")
    if target.exists() and not target.is_dir():
        raise FileExistsError(f"{target}: must be a folder, not a file")
    if folders.is_empty(target):
        return
    if not overwrite:
        raise FileExistsError(f"{target}: must be empty, or be overwritten by request")
    if not folders.place(target, folders.MANIFEST).exists():
        raise FileExistsError(f"{target}: must hold a result ({folders.MANIFEST}) to be overwritten")


def remove_unrecorded(folder: Path, record: str, *suffixes: str) -> None:
    """Remove the files of tables that are off, which an earlier result left in the folder."""
    for table in SCHEMA:
        if not is_on(table, record):
            for suffix in suffixes:
                (folder / (table + suffix)).unlink(missing_ok=True)
