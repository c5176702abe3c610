"""What is shown as the nearest allowed value; each expected guess is written down by hand."""

import pandas as pd
import pytest

from analysis import schema
from compendium.centre.intake import checking
from compendium.centre.intake.checking import check_cohort
from compendium.centre.intake.suggestions import nearest_allowed
from tests.case_files import escaped_lines
from tests.cohorts import random_tables, write_cohort


# Table and column; then, between bars, each text and what was meant. Not told apart can be: 1.25, as near to 1 as to
# 1.5; 1,234, a thousand or one and a quarter; 03/04/2017, March or April; jui, June or July.
@pytest.mark.parametrize("line", escaped_lines("nearest_values.txt"))
def test_the_nearest_allowed_value(line):
    place, _, pairs = line.partition(": ")
    table, column = place.split()
    expected = dict(pair.replace("{long}", "x" * 200).split("=") for pair in pairs.split("|"))
    assert {text: nearest_allowed(text, schema.columns_of(table).loc[column]) for text in expected} == expected


def test_a_suggestion_is_right_or_there_is_none():
    """Entries in English and French with what they mean, or nothing where nobody but their author can say."""
    wrong, given, meant, entries = [], 0, 0, 0
    for line in escaped_lines("suggestions.txt"):
        place, _, pairs = line.partition(": ")
        table, name = place.split()
        column = schema.columns_of(table).loc[name]
        for pair in pairs.split("|"):
            text, _, right = pair.rpartition("=")
            found = nearest_allowed(text, column)
            found = "" if schema.refused(pd.Series([found]), column)[0] else found  # as a check shows it
            wrong += [(place, text, found, right)] if found not in ("", right) else []
            given, meant, entries = given + (found == right != ""), meant + (right != ""), entries + 1
    assert not wrong
    assert entries >= 300 and given >= 0.95 * meant


def told(tmp_path, table, column, values):
    tables = random_tables(5, seed=1)
    frame = tables[table].astype("str").where(tables[table].notna(), None)
    errors = check_cohort(write_cohort(tables | {table: frame.assign(**{column: values})}, tmp_path)).errors
    return errors.loc[errors["column"] == column, "nearest"].tolist()


def test_guesses_are_allowed_themselves_and_the_same_in_each_row(tmp_path):
    # 130.5 would be a number, but an age is whole and at most 120; blanks alone leave nothing.
    ages = ["130,5", "41,5", "41,0", "1 1", "  "]
    assert told(tmp_path, "patients", "age_at_diagnosis_years", ages) == ["", "", "41.0", "11", ""]
    assert told(tmp_path, "patients", "sex", ["W", "homme", "W", "homme", "femme"]) == ["", "M", "", "M", "F"]


def _capital(letter, bit):
    return letter.upper() if bit == "1" else letter


def test_of_very_many_different_wrong_values_only_the_first_are_guessed_about(tmp_path, monkeypatch):
    monkeypatch.setattr(checking, "MOST", 100)
    tables = random_tables(40, seed=1)
    count = len(tables["symptoms"])
    word = "headaches"  # in as many forms as capitals can give it
    forms = ["".join(map(_capital, word, f"{number:09b}")) for number in range(count)]
    wrong = tables["symptoms"].assign(symptom=forms)
    errors = check_cohort(write_cohort(tables | {"symptoms": wrong}, tmp_path)).errors
    found = errors[errors["column"] == "symptom"]
    assert len(found) == count > 200
    assert (found["nearest"].iloc[:100] == "headache").all() and (found["nearest"].iloc[100:] == "").all()
