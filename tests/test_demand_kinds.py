"""Seasons, sales, campaigns, lifetimes and mixtures of demand."""

import numpy as np
import pytest
from conftest import within_standard_errors

from alesha_sim.scenarios import ScenarioError
from alesha_sim.scenarios.scenario import Scenario
from alesha_sim.theory import ParetoNBD
from alesha_sim.units import DAY, HOUR, WEEK

SKUS = ("hp-laptop", "apple-watch", "iphone-x")
LIFETIMES = {"kind": "pareto_nbd", "weeks": 52, "r": 0.553, "alpha": 10.578, "s": 0.606, "beta": 11.669}


def scenario(demand, days=1.0, users=10, **fields):
    return Scenario.model_validate({"horizon": days * DAY, "users": {"count": users}, "demand": demand, **fields})


def visits(days=7.0, seed=1, start="2021-01-04", **fields):
    return scenario({"kind": "poisson", "visits_per_day": 1000, **fields}, days, start=start).visits(seed)


# Days, months, growth.


def test_equal_days_and_months_are_the_same_as_none():
    plain = visits(9.3, start="2021-01-30 05:30", profile=[1, 2, 3] * 8)
    varied = visits(9.3, start="2021-01-30 05:30", profile=[1, 2, 3] * 8, week=[2] * 7, seasons=[3] * 12)
    assert len(plain.at) > 8000
    assert varied.at == pytest.approx(plain.at, abs=2e-5)
    assert (varied.quantities == plain.quantities).all()


def test_visits_follow_the_days_of_the_week_from_monday():
    # 2021-01-04 was a Monday.
    drawn = visits(14, week=[0, 0, 0, 0, 3, 0, 4])
    by_day = np.bincount((drawn.at // DAY).astype(int), minlength=14)
    assert by_day[[0, 1, 2, 3, 5, 7, 8, 9, 10, 12]].sum() == 0
    assert by_day[[4, 11]].sum() == pytest.approx(6000, abs=4 * np.sqrt(6000))
    assert by_day[[6, 13]].sum() == pytest.approx(8000, abs=4 * np.sqrt(8000))


def test_visits_follow_the_months_and_keep_the_hours():
    drawn = visits(59, start="2021-01-01", seasons=[1, 2] + [0.9] * 10, profile=[0] * 12 + [1] * 12)
    february = drawn.at >= 31 * DAY
    assert (drawn.at % DAY >= 12 * HOUR).all()
    expected = 1000 / np.mean([1, 2] + [0.9] * 10)
    assert (~february).sum() == pytest.approx(31 * expected, abs=4 * np.sqrt(31 * expected))
    assert february.sum() == pytest.approx(56 * expected, abs=4 * np.sqrt(56 * expected))


def test_visits_grow_from_year_to_year():
    drawn = scenario({"kind": "poisson", "visits_per_day": 20, "growth": 3}, days=730, users=5).visits(4)
    first = (drawn.at < 365 * DAY).sum()
    expected = 20 * 365 * 2 / np.log(3)  # the integral of 3 ** t over the first year
    assert first == pytest.approx(expected, abs=4 * np.sqrt(expected))
    assert len(drawn.at) - first == pytest.approx(3 * expected, abs=4 * np.sqrt(3 * expected))


@pytest.mark.parametrize("clock", ["06:00", "12:00", "23:00"])
def test_growth_counts_from_the_start_whatever_the_clock_says(clock):
    # Nothing else tells the hours apart, so the same visits come as after a start at midnight.
    drawn = visits(10, start=f"2021-01-04 {clock}", growth=1000)
    assert drawn.at == pytest.approx(visits(10, growth=1000).at, abs=1e-5)


def test_a_run_that_begins_within_an_hour_begins_there():
    drawn = visits(1 / 24, start="2021-01-04 07:45", growth=1.5)
    assert 0 <= drawn.at.min() < 600 < 3000 < drawn.at.max() < 3600


@pytest.mark.parametrize(
    ("fields", "line"),
    [
        ({"week": [1] * 6}, "demand.week: [1, 1, 1, 1, 1, 1]: must be 7 weights, one for each day"),
        ({"seasons": [0] * 12}, "must have a positive sum"),
        ({"growth": 0}, "demand.growth: 0: must be more than 0"),
    ],
)
def test_wrong_profiles_are_refused(fields, line):
    with pytest.raises(ScenarioError) as error:
        visits(**fields)
    assert line in str(error.value)


# Sales and campaigns.


def test_a_flash_sale_brings_each_user_at_most_once_after_it_opens():
    demand = {"kind": "flash", "at": HOUR, "visits": 4000, "rush": 120, "shares": {"iphone-x": 1}}
    drawn = scenario(demand, users=5000).visits(2)
    assert len(np.unique(drawn.user)) == len(drawn.user) == 4000
    assert drawn.at.min() >= HOUR
    assert within_standard_errors((drawn.at - HOUR).tolist(), 120, precision=0.03)
    assert drawn.quantities.sum(axis=0).tolist() == [0, 0, 4000]


def test_a_larger_sale_has_the_visitors_of_a_smaller_one():
    small, large = (scenario({"kind": "flash", "visits": n}, users=100).visits(7) for n in (20, 60))
    assert set(small.user) <= set(large.user)


def test_a_sale_for_more_users_than_there_are_is_refused():
    with pytest.raises(ScenarioError, match=r"^demand\.visits: 11: must be at most users\.count, 10$"):
        scenario({"kind": "flash", "visits": 11})


def test_waves_bring_what_they_say_while_they_last():
    waves = [
        {"at": 0, "duration": DAY, "visits": 500},
        {"at": "2 days", "duration": "6 hours", "visits": 300, "units": 2, "shares": {"apple-watch": 1}},
    ]
    drawn = scenario({"kind": "waves", "waves": waves}, days=10, users=50).visits(3)
    second = drawn.at >= 2 * DAY
    assert ((~second).sum(), second.sum()) == (500, 300)
    assert drawn.at[~second].max() < DAY
    assert drawn.at[second].max() < 2 * DAY + 6 * HOUR
    assert drawn.quantities[second][:, [0, 2]].sum() == 0
    assert within_standard_errors(drawn.quantities[second].sum(axis=1).tolist(), 2, precision=0.05)


def test_a_wave_more_leaves_the_others_as_they_were():
    one = {"at": 0, "duration": DAY, "visits": 50}
    alone = scenario({"kind": "waves", "waves": [one]}, days=3).visits(3)
    both = scenario({"kind": "waves", "waves": [one, one | {"at": 2 * DAY}]}, days=3).visits(3)
    assert both.at[:50].tolist() == alone.at.tolist()
    assert both.user[:50].tolist() == alone.user.tolist()


# Lifetimes.


def test_purchases_over_lifetimes_agree_with_their_expectation():
    model = ParetoNBD(r=0.553, alpha=10.578, s=0.606, beta=11.669)
    demand = LIFETIMES | {"entry_weeks": 0}
    counts = np.concatenate(
        [np.bincount(scenario(demand, 400, users=4000).visits(seed).user, minlength=4000) for seed in range(5)]
    )
    assert within_standard_errors((counts - 1).tolist(), float(model.expected_purchases(52.0)), precision=0.02)


def test_everybody_buys_once_at_entry():
    drawn = scenario(LIFETIMES | {"s": 1000, "beta": 0.001}, 400, users=300).visits(5)
    assert sorted(drawn.user) == list(range(300))
    assert drawn.at.max() < 12 * WEEK


# Mixtures.


def test_a_mixture_has_the_visits_of_all_parts_and_no_part_moves_another():
    flash = {"kind": "flash", "visits": 7}
    poisson = {"kind": "poisson", "visits_per_day": 50}
    both = scenario({"kind": "mixture", "parts": [flash, poisson]}).visits(9)
    alone = scenario({"kind": "mixture", "parts": [flash]}).visits(9)
    more = scenario({"kind": "mixture", "parts": [flash, poisson | {"visits_per_day": 80}]}).visits(9)
    assert len(alone.at) == 7
    assert set(alone.at) <= set(both.at)
    assert set(alone.at) <= set(more.at)
    assert len(more.at) > len(both.at) > 30


def test_a_fault_in_a_part_of_a_mixture_names_the_part():
    parts = [{"kind": "single"}, {"kind": "flash", "visits": 50, "shares": {"iphone": 1}}]
    with pytest.raises(ScenarioError) as error:
        scenario({"kind": "mixture", "parts": parts})
    assert error.value.problems == [
        "demand.parts[1].shares.iphone: unknown SKU: nearest is iphone-x",
        "demand.parts[1].visits: 50: must be at most users.count, 10",
    ]


@pytest.mark.parametrize(
    "demand",
    [
        LIFETIMES,
        {"kind": "flash", "visits": 3, "at": 5},
        {"kind": "waves", "waves": [{"at": 1, "duration": 2, "visits": 3, "shares": {"iphone-x": 2.0}}]},
        {"kind": "mixture", "parts": [{"kind": "single", "at": 5.0}, LIFETIMES]},
        {"kind": "poisson", "visits_per_day": 9, "week": [1] * 7, "seasons": [2] * 12, "growth": 1.5},
    ],
    ids=lambda demand: demand["kind"],
)
def test_every_kind_survives_files(demand):
    one = scenario(demand)
    assert Scenario.from_toml(one.to_toml()) == one
    assert Scenario.model_validate(one.model_dump(mode="json")) == one
