"""Can a printed ratio of two groups be right? Checks of a ratio against the size of both groups together."""

from fractions import Fraction
from math import ceil, floor

from compendium.verification.rounding import as_rules, count, printed_number, round_like, rounds_to, span

__all__ = ["nearest_ratios", "possible_ratios", "ratio_possible"]


def possible_ratios(printed_ratio: str, total: int, rules: str | tuple[str, ...] = "half_up") -> list[tuple[int, int]]:
    """Find the ways to divide a total into two groups whose ratio is printed like this.

    Parameters
    ----------
    printed_ratio : str
        The ratio of the first to the second group, such as men to women, as printed.
    total : int
        Size of both groups together.
    rules : str or tuple of str
        Rounding rules, of `RULES`; with several of them it is enough if one gives the print.

    Returns
    -------
    list of (int, int)
        The sizes of the groups; the second is never empty.

    Raises
    ------
    ValueError
        If the ratio is not a number, the total is not a whole number from 1, or a rule is unknown.
    """
    count(total, "total", 1)
    found: set[int] = set()
    for rule in as_rules(rules):
        low, high = (max(end, Fraction(0)) for end in span(printed_ratio, rule)[:2])
        # a / (total - a) grows with a, so that the ends of the ratio are ends of a.
        first, last = ceil(total * low / (1 + low)), floor(total * high / (1 + high))
        around = range(first, min(last, total - 1) + 1)
        found.update(a for a in around if rounds_to(Fraction(a, total - a), printed_ratio, rule))
    return [(a, total - a) for a in sorted(found)]


def nearest_ratios(printed_ratio: str, total: int, rule: str = "half_up") -> list[tuple[int, int, str]]:
    """Give the two divisions of a total on both sides of a ratio, and what they would print.

    Parameters
    ----------
    printed_ratio : str
        The ratio of the first to the second group, as printed.
    total : int
        Size of both groups together.
    rule : {"half_up", "half_even", "truncate"}
        The rounding rule.

    Returns
    -------
    list of (int, int, str)
        Sizes of the groups and their ratio in the decimals of the print: for 0.44 of 55
        ``[(16, 39, "0.41"), (17, 38, "0.45")]``.

    Raises
    ------
    ValueError
        If the ratio is not a number from 0, the total is not a whole number from 1, or the rule is unknown.
    """
    ratio = printed_number(printed_ratio)[0]
    if ratio < 0:
        raise ValueError(f"ratio {printed_ratio!r} is not allowed; it is a number from 0")
    place = count(total, "total", 1) * ratio / (1 + ratio)
    around = sorted({min(number, total - 1) for number in (floor(place), ceil(place))})
    return [(a, total - a, round_like(Fraction(a, total - a), printed_ratio, rule)) for a in around]


def ratio_possible(printed_ratio: str, total: int, rules: str | tuple[str, ...] = "half_up") -> bool:
    """Say whether a total can be divided into two groups whose ratio is printed like this.

    Parameters
    ----------
    printed_ratio, total, rules
        As for `possible_ratios`.

    Returns
    -------
    bool
        Whether there is such a division.

    Raises
    ------
    ValueError
        As for `possible_ratios`.
    """
    return bool(possible_ratios(printed_ratio, total, rules))
