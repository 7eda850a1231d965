import numpy as np
import pytest

from alesha_sim.numeric.gammas import betas, gammas
from alesha_sim.streams import Streams

SHAPES = (0.9, 0.5, 0.24, 0.04, 1e-3, 1e-30, 1.0, 2.5)
PAIRS = ((0.8, 2.4), (2.4, 0.8), (0.5, 0.7), (1.0, 1.0), (0.01, 0.02), (1e-4, 1e-4), (3.0, 4.0))


def stream():
    return Streams(3).generator("chance")


@pytest.mark.parametrize("shape", SHAPES)
def test_gammas_are_numpys_but_for_the_last_bits_and_leave_the_stream_where_numpy_does(shape):
    mine, numpys = stream(), stream()
    assert gammas(mine, shape, 2000) == pytest.approx(numpys.standard_gamma(shape, 2000), rel=1e-14, abs=1e-307)
    assert mine.random() == numpys.random()


@pytest.mark.parametrize(("a", "b"), PAIRS)
def test_betas_are_numpys_but_for_the_last_bits_and_leave_the_stream_where_numpy_does(a, b):
    mine, numpys = stream(), stream()
    assert betas(mine, a, b, 2000) == pytest.approx(numpys.beta(a, b, 2000), rel=2e-13, abs=1e-307)
    assert mine.random() == numpys.random()


def test_fewer_draws_are_the_first_of_more():
    assert np.array_equal(gammas(stream(), 0.3, 50), gammas(stream(), 0.3, 90)[:50])
    assert np.array_equal(betas(stream(), 0.3, 4, 50), betas(stream(), 0.3, 4, 90)[:50])
    assert gammas(stream(), 0.3, 0).tolist() == betas(stream(), 1, 1, 0).tolist() == []
