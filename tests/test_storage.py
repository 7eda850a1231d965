import hashlib
import json
import os
import shutil
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest
from pyarrow import parquet

import alesha_sim as alesha
from alesha_sim import Result
from alesha_sim.columns import TextColumn
from alesha_sim.files import program
from alesha_sim.storage import parquet as storage_parquet
from alesha_sim.storage import saved
from alesha_sim.tables.canonical import canonical
from alesha_sim.tables.schema import SCHEMA
from alesha_sim.units import AMOUNT_MAX, Currency

FILES = {"manifest.json", *(f"{table}.parquet" for table in SCHEMA)}


@pytest.fixture(scope="module")
def result():
    return alesha.simulate(alesha.scenarios.market_day(users=15, visits_per_day=40), seed=3)


@pytest.fixture(scope="module")
def other():
    return alesha.simulate(alesha.scenarios.first_purchase(), seed=7)


def accounts(opening, commodities):
    """Build the table `accounts` with these amounts, each in a commodity."""
    size = len(opening)
    text = TextColumn(np.zeros(size, np.int32), ("x",))
    labels = tuple(dict.fromkeys(commodities))
    commodity = TextColumn(np.array([labels.index(word) for word in commodities], np.int32), labels)
    return canonical(
        "accounts",
        {
            "account": text, "book": text, "kind": text, "commodity": commodity,
            "opening": np.array(opening, np.int64), "closing": -np.array(opening, np.int64),
        },
    )  # fmt: skip


def test_loaded_result_equals_the_saved_one(result, tmp_path):
    result.save(tmp_path / "out")
    loaded = Result.load(tmp_path / "out")
    assert loaded == result
    assert loaded.scenario == result.scenario
    assert loaded.inboxes == result.inboxes
    assert loaded.check() == []
    for table in SCHEMA:
        pd.testing.assert_frame_equal(getattr(loaded, table), getattr(result, table))


def test_unfinished_result_without_orders_comes_back_too(tmp_path):
    simulation = alesha.Simulation(alesha.scenarios.first_purchase(), seed=1)
    simulation.step()
    result = simulation.result()
    assert result.orders.empty
    result.save(tmp_path / "out")
    assert Result.load(tmp_path / "out") == result


def test_folder_named_like_a_partition_adds_no_column(other, tmp_path):
    other.save(str(tmp_path / "seed=7"))
    assert Result.load(str(tmp_path / "seed=7")) == other


def test_folder_holds_one_parquet_file_a_table_and_the_manifest(other, tmp_path):
    other.save(tmp_path / "deep" / "out")
    assert set(os.listdir(tmp_path / "deep" / "out")) == FILES
    assert os.listdir(tmp_path / "deep") == ["out"]


def test_manifest_says_what_was_run_and_with_what(other, tmp_path):
    other.save(tmp_path / "out")
    manifest = json.loads((tmp_path / "out" / "manifest.json").read_text("utf-8"))
    assert manifest["scenario"] == other.scenario.model_dump(mode="json")
    assert (manifest["seed"], manifest["digest"], manifest["drained"]) == (7, other.digest, True)
    assert (manifest["ended_at"], manifest["events"]) == (other.ended_at, other.events)
    assert set(manifest["versions"]) == {"alesha_sim", "form", "python", "numpy", "simpy"}
    assert manifest["versions"]["alesha_sim"] == alesha.__version__
    assert manifest["rows"]["messages"] == len(other.messages)
    assert manifest["inboxes"]["shop"] == other.inboxes["shop"]._asdict()
    assert json.loads(json.dumps(other.manifest)).items() <= manifest.items()


def test_a_result_saved_again_names_the_program_that_ran_it(other, tmp_path, monkeypatch):
    monkeypatch.setattr(program, "form", lambda: "compiled")
    other.save(tmp_path / "first")
    monkeypatch.undo()
    loaded = Result.load(tmp_path / "first")
    loaded.save(tmp_path / "second")
    assert Result.load(tmp_path / "second").manifest["versions"]["form"] == "compiled"
    assert loaded.manifest == {**other.manifest, "versions": loaded.manifest["versions"]}


class SoldOut:
    """A policy of one's own: the supplier accepts nothing."""

    period = None

    def accepts(self, lines):
        return False

    def opening(self, sku):
        return None

    def order(self, sku, position, demands):
        return 0


def test_policy_of_ones_own_comes_back_with_the_scenario_that_was_run(other, tmp_path):
    parts = {name: getattr(other.scenario, name) for name in type(other.scenario).model_fields}
    scenario = alesha.Scenario.model_validate({**parts, "supplier": {"stock": SoldOut()}})
    result = alesha.simulate(scenario, seed=1)
    result.save(tmp_path / "out")
    assert Result.load(tmp_path / "out", scenario) == result
    with pytest.raises(ValueError, match=r"manifest\.json: cannot be read: supplier\.stock\.kind: .*SoldOut"):
        Result.load(tmp_path / "out")
    with pytest.raises(
        ValueError, match=r"manifest\.json: cannot be read: scenario: must be the one that was run"
    ):
        Result.load(tmp_path / "out", other.scenario)


def test_files_have_exact_decimals_timestamps_and_dictionaries(other, tmp_path):
    other.save(tmp_path / "out")
    schema = parquet.read_schema(tmp_path / "out" / "orders.parquet")
    types = {name: str(schema.field(name).type) for name in ("order", "total", "paid_at", "status")}
    assert types == {
        "order": "int64", "total": "decimal128(21, 2)", "paid_at": "timestamp[us]",
        "status": "dictionary<values=string, indices=int32, ordered=0>",
    }  # fmt: skip
    orders = parquet.read_table(tmp_path / "out" / "orders.parquet").to_pylist()
    assert orders[0]["total"] == Decimal("1000.00")
    assert orders[0]["placed_at"] == other.orders["placed_at"].iloc[0]
    assert orders[0]["reason"] is None


@pytest.mark.parametrize("decimals", [0, 2, 4])
def test_amounts_up_to_64_bits_are_exact_on_disk(decimals):
    currency = Currency("BDT", decimals)
    amounts = [0, 1, -1, 105, -105, AMOUNT_MAX, -AMOUNT_MAX, AMOUNT_MAX]
    columns = accounts(amounts, ["BDT"] * 7 + ["hp-laptop"])
    arrow = storage_parquet.to_arrow("accounts", columns, currency, pd.Timestamp(2021, 1, 1))
    written = arrow.column("opening").to_pylist()
    assert written == [Decimal(f"{amount}e-{decimals}") for amount in amounts[:-1]] + [AMOUNT_MAX]
    again = storage_parquet.from_arrow("accounts", arrow, currency, pd.Timestamp(2021, 1, 1))
    assert again["opening"].tolist() == amounts
    assert again["closing"].tolist() == [-amount for amount in amounts]


def test_part_of_a_table_reads_as_that_part():
    columns = accounts([1, 2, 3, 4], ["BDT", "x", "BDT", "x"])
    arrow = storage_parquet.to_arrow("accounts", columns, Currency(), pd.Timestamp(2021, 1, 1)).slice(1, 2)
    again = storage_parquet.from_arrow("accounts", arrow, Currency(), pd.Timestamp(2021, 1, 1))
    assert again["opening"].tolist() == [2, 3]
    assert again["commodity"].labels == ("x", "BDT")


def contents(folder):
    return {name: (folder / name).read_bytes() for name in sorted(os.listdir(folder))}


def test_folder_with_something_in_it_is_refused_and_left_alone(other, tmp_path):
    (tmp_path / "notes.txt").write_text("mine")
    for overwrite, rule in ((False, "must be empty"), (True, "must hold a result")):
        with pytest.raises(FileExistsError, match=rule) as refused:
            other.save(tmp_path, overwrite=overwrite)
        assert "\n" not in str(refused.value)
    assert os.listdir(tmp_path) == ["notes.txt"]


def test_a_folder_whose_name_is_no_text_is_refused(other, tmp_path):
    folder = tmp_path / "b\udcff"
    for write in (other.save, lambda folder: alesha.simulate(other.scenario, seed=1, spool=folder)):
        with pytest.raises(ValueError, match="must be a name in UTF-8"):
            write(folder)
    assert not folder.exists()


def test_file_in_the_folders_place_is_refused(other, tmp_path):
    (tmp_path / "out").write_text("mine")
    with pytest.raises(FileExistsError, match="must be a folder"):
        other.save(tmp_path / "out", overwrite=True)


def test_current_folder_can_take_a_result_and_have_it_replaced(result, other, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    result.save(".")
    other.save(".", overwrite=True)
    assert set(os.listdir(tmp_path)) == FILES
    assert Result.load(".") == other


def test_empty_folder_is_filled(other, tmp_path):
    (tmp_path / "out").mkdir()
    other.save(tmp_path / "out")
    assert set(os.listdir(tmp_path / "out")) == FILES


def test_overwriting_replaces_the_result_and_keeps_other_files(result, other, tmp_path):
    result.save(tmp_path / "out")
    (tmp_path / "out" / "notes.txt").write_text("mine")
    (tmp_path / "out" / "figures").mkdir()
    (tmp_path / "out" / "figures" / "balances.png").write_bytes(b"png")
    with pytest.raises(FileExistsError):
        other.save(tmp_path / "out")
    other.save(tmp_path / "out", overwrite=True)
    assert Result.load(tmp_path / "out") == other
    assert (tmp_path / "out" / "notes.txt").read_text() == "mine"
    assert (tmp_path / "out" / "figures" / "balances.png").read_bytes() == b"png"
    assert os.listdir(tmp_path) == ["out"]


def test_failed_writing_leaves_the_old_result_as_it_was(result, other, tmp_path, monkeypatch):
    result.save(tmp_path / "out")
    before = contents(tmp_path / "out")
    monkeypatch.setattr(saved.json, "dumps", lambda *_, **__: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        other.save(tmp_path / "out", overwrite=True)
    assert contents(tmp_path / "out") == before
    assert os.listdir(tmp_path) == ["out"]


def test_failed_renaming_never_loses_the_old_result(result, other, tmp_path, monkeypatch):
    result.save(tmp_path / "out")
    before = contents(tmp_path / "out")

    def fails(path, goal):
        raise OSError("device busy")

    monkeypatch.setattr(storage_parquet.Path, "rename", fails)
    with pytest.raises(OSError, match="device busy"):
        other.save(tmp_path / "out", overwrite=True)
    assert contents(tmp_path / "out") == before
    assert Result.load(tmp_path / "out") == result


def test_result_that_was_complete_stands_although_its_files_could_not_be_moved(
    result, other, tmp_path, monkeypatch
):
    result.save(tmp_path / "out")
    with monkeypatch.context() as patched:
        patched.setattr(saved.folders.os, "replace", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            other.save(tmp_path / "out", overwrite=True)
    assert Result.load(tmp_path / "out") == other
    with pytest.raises(FileExistsError):
        other.save(tmp_path / "out")
    result.save(tmp_path / "out", overwrite=True)
    assert set(os.listdir(tmp_path / "out")) == FILES
    assert Result.load(tmp_path / "out") == result


def test_failed_saving_leaves_nothing(other, tmp_path, monkeypatch):
    monkeypatch.setattr(saved.json, "dumps", lambda *_, **__: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        other.save(tmp_path / "out")
    assert os.listdir(tmp_path) == []


def change(path, **columns):
    pd.read_parquet(path).assign(**columns).to_parquet(path, index=False)


def swap(path):
    shutil.copy(path.with_name("visits.parquet"), path)


def forge(folder, change=lambda manifest: None):
    """Change a manifest, and write down digests of what the folder holds now."""
    path = folder / "manifest.json"
    manifest = json.loads(path.read_text("utf-8"))
    manifest["file_digests"] = {
        file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in folder.glob("*.parquet")
    }
    change(manifest)
    manifest["manifest_digest"] = saved._own_digest(manifest)
    path.write_text(json.dumps(manifest), "utf-8")


DIFFERS = "not as it was saved: the digest differs"
DAMAGES = {
    "another table": (swap, "cannot be read: columns .*must be"),
    "one more column": (lambda users: change(users, note=1), r"cannot be read: columns .*'note'\]: must be"),
    "one figure": (lambda users: change(users, orders=2), DIFFERS),
    "one name": (lambda users: change(users, account="10000001"), DIFFERS),
    "one amount": (lambda users: change(users, spent=Decimal("0.01")), DIFFERS),
    "one instant": (lambda users: change(users, registered_at=pd.NaT), DIFFERS),
    "cut off": (lambda users: users.write_bytes(b"PAR1"), "cannot be read: ."),
    "too precise": (lambda users: change(users, spent=Decimal("0.001")), "cannot be read: ."),
    "too large": (
        lambda users: change(users, spent=Decimal(10) ** 17),
        "cannot be read: an amount does not fit in 64 bits",
    ),
    "no amount": (lambda users: change(users, spent=None), "cannot be read: an amount is missing"),
    "wrong type": (lambda users: change(users, user="a"), "cannot be read: ."),
}


@pytest.mark.parametrize("forged", [False, True])
@pytest.mark.parametrize("name", DAMAGES)
def test_damaged_table_is_named(other, tmp_path, name, forged):
    other.save(tmp_path / "out")
    damage, text = DAMAGES[name]
    damage(tmp_path / "out" / "users.parquet")
    if forged:
        forge(tmp_path / "out")
    with pytest.raises(ValueError, match=rf"users\.parquet: {text if forged else DIFFERS}") as refused:
        Result.load(tmp_path / "out")
    assert "\n" not in str(refused.value)


def test_missing_table_is_named(other, tmp_path):
    other.save(tmp_path / "out")
    (tmp_path / "out" / "users.parquet").unlink()
    with pytest.raises(ValueError, match=r"users\.parquet: cannot be read: No such file or directory$"):
        Result.load(tmp_path / "out")


def below(manifest):
    """Nest a list deeper than Python reads."""
    manifest["scenario"]["description"] = json.loads("[" * 500 + "]" * 500)


CHANGES = [
    (lambda manifest: manifest.update(digest="0" * 64), DIFFERS),
    (lambda manifest: manifest.pop("events"), "cannot be read: 'events' is missing"),
    (lambda manifest: manifest.pop("file_digests"), "cannot be read: 'file_digests' is missing"),
    (lambda manifest: manifest["scenario"].update(horizon=-1, drain="x"), "cannot be read: horizon: .*; drain: "),
    (lambda manifest: manifest.update(inboxes=[]), "cannot be read: ."),
    (lambda manifest: manifest.update(table_digests=5), "cannot be read: ."),
    (below, "cannot be read: description: .*must be"),
]


@pytest.mark.parametrize("forged", [False, True])
@pytest.mark.parametrize(("change", "text"), CHANGES)
def test_damaged_manifest_is_named(other, tmp_path, change, text, forged):
    other.save(tmp_path / "out")
    path = tmp_path / "out" / "manifest.json"
    if forged:
        forge(tmp_path / "out", change)
    else:
        manifest = json.loads(path.read_text("utf-8"))
        change(manifest)
        path.write_text(json.dumps(manifest), "utf-8")
    with pytest.raises(ValueError, match=rf"manifest\.json: {text if forged else DIFFERS}") as refused:
        Result.load(tmp_path / "out")
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("field", ["seed", "ended_at", "drained", "events", "inboxes", "scenario"])
def test_no_field_of_the_manifest_can_change_unseen(result, other, tmp_path, field):
    result.save(tmp_path / "one")
    other.save(tmp_path / "two")
    manifests = [json.loads((tmp_path / name / "manifest.json").read_text("utf-8")) for name in ("one", "two")]
    manifests[0][field] = manifests[1][field] if field != "drained" else not manifests[0][field]
    (tmp_path / "one" / "manifest.json").write_text(json.dumps(manifests[0]), "utf-8")
    with pytest.raises(ValueError, match=rf"manifest\.json: {DIFFERS}"):
        Result.load(tmp_path / "one")


def test_manifest_may_be_laid_out_in_another_way(other, tmp_path):
    other.save(tmp_path / "out")
    path = tmp_path / "out" / "manifest.json"
    path.write_text(json.dumps(json.loads(path.read_text("utf-8")), sort_keys=True, indent=7), "utf-8")
    assert Result.load(tmp_path / "out") == other


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ('{"format": 1, "recorded": "all"}', "format: 1: must be 4"),
        ("{}", "'format' is missing"),
        ("[]", "."),
        ("[" * 100_000, "."),
        ("9" * 10_000, "."),
    ],
)
def test_foreign_manifest_is_refused_in_one_line(tmp_path, text, reason):
    (tmp_path / "manifest.json").write_text(text)
    with pytest.raises(ValueError, match=rf"manifest\.json: cannot be read: {reason}") as refused:
        Result.load(tmp_path)
    assert "\n" not in str(refused.value)


def test_manifest_that_is_no_json_is_named(other, tmp_path):
    other.save(tmp_path / "out")
    (tmp_path / "out" / "manifest.json").write_bytes(b"\xff{")
    with pytest.raises(ValueError, match=r"manifest\.json: cannot be read: ."):
        Result.load(tmp_path / "out")


def test_folder_without_a_result_is_not_found(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"manifest\.json"):
        Result.load(tmp_path)
