"""Which form of the library this is: of Python alone, or with its busiest modules compiled."""

from types import FunctionType
from typing import Final


def _here() -> None:
    """Do nothing: what this function is tells whether the module is compiled."""


COMPILED: Final = not isinstance(_here, FunctionType)
"""Whether this module is machine code, and with it the others that can be.

Type checkers get the value (`always_false` in pyproject.toml, `--always-true` in hatch_build.py), so that
only the branch for its form is compiled.
"""
