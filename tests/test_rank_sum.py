"""The rank-sum test against full enumeration, R and SciPy.

Values from R 4.2.2 with coin 1.4-2 and exactRankTests 0.8-35; the call stands beside each.
"""

from dataclasses import astuple
from itertools import combinations
from math import comb

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from analysis.statistics.proportions import superiority_interval
from analysis.statistics.rank_sum import RankSum, rank_sum, rank_sum_counts

GRADES = [0, 0.25, 0.5, 0.75, 1, 1.5]
ALTERNATIVES = ("two-sided", "less", "greater")
SMALL = ([0, 0.25, 0.25, 0.5, 1, 1, 1.5], [0, 0, 0, 0.25, 0.25, 0.5, 0.5, 0.75, 0.75, 1, 0, 0.25])
PAPER_SIZES = (np.repeat(GRADES, [2, 3, 1, 2, 5, 1]), np.repeat(GRADES, [12, 10, 4, 5, 9, 1]))
SEPARATE = ([1, 1, 1], [0, 0, 0.25, 0.5, 0.5, 1])
VALUES = st.lists(st.sampled_from(GRADES), min_size=1, max_size=5)


def pairs_won(first, second):
    return sum((a > b) + (a == b) / 2 for a in first for b in second)


def enumerated(first, second, alternative):
    """Divide the values in every way; give the p value and the smallest possible one."""
    values = [*first, *second]
    chosen = [set(some) for some in combinations(range(len(values)), len(first))]
    wins = [
        pairs_won([values[i] for i in some], [values[i] for i in range(len(values)) if i not in some])
        for some in chosen
    ]
    mean = len(first) * len(second) / 2
    far = {"two-sided": [abs(u - mean) for u in wins], "less": [-u for u in wins], "greater": wins}[alternative]
    observed = far[chosen.index(set(range(len(first))))]
    return [sum(distance >= limit for distance in far) / len(far) for limit in (observed, max(far))]


@pytest.mark.parametrize("alternative", ALTERNATIVES)
@settings(deadline=None, max_examples=30)
@given(first=VALUES, second=VALUES)
def test_p_values_equal_full_enumeration(alternative, first, second):
    result = rank_sum(first, second, alternative)
    assert [result.p_value, result.smallest_p] == pytest.approx(enumerated(first, second, alternative), rel=1e-12)
    assert result.statistic == pairs_won(first, second)
    assert result.effect == pytest.approx(pairs_won(first, second) / (len(first) * len(second)))
    assert result.n_tied == sum([*first, *second].count(value) > 1 for value in [*first, *second])
    assert result.method == "exact"


@pytest.mark.parametrize(("groups", "two_sided", "less", "greater", "statistic"), [
    # d <- data.frame(v = c(x, y), g = factor(rep(c("a", "b"), c(length(x), length(y)))))
    # pvalue(wilcox_test(v ~ g, d, distribution = "exact", alternative = ...)); wilcox.exact(x, y)$statistic
    (SMALL, 0.240970072239422, 0.891720250853378, 0.123561165356831, 56),
    (PAPER_SIZES, 0.141624874770472, 0.932081541438953, 0.070890622374224, 362),
    (SEPARATE, 0.0833333333333333, 1.0, 0.0476190476190476, 16.5),
])  # fmt: skip
def test_p_value_equals_r(groups, two_sided, less, greater, statistic):
    # wilcox.exact(x, y)$p.value is the same but for PAPER_SIZES, two-sided: 0.141130331380372, another definition.
    for alternative, expected in zip(ALTERNATIVES, (two_sided, less, greater), strict=True):
        result = rank_sum(*groups, alternative)
        assert result.p_value == pytest.approx(expected, rel=1e-11)
        assert (result.statistic, result.method) == (statistic, "exact")
    assert rank_sum(*groups[::-1]).p_value == pytest.approx(two_sided, rel=1e-11)


def test_untied_p_value_equals_scipy():
    rng = np.random.default_rng(1)
    first, second = rng.normal(0.5, size=13), rng.normal(size=21)
    for alternative in ALTERNATIVES:
        expected = stats.mannwhitneyu(first, second, alternative=alternative, method="exact")
        result = rank_sum(first, second, alternative)
        assert (result.statistic, result.p_value) == pytest.approx((expected.statistic, expected.pvalue))
    first, second = np.arange(1, 121) ** 1.01, np.arange(1, 301) ** 0.99 + 0.3
    result = rank_sum(first, second)
    # wilcox.test((1:120)^1.01, (1:300)^.99 + .3, exact = FALSE, correct = TRUE)$p.value
    assert result.p_value == pytest.approx(1.33056029306884e-19, rel=1e-9, abs=0)
    assert result.method == "normal"
    for alternative in ALTERNATIVES:
        expected = stats.mannwhitneyu(first, second, alternative=alternative, method="asymptotic")
        assert rank_sum(first, second, alternative).p_value == pytest.approx(expected.pvalue, rel=1e-9, abs=0)


def test_hand_counted_example():
    # 1 against 0 0 .25 .5 .5 wins five of six and ties one, three times: U = 3 * 5.5. Ties: two 0, two .5, four 1. The
    # four 1 and no others are out of reach: the first group has three of them in 4 of 84 choices.
    result = rank_sum(*SEPARATE)
    assert (result.statistic, result.n_first, result.n_second, result.n_tied) == (16.5, 3, 6, 8)
    assert result.effect == 16.5 / 18
    assert result.ci == superiority_interval(16.5 / 18, 3, 6)
    assert rank_sum(*SEPARATE, "greater").smallest_p == 4 / 84
    # The two 0 with the .25 lie farther from the mean than three 1, so that they are the extreme on both sides.
    assert result.smallest_p == pytest.approx(1 / 84)
    assert rank_sum([100], np.arange(39)).p_value == 0.05
    assert rank_sum([100], np.arange(39)).smallest_p == 2 / 40
    assert rank_sum([7, 8, 9], [1, 2, 3]).p_value == 2 / comb(6, 3)
    same = rank_sum([1, 1], [1, 1, 1])
    assert (same.p_value, same.smallest_p, same.effect, same.statistic) == (1.0, 1.0, 0.5, 3.0)
    assert same.ci[0] < 0.5 < same.ci[1]
    assert rank_sum([], [1, 2, 2]) == RankSum(0, 3, 2)
    assert rank_sum([], []) == RankSum(0, 0, 0)
    assert astuple(rank_sum([np.nan, None], [1]))[3:] == (None,) * 6
    assert rank_sum([1], [2]).p_value == 1.0
    huge = rank_sum_counts([0, 50_000], [0, 50_000])
    assert (huge.p_value, huge.method) == (1.0, "exact")


def test_missing_values_are_left_out_and_mirrored_groups_mirror():
    first, second = pd.Series([0.5, None, 1.0, 0.25]), pd.Series([0, 0.5, pd.NA], dtype="Float64")
    result = rank_sum(first, second)
    assert result == rank_sum([0.5, 1.0, 0.25], [0, 0.5])
    assert result == rank_sum_counts([0, 1, 1, 1, 0], [1, 0, 1, 0, 0])
    assert rank_sum(first, second, confidence=0.5).ci[0] > result.ci[0]
    one, other = rank_sum(*PAPER_SIZES, "less"), rank_sum(*PAPER_SIZES[::-1], "greater")
    assert one.p_value == pytest.approx(other.p_value, rel=1e-12)
    assert one.effect == pytest.approx(1 - other.effect)
    assert one.ci == pytest.approx((1 - other.ci[1], 1 - other.ci[0]))


@pytest.mark.parametrize(
    ("counts", "within"),
    [(([3, 9, 2, 4, 12, 5], [40, 30, 9, 22, 41, 8]), 0.003), (([7, 10, 3], [30, 20, 22]), 0.02)],
)
@pytest.mark.parametrize("alternative", ALTERNATIVES)
def test_tied_approximation_is_close_to_the_exact_p_value(counts, within, alternative):
    exact, near = rank_sum_counts(*counts, alternative), rank_sum_counts(*counts, alternative, work=0)
    assert (exact.method, near.method) == ("exact", "normal")
    assert near.p_value == pytest.approx(exact.p_value, abs=within)
    assert near.smallest_p < 1e-6
    assert astuple(near)[6:8] == astuple(exact)[6:8]


def test_samples_of_the_documented_sizes_are_exact_and_larger_ones_are_not():
    assert rank_sum(np.arange(60), np.arange(60) + 0.5).method == "exact"
    assert rank_sum_counts([8, 8, 8, 9, 9, 8], [25] * 6).method == "exact"
    rng = np.random.default_rng(2)
    assert rank_sum(rng.random(40_000), rng.random(60_000)).method == "normal"
    assert rank_sum_counts([20_000, 3_000, 10_000], [1_000, 50_000, 16_000]).p_value == pytest.approx(0, abs=1e-9)
    # With two sizes the test is Pearson's of two rows and columns with Yates's correction, but for n - 1 in place of n.
    counts = [300_000_000, 200_000_000], [299_960_000, 200_030_000]
    assert rank_sum_counts(*counts).p_value == pytest.approx(stats.chi2_contingency(counts).pvalue, rel=1e-7)
    assert rank_sum_counts([3, 0], [0, 999_999_996]).p_value == pytest.approx(6 / 999_999_999**3, rel=1e-6, abs=0)
