"""Each rule between columns and tables is broken once, in a cohort that breaks none."""

from itertools import product

import pandas as pd
import pytest

from analysis import schema
from compendium.centre.checks import rules
from tests.changed_tables import cases, changed, listed, texts, typed
from tests.cohorts import random_tables


@pytest.fixture
def strings():
    return texts()


def broken(changes, tables=None):
    return rules.broken_rules(changed(changes, tables))


def test_no_rule_is_broken():
    for tables in (changed(""), *(random_tables(n, seed) for n in (1, 2, 60) for seed in range(3))):
        found = rules.broken_rules(tables)
        assert list(found.columns) == ["file", "row", "column", "value", "allowed", "nearest"]
        assert found.empty


BROKEN = """
screening 6 patient_id=C -> one row for each patient_id; row 4 is the same
symptoms 3 symptom=flush -> one row for each patient_id and symptom; row 2 is the same
courses 4 patient_id=A -> one row for each patient_id; row 2 is the same
patients 3 patient_id=A -> one row for each patient_id; row 2 is the same
patients 4 patient_id=A -> one row for each patient_id; row 2 is the same
laboratory 3 time_point=diagnosis -> one row for each patient_id and analyte and time_point; row 2 is the same
adverse_events 4 patient_id=A; adverse_events 4 term=fatigue -> adverse_events 4 term=fatigue -> one row for each
symptoms 2 patient_id=Z -> a patient_id of the table patients
symptoms 6 patient_id=E -> a patient_id of the table patients
courses 4 patient_id=Z -> a patient_id of the table patients
laboratory 4 patient_id=Z -> a patient_id of the table patients
adverse_events 3 patient_id=Z -> a patient_id of the table patients
courses 4 patient_id=Z -> patients 4 patient_id=C -> a patient with a row in the table courses
symptoms 4 onset=on_therapy -> patients 3 patient_id=B -> at least one baseline symptom
patients 4 patient_id=Z -> a patient that the table screening includes
screening 4 screening=excluded -> patients 4 patient_id=C -> a patient that the table screening includes; it excludes
screening 4 screening=excluded -> screening 4 exclusion_reason= -> a reason, since
screening 2 exclusion_reason=SM_AHN -> empty otherwise
screening 6 screening=included -> screening 6 patient_id=E -> a row in the table patients, since it was included
symptoms 4 onset=on_therapy -> symptoms 4 grade_best=0.5 -> empty for a symptom that appeared
symptoms 6 grade_last=1 -> empty for a symptom that appeared
symptoms 3 grade_best= -> a grade for a symptom
symptoms 4 months_to_first_improvement=4.5 -> at most the duration of the course
patients 2 age_at_treatment_years=29 -> at least the age at diagnosis
patients 2 diagnosis_to_treatment_months=48 -> within a year
patients 2 diagnosis_to_treatment_months=24 -> within a year
patients 3 kit_d816v=negative -> positive in a patient with MMAS
patients 4 bone_marrow_kit_d816v=positive -> patients 4 kit_d816v=not_evaluated -> positive, since it is in
patients 4 skin_kit_d816v=positive -> patients 4 kit_d816v=not_evaluated -> positive, since it is in the skin
patients 2 skin_maculopapular=positive -> patients 2 skin_involved=negative -> positive, since one of skin_m
patients 2 skin_histology=positive -> patients 2 skin_involved=negative -> positive, since one of skin_m
patients 2 skin_kit_d816v=positive -> patients 2 skin_involved=negative -> positive, since one of skin_m
patients 4 bone_marrow_histology=positive -> patients 4 bone_marrow_involved=negative -> positive, since one of bone_ma
patients 4 bone_marrow_cytology=positive -> patients 4 bone_marrow_involved=negative -> positive, since one of bone_mar
patients 4 bone_marrow_phenotype=positive -> patients 4 bone_marrow_involved=negative -> positive, since one of bone_ma
patients 4 bone_marrow_kit_d816v=positive -> patients 4 bone_marrow_involved=negative -> positive, since one of bone_ma
courses 2 stop_reason=intolerance -> empty if therapy
courses 4 stop_reason= -> a reason, since
courses 2 months_to_best_response= -> given together with months_to_first_response
courses 2 months_to_best_response=1.5 -> at least the months to first response
courses 3 months_to_best_response=5 -> at most the duration of the course
courses 3 months_to_first_response=5 -> at most the duration of the course
courses 2 escalation_month=13 -> at most the duration
courses 3 weekly_month=5 -> at most the duration
courses 2 escalated_dose_mg= -> given together with escalation_month
courses 2 score_before_escalation= -> given together with escalation_month
courses 2 score_after_escalation= -> given together with escalation_month
courses 4 score_after_escalation=1 -> courses 4 escalation_month= -> together with escalated_dose_mg, score_before_es
courses 3 score_before_weekly= -> given together with weekly_month
courses 3 score_after_weekly= -> given together with weekly_month
courses 4 stop_reason=loss_of_response -> courses 4 months_to_first_response= -> ended with a loss of response
courses 4 start_month=2015-02 -> recommendation_month
courses 3 stop_reason=pregnancy_intent -> in a man
courses 3 stop_reason=loss_of_response -> adverse_events 3 led_to_stop=yes -> no, unless the course was stopped for int
adverse_events 2 led_to_stop=yes -> no, unless the course
adverse_events 3 onset_months=4.5 -> at most the duration
adverse_events 2 onset_months=12.5 -> at most the duration
laboratory 10 unit=ng/mL -> UI/mL for total_ige
laboratory 4 months_on_therapy= -> a number of months
laboratory 2 months_on_therapy=1 -> empty otherwise
laboratory 3 time_point=on_therapy -> laboratory 4 time_point=on_therapy -> one row for each
"""


@pytest.mark.parametrize(("changes", "place", "allowed"), cases(BROKEN))
def test_a_broken_rule_is_reported_where_it_is_broken(changes, place, allowed):
    found = broken(changes)
    told = [text for where, text in zip(listed(found), found["allowed"], strict=True) if where == place]
    assert any(allowed in text for text in told), found.to_string()


# Equal values are allowed, and so is an event after a course that was stopped.
KEPT = """
patients 2 diagnosis_to_treatment_months=25
patients 2 diagnosis_to_treatment_months=47
patients 2 skin_involved=positive
symptoms 4 months_to_first_improvement=4
symptoms 2 grade_last=
courses 2 months_to_first_response=6
courses 2 months_to_best_response=12
courses 2 escalation_month=12
courses 3 weekly_month=4
courses 4 start_month=2015-03
courses 4 stop_reason=pregnancy_intent
courses 3 start_month=2016-01
adverse_events 2 onset_months=12
adverse_events 2 patient_id=C
adverse_events 3 led_to_stop=no
adverse_events 4 onset_months=99
"""


@pytest.mark.parametrize("changes", KEPT.strip().splitlines())
def test_what_is_just_allowed(changes):
    assert broken(changes).empty


def test_an_event_after_the_end_is_an_error_if_therapy_goes_on_or_the_event_ended_it(strings):
    strings["adverse_events"]["onset_months"] = "99"
    assert listed(broken("", strings)) == [
        ("adverse_events.csv", 2, "onset_months", "99"),
        ("adverse_events.csv", 3, "onset_months", "99"),
    ]


@pytest.mark.parametrize(("involved", "findings", "expected"), [
    ("not_evaluated", ["positive", "not_evaluated", "negative", "negative"], True),
    ("negative", ["not_evaluated", "not_evaluated", "not_evaluated", "positive"], True),
    ("positive", ["negative", "negative", "negative", "negative"], True),
    ("positive", ["negative", "positive", "negative", "not_evaluated"], False),
    ("positive", ["negative", "not_evaluated", "negative", "negative"], False),
    ("not_evaluated", ["not_evaluated"] * 4, False),
])  # fmt: skip
def test_the_bone_marrow_is_involved_by_one_of_its_findings(strings, involved, findings, expected):
    # Patient A has the mutation, so that its place in the marrow is free.
    strings["patients"].loc[0, ["bone_marrow_involved", *rules.BONE_MARROW]] = [involved, *findings]
    place = ("patients.csv", 2, "bone_marrow_involved", involved)
    assert listed(broken("", strings)) == [place] * expected


def test_each_repeated_row_says_which_row_it_repeats(strings):
    strings["laboratory"] = pd.concat([strings["laboratory"][:3]] * 3).set_axis([0, 1, 2, 4, 5, 6, 7, 8, 9])
    found = broken("", strings)
    assert found["row"].tolist() == [6, 7, 8, 9, 10, 11]
    assert [text.split("; ")[1] for text in found["allowed"]] == [f"row {row} is the same" for row in [2, 3, 4] * 2]


def test_a_patient_screened_twice_or_never_or_with_two_courses_is_reported_for_that_only(strings):
    assert listed(broken("screening 6 patient_id=C")) == [("screening.csv", 6, "patient_id", "C")]
    # Symptoms are compared with the first of two courses.
    found = broken("courses 4 patient_id=A; symptoms 2 months_to_first_improvement=11")
    assert "symptoms.csv" not in set(found["file"])
    strings["screening"] = strings["screening"].drop(index=2)
    assert listed(broken("", strings)) == [("patients.csv", 4, "patient_id", "C")]


def test_problems_name_the_file_that_the_user_sees_and_the_row_of_the_file(strings):
    # A blank line in the file leaves a gap in the index.
    strings["courses"] = strings["courses"].set_axis([0, 2, 7, 9])
    tables = changed("courses 9 stop_reason=; symptoms 3 grade_best=", strings)
    found = rules.broken_rules(tables, {"courses": "cohort.xlsx, sheet courses"})
    assert listed(found) == [
        ("symptoms.csv", 3, "grade_best", ""),
        ("cohort.xlsx, sheet courses", 9, "stop_reason", ""),
    ]


def test_every_problem_of_a_table_is_listed(strings):
    strings["courses"]["ongoing"] = "yes"
    assert [row for _, row, column, _ in listed(broken("", strings)) if column == "stop_reason"] == [3, 4]


@pytest.mark.parametrize("table", schema.TABLES)
def test_a_table_that_is_absent_brings_no_errors(table):
    tables = changed("")
    assert rules.broken_rules({name: frame for name, frame in tables.items() if name != table}).empty
    assert rules.broken_rules({table: tables[table].iloc[:0]}).empty
    assert rules.broken_rules({}).empty


def several(count):
    """Give the four patients several times, each time under other names."""
    many = {}
    for table, frame in texts().items():
        many[table] = pd.concat([frame] * count, ignore_index=True)
        many[table]["patient_id"] += (many[table].index // len(frame)).astype(str)
    return typed(many)


@pytest.mark.parametrize("table", schema.TABLES)
def test_a_missing_cell_is_an_error_of_that_cell_only(table):
    tables = changed("")
    frame = tables[table]
    # Each cell is missing in one of many cohorts that are checked together; a patient missing would be so for them all.
    pairs = list(product(frame.index, list(frame)[1:]))
    many, cells = several(len(pairs)), [(number * len(frame) + row, name) for number, (row, name) in enumerate(pairs)]
    for column in list(frame)[1:]:
        rows = [place for place, name in cells if name == column]
        many[table][column] = many[table][column].mask(many[table].index.isin(rows))
    found = rules.broken_rules(many)
    assert {(file, row - 2, column, value) for file, row, column, value in listed(found)} <= {
        (f"{table}.csv", place, column, "") for place, column in cells
    }
    missing = [(frame.index, column) for column in frame] + [([row], "patient_id") for row in frame.index]
    for rows, column in missing:
        damaged = frame.assign(**{column: frame[column].mask(frame.index.isin(rows))})
        found = rules.broken_rules(tables | {table: damaged})
        assert set(found["file"]) <= {f"{table}.csv"}
        assert set(found["column"]) <= {column} and set(found["value"]) <= {""}
