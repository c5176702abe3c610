"""Fisher's exact test of a table of counts with any number of rows and columns (Freeman and Halton's extension)."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats
from scipy.special import gammaln

from analysis.statistics.proportions import whole_numbers

__all__ = ["RESAMPLES", "TABLES_LIMIT", "TableTest", "fisher_freeman_halton"]

TABLES_LIMIT = 1_000_000
"""Most tables that are gone through, in about a third of a second; more are sampled."""

RESAMPLES = 99_999
"""Tables that are drawn beyond the limit: the standard error of the p value is then at most 0.0016."""

_LOG_TOLERANCE = math.log1p(1e-7)  # tables this close in probability count as equally likely, as in R


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
    method : {"exact", "monte_carlo"} or None
        Whether all tables were gone through, or a sample was drawn; None without a p value.
    tables : int or None
        How many tables were gone through or drawn.
    """

    n: int
    p_value: float | None
    method: str | None
    tables: int | None


def _checked(table: ArrayLike) -> np.ndarray:
    counts = whole_numbers(table, "count in table")
    if counts.ndim != 2:
        raise ValueError(f"table has {counts.ndim} dimensions; allowed are 2, rows and columns")
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


def fisher_freeman_halton(table: ArrayLike, seed: int = 0) -> TableTest:
    """Test whether rows and columns of a table are independent, given their sums.

    Parameters
    ----------
    table : array_like of int, shape (rows, columns)
        Counts, such as the patients of each class (rows) in each group (columns); rows and columns without any are left
        out.
    seed : int, default 0
        Seed of the draws beyond `TABLES_LIMIT` tables, so that equal tables have equal p values.

    Returns
    -------
    TableTest
        With the p value ordered by probability, two-sided in a table of two rows and columns; None if fewer than two
        rows or columns have any count: an empty group, or one class only, leaves nothing to compare.

    Raises
    ------
    ValueError
        If the table does not have two dimensions, or a count is not a whole number from 0.

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
    weights = _log_weights(counts.sum(axis=1), counts.sum(axis=0))
    if weights is None:
        # SciPy draws from a table of any other size than two by two even where not asked to, and without a fixed seed.
        drawn = stats.MonteCarloMethod(n_resamples=RESAMPLES, rng=np.random.default_rng(seed))
        return TableTest(n, float(stats.fisher_exact(counts, method=drawn).pvalue), "monte_carlo", RESAMPLES)
    # The likelihood of each table against the likeliest; sums and factorials of the margins cancel.
    likelihoods = np.exp(weights - weights.max())
    unlikely = weights <= -gammaln(counts + 1).sum() + _LOG_TOLERANCE
    p_value = min(math.fsum(likelihoods[unlikely]) / math.fsum(likelihoods), 1.0)
    return TableTest(n, p_value, "exact", len(weights))
