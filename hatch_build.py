"""Compiles the modules in which a run spends its time, where the environment says `ALESHA_COMPILE=1`.

The compiler is mypyc; which modules it is given stands in `pyproject.toml`. The wheel holds them both ways, as
machine code, which Python prefers, and as source, which a traceback quotes. A C compiler and Python's headers are
needed.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

PACKAGE = "alesha_sim"
LENIENT = ("--config-file=", "--follow-imports=silent", "--ignore-missing-imports")
"""What mypy is told: to compile takes the types of what is compiled; all others are checked elsewhere."""


class CompilingHook(BuildHookInterface):
    """Adds machine code to a wheel; an editable installation stays as it is: what is edited is what runs."""

    def dependencies(self) -> list[str]:
        """Return what a build needs besides, where it compiles."""
        needs: list[str] = self.config["needs"]
        return needs if _is_asked_for() else []

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Compile a copy of the package, kept in `build`, and take the machine code into the wheel."""
        if not _is_asked_for() or version == "editable":
            return
        root = Path(self.root)
        workshop = root / "build" / "compiled"
        self._copy(root, workshop)
        modules = [
            str(path.relative_to(workshop))
            for pattern in self.config["modules"]
            for path in sorted(workshop.glob(pattern))
        ]
        subprocess.run([sys.executable, "-m", "mypyc", *LENIENT, *modules], cwd=workshop, check=True)
        made = [*workshop.glob("*.so"), *workshop.glob("*.pyd")]
        made += [*workshop.glob(f"{PACKAGE}/**/*.so"), *workshop.glob(f"{PACKAGE}/**/*.pyd")]
        build_data["force_include"].update({str(path): str(path.relative_to(workshop)) for path in made})
        build_data["pure_python"] = False
        build_data["infer_tag"] = True

    @staticmethod
    def _copy(root: Path, workshop: Path) -> None:
        """Copy what is compiled; what mypyc made before stays beside it, so that it need not begin anew."""
        shutil.rmtree(workshop / PACKAGE, ignore_errors=True)
        for old in workshop.glob("*__mypyc*"):
            old.unlink()
        shutil.copytree(root / PACKAGE, workshop / PACKAGE, ignore=shutil.ignore_patterns("__pycache__"))


def _is_asked_for() -> bool:
    return os.environ.get("ALESHA_COMPILE", "0") not in ("", "0")
