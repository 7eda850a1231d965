"""Builds the library with its busiest modules compiled, beside the one that is edited: `make compiled`.

`PYTHONPATH=build/site` then runs any program with it, in the environment that it was built in.
"""

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


def missing() -> str:
    """Say what a compilation needs and is not here; "" if nothing."""
    compiler = (sysconfig.get_config_var("CC") or "cc").split()[0]
    if shutil.which(compiler) is None:
        return f"the C compiler {compiler}"
    if not Path(sysconfig.get_path("include"), "Python.h").exists():
        return "Python's headers (Debian: python3-dev)"
    return ""


def wheel(folder: str | Path, *, compile_it: bool) -> Path:
    """Build the library's wheel into an empty folder, compiled or not, and return its path."""
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--disable-pip-version-check", "--no-deps"]
    command += ["--no-build-isolation", "--wheel-dir", str(folder), str(ROOT)]
    subprocess.run(command, env=os.environ | {"ALESHA_COMPILE": str(int(compile_it))}, check=True)
    (built,) = Path(folder).glob("*.whl")
    return built


def compiled() -> Path:
    """Build the compiled library and return the folder to put in front of Python's path."""
    print("compiling: three minutes or so ...", file=sys.stderr)
    with TemporaryDirectory() as folder:
        built = wheel(folder, compile_it=True)
        shutil.rmtree(SITE, ignore_errors=True)
        with ZipFile(built) as files:
            files.extractall(SITE)
    return SITE


if __name__ == "__main__":
    if missing():
        sys.exit(f"cannot compile: {missing()} not found")
    print(compiled())
