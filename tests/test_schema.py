import json

import numpy as np
import pandas as pd
import pandera.errors
import pytest

from analysis import schema, vocabulary
from compendium.centre.checks.table_schema import table_schema
from tests.case_files import escaped_lines
from tests.cohorts import random_tables
from tests.places import COHORT

COLUMNS = {"screening": 5, "patients": 31, "symptoms": 6, "courses": 17, "laboratory": 6, "adverse_events": 7}
COLUMNS |= {"visits": 5}  # of other centres only
TYPES = {"identifier", "text", "category", "integer", "number", "grade", "score", "month"}
TABLES = random_tables(40, seed=1)


def as_strings(frame):
    return frame.astype("str").where(frame.notna(), None)


def refused(table, column, value):
    """Check one value in the first row of a table and give what the schema says is allowed, or None if it is."""
    frame = as_strings(TABLES[table]).head(1)
    try:
        table_schema(table).validate(frame.assign(**{column: pd.Series([value], dtype="str")}), lazy=True)
    except pandera.errors.SchemaErrors as errors:
        cases = errors.failure_cases
        assert (cases["column"] == column).all()
        return schema.describe_allowed(schema.columns_of(table).loc[column])
    return None


def test_the_contract_has_every_table_once():
    contract = schema.contract()
    assert contract.groupby("table", sort=False).size().to_dict() == COLUMNS
    assert tuple(COLUMNS) == (*schema.TABLES, "visits")
    assert not contract.duplicated(["table", "column"]).any()
    assert set(contract["type"]) == TYPES
    assert contract["missing"].isin(["yes", "no"]).all()
    assert (contract["meaning"] != "").all() and (contract["minimum"] <= contract["maximum"]).all()
    for table, key in schema.KEYS.items():
        assert (schema.columns_of(table).loc[key, "missing"] == "no").all()


def test_symptoms_and_grades_are_those_of_the_manuscript():
    symptoms = schema.symptom_list()
    assert symptoms["group"].is_monotonic_increasing and set(symptoms["group"]) == set(vocabulary.SymptomGroup)
    assert symptoms.index.is_unique and symptoms["label"].is_unique
    general = symptoms.index[symptoms["group"] == "general_vasomotor"]
    assert list(general) == ["anaphylaxis", "malaise", "palpitations"]  # L250
    assert vocabulary.GRADES == (1.5, 1, 0.75, 0.5, 0.25, 0)  # L202-L207
    assert tuple(vocabulary.GRADE_LABELS) == vocabulary.GRADES


def test_every_term_has_its_label_in_order():
    for labels, terms in (
        (vocabulary.POPULATION_LABELS, vocabulary.Population),
        (vocabulary.POPULATION_DIAGNOSES, vocabulary.Population),
        (vocabulary.RESPONSE_LABELS, vocabulary.Response),
        (vocabulary.FOLLOW_UP_STATUS_LABELS, vocabulary.FollowUpStatus),
        (vocabulary.STOP_REASON_LABELS, vocabulary.StopReason),
        (vocabulary.ANALYTE_LABELS, vocabulary.Analyte),
        (vocabulary.ANALYTE_UNITS, vocabulary.Analyte),
        (vocabulary.SYMPTOM_GROUP_LABELS, vocabulary.SymptomGroup),
    ):
        assert list(labels) == list(terms)


# Table, column, and between bars values of which all are refused, with what is allowed, or all are allowed; (empty) is
# a missing cell.
@pytest.mark.parametrize("line", escaped_lines("allowed_values.txt"))
def test_what_is_allowed_and_what_is_not(line):
    place, _, told = line.partition(": ")
    values, _, allowed = told.partition(" -> ")
    for value in values.split("|"):
        assert refused(*place.split(), None if value == "(empty)" else value) == (allowed or None), value


def test_types_of_a_checked_table():
    tables = random_tables(5, seed=2)
    for table, frame in tables.items():
        again = schema.with_types(table, as_strings(frame)[frame.columns[::-1]])
        pd.testing.assert_frame_equal(again, frame)
    assert tables["patients"]["age_at_diagnosis_years"].dtype == np.int64
    assert list(tables["symptoms"]["symptom"].cat.categories) == list(schema.symptom_list().index)
    reasons = [*vocabulary.StopReason, "remission", "death", "own_wish", "cost", "other"]
    assert list(tables["courses"]["stop_reason"].cat.categories) == reasons


def test_the_shipped_cohort_is_described_as_the_contract_says():
    shipped = json.loads((COHORT / "datapackage.json").read_text(encoding="utf-8"))
    assert schema.data_package(shipped["name"], reconstructed=True).items() <= shipped.items()
