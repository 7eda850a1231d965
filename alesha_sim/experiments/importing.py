"""Modules of a reader's own that are imported for a study must start none: every worker would start it again."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_IS_IMPORTING = ContextVar("importing", default=False)


@contextmanager
def importing() -> Iterator[None]:
    """Refuse studies meanwhile, in this thread: a module of the reader's own is imported for one."""
    token = _IS_IMPORTING.set(True)
    try:
        yield
    finally:
        _IS_IMPORTING.reset(token)


def refuse_while_importing() -> None:
    """Raise RuntimeError if a study starts while a module is imported for another, or for itself in a worker."""
    if _IS_IMPORTING.get():
        rule = 'starts a study while it is imported: its call must stand under if __name__ == "__main__":'
        raise RuntimeError(f"module {_module()} {rule}")


def _module() -> str:
    """Return the name of the innermost module whose own code is running."""
    frame = sys._getframe(1)
    while frame.f_code.co_name != "<module>" and frame.f_back is not None:
        frame = frame.f_back
    return str(frame.f_globals["__name__"])
