"""Tells how a Python was built, and finds a second one to measure beside: `python benchmarks/builds.py` says both.

An optimised CPython (profile-guided and link-time optimised, as distributions build it) runs Python code faster
than a plain one, so that ratios to machine code depend on the build. This file imports nothing but the standard
library, since the other Python runs it, too.
"""

import json
import platform
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path
from typing import Any

OLDEST = (3, 11)
PLACES = ("/usr/bin/python3", "/usr/local/bin/python3", "/opt/homebrew/bin/python3")
"""Where a distribution's Python is looked for."""


def facts() -> dict[str, Any]:
    """Return how the Python that runs this was built."""
    named = ("CONFIG_ARGS", "PY_CFLAGS", "PY_CORE_CFLAGS", "PY_CORE_LDFLAGS", "CFLAGS_NODIST", "LDFLAGS_NODIST")
    said = {name: str(sysconfig.get_config_var(name) or "") for name in named}
    words = " ".join(said.values()).replace("'", " ").split()
    levels = [word for word in said["PY_CFLAGS"].split() if word.startswith("-O")]
    return {
        "name": f"{platform.python_implementation()} {platform.python_version()}",
        "version": list(sys.version_info[:2]),
        "compiler": platform.python_compiler(),
        "level": levels[-1] if levels else "",
        "profile": "--enable-optimizations" in words or any(word.startswith("-fprofile-use") for word in words),
        "link_time": any(word.startswith(("--with-lto", "-flto")) and not word.endswith("=no") for word in words),
        "free_threaded": bool(sysconfig.get_config_var("Py_GIL_DISABLED")),
        "prefix": sys.base_prefix,
        "headers": Path(sysconfig.get_path("include"), "Python.h").exists(),
    }


def facts_of(python: str) -> dict[str, Any]:
    """Return how another Python was built; OSError or CalledProcessError if it does not run."""
    done = subprocess.run([python, __file__, "--facts"], capture_output=True, text=True, check=True)
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def sentence(found: dict[str, Any]) -> str:
    """Say in a few words how a Python was built."""
    parts = [found["name"], found["compiler"], found["level"], *_optimised(found)]
    return ", ".join([*filter(None, parts), *(["free-threaded"] if found["free_threaded"] else [])])


def _optimised(found: dict[str, Any]) -> list[str]:
    """Tell whether a build was optimised; a distribution may leave out of its report what it built with."""
    if found["prefix"] == "/usr" and not (found["profile"] or found["link_time"]):
        return ["a distribution's package, which does not report whether it was optimised (Debian's is)"]
    return [
        f"{'' if found[name] else 'not '}{words}"
        for name, words in (("profile", "profile-guided"), ("link_time", "link-time optimised"))
    ]


def second(named: str | None = None) -> str | None:
    """Return the Python to measure beside this one: the one that is `named`, else a distribution's, else None."""
    own = Path(sys.base_prefix).resolve()
    for path in [named] if named else PLACES:
        if shutil.which(path) is None:
            continue
        try:
            found = facts_of(path)
        except (OSError, subprocess.CalledProcessError, json.JSONDecodeError):  # none, or far too old
            continue
        if tuple(found["version"]) >= OLDEST and (named or Path(found["prefix"]).resolve() != own):
            return path
    return None


def main() -> None:
    """Print the facts of this Python as JSON, or a sentence on this and on the second."""
    if sys.argv[1:] == ["--facts"]:
        print(json.dumps(facts()))
        return
    print(sentence(facts()))
    beside = second()
    print(f"beside: {sentence(facts_of(beside)) if beside else 'no other Python found'}")


if __name__ == "__main__":
    main()
