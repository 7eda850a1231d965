"""The command `alesha`: how a call begins and how it ends.

Contains the exit status: 0 success, 1 a law is broken or a check failed, 2 invalid input. The arguments are in
`cli/arguments.py`, what each command does in `cli/commands.py`, how it prints in `cli/output.py`, what it says of
a run in `cli/outcome.py`, what it writes in `cli/folder.py`. Importing this package loads only the standard
library, so that short commands answer at once.
"""

import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from io import TextIOWrapper

from alesha_sim.cli.arguments import COMMANDS, parse
from alesha_sim.recording.levels import NotRecorded
from alesha_sim.scenarios.errors import ScenarioError

DONE, BROKEN, BAD_INPUT, INTERRUPTED, PIPE_CLOSED = 0, 1, 2, 130, 141
"""Exit statuses; the last two are those of a shell for SIGINT and SIGPIPE."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command with the arguments `argv` (default: the program's) and return its exit status.

    0 done; 1 a law broken or a check failed; 2 bad input, with a line on standard error for each problem; 130 when
    interrupted; 141 when the reader of the output has gone.
    """
    _prepare_streams()
    try:
        status = _status(argv)
        sys.stdout.flush()
    except BrokenPipeError:
        _discard_output()
        return PIPE_CLOSED
    except OSError as error:
        _discard_output()
        with suppress(BrokenPipeError):  # nobody is there to read it
            print(f"{error.filename or 'output'}: {error.strerror or error}", file=sys.stderr)
        return BAD_INPUT
    except KeyboardInterrupt:
        return INTERRUPTED
    return status


def _status(argv: Sequence[str] | None) -> int:
    """Run the command, and say what was wrong with its input."""
    try:
        arguments = parse(argv)
        return DONE if COMMANDS[arguments.command].run(arguments) else BROKEN
    except (ScenarioError, NotRecorded) as error:
        print(error, file=sys.stderr)
        return BAD_INPUT
    except (AssertionError, RuntimeError, ValueError) as error:
        if answer := _unusable_answer(error):
            print(answer, file=sys.stderr)
            return BAD_INPUT
        if not _is_broken_law(error):
            raise
        print(error, file=sys.stderr)
        return BROKEN
    except SystemExit as end:  # how argparse ends after --help and --version
        return int(end.code or 0)


def _unusable_answer(error: BaseException | None) -> BaseException | None:
    """Return the error that says what a policy answered, in whose process ever that was; None if none did."""
    from alesha_sim.policies import PolicyError

    while error is not None and not isinstance(error, PolicyError):
        error = error.__cause__
    return error


def _is_broken_law(error: BaseException | None) -> bool:
    """Tell whether an error comes from a transfer that the books refused, in whose process ever that was."""
    from alesha_sim.books.ledger import LawBroken

    while error is not None and not isinstance(error, LawBroken):
        error = error.__cause__
    return error is not None


def _prepare_streams() -> None:
    """Let the output take every text, and give it a stream where the shell closed it (`>&-`).

    Writing into a closed output fails as the system says; what is meant for a closed standard error is lost.
    """
    if sys.stdout is None:
        sys.stdout = os.fdopen(os.open(os.devnull, os.O_RDONLY), "w", encoding="utf-8")
    if sys.stderr is None:
        sys.stderr = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115  # as long as the program
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper) and stream.errors == "strict":
            stream.reconfigure(errors="backslashreplace")  # a name that the terminal cannot show


def _discard_output() -> None:
    """Let what is still to be written go nowhere, so that closing the output at the end raises nothing."""
    with suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
