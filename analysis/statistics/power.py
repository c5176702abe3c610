"""What two groups of given sizes could have shown: the power of Fisher's exact test and of the rank-sum test."""

import math
from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike
from scipy import optimize, stats
from statsmodels.stats.proportion import power_proportions_2indep

from analysis.statistics.arguments import as_real, check_choice, check_probability, floats, whole_numbers
from analysis.statistics.rank_sum import rank_sum_counts
from analysis.statistics.significance import significance

OUTCOMES_LIMIT = 250_000
"""Most pairs of counts that are gone through for an exact power: 499 against 499 patients, in one second on an idle
machine and three on a busy one, or 20 against 11000, in seven. Beyond, it is the power of the z test of two
proportions: for rates from 0.1 to 0.9 it was found within 0.04 of that of Fisher's test in equal groups of this size,
within 0.05 with 124 against 1999 patients and within 0.06 with 60 against 4000; for rates nearer to 0 or 1 the two may
be 0.15 apart."""

SIMULATED_WORK = 4_000_000
"""Most additions for an exact p value in a simulation, about two milliseconds: always enough for 14 against 41 patients
with six grades. Beyond, the p values are those of the normal approximation, long before those of the data are
(`rank_sum.WORK_LIMIT`). There a single one is off by up to 0.03 (30 against 60 or 15 against 200 patients), 0.02 (60
against 60) and 0.04 (7 against 900), one below 0.1 by up to 0.01; the power, where such errors cancel, by up to 0.006
(measured for three distributions and odds ratios of 1 to 3)."""

SIMULATIONS = 1000  # samples of a simulation
_TIES = 1 + 1e-7  # probabilities this close count as equal, as in R
_ROUNDING = 1e-10  # a p value that is the level but for rounding is neither above nor below it


def _sizes(n_first: int, n_second: int) -> tuple[int, int]:
    for name, size in (("n_first", n_first), ("n_second", n_second)):
        if int(whole_numbers(size, name)) < 1:
            raise ValueError(f"{name} {size} is not allowed; allowed is 1 or more")
    return int(n_first), int(n_second)


@lru_cache(maxsize=8)
def _rejected(n_first: int, n_second: int, alpha: float, p_at_alpha: str) -> np.ndarray:
    """Tell which pairs of counts Fisher's two-sided test calls different, one row per count of the first group."""
    rejected = np.zeros((n_first + 1, n_second + 1), dtype=bool)
    level = alpha * (1 + _ROUNDING if p_at_alpha == "significant" else 1 - _ROUNDING)
    for total in range(n_first + n_second + 1):
        first = np.arange(max(0, total - n_second), min(n_first, total) + 1)
        chance = stats.hypergeom.pmf(first, n_first + n_second, n_first, total)
        ordered = np.sort(chance)
        # All outcomes that are as unlikely as this one or less likely, equal ones included.
        below = np.searchsorted(ordered, chance * _TIES, side="right")
        p_values = np.cumsum(ordered)[below - 1]
        rejected[first, total - first] = p_values <= level if p_at_alpha == "significant" else p_values < level
    rejected.flags.writeable = False  # it is handed out again
    return rejected


def fisher_power(
    n_first: int, n_second: int, rate_first: float, rate_second: float, alpha: float = 0.05, p_at_alpha: str = "ns"
) -> float:
    """Give the power of Fisher's two-sided exact test to tell two true rates apart in two groups of given sizes.

    The binomial probabilities of all pairs of counts that are significant by ``alpha`` and ``p_at_alpha`` (see
    `significance`), summed without simulation; for more than `OUTCOMES_LIMIT` pairs the normal approximation of the z
    test. With equal rates it is the true size of the test, below `alpha`.
    """
    n_first, n_second = _sizes(n_first, n_second)
    rate_first = check_probability("rate_first", rate_first)
    rate_second = check_probability("rate_second", rate_second)
    alpha = check_probability("alpha", alpha)
    check_choice("p_at_alpha", p_at_alpha, ("ns", "significant"))
    if (n_first + 1) * (n_second + 1) > OUTCOMES_LIMIT:
        if rate_first == rate_second:  # at rates of 0 or 1 the library divides by 0
            return alpha if 0 < rate_first < 1 else 0.0
        # The library takes the size of the first group, and the ratio of the second to it.
        groups = rate_first - rate_second, rate_second, n_first, n_second / n_first
        return float(power_proportions_2indep(*groups, alpha, return_results=False))
    first = stats.binom.pmf(np.arange(n_first + 1), n_first, rate_first)
    second = stats.binom.pmf(np.arange(n_second + 1), n_second, rate_second)
    # Summed without a matrix product, whose last digits hang on the processor.
    return min(float(np.outer(first, second)[_rejected(n_first, n_second, alpha, p_at_alpha)].sum()), 1.0)


def detectable_rate(
    n_first: int,
    n_second: int,
    rate_second: float,
    higher: bool,
    power: float = 0.8,
    alpha: float = 0.05,
    p_at_alpha: str = "ns",
) -> float | None:
    """Find the nearest ``higher`` or lower rate of the first group that Fisher's test would tell from the second's.

    None if not even a rate of 1, or 0, gives the power asked for.
    """
    power = check_probability("power", power, inner=True)
    rate_second = check_probability("rate_second", rate_second)
    end = 1.0 if higher else 0.0

    def lacking(rate: float) -> float:
        return fisher_power(n_first, n_second, rate, rate_second, alpha, p_at_alpha) - power

    if lacking(end) < 0 or end == rate_second:
        return None
    # At equal rates the power is at most alpha, so that one end lies below and one above, unless alpha is large.
    return float(optimize.brentq(lacking, rate_second, end)) if lacking(rate_second) < 0 else float(rate_second)


def shifted(shares: ArrayLike, odds_ratio: float) -> np.ndarray:
    """Shift a distribution over ordered categories, from the lowest to the highest, by a proportional-odds model.

    The odds of lying above each limit between two categories are multiplied by the odds ratio. Shares or numbers are
    taken, not all of them 0; the shares returned sum to 1.
    """
    weights = floats(shares, "shares")
    if not (len(weights) and (weights >= 0).all() and weights.sum() > 0):
        raise ValueError(f"shares {weights.tolist()} are not allowed; allowed are numbers from 0, not all of them 0")
    odds = as_real(odds_ratio)
    if not 0 < odds < math.inf:
        raise ValueError(f"odds_ratio {odds_ratio!r} is not allowed; it is a positive number")
    above = np.cumsum((weights / weights.sum())[::-1])[::-1].clip(max=1.0)
    moved = odds * above / (1 + (odds - 1) * above)
    return (moved - np.append(moved[1:], 0.0)).clip(min=0.0)


def rank_sum_power(
    shares: ArrayLike,
    n_first: int,
    n_second: int,
    odds_ratio: float,
    *,
    alpha: float = 0.05,
    p_at_alpha: str = "ns",
    simulations: int = SIMULATIONS,
    seed: int = 0,
) -> tuple[float, float]:
    """Simulate the power of the two-sided rank-sum test to tell two groups of grades apart; also its standard error.

    ``shares`` are those, or the numbers, of each grade in the second group, from the lowest to the highest, and those
    of the first are `shifted` by the odds ratio. The power is the share of significant samples; equal seeds give equal
    results. The p values are exact up to `SIMULATED_WORK` additions each.
    """
    n_first, n_second = _sizes(n_first, n_second)
    if int(whole_numbers(simulations, "simulations")) < 1:
        raise ValueError(f"simulations {simulations} is not allowed; allowed is 1 or more")
    rng = np.random.default_rng(seed)
    firsts = rng.multinomial(n_first, shifted(shares, odds_ratio), simulations)
    seconds = rng.multinomial(n_second, shifted(shares, 1.0), simulations)
    pairs = zip(firsts, seconds, strict=True)
    p_values = [rank_sum_counts(*pair, work=SIMULATED_WORK, interval=False).p_value for pair in pairs]
    power = float(np.mean([significance(p, alpha, p_at_alpha) != "ns" for p in p_values]))
    return power, math.sqrt(power * (1 - power) / simulations)
