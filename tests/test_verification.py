"""The checks behind `alesha verify`: they pass on the program as it is, and find faults that are planted."""

from dataclasses import asdict
from math import isnan

import numpy as np
import pytest
from conftest import is_full_size

from alesha_sim import verification
from alesha_sim.distributions import Constant, Exponential
from alesha_sim.network.inbox import Inbox
from alesha_sim.scenarios import repeat_buyers
from alesha_sim.theory import MG1, MMc
from alesha_sim.verification import Check, Progress, Row, check, checks, customers, queues, run_checks, table
from alesha_sim.verification.check import Figure

CHECKS = {made.name: made for made in checks(full=is_full_size())}


def verdicts(rows):
    return {row.figure: row.verdict for row in rows}


# The program as it is


@pytest.mark.slow
@pytest.mark.parametrize("name", [name for name, made in CHECKS.items() if made.replicated])
def test_runs_agree_with_theory(name):
    rows = CHECKS[name].rows(seed=1)
    assert [row for row in rows if not row.passed] == []
    assert all(row.tolerance <= 4 * 0.015 * row.expected for row in rows)


@pytest.mark.parametrize("name", ["Little's law", "repeat buyers, orders"])
def test_runs_agree_exactly_with_themselves(name):
    rows = CHECKS[name].rows(seed=1)
    assert len(rows) >= 8
    assert [row for row in rows if not row.passed] == []


def test_replay_agrees_with_the_published_counts(reference):
    pytest.importorskip("lifetimes", reason="the CDNOW data comes with the extra replay", exc_type=ImportError)
    found = {row.figure: row.observed for row in CHECKS["CDNOW replay"].rows(seed=1)}
    expected = reference("cdnow-data")["expected"]
    assert found["customers"] == expected["customers"]
    assert found["purchases"] == expected["customer_days"]
    assert found["units"] == expected["cd_units"]
    assert found["repeats by week 39"] == expected["cum_repeat_at_week"]["39"]
    assert found["repeats by week 78"] == expected["cum_repeat_at_week"]["78"]
    histogram = [number for figure, number in found.items() if figure.startswith("customers by")]
    assert histogram == expected["hist_x_0..6,7+"]


def test_every_inbox_but_the_users_has_a_queue_for_littles_law():
    metrics = queues.little_run(1)
    waiting = {name: figure.expected for name, figure in metrics.items() if "waiting" in name}
    assert waiting.pop("user: mean number waiting") == 0
    assert all(number > 0.001 for number in waiting.values())
    assert all(figure.tolerance < 1e-4 * figure.expected for figure in metrics.values() if figure.tolerance > 1e-7)


def test_queues_are_those_of_the_reference(reference):
    cases = ["mmc-0.5-1-1", "mmc-0.8-1-1", "mmc-1.6-1-2", "mmc-4-1-5"]
    for queue, case in zip(queues.QUEUES, cases, strict=False):
        expected = reference(case)["expected"]
        found = [queue.theory.mean_wait, queue.theory.wait_probability, queue.theory.mean_waiting]
        assert found == pytest.approx([expected["Wq"], expected["P_wait"], expected["Lq"]], rel=1e-9)
        assert (queue.servers, queue.page_time) == (queue.theory.servers, Exponential(1))


def test_customers_are_those_of_the_reference(reference):
    published = reference("bgnbd-fit")["expected"]["published"]
    assert asdict(customers.PUBLISHED) == {name: published[name] for name in ("r", "alpha", "a", "b")}


@pytest.mark.parametrize("queue", queues.QUEUES + queues.MORE_QUEUES, ids=lambda queue: queue.name)
def test_shop_and_theory_of_a_queue_describe_the_same_and_the_start_is_cut(queue):
    theory = queue.theory
    rate = theory.arrival_rate
    assert queue.page_time.expected * rate / queue.servers == pytest.approx(theory.utilisation)
    relaxation = 1 / (np.sqrt(queue.servers / queue.page_time.expected) - np.sqrt(rate)) ** 2
    roughness = (1 + theory.service_cv**2) / 2 if isinstance(theory, MG1) else 1
    assert queue.warm_up_seconds >= 10 * relaxation * roughness


# Planted faults: few runs are enough to see them


@pytest.fixture
def few_runs(monkeypatch):
    monkeypatch.setattr(check, "RUNS_MIN", 8)
    monkeypatch.setattr(check, "RUNS_MAX", 8)


SMALL = queues.Queue("small", MMc(arrival_rate=0.5, service_rate=1), 1, Exponential(1), 120, 1_000)


@pytest.mark.parametrize(
    "fault",
    [{"page_time": Exponential(1.1)}, {"page_time": Constant(1.0)}, {"servers": 2}],
    ids=["pages take 10 % longer", "pages take the same time", "one more worker"],
)
@pytest.mark.usefixtures("few_runs")
def test_a_shop_that_serves_unlike_the_theory_is_found(fault):
    found = verdicts(queues.queue_check(SMALL._replace(**fault)).rows(seed=1))
    assert found["mean wait, s"] == "differs"
    assert found["mean number waiting"] == "differs"


@pytest.mark.usefixtures("few_runs")
def test_a_start_that_is_not_cut_is_found():
    busy = MMc(arrival_rate=0.95, service_rate=1)
    queue = queues.Queue("cold", busy, 1, Exponential(1), 0.0, 100)
    assert set(verdicts(queues.queue_check(queue).rows(seed=1)).values()) == {"differs"}


@pytest.mark.parametrize("fault", [{"r": 0.28}, {"alpha": 3.6}, {"a": 0.6}, {"b": 2.0}])
@pytest.mark.usefixtures("few_runs")
def test_customers_who_come_back_unlike_the_model_are_found(fault):
    found = verdicts(customers.repeat_check(repeat_buyers(**fault)).rows(seed=1))
    assert found["repeats by week 78"] == "differs"


@pytest.mark.interpreted
def test_an_inbox_that_miscounts_is_found(monkeypatch):
    def count(self, now):
        self._waiting_seconds += max(0, len(self.waiting) - 1) * (now - self._changed_at)
        self._changed_at = now

    monkeypatch.setattr(Inbox, "_count", count)
    found = verdicts(CHECKS["Little's law"].rows(seed=1))
    waiting = {figure.split(":")[0]: verdict for figure, verdict in found.items() if "waiting" in figure}
    assert waiting == {"shop": "differs", "bank": "differs", "supplier": "differs", "user": "agrees"}


def test_purchases_that_do_not_become_orders_are_found(monkeypatch):
    monkeypatch.setattr(customers, "repeat_buyers", lambda: repeat_buyers(users=200, opening_balance=1500))
    found = verdicts(CHECKS["repeat buyers, orders"].rows(seed=1))
    assert {found["purchases"], found["repeats by week 78"]} == {"differs"}


# How a check judges


def drawn(*means, spread=1.0):
    """Return a check of a figure that should be 10, and the seeds it is run with; `means` by attempt."""
    seeds = []

    def run(seed):
        mean = means[min(len(seeds) // check.RUNS_MIN, len(means) - 1)]
        seeds.append(seed)
        return {"figure": Figure(mean + spread * np.random.default_rng(seed).standard_normal(), 10.0)}

    return Check("drawn", run), seeds


def test_runs_are_added_until_the_standard_error_is_small():
    made, seeds = drawn(10.0)
    (row,) = made.rows(seed=1)
    assert row.verdict == "agrees"
    assert 20 < len(seeds) < 100
    assert 0.9 * 0.6 < row.tolerance <= 0.6
    assert len(set(seeds)) == len(seeds)


def test_a_check_that_fails_is_made_once_more_with_other_seeds_and_four_times_the_runs():
    made, seeds = drawn(11.0, 10.0, spread=0.5)
    (row,) = made.rows(seed=1)
    assert row.verdict == "agrees"
    assert len(seeds) == len(set(seeds)) == 20 + 80


def test_a_check_that_fails_twice_fails():
    made, seeds = drawn(11.0, spread=0.5)
    (row,) = made.rows(seed=1)
    assert (row.verdict, row.passed, len(seeds)) == ("differs", False, 100)
    assert row.observed == pytest.approx(11.0, abs=0.2)


@pytest.mark.usefixtures("few_runs")
def test_a_figure_that_stays_blurred_fails():
    (row,) = drawn(10.0, spread=50.0)[0].rows(seed=1)
    assert (row.verdict, row.passed) == ("too blurred", False)


def test_a_figure_that_is_no_number_fails():
    (row,) = Check("undefined", lambda seed: {"figure": Figure(float("nan"), 1.0)}).rows(seed=1)
    assert row.verdict == "differs"


def test_the_seed_decides_the_runs_and_each_check_has_its_own():
    def seeds(name, seed):
        used = []
        Check(name, lambda run: used.append(run) or {"figure": Figure(1.0, 1.0)}).rows(seed)
        return used

    assert seeds("one", 1) == seeds("one", 1)
    assert not {*seeds("one", 1)} & {*seeds("one", 2), *seeds("other", 1)}


@pytest.mark.parametrize(("observed", "verdict"), [(10.0, "agrees"), (10.5, "agrees"), (10.6, "differs")])
def test_one_run_is_judged_by_its_own_tolerance(observed, verdict):
    made = Check("exact", lambda seed: {"figure": Figure(observed, 10.0, 0.5)}, replicated=False)
    assert made.rows(seed=1) == [Row("exact", "figure", 10.0, observed, 0.5, verdict)]


def test_a_check_is_skipped_without_the_package_it_needs():
    made = Check("replay", lambda seed: pytest.fail("it ran"), needs="no_such_package")
    (row,) = made.rows(seed=1)
    assert (row.figure, row.verdict, row.passed) == ("needs the package no_such_package", "skipped", True)
    assert isnan(row.observed)


# All together


def test_all_checks_run_and_tell_how_far_they_are(monkeypatch):
    one, other = drawn(10.0, spread=0.1)[0], Check("exact", lambda seed: {"x": Figure(1, 1)}, replicated=False)
    monkeypatch.setattr(verification, "checks", lambda *, full: [one, other] if full else [other])
    seen = []
    rows = run_checks(1, full=True, progress=seen.append)
    assert [row.check for row in rows] == ["drawn", "exact"]
    assert seen == [Progress("drawn", 1, 2, runs) for runs in range(1, 21)] + [Progress("exact", 2, 2, 1)]
    assert [row.check for row in run_checks(1)] == ["exact"]


def test_full_size_has_all_checks_and_more():
    short, long = ([made.name for made in checks(full=full)] for full in (False, True))
    assert set(short) < set(long)
    assert len(set(long)) == len(long) >= len(short) + 15


def test_the_table_reads_well():
    rows = [
        Row("queue", "mean wait, s", 4.0, 3.95899123, 0.2187, "agrees"),
        Row("replay", "units", 16479.0, 16480.0, 0.0, "differs"),
        Row("other", "needs the package x", float("nan"), float("nan"), float("nan"), "skipped"),
    ]
    assert table(rows).splitlines() == [
        "check   figure               expected  observed  tolerance  verdict",
        "queue   mean wait, s                4   3.95899       0.22  agrees",
        "replay  units                   16479     16480          0  differs",
        "other   needs the package x" + 33 * " " + "skipped",
        "",
        "1 of 2 figures agree, 1 skipped",
    ]
