"""Every test of the study on samples of none to ten: exact, or an approximation with a name; never 0, never nan.

`test_rank_sum`, `test_signed_rank` and `test_contingency` go through all that could have been.
"""

import json
import math
import warnings
from dataclasses import asdict

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from analysis.biology import compare_groups
from analysis.comparison import compare_proportions
from analysis.statistics.contingency import fisher_freeman_halton
from analysis.statistics.paired import EXACT_PAIRS, decimal_differences, paired_ratio, paired_t, rank_correlation
from analysis.statistics.rank_sum import rank_sum
from analysis.statistics.signed_rank import signed_rank
from analysis.statistics.survival import kaplan_meier, median_time
from analysis.summaries import proportion

SAMPLES = {  # of n, the values before and after, or of two groups
    "in order": lambda n: (list(range(1, n + 1)), [3 * k + k**2 for k in range(1, n + 1)]),
    "tied": lambda n: ([k // 2 + 0.1 for k in range(n)], [(5 * k) % 3 + 0.3 for k in range(n)]),
    "all equal": lambda n: ([0.3] * n, [0.1 + 0.2] * n),
    "one constant": lambda n: ([1.0] * n, [k + 1.5 for k in range(n)]),
    "zeros": lambda n: ([0] * n, [0] * n),
    "all missing": lambda n: ([math.nan] * n, [math.nan] * n),
    "one value": lambda n: ([math.nan] * (n - 1) + [1] * (n > 0), [2.0] * n),
}


def known(values):
    return [one for one in values if not math.isnan(one)]


def table(first, second):
    """Count the values above 1.5, and the others, in both groups; missing ones are in neither."""
    return [
        [sum(one > 1.5 for one in known(group)), sum(one <= 1.5 for one in known(group))] for group in (first, second)
    ]


def groups(first, second):
    return pd.Series([*first, *second], dtype=float), pd.Series([True] * len(first) + [False] * len(second))


TESTS = {
    "paired t": lambda first, second: asdict(paired_t(first, second)),
    "paired t of logarithms": lambda first, second: asdict(paired_ratio(first, second)),
    "signed rank": lambda first, second: asdict(signed_rank(decimal_differences(first, second))),
    "signed rank, Pratt": lambda first, second: asdict(signed_rank(decimal_differences(first, second), "pratt")),
    "rank sum": lambda first, second: asdict(rank_sum(first, second)),
    "rank sum of changes": lambda first, second: compare_groups(*groups(first, second)),
    "rank correlation": lambda first, second: asdict(rank_correlation(first, second)),
    "Fisher-Freeman-Halton": lambda first, second: asdict(fisher_freeman_halton(table(first, second))),
    "two proportions": lambda first, second: compare_proportions(
        *(proportion(n, n + m) for n, m in table(first, second))
    ),
    "median time": lambda first, _: asdict(median_time(kaplan_meier(known(first), [1] * len(known(first))))),
}


@pytest.mark.parametrize("name", TESTS)
@pytest.mark.parametrize("sample", SAMPLES)
def test_every_test_of_samples_of_none_to_ten(name, sample):
    for n in range(11):
        first, second = SAMPLES[sample](n)
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            found = TESTS[name](first, second)
        json.dumps(found, allow_nan=False)
        p = found.get("p_value")
        assert p is None or 0 < p <= 1
        assert found.get("method") in (None, "exact")
        if "method" in found:
            assert (found["method"] is None) == (p is None)
        if n == 0 or sample == "all missing":
            assert p is None
        if sample in ("all equal", "zeros"):
            assert p in (None, 1)


@pytest.mark.parametrize("n", [3, 4, 7, EXACT_PAIRS, EXACT_PAIRS + 1, 200, 5000])
def test_a_perfect_rank_correlation_is_one_or_two_of_all_orders(n):
    values = np.arange(n) / 10
    for second in (values**2, -values):
        found = rank_correlation(values, second)
        assert abs(found.rho) == 1 and found.ci is None
        assert found.method == ("exact" if n <= EXACT_PAIRS else "t")
        assert found.p_value == pytest.approx(2 / math.factorial(min(n, 20)), rel=1e-9, abs=0) or n > 20
        assert found.p_value > 0


def test_a_rank_correlation_by_hand_and_by_scipy():
    # rho = 1 - 6 x 8 / (5 x 24) = 0.6; standard error sqrt(1.18 / 2) on Fisher's scale.
    found, half = rank_correlation([1, 2, 3, None, 4, 5], [2, 1, 5, 9, 3, 4]), 1.959963984540054 * 0.59**0.5
    assert (found.n, found.rho, found.p_value) == (5, 0.6, pytest.approx(0.35))
    assert found.ci == pytest.approx([math.tanh(math.atanh(0.6) - half), math.tanh(math.atanh(0.6) + half)])
    rng = np.random.default_rng(3)
    everything = {"permutation_type": "pairings", "n_resamples": np.inf, "alternative": "greater", "vectorized": False}
    for n in (4, 5, 6):
        first, second = rng.integers(0, 5, n), rng.integers(0, 4, n)
        test = stats.permutation_test((first,), lambda x, y=second: abs(stats.spearmanr(x, y).statistic), **everything)
        assert rank_correlation(first, second).p_value == pytest.approx(test.pvalue, rel=1e-12)
    first, second = rng.integers(0, 9, 40), rng.random(40)
    found, expected = rank_correlation(first, second), stats.spearmanr(first, second)
    assert (found.rho, found.p_value) == pytest.approx((expected.statistic, expected.pvalue), rel=1e-9)
