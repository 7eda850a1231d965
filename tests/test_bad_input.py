"""Bad input through the command: one line a fault that names field, value and rule, and nothing is written."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import alesha_sim as alesha
from alesha_sim.cli import main

DURATION = 'must be a number of seconds or a duration such as "250 ms", "3 days", "1:30:00"'
TOO_LARGE = "must fit in 64 bits, at most 9223372036854775807 minor units"
LAPTOP = "catalogue.hp-laptop"

SCENARIO = """
horizon = "1 day"
users.count = 3
demand = { kind = "replay", file = "visits.csv" }
"""


@pytest.fixture
def refused(tmp_path, monkeypatch, capsys):
    """Give a function that calls the command in an empty folder and returns its complaints, a line each."""
    monkeypatch.chdir(tmp_path)

    def call(*argv):
        before = files()
        assert main(argv) == 2
        said = capsys.readouterr()
        assert said.out == ""
        assert files() == before
        return said.err.splitlines()

    return call


def files():
    return {str(path): path.is_file() and path.read_bytes() for path in Path().rglob("*")}


# Each kind of bad input that a scenario's fields can have, as a setting and the line that refuses it.
SETTINGS = [
    # unknown fields, and the nearest valid name
    ("bnak.workers=1", "bnak: unknown field: nearest is bank"),
    ("bank.wrokers=1", "bank.wrokers: unknown field: nearest is workers"),
    (f"{LAPTOP}.pirce=1", f"{LAPTOP}.pirce: unknown field: nearest is price"),
    ('network.links."user->shpo".latency=1', "network.links.user->shpo: unknown link: nearest is user->shop"),
    ("demand.kind=posson", "demand.kind: 'posson': unknown kind: nearest is poisson"),
    ("catalogue.hp-latop.price=3", "catalogue.hp-latop: unknown SKU: nearest is hp-laptop"),
    # wrong types
    ("users.count=many", "users.count: 'many': must be a whole number"),
    ("users.count=2.5", "users.count: 2.5: must be a whole number"),
    ("bank.workers=true", "bank.workers: True: must be a whole number"),
    ("name=5", "name: 5: must be 1 to 100 letters, digits, dashes and underscores"),
    ("catalogue=3", "catalogue: 3: must be a list"),
    ("bank=3", "bank: 3: must be a table"),
    ("start=yesterday", "start: 'yesterday': must be a date and time, such as \"2021-01-01 08:00\""),
    # negative numbers
    (f"{LAPTOP}.price=-5", f"{LAPTOP}.price: -5: must not be negative"),
    ("users.count=-3", "users.count: -3: must be at least 1"),
    ("network.default.latency=-0.5", "network.default.latency: -0.5: must not be negative"),
    ("shop.page_time={kind='exponential', mean=-2}", "shop.page_time.mean: -2: must not be negative"),
    # numbers that are not finite
    ("shop.opening_balance=nan", "shop.opening_balance: nan: must be finite"),
    ("supplier.lead_time=inf", "supplier.lead_time: inf: must be finite"),
    ("shop.page_time={kind='gamma', mean=nan, cv=1}", "shop.page_time.mean: nan: must be finite"),
    # durations that cannot be read
    ("supplier.lead_time=soon", f"supplier.lead_time: 'soon': {DURATION}"),
    ("supplier.lead_time=5 fortnights", f"supplier.lead_time: '5 fortnights': {DURATION}"),
    ("horizon=''", f"horizon: '': {DURATION}"),
    # money: too many decimals, beyond 64 bits
    (f"{LAPTOP}.price=499.999", f"{LAPTOP}.price: 499.999: has more than 2 decimals"),
    ("users.opening_balance='0.001'", "users.opening_balance: 0.001: has more than 2 decimals"),
    (f"{LAPTOP}.charge=1e17", f"{LAPTOP}.charge: 100000000000000000: {TOO_LARGE}"),
    (f"{LAPTOP}.charge='92233720368547758.08'", f"{LAPTOP}.charge: 92233720368547758.08: {TOO_LARGE}"),
    # what a scenario cannot do without
    ("catalogue=[]", "catalogue: []: must have at least one product"),
    ("horizon=0", "horizon: 0: must be more than 0"),
    # quantities
    ("demand.quantities.hp-laptop=1.5", "demand.quantities.hp-laptop: 1.5: must be a whole number"),
    ("demand.quantities.hp-laptp=1", "demand.quantities.hp-laptp: unknown SKU: nearest is hp-laptop"),
]


@pytest.mark.parametrize(("setting", "line"), SETTINGS, ids=lambda text: text.partition("=")[0])
def test_a_bad_setting_is_one_line(refused, setting, line):
    assert refused("run", "first_purchase", "--set", setting, "--out", "out") == [line]


def test_two_products_of_one_sku_are_one_line_each(refused):
    product = {"sku": "tea", "name": "Tea", "marked_price": 3, "price": 2, "charge": 1, "cost": 1}
    fields = ", ".join(f"{name} = {value!r}" for name, value in product.items())
    text = f'horizon = 1\ncatalogue = [{{ {fields} }}, {{ {fields} }}]\ndemand = {{ kind = "single" }}\n'
    Path("tea.toml").write_text(text)
    assert refused("run", "tea.toml", "--out", "out") == ["catalogue[1].sku: 'tea': must not occur twice"]


def test_all_faults_are_told_at_once(refused):
    settings = ["bnak.workers=1", "users.count=0", "horizon=0", f"{LAPTOP}.price=0.001", "supplier.lead_time=soon"]
    lines = refused("run", "first_purchase", *(word for each in settings for word in ("--set", each)))
    assert sorted(lines) == [
        "bnak: unknown field: nearest is bank",
        f"{LAPTOP}.price: 0.001: has more than 2 decimals",
        "horizon: 0: must be more than 0",
        f"supplier.lead_time: 'soon': {DURATION}",
        "users.count: 0: must be at least 1",
    ]


# Replay files: the rows of visits.csv and the line that refuses them.
REPLAYS = [
    ("at,hp-laptop|0,1", "column user: missing: must be given"),
    ("user,hp-laptop|0,1", "column at: missing: must be given"),
    ("at,user|0,1", "must have a column for at least one SKU, or units"),
    ("at,user,hp-latop|0,0,1", "column hp-latop: unknown column: nearest is hp-laptop"),
    ("at,user,hp-laptop|5,0,1|4,0,1", "visits.csv, line 3, at: '4': must not be before the row above"),
    ("at,user,hp-laptop|-1,0,1", "visits.csv, line 2, at: '-1': must not be negative"),
    ("at,user,hp-laptop|nan,0,1", "visits.csv, line 2, at: 'nan': must be a finite number"),
    ("at,user,hp-laptop|0,0,1.5", "visits.csv, line 2, hp-laptop: '1.5': must be a whole number"),
    ("at,user,hp-laptop|0,0,-1", "visits.csv, line 2, hp-laptop: '-1': must not be negative"),
    ("at,user,hp-laptop|0,3,1", "visits.csv, line 2, user: '3': must be below users.count, 3"),
]


@pytest.mark.parametrize(("rows", "line"), REPLAYS)
def test_a_bad_replay_file_is_one_line(refused, rows, line):
    Path("market.toml").write_text(SCENARIO)
    Path("visits.csv").write_text(rows.replace("|", "\n"))
    assert refused("run", "market.toml", "--out", "out") == [f"demand.file: {line}"]


def test_a_replay_file_that_is_not_there_is_one_line(refused):
    Path("market.toml").write_text(SCENARIO)
    place = Path("visits.csv").absolute()
    lines = refused("run", "market.toml", "--out", "out")
    assert lines == [f"demand.file: {place}: cannot be read: No such file or directory"]


# What is wrong with the call itself.
UNDERSCORED = "must have no underscore in a number; a text must stand in quotation marks"
CALLS = [
    ([], "COMMAND: missing: see alesha --help"),
    (["rnu", "cdnow"], "COMMAND: 'rnu': unknown command: nearest is run"),
    (["run"], "SCENARIO: missing: see alesha run --help"),
    (["run", "first_purchse"], "scenario: 'first_purchse': unknown name: nearest is first_purchase"),
    (["show", "cdnwo"], "scenario: 'cdnwo': unknown name: nearest is cdnow"),
    (["balances", "missing.toml"], "missing.toml: cannot be read: No such file or directory"),
    (["run", "cdnow", "--sede", "7"], "--sede: unknown option: nearest is --seed"),
    (["run", "cdnow", "--jsn=1"], "--jsn: unknown option: nearest is --json"),
    (["run", "cdnow", "market_day"], "'market_day': unexpected argument"),
    (["run", "cdnow", "--seed"], "--seed: expected one argument"),
    (
        ["run", "cdnow", "--set", "bank.workers"],
        "--set: 'bank.workers': must be PATH=VALUE, such as bank.workers=3",
    ),
    (["run", "cdnow", "--set", "=3"], "--set: '=3': must be PATH=VALUE, such as bank.workers=3"),
    *(
        (["run", "cdnow", "--set", f"users.count={value}"], f"--set: 'users.count={value}': {UNDERSCORED}")
        for value in ("1_0", "-1_0", "0x1_0", "1_0.5", "1.5_0", "1e1_0", "[1, 2_0]", "{a_b = 1_0}")
    ),
    (["sweep", "cdnow", "--vary", "users.count=5,1_0"], f"--vary: 'users.count=5,1_0': {UNDERSCORED}"),
    (
        ["run", "cdnow", "--set", "demand.shares=" + "[" * 3000],
        f"--set: 'demand.shares={'[' * 41} ...: must not have so many brackets in each other",
    ),
    (
        ["run", "cdnow", "--set", "name=\udcff"],
        "name: '\\udcff': must be 1 to 100 letters, digits, dashes and underscores",
    ),
    (["run", "cdnow", "--set", "description=\udcff"], "description: '\\udcff': must be text that UTF-8 can write"),
    (
        ["replicate", "cdnow", "--until", "orders=0.0_5"],
        "--until: 'orders=0.0_5': must be METRIC=SHARE or METRIC=absolute:HALF-WIDTH, such as shop_cash=0.05",
    ),
    *(
        (["verify", "--seed", seed], f"--seed: '{seed}': must be a whole number from 0 to {2**63 - 1}")
        for seed in ("-1", "1.5", "seven", str(2**63))
    ),
]


@pytest.mark.parametrize(("argv", "line"), CALLS, ids=lambda given: " ".join(given)[:40])
def test_a_bad_call_is_one_line(refused, argv, line):
    assert refused(*argv) == [line]


def test_a_seed_of_thousands_of_digits_is_a_short_line(refused):
    (line,) = refused("verify", "--seed", "1" * 5000)
    assert line.endswith(f"1 ...: must be a whole number from 0 to {2**63 - 1}")
    assert len(line) < 140


def test_a_file_that_is_not_toml_is_one_line_that_names_it(refused):
    Path("market.toml").write_text("horizon = = 1")
    (line,) = refused("run", "market.toml")
    assert line.startswith("market.toml: is not TOML: ")


NO_FILE = "must be a regular file, not a pipe or a device"
PIPES = [
    (["run", "pipe"], "scenario: 'pipe': unknown name: "),
    (["run", "./pipe"], f"pipe: cannot be read: {NO_FILE}"),
    (["replicate", "--study", "pipe"], f"--study: 'pipe': cannot be read: {NO_FILE}"),
    (["run", "market.toml"], f"demand.file: .*pipe.csv: cannot be read: {NO_FILE}"),
    (["new", "pipe", "--force"], f"FILE: 'pipe': {NO_FILE}"),
    (["report", "first_purchase", "--out", "pipe", "--force"], f"--out: 'pipe': {NO_FILE}"),
    (["report", "first_purchase", "--out", "device", "--force"], f"--out: 'device': {NO_FILE}"),
    (["verify", "--worlds", "1", "--out", "pipe", "--force"], f"--out: 'pipe': {NO_FILE}"),
    (["run", "first_purchase", "--out", "pipe", "--force"], "--out: 'pipe': pipe must be a folder"),
    (["export", "pipe", "--to", "csv", "--out", "new"], "RESULT: 'pipe': must be a folder with a result"),
]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
@pytest.mark.parametrize(("argv", "line"), PIPES, ids=lambda given: " ".join(given)[:40])
def test_a_pipe_in_place_of_a_file_is_refused_at_once(tmp_path, refused, hanging, argv, line):
    for name in ("pipe", "pipe.csv"):
        os.mkfifo(tmp_path / name)
    (tmp_path / "device").symlink_to(os.devnull)
    Path("market.toml").write_text(SCENARIO.replace("visits", "pipe"))
    (said,) = refused(*argv)
    assert re.match(line, said)


@pytest.mark.skipif(not Path("/dev/fd").exists(), reason="needs /dev/fd")
def test_a_pipe_that_a_shell_made_is_read(capsys):
    reader, writer = os.pipe()
    os.write(writer, alesha.scenarios.first_purchase().to_toml().encode())
    os.close(writer)
    assert main(["run", f"/dev/fd/{reader}", "--seed", "7"]) == 0
    os.close(reader)
    assert "all laws hold" in capsys.readouterr().out


def test_what_a_report_is_of_is_refused_before_where_it_goes(refused):
    Path("page.html").write_text("taken")
    (line,) = refused("report", "first_purchse", "--out", "page.html")
    assert line == "scenario: 'first_purchse': unknown name: nearest is first_purchase"
    (line,) = refused("export", "nothing", "--to", "ocel-json", "--out", "page.html")
    assert line.startswith("RESULT: 'nothing': must be a folder with a result")


def test_no_traceback_reaches_a_person():
    call = [sys.executable, "-m", "alesha_sim", "run", "first_purchase", "--set", "bank.workers=0"]
    run = subprocess.run(call, capture_output=True, text=True, check=False)
    assert (run.returncode, run.stdout, run.stderr) == (2, "", "bank.workers: 0: must be at least 1\n")
