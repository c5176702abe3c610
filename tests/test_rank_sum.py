"""The rank-sum test against full enumeration, R and SciPy, and the power of it and of Fisher's exact test.

Values from R 4.2.2 with coin 1.4-2 and exactRankTests 0.8-35; the call stands beside each. Powers are
from ``s <- 0; for (i in 0:n1) for (j in 0:n2) if (fisher.test(matrix(c(i, n1-i, j, n2-j),
2))$p.value < alpha) s <- s + dbinom(i, n1, p1) * dbinom(j, n2, p2)``.
"""

from dataclasses import astuple, replace
from itertools import combinations
from math import comb

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from analysis.statistics import power as module
from analysis.statistics.power import detectable_rate, fisher_power, rank_sum_power, shifted
from analysis.statistics.proportions import superiority_interval
from analysis.statistics.rank_sum import RankSum, rank_sum, rank_sum_counts
from tests.case_files import DATA

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
@settings(max_examples=30)
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
    # A probability of exactly the level is exactly that.
    assert astuple(rank_sum([100], np.arange(39)))[4:6] == (0.05, 2 / 40)
    assert rank_sum([7, 8, 9], [1, 2, 3]).p_value == 2 / comb(6, 3)
    # All values equal, and empty groups.
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


@pytest.mark.parametrize(("counts", "within"), [
    (([3, 9, 2, 4, 12, 5], [40, 30, 9, 22, 41, 8]), 0.003), (([7, 10, 3], [30, 20, 22]), 0.02),
])  # fmt: skip
@pytest.mark.parametrize("alternative", ALTERNATIVES)
def test_tied_approximation_is_close_to_the_exact_p_value(counts, within, alternative):
    exact, near = rank_sum_counts(*counts, alternative), rank_sum_counts(*counts, alternative, work=0)
    assert (exact.method, near.method) == ("exact", "normal")
    assert near.p_value == pytest.approx(exact.p_value, abs=within)
    assert near.smallest_p < 1e-6
    assert rank_sum_counts(*counts, alternative, interval=False) == replace(exact, ci=None)
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


PRIMARY = 34 / 41


def test_power_equals_r():
    for n, m, rate, other, alpha, expected in pd.read_csv(DATA / "power_in_r.csv").itertuples(index=False):
        assert fisher_power(n, m, rate, other, alpha) == pytest.approx(expected, rel=1e-10)
        assert fisher_power(m, n, other, rate, alpha) == pytest.approx(expected, rel=1e-10)


def test_power_at_its_ends_and_its_smallest_difference():
    # One against 19: the p value of the two most extreme outcomes is 1 / 20, of all others larger.
    assert fisher_power(1, 19, 1.0, 0.0) == 0
    assert fisher_power(1, 19, 1.0, 0.0, p_at_alpha="significant") == 1
    assert fisher_power(1, 19, 0.9, 0.1, p_at_alpha="significant") == pytest.approx(0.9**20 + 0.1**20)
    below = detectable_rate(14, 41, PRIMARY, higher=False)
    assert fisher_power(14, 41, below, PRIMARY) == pytest.approx(0.8)
    nearer = np.linspace(below + 1e-6, PRIMARY, 40)
    assert all(fisher_power(14, 41, rate, PRIMARY) < 0.8 for rate in nearer)
    assert detectable_rate(14, 41, PRIMARY, higher=True) is None
    assert detectable_rate(14, 41, 1.0, higher=True) is detectable_rate(14, 41, 0.0, higher=False) is None
    above = detectable_rate(14, 41, 25 / 41, higher=True, power=0.5)
    assert above > 25 / 41
    assert fisher_power(14, 41, above, 25 / 41) == pytest.approx(0.5)
    assert detectable_rate(50, 50, 0.5, higher=True, power=0.01) == 0.5


@pytest.mark.parametrize("rate", [0.0, 0.1, 0.5, PRIMARY, 1.0])
def test_the_test_keeps_its_level(rate):
    assert 0 <= fisher_power(14, 41, rate, rate) < 0.05
    assert fisher_power(14, 41, rate, rate, alpha=0.0) == 0
    # Where nobody, or everybody, responds in both groups, no outcome is significant.
    assert 0 <= fisher_power(4000, 6000, rate, rate) <= (0.05 if 0 < rate < 1 else 0)


def test_large_groups_use_the_normal_approximation(monkeypatch):
    exact = [fisher_power(200, 300, rate, 0.5) for rate in (0.3, 0.4, 0.6)]
    monkeypatch.setattr(module, "OUTCOMES_LIMIT", 10)
    near = [fisher_power(200, 300, rate, 0.5) for rate in (0.3, 0.4, 0.6)]
    assert near == pytest.approx(exact, abs=0.04)
    assert near != exact
    assert fisher_power(20_000, 80_000, 0.5, 0.51) == pytest.approx(0.716, abs=0.001)


def test_shift_and_simulated_power():
    base, odds_ratio = np.array([5, 20, 0, 40, 25, 10]) / 100, 3.0
    moved = shifted(base, odds_ratio)
    assert moved.sum() == pytest.approx(1)
    for limit in range(1, 6):
        before, after = base[limit:].sum(), moved[limit:].sum()
        assert after / (1 - after) == pytest.approx(odds_ratio * before / (1 - before))
    assert moved[2] == pytest.approx(0)
    assert shifted([5, 20, 0, 40, 25, 10], 1.0) == pytest.approx(base)
    assert shifted([0, 4, 0], 7.0).tolist() == [0, 1, 0]
    shares, odds_ratio, n, m = [0.6, 0.4], 8.0, 6, 9
    # With two grades the outcomes are pairs of counts.
    first, second = shifted(shares, odds_ratio)[1], 0.4
    expected = sum(
        stats.binom.pmf(i, n, first) * stats.binom.pmf(j, m, second)
        for i in range(n + 1)
        for j in range(m + 1)
        if rank_sum_counts([n - i, i], [m - j, j]).p_value < 0.05
    )
    power, error = rank_sum_power(shares, n, m, odds_ratio, simulations=1500)
    assert power == pytest.approx(expected, abs=4 * error)
    assert error == pytest.approx((power * (1 - power) / 1500) ** 0.5)


def test_simulation_repeats_itself_and_rises_with_the_odds_ratio():
    grades = [3, 12, 4, 5, 4, 1]
    powers = [rank_sum_power(grades, 7, 20, ratio, simulations=150)[0] for ratio in (1.0, 4.0, 20.0)]
    assert powers == sorted(powers) and powers[0] < 0.1 and powers[2] > 0.8
    assert rank_sum_power(grades, 7, 20, 4.0, simulations=150)[0] == powers[1]
    assert rank_sum_power(grades, 7, 20, 4.0, simulations=150, seed=1)[0] != powers[1]
    # Two against one can never be significant.
    assert rank_sum_power(grades, 2, 1, 20.0, simulations=50) == (0.0, 0.0)
    # Beyond the limits of the exact test the normal approximation is taken.
    assert rank_sum_power(grades, 1200, 3800, 1.5, simulations=60)[0] > 0.95
    rng, grades = np.random.default_rng(3), [3, 12, 4, 5, 4, 1]
    firsts, seconds = rng.multinomial(30, shifted(grades, 2.0), 100), rng.multinomial(60, shifted(grades, 1.0), 100)
    pairs = list(zip(firsts, seconds, strict=True))
    near = [rank_sum_counts(*pair, work=module.SIMULATED_WORK) for pair in pairs]
    exact = np.array([rank_sum_counts(*pair).p_value for pair in pairs])
    assert [result.method for result in near].count("normal") > 50
    off = np.abs(exact - [result.p_value for result in near])
    assert off.max() < 0.03 and off[exact < 0.1].max() < 0.01
    assert np.mean([result.p_value < 0.05 for result in near]) == pytest.approx(np.mean(exact < 0.05), abs=0.011)
