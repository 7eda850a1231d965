"""Builds the library with its busiest modules compiled, beside the one that is edited: `make compiled`.

`PYTHONPATH=build/site` then runs any program with it, in the environment that it was built in.
"""

import hashlib
import os
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path
from tempfile import TemporaryDirectory
from zipfile import ZipFile

ROOT = Path(__file__).resolve().parents[1]
SITE = ROOT / "build" / "site"
STAMP = "built_from"
"""The file in it that holds the digest of the source that it was built from."""


def library() -> str:
    """Return a short digest of the library's source and of what says how it is built."""
    digest = hashlib.sha256()
    files = [*(ROOT / "alesha_sim").rglob("*.py"), ROOT / "hatch_build.py", ROOT / "pyproject.toml"]
    for path in sorted(files):
        digest.update(str(path.relative_to(ROOT)).encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()[:12]


def missing() -> str:
    """Say what a compilation needs and is not here; "" if nothing."""
    compiler = (sysconfig.get_config_var("CC") or "cc").split()[0]
    if shutil.which(compiler) is None:
        return f"the C compiler {compiler}"
    if not Path(sysconfig.get_path("include"), "Python.h").exists():
        return "Python's headers (Debian: python3-dev)"
    return ""


def wheel(folder: str | Path, *, compile_it: bool, python: str = sys.executable) -> Path:
    """Build the library's wheel into an empty folder, compiled or not, and return its path."""
    command = [python, "-m", "pip", "wheel", "--quiet", "--disable-pip-version-check", "--no-deps"]
    command += ["--no-build-isolation", "--wheel-dir", str(folder), str(ROOT)]
    subprocess.run(command, env=os.environ | {"ALESHA_COMPILE": str(int(compile_it))}, check=True)
    (built,) = Path(folder).glob("*.whl")
    return built


def compiled(site: Path = SITE, python: str = sys.executable) -> Path:
    """Build the compiled library for a Python, and return the folder to put in front of its path."""
    print("compiling: three minutes or so ...", file=sys.stderr)
    with TemporaryDirectory() as folder:
        built = wheel(folder, compile_it=True, python=python)
        shutil.rmtree(site, ignore_errors=True)
        with ZipFile(built) as files:
            files.extractall(site)
    (site / STAMP).write_text(library(), "utf-8")
    return site


def up_to_date(site: Path = SITE, python: str = sys.executable) -> Path:
    """Return the folder of the compiled library, built if there is none of this source."""
    stamp = site / STAMP
    return site if stamp.exists() and stamp.read_text("utf-8") == library() else compiled(site, python)


if __name__ == "__main__":
    if missing():
        sys.exit(f"cannot compile: {missing()} not found")
    print(compiled())
