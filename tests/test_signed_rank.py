"""The signed-rank test against full enumeration, SciPy and R.

Values from R: R 4.2.2 with exactRankTests 0.8-35 and coin 1.4-2; the call stands beside each.
"""

import sys
from itertools import product

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy import stats

from analysis.statistics.paired import decimal_differences
from analysis.statistics.signed_rank import EXACT_LIMIT, grouped_upper, saddlepoint_upper, signed_rank, upper_tail
from tests.case_files import DATA

SMALL = [0.25, 0.5, 0.5, 0.75, 1, 1, -0.5, 0, 0, -0.25]
GRADE_DIFFERENCES = st.lists(st.sampled_from([-0.5, 0.0, 0.25, 0.5, 0.75, 1.0]), min_size=1, max_size=9)


@pytest.mark.parametrize("zeros", ["drop", "pratt"])
@settings(deadline=None, max_examples=60)
@given(differences=GRADE_DIFFERENCES)
def test_p_value_equals_that_of_all_patterns_of_signs(zeros, differences):
    ranked = np.array([one for one in differences if one or zeros == "pratt"])
    assume(ranked.any())
    ranks = stats.rankdata(np.abs(ranked))[ranked != 0]
    sums = np.array(list(product([0, 1], repeat=len(ranks)))) @ ranks
    observed = ranks @ (ranked[ranked != 0] > 0)
    expected = {"greater": (sums >= observed).mean(), "less": (sums <= observed).mean()}
    expected["two-sided"] = min(1, 2 * min(expected.values()))
    for alternative, p_value in expected.items():
        result = signed_rank(differences, zeros, alternative)
        assert (result.method, result.p_value) == ("exact", pytest.approx(p_value, rel=1e-12))


def test_hand_counted_example():
    # Sizes .25 .25 | .5 .5 .5 | .75 | 1 1 have midranks 1.5, 4, 6 and 7.5; the negative ones are a 4 and a 1.5.
    result = signed_rank(SMALL)
    assert (result.statistic, result.n, result.n_zero, result.n_tied) == (30.5, 8, 2, 7)
    assert result.effect == pytest.approx((30.5 - 5.5) / 36)


def changes(n):
    """Differences of many sizes and signs that R can make again; in R, with k <- 0:(n-1):

    d <- ((5*k + 1) %% 7 - 2)/4; if (n >= 200) d <- ifelse(k %% 3 == 0, -d, d); if (n == 1000) d <- ifelse(k %% 5 == 0,
    -abs(d), d)
    """
    k = np.arange(n)
    d = ((5 * k + 1) % 7 - 2) / 4
    if n >= 200:
        d = np.where(k % 3 == 0, -d, d)
    return np.where(k % 5 == 0, -abs(d), d) if n == 1000 else d


# exactRankTests: wilcox.exact(d, alternative=..., exact=TRUE)$p.value; coin: pvalue(wilcoxsign_test(d ~ rep(0,
# length(d)), distribution="exact", zero.method="Wilcoxon" or "Pratt", alternative=...)). Both agree where both can.
@pytest.mark.parametrize("row", pd.read_csv(DATA / "signed_rank_in_r.csv").to_dict("records"))
def test_p_values_of_tied_data_with_zeros_equal_r(row):
    for alternative in ("two-sided", "less", "greater")[: 1 if row["n"] == 1000 else 3]:
        result = signed_rank(changes(row["n"]), row["zeros"], alternative)
        assert result.method == "exact"
        assert result.p_value == pytest.approx(row[alternative], rel=1e-11)


@pytest.mark.parametrize("zeros", ["drop", "pratt"])
def test_the_normal_approximation_equals_scipy(zeros):
    differences = np.random.default_rng(1).choice([-0.5, 0, 0.25, 0.5], size=300, p=[0.4, 0.1, 0.2, 0.3])
    for alternative in ("two-sided", "less", "greater"):
        result = signed_rank(differences, zeros, alternative, "asymptotic")
        method = "wilcox" if zeros == "drop" else "pratt"
        expected = stats.wilcoxon(differences, zero_method=method, method="approx", alternative=alternative)
        assert result.p_value == pytest.approx(expected.pvalue, rel=1e-9)


def all_tails(doubled):
    """Give the upper tails of the sum of the ranks with a positive sign, by place in units of what divides all.

    Two halves of the ranks have each their distribution, of which a tail is the sum of products.
    """
    sizes, counts = np.unique(doubled // np.gcd.reduce(doubled), return_counts=True)
    halves = []
    for part in (slice(None, None, 2), slice(1, None, 2)):
        chances = np.ones(1)
        for size, count in zip(sizes[part], counts[part], strict=True):
            before, chances = chances, np.zeros(len(chances) + size * count)
            for positive, chance in enumerate(stats.binom.pmf(np.arange(count + 1), count, 0.5)):
                chances[positive * size :][: len(before)] += chance * before
        halves.append(chances)
    one, other = halves[0], np.append(np.cumsum(halves[1][::-1])[::-1], 0)
    return lambda place: one @ other[np.clip(place - np.arange(len(one)), 0, len(other) - 1)]


def spread(counts):
    """Ranks of differences with so many of each size, the smallest first, doubled."""
    return np.rint(2 * stats.rankdata(np.repeat(np.arange(len(counts)), counts))).astype(int)


@pytest.mark.parametrize(
    ("counts", "within"), [([251, 250, 250, 250], 0.04), ([700, *[33] * 8, 37], 1e-4), ([1] * 1001, 1e-5)]
)
def test_beyond_the_limits_a_saddlepoint_is_close_to_the_exact_tail(counts, within):
    doubled = spread(counts)
    assert upper_tail(doubled, "exact") == ("saddlepoint", saddlepoint_upper)
    tails, common = all_tails(doubled), int(np.gcd.reduce(doubled))
    places = [int(share * doubled.sum()) // common for share in (0.5, 0.501, 0.51, 0.53, 0.56, 0.6, 0.63)]
    assert tails(places[-1]) < 1e-10
    for place in places:
        assert saddlepoint_upper(doubled, common * place) == pytest.approx(tails(place), rel=within)


@pytest.mark.parametrize("counts", [[500, 501], [980, 11, 10], [997, 1, 1, 1, 1]])
def test_beyond_the_limit_few_sizes_are_exact(counts):
    doubled = spread(counts)
    assert upper_tail(doubled, "exact") == ("exact", grouped_upper)
    tails, common = all_tails(doubled), int(np.gcd.reduce(doubled))
    for share in (0.2, 0.49, 0.5, 0.52, 0.56, 0.61, 1.0):
        least = int(share * doubled.sum())
        assert grouped_upper(doubled, least) == pytest.approx(tails(-(-least // common)), rel=1e-11)
    assert grouped_upper(doubled, doubled.sum() + 1) == 0.0


@pytest.mark.parametrize("positive", [600, 542, 501])
def test_beyond_the_limit_equal_sizes_are_a_sign_test(positive):
    n = EXACT_LIMIT + 1
    differences = np.r_[np.ones(positive), -np.ones(n - positive)]
    for alternative in ("two-sided", "greater", "less"):
        expected = stats.binomtest(positive, n, alternative=alternative).pvalue
        assert signed_rank(differences, alternative=alternative).p_value == pytest.approx(expected, rel=1e-11)


def test_the_ends_and_fractional_data():
    # The number of sign patterns, 2 ** 1000, still is a double: the whole distribution adds up to one.
    assert signed_rank(np.ones(EXACT_LIMIT)).p_value == 2.0 ** (1 - EXACT_LIMIT)
    assert signed_rank(np.ones(EXACT_LIMIT), alternative="less").p_value == 1.0
    n = EXACT_LIMIT + 1
    assert signed_rank(np.ones(n)).p_value == 2.0 ** (1 - n)
    assert signed_rank(-np.ones(n), alternative="less").p_value == 2.0**-n
    assert signed_rank(np.ones(n), alternative="less").p_value == 1.0
    even = np.r_[np.ones(n), -np.ones(n)]
    assert signed_rank(even).p_value == 1.0
    assert signed_rank(even, alternative="greater").p_value == pytest.approx(0.5, abs=0.01)
    assert signed_rank(np.ones(5000)).p_value == sys.float_info.min  # 2 ** -4999 is less than any float
    changed = np.random.default_rng(5).permutation(np.arange(1, 1001)) * np.where(np.arange(1000) % 3, 1, -1)
    assert signed_rank(changed, "pratt").method == "exact"
    assert signed_rank(np.r_[changed, np.zeros(400)], "pratt").method == "exact"
    assert signed_rank(np.r_[changed, np.zeros(20_000)], "pratt").method == "saddlepoint"
    # The eight pairs by which GraphPad's knowledge base (article 2020) shows its fault, divided by 10: the changes are
    # those of the whole numbers, 34/128. R: wilcox.exact(round(a - b, 1))$p.value; without rounding it gives 0.3125.
    before = [1.1, 1.5, 3.6, 2.3, 3.7, 1.6, 1.9, 0.7]
    after = [1.2, 1.4, 4.5, 3.5, 2.2, 2.4, 2.9, 1.1]
    result = signed_rank(decimal_differences(before, after))
    assert (result.statistic, result.n_tied, result.p_value) == (26.5, 2, 34 / 128)
    assert signed_rank(np.subtract(after, before)).p_value == 0.3125
    quarters = [signed_rank(np.subtract(np.divide(a, 4), np.divide(b, 4))) for b, a in [([4] * 6, [3, 5, 1, 0, 2, 2])]]
    assert quarters[0] == signed_rank([-1, 1, -3, -4, -2, -2])


@pytest.mark.parametrize(
    ("differences", "p"), [([], None), ([0.0, 0.0], 1.0), ([None], None), (pd.Series([pd.NA], dtype="Float64"), None)]
)
def test_unchanged_pairs_have_p_of_one_and_no_pairs_none(differences, p):
    result = signed_rank(differences)
    assert (result.n, result.statistic, result.p_value, result.effect) == (0, 0.0, p, None)
    assert (result.n_zero, result.n_tied) == (sum(not pd.isna(one) for one in differences), 0)


@pytest.mark.parametrize("zeros", ["drop", "pratt"])
def test_missing_differences_are_left_out_and_signs_mirror(zeros):
    assert signed_rank([*SMALL, None, np.nan], zeros) == signed_rank(SMALL, zeros)
    mirrored = signed_rank([-d for d in SMALL], zeros)
    assert mirrored.p_value == signed_rank(SMALL, zeros).p_value
    assert mirrored.effect == -signed_rank(SMALL, zeros).effect
