"""`alesha replicate`, `sweep` and `compare`: from the command line and from study files."""

import json
from pathlib import Path

import pandas
import pytest

from alesha_sim import Study, compare, replicate, scenarios, sweep
from alesha_sim.experiments import job

SMALL = ("--set", "users.count=20", "--set", "demand.visits_per_day=30")
PLAIN = {"users.count": 20, "demand.visits_per_day": 30}


@pytest.fixture(scope="module")
def market():
    return scenarios.market_day().with_settings(PLAIN)


def means(answer):
    estimated = ("mean", "sd", "low", "high", "half_width", "runs", "failed")
    return {
        tuple(value for name, value in row.items() if name not in estimated): row["mean"]
        for row in json.loads(answer.out)["summary"]
    }


def test_replicate_prints_a_mean_and_an_interval_for_each_figure(call, market):
    answer = call("replicate", "market_day", *SMALL, "--runs", "3", "--seed", "1", "--jobs", "1")
    assert answer.status == 0
    assert answer.out.startswith("Study of market_day, seed 1: 3 of 3 runs finished\n")
    row = replicate(market, runs=3, seed=1, jobs=1).summary().loc["orders"]
    (line,) = (line for line in answer.out.splitlines() if line.startswith("orders "))
    assert line.split() == [
        "orders",
        f"{row['mean']:,.6g}",
        "±",
        f"{row['half_width']:,.6g}",
        f"{row['sd']:,.6g}",
        "3",
    ]


def test_a_sweep_over_the_same_value_twice_shows_both_points(call):
    answer = call(
        "sweep", "market_day", *SMALL, "--vary", "bank.workers=1,1", "--runs", "2", "--seed", "1", "--jobs", "1"
    )
    assert answer.status == 0
    head, one, other = answer.out.split("\n\n")[1].splitlines()
    assert head.startswith("bank.workers")
    assert one.startswith("1 ")
    assert one == other


def test_large_numbers_are_written_in_full_and_what_never_varies_saves_all(call, tmp_path):
    (tmp_path / "study.toml").write_text(NEVER_VARIES)
    options = ("--study", "study.toml", "--jobs", "1", "--metric", "mean_delivery_seconds", "--metric", "visits")
    answer = call("compare", *options)
    rows = [line for line in answer.out.splitlines() if line.startswith("mean_delivery_seconds")]
    assert [row.split()[-2:] for row in rows] == [["all", "*"]]
    assert "all: the difference never varies" in answer.out
    large = call(
        "replicate", "market_day", *SMALL, "--set", "shop.opening_balance=2e9", "--runs", "2", "--seed", "1"
    )
    (cash,) = (line for line in large.out.splitlines() if line.startswith("shop_cash "))
    assert cash.split()[1].startswith("2,000,0")


NEVER_VARIES = """
kind = "compare"
runs = 3
seed = 3

[[alternatives]]
label = "one"
scenario = "market_day"
settings = { "users.count" = 20, "demand.visits_per_day" = 30, "supplier.lead_time" = "1 day" }

[[alternatives]]
label = "seven"
scenario = "market_day"
settings = { "users.count" = 20, "demand.visits_per_day" = 30, "supplier.lead_time" = "7 days" }
"""


def test_replicate_prints_the_same_as_json(call, market):
    answer = call("replicate", "market_day", *SMALL, "--runs", "3", "--seed", "1", "--jobs", "1", "--json")
    study = replicate(market, runs=3, seed=1, jobs=1)
    assert means(answer)[("orders",)] == study.summary().loc["orders", "mean"]
    found = json.loads(answer.out)
    assert (found["study"], found["seed"], found["runs"], found["failures"]) == ("replicate", 1, 3, [])


def test_until_adds_runs(call):
    answer = call(
        "replicate", "market_day", *SMALL, "--seed", "1", "--jobs", "1", "--json", "--until", "orders=0.1",
        "--until", "cancelled=absolute:1", "--max-runs", "100",
    )  # fmt: skip
    found = json.loads(answer.out)
    assert [row["reached"] for row in found["precision"]] == [True, True]
    assert found["runs"] > 20


def test_sweep_prints_a_line_a_point(call, market):
    answer = call(
        "sweep", "market_day", *SMALL, "--vary", "bank.workers=1,2", "--vary", "supplier.lead_time=1 day,7 days",
        "--runs", "2", "--seed", "1", "--jobs", "1", "--metric", "mean_delivery_seconds",
    )  # fmt: skip
    lines = answer.out.split("\n\n")[1].splitlines()
    assert lines[0].split() == ["bank.workers", "supplier.lead_time", "mean_delivery_seconds"]
    assert [line.split()[:3] for line in lines[1:]] == [
        ["1", "1", "day"], ["1", "7", "days"], ["2", "1", "day"], ["2", "7", "days"],
    ]  # fmt: skip
    design = {"bank.workers": [1, 2], "supplier.lead_time": ["1 day", "7 days"]}
    study = sweep(market, design, runs=2, seed=1, jobs=1)
    assert f"{study.summary().loc[(2, '7 days', 'mean_delivery_seconds'), 'mean']:,.6g}" in lines[4]


def test_compare_prints_paired_differences(call, market):
    call("show", "market_day", *SMALL)
    with open("slow.toml", "w") as file:
        file.write(market.with_settings({"shop.page_time": 5}).to_toml())
    answer = call("compare", "market_day", "slow.toml", *SMALL, "--runs", "3", "--seed", "1", "--jobs", "1")
    slow = market.with_settings({"shop.page_time": 5})
    row = compare(market, slow, runs=3, seed=1, jobs=1).differences("mean_delivery_seconds").iloc[0]
    (line,) = (line for line in answer.out.splitlines() if line.startswith("mean_delivery_seconds"))
    assert f"{row['difference']:,.6g}" in line
    assert line.endswith("*")


def test_a_folder_is_gone_on_with(call):
    asked = (
        "replicate",
        "market_day",
        *SMALL,
        "--seed",
        "1",
        "--jobs",
        "1",
        "--folder",
        "study",
        "--keep",
        "orders",
    )
    assert call(*asked, "--runs", "2").err == "all runs are in study\n"
    assert "resumed: 2 of 3 runs were done already" in call(*asked, "--runs", "3").out
    assert len(Study.load("study").runs) == 3
    other = call(*asked, "--runs", "3", "--set", "bank.workers=1")
    assert (other.status, other.err.count("\n")) == (2, 1)
    assert "holds another study: its points differ" in other.err


# Less recorded


def test_a_study_can_record_less_and_says_that_no_law_was_checked(call):
    asked = ("replicate", "market_day", *SMALL, "--runs", "2", "--seed", "1", "--jobs", "1", "--json")
    whole, less = (json.loads(call(*asked, *more).out) for more in ((), ("--record", "summary")))
    assert (whole["recorded"], whole["violations"], whole["notes"]) == ("all", [], [])
    assert (less["recorded"], less["violations"]) == ("summary", None)
    assert less["notes"] == [
        "laws not checked: table transfers: not recorded with record='summary': must be run with record='all'"
    ]
    assert less["summary"] == whole["summary"]


@pytest.mark.parametrize(
    "asked",
    [("sweep", "market_day", "--vary", "bank.workers=1,2"), ("compare", "market_day", "first_purchase")],
)
def test_sweep_and_compare_say_that_no_law_was_checked(call, asked):
    answer = call(*asked, "--runs", "2", "--seed", "1", "--jobs", "1", "--record", "summary", "--metric", "orders")
    assert answer.status == 0
    assert "\n\nlaws not checked: " in answer.out


def test_a_study_file_says_what_is_recorded_and_the_command_line_goes_before_it(call, tmp_path):
    (tmp_path / "study.toml").write_text('scenario = "first_purchase"\nruns = 1\nrecord = "summary"')
    asked = ("replicate", "--study", "study.toml", "--jobs", "1", "--json")
    assert json.loads(call(*asked).out)["recorded"] == "summary"
    assert json.loads(call(*asked, "--record", "all").out)["recorded"] == "all"


def test_a_folder_of_another_mode_is_refused(call):
    asked = ("replicate", "first_purchase", "--runs", "1", "--seed", "1", "--jobs", "1", "--folder", "study")
    assert call(*asked, "--record", "summary").status == 0
    other = call(*asked)
    assert (other.status, other.err.count("\n")) == (2, 1)
    assert "its record differs ('summary', and this is 'all'): must be another folder" in other.err


# Study files

COMPARISON = """
scenario = "base.toml"
runs = 2
seed = 3
settings.demand.visits_per_day = 30

[[alternatives]]
label = "two"

[[alternatives]]
label = "one"
settings."bank.workers" = 1
settings.bank.authorisation_time = {kind = "exponential", mean = 30}
"""


def test_a_comparison_from_a_file(call, market, tmp_path):
    (tmp_path / "below").mkdir()
    market.write(tmp_path / "below" / "base.toml")
    (tmp_path / "below" / "study.toml").write_text(COMPARISON)
    answer = call("compare", "--study", "below/study.toml", "--jobs", "1", "--json", "--runs", "3")
    slow = {"bank.workers": 1, "bank.authorisation_time": {"kind": "exponential", "mean": 30}}
    study = compare(market, market.with_settings(slow), runs=3, seed=3, jobs=1, labels=("two", "one"))
    assert means(answer)[("one", "mean_delivery_seconds")] == pytest.approx(
        study.summary().loc[("one", "mean_delivery_seconds"), "mean"]
    )


DESIGNS = {
    '[grid]\n"bank.workers" = [1, 2]\nshop.workers = [1]': [(1, 1), (2, 1)],
    "[[points]]\nbank.workers = 3\nshop.workers = 2": [(3, 2)],
    "[latin_hypercube]\npoints = 2\nranges.bank.workers = [1, 2]\nranges.shop.workers = [1, 2]": None,
    "[sobol]\npoints = 2\nseed = 1\n[sobol.ranges]\nbank.workers = [1, 2]\nshop.workers = [1, 2]": None,
}


@pytest.mark.parametrize(("design", "points"), DESIGNS.items())
def test_a_sweep_from_a_file(call, tmp_path, design, points):
    (tmp_path / "study.toml").write_text(f'kind = "sweep"\nscenario = "market_day"\nruns = 1\nseed = 2\n{design}')
    answer = call("sweep", "--study", "study.toml", *SMALL, "--jobs", "1", "--json")
    found = sorted({(row["bank.workers"], row["shop.workers"]) for row in json.loads(answer.out)["summary"]})
    assert found == points if points else {one for one, _ in found} == {1, 2}


BAD_CALLS = [
    (("replicate",), "scenario: missing: must be given, here or in the study file"),
    (("sweep", "market_day"), "design: must be one of grid, points, latin_hypercube, sobol"),
    (("sweep", "market_day", "--vary", "bank.workers"), "must be PATH=VALUE,VALUE, such as bank.workers=1,2,4"),
    (("sweep", "market_day", "--vary", "bank.wokers=1"), "bank.wokers: unknown field: nearest is workers"),
    (("replicate", "market_day", "--until", "orders=few"), "must be METRIC=SHARE or METRIC=absolute:HALF-WIDTH"),
    (("replicate", "market_day", "--confidence", "2"), "--confidence: '2': must be between 0 and 1"),
    (("replicate", "market_day", "--jobs", "0"), "'0': must be a whole number from 1"),
    (("replicate", "--study", "none.toml"), "--study: 'none.toml': cannot be read: No such file or directory"),
    (("compare", "market_day"), "scenarios: '1 given': must be two or more to be compared"),
    (
        ("compare", "market_day", "cdnow", "--baseline", "cdnaw"),
        "baseline: 'cdnaw': unknown point: nearest is cdnow",
    ),
    (
        ("compare", "market_day", "cdnow", "--metric", "ordres"),
        "--metric: 'ordres': unknown metric: nearest is orders",
    ),
    (("replicate", "market_day", "--record", "some"), "--record: 'some': must be one of all, summary"),
    (
        ("replicate", "market_day", "--record", "summary", "--series", "waits"),
        "series: ['waits']: needs tables that record='summary' leaves out: must come with record='all'",
    ),
    (("replicate", "market_day", "--until", "ordres=0.1"), "until: 'ordres': unknown metric: nearest is orders"),
]


@pytest.mark.parametrize(("argv", "fault"), BAD_CALLS)
def test_a_bad_call_is_one_line_before_anything_runs(call, argv, fault, monkeypatch):
    monkeypatch.setattr(job, "simulate", None)
    answer = call(*argv, "--jobs", "1") if "--jobs" not in argv else call(*argv)
    assert (answer.status, answer.out, answer.err.count("\n")) == (2, "", 1)
    assert fault in answer.err


BAD_FILES = [
    ("runz = 3", "runz: unknown key of a study: nearest is runs"),
    ('kind = "sweep"', "kind: 'sweep': must be replicate, as the command is"),
    ("settings = 3", "settings: must be a table"),
    ("runs = 0", "runs: 0: must be a whole number from 1"),
    ('record = "some"', "record: 'some': must be one of all, summary"),
    ('warmup = "soon"', "warmup: 'soon': must be a number of seconds or a duration"),
    ("runs = ", "study.toml: is not TOML"),
    ('until = {orders = "few"}', "until.orders: 'few': must be a share of the mean above 0"),
]


@pytest.mark.parametrize(("text", "fault"), BAD_FILES)
def test_a_bad_file_is_one_line(call, tmp_path, text, fault):
    (tmp_path / "study.toml").write_text(text)
    answer = call("replicate", "market_day", "--study", "study.toml")
    assert (answer.status, answer.out, answer.err.count("\n")) == (2, "", 1)
    assert fault in answer.err


def test_a_failed_run_is_named_with_its_command_and_status_1(call, monkeypatch):
    def broken(scenario, seed, record):
        raise RuntimeError("broken")

    monkeypatch.setattr(job, "simulate", broken)
    answer = call("replicate", "market_day", *SMALL, "--runs", "2", "--seed", "1", "--jobs", "1")
    seed = replicate(scenarios.market_day(), runs=1, seed=1, jobs=1).failures["seed"][0]
    again = f"alesha run market_day --seed {seed} --set users.count=20 --set demand.visits_per_day=30"
    assert answer.status == 1
    assert answer.err.splitlines()[:2] == ["failed: RuntimeError: broken", f"  {again}"]
    assert "no run is finished" in answer.out
    less = call(
        "replicate", "market_day", *SMALL, "--runs", "1", "--seed", "1", "--jobs", "1", "--record", "summary"
    )
    assert less.err.splitlines()[1] == f"  {again} --record summary"


def test_an_interrupt_prints_what_is_done(call, monkeypatch):
    made, simulate = [], job.simulate

    def interrupted(scenario, seed, record):
        made.append(seed)
        if len(made) == 3:
            raise KeyboardInterrupt
        return simulate(scenario, seed, record=record)

    monkeypatch.setattr(job, "simulate", interrupted)
    answer = call("replicate", "market_day", *SMALL, "--runs", "5", "--seed", "1", "--jobs", "1")
    assert answer.status == 130
    assert answer.out.startswith("Study of market_day, seed 1: 2 of 5 runs finished\n")
    assert "interrupted: 2 of 5 runs are done" in answer.out


# Series, files and differences

COLLECTED = ("--setup", "extension_examples:install", "--series", "waiting")


def test_a_collector_is_printed_over_time_and_written_to_files(call, monkeypatch):
    monkeypatch.syspath_prepend(str(Path(__file__).parent))
    asked = ("replicate", "market_day", *SMALL, "--runs", "2", "--seed", "1", "--jobs", "1", *COLLECTED)
    answer = call(*asked, "--out", "tables")
    assert "waiting, means over the runs\nname     0  5 hours" in answer.out
    assert answer.err == "runs.csv, summary.csv, series_waiting.csv are in tables\n"
    series = pandas.read_csv("tables/series_waiting.csv")
    assert series["seconds"].tolist() == [3600.0 * hour for hour in range(25)]
    found = json.loads(call(*asked, "--json", "--quiet").out)["series"]["waiting"]
    assert [row["mean"] for row in found] == series["mean"].tolist()
    again = call(*asked, "--out", "tables")
    assert (again.status, again.err.count("\n")) == (2, 1)
    assert "must be a new or empty folder" in again.err


def test_a_long_series_is_cut_short_in_text_alone(call):
    skus = ",".join(f'"{number}"' for number in range(8))
    answer = call(
        "sweep", "market_day", *SMALL, "--vary", f"description={skus}", "--runs", "1", "--seed", "1", "--jobs",
        "1", "--series", "balances",
    )  # fmt: skip
    assert "\n4 more lines: --json and --out have all\n" in answer.out
    assert answer.out.count("description=") == 1 + 20


def test_a_sweep_prints_paired_differences_from_a_point(call, market):
    asked = ("sweep", "market_day", *SMALL, "--vary", "supplier.lead_time=1 day,3 days,7 days", "--runs", "3",
             "--seed", "1", "--jobs", "1", "--metric", "mean_delivery_seconds")  # fmt: skip
    answer = call(*asked, "--baseline", "supplier.lead_time=3 days")
    study = sweep(market, {"supplier.lead_time": ["1 day", "3 days", "7 days"]}, 3, seed=1, jobs=1)
    rows = study.differences("mean_delivery_seconds", baseline=1)
    head, _, *lines = answer.out.split("\n\n")[2].splitlines()
    assert head == "paired differences from supplier.lead_time=3 days, 95%"
    for line, row in zip(lines, rows.itertuples(), strict=True):
        assert f"{row.difference:,.6g} ± {row.half_width:,.6g} *" in line
    first = call(*asked)
    assert "paired differences from supplier.lead_time=1 day, 95%" in first.out
    found = json.loads(call(*asked, "--json").out)["differences"]
    assert {row["other"] for row in found} == {"supplier.lead_time=1 day"}


def test_compare_makes_variants_of_one_scenario(call, market):
    asked = ("compare", "market_day", *SMALL, "--runs", "2", "--seed", "1", "--jobs", "1", "--json")
    found = json.loads(call(*asked, "--vary", "shop.page_time=0,5").out)["differences"]
    variants = [market.with_settings({"shop.page_time": seconds}) for seconds in (0, 5)]
    (expected,) = compare(*variants, runs=2, seed=1, jobs=1).differences("messages")["difference"]
    (row,) = (row for row in found if row["metric"] == "messages")
    assert (row["scenario"], row["other"], row["difference"]) == ("shop.page_time=5", "shop.page_time=0", expected)
    several = call("compare", "market_day", "cdnow", "--vary", "shop.page_time=0,5")
    assert several.err == "scenarios: '2 given': must be one scenario where --vary makes the variants\n"


def test_a_scenario_from_a_file_is_compared_under_the_name_of_the_file(call):
    for name in ("four", "below/four"):
        Path(name).parent.mkdir(exist_ok=True)
        Path(f"{name}.toml").write_text(call("show", "market_day", *SMALL, "--set", "bank.workers=4").out)
    answer = call("compare", "market_day", "four.toml", "below/four.toml", *SMALL, "--runs", "1", "--jobs", "1",
                  "--metric", "orders", "--baseline", "market_day")  # fmt: skip
    assert [line.split()[1:4] for line in answer.out.splitlines() if line.startswith("orders")] == [
        ["four", "-", "market_day"], ["four_2", "-", "market_day"],
    ]  # fmt: skip


def test_one_run_is_printed_without_an_interval(call):
    answer = call("replicate", "market_day", *SMALL, "--runs", "1", "--jobs", "1", "--metric", "orders")
    head, row = answer.out.split("\n\n")[1].splitlines()
    assert (head.split(), len(row.split())) == (["metric", "value"], 2)
    assert "one run is one draw and has no interval: --runs 30 makes 30" in answer.out


def test_a_sweep_names_the_points_at_which_a_metric_was_zero_in_every_run(call):
    answer = call("sweep", "market_day", *SMALL, "--vary", "shop.workers=1,40", "--set", "shop.page_time=20",
                  "--runs", "2", "--seed", "1", "--jobs", "1", "--metric", "mean_shop_wait_seconds")  # fmt: skip
    (note,) = (line for line in answer.out.splitlines() if line.startswith("zero in every run"))
    assert "mean_shop_wait_seconds (at shop.workers=40)" in note
    assert "refunds" not in note  # zero at every point
