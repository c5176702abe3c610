from fractions import Fraction
from math import nan

import numpy as np
import pandas as pd
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from analysis.cohort import from_tables
from analysis.criteria import PAPER, Criteria
from analysis.response import classify, last_status, response_counts
from analysis.scoring import _BLOCK, symptom_scores, visit_grades
from tests.case_files import data_lines
from tests.cohorts import cohort_with, random_cohort, random_tables

CRITERIA = st.builds(
    Criteria,
    worsening=st.sampled_from(["total", "any"]),
    new_symptoms=st.sampled_from(["rule_out", "count", "ignore"]),
    major_above_percent=st.sampled_from([50, 40]),
    partial_from_percent=st.sampled_from([10, 25]),
)
GRADES = st.sampled_from([1.5, 1.0, 0.75, 0.5, 0.25, 0.0])


def by_hand(grades, new, criteria):
    """Classify one patient as L210-L216 say, with fractions."""
    total = sum(map(Fraction, grades)) + (new if criteria.new_symptoms == "count" else 0)
    decrease = (len(grades) - total) / Fraction(len(grades))
    if (new and criteria.new_symptoms == "rule_out") or (criteria.worsening == "any" and 1.5 in grades):
        return "NR"
    if total == 0:
        return "CR"
    if decrease > Fraction(criteria.major_above_percent, 100):
        return "MR"
    return "PR" if decrease >= Fraction(criteria.partial_from_percent, 100) else "NR"


def scored(grades, new=0):
    row = {"symptoms": len(grades), "quarters": int(4 * sum(grades)), "worsened": grades.count(1.5), "new": new}
    return pd.DataFrame([row])


@settings(max_examples=80)
@given(grades=st.lists(GRADES, min_size=1, max_size=25), new=st.integers(0, 2), criteria=CRITERIA)
@example(grades=[0.5], new=0, criteria=PAPER)  # 50 % exactly
@example(grades=[0.75] * 2 + [1.0] * 3, new=0, criteria=PAPER)  # 10 % exactly
@example(grades=[0.0] * 10 + [0.25], new=0, criteria=PAPER)  # not all resolved
@example(grades=[1.5] * 3 + [1.0] * 10 + [0.25] * 2, new=0, criteria=PAPER)  # no change of the total
def test_classes_are_those_found_by_hand(grades, new, criteria):
    assert classify(scored(grades, new), criteria).tolist() == [by_hand(grades, new, criteria)]


def test_open_rules_decide():
    worse, new = scored([1.5] + [0.0] * 10), scored([0.0, 0.0], new=1)
    assert classify(worse, Criteria(worsening="any")).item() == "NR"
    assert classify(new).item() == "NR"
    assert classify(new, Criteria(new_symptoms="ignore")).item() == "CR"
    assert classify(new, Criteria(new_symptoms="count")).item() == "PR"  # 1 left of 2: 50 % exactly
    # No symptom scored is no response.
    cohort = cohort_with([[("baseline", 0.0, nan)]], ongoing=["yes"], stop_reason=[None])
    drop = Criteria(missing_last="drop")
    assert classify(symptom_scores(cohort, "last", drop), drop).tolist() == ["NR"]
    assert last_status(cohort, drop).tolist() == ["loss_of_response"]
    assert last_status(cohort).tolist() == ["CR"]
    cohort = cohort_with([[("baseline", 1.0, 1.0)]] * 3, ongoing=["no"] * 3, stop_reason=["lack_of_efficacy"] * 3)
    counts = response_counts(cohort)["all"]
    assert (counts["best.orr"], counts["best.nr"], counts["last.nr"], counts["last.loss_of_response"]) == (0, 3, 3, 0)


def test_status_at_last_follow_up():
    # Grade at best response and at last follow-up, ongoing, reason; what is expected, also if all intolerance counts.
    cases = [line.replace("-", "nan").split() for line in data_lines("last_status.txt")]
    best, last, ongoing, reason, expected, with_all = (list(column) for column in zip(*cases, strict=True))
    best, last, reason = map(float, best), map(float, last), [None if one == "nan" else one for one in reason]
    symptoms = [[("baseline", *grades)] for grades in zip(best, last, strict=True)]
    cohort = cohort_with(symptoms, ongoing=ongoing, stop_reason=reason)
    assert last_status(cohort).tolist() == expected
    assert last_status(cohort, Criteria(intolerance="all")).tolist() == with_all
    assert last_status(cohort).index.equals(cohort.patients.index)


# A missing grade stays what it was, leaves the score, or is that of no response; a best one always leaves it.
@pytest.mark.parametrize(("rule", "symptoms", "quarters"), [
    ("carry_forward", 3, 2 + 6 + 1), ("drop", 2, 6 + 1), ("no_response", 3, 4 + 6 + 1),
])  # fmt: skip
def test_missing_grades_by_hand(rule, symptoms, quarters):
    patient = [("baseline", 0.5, nan), ("on_therapy", nan, nan), ("baseline", 1.0, 1.5), ("baseline", 0.0, 0.25)]
    cohort, criteria = (
        cohort_with([patient, [("baseline", 0.5, 0.5), ("baseline", nan, 0.5)]]),
        Criteria(missing_last=rule),
    )
    scores = symptom_scores(cohort, "last", criteria)
    assert scores.index.equals(cohort.patients.index) and (scores.dtypes == np.int64).all()
    expected = {"symptoms": symptoms, "quarters": quarters, "worsened": 1, "new": 1, "missing": 1}
    assert scores.iloc[0].to_dict() == expected
    best = symptom_scores(cohort, "best", criteria)
    assert best.iloc[1].to_dict() == {"symptoms": 1, "quarters": 2, "worsened": 0, "new": 0, "missing": 1}


def test_the_order_of_rows_does_not_matter_and_the_cohort_is_left_as_it_was():
    tables = random_tables(300, seed=4)
    shuffled = tables | {"symptoms": tables["symptoms"].sample(frac=1, random_state=1)}
    for visit in ("best", "last"):
        one, other = (symptom_scores(from_tables(some), visit) for some in (tables, shuffled))
        pd.testing.assert_frame_equal(one, other)
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
