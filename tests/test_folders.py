"""Files that change at one stroke: what a killed program leaves in a folder, and what the next one makes of it."""

import os

import pytest

from alesha_sim import folders


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


def test_of_two_programs_at_once_one_fails_and_nothing_is_mixed(folder):
    with pytest.raises(FileNotFoundError):
        replace(folder, then=lambda slow: (slow / "a").write_text("slow a") and replace(folder))
    assert texts(folder) == NEW


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
