"""PM4Py reads the event logs as they are: counts, times, constraints, the steps of a purchase, a missing step."""

import json
import sqlite3
import xml.etree.ElementTree as ET
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from conftest import needs
from small import result, unreliable

import alesha_sim as alesha
from alesha_sim import exports, scenarios
from alesha_sim.columns import MISSING_TIME
from alesha_sim.exports.activities import PLACE
from alesha_sim.exports.files import silent
from alesha_sim.exports.ocel import EPOCH, Model
from alesha_sim.exports.process import Log

REFERENCE = Path(__file__).parent / "reference"
# PM4Py and what it brings along warn of their own future; what is tested here is what they say of the files.
pytestmark = pytest.mark.filterwarnings("ignore")

FORMS = {"ocel-json": "json", "ocel-sqlite": "sqlite", "xes": "xes"}
RUNS = {**{name: lambda name=name: result(name) for name in scenarios.names()}, "unreliable": unreliable}

# The steps of a purchase in the design: who may directly follow whom.
STEPS = [
    ("view home page", "register"), ("register", "log in"), ("log in", "view product"),
    ("view product", "view product"), ("view product", "check out"), ("check out", "pay"),
    ("pay", "authorise payment"), ("authorise payment", "pay charges"), ("pay charges", "order from supplier"),
    ("order from supplier", "verify charges"), ("verify charges", "accept order"), ("accept order", "confirm"),
    ("confirm", "produce"), ("produce", "ship"), ("ship", "deliver"), ("deliver", "complete order"),
]  # fmt: skip
AGAIN = [("view home page", "log in")]


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    folder, seen = tmp_path_factory.mktemp("logs"), {}

    def write(name, form):
        if (name, form) not in seen:
            seen[name, form] = folder / f"{name}.{FORMS[form]}"
            exports.write(RUNS[name](), form, seen[name, form])
        return seen[name, form]

    return write


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("visits", [0, 50])
def test_a_run_in_which_nothing_was_posted_is_a_log_of_what_was_said(tmp_path, form, visits):
    opening = {f"{party}.opening_balance": 0 for party in ("users", "shop", "supplier")}
    demand = {"demand": {"kind": "poisson", "visits_per_day": visits}}
    poor = alesha.simulate(scenarios.first_purchase().with_settings({**opening, **demand}), seed=1)
    assert len(poor.transfers) == 0
    exports.write(poor, form, tmp_path / "log")
    said = (tmp_path / "log").read_bytes()
    assert (b"decline payment" in said) == (len(poor.orders) > 0) == (visits > 0)


def pm4py():
    needs("pm4py")
    import pm4py

    return pm4py


def read(written, name, form):
    program = pm4py()
    path = str(written(name, form))
    return program.read_ocel2_json(path) if form == "ocel-json" else program.read_ocel2_sqlite(path)


def counts(run):
    """Events, objects, relations of both kinds, and changes of attributes, as we count them."""
    model = Model(run)
    objects, events = list(model.objects()), list(model.events(silent))
    return (
        len(events), len(objects), sum(len(each.relations) for each in events),
        sum(len(each.relations) for each in objects),
        sum(at != EPOCH for each in objects for _, at, _ in each.attributes),
    )  # fmt: skip


@pytest.mark.parametrize("name", RUNS)
@pytest.mark.parametrize("form", ["ocel-json", "ocel-sqlite"])
def test_pm4py_counts_what_we_count(written, name, form):
    log = read(written, name, form)
    found = (len(log.events), len(log.objects), len(log.relations), len(log.o2o), len(log.object_changes))
    assert found == counts(RUNS[name]())
    assert np.issubdtype(log.events["ocel:timestamp"].dt.tz_convert(None).dtype, np.datetime64)
    assert log.events["ocel:timestamp"].notna().all()


@pytest.mark.parametrize("name", RUNS)
def test_sqlite_file_passes_all_constraints_of_the_validator(written, reference, name):
    pm4py()
    from pm4py.objects.ocel.validation import ocel20_rel_validation

    satisfied, broken = ocel20_rel_validation.apply(str(written(name, "ocel-sqlite")))
    assert list(broken) == []
    assert len(satisfied) == reference("pm4py-export")["expected"]["ocel_sqlite_validator_satisfied"]


@pytest.mark.parametrize("name", RUNS)
def test_relations_name_objects_that_there_are_and_no_id_comes_twice(name):
    model = Model(RUNS[name]())
    ids = [each.id for each in model.objects()]
    assert len(set(ids)) == len(ids)
    known, numbers = set(ids), []
    for each in model.events(silent):
        numbers.append(int(each.id[1:]))
        assert each.relations
        assert len(set(each.relations)) == len(each.relations)
        assert {id for id, _ in each.relations} <= known
    assert numbers == list(range(1, len(numbers) + 1))
    assert {id for each in model.objects() for id, _ in each.relations} <= known


def test_json_and_sqlite_tell_the_same(written):
    base = sqlite3.connect(written("market_day", "ocel-sqlite"))
    log = json.loads(written("market_day", "ocel-json").read_text())
    assert base.execute("SELECT count(*) FROM event").fetchone()[0] == len(log["events"])
    relations = {
        (each["id"], one["objectId"], one["qualifier"]) for each in log["events"] for one in each["relationships"]
    }
    assert set(base.execute("SELECT * FROM event_object")) == relations
    between = {
        (each["id"], one["objectId"], one["qualifier"]) for each in log["objects"] for one in each["relationships"]
    }
    assert set(base.execute("SELECT * FROM object_object")) == between
    deliveries = dict(base.execute("SELECT ocel_id, ocel_time FROM event_Deliver"))
    assert deliveries == {
        each["id"]: each["time"].replace("T", " ").removesuffix("Z")
        for each in log["events"]
        if each["type"] == "deliver"
    }
    assert base.execute("PRAGMA foreign_key_check").fetchall() == []
    base.close()


def test_times_are_exact_to_the_microsecond(written):
    run = result("market_day")
    log = read(written, "market_day", "ocel-sqlite")
    paid = run.transfers.query("book == 'bank' and code == 'payment'")["posted_at"].dt.tz_localize("UTC")
    events = log.events[log.events["ocel:activity"] == "authorise payment"]["ocel:timestamp"]
    assert sorted(events) == sorted(paid)
    assert (paid.dt.microsecond % 1000 != 0).any()


@pytest.mark.parametrize(("name", "expected"), [("first_purchase", STEPS), ("market_day", STEPS + AGAIN)])
def test_completed_orders_follow_exactly_the_steps_of_the_design(written, name, expected):
    program = pm4py()
    log = program.read_xes(str(written(name, "xes")))
    completed = log[log["case:status"] == "completed"]
    graph, starts, ends = program.discover_dfg(completed)
    assert set(graph) == set(expected)
    orders = completed["case:concept:name"].nunique()
    assert (starts, ends) == ({"view home page": orders}, {"complete order": orders})


@pytest.mark.parametrize("name", RUNS)
def test_pm4py_reads_a_trace_an_order(written, name):
    log = pm4py().read_xes(str(written(name, "xes")))
    run = RUNS[name]()
    assert log["case:concept:name"].nunique() == len(run.every_order()["order"])
    root = ET.parse(written(name, "xes")).getroot()
    assert len(log) == len(root.findall(".//{*}event"))
    assert np.issubdtype(log["time:timestamp"].dt.tz_convert(None).dtype, np.datetime64)
    assert root.find("{*}string[@key='lifecycle:model']").get("value") == "standard"
    assert set(log["lifecycle:transition"]) == {"complete"}
    assert (
        log["org:resource"].str.fullmatch("|".join((r"user:\d+", "shop|bank|supplier", *run.scenario.roles))).all()
    )
    total = log.groupby("case:concept:name")["case:cost:total"].first()
    if "cost:total" not in log:  # goods made for stock are made for no order
        assert (total == 0).all()
        return
    spent = log.groupby("case:concept:name")["cost:total"].sum()
    assert np.allclose(spent, total)


def test_cost_of_a_trace_is_what_the_supplier_spent(written):
    log = pm4py().read_xes(str(written("first_purchase", "xes")))
    assert set(log["case:cost:total"]) == {540.0}
    assert log[log["cost:total"].notna()]["concept:name"].tolist() == ["produce"]


def test_a_missing_authorisation_lowers_the_fitness_by_that_very_move(written):
    program = pm4py()
    log = program.read_xes(str(written("market_day", "xes")))
    completed = log[log["case:status"] == "completed"]
    net = program.discover_petri_net_inductive(completed)
    (whole, *_) = program.conformance_diagnostics_alignments(completed, *net)
    assert whole["fitness"] == 1
    lacking = completed[completed["concept:name"] != "authorise payment"]
    for found in program.conformance_diagnostics_alignments(lacking, *net):
        assert found["fitness"] < 1
        moves = [each for each in found["alignment"] if ">>" in each and each[1] is not None]
        assert moves == [(">>", "authorise payment")]


def test_pm4py_reads_the_reference_files_as_expected(reference):
    program, expected = pm4py(), reference("pm4py-export")["expected"]
    log = program.read_xes(str(REFERENCE / "minimal.xes"))
    assert (len(log), log["case:concept:name"].nunique()) == (
        expected["minimal_xes"]["rows"], expected["minimal_xes"]["cases"],
    )  # fmt: skip
    small = expected["ocel_json_min"]
    for found in (
        program.read_ocel2_json(str(REFERENCE / "minimal.ocel.json")),
        program.read_ocel2_sqlite(str(REFERENCE / "minimal.ocel.sqlite")),
    ):
        assert (len(found.events), len(found.objects)) == (small["events"], small["objects"])
        assert (len(found.relations), len(found.o2o)) == (small["e2o"], small["o2o"])


def test_attacks_are_no_events(tmp_path):
    import alesha_sim as alesha

    scenario = scenarios.market_day(users=30, visits_per_day=100).with_settings(
        {"users.attacks.replay_payment": 0.2, "users.attacks.guess_secret": 0.2, "bank.secret_attempts": 3}
    )
    run = alesha.simulate(scenario, seed=4)
    model = Model(run)
    honest = run.visits[run.visits["intent"] == "honest"]
    seen = Counter(each.type for each in model.events(silent))
    assert seen["view home page"] == len(honest)
    assert seen["authorise payment"] == (run.orders["payment_transaction"].notna()).sum()


def test_order_objects_tell_how_their_status_changed():
    run = result("first_purchase")
    (order,) = [each for each in Model(run).objects() if each.type == "order"]
    changes = [(at, value) for name, at, value in order.attributes if name == "status"]
    times = [
        f"{run.orders[name].iloc[0].isoformat(timespec='microseconds')}Z"
        for name in ("paid_at", "accepted_at", "delivered_at")
    ]
    assert changes == [(EPOCH, "received"), *zip(times, ("processing", "on_the_way", "completed"), strict=True)]
    assert ("user:0", "placed by") in order.relations
    assert ("line:1:hp-laptop", "contains") in order.relations


def night_club(simulation):
    for name in ("night-club", "night"):
        book = simulation.ledger.open_book(name)
        pair = book.account("dues", "asset"), book.account("income", "income")
        for code in ("opening", "late-fee", "club-late-fee", "pay"):
            book.post(1.0, *pair, 5, code)


def test_types_of_own_books_with_dashes_stay_apart_and_openings_are_no_events(tmp_path):
    run = alesha.simulate(scenarios.first_purchase(), 1, setup=night_club)
    exports.write(run, "ocel-sqlite", tmp_path / "log")
    base = sqlite3.connect(tmp_path / "log")
    types = dict(base.execute("SELECT ocel_type, ocel_type_map FROM event_map_type"))
    own = [f"{book} {code}" for book in ("night-club", "night") for code in ("late-fee", "club-late-fee", "pay")]
    assert [name for name in types if name.startswith("night")] == own
    assert len({name.lower() for name in types.values()}) == len(types)
    for name in own:
        assert base.execute(f"SELECT count(*) FROM event_{types[name]}").fetchone() == (1,)
    base.close()


def test_a_log_of_named_parties_has_the_kinds_of_event_and_the_amounts_of_one_of_each():
    named = Log(alesha.simulate(scenarios.two_banks(days=1), seed=7))
    plain = Log(alesha.simulate(scenarios.market_day(users=20, visits_per_day=60), seed=7))
    kinds = [{log.activities[place].name for place in log.activity} for log in (named, plain)]
    assert kinds[0] == kinds[1]
    paid = np.flatnonzero(named.activity == PLACE["authorise payment"])
    assert len(paid) > 100
    assert (named.amount[paid] > 0).all()
    # Where a bank answers once another has written, no message ends at the instant of the entry.
    assert (named.begun_at[paid] != MISSING_TIME).any()


def test_goods_for_the_stock_of_a_named_shop_are_delivered_to_the_shop():
    log = Log(alesha.simulate(scenarios.beer_game(), seed=7))
    taken_in = log.first_row[log.activity == PLACE["deliver to the shop"]]
    books = log.journal.book
    assert {books.labels[code] for code in books.codes[taken_in]} == {"retailer"}
    assert len(taken_in) >= (log.result.purchases["buyer"] == "retailer").sum() > 40  # some come in parts
