"""Execution: the runs of a plan that are not done yet are made, kept as they come in, and failures written down.

Where runs are made stands in `workers.py`, where they are kept in `folder.py`.
"""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

from alesha_sim.experiments.folder import Archive
from alesha_sim.experiments.job import Outcome, Run, one_line
from alesha_sim.experiments.plan import Plan
from alesha_sim.experiments.progress import Progress
from alesha_sim.experiments.run_table import Rows
from alesha_sim.experiments.series import Track
from alesha_sim.experiments.workers import outcomes
from alesha_sim.scenarios.errors import scenario_error


class Execution:
    """A plan on its way: finished rows, failures, and series where no folder holds them.

    With an `archive`, finished runs are kept there and were found there.
    """

    def __init__(
        self, plan: Plan, *, archive: Archive | None = None, jobs: int | None = None, progress: bool = True
    ) -> None:
        self.plan = plan
        self.archive = archive
        self.rows = Rows() if archive is None else archive.rows()
        self.failures: dict[Run, Outcome] = {}
        self.tracks: dict[tuple[str, Run], Track] = {}
        self.interrupted = False
        self._jobs = jobs
        self._progress = progress

    def make(self, runs: Sequence[Run], total: int | None = None) -> bool:
        """Make those of the runs that are not done; False if an interrupt ended it.

        What failed before is not tried again. `total` is what the progress counts to.
        """
        missing = [run for run in runs if run not in self.rows and run not in self.failures]
        if not missing or self.interrupted:
            return not self.interrupted
        done = len(self.rows) + len(self.failures)
        try:
            with (
                Progress(shown=self._progress, total=total or done + len(missing), done=done) as bar,
                closing(outcomes((self.plan.job(*run) for run in missing), self._jobs)) as finished,
                ThreadPoolExecutor(1) as keeper,  # which no interrupt reaches, so that a run is kept to the end
            ):
                keeper.submit(int).result()  # an interrupt while its thread starts would not be waited for
                for outcome in finished:
                    keeper.submit(self._keep, outcome).result()
                    bar.count(failed=bool(outcome.error))
        except KeyboardInterrupt:
            self.interrupted = True
        return not self.interrupted

    def _keep(self, outcome: Outcome) -> None:
        if taken := [name for name in self.plan.factors if name in outcome.metrics]:
            # The names of a reader's own metrics are known only once a run has them.
            wrong = scenario_error("metrics", taken[0], "must not be the name of a column of the design")
            outcome = Outcome(outcome.run, outcome.seed, error=one_line(wrong))
        if outcome.error:
            self.failures[outcome.run] = outcome
            if self.archive is not None:
                self.archive.write_failures(self.failures.values())
            return
        if self.archive is not None:
            self.archive.keep(outcome)
        else:
            self.tracks.update({(name, outcome.run): track for name, track in outcome.series.items()})
        self.rows.add(outcome.run, outcome.seed, outcome.digest, outcome.metrics)

    def finish(self) -> None:
        """Tidy the folder."""
        if self.archive is not None:
            self.archive.take_together(self.rows)
            self.archive.write_failures(self.failures.values())
