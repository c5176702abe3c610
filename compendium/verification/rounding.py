"""Printed numbers and the rules by which they were rounded, in exact arithmetic.

A printed number is a string, because ``7.0`` says more than ``7``; the decimal mark is a dot or a comma. A half is
rounded away from zero (`half_up`, the rule of this project), to the even digit (`half_even`), or the digits behind the
last printed one are cut (`truncate`).
"""

import re
from decimal import Decimal
from fractions import Fraction
from numbers import Integral, Rational
from typing import Any, NamedTuple

RULES = ("half_up", "half_even", "truncate")
NUMBER = r"[-−]?[0-9]{1,15}(?:[.,][0-9]{1,15})?"
"""A printed number: at most 15 digits before and after the decimal mark, none to mark the thousands."""

Exact = int | Fraction | Decimal


class Span(NamedTuple):
    """The numbers that are printed alike.

    Attributes
    ----------
    low, high : Fraction
        The ends.
    low_in, high_in : bool
        Whether the end itself belongs to them.
    """

    low: Fraction
    high: Fraction
    low_in: bool
    high_in: bool


def printed_number(text: str) -> tuple[Fraction, int]:
    """Turn a printed number into its exact value.

    Parameters
    ----------
    text : str
        Digits with an optional sign and decimal dot or comma, such as ``54,5``, ``-1.50`` or ``20``.

    Returns
    -------
    value : Fraction
        The exact value of what is printed.
    decimals : int
        How many decimal places are printed.

    Raises
    ------
    ValueError
        If the text is not a number.
    """
    if not isinstance(text, str) or not re.fullmatch(NUMBER, text):
        raise ValueError(f"{text!r} is not a printed number; allowed are strings such as '54,5' or '20'")
    plain = text.replace(",", ".").replace("−", "-")
    return Fraction(plain), len(plain.partition(".")[2])


def exact(value: Exact) -> Fraction:
    """Take a number that is exact.

    Parameters
    ----------
    value : int, Fraction or Decimal
        The number.

    Returns
    -------
    Fraction
        The same number.

    Raises
    ------
    ValueError
        If the number is a float, which stands for no exact number, or is not finite.
    """
    if isinstance(value, Rational) or (isinstance(value, Decimal) and value.is_finite()):
        return Fraction(value)
    raise ValueError(f"{value!r} is not exact; allowed are whole numbers, Fraction and Decimal")


def count(value: int, name: str, smallest: int) -> int:
    """Check a count.

    Parameters
    ----------
    value : int
        The count.
    name : str
        What an error calls it.
    smallest : int
        The smallest allowed.

    Returns
    -------
    int
        The same count.

    Raises
    ------
    ValueError
        If it is no whole number or too small.
    """
    if not isinstance(value, Integral) or value < smallest:
        raise ValueError(f"{name} {value!r} is not allowed; it is a whole number from {smallest}")
    return int(value)


def as_rules(rules: str | tuple[str, ...]) -> tuple[str, ...]:
    """Check the names of rounding rules.

    Parameters
    ----------
    rules : str or tuple of str
        One or several of `RULES`.

    Returns
    -------
    tuple of str
        The same names.

    Raises
    ------
    ValueError
        If there is none, or one is unknown.
    """
    names = (rules,) if isinstance(rules, str) else tuple(rules)
    unknown = [name for name in names if name not in RULES]
    if unknown or not names:
        raise ValueError(f"rounding rule {', '.join(map(repr, unknown)) or 'missing'}; allowed are {', '.join(RULES)}")
    return names


def half_steps(units: Any, rule: str) -> tuple[Any, Any, Any, Any]:
    """Give the ends of the numbers that are printed alike, counted in half units of the last printed digit.

    Parameters
    ----------
    units : int or array of int
        The printed digits as a whole number, not negative: 543 for 54.3.
    rule : {"half_up", "half_even", "truncate"}
        The rounding rule.

    Returns
    -------
    low, high : int or array of int
        The ends in half units: for 543 half up 1085 and 1087.
    low_in, high_in : bool or array of bool
        Whether the end belongs to them.
    """
    if rule == "truncate":
        return 2 * units, 2 * units + 2, True, False
    ends_in = (units % 2 == 0) if rule == "half_even" else None
    return 2 * units - 1, 2 * units + 1, True if ends_in is None else ends_in, False if ends_in is None else ends_in


def span(printed: str, rule: str = "half_up") -> Span:
    """Give the numbers that are printed as this one.

    Parameters
    ----------
    printed : str
        A printed number.
    rule : {"half_up", "half_even", "truncate"}
        The rounding rule, which treats a negative number as it treats its absolute value.

    Returns
    -------
    Span
        For ``"54.5"`` half up from 54.45 to 54.55 without the upper end.

    Raises
    ------
    ValueError
        If the text is not a number or the rule is unknown.
    """
    as_rules(rule)
    value, decimals = printed_number(printed)
    low, high, low_in, high_in = half_steps(abs(value) * 10**decimals, rule)
    low, high = Fraction(low, 2 * 10**decimals), Fraction(high, 2 * 10**decimals)
    if value < 0:
        return Span(-high, -low, high_in, low_in)
    # What is printed as zero lies on both sides of it.
    return Span(low, high, low_in, high_in) if value else Span(-high, high, high_in, high_in)


def rounds_to(value: Exact, printed: str, rule: str = "half_up") -> bool:
    """Say whether a number is printed like this.

    Parameters
    ----------
    value : int, Fraction or Decimal
        The exact number.
    printed : str
        A printed number; as many decimals as it has are compared.
    rule : {"half_up", "half_even", "truncate"}
        The rounding rule.

    Returns
    -------
    bool
        Whether the number, rounded by the rule to the printed precision, is the printed one.

    Raises
    ------
    ValueError
        If the value is not exact, the text is not a number or the rule is unknown.
    """
    ends, number = span(printed, rule), exact(value)
    above = number > ends.low or (ends.low_in and number == ends.low)
    return above and (number < ends.high or (ends.high_in and number == ends.high))


def round_like(value: Exact, printed: str, rule: str = "half_up") -> str:
    """Print a number with the decimals and the decimal mark of another one.

    Parameters
    ----------
    value : int, Fraction or Decimal
        The exact number.
    printed : str
        The printed number to follow.
    rule : {"half_up", "half_even", "truncate"}
        The rounding rule.

    Returns
    -------
    str
        Such as ``64.3`` or ``64,3``; never a negative zero.

    Raises
    ------
    ValueError
        If the value is not exact, the text is not a number or the rule is unknown.
    """
    as_rules(rule)
    decimals, scaled = printed_number(printed)[1], abs(exact(value))
    scaled *= 10**decimals
    units = {"half_up": int(scaled + Fraction(1, 2)), "half_even": round(scaled), "truncate": int(scaled)}[rule]
    digits = f"{units:0{decimals + 1}d}"
    sign = "-" if value < 0 and units else ""
    mark = "," if "," in printed else "."
    return sign + (f"{digits[:-decimals]}{mark}{digits[-decimals:]}" if decimals else digits)
