"""A catalogue of 2,000 products, through everything that a run goes through."""

import csv
import json
import re
import sqlite3
from pathlib import Path

import numpy as np
import pytest
from conftest import needs

import alesha_sim as alesha
from alesha_sim import accounting, exports, scenarios
from alesha_sim.audit.reading import codes_of
from alesha_sim.books.accounts import KINDS
from alesha_sim.books.chart import Chart
from alesha_sim.cli import main
from alesha_sim.recording.order_log import OrderLog
from alesha_sim.reports import page as report
from alesha_sim.scenarios.errors import ScenarioError
from alesha_sim.vocabulary import PRODUCTS_MAX

CASE = Path(__file__).parent / "cases" / "limits" / "128-products.toml"
PRODUCTS = 2000


def catalogue(size):
    """Return a catalogue of alike products."""
    one = {"name": "Thing", "marked_price": 600, "price": 500, "charge": 400, "cost": 300}
    return [one | {"sku": f"p{number}"} for number in range(size)]


@pytest.fixture(scope="module")
def result():
    tree = scenarios.market_day(users=60, visits_per_day=120).model_dump(exclude={"catalogue"})
    tree["demand"]["shares"] = None
    tree["supplier"]["stock"] = {"kind": "base_stock", "level": 3}
    return alesha.simulate(alesha.Scenario.model_validate(tree | {"catalogue": catalogue(PRODUCTS)}), seed=7)


@pytest.fixture(scope="module")
def written(result, tmp_path_factory):
    """Return a function that exports the run in a format, once."""
    folder = tmp_path_factory.mktemp("many")

    def path(name):
        target = folder / name
        if not target.exists():
            exports.write(result, name, target)
        return target

    return path


def units_sold(result):
    """Return how many units of each product were delivered, by the shop's own sales."""
    lines, orders = result.order_lines, result.orders.set_index("order")
    done = lines[orders.loc[lines["order"], "status"].eq("completed").to_numpy()]
    return done.groupby("sku", observed=True)["quantity"].sum().to_dict()


def test_128_products_run_to_the_end(capsys, tmp_path):
    assert main(["run", str(CASE), "--out", str(tmp_path / "out")]) == 0
    said = capsys.readouterr().out
    assert "all laws hold" in said
    assert "completed" in said
    assert alesha.Result.load(tmp_path / "out").check() == []


@pytest.mark.parametrize("products", [126, 127, 128, 255, 256])
def test_the_last_product_of_any_catalogue_is_sold_and_lawful(products):
    demand = {"kind": "single", "quantities": {f"p{products - 1}": 2}}
    result = alesha.simulate(
        alesha.Scenario(horizon="1 day", catalogue=catalogue(products), demand=demand), seed=1
    )  # fmt: skip
    assert result.check() == []
    assert units_sold(result) == {f"p{products - 1}": 2}


@pytest.mark.parametrize("size", [1, 127, 128, 129, 32_767, 32_768, PRODUCTS_MAX])
def test_codes_have_the_smallest_type_that_holds_the_last_of_them(size):
    words = {f"p{number}": number for number in range(size)}
    codes = codes_of([f"p{size - 1}", "none"], words)
    assert codes.tolist() == [size - 1, -1, -1]
    assert codes.dtype == (np.int8 if size <= 128 else np.int16 if size <= 32_768 else np.int32)


def test_a_catalogue_too_large_for_the_lines_of_orders_is_refused_in_one_line(monkeypatch):
    assert np.iinfo(OrderLog(())._lines.dtype["product"]).max == PRODUCTS_MAX - 1
    monkeypatch.setattr("alesha_sim.scenarios.scenario_fields.PRODUCTS_MAX", 9)
    rest = {"horizon": 60, "demand": {"kind": "single"}}
    assert len(alesha.Scenario(catalogue=catalogue(9), **rest).skus) == 9
    with pytest.raises(ScenarioError, match=r"^catalogue: .*: must have at most 9 products$"):
        alesha.Scenario(catalogue=catalogue(10), **rest)


def test_the_books_of_2000_products_balance(result):
    assert result.check() == []
    sold = units_sold(result)
    assert len([sku for sku in sold if int(sku[1:]) > 127]) > 30
    assert 500 * sum(sold.values()) == result.summary()["revenue"]
    assert len(result.columns("production_lots")["sku"].labels) > 30


def test_statements_of_2000_products_balance(result):
    for book, least in (("shop", 5), ("supplier", 30)):
        sums = (
            accounting.trial_balance(result, book).groupby("commodity", observed=True)[["debit", "credit"]].sum()
        )
        assert sums["debit"].equals(sums["credit"])
        assert not accounting.income_statement(result, book).empty
        assert not accounting.balance_sheet(result, book).empty
        assert not accounting.cash_flow(result, book).empty
        assert len(accounting.general_ledger(result, book)) > len(accounting.t_accounts(result, book)) > least
    assert accounting.consolidated(result) is not None
    assert accounting.reconcile(result, "shop") is not None
    assert accounting.aging(result) is not None


def test_stock_of_2000_products_ends_with_what_the_books_say(result):
    last = result.stock().groupby("sku", observed=False)["on_hand"].last()
    accounts = result.accounts
    kept = accounts[accounts["account"].isin(["supplier:stock", "supplier:reserved"])]
    booked = kept.groupby("commodity", observed=True)["closing"].sum()
    assert len(last) == PRODUCTS
    assert last.to_dict() == booked.loc[last.index].to_dict()


def test_an_account_is_named_without_a_walk_through_all_others():
    class Unwalkable(list):
        __iter__ = None

    chart = Chart(["BDT", "p0"])
    for name, count in (("shop:cash", 1), ("users:cash:", 3), ("users:advances:", 0), ("bank:reserves", 1)):
        chart.open(name, KINDS[0], count=count, numbered=name.endswith(":"))
    chart.groups = Unwalkable(chart.groups)
    names = ["shop:cash", "users:cash:0", "users:cash:1", "users:cash:2", "bank:reserves"]
    assert [chart.name(account) for account in range(5)] == names
    assert [chart.name(account) for account in (-1, 5)] == ["unknown account -1", "unknown account 5"]


def test_stock_is_read_in_as_many_passes_for_2000_products_as_for_3(result, monkeypatch):
    from alesha_sim.results import time_series

    passes = []
    monkeypatch.setattr(
        time_series, "equals", lambda *given, own=time_series.equals: passes.append(1) or own(*given)
    )
    few = alesha.simulate(scenarios.market_day(users=20, visits_per_day=30), seed=7)
    few.stock()
    of_few = len(passes)
    result.stock()
    assert 0 < of_few == len(passes) - of_few


@pytest.mark.parametrize("name", ["beancount", "hledger"])
def test_journals_name_every_product_that_was_sold(result, written, name):
    words = set(re.findall(r"p\d+", written(name).read_text("utf-8").lower()))
    assert units_sold(result).keys() <= words


def test_an_event_log_has_a_trace_for_every_order(result, written):
    assert written("xes").read_text("utf-8").count("<trace>") == len(result.orders)


def test_beancount_finds_no_error_in_2000_commodities(written):
    needs("beancount")
    from beancount import loader

    entries, errors, _ = loader.load_file(str(written("beancount")))
    assert errors == []
    assert len(entries) > PRODUCTS


def test_object_centric_logs_of_both_forms_hold_the_same_events(result, written):
    log = json.loads(written("ocel-json").read_text("utf-8"))
    with sqlite3.connect(written("ocel-sqlite")) as base:
        (events,) = base.execute("select count(*) from event").fetchone()
        (objects,) = base.execute("select count(*) from object").fetchone()
    base.close()
    assert (len(log["events"]), len(log["objects"])) == (events, objects)
    assert events > len(result.columns("orders")["order"]) > 30


def test_tables_of_every_form_hold_all_rows_and_the_last_products(result, written):
    needs("duckdb")
    import duckdb
    import pyarrow.parquet as pq

    lines, accounts = len(result.order_lines), len(result.accounts)
    with (written("csv") / "order_lines.csv").open(encoding="utf-8", newline="") as file:
        assert sum(1 for _ in csv.DictReader(file)) == lines
    assert pq.read_table(written("parquet") / "accounts.parquet").num_rows == accounts
    with duckdb.connect(str(written("duckdb")), read_only=True) as base:
        (rows,) = base.execute("select count(*) from accounts").fetchone()
        (last,) = base.execute("select count(*) from accounts where commodity = 'p1999'").fetchone()
    assert (rows, last > 0) == (accounts, True)


def test_a_saved_run_of_2000_products_is_the_same_when_it_is_loaded(result, tmp_path):
    result.save(tmp_path / "run")
    loaded = alesha.Result.load(tmp_path / "run")
    assert loaded.digest == result.digest
    assert loaded.check() == []


def test_the_report_of_2000_products_is_written(result):
    page = report.page(result)
    assert f"{len(result.orders):,}" in page
    assert page.count("<img") >= len(report.PLOTS)
    assert len(page) < 10_000_000
