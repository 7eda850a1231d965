"""Words that the prose avoids, each with what to say instead: pages, docstrings, messages and comments."""

import ast
import re
import tokenize
from io import StringIO
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
MODULES = [
    *sorted((ROOT / "notebooks").glob("*.py")),
    *sorted((ROOT / "alesha_sim").rglob("*.py")),
    ROOT / "alesha_sim" / "scenarios" / "template.toml",
]

INSTEAD = {
    r"liv(es?|ing) (only )?here|here lives?": "contains, or nothing",
    r"(law|rules?|layout|format|decision|behaviour)s? lives?": "contains",
    r"be it": "whether, even if",
    r"in vain": "unsuccessfully, without finding anything",
    r"for good(?! reason)": "permanently, again and again",
    r"anew": "again",
    r"whoever": "any user that, the caller, the one who",
    r"besides": "also, in addition",
    r"as far as [\w' ]{1,20} knows?": "to its knowledge",
    r"told": "reported, informed, heard, asked to",
    r"asking again": "retry, retries",
    r"begins again that": "retries after",
    r"insist(s|ed|ing)?": "ask until answered",
    r"(who|he|she) wants less": "to keep less, pass",
    r"(run|simulation) answers nothing": "one run is one draw; replicate",
    r"differ by what was changed": "differ only in what you changed",
    r"goes on after a kill": "resumes after an interruption",
    r"everything is read from there": "the result reads it from disk",
    r"status 0 is done": "0 success",
    r"holds the tested versions": "pins the tested versions",
    r"by buttons": "with buttons",
    r"(what )?chance has in store": "random draws",
    r"says to a cart": "validates carts",
    r"changes? (his|her) mind": "change their mind",
    r"has put aside and what it does about it": "settlement schedule",
    r"one-line asking": "request and reply helpers",
    r"doubt is listed": "unanswered payments get the status in_doubt",
    r"counted where it happens": "counters replace disabled tables",
    r"what in them is none": "deliveries are not events",
    r"0\.\d+ of (the|its|a|that|all) [\w' ]*(time|run)": "10 % faster (run time x0.9)",
}  # fmt: skip
AVOIDED = {re.compile(rf"\b(?:{words})\b", re.IGNORECASE): instead for words, instead in INSTEAD.items()}


def prose(file):
    """Return what a file says to its readers: of a page all but code, of a module texts and comments."""
    text = file.read_text("utf-8")
    if file.suffix == ".md":
        return re.sub(r"`[^`]*`", "", re.sub(r"^```.*?^```$", "", text, flags=re.DOTALL | re.MULTILINE))
    if file.suffix != ".py":
        return text
    said = [node.value for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Constant)]
    tokens = tokenize.generate_tokens(StringIO(text).readline)
    return "\n".join([
        *(each for each in said if isinstance(each, str)),
        *(token.string for token in tokens if token.type == tokenize.COMMENT),
    ])  # fmt: skip


def avoidable(text):
    """Return what a text should not say, with what to say instead."""
    line = " ".join(text.split())
    return [f"{found[0]}: {instead}" for words, instead in AVOIDED.items() for found in words.finditer(line)]


@pytest.mark.parametrize("file", [*PAGES, *MODULES], ids=lambda file: file.relative_to(ROOT).as_posix())
def test_a_file_says_it_in_plain_words(file):
    assert avoidable(prose(file)) == []


@pytest.mark.parametrize(
    "text",
    [
        "No law lives here.", "Here lives layout only", "Send a reply, be it the first time", "it looks in vain",
        "it stopped for good", "drawn anew", "Whoever waits", "as far as the shop knows", "is told of",
        "before asking again", "two variants differ by what was changed alone", "A single run answers nothing.",
        "measured 0.95 of the run's time", "goes through a run by buttons", "a user changes his mind",
    ],
)  # fmt: skip
def test_a_text_that_reads_translated_is_found(text):
    assert avoidable(text)


def test_code_is_no_prose(tmp_path):
    module = tmp_path / "module.py"
    module.write_text("told = whoever()  # a comment\n")
    page = tmp_path / "page.md"
    page.write_text("Call `told`.\n\n```python\ntold = 1\n```\n")
    assert [avoidable(prose(file)) for file in (module, page)] == [[], []]
