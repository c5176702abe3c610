"""Can this percentage, ratio, sum, mean, standard deviation or range be right? Checks from the print alone.

All checks are exact. They take numbers as printed (strings) and a rounding rule, or several where it is enough if one
of them gives the print, and ask whether any whole numbers of patients, or any values as fine as those measured, do.

Values that are whole numbers, or quarters, have sums that are too. So few means are possible when there are few values
(GRIM: Brown and Heathers, Soc Psychol Personal Sci 2017;8:363), and few standard deviations beside a mean (GRIMMER:
Anaya, PeerJ Preprints 2016;4:e2400; for values 0 and 1, DEBIT: Heathers and Brown, OSF 2019). Every value is a
multiple of the step: 1 for whole years, ``"0.25"`` for quarters of a point, ``Fraction(1, 5)`` for the mean of five
whole answers.

All refuse, with a ValueError, what is no printed number, a count that is no whole number or too small, a step that is
not above 0 or not exact, and an unknown rounding rule.
"""

from collections.abc import Sequence
from fractions import Fraction
from math import ceil, floor

from compendium.verification.audit.rounding import (
    Exact,
    Span,
    as_rules,
    below,
    count,
    exact,
    half_steps,
    mixed,
    printed_number,
    round_like,
    rounds_to,
    span,
)

LARGEST = 65  # the largest denominator looked at unless told otherwise; enough for a study of some dozens of patients
MANY = 10_000  # with more possible sums than this the fineness of the values says nothing about a standard deviation
Rules = str | tuple[str, ...]


def _numerators(units: int, scale: int, denominator: int, rule: str) -> range:
    """Give the whole numbers of a denominator of which a percentage is printed, which are always consecutive.

    The printed digits as a whole number (543 for 54.3 %) are `units`, ten to the power of the decimals is `scale`.
    """
    # Printed is k of d if low <= 2 * scale * 100 * k / d <= high for the half steps low and high of the print.
    low, high, low_in, high_in = half_steps(units, rule)
    low, high, unit = low * denominator, high * denominator, 200 * scale
    first = -(-low // unit) + (not low_in and low % unit == 0)
    last = high // unit - (not high_in and high % unit == 0)
    return range(max(first, 0), min(last, denominator) + 1)


def _percentage(printed: str) -> tuple[int, int]:
    """Give the digits of a printed percentage as a whole number, and ten to the power of its decimals."""
    value, decimals = printed_number(printed)
    return int(value * 10**decimals), 10**decimals


def possible_numerators(printed_percent: str, denominator: int, rules: Rules = "half_up") -> range:
    """Find the whole numbers k of the denominator, always consecutive, that are printed as this percentage."""
    units, scale = _percentage(printed_percent)
    count(denominator, "denominator", 1)
    each = [_numerators(units, scale, denominator, rule) for rule in as_rules(rules)]
    found = [one for one in each if one and units >= 0]
    return range(min(one.start for one in found), max(one.stop for one in found)) if found else range(0)


def possible_denominators(
    printed_percent: str, largest: int = LARGEST, numerator: int | None = None, rules: Rules = "half_up"
) -> list[int]:
    """Find the denominators from 1 to the largest for which a percentage is possible, of a numerator or of any."""
    units, scale = _percentage(printed_percent)
    first, last, rules = 1, count(largest, "largest", 1), as_rules(rules)
    share = None if numerator is None else 100 * scale * count(numerator, "numerator", 0)
    if share is not None and units > 1:  # it lies within a unit of the print
        first, last = max(first, share // (units + 1)), min(last, share // (units - 1))
    found = []
    for size in range(first, last + 1) if units >= 0 else ():
        numerators = (_numerators(units, scale, size, rule) for rule in rules)
        if any(one if numerator is None else numerator in one for one in numerators):
            found.append(size)
    return found


def nearest_numerators(printed_percent: str, denominator: int) -> list[tuple[int, str]]:
    """Give the whole numbers beside a percentage, as printed: ``[(9, "64.3"), (10, "71.4")]`` for 68.7 of 14."""
    place = printed_number(printed_percent)[0] * count(denominator, "denominator", 1) / 100
    around = {min(max(number, 0), denominator) for number in (floor(place), ceil(place))}
    return [(k, round_like(Fraction(100 * k, denominator), printed_percent)) for k in sorted(around)]


def possible_ratios(printed_ratio: str, total: int, rules: Rules = "half_up") -> list[tuple[int, int]]:
    """Find the ways to divide a total into two groups, the second never empty, whose ratio is printed like this."""
    count(total, "total", 1)
    found: set[int] = set()
    for rule in as_rules(rules):
        low, high = (max(end, Fraction(0)) for end in span(printed_ratio, rule)[:2])
        # a / (total - a) grows with a, so that the ends of the ratio are ends of a.
        first, last = ceil(total * low / (1 + low)), floor(total * high / (1 + high))
        around = range(first, min(last, total - 1) + 1)
        found.update(a for a in around if rounds_to(Fraction(a, total - a), printed_ratio, rule))
    return [(a, total - a) for a in sorted(found)]


def nearest_ratios(printed_ratio: str, total: int) -> list[tuple[int, int, str]]:
    """Give the divisions of a total beside a ratio: ``[(16, 39, "0.41"), (17, 38, "0.45")]`` for 0.44 of 55."""
    ratio = printed_number(printed_ratio)[0]
    if ratio < 0:
        raise ValueError(f"ratio {printed_ratio!r} is not allowed; it is a number from 0")
    place = count(total, "total", 1) * ratio / (1 + ratio)
    around = sorted({min(number, total - 1) for number in (floor(place), ceil(place))})
    return [(a, total - a, round_like(Fraction(a, total - a), printed_ratio)) for a in around]


def parts_add_up(parts: Sequence[str], total: str, rounded: bool = True, rule: str = "half_up") -> bool:
    """Say whether parts, of which no two overlap and nothing is left over, can make up a total.

    Rounded numbers, as percentages and means are, may each be off by what the rounding hides: 54.5, 21.8 and 1.8 make
    up 78.2. Counts are not rounded and have to add up exactly.
    """
    as_rules(rule)
    if not parts:
        raise ValueError("there are no parts to add up; allowed is one or more")
    if not rounded:
        return sum(printed_number(part)[0] for part in parts) == printed_number(total)[0]
    made, whole = mixed((1, span(part, rule)) for part in parts), span(total, rule)
    return below(made, whole) and below(whole, made)


def _step(step: Exact | str) -> Fraction:
    size = printed_number(step)[0] if isinstance(step, str) else exact(step)
    if size <= 0:
        raise ValueError(f"step {step!r} is not allowed; it is a number above 0")
    return size


def _whole_numbers(ends: Span, unit: Fraction) -> range:
    """Give the whole numbers k with k * unit between the ends."""
    low, high = ends.low / unit, ends.high / unit
    first = ceil(low) + (low.denominator == 1 and not ends.low_in)
    return range(first, floor(high) - (high.denominator == 1 and not ends.high_in) + 1)


def mean_possible(printed_mean: str, n: int, step: Exact | str = 1, rule: str = "half_up") -> bool:
    """Say whether n values of a given fineness can have a mean that is printed like this (GRIM)."""
    return bool(_whole_numbers(span(printed_mean, rule), _step(step) / count(n, "n", 1)))


def nearest_means(printed_mean: str, n: int, step: Exact | str = 1) -> list[tuple[Fraction, str]]:
    """Give the possible sums on both sides of a mean, one or two, and the means they print, rounded half up."""
    unit = _step(step) / count(n, "n", 1)
    place = printed_number(printed_mean)[0] / unit
    sums = sorted({floor(place), ceil(place)})
    return [(k * unit * n, round_like(k * unit, printed_mean)) for k in sums]


def _squares(total: int, n: int, lowest: int | None, highest: int | None) -> tuple[int, int | None]:
    """Bound the sum of squares of n whole numbers with a given sum: all alike at least, all at the ends at most."""
    each, rest = divmod(total, n)
    least = n * each**2 + rest * (2 * each + 1)
    if lowest is None or highest is None:
        return least, None
    if not n * lowest <= total <= n * highest:
        return 1, 0
    width = highest - lowest
    full, rest = divmod(total - n * lowest, width) if width else (n, 0)
    last = (lowest + rest) ** 2 if full < n else 0
    return least, full * highest**2 + (n - full - 1) * lowest**2 * (full < n) + last


def sd_possible(
    printed_sd: str,
    printed_mean: str,
    n: int,
    step: Exact | str = 1,
    minimum: Exact | None = None,
    maximum: Exact | None = None,
    rule: str = "half_up",
) -> bool:
    """Say whether n values of a given fineness can have this standard deviation beside this mean (GRIMMER, DEBIT).

    The deviation is that of a sample (divisor n - 1). Minimum and maximum, both or none, bound every value; with 0 and
    1 this is the check of binary values. False only if no values have both: the sum of squares would have to be no
    whole number, odd where the sum is even or the other way round, below what equal values have, or above what values
    at the bounds have. Where more than `MANY` sums of the values are possible it is not looked at and True.
    """
    if (minimum is None) != (maximum is None):
        raise ValueError("one bound without the other is not allowed; give minimum and maximum, or none")
    unit, n = _step(step), count(n, "n", 2)
    lowest = None if minimum is None else ceil(exact(minimum) / unit)
    highest = None if maximum is None else floor(exact(maximum) / unit)
    ends = span(printed_sd, rule)
    low = max(ends.low, Fraction(0))
    # Where the lower end was moved to 0 it belongs to the values: a deviation of 0 is printed as 0.
    scaled = [(n - 1) * (end / unit) ** 2 for end in (low, ends.high)]
    totals = _whole_numbers(span(printed_mean, rule), unit / n)
    if len(totals) > MANY:
        return True
    for total in totals:
        mean_part = Fraction(total**2, n)
        inside = Span(scaled[0] + mean_part, scaled[1] + mean_part, ends.low_in or low > ends.low, ends.high_in)
        squares = _whole_numbers(inside, Fraction(1))
        least, most = _squares(total, n, lowest, highest)
        first = max(squares.start, least)
        last = squares.stop - 1 if most is None else min(squares.stop - 1, most)
        # A whole number and its square are both even or both odd, and so are their sums.
        if first + (first - total) % 2 <= last:
            return True
    return False


def combined_possible(
    kind: str, parts: Sequence[str], total: str, sizes: Sequence[int] | None = None, rule: str = "half_up"
) -> bool:
    """Say whether groups that together are all values can have these means, medians or ends beside that of all.

    A mean or median of all lies between the smallest and the largest of the groups, and a mean is known where the sizes
    of the groups are; the minimum (maximum) of all is the smallest (largest) of the groups.
    """
    spans, whole = [span(part, rule) for part in parts], span(total, rule)
    if kind == "mean" and sizes is not None:
        made = mixed((Fraction(count(n, "n", 1), sum(sizes)), part) for n, part in zip(sizes, spans, strict=True))
        return below(made, whole) and below(whole, made)
    reached = [any(below(part, whole) for part in spans), any(below(whole, part) for part in spans)]
    if kind in ("mean", "median"):
        return all(reached)
    outer = [below(whole, part) if kind == "minimum" else below(part, whole) for part in spans]
    return all(outer) and any(below(part, whole) and below(whole, part) for part in spans)


def _weights(n: int | None, median: bool) -> tuple[Fraction, Fraction, Fraction]:
    """Give the shares of minimum, median and maximum in the lowest possible mean.

    One value is the maximum; the others are as low as the minimum, or from the middle on as the median, allows. Many
    values come as near as one likes to the shares without n, and never below.
    """
    if not median:
        return (Fraction(n - 1, n), Fraction(0), Fraction(1, n)) if n else (Fraction(1), Fraction(0), Fraction(0))
    if n is None:
        return Fraction(1, 2), Fraction(1, 2), Fraction(0)
    low = (n - 1) // 2
    return Fraction(low, n), Fraction(n - low - 1, n), Fraction(1, n)


def range_possible(
    minimum: str,
    maximum: str,
    mean: str | None = None,
    median: str | None = None,
    n: int | None = None,
    rule: str = "half_up",
) -> bool:
    """Say whether a minimum and maximum fit each other, and a mean and median of the same values between them.

    With n, the number of values, the mean is bounded more closely, since one value is the minimum and one the maximum.
    False only if no values have all of them.
    """
    low, high = span(minimum, rule), span(maximum, rule)
    middle = None if median is None else span(median, rule)
    if n is not None and count(n, "n", 1) <= 2:
        # One value is all of them; of two values mean and median are the middle.
        both = [low, high] if n == 1 else [mixed([(Fraction(1, 2), low), (Fraction(1, 2), high)])]
        both += [span(part, rule) for part in (mean, median) if part is not None]
        return below(low, high) and all(below(a, b) for a in both for b in both)
    fits = below(low, high) and (middle is None or (below(low, middle) and below(middle, high)))
    if mean is None or not fits:
        return fits
    end, inner, other = _weights(n, median is not None)
    lowest = mixed([(end, low), (inner, middle or low), (other, high)])
    highest = mixed([(end, high), (inner, middle or low), (other, low)])
    return below(lowest, span(mean, rule)) and below(span(mean, rule), highest)
