import json
from collections import Counter
from dataclasses import replace
from fractions import Fraction
from itertools import product
from math import nan

import numpy as np
import pandas as pd
import pytest
from scipy.stats import rankdata

from analysis.cohort import restrict
from analysis.criteria import PAPER, Criteria
from analysis.schema import symptom_list
from analysis.symptoms import CHANGES, summarise, symptom_profile
from analysis.vocabulary import Population, SymptomGroup
from tests.cohorts import cohort_with, random_cohort

COLUMNS = ["label", "group", "n", *CHANGES, "mean_score", "statistic", "n_nonzero", "p_value", "significance"]
NAMES = {1.5: "worse", 1.0: "unchanged", 0.75: "slight", 0.5: "substantial", 0.25: "dramatic", 0.0: "disappeared"}


def enumerated_p(differences):
    """Two-tailed p value of the signed-rank test by writing out every pattern of signs."""
    ranks = rankdata([abs(one) for one in differences])
    centre = sum(ranks) / 2
    observed = abs(sum(rank for rank, one in zip(ranks, differences, strict=True) if one > 0) - centre)
    sums = [
        sum(rank * sign for rank, sign in zip(ranks, signs, strict=True))
        for signs in product((0, 1), repeat=len(ranks))
    ]
    return sum(abs(one - centre) >= observed for one in sums) / len(sums)


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
    profile, grades = symptom_profile(cohort, visit), rows_by_hand(cohort, visit)
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
            assert row["p_value"] == pytest.approx(enumerated_p(changed) if changed else 1, abs=1e-12)
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


def test_alpha_and_zeros_of_the_criteria_are_used():
    six = cohort_with([[("baseline", 0.5, 0.5)]] * 6)
    assert symptom_profile(six, criteria=Criteria(alpha=0.03))["significance"].item() == "ns"
    grades = [0.75] * 7 + [1.5] * 2 + [1.0] * 3
    mixed = cohort_with([[("baseline", grade, grade)] for grade in grades])
    statistics = [
        symptom_profile(mixed, criteria=Criteria(zeros=zeros))["statistic"].item() for zeros in ("drop", "pratt")
    ]
    # Ranks of 7 quarters and 2 halves: 4 each and 8.5 each; after Pratt the three zeros come first, so 3 more each.
    assert statistics == [28, 49]


def test_a_symptom_that_appeared_under_therapy_is_not_tested():
    profile = symptom_profile(cohort_with([[("baseline", 0.5, 0.5), ("on_therapy", nan, nan)]]))
    assert profile.index.tolist() == ["anaphylaxis"]


def test_grades_missing_at_last_follow_up():
    cohort = cohort_with([[("baseline", 0.25, nan)], [("baseline", 0.5, 0.5)], [("baseline", 0.0, 0.0)]])
    means = {}
    for rule in ("carry_forward", "drop", "no_response"):
        row = symptom_profile(cohort, "last", Criteria(missing_last=rule)).iloc[0]
        means[rule] = (row["n"], row["mean_score"])
    assert means == {"carry_forward": (3, 0.25), "drop": (2, 0.25), "no_response": (3, 0.5)}


def test_a_symptom_without_any_grade_stays_in_the_profile():
    cohort = cohort_with([[("baseline", 0.25, nan)]])
    row = symptom_profile(cohort, "last", Criteria(missing_last="drop")).iloc[0]
    assert (row["n"], row["p_value"], row["significance"]) == (0, 1.0, "ns")
    assert np.isnan(row["mean_score"])


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


def test_only_improvement_counts_as_significant_in_a_group():
    worse = summarise(cohort_with([[("baseline", 1.5, 1.5), ("baseline", 0.5, 0.5)]] * 6))
    assert worse["symptoms.score.anaphylaxis"]["significance"] == "*"
    assert worse["symptoms.group_significant.general_vasomotor"] == {"n": 1, "denominator": 2, "percent": 50.0}


@pytest.mark.parametrize("population", Population)
def test_values_have_the_same_names_for_every_cohort(population):
    names = set(summarise(restrict(random_cohort(80, seed=2), population)))
    assert names == set(summarise(random_cohort(1, seed=1)))
    assert len(names) == 1 + 4 * 30 + 2 * len(SymptomGroup)


def test_values_can_be_stored():
    values = summarise(random_cohort(1, seed=1), PAPER)
    assert json.loads(json.dumps(values, allow_nan=False)) == values
    assert {"n": 0, "mean": None, "p_value": None, "significance": None} in values.values()


def test_the_order_of_rows_does_not_matter():
    cohort = random_cohort(50, seed=3)
    profile = symptom_profile(cohort)
    sorted_cohort = replace(cohort, symptoms=cohort.symptoms.sort_values("grade_best"))
    pd.testing.assert_frame_equal(symptom_profile(sorted_cohort), profile)
