"""Turn numbers into printed text: the only place where a number becomes a string.

Rounding is half up on the exact decimal or fraction, as readers do it by hand; nothing here depends on the locale.
"""

import math
from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction
from numbers import Integral, Real

import pandas as pd

from compendium.files import settled_digits

MISSING = "–"
"""Printed where there is no number: a percentage of nobody, a median of no values."""
P_THRESHOLDS = (Decimal("0.001"), Decimal("0.01"), Decimal("0.05"))
"""A p value below one of these is never printed as if it had reached it."""

Number = Real | Decimal


def _exact(x: Number) -> Fraction:
    """Give the number as a reader sees it: a float stands for the decimal in which all machines agree."""
    if isinstance(x, Integral | Fraction):
        return Fraction(x)
    text = Decimal(float(x)) if isinstance(x, Real) else Decimal(x)
    if not text.is_finite():
        raise ValueError(f"{x!r} cannot be rounded; allowed are finite numbers")
    return Fraction(settled_digits(float(x)) if isinstance(x, Real) else text)


def round_half_up(x: Number, digits: int = 0) -> Decimal:
    """Round a number, a half going away from zero.

    Parameters
    ----------
    x : int, float, Fraction or Decimal
        The number; a float stands for its shortest decimal form: 0.15 is fifteen hundredths.
    digits : int, default 0
        Digits after the point, 0 or more.

    Returns
    -------
    Decimal
        With exactly `digits` digits after the point, and never a negative zero.

    Raises
    ------
    ValueError
        If the number is not finite or `digits` is negative.
    """
    if digits < 0:
        raise ValueError(f"digits {digits!r} is not allowed; it is 0 or more")
    exact = _exact(x)
    units = math.floor(abs(exact) * 10**digits + Fraction(1, 2))
    # Built from its digits, because arithmetic on Decimal would round to the precision of the current context.
    return Decimal((int(exact < 0 and units > 0), tuple(map(int, str(units))), -digits))


def number(x: Number | None, digits: int = 0, trim: bool = False) -> str:
    """Print a number, rounded half up.

    Parameters
    ----------
    x : int, float, Fraction, Decimal or None
        The number; None, nan and NA are missing.
    digits : int, default 0
        Digits after the point.
    trim : bool, default False
        Whether to leave zeros at the end of the fraction out: 9 for 9.0.

    Returns
    -------
    str
        Such as "30.3" or "−1.5"; `MISSING` for a missing number.
    """
    if pd.isna(x):
        return MISSING
    text = f"{round_half_up(x, digits):f}"
    if trim and "." in text:
        text = text.rstrip("0").rstrip(".")
    return text.replace("-", "−")


def count_of(count: int, what: str) -> str:
    """Print a number of things.

    Parameters
    ----------
    count : int
        How many, 0 or more.
    what : str
        One of them, such as "error".

    Returns
    -------
    str
        Such as "no errors", "1 error" or "1,200 errors".
    """
    return f"{f'{count:,}' if count else 'no'} {what}{'' if count == 1 else 's'}"


def percent(n: int, denominator: int, digits: int = 1) -> str:
    """Print a share as a percentage, rounded half up from the exact fraction.

    Parameters
    ----------
    n, denominator : int
        How many of how many; 0 <= n <= denominator.
    digits : int, default 1
        Digits after the point.

    Returns
    -------
    str
        Such as "78.2", without a percent sign; `MISSING` if the denominator is 0.

    Raises
    ------
    ValueError
        If the numbers are not counts or n is larger than the denominator.
    """
    if n != int(n) or denominator != int(denominator) or not 0 <= n <= denominator:
        raise ValueError(f"{n!r} of {denominator!r} is not a share; allowed are counts with 0 <= n <= denominator")
    return number(Fraction(100 * int(n), int(denominator)), digits) if denominator else MISSING


def count_percent(n: int, denominator: int, digits: int = 1) -> str:
    """Print a count with its percentage, as a cell of a table.

    Parameters
    ----------
    n, denominator : int
        How many of how many; 0 <= n <= denominator.
    digits : int, default 1
        Digits of the percentage after the point.

    Returns
    -------
    str
        Such as "43 (78.2)" or "3,928 (78.6)"; "55 (100)" for everybody, "0" for nobody, and `MISSING` if the
        denominator is 0.

    Raises
    ------
    ValueError
        If the numbers are not counts or n is larger than the denominator.
    """
    share = percent(n, denominator, digits)
    text = f"{int(n):,} ({'100' if n == denominator else share})" if n else "0"
    return text if denominator else MISSING


def value_range(low: Number | None, high: Number | None, digits: int = 1) -> str:
    """Print a range or an interval, such as "2–87" or "−3.5 to 3.2"; zeros at the end are left out.

    Parameters
    ----------
    low, high : number or None
        The limits, in one unit.
    digits : int, default 1
        Most digits after the point.

    Returns
    -------
    str
        The two limits; `MISSING` if there are none.
    """
    if pd.isna(low):
        return MISSING
    separator = " to " if low < 0 else "–"  # a dash beside a minus sign would be misread
    return f"{number(low, digits, trim=True)}{separator}{number(high, digits, trim=True)}"


def _with_range(middle: str, spread: Mapping[str, Number | None], digits: int) -> str:
    limits = value_range(spread["minimum"], spread["maximum"], digits)
    return MISSING if middle == MISSING else f"{middle} ({limits})"


def median_range(spread: Mapping[str, Number | None], digits: int = 1) -> str:
    """Print a median with its range, such as "41 (2–87)" or "9.5 (1–36)".

    Parameters
    ----------
    spread : mapping
        With "median", "minimum" and "maximum", as `summaries.spread` gives it.
    digits : int, default 1
        Most digits after the point; zeros at the end are left out.

    Returns
    -------
    str
        `MISSING` if there are no values.
    """
    return _with_range(number(spread["median"], digits, trim=True), spread, digits)


def mean_range(spread: Mapping[str, Number | None], digits: int = 1) -> str:
    """Print a mean with its range, such as "30.1 (2.5–145)".

    Parameters
    ----------
    spread : mapping
        With "mean", "minimum" and "maximum", as `summaries.spread` gives it.
    digits : int, default 1
        Digits of the mean after the point, and most digits of the limits.

    Returns
    -------
    str
        `MISSING` if there are no values.
    """
    return _with_range(number(spread["mean"], digits), spread, digits)


def duration(months: Number | None) -> str:
    """Print a duration in months, or in years from one year on, as Table 1 does.

    Parameters
    ----------
    months : number or None
        The duration in months, 0 or more.

    Returns
    -------
    str
        Such as "2 months", "1 year" or "3.5 years"; `MISSING` for a missing one.
    """
    if pd.isna(months):
        return MISSING
    exact, unit = (_exact(months) / 12, "year") if months >= 12 else (_exact(months), "month")
    text = number(exact, 1, trim=True)
    return f"{text} {unit}{'' if text == '1' else 's'}"


def p_value(p: float | None, named: bool = False) -> str:
    """Print a p value with three digits, such as "0.032", "<0.001" or ">0.999".

    Parameters
    ----------
    p : float or None
        From 0 to 1; None if there was no test.
    named : bool, default False
        Whether to begin with its name: "p = 0.032", "p < 0.001".

    Returns
    -------
    str
        With more digits where three would hide that it is below a threshold: "0.0496", not "0.050".

    Raises
    ------
    ValueError
        If it is not a probability.
    """
    if pd.isna(p):
        return f"p {MISSING}" if named else MISSING
    if not 0 <= p <= 1:
        raise ValueError(f"p value {p!r} is not allowed; it lies between 0 and 1")
    low, high = min(P_THRESHOLDS), Decimal("0.999")
    sign, p = ("<", low) if p < low else (">", high) if p > high else ("=", p)
    digits = 3
    while any(p < limit <= round_half_up(p, digits) for limit in P_THRESHOLDS):
        digits += 1
    return f"p {sign} {number(p, digits)}" if named else f"{sign}{number(p, digits)}".lstrip("=")
