"""Which program made a run or a file: versions, and whether its busiest modules are compiled."""

import platform
import sys
from functools import cache
from importlib.metadata import version
from importlib.util import find_spec

BUSIEST = "alesha_sim.recording.message_log"
"""A module that is compiled whenever any is; it is looked for, not imported."""


@cache
def form() -> str:
    """Return `compiled` if the busiest modules are machine code, else `pure Python`."""
    found = find_spec(BUSIEST)
    return "pure Python" if found is None or str(found.origin).endswith(".py") else "compiled"


def versions() -> dict[str, str]:
    """Return the versions of the package and of what a run depends on, and the package's form."""
    return {
        "alesha_sim": sys.modules["alesha_sim"].__version__,
        "form": form(),
        "python": platform.python_version(),
        **{package: version(package) for package in ("numpy", "simpy")},
    }
