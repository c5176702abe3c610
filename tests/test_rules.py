"""Each rule between columns and tables is broken once, in a cohort of three patients that breaks none."""

import pandas as pd
import pytest

from analysis import schema
from compendium.centre.checks import rules
from tests.cohorts import random_tables

SCREENING = """patient_id,centre_id,recommendation_month,screening,exclusion_reason
A,C1,2015-01,included,
B,C1,2015-02,included,
C,C2,2015-03,included,
D,C2,2015-04,excluded,SM_AHN
"""
SYMPTOMS = """patient_id,symptom,onset,grade_best,grade_last,months_to_first_improvement
A,flush,baseline,0.25,0.25,1
A,headache,baseline,0.5,,2
B,flush,baseline,0.5,1,2
C,nausea,baseline,1,1,
C,anxiety,on_therapy,,,
"""
COURSES = """patient_id,start_month,start_dose_mg,start_interval_weeks,duration_months,ongoing,stop_reason,\
months_to_first_response,months_to_best_response,escalation_month,escalated_dose_mg,score_before_escalation,\
score_after_escalation,weekly_month,score_before_weekly,score_after_weekly
A,2015-03,150,2,12,yes,,2,6,3,300,1.5,0.75,,,
B,2015-03,150,2,4,no,intolerance,1,2,,,,,3,1,0.5
C,2015-04,150,2,3,no,lack_of_efficacy,,,,,,,,,
"""
LABORATORY = """patient_id,analyte,time_point,months_on_therapy,value,unit
A,tryptase,before,,20.5,ng/mL
A,tryptase,on_therapy,3,21,ng/mL
A,total_ige,before,,120,UI/mL
"""
EVENTS = """patient_id,term,severity,flare,onset_months,led_to_stop,detail
A,fatigue,mild,no,2,no,
B,malaise,severe,yes,4,yes,
A,nausea,mild,no,2,no,
"""
PATIENTS = {
    "patient_id": ["A", "B", "C"],
    "sex": ["F", "M", "F"],
    "diagnosis": ["ISM", "MMAS", "idiopathic_MCAS"],
    "age_at_diagnosis_years": ["30", "40", "50"],
    "age_at_treatment_years": ["33", "40", "52"],
    "diagnosis_to_treatment_months": ["40", "2", "24"],
    "kit_d816v": ["positive", "positive", "not_evaluated"],
}


def read(text):
    rows = [line.split(",") for line in text.strip().split("\n")]
    return pd.DataFrame(rows[1:], columns=rows[0], dtype="str").replace("", None)


@pytest.fixture
def strings():
    columns = schema.columns_of("patients")
    rest = columns.index.difference(list(PATIENTS))
    filled = PATIENTS | {name: ["no" if columns.at[name, "allowed"] == "YesNo" else "negative"] * 3 for name in rest}
    texts = {"screening": SCREENING, "symptoms": SYMPTOMS, "courses": COURSES}
    texts |= {"laboratory": LABORATORY, "adverse_events": EVENTS}
    return {"patients": pd.DataFrame(filled, dtype="str")} | {table: read(text) for table, text in texts.items()}


def typed(strings):
    return {table: schema.with_types(table, strings[table]) for table in schema.TABLES}


def test_no_rule_is_broken(strings):
    found = rules.broken_rules(typed(strings))
    assert list(found.columns) == ["file", "row", "column", "value", "allowed", "nearest"]
    assert found.empty


# The change (table, line, column, new value), and where it is reported (table, line, column, value, allowed).
BROKEN = [
    (("screening", 5, "patient_id", "C"), ("screening", 5, "patient_id", "C", "one row for each patient_id")),
    (
        ("symptoms", 3, "symptom", "flush"),
        ("symptoms", 3, "symptom", "flush", "one row for each patient_id and symptom"),
    ),
    (("laboratory", 4, "patient_id", "Z"), ("laboratory", 4, "patient_id", "Z", "a patient_id of the table patients")),
    (
        ("adverse_events", 3, "patient_id", "Z"),
        ("adverse_events", 3, "patient_id", "Z", "a patient_id of the table patients"),
    ),
    (("symptoms", 2, "patient_id", "Z"), ("symptoms", 2, "patient_id", "Z", "a patient_id of the table patients")),
    (("courses", 4, "patient_id", "Z"), ("courses", 4, "patient_id", "Z", "a patient_id of the table patients")),
    (
        ("courses", 4, "patient_id", "Z"),
        ("patients", 4, "patient_id", "C", "a patient with a row in the table courses"),
    ),
    (("courses", 4, "patient_id", "A"), ("courses", 4, "patient_id", "A", "one row for each patient_id")),
    (
        ("screening", 4, "screening", "excluded"),
        ("patients", 4, "patient_id", "C", "screening includes; it excludes this one"),
    ),
    (("screening", 4, "screening", "excluded"), ("screening", 4, "exclusion_reason", "", "a reason, since")),
    (("screening", 2, "exclusion_reason", "SM_AHN"), ("screening", 2, "exclusion_reason", "SM_AHN", "empty otherwise")),
    (
        ("screening", 5, "screening", "included"),
        ("screening", 5, "patient_id", "D", "a row in the table patients, since it was included"),
    ),
    (("symptoms", 4, "onset", "on_therapy"), ("patients", 3, "patient_id", "B", "at least one baseline symptom")),
    (("symptoms", 4, "onset", "on_therapy"), ("symptoms", 4, "grade_best", "0.5", "empty for a symptom that appeared")),
    (("symptoms", 6, "grade_last", "1"), ("symptoms", 6, "grade_last", "1", "empty for a symptom that appeared")),
    (("symptoms", 3, "grade_best", None), ("symptoms", 3, "grade_best", "", "a grade for a symptom")),
    (
        ("symptoms", 4, "months_to_first_improvement", "4.5"),
        ("symptoms", 4, "months_to_first_improvement", "4.5", "at most the duration of the course"),
    ),
    (
        ("patients", 2, "age_at_treatment_years", "29"),
        ("patients", 2, "age_at_treatment_years", "29", "at least the age at diagnosis"),
    ),
    (
        ("patients", 2, "diagnosis_to_treatment_months", "48"),
        ("patients", 2, "diagnosis_to_treatment_months", "48", "within a year"),
    ),
    (
        ("patients", 2, "diagnosis_to_treatment_months", "24"),
        ("patients", 2, "diagnosis_to_treatment_months", "24", "within a year"),
    ),
    (
        ("patients", 3, "kit_d816v", "negative"),
        ("patients", 3, "kit_d816v", "negative", "positive in a patient with MMAS"),
    ),
    (("courses", 2, "stop_reason", "intolerance"), ("courses", 2, "stop_reason", "intolerance", "empty if therapy")),
    (("courses", 4, "stop_reason", None), ("courses", 4, "stop_reason", "", "a reason, since")),
    (
        ("courses", 2, "months_to_best_response", None),
        ("courses", 2, "months_to_best_response", "", "given together with months_to_first_response"),
    ),
    (
        ("courses", 2, "months_to_best_response", "1.5"),
        ("courses", 2, "months_to_best_response", "1.5", "at least the months to first response"),
    ),
    (
        ("courses", 3, "months_to_best_response", "5"),
        ("courses", 3, "months_to_best_response", "5", "at most the duration of the course"),
    ),
    (("courses", 2, "escalation_month", "13"), ("courses", 2, "escalation_month", "13", "at most the duration")),
    (("courses", 3, "weekly_month", "5"), ("courses", 3, "weekly_month", "5", "at most the duration")),
    (
        ("courses", 2, "escalated_dose_mg", None),
        ("courses", 2, "escalated_dose_mg", "", "together with escalation_month"),
    ),
    (
        ("courses", 4, "score_after_escalation", "1"),
        (
            "courses",
            4,
            "escalation_month",
            "",
            "given together with escalated_dose_mg, score_before_escalation, score_",
        ),
    ),
    (("courses", 3, "score_before_weekly", None), ("courses", 3, "score_before_weekly", "", "weekly_month")),
    (("courses", 3, "stop_reason", "pregnancy_intent"), ("courses", 3, "stop_reason", "pregnancy_intent", "in a man")),
    (
        ("courses", 3, "stop_reason", "loss_of_response"),
        ("adverse_events", 3, "led_to_stop", "yes", "no, unless the course was stopped for intolerance"),
    ),
    (("laboratory", 4, "unit", "ng/mL"), ("laboratory", 4, "unit", "ng/mL", "UI/mL for total_ige")),
    (("laboratory", 3, "months_on_therapy", None), ("laboratory", 3, "months_on_therapy", "", "a number of months")),
    (("laboratory", 2, "months_on_therapy", "1"), ("laboratory", 2, "months_on_therapy", "1", "empty otherwise")),
    (("laboratory", 2, "time_point", "on_therapy"), ("laboratory", 3, "time_point", "on_therapy", "one row for each")),
    (
        ("adverse_events", 3, "onset_months", "4.5"),
        ("adverse_events", 3, "onset_months", "4.5", "at most the duration"),
    ),
    (
        ("adverse_events", 4, "term", "fatigue"),
        ("adverse_events", 4, "term", "fatigue", "one row for each patient_id and"),
    ),
    (("courses", 3, "months_to_first_response", "5"), ("courses", 3, "months_to_first_response", "5", "at most the")),
    (
        ("courses", 2, "score_before_escalation", None),
        ("courses", 2, "score_before_escalation", "", "escalation_month"),
    ),
    (("courses", 3, "score_after_weekly", None), ("courses", 3, "score_after_weekly", "", "weekly_month")),
    (("symptoms", 3, "symptom", "flush"), ("symptoms", 3, "symptom", "flush", "row 2 is the same")),
    (("symptoms", 6, "patient_id", "D"), ("symptoms", 6, "patient_id", "D", "a patient_id of the table patients")),
    (("patients", 4, "patient_id", "Z"), ("patients", 4, "patient_id", "Z", "a patient that the table screening")),
    (("patients", 4, "bone_marrow_kit_d816v", "positive"), ("patients", 4, "kit_d816v", "not_evaluated", "positive")),
    (("patients", 4, "skin_kit_d816v", "positive"), ("patients", 4, "kit_d816v", "not_evaluated", "positive, since")),
    (
        ("patients", 2, "bone_marrow_involved", "positive"),
        ("patients", 2, "bone_marrow_involved", "positive", "all are"),
    ),
    (("adverse_events", 2, "led_to_stop", "yes"), ("adverse_events", 2, "led_to_stop", "yes", "no, unless the course")),
    (("courses", 4, "start_month", "2015-02"), ("courses", 4, "start_month", "2015-02", "recommendation_month")),
    (
        ("courses", 4, "stop_reason", "loss_of_response"),
        ("courses", 4, "months_to_first_response", "", "ended with a loss of response"),
    ),
    (("adverse_events", 2, "onset_months", "12.5"), ("adverse_events", 2, "onset_months", "12.5", "at most the")),
    (
        ("courses", 2, "score_after_escalation", None),
        ("courses", 2, "score_after_escalation", "", "given together with escalation_month"),
    ),
    *[
        (("patients", 2, finding, "positive"), ("patients", 2, organ, "negative", f"positive, since one of {first}"))
        for organ, first, findings in (
            ("skin_involved", "skin_m", ("skin_maculopapular", "skin_histology", "skin_kit_d816v")),
            ("bone_marrow_involved", "bone_marrow_h", ("bone_marrow_histology", "bone_marrow_cytology")),
            ("bone_marrow_involved", "bone_marrow_h", ("bone_marrow_phenotype", "bone_marrow_kit_d816v")),
        )
        for finding in findings
    ],
]


@pytest.mark.parametrize(("change", "expected"), BROKEN)
def test_a_broken_rule_is_reported_where_it_is_broken(strings, change, expected):
    table, line, column, value = change
    strings[table].loc[line - 2, column] = value
    found = rules.broken_rules(typed(strings))
    where = (f"{expected[0]}.csv", *expected[1:4])
    told = {tuple(row[:4]): row[4] for row in found.itertuples(index=False)}
    assert where in told, told
    assert expected[4] in told[where]


# Equal values are allowed, and so is an event after a course that was stopped.
KEPT = [
    ("patients", 2, "diagnosis_to_treatment_months", "25"),
    ("patients", 2, "diagnosis_to_treatment_months", "47"),
    ("patients", 2, "skin_involved", "positive"),
    ("symptoms", 4, "months_to_first_improvement", "4"),
    ("symptoms", 2, "grade_last", None),
    ("courses", 2, "months_to_first_response", "6"),
    ("courses", 2, "months_to_best_response", "12"),
    ("courses", 2, "escalation_month", "12"),
    ("courses", 3, "weekly_month", "4"),
    ("courses", 4, "start_month", "2015-03"),
    ("courses", 4, "stop_reason", "pregnancy_intent"),
    ("courses", 3, "start_month", "2016-01"),
    ("adverse_events", 2, "onset_months", "12"),
    ("adverse_events", 2, "patient_id", "C"),
    ("adverse_events", 3, "led_to_stop", "no"),
]


@pytest.mark.parametrize("change", KEPT)
def test_what_is_just_allowed(strings, change):
    table, line, column, value = change
    strings[table].loc[line - 2, column] = value
    assert rules.broken_rules(typed(strings)).empty


def test_an_event_after_the_end_is_an_error_if_therapy_goes_on_or_the_event_ended_it(strings):
    strings["adverse_events"]["onset_months"] = "99"
    strings["adverse_events"].loc[2, "patient_id"] = "C"
    found = rules.broken_rules(typed(strings))
    assert found[["row", "column"]].to_numpy().tolist() == [[2, "onset_months"], [3, "onset_months"]]


@pytest.mark.parametrize(
    ("involved", "findings", "broken"),
    [
        ("not_evaluated", ["positive", "not_evaluated", "negative", "negative"], True),
        ("negative", ["not_evaluated", "not_evaluated", "not_evaluated", "positive"], True),
        ("positive", ["negative", "negative", "negative", "negative"], True),
        ("positive", ["negative", "positive", "negative", "not_evaluated"], False),
        ("positive", ["negative", "not_evaluated", "negative", "negative"], False),
        ("not_evaluated", ["not_evaluated"] * 4, False),
    ],
)
def test_the_bone_marrow_is_involved_by_one_of_its_findings(strings, involved, findings, broken):
    # Patient A has the mutation, so that its place in the marrow is free.
    strings["patients"].loc[0, ["bone_marrow_involved", *rules.BONE_MARROW]] = [involved, *findings]
    found = rules.broken_rules(typed(strings))
    expected = [[2, "bone_marrow_involved", involved]] if broken else []
    assert found[["row", "column", "value"]].to_numpy().tolist() == expected


def test_each_repeated_row_says_which_row_it_repeats(strings):
    strings["laboratory"] = pd.concat([strings["laboratory"]] * 3).set_axis([0, 1, 2, 4, 5, 6, 7, 8, 9])
    found = rules.broken_rules(typed(strings))
    assert found["row"].tolist() == [6, 7, 8, 9, 10, 11]
    assert [text.split("; ")[1] for text in found["allowed"]] == [f"row {row} is the same" for row in [2, 3, 4] * 2]


def test_a_patient_screened_twice_is_reported_for_that_only(strings):
    strings["screening"].loc[3, "patient_id"] = "C"
    found = rules.broken_rules(typed(strings))
    assert found[["file", "row", "value"]].to_numpy().tolist() == [["screening.csv", 5, "C"]]


def test_the_first_of_two_courses_is_the_one_that_symptoms_are_compared_with(strings):
    strings["courses"].loc[2, "patient_id"] = "A"
    strings["symptoms"].loc[0, "months_to_first_improvement"] = "11"
    assert "symptoms.csv" not in rules.broken_rules(typed(strings))["file"].to_list()


def test_a_patient_never_screened_is_reported_once(strings):
    strings["screening"] = strings["screening"].drop(index=2)
    found = rules.broken_rules(typed(strings))
    assert found[["file", "row", "column"]].to_numpy().tolist() == [["patients.csv", 4, "patient_id"]]


def test_problems_name_the_file_that_the_user_sees(strings):
    strings["courses"].loc[2, "stop_reason"] = None
    strings["symptoms"].loc[1, "grade_best"] = None
    found = rules.broken_rules(typed(strings), {"courses": "cohort.xlsx, sheet courses"})
    assert found["file"].tolist() == ["symptoms.csv", "cohort.xlsx, sheet courses"]


@pytest.mark.parametrize("table", schema.TABLES)
def test_a_table_that_is_absent_brings_no_errors(strings, table):
    tables = typed(strings)
    assert rules.broken_rules({name: frame for name, frame in tables.items() if name != table}).empty
    alone = {table: tables[table].iloc[:0]}
    assert rules.broken_rules(alone).empty
    assert rules.broken_rules({}).empty


@pytest.mark.parametrize("table", schema.TABLES)
@pytest.mark.parametrize("every", [True, False])
def test_a_missing_cell_is_an_error_of_that_cell_only(strings, table, every):
    tables = typed(strings)
    for column in tables[table]:
        for row in [slice(None)] if every else tables[table].index:
            cells = pd.Series(False, index=tables[table].index)
            cells.loc[row] = True
            damaged = tables[table].assign(**{column: tables[table][column].mask(cells)})
            found = rules.broken_rules(tables | {table: damaged})
            assert set(found["file"]) <= {f"{table}.csv"}
            assert set(found["column"]) <= {column} and set(found["value"]) <= {""}


@pytest.mark.parametrize("line", [3, 4])
def test_the_same_patient_twice(strings, line):
    table = strings["patients"]
    table.loc[line - 2, "patient_id"] = "A"
    found = rules.broken_rules(typed(strings))
    assert ["patients.csv", line, "patient_id", "A"] in found.iloc[:, :4].to_numpy().tolist()


def test_rows_keep_their_place_in_the_file(strings):
    # A blank line in the file leaves a gap in the index.
    strings["courses"] = strings["courses"].set_axis([0, 2, 7])
    strings["courses"].loc[7, "stop_reason"] = None
    found = rules.broken_rules(typed(strings))
    assert found[["file", "row", "column"]].to_numpy().tolist() == [["courses.csv", 9, "stop_reason"]]


def test_every_problem_of_a_table_is_listed(strings):
    strings["courses"]["ongoing"] = "yes"
    found = rules.broken_rules(typed(strings))
    assert found.loc[found["column"] == "stop_reason", "row"].tolist() == [3, 4]


@pytest.mark.parametrize("n", [1, 2, 60])
def test_random_cohorts_keep_the_rules(n):
    for seed in range(3):
        assert rules.broken_rules(random_tables(n, seed)).empty
