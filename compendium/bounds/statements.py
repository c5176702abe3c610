"""The statements that papers print, as limits of sums of counts: counts, shares, means, deviations, medians, ranges.

All are exact. A printed number is a string, and stands for all numbers that are rounded to it by the rule.
"""

from collections.abc import Iterable, Sequence
from fractions import Fraction
from functools import reduce
from itertools import combinations
from math import ceil, comb, floor

from compendium.bounds.people import (
    EVERYONE,
    Attribute,
    Cell,
    Limits,
    Statement,
    Sum,
    Where,
    as_cell,
    both,
    count_of,
)
from compendium.verification.audit.arithmetic import Rules, possible_numerators
from compendium.verification.audit.rounding import Span, as_rules, span

MANY = 10_000
"""No deviation is read beside a mean that allows more sums than this."""


def linear(
    name: str, terms: Iterable[tuple[int, Where]], low: int | None, high: int | None, layer: str = "P"
) -> Statement:
    """Limit a sum of counts of cells, each times a whole number."""
    one = tuple((factor, as_cell(cell)) for factor, cell in terms)
    return Statement(name, (one,), (((low, high),),), layer)


def counted(name: str, cell: Where, low: int | None, high: int | None = None, layer: str = "P") -> Statement:
    """State how many people are in a cell: `low`, or from `low` to `high`."""
    return linear(name, [(1, cell)], low, low if high is None else high, layer)


def at_least(name: str, cell: Where, low: int, layer: str = "P") -> Statement:
    """State the least number of people in a cell."""
    return linear(name, [(1, cell)], low, None, layer)


def never(name: str, cell: Where, layer: str = "P") -> Statement:
    """Define that nobody is in a cell."""
    return counted(name, cell, 0, 0, layer)


def implies(name: str, when: Where, then: Where, layer: str = "P") -> Statement:
    """Define that everyone in one cell is in another too."""
    first = as_cell(when)
    sums = tuple(((1, first), (-1, both(first, (one,)))) for one in as_cell(then))
    return Statement(name, sums, (tuple((0, 0) for _ in sums),), layer)


def added_up(name: str, parts: Iterable[Where], whole: Where, layer: str = "P") -> Statement:
    """State that the counts of cells add up to that of another."""
    return linear(name, [*((1, part) for part in parts), (-1, whole)], 0, 0, layer)


def spanned(printed: str, rules: Rules) -> Span:
    """Give the numbers that are printed like this by one of some rules; those of different rules overlap."""
    spans = [span(printed, rule) for rule in as_rules(rules)]
    low = min(spans, key=lambda one: (one.low, not one.low_in))
    high = max(spans, key=lambda one: (one.high, one.high_in))
    return Span(low.low, high.high, low.low_in, high.high_in)


def whole_numbers(ends: Span, factor: int | Fraction) -> range:
    """Give the whole numbers that are `factor` times a number between the ends."""
    low, high = ends.low * factor, ends.high * factor
    first = ceil(low) + (low.denominator == 1 and not ends.low_in)
    return range(first, floor(high) + 1 - (high.denominator == 1 and not ends.high_in))


def share(
    name: str,
    part: Where,
    printed_percent: str,
    of: int | Where = EVERYONE,
    rules: Rules = "half_up",
    layer: str = "P",
) -> Statement:
    """State the percentage of those in a cell who are in another too; `of` is a whole number, or that cell.

    As a cell it may have any number of people, but one. Nobody of ``part`` has to be in `of` where that is a number.
    """
    if isinstance(of, int):
        found = possible_numerators(printed_percent, of, rules)
        # A percentage that no whole number gives contradicts everything.
        low, high = (found[0], found[-1]) if found else (1, 0)
        return counted(name, part, low, high, layer)
    whole = as_cell(of)
    return _divided(name, ((100, both(part, whole)),), whole, spanned(printed_percent, rules), layer)


def _divided(name: str, summed: Sum, whole: Cell, ends: Span, layer: str) -> Statement:
    """State between what a sum lies when it is divided by the number of people in a cell, who are one or more."""
    above = (*((ends.low.denominator * factor, cell) for factor, cell in summed), (-ends.low.numerator, whole))
    under = (*((ends.high.denominator * factor, cell) for factor, cell in summed), (-ends.high.numerator, whole))
    limits = ((int(not ends.low_in), None), (None, -int(not ends.high_in)), (1, None))
    return Statement(name, (above, under, count_of(whole)), (limits,), layer)


def total(attribute: Attribute, within: Where = EVERYONE, power: int = 1) -> Sum:
    """Give the sum of the values of a whole-number attribute, or of their squares, over the people in a cell."""
    values = [value for value in _numbers(attribute) if value]
    return tuple((value**power, both({attribute.name: value}, within)) for value in values)


def _numbers(attribute: Attribute) -> tuple[int, ...]:
    if not all(isinstance(value, int) for value in attribute.values):
        raise ValueError(f"attribute {attribute.name!r} has values that are no whole numbers: {attribute.values!r}")
    return tuple(sorted(attribute.values))


def mean(
    name: str,
    attribute: Attribute,
    printed: str,
    n: int | None = None,
    within: Where = EVERYONE,
    rules: Rules = "half_up",
    layer: str = "P",
) -> Statement:
    """State the mean of a whole-number attribute of the people in a cell; there are `n` of them if that is given."""
    ends, summed = spanned(printed, rules), total(attribute, within)
    if n is None:
        return _divided(name, summed, as_cell(within), ends, layer)
    sums = whole_numbers(ends, n)
    return Statement(name, (summed, count_of(within)), (((sums.start, sums.stop - 1), (n, n)),), layer)


def squares(printed_sd: str, n: int, summed: int, rules: Rules = "half_up") -> range:
    """Give the sums of squares of n whole numbers with this sum whose deviation (n - 1) is printed like this."""
    ends = spanned(printed_sd, rules)
    low, low_in = (ends.low**2, ends.low_in) if ends.low >= 0 else (Fraction(0), True)
    # The deviation is the root of (squares - summed² / n) / (n - 1).
    scaled = Span(*((n - 1) * end + Fraction(summed**2, n) for end in (low, ends.high**2)), low_in, ends.high_in)
    return whole_numbers(scaled, 1)


def deviation(
    name: str,
    attribute: Attribute,
    printed_sd: str,
    printed_mean: str,
    n: int,
    within: Where = EVERYONE,
    rules: Rules = "half_up",
    layer: str = "P",
) -> Statement:
    """State mean and standard deviation (divisor n - 1) of a whole-number attribute of the n people in a cell."""
    if not isinstance(n, int) or n < 2:
        raise ValueError(f"statement {name!r}: n {n!r} is not allowed beside a deviation; it is a whole number from 2")
    possible = whole_numbers(spanned(printed_mean, rules), n)
    least, most = (n * end for end in (_numbers(attribute)[0], _numbers(attribute)[-1]))
    sums = [one for one in possible if least <= one <= most]
    if len(sums) > MANY:
        raise ValueError(f"statement {name!r}: the mean {printed_mean} of {n} allows more than {MANY} sums")
    ranges = [(one, squares(printed_sd, n, one, rules)) for one in sums]
    ways = tuple(((one, one), (found.start, found.stop - 1), (n, n)) for one, found in ranges if found)
    sums_of = (total(attribute, within), total(attribute, within, 2), count_of(within))
    # Without a way that holds the statement contradicts everything.
    return Statement(name, sums_of, ways or (((0, 0), (0, 0), (1, 0)),), layer)


def median(
    name: str,
    attribute: Attribute,
    printed: str,
    n: int,
    within: Where = EVERYONE,
    rules: Rules = "half_up",
    layer: str = "P",
) -> Statement:
    """State the median of a whole-number attribute of the n people in a cell: half-way where n is even."""
    values, twice = _numbers(attribute), whole_numbers(spanned(printed, rules), 2)
    lower, upper = (n + 1) // 2, n // 2 + 1  # the two people in the middle, or the one
    pairs = [(a, b) for a in values for b in values if a <= b and a + b in twice and (a == b or n % 2 == 0)]
    # How many are below a, up to a, below b and up to b; only what a pair limits.
    limited: list[dict[int, Limits]] = [
        {a - 1: (None, lower - 1)} | ({a: (lower, lower), b - 1: (lower, lower)} if a < b else {}) | {b: (upper, None)}
        for a, b in pairs
    ]
    ends = sorted({end for one in limited for end in one})
    up_to = ({attribute.name: [value for value in values if value <= end]} for end in ends)
    sums = (count_of(within), *(count_of(both(cell, within)) for cell in up_to))
    ways = tuple(((n, n), *(one.get(end, (None, None)) for end in ends)) for one in limited)
    return Statement(name, sums, ways or (((1, 0),),), layer)


def smallest(name: str, attribute: Attribute, value: int, within: Where = EVERYONE, layer: str = "P") -> Statement:
    """State the minimum of a whole-number attribute of the people in a cell: nobody is below, somebody is there."""
    return _extreme(name, attribute, value, [one for one in _numbers(attribute) if one < value], within, layer)


def largest(name: str, attribute: Attribute, value: int, within: Where = EVERYONE, layer: str = "P") -> Statement:
    """State the maximum of a whole-number attribute of the people in a cell: nobody is above, somebody is there."""
    return _extreme(name, attribute, value, [one for one in _numbers(attribute) if one > value], within, layer)


def _extreme(name: str, attribute: Attribute, value: int, outside: list[int], within: Where, layer: str) -> Statement:
    sums = tuple(count_of(both({attribute.name: values}, within)) for values in (outside, value))
    return Statement(name, sums, (((0, 0), (1, None)),), layer)


def several(number: int, cells: Sequence[Where], within: Where = EVERYONE) -> Sum:
    """Give the sum that is the number of people who are in at least so many of some cells.

    Such as those with two or more of five therapies; by inclusion and exclusion.
    """
    found: list[tuple[int, Cell]] = []
    for size in range(number, len(cells) + 1):
        factor = (-1) ** (size - number) * comb(size - 1, number - 1)
        found += [(factor, reduce(both, chosen, as_cell(within))) for chosen in combinations(cells, size)]
    return tuple(found)
