from dataclasses import replace

import pytest

from analysis import dosing
from analysis.criteria import Criteria
from tests.small_cohort import check_counts, check_spreads, small_cohort


def test_values_of_six_patients():
    values = dosing.summarise(small_cohort())
    check_counts(
        values,
        "dosing",
        # C starts with another interval, E with another dose. B escalates from 1.5 to 0.5 of 2, F from 1.75 to 1.5; E
        # changes to weekly injections and goes from 2 to 1 of 2.
        """start_recommended.all 4/6 escalated.all 3/6 escalated_300.escalated 2/3 escalated_600.escalated 1/3
        escalated_over_300.escalated 1/3 orr.escalated 2/3 orr.not_escalated 3/3 improved.escalated 2/3
        not_improved.escalated 1/3 reached_mr.escalated 1/3 reached_pr.escalated 0/3 improved_pr.escalated 1/3
        stopped.escalated 1/3 not_improved_and_stopped.escalated 1/3
        weekly.all 2/6 improved.weekly 1/2 not_improved.weekly 1/2 reached_mr.weekly 0/2 reached_pr.weekly 1/2
        improved_pr.weekly 0/2 stopped.weekly 2/2 not_improved_and_stopped.weekly 1/2""",
    )
    assert values["dosing.start_month.all"] == {"n": 6, "minimum": "2015-02", "maximum": "2018-01"}
    spreads = (
        "start_dose_mg.all 6:150:150:300 start_interval_weeks.all 6:2:2:4 escalated_dose_mg.escalated 3:300:300:600"
    )
    check_spreads(values, "dosing", spreads)
    escalated = dosing.dose_changes(small_cohort(), "escalation")
    assert list(escalated.index) == ["B", "D", "F"]
    assert list(escalated["dose_mg"]) == [300, 600, 300]
    assert list(escalated["month"]) == [4, 2, 6]
    weekly = dosing.dose_changes(small_cohort(), "weekly")
    assert list(weekly.index) == ["D", "E"]
    assert "dose_mg" not in weekly
    assert list(weekly["score_before"]) == [2, 2]
    assert list(weekly["score_after"]) == [2, 1]
    assert list(weekly["stopped"]) == [True, True]
    assert list(escalated["stopped"]) == [False, True, False]
    row = dosing.dose_changes(small_cohort(), "escalation", Criteria(major_above_percent=75)).loc["B"]
    assert (row["response_before"], row["response_after"]) == ("PR", "PR")
    cohort = small_cohort()
    symptoms = cohort.symptoms.copy()
    symptoms.loc[1, ["onset", "patient_id"]] = ["on_therapy", "B"]
    symptoms.loc[1, ["grade_best", "grade_last"]] = None
    row = dosing.dose_changes(replace(cohort, symptoms=symptoms), "escalation").loc["B"]
    assert row["response_after"] == "MR"
    columns = [name for name in small_cohort().courses if "escalat" in name or "weekly" in name]
    courses = small_cohort().courses.assign(**dict.fromkeys(columns, float("nan")))
    values = dosing.summarise(replace(small_cohort(), courses=courses))
    assert values["dosing.improved.escalated"] == {"n": 0, "denominator": 0, "percent": None}


# Two symptoms: 2 is no response, 1.75 and 1 (12.5 % and 50 % less) are partial, 0.75 is major, 0 complete.
@pytest.mark.parametrize(("before", "after", "effects"), [
    (1, 0.75, {"improved", "reached_mr"}), (2, 0, {"improved", "reached_mr"}), (0.75, 0.5, {"improved"}),
    (0.75, 0, {"improved"}), (1.75, 1, {"improved", "improved_pr"}), (2, 1.75, {"improved", "reached_pr"}),
    (2.5, 2, {"improved"}), (1.5, 1.5, set()), (1, 1.5, set()),
])  # fmt: skip
def test_effect_of_an_escalation(before, after, effects):
    cohort = small_cohort()
    courses = cohort.courses.copy()
    courses.loc["B", ["score_before_escalation", "score_after_escalation"]] = [before, after]
    row = dosing.dose_changes(replace(cohort, courses=courses), "escalation").loc["B"]
    names = ("improved", "reached_mr", "reached_pr", "improved_pr")
    assert {name for name in names if row[name]} == effects
