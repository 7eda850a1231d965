"""How far a study is: runs done, rate, time left and failures, on a terminal or in a notebook; else nothing."""

import sys
from types import TracebackType
from typing import Any, Self


class Progress:
    """A tqdm bar that counts runs, or nothing where nobody would see it; gone when the study ends."""

    def __init__(self, *, shown: bool, total: int | None, done: int = 0) -> None:
        self._failures = 0
        make = _bar() if shown else None
        self._bar = make(total=total, initial=done, unit="run", leave=False) if make else None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bar is not None:
            self._bar.close()

    def count(self, *, failed: bool) -> None:
        """Count one run."""
        if self._bar is None:
            return
        if failed:
            self._failures += 1
            self._bar.set_postfix_str(f"{self._failures} failed", refresh=False)
        self._bar.update()


def _bar() -> Any:
    """Return tqdm as it suits the place, None if there is none."""
    if "ipykernel" in sys.modules:
        return _notebook_bar()
    if sys.stderr is not None and sys.stderr.isatty():
        from tqdm import tqdm

        return tqdm
    return None


def _notebook_bar() -> Any:
    """Return the bar of a notebook, which needs the package ipywidgets; without it, one of text."""
    from importlib.util import find_spec

    if find_spec("ipywidgets") is not None:
        from tqdm.notebook import tqdm as of_widgets

        return of_widgets
    from tqdm import tqdm

    return tqdm
