"""What a run records in each mode: the same events and figures, and a line about each table that is off."""

import json
import math
from collections import Counter
from functools import cache

import pytest
import small

import alesha_sim as alesha
from alesha_sim import Result, Simulation, cli, exports, scenarios
from alesha_sim.accounting import trial_balance
from alesha_sim.books import counting
from alesha_sim.books.accounts import BANK, FEE, INCOME, PAYMENT, Account
from alesha_sim.books.counting import CountingLedger
from alesha_sim.books.ledger import LawBroken
from alesha_sim.entities.entity import EntityError
from alesha_sim.plots import funnel, waiting
from alesha_sim.recording.counters import thin
from alesha_sim.recording.levels import ALWAYS, LEVELS, SUMMARY, NotRecorded
from alesha_sim.recording.order_log import OrderLog
from alesha_sim.recording.production_lot_log import ProductionLotLog
from alesha_sim.recording.visit_log import VisitLog
from alesha_sim.reports import page
from alesha_sim.results import metrics
from alesha_sim.simulation import simulation
from alesha_sim.simulation.stepping import Walk
from alesha_sim.tables.digest import digest
from alesha_sim.tables.schema import SCHEMA, Tables, recorded
from alesha_sim.verification.fuzz import random_scenarios
from alesha_sim.vocabulary import SHOP, STATUSES

MID = 0.4
OFF = [table for table in SCHEMA if table not in ALWAYS]


def line(table):
    return f"table {table}: not recorded with record='summary': must be run with record='all'"


def run_of(scenario, seed, record, **options):
    """Return the figures in the middle of a run and its result at the end."""
    run = Simulation(scenario, seed, record=record, **options)
    run.run(until=MID * scenario.horizon)
    midway = run.result().metrics()
    run.run()
    return midway, run.result()


@cache
def everything(name):
    return run_of(small.scenario(name), 7, "all")


@cache
def result(record, name="first_purchase"):
    return alesha.simulate(small.scenario(name), seed=7, record=record)


def same(found, expected):
    assert list(found) == list(expected)
    for name, value in found.items():
        assert value == expected[name] or (math.isnan(value) and math.isnan(expected[name])), name


def same_columns(one, other):
    assert list(one) == list(other)
    for name, column in one.items():
        assert alesha.columns.codes(column).tolist() == alesha.columns.codes(other[name]).tolist(), name


# Figures


@pytest.mark.parametrize("name", scenarios.names())
def test_a_summary_has_the_same_events_figures_and_tables(name):
    midway, expected = everything(name)
    found_midway, found = run_of(small.scenario(name), 7, SUMMARY)
    same(found_midway, midway)
    same(found.metrics(), expected.metrics())
    assert found.summary().equals(expected.summary())
    assert (found.events, found.ended_at, found.inboxes) == (expected.events, expected.ended_at, expected.inboxes)
    assert found.closing_balances() == expected.closing_balances()
    for table in ALWAYS:
        same_columns(found.columns(table), expected.columns(table))


@pytest.mark.parametrize("number", range(12))
def test_figures_are_the_same_in_random_hostile_worlds(number):
    scenario = random_scenarios.draw(3, number).scenario
    midway, expected = run_of(scenario, 5, "all")
    found_midway, found = run_of(scenario, 5, "summary")
    same(found_midway, midway)
    same(found.metrics(), expected.metrics())
    same_columns(found.columns("users"), expected.columns("users"))
    assert found.events == expected.events


@pytest.mark.parametrize("drain", ["0 s", "2 h"])
def test_figures_of_a_run_that_was_cut_off_are_the_same(drain):
    scenario = small.scenario("unreliable_network").with_settings({"drain": drain})
    _, expected = run_of(scenario, 3, "all")
    _, found = run_of(scenario, 3, "summary")
    assert not found.drained
    assert expected.metrics()["open_orders"] > 0
    same(found.metrics(), expected.metrics())


def without_an_answer():
    """Return a market in which the shop never hears from the bank."""
    outage = {"kind": "outage", "link": "bank->shop", "start": 0, "duration": 1e9}
    network = {"network.default.timeout": 2.0, "network.default.attempts": 2}
    return small.scenario("first_purchase").with_settings({**network, "faults": [outage]})


def test_orders_in_doubt_are_counted():
    _, expected = run_of(without_an_answer(), 7, "all")
    _, found = run_of(without_an_answer(), 7, "summary")
    assert found._tables.tallies["orders"]["in_doubt"] == 1
    same(found.metrics(), expected.metrics())


COUNTED = {"orders": metrics._orders, "visits": metrics._visits, "messages": metrics._messages}


@pytest.mark.parametrize("name", ["unreliable_network", "returns_season", "cash_on_delivery", "flash_sale"])
def test_what_is_counted_is_what_would_be_counted_in_the_tables(name, monkeypatch):
    monkeypatch.setattr(counting, "BLOCK", 50)
    monkeypatch.setattr(simulation, "_RELIEVED", 40)
    whole = everything(name)[1]
    _, found = run_of(small.scenario(name), 7, "summary")
    tallies = {table: Counter(counter) for table, counter in found._tables.tallies.items()}
    assert set(tallies) == {*COUNTED, "transfers", "production_lots"}
    for table, count in COUNTED.items():
        assert tallies[table] == count(whole.source), table
    assert tallies["transfers"] == metrics._transfers(whole.source, whole.scenario.currency)


def test_every_figure_that_a_tally_carries_is_put_to_the_test():
    names = ("unreliable_network", "returns_season", "cash_on_delivery", "flash_sale", "prepaid_campaigns")
    tallies = [run_of(small.scenario(name), 7, "summary")[1]._tables.tallies for name in names]
    tallies += [run_of(without_an_answer(), 7, "summary")[1]._tables.tallies]
    carried = {(table, name) for each in tallies for table in each for name, count in each[table].items() if count}
    missing = {(table, name) for table in tallies[0] for name in tallies[0][table]} - carried
    assert missing <= {("orders", "received"), ("orders", "processing"), ("orders", "on_the_way")}


def test_logs_of_thin_rows_number_them_from_where_the_others_do():
    visits, lots, orders = VisitLog(thin), ProductionLotLog(["laptop"], thin), OrderLog(["laptop"], thin)
    assert [visits.arrived(0.0, 1), visits.arrived(1.0, 1)] == [0, 1]
    assert [lots.ordered(0.0, 0, 1), lots.ordered(0.0, 0, 1)] == [0, 1]
    assert [orders.placed(0.0, user, SHOP, 5, "account", 5) for user in (0, 0, -1)] == [1, 2, 3]
    assert (len(visits), len(lots), len(orders)) == (2, 2, 3)


def doubted(before, after=None):
    """Return what both kinds of record say of an order in one status, given up, and then perhaps in another."""
    log, thinner = OrderLog(["laptop"]), OrderLog(["laptop"], thin)
    for orders in (log, thinner):
        orders.placed(0.0, 0, SHOP, 5, "account", 5)
        orders.status(1, STATUSES.index(before))
        orders.mark_in_doubt(1)
        if after is not None:
            orders.status(1, STATUSES.index(after))
    column = log.order_columns()["status"]
    found = column.labels[column.codes[0]]
    assert log.counts()[found] == thinner.counts()[found] == 1
    return found


@pytest.mark.parametrize("status", STATUSES)
def test_an_order_that_somebody_gave_up_asking_about_is_in_doubt_unless_it_was_declined(status):
    assert doubted(status) == ("declined" if status == "declined" else "in_doubt")


@pytest.mark.parametrize("status", STATUSES)
def test_nothing_but_a_decline_takes_a_given_up_order_out_of_doubt(status):
    assert doubted("processing", status) == ("declined" if status == "declined" else "in_doubt")


# What is off


@pytest.mark.parametrize("table", OFF)
def test_a_table_that_is_off_says_in_one_line_how_to_switch_it_on(table):
    found = result(SUMMARY)
    for ask in (lambda: getattr(found, table), lambda: found.columns(table), lambda: found.source.rows(table)):
        with pytest.raises(NotRecorded) as refused:
            ask()
        assert str(refused.value) == line(table)
        assert isinstance(refused.value, ValueError)


NEEDS = [
    ("messages", lambda r: r.follow(user=0)),
    ("messages", lambda r: r.between("shop", "bank")),
    ("messages", lambda r: r.recent(3)),
    ("messages", waiting),
    ("transfers", lambda r: r.at(0)),
    ("transfers", lambda r: r.check()),
    ("transfers", lambda r: r.balances()),
    ("transfers", lambda r: r.stock()),
    ("transfers", lambda r: r.ledger("bank")),
    ("transfers", lambda r: trial_balance(r, "bank")),
    ("orders", lambda r: r.after(1)),
    ("orders", lambda r: r.follow(1)),
    ("orders", lambda r: r.why(1)),
    ("orders", page.page),
    ("visits", lambda r: r.reproduce()),
    ("visits", funnel),
]


@pytest.mark.parametrize(("table", "ask"), NEEDS)
def test_whatever_needs_a_table_that_is_off_names_it(table, ask):
    with pytest.raises(NotRecorded) as refused:
        ask(result(SUMMARY))
    assert str(refused.value) == line(table)


@pytest.mark.parametrize("form", ["csv", "beancount", "xes", "ocel-json"])
def test_an_export_names_what_it_needs_and_leaves_nothing(form, tmp_path):
    with pytest.raises(NotRecorded, match="not recorded with record='summary'"):
        exports.write(result("summary"), form, tmp_path / "out")
    assert list(tmp_path.iterdir()) == []


def test_messages_that_are_off_cannot_be_walked_through():
    walk = Walk(small.scenario("first_purchase"), 7)
    walk.simulation = run = Simulation(small.scenario("first_purchase"), 7, record=SUMMARY)
    for ask in (walk.next_message, lambda: walk.last, lambda: walk.run_to("Pay"), run.next_message):
        with pytest.raises(NotRecorded) as refused:
            ask()
        assert str(refused.value) == line("messages")
    assert run.step()


@pytest.mark.parametrize("record", ["", "All", "none", "ledger", "orders", None])
def test_an_unknown_mode_is_refused_before_anything_runs(record, tmp_path):
    with pytest.raises(ValueError, match="must be one of all, summary") as refused:
        alesha.simulate(small.scenario("first_purchase"), 7, record=record, spool=tmp_path / "spool")
    assert str(refused.value).startswith(f"record: {record!r}: ")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.interpreted
def test_nothing_is_kept_of_messages_and_transfers_that_are_off(monkeypatch):
    monkeypatch.setattr(simulation, "_RELIEVED", 40)
    monkeypatch.setattr(counting, "BLOCK", 50)
    run = Simulation(small.scenario("market_day"), 7, record="summary")
    run.run()
    assert len(run.ledger) < 200 < len(everything("market_day")[1].columns("transfers")["posted_at"])
    assert run.records._messages is None
    kept = run.records.orders._orders
    assert len(kept.rows) == 30 * len(kept) > 0
    others = run.records.orders._lines, run.records.visits._table, run.records.production_lots._table
    assert [len(table.rows) for table in others] == [0, 0, 0]
    assert min(map(len, others[:2])) > 0


# Laws


def test_laws_are_checked_where_transfers_are_kept(monkeypatch):
    monkeypatch.setattr("alesha_sim.results.lawful.laws.check", lambda *_, **__: ["L9: broken"])
    with pytest.raises(LawBroken, match="L9: broken"):
        alesha.simulate(small.scenario("first_purchase"), 7)
    assert not alesha.simulate(small.scenario("first_purchase"), 7, record="summary").is_checkable


@pytest.mark.parametrize("record", LEVELS)
def test_the_ledger_refuses_in_every_mode_what_breaks_a_law(record):
    run = Simulation(small.scenario("first_purchase"), 7, record=record)
    run.run()
    before = run.result().metrics()
    with pytest.raises(LawBroken, match="L1: below zero"):
        run.bank.book.payment(run.now, 1, 0, 10**12)
    with pytest.raises(LawBroken, match="L1: below zero"):
        run.bank.book.payment(run.now, 1, 0, 1, fee=10**12)
    same(run.result().metrics(), before)


@pytest.mark.interpreted
def test_an_error_names_no_message_where_they_have_no_numbers(monkeypatch):
    monkeypatch.setattr("alesha_sim.entities.bank.bank.Bank.authorise", lambda *_: 1 / 0)
    texts = []
    for record in ("all", "summary"):
        with pytest.raises(EntityError) as failed:
            alesha.simulate(small.scenario("first_purchase"), 7, record=record)
        texts.append(str(failed.value))
    assert "failed on Authorise (message " in texts[0]
    assert "failed on Authorise (order 1)" in texts[1]


def test_a_bank_whose_rows_have_gone_knows_its_transactions():
    books = {}
    for record in ("all", "summary"):
        run = Simulation(small.scenario("returns_season"), 7, record=record)
        run.run()
        run.result()  # lets everything go that is counted
        books[record] = run.bank.book
    links = range(books["all"]._ledger._next_entry + 2)
    found, expected = ([books[record].transaction(entry) for entry in links] for record in ("summary", "all"))
    assert found == expected
    assert sum(each is not None for each in expected) > 100


def test_a_ledger_that_lets_rows_go_finds_the_first_of_a_payment_only():
    ledger = CountingLedger("BDT", ["laptop"])
    reserves = ledger.account(Account.BANK_RESERVES)
    user = ledger.family(Account.BANK_USER_DEPOSITS, 1).start
    shop = ledger.account(Account.BANK_SHOP_DEPOSIT)
    ledger.account(Account.USERS_ADVANCES)
    income, payment, fee = (ledger.new_entry() for _ in range(3))
    ledger.transfer(1.0, BANK, income, -1, reserves, user, 50, INCOME)
    ledger.post(2.0, BANK, payment, 1, [(user, shop, 30, PAYMENT), (user, reserves, 1, FEE)])
    assert ledger.counts()["least"] == 0
    ledger.transfer(3.0, BANK, fee, 1, shop, reserves, 30, FEE)
    assert ledger.first(payment) == (2.0, user, shop, 30, 1, payment, PAYMENT)
    assert ledger.first(fee).amount == 30
    with pytest.raises(KeyError):
        ledger.first(income)
    ledger.counts()
    ledger.transfer(4.0, BANK, entry := ledger.new_entry(), 2, reserves, user, 1, PAYMENT)
    ledger.counts()
    assert [ledger.first(known).order for known in (payment, entry)] == [1, 2]
    assert len(ledger) == 0


# On disk


@pytest.mark.parametrize("record", LEVELS)
def test_a_saved_result_knows_its_mode(record, tmp_path):
    found = result(record)
    found.save(tmp_path / "out")
    loaded = Result.load(tmp_path / "out")
    assert loaded == found
    assert (loaded.record, loaded.digest) == (record, found.digest)
    same(loaded.metrics(), found.metrics())
    files = sorted(path.name for path in (tmp_path / "out").iterdir())
    assert files == sorted(["manifest.json", *(f"{table}.parquet" for table in recorded(record))])
    assert json.loads((tmp_path / "out" / "manifest.json").read_text())["recorded"] == record
    for table in () if record == "all" else OFF:
        with pytest.raises(NotRecorded, match=f"table {table}: not recorded with record='summary'"):
            loaded.columns(table)


@pytest.mark.parametrize("level", ["ledger", "orders"])
def test_a_result_saved_at_a_level_that_there_is_no_more_is_refused_in_one_line(level, tmp_path):
    result("all").save(tmp_path)
    manifest = json.loads((tmp_path / "manifest.json").read_text()) | {"recorded": level}
    manifest["manifest_digest"] = alesha.storage.saved._own_digest(manifest)
    (tmp_path / "manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(ValueError, match="cannot be read") as refused:
        Result.load(tmp_path)
    assert str(refused.value) == (
        f"{tmp_path / 'manifest.json'}: cannot be read: recorded: {level!r}: must be one of all, summary"
    )


def test_results_of_different_modes_have_different_digests():
    assert result("all").digest != result("summary").digest
    assert result("all") != result("summary")


def test_the_digest_covers_what_was_counted():
    tables = result("summary")._tables
    counted = {**tables.tallies, "visits": {"rows": tables.tallies["visits"]["rows"] + 1}}
    currency = result("summary").scenario.currency
    assert digest(Tables(tables, "summary", tables.tallies), currency) == result("summary").digest
    assert digest(Tables(tables, "summary", counted), currency) != result("summary").digest


def test_a_lesser_result_leaves_no_table_of_the_one_that_it_replaces(tmp_path):
    result("all").save(tmp_path)
    result("summary").save(tmp_path, overwrite=True)
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "accounts.parquet", "manifest.json", "users.parquet",
    ]  # fmt: skip


def test_counts_that_were_changed_on_disk_are_refused(tmp_path):
    result("summary").save(tmp_path)
    manifest = json.loads((tmp_path / "manifest.json").read_text())
    manifest["tallies"]["visits"]["rows"] += 1
    (tmp_path / "manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(ValueError, match="not as it was saved"):
        Result.load(tmp_path)


def test_a_result_saved_before_there_were_modes_is_read(tmp_path):
    result("all").save(tmp_path)
    manifest = json.loads((tmp_path / "manifest.json").read_text())
    del manifest["tallies"]
    manifest["manifest_digest"] = alesha.storage.saved._own_digest(manifest)
    (tmp_path / "manifest.json").write_text(json.dumps(manifest))
    assert Result.load(tmp_path) == result("all")


@pytest.mark.parametrize("record", LEVELS)
def test_a_spool_holds_what_is_recorded(record, tmp_path):
    expected = result(record, "market_day")
    found = alesha.simulate(small.scenario("market_day"), 7, record=record, spool=tmp_path / "spool")
    assert found == expected
    same(found.metrics(), expected.metrics())
    assert {path.stem for path in (tmp_path / "spool").glob("*.parquet")} == set(recorded(record))
    found.save(tmp_path / "saved")
    assert Result.load(tmp_path / "saved") == Result.load(tmp_path / "spool") == expected
    for table in () if record == "all" else OFF:
        for ask in (lambda table=table: found.columns(table), lambda table=table: found.source.whole(table)):
            with pytest.raises(NotRecorded, match=f"table {table}: not recorded"):
                ask()


# Compared and told again


def test_a_difference_is_found_in_what_both_recorded_or_counted():
    scenario = small.scenario("first_purchase")
    more = {record: alesha.simulate(scenario, seed=8, record=record) for record in LEVELS}
    assert result("summary").diff(result("summary")) is None
    assert result("all").diff(result("summary")) == "recorded: all against summary"
    assert "seed: 7 against 8" in result("summary").diff(more["summary"])
    busier = alesha.simulate(small.scenario("market_day"), seed=7, record="summary")
    other = alesha.simulate(small.scenario("market_day"), seed=8, record="summary")
    assert "counted" in busier.diff(other) or "row" in busier.diff(other)


# The command


def test_the_command_records_what_it_is_told(tmp_path, capsys):
    folder = str(tmp_path / "out")
    assert cli.main(["run", "market_day", "--seed", "7", "--record", "summary", "--out", folder]) == 0
    out, err = capsys.readouterr()
    assert f"laws not checked: {line('transfers')}" in out
    assert err == f"tables and manifest.json are in {folder}\n"
    assert cli.main(["run", "market_day", "--seed", "7", "--record", "summary", "--json", "--quiet"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["recorded"], told["violations"], told["digest"]) == (
        "summary", None, Result.load(folder).digest,
    )  # fmt: skip
    for arguments in (["report", folder, "--out", f"{folder}.html"],):
        assert cli.main(arguments) == 2
        assert capsys.readouterr().err == line("orders") + "\n"


def test_the_command_counts_orders_that_it_did_not_record(capsys):
    lines = {}
    for record in ("all", "summary"):
        assert cli.main(["run", "card_testing", "--seed", "7", "--record", record]) == 0
        printed = [text.split() for text in capsys.readouterr().out.splitlines()]
        lines[record] = {words[0]: words[1:] for words in printed if len(words) > 1}
    names = ("visits", "orders", "completed", "declined", "units", "revenue", "users", "shop")
    assert all(lines["summary"][name] == lines["all"][name] for name in names)


@pytest.mark.parametrize("mode", ["everything", "Summary", "ledger", ""])
def test_the_command_refuses_an_unknown_mode_in_one_line(mode, capsys):
    assert cli.main(["run", "first_purchase", "--record", mode]) == 2
    told = capsys.readouterr().err
    assert told.startswith("--record: ")
    assert told.endswith("must be one of all, summary\n")
    assert told.count("\n") == 1


def test_an_export_by_the_command_names_what_it_needs(tmp_path, capsys):
    result("summary").save(tmp_path / "in")
    arguments = ["export", str(tmp_path / "in"), "--to", "csv", "--out", str(tmp_path / "out")]
    assert cli.main(arguments) == 2
    assert capsys.readouterr().err == line("orders") + "\n"
