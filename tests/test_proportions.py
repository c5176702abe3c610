"""Intervals of proportions against R, published examples, and the equations they solve; values from R 4.2.2.

The exact interval of a difference against full enumeration, plain loops, closed forms and its own symmetries.
"""

import warnings
from itertools import product
from math import comb, hypot, sqrt

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from analysis.statistics.exact_difference import TOLERANCE, exact_difference_interval
from analysis.statistics.proportions import METHODS, difference_interval, interval, intervals, superiority_interval
from tests.case_files import DATA


# binom.test(n, denominator)$conf.int; prop.test(n, denominator, correct = FALSE)$conf.int
@pytest.mark.parametrize("row", list(pd.read_csv(DATA / "intervals_in_r.csv").itertuples()))
def test_intervals_equal_r(row):
    exact, wilson = (row.exact_low, row.exact_high), (row.wilson_low, row.wilson_high)
    assert interval(row.n, row.denominator, "clopper_pearson") == pytest.approx(exact, rel=1e-10, abs=0)
    assert interval(row.n, row.denominator, "wilson") == pytest.approx(wilson, rel=1e-10, abs=0)
    assert interval(row.n, row.denominator) == interval(row.n, row.denominator, "wilson")


@pytest.mark.parametrize("n", range(8))
def test_limits_solve_their_equations(n):
    low, high = interval(n, 7, "clopper_pearson")
    assert low == 0 if n == 0 else stats.binom.sf(n - 1, 7, low) == pytest.approx(0.025)
    assert high == 1 if n == 7 else stats.binom.cdf(n, 7, high) == pytest.approx(0.025)
    for limit in interval(n, 7, "wilson"):
        assert (n / 7 - limit) ** 2 == pytest.approx(stats.norm.isf(0.025) ** 2 * limit * (1 - limit) / 7)


def test_the_exact_interval_is_wider_but_at_the_ends_of_larger_groups():
    # None of n has closed forms: 1 - 0.025 ** (1 / n), and z^2 / (n + z^2).
    for n in (45, 46, 55):
        exact, score = 1 - 0.025 ** (1 / n), 1 / (1 + n / stats.norm.isf(0.025) ** 2)
        assert interval(0, n, "clopper_pearson")[1] == pytest.approx(exact)
        assert interval(0, n, "wilson")[1] == pytest.approx(score)
        assert (exact < score) == (n >= 46)
    exact, score = (np.subtract(*intervals(range(56), [55] * 56, method)[::-1]) for method in METHODS[::-1])
    assert np.flatnonzero(exact < score).tolist() == [0, 55]
    # binom.test(9, 14, conf.level = 0.9)$conf.int; prop.test(9, 14, conf.level = 0.9, correct = FALSE)$conf.int
    assert interval(9, 14, "clopper_pearson", 0.9) == pytest.approx((0.390414867529917, 0.847282377615337))
    assert interval(9, 14, "wilson", 0.9) == pytest.approx((0.425507453341906, 0.813934023733741))
    n, p = 999_999_999, 333_333_333 / 999_999_999
    width = stats.norm.isf(0.025) * np.sqrt(p * (1 - p) / n)
    for method in METHODS:
        assert interval(n // 3, n, method) == pytest.approx((p - width, p + width), abs=1e-8)
    assert difference_interval(n // 3, n, n // 3, n)[1] == pytest.approx(width * np.sqrt(2), abs=1e-8)
    assert superiority_interval(0.5, n, n)[1] == pytest.approx(0.5 + stats.norm.isf(0.025) / np.sqrt(6 * n), abs=1e-8)


@pytest.mark.parametrize("method", METHODS)
def test_a_whole_column_is_the_single_ones(method):
    n, denominator = pd.Series([0, 0, 3, 9, 9], dtype="Int64"), np.array([0, 4, 9, 9, 5000])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        low, high = intervals(n, denominator, method)
    assert np.isnan([low[0], high[0]]).all()
    pairs = [interval(int(a), int(b), method) for a, b in zip(n, denominator, strict=True)]
    assert pairs[0] is None
    assert list(zip(low, high, strict=True))[1:] == pairs[1:]
    assert [limit.size for limit in intervals([], [], method)] == [0, 0]


def test_difference_as_published():
    """Newcombe 1998, Table II, method 10."""
    for *counts, low, high in pd.read_csv(DATA / "newcombe_1998.csv").itertuples(index=False):
        assert difference_interval(*counts) == pytest.approx((low, high), abs=5e-5)


def test_difference_by_hand():
    # Wilson's limits of both: prop.test(9, 14, correct = FALSE)$conf.int; prop.test(34, 41, correct = FALSE)$conf.int
    low, high = difference_interval(9, 14, 34, 41)
    one, other = 9 / 14, 34 / 41
    assert low == pytest.approx(one - other - np.hypot(one - 0.387644231, 0.914747480 - other), abs=1e-6)
    assert high == pytest.approx(one - other + np.hypot(0.836552682 - one, other - 0.687373876), abs=1e-6)
    assert difference_interval(34, 41, 9, 14) == pytest.approx((-high, -low))
    # All of n less none of n: each share is the limit of its own interval on that side, so that the end is exact.
    assert {(difference_interval(n, n, 0, n)[1], difference_interval(0, n, n, n)[0]) for n in range(1, 40)} == {(1, -1)}
    assert difference_interval(0, 0, 9, 14) is difference_interval(9, 14, 0, 0) is None


@pytest.mark.parametrize("effect", [0.0, 0.02, 1 / 3, 0.5, 0.9, 1.0])
@pytest.mark.parametrize("sizes", [(1, 1), (3, 6), (14, 41), (1000, 4000)])
def test_superiority_limits_are_the_roots_of_the_polynomial(effect, sizes):
    # (effect - t)^2 = z^2 t (1 - t) / mn [1 + (N - 1) ((1 - t) / (2 - t) + t / (1 + t))], times (2 - t) (1 + t).
    m, n = sizes
    scale, t = stats.norm.isf(0.025) ** 2 / (m * n), np.polynomial.Polynomial([0, 1])
    both = (2 - t) * (1 + t)
    inner = both + ((m + n) / 2 - 1) * ((1 - t) * (1 + t) + t * (2 - t))
    roots = ((effect - t) ** 2 * both - scale * t * (1 - t) * inner).roots()
    roots = sorted(root.real for root in roots if abs(root.imag) < 1e-6 and -1e-9 <= root.real <= 1 + 1e-9)
    low, high = superiority_interval(effect, m, n)
    assert (low, high) == pytest.approx((roots[0], roots[-1]), abs=1e-6)
    assert low <= effect <= high
    assert superiority_interval(1 - effect, m, n) == pytest.approx((1 - high, 1 - low), abs=1e-9)


Z = stats.norm.isf(0.025)


def outcomes(size, other_size):
    return list(product(range(size + 1), range(other_size + 1)))


def wilson(n, size):
    """Solve (n / size - p)^2 = z^2 p (1 - p) / size by the formula of its roots."""
    centre, spread = n + Z**2 / 2, Z * sqrt(n * (size - n) / size + Z**2 / 4)
    return (centre - spread) / (size + Z**2), (centre + spread) / (size + Z**2)


def newcombe_lower(n, size, other_n, other_size):
    rate, other = n / size, other_n / other_size
    return rate - other - hypot(rate - wilson(n, size)[0], wilson(other_n, other_size)[1] - other)


def brute_force_lower(n, size, other_n, other_size, places=4001):
    """Loop over all outcomes and add their probabilities on a fine grid of the nuisance rate; bisect the difference."""
    observed = newcombe_lower(n, size, other_n, other_size)
    pairs = outcomes(size, other_size)
    tail = [(a, b) for a, b in pairs if newcombe_lower(a, size, b, other_size) >= observed - 1e-12]

    def largest(difference):
        q = np.linspace(max(0, -difference), min(1, 1 - difference), places)
        chances = [
            [comb(n, k) * rate**k * (1 - rate) ** (n - k) for k in range(n + 1)]
            for n, rate in ((size, q + difference), (other_size, q))
        ]
        return sum(chances[0][a] * chances[1][b] for a, b in tail).max()

    low, high = -1.0, 1.0
    for _ in range(22):
        middle = (low + high) / 2
        low, high = (low, middle) if largest(middle) > 0.025 else (middle, high)
    return high


@pytest.mark.parametrize("sizes", [(1, 1), (1, 4), (3, 4), (6, 5)])
def test_a_plain_loop_over_all_outcomes_gives_the_same_limits(sizes):
    size, other_size = sizes
    for a, b in outcomes(*sizes)[:: 1 if size < 6 else 5]:
        low, high = exact_difference_interval(a, size, b, other_size)
        expected = brute_force_lower(a, size, b, other_size), -brute_force_lower(b, other_size, a, size)
        # The limits are outside by the tolerance at most; the grid misses the maximum by less than half of it.
        assert -TOLERANCE * 1.5 <= low - expected[0] <= TOLERANCE / 2
        assert -TOLERANCE / 2 <= high - expected[1] <= TOLERANCE * 1.5


@pytest.mark.parametrize("sizes", [(1, 1), (5, 5), (8, 3), (40, 55)])
def test_all_of_one_group_against_none_of_the_other_has_a_closed_form(sizes):
    # The tail is this outcome alone: p^m (1 - q)^n is largest with p and 1 - q in the ratio of m to n, within 0 to 1.
    m, n = sizes
    s = (0.025 / ((m / (m + n)) ** m * (n / (m + n)) ** n)) ** (1 / (m + n))
    p, rest = s * m / (m + n), s * n / (m + n)
    expected = s - 1 if max(p, rest) <= 1 else 0.025 ** (1 / (n if p > 1 else m))
    low, high = exact_difference_interval(m, m, 0, n)
    assert expected - TOLERANCE <= low <= expected + 1e-9
    assert high == 1


def test_symmetry_order_and_ends():
    endless = (702_000_000, 900_000_000, 43, 55)
    ends = [(3, 7, 2, 5), (0, 6, 4, 9), (9, 9, 1, 4), (28, 40, 43, 55), (3900, 5000, 1, 55), (4, 9, 4, 9), endless]
    for counts in ends:
        a, m, b, n = counts
        low, high = exact_difference_interval(*counts)
        assert exact_difference_interval(b, n, a, m) == pytest.approx((-high, -low), abs=TOLERANCE)
        assert exact_difference_interval(m - a, m, n - b, n) == pytest.approx((-high, -low), abs=TOLERANCE)
    widths = [np.ptp(exact_difference_interval(k, 2 * k, k, 5 * k)) for k in (1, 4, 11, 30)]
    others = [np.ptp(exact_difference_interval(k, 2 * k, 11, 55)) for k in (2, 8, 30, 2000)]
    assert (sorted(widths, reverse=True), sorted(others, reverse=True)) == (widths, others)
    wide, narrow = (exact_difference_interval(9, 14, 34, 41, level) for level in (0.95, 0.8))
    assert wide[0] < narrow[0] < narrow[1] < wide[1]
    for size, other_size in [(1, 1), (7, 12), (17, 24)]:
        lows = [difference_interval(a, size, b, other_size)[0] for a, b in outcomes(size, other_size)]
        order = np.reshape(lows, (size + 1, other_size + 1))
        assert (np.diff(order, axis=0) > 0).all() and (np.diff(order, axis=1) < 0).all()
    assert exact_difference_interval(0, 0, 3, 5) is exact_difference_interval(3, 5, 0, 0) is None
    # Nobody of one and nobody of one: the tail is all but q (1 - p), which with p - q = d < 0 is least, -d, at p = 0.
    assert exact_difference_interval(0, 1, 0, 1) == pytest.approx((-0.975, 0.975), abs=TOLERANCE)
    for size in (1, 9):
        assert exact_difference_interval(0, size, size, size)[0] == -1
