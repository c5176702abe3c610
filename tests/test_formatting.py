from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from compendium.reporting import formatting as fm


@pytest.mark.parametrize(("x", "digits", "expected"), [
    (0.25, 1, "0.3"), (12.5, 0, "13"),  # a bare format prints 0.2 and 12
    (2.675, 2, "2.68"), (1.005, 2, "1.01"),  # the binary values are below a half
    (-0.25, 1, "-0.3"), (-0.04, 1, "0.0"), (0, 2, "0.00"), (99.95, 1, "100.0"),
    (1e22, 0, "1" + 22 * "0"), (1e-7, 3, "0.000"), (Fraction(4300, 55), 1, "78.2"), (Fraction(2, 3), 4, "0.6667"),
    (Decimal("0.45"), 1, "0.5"), (10**40 + 1, 1, str(10**40 + 1) + ".0"),  # beyond the precision of the decimal context
    (np.float64(0.125), 2, "0.13"), (np.int64(7), 0, "7"),
])  # fmt: skip
def test_round_half_up(x, digits, expected):
    rounded = fm.round_half_up(x, digits)
    assert isinstance(rounded, Decimal)
    assert format(rounded, "f") == expected


@given(st.decimals(-(10**6), 10**6, places=4), st.integers(0, 4))
def test_round_half_up_equals_decimal_quantize(x, digits):
    expected = x.quantize(Decimal(1).scaleb(-digits), rounding=ROUND_HALF_UP)
    assert fm.round_half_up(x, digits) == fm.round_half_up(float(x), digits) == expected


@pytest.mark.parametrize("x", [float("nan"), float("inf"), Decimal("NaN")])
def test_round_half_up_refuses_what_is_not_a_number(x):
    with pytest.raises(ValueError, match="cannot be rounded"):
        fm.round_half_up(x, 1)
    with pytest.raises(ValueError, match="digits -1"):
        fm.round_half_up(1, -1)


# Of the halves, 1/8 is 12.5 %, 1/80 1.25 % and 1001/2000 50.05 % exactly, of which the last is below a half as a float.
@pytest.mark.parametrize(("share", "digits", "expected"), [
    ("43/55", 1, "78.2"), ("6/49", 1, "12.2"), ("1/8", 0, "13"), ("1/80", 1, "1.3"), ("1/3", 0, "33"),
    ("2/3", 1, "66.7"), ("55/55", 1, "100.0"), ("0/55", 1, "0.0"), ("0/0", 1, "–"), ("9/16", 2, "56.25"),
    ("1001/2000", 1, "50.1"),
])  # fmt: skip
def test_percent(share, digits, expected):
    assert fm.percent(*map(np.int64, share.split("/")), digits) == expected


@given(st.integers(1, 400), st.data())
def test_percent_equals_integer_arithmetic(denominator, data):
    n = data.draw(st.integers(0, denominator))
    tenths = (2000 * n + denominator) // (2 * denominator)
    assert fm.percent(n, denominator) == f"{tenths // 10}.{tenths % 10}"


@pytest.mark.parametrize(
    ("n", "denominator", "expected"),
    [(43, 55, "43 (78.2)"), (0, 14, "0"), (1, 1, "1 (100)"), (0, 0, "–"), (1, 3000, "1 (0.0)")],
)
def test_count_percent(n, denominator, expected):
    assert fm.count_percent(n, denominator) == expected


@pytest.mark.parametrize(("n", "denominator"), [(2, 1), (-1, 5), (0.5, 5)])
def test_a_share_needs_counts(n, denominator):
    for printed in (fm.percent, fm.count_percent):
        with pytest.raises(ValueError, match="is not a share"):
            printed(n, denominator)


def spread(median=None, mean=None, minimum=None, maximum=None):
    return {"n": 0, "mean": mean, "median": median, "minimum": minimum, "maximum": maximum}


def test_ranges():
    assert fm.median_range(spread(median=41.0, minimum=2, maximum=87)) == "41 (2–87)"
    assert fm.median_range(spread(median=9.5, minimum=1, maximum=36)) == "9.5 (1–36)"
    assert fm.median_range(spread(median=9.25, minimum=1, maximum=36), digits=0) == "9 (1–36)"
    assert fm.mean_range(spread(mean=30.13, minimum=2.5, maximum=145.0)) == "30.1 (2.5–145)"
    assert fm.mean_range(spread(mean=30.0, minimum=2.5, maximum=145.0)) == "30.0 (2.5–145)"
    assert fm.median_range(spread()) == fm.mean_range(spread()) == "–"
    assert fm.median_range(pd.Series({"median": np.nan, "minimum": np.nan, "maximum": np.nan})) == "–"
    assert fm.value_range(-3.55, 3.2) == "−3.6 to 3.2"
    assert fm.value_range(None, None) == "–"


@pytest.mark.parametrize(("x", "digits", "trim", "expected"), [
    (9.0, 1, True, "9"), (9.0, 1, False, "9.0"), (-1.5, 1, False, "−1.5"), (100, 0, True, "100"),
    (pd.NA, 1, False, "–"), (0.447, 2, False, "0.45"),
])  # fmt: skip
def test_number(x, digits, trim, expected):
    assert fm.number(x, digits, trim) == expected


def test_duration():
    months = (0, 1, 2, 11, 12, 36, 42, 444)
    assert ", ".join(map(fm.duration, months)) == (
        "0 months, 1 month, 2 months, 11 months, 1 year, 3 years, 3.5 years, 37 years"
    )
    assert fm.duration(None) == "–"


@pytest.mark.parametrize(("expected", "numbers"), [
    ("<0.001", "0.0 0.0009 0.00099999"), ("0.001", "0.001"), ("0.0096", "0.0096"), ("0.032", "0.032 0.0315"),
    ("0.0496", "0.0496"), ("0.04996", "0.04996"), ("0.050", "0.05 0.0504"), ("0.999", "0.999"),
    (">0.999", "0.9991 1.0"),
])  # fmt: skip
def test_p_value(expected, numbers):
    assert {fm.p_value(float(p)) for p in numbers.split()} == {expected}


def test_no_p_value_and_what_is_none():
    assert fm.p_value(None) == "–"
    with pytest.raises(ValueError, match=r"p value 1\.2"):
        fm.p_value(1.2)
