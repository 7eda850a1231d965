"""The command `alesha`: what each call prints and writes, and with which status it ends."""

import json
import os
import shlex
import subprocess
import sys
from functools import partial
from pathlib import Path

import pytest
from tqdm import tqdm

from alesha_sim import Result, Simulation, __version__, scenarios, simulate
from alesha_sim.books.ledger import LawBroken
from alesha_sim.cli import arguments, folder, values
from alesha_sim.entities.entity import EntityError
from alesha_sim.scenarios.scenario import Scenario
from alesha_sim.tables.schema import SCHEMA
from alesha_sim.verification import Row

FILES = sorted([*(f"{table}.parquet" for table in SCHEMA), "manifest.json", "balances.png"])


def alesha(*argv, **options):
    return subprocess.run(
        [sys.executable, "-m", "alesha_sim", *argv], capture_output=True, text=True, check=False, **options
    )


def names_in(place):
    return sorted(path.name for path in Path(place).iterdir())


# Help


@pytest.mark.parametrize("name", arguments.COMMANDS)
def test_help_shows_every_argument_and_an_example_that_parses(call, name):
    command = arguments.COMMANDS[name]
    help_text = call(name, "--help")
    assert help_text.status == 0
    assert command.example in help_text.out
    for argument in command.arguments:
        shown = arguments.ARGUMENTS[argument]
        assert " ".join(shown["help"].split())[:30] in " ".join(help_text.out.split())
    words = shlex.split(command.example.partition(" > ")[0])
    assert words[0] == "alesha"
    assert arguments.parse(words[1:]).command == name


def test_help_lists_every_command(call):
    text = call("--help").out
    listed = {line.split()[0] for line in text.splitlines() if line.startswith("    ") and line[4] != " "}
    assert listed >= set(arguments.COMMANDS)


def test_module_and_version():
    assert alesha("--version").stdout in (
        f"alesha_sim {__version__} ({form})\n" for form in ("pure Python", "compiled")
    )


# Settings


@pytest.mark.parametrize(
    ("text", "path", "value"),
    [
        ("bank.workers=3", "bank.workers", 3),
        ("supplier.lead_time=7 days", "supplier.lead_time", "7 days"),
        ("supplier.lead_time='7 days'", "supplier.lead_time", "7 days"),
        ("supplier.lead_time=01:30:00", "supplier.lead_time", "01:30:00"),
        ('network.links."user->shop".latency=1s', 'network.links."user->shop".latency', "1s"),
        ("shop.page_time={kind='exponential', mean=2}", "shop.page_time", {"kind": "exponential", "mean": 2}),
        ("description=a = b", "description", "a = b"),
        ("description=", "description", ""),
        ("users.count=1\nseed=2", "users.count", "1\nseed=2"),
    ],
)
def test_a_setting_is_read_as_toml_else_as_text(text, path, value):
    assert values.setting(text) == (path, value)


def test_settings_are_applied_together_before_they_are_checked(call):
    both = call(
        "show", "first_purchase", "--json",
        "--set", "catalogue.hp-laptop.cost=450", "--set", "catalogue.hp-laptop.charge=460",
    )  # fmt: skip
    alone = call("show", "first_purchase", "--set", "catalogue.hp-laptop.cost=450")
    assert (both.status, alone.status) == (0, 2)
    assert json.loads(both.out)["catalogue"][0]["charge"] == "460"


def test_of_two_settings_for_one_field_the_last_counts(call):
    shown = call("show", "first_purchase", "--json", "--set", "bank.workers=1", "--set", "bank.workers=2")
    assert json.loads(shown.out)["bank"]["workers"] == 2


@pytest.mark.parametrize("text", ["a_1", "1_a", '"1_0"', "'1_0'", r'"\"1_0"'])
def test_a_text_may_hold_underscores(call, text):
    shown = call("show", "first_purchase", "--json", "--set", f"description={text}")
    assert json.loads(shown.out)["description"] == text.strip("\"'").replace("\\", "")


# list, show, new, schema


def test_list_names_every_scenario(call):
    lines = call("list").out.splitlines()
    assert [line.split()[0] for line in lines] == scenarios.names()
    objects = json.loads(call("list", "--json").out)
    assert [found["name"] for found in objects] == scenarios.names()
    assert all(found["description"] for found in objects)


def test_list_shows_the_others_when_one_cannot_be_loaded(call, monkeypatch):
    monkeypatch.setattr(scenarios, "names", lambda: ["broken", "cdnow"])
    broken, cdnow = call("list").out.splitlines()
    assert broken.startswith("broken  cannot be loaded: ")
    assert cdnow.startswith("cdnow   Replays")


def test_show_prints_toml_that_is_the_scenario(call):
    shown = call("show", "market_day", "--set", "shop.workers=7")
    assert Scenario.from_toml(shown.out) == scenarios.market_day(shop_workers=7)


def test_new_writes_a_scenario_that_runs_and_says_how(call):
    made = call("new", "market.toml")
    assert (made.status, names_in(".")) == (0, ["market.toml"])
    command = made.out.splitlines()[-1].split()
    assert command == ["alesha", "run", "market.toml"]
    assert call(*command[1:], "--seed", "1").out.endswith("all laws hold\n")


def test_new_overwrites_only_when_told_to(call):
    Path("market.toml").write_text("mine")
    refused = call("new", "market.toml")
    assert (refused.status, Path("market.toml").read_text()) == (2, "mine")
    assert refused.err == "FILE: 'market.toml': must not be there already (--force overwrites it)\n"
    assert call("new", "market.toml", "--force").status == 0
    assert Scenario.read("market.toml")


@pytest.mark.parametrize(
    ("file", "rule"), [(".", "must not be a folder"), ("no/market.toml", "must lie in a folder that is there")]
)
def test_new_refuses_a_place_that_it_cannot_write(call, file, rule):
    refused = call("new", file)
    assert (refused.status, refused.err, names_in(".")) == (2, f"FILE: {file!r}: {rule}\n", [])


def test_new_in_the_name_of_a_scenario_says_how_to_run_the_file(call):
    assert call("new", "cdnow").out.splitlines()[-1] == "  alesha run ./cdnow"
    assert call("new", "my market.toml").out.splitlines()[-1] == "  alesha run 'my market.toml'"


def test_schema_is_that_of_the_scenario(call):
    assert json.loads(call("schema").out) == Scenario.model_json_schema()


# run


def test_run_prints_a_summary_with_everybodys_balances(call):
    digest = simulate(scenarios.first_purchase(), seed=7).digest[:12]
    assert call("run", "first_purchase", "--seed", "7").out == (
        "first_purchase: One user registers, buys a laptop and two watches, and waits for them.\n"
        f"seed 7, digest {digest}, ended at 2021-01-03T00:00:01\n"
        "\n"
        "visits                       1\n"
        "orders                       1\n"
        "  completed                  1\n"
        "units delivered              3\n"
        "revenue           1,000.00 BDT\n"
        "refunds               0.00 BDT\n"
        "balances\n"
        "  users           4,000.00 BDT\n"
        "  shop           10,240.00 BDT\n"
        "  supplier        5,760.00 BDT\n"
        "\n"
        "all laws hold\n"
    )


def test_run_counts_orders_by_status_and_reason(call):
    setting = {"supplier.stock.unavailable": ["iphone-x"]}
    text = call("run", "market_day", "--seed", "1", "--set", 'supplier.stock.unavailable=["iphone-x"]').out
    orders = simulate(scenarios.market_day().with_settings(setting), seed=1).orders
    status, reason = orders["status"].astype("str"), orders["reason"].astype("str")
    assert [line.split() for line in text.splitlines()[4:11]] == [
        ["orders", f"{len(orders)}"],
        ["completed", f"{(status == 'completed').sum()}"],
        ["cancelled", f"{(status == 'cancelled').sum()}"],
        ["out_of_stock", f"{(reason == 'out_of_stock').sum()}"],
        ["declined", f"{(status == 'declined').sum()}"],
        ["insufficient_funds", f"{(reason == 'insufficient_funds').sum()}"],
        ["wrong_secret", f"{(reason == 'wrong_secret').sum()}"],
    ]


def test_run_says_that_a_run_was_cut_off(call):
    text = call("run", "first_purchase", "--set", "drain=0").out
    assert "cut off" in text
    assert "  on_the_way" in text


def test_run_json_is_one_object_with_the_contracts_keys(call):
    said = call("run", "first_purchase", "--seed", "7", "--json")
    result = simulate(scenarios.first_purchase(), seed=7)
    assert said.err == ""
    assert json.loads(said.out) == {
        "scenario": "first_purchase",
        "seed": 7,
        "digest": result.digest,
        "ended_at": "2021-01-03T00:00:01.350000",
        "summary": result.summary().to_dict(),
        "balances": {"users": 4000, "shop": 10240, "supplier": 5760},
        "recorded": "all",
        "notes": [],
        "violations": [],
    }


def test_figures_without_a_value_are_null(call):
    nobody = ["--set", "demand.kind=poisson", "--set", "demand.visits_per_day=0"]
    summary = json.loads(call("run", "first_purchase", "--json", *nobody).out)["summary"]
    assert (summary["visits"], summary["conversion_rate"], summary["decline_rate"]) == (0, None, None)


def test_a_run_without_a_seed_tells_which_it_drew(call):
    first, second = (json.loads(call("run", "market_day", "--json").out) for _ in range(2))
    again = json.loads(call("run", "market_day", "--json", "--seed", str(first["seed"])).out)
    assert first["seed"] != second["seed"]
    assert again == first


def test_quiet_says_nothing_when_all_is_well(call):
    said = call("run", "first_purchase", "--quiet", "--out", "out")
    assert (said.status, said.out, said.err) == (0, "", "")


# run --out


@pytest.mark.parametrize("force", [[], ["--force"]])
def test_a_second_run_into_the_folder_of_a_living_one_is_refused_and_changes_nothing(call, force):
    first = folder.claimed(Path("out"), force=False)
    with first:
        said = call("run", "first_purchase", "--out", "out", *force)
        assert (said.status, said.out) == (2, "")
        assert said.err == "--out: 'out': cannot be written: another program is writing into it\n"
        folder.save(simulate(scenarios.first_purchase(), seed=7), Path("out"), as_csv=False)
    assert Result.load("out") == simulate(scenarios.first_purchase(), seed=7)


def test_out_is_held_while_the_run_goes_on(call, monkeypatch):
    started = Simulation.run

    def run(simulation, **options):
        assert call("run", "first_purchase", "--out", "out", "--spool", "other").status == 2
        return started(simulation, **options)

    monkeypatch.setattr(Simulation, "run", run)
    assert call("run", "first_purchase", "--out", "out").status == 0
    assert names_in("out") == FILES


def test_a_run_that_fails_leaves_no_folder(call):
    assert call("run", "first_purchase", "--out", "deep/out", "--spool", "deep/out").status == 2
    assert names_in(".") == []


def test_out_holds_the_tables_the_manifest_and_the_picture(call):
    said = call("run", "first_purchase", "--seed", "7", "--out", "deep/out", "--json")
    assert names_in("deep/out") == FILES
    assert names_in("deep") == ["out"]
    assert Result.load("deep/out") == simulate(scenarios.first_purchase(), seed=7)
    assert Path("deep/out/balances.png").read_bytes().startswith(b"\x89PNG")
    assert json.loads(said.out)["seed"] == 7
    assert said.err == "tables, manifest.json and balances.png are in deep/out\n"


def test_a_folder_with_something_in_it_is_refused_before_the_run(call, monkeypatch):
    Path("out").mkdir()
    Path("out/mine.txt").write_text("mine")
    monkeypatch.delattr(Simulation, "run")
    refused = call("run", "first_purchase", "--out", "out")
    assert (refused.status, names_in("out")) == (2, ["mine.txt"])
    assert refused.err == "--out: 'out': must be a new or empty folder (--force overwrites what is there)\n"


def test_force_replaces_an_earlier_result_and_nothing_else(call):
    Path("out").mkdir()
    Path("out/mine.txt").write_text("mine")
    for seed in ("1", "2"):
        assert call("run", "market_day", "--seed", seed, "--out", "out", "--force").status == 0
    assert names_in("out") == sorted([*FILES, "mine.txt"])
    assert Result.load("out") == simulate(scenarios.market_day(), seed=2)


def test_an_empty_folder_and_the_current_one_can_take_a_result(call):
    Path("out").mkdir()
    assert call("run", "first_purchase", "--out", "out").status == 0
    assert call("run", "first_purchase", "--out", ".", "--force").status == 0
    assert names_in("out") == FILES
    assert names_in(".") == sorted([*FILES, "out"])


def test_a_folder_that_a_killed_run_left_unfinished_counts_as_empty(call):
    Path("out/.alesha-unfinished-1").mkdir(parents=True)
    Path("out/.alesha-unfinished-1/manifest.json").write_text("half")
    assert call("run", "first_purchase", "--out", "out").status == 0
    assert names_in("out") == FILES


@pytest.mark.parametrize("out", ["file", "file/out"])
def test_a_folder_that_cannot_be_is_refused_before_the_run(call, monkeypatch, out):
    Path("file").write_text("mine")
    monkeypatch.delattr(Simulation, "run")
    refused = call("run", "first_purchase", "--out", out)
    assert (refused.status, names_in("."), refused.out) == (2, ["file"], "")
    assert refused.err.startswith(f"--out: {out!r}: ")
    assert refused.err.endswith("file must be a folder\n")


@pytest.mark.parametrize(
    ("error", "status"), [(OSError(28, "No space left on device"), 2), (KeyboardInterrupt(), 130)]
)
@pytest.mark.parametrize("old", [True, False])
def test_nothing_half_written_is_left_when_writing_fails(call, monkeypatch, error, status, old):
    if old:
        assert call("run", "first_purchase", "--seed", "1", "--out", "deep/out").status == 0
    before = {path: path.is_file() and path.read_bytes() for path in Path().rglob("*")}

    def fail(*_):
        raise error

    monkeypatch.setattr(folder, "_draw", fail)
    failed = call("run", "first_purchase", "--seed", "2", "--out", "deep/out", "--force")
    assert failed.status == status
    assert failed.err in ("", "--out: 'deep/out': cannot be written: No space left on device\n")
    assert {path: path.is_file() and path.read_bytes() for path in Path().rglob("*")} == before


# Broken laws, and other ends


@pytest.mark.parametrize("options", [[], ["--json"], ["--quiet"]])
def test_a_broken_law_is_told_and_ends_with_status_1(call, monkeypatch, options):
    monkeypatch.setattr(Result, "check", lambda _: ["L1: shop:cash: one is missing"])
    said = call("run", "first_purchase", *options)
    assert said.status == 1
    assert "L1: shop:cash: one is missing" in (said.err if "--quiet" in options else said.out)
    assert "all laws hold" not in said.out
    assert call("balances", "first_purchase").status == 1


def test_a_law_broken_within_the_run_is_one_line(call, monkeypatch):
    def run(*_, **__):
        raise EntityError("shop failed on Pay") from LawBroken("L3: floor")

    monkeypatch.setattr(Simulation, "run", run)
    said = call("run", "first_purchase", "--out", "out")
    assert (said.status, said.out, said.err, names_in(".")) == (1, "", "shop failed on Pay\n", [])


def test_a_fault_of_the_program_is_not_hidden(call, monkeypatch):
    def run(*_, **__):
        raise EntityError("shop failed on Pay") from KeyError("sku")

    monkeypatch.setattr(Simulation, "run", run)
    with pytest.raises(EntityError):
        call("run", "first_purchase")


def test_a_scenario_too_large_for_the_memory_is_one_line(call, monkeypatch):
    def opening_balances(*_):
        raise MemoryError

    monkeypatch.setattr(Scenario, "opening_balances", opening_balances)
    said = call("run", "cdnow")
    assert (said.status, said.out) == (2, "")
    assert said.err.startswith("scenario: 'cdnow': needs more memory than this machine has")


def test_an_interruption_is_quiet(call, monkeypatch):
    def run(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(Simulation, "run", run)
    said = call("run", "first_purchase")
    assert (said.status, said.out, said.err) == (130, "", "")


@pytest.mark.parametrize("name", ["list", "schema"])
def test_a_reader_that_has_gone_causes_no_traceback(name):
    command = [sys.executable, "-m", "alesha_sim", name]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as run:
        run.stdout.close()
        assert run.stderr.read() == ""
    assert run.returncode == 141


CLOSED = "output: Bad file descriptor\n"


@pytest.mark.skipif(sys.platform == "win32", reason="needs a shell of Unix")
@pytest.mark.parametrize(
    ("line", "status", "out", "err"),
    [
        ("run first_purchase --seed 1 >&-", 2, "", CLOSED),
        ("run first_purchase --seed 1 --json >&-", 2, "", CLOSED),
        ("run first_purchase --seed 1 --quiet >&-", 0, "", ""),
        ("--help >&-", 2, "", CLOSED),
        ("run nothing 2>&-", 2, "", ""),
        ("list >&- 2>&- <&-", 2, "", ""),
        ("step first_purchase --seed 7 <&- | tail -1", 0, "all laws hold\n", ""),
    ],
)
def test_a_closed_stream_ends_in_no_traceback(line, status, out, err):
    shell = f"{shlex.quote(sys.executable)} -m alesha_sim {line}"
    ended = subprocess.run(["sh", "-c", shell], capture_output=True, text=True, check=False)
    assert (ended.returncode, ended.stdout, ended.stderr) == (status, out, err)


def test_an_output_that_cannot_show_a_name_shows_it_with_escapes(tmp_path):
    named = scenarios.first_purchase().with_settings({"catalogue.hp-laptop.name": "Läptop 一"})
    (tmp_path / "named.toml").write_text(named.to_toml(), encoding="utf-8")
    ascii_only = {"env": {**os.environ, "PYTHONIOENCODING": "ascii"}, "cwd": tmp_path}
    shown = alesha("show", "named.toml", **ascii_only)
    assert shown.stdout.isascii()
    assert Scenario.from_toml(shown.stdout) == named
    told = alesha("replicate", "first_purchase", "--runs", "2", "--jobs", "1", "--quiet", **ascii_only)
    assert (told.returncode, told.stderr) == (0, "")
    assert "\\xb1" in told.stdout
    assert alesha("run", "一", **ascii_only).stderr.startswith("scenario: '\\u4e00': unknown name")


@pytest.mark.parametrize(
    "argv",
    [
        ["run", "first_purchase", "--out"], ["run", "first_purchase", "--spool"],
        ["report", "first_purchase", "--out"], ["export", ".", "--to", "csv", "--out"],
        ["replicate", "first_purchase", "--folder"], ["verify", "--worlds", "1", "--out"],
    ],
)  # fmt: skip
def test_a_name_that_is_no_text_is_refused_before_the_run(call, argv):
    said = call(*argv, "b\udcff")
    assert (said.status, said.err) == (2, f"{argv[-1]}: 'b\\udcff': must be a name in UTF-8\n")
    assert list(Path().iterdir()) == []


# balances


def test_balances_asks_the_bank_for_everybodys(call):
    assert call("balances", "first_purchase", "--seed", "7").out == (
        "first_purchase, seed 7: what the bank answered, BDT\n"
        "user:0     4,000.00\n"
        "shop      10,240.00\n"
        "supplier   5,760.00\n"
    )


@pytest.mark.parametrize(("users", "options", "lines"), [(20, [], 20), (25, [], 21), (25, ["--all"], 25)])
def test_balances_names_twenty_users_unless_asked_for_all(call, users, options, lines):
    said = call("balances", "first_purchase", "--set", f"users.count={users}", *options)
    rows = [line.split() for line in said.out.splitlines()[1:-2]]
    assert len(rows) == lines
    assert [row[0] for row in rows[:20]] == [f"user:{number}" for number in range(20)]
    if lines == 21:
        assert rows[-1] == ["5", "more", "users", "25,000.00"]


def test_balances_json_names_everybody_in_major_units(call):
    answers = json.loads(
        call("balances", "first_purchase", "--seed", "7", "--set", "users.count=12", "--json").out
    )
    assert (answers["scenario"], answers["seed"], answers["currency"]) == ("first_purchase", 7, "BDT")
    assert list(answers["balances"]) == [*(f"user:{n}" for n in range(12)), "shop", "supplier"]
    assert answers["balances"]["user:0"] == 4000
    assert answers["balances"]["supplier"] == 5760


# verify

ROWS = [
    Row("queue", "mean wait, s", 1.0, 1.01, 0.05, "agrees"),
    Row("replay", "needs the package x", float("nan"), float("nan"), float("nan"), "skipped"),
]
WRONG = Row("queue", "mean number", 1.0, 2.0, 0.05, "differs")


@pytest.fixture
def checks(monkeypatch):
    """Let `verify` find given rows; what it asked for is kept."""
    asked = {"rows": ROWS}

    def run_checks(seed, **options):
        asked.update(options, seed=seed)
        return asked["rows"]

    monkeypatch.setattr("alesha_sim.verification.run_checks", run_checks)
    return asked


def test_verify_prints_a_table_and_fails_if_a_figure_differs(call, checks):
    said = call("verify", "--seed", "3")
    assert (said.status, checks["seed"], checks["full"]) == (0, 3, False)
    assert said.out.split()[:6] == ["check", "figure", "expected", "observed", "tolerance", "verdict"]
    assert said.out.endswith("seed 3\n")
    checks["rows"] = [*ROWS, WRONG]
    assert call("verify", "--full").status == 1
    assert checks["full"] is True


def test_verify_json_is_one_object(call, checks):
    said = json.loads(call("verify", "--seed", "3", "--json").out)
    assert (said["seed"], said["passed"]) == (3, True)
    assert said["checks"][0] == ROWS[0]._asdict()
    assert said["checks"][1]["expected"] is None


# Progress


@pytest.mark.parametrize(
    ("terminal", "options", "shown"), [(True, [], True), (True, ["--quiet"], False), (False, [], False)]
)
def test_progress_shows_on_a_terminal_only(call, monkeypatch, terminal, options, shown):
    monkeypatch.setattr(sys.stderr, "isatty", lambda: terminal)
    monkeypatch.setenv("COLUMNS", "120")
    monkeypatch.setattr("tqdm.tqdm", partial(tqdm, mininterval=0))
    said = call("run", "market_day", "--json", *options)
    assert ("orders" in said.err and "events/s" in said.err and "day 0." in said.err) is shown
    assert json.loads(said.out)["scenario"] == "market_day"
