from dataclasses import replace

import pytest

from analysis import followup
from analysis.criteria import Criteria
from tests.cohorts import random_cohort
from tests.small_cohort import check_counts, check_spreads, small_cohort


def test_values_of_six_patients():
    check_spreads(
        followup.summarise(small_cohort()),
        "followup",
        # Medians of symptoms: pruritus 3.5, fatigue 6, headache 5, diarrhoea 5; each group has one of them.
        """first_response.all 5:2:1:8 first_response.responders 5:2:1:8
        best_response.all 5:6:1:8 best_response.responders 5:6:1:8
        first_improvement.general_vasomotor 3:1:1:2 first_improvement.superficial_vasomotor 2:3.5:3:4
        first_improvement.urinary 0:-:-:- first_improvement.all 9:3:1:8 first_improvement.other 6:4.5:2:8
        first_improvement.symptom_medians.other 4:5:3.5:6 first_improvement.group_medians.other 4:5:3.5:6
        duration.all 6:9.5:4:36 duration.responders 5:10:5:36 duration.non_responders 1:4:4:4 duration.cr 1:36:36:36
        duration.mr 2:9.5:9:10 duration.pr 2:8.5:5:12 duration.ongoing 3:12:10:36 duration.loss_of_response 1:5:5:5""",
    )
    check_counts(
        followup.summarise(small_cohort()),
        "followup",
        """ongoing.all 3/6 stopped.all 3/6 ongoing.responders 3/5 stopped.responders 2/5 stopped.non_responders 1/1
        sustained.responders 4/5 loss_of_response.all 1/6 loss_of_response.responders 1/5
        stop.responders.loss_of_response 1/5 stop.responders.intolerance 1/5 stop.responders.pregnancy_intent 0/5
        stop.non_responders.intolerance 1/1 stop.non_responders.lack_of_efficacy 0/1""",
    )
    cohort = small_cohort()
    symptoms = cohort.symptoms.copy()
    symptoms.loc[symptoms["symptom"] == "pruritus", "symptom"] = ["flush", "urticaria"]
    values = followup.summarise(replace(cohort, symptoms=symptoms))
    check_spreads(values, "followup.first_improvement", "symptom_medians.other 5:5:3:6 group_medians.other 4:5:3.5:6")


# The responses last, from the first one, A 34, B 8, C 2, E 8 and F 4 months; from the best one 30, 2, 1, 8 and 4.
@pytest.mark.parametrize(("since", "months", "names"), [
    ("first", 3, "ABEF"), ("best", 3, "AEF"), ("first", 2, "ABCEF"), ("first", 4, "ABEF"), ("first", 4.5, "ABE"),
    ("best", 8, "AE"),
])  # fmt: skip
def test_sustained_up_to_and_including_the_limit(since, months, names):
    lasted = followup.sustained(small_cohort(), Criteria(sustained_from=since, sustained_months=months))
    assert "".join(lasted.index[lasted]) == names


def test_first_response_by_any_symptom():
    criteria = Criteria(first_response="any_symptom")
    first = followup.first_response_months(small_cohort(), criteria)
    assert first.dropna().to_dict() == {"A": 1, "B": 2, "C": 4, "E": 1, "F": 8}
    assert "D" in first.index
    # C: from month 4 to month 5.
    assert followup.sustained(small_cohort(), Criteria(first_response="any_symptom", sustained_months=1))["C"]
    check_spreads(followup.summarise(small_cohort(), criteria), "followup", "first_response.all 5:2:1:8")
    cohort = small_cohort()
    courses = cohort.courses.copy()
    courses.loc["A", ["months_to_first_response", "months_to_best_response"]] = None
    assert not followup.sustained(replace(cohort, courses=courses))["A"]
    symptoms = cohort.symptoms.copy()
    symptoms.loc[0, "onset"] = "on_therapy"
    assert len(followup.improvements(replace(cohort, symptoms=symptoms))) == 8


def test_courses_for_drawing():
    frame = followup.course_frame(small_cohort())
    # MR: B still in PR before E, stopped; PR: F in PR before C, who lost the response.
    assert "".join(frame.index) == "ABEFCD"
    assert list(frame["best_response"]) == ["CR", "MR", "MR", "PR", "PR", "NR"]
    assert list(frame["last_status"]) == ["CR", "PR", "intolerance", "PR", "loss_of_response", "NR"]
    assert list(frame["ongoing"]) == [True, True, False, True, False, False]
    assert frame.at["B", "escalation_month"] == 4
    assert frame.at["E", "weekly_month"] == 2
    assert frame.at["D", "stop_reason"] == "intolerance"
    assert list(frame["duration_months"]) == [36, 10, 9, 12, 5, 4]
    assert frame["stop_reason"].isna().tolist() == frame["ongoing"].tolist()
    cohort = random_cohort(60, 7)
    frame = followup.course_frame(cohort)
    for _, part in frame.groupby(["best_response", "last_status"], observed=True):
        assert part["duration_months"].is_monotonic_decreasing
    assert frame["best_response"].is_monotonic_increasing
    back = replace(cohort, patients=cohort.patients[::-1], courses=cohort.courses[::-1])
    ids = back.symptoms["patient_id"].cat.reorder_categories(back.patients.index)
    assert followup.course_frame(replace(back, symptoms=back.symptoms.assign(patient_id=ids))).equals(frame)
    one = random_cohort(1, 10)
    silent = replace(one, symptoms=one.symptoms.assign(grade_best=1.0))
    values = followup.summarise(silent)
    assert len(followup.course_frame(silent)) == 1
    assert values["followup.sustained.responders"] == {"n": 0, "denominator": 0, "percent": None}
    assert values["followup.duration.responders"]["median"] is None
