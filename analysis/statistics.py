"""The two tests of the paper: Wilcoxon's signed-rank test and the paired t test (L222-L226).

The signed-rank test is exact also when differences are tied, as GraphPad Prism's is for the number of pairs here. Its
null distribution is that of the ranks observed: each keeps its size and takes either sign with probability one half.
"""

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy import stats

EXACT_LIMIT = 1000
"""Largest number of ranks with an exact p value; their 2 ** 1000 sign patterns can still be counted in doubles."""


@dataclass(frozen=True)
class SignedRank:
    """Result of Wilcoxon's signed-rank test.

    Attributes
    ----------
    statistic : float
        W+, the sum of the ranks of the positive differences.
    n : int
        Number of non-zero differences, those that carry the test.
    n_zero, n_tied : int
        Number of differences of zero; number of non-zero ones that share their size with another.
    p_value : float
        Probability, if each sign is a fair coin, of a W+ at least as far out as the one observed.
    effect : float or None
        Matched-pairs rank-biserial correlation, (W+ - W-) / (W+ + W-), from -1 to 1; None if n is 0.
    exact : bool
        Whether the p value is exact rather than a normal approximation.
    """

    statistic: float
    n: int
    n_zero: int
    n_tied: int
    p_value: float
    effect: float | None
    exact: bool


@dataclass(frozen=True)
class PairedT:
    """Result of a paired t test; the difference is `after` minus `before`.

    Attributes
    ----------
    n : int
        Number of complete pairs.
    mean_before, mean_after, mean_difference : float or None
        Means in the unit of the values; None if there is no complete pair.
    ci : tuple of two floats, or None
        Confidence interval of the mean difference.
    statistic, p_value : float or None
        Student's t and its two-sided p value; like `ci` None for fewer than two pairs or equal differences.
    """

    n: int
    mean_before: float | None
    mean_after: float | None
    mean_difference: float | None
    ci: tuple[float, float] | None
    statistic: float | None
    p_value: float | None


def _floats(values: ArrayLike, name: str) -> np.ndarray:
    """Turn numbers of any kind into one array of floats, with nan where one is missing."""
    array = pd.Series(values).to_numpy(dtype=float, na_value=np.nan)
    infinite = np.flatnonzero(np.isinf(array))
    if len(infinite):
        raise ValueError(f"{name} holds {array[infinite[0]]} at position {infinite[0]}; allowed are finite numbers")
    return array


def _check_choice(name: str, value: str, allowed: tuple[str, ...]) -> None:
    if value not in allowed:
        raise ValueError(f"{name} {value!r} is unknown; allowed are {', '.join(allowed)}")


def _doubled_ranks(values: np.ndarray, zeros: str) -> tuple[np.ndarray, np.ndarray, int]:
    """Rank the non-zero values by size; return twice their midranks, which are positive, and how many are tied."""
    changed = values != 0
    ranked = values[changed] if zeros == "drop" else values
    # Ties are equal floats. That is exact for symptom grades: quarters are short binary fractions, never rounded.
    doubled = np.rint(2 * stats.rankdata(np.abs(ranked))).astype(np.int64)[ranked != 0]
    _, sharing = np.unique(doubled, return_counts=True)
    return doubled, values[changed] > 0, int(sharing[sharing > 1].sum())


def _lower_tail(doubled_ranks: np.ndarray, doubled_sum: int) -> float:
    """Probability that the ranks with a positive sign add up to `doubled_sum` or less.

    Streitberg and Röhmel's shift algorithm: after k ranks, ``counts[s]`` is the number of their sign patterns with the
    doubled sum s, and one more rank adds the same counts shifted by its size. Doubled midranks are whole numbers.
    """
    if doubled_sum < 0:
        return 0.0
    if 2 * doubled_sum >= (total := int(doubled_ranks.sum())):  # it is symmetric, so the shorter side is enough
        return 1.0 - _lower_tail(doubled_ranks, total - doubled_sum - 1)
    counts = np.zeros(doubled_sum + 1)
    counts[0] = 1.0
    reached = 0
    for rank in np.sort(doubled_ranks):
        reached = min(reached + rank, doubled_sum)
        counts[rank : reached + 1] += counts[: max(reached + 1 - rank, 0)]
    return math.ldexp(counts.sum(), -len(doubled_ranks))


def _exact_p(doubled_ranks: np.ndarray, doubled_sum: int, alternative: str) -> float:
    total = int(doubled_ranks.sum())
    if alternative == "less":
        return _lower_tail(doubled_ranks, doubled_sum)
    if alternative == "greater":
        return _lower_tail(doubled_ranks, total - doubled_sum)
    return min(1.0, 2.0 * _lower_tail(doubled_ranks, min(doubled_sum, total - doubled_sum)))


def _normal_p(doubled_ranks: np.ndarray, doubled_sum: int, alternative: str) -> float:
    """Approximate by a normal distribution with the exact mean and variance, without continuity correction."""
    z = (doubled_sum - doubled_ranks.sum() / 2) / (math.sqrt(np.square(doubled_ranks, dtype=float).sum()) / 2)
    if alternative == "two-sided":
        return math.erfc(abs(z) / math.sqrt(2))
    return math.erfc((z if alternative == "greater" else -z) / math.sqrt(2)) / 2


def signed_rank(
    differences: ArrayLike,
    zeros: Literal["drop", "pratt"] = "drop",
    alternative: Literal["two-sided", "less", "greater"] = "two-sided",
) -> SignedRank:
    """Test whether differences are symmetric about zero, exactly and with ties (L223-L224).

    Parameters
    ----------
    differences : array_like of shape (n_pairs,)
        One per pair, in any unit; missing ones are left out.
    zeros : {"drop", "pratt"}, default "drop"
        "drop" leaves pairs without change out before ranking, Wilcoxon's own rule; "pratt" ranks them with the others
        and then leaves their ranks out.
    alternative : {"two-sided", "less", "greater"}, default "two-sided"
        Which W+ count as far out: both sides, the small or the large ones.

    Returns
    -------
    SignedRank
        With the exact conditional p value for up to `EXACT_LIMIT` non-zero differences, a normal approximation
        beyond, and a p value of 1 for none: every sign pattern then gives the same W+ of 0.

    Raises
    ------
    ValueError
        If an option is unknown or a difference is infinite.

    References
    ----------
    Streitberg B, Röhmel J. Exact distributions for permutation and rank tests. Statistical Software Newsletter
    1986;12:10-17. Pratt JW. Remarks on zeros and ties in the Wilcoxon signed rank procedures. Journal of the American
    Statistical Association 1959;54:655-667.
    """
    _check_choice("zeros", zeros, ("drop", "pratt"))
    _check_choice("alternative", alternative, ("two-sided", "less", "greater"))
    values = _floats(differences, "differences")
    values = values[~np.isnan(values)]
    doubled, positive, n_tied = _doubled_ranks(values, zeros)
    doubled_sum, total, n = int(doubled[positive].sum()), int(doubled.sum()), len(doubled)
    distribution = _exact_p if n <= EXACT_LIMIT else _normal_p
    return SignedRank(
        statistic=doubled_sum / 2,
        n=n,
        n_zero=len(values) - n,
        n_tied=n_tied,
        p_value=distribution(doubled, doubled_sum, alternative) if n else 1.0,
        effect=(2 * doubled_sum - total) / total if n else None,
        exact=n <= EXACT_LIMIT,
    )


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

    Raises
    ------
    ValueError
        If the two do not hold the same pairs, a value is infinite, or the confidence level is out of range.
    """
    if not 0 < confidence < 1:
        raise ValueError(f"confidence {confidence!r} is not allowed; it lies between 0 and 1")
    if isinstance(before, pd.Series) and isinstance(after, pd.Series) and not before.index.equals(after.index):
        raise ValueError("before and after have different indexes; allowed are the same pairs in the same order")
    first, second = _floats(before, "before"), _floats(after, "after")
    if len(first) != len(second):
        raise ValueError(f"before has {len(first)} values and after {len(second)}; allowed is one of each per pair")
    complete = ~(np.isnan(first) | np.isnan(second))
    first, second = first[complete], second[complete]
    n = len(first)
    if n == 0:
        return PairedT(0, None, None, None, None, None, None)
    difference = second - first
    means = (float(first.mean()), float(second.mean()), float(difference.mean()))
    if np.ptp(difference) == 0:  # no spread to measure the mean against; one pair is such a case
        return PairedT(n, *means, None, None, None)
    test = stats.ttest_rel(second, first)
    low, high = test.confidence_interval(confidence)
    return PairedT(n, *means, (float(low), float(high)), float(test.statistic), float(test.pvalue))


def significance(p_value: float, alpha: float = 0.05) -> str:
    """Mark a p value as the legend of Figure 1 does.

    Parameters
    ----------
    p_value : float
        From 0 to 1.
    alpha : float, default 0.05
        Level below which a p value is significant (L225-L226); a p value equal to it is not.

    Returns
    -------
    str
        "***" below 0.001, "**" below 0.01, "*" for any other p value below `alpha`, else "ns".

    Raises
    ------
    ValueError
        If the p value is not a probability.
    """
    if not 0 <= p_value <= 1:
        raise ValueError(f"p value {p_value!r} is not allowed; it lies between 0 and 1")
    levels = {"***": 0.001, "**": 0.01, "*": alpha}
    return next((mark for mark, level in levels.items() if p_value < min(level, alpha)), "ns")
