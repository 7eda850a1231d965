"""Steady state: where a warm-up ends, what batches say, and figures after a warm-up."""

import numpy as np
import pytest

from alesha_sim import replicate, simulate
from alesha_sim.experiments import batch_means, mser5
from alesha_sim.scenarios import ScenarioError, market_day
from alesha_sim.tables.schema import SCHEMA


def noise(size, seed=1):
    return np.random.default_rng(seed).normal(size=size)


# MSER-5


def test_the_cut_is_where_mser_by_its_definition_is_least():
    series = noise(203) + 8 * np.exp(-np.arange(203) / 15)
    batches = series[:200].reshape(40, 5).mean(axis=1)
    statistic = [np.sum((batches[d:] - batches[d:].mean()) ** 2) / (40 - d) ** 2 for d in range(35)]
    found = mser5(series)
    assert found.statistic == pytest.approx(np.array(statistic))
    assert found.cut == 5 * int(np.argmin(statistic))
    assert found.batches == pytest.approx(batches)


def test_a_step_is_cut_where_it_ends():
    series = noise(500) * 0.1
    series[:100] += 5
    found = mser5(series, np.arange(500) * 2.0)
    assert (found.cut, found.seconds, found.too_short) == (100, 200.0, False)
    assert str(found) == "warm-up ends at 200 s, after 100 values"


@pytest.mark.parametrize(("settles", "too_short"), [(50, False), (55, True)])
def test_a_cut_beyond_the_first_half_and_no_other_is_too_short(settles, too_short):
    found = mser5(np.where(np.arange(100) < settles, 10.0, 0.0))
    assert (found.cut, found.too_short) == (settles, too_short)


def test_a_series_without_a_warm_up_loses_little():
    assert np.median([mser5(noise(500, seed)).cut for seed in range(21)]) <= 50


def test_a_series_that_never_settles_says_that_the_run_is_too_short():
    found = mser5(np.linspace(0, 10, 300) ** 3)
    assert found.too_short
    assert str(found).startswith("run too short")


@pytest.mark.parametrize(
    ("series", "fault"), [(np.ones(49), "must have at least 50"), ([np.nan] * 60, "must be finite")]
)
def test_a_series_that_tells_nothing_is_refused(series, fault):
    with pytest.raises(ScenarioError, match=fault):
        mser5(series)


def test_the_warm_up_of_a_study_is_that_of_its_mean():
    market = market_day(users=50, visits_per_day=60, days=40, mean_balance=1e6)
    study = replicate(market, runs=4, seed=1, jobs=1, series=["open_orders"])
    found = study.warm_up("open_orders", "orders")
    # Orders are open for two days and a quarter in the mean, so that their number settles after some days.
    assert 1.0 < found.seconds / 86_400 < 6.0
    assert not found.too_short
    mean = study.series("open_orders")["mean"].to_numpy()
    assert found.batches == pytest.approx(mean[: 5 * len(found.batches)].reshape(-1, 5).mean(axis=1))
    with pytest.raises(ScenarioError, match="name: 'order': is not in open_orders: nearest is orders"):
        study.warm_up("open_orders", "order")


# Batch means


def test_batch_means_are_a_t_interval_of_the_means_of_batches():
    series = noise(1003)
    found = batch_means(series, batches=10)
    means = series[3:].reshape(10, 100).mean(axis=1)
    half = 2.262157 * means.std(ddof=1) / np.sqrt(10)
    expected = (means.mean(), means.mean() - half, means.mean() + half)
    assert (found.mean, found.low, found.high) == pytest.approx(expected)
    assert not found.too_short


def test_batches_that_depend_on_each_other_are_told():
    series = np.empty(2000)
    series[0] = 0
    for n, shock in enumerate(noise(1999)):
        series[n + 1] = 0.99 * series[n] + shock
    assert batch_means(series, batches=40).too_short
    assert batch_means(series, batches=40).correlation > 0.2


@pytest.mark.parametrize(
    ("means", "correlation"), [((1, 2, 3, 4), 0.25), ((1, -1, 1, -1), -0.75), ((7, 7, 7, 7), 0.0)]
)
def test_the_correlation_is_that_of_each_batch_mean_with_the_next(means, correlation):
    found = batch_means(np.repeat(means, 2), batches=4)
    assert (found.correlation, found.mean) == (correlation, np.mean(means))


def test_a_warm_up_is_left_out():
    series = np.concatenate([np.full(100, 50.0), np.zeros(200)])
    assert batch_means(series, warmup=100, batches=10).mean == 0
    with pytest.raises(ScenarioError, match="batches: 200: must be at least 2, with two values or more each"):
        batch_means(series, batches=200)


@pytest.mark.parametrize(
    ("series", "options", "fault"),
    [
        (noise(100), {"warmup": -1}, "warmup: -1: must be a whole number from 0"),
        (noise(100), {"warmup": 1.5}, "warmup: 1.5: must be a whole number from 0"),
        (noise(100), {"warmup": True}, "warmup: True: must be a whole number from 0"),
        (noise(100), {"batches": 2.5}, "batches: 2.5: must be a whole number from 0"),
        ([*noise(99), np.nan], {}, "series: 'a value that is not finite': must be finite"),
        ([*noise(99), np.inf], {}, "series: 'a value that is not finite': must be finite"),
        (noise(100).reshape(50, 2), {}, "series: '2 dimensions': must be one value after the other"),
    ],
)
def test_batches_that_tell_nothing_are_refused(series, options, fault):
    with pytest.raises(ScenarioError) as caught:
        batch_means(series, **{"batches": 10, **options})
    assert caught.value.problems == [fault]


def test_fifty_values_have_a_cut_and_two_batches_of_two_values_a_mean():
    assert mser5(np.repeat([10.0, 0.0], [5, 45])).cut == 5
    found = batch_means([9.0, 1.0, 3.0, 5.0, 7.0], batches=2)
    assert (found.mean, found.batches) == (4.0, 2)
    with pytest.raises(ScenarioError, match="batches: 1: must be at least 2, with two values or more each of 100"):
        batch_means(noise(100), batches=1)


def test_what_is_not_finite_within_the_warm_up_does_not_matter():
    assert batch_means([np.nan, *noise(100)], warmup=1, batches=10) == batch_means(noise(100), batches=10)


def test_a_series_must_have_an_instant_for_each_value():
    with pytest.raises(ScenarioError, match="seconds: '59 instants': must be as many as the 60 values"):
        mser5(noise(60), np.arange(59))


# A result after its warm-up


@pytest.fixture(scope="module")
def result():
    return simulate(market_day(users=60, visits_per_day=200, days=2), seed=4)


def test_after_nothing_everything_is_as_it_was(result):
    assert result.after(0).metrics() == pytest.approx(result.metrics(), nan_ok=True)


def test_counts_before_and_after_add_up(result):
    later = result.after("1 day").metrics()
    earlier = (result.visits["arrived_at"] < "2021-01-02").sum(), (result.orders["placed_at"] < "2021-01-02").sum()
    assert (later["visits"] + earlier[0], later["orders"] + earlier[1]) == (len(result.visits), len(result.orders))
    assert 0 < later["orders"] < len(result.orders)
    shop = result.transfers.query("book == 'shop' and code != 'opening' and posted_at >= '2021-01-02'")
    sold = shop[shop["credit"] == "shop:sales"]["amount"].sum()
    assert later["revenue"] == pytest.approx(sold)
    assert later["shop_cash"] == result.metrics()["shop_cash"]


def test_accounts_open_with_what_they_held_when_the_window_begins(result):
    window = result.after("3 days")  # when some goods have arrived
    accounts = window.accounts.set_index("account").query("commodity == 'BDT'")
    deposit = result.balances("shop").loc[:"2021-01-03 23:59:59.999999"].iloc[-1, 0]
    assert accounts.loc["bank:deposits:shop", "opening"] == pytest.approx(deposit)
    flows = accounts[accounts["kind"].isin(["income", "expense"])]
    assert not flows["opening"].any()
    whole = result.accounts.set_index("account")["closing"]
    assert 0 < accounts.loc["shop:sales", "closing"] < whole["shop:sales"]
    changes = window.transfers.query("commodity == 'BDT'")
    for account, row in accounts.iterrows():
        net = changes.loc[changes["debit"] == account, "amount"].sum()
        net -= changes.loc[changes["credit"] == account, "amount"].sum()
        sign = 1 if row["kind"] in ("asset", "expense") else -1
        assert row["closing"] == pytest.approx(row["opening"] + sign * net, abs=1e-6), account


def test_a_window_shows_itself_and_its_tables(result):
    window = result.after("36 hours")
    assert repr(window) == "market_day from 129600 s on"
    assert (window.messages["sent_at"] >= "2021-01-02 12:00").all()
    assert (window.visits["arrived_at"] >= "2021-01-02 12:00").all()
    assert window.summary()["visits"] == len(window.visits)
    assert set(window.columns("order_lines")["order"]) <= set(window.orders["order"])
    with pytest.raises(ScenarioError):
        result.after("soon")


def test_a_window_has_every_table_of_its_result(result):
    window = result.after("1 day")
    for name in SCHEMA:
        assert list(getattr(window, name).columns) == list(getattr(result, name).columns)
    assert set(window.order_lines["order"]) == set(window.orders["order"])
    with pytest.raises(ValueError, match="table deliveries: must be one of orders"):
        window.columns("deliveries")
