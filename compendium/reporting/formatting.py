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

MISSING = "–"  # printed where there is no number: a percentage of nobody, a median of no values
P_THRESHOLDS = (Decimal("0.001"), Decimal("0.01"), Decimal("0.05"))  # a p value below one never reads as reaching it
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
    """Round a finite number, a half going away from zero, to so many digits after the point; never a negative zero.

    A float stands for the decimal in which all machines agree: 0.15 is fifteen hundredths.
    """
    if digits < 0:
        raise ValueError(f"digits {digits!r} is not allowed; it is 0 or more")
    exact = _exact(x)
    units = math.floor(abs(exact) * 10**digits + Fraction(1, 2))
    # Built from its digits, because arithmetic on Decimal would round to the precision of the current context.
    return Decimal((int(exact < 0 and units > 0), tuple(map(int, str(units))), -digits))


def number(x: Number | None, digits: int = 0, trim: bool = False) -> str:
    """Print a number, rounded half up to so many digits after the point, such as "30.3" or "−1.5".

    None, nan and NA are printed as `MISSING`; with `trim`, zeros at the end of the fraction are left out: 9 for 9.0.
    """
    if pd.isna(x):
        return MISSING
    text = f"{round_half_up(x, digits):f}"
    if trim and "." in text:
        text = text.rstrip("0").rstrip(".")
    return text.replace("-", "−")


def count_of(count: int, what: str) -> str:
    """Print a number of things, such as "no errors", "1 error" or "1,200 errors"."""
    return f"{f'{count:,}' if count else 'no'} {what}{'' if count == 1 else 's'}"


def percent(n: int, denominator: int, digits: int = 1) -> str:
    """Print a share as a percentage, rounded half up from the exact fraction, such as "78.2", without a percent sign.

    `MISSING` for a share of nobody; what is not 0 <= n <= denominator is refused.
    """
    if n != int(n) or denominator != int(denominator) or not 0 <= n <= denominator:
        raise ValueError(f"{n!r} of {denominator!r} is not a share; allowed are counts with 0 <= n <= denominator")
    return number(Fraction(100 * int(n), int(denominator)), digits) if denominator else MISSING


def count_percent(n: int, denominator: int, digits: int = 1) -> str:
    """Print a count with its percentage, of so many `digits` after the point, as a cell of a table.

    Such as "43 (78.2)" or "3,928 (78.6)"; "55 (100)" for everybody, "0" for nobody, and `MISSING` if the denominator is
    0; anything but 0 <= n <= denominator is refused with a ValueError.
    """
    share = percent(n, denominator, digits)
    text = f"{int(n):,} ({'100' if n == denominator else share})" if n else "0"
    return text if denominator else MISSING


def value_range(low: Number | None, high: Number | None, digits: int = 1) -> str:
    """Print a range or an interval in one unit, such as "2–87" or "−3.5 to 3.2"; `MISSING` if there is none.

    Of the `digits` after the point zeros at the end are left out.
    """
    if pd.isna(low):
        return MISSING
    separator = " to " if low < 0 else "–"  # a dash beside a minus sign would be misread
    return f"{number(low, digits, trim=True)}{separator}{number(high, digits, trim=True)}"


def with_range(x: Number | None, low: Number | None, high: Number | None, digits: int = 1, trim: bool = False) -> str:
    """Print a number as `number` does, with its range or interval, such as "30.1 (2.5–145)", or `MISSING`."""
    return MISSING if pd.isna(x) else f"{number(x, digits, trim)} ({value_range(low, high, digits)})"


def median_range(spread: Mapping[str, Number | None], digits: int = 1) -> str:
    """Print a median with its range, of `summaries.spread`: "41 (2–87)", "9.5 (1–36)", or `MISSING`."""
    return with_range(spread["median"], spread["minimum"], spread["maximum"], digits, trim=True)


def mean_range(spread: Mapping[str, Number | None], digits: int = 1) -> str:
    """Print a mean, all its digits kept, with its range, of `summaries.spread`: "30.1 (2.5–145)", or `MISSING`."""
    return with_range(spread["mean"], spread["minimum"], spread["maximum"], digits)


def duration(months: Number | None) -> str:
    """Print months, or years from one year on, as Table 1 does: "2 months", "1 year", "3.5 years", or `MISSING`."""
    if pd.isna(months):
        return MISSING
    exact, unit = (_exact(months) / 12, "year") if months >= 12 else (_exact(months), "month")
    text = number(exact, 1, trim=True)
    return f"{text} {unit}{'' if text == '1' else 's'}"


def p_value(p: float | None, named: bool = False) -> str:
    """Print a p value with three digits, such as "0.032", "<0.001" or ">0.999".

    It has more digits where three would hide that it is below a threshold: "0.0496", not "0.050". None, where there was
    no test, is `MISSING`; what is not from 0 to 1 is refused. A named one is "p = 0.032" or "p < 0.001".
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
