import dataclasses
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from alesha_sim.distributions import (
    KINDS,
    PARAMETER_MAX,
    Constant,
    Distribution,
    Empirical,
    Erlang,
    Exponential,
    Gamma,
    Lognormal,
    Triangular,
    Uniform,
    durations,
)
from alesha_sim.streams import Streams

# Every continuous kind beside SciPy's own law, and its mean and variance by hand.
LAWS = [
    (Uniform(1, 3), stats.uniform(1, 2), 2, 1 / 3),
    (Exponential(2), stats.expon(scale=2), 2, 4),
    (Triangular(1, 2, 6), stats.triang(0.2, loc=1, scale=5), 3, 7 / 6),
    (Lognormal(3, 0.5), stats.lognorm(math.sqrt(math.log(1.25)), scale=3 / math.sqrt(1.25)), 3, 2.25),
    (Lognormal(5, 1.2), stats.lognorm(math.sqrt(math.log(2.44)), scale=5 / math.sqrt(2.44)), 5, 36),
    (Gamma(3, 0.5), stats.gamma(4, scale=0.75), 3, 2.25),
    (Gamma(10, 2), stats.gamma(0.25, scale=40), 10, 400),
    (Erlang(3, 6), stats.gamma(3, scale=2), 6, 12),
]
LISTED = [
    (Constant(4), 4, 0),
    (Empirical((1, 2, 6)), 3, 14 / 3),
    (Empirical((1, 2, 6), (1, 0, 4)), 5, 4),
    (Lognormal(3, 0), 3, 0),
    (Gamma(3, 0), 3, 0),
]
MOMENTS = [(law[0], *law[2:]) for law in LAWS] + LISTED

parameters = st.floats(0, PARAMETER_MAX)
coefficients = st.floats(0, 1e6)
lists = st.lists(parameters, min_size=1, max_size=6)
distributions = st.one_of(
    st.builds(Constant, parameters),
    st.tuples(parameters, parameters).map(lambda two: Uniform(*sorted(two))),
    st.builds(Exponential, parameters),
    st.tuples(parameters, parameters, parameters).map(lambda three: Triangular(*sorted(three))),
    st.builds(Lognormal, parameters, coefficients),
    st.builds(Gamma, parameters, coefficients),
    st.builds(Erlang, st.integers(1, 50), parameters),
    st.builds(Empirical, lists),
    lists.map(lambda values: Empirical(values, range(1, len(values) + 1))),
)


def stream(name="bank:service", seed=7):
    return Streams(seed).generator(name)


def faults(kind, *given_values):
    with pytest.raises(ValueError, match="must") as refusal:
        kind(*given_values)
    return str(refusal.value).splitlines()


def misses(distribution, mean, variance, count, seed):
    drawn = distribution.draw(stream(seed=seed), count)
    squares = (drawn - mean) ** 2
    # The rounding of a constant's own mean is all that a variance of zero leaves.
    errors = np.array([drawn.std(), squares.std()]) / math.sqrt(count) + 1e-12 * mean
    return abs(np.array([drawn.mean() - mean, squares.mean() - variance])) > 4 * errors


@pytest.mark.parametrize(("distribution", "mean", "variance"), MOMENTS, ids=str)
def test_mean_and_variance_agree_with_theory(distribution, mean, variance):
    assert distribution.expected == pytest.approx(mean, rel=1e-12)
    # One cell in 16,000 falls outside by chance, so a miss has a second try with four times the draws.
    if misses(distribution, mean, variance, 400_000, seed=1).any():
        assert not misses(distribution, mean, variance, 1_600_000, seed=2).any()


@pytest.mark.parametrize(("distribution", "law"), [law[:2] for law in LAWS], ids=lambda each: type(each).__name__)
def test_draws_follow_the_law_that_the_kind_names(distribution, law):
    # Kolmogorov-Smirnov: tells a gamma from a lognormal of the same mean and variance.
    assert stats.kstest(distribution.draw(stream(), 20_000), law.cdf).pvalue > 1e-4


def test_empirical_values_come_as_often_as_their_weights_say():
    drawn = Empirical((5, 1, 9, 5, 2), (1, 0, 3, 2, 0)).draw(stream(), 60_000)
    values, counts = np.unique(drawn, return_counts=True)
    assert values.tolist() == [5, 9]
    # The standard error of either count is 122.
    assert abs(counts - 30_000).max() < 4 * math.sqrt(60_000 / 4)


@pytest.mark.parametrize("uniform", [0.0, math.nextafter(1, 0)])
def test_empirical_value_without_weight_is_never_drawn(uniform):
    class Edge:
        def random(self, size):
            return np.full(size, uniform)

    assert Empirical((5, 9, 2), (0, 0.1, 0)).draw(Edge(), 2).tolist() == [9, 9]


def test_empirical_without_weights_draws_as_with_equal_ones():
    equal = Empirical((1, 2, 3), (7, 7, 7)).draw(stream(), 100)
    assert Empirical((1, 2, 3)).draw(stream(), 100).tolist() == equal.tolist()


@given(distributions)
def test_draws_are_finite_and_never_negative(distribution):
    drawn = distribution.draw(stream(), 50)
    assert drawn.dtype == np.float64
    assert drawn.shape == (50,)
    assert np.isfinite(drawn).all()
    assert (drawn >= 0).all()


@given(distributions, st.integers(1, 60))
def test_block_size_does_not_change_the_sequence(distribution, block):
    one_by_one = durations(distribution, stream(), block=1)
    in_blocks = durations(distribution, stream(), block=block)
    assert [in_blocks() for _ in range(100)] == [one_by_one() for _ in range(100)]


@given(distributions)
def test_durations_are_the_draws_rounded_to_a_microsecond(distribution):
    following = durations(distribution, stream())
    rounded = [round(exact * 1e6) / 1e6 for exact in distribution.draw(stream(), 600).tolist()]
    first = [following() for _ in rounded]
    assert first == rounded
    assert {type(duration) for duration in first} == {float}


def test_longer_mean_stretches_the_same_draws():
    short, long = (Exponential(mean).draw(stream(), 100) for mean in (2, 6))
    np.testing.assert_allclose(long, 3 * short, rtol=1e-12)


def test_constant_needs_no_generator_and_consumes_nothing():
    generator = stream()
    following = durations(Constant(0.1234567), generator)
    assert [following(), following()] == [0.123457] * 2
    Constant(3).draw(generator, 10)
    assert generator.random() == stream().random()
    assert durations(Constant(86_400), None)() == 86_400


def test_durations_of_chance_need_a_generator():
    with pytest.raises(ValueError, match=r"generator: None: must be given for Exponential\(mean=2\.0\)"):
        durations(Exponential(2), None)


@pytest.mark.parametrize("wrong", [-1.0, math.nan, math.inf])
def test_own_distribution_that_draws_no_duration_is_refused(wrong):
    class Own(Distribution):
        expected = 1.0

        def draw(self, generator, size):
            return np.array([1.0] * (size - 1) + [wrong])

    following = durations(Own(), stream())
    with pytest.raises(ValueError, match="drew a duration that is negative or not finite"):
        following()


@pytest.mark.parametrize(
    ("distribution", "zero"),
    [
        (Constant(0), True),
        (Uniform(0, 0), True),
        (Exponential(0), True),
        (Triangular(0, 0, 0), True),
        (Lognormal(0, 2), True),
        (Gamma(0, 2), True),
        (Erlang(2, 0), True),
        (Empirical((0, 5), (1, 0)), True),
        (Constant(1e-300), False),
        (Uniform(0, 1), False),
        (Triangular(0, 0, 1), False),
        (Empirical((0, 5)), False),
    ],
    ids=str,
)
def test_zero_distribution_is_one_that_only_draws_zero(distribution, zero):
    assert (distribution.expected == 0) is zero
    assert (not distribution.draw(stream(), 200).any()) is zero


@pytest.mark.parametrize("kind", [Lognormal, Gamma])
@pytest.mark.parametrize("cv", [0, 1e-300, 1e-17])
def test_variation_too_small_for_a_float_is_constant(kind, cv):
    assert kind(5, cv).draw(stream(), 3).tolist() == [5] * 3


RULE = f"must be a number from 0 to {PARAMETER_MAX}"


@pytest.mark.parametrize(
    "value", [-1, -1e-300, math.nan, math.inf, 2**53 + 1, 10**400, True, np.bool_(True), "1", None]
)
def test_parameter_that_is_no_number_in_range_is_refused(value):
    assert faults(Exponential, value) == [f"mean: {value!r}: {RULE}"]


@pytest.mark.parametrize(
    ("kind", "given_values", "lines"),
    [
        (Uniform, (3, 1), ["high: 1.0: must be at least low, 3.0"]),
        (Triangular, (2, 1, 3), ["mode: 1.0: must be at least low, 2.0"]),
        (Triangular, (2, 4, 3), ["high: 3.0: must be at least mode, 4.0"]),
        (Triangular, (5, -1, 3), [f"mode: -1: {RULE}", "high: 3.0: must be at least low, 5.0"]),
        (Lognormal, (-1, None), [f"mean: -1: {RULE}", f"cv: None: {RULE}"]),
        (Erlang, (2.5, -1), ["k: 2.5: must be a positive whole number", f"mean: -1: {RULE}"]),
        (Erlang, (0, 1), ["k: 0.0: must be a positive whole number"]),
        (Erlang, (True, 1), [f"k: True: {RULE}"]),
        (Empirical, ((),), ["values: (): must be a list of at least one number"]),
        (Empirical, ("12",), ["values: '12': must be a list of at least one number"]),
        (Empirical, (3, (1,)), ["values: 3: must be a list of at least one number"]),
        (Empirical, ((3,), 4), ["weights: 4: must be a list of at least one number"]),
        (Empirical, ((1, -2), (1, "x")), [f"values[1]: -2: {RULE}", f"weights[1]: 'x': {RULE}"]),
        (Empirical, ((1, 2), (1,)), ["weights: (1.0,): must be as many as values, 2"]),
        (Empirical, ((1, 2), (0, 0)), ["weights: (0.0, 0.0): must have a positive sum"]),
    ],
)
def test_faults_name_field_value_and_rule_all_at_once(kind, given_values, lines):
    assert faults(kind, *given_values) == lines


@given(distributions)
def test_parameters_make_the_same_distribution_again(distribution):
    again = KINDS[distribution.kind](**dataclasses.asdict(distribution))
    assert again == distribution
    assert hash(again) == hash(distribution)


def test_parameters_are_kept_as_plain_numbers():
    assert repr(Gamma(np.int64(2), np.float64(1))) == "Gamma(mean=2.0, cv=1.0)"
    assert repr(Erlang(np.float64(3), 2)) == "Erlang(k=3, mean=2.0)"
    assert repr(Empirical([1, 2], np.array([1, 3]))) == "Empirical(values=(1.0, 2.0), weights=(1.0, 3.0))"


def test_distribution_cannot_be_changed():
    with pytest.raises(dataclasses.FrozenInstanceError):
        Exponential(2).mean = 3


def test_kinds_are_those_of_the_scenario_file():
    tags = ["constant", "uniform", "exponential", "triangular", "lognormal", "gamma", "erlang", "empirical"]
    assert list(KINDS) == tags
