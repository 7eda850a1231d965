"""Compiles the modules in which a run spends its time, where a C compiler and Python's headers are at hand.

The compiler is mypyc; which modules it is given stands in `pyproject.toml`. The wheel holds them both ways, as
machine code, which Python prefers, and as source, which a traceback quotes. With `ALESHA_COMPILE=0` in the
environment nothing is compiled; with `ALESHA_COMPILE=1` a build that cannot compile fails. A free-threaded Python
gets the library in Python alone.
"""

import os
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

PACKAGE = "alesha_sim"
OPTIONS = ("--config-file=", "--follow-imports=silent", "--ignore-missing-imports", "--always-true=COMPILED")
"""What mypy is told: to compile takes the types of what is compiled; all others are checked elsewhere.

Of what has two forms, the one for machine code is compiled.
"""


class CompilingHook(BuildHookInterface):
    """Adds machine code to a wheel; an editable installation stays as it is: what is edited is what runs."""

    def dependencies(self) -> list[str]:
        """Return what a build needs besides, where it compiles."""
        needs: list[str] = self.config["needs"]
        return needs if _is_wanted() else []

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Compile a copy of the package, kept in `build`, and take the machine code into the wheel."""
        if version == "editable" or not _is_wanted():
            return
        root = Path(self.root)
        workshop = root / "build" / "compiled"
        self._copy(root, workshop)
        modules = [
            str(path.relative_to(workshop))
            for pattern in self.config["modules"]
            for path in sorted(workshop.glob(pattern))
        ]
        compiled = subprocess.run([sys.executable, "-m", "mypyc", *OPTIONS, *modules], cwd=workshop, check=False)
        if compiled.returncode:
            if _asked() == "1":
                raise RuntimeError(f"mypyc failed with exit status {compiled.returncode}")
            self.app.display_warning("alesha_sim: could not compile; this wheel is of Python alone, and slower")
            return
        made = [*workshop.glob("*.so"), *workshop.glob("*.pyd")]
        made += [*workshop.glob(f"{PACKAGE}/**/*.so"), *workshop.glob(f"{PACKAGE}/**/*.pyd")]
        build_data["force_include"].update({str(path): str(path.relative_to(workshop)) for path in made})
        build_data["dependencies"] += self.config["uses"]
        build_data["pure_python"] = False
        build_data["infer_tag"] = True

    @staticmethod
    def _copy(root: Path, workshop: Path) -> None:
        """Copy what is compiled; what mypyc made before stays beside it, so that it need not begin anew."""
        shutil.rmtree(workshop / PACKAGE, ignore_errors=True)
        for old in workshop.glob("*__mypyc*"):
            old.unlink()
        shutil.copytree(root / PACKAGE, workshop / PACKAGE, ignore=shutil.ignore_patterns("__pycache__"))


def _asked() -> str:
    """Return what the environment asks for: 1 to compile, 0 not to, auto if it can be done; raises ValueError."""
    asked = os.environ.get("ALESHA_COMPILE") or "auto"
    if asked not in ("0", "1", "auto"):
        raise ValueError(f"ALESHA_COMPILE: {asked!r}: must be 0, 1 or auto")
    return asked


def _is_wanted() -> bool:
    """Tell whether to compile; raises RuntimeError where that is asked for and must not be done."""
    asked = _asked()
    if asked == "1" and _is_free_threaded():
        raise RuntimeError(
            "ALESHA_COMPILE=1: must be 0 or auto on a free-threaded Python, which is not compiled for"
        )
    return asked == "1" or (asked == "auto" and _has_compiler() and not _is_free_threaded())


def _is_free_threaded() -> bool:
    """Tell whether this Python was built without the global lock, for which the machine code was never tried."""
    return bool(sysconfig.get_config_var("Py_GIL_DISABLED"))


def _has_compiler() -> bool:
    """Tell whether there are a C compiler and Python's headers."""
    compiler = (sysconfig.get_config_var("CC") or ("cl" if os.name == "nt" else "cc")).split()[0]
    return shutil.which(compiler) is not None and Path(sysconfig.get_path("include"), "Python.h").exists()
