"""Fisher's exact test of larger tables against R, full enumeration and SciPy.

Values from R 4.2.2: ``fisher.test(matrix(c(...), rows))$p.value``, columns one after another.
"""

from itertools import product
from math import comb, prod

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from analysis.statistics import contingency
from analysis.statistics.contingency import TableTest, fisher_freeman_halton
from tests.case_files import DATA


# Best response and last follow-up of Table 2 come first, primary and idiopathic; some rows or columns have no patient.
@pytest.mark.parametrize("row", list(pd.read_csv(DATA / "fisher_in_r.csv").itertuples()))
def test_p_value_equals_r(row):
    counts = [int(count) for count in row.columns.split()]
    table = np.reshape(counts, (row.rows, -1), order="F")
    for turned in (table, table.T, table[::-1]):
        result = fisher_freeman_halton(turned)
        assert result.p_value == pytest.approx(row.p, rel=1e-9)
        assert (result.n, result.method) == (sum(counts), "exact")


def test_two_by_two_equals_scipy_and_counts_equally_likely_tables():
    rng = np.random.default_rng(3)
    for table in rng.integers(0, 9, (60, 2, 2)):
        if table.any(axis=0).all() and table.any(axis=1).all():
            assert fisher_freeman_halton(table).p_value == pytest.approx(stats.fisher_exact(table).pvalue, rel=1e-9)
    # Both ends are equally likely, 1 in 20 each; their computed probabilities differ in the last digits.
    assert fisher_freeman_halton([[3, 0], [0, 3]]).p_value == pytest.approx(0.1)
    assert fisher_freeman_halton([[40, 0], [0, 40]]).p_value == pytest.approx(2 / comb(80, 40))


@pytest.mark.parametrize(
    "table", [[[0, 0], [0, 0]], [[0, 3], [0, 5]], [[4, 7]], [[4], [7]], [[2, 3], [0, 0]], [[], []]]
)
def test_nothing_to_compare_has_no_p_value(table):
    assert fisher_freeman_halton(table) == TableTest(int(np.sum(table)), None, None, None)


def test_many_tables_are_sampled_with_a_seed(monkeypatch):
    table = [[90, 2200, 1100, 700], [20, 500, 290, 150]]
    result = fisher_freeman_halton(table)
    assert (result.method, result.tables) == ("monte_carlo", contingency.RESAMPLES)
    assert fisher_freeman_halton(table) == result != fisher_freeman_halton(table, seed=1)
    # With so many patients Pearson's test is close.
    assert result.p_value == pytest.approx(stats.chi2_contingency(table).pvalue, abs=0.01)
    small = [[1, 22, 11, 7], [0, 8, 1, 5]]
    exact = fisher_freeman_halton(small).p_value
    monkeypatch.setattr(contingency, "TABLES_LIMIT", 100)
    assert fisher_freeman_halton(small).p_value == pytest.approx(exact, abs=4 * 0.0016)


@pytest.mark.parametrize(("columns", "expected"), [
    ([250_000, 249_000, 250_010, 251_000], 0.0465919643283922),
    ([1_500_000, 1_499_000, 1_501_000, 1_502_500], 0.307921945919555),  # more tables than are gone through
    ([900_000, 1_000_001, 700_000, 779_000], 0.475371013210214),
])  # fmt: skip
def test_two_by_two_of_millions_equals_r(columns, expected):
    table = np.reshape(columns, (2, 2), order="F")
    result = fisher_freeman_halton(table)
    assert result.p_value == pytest.approx(expected, rel=1e-8)
    smallest = min(*table.sum(axis=0), *table.sum(axis=1))
    assert result == TableTest(sum(columns), result.p_value, "exact", smallest + 1)


def rarest(table):
    """Sum over all tables whose second column is small, by whole numbers."""
    rows, rare = [sum(row) for row in table], [row[1] for row in table]
    places = product(*(range(min(size, sum(rare)) + 1) for size in rows))
    ways = {place: prod(map(comb, rows, place)) for place in places if sum(place) == sum(rare)}
    return sum(way for way in ways.values() if way <= ways[tuple(rare)]) / sum(ways.values())


@pytest.mark.parametrize("table", [
    [[900_000_000, 1], [3, 2]], [[990_000, 1], [3, 2], [5, 6]], [[90_000_000, 1], [800_000_000, 5], [5_000_000, 1]],
    [[200_000_000, 3], [200_000_000, 2], [200_000_000, 2]],  # others are as likely, but for rounding
    [[200_000_000, 2], [100_000_000, 2], [200_000_000, 1]],
])  # fmt: skip
def test_rounding_of_large_logarithms_is_allowed_for(table):
    assert fisher_freeman_halton(table).p_value == pytest.approx(rarest(table), rel=1e-4, abs=0)


def test_the_draws_are_those_of_the_exact_distribution():
    rows, columns = np.array([3, 2, 4]), np.array([5, 1, 3])
    drawn = np.exp(contingency._drawn_weights(rows, columns, seed=5))
    exact = np.exp(contingency._log_weights(rows, columns))
    for weight in np.unique(exact.round(12)):
        expected = exact[np.isclose(exact, weight)].sum() / exact.sum()
        assert np.isclose(drawn, weight).mean() == pytest.approx(expected, abs=4 * 0.0016)


def test_a_table_of_many_cells_has_pearsons_test():
    table = np.random.default_rng(1).integers(1, 9, (11, 10))
    result = fisher_freeman_halton(table)
    assert (result.method, result.tables) == ("chi_square", None)
    expected = np.outer(table.sum(axis=1), table.sum(axis=0)) / table.sum()
    assert result.p_value == pytest.approx(stats.chi2.sf(((table - expected) ** 2 / expected).sum(), 90))
    assert fisher_freeman_halton(table[:10]).method == "monte_carlo"
    fisher_freeman_halton([[9000, 22000, 11000, 7000], [1000, 3000, 1200, 900]])
    assert fisher_freeman_halton([[40_000, 10_000], [10_000, 2_400]]).method == "exact"
    assert fisher_freeman_halton([[300_000_000] * 2, [199_000_000] * 2]).p_value == pytest.approx(1)
    assert fisher_freeman_halton([[400_000_000, 5], [300_000_000, 3], [6, 299_000_000]]).p_value == 1 / 100_000
    assert fisher_freeman_halton(np.full((500, 500), 4)).p_value == pytest.approx(1)
