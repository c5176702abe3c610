"""Each rule between columns and tables is broken once, in a cohort that breaks none."""

from itertools import product

import pandas as pd
import pytest

from analysis import schema
from compendium.centre.checks import rules
from tests.case_files import cases, changed, data_lines, listed, texts, typed
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


@pytest.mark.parametrize(("changes", "place", "allowed"), cases("broken_rules.txt"))
def test_a_broken_rule_is_reported_where_it_is_broken(changes, place, allowed):
    found = broken(changes)
    told = [text for where, text in zip(listed(found), found["allowed"], strict=True) if where == place]
    assert any(allowed in text for text in told), found.to_string()


# Equal values are allowed, and so is an event after a course that was stopped.
@pytest.mark.parametrize("changes", data_lines("rules_just_kept.txt"))
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
