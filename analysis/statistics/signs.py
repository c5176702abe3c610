"""Tests that look at the direction of changes only: of one symptom, and of several by flipping whole patients.

To flip a patient exchanges better and worse in all symptoms at once, so that whatever ties them together stays
(Westfall and Young's largest statistic, single step).
"""

from dataclasses import dataclass
from functools import cache
from typing import get_args

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats

from analysis.statistics.arguments import Alternative, check_choice, check_each, side_of, whole_numbers
from analysis.statistics.proportions import interval
from analysis.statistics.significance import above_zero

FLIPS_LIMIT = 14  # most patients of whom all ways to flip are gone through
DRAWS = 19_999  # ways drawn of more patients; the one observed counts as one more (Phipson and Smyth)
NORMAL_FROM = 5_000  # from so many patients on sums are drawn from the normal distribution with their covariance

_SEED = 1946
_CHUNK = 2_000


@dataclass(frozen=True)
class SignTest:
    """Result of Dixon and Mood's sign test: ``n`` that changed, and how many ``percent`` of these for the better.

    ``low`` and ``high`` are the limits of its exact (Clopper-Pearson) 95 % interval, which leaves out 50 % where the
    two-sided p value is below 0.05. If nothing changed, the three are None and the p value is 1.
    """

    n: int
    percent: float | None
    low: float | None
    high: float | None
    p_value: float


@cache
def sign_test(n_better: int, n_worse: int, alternative: Alternative = "two-sided") -> SignTest:
    """Test whether changes go either way with one half, exactly; what did not change does not enter.

    ``alternative``: "greater" looks for changes for the better only, "less" for those for the worse.
    """
    check_choice("alternative", alternative, get_args(Alternative))
    better, n = int(n_better), int(whole_numbers([n_better, n_worse], "number of changes").sum())
    if not n:
        return SignTest(0, None, None, None, 1.0)
    low, high = interval(better, n, "clopper_pearson")
    p_value = above_zero(float(stats.binomtest(better, n, 0.5, alternative).pvalue))
    return SignTest(n, 100 * better / n, 100 * low, 100 * high, min(p_value, 1.0))


@dataclass(frozen=True)
class SignFlips:
    """Result of `sign_flips`: ``n`` patients with a change, ``p_value`` of all tests together, None if nobody changed.

    ``p_values`` are those of each test, adjusted for all; nan if nobody changed in it. ``method`` is "exact", "drawn"
    or "normal", None with ``p_value``; ``error`` the standard error of the p value where ways were drawn.
    """

    n: int
    p_value: float | None
    p_values: np.ndarray
    method: str | None
    error: float | None


def _sums(changes: np.ndarray, method: str) -> np.ndarray:
    """Add up the directions of each test after whole patients were flipped: one row per way."""
    n = len(changes)
    if method == "exact":
        return (1.0 - 2 * (np.arange(2**n)[:, None] >> np.arange(n) & 1)) @ changes
    generator = np.random.default_rng(_SEED)
    if method == "normal":
        return generator.multivariate_normal(np.zeros(changes.shape[1]), changes.T @ changes, DRAWS, method="eigh")
    sizes = (min(_CHUNK, DRAWS - start) for start in range(0, DRAWS, _CHUNK))
    return np.vstack([(1.0 - 2 * generator.integers(0, 2, (size, n))) @ changes for size in sizes])


def sign_flips(directions: ArrayLike, alternative: Alternative = "two-sided") -> SignFlips:
    """Test many changes of the same patients at once: whether each patient changes, as a whole, either way with 1/2.

    ``directions``, of shape (n_patients, n_tests), are 1 for a change for the better, -1 for the worse, and 0 for none
    or no value. The statistic of a test is its changes for the better less those for the worse, divided by the square
    root of their number. All ways to flip up to `FLIPS_LIMIT` patients are gone through; `DRAWS` are drawn of more.
    """
    side = side_of(alternative)
    given = np.asarray(directions)
    if given.ndim != 2:
        raise ValueError(f"directions: {given.ndim} dimensions are not allowed; allowed is a row of tests per patient")
    check_each("direction", given.ravel(), np.isin(given.ravel(), (-1, 0, 1)), "-1, 0 or 1")
    # Sums of whole numbers are exact as float, in any order.
    changes = given[(given != 0).any(axis=1)].astype(float)
    n, p_values = len(changes), np.full(given.shape[1], np.nan)
    tested = (changes != 0).any(axis=0)
    if not n:
        return SignFlips(0, None, p_values, None, None)
    changes = changes[:, tested]
    root = np.sqrt((changes != 0).sum(axis=0))
    method = "exact" if n <= FLIPS_LIMIT else "drawn" if n < NORMAL_FROM else "normal"
    largest = side(_sums(changes, method) / root).max(axis=1)
    observed = side(changes.sum(axis=0) / root)
    further = (largest[:, None] >= observed).sum(axis=0)
    drawn = method != "exact"
    p_values[tested] = (further + drawn) / (len(largest) + drawn)
    p_value = float(np.nanmin(p_values))
    error = float(np.sqrt(p_value * (1 - p_value) / len(largest))) if drawn else None
    return SignFlips(n, p_value, p_values, method, error)
