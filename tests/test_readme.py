"""README and docs: every block runs as it stands, every link leads somewhere, the picture is readable.

The Python blocks of one file share one namespace, from top to bottom, in an empty folder; so do its commands.
"""

import os
import re
import runpy
import shlex
import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest
from conftest import is_full_size, needed_program

from alesha_sim.cli import arguments

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


def opening_picture():
    """Return the file of the picture that the README opens with."""
    text = (ROOT / "README.md").read_text("utf-8")
    (file,) = re.findall(r"^!\[[^\]]+\]\(([^)]+)\)$", text[: text.index("```")], re.MULTILINE)
    return ROOT / file


def test_the_readme_opens_with_a_small_picture_of_the_code_as_it_is():
    kept = opening_picture().read_text("utf-8")
    assert len(kept.encode()) < 150_000
    drawn = runpy.run_path(str(ROOT / "docs" / "picture.py"))["picture"]()
    assert kept == drawn, "make picture draws it again"
    assert all(f"→ {end}</text>" in kept for end in ("4,000", "10,240", "20,000", "5,760"))


LETTERS = """() => [...document.querySelectorAll("svg text")].map(text => {
    const scale = text.getScreenCTM();
    return parseFloat(getComputedStyle(text).fontSize) * Math.hypot(scale.a, scale.b);
})"""


def letters(browser, picture, width=880):
    """Return how many pixels high each text of an SVG is set, where the picture is that wide."""
    page = browser.new_page(viewport={"width": width, "height": 700})
    page.set_content(f"<style>body {{ margin: 0 }} body > svg {{ width: 100%; height: auto }}</style>{picture}")
    sizes = page.evaluate(LETTERS)
    page.close()
    return sizes


def test_the_letters_of_the_picture_are_readable_at_the_width_at_which_it_is_shown(browser):
    sizes = letters(browser, opening_picture().read_text("utf-8"))
    assert len(sizes) > 30
    assert min(sizes) >= 11


def test_small_letters_would_be_found(browser):
    small = '<svg viewBox="0 0 1760 10"><text font-size="20">a</text><text font-size="24">b</text></svg>'
    assert letters(browser, small) == [10, 12]


def test_the_readme_has_at_most_900_words():
    assert len((ROOT / "README.md").read_text("utf-8").split()) <= 900


def test_the_first_block_of_the_readme_is_ten_lines():
    assert len([line for line in blocks(ROOT / "README.md")[0].splitlines() if line]) == 10


COMMANDS = re.compile(r"^```sh\n(.*?)^```$", re.DOTALL | re.MULTILINE)
LONG = ("alesha verify", "alesha run cdnow", "alesha sweep", "alesha compare", "alesha replicate")
"""Commands that take more than a few seconds: read by the parser, and run at full size."""


def commands(page):
    """Return the lines of a page's blocks of commands."""
    return [line for block in COMMANDS.findall(page.read_text("utf-8")) for line in block.splitlines()]


def run_alesha(call, argv, line):
    if not line.startswith(LONG) or is_full_size():
        done = call(*argv)
        assert (done.status, done.err.count("error")) == (0, 0), line
    else:
        arguments.parser().parse_args(argv)


def targets():
    return re.findall(r"^(\w+):.*## ", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE)


def extras(requirement):
    """Return what a requirement such as `.[a,b]` names of the project's extras, and which there are."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    return set(re.fullmatch(r"\.\[([\w,]+)\]", requirement)[1].split(",")), set(project["optional-dependencies"])


@pytest.mark.parametrize("page", [page for page in PAGES if commands(page)], ids=lambda page: page.name)
def test_the_commands_of_a_page_run(page, call):
    for line in commands(page):
        program, *argv = shlex.split(line, comments=True)
        match program:
            case "alesha":
                run_alesha(call, argv, line)
            case "make":
                assert {word for word in argv if "=" not in word} <= set(targets()), line
            case "python" if argv[:5] == ["-m", "pip", "install", "-c", "constraints.txt"]:
                named, there = extras(argv[5])
                assert named <= there, line
            case _:
                pytest.fail(f"{page.name}: nobody runs this: {line}")


def test_a_wrong_command_would_fail(tmp_path, call):
    page = tmp_path / "page.md"
    page.write_text("```sh\nalesha list\nalesha run no_such_scenario\n```\n")
    with pytest.raises(AssertionError, match="no_such_scenario"):
        test_the_commands_of_a_page_run(page, call)


@pytest.mark.slow
def test_a_clone_shows_a_plot_after_one_command_and_the_readme_says_where_the_command_is(tmp_path):
    if not is_full_size():
        pytest.skip("installs every dependency: at full size only")
    clone = tmp_path / "clone"
    subprocess.run([needed_program("git"), "clone", "--quiet", str(ROOT), str(clone)], check=True)
    bare = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ} | {"ALESHA_COMPILE": "0"}
    subprocess.run([needed_program("make"), "demo"], cwd=clone, env=bare, check=True)
    assert (clone / "out/demo/balances.png").read_bytes().startswith(b"\x89PNG")
    for way in (".venv/bin/alesha list", ". .venv/bin/activate && alesha list"):
        assert way.removesuffix(" list").replace(" && alesha", "") in (ROOT / "README.md").read_text("utf-8")
        done = subprocess.run(["sh", "-c", way], cwd=clone, env=bare, check=True, capture_output=True, text=True)
        assert "first_purchase" in done.stdout


LINK = re.compile(r"\]\((?!https?://|mailto:)([^)#\s]*)(?:#([^)]*))?\)")


def headings(page):
    """Return the anchors of a page's headings, as the hosting site makes them."""
    text = re.sub(r"^```.*?^```$", "", page.read_text("utf-8"), flags=re.DOTALL | re.MULTILINE)
    titles = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return [re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles]


def broken_links(page):
    """Return the links of a page to a file or a heading that is not there."""
    broken = []
    for target, anchor in LINK.findall(page.read_text("utf-8")):
        place = page.parent / target if target else page
        if not place.exists() or (anchor and anchor not in headings(place)):
            broken.append(f"{target}#{anchor}")
    return broken


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_links_between_pages_lead_somewhere(page):
    assert broken_links(page) == []


def test_broken_links_would_be_found(tmp_path):
    page = tmp_path / "page.md"
    page.write_text(
        "# A: b, c\n[1](page.md) [2](other.md) [3](#a-b-c) [4](page.md#d) [5](https://example.com/x#y)\n"
    )
    assert broken_links(page) == ["other.md#", "page.md#d"]


MENTIONED = re.compile(r"(test_\w+\.py)::(\w+)")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
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
    page = (ROOT / "README.md").read_text("utf-8")
    assert "The command is then `.venv/bin/alesha`; after `. .venv/bin/activate` it is on the path:" in page
