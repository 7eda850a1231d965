import re
import signal
from pathlib import Path
from threading import Event, Thread

import pytest

from alesha_sim import replicate, sweep
from alesha_sim.experiments.folder import Archive
from alesha_sim.scenarios import ScenarioError, first_purchase


@pytest.fixture
def interruptible():
    """Let interrupts arrive, which a shell may have set aside for what it runs in the background."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def test_an_interrupt_while_the_thread_that_writes_runs_starts_loses_no_finished_run(
    interruptible, monkeypatch, tmp_path
):
    start, keep, writing, interrupted = Thread.start, Archive.keep, Event(), Event()

    def slow(self):
        start(self)
        if "ThreadPoolExecutor" in self.name:  # lets the interrupt arrive before `start` has returned
            writing.wait(0.5)

    def write(self, outcome):
        signal.raise_signal(signal.SIGINT)
        writing.set()
        interrupted.wait(0.5)
        keep(self, outcome)

    monkeypatch.setattr(Thread, "start", slow)
    monkeypatch.setattr(Archive, "keep", write)
    assert replicate(first_purchase(), 5, seed=1, jobs=1, folder=tmp_path).runs["replication"].tolist() == [0]


def test_an_interrupt_while_a_run_is_written_loses_no_finished_run(interruptible, monkeypatch, tmp_path):
    keep = Archive.keep

    def interrupted(self, outcome):
        signal.raise_signal(signal.SIGINT)
        keep(self, outcome)

    monkeypatch.setattr(Archive, "keep", interrupted)
    study = replicate(first_purchase(), runs=5, seed=1, jobs=1, folder=tmp_path)
    assert study.interrupted
    assert study.runs["replication"].tolist() == [0]
    monkeypatch.setattr(Archive, "keep", keep)
    again = replicate(first_purchase(), runs=5, seed=1, jobs=1, folder=tmp_path)
    assert again.notes[0] == "resumed: 1 of 5 runs were done already"


def test_short_runs_go_to_workers_some_at_a_time(monkeypatch, tmp_path):
    from joblib._parallel_backends import AutoBatchingMixin as Batching

    sizes, size = [], Batching.compute_batch_size
    monkeypatch.setattr(Batching, "MIN_IDEAL_BATCH_DURATION", 60.0)  # so that every batch is a short one here
    monkeypatch.setattr(Batching, "MAX_IDEAL_BATCH_DURATION", 600.0)
    monkeypatch.setattr(Batching, "compute_batch_size", lambda self: sizes.append(size(self)) or sizes[-1])
    study = replicate(first_purchase(), runs=60, seed=3, jobs=2, folder=tmp_path)
    assert max(sizes) > 1
    assert study.runs.equals(replicate(first_purchase(), runs=60, seed=3, jobs=1).runs)


def test_a_batch_of_short_runs_takes_as_long_as_the_guide_says():
    from joblib._parallel_backends import AutoBatchingMixin as Batching

    guide = (Path(__file__).resolve().parents[1] / "docs" / "guide.md").read_text("utf-8")
    (least, most) = re.findall(r"in batches of ([\d.]+) to ([\d.]+) seconds", guide)[0]
    found = Batching.MIN_IDEAL_BATCH_DURATION, Batching.MAX_IDEAL_BATCH_DURATION
    assert found == (float(least), float(most))


def test_a_metric_named_like_a_column_of_the_design_is_refused():
    study = sweep(
        first_purchase(), {"shop.page_time": [1, 2]}, runs=1, jobs=1, metrics=lambda result: {"shop.page_time": 1}
    )
    assert len(study.runs) == 0
    rule = "ScenarioError: metrics: 'shop.page_time': must not be the name of a column of the design"
    assert study.failures["error"].tolist() == [rule] * 2


@pytest.mark.parametrize("is_there", [True, False])
@pytest.mark.parametrize("name", ["runs/p0-r1.parquet", "runs.parquet"])
def test_a_damaged_run_is_made_again_as_its_error_advises(monkeypatch, name, is_there, tmp_path):
    if name != "runs.parquet":
        monkeypatch.setattr(Archive, "take_together", lambda self, rows: None)  # as if it had been killed before
    runs = replicate(first_purchase(), runs=3, seed=1, jobs=1, folder=tmp_path).runs
    file, journal = tmp_path / name, tmp_path / "journal.sha256"
    file.write_bytes(b"damaged") if is_there else file.unlink()
    with pytest.raises(ScenarioError, match=f"{name}: .*made again, delete {'it and ' * is_there}its line in"):
        replicate(first_purchase(), runs=3, seed=1, jobs=1, folder=tmp_path)
    file.unlink(missing_ok=True)
    journal.write_text("".join(line for line in journal.read_text().splitlines(True) if f"  {name}\n" not in line))
    again = replicate(first_purchase(), runs=3, seed=1, jobs=1, folder=tmp_path)
    assert again.runs.equals(runs)
    assert again.notes == ([] if name == "runs.parquet" else ["resumed: 2 of 3 runs were done already"])
