"""Two measurements of the same patients: the paired t test (L224-L225), also of logarithms, and exact differences."""

import math
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy import stats

from analysis.statistics.arguments import check_probability, floats


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
    ci: tuple[float, float] | None
    statistic: float | None
    p_value: float | None


def _pairs(before: ArrayLike, after: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
    """Give the complete pairs."""
    if isinstance(before, pd.Series) and isinstance(after, pd.Series) and not before.index.equals(after.index):
        raise ValueError("before and after have different indexes; allowed are the same pairs in the same order")
    first, second = floats(before, "before"), floats(after, "after")
    if len(first) != len(second):
        raise ValueError(f"before has {len(first)} values and after {len(second)}; allowed is one of each per pair")
    complete = ~(np.isnan(first) | np.isnan(second))
    return first[complete], second[complete]


def decimal_differences(before: ArrayLike, after: ArrayLike) -> np.ndarray:
    """Subtract values as the decimals they are written with, so that equal changes are equal numbers.

    After minus before: 0.1 for 1.2 and 1.1 as well as for 1.5 and 1.4, where binary numbers give 0.0999... and
    0.1000..., which no rank test would tie. A pair with a missing value is left out.
    """
    pairs = zip(*(array.tolist() for array in _pairs(before, after)), strict=True)
    return np.array([float(Fraction(Decimal(repr(b))) - Fraction(Decimal(repr(a)))) for a, b in pairs], dtype=float)


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
    difference = second - first
    means = (float(first.mean()), float(second.mean()), float(difference.mean()))
    # No spread to measure the mean against; one pair is such a case. Equal decimals may differ by a rounding error.
    if np.ptp(difference) <= 1e-12 * max(np.abs(first).max(), np.abs(second).max()):
        return PairedT(n, *means)
    test = stats.ttest_rel(second, first)
    low, high = test.confidence_interval(confidence)
    return PairedT(n, *means, (float(low), float(high)), float(test.statistic), float(test.pvalue))


def paired_ratio(before: ArrayLike, after: ArrayLike, confidence: float = 0.95) -> PairedRatio:
    """Compare two geometric means of the same patients: the paired t test of logarithms, for skewed quantities.

    Values of 0 or more, otherwise as `paired_t` takes them.
    """
    first, second = _pairs(before, after)
    for name, values in (("before", first), ("after", second)):
        if (values < 0).any():
            raise ValueError(f"{name} holds {values[values < 0][0]}; allowed are numbers of 0 or more")
    positive = (first > 0) & (second > 0)
    test = paired_t(np.log(first[positive]), np.log(second[positive]), confidence)
    ratio = None if test.mean_difference is None else math.exp(test.mean_difference)
    ci = None if test.ci is None else (math.exp(test.ci[0]), math.exp(test.ci[1]))
    return PairedRatio(test.n, len(first) - test.n, ratio, ci, test.statistic, test.p_value)
