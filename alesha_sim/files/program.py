"""Which program made a run or a file: versions, and whether its busiest modules are compiled."""

import platform
import sys
from importlib.metadata import version

from alesha_sim.form import COMPILED


def form() -> str:
    """Return `compiled` if the busiest modules are machine code, else `pure Python`."""
    return "compiled" if COMPILED else "pure Python"


def versions() -> dict[str, str]:
    """Return the versions of the package and of what a run depends on, and the package's form."""
    return {
        "alesha_sim": sys.modules["alesha_sim"].__version__,
        "form": form(),
        "python": platform.python_version(),
        **{package: version(package) for package in ("numpy", "simpy")},
    }
