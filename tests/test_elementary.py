import math
import warnings
from decimal import Decimal, localcontext

import numpy as np
import pytest

from alesha_sim.numeric.elementary import LN2, exp, log, log1p, power
from alesha_sim.streams import Streams

NEARLY_A_THIRD = Decimal("0.328125")  # a float64 holds it exactly
NEAR = Streams(1).generator("arguments").uniform(-1, 1, 300)
EVERY_SIZE = 10.0 ** Streams(2).generator("arguments").uniform(-300, 300, 200)
TINY = NEAR * 1e-9


def ulps(found, exact):
    """Return by how many units in the last place a float is off."""
    return abs(float((Decimal(found) - exact) / Decimal(math.ulp(found))))


def ln(x):
    return x.ln()


ACCURACY = [
    (exp, lambda x: x.exp(), [*NEAR, *(700 * NEAR), *TINY]),
    (log, ln, [*(1 + NEAR), *EVERY_SIZE, *(1 + TINY), 5e-324, 1e-310]),
    (log1p, lambda x: (1 + x).ln(), [*NEAR, *EVERY_SIZE, *TINY, *(-EVERY_SIZE[EVERY_SIZE < 1])]),
    (lambda x: power(1000.0, x), lambda x: Decimal(1000) ** x, list(10 * NEAR)),
    (lambda x: power(float(NEARLY_A_THIRD), x), lambda x: NEARLY_A_THIRD**x, list(30 * NEAR)),
]


@pytest.mark.parametrize(("function", "exact", "arguments"), ACCURACY)
def test_each_function_is_within_one_unit_in_the_last_place(function, exact, arguments):
    with localcontext(prec=400):
        worst = max(ulps(function(float(x)), exact(Decimal(float(x)))) for x in arguments)
    assert 0.1 < worst < 1


def test_powers_far_from_one_are_within_thirty_units_in_the_last_place():
    bases = (Streams(3).generator("bases").random(200) + 0.49).tolist()
    with localcontext(prec=60):
        worst = max(ulps(power(base, 900.0), Decimal(base) ** 900) for base in bases)
    assert 0.1 < worst < 30


def test_zero_to_a_positive_power_is_zero_and_one_to_any_is_one():
    assert [power(0.0, 0.3), power(0.0, 1e300), power(1.0, 1e300), power(1.0, -0.3)] == [0, 0, 1, 1]


@pytest.mark.parametrize("function", [exp, log, log1p, lambda x: power(0.37, x)])
def test_an_array_holds_what_each_of_its_numbers_alone_gives(function):
    numbers = np.concatenate((NEAR, 700 * NEAR, EVERY_SIZE, TINY, [0.0, -0.0, 1, -1, math.inf, -746, 709.79]))
    assert function(numbers).tobytes() == np.array([function(x) for x in numbers.tolist()]).tobytes()


@pytest.mark.parametrize(
    ("x", "raised", "logarithm", "of_one_more"),
    [
        (0.0, 1.0, -math.inf, 0.0),
        (-0.0, 1.0, -math.inf, -0.0),
        (1.0, math.e, 0.0, math.log(2)),
        (-1.0, 1 / math.e, math.nan, -math.inf),
        (5e-324, 1.0, math.log(5e-324), 5e-324),
        (-5e-324, 1.0, math.nan, -5e-324),
        (1e308, math.inf, math.log(1e308), math.log(1e308)),
        (-745.0, 5e-324, math.nan, math.nan),
        (-746.0, 0.0, math.nan, math.nan),
        (709.782712893384, 1.7976931348622732e308, math.log(709.782712893384), math.log(710.782712893384)),
        (709.79, math.inf, math.log(709.79), math.log1p(709.79)),
        (math.inf, math.inf, math.inf, math.inf),
        (-math.inf, 0.0, math.nan, math.nan),
        (math.nan, math.nan, math.nan, math.nan),
    ],
)
def test_the_ends_of_the_range_give_what_the_c_library_gives_without_a_warning(x, raised, logarithm, of_one_more):
    with warnings.catch_warnings(action="error"):
        for function, wanted in ((exp, raised), (log, logarithm), (log1p, of_one_more)):
            alone, in_array = function(x), function(np.array([x]))[0]
            assert repr(alone) == repr(wanted) == repr(float(in_array))


def test_ln_2_is_two_numbers_of_which_any_multiple_of_the_first_is_exact():
    with localcontext(prec=60):
        assert abs(Decimal(LN2[0]) + Decimal(LN2[1]) - Decimal(2).ln()) < Decimal("2e-26")
        assert all(Decimal(LN2[0] * k) == Decimal(LN2[0]) * k for k in range(-1080, 1025))
