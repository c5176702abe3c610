"""Each rule between columns and tables is broken once, in a cohort of three patients that breaks none."""

import pandas as pd
import pytest

from analysis import rules, schema
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
    assert list(found.columns) == ["file", "row", "column", "value", "allowed"]
    assert found.empty


# The change (table, line, column, new value), and where it is reported (table, line, column, value, allowed).
BROKEN = [
    (("screening", 5, "patient_id", "C"), ("screening", 5, "patient_id", "C", "one row for each patient_id")),
    (
        ("symptoms", 3, "symptom", "flush"),
        ("symptoms", 3, "symptom", "flush", "one row for each patient_id and symptom"),
    ),
    (("laboratory", 4, "patient_id", "Z"), ("laboratory", 4, "patient_id", "Z", "a patient_id of patients.csv")),
    (
        ("adverse_events", 3, "patient_id", "Z"),
        ("adverse_events", 3, "patient_id", "Z", "a patient_id of patients.csv"),
    ),
    (("symptoms", 2, "patient_id", "Z"), ("symptoms", 2, "patient_id", "Z", "a patient_id of patients.csv")),
    (("courses", 4, "patient_id", "Z"), ("courses", 4, "patient_id", "Z", "a patient_id of patients.csv")),
    (("courses", 4, "patient_id", "Z"), ("patients", 4, "patient_id", "C", "a patient with a row in courses.csv")),
    (("courses", 4, "patient_id", "A"), ("courses", 4, "patient_id", "A", "one row for each patient_id")),
    (("screening", 4, "screening", "excluded"), ("patients", 4, "patient_id", "C", "screening.csv includes")),
    (("screening", 4, "screening", "excluded"), ("screening", 4, "exclusion_reason", "", "a reason if")),
    (("screening", 2, "exclusion_reason", "SM_AHN"), ("screening", 2, "exclusion_reason", "SM_AHN", "empty otherwise")),
    (("screening", 5, "screening", "included"), ("screening", 5, "patient_id", "D", "has a row in patients.csv")),
    (("symptoms", 4, "onset", "on_therapy"), ("patients", 3, "patient_id", "B", "at least one baseline symptom")),
    (("symptoms", 4, "onset", "on_therapy"), ("symptoms", 4, "grade_best", "0.5", "empty for a symptom that appeared")),
    (("symptoms", 6, "grade_last", "1"), ("symptoms", 6, "grade_last", "1.0", "empty for a symptom that appeared")),
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
    (("courses", 4, "stop_reason", None), ("courses", 4, "stop_reason", "", "else a reason")),
    (
        ("courses", 2, "months_to_best_response", None),
        ("courses", 2, "months_to_best_response", "", "together with the first response"),
    ),
    (
        ("courses", 2, "months_to_best_response", "1.5"),
        ("courses", 2, "months_to_best_response", "1.5", "at least the months to first response"),
    ),
    (
        ("courses", 3, "months_to_best_response", "5"),
        ("courses", 3, "months_to_best_response", "5.0", "at most the duration of the course"),
    ),
    (("courses", 2, "escalation_month", "13"), ("courses", 2, "escalation_month", "13.0", "at most the duration")),
    (("courses", 3, "weekly_month", "5"), ("courses", 3, "weekly_month", "5.0", "at most the duration")),
    (
        ("courses", 2, "escalated_dose_mg", None),
        ("courses", 2, "escalated_dose_mg", "", "together with escalation_month"),
    ),
    (
        ("courses", 4, "score_after_escalation", "1"),
        ("courses", 4, "score_after_escalation", "1.0", "escalation_month"),
    ),
    (("courses", 3, "score_before_weekly", None), ("courses", 3, "score_before_weekly", "", "weekly_month")),
    (("courses", 3, "stop_reason", "pregnancy_intent"), ("courses", 3, "stop_reason", "pregnancy_intent", "in a man")),
    (
        ("courses", 3, "stop_reason", "loss_of_response"),
        ("adverse_events", 3, "led_to_stop", "yes", "no, unless the course was stopped for intolerance"),
    ),
    (("laboratory", 4, "unit", "ng/mL"), ("laboratory", 4, "unit", "ng/mL", "UI/mL for total_ige")),
    (("laboratory", 3, "months_on_therapy", None), ("laboratory", 3, "months_on_therapy", "", "a number of months")),
    (("laboratory", 2, "months_on_therapy", "1"), ("laboratory", 2, "months_on_therapy", "1.0", "empty otherwise")),
    (("laboratory", 2, "time_point", "on_therapy"), ("laboratory", 3, "time_point", "on_therapy", "one row for each")),
    (
        ("adverse_events", 3, "onset_months", "4.5"),
        ("adverse_events", 3, "onset_months", "4.5", "at most the duration"),
    ),
    (
        ("adverse_events", 4, "term", "fatigue"),
        ("adverse_events", 4, "term", "fatigue", "one row for each patient_id and"),
    ),
    (("courses", 3, "months_to_first_response", "5"), ("courses", 3, "months_to_first_response", "5.0", "at most the")),
    (
        ("courses", 2, "score_before_escalation", None),
        ("courses", 2, "score_before_escalation", "", "escalation_month"),
    ),
    (("courses", 3, "score_after_weekly", None), ("courses", 3, "score_after_weekly", "", "weekly_month")),
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
