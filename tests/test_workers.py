"""Workers: the same study in one process, in several and on a Dask cluster, whatever dies on the way."""

import os
import signal
import subprocess
import sys
import textwrap
import time
from contextlib import closing, suppress
from pathlib import Path

import pandas as pd
import pytest
from conftest import needs

from alesha_sim import compare, replicate, sweep
from alesha_sim.experiments.job import Job, packed
from alesha_sim.experiments.series import Recording
from alesha_sim.experiments.workers import outcomes
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
def two_processes():
    """Give a client of a Dask cluster of two worker processes on this machine.

    Its scheduler gives up at once all tasks of a worker that dies, the innocent too. The cluster itself does not
    count a worker as lost while its process is started again.
    """
    needs("distributed")
    import dask
    import distributed

    settings = {"n_workers": 2, "threads_per_worker": 1, "processes": True, "dashboard_address": ":0"}
    with (
        dask.config.set({"distributed.scheduler.allowed-failures": 0}),
        dask.config.set({"distributed.deploy.lost-worker-timeout": "2 minutes"}),
        distributed.LocalCluster(**settings) as made,
        distributed.Client(made) as client,
    ):
        yield client


@pytest.fixture
def cluster(two_processes):
    """Give the client of the cluster, both of whose workers are there."""
    two_processes.wait_for_workers(2, timeout=60)
    return two_processes


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
            market, DESIGN, runs=5, seed=5, series=("balances",), metrics=lambda result: {"process": os.getpid()}
        )
    assert distributed.failures["trace"].tolist() == []
    assert set(distributed.runs["process"]) == set(places.values())
    alone = sweep(market, DESIGN, runs=5, seed=5, jobs=1, series=("balances",))
    pd.testing.assert_frame_equal(distributed.runs.drop(columns="process"), alone.runs, check_exact=True)
    pd.testing.assert_frame_equal(distributed.series("balances"), alone.series("balances"), check_exact=True)


def test_runs_record_less_in_processes_and_on_a_cluster(market, cluster):
    from joblib import parallel_config

    def figures(**given):
        return replicate(market, runs=4, seed=5, record="summary", **given).runs

    alone = figures(jobs=1)
    assert set(alone["record"]) == {"summary"}
    pd.testing.assert_frame_equal(figures(jobs=2), alone, check_exact=True)
    with parallel_config(backend="dask"):
        pd.testing.assert_frame_equal(figures(), alone, check_exact=True)


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


def test_a_worker_of_a_cluster_that_dies_is_recorded_and_stops_nothing(market, cluster):
    from joblib import parallel_config

    deadly = market.with_settings({"supplier.stock": Deadly()})
    with parallel_config(backend="dask"):
        # Four are there at once, so that the third run, an innocent one, waits on the worker that the first kills.
        study = compare(deadly, market, market, runs=2, seed=1, labels=("deadly", "fine", "too"))
    assert study.runs["scenario"].tolist() == ["fine", "fine", "too", "too"]
    failures = study.failures
    assert failures["scenario"].tolist() == ["deadly"] * 2
    assert failures["error"].tolist() == ["the worker died"] * 2
    assert all("all those workers died" in trace for trace in failures["trace"])
    assert failures["command"].tolist() == [
        f"alesha_sim.simulate(study.scenario(0), seed={seed})" for seed in study.runs["seed"][:2]
    ]
    assert study.runs["digest"].tolist() == 2 * replicate(market, runs=2, seed=1, jobs=1).runs["digest"].tolist()


def test_a_run_that_raises_on_a_cluster_is_a_failure_with_its_own_error(market, cluster):
    from joblib import parallel_config

    seeds = replicate(market, runs=4, seed=1, jobs=1).runs["seed"].tolist()

    def fails_once(result):
        if result.seed == seeds[2]:
            raise ArithmeticError("no metric")
        return {}

    with parallel_config(backend="dask"):
        study = replicate(market, runs=4, seed=1, metrics=fails_once)
    assert study.runs["seed"].tolist() == [seeds[0], seeds[1], seeds[3]]
    assert study.failures["error"].tolist() == ["ArithmeticError: no metric"]
    assert study.failures["seed"].tolist() == [seeds[2]]
    assert "fails_once" in study.failures["trace"][0]
    assert str(seeds[2]) in study.failures["command"][0]


def jobs_of(market, number, taken):
    """Yield jobs, and append each that is taken to a list."""
    parcel = packed(market, Recording())
    for replication in range(number):
        taken.append(replication)
        yield Job((0, replication), replication + 1, parcel)


@pytest.mark.parametrize(("jobs", "ahead"), [(1, 1), (3, 3), (None, 4)])
def test_a_cluster_has_few_runs_at_once_and_none_after_the_end(market, cluster, jobs, ahead):
    from joblib import parallel_config

    taken = []
    with parallel_config(backend="dask"), closing(outcomes(jobs_of(market, 500, taken), jobs)) as finished:
        next(finished)
        assert len(taken) == ahead + 1
    assert "pending" not in {future.status for future in list(cluster.futures.values())}
    assert len(taken) == ahead + 1


def test_a_cluster_that_loses_its_last_worker_does_not_hold_the_study_up(market, monkeypatch):
    needs("distributed")
    import distributed
    from joblib import parallel_config

    monkeypatch.setattr("alesha_sim.experiments.cluster.WAIT", 1)
    settings = {"n_workers": 0, "processes": True, "dashboard_address": ":0"}
    deadly = market.with_settings({"supplier.stock": Deadly()})
    with distributed.LocalCluster(**settings) as made, distributed.Client(made) as client:
        worker = script(f"""
    import sys
    from dask.__main__ import main
    sys.path.append({str(ROOT / "tests")!r})
    sys.argv = ["dask", "worker", "--no-nanny", "--nthreads=1", "--no-dashboard", {made.scheduler_address!r}]
    main()
    """)  # nobody starts this one again
        client.wait_for_workers(1, timeout=60)
        with parallel_config(backend="dask"):
            study = compare(market, deadly, runs=2, seed=1, jobs=1, labels=("fine", "deadly"))
        worker.communicate(timeout=60)
    assert worker.returncode == -signal.SIGKILL
    assert study.runs[["scenario", "replication"]].to_numpy().tolist() == [["fine", 0]]
    assert study.failures["scenario"].tolist() == ["fine", "deadly", "deadly"]
    reason = "the worker failed: RuntimeError: the cluster has had no worker for 1 s"
    assert study.failures["error"].tolist() == [reason] * 3


def test_a_run_that_ends_its_process_by_a_call_is_a_failure(market):
    def leave(result):
        sys.exit(3)

    study = replicate(market, runs=2, seed=1, jobs=1, metrics=leave)
    assert study.failures["error"].tolist() == ["SystemExit: 3"] * 2


# Interrupts


def test_an_interrupt_keeps_what_is_done(market):
    calls = []

    def interrupting(result):
        calls.append(result.seed)
        if len(calls) == 4:
            raise KeyboardInterrupt
        return {}

    study = replicate(market, runs=6, seed=1, jobs=1, metrics=interrupting)
    assert study.interrupted
    assert study.notes == ["interrupted: 3 of 6 runs are done"]
    pd.testing.assert_frame_equal(study.runs, replicate(market, runs=3, seed=1, jobs=1).runs, check_exact=True)


def test_an_interrupt_of_the_processes_keeps_what_is_done(tmp_path):
    process = script(
        f"""
    import signal
    from alesha_sim import replicate
    from alesha_sim.scenarios import market_day
    # A shell lets what it runs in the background, tests too, ignore interrupts, and processes inherit that.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    study = replicate(market_day(), runs=500, seed=1, jobs=2, folder={str(tmp_path / "study")!r})
    assert study.interrupted
    assert 3 <= len(study.runs) < 500
    assert "interrupted" in repr(study)
    print(len(study.runs))
    """
    )
    wait_for(lambda: len(list((tmp_path / "study" / "runs").glob("p*"))) >= 5)
    os.killpg(process.pid, signal.SIGINT)  # as a terminal does: to the workers too
    out, err = process.communicate(timeout=60)
    assert process.returncode == 0, err
    assert int(out) >= 3


# The end of the first process


STUDY = """
    import signal
    from alesha_sim import replicate
    from alesha_sim.scenarios import market_day
    market = market_day(users=20, visits_per_day=30)
    replicate(market, runs={runs}, seed=1, jobs=2, metrics=lambda result: {metrics})
    print("idle", flush=True)
    signal.pause()
"""
IDLE = STUDY.format(runs=4, metrics="{}")
BUSY = STUDY.format(runs=2, metrics="print('busy', flush=True) or signal.pause()")
WORLDS = """
    import signal
    from alesha_sim.verification.fuzz.trials import survey

    def pause(progress):
        print("one world", flush=True)
        signal.pause()

    if __name__ == "__main__":
        survey(1, 50, jobs=2, progress=pause)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="there is no such signal")
@pytest.mark.parametrize("kind", [signal.SIGTERM, signal.SIGKILL])
@pytest.mark.parametrize("text", [IDLE, BUSY, WORLDS])
def test_workers_end_with_the_process_that_started_them(text, kind):
    process = script(text)
    try:
        assert process.stdout.readline()
        process.send_signal(kind)
        # Workers write where the first process wrote, so that this ends when the last of them has; idle ones of
        # joblib would stay for five minutes.
        process.communicate(timeout=60)
        assert process.returncode == -kind
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)


def wait_for(condition):
    """Wait until something holds."""
    for _ in range(6000):
        if condition():
            return
        time.sleep(0.01)
    raise AssertionError("it did not come to hold within a minute")
