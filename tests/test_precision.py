"""Until it is precise: Law's rule stops at the first number of runs that is enough, and covers what it should."""

import numpy as np
import pandas as pd
import pytest

from alesha_sim import replicate
from alesha_sim.experiments.estimates import estimates
from alesha_sim.experiments.precision import Rule, goals
from alesha_sim.scenarios import ScenarioError, market_day


@pytest.fixture(scope="module")
def market():
    return market_day(users=20, visits_per_day=30)


def samples(mean, sd, size=500, seed=1):
    return np.random.default_rng(seed).normal(mean, sd, size=(size, 1))


def test_the_rule_stops_where_the_half_width_falls_below_gamma_over_one_plus_gamma():
    values = samples(10.0, 2.0)
    stop = Rule(goals({"a": 0.05})).stop(values)
    met = [count for count in range(20, 501) if ratio(values[:count]) <= 0.05 / 1.05]
    assert stop == met[0] > 40
    looser = [count for count in range(20, 501) if ratio(values[:count]) <= 0.05]
    assert looser[0] < stop  # the rule is not the naive one


def ratio(values):
    found = estimates(values)
    return float(found.half_width[0] / abs(found.mean[0]))


def test_the_rule_never_stops_before_twenty_runs():
    assert Rule(goals({"a": 0.5})).stop(samples(10.0, 0.1)) == 20
    assert Rule(goals({"a": 0.5})).stop(samples(10.0, 0.1)[:19]) is None


def test_an_absolute_half_width_suits_a_mean_near_zero():
    values = samples(0.0, 1.0)
    assert Rule(goals({"a": 0.05})).stop(values) is None
    stop = Rule(goals({"a": {"absolute": 0.25}})).stop(values)
    assert estimates(values[:stop]).half_width[0] <= 0.25 < estimates(values[: stop - 1]).half_width[0]


@pytest.mark.parametrize("value", [0.0, 0.1, 7.0, 4000.0])
@pytest.mark.parametrize("wanted", [0.05, {"absolute": 0.05}])
def test_without_variance_nothing_is_reached(value, wanted):
    values, rule = np.full((60, 1), value), Rule(goals({"refunds": wanted}))
    assert rule.stop(values) is None
    assert not rule.table(values)["reached"][0]
    assert rule.likely(values) == 120
    assert rule.notes(values) == [
        f"refunds was {value:,g} in all 60 runs: without variance no precision is reached"
    ]


def test_a_share_without_variance_is_reached_by_its_exact_interval():
    rule = Rule(goals({"a": {"absolute": 0.05}}))
    # Clopper and Pearson's interval of none in n ends at 1 - 0.025 ** (1 / n), which 72 runs bring below 0.05.
    assert rule.stop(np.zeros((200, 1))) == 72
    assert rule.stop(np.ones((200, 1))) == 72
    assert rule.notes(np.zeros((72, 1))) == []


def test_an_amount_without_variance_has_no_exact_interval():
    assert Rule(goals({"refunds": {"absolute": 0.05}})).stop(np.zeros((200, 1))) is None


def test_several_figures_share_the_confidence():
    one, both = samples(10.0, 2.0), np.hstack([samples(10.0, 2.0)] * 2)
    assert Rule(goals({"a": 0.05, "b": 0.05})).stop(both) > Rule(goals({"a": 0.05})).stop(one)


def test_the_stop_does_not_depend_on_how_many_runs_were_made_at_once():
    values, rule = samples(10.0, 3.0), Rule(goals({"a": 0.05}))
    stop = rule.stop(values)
    assert rule.stop(values[:stop]) == stop
    assert rule.stop(values[: stop - 1]) is None


@pytest.mark.slow
def test_the_rule_covers_at_least_92_percent(full_size):
    rule, trials = Rule(goals({"a": 0.1})), 2000 if full_size else 400
    covered = 0
    for seed in range(trials):
        values = samples(10.0, 4.0, seed=seed)
        found = estimates(values[: rule.stop(values)])
        covered += bool(found.low[0] <= 10.0 <= found.high[0])
    assert covered / trials >= 0.92


@pytest.mark.parametrize(("narrower", "runs"), [(4.0, 80), (1.24**0.5, 50), (1.01**0.5, 41), (0.49, 10)])
def test_the_runs_likely_to_be_enough_grow_with_the_square_of_the_half_width_and_at_most_double(narrower, runs):
    values = samples(10.0, 2.0, size=40)
    half = float(estimates(values).half_width[0])
    assert Rule(goals({"a": {"absolute": half / narrower}})).likely(values) == runs
    share = half / narrower / float(values.mean())
    assert Rule(goals({"a": share / (1 - share)})).likely(values) == runs
    both = np.hstack([values, values])
    assert Rule(goals({"a": {"absolute": 9.0}, "b": {"absolute": half / narrower}})).likely(both) >= runs


# Through the simulation


def test_runs_are_added_until_each_goal_is_met(market):
    study = replicate(market, until={"orders": 0.1, "cancelled": {"absolute": 1}}, seed=3, jobs=1)
    table = study.precision.set_index("metric")
    assert table["reached"].all()
    row = estimates(study.runs[["orders"]].to_numpy(), 0.95, 2)
    assert table.loc["orders", "half_width"] == pytest.approx(row.half_width[0])
    assert table.loc["orders", "limit"] == pytest.approx(0.1 / 1.1 * row.mean[0])
    assert 20 < len(study.runs) < 100
    before = study.runs["orders"].to_numpy()[:-1, None]
    assert not Rule(goals({"orders": 0.1, "x": 1.0})).table(np.hstack([before, before]))["reached"][0]


def test_the_number_of_runs_does_not_depend_on_the_number_of_workers(market):
    one, two = (replicate(market, until={"orders": 0.08}, seed=3, jobs=jobs) for jobs in (1, 2))
    pd.testing.assert_frame_equal(one.runs, two.runs, check_exact=True)


def test_two_runs_at_least_are_added_before_the_rule_looks_at_those_that_are_new(market, monkeypatch):
    looks = []

    def stop(rule, values, first):
        looks.append((first, len(values)))
        assert len(looks) < 9

    monkeypatch.setattr(Rule, "stop", stop)
    monkeypatch.setattr(Rule, "likely", lambda rule, values: 0)
    replicate(market, until={"orders": 0.1}, seed=3, jobs=1, max_runs=25)
    assert looks == [(20, 20), (21, 22), (23, 24), (25, 25)]


def test_a_figure_that_never_varied_is_not_precise_and_it_is_said(market):
    study = replicate(market, until={"units_lost": 0.05}, seed=3, jobs=1, max_runs=25)
    assert (len(study.runs), study.precision["reached"].tolist()) == (25, [False])
    assert study.notes == [
        "not precise enough after 25 runs: study.precision has what was reached",
        "units_lost was 0 in all 25 runs: without variance no precision is reached",
    ]
    assert study.summary().loc["units_lost", "high"] == pytest.approx(1 - 0.025 ** (1 / 25))


def test_the_most_runs_are_kept_to_and_it_is_said(market):
    study = replicate(market, until={"orders": 0.001}, seed=3, jobs=1, max_runs=25)
    assert len(study.runs) == 25
    assert not study.precision["reached"][0]
    assert study.notes == ["not precise enough after 25 runs: study.precision has what was reached"]


BAD_GOALS = [
    ({"a": 0}, "0"),
    ({"a": True}, "True"),
    ({"a": "few"}, "'few'"),
    ({"a": {"relative": 1}}, "a table"),
    ({"a": {"absolute": "2"}}, "a table"),
]


@pytest.mark.parametrize(("until", "value"), BAD_GOALS)
def test_a_bad_goal_is_refused(until, value):
    with pytest.raises(ScenarioError) as caught:
        goals(until)
    rule = 'must be a share of the mean above 0, such as 0.05, or {"absolute": a half-width above 0}'
    assert caught.value.problems == [f"until.a: {value}: {rule}"]


def test_an_unknown_figure_is_refused_with_the_nearest(market):
    with pytest.raises(ScenarioError, match="until: 'order': unknown metric: nearest is orders"):
        replicate(market, until={"order": 0.1}, seed=1, jobs=1)
