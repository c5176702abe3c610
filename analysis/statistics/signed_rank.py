"""Wilcoxon's signed-rank test, exact also with ties and with unchanged pairs (L223-L224).

The null distribution is that of the ranks observed: each keeps its size and takes either sign with probability 1/2.
GraphPad Prism 7.00, which the paper used (L222), does the same for fewer than 200 pairs and a normal approximation from
there on, where this module stays exact up to 1,000; pairs without change it leaves out unless Pratt's method is
chosen. Up to version 7.01 Prism compared differences of fractional data as binary numbers, so that equal ones such as
1.2 - 1.1 and 1.5 - 1.4 could miss being tied and the p value be wrong (its knowledge base, article 2020; mended in
7.02). Grades in quarters are safe from that: a quarter is a short binary fraction, and so is every difference of
quarters. For other decimals `analysis.statistics.paired.decimal_differences` gives differences whose ties are ties.

Functions named ``..._upper`` give the probability that ranks with random signs add up to a sum or more; the lower tail
mirrors it. They take twice the midranks, which are whole numbers also with ties, and twice the sum of the ranks with a
positive sign. Where the saddlepoint is used, ``benchmarks/wilcoxon.py`` measured a tail of 1,001 ranks as off by at
most 0.002 and 4 % of itself (four sizes, 250 of each, whose sums lie in clusters), by 0.0003 and 0.5 % with five sizes,
and by less than 0.000001 and 0.002 % with many. The normal approximation is off by 0.0001 to 0.002, and by 45 % of a
tail of 1e-12.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
from numpy.typing import ArrayLike
from scipy import optimize, stats

from analysis.statistics.arguments import Alternative, check_choice, floats
from analysis.statistics.decimals import decimals
from analysis.statistics.significance import above_zero

Zeros = Literal["drop", "pratt"]
Distribution = Literal["exact", "asymptotic"]

EXACT_LIMIT = 1000
"""Largest number of ranks with an exact distribution whatever their sizes; their 2 ** 1000 sign patterns can still be
counted in doubles. Ranks that Pratt's rule makes so large that they add up to more than those of 1,000 pairs among 499
unchanged ones count as more, since the work grows with their sum."""

GROUPS_LIMIT = 2_000_000
"""Most combinations of equal ranks that are gone through beyond that, about a tenth of a second: with few different
sizes the distribution is exact for any number of pairs."""


def exact_upper(doubled_ranks: np.ndarray, doubled_sum: int) -> float:
    """Count the sign patterns of ranks that add up to a sum or more, by Streitberg and Röhmel's shift algorithm.

    After k ranks, ``counts[s]`` is the number of their sign patterns with the doubled sum s, and one more rank adds the
    same counts shifted by its size.
    """
    # What all ranks have in common is taken out, so that there are fewer sums: 2 without ties.
    common = int(np.gcd.reduce(doubled_ranks))
    doubled_ranks, doubled_sum = doubled_ranks // common, -(-doubled_sum // common)
    total = int(doubled_ranks.sum())
    if 2 * doubled_sum <= total:  # it is symmetric, so the shorter side is enough
        return 1.0 - (exact_upper(doubled_ranks, total - doubled_sum + 1) if doubled_sum > 0 else 0.0)
    longest = total - doubled_sum  # of the mirrored lower tail
    if longest < 0:
        return 0.0
    counts = np.zeros(longest + 1)
    counts[0] = 1.0
    reached = 0
    for rank in np.sort(doubled_ranks).tolist():
        reached = min(reached + rank, longest)
        counts[rank : reached + 1] += counts[: max(reached + 1 - rank, 0)]
    return math.ldexp(counts.sum(), -len(doubled_ranks))


def _other_groups(doubled_ranks: np.ndarray) -> tuple[np.ndarray, np.ndarray, int]:
    """Give the different sizes of the ranks and how many have each, the largest group last, and their combinations."""
    sizes, counts = np.unique(doubled_ranks, return_counts=True)
    order = np.argsort(counts, kind="stable")
    combinations = math.prod((counts[order][:-1] + 1).tolist())
    return sizes[order], counts[order], combinations


def grouped_upper(doubled_ranks: np.ndarray, doubled_sum: int) -> float:
    """Add up over how many of each group of equal ranks are positive, which is binomial."""
    sizes, counts, _ = _other_groups(doubled_ranks)
    sums, chance = np.zeros(1), np.ones(1)
    for size, count in zip(sizes[:-1], counts[:-1], strict=True):
        positive = np.arange(count + 1)
        sums = np.add.outer(sums, size * positive).ravel()
        chance = np.multiply.outer(chance, stats.binom.pmf(positive, count, 0.5)).ravel()
    missing = np.ceil((doubled_sum - sums) / sizes[-1])
    return min(float(chance @ stats.binom.sf(missing - 1, counts[-1], 0.5)), 1.0)


def normal_upper(doubled_ranks: np.ndarray, doubled_sum: int) -> float:
    """Approximate by a normal distribution with the exact mean and variance, without continuity correction."""
    z = (doubled_sum - doubled_ranks.sum() / 2) / (math.sqrt(np.square(doubled_ranks, dtype=float).sum()) / 2)
    return math.erfc(z / math.sqrt(2)) / 2


def saddlepoint_upper(doubled_ranks: np.ndarray, doubled_sum: int) -> float:
    """Approximate by Lugannani and Rice's formula, whose relative error stays small however far out a sum lies.

    Sums lie on a lattice, so the formula is Daniels' one for lattices.
    """
    total, span = int(doubled_ranks.sum()), int(np.gcd.reduce(doubled_ranks))
    out = doubled_sum - total / 2
    if out < 0:
        return 1.0 - saddlepoint_upper(doubled_ranks, total - doubled_sum + span)
    if out >= total / 2:  # every sign is positive, or more than that is asked
        return math.ldexp(1.0, -len(doubled_ranks)) if doubled_sum == total else 0.0
    sizes, counts = np.unique(doubled_ranks / 2.0, return_counts=True)

    def excess(t: float) -> float:
        return float(counts @ (sizes * np.tanh(t * sizes))) - out

    high = 1.0 / sizes.max()
    while excess(high) < 0:
        high *= 2
    t = optimize.brentq(excess, 0.0, high, xtol=1e-300, rtol=1e-14)
    tilted = t * sizes
    cumulant = float(counts @ (tilted + np.log1p(np.exp(-2 * tilted)) - math.log(2)))  # log cosh without overflow
    spread = math.sqrt(float(counts @ np.square(sizes / np.cosh(np.minimum(tilted, 350.0)))))
    root = math.sqrt(max(2 * (t * out - cumulant), 0.0))
    # Near the centre the two terms of the correction both grow without bound; this is the limit of their difference.
    near = root < 1e-3
    correction = span / (2 * spread) if near else span / (-math.expm1(-span * t) * spread) - 1 / root
    return float(stats.norm.sf(root) + stats.norm.pdf(root) * correction)


def upper_tail(doubled_ranks: np.ndarray, distribution: str) -> tuple[str, Callable[[np.ndarray, int], float]]:
    """Choose how an upper tail is computed: the name of the method, and the function."""
    if distribution == "asymptotic":
        return "normal", normal_upper
    n, total = len(doubled_ranks), int(doubled_ranks.sum())
    if n <= EXACT_LIMIT and total <= 2 * EXACT_LIMIT**2:
        return "exact", exact_upper
    if _other_groups(doubled_ranks)[2] <= GROUPS_LIMIT:
        return "exact", grouped_upper
    return "saddlepoint", saddlepoint_upper


@dataclass(frozen=True)
class SignedRank:
    """Result of Wilcoxon's signed-rank test.

    ``statistic`` is W+, the sum of the ranks of the positive differences; ``n`` non-zero differences carry the test,
    ``n_zero`` are zero, ``n_tied`` non-zero ones of the same size as another. ``effect`` is Kerby's matched-pairs
    rank-biserial correlation, (W+ - W-) / (W+ + W-), from -1 to 1, None if n is 0; ``p_value`` the probability, if each
    sign is a fair coin, of a W+ at least as far out; ``method`` how it was computed: "exact", "saddlepoint" (beyond
    `EXACT_LIMIT` and `GROUPS_LIMIT`) or "normal". Both are None if there is no difference at all.
    """

    statistic: float
    n: int
    n_zero: int
    n_tied: int
    effect: float | None
    p_value: float | None
    method: str | None


def signed_rank(
    differences: ArrayLike,
    zeros: Zeros = "drop",
    alternative: Alternative = "two-sided",
    distribution: Distribution = "exact",
) -> SignedRank:
    """Test whether differences are symmetric about zero.

    Parameters
    ----------
    differences : array_like of shape (n_pairs,)
        One per pair, in any unit; missing ones are left out. Ties are equal decimals, as those of
        `analysis.statistics.paired.decimal_differences` are.
    zeros : {"drop", "pratt"}, default "drop"
        "drop" leaves pairs without change out before ranking, Wilcoxon's own rule; "pratt" ranks them with the others
        and then leaves their ranks out.
    alternative : {"two-sided", "less", "greater"}, default "two-sided"
        Which W+ count as far out: both sides, the small or the large ones.
    distribution : {"exact", "asymptotic"}, default "exact"
        The exact conditional distribution, or its saddlepoint approximation; or the normal distribution with variance
        corrected for ties and without continuity correction.

    Returns
    -------
    SignedRank
        The p value is 1 if all differences are 0: every sign pattern then gives the same W+ of 0.
    """
    check_choice("zeros", zeros, get_args(Zeros))
    check_choice("alternative", alternative, get_args(Alternative))
    check_choice("distribution", distribution, get_args(Distribution))
    values = decimals(floats(differences, "differences"))
    values = values[~np.isnan(values)]
    if not len(values):
        return SignedRank(0.0, 0, 0, 0, None, None, None)
    ranked = values[values != 0] if zeros == "drop" else values
    sizes, place, sharing = np.unique(np.abs(ranked), return_inverse=True, return_counts=True)
    midranks = 2 * sharing.cumsum() - sharing + 1  # doubled, of each size
    doubled, sharing = midranks[place][ranked != 0], sharing[sizes > 0]
    doubled_sum, total, n = int(midranks[place][ranked > 0].sum()), int(doubled.sum()), len(doubled)
    method, upper = upper_tail(doubled, distribution)
    mirrored = total - doubled_sum  # the lower tail is the upper one of the mirrored sum
    far = {"two-sided": max(doubled_sum, mirrored), "less": mirrored, "greater": doubled_sum}[alternative]
    tails = 2.0 if alternative == "two-sided" else 1.0
    return SignedRank(
        statistic=doubled_sum / 2,
        n=n,
        n_zero=len(values) - n,
        n_tied=int(sharing[sharing > 1].sum()),
        effect=(2 * doubled_sum - total) / total if n else None,
        p_value=above_zero(min(tails * upper(doubled, far), 1.0)) if n else 1.0,
        method=method,
    )
