"""A demand, a distribution and policies of a reader's own, wherever the shipped ones are accepted."""

import json
import sys

import own_parts as own
import pytest

import alesha_sim as alesha
from alesha_sim.cli import main
from alesha_sim.results.result import Result
from alesha_sim.scenarios import ScenarioError

MARKET = alesha.scenarios.market_day(days=0.5, visits_per_day=40, users=30)
PARTS = {
    "demand": own.SelfExciting(rate=15),
    "supplier.lead_time": own.Coin(),
    "bank.settlement": own.Settle(),
    "supplier.stock": own.Keep(),
    "users.choice": own.Choose(),
    "users.trust": own.Believe(),
}
OTHERS = {
    "demand": own.SelfExciting(rate=15, brings=0.1),
    "supplier.lead_time": own.Coin(30.0, 31.0),
    "supplier.stock": own.Keep(9),
}


def place(scenario, path):
    for name in path.split("."):
        scenario = getattr(scenario, name)
    return scenario


def test_all_of_them_run_together_and_keep_every_law():
    scenario = MARKET.with_settings(PARTS)
    result = alesha.simulate(scenario, 3)
    assert result.metrics()["orders"] > 5
    assert alesha.simulate(scenario, 3) == result
    assert result.digest != alesha.simulate(MARKET, 3).digest
    assert "SelfExciting" in scenario._repr_html_()


@pytest.mark.parametrize("path", PARTS)
def test_each_stays_what_it_is_whatever_else_is_set(path):
    scenario = MARKET.with_settings({path: PARTS[path]}).with_settings({"bank.workers": 2})
    assert place(scenario, path) is PARTS[path] or place(scenario, path) == PARTS[path]
    assert type(place(scenario, path)) is type(PARTS[path])


@pytest.mark.parametrize("path", OTHERS)
def test_a_sweep_varies_it_and_a_folder_goes_on_only_with_the_same(path, tmp_path):
    options = {"seed": 1, "jobs": 1, "progress": False, "folder": tmp_path / "study"}
    study = alesha.sweep(MARKET, {path: [PARTS[path], OTHERS[path]]}, 1, **options)
    assert study.failures.empty, study.failures["error"].tolist()
    one, other = study.runs["digest"]
    assert one != other
    again = alesha.sweep(MARKET, {path: [PARTS[path], OTHERS[path]]}, 2, **options)
    assert "resumed: 2 of 4 runs were done already" in again.notes
    with pytest.raises(ScenarioError, match="holds another study: its points differ"):
        alesha.sweep(MARKET, {path: [OTHERS[path], PARTS[path]]}, 2, **options)


def test_a_derived_demand_is_not_turned_back_into_its_base_on_its_way_to_workers():
    scenario = MARKET.with_settings({"demand": own.Derived(visits_per_day=40), "bank.workers": 2})
    study = alesha.replicate(
        scenario, 2, seed=1, jobs=2, progress=False, metrics=lambda result: {"last": result.visits["visit"].max()}
    )
    assert study.failures.empty, study.failures["error"].tolist()
    (digest, *_), seed = study.runs["digest"], int(study.runs["seed"].iloc[0])
    assert alesha.simulate(scenario, seed).digest == digest
    base = scenario.with_settings({"demand": {"kind": "poisson", "visits_per_day": 40}})
    assert alesha.simulate(base, seed).digest != digest


def test_the_command_line_runs_a_scenario_that_has_them(tmp_path, monkeypatch, capsys):
    (tmp_path / "own_market.py").write_text(
        "import alesha_sim as alesha\nimport own_parts as own\n\n\ndef own_market():\n"
        "    parts = {'demand': own.SelfExciting(rate=9), 'supplier.lead_time': own.Coin()}\n"
        "    return alesha.scenarios.market_day(days=0.5, users=9).with_settings(parts)\n"
    )
    info = tmp_path / "own_market-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: own-market\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[alesha_sim.scenarios]\nown_market = own_market:own_market\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    words = ["own_market", "--seed", "1", "--set", "bank.workers=2"]
    assert main(["run", *words, "--out", str(tmp_path / "out"), "--json", "--quiet"]) == 0
    assert json.loads(capsys.readouterr().out)
    assert main(["replicate", *words, "--runs", "1", "--jobs", "1", "--quiet", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["failures"] == []
    with pytest.raises(ValueError, match="demand"):  # a file holds no code: the scenario must be handed over
        Result.load(tmp_path / "out")
    sys.modules.pop("own_market")
