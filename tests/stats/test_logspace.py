import math
from decimal import Decimal, localcontext

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqcnn.errors import SeqcnnError
from seqcnn.stats.logspace import format_log10, log10_sum, parse_log10


def as_decimal(log10_value, digits):
    """The same rounding by a decimal arithmetic that knows no underflow."""
    with localcontext() as context:
        context.prec = 40
        value = Decimal(10) ** Decimal(log10_value)
        context.prec = digits
        return +value


@pytest.mark.parametrize(
    ("log10_value", "text"),
    [
        (-math.inf, "0"),
        (math.inf, "inf"),
        (math.nan, ""),
        (0.0, "1.0"),
        (math.log10(0.032), "0.032"),
        (math.log10(0.001), "0.0010"),
        (math.log10(9.94e-4), "9.9e-4"),
        (math.log10(9.96e-4), "0.0010"),
        (math.log10(9.96e-5), "1.0e-4"),
        (math.log10(1234), "1200"),
        (math.log10(99600), "1.0e5"),
        (-400.0, "1.0e-400"),
        (-4320.886, "1.3e-4321"),
    ],
)
def test_numbers_are_written_as_people_write_them(log10_value, text):
    assert format_log10(log10_value) == text


def test_one_digit_needs_no_point():
    assert format_log10(-20.5, digits=1) == "3e-21"
    assert format_log10(math.log10(9.6e-5), digits=1) == "1e-4"


@given(st.floats(-20_000, 20_000), st.integers(1, 6))
def test_written_numbers_are_rounded_like_decimals_and_never_zero(log10_value, digits):
    text = format_log10(log10_value, digits)
    exact = as_decimal(log10_value, digits)
    # a value that lies within rounding of a half may go either way
    assert abs(Decimal(text) / exact - 1) <= Decimal(10) ** (1 - digits)
    assert abs(float(Decimal(text).ln() / Decimal(10).ln()) - log10_value) < 0.51 * 10 ** (
        1 - digits
    )
    assert Decimal(text) > 0


@given(st.floats(-20_000, 20_000), st.integers(1, 6))
def test_what_is_written_is_read_back_to_the_printed_digits(log10_value, digits):
    text = format_log10(log10_value, digits)
    assert format_log10(parse_log10(text), digits) == text


@given(st.floats(1e-300, 1e300))
def test_usual_notations_are_read(value):
    for text in (repr(value), f"{value:.17e}", f"{value:.17E}", f" {value:.17g} "):
        assert parse_log10(text) == pytest.approx(math.log10(value), rel=1e-12, abs=1e-12)


@pytest.mark.parametrize("text", ["0", "0.0", "0e5", "0.00e-10"])
def test_zero_is_read_as_minus_infinity(text):
    assert parse_log10(text) == -math.inf


def test_missing_and_infinite_values_come_back():
    assert math.isnan(parse_log10("")) and math.isnan(parse_log10("nan"))
    assert parse_log10("inf") == math.inf


@pytest.mark.parametrize("text", ["-1", "1e", "1_0", "abc", "1.2.3", "e5", "1e-3 x", "0x1p3", "."])
def test_anything_else_is_refused(text):
    with pytest.raises(SeqcnnError, match="no number of zero or more"):
        parse_log10(text)


def test_sums_do_not_underflow():
    assert log10_sum(np.array([-5000.0, -5000.0])) == pytest.approx(-5000 + math.log10(2))
    assert log10_sum(np.array([-5000.0, -1.0, -math.inf])) == pytest.approx(-1)
    assert log10_sum(np.array([-math.inf, -math.inf])) == -math.inf
    assert log10_sum(np.array([])) == -math.inf
    values = np.random.default_rng(0).uniform(-3, 3, (4, 5))
    assert log10_sum(values) == pytest.approx(math.log10((10**values).sum()))
