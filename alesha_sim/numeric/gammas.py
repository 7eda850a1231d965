"""Gamma and beta variables as NumPy draws them, with powers and logarithms that are the same on every machine.

For a shape below 1 NumPy takes both from the C library, whose code depends on the processor. Here they are from
`elementary`, and all else is as in NumPy's own C (`random_standard_gamma` and `random_beta`): the same numbers of
the same stream, but for the last bits.
"""

import numpy as np
from numpy.typing import NDArray

from alesha_sim.numeric.elementary import exp, log, power
from alesha_sim.streams import Generator

Floats = NDArray[np.float64]


def gammas(generator: Generator, shape: float, size: int) -> Floats:
    """Draw `size` gamma variables of a positive shape and scale 1.

    Below shape 1 by Ahrens and Dieter (1974), Computing 12, 223-246, algorithm GS; else by NumPy (Marsaglia and
    Tsang), where the C library at most decides between two of many draws.
    """
    if shape >= 1:
        return generator.standard_gamma(shape, size)
    return np.array([_gamma(generator, shape) for _ in range(size)], np.float64)


def betas(generator: Generator, a: float, b: float, size: int) -> Floats:
    """Draw `size` beta variables of positive parameters.

    By Johnk's algorithm where neither is above 1, else as the share of one gamma variable in the sum of two.
    """
    draw = _johnk if a <= 1 and b <= 1 else _share
    return np.array([draw(generator, a, b) for _ in range(size)], np.float64)


def _gamma(generator: Generator, shape: float) -> float:
    if shape >= 1:
        return float(generator.standard_gamma(shape))
    while True:
        chance, patience = generator.random(), generator.standard_exponential()
        if chance <= 1 - shape:
            more, base = 0.0, chance
        else:
            more = -log((1 - chance) / shape)
            base = 1 - shape + shape * more
        found = power(base, 1 / shape)
        if found <= patience + more:
            return found


def _share(generator: Generator, a: float, b: float) -> float:
    one, other = _gamma(generator, a), _gamma(generator, b)
    return one / (one + other)


def _johnk(generator: Generator, a: float, b: float) -> float:
    while True:
        chances = generator.random(), generator.random()
        one, other = power(chances[0], 1 / a), power(chances[1], 1 / b)
        if one + other > 1 or not any(chances):
            continue
        if one > 0 and other > 0:
            return one / (one + other)
        # A power is too small for a float64; their ratio need not be.
        ratio = log(chances[1]) / b - log(chances[0]) / a
        return 1 / (1 + exp(ratio))
