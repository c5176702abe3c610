"""Fisher's exact test of a table of counts with any number of rows and columns (Freeman and Halton's extension)."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats
from scipy.special import gammaln

from analysis.statistics.arguments import WHOLE_LIMIT, whole_numbers

__all__ = ["CELLS_LIMIT", "RESAMPLES", "TABLES_LIMIT", "TableTest", "fisher_freeman_halton"]

CELLS_LIMIT = 100
"""Most cells of a table whose p value is Fisher's, within about two seconds; that of a larger one is Pearson's."""

TABLES_LIMIT = 1_000_000
"""Most tables that are gone through, in about a third of a second; more are sampled."""

RESAMPLES = 99_999
"""Tables that are drawn beyond the limit: the standard error of the p value is then at most 0.0016."""

_LOG_TOLERANCE = math.log1p(1e-7)  # tables this close in probability count as equally likely, as in R
_ROUNDING = 1e-15  # of a logarithm relative to its size: above the tolerance from some ten million patients


@dataclass(frozen=True)
class TableTest:
    """Result of Fisher's exact test.

    Attributes
    ----------
    n : int
        Sum of the table.
    p_value : float or None
        Probability, with the sums of rows and columns as they are and no association, of a table as unlikely as the one
        observed or less likely; None if there is nothing to compare.
    method : {"exact", "monte_carlo", "chi_square"} or None
        Whether all tables count, a sample of them was drawn, or the p value is that of Pearson's chi-square test,
        uncorrected; None without a p value.
    tables : int or None
        How many tables there are with these sums, or were drawn; None where they are not gone through.
    """

    n: int
    p_value: float | None
    method: str | None
    tables: int | None


def _checked(table: ArrayLike) -> np.ndarray:
    counts = whole_numbers(table, "count in table")
    if counts.ndim != 2:
        raise ValueError(f"table has {counts.ndim} dimensions; allowed are 2, rows and columns")
    if counts.sum() > WHOLE_LIMIT:
        raise ValueError(f"table holds {counts.sum():,} in all; allowed are {WHOLE_LIMIT:,} at most")
    return counts


def _filled(left: np.ndarray, remaining: np.ndarray, column: int) -> tuple[np.ndarray, np.ndarray]:
    """Give the least that each unfinished table must have in the next cell, and how many values the cell can take.

    A cell takes at most what is left of its row and column, and at least what later cells of the row cannot take.
    """
    low = np.maximum(left - remaining[:, column + 1 :].sum(axis=1), 0)
    return low, np.minimum(left, remaining[:, column]) - low + 1


def _log_weights(rows: np.ndarray, columns: np.ndarray) -> np.ndarray | None:
    """Go through all tables with these sums, cell by cell; give each minus the sum of the logarithms of its factorials.

    Every unfinished table can be finished, so that there are never more of them than tables; None beyond the limit.
    """
    remaining, weights = columns[np.newaxis], np.zeros(1)
    for row in rows[:-1]:
        left = np.full(len(weights), row)
        for column in range(len(columns) - 1):
            low, choices = _filled(left, remaining, column)
            if choices.sum() > TABLES_LIMIT:
                return None
            first = np.repeat(np.cumsum(choices) - choices, choices)
            cell = np.repeat(low, choices) + np.arange(choices.sum()) - first
            left, weights = np.repeat(left, choices) - cell, np.repeat(weights, choices) - gammaln(cell + 1)
            remaining = np.repeat(remaining, choices, axis=0)
            remaining[:, column] -= cell
        weights -= gammaln(left + 1)
        remaining = remaining - left[:, np.newaxis] * (np.arange(len(columns)) == len(columns) - 1)
    return weights - gammaln(remaining + 1).sum(axis=1)


def _drawn_weights(rows: np.ndarray, columns: np.ndarray, seed: int) -> np.ndarray:
    """Draw tables with these sums; give each minus the sum of the logarithms of its factorials.

    Given the cells before it, each cell is hypergeometric. SciPy's own draws fail for a million patients.
    """
    rng, remaining = np.random.default_rng(seed), np.tile(columns, (RESAMPLES, 1))
    weights = np.zeros(RESAMPLES)
    for row in rows[:-1]:
        left, later = np.full(RESAMPLES, row), remaining.sum(axis=1)
        for column in range(len(columns) - 1):
            later -= remaining[:, column]
            cell = rng.hypergeometric(remaining[:, column], later, left)
            left -= cell
            remaining[:, column] -= cell
            weights -= gammaln(cell + 1)
        remaining[:, -1] -= left
        weights -= gammaln(left + 1)
    return weights - gammaln(remaining + 1).sum(axis=1)


def _many(counts: np.ndarray, observed: float, seed: int) -> tuple[float, str, int]:
    """Give p value, method and tables where there are too many of these to go through."""
    rows, columns = counts.sum(axis=1), counts.sum(axis=0)
    if counts.shape == (2, 2):
        # Never more than one cell to go through; SciPy finds the other tail by bisection.
        return float(stats.fisher_exact(counts).pvalue), "exact", int(min(*rows, *columns)) + 1
    extreme = int((_drawn_weights(rows, columns, seed) <= observed).sum())
    return (extreme + 1) / (RESAMPLES + 1), "monte_carlo", RESAMPLES  # the table observed is one of them


def fisher_freeman_halton(table: ArrayLike, seed: int = 0) -> TableTest:
    """Test whether rows and columns of a table are independent, given their sums.

    Parameters
    ----------
    table : array_like of int, shape (rows, columns)
        Counts, such as the patients of each class (rows) in each group (columns); rows and columns without any are left
        out.
    seed : int, default 0
        Seed of the draws beyond `TABLES_LIMIT` tables, so that equal tables have equal p values. Two rows and columns
        need no draws.

    Returns
    -------
    TableTest
        With the p value ordered by probability, two-sided in a table of two rows and columns; None if fewer than two
        rows or columns have any count: an empty group, or one class only, leaves nothing to compare.

    Raises
    ------
    ValueError
        If the table does not have two dimensions, a count is not a whole number from 0, or the counts are more than
        `WHOLE_LIMIT` in all.

    References
    ----------
    Freeman GH, Halton JH. Note on an exact treatment of contingency, goodness of fit and other problems of
    significance. Biometrika 1951;38:141-149.
    """
    counts = _checked(table)
    counts = counts[counts.any(axis=1)][:, counts.any(axis=0)]
    n = int(counts.sum())
    if min(counts.shape) < 2:
        return TableTest(n, None, None, None)
    if counts.shape[0] < counts.shape[1]:  # fewer columns are fewer steps
        counts = counts.T
    if counts.size > CELLS_LIMIT:
        return TableTest(n, float(stats.chi2_contingency(counts, correction=False).pvalue), "chi_square", None)
    weights, observed = _log_weights(counts.sum(axis=1), counts.sum(axis=0)), -float(gammaln(counts + 1).sum())
    observed += max(_LOG_TOLERANCE, _ROUNDING * abs(observed))
    if weights is None:
        return TableTest(n, *_many(counts, observed, seed))
    # The likelihood of each table against the likeliest; sums and factorials of the margins cancel.
    likelihoods = np.exp(weights - weights.max())
    p_value = min(math.fsum(likelihoods[weights <= observed]) / math.fsum(likelihoods), 1.0)
    return TableTest(n, p_value, "exact", len(weights))
