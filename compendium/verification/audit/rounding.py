"""Printed numbers and the rules by which they were rounded, in exact arithmetic.

A printed number is a string, because ``7.0`` says more than ``7``; the decimal mark is a dot or a comma. A half is
rounded away from zero (`half_up`, the rule of this project), to the even digit (`half_even`), or the digits behind the
last printed one are cut (`truncate`). A negative number is treated as its absolute value is. Values have to be exact:
a float stands for no exact number.
"""

import re
from collections.abc import Iterable
from decimal import Decimal
from fractions import Fraction
from functools import cache
from numbers import Integral, Rational
from typing import Any, NamedTuple

RULES = ("half_up", "half_even", "truncate")
NUMBER = r"[-−]?[0-9]{1,15}(?:[.,][0-9]{1,15})?"  # as printed: no mark of thousands
Exact = int | Fraction | Decimal


class Span(NamedTuple):
    """The numbers that are printed alike: from `low` to `high`, each of which belongs to them or not."""

    low: Fraction
    high: Fraction
    low_in: bool
    high_in: bool


@cache
def printed_number(text: str) -> tuple[Fraction, int]:
    """Give the exact value of a number such as ``54,5`` or ``-1.50``, and its decimals; else a ValueError."""
    if not isinstance(text, str) or not re.fullmatch(NUMBER, text):
        raise ValueError(f"{text!r} is not a printed number; allowed are strings such as '54,5' or '20'")
    plain = text.replace(",", ".").replace("−", "-")
    return Fraction(plain), len(plain.partition(".")[2])


def exact(value: Exact) -> Fraction:
    """Take a number that is exact; refuse a float."""
    if isinstance(value, Rational) or (isinstance(value, Decimal) and value.is_finite()):
        return Fraction(value)
    raise ValueError(f"{value!r} is not exact; allowed are whole numbers, Fraction and Decimal")


def count(value: int, name: str, smallest: int) -> int:
    """Take a whole number that is not too small; an error calls it by its name."""
    if not isinstance(value, Integral) or value < smallest:
        raise ValueError(f"{name} {value!r} is not allowed; it is a whole number from {smallest}")
    return int(value)


def as_rules(rules: str | tuple[str, ...]) -> tuple[str, ...]:
    """Take the names of one or several of `RULES`."""
    names = (rules,) if isinstance(rules, str) else tuple(rules)
    unknown = [name for name in names if name not in RULES]
    if unknown or not names:
        raise ValueError(f"rounding rule {', '.join(map(repr, unknown)) or 'missing'}; allowed are {', '.join(RULES)}")
    return names


def half_steps(units: Any, rule: str) -> tuple[Any, Any, bool, bool]:
    """Give the ends of the numbers printed alike, and whether each belongs to them.

    `units` are the printed digits as a whole number, not negative, and the ends are counted in half units of the last
    digit: 543 for 54.3 has the ends 1085 and 1087 by rounding half up.
    """
    if rule == "truncate":
        return 2 * units, 2 * units + 2, True, False
    even = units % 2 == 0
    ends_in = (even, even) if rule == "half_even" else (True, False)
    return 2 * units - 1, 2 * units + 1, *ends_in


@cache
def span(printed: str, rule: str = "half_up") -> Span:
    """Give the numbers that are printed as this one: ``"54.5"`` half up from 54.45 to 54.55 without the upper end."""
    as_rules(rule)
    value, decimals = printed_number(printed)
    low, high, low_in, high_in = half_steps(abs(value) * 10**decimals, rule)
    low, high = Fraction(low, 2 * 10**decimals), Fraction(high, 2 * 10**decimals)
    if value < 0:
        return Span(-high, -low, high_in, low_in)
    # What is printed as zero lies on both sides of it.
    return Span(low, high, low_in, high_in) if value else Span(-high, high, high_in, high_in)


def below(a: Span, b: Span) -> bool:
    """Say whether a number printed as the first can be at most one printed as the second."""
    return a.low < b.high or (a.low == b.high and a.low_in and b.high_in)


def mixed(weights: Iterable[tuple[Exact, Span]]) -> Span:
    """Add spans, each with a weight that is not negative."""
    used = [(weight, part) for weight, part in weights if weight]
    return Span(
        sum((weight * part.low for weight, part in used), Fraction(0)),
        sum((weight * part.high for weight, part in used), Fraction(0)),
        all(part.low_in for _, part in used),
        all(part.high_in for _, part in used),
    )


def rounds_to(value: Exact, printed: str, rule: str = "half_up") -> bool:
    """Say whether an exact number, rounded by the rule to the decimals of a printed one, is that one."""
    point = Span(exact(value), exact(value), True, True)
    return below(span(printed, rule), point) and below(point, span(printed, rule))


def round_like(value: Exact, printed: str, rule: str = "half_up") -> str:
    """Print an exact number with the decimals and the decimal mark of a printed one; never a negative zero."""
    as_rules(rule)
    decimals, scaled = printed_number(printed)[1], abs(exact(value))
    scaled *= 10**decimals
    units = {"half_up": int(scaled + Fraction(1, 2)), "half_even": round(scaled), "truncate": int(scaled)}[rule]
    digits = f"{units:0{decimals + 1}d}"
    sign = "-" if value < 0 and units else ""
    mark = "," if "," in printed else "."
    return sign + (f"{digits[:-decimals]}{mark}{digits[-decimals:]}" if decimals else digits)
