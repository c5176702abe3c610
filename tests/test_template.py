"""The forms that are filled in, opened by another library and compared with the contract, read anew."""

import csv
import io
import os
import re
import subprocess
import sys
import textwrap
import zipfile

import openpyxl
import pandas as pd
import pytest

from analysis import schema, vocabulary
from analysis.cohort import from_tables
from analysis.problems import CohortError
from compendium.centre.checks.plausibility import doubtful
from compendium.centre.intake.checking import checked_tables
from compendium.centre.template import texts, workbook
from compendium.centre.template.__main__ import main
from compendium.centre.template.texts import example_rows, vocabularies
from tests.places import ROOT

TABLES = [*schema.TABLES, "visits"]
FILES = ["cohort.xlsx", *(f"csv/{table}.csv" for table in TABLES), "redcap-data-dictionary.csv"]
GRADES = [1.5, 1, 0.75, 0.5, 0.25, 0]


def rows_of(path):
    with open(ROOT / path, encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


CONTRACT = rows_of("analysis/contract/columns.csv")
FURTHER = {}  # the values that the paper does not have, with their labels, by vocabulary
for one in rows_of("analysis/contract/values.csv"):
    FURTHER.setdefault(one["vocabulary"], {})[one["value"]] = one["label"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    out = tmp_path_factory.mktemp("template") / "out"
    main(["--out", str(out)])
    return out


@pytest.fixture(scope="module")
def book(folder):
    return openpyxl.load_workbook(folder / "cohort.xlsx")


def head(book, row):
    place = [one["column"] for one in CONTRACT if one["table"] == row["table"]].index(row["column"])
    return book[row["table"]].cell(1, place + 1)


def validation(book, row):
    cell = head(book, row).column_letter
    rules = book[row["table"]].data_validations.dataValidation
    (found,) = [one for one in rules if str(one.sqref).startswith(cell + "2:")]
    assert str(found.sqref) == f"{cell}2:{cell}10000"
    return found


def vocabulary_of(row):
    """The values the contract allows, by reading it anew."""
    if row["type"] == "grade":
        return GRADES
    if row["allowed"] == "symptoms.csv":
        return [one["symptom"] for one in rows_of("analysis/contract/symptoms.csv")]
    if row["type"] == "category":
        return [*map(str, getattr(vocabulary, row["allowed"])), *FURTHER.get(row["allowed"], {})]
    return row["allowed"].split("|") if row["allowed"] else None


def test_sheets_and_headers_are_those_of_the_contract(book):
    assert book.sheetnames == ["read me", *TABLES, "lists"]
    for table in TABLES:
        expected = [row["column"] for row in CONTRACT if row["table"] == table]
        assert [cell.value for cell in book[table][1]] == expected
        assert book[table].freeze_panes == "B2"


@pytest.mark.parametrize("row", CONTRACT, ids=lambda row: f"{row['table']}.{row['column']}")
def test_a_column_says_and_lets_pass_what_the_contract_allows(book, row):
    sheet, cell, rule, values = book[row["table"]], head(book, row), validation(book, row), vocabulary_of(row)
    must, number = row["missing"] == "no", row["type"] in ("integer", "number", "grade", "score")
    assert (bool(cell.font.b), bool(cell.font.i)) == (must, not must), "not by colour only"
    # Text stays text, numbers are numbers, and equal neighbours share their settings.
    (settings,) = [one for one in sheet.column_dimensions.values() if one.min <= cell.column <= one.max]
    assert (settings.number_format == "@") != number
    assert settings.width >= max(len(str(one)) for one in (row["column"], *(values or []))) + 2
    for example in (sheet.cell(2, cell.column).value, sheet.cell(3, cell.column).value):
        assert not must if example is None else isinstance(example, int | float) == number
    note = cell.comment.text
    assert note.startswith(row["meaning"]) and (f"Unit: {row['unit']}." in note) == bool(row["unit"])
    assert ("Must be filled in." in note, "May stay empty." in note) == (must, not must)
    if values and len(values) <= 6:
        said = [line.split(" = ")[0].strip() for line in note.splitlines() if " = " in line]
        assert said == [value if isinstance(value, str) else f"{value:g}" for value in values]
    for bound in ("minimum", "maximum"):
        if row[bound] and row["type"] != "grade":
            assert re.search(rf"at (least|most) {row[bound]}\b", note)
    free = row["column"] == "term"  # a list from which one may choose
    assert rule.errorStyle in (None, "stop") and bool(rule.showErrorMessage) != free and rule.showInputMessage
    if free:
        values = list(dict.fromkeys(one["term"] for one in rows_of("analysis/contract/terms.csv")))
    if values:
        sheet, first, last = re.fullmatch(r"(\w+)!\$A\$(\d+):\$A\$(\d+)", rule.formula1).groups()
        assert rule.type == "list" and [cell.value for (cell,) in book[sheet][f"A{first}:A{last}"]] == values
    elif row["type"] in ("integer", "number"):
        assert rule.type == {"integer": "whole", "number": "decimal"}[row["type"]]
        assert rule.operator in (None, "between")
        assert (float(rule.formula1), float(rule.formula2)) == (float(row["minimum"]), float(row["maximum"] or 1e9))
    values = None if free else values
    # The limits of Excel.
    assert 0 < len(rule.promptTitle) <= 32 and 0 < len(rule.errorTitle) <= 32 and len(rule.formula1) <= 255
    assert 0 < len(rule.prompt) <= 255 and 0 < len(rule.error) <= 255
    bound = f"at least {row['minimum']}" if row["minimum"] else ""
    assert rule.promptTitle == row["column"] and ("Choose from the list." if values else bound) in rule.prompt
    assert rule.prompt.endswith("Must be filled in." if must else "May stay empty.")
    for text in (note, rule.prompt, rule.error) if row["column"] in ("patient_id", "centre_id") else ():
        assert "a name" not in text and "never anybody's name" in text


def test_notes_fit_their_boxes(folder, book):
    with zipfile.ZipFile(folder / "cohort.xlsx") as archive:
        drawings = sorted(name for name in archive.namelist() if "vmlDrawing" in name)
        assert len(drawings) == len(TABLES)
        for table, name in zip(TABLES, drawings, strict=True):
            boxes = re.findall(r"width:([\d.]+)pt;height:([\d.]+)pt", archive.read(name).decode())
            notes = [cell.comment.text for cell in book[table][1]]
            assert len(boxes) == len(notes)
            for note, (width, height) in zip(notes, boxes, strict=True):
                # At 9 points a character is 4.8 points wide and a line 11 points high.
                lines = [part for line in note.splitlines() for part in textwrap.wrap(line, int(float(width) / 4.8))]
                assert 11 * len(lines) < float(height) < 11 * len(lines) + 60


def passes(formula, letter, value, column=()):
    """Work out a formula of a validation by hand-written stand-ins for Excel's functions."""
    code = formula.lstrip("=").replace("<>", "!=")
    code = re.sub(r"SUMPRODUCT\(--\(\$\w\$2:\$\w\$10000=\w+\)\)", "TIMES", code)
    code = re.sub(r"(?<![<>!])=", "==", code).replace(f"{letter}2", "cell")
    functions = {
        "AND": lambda *parts: all(parts),
        "LEN": lambda text: len(str(text)),
        "LEFT": lambda text, n: str(text)[:n],
        "RIGHT": lambda text, n: str(text)[-n:],
        "MID": lambda text, start, n: str(text)[start - 1 : start - 1 + n],
        "VALUE": float,
        "MOD": lambda one, other: one % other,
        "ISNUMBER": lambda one: isinstance(one, int | float),
        "TIMES": list(column).count(value),
    }
    try:
        return eval(code, functions | {"cell": value})
    except (TypeError, ValueError):
        return False


@pytest.mark.parametrize(("kind", "good", "bad"), [
    ("month", ["2016-03", "1999-12"], ["2016-13", "2016-00", "2016-3", "2016/03", "03-2016", "2016-03-01"]),
    ("score", [0, 0.25, 3.5, 12], [-0.25, 0.3, "1", "a"]),
    ("text", ["fatigue", "fatigue of the legs"], [" fatigue", "fatigue "]),
    ("identifier", ["P001"], [" P001", "P001 "]),
])  # fmt: skip
def test_a_formula_lets_pass_what_the_contract_allows(book, kind, good, bad):
    rows = [row for row in CONTRACT if row["type"] == kind and not vocabulary_of(row) and row["column"] != "term"]
    assert rows
    for row in rows:
        rule, letter = validation(book, row), head(book, row).column_letter
        assert rule.type == "custom"
        assert all(passes(rule.formula1, letter, value, [value]) is True for value in good)
        assert not any(passes(rule.formula1, letter, value, [value]) for value in bad)
        if row["column"] == "patient_id":  # stands once where the table has a row per patient
            twice = passes(rule.formula1, "A", "P1", ["P1", "P2", "P1"])
            assert twice == (row["table"] not in ("screening", "patients", "courses"))


def test_the_two_example_patients_are_a_cohort_once_renamed(folder, book, tmp_path):
    for table in TABLES:
        assert [cell.value for cell in book[table]["A"]] == ["patient_id", "EXAMPLE-1", "EXAMPLE-2"]
        fills = {cell.fill.fgColor.rgb for line in book[table]["2:3"] for cell in line}
        assert len(fills) == 1 and fills != {"00000000"}
        assert all(cell.font.i for line in book[table]["2:3"] for cell in line)
    with pytest.raises(CohortError, match="delete it"):
        checked_tables(folder / "cohort.xlsx")
    filled = openpyxl.load_workbook(folder / "cohort.xlsx")
    for table in TABLES:
        filled[table]["A2"], filled[table]["A3"] = "P1", "P2"
    filled.save(tmp_path / "filled.xlsx")
    cohort = from_tables(checked_tables(tmp_path / "filled.xlsx"))
    assert list(cohort.patients.index) == ["P1", "P2"]
    tables = {table: getattr(cohort, table) for table in schema.TABLES}
    tables |= {table: tables[table].reset_index() for table in ("patients", "courses")}
    assert doubtful(tables).empty


def test_examples_and_meanings_are_written_for_the_contract_and_for_nothing_else():
    examples = [(row["table"], row["column"]) for row in rows_of("compendium/centre/template/examples.csv")]
    assert examples == [(row["table"], row["column"]) for row in CONTRACT]
    named = {(row["list"], row["value"]) for row in rows_of("compendium/centre/template/meanings.csv")}
    lists = {row["allowed"] if row["type"] == "category" else row["column"]: vocabulary_of(row) for row in CONTRACT}
    labelled = ("StopReason", "Analyte")
    assert named == {
        (name, value)
        for name, values in lists.items()
        if values and not isinstance(values[0], float) and name not in ("symptom", *labelled)
        for value in values
        if value not in FURTHER.get(name, {})
    }
    assert vocabularies()["StopReason"][0]["meaning"].tolist() == [
        *vocabulary.STOP_REASON_LABELS.values(),
        *FURTHER["StopReason"].values(),
    ]


def test_the_other_sheets_say_how_and_what(book):
    shown = [tuple(cell.value for cell in line[:3]) for line in book["lists"].iter_rows()]
    for row in rows_of("analysis/contract/symptoms.csv"):
        group = vocabulary.SYMPTOM_GROUP_LABELS[vocabulary.SymptomGroup(row["group"])]
        assert (row["symptom"], row["label"], group) in shown
    assert (0.75, "Slight improvement", None) in shown
    text = "\n".join(str(cell.value) for line in book["read me"].iter_rows() for cell in line if cell.value)
    for word in (*TABLES, "lists", "YYYY-MM", "EXAMPLE-1", "EXAMPLE-2", "make check COHORT=", "pseudonym", "empty"):
        assert word in text
    assert book.active.title == "read me"


def test_a_column_added_to_the_contract_appears_by_itself_and_long_texts_are_cut(monkeypatch):
    column = schema.columns_of("courses").loc["start_dose_mg"].copy()
    column["meaning"] = "a long story " * 60
    assert len(texts.prompt(column)) <= 255
    assert texts.prompt(column).endswith("Unit: mg. A number of at least 1. Must be filled in.")
    new = {
        **{"table": "laboratory", "column": "sample_quality", "type": "category", "unit": "", "allowed": "Severity"},
        **{"minimum": float("-inf"), "maximum": float("inf"), "missing": "no", "meaning": "Quality of the sample"},
    }
    numeric = new | {"column": "storage_days", "type": "integer", "unit": "days", "allowed": "", "minimum": 3.0}
    contract = pd.concat([schema.contract(), pd.DataFrame([new, numeric])], ignore_index=True)
    monkeypatch.setattr(schema, "contract", lambda: contract)
    monkeypatch.setattr(schema, "columns_of", schema.columns_of.__wrapped__)  # not the columns found before
    sheet = openpyxl.load_workbook(io.BytesIO(workbook.workbook()))["laboratory"]
    assert [sheet.cell(line, 7).value for line in (1, 2, 3)] == ["sample_quality", "mild", "mild"]
    assert [sheet.cell(line, 8).value for line in (1, 2, 3)] == ["storage_days", 3, 3]
    assert "Quality of the sample" in sheet.cell(1, 7).comment.text
    rules = {str(one.sqref): one for one in sheet.data_validations.dataValidation}
    assert (rules["G2:G10000"].type, rules["H2:H10000"].type, rules["H2:H10000"].formula1) == ("list", "whole", "3")
    assert list(example_rows("laboratory")["storage_days"]) == ["3", "3"]


def test_every_run_writes_the_same_bytes(folder, tmp_path):
    for table in TABLES:  # the header only
        names = [row["column"] for row in CONTRACT if row["table"] == table]
        assert (folder / "csv" / f"{table}.csv").read_bytes() == (",".join(names) + "\n").encode()
    surroundings = os.environ | {"TZ": "Pacific/Auckland", "PYTHONHASHSEED": "7", "LC_ALL": "C"}
    command = [sys.executable, "-m", "compendium.centre.template", "--out", str(tmp_path / "other")]
    done = subprocess.run(command, cwd=ROOT, env=surroundings, capture_output=True, text=True, check=True)
    assert all((tmp_path / "other" / name).read_bytes() == (folder / name).read_bytes() for name in FILES)
    assert "make check COHORT=" in done.stdout and done.stdout.count("written") == len(FILES)


def test_a_second_run_changes_nothing_and_a_file_that_was_filled_in_is_never_written_over(folder, tmp_path, capsys):
    before = {name: (folder / name).stat().st_mtime_ns for name in FILES}
    main(["--out", str(folder)])
    assert {name: (folder / name).stat().st_mtime_ns for name in FILES} == before
    assert capsys.readouterr().out.count("unchanged") == len(FILES)
    with pytest.raises(SystemExit, match=r"make template: .*cohort\.xlsx"):
        main(["--out", str(folder / "cohort.xlsx" / "out")])
    (tmp_path / "csv").mkdir()
    (tmp_path / "csv" / "patients.csv").write_text("filled in")
    with pytest.raises(SystemExit, match=r"patients\.csv is there with another content"):
        main(["--out", str(tmp_path)])
    assert (tmp_path / "csv" / "patients.csv").read_text() == "filled in"
    assert not (tmp_path / "cohort.xlsx").exists()
