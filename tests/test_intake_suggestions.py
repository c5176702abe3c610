"""What is shown as the nearest allowed value; each expected guess is written down by hand."""

import pandas as pd
import pytest

from analysis import schema
from compendium.centre.intake.checking import check_cohort
from compendium.centre.intake.suggestions import MOST, nearest_allowed
from tests.cohorts import random_tables, write_cohort


def guess(table, column, text):
    return nearest_allowed(text, schema.columns_of(table).loc[column])


@pytest.mark.parametrize(
    ("table", "column", "text", "expected"),
    [
        ("patients", "imatinib", "Oui", "yes"),
        ("patients", "imatinib", "NON", "no"),
        ("patients", "imatinib", "yes ", "yes"),
        ("patients", "imatinib", "TRUE", "yes"),
        ("patients", "imatinib", "maybe", ""),
        ("courses", "duration_months", "10\u00b2", ""),
        ("courses", "duration_months", "\uff11\uff10", "10"),
        ("patients", "sex", "Homme", "M"),
        ("patients", "sex", "H", "M"),
        ("patients", "sex", "féminin", "F"),
        ("patients", "sex", "m", "M"),
        ("patients", "kit_d816v", "Positif", "positive"),
        ("patients", "kit_d816v", "négatif", "negative"),
        ("patients", "kit_d816v", "non évalué", "not_evaluated"),
        ("patients", "kit_d816v", "ND", "not_evaluated"),
        ("patients", "kit_d816v", "#N/A", "not_evaluated"),
        ("patients", "kit_d816v", "not evaluated", "not_evaluated"),
        ("patients", "kit_d816v", "positve", "positive"),
        ("patients", "diagnosis", "ism", "ISM"),
        ("patients", "diagnosis", "idiopathic MCAS", "idiopathic_MCAS"),
        ("courses", "stop_reason", "Perdu de vue", "lost_to_follow_up"),
        ("courses", "stop_reason", "lack of efficacity", "lack_of_efficacy"),
        ("symptoms", "symptom", "Abdominal pain", "abdominal_pain"),
        ("symptoms", "symptom", "headaches", "headache"),
        ("symptoms", "symptom", "qqqqq", ""),
        ("laboratory", "analyte", "IgE totales", "total_ige"),
        ("laboratory", "unit", "IU/mL", "UI/mL"),
        ("laboratory", "unit", "µg/L", "ng/mL"),
        ("adverse_events", "severity", "Modéré", "moderate"),
        ("symptoms", "grade_best", "0.6", "0.5"),
        ("symptoms", "grade_best", "0,75", "0.75"),
        ("symptoms", "grade_best", "2", "1.5"),
        ("symptoms", "grade_best", "-1", "0"),
        ("symptoms", "grade_best", "1.25", ""),  # as near to 1 as to 1.5
        ("symptoms", "grade_best", "disappeared", "0"),
        ("symptoms", "grade_best", "No  change", "1"),
        ("courses", "score_before_weekly", "2.3", "2.25"),
        ("courses", "score_before_weekly", "-0.4", "0"),
        ("laboratory", "value", "20,5", "20.5"),
        ("laboratory", "value", "1 234,5", "1234.5"),
        ("laboratory", "value", "1\u202f234", "1234"),
        ("laboratory", "value", "1.234,5", "1234.5"),
        ("laboratory", "value", "1,234.5", "1234.5"),
        ("laboratory", "value", "1,234,567", "1234567"),
        ("laboratory", "value", "1'234.5", "1234.5"),
        ("laboratory", "value", "1,234", ""),  # a thousand or one and a quarter
        ("laboratory", "value", "0,234", "0.234"),
        ("laboratory", "value", "1.2.3,4,5", ""),
        ("laboratory", "value", "<1", ""),
        ("laboratory", "value", "１２，５", "12.5"),  # digits of full width
        ("laboratory", "value", " 12 ", "12"),
        ("courses", "start_month", "02/2017", "2017-02"),
        ("courses", "start_month", "2/2017", "2017-02"),
        ("courses", "start_month", "2017/02", "2017-02"),
        ("courses", "start_month", "2017-2", "2017-02"),
        ("courses", "start_month", "201702", "2017-02"),
        ("courses", "start_month", "2017-02-14", "2017-02"),
        ("courses", "start_month", "2017-02-14T00:00:00", "2017-02"),
        ("courses", "start_month", "14/02/2017", "2017-02"),
        ("courses", "start_month", "02/14/2017", "2017-02"),
        ("courses", "start_month", "02/02/2017", "2017-02"),
        ("courses", "start_month", "03/04/2017", ""),  # March or April
        ("courses", "start_month", "févr. 2017", "2017-02"),
        ("courses", "start_month", "Février 2017", "2017-02"),
        ("courses", "start_month", "feb-17", "2017-02"),
        ("courses", "start_month", "14 August 2017", "2017-08"),
        ("courses", "start_month", "août 2017", "2017-08"),
        ("courses", "start_month", "jui 2017", ""),  # June or July
        ("courses", "start_month", "juil-17", "2017-07"),
        ("courses", "start_month", "2017-13", ""),
        ("courses", "start_month", "42767", ""),
        ("courses", "start_month", "spring 2017", ""),
        ("patients", "patient_id", " P1\t", "P1"),
        ("adverse_events", "term", "fever ", "fever"),
        ("adverse_events", "term", "x" * 200 + " ", ""),
    ],
)
def test_the_nearest_allowed_value(table, column, text, expected):
    assert guess(table, column, text) == expected


def told(tmp_path, table, column, values):
    tables = random_tables(5, seed=1)
    frame = tables[table].astype("str").where(tables[table].notna(), None)
    frame[column] = values[: len(frame)] if isinstance(values, list) else values
    errors = check_cohort(write_cohort(tables | {table: frame}, tmp_path)).errors
    return errors.loc[errors["column"] == column, "nearest"].tolist()


def test_a_guess_that_is_not_allowed_itself_is_not_shown(tmp_path):
    # 130.5 would be a number, but an age is whole and at most 120; blanks alone leave nothing.
    ages = ["130,5", "41,5", "41,0", "1 1", "  "]
    assert told(tmp_path, "patients", "age_at_diagnosis_years", ages) == ["", "", "41.0", "11", ""]


def test_the_same_wrong_value_has_the_same_guess_in_each_row(tmp_path):
    assert told(tmp_path, "patients", "sex", ["W", "homme", "W", "homme", "femme"]) == ["", "M", "", "M", "F"]


def test_of_very_many_different_wrong_values_only_the_first_are_guessed_about(tmp_path):
    tables = random_tables(400, seed=1)
    wrong = tables["symptoms"].astype({"symptom": "str"})
    wrong["symptom"] = "hedache" + pd.Series(range(len(wrong))).astype(str)
    errors = check_cohort(write_cohort(tables | {"symptoms": wrong}, tmp_path)).errors
    found = errors[errors["column"] == "symptom"]
    assert len(found) == len(wrong)
    assert (found["nearest"].iloc[:500] == "headache").all()
    assert (found["nearest"].iloc[MOST:] == "").all()
