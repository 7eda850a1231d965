"""Workers: the same study in one process, in several and on a Dask cluster, whatever dies on the way."""

import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pandas as pd
import pytest
from conftest import needs

from alesha_sim import compare, replicate, sweep
from alesha_sim.scenarios import market_day

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="module")
def market():
    return market_day(users=20, visits_per_day=30)


def script(text, **options):
    """Return a process that runs a script from its text: what that defines is in `__main__`, as in a notebook."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONWARNINGS": "error"}
    command = [sys.executable, "-c", textwrap.dedent(text)]
    return subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        start_new_session=True, **options,
    )  # fmt: skip


def said(text):
    process = script(text)
    out, err = process.communicate(timeout=120)
    assert process.returncode == 0, err
    return out


@pytest.fixture(scope="module")
def cluster():
    """Give a client of a Dask cluster of two worker processes on this machine."""
    needs("distributed")
    import distributed

    settings = {"n_workers": 2, "threads_per_worker": 1, "processes": True, "dashboard_address": None}
    with distributed.LocalCluster(**settings) as made, distributed.Client(made) as client:
        yield client


DESIGN = {"supplier.lead_time": ["1 day", "7 days"], "bank.workers": [1, 2]}


def the_study(market, jobs=None):
    return sweep(market, DESIGN, runs=5, seed=5, jobs=jobs, series=("balances",))


def assert_same(one, other):
    pd.testing.assert_frame_equal(one.runs, other.runs, check_exact=True)
    pd.testing.assert_frame_equal(one.series("balances"), other.series("balances"), check_exact=True)


def test_two_processes_give_the_study_that_one_gives(market):
    assert_same(the_study(market, jobs=1), the_study(market, jobs=2))


def test_all_cores_are_the_default(market):
    assert_same(the_study(market, jobs=1), the_study(market))


def test_a_dask_cluster_gives_the_study_that_one_process_gives(market, cluster):
    from joblib import parallel_config

    places = cluster.run(os.getpid)
    assert len(set(places.values()) | {os.getpid()}) == 3
    with parallel_config(backend="dask"):
        distributed = sweep(
            market, DESIGN, runs=5, seed=5, series=("balances",), figures=lambda result: {"process": os.getpid()}
        )
    assert distributed.failures["trace"].tolist() == []
    assert set(distributed.runs["process"]) == set(places.values())
    alone = sweep(market, DESIGN, runs=5, seed=5, jobs=1, series=("balances",))
    pd.testing.assert_frame_equal(distributed.runs.drop(columns="process"), alone.runs, check_exact=True)
    pd.testing.assert_frame_equal(distributed.series("balances"), alone.series("balances"), check_exact=True)


def test_any_other_backend_of_joblib_works_unchanged(market):
    from joblib import parallel_config

    with parallel_config(backend="threading", n_jobs=2):
        assert_same(the_study(market), the_study(market, jobs=1))


OWN_POLICY = """
    import dataclasses, multiprocessing
    from joblib import parallel_config
    from alesha_sim import replicate, simulate
    from alesha_sim.scenarios import market_day

    @dataclasses.dataclass(frozen=True)
    class NoWatches:
        kind = "no_watches"
        period = None

        def opening(self, sku):
            return None

        def order(self, sku, position, demands):
            return 0

        def accepts(self, lines):
            return all(sku != "apple-watch" for sku, _ in lines)

    market = market_day(users=20, visits_per_day=30).with_settings({"supplier.stock": NoWatches()})
"""


def test_a_policy_of_the_notebook_travels_to_other_processes():
    out = said(
        OWN_POLICY
        + """
    study = replicate(market, runs=4, seed=1, jobs=2)
    assert study.failures.empty, study.failures["trace"][0]
    assert study.values("cancelled").sum() > 0
    assert study.runs["digest"].tolist() == replicate(market, runs=4, seed=1, jobs=1).runs["digest"].tolist()
    assert simulate(market, study.runs["seed"][3]).digest == study.runs["digest"][3]
    print(multiprocessing.get_start_method() == multiprocessing.get_all_start_methods()[0])
    """
    )
    assert out == "True\n"  # the start method of processes is still this platform's own


def test_a_policy_of_the_notebook_travels_to_a_cluster(cluster):
    address = cluster.scheduler.address
    said(
        OWN_POLICY
        + f"""
    from distributed import Client
    with Client({address!r}), parallel_config(backend="dask"):
        study = replicate(market, runs=4, seed=1)
    assert study.failures.empty, study.failures["trace"][0]
    assert study.values("cancelled").sum() > 0
    """
    )


class Deadly:
    """A stock policy that kills its process, at the second SKU it sees."""

    kind = "deadly"
    period = None

    def opening(self, sku):
        return None

    def order(self, sku, position, demands):
        return 0

    def accepts(self, lines):
        os.kill(os.getpid(), signal.SIGKILL)


@pytest.mark.filterwarnings("ignore:A worker stopped")  # joblib's own remark on the worker that dies here
def test_a_worker_that_dies_is_recorded_and_stops_nothing(market, monkeypatch):
    deadly = market.with_settings({"supplier.stock": Deadly()})
    study = compare(market, deadly, runs=3, seed=1, jobs=2, labels=("fine", "deadly"))
    assert study.runs["scenario"].tolist() == ["fine"] * 3
    assert study.failures["scenario"].tolist() == ["deadly"] * 3
    assert study.failures["error"].tolist() == ["the worker died"] * 3
    pd.testing.assert_frame_equal(
        study.runs.iloc[:, 2:], replicate(market, runs=3, seed=1, jobs=1).runs.iloc[:, 1:], check_exact=True
    )


def test_a_run_that_ends_its_process_by_a_call_is_a_failure(market):
    def leave(result):
        sys.exit(3)

    study = replicate(market, runs=2, seed=1, jobs=1, figures=leave)
    assert study.failures["error"].tolist() == ["SystemExit: 3"] * 2


# Interrupts


def test_an_interrupt_keeps_what_is_done(market):
    calls = []

    def interrupting(result):
        calls.append(result.seed)
        if len(calls) == 4:
            raise KeyboardInterrupt
        return {}

    study = replicate(market, runs=6, seed=1, jobs=1, figures=interrupting)
    assert study.interrupted
    assert study.notes == ["interrupted: 3 of 6 runs are done"]
    pd.testing.assert_frame_equal(study.runs, replicate(market, runs=3, seed=1, jobs=1).runs, check_exact=True)


def test_an_interrupt_of_the_processes_keeps_what_is_done(tmp_path):
    process = script(
        f"""
    from alesha_sim import replicate
    from alesha_sim.scenarios import market_day
    study = replicate(market_day(), runs=500, seed=1, jobs=2, folder={str(tmp_path / "study")!r})
    assert study.interrupted
    assert 3 <= len(study.runs) < 500
    assert "interrupted" in repr(study)
    print(len(study.runs))
    """
    )
    wait_for(lambda: len(list((tmp_path / "study" / "runs").glob("p*"))) >= 3)
    os.killpg(process.pid, signal.SIGINT)  # as a terminal does: to the workers too
    out, err = process.communicate(timeout=60)
    assert process.returncode == 0, err
    assert int(out) >= 3


def wait_for(condition):
    """Wait until something holds."""
    for _ in range(6000):
        if condition():
            return
        time.sleep(0.01)
    raise AssertionError("it did not come to hold within a minute")
