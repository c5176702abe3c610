import json
import random
import statistics
from fractions import Fraction

import numpy as np
import pandas as pd
import pytest

from analysis.summaries import proportion, share, spread


def test_proportion():
    assert proportion(43, 55) == {"n": 43, "denominator": 55, "percent": float(Fraction(4300, 55))}
    assert proportion(0, 0) == {"n": 0, "denominator": 0, "percent": None}


@pytest.mark.parametrize(("n", "denominator"), [(-1, 5), (6, 5), (1, 0)])
def test_a_part_is_not_larger_than_the_whole(n, denominator):
    with pytest.raises(ValueError, match=f"n {n} is not allowed with denominator {denominator}"):
        proportion(n, denominator)


def test_share_counts_the_rows():
    assert share(pd.Series([True, False, True, True])) == {"n": 3, "denominator": 4, "percent": 75.0}
    assert share(pd.Series([], dtype=bool)) == {"n": 0, "denominator": 0, "percent": None}


def test_spread_leaves_missing_values_out():
    values = [3.5, None, 1.0, 8.0, 2.5]
    known = [value for value in values if value is not None]
    assert spread(pd.Series(values)) == {
        "n": 4,
        "mean": statistics.fmean(known),
        "sd": pytest.approx(statistics.stdev(known)),
        "median": statistics.median(known),
        "minimum": 1,
        "maximum": 8,
    }


@pytest.mark.parametrize("values", [pd.Series([], dtype=float), pd.Series([np.nan, np.nan])])
def test_spread_of_nothing(values):
    assert spread(values) == {"n": 0, "mean": None, "sd": None, "median": None, "minimum": None, "maximum": None}


def test_one_value_has_no_spread():
    assert spread(pd.Series([2.5])) == {"n": 1, "mean": 2.5, "sd": None, "median": 2.5, "minimum": 2.5, "maximum": 2.5}


def test_results_are_plain_and_do_not_depend_on_the_order():
    values = [0.1 * k for k in range(1000)]
    shuffled = random.Random(1).sample(values, len(values))
    first, second = spread(pd.Series(values)), spread(pd.Series(shuffled))
    assert json.dumps(first) == json.dumps(second)
    assert first["mean"] == float(sum(map(Fraction, values)) / 1000)
    summaries = (first, spread(pd.Series([1, 2])), share(pd.Series([True])), proportion(np.int64(1), np.int64(2)))
    assert {type(value) for summary in summaries for value in summary.values()} <= {int, float}
