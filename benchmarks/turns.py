"""Processes that take turns: each waits until it is told to go on, so that only one works at a time."""

import os
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent


def start(
    script: str, *arguments: object, site: Path | None = None, python: str | None = None
) -> subprocess.Popen[str]:
    """Start a script of this folder in a process of its own, with the modules of `site`, else the same as here.

    Another `python` finds the library in `site` or in this checkout, and everything else in its own packages.
    """
    command = [python or sys.executable, str(HERE / script), *map(str, arguments)]
    others = [str(HERE.parent)] if python else sys.path
    path = [*([] if site is None else [str(site)]), *others]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(path)}
    return subprocess.Popen(command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def line_from(process: subprocess.Popen[str]) -> str:
    """Return the next line that a process writes, without its end; RuntimeError if there is none."""
    assert process.stdout is not None
    line = process.stdout.readline()
    if not line:
        raise RuntimeError(f"failed: {process.args}")
    return line.strip()


def next_turn(process: subprocess.Popen[str]) -> str:
    """Let a process have its turn, and return what it says at the end."""
    assert process.stdin is not None
    process.stdin.write("\n")
    process.stdin.flush()
    return line_from(process)


def wait_for_turn() -> None:
    """Say with an empty line that the turn is over, and wait for a line that says it has come again."""
    print(flush=True)
    if not sys.stdin.readline():
        raise SystemExit("whoever hands out the turns is gone")
