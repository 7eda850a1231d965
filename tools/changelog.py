"""Prints what the changelog says of a version, for the text of a release: `python tools/changelog.py v0.2.0`.

With `--check` it prints nothing, and fails unless the version is that of the project and has a section.
"""

import re
import sys
import tomllib
from argparse import ArgumentParser
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def section(changelog: str, version: str) -> str:
    """Return the text under a version's heading, without the heading; raises ValueError if there is none."""
    found = re.search(rf"^## \[{re.escape(version)}\][^\n]*\n(.*?)(?=^## |\Z)", changelog, re.M | re.S)
    if found is None or not found[1].strip():
        raise ValueError(f"CHANGELOG.md: no section for version {version}")
    return found[1].strip() + "\n"


def checked(tag: str, project: str) -> str:
    """Return the version that a tag names; raises ValueError if it is not the project's."""
    version = tag.removeprefix("v")
    if version != project:
        raise ValueError(f"tag {tag}: must be v{project}, the version in pyproject.toml")
    return version


def main() -> None:
    """Print a version's section, or check that it is there."""
    parser = ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("tag", help="the version, with or without a v in front")
    parser.add_argument("--check", action="store_true", help="print nothing; fail if tag and project differ")
    options = parser.parse_args()
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["version"]
    try:
        text = section((ROOT / "CHANGELOG.md").read_text("utf-8"), checked(options.tag, project))
    except ValueError as error:
        sys.exit(str(error))
    if not options.check:
        print(text, end="")


if __name__ == "__main__":
    main()
