"""Estimates: intervals cover what they promise to, on synthetic samples and on queues with exact means."""

import numpy as np
import pytest

from alesha_sim import replicate
from alesha_sim.columns import MISSING_TIME, equals, numbers, text_column
from alesha_sim.experiments.estimates import estimates, paired, seldom, t_quantile
from alesha_sim.scenarios import first_purchase
from alesha_sim.scenarios.scenario import Scenario
from alesha_sim.theory import MMc

QUEUE = MMc(arrival_rate=0.5, service_rate=1)


def test_the_interval_of_a_sample_is_students():
    # Gosset's sleep data, second drug: mean 2.33, interval 0.9 to 3.8 (Student, Biometrika 1908).
    found = estimates([[1.9], [0.8], [1.1], [0.1], [-0.1], [4.4], [5.5], [1.6], [4.6], [3.4]])
    assert found.mean[0] == pytest.approx(2.33)
    assert found.sd[0] == pytest.approx(2.002249, rel=1e-6)
    assert (found.low[0], found.high[0]) == pytest.approx((0.897677, 3.762323), abs=1e-5)


def test_paired_differences_are_those_of_the_same_replication():
    # The sleep data again: the second drug less the first, t = 4.06 with 9 degrees of freedom.
    one = np.array([1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4])
    other = np.array([0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0])
    found = paired(one, other)
    assert float(found.difference.mean) == pytest.approx(1.58)
    assert (float(found.difference.low), float(found.difference.high)) == pytest.approx((0.7001142, 2.4598858))
    assert float(found.correlation) == pytest.approx(np.corrcoef(one, other)[0, 1])
    assert float(found.saved) == pytest.approx((one.var() + other.var()) / (one - other).var())


def test_a_value_that_is_missing_in_one_scenario_does_not_count_in_either():
    one, other = np.array([1.0, 2.0, np.nan, 4.0]), np.array([0.0, np.nan, 5.0, 1.0])
    found = paired(one, other)
    assert (int(found.difference.runs), float(found.difference.mean)) == (2, 2.0)


@pytest.mark.parametrize("missing", [(1, 4), (4, 1)])
def test_what_is_missing_in_one_scenario_is_left_out_of_every_estimate_of_a_pair(missing):
    one = np.array([[1.9, 3.0], [0.8, 1.0], [1.1, 2.0], [0.1, 7.0], [9.9, 6.0], [4.4, 5.0]])
    other = np.array([[0.7, 2.0], [8.8, 4.0], [0.2, 6.0], [1.2, 7.5], [0.1, 1.0], [3.4, 2.0]])
    one[missing[0], 0] = other[missing[1], 0] = np.nan
    kept = [0, 2, 3, 5]
    found, whole, few = paired(one, other), paired(one[:, 1], other[:, 1]), paired(one[kept, 0], other[kept, 0])
    for name in ("saved", "correlation"):
        assert getattr(found, name).tolist() == pytest.approx(
            [float(getattr(few, name)), float(getattr(whole, name))]
        )
    for together, apart in zip(found.difference, zip(few.difference, whole.difference, strict=True), strict=True):
        assert together.tolist() == pytest.approx([float(each) for each in apart])


def test_what_never_varies_has_an_interval_of_no_width_and_no_correlation():
    found = paired(np.ones(5), np.ones(5))
    assert float(found.difference.half_width) == 0
    assert np.isnan([float(found.correlation), float(found.saved)]).all()


@pytest.mark.parametrize(
    ("events", "runs", "interval"),
    # Clopper and Pearson (1934), as SciPy's `binomtest(events, runs).proportion_ci()` has them.
    [
        (0, 30, (0, 0.115703)),
        (1, 30, (0.000844, 0.172170)),
        (29, 30, (0.827830, 0.999156)),
        (30, 30, (0.884297, 1)),
    ],
)
def test_a_share_has_clopper_and_pearsons_interval(events, runs, interval):
    values = np.arange(runs)[:, None] < events
    found = estimates(values, counts=True)
    assert (found.low[0], found.high[0]) == pytest.approx(interval, abs=1e-6)
    assert found.half_width[0] == max(found.mean[0] - found.low[0], found.high[0] - found.mean[0])
    assert found.exact[0]
    assert not estimates(values).exact[0]


def test_the_t_quantile_is_defined_from_one_degree_of_freedom_on():
    found = t_quantile(0.975, [0, 0.5, 1, 2, 30])
    assert found == pytest.approx([np.nan, np.nan, 12.7062, 4.3027, 2.0423], abs=1e-4, nan_ok=True)


def test_a_rare_count_has_garwoods_interval():
    # Three events: 0.6187 to 8.7673 (Garwood 1936, table 1), here in thirty runs.
    found = estimates([[2.0], [1.0]] + [[0.0]] * 28, counts=True)
    assert (found.low[0] * 30, found.high[0] * 30) == pytest.approx((0.6187, 8.7673), abs=1e-4)


@pytest.mark.parametrize(("ones", "zeros", "is_exact"), [(27, 92, 1), (28, 92, 0), (27, 28, 1), (27, 27, 0)])
def test_a_count_is_rare_below_thirty_events_and_where_half_of_the_runs_have_none(ones, zeros, is_exact):
    found = estimates(np.repeat([2.0, 1.0, 0.0], [1, ones, zeros])[:, None], counts=True)
    assert found.exact[0] == is_exact


def test_events_that_come_in_lumps_count_as_lumps():
    lumps = estimates([[5.0], [5.0]] + [[0.0]] * 28, counts=True)
    # Two lumps: 0.2422 to 7.2247. Their size by variance over mean is 4.83 rather than 5, so they are 2.07.
    assert (lumps.low[0] * 30, lumps.high[0] * 30) == pytest.approx((5 * 0.2422, 5 * 7.2247), rel=0.06)


def test_many_events_and_amounts_have_students_interval():
    often = np.random.default_rng(1).poisson(4, size=(30, 1)).astype(float)
    assert not estimates(often, counts=True).exact[0]
    assert not estimates([[0.0]] * 29 + [[99.5]], counts=True).exact[0]
    assert estimates(often, counts=True).half_width == pytest.approx(estimates(often).half_width)


@pytest.mark.parametrize(
    ("nonzero", "runs", "is_seldom"),
    [
        (0, 20, False), (1, 20, True), (5, 20, True), (6, 20, False), (9, 20, False),
        (9, 36, True), (9, 35, False), (9, 80, True), (10, 80, False),
    ],
)  # fmt: skip
def test_an_amount_other_than_zero_in_a_quarter_of_the_runs_and_in_nine_at_most_is_seldom(
    nonzero, runs, is_seldom
):
    values = np.where(np.arange(runs) < nonzero, 99.5, 0.0)[:, None]
    assert seldom(values, estimates(values, counts=True)).tolist() == [is_seldom]


def test_equal_values_have_no_deviation_whatever_rounding_made_of_their_mean():
    assert np.mean([0.1] * 3) != 0.1
    assert estimates([[0.1]] * 3).sd[0] == 0


def test_a_difference_of_rounding_alone_never_varies():
    one = np.array([1.1, 2.3, 3.7, 4.9]) * 1e6
    found = paired(one + 0.1, one)
    assert (one + 0.1 - one).std() > 0
    assert (float(found.difference.sd), float(found.saved)) == (0, np.inf)


def test_a_difference_of_rounding_alone_never_varies_where_some_runs_have_no_value():
    one = np.array([1.1, 2.3, np.nan, 3.7, 4.9]) * 1e6
    found = paired(one + 0.1, one)
    assert (int(found.difference.runs), float(found.difference.sd)) == (4, 0)
    assert float(found.difference.mean) == pytest.approx(0.1, rel=1e-6)


@pytest.mark.parametrize(("off", "varies"), [(0.9e-12, False), (1.2e-12, True)])
def test_differences_vary_where_they_are_farther_from_their_mean_than_a_trillionth_of_the_values(off, varies):
    other = np.full(3, 2.0**20)
    one = other + np.array([-off, 0.0, off]) * 2.0**20
    assert (float(paired(one, other).difference.sd) > 0) is varies


def test_a_column_without_values_has_no_mean():
    found = estimates([[np.nan, 1.0], [np.nan, 3.0]])
    assert np.isnan([found.mean[0], found.sd[0], found.half_width[0]]).all()
    assert found.runs.tolist() == [0, 2]


# Coverage


def test_intervals_of_ten_thousand_normal_samples_of_five_cover_95_percent():
    samples = np.random.default_rng(1).normal(7.0, 3.0, size=(5, 10_000))
    found = estimates(samples)
    covered = np.mean((found.low <= 7.0) & (found.high >= 7.0))
    assert abs(covered - 0.95) < 4 * np.sqrt(0.95 * 0.05 / 10_000)
    z = 1.959964 * found.sd / np.sqrt(5)
    assert np.mean(np.abs(found.mean - 7.0) <= z) < 0.9  # what the normal quantile would cover


@pytest.mark.parametrize("lump", [1, 3, 5])
def test_intervals_of_a_figure_of_mean_0_013_cover_it(full_size, lump):
    studies, mean = 100_000 if full_size else 5_000, 0.013
    samples = lump * np.random.default_rng(lump).poisson(mean / lump, size=(30, studies)).astype(float)
    found = estimates(samples, counts=True)
    covered = np.mean((found.low <= mean) & (mean <= found.high))
    # Students' intervals cover it in a third of the studies: in the others nothing is ever lost.
    assert covered >= 0.93
    students = estimates(samples)
    assert np.mean((students.low <= mean) & (mean <= students.high)) < 0.35


def test_simultaneous_intervals_cover_all_together():
    chance = np.random.default_rng(2)
    samples = chance.normal(size=(8, 4 * 5_000))
    found = estimates(samples, intervals=4)
    together = (np.abs(found.mean) <= found.half_width).reshape(4, -1).all(axis=0)
    assert 0.945 < together.mean() < 0.965


def queue_of(customers):
    """Return a shop that shows its home page to so many customers and some more, half busy, empty at the start."""
    rate = QUEUE.arrival_rate
    return Scenario.model_validate(
        {
            "name": "queue",
            "horizon": (customers + 6 * customers**0.5 + 10) / rate,
            "demand": {"kind": "poisson", "visits_per_day": rate * 86_400, "buy_share": 0},
            "users": {"count": 50},
            "shop": {"workers": 1, "page_time": {"kind": "exponential", "mean": 1 / QUEUE.service_rate}},
        }
    )


def first_waits(customers):
    """Return the figure `wait`: the mean wait of the first customers."""

    def metrics(result):
        messages = result.columns("messages")
        delivered, started = numbers(messages, "delivered_at"), numbers(messages, "started_at")
        mine = equals(text_column(messages, "recipient"), "shop") & (started != MISSING_TIME)
        waits = (started - delivered)[mine][np.argsort(delivered[mine], kind="stable")]
        assert len(waits) >= customers
        return {"wait": float(waits[:customers].mean()) / 1e6}

    return metrics


def coverage(studies, runs, customers, jobs):
    """Return the share of studies whose interval of the mean wait holds the exact one, and the mean of means."""
    scenario, metrics, exact = queue_of(customers), first_waits(customers), QUEUE.mean_wait_of_first(customers)
    rows = [
        replicate(scenario, runs=runs, seed=seed, jobs=jobs, metrics=metrics, progress=False).summary().loc["wait"]
        for seed in range(studies)
    ]
    covered = np.mean([row["low"] <= exact <= row["high"] for row in rows])
    means = np.array([row["mean"] for row in rows])
    assert abs(means.mean() - exact) < 4 * means.std(ddof=1) / np.sqrt(studies)
    return covered


@pytest.mark.slow
def test_intervals_of_real_studies_cover_the_exact_mean_wait(full_size):
    assert QUEUE.mean_wait_of_first(1000) == pytest.approx(0.996, abs=1e-4)
    if full_size:
        assert 0.93 <= coverage(studies=1000, runs=30, customers=1000, jobs=None) <= 0.97
    else:
        # Waits of few customers are skewed, so that ten runs cover a little less than 95 %.
        assert coverage(studies=100, runs=10, customers=40, jobs=1) > 0.84


LOST = 0.013


def losses_covered(seeds, jobs=None):
    """Return in how many studies of 30 runs the interval of `units_lost` holds its exact mean, 0.013.

    The three units of a purchase are lost with a share p, sent again, and so on: 3 p / (1 - p) units in the mean.
    """
    scenario = first_purchase().with_settings({"delivery.lost": LOST / (3 + LOST)})
    studies = (replicate(scenario, runs=30, seed=seed, jobs=jobs, progress=False) for seed in seeds)
    rows = [study.summary().loc["units_lost"] for study in studies]
    return sum(row["low"] <= LOST <= row["high"] for row in rows)


@pytest.mark.slow
def test_intervals_of_real_studies_cover_a_rare_loss(full_size):
    if full_size:
        assert losses_covered(range(1000)) >= 930
    else:
        # With 93 % fewer than 15 of 20 are covered in 1 of 500 trials; Student's intervals cover 1 in 10 or so.
        assert losses_covered(range(20), jobs=1) >= 15


@pytest.mark.parametrize(("customers", "mean"), [(1, 0.0), (2, 1 / 6)])
def test_the_exact_mean_wait_of_the_first_customers(customers, mean):
    assert QUEUE.mean_wait_of_first(customers) == pytest.approx(mean)


def test_the_exact_mean_wait_tends_to_the_steady_one():
    assert MMc(arrival_rate=0.2, service_rate=1).mean_wait_of_first(4000) == pytest.approx(0.25, abs=1e-4)
    with pytest.raises(ValueError, match="servers: must be 1"):
        MMc(arrival_rate=0.2, service_rate=1, servers=2).mean_wait_of_first(3)
