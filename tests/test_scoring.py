from fractions import Fraction
from math import isnan, nan

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.cohort import from_tables
from analysis.criteria import Criteria
from analysis.scoring import _BLOCK, is_baseline, symptom_scores, visit_grades
from tests.cohorts import cohort_with, random_cohort, random_tables

GRADES = st.sampled_from([1.5, 1.0, 0.75, 0.5, 0.25, 0.0])
BASELINE = st.tuples(st.just("baseline"), GRADES, st.one_of(st.just(nan), GRADES))
NEW = st.just(("on_therapy", nan, nan))
PATIENT = st.builds(
    lambda first, rest: [first, *rest], BASELINE, st.lists(st.one_of(BASELINE, BASELINE, NEW), max_size=12)
)
RULES = st.sampled_from(["carry_forward", "drop", "no_response"])


def by_hand(patient, visit, missing_last):
    """Score one patient, symptom by symptom, with fractions."""
    total, counts = Fraction(0), {"symptoms": 0, "worsened": 0, "new": 0, "missing": 0}
    for onset, best, last in patient:
        if onset == "on_therapy":
            counts["new"] += 1
            continue
        grade = best if visit == "best" else last
        if isnan(grade):
            counts["missing"] += 1
            if missing_last == "drop":
                continue
            grade = best if missing_last == "carry_forward" else 1
        counts["symptoms"] += 1
        counts["worsened"] += grade > 1
        total += Fraction(grade)
    return counts | {"quarters": 4 * total}


@settings(max_examples=60, deadline=None)
@given(patients=st.lists(PATIENT, min_size=1, max_size=6), visit=st.sampled_from(["best", "last"]), rule=RULES)
def test_scores_are_those_found_patient_by_patient(patients, visit, rule):
    cohort = cohort_with(patients)
    scores = symptom_scores(cohort, visit, Criteria(missing_last=rule))
    assert scores.index.equals(cohort.patients.index)
    assert scores.to_dict("records") == [by_hand(patient, visit, rule) for patient in patients]
    assert (scores.dtypes == np.int64).all()


@pytest.mark.parametrize("rule", ["carry_forward", "drop", "no_response"])
def test_the_missing_grade_of_a_best_response_leaves_the_score(rule):
    cohort = cohort_with([[("baseline", 0.5, 0.5), ("baseline", nan, 0.5)]])
    scores = symptom_scores(cohort, "best", Criteria(missing_last=rule))
    assert scores.iloc[0].to_dict() == {"symptoms": 1, "quarters": 2, "worsened": 0, "new": 0, "missing": 1}


def test_the_order_of_rows_does_not_matter_and_the_cohort_is_left_as_it_was():
    tables = random_tables(300, seed=4)
    shuffled = tables | {"symptoms": tables["symptoms"].sample(frac=1, random_state=1)}
    for visit in ("best", "last"):
        pd.testing.assert_frame_equal(
            symptom_scores(from_tables(tables), visit), symptom_scores(from_tables(shuffled), visit)
        )
    cohort = random_cohort(40, seed=1)
    before = cohort.symptoms.copy()
    for rule in ("carry_forward", "drop", "no_response"):
        symptom_scores(cohort, "last", Criteria(missing_last=rule))
    pd.testing.assert_frame_equal(cohort.symptoms, before)
    with pytest.raises(ValueError, match="visit 'first' is unknown; allowed are best, last"):
        visit_grades(random_cohort(1, seed=1).symptoms, "first")


def test_blocks_of_rows_join_without_a_seam():
    cohort = random_cohort(8000, seed=2, symptoms_each=21)
    symptoms = cohort.symptoms
    assert len(symptoms) > 2 * _BLOCK
    scores = symptom_scores(cohort, "best")
    expected = symptoms.groupby("patient_id", observed=False)["grade_best"].sum()
    assert (scores["quarters"] == 4 * expected).all()
    assert scores.sum().loc[["symptoms", "new"]].sum() == len(symptoms)


@pytest.mark.parametrize("rule", ["carry_forward", "drop", "no_response"])
def test_a_new_symptom_never_has_a_grade(rule):
    cohort = cohort_with([[("baseline", 0.5, nan), ("on_therapy", nan, nan)]])
    grades = visit_grades(cohort.symptoms, "last", Criteria(missing_last=rule))
    np.testing.assert_array_equal(grades, [{"carry_forward": 0.5, "drop": nan, "no_response": 1}[rule], nan])


def test_new_symptoms_are_not_baseline_symptoms():
    cohort = cohort_with([[("baseline", 1.0, 1.0), ("on_therapy", nan, nan)]])
    assert is_baseline(cohort.symptoms).tolist() == [True, False]
