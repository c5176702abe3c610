"""Paired comparisons, marks of significance and adjusted p values against R and by hand."""

import math

import numpy as np
import pandas as pd
import pytest

from analysis.statistics.paired import paired_ratio, paired_t
from analysis.statistics.significance import adjusted, significance


def test_paired_t_equals_r():
    # t.test(c(31.5, 12.1, 145, 20, 8.4), c(30.1, 11, 150, 19.5, 7.2), paired = TRUE)
    result = paired_t([30.1, 11.0, 150, 19.5, 7.2, 3.0], [31.5, 12.1, 145, 20, 8.4, None])
    assert result.n == 5
    assert result.statistic == pytest.approx(-0.131226914775807)
    assert result.p_value == pytest.approx(0.901931317867122)
    assert result.ci == pytest.approx((-3.545214211509814, 3.225214211509813))
    assert (result.mean_before, result.mean_after, result.mean_difference) == pytest.approx((43.56, 43.4, -0.16))
    before, after = [1.0, 2.0, 4.0], [2.0, 2.5, 6.0]
    low, high = paired_t(before, after, confidence=0.5).ci
    # By hand: differences 1, .5, 2; mean 7/6, standard error sqrt(7/12/3); t(0.75, 2 df) = sqrt(2/3).
    half = (2 / 3) ** 0.5 * (7 / 36) ** 0.5
    assert (low, high) == pytest.approx((7 / 6 - half, 7 / 6 + half))
    # Differences of 2 and 4: with one degree of freedom t = 3 is of Cauchy's distribution.
    assert paired_t([1.0, 2.0], [3.0, 6.0]).p_value == pytest.approx(1 - 2 / math.pi * math.atan(3))
    with pytest.raises(ValueError, match="before has 2 values and after 1"):
        paired_t([1.0, 2.0], [1.0])
    with pytest.raises(ValueError, match="different indexes"):
        paired_t(pd.Series([1.0, 2.0], index=["a", "b"]), pd.Series([1.0, 2.0], index=["b", "a"]))
    with pytest.raises(ValueError, match="after holds inf at position 0"):
        paired_t([1.0, 2.0], [np.inf, 1.0])
    with pytest.raises(ValueError, match="confidence 95"):
        paired_t([1.0, 2.0], [2.0, 1.0], confidence=95)


def test_paired_ratio_equals_r():
    # x <- c(3.5, 10, 20, 55, 120, 1616, 80, 4); y <- c(6.6, 40, 18, 300, 500, 4356, 90, 4)
    # t.test(log(y), log(x), paired = TRUE); a pair of 0 and one with a missing value are added here
    before, after = [3.5, 10, 20, 55, 120, 1616, 80, 4, 0, None], [6.6, 40, 18, 300, 500, 4356, 90, 4, 5, 7]
    result = paired_ratio(before, after)
    assert (result.n, result.n_not_positive) == (8, 1)
    assert result.statistic == pytest.approx(3.064489975452)
    assert result.p_value == pytest.approx(0.0182080501435)
    assert result.ratio == pytest.approx(math.exp(0.768523681461393))
    assert result.ci == pytest.approx((math.exp(0.175514812232231), math.exp(1.361532550690556)))
    with pytest.raises(ValueError, match=r"after holds -1.0; allowed are numbers of 0 or more"):
        paired_ratio([1.0, 2.0], [2.0, -1.0])


@pytest.mark.parametrize(("test", "before", "after", "n", "change"), [
    (paired_t, [], [], 0, None), (paired_t, [2.0], [3.0], 1, 1.0), (paired_t, [1.0, 2.0, 3.0], [1.0, 2.0, 3.0], 3, 0.0),
    (paired_t, [1.0, None], [3.0, 1.0], 1, 2.0),
    (paired_t, [1.1, 1.4], [1.2, 1.5], 2, 0.1),  # equal on paper, not in binary
    (paired_ratio, [], [], 0, None), (paired_ratio, [0.0, 3.0], [3.0, 0.0], 0, None),
    (paired_ratio, [2.0], [3.0], 1, 1.5), (paired_ratio, [1.0, 2.0], [3.0, 6.0], 2, 3.0),
])  # fmt: skip
def test_without_spread_there_is_no_p_value(test, before, after, n, change):
    result = test(before, after)
    assert result.n == n
    assert (result.mean_difference if test is paired_t else result.ratio) == pytest.approx(change)
    assert result.ci is result.statistic is result.p_value is None


P = [0.01, 0.02, 0.03, 0.04, 0.05, 0.001, 0.5, 0.03]


@pytest.mark.parametrize(("p", "mark"), [
    (1.0, "ns"), (0.05, "ns"), (0.0499, "*"), (0.01, "*"), (0.00999, "**"), (0.001, "**"), (0.000999, "***"),
    (0.0, "***"),
])  # fmt: skip
def test_significance_follows_the_legend(p, mark):
    assert significance(p) == mark


def test_levels_and_limits():
    levels = ((0.04, 0.025), (0.007, 0.005), (0.07, 0.1))
    assert [significance(p, alpha=alpha) for p, alpha in levels] == ["ns", "ns", "*"]
    for p in (-0.1, 1.1, float("nan")):
        with pytest.raises(ValueError, match="p value"):
            significance(p)
    marks = [significance(p, p_at_alpha="significant") for p in (0.05, 0.01, 0.001, 0.0501)]
    assert marks == ["*", "**", "***", "ns"]
    assert [significance(p) for p in (0.05, 0.01, 0.001)] == ["ns", "*", "**"]
    with pytest.raises(ValueError, match="p_at_alpha 'yes' is unknown"):
        significance(0.05, p_at_alpha="yes")
    with pytest.raises(ValueError, match="alpha 5 is not allowed"):
        significance(0.05, alpha=5)


def test_adjusted_p_values_equal_r():
    # p.adjust(P, "holm"); p.adjust(P, "BH")
    assert adjusted(P, "holm") == pytest.approx([0.07, 0.12, 0.15, 0.15, 0.15, 0.008, 0.5, 0.15])
    expected = [0.04, 0.048, 0.048, 0.0533333333333333, 0.0571428571428571, 0.008, 0.5, 0.048]
    assert adjusted(P, "benjamini_hochberg") == pytest.approx(expected)
    assert adjusted(P, "none").tolist() == P
    with pytest.raises(ValueError, match=r"p value 1.2 is not allowed"):
        adjusted([0.1, 1.2], "holm")
    with pytest.raises(ValueError, match="adjustment 'bonferroni' is unknown; allowed are none, holm"):
        adjusted([0.1], "bonferroni")


@pytest.mark.parametrize("method", ["none", "holm", "benjamini_hochberg"])
def test_a_test_that_was_not_made_is_not_counted(method):
    found = adjusted([0.01, None, 0.04], method)
    assert found[[0, 2]].tolist() == adjusted([0.01, 0.04], method).tolist()
    assert np.isnan(found[1])
    assert adjusted([], method).shape == (0,)
    assert np.isnan(adjusted([None], method)).all()
