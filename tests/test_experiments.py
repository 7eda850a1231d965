"""Experiments: what a study holds, that replications share their streams, and what is refused."""

import dataclasses
import re
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest
import small

import alesha_sim
from alesha_sim import compare, replicate, simulate, sweep
from alesha_sim.books.ledger import LawBroken
from alesha_sim.experiments import Design, grid, job, latin_hypercube, select, sobol
from alesha_sim.experiments.designs import Ranges
from alesha_sim.experiments.plan import alone, labelled, swept
from alesha_sim.experiments.run_table import Rows
from alesha_sim.experiments.studies import plan_of
from alesha_sim.scenarios import ScenarioError, market_day
from alesha_sim.units import DAY


@pytest.fixture(scope="module")
def market():
    return market_day(users=20, visits_per_day=30)


@pytest.fixture(scope="module")
def study(market):
    design = {"supplier.lead_time": ["1 day", "7 days"], "bank.workers": [1, 2]}
    return sweep(market, design, runs=3, seed=5, jobs=1, series=("balances", "stock", "open_orders", "waits"))


def refused(experiment, *given, **options):
    with pytest.raises(ScenarioError) as caught:
        experiment(*given, **{"runs": 2, "jobs": 1, **options})
    return caught.value.problems


# Runs


def test_a_study_has_a_row_a_run_with_design_seed_digest_and_every_figure(study, market):
    assert list(study.runs.columns[:6]) == [
        "point", "supplier.lead_time", "bank.workers", "replication", "seed", "digest",
    ]  # fmt: skip
    assert list(study.runs.columns[6:]) == ["record", *simulate(market, seed=1).metrics()]
    assert list(zip(study.runs["supplier.lead_time"], study.runs["bank.workers"], strict=True))[::3] == [
        ("1 day", 1), ("1 day", 2), ("7 days", 1), ("7 days", 2),
    ]  # fmt: skip
    assert study.runs["replication"].tolist() == [0, 1, 2] * 4
    assert study.failures.empty


def test_numbers_of_runs_and_seeds_may_be_numpys(market):
    plain, numpys = (replicate(market, runs=kind(2), seed=kind(5), jobs=1).runs for kind in (int, np.int64))
    pd.testing.assert_frame_equal(plain, numpys)


def test_the_scenario_and_seed_of_any_row_reproduce_its_digest_and_figures(study):
    for row in study.runs.to_dict("records"):
        result = simulate(study.scenario(row["point"]), row["seed"])
        assert result.digest == row["digest"]
        assert {name: row[name] for name in result.metrics()} == pytest.approx(result.metrics(), nan_ok=True)


def test_a_replication_has_the_same_seed_at_every_point_and_so_the_same_customers(study):
    seeds = study.runs.groupby("replication")["seed"].unique()
    assert [len(found) for found in seeds] == [1, 1, 1]
    assert len({int(found[0]) for found in seeds}) == 3
    visits = study.runs.groupby("replication")["visits"].unique()
    assert [len(found) for found in visits] == [1, 1, 1]


def test_more_runs_begin_with_the_same_runs(market):
    few, more = (replicate(market, runs=runs, seed=3, jobs=1).runs for runs in (2, 4))
    pd.testing.assert_frame_equal(few, more.head(2), check_exact=True)
    assert list(few.columns[:3]) == ["point", "replication", "seed"]


def test_without_a_seed_one_is_drawn_and_told(market):
    first, second = (replicate(market, runs=1, jobs=1) for _ in range(2))
    assert first.seed != second.seed
    again = replicate(market, runs=1, seed=first.seed, jobs=1)
    assert again.runs["digest"].tolist() == first.runs["digest"].tolist()


def test_ones_own_figures_stand_beside_the_others(market):
    study = replicate(market, runs=2, seed=1, jobs=1, metrics=lambda result: {"events": result.events})
    assert study.runs["events"].tolist() == [simulate(market, seed).events for seed in study.runs["seed"].tolist()]


@pytest.mark.parametrize("name", ["point", "replication", "seed", "digest", "record", "orders"])
def test_ones_own_figure_cannot_stand_in_the_place_of_a_column(market, name):
    study = replicate(market, runs=1, seed=1, jobs=1, metrics=lambda result: {name: 1.5})
    rule = "must not be the name of another metric or column of runs"
    assert study.failures["error"].tolist() == [f"ScenarioError: metrics: '{name}': {rule}"]
    assert study.runs.empty


def test_the_order_of_figures_does_not_depend_on_which_run_came_in_first():
    given = {(0, 0): {"a": 1.0, "b": 2.0}, (1, 0): {"a": 3.0, "c": 4.0}, (0, 1): {"d": 5.0, "a": 6.0}}
    frames = []
    for runs in (list(given), list(given)[::-1]):
        rows = Rows()
        for run in runs:
            rows.add(run, run[1], "00" * 32, given[run])
        frames.append(rows.frame())
    assert list(frames[0].columns[4:]) == ["a", "b", "c", "d"]
    pd.testing.assert_frame_equal(*frames, check_exact=True)


def test_figures_after_a_warm_up_are_those_of_the_window(market):
    study = replicate(market, runs=2, seed=1, jobs=1, warmup="12 hours")
    seed = int(study.runs["seed"][1])
    assert study.values("orders")[1] == simulate(market, seed).after("12 hours").metrics()["orders"]
    assert study.values("orders")[1] < simulate(market, seed).metrics()["orders"]


def test_figures_of_ones_own_count_after_the_warm_up_too(market):
    def own(result):
        return {"placed": len(result.orders), "seen": len(result.columns("visits")["visit"]), "seed_": result.seed}

    study = replicate(market, runs=2, seed=1, jobs=1, warmup="12 hours", metrics=own)
    assert study.values("placed").tolist() == study.values("orders").tolist()
    assert study.values("seen").tolist() == study.values("visits").tolist()
    assert study.values("seed_").tolist() == study.runs["seed"].tolist()


def test_what_a_window_does_not_have_is_said_by_name(market):
    study = replicate(market, runs=1, seed=1, jobs=1, warmup="12 hours", metrics=lambda result: result.balances())
    why = "AttributeError: balances: a result after its warm-up has tables and metrics only"
    assert study.failures["error"].tolist() == [why]


def test_the_first_ten_thousand_replications_have_seeds_of_their_own(market):
    plan = plan_of("replicate", [market], alone(market), {"seed": 1})
    assert len({plan.seed_of(replication) for replication in range(10_000)}) == 10_000


# Summaries


def test_a_share_of_runs_has_an_exact_interval_and_an_amount_seldom_met_a_note(market):
    # Of thirty runs three have a seed that ends in 7: Clopper and Pearson's interval is 0.0211 to 0.2653.
    def own(result):
        return {"seven": result.seed % 10 == 7, "paid_cash": 100.5 * (result.seed % 10 == 7)}

    study = replicate(market, runs=30, seed=1, jobs=1, metrics=own)
    row = study.summary().loc["seven"]
    assert (row["mean"], row["low"], row["high"]) == pytest.approx((0.1, 0.021117, 0.265288), abs=1e-6)
    assert row["half_width"] == pytest.approx(row["high"] - row["mean"])
    (note,) = (note for note in study.notes if "unreliable" in note)
    assert note.startswith("zero in nearly every run, so the intervals are unreliable: ")
    assert "paid_cash" in note
    assert "seven" not in note


def test_a_summary_has_mean_deviation_and_interval_of_every_figure(study):
    row = study.summary().loc[("7 days", 2, "orders")]
    values = study.runs.query("point == 3")["orders"].to_numpy()
    half = (
        4.302652729911275 * values.std(ddof=1) / np.sqrt(3)
    )  # the 97.5 % quantile of t with 2 degrees of freedom
    assert row["mean"] == pytest.approx(values.mean())
    assert row["sd"] == pytest.approx(values.std(ddof=1))
    assert (row["low"], row["high"]) == pytest.approx((values.mean() - half, values.mean() + half))
    assert row["runs"] == 3


def test_one_scenario_is_summed_up_by_figure_alone(market):
    summary = replicate(market, runs=2, seed=1, jobs=1).summary(confidence=0.9)
    assert summary.index.name == "metric"
    assert summary.loc["orders", "low"] < summary.loc["orders", "mean"] < summary.loc["orders", "high"]


def test_one_run_has_a_mean_and_no_interval(market):
    row = replicate(market, runs=1, seed=1, jobs=1).summary().loc["orders"]
    assert row["mean"] > 0
    assert row[["sd", "low", "high"]].isna().all()


def test_a_figure_that_some_runs_do_not_have_counts_those_that_do(market):
    def odd(result):
        return {"odd": 1.0 if result.seed % 2 else float("nan")}

    study = replicate(market, runs=6, seed=1, jobs=1, metrics=odd)
    assert study.summary().loc["odd", "runs"] == (study.runs["seed"] % 2).sum()


@pytest.fixture(scope="module")
def busier(market):
    return sweep(market, {"demand.visits_per_day": [30, 40, 50, 60]}, runs=3, seed=5, jobs=1)


def test_differences_are_paired_by_replication(busier):
    row = busier.differences("orders", baseline=0).iloc[1]
    gaps = busier.values("orders", 2) - busier.values("orders", 0)
    assert row["difference"] == pytest.approx(gaps.mean())
    assert row["sd"] == pytest.approx(gaps.std(ddof=1)) != 0
    alone = sum(busier.values("orders", point).var(ddof=1) for point in (2, 0))
    assert row["saved"] == pytest.approx(alone / gaps.var(ddof=1))


def test_a_difference_that_varies_by_rounding_alone_never_varies(study):
    one, other = (study.values("mean_delivery_seconds", point) for point in (2, 0))
    assert 0 < (one - other).std() < 1e-9  # the lead times differ by six days in every run
    row = study.differences("mean_delivery_seconds", baseline=0).iloc[1]
    assert (row["sd"], row["half_width"], row["saved"]) == (0, 0, np.inf)
    assert row["difference"] == pytest.approx(6 * 86_400)


@pytest.mark.parametrize("baseline", [4, -1, True, 1.5])
def test_a_baseline_that_is_no_point_is_refused(study, baseline):
    with pytest.raises(ScenarioError, match=r"baseline: .*: must be a label, or from 0 to 3"):
        study.differences("orders", baseline=baseline)


def test_intervals_of_several_comparisons_hold_together(busier):
    metric = "orders"
    one, pairs = busier.differences(metric, baseline=0), busier.differences(metric)
    assert (len(one), len(pairs)) == (3, 6)
    gaps = busier.values(metric, 2) - busier.values(metric, 0)
    error = gaps.std(ddof=1) / np.sqrt(3)
    # The quantiles of t with 2 degrees of freedom at 1 - 0.05 / 2 / 3 and 1 - 0.05 / 2 / 6.
    assert one["half_width"][1] == pytest.approx(7.6488 * error, rel=1e-4)
    assert pairs["half_width"][1] == pytest.approx(10.8859 * error, rel=1e-4)


def test_pairing_saves_runs_where_customers_are_the_same(market):
    slow = market.with_settings({"shop.page_time": 2})
    row = compare(market, slow, runs=10, seed=2, jobs=1).differences("revenue").iloc[0]
    assert row["scenario"] == "market_day_2"
    assert row["saved"] > 5


def test_a_comparison_names_its_scenarios(market):
    study = compare(
        market, market.with_settings({"bank.workers": 1}), runs=2, seed=1, jobs=1, labels=("two", "one")
    )
    assert study.runs["scenario"].tolist() == ["two", "two", "one", "one"]
    assert study.scenario(1).bank.workers == 1


# Series


@pytest.mark.parametrize("seed", [0, 2**63 - 1])
def test_every_seed_from_0_to_the_largest_is_taken(market, seed):
    study = replicate(market, runs=1, seed=seed, jobs=1)
    assert study.seed == seed


@pytest.mark.parametrize("name", ["balances", "stock", "open_orders", "waits"])
def test_a_series_has_one_grid_for_all_runs(study, name):
    series = study.series(name)
    one = series.query("point == 1")
    assert one["seconds"].max() == DAY
    assert one.groupby("name").size().unique().tolist() == [201]
    defined = one.dropna()
    assert len(defined) > 20
    assert (defined["low"] <= defined["mean"]).all()
    assert (defined["few"] <= defined["most"]).all()


def test_a_series_of_balances_is_the_mean_of_the_runs(study):
    series = study.series("balances").query("point == 2 and name == 'shop'").set_index("seconds")
    seeds = study.runs.query("point == 2")["seed"].tolist()
    shops = [simulate(study.scenario(2), seed).balances(every=432)["shop"].iloc[:201] for seed in seeds]
    assert series["mean"].to_numpy() == pytest.approx(np.mean([shop.to_numpy() for shop in shops], axis=0))


def test_nine_tenths_of_the_runs_lie_between_few_and_most(study):
    series = study.series("balances").query("point == 2 and name == 'shop'")
    seeds = study.runs.query("point == 2")["seed"].tolist()
    shops = [simulate(study.scenario(2), seed).balances(every=432)["shop"].iloc[:201] for seed in seeds]
    few, most = np.quantile(np.array(shops), [0.05, 0.95], axis=0)
    assert (series["few"].to_numpy(), series["most"].to_numpy()) == (pytest.approx(few), pytest.approx(most))


def test_open_orders_are_those_neither_delivered_nor_closed(study):
    last = study.series("open_orders").query("point == 3").iloc[-1]
    orders = [simulate(study.scenario(3), seed).orders for seed in study.runs.query("point == 3")["seed"].tolist()]
    end = pd.Timestamp("2021-01-02")
    still = [((each["placed_at"] <= end) & ~(each["closed_at"] <= end)).sum() for each in orders]
    assert last["mean"] == pytest.approx(np.mean(still))


def test_a_series_of_waits_is_the_mean_wait_of_the_requests_that_came_in_each_step():
    busy = market_day(users=40, visits_per_day=4000, shop_workers=1).with_settings({"horizon": "12 hours"})
    study = replicate(busy, runs=1, seed=5, jobs=1, series=("waits",))
    series = study.series("waits").query("name == 'shop'").set_index("seconds")["mean"].dropna()
    messages = simulate(busy, int(study.runs["seed"].iloc[0])).messages
    served = messages[(messages["recipient"] == "shop") & messages["started_at"].notna()]
    waits = (served["started_at"] - served["delivered_at"]).dt.total_seconds()
    step = np.ceil((served["delivered_at"] - pd.Timestamp("2021-01-01")).dt.total_seconds() / 216)
    expected = waits.groupby(step).mean()
    assert expected.max() > 0.01
    expected.index *= 216
    pd.testing.assert_series_equal(series, expected[expected.index <= DAY / 2], check_names=False)


def test_a_series_that_was_not_recorded_is_refused(market):
    with pytest.raises(ValueError, match="series: 'waits': was not kept"):
        replicate(market, runs=1, seed=1, jobs=1).series("waits")


# Designs


def test_a_grid_has_every_combination_with_the_last_factor_fastest():
    points = grid({"a": [1, 2], "b": ["x", "y", "z"]}).points
    assert [tuple(point.values()) for point in points] == [
        (1, "x"), (1, "y"), (1, "z"), (2, "x"), (2, "y"), (2, "z"),
    ]  # fmt: skip


def test_a_list_of_points_is_run_as_it_stands(market):
    points = [{"bank.workers": 1}, {"bank.workers": 3, "shop.workers": 1}]
    study = sweep(market, points, runs=1, seed=1, jobs=1)
    assert study.runs["bank.workers"].tolist() == [1, 3]
    assert study.scenario(1).shop.workers == 1
    assert study.scenario(0).shop.workers == market.shop.workers


def test_a_latin_hypercube_hits_each_stratum_once_and_keeps_types():
    ranges = {"supplier.lead_time": ("1 day", "7 days"), "bank.workers": (1, 4), "demand.buy_share": (0.2, 0.4)}
    design = latin_hypercube(ranges, points=8, seed=3)
    shares = np.array([point["demand.buy_share"] for point in design.points])
    assert sorted(np.floor((shares - 0.2) / 0.2 * 8).astype(int)) == list(range(8))
    workers = [point["bank.workers"] for point in design.points]
    assert sorted(workers) == [1, 1, 2, 2, 3, 3, 4, 4]
    assert all(isinstance(worker, int) for worker in workers)
    assert all(DAY <= point["supplier.lead_time"] <= 7 * DAY for point in design.points)
    assert design == latin_hypercube(ranges, points=8, seed=3) != latin_hypercube(ranges, points=8, seed=4)


SPANS = [
    ((2, 5), [2, 2, 3, 4, 5, 5]),
    (
        (Decimal("1.50"), Decimal("2.5")),
        [Decimal(each) for each in ("1.50", "1.70", "1.75", "2.00", "2.49", "2.50")],
    ),
    ((1, Decimal("3.0")), [Decimal(each) for each in ("1.0", "1.4", "1.5", "2.0", "3.0", "3.0")]),
    ((0.2, 0.6), [0.2, 0.28, 0.3, 0.4, 0.596, 0.6]),
    ((-1, 0.5), [-1, -0.7, -0.625, -0.25, 0.485, 0.5]),
    (("1 hour", "3 hours"), [3600, 5040, 5400, 7200, 10_728, 10_800]),
]


@pytest.mark.parametrize(("span", "values"), SPANS)
def test_a_range_is_stretched_evenly_between_its_ends_both_included(span, values):
    places = np.array([[0.0], [0.2], [0.25], [0.5], [0.99], [1.0]])
    found = [point["x"] for point in Ranges({"x": span}).points(places)]
    assert [type(value) for value in found] == [type(value) for value in found[:1]] * 6
    assert [str(value) for value in found] == [str(value) for value in values] or found == pytest.approx(values)


def test_a_sobol_design_is_balanced_in_every_half(market):
    ranges = {"demand.buy_share": (0.0, 1.0), "shop.workers": (1, 2)}
    design = sobol(ranges, points=16, seed=1)
    assert design == sobol(ranges, points=16, seed=1) != sobol(ranges, points=16, seed=2)
    assert sum(point["demand.buy_share"] < 0.5 for point in design.points) == 8
    assert sum(point["shop.workers"] == 1 for point in design.points) == 8
    assert len(sweep(market, Design(design.points[:2]), runs=1, seed=1, jobs=1).runs) == 2


def test_different_settings_that_look_the_same_are_told_apart(market):
    @dataclasses.dataclass(frozen=True, repr=False)
    class Quiet(Fragile):
        level: int

        def __str__(self):
            return "quiet"

    one, other = Quiet(1), Quiet(2)
    design = {"supplier.stock": [one, other, one], "users.opening_balance": [500, "500"]}
    points = plan_of("sweep", [market], swept(market, grid(design)), {"seed": 1}).points
    labels = [(point.labels["supplier.stock"], point.labels["users.opening_balance"]) for point in points]
    assert labels[:4] == [
        ("quiet (1)", "500 (1)"), ("quiet (1)", "500 (2)"), ("quiet (2)", "500 (1)"), ("quiet (2)", "500 (2)"),
    ]  # fmt: skip
    assert labels[4:] == labels[:2]


def test_scenarios_of_the_same_name_are_numbered_past_names_that_are_taken(market):
    names = ["market", "market", "market_2", "market"]
    points = labelled([market.with_settings({"name": name}) for name in names], None)
    assert [point.labels["scenario"] for point in points] == ["market", "market_3", "market_2", "market_4"]


# Bad input


BAD_DESIGNS = [
    ({}, "design: {}: must have at least one factor"),
    ([], "design: []: must have at least one point"),
    ([{}], "design: [{}]: must change at least one field"),
    ({"bank.workers": []}, "bank.workers: []: must be a list of at least one value"),
    ({"bank.workers": 3}, "bank.workers: 3: must be a list of at least one value"),
    (3, "design: 3: must be a mapping from paths to lists, a list of points, or a Design"),
    ({"bank.wokers": [1, 2]}, "bank.wokers: unknown field: nearest is workers (point 1 of 2)"),
    ({"bank.workers": [1, 0]}, "bank.workers: 0: must be at least 1 (point 2 of 2)"),
]


@pytest.mark.parametrize(("design", "fault"), BAD_DESIGNS)
def test_a_bad_design_is_refused_before_anything_runs(market, design, fault, monkeypatch):
    monkeypatch.setattr("alesha_sim.experiments.workers.run_job", None)
    assert refused(sweep, market, design) == [fault]


def test_scenarios_of_different_currencies_are_not_compared(market):
    euro = market.with_settings({"currency.code": "EUR"})
    rule = "currency: 'BDT, EUR': must be the same in all: amounts of several cannot be compared"
    with pytest.raises(ScenarioError) as caught:
        compare(market, euro, runs=1, seed=1, jobs=1)
    assert caught.value.problems == [rule]
    assert refused(sweep, market, {"currency.code": ["BDT", "EUR"]}) == [rule]


def test_a_warm_up_must_end_before_every_horizon_of_a_design(market):
    design = {"horizon": ["1 day", "6 hours"]}
    rule = "must be less than the horizon of 21600 s"
    assert refused(sweep, market, design, warmup="12 hours") == [f"warmup: 43200.0: {rule}"]
    assert refused(sweep, market, design, warmup="6 hours") == [f"warmup: 21600.0: {rule}"]
    assert refused(sweep, market, design, every="6 hours") == [f"every: 21600.0: {rule}"]


def test_all_values_that_the_scenario_refuses_are_listed_once(market):
    design = {"bank.workers": [0, 1, -1], "supplier.lead_time": ["1 day", "soon"]}
    rule = 'must be a number of seconds or a duration such as "250 ms", "3 days", "1:30:00"'
    assert sorted(refused(sweep, market, design)) == [
        "bank.workers: -1: must be at least 1 (point 5 of 6)",
        "bank.workers: 0: must be at least 1 (point 1 of 6)",
        f"supplier.lead_time: 'soon': {rule} (point 2 of 6)",
    ]


LEFT_OUT = "needs tables that record='summary' leaves out: must come with record='all'"
BAD_OPTIONS = [
    ({"runs": 0}, "runs: 0: must be a whole number from 1"),
    ({"seed": -1}, f"seed: -1: must be a whole number from 0 to {2**63 - 1}"),
    ({"jobs": 0}, "jobs: 0: must be a whole number from 1, or -1 for one a core"),
    ({"series": ["wait"]}, "series: 'wait': unknown name: nearest is waits"),
    ({"series": "waits"}, "series: 'waits': must be a list of names: nearest is waits"),
    ({"keep": ["order"]}, "keep: 'order': unknown name: nearest is orders"),
    ({"keep": ["orders"]}, "keep: ['orders']: must come with a folder"),
    ({"warmup": "2 days"}, "warmup: 2 days: must be less than the horizon of 86400 s"),
    ({"warmup": "1 day"}, "warmup: 1 day: must be less than the horizon of 86400 s"),
    ({"every": -1}, "every: -1: must not be negative"),
    ({"metrics": 3}, "metrics: 3: must be a function of a result"),
    ({"job": 3}, "job: unknown option: nearest is jobs"),
    ({"record": "sumary"}, "record: 'sumary': must be one of all, summary"),
    ({"record": None}, "record: None: must be one of all, summary"),
    ({"record": "summary", "series": ["waits"]}, f"series: ['waits']: {LEFT_OUT}"),
    ({"record": "summary", "keep": ["users", "orders"]}, f"keep: ['orders']: {LEFT_OUT}"),
    ({"record": "summary", "warmup": "2 hours"}, f"warmup: '2 hours': {LEFT_OUT}"),
    ({"until": {}}, "until: {}: must name at least one metric"),
    ({"until": {"orders": 0.1}, "max_runs": 5}, "max_runs: 5: must be a whole number from 20"),
    ({"confidence": 1}, "confidence: 1: must be between 0 and 1"),
]


@pytest.mark.parametrize(("options", "fault"), BAD_OPTIONS)
def test_a_bad_option_is_refused_in_one_line(market, options, fault):
    assert refused(replicate, market, **options) == [fault]


def test_a_comparison_needs_two_scenarios_with_names_of_their_own(market):
    assert refused(compare, market) == ["scenarios: '1 given': must be two or more to be compared"]
    assert refused(compare, market, market, labels=("a", "a")) == ["labels: ['a', 'a']: must be 2 different texts"]


BAD_RANGES = [
    ({}, 2, "design: a table: must have at least one factor"),
    ({"a": (2, 1)}, 2, "a: (2, 1): must be (low, high), two numbers or durations with low below high"),
    ({"a": "1 day"}, 2, "a: '1 day': must be (low, high), two numbers or durations with low below high"),
    (
        {"a": (0, float("inf"))},
        2,
        "a: (0, inf): must be (low, high), two numbers or durations with low below high",
    ),
    ({"a": (1, 2)}, 0, "points: 0: must be a whole number from 1"),
]


@pytest.mark.parametrize("make", [latin_hypercube, sobol])
@pytest.mark.parametrize(("ranges", "points", "fault"), BAD_RANGES)
def test_a_bad_range_is_refused(make, ranges, points, fault):
    with pytest.raises(ScenarioError) as caught:
        make(ranges, points=points, seed=1)
    assert caught.value.problems == [fault]


def test_a_sobol_design_needs_a_power_of_two():
    with pytest.raises(ScenarioError, match="points: 6: must be a power of two"):
        sobol({"a": (0, 1)}, points=6, seed=1)


# Less recorded

UNCHECKED = "laws not checked: table transfers: not recorded with record='summary': must be run with record='all'"


@pytest.mark.parametrize("name", ["market_day", "unreliable_network", "returns_season", "cash_on_delivery"])
def test_runs_that_record_less_have_the_same_figures_and_digests_of_their_own(name):
    scenario = small.scenario(name)
    whole, less = (replicate(scenario, runs=2, seed=5, jobs=1, record=mode) for mode in ("all", "summary"))
    own = ["digest", "record"]
    pd.testing.assert_frame_equal(less.runs.drop(columns=own), whole.runs.drop(columns=own), check_exact=True)
    assert whole.runs["record"].tolist() == ["all", "all"]
    assert less.runs["record"].tolist() == ["summary", "summary"]
    assert not set(whole.runs["digest"]) & set(less.runs["digest"])
    seed = int(less.runs["seed"][1])
    assert simulate(scenario, seed, record="summary").digest == less.runs["digest"][1]


def test_a_study_says_that_no_law_was_checked(market):
    whole, less = (replicate(market, runs=1, seed=5, jobs=1, record=mode) for mode in ("all", "summary"))
    assert (whole.record, whole.violations, whole.notes) == ("all", [], [])
    assert (less.record, less.violations, less.notes) == ("summary", None, [UNCHECKED])
    assert UNCHECKED in repr(less)
    assert "laws not checked" in less._repr_html_()


def test_a_run_that_breaks_a_law_is_told_as_a_violation(market, monkeypatch):
    def breaking(scenario, seed, record):
        raise LawBroken("L2: order 1: 3 units\nL3: order 2")

    monkeypatch.setattr(job, "simulate", breaking)
    assert replicate(market, runs=2, seed=5, jobs=1).violations == 2 * ["L2: order 1: 3 units L3: order 2"]
    assert replicate(market, runs=2, seed=5, jobs=1, record="summary").violations is None


def test_designs_comparisons_and_selections_record_less_too(market):
    slow = market.with_settings({"shop.page_time": 5})
    given = {"seed": 5, "jobs": 1}

    def figures(**mode):
        design = sweep(market, {"bank.workers": [1, 2]}, runs=2, **given, **mode)
        both = compare(market, slow, runs=2, **given, **mode)
        chosen = select([market, slow], "visits", indifference=500, first=3, max_runs=3, **given, **mode)
        return [design, both, chosen.study]

    for whole, less in zip(figures(), figures(record="summary"), strict=True):
        pd.testing.assert_frame_equal(less.summary(), whole.summary(), check_exact=True)
        assert UNCHECKED in less.notes
        assert UNCHECKED not in whole.notes
        assert (whole.runs["digest"] != less.runs["digest"]).all()


def test_a_figure_of_ones_own_that_needs_what_is_off_fails_its_run(market):
    def own(result):
        return {"said": len(result.messages)}

    study = replicate(market, runs=2, seed=5, jobs=1, record="summary", metrics=own)
    line = "table messages: not recorded with record='summary': must be run with record='all'"
    assert study.failures["error"].tolist() == 2 * [f"NotRecorded: {line}"]
    assert replicate(market, runs=2, seed=5, jobs=1, metrics=own).failures.empty


@pytest.mark.parametrize(("level", "kind"), [("all", "series"), ("summary", "series"), ("summary", "table")])
def test_what_a_study_did_not_keep_comes_with_the_options_that_it_advises(market, tmp_path, level, kind):
    def made(number, **options):
        study = replicate(market, runs=1, seed=5, jobs=1, folder=tmp_path / str(number), **options)
        return study.table("orders") if kind == "table" else study.tracks("waits")

    with pytest.raises(ValueError, match="was not kept: must be run with ") as caught:
        made(1, record=level)
    advice = str(caught.value).partition("must be run with ")[2]
    assert len(made(2, **({"record": level} | eval(f"dict({advice})"))))


@pytest.mark.parametrize("level", ["all", "summary"])
def test_a_table_that_a_study_without_a_folder_cannot_keep_comes_with_one(market, level):
    study = replicate(market, runs=1, seed=5, jobs=1, record=level)
    advice = "keep=('orders',), " + "record='all', " * (level == "summary") + "folder=..."
    with pytest.raises(ValueError, match=re.escape(f"table: 'orders': was not kept: must be run with {advice}")):
        study.table("orders")
    with pytest.raises(ValueError, match=re.escape("must be run with keep=('users',), folder=...")):
        study.table("users")


def test_no_option_is_advised_for_a_table_or_a_series_that_there_is_not(market):
    study = replicate(market, runs=1, seed=5, jobs=1)
    with pytest.raises(ValueError, match="table: 'order': unknown name: nearest is orders"):
        study.table("order")
    with pytest.raises(ValueError, match="series: 'wait': unknown name: nearest is waits"):
        study.tracks("wait")


def test_tables_that_every_mode_has_can_be_kept(market, tmp_path):
    study = replicate(market, runs=2, seed=5, jobs=1, record="summary", folder=tmp_path / "s", keep=["users"])
    assert len(study.table("users")) == 40


# Failures


@dataclasses.dataclass(frozen=True)
class Fragile:
    """A stock policy that breaks when it is asked."""

    kind = "fragile"
    period = None

    def opening(self, sku):
        return None

    def order(self, sku, position, demands):
        return 0

    def accepts(self, lines):
        raise RuntimeError("no\npolicy")


def test_a_run_that_raises_is_recorded_with_its_command_and_stops_nothing(market):
    fine = market.with_settings({"bank.workers": 1})
    broken = market.with_settings({"supplier.stock": Fragile()})
    study = compare(fine, broken, runs=2, seed=1, jobs=1, labels=("fine", "broken"))
    assert study.runs["scenario"].tolist() == ["fine", "fine"]
    failures = study.failures
    assert failures["scenario"].tolist() == ["broken", "broken"]
    assert failures["error"].str.contains("no policy").all()
    assert failures["trace"].str.contains("RuntimeError").all()
    seed = failures["seed"][1]
    assert failures["command"][1] == f"alesha_sim.simulate(study.scenario(1), seed={seed})"
    said = "2 runs failed and count in no mean: study.failures tells how to make each again"
    assert said in study.notes
    assert said in repr(study)


def test_a_mean_says_how_many_runs_failed(market):
    def fragile(result):
        if result.seed % 2:
            raise ArithmeticError("odd")
        return {}

    study = replicate(market, runs=6, seed=1, jobs=1, metrics=fragile)
    row = study.summary().loc["orders"]
    assert (row["runs"], row["failed"]) == (len(study.runs), len(study.failures))
    assert 0 < row["failed"] < 6 == row["runs"] + row["failed"]


def test_the_command_of_a_run_of_a_shipped_scenario_reproduces_it(capsys):
    import shlex

    from alesha_sim.cli import main

    design = [{"demand.visits_per_day": 20, "supplier.lead_time": "2 days"}]
    study = sweep(market_day(), design, runs=2, seed=1, jobs=1)
    words = shlex.split(study.command(0, 1))
    assert words[:3] == ["alesha", "run", "market_day"]
    assert main([*words[1:], "--json"]) == 0
    assert study.runs["digest"][1] in capsys.readouterr().out


def test_the_command_of_a_run_that_recorded_less_records_as_little(market):
    study = replicate(market_day(), runs=1, seed=1, jobs=1, record="summary", metrics=lambda result: 1 / 0)
    seed = int(study.failures["seed"][0])
    assert study.command() == f"alesha run market_day --seed {seed} --record summary"
    own = replicate(market.with_settings({"supplier.stock": Fragile()}), runs=1, jobs=1, record="summary")
    seed = int(own.failures["seed"][0])
    assert own.command() == f"alesha_sim.simulate(study.scenario(0), seed={seed}, record='summary')"


def test_the_names_are_those_of_the_package():
    assert alesha_sim.Study is type(replicate(market_day(users=5, visits_per_day=2), runs=1, seed=1, jobs=1))


def test_a_study_shows_itself(study):
    assert repr(study) == "Study of market_day at 4 points, seed 5: 12 of 12 runs finished"
    assert "<table" in study._repr_html_()
