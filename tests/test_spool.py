"""Runs whose records leave memory: the same run and the same result, and never half of one."""

import math
import signal
import subprocess
import sys
import time
from functools import cache
from pathlib import Path

import numpy as np
import pytest
import small

import alesha_sim as alesha
from alesha_sim import Result, Simulation, scenarios
from alesha_sim.columns import TextColumn, codes
from alesha_sim.recording.spill_rows import SpooledRows
from alesha_sim.simulation import simulation
from alesha_sim.storage import spool
from alesha_sim.storage.on_disk import Spooled
from alesha_sim.tables.schema import SCHEMA
from alesha_sim.tables.source import OF_ORDERS, InMemory

NAMES = (
    "first_purchase", "market_day", "unreliable_network", "cash_on_delivery", "returns_season", "card_testing",
    "supplier_disruption", "prepaid_campaigns",
)  # fmt: skip
SHORTENED = {"cash_on_delivery", "returns_season", "supplier_disruption", "prepaid_campaigns"}
BLOCK = 500


@pytest.fixture(autouse=True)
def tiny_blocks(monkeypatch):
    """Let every run here leave memory in many small blocks, and look for full ones all the time."""
    monkeypatch.setattr(spool, "BLOCK", BLOCK)
    monkeypatch.setattr(spool, "LAG", 1)
    monkeypatch.setattr(simulation, "_RELIEVED", 40)


@cache
def scenario(name):
    found = scenarios.load(name)
    shorter = {"horizon": found.horizon / 6} if name in SHORTENED else {}
    return found.with_settings(small.KNOBS.get(name, {}) | shorter)


@cache
def in_memory(name):
    return alesha.simulate(scenario(name), seed=7)


def spooled(name, folder, seed=7):
    run = Simulation(scenario(name), seed, spool=folder)
    run.run()
    return run, run.result()


def same_columns(one, other):
    assert list(one) == list(other)
    for name, column in one.items():
        assert np.array_equal(codes(column), codes(other[name])), name
        if isinstance(column, TextColumn):
            assert tuple(column.labels) == tuple(other[name].labels), name


def same_figures(one, other):
    found, expected = one.metrics(), other.metrics()
    assert list(found) == list(expected)
    for name, value in found.items():
        assert value == expected[name] or (math.isnan(value) and math.isnan(expected[name])), name


@pytest.mark.parametrize("name", NAMES)
def test_a_spooled_run_leaves_the_same_result(name, tmp_path):
    expected = in_memory(name)
    _, result = spooled(name, tmp_path)
    assert result.digest == expected.digest
    assert result == expected
    assert repr(result) == repr(expected)
    assert result.check() == []
    same_figures(result, expected)
    for table in SCHEMA:
        same_columns(result.columns(table), expected.columns(table))
        assert getattr(result, table).equals(getattr(expected, table)), table


@pytest.mark.parametrize("name", ["first_purchase", "unreliable_network", "returns_season"])
def test_views_read_a_spooled_result_like_any_other(name, tmp_path):
    expected = in_memory(name)
    _, result = spooled(name, tmp_path)
    assert result.balances().equals(expected.balances())
    assert result.balances("shop", every="1h").equals(expected.balances("shop", every="1h"))
    assert result.stock().equals(expected.stock())
    same_figures(result.after("2h"), expected.after("2h"))
    for order in {1, len(expected.orders) // 2 + 1, len(expected.orders)}:
        assert str(result.follow(order)) == str(expected.follow(order))
        assert result.why(order) == expected.why(order)
    assert result.diff(expected) is None


def test_rows_leave_memory_in_many_blocks_and_change_afterwards(tmp_path):
    run, result = spooled("unreliable_network", tmp_path)
    rows = run._spool._rows
    assert all(rows[table].in_memory == 0 for table in rows)
    with result._tables._open("messages") as file:
        assert file.num_row_groups == -(-len(result.messages) // BLOCK) > 5
        assert {file.metadata.row_group(group).num_rows for group in range(5)} == {BLOCK}


def test_a_table_is_written_again_when_rows_changed_after_their_row_group(tmp_path, monkeypatch):
    monkeypatch.setattr(spool, "BLOCK", 50)
    again = []
    finish = spool._Writer.finish

    def watched(writer):
        again.extend((table, writer._rows.is_stale) for table in writer._shown)
        finish(writer)

    monkeypatch.setattr(spool._Writer, "finish", watched)
    _, result = spooled("unreliable_network", tmp_path)
    assert {table for table, is_stale in again if is_stale} >= {"messages", "orders", "purchases"}
    assert result.digest == in_memory("unreliable_network").digest


@pytest.mark.parametrize("until", [0.0, 3000.0, 20_000.0])
def test_a_run_that_is_cut_off_leaves_the_same_result(until, tmp_path):
    runs = [Simulation(scenario("unreliable_network"), 7, spool=folder) for folder in (None, tmp_path)]
    for run in runs:
        run.run(until)
    expected, result = (run.result() for run in runs)
    assert not result.drained
    assert result == expected
    assert Result.load(tmp_path) == expected


def test_stepping_sees_the_same_messages(tmp_path):
    runs = [Simulation(scenario("unreliable_network"), 7, spool=folder) for folder in (None, tmp_path)]
    for _ in range(1500):
        expected, found = (run.next_message() for run in runs)
        assert found == expected
    assert runs[0].last_message == runs[1].last_message
    assert runs[0].balances() == runs[1].balances()
    assert runs[1]._spool._rows["messages"].base >= BLOCK


def test_the_first_row_of_every_entry_is_found_wherever_it_is(tmp_path):
    def first(ledger, entry):
        try:
            return ledger.first(entry)
        except KeyError:
            return None

    runs = [Simulation(scenario("unreliable_network"), 7, spool=folder) for folder in (None, tmp_path)]
    for until in (20_000.0, 80_000.0):
        for run in runs:
            run.run(until)
        links = range(-1, runs[0].ledger._next_entry + 2)
        expected, found = ([first(run.ledger, entry) for entry in links] for run in runs)
        assert found == expected
    assert sum(row is not None for row in found) > 700


def test_an_entry_without_rows_has_no_first_row_however_rows_leave(tmp_path):
    run = Simulation(scenario("first_purchase"), 7, spool=tmp_path)
    ledger, (one, other) = run.ledger, (run.ledger.new_entry(), run.ledger.new_entry())
    user, shop = run.bank.book.deposit(0), run.bank.book.deposit(-1)
    assert ledger.transfer(0.0, 0, one, -1, user, shop, 0, 1)
    assert ledger.post(0.0, 0, other, -1, [])
    run._spool._rows["transfers"].flush()
    for entry in (one, other):
        with pytest.raises(KeyError):
            ledger.first(entry)


def test_a_second_run_into_the_folder_of_a_living_one_is_refused(tmp_path):
    first = Simulation(scenario("market_day"), 7, spool=tmp_path / "run")
    first.step()
    with pytest.raises(OSError, match=r"spool .*run: cannot be written: another program is writing into it"):
        Simulation(scenario("market_day"), 8, spool=tmp_path / "run")
    first.run()
    assert first.result().digest == in_memory("market_day").digest
    assert Result.load(tmp_path / "run").digest == in_memory("market_day").digest


def test_progress_and_settings_change_nothing(tmp_path):
    seen = []
    run = Simulation(scenario("market_day"), 7, spool=tmp_path)
    run.run(progress=seen.append)
    assert run.result().digest == in_memory("market_day").digest
    assert seen[-1].events == run.clock.events == in_memory("market_day").events


# The rows themselves


def rows(folder):
    return SpooledRows(folder, 4, number="q", at="d", kind="B", detail="B")


def test_rows_are_read_and_changed_by_number_in_memory_and_on_disk(tmp_path):
    table = rows(tmp_path)
    both, at = table.part("kind", "detail"), table.part("at")
    for number in range(10):
        assert table.append(number, number / 2, 1, 2) == number
        if number == 6:
            table.flush()
    both.fill_two(2, 7, 8)
    at.fill(0, 88.0)
    at.fill(9, 99.0)
    assert table.copy(2) == 10
    assert len(table) == 11
    assert table.row(10) == table.row(2) == {"number": 2, "at": 1.0, "kind": 7, "detail": 8}
    assert table.array()["at"].tolist() == [88, 0.5, 1, 1.5, 2, 2.5, 3, 3.5, 4, 99, 1]
    assert [(first, len(block)) for first, block in table.blocks()] == [(0, 4), (4, 3), (7, 4)]


def test_rows_that_are_not_there_are_not_made_up(tmp_path):
    table = rows(tmp_path)
    table.append(1, 1.0, 1, 1)
    table.flush()
    with pytest.raises(OSError, match="rows 0 to 2: not all of them are there"):
        table.on_disk(0, 2)


# As a source


@pytest.fixture(scope="module")
def sources(tmp_path_factory):
    """Return one result as a source on disk and as one in memory."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(spool, "BLOCK", BLOCK)
        patch.setattr(simulation, "_RELIEVED", 40)
        _, result = spooled("unreliable_network", tmp_path_factory.mktemp("spool"))
    return result._tables, InMemory(in_memory("unreliable_network")._tables)


@pytest.mark.parametrize("table", SCHEMA)
def test_batches_make_up_the_table_with_labels_in_common(sources, table):
    disk, memory = sources
    same_columns(disk.whole(table), memory.whole(table))
    assert disk.rows(table) == memory.rows(table)
    batches = list(disk.batches(table))
    for name, column in memory.whole(table).items():
        found = np.concatenate([codes(batch[name]) for batch in batches])
        assert np.array_equal(found, codes(column))
        if isinstance(column, TextColumn):
            assert {batch[name].labels for batch in batches} == {tuple(column.labels)}


def test_batches_hold_the_columns_asked_for_in_that_order(sources):
    disk, memory = sources
    for batch in disk.batches("transfers", ("amount", "book")):
        assert list(batch) == ["amount", "book"]
    amounts = np.concatenate([batch["amount"] for batch in disk.batches("transfers", ("amount",))])
    assert np.array_equal(amounts, memory.whole("transfers")["amount"])


@pytest.mark.parametrize("numbers", [(1, 1), (5, 30), (1, 10**6), (-1, -1), (10**6, 10**7)])
def test_rows_of_orders_are_those_of_the_whole_table(sources, numbers):
    disk, memory = (source.of_orders(*numbers) for source in sources)
    assert list(disk) == list(OF_ORDERS)
    for table in OF_ORDERS:
        for name, column in memory[table].items():
            assert np.array_equal(text(disk[table][name]), text(column)), (table, name)


def text(column):
    """Return a column with its words in place of their codes."""
    return np.array([*column.labels, None], object)[column.codes] if isinstance(column, TextColumn) else column


@pytest.fixture
def groups_read(monkeypatch):
    """Note every row group that is read: the file's table, the group, the columns asked for."""
    from pyarrow.parquet import ParquetFile

    read = []
    whole = ParquetFile.read_row_group

    def watched(file, group, columns=None, **options):
        read.append((next(iter(file.schema_arrow.names)), group, columns))
        return whole(file, group, columns=columns, **options)

    monkeypatch.setattr(ParquetFile, "read_row_group", watched)
    return read


def test_few_orders_are_read_from_few_row_groups(sources, groups_read):
    sources[0].of_orders(1, 3)
    read = [group for first, group, _ in groups_read if first == "transfer"]
    with sources[0]._open("transfers") as file:
        assert 0 < len(read) < file.num_row_groups


def groups_with(table, name, values):
    """Return the row groups of a frame that hold rows whose number `name` is one of `values`."""
    return {int(place) // BLOCK for place in np.flatnonzero(table[name].isin(values))}


@pytest.mark.parametrize("is_loaded", [False, True])
@pytest.mark.parametrize("name", ["market_day", "returns_season"])
def test_an_order_is_followed_from_the_row_groups_that_hold_its_rows(name, is_loaded, tmp_path, groups_read):
    expected = in_memory(name)
    _, result = spooled(name, tmp_path)
    result = Result.load(tmp_path) if is_loaded else result
    orders, messages, transfers = expected.orders, expected.messages, expected.transfers
    returned = orders.loc[orders["status"] == "returned", "order"].tolist()
    for order in {1, len(orders) // 2, len(orders), *returned[:1]}:
        groups_read.clear()
        found, right = result.follow(order), expected.follow(order)
        assert (found.title, found.messages, found.transfers) == (right.title, right.messages, right.transfers)
        visit = expected.visits.loc[expected.visits["order"] == order, "visit"]
        whole = {key: {group for first, group, names in groups_read if first == key and len(names) > 1}
                 for key in ("message", "transfer")}  # fmt: skip
        assert whole["transfer"] == groups_with(transfers, "order", [order])
        assert whole["message"] == groups_with(messages, "order", [order]) | groups_with(messages, "visit", visit)
        assert len(whole["message"]) < len(messages) / BLOCK / 2
        assert len({group for first, group, _ in groups_read if first == "message"}) < len(messages) / BLOCK


@pytest.mark.parametrize("order", [0, -1, 10**6])
def test_an_order_that_there_is_not_is_refused_without_reading_a_row(order, sources, groups_read):
    disk = in_memory("unreliable_network")
    result = Result(
        disk.scenario, 7, sources[0], ended_at=disk.ended_at, drained=True, events=disk.events, inboxes={}
    )
    last = len(disk.orders)
    with pytest.raises(ValueError, match=rf"^order {order}: must be from 1 to {last}$"):
        result.follow(order)
    assert groups_read == []


# What is left behind


def test_a_spooled_result_is_loaded_without_reading_its_tables_and_saved_again(tmp_path):
    _, result = spooled("market_day", tmp_path / "spool")
    loaded = Result.load(tmp_path / "spool")
    assert isinstance(loaded._tables, Spooled)
    loaded.save(tmp_path / "copy")
    assert Result.load(tmp_path / "copy") == loaded == result == in_memory("market_day")
    with pytest.raises(FileExistsError, match="must be empty"):
        loaded.save(tmp_path / "copy")


def test_no_column_is_read_but_the_one_asked_for(tmp_path, monkeypatch):
    _, result = spooled("market_day", tmp_path)
    read = []
    groups = Spooled._groups
    monkeypatch.setattr(
        Spooled, "_groups", lambda self, table, names: read.append(names) or groups(self, table, names)
    )
    assert len(result.columns("orders")["total"]) == len(in_memory("market_day").orders)
    assert read == [["total"]]


@pytest.mark.parametrize("table", ["messages", "accounts"])
def test_a_spooled_result_whose_file_was_altered_is_refused(table, tmp_path):
    spooled("first_purchase", tmp_path)
    file = tmp_path / f"{table}.parquet"
    file.write_bytes(file.read_bytes().replace(b"shop", b"shoq", 1))
    with pytest.raises(ValueError, match=f"{table}.parquet: not as it was saved"):
        Result.load(tmp_path)


def test_a_spooled_result_whose_file_is_gone_is_refused(tmp_path):
    spooled("first_purchase", tmp_path)
    (tmp_path / "visits.parquet").unlink()
    with pytest.raises(ValueError, match=r"visits.parquet: cannot be read: No such file"):
        Result.load(tmp_path)


def test_nothing_happens_after_the_result(tmp_path):
    run, result = spooled("first_purchase", tmp_path)
    assert run.result() is result
    for act in (run.step, run.run):
        with pytest.raises(RuntimeError, match="cannot continue: its result is in its spool"):
            act()


def test_a_folder_with_something_in_it_is_refused_and_left_alone(tmp_path):
    (tmp_path / "letter.txt").write_text("dear")
    with pytest.raises(FileExistsError, match="must be empty"):
        alesha.simulate(scenario("first_purchase"), 7, spool=tmp_path)
    assert [each.name for each in tmp_path.iterdir()] == ["letter.txt"]


def test_a_place_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(OSError, match=r"spool .*file/spool: cannot be written: Not a directory"):
        Simulation(scenario("first_purchase"), 7, spool=tmp_path / "file" / "spool")


def test_a_run_that_is_dropped_leaves_nothing(tmp_path):
    run = Simulation(scenario("first_purchase"), 7, spool=tmp_path / "spool")
    run.run(1.0)
    del run
    assert list(tmp_path.iterdir()) == []


def started(folder, before="", **options):
    arguments = ["run", "market_day", "--seed", "7", "--spool", str(folder), "--quiet"]
    code = f"{before}\nimport sys\nfrom alesha_sim.cli import main\nsys.exit(main({arguments!r}))"
    return subprocess.Popen([sys.executable, "-c", code], stderr=subprocess.PIPE, text=True, **options)


def test_a_full_disk_is_one_clear_error(tmp_path):
    limit = "import resource as r; r.setrlimit(r.RLIMIT_FSIZE, (2**16, r.RLIM_INFINITY))"
    with started(tmp_path / "spool", limit) as run:
        (line,) = run.stderr
    assert line.startswith("--spool: ")
    assert line.endswith(": cannot be written: File too large\n")
    assert run.returncode == 2
    assert list(tmp_path.iterdir()) == []


def test_a_killed_run_leaves_no_result_and_another_one_can_begin_there(tmp_path):
    slow = "import alesha_sim.storage.spool as s; s.BLOCK = 64; s.LAG = 1; s.Spool.finish = lambda *_: input()"
    with started(tmp_path, slow, stdin=subprocess.PIPE) as run:
        while not any(tmp_path.glob("*/messages.parquet")):
            assert run.poll() is None
            time.sleep(0.01)
        run.send_signal(signal.SIGKILL)
    assert any(each.name.startswith(".alesha-unfinished-") for each in tmp_path.iterdir())
    with pytest.raises(FileNotFoundError, match="the run that began one here did not finish it"):
        Result.load(tmp_path)
    spooled("first_purchase", tmp_path)
    assert Result.load(tmp_path).check() == []


def test_a_broken_run_stops_for_good_and_leaves_nothing(tmp_path, monkeypatch):
    run = Simulation(scenario("market_day"), 7, spool=tmp_path / "spool")
    monkeypatch.setattr(SpooledRows, "flush", full)
    with pytest.raises(OSError, match=r"spool .*: cannot be written: No space left on device"):
        run.run()
    with pytest.raises(RuntimeError, match="cannot continue"):
        run.run()
    del run
    assert list(tmp_path.iterdir()) == []


def full(_):
    raise OSError(28, "No space left on device")


@cache
def said(*arguments):
    run = subprocess.run(
        [sys.executable, "-m", "alesha_sim", "run", "market_day", "--seed", "7", *arguments],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    return run.stdout


def test_the_command_prints_the_same(tmp_path):
    assert said("--spool", str(tmp_path)) == said()
    assert Path(tmp_path, "manifest.json").exists()
