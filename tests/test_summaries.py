import json
import random
import statistics
import warnings
from dataclasses import replace
from fractions import Fraction
from functools import cache

import numpy as np
import pandas as pd
import pytest

from analysis import biology, comparison, dosing, followup, patients, response, safety, subgroups, symptoms, times
from analysis.summaries import proportion, share, spread
from analysis.vocabulary import Population
from tests.cohorts import random_cohort
from tests.small_cohort import small_cohort

MODULES = (biology, comparison, dosing, followup, patients, response, safety, subgroups, symptoms, times)


def test_proportions_and_shares():
    assert proportion(43, 55) == {"n": 43, "denominator": 55, "percent": float(Fraction(4300, 55))}
    assert proportion(0, 0) == {"n": 0, "denominator": 0, "percent": None}
    assert share(pd.Series([True, False, True, True])) == {"n": 3, "denominator": 4, "percent": 75.0}
    assert share(pd.Series([], dtype=bool)) == {"n": 0, "denominator": 0, "percent": None}

    for n, denominator in ((-1, 5), (6, 5), (1, 0)):
        with pytest.raises(ValueError, match=f"n {n} is not allowed with denominator {denominator}"):
            proportion(n, denominator)


def test_spread_leaves_missing_values_out():
    values = [3.5, None, 1.0, 8.0, 2.5]
    known = [value for value in values if value is not None]
    expected = {"n": 4, "mean": statistics.fmean(known), "sd": pytest.approx(statistics.stdev(known))}
    expected |= {"median": statistics.median(known), "minimum": 1, "maximum": 8}
    assert spread(pd.Series(values)) == expected
    assert spread(pd.Series([2.5])) == {"n": 1, "mean": 2.5, "sd": None, "median": 2.5, "minimum": 2.5, "maximum": 2.5}
    for nothing in (pd.Series([], dtype=float), pd.Series([np.nan, np.nan])):
        assert spread(nothing) == dict.fromkeys(("mean", "sd", "median", "minimum", "maximum")) | {"n": 0}


def test_results_are_plain_and_do_not_depend_on_the_order():
    values = [0.1 * k for k in range(1000)]
    shuffled = random.Random(1).sample(values, len(values))
    first, second = spread(pd.Series(values)), spread(pd.Series(shuffled))
    assert json.dumps(first) == json.dumps(second)
    assert first["mean"] == float(sum(map(Fraction, values)) / 1000)
    summaries = (first, spread(pd.Series([1, 2])), share(pd.Series([True])), proportion(np.int64(1), np.int64(2)))
    assert {type(value) for summary in summaries for value in summary.values()} <= {int, float}


def bare(cohort):
    """The cohort without blood tests, adverse events, changes of dose and responses."""
    changes = [name for name in cohort.courses if "escalat" in name or "weekly" in name]
    courses = cohort.courses.assign(**dict.fromkeys(changes, float("nan")))
    symptoms, laboratory = cohort.symptoms.assign(grade_best=1.0), cohort.laboratory[:0]
    return replace(
        cohort, courses=courses, symptoms=symptoms, laboratory=laboratory, adverse_events=cohort.adverse_events[:0]
    )


@cache
def names_of_values(module):
    return module.summarise(small_cohort()).keys()


@pytest.mark.parametrize("population", Population)
@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.__name__.split(".")[1])
def test_values_of_any_cohort_have_the_same_names_and_can_be_stored(module, population):
    one, names = random_cohort(1, 10, population), names_of_values(module)
    for cohort in (one, bare(one)):
        with warnings.catch_warnings(action="error"):
            values = module.summarise(cohort)
        # Events and their details are those that occurred.
        assert {name for name in values.keys() ^ names if ".event." not in name and ".detail." not in name} == set()
        assert json.loads(json.dumps(values, allow_nan=False)) == values
