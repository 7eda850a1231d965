"""An event log is read back as demand: only the orders' times, users and quantities."""

import json
import shutil
import sqlite3
from datetime import datetime, timedelta, timezone
from pathlib import Path

import numpy as np
import pytest
from small import result

import alesha_sim as alesha
from alesha_sim import exports, scenarios

FORMS = ["ocel-json", "ocel-sqlite"]


@pytest.fixture(scope="module")
def logs(tmp_path_factory):
    folder = tmp_path_factory.mktemp("plans")
    for form in FORMS:
        exports.write(result("market_day"), form, folder / form)
    return folder


def baskets(run):
    """Who ordered what, in the order of placing."""
    lines = run.order_lines.pivot_table("quantity", "order", "sku", "sum", observed=False).fillna(0).astype(int)
    return list(zip(run.orders["user"], lines.to_numpy().tolist(), strict=True))


@pytest.mark.parametrize("form", FORMS)
def test_plan_holds_the_orders_of_the_log(logs, form):
    run = result("market_day")
    plan = exports.demand(logs / form, start=run.scenario.start)
    placed = run.columns("orders")["placed_at"]
    assert np.array_equal(np.rint(plan.visits["at"] * 1e6), placed)
    assert plan.visits["user"].tolist() == run.orders["user"].tolist()
    skus = [column for column in plan.visits.columns if column not in ("at", "user")]
    assert plan.visits[skus].to_numpy().sum() == run.order_lines["quantity"].sum()


@pytest.mark.parametrize("form", FORMS)
def test_replay_of_a_log_orders_the_same(logs, form):
    run = result("market_day")
    plan = exports.demand(logs / form)
    again = alesha.simulate(plan.applied(run.scenario), seed=99)
    assert again.check() == []
    # Two visits that are close may overtake each other on their way through the shop.
    assert sorted(baskets(again)) == sorted(baskets(run))
    delay = np.sort(again.orders["placed_at"]) - np.sort(run.orders["placed_at"])
    assert (delay >= np.timedelta64(0)).all()
    assert (delay < np.timedelta64(60, "s")).all()


def test_both_forms_are_one_plan(logs):
    one, other = (exports.demand(logs / form) for form in FORMS)
    assert one.visits.equals(other.visits)
    assert (one.start, one.users) == (other.start, other.users)


LOG = {
    "objectTypes": [], "eventTypes": [],
    "objects": [
        {"id": "Anna", "type": "user"}, {"id": "Bela", "type": "user"}, {"id": "o1", "type": "order"},
        {"id": "l1", "type": "order line", "attributes": [
            {"name": "sku", "value": "hp-laptop", "time": "1970-01-01T00:00:00Z"},
            {"name": "quantity", "value": 2, "time": "1970-01-01T00:00:00Z"}]},
    ],
    "events": [
        {"id": "e9", "type": "deliver", "time": "2020-01-01T00:00:00Z"},
        {"id": "e2", "type": "check out", "time": "2024-05-02T10:00:00+02:00", "relationships": [
            {"objectId": "Bela", "qualifier": "by"}, {"objectId": "l1", "qualifier": "item"}]},
        {"id": "e1", "type": "check out", "time": "2024-05-01T10:00:00.000001Z", "relationships": [
            {"objectId": "Anna", "qualifier": "by"}, {"objectId": "o1", "qualifier": ""},
            {"objectId": "l1", "qualifier": "item"}]},
    ],
}  # fmt: skip


def test_users_of_a_real_log_are_numbered_as_they_come_and_times_are_utc(tmp_path):
    (tmp_path / "log.json").write_text(json.dumps(LOG))
    plan = exports.demand(tmp_path / "log.json")
    assert plan.start == datetime(2024, 5, 1)
    assert plan.users == ("Anna", "Bela")
    assert plan.visits.to_dict("list") == {"at": [36_000.000001, 115_200.0], "user": [0, 1], "hp-laptop": [2, 2]}
    run = alesha.simulate(plan.applied(scenarios.first_purchase()), seed=1)
    assert run.orders["user"].tolist() == [0, 1]


def changed(path, *value):
    log = json.loads(json.dumps(LOG))
    place = log
    for step in path[:-1]:
        place = place[step]
    if value:
        place[path[-1]] = value[0]
    else:
        del place[path[-1]]
    return log


def renamed(user):
    return json.loads(json.dumps(LOG).replace("Bela", user).replace("Anna", "user:1"))


WRONG = [
    (changed(("events",), []), "must hold at least one event 'check out'"),
    (changed(("events",)), "is no OCEL 2.0 log: KeyError: 'events'"),
    (changed(("events", 1, "time"), "noon"), "event e2: time: 'noon': must be an ISO 8601 instant"),
    (changed(("events", 1, "relationships", 0)), "event e2: must be related to one object of type user, not 0"),
    (changed(("events", 1, "relationships", 1)), "event e2: must be related to at least one object"),
    (changed(("events", 1, "relationships", 0, "objectId"), "Carla"), "is no OCEL 2.0 log: KeyError: 'Carla'"),
    (changed(("objects", 3, "attributes", 1, "value"), 0), "object l1: quantity: 0: must be a whole number"),
    (changed(("objects", 3, "attributes", 0, "value"), None), "object l1: sku: None: must be a product's name"),
    (["no", "log"], "is no OCEL 2.0 log: TypeError"),
    (changed(("events", 1, "time"), "2024-05-02T10:00:00"),
     "event e2: time: must have a zone, as other events' times have"),
    (renamed("user:100000000"), "must be a number below 100000000"),
]  # fmt: skip


@pytest.mark.parametrize(("log", "text"), WRONG)
def test_a_log_that_is_not_as_it_must_be_gets_one_clear_line(tmp_path, log, text):
    path = tmp_path / "log.json"
    path.write_text(json.dumps(log))
    with pytest.raises(ValueError, match=r"log\.json: ") as caught:
        exports.demand(path)
    assert text in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_log_without_zones_is_read_as_utc_and_so_is_a_start_with_one(tmp_path):
    log = json.dumps(LOG).replace("+02:00", "").replace("Z", "")
    (tmp_path / "log.json").write_text(log)
    start = datetime(2024, 5, 1, 6, tzinfo=timezone(timedelta(hours=6)))
    assert exports.demand(tmp_path / "log.json", start).start == datetime(2024, 5, 1)


def test_ids_that_are_no_users_numbers_are_numbered_as_they_come(tmp_path):
    (tmp_path / "log.json").write_text(json.dumps(renamed("user:" + "9" * 5000)))
    assert exports.demand(tmp_path / "log.json").visits["user"].tolist() == [0, 1]


def test_other_files_are_refused_and_a_log_is_not_touched(tmp_path, logs):
    (tmp_path / "text").write_text("not a log")
    with pytest.raises(ValueError, match=r"is no OCEL 2\.0 log"):
        exports.demand(tmp_path / "text")
    with pytest.raises(FileNotFoundError):
        exports.demand(tmp_path / "none")
    sqlite3.connect(tmp_path / "base").executescript("CREATE TABLE x (a)").connection.close()
    with pytest.raises(ValueError, match="no such table"):
        exports.demand(tmp_path / "base")
    shutil.copy(logs / "ocel-sqlite", tmp_path / "log")
    before = (tmp_path / "log").read_bytes()
    exports.demand(tmp_path / "log")
    assert (tmp_path / "log").read_bytes() == before
    with pytest.raises(ValueError, match="start: 2030-01-01 00:00:00: must not be after the first order"):
        exports.demand(tmp_path / "log", start=datetime(2030, 1, 1))


def test_minimal_reference_logs_have_no_check_out():
    for name in ("minimal.ocel.json", "minimal.ocel.sqlite"):
        with pytest.raises(ValueError, match="must hold at least one event 'check out'"):
            exports.demand(Path(__file__).parent / "reference" / name)
