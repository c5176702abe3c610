"""Fisher's exact test of a table of counts with any number of rows and columns (Freeman and Halton's extension)."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats
from scipy.special import gammaln

from analysis.statistics.arguments import WHOLE_LIMIT, whole_numbers
from analysis.statistics.significance import above_zero

CELLS_LIMIT = 100  # most cells of a table with Fisher's p value, within about two seconds; a larger one has Pearson's
TABLES_LIMIT = 1_000_000  # most tables that are gone through, in about a third of a second; more are sampled
RESAMPLES = 99_999  # tables that are drawn beyond the limit: the standard error of the p value is then at most 0.0016
_LOG_TOLERANCE = math.log1p(1e-7)  # tables this close in probability count as equally likely, as in R
_ROUNDING = 1e-15  # of a logarithm relative to its size: above the tolerance from some ten million patients


@dataclass(frozen=True)
class TableTest:
    """Result of Fisher's exact test of a table with the sum ``n``.

    ``p_value`` is the probability, given the sums of rows and columns, of a table as unlikely as the one observed or
    less likely. ``method`` says whether all tables with these sums count ("exact"), a sample of them was drawn
    ("monte_carlo"), or the p value is that of Pearson's uncorrected test ("chi_square"); ``tables`` how many were gone
    through or drawn, ``error`` the standard error of a p value by drawing.
    """

    n: int
    p_value: float | None
    method: str | None
    tables: int | None
    error: float | None = None


def _log_weights(rows: np.ndarray, columns: np.ndarray) -> np.ndarray | None:
    """Go through all tables with these sums, cell by cell; give each minus the sum of the logarithms of its factorials.

    Every unfinished table can be finished, so that there are never more of them than tables; None beyond the limit.
    """
    remaining, weights = columns[np.newaxis], np.zeros(1)
    for row in rows[:-1]:
        left = np.full(len(weights), row)
        for column in range(len(columns) - 1):
            # A cell takes at most what is left of its row and column, at least what later cells of the row cannot.
            low = np.maximum(left - remaining[:, column + 1 :].sum(axis=1), 0)
            choices = np.minimum(left, remaining[:, column]) - low + 1
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


def fisher_freeman_halton(table: ArrayLike, seed: int = 0) -> TableTest:
    """Test whether rows and columns of a table are independent, given their sums.

    Counts, such as the patients of each class (rows) in each group (columns); rows and columns without any are left
    out. With fewer than two of either left there is nothing to compare and no p value. The p value is ordered by
    probability, two-sided in a table of two rows and columns. The seed is that of the draws beyond `TABLES_LIMIT`.
    """
    counts = whole_numbers(table, "count in table")
    if counts.ndim != 2:
        raise ValueError(f"table has {counts.ndim} dimensions; allowed are 2, rows and columns")
    if counts.sum() > WHOLE_LIMIT:
        raise ValueError(f"table holds {counts.sum():,} in all; allowed are {WHOLE_LIMIT:,} at most")
    counts = counts[counts.any(axis=1)][:, counts.any(axis=0)]
    n = int(counts.sum())
    if min(counts.shape) < 2:
        return TableTest(n, None, None, None)
    if counts.shape[0] < counts.shape[1]:  # fewer columns are fewer steps
        counts = counts.T
    if counts.size > CELLS_LIMIT:
        p_value = float(stats.chi2_contingency(counts, correction=False).pvalue)
        return TableTest(n, above_zero(p_value), "chi_square", None)
    rows, columns = counts.sum(axis=1), counts.sum(axis=0)
    weights, observed = _log_weights(rows, columns), -float(gammaln(counts + 1).sum())
    observed += max(_LOG_TOLERANCE, _ROUNDING * abs(observed))
    if weights is None and counts.shape == (2, 2):  # one cell to go through; SciPy finds the other tail by bisection
        p_value = above_zero(float(stats.fisher_exact(counts).pvalue))
        return TableTest(n, p_value, "exact", int(min(*rows, *columns)) + 1)
    if weights is None:
        extreme = int((_drawn_weights(rows, columns, seed) <= observed).sum())
        p_value = (extreme + 1) / (RESAMPLES + 1)  # the table observed is one of them
        return TableTest(n, p_value, "monte_carlo", RESAMPLES, math.sqrt(p_value * (1 - p_value) / RESAMPLES))
    # The likelihood of each table against the likeliest; sums and factorials of the margins cancel.
    likelihoods = np.exp(weights - weights.max())
    p_value = min(math.fsum(likelihoods[weights <= observed]) / math.fsum(likelihoods), 1.0)
    return TableTest(n, above_zero(p_value), "exact", len(weights))
