"""The exact interval of a difference against full enumeration, plain loops, closed forms and its own symmetries."""

from itertools import product
from math import comb, hypot, sqrt

import numpy as np
import pytest
from scipy import stats

from analysis.statistics.exact_difference import TOLERANCE, exact_difference_interval
from analysis.statistics.proportions import difference_interval, interval

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
        p, total = q + difference, 0
        for a, b in tail:
            ways = comb(size, a) * comb(other_size, b)
            total = total + ways * p**a * (1 - p) ** (size - a) * q**b * (1 - q) ** (other_size - b)
        return total.max()

    low, high = -1.0, 1.0
    for _ in range(30):
        middle = (low + high) / 2
        low, high = (low, middle) if largest(middle) > 0.025 else (middle, high)
    return high


@pytest.mark.parametrize("sizes", [(5, 7), (10, 4), pytest.param((14, 11), marks=pytest.mark.long)])
def test_the_coverage_is_never_below_the_level(sizes):
    size, other_size = sizes
    found = {pair: exact_difference_interval(pair[0], size, pair[1], other_size) for pair in outcomes(*sizes)}
    assert all(low <= a / size - b / other_size <= high for (a, b), (low, high) in found.items())
    rates = np.linspace(0, 1, 101)
    p, q = np.meshgrid(rates, rates, indexing="ij")
    below, above = np.zeros_like(p), np.zeros_like(p)
    for (a, b), (low, high) in found.items():
        mass = stats.binom.pmf(a, size, p) * stats.binom.pmf(b, other_size, q)
        below, above = below + mass * (p - q < low - 1e-12), above + mass * (p - q > high + 1e-12)
    assert max(below.max(), above.max()) <= 0.025 + 1e-12
    assert (1 - below - above).min() >= 0.95 - 1e-12
    assert max(below.max(), above.max()) > 0.02  # and it is used


@pytest.mark.parametrize("sizes", [(1, 1), (1, 4), (3, 4), (6, 5)])
def test_a_plain_loop_over_all_outcomes_gives_the_same_limits(sizes):
    size, other_size = sizes
    for a, b in outcomes(*sizes)[:: 1 if size < 6 else 5]:
        low, high = exact_difference_interval(a, size, b, other_size)
        expected = brute_force_lower(a, size, b, other_size), -brute_force_lower(b, other_size, a, size)
        # The limits are outside by the tolerance at most; the grid misses the maximum by less than half of it.
        assert -TOLERANCE * 1.5 <= low - expected[0] <= TOLERANCE / 2
        assert -TOLERANCE / 2 <= high - expected[1] <= TOLERANCE * 1.5


def test_a_grid_twenty_times_finer_finds_no_more_of_the_tail():
    low, _ = exact_difference_interval(5, 9, 2, 8)
    coarse, fine = (brute_force_lower(5, 9, 2, 8, places) for places in (2001, 40_001))
    assert fine == pytest.approx(coarse, abs=1e-7)
    assert fine - TOLERANCE - 1e-7 <= low <= fine


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


@pytest.mark.parametrize("x", [0, 1, 28, 43, 54, 55])
def test_against_an_endless_group_the_limit_is_that_of_the_other_group(x):
    """With the first rate p known, the tail is that of the other group: its counts k up to where p lies.

    The outcomes of k are in the tail from p = t(k), where t - Wilson's upper limit of k is the observed statistic, and
    are then likely enough above the exact upper limit of k.
    """
    n = 900_000_000
    rate = 0.78
    wilsons = np.array([wilson(k, 55)[1] for k in range(56)])
    exacts = np.array([interval(k, 55, "clopper_pearson")[1] for k in range(56)])
    starts = np.maximum(rate - wilsons[x] + wilsons, 0)
    expected = (starts - exacts)[starts <= 1].min()
    assert exact_difference_interval(int(rate * n), n, x, 55)[0] == pytest.approx(expected, abs=3e-4)


def test_symmetry_order_and_ends():
    for counts in [(3, 7, 2, 5), (0, 6, 4, 9), (9, 9, 1, 4), (28, 40, 43, 55), (3900, 5000, 1, 55), (4, 9, 4, 9)]:
        a, m, b, n = counts
        low, high = exact_difference_interval(*counts)
        assert exact_difference_interval(b, n, a, m) == pytest.approx((-high, -low), abs=TOLERANCE)
        assert exact_difference_interval(m - a, m, n - b, n) == pytest.approx((-high, -low), abs=TOLERANCE)
    widths = [np.ptp(exact_difference_interval(k, 2 * k, k, 5 * k)) for k in (1, 4, 11, 30)]
    assert sorted(widths, reverse=True) == widths
    widths = [np.ptp(exact_difference_interval(k, 2 * k, 11, 55)) for k in (2, 8, 30, 2000)]
    assert sorted(widths, reverse=True) == widths
    wide, narrow = (exact_difference_interval(9, 14, 34, 41, level) for level in (0.95, 0.8))
    assert wide[0] < narrow[0] < narrow[1] < wide[1]
    for size, other_size in [(1, 1), (7, 12), (40, 55)]:
        lows = [difference_interval(a, size, b, other_size)[0] for a, b in outcomes(size, other_size)]
        order = np.reshape(lows, (size + 1, other_size + 1))
        assert (np.diff(order, axis=0) > 0).all()
        assert (np.diff(order, axis=1) < 0).all()
    assert exact_difference_interval(0, 0, 3, 5) is exact_difference_interval(3, 5, 0, 0) is None
    # Nobody of one and nobody of one: the tail is all but q (1 - p), which with p - q = d < 0 is least, -d, at p = 0.
    assert exact_difference_interval(0, 1, 0, 1) == pytest.approx((-0.975, 0.975), abs=TOLERANCE)
    for size in (1, 9):
        assert exact_difference_interval(0, size, size, size)[0] == -1


@pytest.mark.parametrize("counts", [(9, 14, 34, 41), (28, 40, 43, 55), (78_000, 100_000, 43, 55), (0, 5000, 1, 55)])
def test_it_is_a_little_wider_than_newcombes(counts):
    (low, high), (approximate_low, approximate_high) = exact_difference_interval(*counts), difference_interval(*counts)
    assert low < approximate_low
    assert approximate_high < high
    assert high - low < 1.3 * (approximate_high - approximate_low)
