"""The tests of the paper against full enumeration, SciPy and R.

Values from R: R 4.2.2 with exactRankTests 0.8-35 and coin 1.4-2; the call stands beside each.
"""

from itertools import product

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from analysis.statistics import EXACT_LIMIT, paired_t, signed_rank, significance

SMALL = [0.25, 0.5, 0.5, 0.75, 1, 1, -0.5, 0, 0, -0.25]
LARGE = [1] * 8 + [0.75] * 12 + [0.5] * 9 + [0.25] * 6 + [0] * 11 + [-0.5] * 9
GRADE_DIFFERENCES = st.lists(st.sampled_from([-0.5, 0.0, 0.25, 0.5, 0.75, 1.0]), min_size=1, max_size=9)


def midranks(sizes):
    """Twice the mean position of each size among all, counted one by one."""
    return [2 * sum(b < a for b in sizes) + sum(b == a for b in sizes) + 1 for a in sizes]


def enumerated_p(differences, zeros, alternative):
    """Go through all sign patterns."""
    ranked = [d for d in differences if d != 0 or zeros == "pratt"]
    ranks = [(r, d) for r, d in zip(midranks([abs(d) for d in ranked]), ranked, strict=True) if d != 0]
    observed = sum(r for r, d in ranks if d > 0)
    sums = [
        sum(r for (r, _), sign in zip(ranks, signs, strict=True) if sign)
        for signs in product((0, 1), repeat=len(ranks))
    ]
    total = sum(r for r, _ in ranks)
    far = {
        "less": [s <= observed for s in sums],
        "greater": [s >= observed for s in sums],
        "two-sided": [abs(2 * s - total) >= abs(2 * observed - total) for s in sums],
    }[alternative]
    return sum(far) / len(sums)


@pytest.mark.parametrize("zeros", ["drop", "pratt"])
@pytest.mark.parametrize("alternative", ["two-sided", "less", "greater"])
@settings(deadline=None, max_examples=40)
@given(differences=GRADE_DIFFERENCES)
def test_p_value_equals_full_enumeration(zeros, alternative, differences):
    result = signed_rank(differences, zeros, alternative)
    assert result.exact
    assert result.p_value == enumerated_p(differences, zeros, alternative)


@pytest.mark.parametrize(
    ("differences", "options", "expected"),
    [
        (SMALL, {}, 0.1015625),  # wilcox.exact(d)$p.value; pvalue(wilcoxsign_test(d ~ rep(0, 10), distribution="exact",
        # zero.method="Wilcoxon")) gives the same
        (SMALL, {"zeros": "pratt"}, 0.125),  # the same with zero.method="Pratt"
        (SMALL, {"alternative": "greater"}, 0.05078125),  # wilcox.exact(d, alternative="greater")$p.value
        (SMALL, {"alternative": "less"}, 0.97265625),  # wilcox.exact(d, alternative="less")$p.value
        (LARGE, {}, 7.68882148349803e-06),  # wilcox.exact(d)$p.value, and coin as above
        (LARGE, {"zeros": "pratt"}, 8.74573834153125e-06),  # wilcoxsign_test, zero.method="Pratt", distribution="exact"
    ],
)
def test_p_value_equals_r(differences, options, expected):
    assert signed_rank(differences, **options).p_value == pytest.approx(expected, rel=1e-11)


def test_hand_counted_example():
    # Sizes .25 .25 | .5 .5 .5 | .75 | 1 1 have midranks 1.5, 4, 6 and 7.5; the negative ones are a 4 and a 1.5.
    result = signed_rank(SMALL)
    assert (result.statistic, result.n, result.n_zero, result.n_tied) == (30.5, 8, 2, 7)
    assert result.effect == pytest.approx((30.5 - 5.5) / 36)
    # wilcox.exact(LARGE)$statistic
    assert signed_rank(LARGE).statistic == 850.5


@pytest.mark.parametrize("n", [7, 55, 400])
def test_untied_p_value_equals_scipy(n):
    differences = np.random.default_rng(n).permutation(np.arange(1, n + 1)) * np.where(np.arange(n) % 3, 1.0, -1.0)
    for alternative in ("two-sided", "less", "greater"):
        expected = stats.wilcoxon(differences, method="exact", alternative=alternative).pvalue
        assert signed_rank(differences, alternative=alternative).p_value == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("zeros", ["drop", "pratt"])
def test_large_samples_use_the_normal_approximation(zeros):
    differences = np.random.default_rng(1).choice([-0.5, 0, 0.25, 0.5], size=3000, p=[0.4, 0.1, 0.2, 0.3])
    for alternative in ("two-sided", "less", "greater"):
        result = signed_rank(differences, zeros, alternative)
        expected = stats.wilcoxon(
            differences, zero_method="wilcox" if zeros == "drop" else "pratt", method="approx", alternative=alternative
        ).pvalue
        assert not result.exact
        assert result.p_value == pytest.approx(expected, rel=1e-9)


def test_exact_and_approximate_agree_at_the_limit():
    differences = np.random.default_rng(2).choice([-0.5, 0.25, 0.5], size=EXACT_LIMIT + 1, p=[0.46, 0.24, 0.3])
    exact, approximate = signed_rank(differences[:-1]), signed_rank(differences)
    assert (exact.exact, approximate.exact) == (True, False)
    assert exact.p_value == pytest.approx(approximate.p_value, abs=0.03)
    # The number of sign patterns, 2 ** 1000, still is a double: the whole distribution adds up to one.
    assert signed_rank(np.ones(EXACT_LIMIT)).p_value == 2.0 ** (1 - EXACT_LIMIT)
    assert signed_rank(np.ones(EXACT_LIMIT), alternative="less").p_value == 1.0


@pytest.mark.parametrize("differences", [[], [0.0, 0.0], [float("nan")], pd.Series([pd.NA], dtype="Float64")])
def test_nothing_to_rank_has_p_of_one(differences):
    result = signed_rank(differences)
    assert (result.n, result.statistic, result.p_value, result.effect) == (0, 0.0, 1.0, None)


@pytest.mark.parametrize("zeros", ["drop", "pratt"])
def test_missing_differences_are_left_out_and_signs_mirror(zeros):
    assert signed_rank([*SMALL, None, np.nan], zeros) == signed_rank(SMALL, zeros)
    mirrored = signed_rank([-d for d in SMALL], zeros)
    assert mirrored.p_value == signed_rank(SMALL, zeros).p_value
    assert mirrored.effect == -signed_rank(SMALL, zeros).effect


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (([1.0], "keep"), "zeros 'keep' is unknown; allowed are drop, pratt"),
        (([1.0], "drop", "both"), "alternative 'both' is unknown"),
        (([1.0, np.inf],), "differences holds inf at position 1"),
    ],
)
def test_signed_rank_names_what_is_wrong(arguments, message):
    with pytest.raises(ValueError, match=message):
        signed_rank(*arguments)


def test_paired_t_equals_r():
    # t.test(c(31.5, 12.1, 145, 20, 8.4), c(30.1, 11, 150, 19.5, 7.2), paired = TRUE)
    result = paired_t([30.1, 11.0, 150, 19.5, 7.2, 3.0], [31.5, 12.1, 145, 20, 8.4, None])
    assert result.n == 5
    assert result.statistic == pytest.approx(-0.131226914775807)
    assert result.p_value == pytest.approx(0.901931317867122)
    assert result.ci == pytest.approx((-3.545214211509814, 3.225214211509813))
    assert (result.mean_before, result.mean_after, result.mean_difference) == pytest.approx((43.56, 43.4, -0.16))


def test_paired_t_confidence_level():
    before, after = [1.0, 2.0, 4.0], [2.0, 2.5, 6.0]
    low, high = paired_t(before, after, confidence=0.5).ci
    # By hand: differences 1, .5, 2; mean 7/6, standard error sqrt(7/12/3); t(0.75, 2 df) = sqrt(2/3).
    half = (2 / 3) ** 0.5 * (7 / 36) ** 0.5
    assert (low, high) == pytest.approx((7 / 6 - half, 7 / 6 + half))


@pytest.mark.parametrize(
    ("before", "after", "n", "difference"),
    [
        ([], [], 0, None),
        ([2.0], [3.0], 1, 1.0),
        ([1.0, 2.0, 3.0], [1.0, 2.0, 3.0], 3, 0.0),
        ([1.0, None], [3.0, 1.0], 1, 2.0),
    ],
)
def test_paired_t_without_spread_has_no_p_value(before, after, n, difference):
    result = paired_t(before, after)
    assert (result.n, result.mean_difference) == (n, difference)
    assert result.ci is result.statistic is result.p_value is None


def test_paired_t_names_what_is_wrong():
    with pytest.raises(ValueError, match="before has 2 values and after 1"):
        paired_t([1.0, 2.0], [1.0])
    with pytest.raises(ValueError, match="different indexes"):
        paired_t(pd.Series([1.0, 2.0], index=["a", "b"]), pd.Series([1.0, 2.0], index=["b", "a"]))
    with pytest.raises(ValueError, match="after holds inf at position 0"):
        paired_t([1.0, 2.0], [np.inf, 1.0])
    with pytest.raises(ValueError, match="confidence 95"):
        paired_t([1.0, 2.0], [2.0, 1.0], confidence=95)


@pytest.mark.parametrize(
    ("p", "mark"),
    [
        (1.0, "ns"),
        (0.05, "ns"),
        (0.0499, "*"),
        (0.01, "*"),
        (0.00999, "**"),
        (0.001, "**"),
        (0.000999, "***"),
        (0.0, "***"),
    ],
)
def test_significance_follows_the_legend(p, mark):
    assert significance(p) == mark


def test_significance_level_and_limits():
    assert significance(0.04, alpha=0.025) == "ns"
    assert significance(0.007, alpha=0.005) == "ns"
    assert significance(0.07, alpha=0.1) == "*"
    for p in (-0.1, 1.1, float("nan")):
        with pytest.raises(ValueError, match="p value"):
            significance(p)
