"""Files that change at one stroke: what a killed program leaves in a folder, and what the next one makes of it."""

import errno
import os
import subprocess
import sys

import pytest

from alesha_sim.files import folders


@pytest.fixture
def folder(tmp_path):
    """Make a folder with three files, one of them nobody's business."""
    place = tmp_path / "out"
    place.mkdir()
    for name in ("a", "b", "mine"):
        (place / name).write_text(f"old {name}")
    return place


def texts(folder):
    return {name: (folder / name).read_text() for name in sorted(os.listdir(folder))}


OLD = {"a": "old a", "b": "old b", "mine": "old mine"}
NEW = {"a": "new a", "b": "new b", "mine": "old mine"}


def write(ready):
    for name in ("a", "b"):
        (ready / name).write_text(f"new {name}")


def replace(folder, *, then=lambda ready: None):
    with folders.replacing(folder) as ready:
        write(ready)
        then(ready)


def test_files_take_the_places_of_those_of_the_same_names(folder):
    with folders.replacing(folder) as ready:
        write(ready)
        assert {name: (folder / name).read_text() for name in OLD} == OLD
    assert texts(folder) == NEW


@pytest.mark.parametrize("error", [OSError, KeyboardInterrupt])
def test_after_a_failure_everything_is_as_it_was(folder, error):
    def fail(_):
        raise error

    with pytest.raises(error):
        replace(folder, then=fail)
    assert texts(folder) == OLD


def test_after_a_failure_no_new_folder_is_left(tmp_path):
    with pytest.raises(ZeroDivisionError), folders.replacing(tmp_path / "deep" / "out"):
        raise ZeroDivisionError
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("moved", [[], ["a"], ["a", "b"]])
def test_complete_files_that_a_killed_program_did_not_move_count_already(folder, moved):
    complete = folder / folders.COMPLETE
    complete.mkdir()
    write(complete)
    for name in moved:
        (complete / name).replace(folder / name)
    assert {name: folders.place(folder, name).read_text() for name in OLD} == NEW
    with pytest.raises(ZeroDivisionError), folders.replacing(folder):
        raise ZeroDivisionError
    assert texts(folder) == NEW


def test_unfinished_files_of_a_killed_program_count_for_nothing_and_go(folder):
    left = folder / (folders.UNFINISHED + "1")
    left.mkdir()
    write(left)
    assert folders.place(folder, "a").read_text() == "old a"
    with folders.replacing(folder) as ready:
        write(ready)
    assert texts(folder) == NEW


def test_folder_with_unfinished_files_only_is_empty(tmp_path):
    assert folders.is_empty(tmp_path / "none")
    assert folders.is_empty(tmp_path)
    (tmp_path / (folders.UNFINISHED + "1")).mkdir()
    assert folders.is_empty(tmp_path)
    (tmp_path / folders.COMPLETE).mkdir()
    assert not folders.is_empty(tmp_path)


def refuse_second(folder):
    with pytest.raises(OSError, match="another program is writing into it") as refused:
        replace(folder)
    assert (refused.value.errno, refused.value.filename) == (errno.EBUSY, str(folder))


def test_of_two_programs_at_once_the_second_fails_and_the_first_finishes(folder):
    with folders.replacing(folder) as ready:
        write(ready)
        refuse_second(folder)
        assert {name: (folder / name).read_text() for name in OLD} == OLD
    assert texts(folder) == NEW


def test_a_new_folder_is_held_and_stays_although_it_is_empty(tmp_path):
    with folders.held(tmp_path / "deep" / "out"):
        assert folders.is_empty(tmp_path / "deep" / "out")
        refuse_second(tmp_path / "deep" / "out")
    assert os.listdir(tmp_path / "deep" / "out") == []


HOLDER = """
import sys, time
from pathlib import Path
from alesha_sim.files import folders

with folders.replacing(Path(sys.argv[1])) as ready, folders.hidden(Path(sys.argv[1])) as hidden:
    (ready / "a").write_text("held a")
    (hidden / "a").write_text("held a")
    print("ready", flush=True)
    sys.stdin.read()
"""


def hold(folder):
    """Start a program that holds a folder."""
    command = [sys.executable, "-c", HOLDER, str(folder)]
    holder = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert holder.stdout.readline() == b"ready\n"
    return holder


def test_a_folder_is_held_until_its_program_is_killed(folder):
    with hold(folder) as holder:
        refuse_second(folder)
        with folders.hidden(folder):  # what the living program hides is not taken for left
            assert len(list(folder.glob(folders.HIDDEN + "*"))) == 2
        holder.kill()
        holder.wait()
    assert (folder / folders.LOCK).exists()
    with folders.hidden(folder):
        assert len(list(folder.glob(folders.HIDDEN + "*"))) == 1
    replace(folder)
    assert texts(folder) == NEW


def test_a_link_in_the_place_of_the_lock_is_not_followed(folder, tmp_path):
    (folder / folders.LOCK).symlink_to(tmp_path / "outside")
    with pytest.raises(OSError, match=r"\.alesha-lock"):
        replace(folder)
    assert not (tmp_path / "outside").exists()


def test_folder_in_a_files_place_is_refused(folder):
    (folder / "c").mkdir()
    with pytest.raises(FileExistsError, match="c: must be a file, not a folder"):
        replace(folder, then=lambda ready: (ready / "c").write_text("new c"))
    assert {name: (folder / name).read_text() for name in OLD} == OLD


@pytest.mark.parametrize("name", ["a", folders.COMPLETE, folders.UNFINISHED + "1"])
def test_links_that_lead_out_of_the_folder_are_replaced_not_followed(folder, tmp_path, name):
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "a").write_text("precious")
    (folder / name).unlink(missing_ok=True)
    (folder / name).symlink_to(outside / "a" if name == "a" else outside)
    with folders.replacing(folder) as ready:
        write(ready)
    assert texts(folder) == NEW
    assert texts(outside) == {"a": "precious"}
