"""A plug-in of pytest that writes a line for each step of a test, at once, and leaves out what is done.

`ALESHA_RESULTS` names the file that lines are added to, `ALESHA_DONE` one with the tests to leave out. Loaded by
`nightly.py`; with pytest-xdist only the process that hands the tests out writes.
"""

import json
import os
from pathlib import Path

import pytest


class Recorder:
    """Adds a line of JSON to a file for each step of each test, and for what could not be collected."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Note a step of a test: its set-up, call or end."""
        self._add(report, report.when or "", report.duration)

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """Note a file that could not be collected."""
        if report.failed:
            self._add(report, "collect", 0.0)

    def _add(self, report: pytest.TestReport | pytest.CollectReport, step: str, seconds: float) -> None:
        line = {"test": report.nodeid, "step": step, "outcome": report.outcome, "seconds": round(seconds, 3)}
        if report.skipped:
            line["why"] = str(getattr(report, "wasxfail", "") or report.longrepr[-1])  # type: ignore[index]
        with self.path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")


def pytest_configure(config: pytest.Config) -> None:
    """Begin to record, unless this is a process that another one hands tests to."""
    if "ALESHA_RESULTS" in os.environ and not hasattr(config, "workerinput"):
        config.pluginmanager.register(Recorder(Path(os.environ["ALESHA_RESULTS"])))


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out the tests that are done."""
    path = os.environ.get("ALESHA_DONE")
    done = set(Path(path).read_text("utf-8").splitlines()) if path else set()
    left_out = [item for item in items if item.nodeid in done]
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if item.nodeid not in done]
