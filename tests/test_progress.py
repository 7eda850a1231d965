"""The progress of a study: on a terminal and in a notebook, nowhere else."""

import io
import sys

import pytest

from alesha_sim import replicate
from alesha_sim.experiments import progress
from alesha_sim.scenarios import market_day


class Terminal(io.StringIO):
    """What a terminal would show."""

    def isatty(self):
        return True


@pytest.fixture
def market():
    return market_day(users=5, visits_per_day=5)


@pytest.fixture(autouse=True)
def _no_notebook(monkeypatch):
    monkeypatch.delitem(sys.modules, "ipykernel", raising=False)


def test_a_terminal_shows_runs_rate_time_and_failures(market, monkeypatch):
    shown = Terminal()
    monkeypatch.setattr(sys, "stderr", shown)
    with progress.Progress(shown=True, total=10, done=4) as bar:
        for failed in (False, True, False):
            bar.count(failed=failed)
        bar._bar.refresh()
    assert "7/10" in shown.getvalue()
    assert "1 failed" in shown.getvalue()
    assert "run/s" in shown.getvalue() or "s/run" in shown.getvalue()


def test_a_study_shows_how_far_it_is(market, monkeypatch):
    shown = Terminal()
    monkeypatch.setattr(sys, "stderr", shown)
    replicate(market, runs=3, seed=1, jobs=1)
    assert "0/3" in shown.getvalue()


@pytest.mark.parametrize("options", [{"progress": False}, {}])
def test_nothing_is_shown_where_nobody_sees_it_or_wants_it(market, monkeypatch, options):
    shown = Terminal() if options else io.StringIO()
    monkeypatch.setattr(sys, "stderr", shown)
    replicate(market, runs=2, seed=1, jobs=1, **options)
    assert shown.getvalue() == ""


def test_a_notebook_without_widgets_gets_a_line_of_text(monkeypatch):
    from tqdm import tqdm

    monkeypatch.setitem(sys.modules, "ipykernel", sys)
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    assert progress._bar() is tqdm
