"""Selection: KN keeps its promise, leaves out what cannot be best, and chooses the same with any workers."""

from functools import partial

import numpy as np
import pandas as pd
import pytest

from alesha_sim.experiments import kim_nelson, select
from alesha_sim.scenarios import ScenarioError, market_day

SYSTEMS, DELTA = 5, 0.5


def normal(chance, means, common, systems):
    """Give one value of each system: normal with variance 1, of which a part is common to all."""
    shared = chance.normal() * common**0.5
    return np.array([means[system] + shared + chance.normal() * (1 - common) ** 0.5 for system in systems])


@pytest.mark.slow
@pytest.mark.parametrize("common", [0.0, 0.5])
def test_the_best_is_found_with_its_probability_in_the_slippage_configuration(full_size, common):
    problems = 2000 if full_size or not common else 500
    means = np.array([0.0] * (SYSTEMS - 1) + [DELTA])
    found = [
        kim_nelson(partial(normal, np.random.default_rng(seed), means, common), SYSTEMS, indifference=DELTA)
        for seed in range(problems)
    ]
    assert all(each.decided for each in found)
    right = np.mean([each.best == SYSTEMS - 1 for each in found])
    assert right >= 0.95 - 2 * np.sqrt(0.95 * 0.05 / problems)


def test_common_random_numbers_make_the_choice_sooner():
    means = [0.0, 0.0, 0.2]
    runs = [
        kim_nelson(partial(normal, np.random.default_rng(5), means, common), 3, indifference=0.2).runs.sum()
        for common in (0.0, 0.9)
    ]
    assert runs[1] < runs[0] / 2


def test_what_is_far_behind_is_left_out_at_once():
    found = kim_nelson(partial(normal, np.random.default_rng(1), [9.0, 0.0, 9.2], 0.0), 3, indifference=0.3)
    assert found.left[1] == 20 == found.runs[1]
    assert found.runs[0] > 20
    assert found.best == 2


def test_one_leaves_when_it_is_further_behind_than_the_slack():
    # S squared is 10 / 9 after ten runs, and 2 eta (10 - 1) is 6.0124, so that r runs have the slack
    # 0.5 / (2 r) (6.0124 S squared / 0.25 - r). The other is 0.2 r + 1 behind in all after an odd number r: at 13.
    rows = iter([[0.0, 1.2] if number % 2 == 0 else [0.0, -0.8] for number in range(40)])
    found = kim_nelson(lambda systems: np.array(next(rows)), 2, indifference=0.5, first=10)
    assert (found.best, found.left.tolist(), found.runs.tolist()) == (1, [13, 0], [13, 13])


def test_nothing_is_decided_between_systems_that_have_not_differed():
    loses = [float(number == 33) for number in range(60)]
    rows = iter([[-lost, 0.0] for lost in loses])
    found = kim_nelson(lambda systems: np.array(next(rows)), 2, indifference=0.1)
    # One loss in 34 runs: h squared is 4.94, so that 34 are more than 4.94 / 34 / 0.01.
    assert (found.best, found.decided, found.runs.tolist(), found.alike) == (1, True, [34, 34], ())


@pytest.mark.parametrize("rounding", [0.0, 1e-15])
def test_systems_that_differ_by_rounding_alone_stay_undecided(rounding):
    values = np.random.default_rng(1).normal(size=(30, 1)) + 1 + rounding * np.arange(60).reshape(30, 2)
    rows = iter(values)
    found = kim_nelson(lambda systems: next(rows, None), 2, indifference=0.01)
    assert (found.decided, found.runs.tolist(), found.alike) == (False, [30, 30], ((0, 1),))


def test_a_constant_difference_is_decided_at_once():
    rows = iter(np.random.default_rng(1).normal(size=(30, 1)) + np.array([0.0, 0.1, 0.0]))
    found = kim_nelson(lambda systems: next(rows), 3, indifference=0.01)
    assert (found.best, found.decided, found.left.tolist()) == (1, True, [20, 0, 20])


def test_a_source_that_ends_leaves_it_undecided():
    values = iter(np.random.default_rng(1).normal(size=(25, 2)))
    found = kim_nelson(lambda systems: next(values, None), 2, indifference=0.01)
    assert (found.decided, found.runs.tolist()) == (False, [25, 25])


# Through the simulation


def alternatives():
    market = market_day(users=20, visits_per_day=30)
    return [market.with_settings({"supplier.lead_time": f"{days} days"}) for days in (3, 1, 1.5)]


def choose(**options):
    given = {"indifference": 3600, "largest": False, "seed": 1, "labels": ("three", "one", "half"), **options}
    return select(alternatives(), "mean_delivery_seconds", **given)


def test_the_scenario_with_the_shortest_delivery_is_chosen():
    found = choose(jobs=1)
    assert (found.best, found.decided, found.point) == ("one", True, 1)
    assert found.scenario == alternatives()[1]
    assert str(found) == "best is one, after 60 runs"
    assert found.table["mean"].tolist() == pytest.approx(
        [found.study.values("mean_delivery_seconds", point).mean() for point in range(3)]
    )


def test_the_scenario_with_the_most_orders_is_chosen_and_means_are_those_of_the_runs():
    market = market_day(users=20, visits_per_day=30)
    scenarios = [market, market.with_settings({"demand.visits_per_day": 90})]
    found = select(scenarios, "orders", indifference=5, seed=1, first=5, jobs=1)
    assert (found.point, found.decided) == (1, True)
    means = [found.study.values("orders", point).mean() for point in range(2)]
    assert found.table["mean"].tolist() == pytest.approx(means)


def test_the_choice_does_not_depend_on_the_number_of_workers():
    one, two = (choose(jobs=jobs, indifference=600, first=5) for jobs in (1, 2))
    pd.testing.assert_frame_equal(one.table, two.table)
    pd.testing.assert_frame_equal(one.study.runs, two.study.runs, check_exact=True)


def test_too_few_runs_are_told():
    market = market_day(users=20, visits_per_day=30)
    same = [market, market.with_settings({"shop.page_time": 0.3})]
    found = select(same, "mean_delivery_seconds", indifference=1e-9, first=5, max_runs=6, seed=1, jobs=1)
    assert not found.decided
    assert "not decided after" in str(found)
    assert repr(found.study) == (
        "Study of 2 scenarios, seed 1: 12 of 12 runs finished\nthe selection is not decided"
    )


def test_a_figure_that_never_varies_decides_nothing_and_it_is_said():
    found = select(
        alternatives()[:2], "units_lost", indifference=0.05, largest=False, first=5, max_runs=8, seed=1, jobs=1,
        labels=("three", "one"),
    )  # fmt: skip
    assert (found.decided, found.table["runs"].tolist()) == (False, [8, 8])
    why = "units_lost never differed between three and one in 8 runs: without variance nothing is decided"
    assert found.study.notes == ["the selection is not decided", why]


@pytest.mark.parametrize(
    ("options", "fault"),
    [
        ({"indifference": 0}, "indifference: 0: must be a number above 0"),
        ({"first": 2}, "first: 2: must be a whole number from 3"),
        ({"max_runs": 19}, "max_runs: 19: must be a whole number from 20"),
        ({"confidence": 0}, "confidence: 0: must be between 0 and 1"),
    ],
)
def test_bad_options_are_refused(options, fault):
    with pytest.raises(ScenarioError) as caught:
        choose(**options)
    assert caught.value.problems == [fault]


def test_an_unknown_figure_is_refused():
    with pytest.raises(ScenarioError, match="metric: 'ordrs': unknown metric: nearest is orders"):
        select(alternatives(), "ordrs", indifference=1, seed=1, jobs=1)
