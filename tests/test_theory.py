"""The formulas against the outside reference cases, scipy, and each other."""

from __future__ import annotations

import importlib.util
import math
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy import integrate, special

from alesha_sim.theory import BGNBD, MG1, ErlangA, MMc, Retries, erlang_b

Reference = Callable[[str], dict[str, Any]]

PUBLISHED = BGNBD(r=0.243, alpha=4.414, a=0.793, b=2.426)

QUEUES = [
    "mmc-0.5-1-1",
    "mmc-0.8-1-1",
    "mmc-0.9-1-1",
    "mmc-1.6-1-2",
    "mmc-4-1-5",
    "mmc-8-1-10",
    "mmc-9-1-10",
    "mmc-45-5-10",
]


# --- queues ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("case_id", QUEUES)
def test_many_servers_agree_with_the_reference(reference: Reference, case_id: str) -> None:
    case = reference(case_id)
    given, expected = case["inputs"], case["expected"]
    queue = MMc(arrival_rate=given["lam"], service_rate=given["mu"], servers=given["c"])
    metrics = {
        "rho": queue.utilisation,
        "P_wait": queue.wait_probability,
        "Wq": queue.mean_wait,
        "W": queue.mean_stay,
        "Lq": queue.mean_waiting,
        "L": queue.mean_present,
        "Wq_p95": queue.wait_quantile(0.95),
    }
    compared = {name: value for name, value in metrics.items() if name in expected}
    assert len(compared) >= 6
    assert compared == pytest.approx({name: expected[name] for name in compared}, rel=1e-9)
    for time, share in expected.get("P_Wq_gt", {}).items():
        assert queue.wait_exceeds(float(time)) == pytest.approx(share, rel=1e-9)


def test_quantile_is_zero_up_to_the_share_that_does_not_wait() -> None:
    queue = MMc(arrival_rate=8.0, service_rate=1.0, servers=10)
    assert queue.wait_quantile(1 - queue.wait_probability - 0.01) == 0
    assert queue.wait_exceeds(queue.wait_quantile(0.99)) == pytest.approx(0.01)


def test_erlang_b_agrees_with_the_reference(reference: Reference) -> None:
    case = reference("erlang-b")
    found = [erlang_b(servers, load) for servers, load in case["inputs"]["(c,a)"]]
    assert found == pytest.approx(case["expected"]["B"], rel=1e-9)


@pytest.mark.parametrize(
    ("name", "queue"),
    [
        ("M/D/1", MG1.constant(arrival_rate=0.8, service_mean=1.0)),
        ("M/E4/1", MG1.erlang(arrival_rate=0.8, service_mean=1.0, k=4)),
        ("M/G/1 cs2=4", MG1(arrival_rate=0.8, service_mean=1.0, service_cv=2.0)),
    ],
)
def test_one_server_agrees_with_the_reference(reference: Reference, name: str, queue: MG1) -> None:
    expected = reference("mg1")["expected"][name]
    found = {"Wq": queue.mean_wait, "W": queue.mean_stay, "Lq": queue.mean_waiting}
    assert found == pytest.approx(expected, rel=1e-9)


def test_exponential_service_is_a_case_of_both_formulas() -> None:
    many = MMc(arrival_rate=0.3, service_rate=0.4)
    one = MG1(arrival_rate=0.3, service_mean=2.5, service_cv=1.0)
    for figure in (
        "utilisation",
        "wait_probability",
        "mean_wait",
        "mean_stay",
        "mean_waiting",
        "mean_present",
    ):
        assert getattr(many, figure) == pytest.approx(getattr(one, figure), rel=1e-12)


@pytest.mark.parametrize(
    ("refused", "message"),
    [
        (lambda: MMc(arrival_rate=2.0, service_rate=1.0, servers=2), "utilisation: 1: must be below 1"),
        (
            lambda: MMc(arrival_rate=-1.0, service_rate=math.inf, servers=0),
            "arrival_rate: -1.0: must be above 0 and finite\nservice_rate: inf: must be above 0 and finite\n"
            "servers: 0: must be a whole number of at least 1",
        ),
        (
            lambda: MMc(arrival_rate=0.5, service_rate=1.0).wait_exceeds(-1),
            "time: -1: must be at least 0 and finite",
        ),
        (
            lambda: MMc(arrival_rate=0.5, service_rate=1.0).wait_quantile(1),
            "share: 1: must be from 0 to below 1",
        ),
        (lambda: MG1.constant(arrival_rate=0.5, service_mean=2), "utilisation: 1: must be below 1"),
        (
            lambda: MG1(arrival_rate=0.5, service_mean=1, service_cv=math.nan),
            "service_cv: nan: must be at least 0 and finite",
        ),
        (
            lambda: MG1.erlang(arrival_rate=0.5, service_mean=1, k=True),
            "k: True: must be a whole number of at least 1",
        ),
        (lambda: erlang_b(1, 0.0), "load: 0.0: must be above 0 and finite"),
        (
            lambda: ErlangA(arrival_rate=0, service_rate=1, abandon_rate=math.inf, servers=1.5),
            "arrival_rate: 0: must be above 0 and finite\nabandon_rate: inf: must be above 0 and finite\n"
            "servers: 1.5: must be a whole number of at least 1",
        ),
        (
            lambda: Retries(request_loss=1, reply_loss=-0.1, attempts=0),
            "request_loss: 1: must be from 0 to below 1\nreply_loss: -0.1: must be from 0 to below 1\n"
            "attempts: 0: must be a whole number of at least 1",
        ),
        (
            lambda: Retries(request_loss=0, reply_loss=0).mean_seconds(round_trip=4, timeout=3, growth=0.5),
            "timeout: 3: must be at least round_trip, 4\ngrowth: 0.5: must be at least 1 and finite",
        ),
        (lambda: BGNBD(r=1, alpha=0, a=1, b=1), "alpha: 0: must be above 0 and finite"),
        (lambda: PUBLISHED.expected_purchases([1, -1]), "ages: -1.0: must be from 0 to 44140 (10000 alpha)"),
        (lambda: PUBLISHED.probabilities(math.nan, 3), "ages: nan: must be from 0 to 44140 (10000 alpha)"),
        (lambda: PUBLISHED.probabilities(1, 0), "count: 0: must be a whole number of at least 1"),
        (lambda: PUBLISHED.expected_repeats([1, math.nan], 2), "entries: nan: must be finite"),
        (
            lambda: PUBLISHED.expected_histogram([1], 2, bins=1),
            "bins: 1: must be a whole number of at least 2",
        ),
        (
            lambda: PUBLISHED.log_likelihood([0.5], [0], [1]),
            "repeats: 0.5: must be a whole number of at least 0",
        ),
    ],
)
def test_bad_input_is_refused_naming_field_value_and_rule(refused: Callable[[], object], message: str) -> None:
    with pytest.raises(ValueError, match="must be") as fault:
        refused()
    assert str(fault.value) == message


# --- impatience -----------------------------------------------------------------------------------------

IMPATIENT = [
    # arrivals, service, giving up, servers
    (0.5, 1.0, 0.1, 1),
    (1.0, 1.0, 1.0, 1),
    (5.0, 1.0, 0.3, 2),
    (8.0, 1.0, 0.5, 10),
    (12.0, 1.0, 2.0, 10),
    (40.0, 5.0, 0.01, 10),
    (30.0, 1.0, 0.2, 25),
]


def stationary(arrivals: float, service: float, giving_up: float, servers: int) -> np.ndarray:
    """Solve the balance of a queue of at most 400, its rates written down one by one, as linear equations."""
    size = 401
    rates = np.zeros((size, size))
    for present in range(size - 1):
        rates[present, present + 1] = arrivals
    for present in range(1, size):
        rates[present, present - 1] = min(present, servers) * service + max(present - servers, 0) * giving_up
    balance = (rates - np.diag(rates.sum(axis=1))).T
    balance[-1] = 1.0
    return np.linalg.solve(balance, np.eye(size)[-1])


@pytest.mark.parametrize("rates", IMPATIENT)
def test_impatience_agrees_with_the_balance_of_the_queue(rates: tuple[float, float, float, int]) -> None:
    arrivals, service, giving_up, servers = rates
    queue = ErlangA(arrival_rate=arrivals, service_rate=service, abandon_rate=giving_up, servers=servers)
    shares, present = stationary(*rates), np.arange(401)
    waiting, busy = np.maximum(present - servers, 0), np.minimum(present, servers)
    assert queue.wait_probability == pytest.approx(shares[present >= servers].sum(), rel=1e-9)
    assert queue.mean_waiting == pytest.approx(shares @ waiting, rel=1e-9)
    assert queue.mean_present == pytest.approx(shares @ present, rel=1e-9)
    assert queue.utilisation == pytest.approx(shares @ busy / servers, rel=1e-9)
    # Who is not served has given up.
    assert queue.abandon_probability == pytest.approx(1 - service * (shares @ busy) / arrivals, rel=1e-6)
    assert queue.abandon_probability == pytest.approx(giving_up * queue.mean_wait, rel=1e-12)


@pytest.mark.parametrize("rates", IMPATIENT)
def test_impatience_agrees_with_the_published_formula(rates: tuple[float, float, float, int]) -> None:
    arrivals, service, giving_up, servers = rates
    x, y, load = servers * service / giving_up, arrivals / giving_up, arrivals / (servers * service)
    palm = special.gammainc(x, y) * math.exp(math.log(x) + y - x * math.log(y) + math.lgamma(x))
    blocked = erlang_b(servers, arrivals / service)
    waits = palm * blocked / (1 + (palm - 1) * blocked)
    queue = ErlangA(arrival_rate=arrivals, service_rate=service, abandon_rate=giving_up, servers=servers)
    assert queue.wait_probability == pytest.approx(waits, rel=1e-9)
    assert queue.abandon_probability == pytest.approx(waits * (1 / (load * palm) + 1 - 1 / load), rel=1e-6)


def test_patience_without_end_leaves_erlang_c() -> None:
    patient = MMc(arrival_rate=8.0, service_rate=1.0, servers=10)
    queue = ErlangA(arrival_rate=8.0, service_rate=1.0, abandon_rate=1e-9, servers=10)
    for figure in ("wait_probability", "mean_wait", "mean_waiting", "mean_present", "utilisation"):
        assert getattr(queue, figure) == pytest.approx(getattr(patient, figure), rel=1e-7)


def test_crowd_that_only_impatience_thins_is_no_overflow() -> None:
    queue = ErlangA(arrival_rate=1000.0, service_rate=1.0, abandon_rate=0.01, servers=10)
    assert queue.wait_probability == 1
    assert queue.mean_waiting == pytest.approx(99_000, rel=1e-9)
    assert queue.abandon_probability == pytest.approx(0.99, rel=1e-9)


# --- asking again ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("case_id", ["retry-0", "retry-1", "retry-2"])
def test_bounded_attempts_agree_with_the_reference(reference: Reference, case_id: str) -> None:
    case = reference(case_id)
    given, expected = case["inputs"], case["expected"]
    retries = Retries(
        request_loss=given["p_request_loss"], reply_loss=given["p_reply_loss"], attempts=given["max_attempts"]
    )
    found = {
        "E_attempts": retries.mean_attempts,
        "P_acknowledged": retries.acknowledged,
        "E_charges_without_key": retries.mean_charges,
        "P_double_charge_without_key": retries.charged_twice,
        "P_unknown_outcome_but_charged": retries.charged_unaware,
        "P_never_charged": retries.never_charged,
        "E_charges_with_key": 1 - retries.never_charged,
    }
    assert found == pytest.approx(expected, rel=1e-9, abs=1e-12)


def test_attempts_without_end_agree_with_the_reference(reference: Reference) -> None:
    case = reference("retry-unbounded")
    for given, expected in zip(case["inputs"], case["expected"], strict=True):
        retries = Retries(request_loss=given["p_request_loss"], reply_loss=given["p_reply_loss"])
        found = (retries.mean_attempts, retries.mean_charges, retries.charged_twice)
        names = ("E_attempts", "E_charges_without_key", "P_double_charge")
        assert found == pytest.approx(tuple(expected[name] for name in names), rel=1e-9)
        assert (retries.acknowledged, retries.never_charged, retries.charged_unaware) == (1, 0, 0)


def test_time_to_a_reply_agrees_with_the_reference(reference: Reference) -> None:
    case = reference("retry-latency")
    given, expected = case["inputs"], case["expected"]
    retries = Retries(request_loss=given["p_request_loss"], reply_loss=given["p_reply_loss"])
    for growth, name in ((1.0, "constant_timeout"), (2.0, "doubling_timeout")):
        seconds = retries.mean_seconds(round_trip=given["rtt"], timeout=given["timeout"], growth=growth)
        assert seconds == pytest.approx(expected[name], rel=1e-9)
    assert Retries(request_loss=0.3, reply_loss=0.3).mean_seconds(round_trip=1, timeout=3, growth=2) == math.inf


@pytest.mark.parametrize("growth", [1.0, 1.5, 2.0])
def test_time_with_bounded_attempts_is_the_sum_over_all_ends(growth: float) -> None:
    retries = Retries(request_loss=0.2, reply_loss=0.1, attempts=4)
    fails, waits = 0.28, [3 * growth**k for k in range(4)]
    ends = [fails**k * (1 - fails) * (1 + sum(waits[:k])) for k in range(4)] + [fails**4 * sum(waits)]
    found = retries.mean_seconds(round_trip=1, timeout=3, growth=growth)
    assert found == pytest.approx(sum(ends), rel=1e-12)
    many = Retries(request_loss=0.2, reply_loss=0.1, attempts=400)
    endless = Retries(request_loss=0.2, reply_loss=0.1)
    assert many.mean_seconds(round_trip=1, timeout=3, growth=growth) == pytest.approx(
        endless.mean_seconds(round_trip=1, timeout=3, growth=growth), rel=1e-12
    )


# --- repeat buying --------------------------------------------------------------------------------------


def test_expected_purchases_agree_with_the_reference(reference: Reference) -> None:
    expected = reference("bgnbd-expected")["expected"]["E_X_t"]
    found = PUBLISHED.expected_purchases([float(week) for week in expected])
    assert found == pytest.approx(np.array(list(expected.values())), rel=1e-5)


def test_probabilities_agree_with_the_reference(reference: Reference) -> None:
    expected = reference("bgnbd-expected")["expected"]["P_X39_0..7"]
    assert PUBLISHED.probabilities(39.0, 8) == pytest.approx(np.array(expected), abs=1e-6)


@pytest.mark.parametrize("parameters", [(0.243, 4.414, 0.793, 2.426), (0.5, 1.0, 0.2, 0.3), (5.0, 1.0, 3.0, 0.7)])
def test_expected_purchases_are_the_published_equation(parameters: tuple[float, float, float, float]) -> None:
    r, alpha, a, b = parameters
    age = np.array([0.5, 4.0, 39.0, 78.0, 500.0])
    series = special.hyp2f1(r, b, a + b - 1, age / (alpha + age))
    published = (a + b - 1) / (a - 1) * (1 - (alpha / (alpha + age)) ** r * series)
    assert BGNBD(r=r, alpha=alpha, a=a, b=b).expected_purchases(age) == pytest.approx(published, rel=1e-10)


@pytest.mark.parametrize("parameters", [(2.0, 3.0, 1.0, 1.5), (2.0, 3.0, 1 + 1e-9, 1.5), (1.5, 2.0, 2.0, 0.5)])
@pytest.mark.parametrize("age", [0.01, 1.0, 30.0, 1000.0])
def test_expected_purchases_where_the_published_equation_has_no_value(
    parameters: tuple[float, float, float, float], age: float
) -> None:
    r, alpha, a, b = parameters

    def given_share(p: float) -> float:
        return float((1 - (1 + p * age / alpha) ** -r) / p * p ** (a - 1))

    # The end 1 has the weight (1 - p)^(b - 1), which may be infinite there.
    whole = integrate.quad(given_share, 0, 1, weight="alg", wvar=(0, b - 1), epsabs=0, epsrel=1e-11, limit=500)[0]
    expected = whole / special.beta(a, b)
    assert BGNBD(r=r, alpha=alpha, a=a, b=b).expected_purchases(age) == pytest.approx(expected, rel=1e-8)


def test_expected_purchases_where_the_parameters_a_and_b_sum_to_one() -> None:
    at, beside = BGNBD(r=0.5, alpha=1, a=0.4, b=0.6), BGNBD(r=0.5, alpha=1, a=0.4, b=0.6 + 1e-7)
    assert at.expected_purchases(30.0) == pytest.approx(beside.expected_purchases(30.0), rel=1e-6)


def test_expectation_is_the_mean_of_the_probabilities() -> None:
    ages = np.array([[0.0, 1.0], [3.0, 10.0]])
    shares = PUBLISHED.probabilities(ages, 400)
    assert shares.shape == (2, 2, 400)
    assert shares.sum(axis=-1) == pytest.approx(np.ones((2, 2)), abs=1e-9)
    assert shares @ np.arange(400) == pytest.approx(PUBLISHED.expected_purchases(ages), rel=1e-6)


def test_purchase_counts_agree_with_simulated_customers() -> None:
    generator = np.random.default_rng(5)
    n, age = 400_000, 13.0
    rate = generator.gamma(1.5, 1 / 4.0, n)
    leaves = generator.geometric(generator.beta(0.8, 2.4, n))
    bought = np.minimum(generator.poisson(rate * age), leaves)
    model = BGNBD(r=1.5, alpha=4.0, a=0.8, b=2.4)
    error = bought.std() / math.sqrt(n)
    assert abs(bought.mean() - float(model.expected_purchases(age))) < 4 * error
    observed = np.bincount(bought, minlength=6)[:6] / n
    assert np.abs(observed - model.probabilities(age, 6)).max() < 4 * 0.5 / math.sqrt(n)


def test_likelihood_of_one_customer_is_a_density_of_its_history() -> None:
    model = BGNBD(r=1.5, alpha=4.0, a=0.8, b=2.4)
    none = math.exp(model.log_likelihood([0], [0.0], [6.0]))
    once = integrate.quad(lambda at: math.exp(model.log_likelihood([1], [at], [6.0])), 0, 6)[0]
    assert [none, once] == pytest.approx(list(model.probabilities(6.0, 2)), rel=1e-9)


def test_customers_yet_to_enter_count_for_nothing() -> None:
    entries = np.array([0.0, 5.0, 11.5])
    expected = PUBLISHED.expected_purchases([8.0, 3.0]).sum()
    assert PUBLISHED.expected_repeats(entries, 8.0) == pytest.approx(expected, rel=1e-12)
    assert PUBLISHED.expected_histogram(entries, 8.0).sum() == pytest.approx(2.0, rel=1e-12)


# --- the CDNOW customers --------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def purchases() -> list[np.ndarray]:
    """Each CDNOW customer's purchase days, counted from the end of 1996, sorted and each once."""
    found = importlib.util.find_spec("lifetimes")
    if found is None or found.origin is None:
        pytest.skip("the CDNOW data comes with the extra replay")
    rows = np.loadtxt(Path(found.origin).parent / "datasets" / "CDNOW_sample.txt", usecols=(1, 2), dtype=np.int64)
    text = [f"{day // 10000}-{day // 100 % 100:02}-{day % 100:02}" for day in rows[:, 1]]
    days = (np.array(text, dtype="datetime64[D]") - np.datetime64("1996-12-31")).astype(np.int64)
    return [np.unique(days[rows[:, 0] == customer]) for customer in np.unique(rows[:, 0])]


def test_expected_repeats_of_the_real_customers(reference: Reference, purchases: list[np.ndarray]) -> None:
    expected = reference("bgnbd-expected")["expected"]
    entries = np.array([days[0] / 7 for days in purchases])
    found = [PUBLISHED.expected_repeats(entries, week) for week in range(1, 79)]
    assert found == pytest.approx(expected["cum_repeat_expected_weeks_1..78"], abs=1e-3)
    histogram = PUBLISHED.expected_histogram(entries, 39.0)
    assert histogram == pytest.approx(np.array(expected["hist_expected_0..6,7+"]), abs=1e-3)


def test_likelihood_of_the_real_customers(reference: Reference, purchases: list[np.ndarray]) -> None:
    expected = reference("bgnbd-fit")["expected"]
    known = [days[days <= 273] for days in purchases]
    repeats = np.array([len(days) - 1 for days in known])
    last = np.array([days[-1] - days[0] for days in known]) / 7
    ages = np.array([273 - days[0] for days in known]) / 7
    assert PUBLISHED.log_likelihood(repeats, last, ages) == pytest.approx(
        expected["loglik_at_published"], abs=1e-6
    )
    ones = BGNBD(r=1, alpha=1, a=1, b=1).log_likelihood(repeats, last, ages)
    assert ones == pytest.approx(expected["loglik_at_r=alpha=a=b=1"], abs=1e-6)


def test_theory_needs_only_numpy() -> None:
    code = "import sys, alesha_sim.theory; print(sorted({'scipy', 'pandas', 'pydantic'} & set(sys.modules)))"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "[]"


@pytest.mark.parametrize("kind", [np.int64, np.int8])
def test_numbers_of_servers_and_customers_may_be_numpys(kind: Callable[[int], int]) -> None:
    plain, numpys = (MMc(arrival_rate=0.9, service_rate=1, servers=one(1)) for one in (int, kind))
    assert numpys.mean_wait == plain.mean_wait
    assert numpys.mean_wait_of_first(kind(100)) == plain.mean_wait_of_first(100)
    assert erlang_b(kind(100), 90) == erlang_b(100, 90)
