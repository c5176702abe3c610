"""Two measurements of the same patients: the paired t test (L224-L225), also of logarithms, and rank correlation."""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy import stats

from analysis.statistics.arguments import check_probability, floats
from analysis.statistics.decimals import decimals, difference, mean, ratio
from analysis.statistics.significance import above_zero

EXACT_PAIRS = 12
"""Most pairs whose rank correlation has an exact p value, from all 479,001,600 ways to pair them, in a fifth of a
second. The p value of more pairs is that of Student's t: with 12 to 14 pairs it was found within 0.008 of the exact
one, and one below 0.1 within 0.005 (91 samples, most with ties)."""


@dataclass(frozen=True)
class PairedT:
    """Result of a paired t test of ``n`` complete pairs; the difference is `after` minus `before`.

    Means and their difference, in the unit of the values, are None without a pair; ``ci``, the interval of the mean
    difference, Student's t (``statistic``) and its two-sided ``p_value`` also for fewer than two pairs or equal
    differences.
    """

    n: int
    mean_before: float | None = None
    mean_after: float | None = None
    mean_difference: float | None = None
    ci: tuple[float, float] | None = None
    statistic: float | None = None
    p_value: float | None = None


@dataclass(frozen=True)
class PairedRatio:
    """Result of a paired t test of logarithms; the ratio is `after` divided by `before`.

    ``n`` are complete pairs of positive values; ``n_not_positive`` pairs were left out, since a value of 0 has no
    logarithm. ``ratio`` is that of the geometric means, None without a pair; ``ci``, ``statistic`` and ``p_value`` as
    in `PairedT`.
    """

    n: int
    n_not_positive: int
    ratio: float | None
    ci: tuple[float, float] | None = None
    statistic: float | None = None
    p_value: float | None = None


def _pairs(before: ArrayLike, after: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
    if isinstance(before, pd.Series) and isinstance(after, pd.Series) and not before.index.equals(after.index):
        raise ValueError("before and after have different indexes; allowed are the same pairs in the same order")
    first, second = floats(before, "before"), floats(after, "after")
    if len(first) != len(second):
        raise ValueError(f"before has {len(first)} values and after {len(second)}; allowed is one of each per pair")
    complete = ~(np.isnan(first) | np.isnan(second))
    return first[complete], second[complete]


def decimal_differences(before: ArrayLike, after: ArrayLike) -> np.ndarray:
    """Subtract before from after as `decimals.difference` does, which no binary subtraction would tie.

    A pair with a missing value is left out.
    """
    first, second = _pairs(before, after)
    return difference(second, first)


def _paired_t(differences: np.ndarray, confidence: float) -> dict[str, Any]:
    """Give interval, statistic and p value; nothing if there is no spread to measure the mean against."""
    if len(differences) < 2 or np.ptp(differences) == 0:
        return {}
    test = stats.ttest_1samp(differences, 0.0)
    low, high = test.confidence_interval(confidence)
    p_value = above_zero(float(test.pvalue))
    return {"ci": (float(low), float(high)), "statistic": float(test.statistic), "p_value": p_value}


def paired_t(before: ArrayLike, after: ArrayLike, confidence: float = 0.95) -> PairedT:
    """Compare two means of the same patients with Student's paired t test, two-sided (L224-L225).

    Parameters
    ----------
    before, after : array_like of shape (n_pairs,)
        The two values of each pair, in the same unit and order; a pair with a missing value is left out.
    confidence : float, default 0.95
        Confidence level of the interval, between 0 and 1.

    Returns
    -------
    PairedT
        Means, their difference (after minus before), its interval, t and p.
    """
    check_probability("confidence", confidence, inner=True)
    first, second = _pairs(before, after)
    n = len(first)
    if n == 0:
        return PairedT(0)
    differences = difference(second, first)
    return PairedT(n, mean(first), mean(second), mean(differences), **_paired_t(differences, confidence))


def paired_ratio(before: ArrayLike, after: ArrayLike, confidence: float = 0.95) -> PairedRatio:
    """Compare two geometric means of the same patients: the paired t test of logarithms, for skewed quantities.

    Values of 0 or more, otherwise as `paired_t` takes them.
    """
    check_probability("confidence", confidence, inner=True)
    first, second = _pairs(before, after)
    for name, values in (("before", first), ("after", second)):
        if (values < 0).any():
            raise ValueError(f"{name} holds {values[values < 0][0]}; allowed are numbers of 0 or more")
    positive = (first > 0) & (second > 0)
    logs = np.log(ratio(second[positive], first[positive]))
    found, test = math.exp(math.fsum(logs) / len(logs)) if len(logs) else None, _paired_t(logs, confidence)
    test |= {"ci": tuple(math.exp(limit) for limit in test["ci"])} if test else {}
    return PairedRatio(len(logs), len(first) - len(logs), found, **test)


@dataclass(frozen=True)
class RankCorrelation:
    """Spearman's rank correlation of ``n`` complete pairs.

    ``rho`` is None for fewer than three pairs or if one quantity does not vary, and so is all else; ``ci``, its
    interval by Bonett and Wright's standard error on Fisher's scale, also for three pairs or a perfect correlation.
    ``p_value`` is the probability, if all ways to pair the values are as likely, of a rho at least as far from 0;
    ``method`` tells whether it is "exact" or by Student's "t" approximation.
    """

    n: int
    rho: float | None = None
    ci: tuple[float, float] | None = None
    p_value: float | None = None
    method: str | None = None


def _products(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Count the ways to pair two rows of whole numbers from 0 on, by the sum of the products of the pairs.

    One number of the first row after the other takes its partner; what matters of the way so far is only how many of
    each number of the second row are left.
    """
    sizes, counts = np.unique(second, return_counts=True)
    length = int(np.sort(first) @ np.sort(second)) + 1  # no way has a larger sum
    start = np.zeros(length, dtype=np.int64)
    start[0] = 1
    ways = {tuple(counts.tolist()): start}
    for number in first.tolist():
        following: dict[tuple[int, ...], np.ndarray] = {}
        for left, sums in ways.items():
            for place, count in enumerate(left):
                if count:
                    after = (*left[:place], count - 1, *left[place + 1 :])
                    target = following.setdefault(after, np.zeros(length, dtype=np.int64))
                    product = number * int(sizes[place])
                    target[product:] += count * sums[: length - product]
        ways = following
    return next(iter(ways.values()))


def _steps(ranks: np.ndarray) -> np.ndarray:
    """Give midranks as whole numbers from 0 on, as small as possible, and Python's own, which never overflow."""
    doubled = np.rint(2 * (ranks - ranks.min())).astype(np.int64)
    return (doubled // np.gcd.reduce(doubled)).astype(object)


def rank_correlation(first: ArrayLike, second: ArrayLike, confidence: float = 0.95) -> RankCorrelation:
    """Correlate two quantities of the same patients by Spearman's rank correlation, two-sided, exactly and with ties.

    Values may have different units; a pair with a missing value is left out. The p value is exact up to `EXACT_PAIRS`
    pairs.
    """
    check_probability("confidence", confidence, inner=True)
    ranks = [stats.rankdata(decimals(values)) for values in _pairs(first, second)]
    n = len(ranks[0])
    if n < 3 or min(map(np.ptp, ranks)) == 0:
        return RankCorrelation(n)
    one, other = map(_steps, ranks)
    # The covariance, but for a factor that no pairing changes, as a whole number.
    centre = one.sum() * other.sum()
    covariance = n * (one @ other) - centre
    squares = [n * (each @ each) - each.sum() ** 2 for each in (one, other)]
    rho = covariance / math.sqrt(squares[0] * squares[1])
    ci = None
    if n > 3 and covariance**2 < squares[0] * squares[1]:
        half = stats.norm.isf((1 - confidence) / 2) * math.sqrt((1 + rho**2 / 2) / (n - 3))
        ci = (math.tanh(math.atanh(rho) - half), math.tanh(math.atanh(rho) + half))
    if n <= EXACT_PAIRS:
        ways = _products(one, other)
        far = np.abs(n * np.arange(len(ways)) - centre) >= abs(covariance)
        return RankCorrelation(n, rho, ci, int(ways[far].sum()) / math.factorial(n), "exact")
    t = abs(rho) * math.sqrt((n - 2) / (1 - rho**2)) if ci else math.inf
    # For a perfect correlation Student's t gives 0; it is one or two of all orders of n values, more with ties.
    p_value = max(2 * float(stats.t.sf(t, n - 2)), math.exp(math.log(2) - math.lgamma(n + 1)))
    return RankCorrelation(n, rho, ci, above_zero(p_value), "t")
