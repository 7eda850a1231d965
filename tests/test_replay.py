import csv
import datetime
import json
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from pyarrow import parquet

from alesha_sim import Simulation, simulate
from alesha_sim.cli import main
from alesha_sim.results.result import Result
from alesha_sim.scenarios import ScenarioError
from alesha_sim.scenarios.demand import visit_files
from alesha_sim.scenarios.demand.replay import Replay
from alesha_sim.scenarios.scenario import Scenario
from alesha_sim.units import DAY

FRAME = pd.DataFrame({"at": [0.0, 1.5, 1.5], "user": [3, 0, 1], "iphone-x": [0, 2, 1], "hp-laptop": [1, 0, 0]})
WANTED = [[1, 0, 0], [0, 0, 2], [0, 0, 1]]


def replay(users=10, start="1997-01-01", horizon=546 * DAY, **demand):
    fields = {
        "horizon": horizon,
        "users": {"count": users},
        "demand": {"kind": "replay", **demand},
        "start": start,
    }
    return Scenario.model_validate(fields)


def faults_of(scenario):
    with pytest.raises(ScenarioError) as error:
        scenario.visits(1)
    return error.value.problems


def written(path, text):
    path.write_text(text)
    return replay(file=str(path))


def test_a_frame_a_csv_and_a_parquet_file_replay_the_same_way(tmp_path):
    FRAME.to_csv(tmp_path / "v.csv", index=False)
    FRAME.to_parquet(tmp_path / "v.parquet", index=False)
    sources = [
        Replay.of(FRAME),
        Replay(visits=FRAME.to_dict("list")),
        Replay(file=str(tmp_path / "v.csv")),
        Replay(file=str(tmp_path / "v.parquet")),
    ]
    for demand in sources:
        drawn = scenario_of(demand).visits(1)
        assert drawn.at.tolist() == [0, 1.5, 1.5]
        assert drawn.user.tolist() == [3, 0, 1]
        assert drawn.quantities.tolist() == WANTED


def scenario_of(demand):
    return Scenario.model_validate({"horizon": 100, "users": {"count": 10}, "demand": demand})


def test_a_file_is_read_when_its_visits_are_asked_for(tmp_path):
    scenario = replay(file=str(tmp_path / "later.csv"))
    (tmp_path / "later.csv").write_text("at,user,units\n1,2,3\n")
    assert scenario.visits(1).quantities.sum() == 3


# Where a replay ends.

LATE = {"at": [0, 99, 100, 101], "user": [0] * 4, "units": [1] * 4}


def test_visits_after_the_horizon_are_refused_or_left_out_and_counted_as_asked():
    with pytest.raises(ScenarioError, match=r"^demand\.visits\.at\[2\]: 100: must be before the horizon, 100 s"):
        scenario_of(Replay(visits=LATE))
    drawn = scenario_of(Replay(visits=LATE, cut=True)).visits(1)
    assert (drawn.at.tolist(), drawn.cut) == ([0, 99], 2)
    parts = [Replay(visits=LATE, cut=True), {"kind": "single"}, Replay(visits=LATE, cut=True)]
    assert scenario_of({"kind": "mixture", "parts": parts}).visits(1).cut == 4


def test_visits_that_were_cut_off_stand_in_a_note_of_the_result_and_its_file(tmp_path, capsys):
    scenario = scenario_of(Replay(visits=LATE, cut=True))
    result = simulate(scenario, seed=1)
    note = "demand.cut: 2 recorded visits at or after the horizon, 100 s, left out"
    assert result.notes == [note]
    result.save(tmp_path / "r")
    assert Result.load(tmp_path / "r").notes == [note]
    assert json.loads((tmp_path / "r" / "manifest.json").read_text())["visits_cut"] == 2
    scenario.write(tmp_path / "s.toml")
    main(["run", str(tmp_path / "s.toml"), "--seed", "1"])
    main(["run", str(tmp_path / "s.toml"), "--seed", "1", "--json"])
    assert capsys.readouterr().out.count(note) == 2
    assert simulate(scenario_of(Replay(visits={"at": [0], "user": [0], "units": [1]})), seed=1).notes == []


def test_without_a_horizon_a_replay_ends_after_its_last_visit():
    visits = {"at": [0, 400_000.5], "user": [1, 2], "units": [1, 1]}
    scenario = replay(horizon=None, visits=visits)
    result = simulate(scenario, seed=1)
    assert len(result.orders) == 2
    assert result.scenario.horizon == 400_000.500001
    assert Scenario.from_toml(scenario.to_toml()) == scenario
    shorter = scenario.with_settings({"demand.visits.at": [0, 7]})
    assert Simulation(shorter, seed=1).scenario.horizon == 7.000001


@pytest.mark.parametrize(
    "demand", [{"kind": "single"}, {"kind": "mixture", "parts": [Replay(visits=LATE), {"kind": "single"}]}]
)
def test_only_recorded_visits_end_without_a_horizon(demand):
    with pytest.raises(ScenarioError, match=r"^horizon: missing: must be given$"):
        Scenario.model_validate({"demand": demand})
    mixture = {"kind": "mixture", "parts": [Replay(visits=LATE)]}
    assert Simulation(Scenario.model_validate({"demand": mixture}), seed=1).scenario.horizon == 101.000001


def test_an_instant_beyond_any_duration_is_refused_without_a_horizon_too():
    visits = {"at": [1711789200000], "user": [0], "units": [1]}
    (line,) = faults_of_columns(visits)
    assert line == "demand.visits.at[0]: 1711789200000: must be less than 9007199254 seconds (285 years)"


def faults_of_columns(visits):
    with pytest.raises(ScenarioError) as error:
        replay(horizon=None, visits=visits)
    return error.value.problems


@pytest.mark.parametrize("text", ["1_0", "\uff11", "0x1", "1 0", "1e", "--1"])
def test_a_number_is_read_only_as_people_write_it(tmp_path, text):
    assert faults_of(written(tmp_path / "v.csv", f"at,user,units\n1,1,{text}\n")) == [
        f"demand.file: v.csv, line 2, units: {text!r}: must be a finite number"
    ]
    assert written(tmp_path / "w.csv", "at,user,units\n 1. ,+1,1e1\n").visits(1).quantities.sum() == 10


def test_products_of_a_units_column_are_drawn_by_share():
    columns = {"at": [0, 1], "user": [0, 1], "units": [3000, 1000]}
    wanted = scenario_of(Replay(visits=columns, shares={"hp-laptop": 1, "iphone-x": 3})).visits(1).quantities
    assert wanted.sum(axis=1).tolist() == [3000, 1000]
    assert wanted[:, 1].tolist() == [0, 0]
    assert abs(wanted[:, 2].sum() / 4000 - 0.75) < 4 * (3 / 16 / 4000) ** 0.5


def test_blank_lines_spaces_and_a_byte_order_mark_are_no_fault(tmp_path):
    text = "\ufeffat, user ,units\n\n0, 1,2\n,,\n5,1,1\n\n"
    assert written(tmp_path / "v.csv", text).visits(1).at.tolist() == [0, 5]


@pytest.mark.parametrize(
    ("text", "faults"),
    [
        ("", ["cannot be read: is empty"]),
        ("\n \n", ["cannot be read: is empty"]),
        ("at,user,units\n", ["must hold at least one visit"]),
        ("at,at,units\n1,1,1\n", ["column at: must not occur twice"]),
        ("at,user,units\n1,2\n", ["line 2: 2 values: must have 3 values, one for each column"]),
        ("user,units\n1,1\n", ["column at: missing: must be given"]),
        ("at,user\n1,1\n", ["must have a column for at least one SKU, or units"]),
        ("time,hp-laptop\n1,1\n",
         ["column at: missing: must be given", "column user: missing: must be given",
          "column time: unknown column: valid are units, hp-laptop, apple-watch, iphone-x"]),
        ("at,user,hp-lapto\n1,1,1\n", ["column hp-lapto: unknown column: nearest is hp-laptop"]),
        ("at,user,units,iphone-x\n1,1,1,1\n", ["column units: must not stand beside columns of SKUs"]),
        ("at,user,units\n1,1,1\n\n0.5,1,1\n", ["line 4, at: '0.5': must not be before the row above"]),
        ("at,user,units\n-1,1,1\n", ["line 2, at: '-1': must not be negative"]),
        ("at,user,units\nsoon,1,1\n", ["line 2, at: 'soon': must be a finite number"]),
        ("at,user,units\n1,1,1\ninf,1,1\n", ["line 3, at: 'inf': must be a finite number"]),
        ("at,user,units\n1,1.5,1\n", ["line 2, user: '1.5': must be a whole number"]),
        ("at,user,units\n1,-1,1\n", ["line 2, user: '-1': must not be negative"]),
        ("at,user,units\n1,10,1\n", ["line 2, user: '10': must be below users.count, 10"]),
        ("at,user,units\n1,1,0.5\n", ["line 2, units: '0.5': must be a whole number"]),
        ("at,user,units\n1,1,-2\n", ["line 2, units: '-2': must not be negative"]),
        ("at,user,units\n1,1,\n", ["line 2, units: '': must be a finite number"]),
        ("at,user,units\n1,1,3000000000\n", ["line 2, units: '3000000000': must be at most 2147483647"]),
        ("at,user,iphone-x\n1,1,.5\n2,10,1\n1,x,.5\n0,1,-1\n",
         ["line 4, at: '1': must not be before the row above (and 1 more)",
          "line 4, user: 'x': must be a finite number", "line 3, user: '10': must be below users.count, 10",
          "line 5, iphone-x: '-1': must not be negative",
          "line 2, iphone-x: '.5': must be a whole number (and 1 more)"]),
    ],
)  # fmt: skip
def test_faults_of_a_csv_file_name_column_line_and_value_all_at_once(tmp_path, text, faults):
    found = faults_of(written(tmp_path / "v.csv", text))
    assert all(fault.startswith("demand.file: ") for fault in found)
    before = re.compile(r"demand\.file: ([^ ]*v\.csv'?(, |: ))?")
    assert [before.sub("", fault) for fault in found] == faults


def test_a_fault_of_a_file_reads_as_one_line(tmp_path):
    fault = faults_of(written(tmp_path / "v.csv", "at,user,units\n1,1,1\n2,1,0.5\n"))
    assert fault == ["demand.file: v.csv, line 3, units: '0.5': must be a whole number"]


def test_rows_of_a_parquet_file_count_from_one(tmp_path):
    FRAME.assign(user=[0, 1, 77]).to_parquet(tmp_path / "v.parquet", index=False)
    fault = faults_of(replay(file=str(tmp_path / "v.parquet")))
    assert fault == ["demand.file: v.parquet, row 3, user: 77: must be below users.count, 10"]


def test_missing_values_and_bools_in_a_parquet_file_are_no_numbers(tmp_path):
    frame = FRAME.assign(**{"iphone-x": [1, None, 2], "hp-laptop": [True, False, True]})
    frame.to_parquet(tmp_path / "v.parquet", index=False)
    faults = faults_of(replay(file=str(tmp_path / "v.parquet")))
    assert [fault.split(", ")[1] for fault in faults] == ["row 2", "row 1"]


@pytest.fixture
def usual_field_size():
    """Give the csv module the limit it starts with: a tool of other tests raises it when it is imported."""
    before = csv.field_size_limit(131_072)
    yield
    csv.field_size_limit(before)


@pytest.mark.usefixtures("usual_field_size")
@pytest.mark.parametrize(
    ("name", "content", "rule"),
    [
        ("absent.csv", None, "cannot be read: No such file or directory"),
        ("absent.parquet", None, "cannot be read: No such file or directory"),
        ("binary.csv", b"\xff\xfe\x00", "cannot be read: is not UTF-8 text"),
        ("text.parquet", b"at,user\n", "cannot be read: "),
        ("empty.parquet", b"", "cannot be read: "),
        ("quote.csv", b'at,user,units\n1,1,"2\n' + b"x" * 200_000, "cannot be read: field larger than"),
    ],
)
def test_a_file_that_cannot_be_read_is_said_in_one_line(tmp_path, name, content, rule):
    if content is not None:
        (tmp_path / name).write_bytes(content)
    (fault,) = faults_of(replay(file=str(tmp_path / name)))
    assert fault.startswith("demand.file: ")
    assert rule in fault
    assert "\n" not in fault


def test_two_columns_of_one_name_are_one_line_that_names_them(tmp_path):
    twins = pa.table([[0], [0], [1], [1]], names=["at", "user", "iphone-x", "iphone-x"])
    parquet.write_table(twins, tmp_path / "v.parquet")
    assert faults_of(replay(file=str(tmp_path / "v.parquet"))) == [
        "demand.file: column iphone-x: must not occur twice"
    ]
    frame = pd.DataFrame([[0, 0, 1, 1]], columns=["at", "user", "mug", "mug"])
    with pytest.raises(ScenarioError, match=r"^visits: column mug: must not occur twice$"):
        Replay.of(frame)


def test_a_parquet_file_whose_text_is_not_utf8_is_one_line(tmp_path):
    table = pa.table([[0], [0], [1]], names=["at", "user", "unitx"])
    parquet.write_table(table, tmp_path / "v.parquet", store_schema=False)
    whole = (tmp_path / "v.parquet").read_bytes()
    (tmp_path / "v.parquet").write_bytes(whole.replace(b"unitx", b"unit\xff"))
    assert faults_of(replay(file=str(tmp_path / "v.parquet")))[0].endswith(
        "cannot be read: holds text that is not UTF-8"
    )


def test_a_file_name_with_a_nul_character_is_one_line(tmp_path):
    assert faults_of(replay(file="a\0b.csv")) == ["demand.file: 'a\\x00b.csv': must not hold a NUL character"]
    with pytest.raises(ScenarioError, match="cannot be read: a file's name must not hold a NUL character"):
        Scenario.read("a\0b.toml")


def test_files_of_a_mixtures_parts_lie_beside_the_scenario_as_well(tmp_path):
    (tmp_path / "v.csv").write_text("at,user,units\n1,0,2\n")
    text = 'demand = { kind = "mixture", parts = [{ kind = "replay", file = "v.csv" }] }\n'
    (tmp_path / "s.toml").write_text(text)
    scenario = Scenario.read(tmp_path / "s.toml")
    assert scenario.visits(1).quantities.sum() == 2
    scenario.write(tmp_path / "t.toml")
    assert 'file = "v.csv"' in (tmp_path / "t.toml").read_text()


@pytest.mark.parametrize("name", ["v.csv", "v.parquet", "c.txt"])
def test_a_file_may_be_as_large_as_the_limit_and_no_larger(tmp_path, monkeypatch, name):
    FRAME.to_csv(tmp_path / "v.csv", index=False)
    FRAME.to_parquet(tmp_path / "v.parquet", index=False)
    (tmp_path / "c.txt").write_text(LINES)
    scenario = replay(file=str(tmp_path / name), format="cdnow" if name == "c.txt" else "visits")
    size = (tmp_path / name).stat().st_size
    monkeypatch.setattr(visit_files, "REPLAY_BYTES_MAX", size)
    assert len(scenario.visits(1).at) == 3
    monkeypatch.setattr(visit_files, "REPLAY_BYTES_MAX", size - 1)
    fault = f"demand.file: {tmp_path / name}: cannot be read: must be at most {size - 1:,} bytes"
    assert faults_of(scenario) == [fault]


def test_a_small_parquet_file_may_not_unpack_to_a_large_one(tmp_path, monkeypatch):
    FRAME.to_parquet(tmp_path / "v.parquet", index=False)
    scenario = replay(file=str(tmp_path / "v.parquet"))
    monkeypatch.setattr(visit_files, "REPLAY_VALUES_MAX", FRAME.size)
    assert len(scenario.visits(1).at) == 3
    monkeypatch.setattr(visit_files, "REPLAY_VALUES_MAX", FRAME.size - 1)
    assert faults_of(scenario)[0].endswith(f"cannot be read: must hold at most {FRAME.size - 1} values")


@pytest.mark.skipif(not Path("/dev/zero").exists(), reason="needs a file without an end")
def test_a_file_without_an_end_is_refused_and_not_read(tmp_path):
    rule = "must be a regular file, not a pipe or a device"
    (tmp_path / "v.csv").symlink_to("/dev/zero")
    assert faults_of(replay(file=str(tmp_path / "v.csv")))[0].endswith(rule)


@pytest.mark.parametrize(
    ("file", "fault"),
    [
        ("package:no_such_package/x.csv", "the package no_such_package is not installed"),
        ("package:os.path/x.csv", "the package os.path is not installed"),
        ("package:/x.csv", "the package  is not installed"),
    ],
)
def test_a_package_that_is_not_installed_is_named(file, fault):
    assert faults_of(replay(file=file)) == [f"demand.file: {file!r}: {' '.join(fault.split())}"]


# The layout of CDNOW.

LINES = " 00004 0001 19970101  2   29.33\r\n 00004 0001 19970118  2   29.73\r\n\n 00021 0002 19970101  3   63.34\n"


def cdnow(path, text, users=10, start="1997-01-01"):
    path.write_text(text)
    return replay(users=users, start=start, file=str(path), format="cdnow")


def test_a_customer_and_day_is_a_visit_at_noon_with_the_days_units(tmp_path):
    more = " 00004 0001 19970101  5   1.00\n"
    drawn = cdnow(tmp_path / "c.txt", LINES + more).visits(1)
    assert (drawn.at / DAY).tolist() == [0.5, 0.5, 17.5]
    assert drawn.user.tolist() == [0, 1, 0]
    assert drawn.quantities.sum(axis=1).tolist() == [7, 3, 2]


def test_the_layout_of_the_full_histories_is_read_too(tmp_path):
    drawn = cdnow(tmp_path / "c.txt", "00003 19970102  2   20.76\n00001 19970101  1   11.77\n").visits(1)
    assert (drawn.user.tolist(), drawn.quantities.sum(axis=1).tolist()) == ([0, 2], [1, 2])


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        ("1 19970101 2\n", "line 1: must hold customer, day as YYYYMMDD, units and dollars"),
        ("1 19970231 2 3\n", "line 1: must hold customer, day as YYYYMMDD, units and dollars"),
        ("\n1 1997-01-01 2 3\n", "line 2: must hold customer, day as YYYYMMDD, units and dollars"),
        ("x 19970101 2 3\n", "line 1, user: 'x': must be a finite number"),
        ("0 19970101 2 3\n", "line 1, user: -1: must not be negative"),
        ("1 19970101 2 3\n11 19970101 2 3\n", "line 2, user: 10: must be below users.count, 10"),
        ("1 19961231 2 3\n",
         "line 1, at: '19961231': noon of this day must not be before the start, 1997-01-01 00:00:00"),
        ("1 19980701 2 3\n", "line 1, at: '19980701': must be before the horizon, 47174400 s"),
        ("1 199_0101 2 3\n", "line 1: must hold customer, day as YYYYMMDD, units and dollars"),
        ("\u0661 19970101 2 3\n", "line 1, user: '\u0661': must be a finite number"),
        ("9" * 5000 + " 19970101 2 3\n", f"line 1, user: '{'9' * 55} ...: must be a finite number"),
        ("9" * 30 + " 19970101 2 3\n", f"line 1, user: '{'9' * 30}': must be below users.count, 10"),
        ("1 19970101 2147483647 3\n1 19970101 1 3\n",
         "units of a user and day must be at most 2147483647 together"),
        ("1 19970101 2.5 3\n", "line 1, units: '2.5': must be a whole number"),
    ],
)  # fmt: skip
def test_faults_of_the_cdnow_layout_name_their_line(tmp_path, line, fault):
    place = "c.txt, " if fault.startswith("line") else ""
    assert faults_of(cdnow(tmp_path / "c.txt", line)) == [f"demand.file: {place}{fault}"]


@pytest.mark.parametrize(
    ("start", "at"),
    [("1997-01-03", 2.5), ("1997-01-05 12:00", 0), ("1996-12-31 18:00", 4.75), ("1997-01-01", 4.5)],
)
def test_days_are_counted_from_the_scenarios_start(tmp_path, start, at):
    assert cdnow(tmp_path / "c.txt", "1 19970105 2 3\n", start=start).visits(1).at.tolist() == [at * DAY]


def test_the_noon_of_the_last_day_is_found(tmp_path):
    drawn = cdnow(tmp_path / "c.txt", "1 19980630 2 3\n").visits(1)
    days = (datetime.date(1998, 6, 30) - datetime.date(1997, 1, 1)).days
    assert np.array_equal(drawn.at, [(days + 0.5) * DAY])
