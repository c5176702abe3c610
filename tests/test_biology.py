import math
from dataclasses import replace

import pandas as pd
import pytest

from analysis import biology
from analysis.criteria import Criteria
from analysis.summaries import spread
from tests.cohorts import random_cohort
from tests.small_cohort import small_cohort


def _pairs(before, after):
    return pd.DataFrame({"before": [float(before)], "on_therapy": [float(after)]})


def test_values_of_six_patients():
    """Means, ranges and counts are held against the second derivation in `test_double_derivation`."""
    values = biology.summarise(small_cohort())
    assert values["biology.total_ige.diagnosis"] == spread(pd.Series([], dtype=float))
    tryptase, ige = (biology.paired_frame(small_cohort(), analyte) for analyte in ("tryptase", "total_ige"))
    assert list(tryptase.columns) == ["before", "on_therapy", "months_on_therapy"]
    assert tryptase.T.to_dict("list") == {"A": [20, 22, 3], "B": [10, 14, 6]}
    pairs = {"A": [3, 3.6], "B": [100, 300], "C": [50, 39], "D": [0, 4]}
    assert ige[["before", "on_therapy"]].T.to_dict("list") == pairs
    test = biology.summarise(small_cohort())["biology.tryptase.paired_t"]
    # The differences 2 and 4 have mean 3 and standard error 1; with one degree of freedom t is Cauchy.
    assert (test["n"], test["mean_difference"]) == (2, 3)
    assert test["statistic"] == pytest.approx(3)
    assert test["p_value"] == pytest.approx(1 - 2 / math.pi * math.atan(3))
    counted = {name: values[f"biology.total_ige.{name}"]["n"] for name in biology.DIRECTIONS}
    assert counted == {"increased": 2, "stable": 1, "decreased": 1}
    asymptotic = biology.summarise(small_cohort(), Criteria(distribution="asymptotic"))
    assert asymptotic["biology.total_ige.signed_rank"]["method"] == "normal"
    strict = biology.summarise(small_cohort(), Criteria(ige_stable_percent=19.9))
    assert strict["biology.total_ige.increased"] == {"n": 3, "denominator": 4, "percent": 75}
    # Ranks of the change (1.2, 3, 0.78, infinite) 2, 3, 1, 4; of the score left (0, 0.25, 0.5, 1) 1, 2, 3, 4; the
    # squares of the differences add up to 6, so that 18 of 24 orders of four are as far from 0.
    change = values["biology.total_ige.change_with_score"]
    assert (change["n"], change["rho"]) == (4, pytest.approx(1 - 6 * 6 / (4 * 15)))
    assert (change["p_value"], change["method"]) == (pytest.approx(0.75), "exact")
    # Ranks of the level on therapy 1, 4, 3, 2: squares 0 + 4 + 0 + 4.
    level = values["biology.total_ige.level_with_score"]
    assert level["rho"] == pytest.approx(1 - 6 * 8 / (4 * 15))
    # C alone had no adverse event and has the smallest change: one of four places, on two sides.
    expected = {"n": 3, "denominator": 4, "statistic": 3, "p_value": 0.5, "method": "exact"}
    assert values["biology.total_ige.change_with_events"] == expected
    assert values["biology.total_ige.level_with_events"]["statistic"] == 1


# In binary, 0.84 - 0.7 is above a fifth of 0.7 and 1.8 - 1.44 above one of 1.8; both must be stable.
@pytest.mark.parametrize(("before", "after", "percent", "expected"), [
    (3, 3.6, 20, "stable"), (3, 2.4, 20, "stable"), (0.7, 0.84, 20, "stable"), (1.8, 1.44, 20, "stable"),
    (100, 120, 20, "stable"), (100, 120.1, 20, "increased"), (100, 120.01, 20, "increased"),
    (100, 79.9, 20, "decreased"), (100, 80, 20, "stable"), (0, 0, 20, "stable"), (0, 0.1, 20, "increased"),
    (10, 10, 0, "stable"), (10, 10.1, 0, "increased"), (10, 9.9, 0, "decreased"), (10, 0, 100, "stable"),
])  # fmt: skip
def test_direction_at_its_limits(before, after, percent, expected):
    directions = biology.direction(_pairs(before, after), Criteria(ige_stable_percent=percent))
    assert list(directions) == [expected]


@pytest.mark.parametrize(("before", "after", "ratio"), [(4, 6, 1.5), (4, 0, 0), (0, 0, 1), (0, 2, math.inf)])
def test_relative_change(before, after, ratio):
    assert list(biology.relative_change(_pairs(before, after))) == [ratio]


def test_nothing_to_compare():
    values = pd.Series([1.0, 2.0, 3.0])
    everyone, same = pd.Series([True] * 3), pd.Series([5.0] * 3)
    nothing = {"statistic": None, "p_value": None, "method": None}
    assert biology.compare_groups(values, everyone) == {"n": 3, "denominator": 3} | nothing
    assert biology.compare_groups(values, ~everyone) == {"n": 0, "denominator": 3} | nothing
    assert biology.compare_groups(same, pd.Series([True, False, True]))["p_value"] is None
    some = biology.compare_groups(pd.Series([1.0, None, 0.3, 0.1 + 0.2]), pd.Series([True, True, False, False]))
    assert (some["n"], some["denominator"], some["p_value"]) == (1, 3, pytest.approx(1 / 3))
    one = random_cohort(1, 19)
    values = biology.summarise(replace(one, laboratory=one.laboratory[:0]))
    assert values["biology.total_ige.paired_t"]["p_value"] is None
    assert values["biology.total_ige.increased"] == {"n": 0, "denominator": 0, "percent": None}
    with pytest.raises(ValueError, match="analyte 'histamine' is unknown; allowed are tryptase, total_ige"):
        biology.paired_frame(small_cohort(), "histamine")
