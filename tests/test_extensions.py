"""What a run takes along: `setup=`, `scenario.extensions`, `--setup`; a file alone never imports code."""

import json
import os
import subprocess
import sys
import threading
from functools import partial
from pathlib import Path

import extension_examples as examples
import pytest

import alesha_sim as alesha
from alesha_sim.cli import main
from alesha_sim.entities import Entity
from alesha_sim.experiments import select
from alesha_sim.results.result import Result
from alesha_sim.scenarios import Scenario, ScenarioError
from alesha_sim.scenarios.extensions import name_of

MARKET = alesha.scenarios.market_day(days=0.25, visits_per_day=80)
ASKED = 5
"""How often the post box asks within six hours."""


def asked(result):
    return int((result.messages["sender"].astype(str) == "postbox").sum())


def questions(result):
    return {"asked": asked(result)}


def test_a_function_is_handed_the_simulation_before_its_first_event():
    seen = []
    result = alesha.simulate(
        MARKET, 3, setup=lambda simulation: seen.append((simulation.now, simulation.clock.events))
    )
    assert seen == [(0.0, 0)]
    assert result.digest == alesha.simulate(MARKET, 3).digest


def test_an_extension_is_part_of_the_scenario_and_survives_settings():
    result = alesha.simulate(MARKET, 3, setup=examples.install)
    assert asked(result) == ASKED
    assert result.scenario.extensions == (examples.install,)
    changed = result.scenario.with_settings({"bank.workers": 2})
    assert changed.extensions == (examples.install,)
    again = alesha.simulate(changed.with_settings({"extensions": [examples.install_half_hourly]}), 3)
    assert asked(again) == 2 * ASKED + 1


def test_extensions_of_the_scenario_come_first_and_none_comes_twice():
    seen = []
    one, two = (partial(seen.append, name) for name in "ab")

    def first(simulation):
        one()

    def second(simulation):
        two()

    scenario = MARKET.with_settings({"extensions": [first]})
    alesha.Simulation(scenario, 1, setup=second)
    alesha.Simulation(scenario, 1, setup=first)
    assert seen == ["a", "b", "a"]


@pytest.mark.parametrize("setup", [7, "courier:install", examples.Installer])
def test_what_is_no_function_is_refused(setup):
    with pytest.raises(ScenarioError, match=r"^setup: .*must be a function of a simulation$"):
        alesha.simulate(MARKET, 3, setup=setup)
    if not isinstance(setup, str):
        with pytest.raises(ScenarioError, match=r"^extensions\[0\]: .*must be the name of an extension"):
            MARKET.with_settings({"extensions": [setup]})


def test_a_result_with_code_of_ones_own_is_saved_and_loaded_by_its_name(tmp_path):
    result = alesha.simulate(MARKET, 3, setup=examples.install)
    result.save(tmp_path / "saved")
    loaded = Result.load(tmp_path / "saved")
    assert loaded.scenario.extensions == ("extension_examples:install",)
    assert loaded.digest == result.digest
    assert loaded.collected["waiting"].equals(result.collected["waiting"])
    assert Result.load(tmp_path / "saved", result.scenario) == result
    with pytest.raises(ScenarioError, match="no installed package registers it"):
        alesha.simulate(loaded.scenario, 3)
    assert alesha.simulate(loaded.scenario, 3, setup=examples.install) == result


def test_a_file_cannot_hold_a_function_and_python_says_how_a_run_is_made_again(capsys):
    result = alesha.simulate(MARKET, 3, setup=examples.install)
    with pytest.raises(ScenarioError, match=r"extensions\[0\]: 'function': an object of Python"):
        result.scenario.to_toml()
    result.reproduce()
    assert "alesha.Simulation(scenario, seed=3)" in capsys.readouterr().out


# Links of one's own entities

LINK = 'network.links."postbox->bank"'
TIMED = {"network.default.timeout": 5}


def postbox(settings):
    """The messages of the post box in a run that keeps every law."""
    result = alesha.simulate(MARKET.with_settings({"extensions": [examples.install], **settings}), 3)
    assert result.check() == []
    return result.messages[result.messages["sender"] == "postbox"]


def test_the_network_of_a_scenario_has_links_of_an_extension():
    said = postbox({f"{LINK}.latency": "2 s"})  # the extension says half a second
    assert (said["delivered_at"] - said["sent_at"]).dt.total_seconds().tolist() == [2.0] * ASKED
    said = postbox({f"{LINK}.loss": 0.5, f"{LINK}.timeout": 3, **TIMED})
    assert (said["fate"] == "lost").sum() > 0
    outage = {"kind": "outage", "link": "postbox<->bank", "start": "1 h", "duration": "1 h"}
    said = postbox({"faults": [outage], **TIMED})
    assert said["fate"].iloc[0] == "lost"


def test_what_is_sent_by_way_of_an_entity_goes_over_its_link():
    def gate(simulation):
        post = Relaying(simulation.clock, workers=None)
        simulation.add_entity(post, name="gate", role="gate")
        simulation.connect(post, simulation.supplier)
        simulation.connect(post, simulation.users)
        simulation.reroute(simulation.supplier, simulation.users, via=post)

    settings = {"extensions": [gate], 'network.links."supplier->gate".loss': 0.5, **TIMED}
    result = alesha.simulate(MARKET.with_settings(settings), 3)
    lost = result.messages.query("fate == 'lost'")
    assert set(lost["sender"].astype(str) + lost["recipient"].astype(str)) == {"suppliergate"}


class Relaying(Entity):
    def work(self):
        worker = self.inbox.new_worker()
        while True:
            parcel = yield worker.receive()
            yield from self.pass_on(parcel, self.channels["users"])


def test_a_link_that_no_extension_makes_is_refused_in_one_line():
    with pytest.raises(ScenarioError, match=r"^network.links.postbox->bank: unknown link: nearest is shop->bank$"):
        MARKET.with_settings({f"{LINK}.latency": 2})
    for settings in (
        {'network.links."postbx->bank".latency': 2},
        {"faults": [{"kind": "outage", "link": "postbx->bank", "start": 1, "duration": 1}], **TIMED},
    ):
        scenario = MARKET.with_settings({"extensions": [examples.install], **settings})
        with pytest.raises(
            ScenarioError, match=r"^\S+: unknown link: no extension makes postbx->bank: nearest is"
        ):
            alesha.Simulation(scenario, 3)
    with pytest.raises(ScenarioError, match="missing: must be given where messages can be lost"):
        MARKET.with_settings({"extensions": [examples.install], f"{LINK}.loss": 0.5})


def test_a_sweep_and_the_command_line_set_links_of_an_extension(capsys, monkeypatch):
    design = {f"{LINK}.latency": [1, 2]}
    study = alesha.sweep(MARKET, design, 1, seed=1, jobs=1, progress=False, setup=examples.install)
    assert study.runs["digest"].nunique() == 2
    monkeypatch.chdir(HERE)
    words = ["market_day", "--set", "horizon=6 h", "--set", f"{LINK}.latency=2", "--seed", "1", *SETUP, "--json"]
    assert main(["run", *words, "--quiet"]) == 0
    assert main(["replicate", *words, "--runs", "1", "--jobs", "1", "--quiet"]) == 0
    assert "failed" not in capsys.readouterr().err


# Studies


def test_every_experiment_takes_it_along_on_two_processes():
    options = {"seed": 1, "jobs": 2, "progress": False, "setup": examples.install, "metrics": questions}
    study = alesha.replicate(MARKET, 2, series=["waiting"], **options)
    assert study.failures.empty, study.failures["error"].tolist()
    assert study.runs["asked"].tolist() == [ASKED, ASKED]
    series = study.series("waiting")
    assert series["seconds"].tolist() == [0.0, 3600.0, 7200.0, 10800.0, 14400.0, 18000.0, 21600.0]
    swept = alesha.sweep(MARKET, {"bank.workers": [1, 2]}, 1, **options)
    assert swept.runs["asked"].tolist() == [ASKED, ASKED]
    compared = alesha.compare(MARKET, MARKET.with_settings({"bank.workers": 1}), runs=1, **options)
    assert compared.runs["asked"].tolist() == [ASKED, ASKED]


def test_a_selection_takes_it_along():
    found = select(
        [MARKET, MARKET.with_settings({"bank.workers": 1})], "asked", indifference=1, max_runs=3, first=3,
        seed=1, jobs=1, progress=False, setup=examples.install, metrics=questions,
    )  # fmt: skip
    assert set(found.study.runs["asked"]) == {ASKED}


def test_a_sweep_may_vary_what_is_taken_along():
    design = {"extensions": [[], [examples.Installer(3600.0)], [examples.Installer(1800.0)]]}
    study = alesha.sweep(MARKET, design, 1, seed=1, jobs=1, progress=False, metrics=questions)
    assert study.runs["asked"].tolist() == [0, ASKED, 2 * ASKED + 1]


def test_a_study_goes_on_only_with_the_same_code_and_parameters(tmp_path):
    def made(setup, runs=1):
        return alesha.replicate(
            MARKET, runs, seed=1, jobs=1, progress=False, folder=tmp_path / "study", setup=setup
        )

    made(examples.Installer(3600.0))
    assert "resumed: 1 of 2 runs were done already" in made(examples.Installer(3600.0), 2).notes
    for other in (examples.Installer(1800.0), examples.install, None, partial(examples.Postbox, every=3600.0)):
        with pytest.raises(ScenarioError, match="holds another study: its points differ"):
            made(other)


def test_a_series_that_nobody_collects_fails_with_the_nearest_name():
    study = alesha.replicate(MARKET, 1, seed=1, jobs=1, progress=False, setup=examples.install, series=["waitin"])
    assert "series: 'waitin': unknown name: " in study.failures["error"].item()
    assert "waiting" in study.failures["error"].item()
    with pytest.raises(ScenarioError, match=r"^series: 'waiting': unknown name"):
        alesha.replicate(MARKET, 1, seed=1, series=["waiting"])
    with pytest.raises(ScenarioError, match=r"^series: '\.\./x': must be the name of a series or of a collector$"):
        alesha.replicate(MARKET, 1, seed=1, series=["../x"], setup=examples.install)


def test_an_extension_that_raises_fails_the_run():
    study = alesha.replicate(MARKET, 1, seed=1, jobs=1, progress=False, setup=examples.fail)
    assert study.failures["error"].tolist() == ["RuntimeError: no room"]


def test_it_travels_to_a_dask_cluster():
    distributed = pytest.importorskip("distributed")
    from joblib import parallel_config

    local = distributed.LocalCluster(n_workers=2, threads_per_worker=1, processes=False, dashboard_address=":0")
    with local as cluster, distributed.Client(cluster), parallel_config("dask"):
        study = alesha.replicate(
            MARKET, 2, seed=1, progress=False, setup=examples.install, metrics=questions, series=["waiting"]
        )
    assert study.failures.empty, study.failures["error"].tolist()
    assert study.runs["asked"].tolist() == [ASKED, ASKED]


# The command line, and what a file may not do

HERE = Path(__file__).parent
MARK = "from pathlib import Path\nPath({!r}).touch()\n\n\ndef install(simulation):\n    pass\n"


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder of somebody else: scenario files that name code, the code beside them, a false installation."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "intruder.py").write_text(MARK.format(str(tmp_path / "imported")))
    info = tmp_path / "intruder-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: intruder\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[alesha_sim.extensions]\nhelpful = intruder:install\n")
    text = alesha.scenarios.first_purchase().to_toml()
    for number, name in enumerate(("intruder:install", "helpful")):
        (tmp_path / f"market{number}.toml").write_text(text.replace("extensions = []", f'extensions = ["{name}"]'))
    return tmp_path


def command(folder, *words, **environment):
    """Run the command as `python -m`, which looks for modules in the current folder."""
    environment = {"PYTHONPATH": str(HERE.parent), **environment}
    return subprocess.run(
        [sys.executable, "-m", "alesha_sim", *words], cwd=folder, env=os.environ | environment,
        capture_output=True, text=True, check=False,
    )  # fmt: skip


@pytest.mark.parametrize("file", ["market0.toml", "market1.toml"])
def test_a_file_alone_never_imports_code_whatever_lies_beside_it(folder, file):
    for words in (("run", file), ("show", file), ("replicate", file, "--runs", "1", "--quiet")):
        done = command(folder, *words, "--seed", "1") if words[0] != "show" else command(folder, *words)
        assert not (folder / "imported").exists(), words
        if words[0] != "show":
            assert done.returncode == 2
            assert "extensions[0]: " in done.stderr
            assert "no installed package registers it" in done.stderr


def test_the_current_folder_is_no_installation_in_this_process_either(folder, monkeypatch):
    monkeypatch.syspath_prepend("")
    for file in ("market0.toml", "market1.toml"):
        with pytest.raises(ScenarioError, match="no installed package registers it"):
            alesha.simulate(Scenario.read(folder / file), 1)
    assert not (folder / "imported").exists()


def test_a_study_file_cannot_name_code_to_run(folder):
    (folder / "study.toml").write_text('scenario = "first_purchase"\nruns = 1\nsetup = "intruder:install"\n')
    done = command(folder, "replicate", "--study", "study.toml", "--seed", "1")
    assert (done.returncode, (folder / "imported").exists()) == (2, False)
    assert "setup: unknown key of a study" in done.stderr


def test_a_call_that_hands_the_code_over_runs_the_file(folder):
    done = command(folder, "run", "market0.toml", "--seed", "1", "--setup", "intruder:install", "--quiet")
    assert (done.returncode, done.stderr, (folder / "imported").exists()) == (0, "", True)


def test_an_installed_package_is_found_by_the_name_that_it_registers(folder, tmp_path_factory):
    place = tmp_path_factory.mktemp("site")
    for path in folder.glob("intruder*"):
        path.rename(place / path.name)
    done = command(folder, "run", "market1.toml", "--seed", "1", PYTHONPATH=f"{HERE.parent}{os.pathsep}{place}")
    assert (done.returncode, (folder / "imported").exists()) == (0, True), done.stderr
    assert done.stdout


SETUP = ("--setup", "extension_examples:install")


def test_every_command_that_runs_takes_a_function_along(capsys, monkeypatch, tmp_path):
    monkeypatch.chdir(HERE)
    out = str(tmp_path / "out")
    assert main(["run", "first_purchase", "--seed", "1", *SETUP, "--out", out, "--quiet"]) == 0
    assert Result.load(out).inboxes.keys() == {"shop", "bank", "supplier", "postbox"}
    study = [
        "market_day",
        "--runs",
        "1",
        "--seed",
        "1",
        "--set",
        "horizon=6 h",
        "--jobs",
        "1",
        "--json",
        "--quiet",
    ]
    assert main(["replicate", *study, *SETUP, "--series", "waiting"]) == 0
    assert json.loads(capsys.readouterr().out)["failures"] == []
    assert main(["replicate", *study, "--setup", "extension_examples:fail"]) == 1
    (failure,) = json.loads(capsys.readouterr().out)["failures"]
    assert failure["command"].endswith("--setup extension_examples:fail")


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("courier", "must be a module and a function in it, such as courier:install"),
        ("os;x:y", "must be a module and a function in it"),
        ("no_such_module:f", "cannot be loaded: ModuleNotFoundError"),
        ("extension_examples:nothing", "cannot be loaded: AttributeError"),
        ("extension_examples:__doc__", "must be a function of a simulation"),
    ],
)
def test_what_cannot_be_loaded_is_one_clear_line(capsys, given, said):
    assert main(["run", "first_purchase", "--seed", "1", "--setup", given]) == 2
    (line,) = capsys.readouterr().err.strip().splitlines()
    assert "--setup" in line
    assert said in line


def test_a_function_has_a_name_wherever_it_comes_from():
    assert name_of(examples.install) == "extension_examples:install"
    assert name_of(examples.Installer(1.0)) == "extension_examples:Installer"
    assert name_of(partial(examples.install)) == "functools:partial"
    assert name_of("courier") == "courier"


# A module that starts a study while it is imported

STUDY = """
import alesha_sim as alesha
from alesha_sim.scenarios.demand.base import Poisson


def install(simulation):
    pass


class Calm(Poisson):
    pass


market = alesha.scenarios.market_day(days=0.25)
options = {"seed": 1, "jobs": 2, "progress": False}
"""
STARTED = {
    "setup": "study = alesha.replicate(market, 2, setup=install, **options)\n",
    "settings": "kinds = [Calm(visits_per_day=8), Calm(visits_per_day=9)]\n"
    "study = alesha.sweep(market, {'demand': kinds}, 1, **options)\n",
}
GUARD = 'starter starts a study while it is imported: its call must stand under if __name__ == "__main__":'


@pytest.mark.parametrize("started", STARTED)
def test_a_worker_does_not_start_the_study_again_that_its_module_starts(started, tmp_path):
    (tmp_path / "starter.py").write_text(STUDY + STARTED[started])
    said = subprocess.run(
        [sys.executable, "-c", "import starter; print(*starter.study.failures['error'], sep='\\n')"],
        cwd=tmp_path, env=os.environ | {"PYTHONPATH": str(HERE.parent)},
        capture_output=True, text=True, check=True, timeout=300,
    )  # fmt: skip
    assert said.stdout.splitlines() == [f"RuntimeError: module {GUARD}"] * 2


def test_the_command_refuses_a_module_that_starts_a_study(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "starter.py").write_text(STUDY + STARTED["setup"])
    words = ["replicate", "first_purchase", "--runs", "2", "--jobs", "1", "--quiet", "--setup", "starter:install"]
    assert main(words) == 2
    said = capsys.readouterr().err.strip()
    assert said == f"--setup: 'starter:install': cannot be loaded: RuntimeError: module {GUARD}"
    (tmp_path / "starter.py").write_text(f'{STUDY}\nif __name__ == "__main__":\n    {STARTED["setup"]}')
    assert main(words) == 0
    sys.modules.pop("starter")


def test_settings_that_no_worker_can_get_are_refused_before_anything_runs():
    extension = examples.Installer(3600.0)
    extension.lock = threading.Lock()
    with pytest.raises(ScenarioError, match=r"^settings: 'extensions': cannot be sent to workers: TypeError"):
        alesha.sweep(MARKET, {"extensions": [[extension]]}, 1, seed=1, jobs=1, progress=False)
