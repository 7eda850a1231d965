import os
import re
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest

import alesha_sim as alesha
from alesha_sim import Result
from alesha_sim.columns import rows
from alesha_sim.messages import Secret
from alesha_sim.tables.schema import SCHEMA


@pytest.fixture(scope="module")
def first():
    return alesha.simulate(alesha.scenarios.first_purchase(), seed=7)


@pytest.fixture(scope="module")
def market():
    return alesha.simulate(alesha.scenarios.market_day(users=15, visits_per_day=40), seed=3)


def test_tables_are_frames_with_the_schemas_columns_and_are_built_once(market):
    for table, schema in SCHEMA.items():
        frame = getattr(market, table)
        assert list(frame.columns) == list(schema)
        assert getattr(market, table) is frame
        assert len(frame) == rows(market.columns(table))
        assert len(frame) > 0 or table == "purchases"  # the shop keeps no stock


def test_unknown_table_is_refused(first):
    with pytest.raises(ValueError, match="table order: must be one of orders, purchases, order_lines"):
        first.columns("order")


def test_tables_tell_the_first_purchase(first):
    (order,) = first.orders.to_dict("records")
    assert (order["order"], order["user"], order["total"], order["status"]) == (1, 0, 1000.0, "completed")
    lines = first.order_lines[["sku", "quantity", "unit_price", "unit_charge"]].values.tolist()
    assert lines == [["hp-laptop", 1, 500.0, 400.0], ["apple-watch", 2, 250.0, 180.0]]
    (user,) = first.users.to_dict("records")
    assert (user["opening_balance"], user["closing_balance"], user["spent"]) == (5000.0, 4000.0, 1000.0)
    assert first.visits["left_at"].iloc[0] == order["accepted_at"] + pd.Timedelta("50ms")


def test_summary_is_a_series_of_the_figures(market):
    summary = market.summary()
    assert summary.dtype == "float64"
    assert summary.to_dict() == pytest.approx(market.metrics(), nan_ok=True)
    assert list(summary.index) == list(market.metrics())


def test_balances_have_one_row_a_change(first):
    balances = first.balances()
    assert list(balances.columns) == ["users", "shop", "supplier"]
    assert balances.to_numpy().tolist() == [[5000, 10_000, 5000], [4000, 11_000, 5000], [4000, 10_240, 5760]]
    assert balances.index.name == "at"
    assert balances.index[0] == pd.Timestamp("2021-01-01")
    assert balances.index[1] < balances.index[2] == pd.Timestamp("2021-01-01 00:00:01")


@pytest.mark.parametrize(
    ("entity", "course"),
    [
        ("user:0", [5000, 4000]),
        ("users", [5000, 4000]),
        ("shop", [10_000, 11_000, 10_240]),
        ("supplier", [5000, 5760]),
    ],
)
def test_balances_of_one_entity_have_its_column(first, entity, course):
    assert first.balances(entity)[entity].tolist() == course


def test_balances_are_sampled_on_a_grid_to_the_end(first):
    hourly = first.balances("shop", every="1h")
    assert len(hourly) == 50  # two days and a second, then one more
    assert hourly.index[1] - hourly.index[0] == pd.Timedelta("1h")
    assert hourly["shop"].tolist() == [10_000.0] + [10_240.0] * 49
    assert first.balances(every=3600.0)["shop"].tolist() == hourly["shop"].tolist()


@pytest.mark.parametrize("every", ["soon", "0s", "-1h", 0, -5.0, float("nan"), float("inf"), "NaT", 1e-9])
def test_grid_that_is_no_positive_duration_is_refused(first, every):
    with pytest.raises(ValueError, match=r"every: .*must be a positive duration"):
        first.balances(every=every)


@pytest.mark.parametrize("entity", ["user:1", "user:x", "bank", "", "user", "users:0"])
def test_balance_of_an_unknown_entity_is_refused(first, entity):
    with pytest.raises(ValueError, match=f"entity {entity}: must be users, shop, supplier, or user:0"):
        first.balances(entity)


def test_stock_follows_each_product_from_order_to_shipment(first):
    stock = first.stock()
    assert list(stock.columns) == ["sku", "at", "on_hand", "on_order", "backordered"]
    watches = stock[stock["sku"] == "apple-watch"]
    assert watches["on_order"].tolist() == [0, 2, 0]
    assert watches["at"].diff().iloc[2] == pd.Timedelta("1 day")
    assert stock[stock["sku"] == "iphone-x"]["at"].tolist() == [pd.Timestamp("2021-01-01")]
    assert stock["on_hand"].max() == 0
    assert (stock["backordered"] == stock["on_order"]).all()  # each is being made for its order


def test_stock_counts_goods_that_were_made_and_not_shipped(first):
    columns = {table: dict(first.columns(table)) for table in SCHEMA}
    code = columns["transfers"]["code"]
    kept = np.array([code.labels[place] not in ("ship", "deliver") for place in code.codes])
    columns["transfers"] = {
        name: column._replace(codes=column.codes[kept]) if hasattr(column, "codes") else column[kept]
        for name, column in columns["transfers"].items()
    }
    unshipped = Result(first.scenario, 7, columns, ended_at=10.0, drained=True, events=1, inboxes={})
    assert unshipped.stock().groupby("sku", observed=True)["on_hand"].max().tolist() == [1, 2, 0]


def test_stock_on_a_grid_has_every_product_at_every_instant(first):
    daily = first.stock(every="1 day")
    assert daily["sku"].tolist() == [sku for sku in first.scenario.skus for _ in range(4)]
    assert daily["on_order"].tolist() == [0, 1, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0]


def test_ledger_has_the_transfers_of_one_book(first):
    assert set(first.ledger("bank")["book"]) == {"bank"}
    assert first.ledger("users").index.tolist() == list(range(5))
    assert first.ledger("bank")["code"].tolist() == ["opening"] * 3 + ["payment", "charges"]
    assert sum(len(first.ledger(book)) for book in ("bank", "shop", "supplier", "users")) == len(first.transfers)
    with pytest.raises(ValueError, match="book cash: must be one of bank, shop, supplier, users"):
        first.ledger("cash")


def test_followed_order_tells_the_flow_and_every_reply_follows_its_request(first):
    followed = first.follow(1)
    assert len(followed.messages) == len(first.messages)
    assert len(followed.transfers) == (first.transfers["order"] == 1).sum()
    pairs = {}
    for message in followed.messages:
        pairs.setdefault(message.request, []).append(message)
    assert [message.kind for message in pairs.pop(None)] == ["Delivered"]
    for request, reply in pairs.values():
        assert (request.sender, request.recipient) == (reply.recipient, reply.sender)
        assert request.delivered_at <= reply.sent_at
    assert repr(followed).startswith("Order 1 of user:0, completed: 29 messages, 21 transfers\n")


@pytest.mark.parametrize("order", [0, 2, -1])
def test_following_an_unknown_order_is_refused(first, order):
    with pytest.raises(ValueError, match=f"order {order}: must be from 1 to 1"):
        first.follow(order)


def test_following_without_any_order_is_refused():
    result = alesha.Simulation(alesha.scenarios.first_purchase(), seed=1).result()
    with pytest.raises(ValueError, match="order 1: there are no orders"):
        result.follow(1)


def test_check_finds_what_was_tampered_with(first):
    assert first.check() == []
    columns = {table: dict(first.columns(table)) for table in SCHEMA}
    columns["accounts"]["closing"] = columns["accounts"]["closing"] + 1
    result = Result(first.scenario, 7, columns, ended_at=1.0, drained=True, events=1, inboxes={})
    assert result.check()


def test_equal_results_are_equal_and_others_are_not(first, market):
    again = alesha.simulate(alesha.scenarios.first_purchase(), seed=7)
    assert again == first
    assert again.digest == first.digest
    assert first != market
    assert first != alesha.simulate(alesha.scenarios.first_purchase(), seed=8)
    assert first != "first"


def test_digest_is_the_same_in_every_process():
    program = (
        "import alesha_sim as alesha\n"
        "scenario = alesha.scenarios.market_day(users=15, visits_per_day=40)\n"
        "print(alesha.simulate(scenario, seed=3).digest)\n"
    )
    digests = [
        subprocess.run(
            [sys.executable, "-c", program], env={**os.environ, "PYTHONHASHSEED": seed}, text=True,
            capture_output=True, check=True,
        ).stdout
        for seed in ("1", "2")
    ]  # fmt: skip
    assert digests[0] == digests[1]
    assert re.fullmatch(r"[0-9a-f]{64}\n", digests[0])


def test_digest_depends_on_the_seed(market):
    other = alesha.simulate(market.scenario, seed=4)
    assert other.digest != market.digest


def test_result_shows_itself_in_three_lines_of_text(first):
    assert repr(first).splitlines() == [
        "Result of first_purchase, seed 7: visits 1, orders 1, completed 1, declined 0, cancelled 0, "
        "open orders 0; drained after 2 d 00:00:01",
        "balances: users 4,000.00 BDT, shop 10,240.00 BDT, supplier 5,760.00 BDT",
        f"digest: {first.digest}",
    ]


def test_result_shows_its_balances_in_a_notebook_escaped(first, monkeypatch):
    shown = first._repr_html_()
    assert "<th>shop</th><td style='text-align: right'>10,240.00 BDT</td>" in shown
    hostile = first.scenario.model_copy(update={"name": "<script>"})
    monkeypatch.setattr(first, "scenario", hostile)
    assert "&lt;script&gt;" in first._repr_html_()
    assert "<script" not in first._repr_html_()


def test_no_secret_is_in_any_table_file_or_text(tmp_path):
    simulation = alesha.Simulation(alesha.scenarios.first_purchase(), seed=7)
    users = simulation.users.credentials
    secrets = [
        users.wallet(0).secret, users.password(0), simulation.shop.wallet.secret,
        simulation.supplier.wallet.secret,
    ]  # fmt: skip
    assert all(isinstance(secret, Secret) and len(secret) > 5 for secret in secrets)
    simulation.run()
    result = simulation.result()
    result.save(tmp_path / "out")
    texts = [repr(result), result._repr_html_(), repr(result.follow(1)), result.follow(1).frame().to_string()]
    texts += [getattr(result, table).to_string() for table in SCHEMA]
    texts += [pd.read_parquet(tmp_path / "out" / f"{table}.parquet").to_string() for table in SCHEMA]
    texts += [(tmp_path / "out" / "manifest.json").read_text("utf-8")]
    assert sum("10000000" in text for text in texts) == 2  # the account number is in a table and its file
    assert [secret for secret in secrets if any(secret in text for text in texts)] == []
