"""Results against whatever may happen to them: programs killed while saving, damaged and hostile files."""

import os
import pickle
import random
import shutil
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pyarrow as pa
import pytest
from conftest import is_full_size
from pyarrow import parquet
from test_storage import forge

import alesha_sim as alesha
from alesha_sim import Result
from alesha_sim.cli import main
from alesha_sim.tables.schema import SCHEMA

FILES = {"manifest.json", *(f"{table}.parquet" for table in SCHEMA)}
CAN_KILL = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs a system with fork and SIGKILL")
DAMAGES = 500 if is_full_size() else 100
KILLS = 100 if is_full_size() else 10
TRUNCATIONS = 500 if is_full_size() else 100


@pytest.fixture(scope="module")
def one():
    return alesha.simulate(alesha.scenarios.market_day(users=15, visits_per_day=40), seed=3)


@pytest.fixture(scope="module")
def two():
    return alesha.simulate(alesha.scenarios.market_day(users=15, visits_per_day=40), seed=4)


# Killed at random instants: the saver replaces one folder's result again and again, and fills new folders.

SAVER = """
import sys
from itertools import count
from pathlib import Path
from alesha_sim import Result
from alesha_sim.cli import main

place = Path(sys.argv[1])
results = [Result.load(place / name) for name in ("one", "two")]
print("ready", flush=True)
for turn in count():
    results[turn % 2].save(place / "out", overwrite=True)
    results[turn % 2].save(place / f"new-{turn:06}")
"""


def killed_while_saving(place, seconds):
    """Start the saver and kill it some seconds after its first save began."""
    with subprocess.Popen([sys.executable, "-c", SAVER, str(place)], stdout=subprocess.PIPE) as saver:
        assert saver.stdout.readline() == b"ready\n"
        with suppress(subprocess.TimeoutExpired):
            saver.wait(seconds)
        saver.kill()
    assert saver.returncode == -signal.SIGKILL


@CAN_KILL
@pytest.mark.slow
@pytest.mark.parametrize("kill", range(KILLS))
def test_killed_save_leaves_the_old_result_or_the_new_one_or_none(one, two, tmp_path, kill):
    for name, result in (("one", one), ("two", two), ("out", one)):
        result.save(tmp_path / name)
    killed_while_saving(tmp_path, random.Random(kill).uniform(0, 0.15))
    *filled, last = [tmp_path / "out", *sorted(tmp_path.glob("new-*"))]
    for folder in filled or [last]:
        assert Result.load(folder) in (one, two)
    with suppress(FileNotFoundError):
        assert Result.load(last) in (one, two)
    for folder in (tmp_path / "out", last):
        two.save(folder, overwrite=True)
        assert set(os.listdir(folder)) == FILES
        assert Result.load(folder) == two
    assert [path for path in tmp_path.iterdir() if not path.name.startswith(("one", "two", "out", "new-"))] == []


# Killed before every single step on the file system.

STEPS = """
import os, shutil, signal, sys
from itertools import count
from pathlib import Path
from alesha_sim import Result
from alesha_sim.cli import main

EVENTS = {"open", "os.mkdir", "os.rename", "os.rmdir", "os.remove", "os.scandir", "os.listdir"}
place = Path(sys.argv[1])
one, two = (Result.load(place / name) for name in ("one", "two"))
out = place / "out"

def killed(step):
    # Save the second result in a process of its own, which is killed before a step; tell whether it came so far.
    process = os.fork()
    if not process:
        steps = count()
        def kill(event, arguments):
            if event in EVENTS and next(steps) == step:
                os.kill(os.getpid(), signal.SIGKILL)
        sys.addaudithook(kill)
        two.save(out, overwrite=True)
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(process, 0)[1]) == -signal.SIGKILL

def found():
    try:
        return {one.digest: "one", two.digest: "two"}[Result.load(out).digest]
    except FileNotFoundError:
        return "none"

if sys.argv[2] == "old":
    one.save(out)
for step in count():
    going_on = killed(step)
    print(found(), flush=True)
    one.save(out, overwrite=True)
    print(*sorted(path.name for path in out.iterdir()), flush=True)
    if sys.argv[2] == "new":
        shutil.rmtree(out)
    if not going_on:
        break
"""


@CAN_KILL
@pytest.mark.parametrize(("before", "left"), [("old", "one"), ("new", "none")])
def test_a_save_killed_before_any_step_has_changed_nothing_or_everything(one, two, tmp_path, before, left):
    one.save(tmp_path / "one")
    two.save(tmp_path / "two")
    command = [sys.executable, "-c", STEPS, str(tmp_path), before]
    lines = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()
    found, names = lines[::2], lines[1::2]
    assert len(found) > 30
    changed = found.index("two")
    assert found == [left] * changed + ["two"] * (len(found) - changed)
    assert 1 <= changed < len(found) - len(FILES)  # moving each file to its place comes after the one that counts
    assert set(names) == {" ".join(sorted(FILES))}


# Damaged files


def refusal(folder):
    """Return the one line with which a folder is refused; it names a file there."""
    with pytest.raises(ValueError, match=r"(parquet|json): ") as refused:
        Result.load(folder)
    assert str(folder) in str(refused.value)
    assert "\n" not in str(refused.value)
    return str(refused.value)


@pytest.fixture(scope="module")
def saved(two, tmp_path_factory):
    folder = tmp_path_factory.mktemp("saved") / "out"
    two.save(folder)
    return folder


@pytest.fixture
def restored(saved):
    """Give the saved folder, and put its files back afterwards."""
    before = {path: path.read_bytes() for path in saved.iterdir()}
    yield saved
    for path in set(saved.iterdir()) - set(before):
        path.unlink()
    for path, content in before.items():
        path.write_bytes(content)


@pytest.mark.parametrize("name", sorted(FILES))
@pytest.mark.parametrize("damage", ["cut", "longer", "flipped", "emptied", "of another result", "gone"])
def test_damage_to_any_file_is_found_and_named(restored, one, tmp_path, name, damage):
    path = restored / name
    content = path.read_bytes()
    place = random.Random(name + damage).randrange(len(content))
    one.save(tmp_path / "one")
    damages = {
        "cut": content[:place],
        "longer": content + b"\0",
        "flipped": content[:place] + bytes([content[place] ^ 0x10]) + content[place + 1 :],
        "emptied": b"",
        "of another result": (tmp_path / "one" / name).read_bytes(),
    }
    path.unlink() if damage == "gone" else path.write_bytes(damages[damage])
    match damage, name:
        case "gone", "manifest.json":
            with pytest.raises(FileNotFoundError, match=r"manifest\.json"):
                Result.load(restored)
        case "of another result", "purchases.parquet":  # no shop keeps stock, in neither
            assert damages[damage] == content
        case "of another result", "manifest.json":  # in itself it is sound
            assert "orders.parquet: not as it was saved" in refusal(restored)
        case _:
            assert f"{name}: " in refusal(restored)


def test_result_cut_off_anywhere_is_never_loaded(restored):
    chance = random.Random(1)
    for _ in range(TRUNCATIONS):
        path = restored / chance.choice(sorted(FILES))
        content = path.read_bytes()
        path.write_bytes(content[: chance.randrange(len(content))])
        refusal(restored)
        path.write_bytes(content)
    assert Result.load(restored)


def mutated(chance, content, other):
    """Return a file's content with one damage of a kind that disks, transfers and people do."""
    start, end = sorted(chance.choices(range(len(content) + 1), k=2))
    piece = content[start:end]
    bits = bytearray(content)
    for place in chance.choices(range(len(content)), k=chance.choice((1, 1, 2, 9))):
        bits[place] ^= 1 << chance.randrange(8)
    return chance.choice(
        [
            bytes(bits), content[:start], content[start:], content[:start] + content[end:],
            content[:end] + piece + content[end:], content[:start] + piece[::-1] + content[end:],
            content[:start] + bytes(len(piece)) + content[end:],
            content[:start] + chance.randbytes(99) + content[end:], content + content, other,
            other[:start] + content[start:], content[:start] + other[start:],
        ]
    )  # fmt: skip


def damage_some(chance, folder, others):
    """Damage one file of a folder, or take it away, or exchange two."""
    path, second = (folder / name for name in chance.sample(sorted(FILES), k=2))
    match chance.choice(("content", "content", "content", "gone", "swapped")):
        case "gone":
            path.unlink()
        case "swapped":
            one, two = path.read_bytes(), second.read_bytes()
            path.write_bytes(two)
            second.write_bytes(one)
        case _:
            path.write_bytes(mutated(chance, path.read_bytes(), (others / path.name).read_bytes()))


def loaded_or_fault(folder):
    """Return the result in a folder and no fault, or none and what is wrong with it."""
    try:
        return Result.load(folder), ""
    except (ValueError, FileNotFoundError) as error:
        return None, str(error)


@pytest.fixture(scope="module", params=["in memory", "on disk"])
def kept(request, two, tmp_path_factory):
    """Give the folder of a result whose tables are read into memory, or stay on disk."""
    folder = tmp_path_factory.mktemp("kept") / "out"
    if request.param == "in memory":
        two.save(folder)
    else:
        alesha.simulate(two.scenario, seed=two.seed, spool=folder)
    return folder


@pytest.mark.parametrize("block", range(5))
def test_a_damaged_result_is_refused_in_one_line_or_has_the_same_figures(kept, one, two, tmp_path, capsys, block):
    one.save(tmp_path / "others")
    metrics, refused = two.metrics(), 0
    for number in range(DAMAGES // 5):
        shutil.copytree(kept, folder := tmp_path / str(number))
        damage_some(random.Random(f"{block} {number}"), folder, tmp_path / "others")
        loaded, fault = loaded_or_fault(folder)
        if loaded is not None:
            assert loaded.digest == two.digest
            assert loaded.metrics() == pytest.approx(metrics, rel=0, nan_ok=True)
            continue
        refused += 1
        assert str(folder) in fault
        assert "\n" not in fault
        if number % 5 == 0:
            assert main(["report", str(folder), "--out", str(tmp_path / "page.html"), "--force", "--quiet"]) == 2
            assert len(capsys.readouterr().err.splitlines()) == 1
    assert refused > DAMAGES // 5 * 0.9


@pytest.mark.parametrize("name", sorted(FILES))
@pytest.mark.parametrize("make", [os.mkfifo, lambda path: path.symlink_to("/dev/ptmx"), Path.mkdir])
@CAN_KILL
def test_what_is_no_regular_file_is_refused_at_once(restored, hanging, name, make):
    (restored / name).unlink()
    make(restored / name)
    try:
        assert f"{name}: " in refusal(restored)
    finally:
        Path.rmdir(restored / name) if make is Path.mkdir else (restored / name).unlink()


# Hostile files


class Bomb:
    """An object that, unpickled, leaves a trace."""

    def __reduce__(self):
        return os.mkdir, ("exploded",)


def plant_pickle(folder, name):
    (folder / name).write_bytes(pickle.dumps(Bomb()))


def plant_extension_type(folder, name):
    """Plant a table whose column has a type that old readers took from a pickle in the file."""
    hidden = {
        b"ARROW:extension:name": b"arrow.py_extension_type",
        b"ARROW:extension:metadata": pickle.dumps(Bomb()),
    }
    fields = [pa.field(column, pa.int64(), metadata=hidden) for column in SCHEMA["users"]]
    columns = [pa.array([0], pa.int64())] * len(fields)
    parquet.write_table(pa.table(columns, schema=pa.schema(fields)), folder / "users.parquet")


@pytest.mark.parametrize(
    ("plant", "name", "forged"),
    [
        (plant_pickle, "manifest.json", False),
        (plant_pickle, "users.parquet", False),
        (plant_pickle, "users.parquet", True),
        (plant_extension_type, "users.parquet", True),
    ],
)
def test_no_pickle_is_read(restored, tmp_path, monkeypatch, plant, name, forged):
    monkeypatch.chdir(tmp_path)
    plant(restored, name)
    if forged:
        forge(restored)
    refusal(restored)
    assert os.listdir(tmp_path) == []


def test_file_that_is_none_of_a_results_is_not_looked_at(restored, two, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    plant_pickle(restored, "policy.pkl")
    assert Result.load(restored) == two
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("name", ["users.parquet", "manifest.json"])
def test_save_replaces_a_link_and_leaves_alone_where_it_leads(restored, one, tmp_path, name):
    (tmp_path / "precious").write_text("mine")
    (restored / name).unlink()
    (restored / name).symlink_to(tmp_path / "precious")
    one.save(restored, overwrite=True)
    assert not (restored / name).is_symlink()
    assert Result.load(restored) == one
    assert (tmp_path / "precious").read_text() == "mine"


WATCHED = """
import os, sys
from alesha_sim import Result
from alesha_sim.cli import main

CHANGES = {"os.mkdir", "os.rename", "os.remove", "os.rmdir", "os.link", "os.symlink", "shutil.rmtree"}
result = Result.load(sys.argv[1])

def watch(event, arguments):
    if event in CHANGES or event == "open" and set(str(arguments[1])) & set("wax+"):
        places = arguments[:1] if event == "open" else arguments
        print(*(place for place in places if isinstance(place, str | os.PathLike)), sep="\\n")

sys.addaudithook(watch)
result.save(sys.argv[2], overwrite=True)
"""


def test_save_writes_within_its_folder_only(one, two, tmp_path):
    one.save(tmp_path / "one")
    two.save(tmp_path / "out")
    command = [sys.executable, "-c", WATCHED, str(tmp_path / "one"), str(tmp_path / "out")]
    places = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()
    assert len(places) > len(FILES)
    assert [place for place in places if not Path(place).is_relative_to(tmp_path / "out")] == []
    assert sorted(os.listdir(tmp_path)) == ["one", "out"]
