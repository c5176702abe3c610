"""The sum of ranks that carry random signs: the null distribution of the signed-rank statistic, exact and approximate.

Each rank keeps its size and takes either sign with probability 1/2. All functions work on doubled midranks, which are
whole numbers also with ties, and give the upper tail; the lower one mirrors it.

Where the saddlepoint is used, ``benchmarks/wilcoxon.py`` measured a tail of 1,001 ranks as off by at most 0.002 and 4 %
of itself (four sizes, 250 of each, whose sums lie in clusters), by 0.0003 and 0.5 % with five sizes, and by less than
0.000001 and 0.002 % with many. The normal approximation is off by 0.0001 to 0.002, and by 45 % of a tail of 1e-12.

References
----------
Streitberg B, Röhmel J. Exact distributions for permutation and rank tests. Statistical Software Newsletter
1986;12:10-17. Lugannani R, Rice S. Saddle point approximation for the distribution of the sum of independent random
variables. Advances in Applied Probability 1980;12:475-490. Daniels HE. Tail probability approximations. International
Statistical Review 1987;55:37-48.
"""

import math
from collections.abc import Callable

import numpy as np
from scipy import optimize, stats

__all__ = [
    "EXACT_LIMIT",
    "GROUPS_LIMIT",
    "exact_upper",
    "grouped_upper",
    "normal_upper",
    "saddlepoint_upper",
    "upper_tail",
]

EXACT_LIMIT = 1000
"""Largest number of ranks with an exact distribution whatever their sizes; their 2 ** 1000 sign patterns can still be
counted in doubles. Ranks that Pratt's rule makes so large that they add up to more than those of 1,000 pairs among 499
unchanged ones count as more, since the work grows with their sum."""

GROUPS_LIMIT = 2_000_000
"""Most combinations of equal ranks that are gone through beyond that, about a tenth of a second: with few different
sizes the distribution is exact for any number of pairs."""


def exact_upper(doubled_ranks: np.ndarray, doubled_sum: int) -> float:
    """Count the sign patterns of ranks that add up to a sum or more.

    Streitberg and Röhmel's shift algorithm: after k ranks, ``counts[s]`` is the number of their sign patterns with the
    doubled sum s, and one more rank adds the same counts shifted by its size. Doubled midranks are whole numbers.

    Parameters
    ----------
    doubled_ranks : ndarray of int, shape (n,)
        Twice the midranks, all above 0; n is at least 1.
    doubled_sum : int
        Twice the sum of the ranks with a positive sign.

    Returns
    -------
    float
        The exact probability of the sum or a larger one.
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
    for rank in np.sort(doubled_ranks):
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
    """Add up over how many of each group of equal ranks are positive, which is binomial.

    Parameters
    ----------
    doubled_ranks : ndarray of int, shape (n,)
        Twice the midranks, all above 0; n is at least 1.
    doubled_sum : int
        Twice the sum of the ranks with a positive sign.

    Returns
    -------
    float
        The exact probability of the sum or a larger one.
    """
    sizes, counts, _ = _other_groups(doubled_ranks)
    sums, chance = np.zeros(1), np.ones(1)
    for size, count in zip(sizes[:-1], counts[:-1], strict=True):
        positive = np.arange(count + 1)
        sums = np.add.outer(sums, size * positive).ravel()
        chance = np.multiply.outer(chance, stats.binom.pmf(positive, count, 0.5)).ravel()
    missing = np.ceil((doubled_sum - sums) / sizes[-1])
    return min(float(chance @ stats.binom.sf(missing - 1, counts[-1], 0.5)), 1.0)


def normal_upper(doubled_ranks: np.ndarray, doubled_sum: int) -> float:
    """Approximate by a normal distribution with the exact mean and variance, without continuity correction.

    Parameters
    ----------
    doubled_ranks : ndarray of int, shape (n,)
        Twice the midranks, all above 0; n is at least 1.
    doubled_sum : int
        Twice the sum of the ranks with a positive sign.

    Returns
    -------
    float
        The approximate probability of the sum or a larger one.
    """
    z = (doubled_sum - doubled_ranks.sum() / 2) / (math.sqrt(np.square(doubled_ranks, dtype=float).sum()) / 2)
    return math.erfc(z / math.sqrt(2)) / 2


def saddlepoint_upper(doubled_ranks: np.ndarray, doubled_sum: int) -> float:
    """Approximate by Lugannani and Rice's formula, whose relative error stays small however far out a sum lies.

    Sums lie on a lattice, so the formula is Daniels' one for lattices.

    Parameters
    ----------
    doubled_ranks : ndarray of int, shape (n,)
        Twice the midranks, all above 0; n is at least 1.
    doubled_sum : int
        Twice the sum of the ranks with a positive sign.

    Returns
    -------
    float
        The approximate probability of the sum or a larger one.
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
    """Choose how an upper tail is computed.

    Parameters
    ----------
    doubled_ranks : ndarray of int, shape (n,)
        Twice the midranks, all above 0.
    distribution : {"exact", "asymptotic"}
        The exact distribution, as far as the limits of this module go, or the normal approximation.

    Returns
    -------
    method : {"exact", "saddlepoint", "normal"}
        The name of the method.
    upper : callable
        Gives the probability of a doubled sum or a larger one from the doubled ranks and the sum.
    """
    if distribution == "asymptotic":
        return "normal", normal_upper
    n, total = len(doubled_ranks), int(doubled_ranks.sum())
    if n <= EXACT_LIMIT and total <= 2 * EXACT_LIMIT**2:
        return "exact", exact_upper
    if _other_groups(doubled_ranks)[2] <= GROUPS_LIMIT:
        return "exact", grouped_upper
    return "saddlepoint", saddlepoint_upper
