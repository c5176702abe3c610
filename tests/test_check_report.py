"""The report of a check, for a terminal, as a page, as a spreadsheet and as a table."""

import csv
import io
import time
from types import SimpleNamespace

import openpyxl
import pandas as pd
import pytest

from compendium.reporting import check_report
from compendium.reporting.check_report import check_files, check_lines
from tests.reader import Reader

COLUMNS = ["file", "row", "column", "value", "allowed", "nearest"]
ACCOUNTS = ["file", "rows", "empty_rows", "decimal_commas", "dates", "formulas", "hidden", "limits"]
GRADES = "one of 1.5, 1, 0.75, 0.5, 0.25, 0"


def check(errors=(), warnings=()):
    return SimpleNamespace(
        errors=pd.DataFrame(list(errors), columns=COLUMNS),
        warnings=pd.DataFrame(list(warnings), columns=COLUMNS),
        accounts=pd.DataFrame([("symptoms.csv", 608, 2, 0, 0, 0, 0, 0)], columns=ACCOUNTS),
        **dict.fromkeys(("mapped", "proposed", "terms"), pd.DataFrame()),
        counted=(),
    )


def grade(row, value="0.7", nearest="0.75"):
    return ("symptoms.csv", row, "grade_best", value, GRADES, nearest)


def grades(count):
    return [grade(row) for row in range(2, count + 2)]


def tables(files):
    sheet = openpyxl.load_workbook(io.BytesIO(files["problems.xlsx"]))["problems"]
    return sheet, list(csv.DictReader(io.StringIO(files["problems.csv"].decode())))


def test_equal_problems_are_told_once_with_their_rows():
    errors = [grade(14), ("courses.csv", 0, "", "", "the file is missing", ""), grade(18, "", "")]
    warnings = [("patients.csv", 3, "age_at_treatment_years", "9", "usually 12 or more", "")]
    assert check_lines(check(errors, warnings)) == [
        f"error: symptoms.csv, column grade_best: {GRADES}",
        "  row 14: '0.7' (nearest allowed: '0.75')",
        "  row 18: empty",
        "error: courses.csv: the file is missing",
        "warning: patients.csv, column age_at_treatment_years: usually 12 or more",
        "  row 3: '9'",
        "3 errors, 1 warning in 608 rows. The cohort cannot be used yet.",
    ]
    assert check_lines(check()) == ["no errors, no warnings in 608 rows. The cohort can be used."]


def test_many_rows_and_groups_are_cut_but_counted_and_no_sign_that_a_terminal_obeys_is_passed_on():
    lines = check_lines(check(grades(2000)))
    assert lines[1:6] == [f"  row {row}: '0.7' (nearest allowed: '0.75')" for row in range(2, 7)]
    assert lines[6:] == [
        "  ... and 1,995 rows more",
        "2,000 errors, no warnings in 608 rows. The cohort cannot be used yet.",
    ]
    groups = [("symptoms.csv", 2, f"c{n}", "x", "y", "") for n in range(45)]
    assert check_lines(check(groups))[-2] == "... and 5 groups more of errors"
    (line,) = [line for line in check_lines(check([grade(2, "\x1b[2J\x07", "")])) if "row 2" in line]
    assert "\x1b" not in line and "\x07" not in line


def test_every_problem_is_in_the_tables_and_some_of_many_on_the_page():
    files = check_files(check(grades(200), [("x.csv", 0, "", "", "not read", "")]))
    assert sorted(files) == ["check.html", "problems.csv", "problems.xlsx"]
    expected = [("error", str(row)) for row in range(2, 202)] + [("warning", "0")]
    assert [(row["kind"], row["row"]) for row in tables(files)[1]] == expected
    read = Reader(files["check.html"].decode())
    assert read.row("... and 180 more, all in problems.csv") == ["", ""]
    assert read.row("21") == ["0.7", "0.75"]
    assert read.row("symptoms.csv") == ["608", "2"]
    assert read.row("whole file") == ["", ""]
    assert "201" not in read.text()
    assert "200 errors, 1 warning in 608 rows. The cohort cannot be used yet." in read.words


@pytest.mark.parametrize(
    "text", ["=cmd|' /C calc'!A0", "+1", "-1", "@SUM(A1)", "\t=1", "http://example.org", "<b>x</b>"]
)
def test_text_of_a_cell_stays_text_in_every_file(text):
    files = check_files(check([("symptoms.csv", 2, "symptom", text, "one of the list", text)]))
    sheet, (row,) = tables(files)
    cells = [cell for row in sheet.iter_rows(min_row=2) for cell in row]
    assert [cell.value for cell in cells if cell.column_letter in "EG"] == [text, text]
    assert {cell.data_type for cell in cells} == {"s", "n"}  # no formula
    assert not any(cell.hyperlink for cell in cells)
    assert row["value"] == (text if text[0] in "h<" else f"'{text}")
    read = Reader(files["check.html"].decode())
    assert read.row("2") == [text, text] and "b" not in read.tags


def test_a_sheet_holds_as_many_problems_as_fit_and_the_same_report_is_the_same_bytes(monkeypatch):
    monkeypatch.setattr(check_report, "_SHEET_ROWS", 3)
    found = check(grades(10))
    first = check_files(found)
    sheet, rows = tables(first)
    assert [row[2].value for row in sheet.iter_rows()] == ["Row", 2, 3, 4] and len(rows) == 10
    time.sleep(1.1)  # a spreadsheet holds the second in which it was made
    assert check_files(found) == first
