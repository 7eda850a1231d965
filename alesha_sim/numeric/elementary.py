"""Exponentials and logarithms by IEEE 754's basic operations alone, so that every machine gives the same bits.

NumPy and the C library choose the code of theirs by the processor, and the last bit differs from one to another:
nothing that is drawn may rest on it. Sums, products, quotients, rounding to whole numbers and changes of the
exponent are correctly rounded everywhere; nothing else is used here. Each function takes a float or an array.

Arguments are reduced as by Cody and Waite, "Software Manual for the Elementary Functions" (1980), chapters 5 and
6; the series are Taylor's of e^r and of 2 atanh(s) = ln((1 + s) / (1 - s)); what rounding loses is carried in a
second number (Dekker 1971, "A floating-point technique for extending the available precision").
"""

import math
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

Real = TypeVar("Real", float, NDArray[np.float64])

LN2 = float.fromhex("0x1.62e42fee00000p-1"), float.fromhex("0x1.a39ef35793c76p-33")
"""The first 32 bits of ln 2, exact times any exponent, and what it is more."""

LEAST, MOST = -746.0, 709.782712893384
"""Below the first, e^x is 0 as a float64, above the second infinite."""

_ROOT_HALF = 0.7071067811865476
_SPLIT = 2.0**27 + 1
_EXP = tuple(1 / math.factorial(n) for n in range(14, 1, -1))
_ATANH = tuple(2 / n for n in range(23, 1, -2))


def exp(x: Real) -> Real:
    """Return e^x, within one unit in the last place."""
    found: Real = _raised(x, 0.0)
    return found


def log(x: Real) -> Real:
    """Return ln x, within one unit in the last place; minus infinity at 0 and NaN below."""
    found: Real = _logarithm(x, 0.0)
    return found


def log1p(x: Real) -> Real:
    """Return ln(1 + x), within one unit in the last place; minus infinity at -1, NaN below, x itself at zeros."""
    with np.errstate(invalid="ignore"):
        found = _logarithm(*_sum(1.0, x))
    # The sign of a zero decides whether what is divided by it is endless or minus that.
    kept: Real = np.where(x == 0, x, found) if isinstance(x, np.ndarray) else found or x
    return kept


def power(base: float, exponent: Real) -> Real:
    """Return base^exponent for a finite base above 0; 0 for a base of 0, whose exponent must be positive.

    Within one unit in the last place near 1, within thirty at the ends of the range.
    """
    if base == 0:
        return 0.0 * exponent
    high, low = _parts(base, 0.0)
    with np.errstate(invalid="ignore", over="ignore"):
        whole, lost = _product(exponent, high)
        found: Real = _raised(whole, lost + low * exponent)
        return found


# Below, `Any` is a float or an array of them: the same operations serve both.


def _raised(x: Any, more: Any) -> Any:
    """Return e^(x + more), where the second is far smaller."""
    if isinstance(x, np.ndarray):
        more = np.where((x > LEAST) & (x < 710.0), more, 0.0) if isinstance(more, np.ndarray) else more
        tame = np.minimum(np.maximum(x, LEAST), 710.0)  # `np.clip` takes as long again
        with np.errstate(invalid="ignore", over="ignore", under="ignore"):
            steps: Any = np.rint(tame / LN2[0])
            return np.ldexp(_grown(tame, more, steps), steps.astype(np.int32))
    if not LEAST < x <= MOST:
        return math.inf if x > 0 else 0.0 if x < 0 else x
    steps = round(x / LN2[0])
    return math.ldexp(_grown(x, more, steps), steps)


def _grown(x: Any, more: Any, steps: Any) -> Any:
    """Return e^(x + more) / 2^steps, which is near 1."""
    rest, low = _sum(x - steps * LN2[0], more - steps * LN2[1])
    series = _EXP[0] * rest
    for term in _EXP[1:]:
        series += term
        series *= rest
    one = 1.0 + rest
    return one + ((rest - (one - 1.0)) + (series * rest + low * one))


def _logarithm(x: Any, more: Any) -> Any:
    """Return ln(x + more), where the second is far smaller."""
    if isinstance(x, np.ndarray):
        is_tame = (x > 0) & (x < math.inf)
        high, low = _parts(np.where(is_tame, x, 1.0), np.where(is_tame, more, 0.0))
        return np.where(is_tame, high + low, np.where(x > 0, x, np.where(x == 0, -math.inf, math.nan)))
    if not 0 < x < math.inf:
        return x if x > 0 else -math.inf if x == 0 else math.nan
    high, low = _parts(x, more)
    return high + low


def _parts(x: Any, more: Any) -> tuple[Any, Any]:
    """Return ln(x + more) as two numbers, for a finite x above 0; the second is what the first lacks."""
    part, exponent = np.frexp(x) if isinstance(x, np.ndarray) else math.frexp(x)
    is_low = part < _ROOT_HALF
    part, steps = part * (1 + is_low), (exponent - is_low) * 1.0
    # From here on ln(part) = 2 atanh(s) with s = (part - 1) / (part + 1), which is below 0.172.
    over, under = part - 1, part + 1
    s = over / under
    whole, lost = _product(s, under)
    s_low = (over - whole - lost - s * (part - (under - 1))) / under
    z = s * s
    series = _ATANH[0] * z
    for term in _ATANH[1:]:
        series += term
        series *= z
    high, rest = _sum(steps * LN2[0], 2 * s)
    return _sum(high, rest + (2 * s_low + series * s + steps * LN2[1]) + more / x)


def _sum(one: Any, other: Any) -> tuple[Any, Any]:
    """Return a sum and exactly what its rounding lost (Knuth's)."""
    total = one + other
    part = total - one
    return total, (one - (total - part)) + (other - part)


def _product(one: Any, other: Any) -> tuple[Any, Any]:
    """Return a product and exactly what its rounding lost (Veltkamp's and Dekker's)."""
    whole = one * other
    (a, b), (c, d) = _halves(one), _halves(other)
    return whole, ((a * c - whole) + a * d + b * c) + b * d


def _halves(x: Any) -> tuple[Any, Any]:
    """Return a number's upper and lower half, of 26 bits each."""
    large = x * _SPLIT
    high = large - (large - x)
    return high, x - high
