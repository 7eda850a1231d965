"""The Python blocks of the README and of the documentation run as they stand, without a warning.

The blocks of one file share one namespace, from top to bottom, in an empty folder.
"""

import re
import runpy
import shutil
import subprocess
from pathlib import Path

import pytest
from conftest import needed_program

ROOT = Path(__file__).resolve().parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
BLOCK = re.compile(r"^```python\n(.*?)^```$", re.DOTALL | re.MULTILINE)


def blocks(page):
    """Return a page's Python blocks, each moved down to its own line so that errors point into the page."""
    text = page.read_text("utf-8")
    return ["\n" * text.count("\n", 0, match.start(1)) + match[1] for match in BLOCK.finditer(text)]


def with_blocks():
    return [pytest.param(page, id=page.relative_to(ROOT).as_posix()) for page in PAGES if blocks(page)]


@pytest.mark.parametrize("page", with_blocks())
def test_the_blocks_of_a_page_run(page, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MPLBACKEND", "Agg")
    namespace = {"__name__": "__main__"}
    for block in blocks(page):
        exec(compile(block, str(page), "exec"), namespace)


def test_the_readme_shows_some_python():
    assert blocks(ROOT / "README.md")


def test_a_wrong_block_would_fail(tmp_path, monkeypatch):
    page = tmp_path / "page.md"
    page.write_text("Text.\n\n```python\nbalance = 4_000\n```\n\n```python\nassert balance == 5_000\n```\n")
    with pytest.raises(AssertionError):
        test_the_blocks_of_a_page_run(page, tmp_path, monkeypatch)


def test_the_readme_opens_with_a_small_picture_of_the_code_as_it_is():
    text = (ROOT / "README.md").read_text("utf-8")
    (file,) = re.findall(r"^!\[[^\]]+\]\(([^)]+)\)$", text[: text.index("```")], re.MULTILINE)
    kept = (ROOT / file).read_text("utf-8")
    assert len(kept.encode()) < 150_000
    # Matplotlib draws the plot beside it, and not quite alike in each version.
    diagram, plot = runpy.run_path(str(ROOT / "docs" / "picture.py"))["picture"]().split(
        '<g transform="translate', 1
    )
    assert kept.startswith(diagram), "make picture draws it anew"
    ends = ("10,240", "5,760", "4,000")
    assert all(end in kept.removeprefix(diagram) and end in plot for end in ends)


def test_the_first_block_of_the_readme_is_ten_lines():
    assert len([line for line in blocks(ROOT / "README.md")[0].splitlines() if line]) == 10


LINK = re.compile(r"\]\((?!https?://|#|mailto:)([^)#\s]+)(?:#[^)]*)?\)")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_between_pages_lead_somewhere(page):
    targets = [page.parent / target for target in LINK.findall(page.read_text("utf-8"))]
    assert [str(target.relative_to(ROOT)) for target in targets if not target.exists()] == []


MENTIONED = re.compile(r"(test_\w+\.py)::(\w+)")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_tests_that_a_page_names_exist(page):
    named = MENTIONED.findall(page.read_text("utf-8"))
    sources = {file: (ROOT / "tests" / file).read_text("utf-8") for file, _ in named}
    assert [name for file, name in named if f"def {name}(" not in sources[file]] == []


def test_the_demo_ends_with_how_to_call_the_command_and_so_does_the_page(tmp_path):
    shutil.copy(ROOT / "Makefile", tmp_path)
    stamps = [
        tmp_path / name for name in ("pyproject.toml", "constraints.txt", ".venv/bin/python", ".venv/.replay")
    ]
    for stamp in stamps:
        stamp.parent.mkdir(parents=True, exist_ok=True)
        stamp.touch()
    (tmp_path / ".venv/bin/alesha").symlink_to("/bin/true")
    command = [needed_program("make"), "--no-print-directory", "demo"]
    said = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True).stdout
    assert "The command is .venv/bin/alesha. To call it alesha in this shell: . .venv/bin/activate" in said
    assert "`. .venv/bin/activate` puts it on the path" in (ROOT / "README.md").read_text("utf-8")
