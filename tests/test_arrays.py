import numpy as np
import pytest
import small

import alesha_sim as alesha
from alesha_sim.audit.reading import exact
from alesha_sim.numeric.counts import bincount, repeat


@pytest.fixture
def narrow(monkeypatch):
    """Let NumPy's two calls refuse 64-bit numbers as they do where pointers have 32 bits.

    What else differs there, such as the default whole number, this does not show.
    """

    def refusing(function, place):
        def call(*arguments, **named):
            given = arguments[place] if len(arguments) > place else 0
            if isinstance(given, np.ndarray) and not np.can_cast(given.dtype, np.int32):
                raise TypeError(f"Cannot cast array data from {given.dtype!r} to dtype('int32')")
            return function(*arguments, **named)

        return call

    monkeypatch.setattr(np, "intp", np.int32)
    monkeypatch.setattr(np, "bincount", refusing(np.bincount, 0))
    monkeypatch.setattr(np, "repeat", refusing(np.repeat, 1))


@pytest.mark.usefixtures("narrow")
def test_places_and_times_of_64_bits_are_taken_where_pointers_have_32():
    places = np.array([3, 1, 3], np.int64)
    with pytest.raises(TypeError, match="Cannot cast"):
        np.bincount(places)
    assert bincount(places, minlength=5).tolist() == [0, 1, 0, 2, 0]
    assert repeat(places, np.array([0, 2, 1], np.int64)).tolist() == [1, 1, 3]


@pytest.mark.usefixtures("narrow")
@pytest.mark.interpreted
@pytest.mark.parametrize("name", ["market_day", "growth", "returns_season"])
def test_a_whole_run_and_its_check_do_without_pointers_of_64_bits(name):
    result = alesha.simulate(small.scenario(name), seed=7)
    assert result.check() == []
    assert result.summary()["orders"] > 0
    assert result.at("1 day").balances


@pytest.mark.parametrize("kind", [np.int8, np.uint8, np.int32, np.int64])
def test_counts_are_64_bits_and_sums_floats_whatever_the_places(kind):
    places = np.array([1, 0, 1], kind)
    assert bincount(places).tolist() == [1, 2]
    assert bincount(places).dtype == np.int64
    assert bincount(places, [0.5, 1, 2]).tolist() == [1, 2.5]
    assert bincount(np.zeros(0, kind), minlength=2).tolist() == [0, 0]


def test_negative_places_are_refused():
    with pytest.raises(ValueError, match="negative"):
        bincount([-1])


def test_values_repeat_once_for_all_or_each_for_itself():
    assert repeat([5, 6], 2).tolist() == [5, 5, 6, 6]
    assert repeat([5, 6], [0, 3]).tolist() == [6, 6, 6]
    assert repeat([], []).tolist() == []


@pytest.mark.parametrize(
    ("values", "times", "is_exact_in_64_bits"),
    [
        ([2**59, 0, 0, 0], None, True), ([2**60], None, True), ([2**60] * 2, None, False), ([], None, True),
        ([-(2**61)], None, False), ([-(2**59), 5], None, True), ([2**40], 2**20, True),
        ([2**40], 2**20 + 1, False), ([-(2**40)], 2**20 + 1, False),
    ],
)  # fmt: skip
def test_whole_numbers_stay_of_64_bits_while_these_hold_their_sum(values, times, is_exact_in_64_bits):
    found = exact(np.array(values, np.int64), times)
    assert found.tolist() == values
    assert (found.dtype == np.int64) == is_exact_in_64_bits
