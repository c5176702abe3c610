"""Measured decimals against whole fractions of what is written, and the results that hang on them."""

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pandas as pd
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from analysis import biology, followup
from analysis.criteria import Criteria
from analysis.statistics.decimals import decimals, difference, in_units, mean, ratio
from analysis.statistics.rank_sum import rank_sum
from analysis.statistics.survival import estimate_at, kaplan_meier, median_time
from analysis.summaries import spread
from tests.small_cohort import small_cohort

WRITTEN = st.integers(1, 3).flatmap(lambda places: st.integers(0, 40_000).map(lambda n: f"{n / 10**places:.{places}f}"))
ROWS = st.lists(st.tuples(WRITTEN, WRITTEN), min_size=1, max_size=6)


def numbers(texts):
    return [float(text) for text in texts], [Fraction(text) for text in texts]


@settings(max_examples=150)
@given(rows=ROWS, percent=WRITTEN, least=WRITTEN)
def test_as_whole_fractions(rows, percent, least):
    (before, exact_before), (after, exact_after) = (numbers(column) for column in zip(*rows, strict=True))
    exact = [b - a for a, b in zip(exact_before, exact_after, strict=True)]
    assert difference(after, before).tolist() == [float(one) for one in exact]
    assert mean(after) == float(sum(exact_after) / len(rows))
    assert spread(pd.Series(after))["median"] == float(np.median(exact_after))
    assert (spread(pd.Series(after))["sd"] == 0) == (len(rows) > 1 and len(set(exact_after)) == 1)
    known = [place for place, one in enumerate(exact_before) if one]
    quotients = [float(exact_after[place] / exact_before[place]) for place in known]
    assert ratio([after[place] for place in known], [before[place] for place in known]).tolist() == quotients
    (end, start, limit), _ = in_units(after, before, [float(least)])
    assert (end - start >= limit).tolist() == [one >= Fraction(least) for one in exact]
    margin = Fraction(min(percent, "1000", key=float)) / 100
    expected = [
        "stable" if abs(one) <= margin * level else "increased" if one > 0 else "decreased"
        for one, level in zip(exact, exact_before, strict=True)
    ]
    pairs = pd.DataFrame({"before": before, "on_therapy": after})
    assert biology.direction(pairs, Criteria(ige_stable_percent=float(100 * margin))).tolist() == expected


@example(whole=1, places=10, noise=-1)
@given(whole=st.integers(1, 10**15 - 1), places=st.integers(0, 20), noise=st.sampled_from([-1, 1]))
def test_long_decimals_and_their_neighbours(whole, places, noise):
    value, other = float(f"{whole}e-{places}"), float(f"{(whole + 1) % 10**15}e-{places}")
    assert decimals([value])[0] == pytest.approx(value, rel=3e-16, abs=0)
    (one, two), scale = in_units([value, None], [other])
    assert Fraction(int(one[0]), scale) == Fraction(whole, 10**places) and np.isnan(float(one[1]))
    assert (two[0] - one[0]) * 10**places == ((whole + 1) % 10**15 - whole) * scale
    if whole < 10**14:  # with one digit less, also a float beside it is still the same decimal
        assert decimals([np.nextafter(value, noise * np.inf)])[0] == decimals([value])[0]


def test_sizes_and_what_is_no_number():
    found = decimals([0.1 + 0.2, 0, -(0.1 + 0.7), np.nan, np.inf, 999.999999999999, 1e300, 5e-324])
    assert found.tolist()[:3] + found.tolist()[4:] == [0.3, 0, -0.8, np.inf, 999.999999999999, 1e300, 5e-324]
    (one, two), scale = in_units([1e300, np.inf], [1e-300, None])
    assert (Fraction(one[0], scale), Fraction(two[0], scale), one[1]) == (10**300, Fraction(1, 10**300), np.inf)
    assert [part.tolist() for part in (decimals([]), difference([], []))] == [[], []]


def test_three_months_are_three_months():
    # From 1.1 to 4.1 months, and so on: in binary eight of these pairs of tenths are less than three months apart.
    study = small_cohort()
    for first in range(1, 60):
        courses = study.courses.assign(months_to_first_response=first / 10, duration_months=(first + 30) / 10)
        cohort = replace(study, courses=courses)
        assert followup.sustained(cohort).sum() == 5
        assert followup.sustained(cohort, Criteria(sustained_months=3.001)).sum() == 0


def test_equal_ratios_times_and_levels_are_tied():
    pairs = pd.DataFrame({"before": [0.2, 0.3, 1, 0.7, 1, 2, 4], "on_therapy": [0.6, 0.9, 3, 2.1, 2, 8, 20]})
    change = biology.relative_change(pairs)
    assert change.tolist() == [3, 3, 3, 3, 2, 4, 5]
    group = pd.Series([True, True, True, True, False, False, False])
    # Four of the ranks 1, 3.5, 3.5, 3.5, 3.5, 6, 7 add up to 14, on average to 16; 11 choices to 14 or less, 6 to 20.
    assert biology.compare_groups(change, group)["p_value"] == pytest.approx(17 / 35)
    curve = kaplan_meier([0.3, 0.1 + 0.2, 1], [1, 1, 1])
    assert curve["time"].tolist() == [0, 0.3, 1]
    assert estimate_at(curve, 0.1 + 0.2).value == pytest.approx(1 / 3)
    assert median_time(kaplan_meier([1.1, 2.2], [1, 1])).value == 1.65
    assert rank_sum([0.3], [0.1 + 0.2]).n_tied == 2
