"""How jobs reach workers: through joblib, so on any backend that it knows. What a job is stands in `job.py`.

On the Dask cluster of joblib's backend they go by the cluster's own client, which stands in `cluster.py`.

Nothing global is set: neither the start method of processes nor joblib's own configuration.
"""

import os
import signal
from collections.abc import Generator, Iterable, Iterator
from contextlib import closing
from multiprocessing import parent_process
from multiprocessing.connection import wait
from threading import Thread
from typing import Any

from alesha_sim.experiments.cluster import Cluster, is_cluster
from alesha_sim.experiments.job import Job, Outcome, Run, has_died, lost, run_job
from alesha_sim.scenarios.errors import scenario_error

OF_PROCESSES = ("LokyBackend", "MultiprocessingBackend")
"""The backends of joblib that start processes of their own, and that take a function to begin with in each."""

LOOK = 1.0
"""Seconds after which a worker looks again whether the process that started it is there."""


def end_with_parent() -> None:
    """Let this process, a worker, end at once when the process that started it has ended, however that ended.

    A worker that waits for work never learns of it otherwise: it holds both ends of the pipe that it waits at. An
    interrupt, which a terminal sends to all processes, is the first one's to answer.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    Thread(target=_outlast, args=(parent_process(),), name="end with parent", daemon=True).start()


def _outlast(parent: Any) -> None:
    # A pipe that closes with the parent is there unless the process is loky's, whose parent is then the caller's.
    pipes = [] if parent.sentinel is None else [parent.sentinel]
    first = os.getppid() if pipes else parent.pid
    while os.getppid() == first and not wait(pipes, LOOK):
        pass
    os._exit(1)


def check_jobs(jobs: object) -> None:
    """Raise ScenarioError unless `jobs` is None or a number of workers as joblib counts them (-1: all cores)."""
    if not (jobs is None or (isinstance(jobs, int) and not isinstance(jobs, bool) and jobs)):
        raise scenario_error("jobs", jobs, "must be a whole number from 1, or -1 for one a core")


def outcomes(jobs: Iterable[Job], workers: int | None = None) -> Generator[Outcome]:
    """Run jobs side by side and yield their outcomes as they come in, in any order.

    `workers` None means what `joblib.parallel_config` says, and else one worker a core of this machine. Outcomes
    of short jobs come some at a time. A job at which its worker dies, also when it is run alone, has that as its
    outcome. Closing the iterator ends the workers' work. Raises what joblib raises when no worker could be had at
    all.
    """
    from joblib.parallel import get_active_backend

    backend, configured = get_active_backend()
    count = next((int(asked) for asked in (workers, configured) if asked is not None), -1)
    if is_cluster(backend):
        yield from Cluster(backend, count).outcomes(jobs)
    else:
        yield from _outcomes(iter(jobs), count)


def _outcomes(source: Iterator[Job], count: int) -> Iterator[Outcome]:
    """Yield outcomes of jobs that joblib runs."""
    while True:
        started: dict[Run, Job] = {}
        error = yield from _until_broken(source, started, count)
        if error is None:
            return
        if not started and not has_died(error):  # no job had a part in it
            raise error
        # One of those that had started has killed a worker, and the others have lost theirs: each gets a new one.
        for job in list(started.values()):
            alone: dict[Run, Job] = {}
            error = yield from _until_broken(iter([job]), alone, count)
            if error is not None:
                yield lost(job, error)


def _until_broken(
    source: Iterator[Job], started: dict[Run, Job], count: int
) -> "Iterator[Outcome] | Any":  # a generator that returns the error that broke it, or None
    """Yield outcomes until the jobs, or the workers, are at an end; what is left in `started` has no outcome."""
    from joblib import Parallel, delayed
    from joblib.parallel import get_active_backend

    begin = {"initializer": end_with_parent} if type(get_active_backend()[0]).__name__ in OF_PROCESSES else {}

    def feed() -> Iterator[Any]:
        for job in source:
            started[job.run] = job
            yield delayed(run_job)(job)

    # Where workers are processes, joblib sends them jobs in batches of 0.2 s or so, smaller ones at the end: a
    # message costs this process 1.5 ms, of a run of 20 ms too much.
    parallel = Parallel(
        n_jobs=count, batch_size="auto", pre_dispatch="2*n_jobs", return_as="generator_unordered", **begin
    )
    try:
        with closing(parallel(feed())) as finished:
            for outcome in finished:
                del started[outcome.run]
                yield outcome
    except Exception as error:  # a job's own error is its outcome, so this one is of the workers
        return error
    return None
