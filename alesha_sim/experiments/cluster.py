"""How jobs reach a Dask cluster: by its own client, since joblib never hears of a task that the scheduler gave up.

The scheduler tries a task again when its worker dies, and gives it up after some deaths. It counts a death for
every task of that worker, the innocent too, so each of those that it gave up is run again alone.
"""

import sys
from collections.abc import Generator, Iterable, Iterator
from contextlib import closing
from itertools import islice
from queue import Empty, SimpleQueue
from typing import Any

from alesha_sim.experiments.job import Job, Outcome, has_died, lost, run_job

WAIT = 60
"""Seconds for which a cluster may be without any worker before the runs that wait for one are failures."""


def is_cluster(backend: Any) -> bool:
    """Return whether a backend of joblib runs on a Dask cluster."""
    distributed = sys.modules.get("distributed")  # while it is not loaded, nobody has a client of it
    return distributed is not None and isinstance(getattr(backend, "client", None), distributed.Client)


class Cluster:
    """A Dask cluster that a backend of joblib was configured for.

    A positive `count` is how many jobs are there at once; else there are two a core, as joblib itself has it.
    Raises TimeoutError if there is no worker and none comes up within joblib's own bound.
    """

    def __init__(self, backend: Any, count: int) -> None:
        cores = backend.effective_n_jobs(count)
        self._backend = backend
        self._client = backend.client
        self._most = count if count > 0 else 2 * cores
        self._is_gone = False

    def outcomes(self, jobs: Iterable[Job]) -> Iterator[Outcome]:
        """Run jobs and yield their outcomes as they come in, in any order. Closing the iterator calls them off.

        Raises what the client raises once its scheduler is gone.
        """
        given_up: list[Job] = []
        with self._backend.retrieval_context():  # the client may itself be in a task of the cluster
            with closing(self._results(iter(jobs), self._most)) as results:
                for job, result in results:
                    if isinstance(result, Exception) and has_died(result):
                        given_up.append(job)
                    else:
                        yield _outcome(job, result)
            with closing(self._results(iter(given_up), 1)) as results:
                for job, result in results:
                    yield _outcome(job, result)

    def _results(self, source: Iterator[Job], most: int) -> Generator[tuple[Job, Outcome | Exception]]:
        """Yield each job with its outcome or the error for which it has none; `most` are there at once."""
        finished: SimpleQueue[str] = SimpleQueue()
        started: dict[str, tuple[Job, Any]] = {}

        def start(number: int) -> None:
            for job in islice(source, number):
                future = self._client.submit(run_job, job, **{"pure": False, **self._backend.submit_kwargs})
                started[future.key] = job, future
                future.add_done_callback(lambda ended: finished.put(ended.key))

        try:
            start(most)
            while started:
                key = self._next(finished)
                if key is None:
                    error = RuntimeError(f"the cluster has had no worker for {WAIT} s")
                    yield from ((job, error) for job in [*(job for job, _ in started.values()), *source])
                    return
                job, future = started.pop(key)
                start(1)
                yield job, self._result(future)
        finally:
            if started:
                self._client.cancel([future for _, future in started.values()])

    def _next(self, finished: "SimpleQueue[str]") -> str | None:
        """Wait for the key of a future that has ended; None if the cluster has lost its workers permanently."""
        empty = 0
        while not self._is_gone:
            try:
                return finished.get(timeout=1)
            except Empty:
                empty = 0 if self._client.ncores() else empty + 1
                self._is_gone = empty >= WAIT
        return None

    def _result(self, future: Any) -> Outcome | Exception:
        """Return what has become of a job; its own error is its outcome, so any other is of the cluster."""
        while future.status != "error":
            try:
                outcome: Outcome = future.result(timeout=WAIT)
                return outcome
            except TimeoutError as error:  # its worker died before it was fetched, and it is made again
                if not self._client.ncores():
                    return error
            except Exception as error:  # called off by somebody else, or gone with the scheduler
                return error
        failed: Exception = future.exception()
        return failed


def _outcome(job: Job, result: Outcome | Exception) -> Outcome:
    return lost(job, result) if isinstance(result, Exception) else result
