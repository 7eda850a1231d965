"""The house rule for random figures can fail in both ways."""

import pytest
from conftest import within_standard_errors


def test_a_mean_within_four_standard_errors_passes():
    assert within_standard_errors([9.9, 10.1, 10.2, 9.9], 10.0)


@pytest.mark.parametrize(
    ("samples", "expected", "message"),
    [
        ([9.9, 10.1, 10.2, 9.9], 10.6, "more than 4 standard errors off"),
        ([5.0, 15.0, 9.0, 11.0], 10.0, "too blurred"),
        ([10.0, 10.0, 10.0], 10.1, "more than 4 standard errors off"),
    ],
)
def test_a_mean_that_is_off_or_too_blurred_fails(samples, expected, message):
    with pytest.raises(AssertionError, match=message):
        within_standard_errors(samples, expected)


def test_the_precision_can_be_set():
    assert within_standard_errors([5.0, 15.0, 9.0, 11.0], 10.0, precision=0.3)
