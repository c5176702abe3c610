"""Exact interval of the difference of two proportions: its coverage is never below the level, whatever the rates."""

import math
from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
from scipy import optimize, special

from analysis.statistics.arguments import check_probability
from analysis.statistics.proportions import difference_interval, intervals, shares

TOLERANCE = 1e-5  # a limit lies outside of the exact one, but by no more than this
SMALLER_LIMIT = 1_000  # largest size of the smaller group; the other may be as large as a count can be
QUICK_LIMIT = 200  # largest size of the smaller group whose interval is exact in tables, within a second each
_TIE = 1e-12  # statistics that differ by less are equal; taking too many outcomes for equal only widens the interval
_NOTHING = 1e-18  # outcomes less likely than this are left out; sums of a thousand of them do not move a limit
_CELLS = 32
_NARROWEST = TOLERANCE / 64


def _tail(n: int, size: int, other_n: int, other_size: int, confidence: float) -> Callable:
    """Give what tells the probability of an outcome at least as far up as the observed one for arrays of true rates.

    Outcomes are ordered by the lower limit of Newcombe's method 10. It rises with the first count and falls with the
    other one, because Wilson's limits rise with the count: the root of the sum of squares then changes by no more than
    the rate. So they are, for each count of the other group, all counts from a cut on, which is found by bisection.
    """
    counts = np.arange(other_size + 1)
    others, (_, high) = counts / other_size, intervals(counts, other_size, "wilson", confidence)

    def statistic(first: np.ndarray) -> np.ndarray:
        share, (low, _) = first / size, intervals(first, size, "wilson", confidence)
        return share - others - np.hypot(share - low, high - others)

    observed = statistic(np.array([n]))[other_n] - _TIE
    below, cuts = np.full(other_size + 1, -1), np.full(other_size + 1, size + 1)
    while (open_ := cuts - below > 1).any():
        middle = (below + cuts) // 2
        inside = statistic(np.clip(middle, 0, size)) >= observed
        cuts, below = np.where(open_ & inside, middle, cuts), np.where(open_ & ~inside, middle, below)
    ways = special.gammaln(other_size + 1) - special.gammaln(counts + 1) - special.gammaln(other_size - counts + 1)
    every, some = cuts == 0, (cuts > 0) & (cuts <= size)

    def probability(rate: np.ndarray, other: np.ndarray) -> np.ndarray:
        # A rate of 0 or 1 leaves one count; the smallest number in place of 0 gives the others no weight either.
        yes, no = (np.log(np.maximum(share, 1e-300))[:, None] for share in (other, 1 - other))
        weights = np.exp(ways + (counts * yes + (other_size - counts) * no))
        # Beyond this distance from the mean Hoeffding's inequality leaves less than 1e-17, too little for a float.
        distance = cuts - size * rate[:, None]
        above = (every | (distance < 0)).astype(float)
        rows, columns = ((2 * distance**2 < 40 * size) & (weights > _NOTHING) & some).nonzero()
        above[rows, columns] = special.betainc(cuts[columns], size - cuts[columns] + 1, rate[rows])
        return (weights * above).sum(axis=1)

    return probability


def _place_above(tail: Callable, patients: int, difference: float, level: float) -> float | None:
    """Find a rate of the other group at which the tail has more than a probability, or make sure there is none.

    The probability rises with the first rate and falls with the other, so that in a cell from a to b it is at most that
    of b + difference and a. Along the line it is the mean of an indicator over the counts, so that its curvature is at
    most patients^2, and in a cell it is above its ends by at most an eighth of that times the width squared.
    Cells of which both are too much are halved; one too narrow to be halved counts as above.
    """
    low, high = max(0.0, -difference), min(1.0, 1.0 - difference)
    edges = np.linspace(low, high, _CELLS + 1)
    start, end = edges[:-1], edges[1:]
    at_edges = tail(np.clip(edges + difference, 0.0, 1.0), edges)
    ends = np.maximum(at_edges[:-1], at_edges[1:])
    while True:
        unsure = ends + patients**2 * (end - start) ** 2 / 8 > level
        start, end, ends = start[unsure], end[unsure], ends[unsure]
        unsure = tail(np.clip(end + difference, 0.0, 1.0), start) > level
        start, end, ends = start[unsure], end[unsure], ends[unsure]
        if not len(start):
            return None
        middle = (start + end) / 2
        reached = tail(np.clip(middle + difference, 0.0, 1.0), middle)
        if reached.max() > level:
            return float(middle[reached.argmax()])
        if end[0] - start[0] < _NARROWEST:
            return float(start[0])
        start, end = np.concatenate([start, middle]), np.concatenate([middle, end])
        ends = np.tile(np.maximum(ends, reached), 2)


@cache
def _search(n: int, size: int, other_n: int, other_size: int, confidence: float) -> float:
    """Give the largest difference below which no pair of rates makes so high an outcome likely enough.

    The largest probability of the tail grows with the difference, since any pair of rates gets to a larger difference
    by raising the first or lowering the other, and both raise the probability.
    """
    tail, level = _tail(n, size, other_n, other_size, confidence), (1 - confidence) / 2

    def excess(rate: float, other: float) -> float:
        return float(tail(np.array([rate]), np.array([other]))[0]) - level

    if excess(0.0, 1.0) > 0:  # no outcome is lower
        return -1.0
    limit = 1.0
    if excess(0.0, 0.0) > 0:  # where the first rate is 0, only the other one is left to change
        limit = -optimize.brentq(lambda other: excess(0.0, other), 0.0, 1.0)
    while (place := _place_above(tail, size + other_size, limit - TOLERANCE, level)) is not None:
        upper = min(place + limit, 1.0)
        limit = optimize.brentq(lambda rate, other=place: excess(rate, other), 0.0, upper) - place
    return max(limit - TOLERANCE, -1.0)


def _lower_limit(n: int, size: int, other_n: int, other_size: int, confidence: float) -> float:
    """Search with the larger group first: failures for successes, and the groups exchanged, keep the difference."""
    exchanged = (other_size - other_n, other_size, size - n, size)
    return _search(*max((n, size, other_n, other_size), exchanged, key=lambda each: (each[1], each[0])), confidence)


def exact_difference_interval(
    n: int, denominator: int, other_n: int, other_denominator: int, confidence: float = 0.95
) -> tuple[float, float] | None:
    """Give an exact unconditional interval of the difference of two proportions, the first minus the other.

    Buehler's method: each limit is the tightest that covers with certainty (each tail at most half of what the level
    leaves, for any two true rates) among those that order the outcomes as the limit of Newcombe's method 10 does
    (Kabaila and Lloyd; Lloyd and Moldovan). One of the groups has at most `SMALLER_LIMIT`. Limits lie outside of the
    exact ones by at most `TOLERANCE`; None if a group is empty.
    """
    confidence = check_probability("confidence", confidence, inner=True)
    first = [int(array[0]) for array in shares(n, denominator)]
    other = [int(array[0]) for array in shares(other_n, other_denominator, ("other_n", "other_denominator"))]
    if min(first[1], other[1]) > SMALLER_LIMIT:
        sizes = f"{first[1]:,} and {other[1]:,}"
        raise ValueError(f"denominators {sizes} are not allowed; one of them is at most {SMALLER_LIMIT:,}")
    if not first[1] or not other[1]:
        return None
    return _lower_limit(*first, *other, confidence), -_lower_limit(*other, *first, confidence)


def difference_in_points(n: int, denominator: int, other_n: int, other_denominator: int) -> dict[str, Any]:
    """Give the difference of two proportions in percentage points, the first minus the other, for a table of them.

    Returns
    -------
    dict
        ``difference``; the limits ``low`` and ``high`` of its 95 % interval; and ``interval``, how this was computed:
        "exact", or "newcombe" (method 10) if both groups have more than `QUICK_LIMIT`. All None if a group is empty.
    """
    if not denominator or not other_denominator:
        return dict.fromkeys(("difference", "low", "high", "interval"))
    difference = 100 * (n * other_denominator - other_n * denominator) / (denominator * other_denominator)
    exact = min(denominator, other_denominator) <= QUICK_LIMIT
    compute = exact_difference_interval if exact else difference_interval
    low, high = compute(n, denominator, other_n, other_denominator)
    # Rounded outward, to a tenth of the tolerance: what follows differs between machines.
    low, high = math.floor(1e6 * low) / 1e4, math.ceil(1e6 * high) / 1e4
    return {"difference": difference, "low": low, "high": high, "interval": "exact" if exact else "newcombe"}
