"""`alesha export`: what it writes, what it says, and what is left when its input is bad."""

import json
from functools import partial
from pathlib import Path

import pytest
from conftest import needs

import alesha_sim as alesha
from alesha_sim import exports

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


@pytest.fixture
def call(call, tmp_path):
    """Give a function that calls `alesha export` in a folder that holds a result, `run`."""
    alesha.simulate(alesha.scenarios.first_purchase(), seed=7).save(tmp_path / "run")
    return partial(call, "export")


def names():
    return sorted(path.name for path in Path().iterdir())


@pytest.mark.parametrize("form", exports.FORMATS)
def test_every_format_is_written_and_replaced_by_request(call, form):
    if form == "duckdb":
        needs("duckdb")
    first = call("run", "--to", form, "--out", "out")
    assert (first.status, first.out) == (0, "")
    assert first.err.startswith("out is a")
    again = call("run", "--to", form, "--out", "out")
    assert (again.status, again.out) == (2, "")
    assert "must" in again.err
    assert "(--force overwrites it)" in again.err
    assert call("run", "--to", form, "--out", "out", "--force", "--quiet").err == ""
    assert names() == ["out", "run"]


def test_command_and_library_write_the_same(call):
    assert call("run", "--to", "beancount", "--out", "a.beancount", "--quiet").status == 0
    exports.write(alesha.Result.load("run"), "beancount", "b.beancount")
    assert Path("a.beancount").read_bytes() == Path("b.beancount").read_bytes()


def test_a_result_that_fails_its_digest_is_refused(call):
    path = Path("run/transfers.parquet")
    path.write_bytes(path.read_bytes()[:-1] + b"x")
    said = call("run", "--to", "xes", "--out", "log.xes")
    assert said.status == 2
    assert "RESULT" in said.err
    assert "not as it was saved: the digest differs" in said.err
    assert said.err.count("\n") == 1
    assert names() == ["run"]


def test_a_changed_manifest_is_refused(call):
    path = Path("run/manifest.json")
    described = json.loads(path.read_text())
    path.write_text(json.dumps(described | {"seed": 8}))
    said = call("run", "--to", "xes", "--out", "log.xes")
    assert (said.status, said.err.count("\n")) == (2, 1)
    assert names() == ["run"]


WRONG = [
    (("run", "--to", "ledger", "--out", "x"), "--to: 'ledger': unknown format: "),
    (("run", "--to", "hleger", "--out", "x"), "hledger"),
    (("none", "--to", "xes", "--out", "x"), "RESULT: 'none': must be a folder with a result (manifest.json)"),
    (("run", "--to", "xes", "--out", "none/x"), "--out: 'none/x': must lie in a folder that is there"),
    (("run", "--to", "xes", "--out", "run"), "--out: 'run': must be a file, not a folder"),
    (("run", "--to", "csv", "--out", "run"), "'run': must be a new or empty folder (--force overwrites it)"),
    (("run", "--out", "x"), "--to: missing"),
    (("run", "--to", "xes"), "--out: missing"),
]  # fmt: skip


@pytest.mark.parametrize(("argv", "text"), WRONG)
def test_bad_input_gets_one_clear_line_and_writes_nothing(call, argv, text):
    said = call(*argv)
    assert (said.status, said.out, said.err.count("\n")) == (2, "", 1)
    assert text in said.err.replace(": none:", ": 'none':")
    assert names() == ["run"]
