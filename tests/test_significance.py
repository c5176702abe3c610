"""Marks and adjusted p values by hand and from R."""

import numpy as np
import pytest

from analysis.statistics.significance import adjusted, significance

P = [0.01, 0.02, 0.03, 0.04, 0.05, 0.001, 0.5, 0.03]


@pytest.mark.parametrize(("p", "mark"), [
    (1.0, "ns"), (0.05, "ns"), (0.0499, "*"), (0.01, "*"), (0.00999, "**"), (0.001, "**"), (0.000999, "***"),
    (0.0, "***"),
])  # fmt: skip
def test_significance_follows_the_legend(p, mark):
    assert significance(p) == mark


def test_levels_and_limits():
    assert significance(0.04, alpha=0.025) == "ns"
    assert significance(0.007, alpha=0.005) == "ns"
    assert significance(0.07, alpha=0.1) == "*"
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
