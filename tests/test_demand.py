import re

import numpy as np
import pandas as pd
import pytest
from conftest import within_standard_errors
from hypothesis import given, settings
from hypothesis import strategies as st

from alesha_sim.scenarios import ScenarioError
from alesha_sim.scenarios.demand.base import Visits, arrivals, spread
from alesha_sim.scenarios.scenario import Scenario
from alesha_sim.streams import Streams
from alesha_sim.units import DAY, HOUR, WEEK

SKUS = ("hp-laptop", "apple-watch", "iphone-x")
FADER = {"kind": "bg_nbd", "weeks": 78, "r": 0.243, "alpha": 4.414, "a": 0.793, "b": 2.426}


def scenario(demand, days=1.0, users=10, **fields):
    return Scenario.model_validate({"horizon": days * DAY, "users": {"count": users}, "demand": demand, **fields})


def poisson(days=1.0, users=10, start="2021-01-01", **fields):
    return scenario({"kind": "poisson", "visits_per_day": 1000, **fields}, days, users, start=start)


# Single visits.


def test_a_single_visit_buys_what_it_says():
    drawn = scenario({"kind": "single", "at": 5, "user": 3, "quantities": {"iphone-x": 2}}).visits(1)
    assert isinstance(drawn, Visits)
    assert (drawn.at.tolist(), drawn.user.tolist()) == ([5.0], [3])
    assert drawn.quantities.tolist() == [[0, 0, 2]]
    assert drawn.wrong_secret.tolist() == [False]


WAVE = {"at": DAY, "duration": 1, "visits": 1}


@pytest.mark.parametrize(
    ("field", "late"),
    [
        ("at", {"kind": "single", "at": DAY}),
        ("at", {"kind": "flash", "at": DAY, "visits": 1}),
        ("waves[1].at", {"kind": "waves", "waves": [WAVE | {"at": DAY + 1}, WAVE]}),
        ("parts[0].at", {"kind": "mixture", "parts": [{"kind": "single", "at": DAY}]}),
        ("visits.at[0]", {"kind": "replay", "visits": {"at": [DAY - 4e-7], "user": [0], "units": [1]}}),
    ],
)
def test_a_visit_at_or_after_the_horizon_is_refused(field, late):
    line = rf"^demand\.{re.escape(field)}: .* must be before the horizon, 86400 s$"
    with pytest.raises(ScenarioError, match=line):
        scenario(late)
    assert scenario({"kind": "waves", "waves": [WAVE | {"at": DAY - 1}, WAVE]}).visits(1).at.tolist() < [DAY]
    assert len(scenario({"kind": "single", "at": DAY - 1}).visits(1).at) == 1


def test_a_visit_worth_more_than_64_bits_is_refused():
    demand = {"kind": "single", "quantities": {"iphone-x": 2**31 - 1}}
    product = {"sku": "iphone-x", "name": "x", "marked_price": 1, "price": 10**8, "charge": 1, "cost": 1}
    with pytest.raises(ScenarioError, match=r"^demand: visit of user 0 at 0 s: .* must fit in 64 bits"):
        scenario(demand, catalogue=[product]).visits(1)
    assert scenario(demand, catalogue=[product | {"price": 10**7}]).visits(1).quantities.sum() == 2**31 - 1


# All kinds.

KINDS = [
    {"kind": "single", "quantities": {"hp-laptop": 1}},
    {"kind": "poisson", "visits_per_day": 300, "buy_share": 0.5, "profile": [1, 2, 3] * 8},
    FADER | {"weeks": 20},
    {"kind": "replay", "visits": {"at": [0, 0.5, 0.5], "user": [0, 9, 3], "units": [1, 0, 9]}},
]


@pytest.mark.parametrize("demand", KINDS, ids=lambda demand: demand["kind"])
def test_visits_have_the_promised_types_and_order(demand):
    drawn = scenario(demand, days=140).visits(4)
    types = [column.dtype for column in drawn[:5]]
    assert types == [np.float64, np.int64, np.int64, np.bool_, np.int8]
    assert drawn.quantities.shape == (len(drawn.at), 3)
    assert (np.diff(drawn.at) >= 0).all()
    assert drawn.at.min() >= 0
    assert drawn.at.max() < 140 * DAY
    assert set(drawn.user) <= set(range(10))
    assert (np.rint(drawn.at * 1e6) / 1e6 == drawn.at).all()


@pytest.mark.parametrize("demand", KINDS, ids=lambda demand: demand["kind"])
def test_the_same_seed_gives_the_same_visits(demand):
    one, two = (scenario(demand, days=140).visits(4) for _ in range(2))
    assert all(np.array_equal(a, b) for a, b in zip(one, two, strict=True))


def test_the_demand_table_shows_the_visits():
    table = poisson().demand_table(3)
    drawn = poisson().visits(3)
    assert list(table.columns) == ["at", "user", *SKUS]
    assert np.array_equal(table["at"], drawn.at)
    assert np.array_equal(table[list(SKUS)], drawn.quantities)
    assert table.dtypes.astype(str).tolist() == ["float64", "int64", "int64", "int64", "int64"]


def test_the_demand_table_replays_the_same_visits():
    from alesha_sim.scenarios.demand.replay import Replay

    drawn = poisson().visits(3)
    replayed = scenario(Replay.of(poisson().demand_table(3))).visits(8)
    assert all(np.array_equal(a, b) for a, b in zip(drawn[:3], replayed[:3], strict=True))


def test_a_share_of_visits_mistypes_the_secret():
    slips = [poisson(users=5).with_settings({"users.wrong_secret": share}).visits(3) for share in (0, 0.2, 1)]
    assert [visits.wrong_secret.mean() for visits in (slips[0], slips[2])] == [0, 1]
    assert abs(slips[1].wrong_secret.mean() - 0.2) < 4 * (0.16 / 1000) ** 0.5
    assert np.array_equal(slips[0].quantities, slips[1].quantities)


# Poisson visits.


def test_the_number_of_visits_is_poisson():
    counts = [len(poisson(days=0.1).visits(seed).at) for seed in range(2000)]
    within_standard_errors(counts, 100)
    assert 85 < np.var(counts) < 115


def test_visits_follow_the_profile_of_the_day():
    weights = np.array([0, 1, 0, 3, *[0] * 18, 2, 0.0])
    at = poisson(days=40, profile=weights.tolist()).visits(2).at
    hours = np.bincount((at % DAY // HOUR).astype(int), minlength=24) / len(at)
    assert set(np.flatnonzero(hours)) == {1, 3, 22}
    assert np.abs(hours - weights / 6).max() < 4 * (0.25 / 40_000) ** 0.5


def test_within_an_hour_visits_are_spread_evenly():
    at = poisson(days=40, profile=[1.0, 3.0] * 12).visits(2).at
    minutes = at % HOUR / HOUR
    assert abs(minutes.mean() - 0.5) < 4 * (1 / 12 / len(at)) ** 0.5
    assert abs(minutes.var() - 1 / 12) < 0.002


def test_the_profile_is_that_of_the_clock_whatever_the_start():
    weights = [0.0] * 24
    weights[9] = 1
    at = poisson(start="2021-01-01 08:30", profile=weights, days=5).visits(2).at
    opens = at % DAY
    assert opens.min() >= 0.5 * HOUR
    assert opens.max() < 1.5 * HOUR
    assert abs(len(at) - 5000) < 4 * 5000**0.5


def test_a_part_of_a_day_gets_its_part_of_the_visits():
    weights = [1.0] * 12 + [3.0] * 12
    morning = [len(poisson(days=0.5, profile=weights).visits(seed).at) for seed in range(400)]
    within_standard_errors(morning, 250)


def test_without_visits_there_are_none():
    drawn = poisson(visits_per_day=0).visits(1)
    assert drawn.quantities.shape == (0, 3)


def test_a_share_of_visits_buys_and_the_others_want_nothing():
    bought = poisson(days=20, buy_share=0.4).visits(6).quantities.sum(axis=1) > 0
    assert abs(bought.mean() - 0.4) < 4 * (0.24 / len(bought)) ** 0.5


@pytest.mark.parametrize("units", [1, 1.5, 4])
def test_purchases_hold_so_many_units_in_the_mean_and_never_none(units):
    held = poisson(days=20, units=units).visits(6).quantities.sum(axis=1)
    assert held.min() >= 1
    assert abs(held.mean() - units) <= 4 * ((units - 1) / len(held)) ** 0.5


def test_products_are_drawn_by_share():
    sold = poisson(days=20, shares={"hp-laptop": 1, "iphone-x": 3}).visits(6).quantities.sum(axis=0)
    assert sold[1] == 0
    assert abs(sold[2] / sold.sum() - 0.75) < 4 * (3 / 16 / sold.sum()) ** 0.5


def test_every_user_visits_equally_often():
    visits = np.bincount(poisson(days=20, users=5).visits(1).user, minlength=5)
    assert np.abs(visits / visits.sum() - 0.2).max() < 4 * (0.16 / visits.sum()) ** 0.5


# Common random numbers: a setting moves what it is about and nothing else.


@pytest.mark.parametrize(
    ("change", "same"),
    [
        ({"buy_share": 0.5}, ("at", "user")),
        ({"units": 3}, ("at", "user")),
        ({"shares": {"iphone-x": 1}}, ("at", "user")),
        ({"profile": [1.0, 2.0] * 12}, ("user", "quantities")),
        ({"visits_per_day": 900}, ("user", "quantities")),
        ({"days": 1.5}, ("at", "user", "quantities")),
    ],
)
def test_a_setting_of_poisson_demand_shifts_nothing_else(change, same):
    one, two = poisson().visits(9), poisson(**change).visits(9)
    size = min(len(one.at), len(two.at)) - 50
    for column in same:
        np.testing.assert_allclose(getattr(one, column)[:size], getattr(two, column)[:size], atol=2e-6)


def test_fewer_buyers_are_a_part_of_more_buyers():
    few, many = (poisson(buy_share=share).visits(9).quantities for share in (0.3, 0.6))
    buys = few.sum(axis=1) > 0
    assert np.array_equal(few[buys], many[buys])
    assert (many.sum(axis=1) > 0).sum() > buys.sum()


def test_units_keep_their_total_when_shares_change():
    one, two = poisson().visits(9), poisson(shares={"hp-laptop": 5, "apple-watch": 1}).visits(9)
    assert np.array_equal(one.quantities.sum(axis=1), two.quantities.sum(axis=1))


def test_a_parameter_of_one_choice_leaves_the_other_choices_of_every_customer():
    def histories(**change):
        drawn = scenario(FADER | change, days=546, users=300).visits(2)
        return [drawn.at[drawn.user == user] for user in range(300)]

    for one, two in zip(histories(), histories(b=9), strict=True):
        shared = min(len(one), len(two))
        np.testing.assert_array_equal(one[:shared], two[:shared])
    assert [h[0] for h in histories()] == [h[0] for h in histories(r=0.5)]


# BG/NBD.


def test_everybody_enters_once_evenly_over_the_entry_weeks():
    drawn = scenario(FADER, days=546, users=5000).visits(3)
    _, first = np.unique(drawn.user, return_index=True)
    entries = drawn.at[first] / WEEK
    assert len(entries) == 5000
    assert entries.max() < 12
    assert abs(entries.mean() - 6) < 4 * (12 / 5000**0.5 / 12**0.5)


def test_entry_weeks_zero_starts_everybody_at_once():
    drawn = scenario(FADER | {"entry_weeks": 0}, days=546, users=50).visits(3)
    assert (drawn.at[:50] == 0).all()


def test_nobody_drops_out_after_the_first_purchase_and_all_after_the_first_repeat_when_certain():
    certain = {"kind": "bg_nbd", "weeks": 500, "r": 50, "alpha": 1, "a": 1e6, "b": 1e-6}
    visits = np.bincount(scenario(certain, days=3500, users=200).visits(3).user)
    assert (visits == 2).all()


def test_without_drop_out_repeat_purchases_are_negative_binomial():
    never = {"kind": "bg_nbd", "weeks": 10, "r": 2, "alpha": 4, "a": 1e-9, "b": 1e3, "entry_weeks": 0}
    means = []
    for seed in range(60):
        repeats = np.bincount(scenario(never, days=70, users=500).visits(seed).user) - 1
        means.append(repeats.mean())
    within_standard_errors(means, 10 * 2 / 4)


def expected_repeats(t, r, alpha, a, b):
    """E[X(t)] of Fader, Hardie and Lee 2005, equation 9, by the integral form of the Gaussian 2F1."""
    from scipy.special import hyp2f1

    z = t / (alpha + t)
    return (a + b - 1) / (a - 1) * (1 - (alpha / (alpha + t)) ** r * hyp2f1(r, b, a + b - 1, z))


def test_the_formula_is_the_reference_formula(reference):
    case = reference("bgnbd-expected")
    for weeks, expected in case["expected"]["E_X_t"].items():
        assert abs(expected_repeats(float(weeks), **case["inputs"]["params"]) - expected) < 1e-5


def test_repeat_purchases_agree_with_the_model_week_by_week():
    weeks = np.array([13, 26, 39, 52, 78])
    observed = []
    for seed in range(50):
        drawn = scenario(FADER | {"units": 1}, days=546, users=10_000).visits(seed)
        _, first = np.unique(drawn.user, return_index=True)
        entries, at = drawn.at[first] / WEEK, drawn.at / WEEK
        ages = np.clip(weeks[:, np.newaxis] - entries, 0, None)
        model = expected_repeats(ages, 0.243, 4.414, 0.793, 2.426).sum(axis=1)
        repeats = [(at < week).sum() - (entries < week).sum() for week in weeks]
        observed.append(np.array(repeats) / model)
    for ratios in np.array(observed).T:
        within_standard_errors(ratios.tolist(), 1)


def test_the_histogram_of_repeats_is_that_of_the_reference(reference):
    expected = reference("bgnbd-expected")["expected"]["P_X39_0..7"]
    demand = FADER | {"weeks": 39, "entry_weeks": 0, "units": 1}
    drawn = scenario(demand, days=273, users=200_000).visits(1)
    repeats = np.bincount(np.bincount(drawn.user) - 1) / 200_000
    for count, share in enumerate(expected):
        assert abs(repeats[count] - share) < 4 * (share * (1 - share) / 200_000) ** 0.5


def test_purchases_end_with_their_weeks_even_when_the_horizon_is_later():
    assert scenario(FADER | {"weeks": 20}, days=546, users=500).visits(1).at.max() < 20 * WEEK


def test_rates_too_small_for_a_float_make_customers_who_never_return():
    tiny = {"kind": "bg_nbd", "weeks": 10, "r": 1e-6, "alpha": 1, "a": 1, "b": 1, "entry_weeks": 1}
    assert len(scenario(tiny, days=70, users=100).visits(1).at) == 100


# Parts.


@settings(max_examples=50, deadline=None)
@given(st.floats(0, 2000), st.integers(0, 1000))
def test_arrivals_are_sorted_and_below_their_end_and_begin_alike(total, seed):
    drawn = arrivals(total, Streams(seed).generator("x"))
    assert (np.diff(drawn) >= 0).all()
    assert not len(drawn) or drawn[-1] < total
    longer = arrivals(total * 1.5 + 1, Streams(seed).generator("x"))
    assert np.array_equal(longer[: len(drawn)], drawn)


class Slow:
    """A generator whose gaps are so short that one block is never enough."""

    def standard_exponential(self, size):
        return np.full(size, 0.125)


def test_arrivals_go_on_where_a_block_ends():
    assert arrivals(100.0, Slow()).tolist() == [n / 8 for n in range(1, 800)]


@given(st.lists(st.integers(0, 9), max_size=30), st.integers(0, 99))
def test_spreading_units_keeps_every_purchase_whole(counts, seed):
    wanted = spread(np.array(counts, dtype=np.int64), None, SKUS, Streams(seed))
    assert wanted.sum(axis=1).tolist() == counts
    assert wanted.shape == (len(counts), 3)


def test_pandas_reads_the_demand_table_back_unchanged(tmp_path):
    table = poisson().demand_table(3)
    table.to_csv(tmp_path / "visits.csv", index=False)
    pd.testing.assert_frame_equal(pd.read_csv(tmp_path / "visits.csv"), table)
