"""Can a printed mean, standard deviation or range be right? Checks that follow from how fine the values can be.

Values that are whole numbers, or quarters, have sums that are too. So few means are possible when there are few values
(GRIM: Brown and Heathers, Soc Psychol Personal Sci 2017;8:363), and few standard deviations beside a mean (GRIMMER:
Anaya, PeerJ Preprints 2016;4:e2400; for values 0 and 1, DEBIT: Heathers and Brown, OSF 2019).
"""

from fractions import Fraction
from math import ceil, floor

from compendium.verification.rounding import Exact, Span, as_rules, count, exact, printed_number, round_like, span

__all__ = ["mean_possible", "nearest_means", "range_possible", "sd_possible"]

MANY = 10_000
"""With more possible sums than this the fineness of the values says nothing about a standard deviation."""


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


def mean_possible(printed_mean: str, n: int, step: Exact | str = 1, rules: str | tuple[str, ...] = "half_up") -> bool:
    """Say whether values of a given fineness can have a mean that is printed like this (GRIM).

    Parameters
    ----------
    printed_mean : str
        The mean as printed.
    n : int
        How many values there are; 1 or more.
    step : int, Fraction, Decimal or str, default 1
        The smallest difference of two values: 1 for whole years, ``"0.25"`` for quarters of a point, ``Fraction(1, 5)``
        for the mean of five whole answers. Every value is a multiple of it.
    rules : str or tuple of str
        Rounding rules, of `rounding.RULES`; it is enough if one of them makes the mean possible.

    Returns
    -------
    bool
        Whether some multiple of the step, divided by n, is printed like this. Where n is large beside the printed
        decimals every mean is possible.

    Raises
    ------
    ValueError
        If the mean is not a number, n is not a whole number from 1, the step is not above 0 or a rule is unknown.
    """
    unit = _step(step) / count(n, "n", 1)
    return any(bool(_whole_numbers(span(printed_mean, rule), unit)) for rule in as_rules(rules))


def nearest_means(
    printed_mean: str, n: int, step: Exact | str = 1, rule: str = "half_up"
) -> list[tuple[Fraction, str]]:
    """Give the possible sums on both sides of a mean, and the means they would print.

    Parameters
    ----------
    printed_mean, n, step
        As for `mean_possible`.
    rule : {"half_up", "half_even", "truncate"}
        The rounding rule.

    Returns
    -------
    list of (Fraction, str)
        One or two sums of all values, each with its mean in the decimals of the print.

    Raises
    ------
    ValueError
        As for `mean_possible`.
    """
    unit = _step(step) / count(n, "n", 1)
    place = printed_number(printed_mean)[0] / unit
    sums = sorted({floor(place), ceil(place)})
    return [(k * unit * n, round_like(k * unit, printed_mean, rule)) for k in sums]


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
    """Say whether values of a given fineness can have this standard deviation beside this mean (GRIMMER, DEBIT).

    Parameters
    ----------
    printed_sd : str
        The standard deviation of the sample (divisor n - 1) as printed.
    printed_mean, n, step
        As for `mean_possible`; n is 2 or more.
    minimum, maximum : int, Fraction or Decimal, optional
        Bounds of every value; both or none. With 0 and 1 this is the check of binary values.
    rule : {"half_up", "half_even", "truncate"}
        The rounding rule of both prints.

    Returns
    -------
    bool
        False only if no values have both: the sum of squares would have to be no whole number, odd where the sum is
        even or the other way round, below what equal values have, or above what values at the bounds have. Where more
        than `MANY` sums of the values are possible it is not looked at and True.

    Raises
    ------
    ValueError
        As for `mean_possible`, or if only one bound is given.
    """
    if (minimum is None) != (maximum is None):
        raise ValueError("one bound without the other is not allowed; give minimum and maximum, or none")
    unit, count_ = _step(step), count(n, "n", 2)
    lowest = None if minimum is None else ceil(exact(minimum) / unit)
    highest = None if maximum is None else floor(exact(maximum) / unit)
    ends = span(printed_sd, rule)
    low = max(ends.low, Fraction(0))
    # Where the lower end was moved to 0 it belongs to the values: a deviation of 0 is printed as 0.
    scaled = [(count_ - 1) * (end / unit) ** 2 for end in (low, ends.high)]
    totals = _whole_numbers(span(printed_mean, rule), unit / count_)
    if len(totals) > MANY:
        return True
    for total in totals:
        mean_part = Fraction(total**2, count_)
        inside = Span(scaled[0] + mean_part, scaled[1] + mean_part, ends.low_in or low > ends.low, ends.high_in)
        squares = _whole_numbers(inside, Fraction(1))
        least, most = _squares(total, count_, lowest, highest)
        first = max(squares.start, least)
        last = squares.stop - 1 if most is None else min(squares.stop - 1, most)
        # A whole number and its square are both even or both odd, and so are their sums.
        if first + (first - total) % 2 <= last:
            return True
    return False


def _below(a: Span, b: Span) -> bool:
    """Say whether a number printed as the first can be at most one printed as the second."""
    return a.low < b.high or (a.low == b.high and a.low_in and b.high_in)


def _mixed(weights: list[tuple[Fraction, Span]]) -> Span:
    """Add spans, each with a positive weight."""
    used = [(weight, part) for weight, part in weights if weight]
    return Span(
        sum((weight * part.low for weight, part in used), Fraction(0)),
        sum((weight * part.high for weight, part in used), Fraction(0)),
        all(part.low_in for _, part in used),
        all(part.high_in for _, part in used),
    )


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
    """Say whether a minimum and maximum fit each other, and a mean and median between them.

    Parameters
    ----------
    minimum, maximum : str
        The ends of the range as printed.
    mean, median : str, optional
        Mean and median of the same values as printed.
    n : int, optional
        How many values there are; with it the mean is bounded more closely, since one value is the minimum and one the
        maximum.
    rule : {"half_up", "half_even", "truncate"}
        The rounding rule of all of them.

    Returns
    -------
    bool
        False only if no values have all of them.

    Raises
    ------
    ValueError
        If one of them is not a number, n is not a whole number from 1, or the rule is unknown.
    """
    low, high = span(minimum, rule), span(maximum, rule)
    middle = None if median is None else span(median, rule)
    if n is not None and count(n, "n", 1) <= 2:
        # One value is all of them; of two values mean and median are the middle.
        both = [low, high] if n == 1 else [_mixed([(Fraction(1, 2), low), (Fraction(1, 2), high)])]
        both += [span(part, rule) for part in (mean, median) if part is not None]
        return _below(low, high) and all(_below(a, b) for a in both for b in both)
    fits = _below(low, high) and (middle is None or (_below(low, middle) and _below(middle, high)))
    if mean is None or not fits:
        return fits
    end, inner, other = _weights(n, median is not None)
    lowest = _mixed([(end, low), (inner, middle or low), (other, high)])
    highest = _mixed([(end, high), (inner, middle or low), (other, low)])
    return _below(lowest, span(mean, rule)) and _below(span(mean, rule), highest)
