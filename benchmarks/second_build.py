"""Times all programs with a second build of Python, beside the one that runs this.

It is a distribution's optimised Python, or one that is named. It gets an environment of its own in `build/second`,
with the tested versions of what the library and the other programs need. Machine code that was built for the same
version of Python is used as it is, as in an installed wheel; for another version it is built there.
"""

import subprocess
import sys
import tomllib
from email.parser import Parser
from pathlib import Path
from typing import Any

import compiled
from builds import facts_of, second, sentence
from peers import Beside, side_by_side

FOLDER = compiled.ROOT / "build" / "second"
REQUIREMENTS = Path(__file__).with_name("requirements.txt")


def measured(rounds: int, users: int, orders: int, named: str | None = None) -> dict[str, Any] | None:
    """Time all programs with the second build; None if there is none."""
    found = second(named)
    if found is None:
        return None
    python, site = prepared(found, FOLDER)
    beside = side_by_side(rounds, users, orders, python=str(python), built=site)
    return {"build": sentence(facts_of(found)), "beside": beside._asdict()}


def from_figures(figures: dict[str, Any] | None) -> tuple[Beside, str] | None:
    """Return what `measured` made, as named tuples: the times, and the build in words."""
    return None if figures is None else (Beside(**figures["beside"]), figures["build"])


def prepared(found: str, folder: Path) -> tuple[Path, Path]:
    """Return the Python of an environment with all that is needed, and the folder of the compiled library."""
    python = folder / "env" / "bin" / "python"
    compiles = tuple(facts_of(found)["version"]) != sys.version_info[:2]
    print(f"second build: an environment of {found} ...", file=sys.stderr)
    if not python.exists() or facts_of(str(python)) != facts_of(found):
        subprocess.run([found, "-m", "venv", "--clear", str(folder / "env")], check=True)
    packages = needed()
    packages += ["hatchling", "mypy", "setuptools", "wheel"] if compiles else []
    install = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    constraints = ["-c", str(compiled.ROOT / "constraints.txt"), "-r", str(REQUIREMENTS)]
    subprocess.run([*install, *constraints, *packages], check=True)
    if not compiles:
        return python, compiled.SITE
    return python, compiled.up_to_date(folder / "site", str(python))


def needed() -> list[str]:
    """Return what the library runs with: as the compiled one says of itself, else as the project does."""
    for path in compiled.SITE.glob("*.dist-info/METADATA"):
        said = Parser().parsestr(path.read_text("utf-8")).get_all("Requires-Dist", [])
        return [package for package in said if "extra ==" not in package]
    project = tomllib.loads((compiled.ROOT / "pyproject.toml").read_text("utf-8"))
    return list(project["project"]["dependencies"])
