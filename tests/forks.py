"""Runs test files on copies of the project, each run in a fork of one process that has imported what tests need.

A run is bounded by processor time and by memory, since other work on the machine must neither change a verdict nor
suffer from it: a test may take five times what it takes without a fault and ten seconds on top. The wall clock
ends only what waits without working.
"""

import os
import resource
import signal
import sys
import time
import traceback
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import Any

import hypothesis
import pytest

IMPORTED = ("numpy", "simpy", "pydantic", "pandas", "scipy.stats", "matplotlib.pyplot", "hypothesis.stateful")
MEMORY = 4 << 30
ON_TOP = 10
"""Seconds that a test may take beyond five times its own."""

WORLDS = 50
TIME_OUT = "time-out"
FOUND = "found.txt"
"""The file of a copy that names the test that found a mutant."""


class Trial:
    """A pytest plugin: orders a file's tests by their cost, bounds and measures each, keeps which failed."""

    def __init__(self, costs: Mapping[str, float], left_out: Iterable[str] = ()) -> None:
        self.costs = costs
        self.left_out = frozenset(left_out)
        self.measured: dict[str, float] = {}
        self.failed: list[str] = []

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Leave out what fails without a fault or asks about processors; put the cheap tests of a file first."""
        files = list(dict.fromkeys(item.path for item in items))
        items[:] = [item for item in items if item.nodeid not in self.left_out and "processor" not in item.name]
        items.sort(key=lambda item: (files.index(item.path), self.costs.get(item.nodeid, 0.0)))

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Iterator[None]:
        """Bound and measure a test, with what it sets up and the processes that it starts."""
        began = used()
        if item.nodeid in self.costs:
            bound(5 * self.costs[item.nodeid] + ON_TOP)
        done = yield
        self.measured[item.nodeid] = round(used() - began, 3)
        return done

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Keep which test failed."""
        if report.failed:
            self.failed.append(report.nodeid)

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """Keep which file cannot even be imported."""
        if report.failed:
            self.failed.append(report.nodeid)


def used() -> float:
    """Return the processor time of this process and of those that it has waited for."""
    spent = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(each.ru_utime + each.ru_stime for each in spent)


def bound(seconds: float) -> None:
    """Let this process, and each that it starts, take no more than so much processor time from here."""
    _, most = resource.getrlimit(resource.RLIMIT_CPU)
    soft = int(time.process_time() + seconds) + 1
    resource.setrlimit(resource.RLIMIT_CPU, (soft if most == resource.RLIM_INFINITY else min(soft, most), most))


def pytested(files: Iterable[str], trial: Trial, *options: str) -> int:
    """Run test files in this process; return pytest's exit status."""
    hypothesis.settings.register_profile(
        "mutants", derandomize=True, deadline=None, database=None, phases=[hypothesis.Phase.explicit,
        hypothesis.Phase.generate], suppress_health_check=list(hypothesis.HealthCheck)
    )  # fmt: skip
    hypothesis.settings.load_profile("mutants")
    plain = ["-q", "-p", "no:cacheprovider", "-p", "_hypothesis_pytestplugin", "--no-header", "--tb=line"]
    return int(pytest.main([*plain, *options, *(f"tests/{name}" for name in files)], plugins=[trial]))


def told_apart(files: Iterable[str], trial: Trial) -> int:
    """Run test files, then random worlds, up to the first failure; name it in a file and return 1 for it."""
    status = pytested(files, trial, "-x")
    found = trial.failed[0] if trial.failed else f"pytest: exit {status}" if status else ""
    if not found:
        bound(60)
        survey = import_module("alesha_sim.verification.fuzz.trials").survey
        failures = survey(5, WORLDS, stop=True).failures
        found = f"world {failures[0].number}: {failures[0].law}" if failures else ""
    Path(FOUND).write_text(found, "utf-8")
    return int(bool(found))


def carried_out(
    jobs: Iterable[Any], folders: Iterable[Path], work: Callable[[Any, Path], int], seconds: float
) -> Iterator[tuple[Any, Path, int, float]]:
    """Do every job in a fork, one in each folder at a time; yield it, its folder, exit status and processor time.

    A folder is free again when the next result is asked for.
    """
    for name in IMPORTED:
        with suppress(ImportError):
            import_module(name)
    free, running, waiting = list(folders), {}, iter(jobs)
    try:
        while True:
            while free and (job := next(waiting, None)) is not None:
                folder = free.pop()
                running[forked(job, folder, work, seconds)] = (job, folder, time.monotonic())
            if not running:
                return
            process, status, spent = os.wait4(-1, os.WNOHANG)
            if process:
                stopped(process)
                job, folder, _ = running.pop(process)
                yield job, folder, os.waitstatus_to_exitcode(status), spent.ru_utime + spent.ru_stime
                free.append(folder)
                continue
            longest = 60 + 10 * seconds
            for late in [each for each, (*_, began) in running.items() if time.monotonic() - began > longest]:
                stopped(late)
            time.sleep(0.05)
    finally:
        for process in running:
            stopped(process)


def forked(job: Any, folder: Path, work: Callable[[Any, Path], int], seconds: float) -> int:
    """Start a job in a process of its own, in its folder; return its number."""
    if process := os.fork():
        return process
    status = 70
    try:
        os.setsid()
        resource.setrlimit(resource.RLIMIT_CPU, (int(seconds), int(seconds) + 5))
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        with open(folder / "told.txt", "w") as told:
            os.dup2(told.fileno(), 1)
            os.dup2(told.fileno(), 2)
        os.chdir(folder)
        here = Path(__file__).resolve().parent
        sys.path[:] = [str(folder), *(path for path in sys.path if path not in (str(here), str(here.parent), ""))]
        os.environ.update(PYTHONPATH=str(folder), PYTEST_DISABLE_PLUGIN_AUTOLOAD="1", OPENBLAS_NUM_THREADS="1")
        status = work(job, folder)
        sys.stdout.flush()
    except BaseException:
        os.write(2, traceback.format_exc().encode())
    finally:
        os._exit(status)


def stopped(process: int) -> None:
    """End what a fork has started, and the fork itself."""
    with suppress(ProcessLookupError):
        os.killpg(process, signal.SIGKILL)
