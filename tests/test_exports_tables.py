"""Frictionless validates the CSV package; DuckDB opens Parquet files and views; nothing is half-written."""

import csv
import json
import os
import subprocess
import sys
import tracemalloc
from decimal import Decimal

import numpy as np
import pytest
from conftest import needs
from small import result, unreliable

import alesha_sim as alesha
from alesha_sim import Result, accounting, exports, scenarios
from alesha_sim.columns import TextColumn, rows
from alesha_sim.exports.dictionary import COLUMNS, KEYS, TABLES, meaning
from alesha_sim.files import folders
from alesha_sim.tables.schema import SCHEMA

# What reads the files warns of its own future; what is tested here is what it says of them.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")

FILES = ["beancount", "hledger", "ocel-json", "ocel-sqlite", "xes"]


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    folder, seen = tmp_path_factory.mktemp("tables"), {}

    def write(name, form):
        if (name, form) not in seen:
            seen[name, form] = folder / f"{name}.{form}"
            exports.write(result(name), form, seen[name, form])
        return seen[name, form]

    return write


@pytest.mark.parametrize("name", scenarios.names())
def test_frictionless_validates_the_package(written, name):
    needs("frictionless")
    import frictionless

    report = frictionless.validate(str(written(name, "csv") / "datapackage.json"))
    assert report.valid, report.flatten(["type", "message"])[:5]
    assert len(report.tasks) == len(SCHEMA)


def test_frictionless_notices_a_changed_amount_and_an_unknown_account(written, tmp_path):
    needs("frictionless")
    import frictionless

    for old, new in (("760.00", "seven"), ("supplier:cash", "supplier:till")):
        folder = tmp_path / new.replace(":", "-")
        exports.write(result("first_purchase"), "csv", folder)
        text = (folder / "transfers.csv").read_text()
        (folder / "transfers.csv").write_text(text.replace(old, new, 1))
        found = frictionless.validate(str(folder / "datapackage.json")).flatten(["type"])
        assert found


@pytest.mark.parametrize("name", scenarios.names())
def test_csv_is_exact(written, name):
    run, folder = result(name), written(name, "csv")
    for table in SCHEMA:
        with (folder / f"{table}.csv").open(newline="") as file:
            assert sum(1 for _ in csv.reader(file)) == 1 + rows(run.columns(table))
    with (folder / "transfers.csv").open(newline="") as file:
        found = list(csv.DictReader(file))
    scale = [100 if each["commodity"] == run.scenario.currency.code else 1 for each in found]
    amounts = [int(Decimal(each["amount"]) * unit) for each, unit in zip(found, scale, strict=True)]
    assert amounts == run.columns("transfers")["amount"].tolist()
    assert np.array_equal(
        np.array([each["posted_at"] for each in found], "datetime64[us]"), run.transfers["posted_at"]
    )


def test_every_column_is_in_the_data_dictionary(written):
    assert {table: list(columns) for table, columns in COLUMNS.items()} == {
        table: list(schema) for table, schema in SCHEMA.items()
    }
    assert set(TABLES) == set(KEYS) == set(SCHEMA)
    package = json.loads((written("first_purchase", "csv") / "datapackage.json").read_text())
    for resource, (table, schema) in zip(package["resources"], SCHEMA.items(), strict=True):
        assert [field["name"] for field in resource["schema"]["fields"]] == list(schema)
        assert all(field["description"] == meaning(table, field["name"]) for field in resource["schema"]["fields"])


@pytest.mark.parametrize("name", scenarios.names())
def test_duckdb_opens_the_parquet_files(written, name):
    needs("duckdb")
    import duckdb

    run, folder = result(name), written(name, "parquet")
    with duckdb.connect() as base:
        for table in SCHEMA:
            (count,) = base.execute(f"SELECT count(*) FROM '{folder / table}.parquet'").fetchone()
            assert count == rows(run.columns(table))
        query = f"SELECT sum(amount), max(posted_at) FROM '{folder}/transfers.parquet' WHERE commodity = 'BDT'"
        total, last = base.execute(query).fetchone()
        money = run.transfers[run.transfers["commodity"] == "BDT"]
        assert float(total) == pytest.approx(money["amount"].sum())
        assert np.datetime64(last) == money["posted_at"].max()


@pytest.mark.parametrize("name", scenarios.names())
def test_duckdb_opens_the_views_and_they_add_up_to_our_books(written, name):
    needs("duckdb")
    import duckdb

    from alesha_sim.exports.duck import VIEWS

    run = result(name)
    with duckdb.connect(str(written(name, "duckdb")), read_only=True) as base:
        for view in VIEWS:
            assert base.execute(f"SELECT count(*) FROM {view}").fetchone()[0] > 0
        found = base.execute("SELECT book, account, commodity, debit - credit FROM trial_balance").fetchall()
        parties = run.scenario.organisations
        for book in (*(each.name for each in parties), "users"):
            ours = accounting.trial_balance(run, book)
            balances = zip(ours["account"], ours["commodity"], ours["debit"] - ours["credit"], strict=True)
            theirs = {(account, unit): float(amount) for of, account, unit, amount in found if of == book}
            assert theirs == {(account, unit): amount for account, unit, amount in balances}
        for shop in (each.name for each in parties if each.role == "shop"):
            last = base.execute(
                "SELECT balance FROM bank_statements WHERE owner = ? ORDER BY transfer DESC LIMIT 1", [shop]
            ).fetchone()
            assert float(last[0]) == run.closing_balances()[shop]
        comments = base.execute("SELECT comment FROM duckdb_columns() WHERE table_name = 'orders'").fetchall()
        assert ("What the user is to pay, in major units.",) in comments


# The same run gives the same bytes, whole or not at all


def ready(form):
    if form == "duckdb":
        needs("duckdb")


@pytest.mark.parametrize("form", list(exports.FORMATS))
def test_the_same_run_gives_the_same_bytes_in_another_process(tmp_path, form):
    ready(form)
    code = (
        "import alesha_sim as a, sys\n"
        "run = a.simulate(a.scenarios.market_day(users=30, visits_per_day=60), seed=3)\n"
        "a.exports.write(run, sys.argv[1], sys.argv[2])"
    )
    contents = []
    for number in ("1", "2"):
        (tmp_path / number).mkdir()
        path = tmp_path / number / "log"
        # Memory that is not written to before it is used differs, too (where the C library is GNU's).
        environment = {**os.environ, "PYTHONHASHSEED": number, "MALLOC_PERTURB_": number}
        subprocess.run([sys.executable, "-c", code, form, path], check=True, env=environment)
        files = sorted(path.iterdir()) if path.is_dir() else [path]
        contents.append([(file.name, file.read_bytes()) for file in files])
    assert contents[0] == contents[1]


def test_duckdb_files_of_a_run_are_the_same_whatever_memory_held_before(tmp_path):
    needs("duckdb")
    contents = set()
    for name in ("one", "two", "three"):
        exports.write(unreliable(), "duckdb", tmp_path / name)
        contents.add((tmp_path / name).read_bytes())
        used = [bytes([len(contents)]) * 250_000 for _ in range(200)]
        del used
    assert len(contents) == 1


@pytest.mark.parametrize("form", list(exports.FORMATS))
def test_an_existing_target_stays_unless_it_is_to_be_replaced(tmp_path, form):
    ready(form)
    run = result("first_purchase")
    target = tmp_path / "out"
    exports.write(run, form, target)
    with pytest.raises(FileExistsError, match="must"):
        exports.write(run, form, target)
    exports.write(run, form, target, overwrite=True)
    assert [each.name for each in tmp_path.iterdir()] == ["out"]


@pytest.mark.parametrize("form", list(exports.FORMATS))
def test_an_export_that_fails_leaves_nothing_behind(tmp_path, form):
    ready(form)

    def fail(share, what):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        exports.write(unreliable(), form, tmp_path / "out", progress=fail)
    assert list(tmp_path.iterdir()) == []


def test_what_a_killed_export_hid_beside_its_file_goes_with_the_next_one(tmp_path):
    left = tmp_path / (folders.HIDDEN + "killed")
    left.mkdir()
    (left / "market.xes").write_text("half")
    exports.write(result("first_purchase"), "xes", tmp_path / "market.xes")
    assert [path.name for path in tmp_path.iterdir()] == ["market.xes"]


@pytest.mark.parametrize("form", list(exports.FORMATS))
def test_progress_goes_from_little_to_all(tmp_path, form, monkeypatch):
    ready(form)
    from alesha_sim.exports import files, package, xes

    for module in (files, package, xes):
        monkeypatch.setattr(module, "CHUNK", 100)
    shares = []
    exports.write(unreliable(), form, tmp_path / "out", progress=lambda share, what: shares.append(share))
    assert shares == sorted(shares)
    assert len(shares) > 5
    assert shares[-1] == 1


@pytest.mark.parametrize("form", FILES)
def test_chunks_do_not_show_in_what_is_written(tmp_path, form, monkeypatch):
    from alesha_sim.exports import files, ocel_sqlite, package, xes

    exports.write(unreliable(), form, tmp_path / "whole")
    for module in (files, package, xes):
        monkeypatch.setattr(module, "CHUNK", 37)
    if form == "ocel-sqlite":
        monkeypatch.setattr(ocel_sqlite, "CHUNK", 10_000)
    exports.write(unreliable(), form, tmp_path / "pieces")
    assert (tmp_path / "whole").read_bytes() == (tmp_path / "pieces").read_bytes()


def test_bad_input_gets_one_clear_line(tmp_path):
    run = result("first_purchase")
    with pytest.raises(ValueError, match="format ledger: must be one of beancount, hledger, ocel-json"):
        exports.write(run, "ledger", tmp_path / "x")
    with pytest.raises(FileNotFoundError, match="must lie in a folder that is there"):
        exports.write(run, "xes", tmp_path / "none" / "x")
    with pytest.raises(FileExistsError, match="must be a file, not a folder"):
        exports.write(run, "xes", tmp_path)
    (tmp_path / "file").write_text("")
    with pytest.raises(FileExistsError, match="must be a folder, not a file"):
        exports.write(run, "csv", tmp_path / "file", overwrite=True)
    assert [each.name for each in tmp_path.iterdir()] == ["file"]


# Bounded memory


def many(transfers):
    """The transfers of a market day over and over, under new entries, as a result."""
    run = result("market_day")
    table, size = run.columns("transfers"), rows(run.columns("transfers"))
    times = -(-transfers // size)
    copies = np.repeat(np.arange(times), size)[:transfers]

    def repeated(name):
        column = table[name]
        if isinstance(column, TextColumn):
            return TextColumn(np.tile(column.codes, times)[:transfers], column.labels)
        values = np.tile(column, times)[:transfers]
        if name == "entry":
            return values + copies * (int(column.max()) + 1)
        return np.sort(values) if name == "posted_at" else values

    tables = {name: run.columns(name) for name in SCHEMA} | {"transfers": {name: repeated(name) for name in table}}
    return Result(
        run.scenario, 1, tables, ended_at=run.ended_at, drained=True, events=0, inboxes=run.inboxes
    )  # fmt: skip


def peak(run, form, path):
    tracemalloc.start()
    exports.write(run, form, path, overwrite=True)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return most


@pytest.mark.parametrize("form", ["beancount", "hledger", "csv", "parquet"])
def test_memory_grows_by_no_more_than_a_few_numbers_a_transfer(tmp_path, form, full_size):
    less, more = (200_000, 1_000_000) if full_size else (20_000, 50_000)
    exports.write(result("first_purchase"), form, tmp_path / "warm")
    grown = peak(many(more), form, tmp_path / "out") - peak(many(less), form, tmp_path / "out")
    assert grown < 120 * (more - less)


@pytest.mark.parametrize("form", ["ocel-json", "ocel-sqlite", "xes"])
def test_memory_of_event_logs_grows_by_no_more_than_some_numbers_an_event(tmp_path, form, monkeypatch):
    from alesha_sim.exports import files, ocel_sqlite, xes

    for module in (files, ocel_sqlite, xes):
        monkeypatch.setattr(module, "CHUNK", 1000)
    small, large = (
        alesha.simulate(scenarios.market_day(users=100, visits_per_day=visits), seed=2) for visits in (500, 2500)
    )
    exports.write(small, form, tmp_path / "warm")
    grown = peak(large, form, tmp_path / "large") - peak(small, form, tmp_path / "small")
    rows_more = rows(large.columns("messages")) - rows(small.columns("messages"))
    assert grown < 300 * rows_more, grown / rows_more
