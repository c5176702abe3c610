"""Can this printed number be right? Checks of percentages, ratios and sums, from the print alone.

All checks are exact. They take numbers as printed (strings) and a rounding rule, and ask whether any whole number of
patients gives the print. The checks of ratios, and of means, standard deviations and ranges, are in
`compendium.verification.ratios` and `compendium.verification.granularity` and can be imported from here as well.
"""

from collections.abc import Sequence
from fractions import Fraction
from math import ceil, floor
from typing import Any

from compendium.verification.granularity import mean_possible, nearest_means, range_possible, sd_possible
from compendium.verification.ratios import nearest_ratios, possible_ratios, ratio_possible
from compendium.verification.rounding import (
    RULES,
    as_rules,
    count,
    half_steps,
    printed_number,
    round_like,
    rounds_to,
    span,
)

__all__ = [
    "RULES",
    "mean_possible",
    "nearest_means",
    "nearest_numerators",
    "nearest_ratios",
    "numerator_bounds",
    "parts_add_up",
    "possible_denominators",
    "possible_numerators",
    "possible_ratios",
    "range_possible",
    "ratio_possible",
    "rounds_to",
    "sd_possible",
]

LARGEST = 65
"""The largest denominator looked at unless told otherwise: the patients screened (L157)."""


def numerator_bounds(units: Any, scale: Any, denominator: Any, rule: str) -> tuple[Any, Any]:
    """Give the first and last whole number of which a percentage is printed; works on whole columns.

    Parameters
    ----------
    units : int or array of int
        The printed digits as a whole number, not negative: 543 for 54.3 %.
    scale : int or array of int
        Ten to the power of the printed decimals: 10 for 54.3 %.
    denominator : int or array of int
        Of how many; 1 or more.
    rule : {"half_up", "half_even", "truncate"}
        The rounding rule.

    Returns
    -------
    first, last : int or array of int
        Every k with ``first <= k <= last`` gives the print, and no other; none does where ``first > last``. The bounds
        are not limited to 0 and the denominator.

    Notes
    -----
    k of d is printed if ``low <= 2 * scale * 100 * k / d <= high`` for the half steps `low` and `high` of the print;
    arrays of Python integers (dtype object) stay exact for any size.
    """
    low, high, low_in, high_in = half_steps(units, rule)
    low, high, unit = low * denominator, high * denominator, 200 * scale
    first = -(-low // unit) + (1 - low_in) * (low % unit == 0)
    last = high // unit - (1 - high_in) * (high % unit == 0)
    return first, last


def possible_numerators(printed_percent: str, denominator: int, rules: str | tuple[str, ...] = "half_up") -> range:
    """Find the whole numbers that a percentage can stand for.

    Parameters
    ----------
    printed_percent : str
        The percentage as printed, such as ``"68.7"``.
    denominator : int
        Of how many; 1 or more.
    rules : str or tuple of str
        Rounding rules, of `RULES`; with several of them it is enough if one gives the print.

    Returns
    -------
    range
        All k from 0 to the denominator with 100 k / denominator printed like this; they are always consecutive.

    Raises
    ------
    ValueError
        If the percentage is not a number, the denominator is not a whole number from 1, or a rule is unknown.
    """
    value, decimals = printed_number(printed_percent)
    denominator, scale = count(denominator, "denominator", 1), 10**decimals
    found = range(0)
    for rule in as_rules(rules):
        if value >= 0:
            first, last = numerator_bounds(int(value * scale), scale, denominator, rule)
            one = range(max(first, 0), min(last, denominator) + 1)
            found = range(min(found.start, one.start), max(found.stop, one.stop)) if found and one else found or one
    return found


def possible_denominators(
    printed_percent: str,
    largest: int = LARGEST,
    numerator: int | None = None,
    rules: str | tuple[str, ...] = "half_up",
) -> list[int]:
    """Find the denominators for which a percentage is possible.

    Parameters
    ----------
    printed_percent : str
        The percentage as printed.
    largest : int, default 65
        The largest denominator to look at.
    numerator : int, optional
        How many were counted; without it any whole number may be.
    rules : str or tuple of str
        Rounding rules, of `RULES`; with several of them it is enough if one gives the print.

    Returns
    -------
    list of int
        All such denominators from 1 to the largest, in order.

    Raises
    ------
    ValueError
        If the percentage is not a number, a count is not a whole number, or a rule is unknown.
    """
    if numerator is not None:
        count(numerator, "numerator", 0)
    candidates = range(1, count(largest, "largest", 1) + 1)
    numerators = ((size, possible_numerators(printed_percent, size, rules)) for size in candidates)
    return [size for size, found in numerators if (numerator in found if numerator is not None else found)]


def nearest_numerators(printed_percent: str, denominator: int, rule: str = "half_up") -> list[tuple[int, str]]:
    """Give the whole numbers on both sides of a percentage, and what they would print.

    Parameters
    ----------
    printed_percent : str
        The percentage as printed.
    denominator : int
        Of how many; 1 or more.
    rule : {"half_up", "half_even", "truncate"}
        The rounding rule.

    Returns
    -------
    list of (int, str)
        One or two numbers from 0 to the denominator, each with its percentage in the decimals of the print: for 68.7
        of 14 ``[(9, "64.3"), (10, "71.4")]``.

    Raises
    ------
    ValueError
        If the percentage is not a number, the denominator is not a whole number from 1, or the rule is unknown.
    """
    place = printed_number(printed_percent)[0] * count(denominator, "denominator", 1) / 100
    around = {min(max(number, 0), denominator) for number in (floor(place), ceil(place))}
    return [(k, round_like(Fraction(100 * k, denominator), printed_percent, rule)) for k in sorted(around)]


def parts_add_up(
    parts: Sequence[str], total: str, rounded: bool = True, rules: str | tuple[str, ...] = "half_up"
) -> bool:
    """Say whether parts can make up a total.

    Parameters
    ----------
    parts : sequence of str
        The parts as printed; no two of them overlap, and nothing is left over.
    total : str
        The total as printed.
    rounded : bool, default True
        Whether the numbers were rounded, as percentages and means are. Each part may then be off by what its rounding
        hides: 54.5, 21.8 and 1.8 make up 78.2. Counts are not rounded and have to add up exactly.
    rules : str or tuple of str
        Rounding rules, of `RULES`; it is enough if the numbers add up under one of them.

    Returns
    -------
    bool
        Whether there are numbers, printed like these, that add up.

    Raises
    ------
    ValueError
        If there are no parts, one of them is not a number, or a rule is unknown.
    """
    as_rules(rules)
    if not parts:
        raise ValueError("there are no parts to add up; allowed is one or more")
    if not rounded:
        return sum(printed_number(part)[0] for part in parts) == printed_number(total)[0]
    return any(_spans_meet([span(part, rule) for part in parts], span(total, rule)) for rule in as_rules(rules))


def _spans_meet(parts: list[Any], total: Any) -> bool:
    low, high = sum(part.low for part in parts), sum(part.high for part in parts)
    low_in, high_in = all(part.low_in for part in parts), all(part.high_in for part in parts)
    below = low < total.high or (low == total.high and low_in and total.high_in)
    return below and (high > total.low or (high == total.low and high_in and total.low_in))
