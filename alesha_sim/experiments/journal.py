"""The journal of a study's folder: a line for each file with its SHA-256, so that no change goes unnoticed.

`sha256sum --check journal.sha256` reads it, too. A file counts from the moment its line is on disk: what is in its
place without a line, or has a line and is not as that says, was damaged. Only the last step, to put a file that
has its line into its place, may be missing after a kill; until the next start does it, the file is found where it
was made. What files hold stands in `folder.py`.
"""

import os
import re
from collections.abc import Mapping
from contextlib import suppress
from hashlib import sha256
from pathlib import Path

from alesha_sim.files import folders, regular
from alesha_sim.scenarios.errors import Problem, ScenarioError

JOURNAL = "journal.sha256"
LINE = re.compile(rb"([0-9a-f]{64})  ([\w./-]+)")
BEGUN = re.compile(rb"[0-9a-f]{,64}|[0-9a-f]{64} {1,2}[\w./-]*")
"""The last line, if a program was killed while it wrote it."""


class Journal:
    """The names of a folder's files, relative to it, and their digests as far as it was read or written."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.digests: dict[str, str] = {}
        self._seen = b""

    @property
    def path(self) -> Path:
        """The journal's own file."""
        return self.folder / JOURNAL

    def read(self) -> bool:
        """Read what the journal says now; False if there is none. Raises ScenarioError for a line that is none."""
        self._seen = self._bytes()
        *lines, last = self._seen.split(b"\n")
        found = [LINE.fullmatch(line) for line in lines]
        if not all(found) or not BEGUN.fullmatch(last):
            number = found.index(None) if None in found else len(lines)
            raise damaged(self.path, f"line {number + 1} is not as it was written")
        self.digests = {match[2].decode(): match[1].decode() for match in found if match}
        return bool(self._seen)

    def has_changed(self) -> bool:
        """Tell whether another program has written since this one read."""
        return self._bytes() != self._seen

    def _bytes(self) -> bytes:
        try:
            return regular.content(self.path)
        except FileNotFoundError:
            return b""
        except OSError as error:
            raise damaged(self.path, f"cannot be read: {error.strerror}") from None

    # Reading files

    def content(self, name: str) -> bytes:
        """Return a file's bytes; raises ScenarioError that names it unless they are as they were written."""
        if name not in self.digests:
            raise damaged(self.path, f"has no line for {name}")
        for path in (self.folder / name, ready_place(self.folder / name)):
            with suppress(OSError):
                content = regular.content(path)
                if sha256(content).hexdigest() == self.digests[name]:
                    return content
        raise self._damaged(name)

    def check_there(self, name: str) -> None:
        """Raise ScenarioError unless a file has a line and is in its place; what it holds is not read."""
        if name not in self.digests:
            raise damaged(self.path, f"has no line for {name}")
        if not (self.folder / name).is_file():
            raise self._damaged(name)

    def _damaged(self, name: str) -> ScenarioError:
        """Return the error of a file that is missing or changed; of runs it says how they are made again."""
        path = self.folder / name
        if os.path.lexists(path):
            rule, delete = f"is not as it was written: {JOURNAL} has another digest", "it and its line"
        else:
            rule, delete = "is missing", "its line"
        if name.startswith("runs"):
            runs = "its run" if "/" in name else "the runs in it"
            rule += f"; to have {runs} made again, delete {delete} in {JOURNAL}"
        return damaged(path, rule)

    # Writing

    def write(self, files: Mapping[str, bytes], last: str) -> None:
        """Put files in their places; they count, all of them, from the moment the line of the last is on disk."""
        self._end_line()
        for name, content in files.items():
            path = ready(self.folder / name, content)
            if name != last:
                os.replace(path, self.folder / name)
        self._append({name: sha256(content).hexdigest() for name, content in files.items()})
        os.replace(ready_place(self.folder / last), self.folder / last)

    def _append(self, digests: Mapping[str, str]) -> None:
        lines = _lines(digests)
        with self.path.open("ab") as file:
            file.write(lines)
            file.flush()
            os.fsync(file.fileno())
        self.digests.update(digests)
        self._seen += lines

    def take_over(self, name: str, content: bytes, others: Mapping[str, str]) -> None:
        """Put a file in its place that counts, with the others, instead of all that counted before."""
        path = ready(self.folder / name, content)
        self.replace({**others, name: sha256(content).hexdigest()})
        os.replace(path, self.folder / name)

    def replace(self, digests: Mapping[str, str]) -> None:
        """Say all that counts from now on."""
        lines = _lines(digests)
        put(self.path, lines)
        self.digests, self._seen = dict(digests), lines

    def tidy(self) -> None:
        """Finish what a killed program began, in a folder that is held: files with a line go to their places."""
        for left in sorted(self.folder.rglob(folders.UNFINISHED + "*")):
            path = left.with_name(left.name.removeprefix(folders.UNFINISHED))
            digest = self.digests.get(path.relative_to(self.folder).as_posix())
            if digest is not None and sha256(regular.content(left)).hexdigest() == digest:
                os.replace(left, path)
            else:
                left.unlink()
        self._end_line()

    def _end_line(self) -> None:
        """Take away a last line that a killed program did not write to its end."""
        if not self._seen.endswith(b"\n"):
            self.replace(self.digests)


def damaged(path: Path, rule: str) -> ScenarioError:
    """Return the error of a file of a study that is not as it was written."""
    return ScenarioError([Problem("folder", str(path), rule)])


# Files, each of which is in its place as a whole or not at all


def put(path: Path, content: bytes) -> None:
    """Put a file in its place, on disk before it is there."""
    os.replace(ready(path, content), path)


def ready(path: Path, content: bytes) -> Path:
    """Write a file, on disk when this returns, beside the place that it is for; return where it is."""
    path.parent.mkdir(parents=True, exist_ok=True)
    place = ready_place(path)
    with place.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    return place


def ready_place(path: Path) -> Path:
    """Return where a file is made that is for a place."""
    return path.with_name(folders.UNFINISHED + path.name)


def _lines(digests: Mapping[str, str]) -> bytes:
    return "".join(f"{digest}  {name}\n" for name, digest in digests.items()).encode()
