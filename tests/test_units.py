from decimal import Decimal, localcontext

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from alesha_sim.units import AMOUNT_MAX, MICROSECONDS, Currency, as_whole, microseconds

TAKA = Currency()
currencies = st.builds(Currency, decimals=st.integers(0, 4))
amounts = st.integers(-AMOUNT_MAX, AMOUNT_MAX)


@pytest.mark.parametrize(
    ("amount", "minor"),
    [
        (500, 50_000),
        ("499.99", 49_999),
        (" 499.9 ", 49_990),
        ("5e2", 50_000),
        (Decimal("499.9900"), 49_999),
        (499.99, 49_999),
        (0.29, 29),  # 0.29 * 100 is 28.999999999999996
        (-3.1, -310),
        (np.float64(1.5), 150),
        (np.int64(3), 300),
        ("0e-9", 0),
        ("92233720368547758.07", AMOUNT_MAX),
    ],
)
def test_amount_becomes_exact_minor_units(amount, minor):
    assert TAKA.minor(amount) == minor
    assert type(TAKA.minor(amount)) is int


@pytest.mark.parametrize(
    ("amount", "rule"),
    [
        ("499.999", "has more than 2 decimals"),
        (0.1 + 0.2, "has more than 2 decimals"),
        ("1e-999999999", "has more than 2 decimals"),
        ("92233720368547758.08", "must fit in 64 bits"),
        (-1e30, "must fit in 64 bits"),
        ("1e999999999", "must fit in 64 bits"),
        (float("nan"), "must be finite"),
        (float("-inf"), "must be finite"),
        (Decimal("sNaN"), "must be finite"),
        ("4,000.00", "must be a number"),
        ("", "must be a number"),
        (True, "must be a number, not a bool"),
        (None, "must be a whole number, a float, a Decimal or text"),
    ],
)
def test_amount_that_is_not_exact_money_is_refused(amount, rule):
    with pytest.raises(ValueError, match=rule):
        TAKA.minor(amount)


def test_refusal_names_the_currency_s_own_decimals():
    with pytest.raises(ValueError, match=r"^1\.5: has more than 0 decimals$"):
        Currency("JPY", 0).minor(1.5)


@given(currencies, amounts)
def test_major_units_read_back_as_the_same_minor_units(currency, minor):
    major = currency.major(minor)
    assert currency.minor(major) == currency.minor(str(major)) == minor
    assert -major.as_tuple().exponent == currency.decimals


@given(currencies, st.integers(-(2**50), 2**50))
def test_float_of_few_enough_digits_is_exact(currency, minor):
    assert currency.minor(minor / currency.scale) == minor


@given(amounts)
def test_caller_s_decimal_context_changes_nothing(minor):
    with localcontext(prec=3):
        assert TAKA.minor(TAKA.major(minor)) == minor
        assert int(TAKA.number(minor).replace(",", "").replace(".", "")) == minor


@pytest.mark.parametrize(
    ("currency", "minor", "text"),
    [
        (TAKA, 400_000, "4,000.00 BDT"),
        (TAKA, -5, "-0.05 BDT"),
        (TAKA, 0, "0.00 BDT"),
        (TAKA, np.int64(123_456_789), "1,234,567.89 BDT"),
        (Currency("JPY", 0), 4_000, "4,000 JPY"),
        (Currency("KWD", 3), 1, "0.001 KWD"),
    ],
)
def test_minor_units_are_written_grouped_with_all_decimals(currency, minor, text):
    assert currency.text(minor) == text
    assert currency.number(minor) == text.split()[0]


def test_minor_units_are_whole():
    with pytest.raises(TypeError):
        TAKA.major(1.5)


@pytest.mark.parametrize(("decimals", "scale"), [(0, 1), (2, 100), (4, 10_000)])
def test_scale_counts_minor_units_in_a_major_unit(decimals, scale):
    assert Currency(decimals=decimals).scale == scale


@pytest.mark.parametrize("code", ["bdt", "B", "ABCDEFGHIJK", "B1", "ÄÖÜ", "", 7])
def test_code_that_is_not_capital_letters_is_refused(code):
    with pytest.raises(ValueError, match=r"code: .*: must be 2 to 10 capital letters"):
        Currency(code)


@pytest.mark.parametrize("decimals", [-1, 5, 2.0, True, "2"])
def test_number_of_decimals_out_of_range_is_refused(decimals):
    with pytest.raises(ValueError, match=r"decimals: .*: must be a whole number from 0 to 4"):
        Currency("BDT", decimals)


def test_currency_names_all_its_faults_at_once():
    with pytest.raises(ValueError, match="code") as refusal:
        Currency("bdt", 5)
    assert [line.split(":")[0] for line in str(refusal.value).splitlines()] == ["code", "decimals"]


@given(st.floats(0, 2**33))
def test_microseconds_round_as_numpy_does(seconds):
    assert microseconds(seconds) == int(np.rint(seconds * MICROSECONDS))


@given(st.integers(0, 2**52))
def test_whole_microseconds_survive_the_clock(count):
    assert microseconds(count / MICROSECONDS) == count


@pytest.mark.parametrize(("seconds", "error"), [(float("inf"), OverflowError), (float("nan"), ValueError)])
def test_microseconds_of_no_instant_are_refused(seconds, error):
    with pytest.raises(error):
        microseconds(seconds)


@pytest.mark.parametrize(
    ("code", "decimals"),
    [
        ("JPY", 0),
        ("KRW", 0),
        ("XOF", 0),
        ("KWD", 3),
        ("TND", 3),
        ("CLF", 4),
        ("EUR", 2),
        ("BDT", 2),
        ("POINTS", 2),
    ],
)
def test_a_code_of_iso_4217_brings_its_decimals(code, decimals):
    assert Currency(code).decimals == decimals
    assert Currency(code, 1).decimals == 1


@pytest.mark.parametrize("text", ["1_000", "\uff11", "1 000"])
def test_an_amount_is_read_only_as_people_write_it(text):
    with pytest.raises(ValueError, match="must be a number"):
        Currency().minor(text)


@pytest.mark.parametrize("value", [0, 2**70, np.int64(7), np.uint8(255), -3])
def test_a_whole_number_of_any_type_is_read_as_an_int(value):
    assert as_whole(value) == value
    assert type(as_whole(value)) is int


@pytest.mark.parametrize("value", [True, np.True_, 2.0, np.float64(2), "2", None, Decimal(2), np.arange(2)])
def test_what_is_no_whole_number_is_none(value):
    assert as_whole(value) is None


def test_bounds_of_a_whole_number_are_included():
    assert [as_whole(value, 0, 4) for value in (-1, 0, 4, 5)] == [None, 0, 4, None]
    assert [as_whole(value, least=1) for value in (0, 1, 10**30)] == [None, 1, 10**30]


def test_decimals_of_numpy_become_an_int():
    currency = Currency("BDT", np.int64(3))  # type: ignore[arg-type]
    assert currency == Currency("BDT", 3)
    assert type(currency.decimals) is int
