"""Powers against R, brute force over all outcomes, and the size of the tests.

Values from R 4.2.2: ``s <- 0; for (i in 0:n1) for (j in 0:n2) if (fisher.test(matrix(c(i, n1-i, j, n2-j), 2))$p.value <
alpha) s <- s + dbinom(i, n1, p1) * dbinom(j, n2, p2)``.
"""

from math import comb

import numpy as np
import pytest
from scipy import stats

from analysis.statistics import power as module
from analysis.statistics.power import detectable_rate, fisher_power, rank_sum_power, shifted
from analysis.statistics.rank_sum import rank_sum_counts

PRIMARY = 34 / 41


@pytest.mark.parametrize(("sizes", "rates", "alpha", "expected"), [
    ((14, 41), (0.5, PRIMARY), 0.05, 0.604528748816), ((14, 41), (0.643, 0.829), 0.05, 0.251242286216),
    ((14, 41), (0.3, PRIMARY), 0.05, 0.94681413829), ((14, 41), (1.0, PRIMARY), 0.05, 0.0785289293647),
    ((10, 10), (0.2, 0.8), 0.05, 0.635322818648), ((5, 8), (0.1, 0.9), 0.1, 0.88564324258),
])  # fmt: skip
def test_power_equals_r(sizes, rates, alpha, expected):
    assert fisher_power(*sizes, *rates, alpha) == pytest.approx(expected, rel=1e-10)
    assert fisher_power(*sizes[::-1], *rates[::-1], alpha) == pytest.approx(expected, rel=1e-10)


def brute_force(n, m, p, q, within):
    chance = {(i, j): comb(n, i) * p**i * (1 - p) ** (n - i) * comb(m, j) * q**j * (1 - q) ** (m - j)
              for i in range(n + 1) for j in range(m + 1)}  # fmt: skip
    return sum(c for (i, j), c in chance.items() if within(stats.fisher_exact([[i, n - i], [j, m - j]]).pvalue))


def test_power_equals_brute_force_also_where_p_is_the_level():
    assert fisher_power(6, 9, 0.2, 0.7) == pytest.approx(brute_force(6, 9, 0.2, 0.7, lambda p: p < 0.05))
    # One against 19: the p value of the most extreme outcome is 1 / 20.
    assert fisher_power(1, 19, 1.0, 0.0) == 0
    assert fisher_power(1, 19, 1.0, 0.0, p_at_alpha="significant") == 1
    expected = brute_force(1, 19, 0.9, 0.1, lambda p: p < 0.05 + 1e-9)
    assert fisher_power(1, 19, 0.9, 0.1, p_at_alpha="significant") == pytest.approx(expected)


@pytest.mark.parametrize("rate", [0.0, 0.1, 0.5, PRIMARY, 1.0])
def test_the_test_keeps_its_level(rate):
    assert 0 <= fisher_power(14, 41, rate, rate) < 0.05
    assert fisher_power(14, 41, rate, rate, alpha=0.0) == 0
    assert 0 <= fisher_power(4000, 6000, rate, rate) <= 0.05


def test_the_smallest_difference_has_the_power_asked_for():
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


def test_large_groups_use_the_normal_approximation(monkeypatch):
    exact = [fisher_power(200, 300, rate, 0.5) for rate in (0.3, 0.4, 0.6)]
    monkeypatch.setattr(module, "OUTCOMES_LIMIT", 10)
    near = [fisher_power(200, 300, rate, 0.5) for rate in (0.3, 0.4, 0.6)]
    assert near == pytest.approx(exact, abs=0.04)
    assert near != exact
    assert fisher_power(20_000, 80_000, 0.5, 0.51) == pytest.approx(0.716, abs=0.001)


def test_shift_multiplies_the_odds_above_every_limit():
    base, odds_ratio = np.array([5, 20, 0, 40, 25, 10]) / 100, 3.0
    moved = shifted(base, odds_ratio)
    assert moved.sum() == pytest.approx(1)
    for limit in range(1, 6):
        before, after = base[limit:].sum(), moved[limit:].sum()
        assert after / (1 - after) == pytest.approx(odds_ratio * before / (1 - before))
    assert moved[2] == pytest.approx(0)
    assert shifted([5, 20, 0, 40, 25, 10], 1.0) == pytest.approx(base)
    assert shifted([0, 4, 0], 7.0).tolist() == [0, 1, 0]


def test_simulated_power_equals_the_sum_over_all_outcomes():
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
    powers = [rank_sum_power(grades, 7, 20, ratio, simulations=300)[0] for ratio in (1.0, 4.0, 20.0)]
    assert powers == sorted(powers) and powers[0] < 0.1 and powers[2] > 0.8
    assert rank_sum_power(grades, 7, 20, 4.0, simulations=300)[0] == powers[1]
    assert rank_sum_power(grades, 7, 20, 4.0, simulations=300, seed=1)[0] != powers[1]
    # Two against one can never be significant.
    assert rank_sum_power(grades, 2, 1, 20.0, simulations=50) == (0.0, 0.0)
    # Beyond the limits of the exact test the normal approximation is taken.
    assert rank_sum_power(grades, 1200, 3800, 1.5, simulations=200)[0] > 0.95
    rng, grades = np.random.default_rng(3), [3, 12, 4, 5, 4, 1]
    firsts, seconds = rng.multinomial(30, shifted(grades, 2.0), 100), rng.multinomial(60, shifted(grades, 1.0), 100)
    pairs = list(zip(firsts, seconds, strict=True))
    near = [rank_sum_counts(*pair, work=module.SIMULATED_WORK) for pair in pairs]
    exact = np.array([rank_sum_counts(*pair).p_value for pair in pairs])
    assert [result.method for result in near].count("normal") > 50
    off = np.abs(exact - [result.p_value for result in near])
    assert off.max() < 0.03 and off[exact < 0.1].max() < 0.01
    assert np.mean([result.p_value < 0.05 for result in near]) == pytest.approx(np.mean(exact < 0.05), abs=0.011)
