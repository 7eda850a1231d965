"""The way of jobs through a cluster whose client is told what becomes of each task: no process is started here."""

from contextlib import nullcontext
from queue import Empty

import pytest

from alesha_sim.experiments import cluster
from alesha_sim.experiments.cluster import Cluster
from alesha_sim.experiments.job import Job, Outcome, run_job

JOBS = [Job((0, replication), replication + 1, b"") for replication in range(5)]
DONE = [Outcome(job.run, job.seed, "a digest") for job in JOBS]


class KilledWorker(Exception):
    """What Dask says of a task whose workers died."""


class Future:
    """A task that ends as soon as anybody asks; `ends` are what it gives or raises, one after the other."""

    def __init__(self, key, *ends):
        self.key, self.ends = key, list(ends)

    @property
    def status(self):
        return "error" if isinstance(self.ends[0], KilledWorker) else "finished"

    def add_done_callback(self, act):
        act(self)

    def result(self, timeout):
        assert timeout == cluster.WAIT
        end = self.ends.pop(0)
        if isinstance(end, Exception):
            raise end
        return end

    def exception(self):
        return self.ends[0]


class Silent(Future):
    """A task of which nothing is heard."""

    def add_done_callback(self, act):
        pass


class Client:
    """A client of a cluster; `fates` are futures by run, of which each submission takes one."""

    def __init__(self, fates=None, cores=()):
        self.fates = {job.run: [Future(job.run, end)] for job, end in zip(JOBS, DONE, strict=True)} | (fates or {})
        self.submitted, self.cancelled, self.cores = [], [], list(cores)
        self.submit_kwargs, self.looks, self.retrieved = {"priority": 3}, 0, nullcontext()
        self.client = self

    def effective_n_jobs(self, count):
        return 2

    def retrieval_context(self):
        return self.retrieved

    def submit(self, work, job, **options):
        assert (work, options) == (run_job, {"pure": False, "priority": 3})
        self.submitted.append(job.run[1])
        return self.fates[job.run].pop(0)

    def ncores(self):
        self.looks += 1
        return self.cores.pop(0) if self.cores else {}

    def cancel(self, futures):
        self.cancelled += [future.key for future in futures]


class Keys(list):
    """A queue on which nobody waits: it is empty at once."""

    def put(self, key):
        self.append(key)

    def get(self, timeout):
        assert timeout == 1
        if not self:
            raise Empty
        return self.pop(0)


@pytest.fixture(autouse=True)
def _impatient(monkeypatch):
    monkeypatch.setattr(cluster, "SimpleQueue", Keys)


def silent(*replications):
    return {(0, each): [Silent((0, each), DONE[each])] for each in replications}


def errors(outcomes):
    return [(outcome.run[1], outcome.error) for outcome in outcomes]


def test_outcomes_come_in_and_each_lets_the_next_job_start():
    client = Client()
    outcomes = Cluster(client, 2).outcomes(iter(JOBS))
    assert [(next(outcomes), len(client.submitted)) for _ in JOBS] == list(zip(DONE, (3, 4, 5, 5, 5), strict=True))
    assert list(outcomes) == client.cancelled == []


@pytest.mark.parametrize(("count", "at_once"), [(1, 1), (3, 3), (-1, 4)])
def test_as_many_jobs_are_there_at_once_as_were_asked_for_or_two_a_core(count, at_once):
    client = Client(silent(*range(5)), cores=[{"worker": 1}])
    with pytest.raises(StopIteration):
        next(Cluster(client, count).outcomes(JOBS[:0]))
    next(Cluster(client, count).outcomes(iter(JOBS)))
    assert client.submitted == list(range(at_once))


def test_jobs_that_were_given_up_run_again_one_by_one_and_are_lost_if_their_worker_dies_again():
    died = KilledWorker("all workers died")
    twice = {
        (0, run): [Future(run, died), Future(run, end)] for run, end in ((0, DONE[0]), (1, died), (3, DONE[3]))
    }
    client = Client(twice)
    found, submitted = [], []
    for outcome in Cluster(client, 5).outcomes(JOBS):
        found.append(outcome)
        submitted.append(len(client.submitted))
    assert (client.submitted, submitted[2:]) == ([0, 1, 2, 3, 4, 0, 1, 3], [7, 8, 8])
    assert [outcome.run[1] for outcome in found] == [2, 4, 0, 1, 3]
    assert [outcome for outcome in found if outcome.run != (0, 1)] == [DONE[place] for place in (2, 4, 0, 3)]
    assert (found[3].error, found[3].trace) == ("the worker died", "all workers died")


@pytest.mark.parametrize("there", [[], [{}, {}, {"worker": 1}], [{}] * (cluster.WAIT - 1) + [{"worker": 1}]])
def test_a_cluster_without_a_worker_for_a_minute_on_end_loses_every_job_left(there):
    client = Client(silent(1, 2), there)
    found = errors(Cluster(client, 2).outcomes(iter(JOBS)))
    reason = f"the worker failed: RuntimeError: the cluster has had no worker for {cluster.WAIT} s"
    assert found == [(0, ""), (1, reason), (2, reason), (3, reason), (4, reason)]
    assert client.looks == len(there) + cluster.WAIT
    assert client.cancelled == [(0, 1), (0, 2)]


def test_a_cluster_that_is_gone_is_not_waited_for_again():
    client = Client({(0, 0): [Future((0, 0), KilledWorker()), Silent((0, 0), DONE[0])], **silent(1)})
    found = errors(Cluster(client, 2).outcomes(JOBS[:2]))
    assert [run for run, _ in found] == [1, 0]
    assert all("no worker for" in error for _, error in found)
    assert client.looks == cluster.WAIT


def test_a_result_that_is_late_is_waited_for_while_there_are_workers():
    late = {(0, 0): [Future((0, 0), TimeoutError(), TimeoutError(), DONE[0])]}
    assert list(Cluster(Client(late, [{"worker": 1}, {"worker": 1}]), 1).outcomes(JOBS[:1])) == DONE[:1]
    late = {(0, 0): [Future((0, 0), TimeoutError(), TimeoutError("late"), DONE[0])]}
    found = errors(Cluster(Client(late, [{"worker": 1}, {}]), 1).outcomes(JOBS[:1]))
    assert found == [(0, "the worker failed: TimeoutError: late")]


def test_a_job_that_somebody_called_off_is_lost_with_the_error():
    client = Client({(0, 0): [Future((0, 0), RuntimeError("called off"))]})
    assert errors(Cluster(client, 1).outcomes(JOBS[:2])) == [
        (0, "the worker failed: RuntimeError: called off"),
        (1, ""),
    ]


def test_closing_the_outcomes_calls_off_what_has_started():
    client = Client()
    outcomes = Cluster(client, 3).outcomes(iter(JOBS))
    next(outcomes)
    outcomes.close()
    assert client.cancelled == [(0, 1), (0, 2), (0, 3)]
    assert client.submitted == [0, 1, 2, 3]
