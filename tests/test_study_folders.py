"""Studies in folders: kept run by run, gone on with after a kill, refused where something else is."""

import json
import os
import random
import signal
import subprocess
import sys
import textwrap
import threading
import time
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import ClassVar

import numpy as np
import pandas as pd
import pytest
from conftest import needs

from alesha_sim import Study, __version__, replicate, simulate, sweep
from alesha_sim.distributions import Exponential
from alesha_sim.experiments import folder as archive
from alesha_sim.policies import BaseStock
from alesha_sim.scenarios import ScenarioError, market_day

ROOT = Path(__file__).resolve().parents[1]
DESIGN = {"bank.workers": [1, 2]}


@pytest.fixture(scope="module")
def market():
    return market_day(users=20, visits_per_day=30)


@pytest.fixture
def counted(monkeypatch):
    """Give the list of the runs that are made from now on."""
    from alesha_sim.experiments import workers

    made, run_job = [], workers.run_job

    def counting(job):
        made.append(job.run)
        return run_job(job)

    monkeypatch.setattr(workers, "run_job", counting)
    return made


def same(one, other):
    pd.testing.assert_frame_equal(one.runs, other.runs, check_exact=True)
    return True


def snapshot(folder):
    return {path: path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def test_a_finished_study_is_not_run_again(market, tmp_path, counted):
    first = sweep(market, DESIGN, runs=3, seed=5, jobs=1, folder=tmp_path / "s", series=["balances"])
    assert len(counted) == 6
    again = sweep(market, DESIGN, runs=3, seed=5, jobs=1, folder=tmp_path / "s", series=["balances"])
    assert len(counted) == 6
    assert same(first, again)
    assert again.notes == ["resumed: 6 of 6 runs were done already"]
    pd.testing.assert_frame_equal(first.series("balances"), again.series("balances"), check_exact=True)


def test_more_runs_make_only_those_that_are_missing(market, tmp_path, counted):
    replicate(market, runs=2, seed=5, jobs=1, folder=tmp_path)
    more = replicate(market, runs=5, seed=5, jobs=1, folder=tmp_path)
    assert counted == [(0, replication) for replication in range(5)]
    assert same(more, replicate(market, runs=5, seed=5, jobs=1))
    assert same(
        replicate(market, runs=1, seed=5, jobs=1, folder=tmp_path), replicate(market, runs=1, seed=5, jobs=1)
    )


def test_a_study_without_a_seed_goes_on_with_the_folders(market, tmp_path, counted):
    first = replicate(market, runs=2, jobs=1, folder=tmp_path)
    assert replicate(market, runs=3, jobs=1, folder=tmp_path).seed == first.seed
    assert len(counted) == 3


def test_a_folder_keeps_every_name_of_a_series(market, tmp_path):
    sweep(market, DESIGN, runs=2, seed=5, jobs=1, folder=tmp_path, series=["balances"])
    without = sweep(market, DESIGN, runs=2, seed=5, jobs=1, series=["balances"]).series("balances")
    assert set(without["name"]) == {"users", "shop", "supplier"}
    pd.testing.assert_frame_equal(Study.load(tmp_path).series("balances"), without)


def test_a_folder_gives_the_study_back(market, tmp_path):
    made = sweep(market, DESIGN, runs=2, seed=5, jobs=1, folder=tmp_path, series=["balances"])
    loaded = Study.load(tmp_path)
    assert same(loaded, made)
    pd.testing.assert_frame_equal(loaded.summary(), made.summary())
    pd.testing.assert_frame_equal(loaded.series("balances"), made.series("balances"))
    row = loaded.runs.iloc[-1]
    assert simulate(loaded.scenario(row["point"]), int(row["seed"])).digest == row["digest"]


@pytest.mark.parametrize(
    ("path", "values"),
    [
        ("shop.page_time", [3, {"kind": "exponential", "mean": 2}, Exponential(4.0)]),
        ("supplier.stock", [{"kind": "make_to_order"}, BaseStock(40)]),
        ("catalogue.hp-laptop.price", [Decimal("500"), "450.50"]),
        ("users.opening_balance", [{"kind": "uniform", "low": 100, "high": 200}, 300]),
    ],
)
def test_a_sweep_over_tables_is_read_back_as_it_was_run(market, tmp_path, path, values):
    made = sweep(market, {path: values}, runs=1, seed=5, jobs=1, folder=tmp_path)
    loaded = Study.load(tmp_path)
    for point in range(len(values)):
        assert loaded.scenario(point) == made.scenario(point)
        row = loaded.runs.iloc[point]
        assert simulate(loaded.scenario(point), int(row["seed"])).digest == row["digest"]


def test_a_study_with_figures_of_ones_own_is_read_back_and_gone_on_with(market, tmp_path):
    def events(result):
        return {"events": result.events}

    made = replicate(market, runs=2, seed=5, jobs=1, folder=tmp_path, metrics=events)
    assert same(Study.load(tmp_path), made)
    assert len(replicate(market, runs=3, seed=5, jobs=1, folder=tmp_path, metrics=events).runs) == 3
    assert "its metrics differ" in refused(replicate, market, seed=5, folder=tmp_path)


def test_a_run_is_on_disk_before_the_next_one_begins(market, tmp_path):
    def look(result):
        return {"there": len(list((tmp_path / "runs").glob("*.parquet")))}

    study = replicate(market, runs=4, seed=5, jobs=1, folder=tmp_path, metrics=look)
    assert study.runs["there"].tolist() == [0, 1, 2, 3]
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "failures.json", "journal.sha256", "manifest.json", "runs", "runs.parquet", "scenario_0.toml",
    ]  # fmt: skip


def test_kept_tables_open_as_one_dataset_everywhere(market, tmp_path):
    needs("duckdb")
    import duckdb
    from pyarrow import dataset

    study = sweep(market, DESIGN, runs=2, seed=5, jobs=1, folder=tmp_path, keep=("orders", "transfers"))
    orders = study.table("orders")
    place = tmp_path / "tables" / "orders"
    assert len(orders) == study.runs["orders"].sum() == dataset.dataset(place).count_rows()
    counted = orders.groupby(["point", "replication"]).size()
    assert counted.tolist() == study.runs["orders"].tolist()
    rows = duckdb.sql(f"select count(*) from '{place}/*.parquet' where status = 'completed'").fetchall()
    assert rows[0][0] == study.runs["completed"].sum()
    one = orders[(orders["point"] == 1) & (orders["replication"] == 1)].reset_index(drop=True)
    seed = int(study.runs["seed"].iloc[-1])
    assert one["status"].tolist() == simulate(study.scenario(1), seed).orders["status"].tolist()
    assert set(one["seed"]) == {seed}
    with pytest.raises(ValueError, match="table: 'visits': was not kept"):
        study.table("visits")


def refused(experiment, *given, **options):
    with pytest.raises(ScenarioError) as caught:
        experiment(*given, **{"runs": 2, "jobs": 1, **options})
    (fault,) = caught.value.problems
    return fault


def test_the_folder_of_another_study_is_refused_and_stays_as_it_was(market, tmp_path, counted):
    replicate(market, runs=2, seed=5, jobs=1, folder=tmp_path)
    before = snapshot(tmp_path)
    other = market.with_settings({"bank.workers": 1})
    attempts = {
        "seed differs": (replicate, (market,), {"seed": 6}),
        "points differ": (replicate, (other,), {}),
        "kind differs": (sweep, (market, DESIGN), {}),
        "series differ": (replicate, (market,), {"series": ["waits"]}),
    }
    for what, (experiment, given, options) in attempts.items():
        fault = refused(experiment, *given, **{"seed": 5, "folder": tmp_path, **options})
        assert fault.startswith("folder: ")
        assert fault.endswith(f"holds another study: its {what}: must be another folder")
    assert snapshot(tmp_path) == before
    assert len(counted) == 2


def test_runs_of_another_version_are_refused(market, tmp_path, monkeypatch):
    replicate(market, runs=1, seed=5, jobs=1, folder=tmp_path)
    monkeypatch.setattr(archive, "versions", lambda: {"alesha_sim": "9.9"})
    assert refused(replicate, market, seed=5, folder=tmp_path).endswith(
        f"holds runs of alesha_sim {__version__}, and this is 9.9: must be another folder"
    )


def test_a_folder_of_something_else_is_refused(market, tmp_path):
    simulate(market, seed=1).save(tmp_path / "result")
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "notes.txt").write_text("mine")
    (tmp_path / "file").write_text("mine")
    before = snapshot(tmp_path)
    for name in ("result", "mine"):
        assert "must be new, empty, or hold a study" in refused(replicate, market, folder=tmp_path / name)
        assert "must be new, empty, or hold a study" in refused(replicate, market, folder=tmp_path / name, seed=1)
    for options in ({}, {"seed": 1}):
        assert refused(replicate, market, folder=tmp_path / "file", **options).endswith(
            "must be a folder, not a file"
        )
    assert snapshot(tmp_path) == before


def test_a_folder_that_cannot_be_made_is_refused(market, tmp_path):
    (tmp_path / "file").write_text("mine")
    assert "cannot be written" in refused(replicate, market, folder=tmp_path / "file" / "below", seed=1)


class Broken:
    """A stock policy with a fault that can be mended."""

    kind = "broken"
    period = None

    def opening(self, sku):
        return None

    def order(self, sku, position, demands):
        return 0

    def accepts(self, lines):
        raise RuntimeError("broken")


def test_a_failure_is_written_down_and_tried_again(market, tmp_path):
    wrong = market.with_settings({"supplier.stock": Broken()})
    study = replicate(wrong, runs=2, seed=1, jobs=1, folder=tmp_path)
    assert len(study.failures) == 2
    assert [row["run"] for row in json.loads((tmp_path / "failures.json").read_text())["failures"]] == [
        [0, 0],
        [0, 1],
    ]
    again = replicate(wrong, runs=2, seed=1, jobs=1, folder=tmp_path)
    assert len(again.failures) == 2


def test_a_policy_of_ones_own_with_other_fields_is_another_study(market, tmp_path):
    one, other = Broken(), Broken()
    other.level = 3
    replicate(market.with_settings({"supplier.stock": one}), runs=1, seed=1, jobs=1, folder=tmp_path)
    fault = refused(replicate, market.with_settings({"supplier.stock": other}), seed=1, folder=tmp_path)
    assert "its points differ" in fault


@dataclass(slots=True)
class Level:
    """A stock policy whose field stands in a slot."""

    level: int
    helper: object = None
    kind: ClassVar[str] = "level"
    period: ClassVar[None] = None

    def opening(self, sku):
        return None

    def order(self, sku, position, demands):
        return 0

    def accepts(self, lines):
        return True


def limited(result, limit):
    return {"limit": limit}


@pytest.mark.parametrize("changed", ["slots", "partial", "closure", "array"])
def test_a_study_that_differs_in_one_value_is_another_study(market, tmp_path, changed):
    array = np.arange(2_000)

    def experiment(value):
        level = Level(value if changed == "slots" else 0, np.where(array == 1_000, value, array))
        policy = {"supplier.stock": level} if changed in ("slots", "array") else {}
        metrics = {
            "partial": partial(limited, limit=value),
            "closure": lambda result: {"limit": value},
        }.get(changed)
        return replicate(market.with_settings(policy), runs=1, seed=1, jobs=1, folder=tmp_path, metrics=metrics)

    assert experiment(0).notes == []
    with pytest.raises(ScenarioError, match=r"another study: its (points|metrics) differ"):
        experiment(50)
    assert experiment(0).notes == ["resumed: 1 of 1 runs were done already"]


class Helper:
    """A stock policy that holds an object, whose text has an address in it."""

    kind, period = "helper", None
    opening, order, accepts = Level.opening, Level.order, Level.accepts
    level = None

    def __init__(self):
        self.other = object()


def test_a_policy_that_holds_an_object_goes_on(market, tmp_path):
    one, other = (market.with_settings({"supplier.stock": Helper()}) for _ in range(2))
    assert replicate(one, runs=1, seed=1, jobs=1, folder=tmp_path).notes == []
    assert replicate(other, runs=1, seed=1, jobs=1, folder=tmp_path).notes == [
        "resumed: 1 of 1 runs were done already"
    ]


def test_a_policy_without_an_identity_is_refused_before_anything_is_written(market, tmp_path):
    held = market.with_settings({"supplier.stock": Level(50, threading.Lock())})
    fault = refused(replicate, held, seed=1, folder=tmp_path / "s")
    assert fault.startswith("supplier.stock.helper: an object of lock: has no value that another start")
    assert not (tmp_path / "s").exists()


def test_a_study_of_an_earlier_format_is_refused_as_such(market, tmp_path):
    replicate(market, runs=1, seed=5, jobs=1, folder=tmp_path)
    manifest = tmp_path / "manifest.json"
    manifest.write_text(manifest.read_text().replace(archive.FORMAT, "alesha study 1"))
    (tmp_path / "journal.sha256").unlink()  # there was none
    before = snapshot(tmp_path)
    assert refused(replicate, market, seed=5, folder=tmp_path).endswith(
        f"holds a study of another format (alesha study 1, and this is {archive.FORMAT}): must be another folder"
    )
    assert snapshot(tmp_path) == before


def test_a_folder_of_another_mode_is_refused_and_stays_as_it_was(market, tmp_path, counted):
    for mode, other in (("all", "summary"), ("summary", "all")):
        replicate(market, runs=2, seed=5, jobs=1, folder=tmp_path / mode, record=mode)
        before = snapshot(tmp_path)
        assert refused(replicate, market, seed=5, folder=tmp_path / mode, record=other).endswith(
            f"holds another study: its record differs ('{mode}', and this is '{other}'): must be another folder"
        )
        assert snapshot(tmp_path) == before
    assert len(counted) == 4


def test_a_study_that_records_less_is_gone_on_with_and_read_back(market, tmp_path, counted):
    replicate(market, runs=2, seed=5, jobs=1, folder=tmp_path, record="summary")
    made = replicate(market, runs=4, seed=5, jobs=1, folder=tmp_path, record="summary")
    assert counted == [(0, replication) for replication in range(4)]
    loaded = Study.load(tmp_path)
    assert same(made, replicate(market, runs=4, seed=5, jobs=1, record="summary"))
    assert same(loaded, made)
    assert (loaded.record, loaded.violations) == ("summary", None)
    assert [line.partition(":")[0] for line in made.notes] == ["resumed", "laws not checked"]
    assert loaded.notes == made.notes[1:]
    assert loaded.command() == made.command()
    assert loaded.command().endswith(" --record summary")
    assert json.loads((tmp_path / "manifest.json").read_text())["identity"]["record"] == "summary"


# Killed

KILLED_ONCE = """
    import os, signal, sys
    from pathlib import Path
    from alesha_sim import replicate
    from alesha_sim.scenarios import market_day
    def deadly(result):
        killed = Path(os.environ["KILLED"])
        if len(list(Path(os.environ["STUDY"], "runs").glob("p*"))) == 2 and not killed.exists():
            killed.touch()
            os.kill(os.getpid(), signal.SIGKILL)
        return {"events": result.events}
    study = replicate(market_day(users=20, visits_per_day=30), runs=4, seed=5, jobs=1, metrics=deadly,
                      folder=os.environ["STUDY"], record="summary")
    print(study.notes[0])
"""


def test_a_study_that_records_less_goes_on_after_a_kill(market, tmp_path):
    folder = tmp_path / "s"
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "KILLED": str(tmp_path / "killed"), "STUDY": str(folder)}
    command = [sys.executable, "-c", textwrap.dedent(KILLED_ONCE)]
    first, second = (subprocess.run(command, env=environment, capture_output=True, text=True) for _ in range(2))
    assert first.returncode == -signal.SIGKILL
    assert (second.returncode, second.stdout) == (0, "resumed: 2 of 4 runs were done already\n")
    whole = replicate(market, runs=4, seed=5, jobs=1, record="summary").runs
    pd.testing.assert_frame_equal(Study.load(folder).runs.drop(columns="events"), whole, check_exact=True)


KILLED = """
    import sys
    from alesha_sim import sweep
    from alesha_sim.scenarios import market_day
    market = market_day(users=20, visits_per_day=60)
    study = sweep(market, {"bank.workers": [1, 2]}, runs=15, seed=5, jobs=int(sys.argv[2]), folder=sys.argv[1],
                  series=["balances"], keep=["orders"])
    print(study.notes)
"""


def start(folder, jobs=1):
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", textwrap.dedent(KILLED), str(folder), str(jobs)]
    return subprocess.Popen(command, env=environment, start_new_session=True, stdout=subprocess.PIPE, text=True)


def finished_in(folder):
    """Return the finished runs with the bytes of their files, which nobody may write a second time."""
    return {path.name: path.stat().st_mtime_ns for path in (folder / "runs").glob("p*.parquet")}


@pytest.mark.slow
@pytest.mark.parametrize("jobs", [1, 2])
def test_a_study_killed_at_any_instant_goes_on_to_the_same_end(tmp_path, full_size, jobs):
    finish(tmp_path / "whole")
    undisturbed, chance, kills = Study.load(tmp_path / "whole"), random.Random(jobs), 0
    while kills < (20 if full_size else 4):
        folder = tmp_path / f"killed_{kills}"
        while len(before := finished_in(folder)) <= 20 and not (folder / "runs.parquet").exists():
            kill(chance, folder, jobs)
            kills += 1
            assert before.items() <= finished_in(folder).items() or (folder / "runs.parquet").exists()
        done = len(Study.load(folder).runs)  # of the last run, the line may be there and the file not in its place
        assert (folder / "runs.parquet").exists() or done - len(before) in (0, 1)
        assert f"resumed: {done} of 30 runs were done already" in finish(folder, jobs)
        resumed = Study.load(folder)
        assert same(resumed, undisturbed)
        pd.testing.assert_frame_equal(resumed.series("balances"), undisturbed.series("balances"), check_exact=True)
        pd.testing.assert_frame_equal(resumed.table("orders"), undisturbed.table("orders"))
        assert not list(folder.rglob(".alesha-unfinished-*"))


def finish(folder, jobs=1):
    """Let a study go on to its end and return what it said."""
    process = start(folder, jobs)
    out, _ = process.communicate(timeout=240)
    assert process.returncode == 0
    return out


def kill(chance, folder, jobs):
    """Start a study and kill it with all its processes after some more runs."""
    process = start(folder, jobs)
    time_to_live(chance, folder, len(finished_in(folder)))
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()


def time_to_live(chance, folder, done):
    """Wait until some more runs are there, or none, and then for a random instant between two of them."""
    more, tries = done + chance.randint(0, 6), 0
    while len(finished_in(folder)) < more and not (folder / "runs.parquet").exists() and tries < 6000:
        time.sleep(0.005)
        tries += 1
    time.sleep(chance.random() * 0.03)
