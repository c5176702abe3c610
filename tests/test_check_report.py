import csv
import io
import time
from types import SimpleNamespace

import openpyxl
import pandas as pd
import pytest

from compendium.reporting import check_report
from compendium.reporting.check_report import check_files, check_lines
from tests.test_rendering import Reader

COLUMNS = ["file", "row", "column", "value", "allowed", "nearest"]
GRADES = "one of 1.5, 1, 0.75, 0.5, 0.25, 0"


def check(errors=(), warnings=(), accounts=(("symptoms.csv", 608, 2, 0, 0),)):
    return SimpleNamespace(
        errors=pd.DataFrame(list(errors), columns=COLUMNS),
        warnings=pd.DataFrame(list(warnings), columns=COLUMNS),
        accounts=pd.DataFrame(list(accounts), columns=["file", "rows", "empty_rows", "decimal_commas", "dates"]),
    )


def grade(row, value="0.7", nearest="0.75"):
    return ("symptoms.csv", row, "grade_best", value, GRADES, nearest)


def test_equal_problems_are_told_once_with_their_rows():
    lines = check_lines(
        check(
            [grade(14), ("courses.csv", 0, "", "", "the file is missing", ""), grade(18, "", "")],
            [("patients.csv", 3, "age_at_treatment_years", "9", "usually 12 or more", "")],
        )
    )
    assert lines == [
        f"error: symptoms.csv, column grade_best: {GRADES}",
        "  row 14: '0.7' (nearest allowed: '0.75')",
        "  row 18: empty",
        "error: courses.csv: the file is missing",
        "warning: patients.csv, column age_at_treatment_years: usually 12 or more",
        "  row 3: '9'",
        "3 errors, 1 warning in 608 rows. The cohort cannot be used yet.",
    ]


def test_a_good_cohort_is_said_to_be_good():
    assert check_lines(check()) == ["no errors, no warnings in 608 rows. The cohort can be used."]


def test_many_rows_and_groups_are_cut_but_counted():
    lines = check_lines(check([grade(row) for row in range(2, 2002)]))
    assert lines[1:6] == [f"  row {row}: '0.7' (nearest allowed: '0.75')" for row in range(2, 7)]
    assert lines[6:] == [
        "  ... and 1,995 rows more",
        "2,000 errors, no warnings in 608 rows. The cohort cannot be used yet.",
    ]
    groups = [("symptoms.csv", 2, f"c{n}", "x", "y", "") for n in range(45)]
    assert check_lines(check(groups))[-2] == "... and 5 groups more of errors"


def test_signs_that_a_terminal_obeys_are_not_passed_on():
    (line,) = [line for line in check_lines(check([grade(2, "\x1b[2J\x07", "")])) if "row 2" in line]
    assert "\x1b" not in line and "\x07" not in line


def test_every_problem_is_in_the_tables_and_some_of_many_on_the_page():
    found = check([grade(row) for row in range(2, 202)], [("x.csv", 0, "", "", "not read", "")])
    files = check_files(found)
    assert sorted(files) == ["check.html", "problems.csv", "problems.xlsx"]
    rows = list(csv.DictReader(io.StringIO(files["problems.csv"].decode())))
    assert [row["kind"] for row in rows] == ["error"] * 200 + ["warning"]
    assert [row["row"] for row in rows] == [str(row) for row in range(2, 202)] + ["0"]
    read = Reader(files["check.html"].decode())
    assert read.row("... and 180 more, all in problems.csv") == ["", ""]
    assert read.row("21") == ["0.7", "0.75"]
    assert read.row("symptoms.csv") == ["608", "2", "0", "0"]
    assert "201" not in read.text()


@pytest.mark.parametrize(
    "text", ["=cmd|' /C calc'!A0", "+1", "-1", "@SUM(A1)", "\t=1", "http://example.org", "<b>x</b>"]
)
def test_text_of_a_cell_stays_text_in_every_file(text):
    files = check_files(check([("symptoms.csv", 2, "symptom", text, "one of the list", text)]))
    book = openpyxl.load_workbook(io.BytesIO(files["problems.xlsx"]))
    cells = [cell for row in book["problems"].iter_rows(min_row=2) for cell in row]
    assert [cell.value for cell in cells if cell.column_letter in "EG"] == [text, text]
    assert {cell.data_type for cell in cells} == {"s", "n"}  # no formula
    assert not any(cell.hyperlink for cell in cells)
    (row,) = csv.DictReader(io.StringIO(files["problems.csv"].decode()))
    assert row["value"] == (text if text[0] in "h<" else f"'{text}")
    read = Reader(files["check.html"].decode())
    assert read.row("2") == [text, text] and "b" not in read.tags


def test_a_sheet_holds_as_many_problems_as_fit(monkeypatch):
    monkeypatch.setattr(check_report, "_SHEET_ROWS", 3)
    files = check_files(check([grade(row) for row in range(2, 12)]))
    sheet = openpyxl.load_workbook(io.BytesIO(files["problems.xlsx"]))["problems"]
    assert [row[2].value for row in sheet.iter_rows()] == ["Row", 2, 3, 4]
    assert len(files["problems.csv"].decode().splitlines()) == 11


def test_the_same_report_is_the_same_bytes():
    found = check([grade(2)])
    first = check_files(found)
    time.sleep(1.1)  # a spreadsheet holds the second in which it was made
    assert check_files(found) == first
