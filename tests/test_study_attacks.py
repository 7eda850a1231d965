"""Studies in folders against whatever may happen to them: damaged files, kills at every step, second programs."""

import os
import random
import shutil
import subprocess
import sys

import pandas as pd
import pytest
from conftest import is_full_size

from alesha_sim import Study, replicate
from alesha_sim.experiments import workers
from alesha_sim.experiments.folder import Archive
from alesha_sim.files import folders
from alesha_sim.scenarios import ScenarioError, market_day

CAN_KILL = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs a system with fork and SIGKILL")
DAMAGES = 500 if is_full_size() else 60
GIVEN = {"seed": 5, "jobs": 1, "series": ["balances"], "keep": ["orders"]}


@pytest.fixture(scope="module")
def market():
    return market_day(users=15, visits_per_day=20)


@pytest.fixture(scope="module")
def kept(market, tmp_path_factory):
    """Give folders of studies: one that ended, one that was interrupted, one of which both is true."""
    place = tmp_path_factory.mktemp("kept")
    replicate(market, runs=3, folder=place / "ended", **GIVEN)
    interrupted(market, place / "interrupted", 3)
    replicate(market, runs=2, folder=place / "both", **GIVEN)
    interrupted(market, place / "both", 4)
    return place


def interrupted(market, folder, runs):
    """Make some runs of a study and leave it as a kill between two runs would."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(Archive, "take_together", lambda self, rows: None)
        replicate(market, runs=runs, folder=folder, **GIVEN)


def everything(folder):
    """Return all that a study says: runs, series, kept table, failures."""
    study = Study.load(folder)
    return study.runs, study.series("balances"), study.table("orders"), study.failures


def same(one, other):
    for mine, theirs in zip(one, other, strict=True):
        pd.testing.assert_frame_equal(mine, theirs, check_exact=True)


# Damage


def files(folder):
    return sorted(path for path in folder.rglob("*") if path.is_file())


def flip(chance, path, others):
    content = bytearray(path.read_bytes())
    content[chance.randrange(len(content))] ^= 1 << chance.randrange(8)
    path.write_bytes(content)


def cut(chance, path, others):
    path.write_bytes(path.read_bytes()[: chance.randrange(path.stat().st_size)])


def lengthen(chance, path, others):
    path.write_bytes(path.read_bytes() + chance.randbytes(chance.randint(1, 9)))


def remove(chance, path, others):
    path.unlink()


def swap(chance, path, others):
    other = chance.choice([each for each in others if each.read_bytes() != path.read_bytes()])
    mine, theirs = path.read_bytes(), other.read_bytes()
    path.write_bytes(theirs)
    other.write_bytes(mine)


def replace_by_a_folder(chance, path, others):
    path.unlink()
    path.mkdir()


KINDS = [flip, flip, flip, cut, lengthen, remove, swap, replace_by_a_folder]


def refusal(function, *given, **options):
    """Return the one line with which a damaged folder is refused."""
    with pytest.raises(ScenarioError) as refused:
        function(*given, **options)
    (line,) = refused.value.problems
    return line


@pytest.mark.parametrize("part", range(10))
def test_a_damaged_study_is_one_line_that_names_the_file_and_never_another_figure(market, kept, tmp_path, part):
    chance = random.Random(part)
    for number in range(DAMAGES // 10):
        source = kept / chance.choice(["ended", "interrupted", "both"])
        folder = tmp_path / str(number)
        shutil.copytree(source, folder)
        path = chance.choice(files(folder))
        damage = chance.choice(KINDS)
        damage(chance, path, files(folder))
        line = refusal(everything, folder)
        assert line.startswith(f"folder: {folder}{os.sep}"), (damage, path, line)
        assert "Traceback" not in line
        shutil.rmtree(folder)


@pytest.mark.parametrize("name", ["ended", "interrupted", "both"])
def test_damage_to_any_file_is_found(kept, tmp_path, name):
    chance = random.Random(name)
    for path in files(kept / name):
        for damage in (flip, cut, remove):
            folder = tmp_path / "damaged"
            shutil.copytree(kept / name, folder)
            damage(chance, folder / path.relative_to(kept / name), [])
            assert "folder: " in refusal(everything, folder), (damage, path)
            shutil.rmtree(folder)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
def test_a_pipe_in_place_of_any_file_is_refused_and_never_waited_for(kept, tmp_path):
    for number, path in enumerate(files(kept / "both")):
        folder = shutil.copytree(kept / "both", tmp_path / str(number))
        broken = folder / path.relative_to(kept / "both")
        broken.unlink()
        os.mkfifo(broken)
        with pytest.raises(ScenarioError):
            everything(folder)


@pytest.mark.parametrize("name", ["ended", "interrupted", "both"])
def test_a_damaged_study_is_not_gone_on_with(market, kept, tmp_path, name):
    chance = random.Random(name)
    for place in ("manifest.json", "journal.sha256", "runs.parquet", "runs/p0-r2.parquet", "failures.json"):
        if not (kept / name / place).exists():
            continue
        folder = tmp_path / place
        shutil.copytree(kept / name, folder)
        flip(chance, folder / place, [])
        before = {path: path.read_bytes() for path in files(folder)}
        line = refusal(replicate, market, runs=5, folder=folder, **GIVEN)
        assert line.startswith("folder: ")
        assert {path: path.read_bytes() for path in files(folder)} == before


def test_the_journal_is_one_that_other_programs_check(kept):
    command = shutil.which("sha256sum")
    if command is None:
        pytest.skip("needs sha256sum")
    for name in ("ended", "interrupted", "both"):
        found = subprocess.run([command, "--check", "--strict", "journal.sha256"], cwd=kept / name, check=True,
                               capture_output=True, text=True).stdout  # fmt: skip
        assert found.count(": OK\n") == len(files(kept / name)) - 2  # the journal and the failures


# Two programs


def test_a_second_start_in_the_folder_of_a_living_one_is_refused_and_changes_nothing(
    market, tmp_path, monkeypatch
):
    folder, lines, run_job = tmp_path / "s", [], workers.run_job

    def run(job):
        before = {path: path.read_bytes() for path in files(folder)}
        lines.append(refusal(replicate, market, runs=9, folder=folder, **GIVEN))
        assert {path: path.read_bytes() for path in files(folder)} == before
        assert len(Study.load(folder).runs) == len(lines) - 1  # who only looks may look
        return run_job(job)

    monkeypatch.setattr(workers, "run_job", run)
    assert len(replicate(market, runs=2, folder=folder, **GIVEN).runs) == 2
    assert [line.endswith("cannot be written: another program is writing into it") for line in lines] == [True] * 2
    assert not (folder / folders.LOCK).exists()


def test_a_study_that_ends_badly_lets_go_of_its_folder(market, tmp_path):
    def metrics(result):
        return {"mine": 1.0}

    for _ in range(2):
        line = refusal(replicate, market, until={"nothing": 0.1}, folder=tmp_path, metrics=metrics, **GIVEN)
        assert "unknown metric" in line


# Killed before every single step on the file system

STEPS = """
import os, shutil, signal, sys
from itertools import count
from pathlib import Path
from alesha_sim import Study, replicate
from alesha_sim.files import folders
from alesha_sim.experiments import workers
from alesha_sim.scenarios import market_day

EVENTS = {"open", "os.mkdir", "os.rename", "os.rmdir", "os.remove", "os.truncate"}
CHANGES = os.O_WRONLY | os.O_RDWR | os.O_CREAT
place, market = Path(sys.argv[1]), market_day(users=10, visits_per_day=10)
out, outcomes, run_job = place / "out", {}, workers.run_job

def remembered(job):
    if job.run not in outcomes:
        outcomes[job.run] = run_job(job)
    return outcomes[job.run]

def study(runs, folder):
    return replicate(market, runs=runs, seed=5, jobs=1, folder=folder, series=["balances"], keep=["orders"])

def killed(step, runs):
    # Make a study in a process of its own, which is killed before a step; tell whether it came so far.
    process = os.fork()
    if not process:
        steps, fsync = count(), os.fsync
        def kill(event, arguments):
            if event in EVENTS and (event != "open" or arguments[2] & CHANGES) and next(steps) == step:
                os.kill(os.getpid(), signal.SIGKILL)
        def synchronised(file):
            kill("os.rename", ())
            fsync(file)
        os.fsync = synchronised
        sys.addaudithook(kill)
        study(runs, out)
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(process, 0)[1]) == -signal.SIGKILL

def found():
    try:
        loaded = Study.load(out)
    except ValueError as error:
        assert "there is something else in it" in str(error) and folders.is_empty(out), error
        return -1
    done = len(loaded.runs)
    if done:
        assert loaded.runs.equals(whole.runs.head(done))
        assert set(loaded.table("orders")["replication"]) <= set(range(done))
        assert set(loaded.series("balances")["runs"]) == {done}
    return done

workers.run_job = remembered
whole = study(2, place / "whole")
for step in count():
    if sys.argv[2] == "resumed":
        study(1, out)
    going_on = killed(step, 2)
    print(found(), flush=True)
    again = study(2, out)
    assert again.runs.equals(whole.runs)
    assert again.table("orders").equals(whole.table("orders"))
    assert again.series("balances").equals(whole.series("balances"))
    assert not any(out.rglob(".alesha-*")), sorted(out.rglob(".alesha-*"))
    shutil.rmtree(out)
    if not going_on:
        break
"""


@CAN_KILL
@pytest.mark.parametrize(("before", "least"), [("new", -1), ("resumed", 1)])
def test_a_study_killed_before_any_step_keeps_what_was_done_and_goes_on(tmp_path, before, least):
    command = [sys.executable, "-c", STEPS, str(tmp_path), before]
    made = subprocess.run(command, capture_output=True, text=True, check=False)
    assert made.returncode == 0, made.stderr[-2000:]
    done = [int(line) for line in made.stdout.splitlines()]
    assert len(done) > 25
    assert done == sorted(done)
    assert (done[0], done[-1]) == (least, 2)


def test_a_line_that_was_not_written_to_its_end_does_not_count(market, kept, tmp_path):
    """The last line is cut off anywhere, as a kill leaves it: the run's file is not in its place yet."""
    folder = tmp_path / "s"
    for left in range(0, 90, 7):
        shutil.copytree(kept / "interrupted", folder)
        journal = folder / "journal.sha256"
        *lines, last = journal.read_bytes().splitlines(keepends=True)
        journal.write_bytes(b"".join(lines) + last[: min(left, len(last) - 1)])
        (folder / "runs" / "p0-r2.parquet").rename(folder / "runs" / (folders.UNFINISHED + "p0-r2.parquet"))
        assert len(Study.load(folder).runs) == 2
        again = replicate(market, runs=3, folder=folder, **GIVEN)
        assert again.notes == ["resumed: 2 of 3 runs were done already"]
        same(everything(folder), everything(kept / "ended"))
        shutil.rmtree(folder)
