"""The courier, the auditor and the loyalty programme of docs/extending.md: wherever the shipped entities are."""

import re
from pathlib import Path

import pytest
from conftest import needs

import alesha_sim as alesha
from alesha_sim import accounting, exports
from alesha_sim.exports.files import silent
from alesha_sim.exports.ocel import Model
from alesha_sim.plots import queueing

PAGE = (Path(__file__).resolve().parents[1] / "docs" / "extending.md").read_text("utf-8")
NAMES = ("courier", "auditor", "loyalty")
MARKET = alesha.scenarios.market_day(days=2, visits_per_day=40, users=12)


def shown(name):
    """The code of an extension: from its imports to where it is used."""
    (block,) = [
        block
        for block in re.findall(r"^```python\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
        if f"\ndef {name}(simulation):\n" in block
    ]
    head, use = f"def {name}(simulation):\n    {name.capitalize()}(simulation)\n", block.index(f"def {name}(")
    assert block[use:].startswith(head)
    return block[: use + len(head)]


@pytest.fixture(scope="module")
def everything():
    """A function that takes all three along; made as in a script, whose functions travel to workers."""
    code = "\n\n".join(map(shown, NAMES))
    code += (
        "\n\ndef everything(simulation):\n    for each in (courier, auditor, loyalty):\n        each(simulation)\n"
    )
    namespace = {"__name__": "__main__"}
    exec(compile(code, "docs/extending.md", "exec"), namespace)
    return namespace["everything"]


@pytest.fixture(scope="module")
def result(everything):
    return alesha.simulate(MARKET, 5, setup=everything)


@pytest.mark.parametrize("name", NAMES)
def test_each_is_at_most_forty_lines_and_touches_no_protected_name(name):
    code = shown(name)
    assert len(code.splitlines()) <= 40
    assert re.findall(r"\._(?!_)\w+|\b_[a-z]\w*\.", code) == []


def test_all_laws_hold_and_all_three_are_in_messages_conversations_and_figures(result):
    assert result.check() == []
    said = {*result.messages["sender"].unique(), *result.messages["recipient"].unique()}
    assert {*NAMES} <= said
    assert list(result.inboxes) == ["shop", "bank", "supplier", *NAMES]
    assert [queue.name for queue in queueing.queues_of(result)] == list(result.inboxes)
    delivered = result.orders.query("status == 'completed'")["order"].iloc[0]
    assert {"courier", "loyalty"} <= {*result.follow(delivered).lanes}
    assert len(result.between("auditor", "bank").messages) == 2 * 2 * (MARKET.users.count + 2)
    assert {row.book for row in result.follow(delivered).transfers} >= {"courier", "loyalty"}


def test_their_books_have_statements_and_their_samples_the_sum_that_was_asked_for(result):
    completed = result.summary()["completed"]
    fares = accounting.income_statement(result, "courier").set_index("line")["amount"]
    assert fares["Profit"] == pytest.approx(1.5 * completed)
    owed = accounting.trial_balance(result, "loyalty").set_index("account")["credit"]
    assert owed["loyalty:owed"] == result.metrics()["revenue"] // 10
    assert result.collected["audited"]["audited"].iloc[-1] == sum(result.balances().iloc[-1]) * 100


@pytest.mark.parametrize("form", exports.FORMATS)
def test_every_export_has_them(result, form, tmp_path):
    if form == "duckdb":
        pytest.importorskip("duckdb")
    exports.write(result, form, tmp_path / "out")
    files = [tmp_path / "out"] if (tmp_path / "out").is_file() else sorted((tmp_path / "out").iterdir())
    content = b"".join(path.read_bytes() for path in files).lower()
    found = [name for name in NAMES if name.encode() in content]
    if form in ("beancount", "hledger"):  # journals hold books, and the auditor keeps none
        assert found == ["courier", "loyalty"]
    else:
        assert found == [*NAMES]


ACTIVITIES = {
    "courier deliver": {"entity", "order", "user"},
    "courier acknowledged": {"entity", "order", "user"},
    "courier fare": {"entity", "order", "user"},
    "auditor enquire balance": {"entity"},
    "loyalty delivered": {"entity", "order", "user"},
    "loyalty grant": {"entity", "order", "user"},
}
"""What each of them does, and the types of the objects that have to do with it."""


def test_event_logs_have_what_each_does_with_its_objects(result):
    model = Model(result)
    types = {each.id: each.type for each in model.objects()}
    own = [each for each in model.events(silent) if each.type in ACTIVITIES]
    found = {each.type: {types[id] for id, _ in each.relations} for each in own}
    assert found == ACTIVITIES
    assert {each.attributes["resource"] for each in own} == {*NAMES}
    completed = int(result.summary()["completed"])
    asked = 2 * (MARKET.users.count + 2)
    counts = {name: sum(each.type == name for each in own) for name in ACTIVITIES}
    assert counts == dict.fromkeys(ACTIVITIES, completed) | {"auditor enquire balance": asked}


@pytest.mark.filterwarnings("ignore")
def test_pm4py_accepts_event_logs_with_what_each_does(result, tmp_path):
    needs("pm4py")
    import pm4py
    from pm4py.objects.ocel.validation import ocel20_rel_validation

    for form in ("ocel-json", "ocel-sqlite", "xes"):
        exports.write(result, form, tmp_path / form)
    logs = (
        pm4py.read_ocel2_json(str(tmp_path / "ocel-json")),
        pm4py.read_ocel2_sqlite(str(tmp_path / "ocel-sqlite")),
    )
    for log in logs:
        assert set(ACTIVITIES) <= set(log.events["ocel:activity"])
    assert list(ocel20_rel_validation.apply(str(tmp_path / "ocel-sqlite"))[1]) == []
    traces = pm4py.read_xes(str(tmp_path / "xes"))
    found = dict(traces[traces["org:resource"].isin(NAMES)].groupby("concept:name")["case:concept:name"].nunique())
    completed = result.summary()["completed"]
    assert found == dict.fromkeys(ACTIVITIES, completed) | {"auditor enquire balance": 1}


def names_of(result):
    """As many metrics as there are checks to be made in a worker."""
    said = {*result.messages["sender"].unique(), *result.messages["recipient"].unique()}
    return {"named": len({*NAMES} & said), "violations": len(result.check())}


NAMED = {"seed": 1, "progress": False, "series": ["audited", "waits"]}


def check(study):
    assert study.failures.empty, study.failures["error"].tolist()
    assert study.runs["named"].tolist() == [3, 3]
    assert study.runs["violations"].tolist() == [0, 0]
    assert set(study.series("waits")["name"]) == {"shop", "bank", "supplier", *NAMES}
    assert study.series("audited")["mean"].iloc[-1] > 0


def test_a_study_on_two_processes_has_them(everything):
    check(alesha.replicate(MARKET, 2, jobs=2, setup=everything, metrics=names_of, **NAMED))


def test_a_study_on_dask_has_them(everything):
    distributed = pytest.importorskip("distributed")
    from joblib import parallel_config

    local = distributed.LocalCluster(n_workers=2, threads_per_worker=1, processes=True, dashboard_address=":0")
    with local as cluster, distributed.Client(cluster), parallel_config("dask"):
        check(alesha.replicate(MARKET, 2, setup=everything, metrics=names_of, **NAMED))
