from collections import Counter
from dataclasses import replace
from fractions import Fraction
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

COLUMNS = ["label", "group", "n", *CHANGES, "mean_score", *TEST_COLUMNS]
NAMES = {1.5: "worse", 1.0: "unchanged", 0.75: "slight", 0.5: "substantial", 0.25: "dramatic", 0.0: "disappeared"}


def rows_by_hand(cohort, visit):
    """Collect the grades of each symptom row by row, the last grade carried forward."""
    grades = {}
    for row in cohort.symptoms.itertuples():
        if row.onset == "baseline":
            grade = row.grade_best if visit == "best" or np.isnan(row.grade_last) else row.grade_last
            grades.setdefault(row.symptom, []).append(grade)
    return grades


@pytest.mark.parametrize("visit", ["best", "last"])
def test_profile_is_that_found_row_by_row(visit):
    cohort = random_cohort(30, seed=7)
    profile, grades = symptom_profile(cohort, Criteria(symptoms_at=visit)), rows_by_hand(cohort, visit)
    assert list(profile.columns) == COLUMNS
    assert list(profile.index) == [name for name in symptom_list().index if name in grades]
    checked = 0
    for symptom, row in profile.iterrows():
        counts = Counter(NAMES[grade] for grade in grades[symptom])
        assert {name: row[name] for name in CHANGES} == {name: counts[name] for name in CHANGES}
        assert row["n"] == len(grades[symptom])
        assert row["mean_score"] == float(sum(map(Fraction, grades[symptom])) / len(grades[symptom]))
        changed = [1 - grade for grade in grades[symptom] if grade != 1]
        assert row["n_nonzero"] == len(changed)
        if len(changed) <= 12:
            assert row["p_value"] == pytest.approx(float(signed_rank(changed)["p_value"]), abs=1e-12)
            checked += 1
    assert checked > 10


def test_all_improved_alike():
    # Six patients with the same improvement: W+ = 21, p = 2 / 2**6; one more unchanged is dropped.
    profile = symptom_profile(cohort_with([[("baseline", 0.5, 0.5)]] * 6 + [[("baseline", 1.0, 1.0)]]))
    row = profile.iloc[0]
    assert (row["n"], row["statistic"], row["n_nonzero"], row["p_value"]) == (7, 21, 6, 2 / 64)
    assert (row["significance"], row["mean_score"], row["label"]) == ("*", (6 * 0.5 + 1) / 7, "Anaphylaxis")


@pytest.mark.parametrize(("n", "mark"), [(5, "ns"), (6, "*"), (8, "**"), (11, "***")])
def test_marks_of_the_legend(n, mark):
    # p = 2 / 2**n: 0.0625, 0.03125, 0.0078, 0.00098.
    assert symptom_profile(cohort_with([[("baseline", 0.0, 0.0)]] * n))["significance"].item() == mark


def test_every_choice_of_the_test_is_used():
    # 7 slight improvements, 2 worse, 3 unchanged: signs of ranks 4 (seven) and 8.5 (two, negative); W+ = 28 of 45.
    grades = [0.75] * 7 + [1.5] * 2 + [1.0] * 3
    cohort = cohort_with([[("baseline", grade, grade)] for grade in grades])
    row = symptom_profile(cohort).iloc[0]
    assert (row["n_zero"], row["n_tied"], row["method"]) == (3, 9, "exact")
    assert row["effect"] == pytest.approx((28 - 17) / 45)
    assert row["p_value"] == pytest.approx(float(signed_rank([0.25] * 7 + [-0.5] * 2)["p_value"]))
    one_tailed = symptom_profile(cohort, criteria=Criteria(alternative="greater")).iloc[0]["p_value"]
    assert one_tailed < row["p_value"] < 2 * one_tailed + 1e-12
    normal = symptom_profile(cohort, criteria=Criteria(distribution="asymptotic")).iloc[0]
    # Variance of W+: a quarter of 7 x 16 + 2 x 72.25; z = 5.5 / sqrt(64.125).
    assert normal["p_value"] == pytest.approx(2 * norm.sf(5.5 / 64.125**0.5))
    assert normal["method"] == "normal"
    six = cohort_with([[("baseline", 0.5, 0.5)]] * 6)
    assert symptom_profile(six, criteria=Criteria(alpha=0.03))["significance"].item() == "ns"
    grades = [0.75] * 7 + [1.5] * 2 + [1.0] * 3
    mixed = cohort_with([[("baseline", grade, grade)] for grade in grades])
    statistics = [
        symptom_profile(mixed, criteria=Criteria(zeros=zeros))["statistic"].item() for zeros in ("drop", "pratt")
    ]
    # Ranks of 7 quarters and 2 halves: 4 each and 8.5 each; after Pratt the three zeros come first, so 3 more each.
    assert statistics == [28, 49]
    five = cohort_with([[("baseline", 0.5, 0.5)]] * 5)  # p = 2 / 2**5
    marks = [
        symptom_profile(five, criteria=Criteria(alpha=0.0625, p_at_alpha=rule))["significance"].item()
        for rule in ("ns", "significant")
    ]
    assert marks == ["ns", "*"]


def test_adjusted_p_values_are_of_all_symptoms_and_the_stars_follow_the_criteria():
    cohort = random_cohort(25, seed=3)
    profile = symptom_profile(cohort)
    starred = {}
    for method, column in {"none": "p_value", "holm": "p_holm", "benjamini_hochberg": "p_benjamini_hochberg"}.items():
        expected = adjusted(profile["p_value"], method)
        assert profile[column].to_numpy() == pytest.approx(expected)
        found = symptom_profile(cohort, criteria=Criteria(adjustment=method))["significance"]
        starred[method] = (found != "ns").tolist()
        assert starred[method] == (expected < 0.05).tolist()
    assert starred["none"] != starred["holm"]


def test_new_and_missing_grades():
    profile = symptom_profile(cohort_with([[("baseline", 0.5, 0.5), ("on_therapy", nan, nan)]]))
    assert profile.index.tolist() == ["anaphylaxis"]
    cohort = cohort_with([[("baseline", 0.25, nan)], [("baseline", 0.5, 0.5)], [("baseline", 0.0, 0.0)]])
    means = {}
    for rule in ("carry_forward", "drop", "no_response"):
        row = symptom_profile(cohort, Criteria(symptoms_at="last", missing_last=rule)).iloc[0]
        means[rule] = (row["n"], row["mean_score"])
    assert means == {"carry_forward": (3, 0.25), "drop": (2, 0.25), "no_response": (3, 0.5)}
    cohort = cohort_with([[("baseline", 0.25, nan)]])
    row = symptom_profile(cohort, Criteria(symptoms_at="last", missing_last="drop")).iloc[0]
    assert row["n"] == 0
    assert row[["mean_score", "p_value", "p_holm", "significance"]].isna().all()


def test_values_of_the_text():
    cohort = random_cohort(60, seed=9)
    values = summarise(cohort)
    symptoms = cohort.symptoms[cohort.symptoms["onset"] == "baseline"]
    each = symptoms["patient_id"].value_counts()
    assert values["symptoms.per_patient.all"]["mean"] == pytest.approx(each.mean(), abs=1e-12)
    assert values["symptoms.per_patient.all"]["median"] == each.median()
    flush = symptoms.loc[symptoms["symptom"] == "flush", "grade_best"]
    assert values["symptoms.patients.flush"] == {"n": len(flush), "denominator": 60, "percent": 100 * len(flush) / 60}
    assert values["symptoms.improved.flush"]["n"] == sum(flush < 1)
    assert values["symptoms.worse.flush"]["n"] == sum(flush > 1)
    assert values["symptoms.score.flush"]["mean"] == pytest.approx(flush.mean(), abs=1e-12)
    urinary = symptoms[symptoms["symptom"].isin(["pollakiuria", "urinary_urgency"])]
    assert values["symptoms.group_improved.urinary"]["n"] == sum(urinary["grade_best"] < 1)
    assert values["symptoms.group_improved.urinary"]["denominator"] == len(urinary)
    worse = summarise(cohort_with([[("baseline", 1.5, 1.5), ("baseline", 0.5, 0.5)]] * 6))
    assert worse["symptoms.score.anaphylaxis"]["significance"] == "*"
    assert worse["symptoms.group_significant.general_vasomotor"] == {"n": 1, "denominator": 2, "percent": 50.0}
    values = summarise(random_cohort(1, seed=1))
    assert len(values) == 1 + 4 * 30 + 2 * len(SymptomGroup)
    assert any(value == dict.fromkeys(value) | {"n": 0} for value in values.values() if "effect" in value)


def test_the_order_of_rows_does_not_matter():
    cohort = random_cohort(50, seed=3)
    profile = symptom_profile(cohort)
    sorted_cohort = replace(cohort, symptoms=cohort.symptoms.sort_values("grade_best"))
    pd.testing.assert_frame_equal(symptom_profile(sorted_cohort), profile)
