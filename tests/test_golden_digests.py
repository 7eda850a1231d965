"""No step of the work on speed may change a run: digests, tables and kernel events are those that were written."""

import json
import os
import platform
import subprocess
import sys
from pathlib import Path

import golden
import numpy as np
import portable
import pytest
from conftest import is_full_size, needs

from alesha_sim.scenarios.catalogue import SHIPPED
from alesha_sim.tables.canonical import one_form
from alesha_sim.tables.digest import digest, table_digest
from alesha_sim.tables.schema import SCHEMA

ROOT = Path(__file__).resolve().parents[1]
RUNS = [(name, seed) for name in golden.NAMES for seed in golden.SEEDS]
FOUND = portable.features()
LESS = {
    "NumPy's baseline": {"NPY_DISABLE_CPU_FEATURES": ",".join(FOUND)},
    "a C library without fused products": {"GLIBC_TUNABLES": "glibc.cpu.hwcaps=-AVX2,-FMA,-FMA4,-AVX512F"},
    **{
        f"NumPy without {' '.join(FOUND[place:])}": {"NPY_DISABLE_CPU_FEATURES": ",".join(FOUND[place:])}
        for place in range(1, len(FOUND) if is_full_size() else 0)
    },
}
"""Environments in which the same processor is used as if it were an older one."""


@pytest.fixture(scope="module")
def comparable():
    """Skip where NumPy itself draws other numbers than where the digests were written; in CI, fail."""
    stranger = golden.stranger(golden.written()["origin"], golden.origin())
    if stranger:
        (pytest.fail if os.environ.get("ALESHA_CI") else pytest.skip)(stranger)


@pytest.fixture(scope="module", params=RUNS, ids=lambda run: "-".join(map(str, run)))
def golden_run(request, comparable):
    """Return a scenario's name, the seed and the run."""
    name, seed = request.param
    if name == "cdnow":
        needs("lifetimes")
    return name, seed, golden.run(name, seed)


def test_a_run_is_the_one_whose_digests_were_written(golden_run):
    name, seed, result = golden_run
    assert "\n".join(golden.differences(name, seed, golden.digests(result))) == ""


BEFORE_PURCHASES = json.loads((golden.FILE.parent / "golden_digests_before_purchases.json").read_text("utf-8"))
"""What was written while organisations' purchases stood among users' orders, of a user below 0 and total 0."""


def before_purchases(result):
    """Return a run's tables as they were then."""
    names = [name for name in result.columns("orders") if name != "seller"]
    orders = result.every_order([*names, "buyer"])
    buyer, codes = orders.pop("buyer"), {name: -1 - place for place, name in enumerate(result.scenario.roles)}
    purchase = np.flatnonzero(buyer.codes >= 0)
    orders = {name: one_form(column, SCHEMA["orders"][name]) for name, column in orders.items()}
    orders["user"], orders["total"] = (orders[name].copy() for name in ("user", "total"))
    orders["user"][purchase] = [codes[buyer.labels[code]] for code in buyer.codes[purchase].tolist()]
    orders["total"][purchase] = 0
    visits = {name: column for name, column in result.columns("visits").items() if name != "shop"}
    others = {table: result.columns(table) for table in SCHEMA if table not in ("orders", "purchases", "visits")}
    found = {"orders": orders, "visits": visits, **others}
    return {
        table: {name: one_form(column, SCHEMA[table][name]) for name, column in found[table].items()}
        for table in SCHEMA if table in found
    }  # fmt: skip


def test_a_runs_tables_hold_what_they_held_before_purchases_had_one_of_their_own(golden_run):
    name, seed, result = golden_run
    kept, tables = BEFORE_PURCHASES["runs"][name][str(seed)], before_purchases(result)
    assert {table: table_digest(table, columns) for table, columns in tables.items()} == kept["tables"]
    assert digest(tables, result.scenario.currency) == kept["digest"]
    assert result.events == kept["events"]


def test_every_shipped_scenario_has_golden_digests_for_two_seeds():
    runs = golden.written()["runs"]
    assert set(runs) == set(golden.NAMES) >= set(SHIPPED)
    assert all(list(seeds) == list(map(str, golden.SEEDS)) for seeds in runs.values())


def test_the_golden_digests_are_of_the_pinned_numpy():
    pinned = (ROOT / "constraints.txt").read_text("utf-8").splitlines()
    assert f"numpy=={golden.written()['origin']['numpy']}" in pinned


def test_a_changed_table_is_named():
    found = golden.written()["runs"]["market_day"]["7"]
    changed = found | {"tables": found["tables"] | {"visits": "0" * 64}}
    assert list(golden.differences("market_day", 7, found)) == []
    assert [*golden.differences("market_day", 7, changed)] == [
        "market_day, seed 7: table visits is not the one whose digest was written"
    ]


def test_other_draws_of_numpy_are_told_and_equal_ones_compared_whatever_their_version():
    kept = golden.written()["origin"]
    assert golden.stranger(kept, kept | {"numpy": "9.9"}) == ""
    told = golden.stranger(kept, {"numpy": "9.9", "machine": "Plan9 mips", "draws": "0" * 64})
    assert told.startswith(f"nothing compared: the golden digests are of numpy {kept['numpy']} on ")
    assert "numpy 9.9 on Plan9 mips draws other numbers" in told


def test_the_command_says_what_differs_and_writes_only_if_asked(monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(golden, "FILE", tmp_path / "digests.json")
    monkeypatch.setattr(golden, "NAMES", ("first_purchase",))
    assert (golden.main([]), golden.FILE.exists()) == (1, False)
    assert "first_purchase, seed 7: table orders is not the one" in capsys.readouterr().out
    assert (golden.main(["--write"]), golden.main([])) == (0, 0)
    assert capsys.readouterr().out.endswith("nothing differs\n")


@pytest.fixture(scope="module")
def here():
    """Return the digests of everything with the processor as it is."""
    needs("lifetimes")
    return portable.everything(golden.SEEDS if is_full_size() else golden.SEEDS[:1])


@pytest.mark.parametrize("less", LESS)
def test_a_digest_does_not_depend_on_what_the_processor_offers(less, here):
    if "NPY_DISABLE_CPU_FEATURES" in LESS[less] and not FOUND:
        pytest.skip("NumPy has nothing to choose from on this processor")
    if "GLIBC_TUNABLES" in LESS[less] and (platform.libc_ver()[0], platform.machine()) != ("glibc", "x86_64"):
        pytest.skip("needs the GNU C library on x86-64")
    seeds = map(str, golden.SEEDS if is_full_size() else golden.SEEDS[:1])
    command = [sys.executable, "-W", "error", portable.__file__, *seeds]
    told = subprocess.run(command, env=os.environ | LESS[less], capture_output=True, text=True, check=True)
    found = json.loads(told.stdout)
    assert set(found["features"]).isdisjoint(LESS[less].get("NPY_DISABLE_CPU_FEATURES", "").split(","))
    assert [name for name, digest in found["digests"].items() if digest != here[name]] == []
    assert len(found["digests"]) == len(here) > len(golden.NAMES)
