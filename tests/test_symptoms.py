"""The profile of the symptoms by hand; `test_double_derivation` finds its counts and p values by another way."""

from dataclasses import replace
from math import nan

import numpy as np
import pandas as pd
import pytest
from scipy.stats import norm
from second_derivation import signed_rank

from analysis.criteria import Criteria
from analysis.schema import symptom_list
from analysis.statistics.significance import adjusted
from analysis.symptoms import CHANGES, TEST_COLUMNS, summarise, symptom_profile
from analysis.vocabulary import SymptomGroup
from tests.cohorts import cohort_with, random_cohort


def row_of(grades, **criteria):
    """Give the row of a symptom that has these grades, at best response as at last follow-up."""
    return symptom_profile(cohort_with([[("baseline", grade, grade)] for grade in grades]), Criteria(**criteria)).iloc[
        0
    ]


def test_all_improved_alike():
    # Six patients with the same improvement: W+ = 21, p = 2 / 2**6; one more unchanged is dropped.
    row = row_of([0.5] * 6 + [1.0])
    assert (row["n"], row["statistic"], row["n_nonzero"], row["p_value"]) == (7, 21, 6, 2 / 64)
    assert (row["significance"], row["mean_score"], row["label"]) == ("*", (6 * 0.5 + 1) / 7, "Anaphylaxis")
    # The marks of the legend; p = 2 / 2**n: 0.0625, 0.03125, 0.0078, 0.00098.
    assert [row_of([0.0] * n)["significance"] for n in (5, 6, 8, 11)] == ["too_few", "*", "**", "***"]
    assert [row_of([1.5, *[0.0] * n])["significance"] for n in (4, 5)] == ["too_few", "ns"]


def test_every_choice_of_the_test_is_used():
    # 7 slight improvements, 2 worse, 3 unchanged: signs of ranks 4 (seven) and 8.5 (two, negative); W+ = 28 of 45.
    grades = [0.75] * 7 + [1.5] * 2 + [1.0] * 3
    row = row_of(grades)
    assert (row["n_zero"], row["n_tied"], row["method"], row["statistic"]) == (3, 9, "exact", 28)
    assert row["effect"] == pytest.approx((28 - 17) / 45)
    assert row["p_value"] == pytest.approx(float(signed_rank([0.25] * 7 + [-0.5] * 2)["p_value"]))
    one_tailed = row_of(grades, alternative="greater")["p_value"]
    assert one_tailed < row["p_value"] < 2 * one_tailed + 1e-12
    # Variance of W+: a quarter of 7 x 16 + 2 x 72.25; z = 5.5 / sqrt(64.125).
    normal = row_of(grades, distribution="asymptotic")
    assert (normal["p_value"], normal["method"]) == (pytest.approx(2 * norm.sf(5.5 / 64.125**0.5)), "normal")
    # After Pratt the three zeros come first, so that each rank is higher by 3.
    assert row_of(grades, zeros="pratt")["statistic"] == 49
    assert row_of([0.5] * 6, alpha=0.03)["significance"] == "too_few"
    # By the sign test 7 of 9 changed for the better: P = (36 + 9 + 1) / 512 on one side; without all but one 8 of 9.
    signs = row_of(grades, test="sign", zeros="pratt", distribution="asymptotic")
    assert (signs["p_value"], signs["method"], signs["smallest_p"]) == (pytest.approx(2 * 46 / 512), "sign", 2 / 512)
    assert signs["p_value"] == row["p_sign"] and row["better_percent"] == pytest.approx(100 * 7 / 9)
    assert row_of(grades, test="sign", alternative="greater")["p_value"] == pytest.approx(46 / 512)
    marks = [row_of([0.5] * 5, alpha=0.0625, p_at_alpha=rule)["significance"] for rule in ("ns", "significant")]
    assert marks == ["too_few", "*"]  # p = 2 / 2**5


def test_adjusted_p_values_are_of_all_symptoms_and_the_stars_follow_the_criteria():
    cohort = random_cohort(25, seed=3)
    profile = symptom_profile(cohort)
    assert list(profile.columns) == ["label", "group", "n", *CHANGES, "mean_score", *TEST_COLUMNS]
    assert list(profile.index) == [name for name in symptom_list().index if name in set(cohort.symptoms["symptom"])]
    starred = {}
    for method, column in {"none": "p_value", "holm": "p_holm", "benjamini_hochberg": "p_benjamini_hochberg"}.items():
        # With two-tailed exact tests six must change for a p value below 0.05.
        expected = adjusted(profile["p_value"].where(profile["n_nonzero"] >= 6), method)
        if method != "none":
            assert profile[column].to_numpy() == pytest.approx(expected, nan_ok=True)
        found = symptom_profile(cohort, criteria=Criteria(adjustment=method))["significance"]
        starred[method] = found.str.contains("*", regex=False).tolist()
        assert starred[method] == (expected < 0.05).tolist()
        assert (found == "too_few").tolist() == np.isnan(expected).tolist()
    assert starred["none"] != starred["holm"]
    # The order of the rows does not matter.
    sorted_cohort = replace(cohort, symptoms=cohort.symptoms.sort_values("grade_best"))
    pd.testing.assert_frame_equal(symptom_profile(sorted_cohort), profile)


def test_new_and_missing_grades():
    # A symptom that appeared under therapy is not tested.
    profile = symptom_profile(cohort_with([[("baseline", 0.5, 0.5), ("on_therapy", nan, nan)]]))
    assert profile.index.tolist() == ["anaphylaxis"]
    cohort = cohort_with([[("baseline", 0.25, nan)], [("baseline", 0.5, 0.5)], [("baseline", 0.0, 0.0)]])
    rules = {"carry_forward": (3, 0.25), "drop": (2, 0.25), "no_response": (3, 0.5)}
    for rule, expected in rules.items():
        row = symptom_profile(cohort, Criteria(symptoms_at="last", missing_last=rule)).iloc[0]
        assert (row["n"], row["mean_score"]) == expected
    # A symptom without any grade stays in the profile.
    row = row_of([nan], symptoms_at="last", missing_last="drop")
    assert row["n"] == 0 and row[["mean_score", "p_value", "p_holm", "significance"]].isna().all()


def test_values_of_groups_of_symptoms():
    cohort = random_cohort(60, seed=9)
    values, symptoms = summarise(cohort), cohort.symptoms[cohort.symptoms["onset"] == "baseline"]
    urinary = symptoms.loc[symptoms["symptom"].isin(["pollakiuria", "urinary_urgency"]), "grade_best"]
    improved = values["symptoms.group_improved.urinary"]
    assert (improved["n"], improved["denominator"]) == (sum(urinary < 1), len(urinary))
    # Only improvement counts as significant in a group.
    worse = summarise(cohort_with([[("baseline", 1.5, 1.5), ("baseline", 0.5, 0.5)]] * 6))
    assert worse["symptoms.score.anaphylaxis"]["significance"] == "*"
    assert worse["symptoms.group_significant.general_vasomotor"] == {"n": 1, "denominator": 2, "percent": 50.0}
    values = summarise(random_cohort(1, seed=1))
    assert len(values) == 2 + 4 * 30 + 2 * len(SymptomGroup)
    assert any(value == dict.fromkeys(value) | {"n": 0} for value in values.values() if "effect" in value)
