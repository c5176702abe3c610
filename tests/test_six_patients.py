"""Patients, follow-up, changes of dose and adverse events of six patients, counted by eye."""

from dataclasses import replace

import pytest

from analysis import dosing, followup, patients, safety
from analysis.criteria import Criteria
from tests.cohorts import random_cohort
from tests.small_cohort import check_counts, check_spreads, small_cohort


def changed(table, rows, **columns):
    """Give the six patients with other values in some rows of a table."""
    cohort = small_cohort()
    frame = getattr(cohort, table).copy()
    for column, value in columns.items():
        frame.loc[rows, column] = value
    return replace(cohort, **{table: frame})


def test_values_of_patients():
    """The values of follow-up, doses and events are held against the second derivation in `test_double_derivation`."""
    values = patients.summarise(small_cohort())
    check_counts(
        values,
        "patients",
        """included.screened 6/9 excluded.screened 3/9 excluded.follow_up_or_data.screened 2/9
        excluded.not_treated.screened 2/9 excluded.insufficient_data.screened 0/9 excluded.sm_ahn.screened 1/9
        diagnosis.primary.all 4/6 diagnosis.ism.all 2/6 diagnosis.mmas.all 1/6 diagnosis.mcas.all 3/6
        diagnosis.mastocytosis.all 3/6 kit_evaluated.all 4/6 kit_positive.all 2/4 kit_evaluated.mcas 2/3
        kit_positive.mcas 1/2 kit_positive.ism 1/2 kit_positive.cm 0/0
        continued_therapy.all 3/6 symptomatic_therapy.all 4/6 cytoreductive_therapy.all 2/6""",
    )
    spreads = "age_at_diagnosis.all 6:35:10:60 age_at_treatment.all 6:45:20:65 months_from_diagnosis.all 6:30:2:444"
    check_spreads(values, "patients", spreads)
    expected = {
        "patients.screened.all": {"n": 9},
        "patients.centres.screened": {"n": 4},
        "patients.recommendation_month.screened": {"n": 9, "minimum": "2015-01", "maximum": "2017-12"},
        "patients.analysed.all": {"n": 6},
        "patients.kit_positive.cm": {"n": 0, "denominator": 0, "percent": None},
        "patients.kit_positive.all": {"n": 2, "denominator": 4, "percent": 50},
        "patients.sex_ratio.all": {"n": 2, "denominator": 4, "ratio": 0.5},
    }
    assert {name: values[name] for name in expected} == expected
    men = patients.summarise(small_cohort("MMAS"))
    assert men["patients.sex_ratio.all"] == {"n": 1, "denominator": 0, "ratio": None}


def test_flow():
    flow = patients.inclusion(small_cohort())
    counted = [":".join(filter(None, map(str, (row.step, row.category, row.n)))) for row in flow.itertuples()]
    expected = """screened:9 excluded:3 excluded:not_treated:2 excluded:lost_to_follow_up:0 excluded:insufficient_data:0
        excluded:SM_AHN:1 included:6 analysed:6 diagnosis:ISM:2 diagnosis:CM:1 diagnosis:MMAS:1
        diagnosis:idiopathic_MCAS:2 follow_up:ongoing:3 follow_up:stopped:3"""
    assert counted == expected.split()
    assert flow["label"].is_unique
    # A part of the patients keeps the screening of all.
    flow = patients.inclusion(small_cohort("primary")).set_index(["step", "category"])["n"]
    assert (flow["screened", ""], flow["included", ""], flow["analysed", ""]) == (9, 6, 4)
    assert (flow["diagnosis", "idiopathic_MCAS"], flow["follow_up", "ongoing"]) == (0, 2)
    assert patients.inclusion(random_cohort(1, 3)).set_index("step").loc["analysed", "n"] == 1


# The responses last, from the first one, A 34, B 8, C 2, E 8 and F 4 months; from the best one 30, 2, 1, 8 and 4.
@pytest.mark.parametrize(("since", "months", "names"), [
    ("first", 3, "ABEF"), ("best", 3, "AEF"), ("first", 2, "ABCEF"), ("first", 4, "ABEF"), ("first", 4.5, "ABE"),
    ("best", 8, "AE"),
])  # fmt: skip
def test_sustained_up_to_and_including_the_limit(since, months, names):
    lasted = followup.sustained(small_cohort(), Criteria(sustained_from=since, sustained_months=months))
    assert "".join(lasted.index[lasted]) == names


def test_times_of_other_rules_and_rows():
    criteria = Criteria(first_response="any_symptom")
    first = followup.first_response_months(small_cohort(), criteria)
    assert first.dropna().to_dict() == {"A": 1, "B": 2, "C": 4, "E": 1, "F": 8}
    assert "D" in first.index
    # C: from month 4 to month 5.
    assert followup.sustained(small_cohort(), Criteria(first_response="any_symptom", sustained_months=1))["C"]
    check_spreads(followup.summarise(small_cohort(), criteria), "followup", "first_response.all 5:2:1:8")
    # A response without its time is not sustained, and a new symptom is no improvement.
    untimed = changed("courses", "A", months_to_first_response=None, months_to_best_response=None)
    assert not followup.sustained(untimed)["A"]
    assert len(followup.improvements(changed("symptoms", 0, onset="on_therapy"))) == 8
    # The medians of symptoms and of groups differ when a group has several symptoms.
    values = followup.summarise(changed("symptoms", [1, 4], symptom=["flush", "urticaria"]))
    check_spreads(values, "followup.first_improvement", "symptom_medians.other 5:5:3:6 group_medians.other 4:5:3.5:6")


def test_courses_for_drawing():
    frame = followup.course_frame(small_cohort())
    # MR: B still in PR before E, stopped; PR: F in PR before C, who lost the response.
    assert "".join(frame.index) == "ABEFCD"
    assert list(frame["best_response"]) == ["CR", "MR", "MR", "PR", "PR", "NR"]
    assert list(frame["last_status"]) == ["CR", "PR", "intolerance", "PR", "loss_of_response", "NR"]
    assert list(frame["ongoing"]) == [True, True, False, True, False, False]
    assert (frame.at["B", "escalation_month"], frame.at["E", "weekly_month"]) == (4, 2)
    assert frame.at["D", "stop_reason"] == "intolerance"
    assert list(frame["duration_months"]) == [36, 10, 9, 12, 5, 4]
    assert frame["stop_reason"].isna().tolist() == frame["ongoing"].tolist()
    # Longer courses come first, whatever the order of the files.
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


def test_changes_of_dose_under_other_rules_with_new_symptoms_and_of_nobody():
    assert "dose_mg" not in dosing.dose_changes(small_cohort(), "weekly")
    row = dosing.dose_changes(small_cohort(), "escalation", Criteria(major_above_percent=75)).loc["B"]
    assert (row["response_before"], row["response_after"]) == ("PR", "PR")
    # New symptoms do not change the class of a recorded score.
    new = changed("symptoms", 1, onset="on_therapy", patient_id="B", grade_best=None, grade_last=None)
    assert dosing.dose_changes(new, "escalation").at["B", "response_after"] == "MR"
    names = [name for name in small_cohort().courses if "escalat" in name or "weekly" in name]
    values = dosing.summarise(changed("courses", slice(None), **dict.fromkeys(names, float("nan"))))
    assert values["dosing.improved.escalated"] == {"n": 0, "denominator": 0, "percent": None}


def test_table_of_events():
    table = safety.event_table(small_cohort())
    assert " ".join(table) == "term n denominator percent mild moderate severe flare led_to_stop"
    rows = [" ".join(map(str, row)) for row in table.drop(columns="percent").to_numpy().tolist()]
    assert rows == ["bleeding 2 6 2 0 0 0 0", "fatigue 2 6 1 1 0 0 1", "flare of symptoms 1 6 0 0 1 1 1"]
    assert table["percent"].tolist() == pytest.approx([33.333333, 33.333333, 16.666667])
    cohort = random_cohort(2, 16)
    cohort = replace(cohort, adverse_events=cohort.adverse_events[:0])
    values, none = safety.summarise(cohort), safety.event_table(cohort)
    assert none.empty and none.columns.tolist() == table.columns.tolist()
    assert values["safety.patients_with_event.all"] == {"n": 0, "denominator": 2, "percent": 0}
    assert values["safety.severity.mild.events"]["percent"] is None


# The same words written differently count once per patient. Two weeks are 0.46 months; C is injected every four weeks,
# 0.92 months.
@pytest.mark.parametrize(("rows", "columns", "counts"), [
    ([0, 1], {"term": ["local rash", "local-rash"]}, "event.local_rash.all 1/6"),
    (0, {"patient_id": "D", "onset_months": 0.45}, "after_first_injection.severe_events 1/1"),
    (0, {"patient_id": "D", "onset_months": 0.47}, "after_first_injection.severe_events 0/1"),
    (0, {"patient_id": "C", "onset_months": 0.9}, "after_first_injection.severe_events 1/1"),
    (0, {"patient_id": "C", "onset_months": 0.93}, "after_first_injection.severe_events 0/1"),
])  # fmt: skip
def test_other_events(rows, columns, counts):
    check_counts(safety.summarise(changed("adverse_events", rows, **columns)), "safety", counts)
