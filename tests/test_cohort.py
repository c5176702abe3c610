import json
import shutil

import pandas as pd
import pytest

from analysis import schema
from analysis.cohort import CohortError, from_tables, read_cohort, restrict
from analysis.vocabulary import POPULATION_DIAGNOSES, Population
from tests.cohorts import random_cohort, random_tables, write_cohort


@pytest.fixture(scope="module")
def original(tmp_path_factory):
    return write_cohort(random_tables(20, seed=3), tmp_path_factory.mktemp("cohort") / "original")


@pytest.fixture
def folder(original, tmp_path):
    return shutil.copytree(original, tmp_path / "cohort")


def edit(folder, table, change):
    path = folder / f"{table}.csv"
    path.write_bytes(change(path.read_bytes()))


def set_cell(folder, table, row, column, value):
    """Write a value into a cell; the header is row 1."""
    path = folder / f"{table}.csv"
    frame = pd.read_csv(path, dtype=str, keep_default_na=False)
    frame.loc[row - 2, column] = value
    frame.to_csv(path, index=False)


def problems(folder):
    with pytest.raises(CohortError) as caught:
        read_cohort(folder)
    return caught.value.problems.to_numpy().tolist(), str(caught.value)


def lengthen(content, lines, tail):
    rows = content.splitlines()
    return b"\n".join(row + tail if number in lines else row for number, row in enumerate(rows, 1)) + b"\n"


@pytest.mark.parametrize("n", [1, 2, 30])
def test_what_was_written_is_read(tmp_path, n):
    cohort = read_cohort(write_cohort(random_tables(n, seed=n), tmp_path))
    expected = random_cohort(n, seed=n)
    for table in schema.TABLES:
        pd.testing.assert_frame_equal(getattr(cohort, table), getattr(expected, table))
    assert (cohort.population, cohort.reconstructed) == (Population.ALL, False)


def test_all_tables_speak_of_the_same_patients(folder):
    for table in ("patients", "courses"):
        edit(folder, table, lambda content: b"".join(content.splitlines(True)[:1] + content.splitlines(True)[:0:-1]))
    edit(
        folder, "courses", lambda content: b"".join(content.splitlines(True)[:1] + sorted(content.splitlines(True)[1:]))
    )
    cohort = read_cohort(folder)
    assert cohort.patients.index[0] == "P0000020"
    assert cohort.courses.index.equals(cohort.patients.index)
    for table in ("symptoms", "laboratory", "adverse_events"):
        assert getattr(cohort, table)["patient_id"].cat.categories.equals(cohort.patients.index)


def test_tables_in_another_order_make_the_same_courses():
    tables = random_tables(10, seed=1)
    cohort = from_tables(tables | {"courses": tables["courses"][::-1]})
    assert cohort.courses.index.equals(cohort.patients.index)
    pd.testing.assert_frame_equal(cohort.courses, from_tables(tables).courses)


@pytest.mark.parametrize("population", Population)
def test_a_population_has_its_patients_only(population):
    cohort = random_cohort(60, seed=1)
    part = restrict(cohort, population)
    ids = cohort.patients.index[cohort.patients["diagnosis"].isin(list(POPULATION_DIAGNOSES[population]))]
    assert part.patients.index.equals(ids)
    assert part.courses.index.equals(ids)
    for table in ("symptoms", "laboratory", "adverse_events"):
        whole, kept = getattr(cohort, table), getattr(part, table)
        assert kept["patient_id"].cat.categories.equals(ids)
        assert kept.index.equals(whole.index[whole["patient_id"].isin(ids)])
    assert part.population == population
    pd.testing.assert_frame_equal(part.screening, cohort.screening)


def test_populations_without_patients_or_unknown(folder):
    with pytest.raises(ValueError, match="population 'idiopathic' has no patients in this cohort"):
        restrict(random_cohort(5, seed=1, population="ISM"), "idiopathic")
    with pytest.raises(
        ValueError, match="population 'everyone' is unknown; allowed are all, primary, ISM, CM, MMAS, idio"
    ):
        read_cohort(folder, "everyone")


def test_a_missing_folder_and_a_missing_file(folder):
    (folder / "courses.csv").unlink()
    assert problems(folder)[1] == f"courses.csv: the file is missing from {folder}"
    shutil.rmtree(folder)
    assert "there is no such file or folder" in problems(folder)[1]


@pytest.mark.parametrize(
    ("table", "change", "row", "message"),
    [
        ("courses", lambda text: text.replace(b"duration_months", b"length"), 1, "column duration_months is missing"),
        ("courses", lambda text: text.replace(b"duration_months", b"length"), 1, "'length' is not allowed; a column"),
        ("patients", lambda text: lengthen(text, range(99), b",x"), 1, "'x' is not allowed; a column name of the"),
        ("patients", lambda text: lengthen(text, range(99), b",sex"), 1, "'sex' is not allowed; each column name once"),
        ("patients", lambda text: lengthen(text, [3], b",x"), 3, "the row has 32 cells and the header 31"),
        ("adverse_events", lambda text: lengthen(text, [2], b",x"), 2, "the row has 8 cells and the header 7"),
        ("adverse_events", lambda text: text + b"P0000001,rash\n", None, "the row has 2 cells and the header 7"),
        ("patients", lambda text: text.replace(b",", b"\t"), 0, "cells are separated by tabs; allowed are commas or"),
        ("patients", lambda text: b"", 0, "the file is empty; allowed is a header"),
        ("adverse_events", lambda text: text.replace(b"fatigue", b'"fatigue', 1), 0, "a quotation mark has no pair"),
        (
            "laboratory",
            lambda text: lengthen(text, [4], b"\xe8"),
            0,
            "line 4 is not UTF-8; allowed is a CSV table in UTF",
        ),
    ],
)
def test_a_file_that_is_no_such_table(folder, table, change, row, message):
    lines = (folder / f"{table}.csv").read_bytes().count(b"\n")
    edit(folder, table, change)
    found, text = problems(folder)
    row = lines + 1 if row is None else row
    assert message in text
    assert {tuple(problem[:2]) for problem in found} == {(f"{table}.csv", row)}


@pytest.mark.parametrize(
    ("table", "row", "column", "value", "allowed", "nearest"),
    [
        ("patients", 3, "sex", "W", "one of F, M", ""),
        ("patients", 3, "sex", "femme", "one of F, M", "F"),
        ("patients", 3, "sex", "NA", "one of F, M", ""),
        ("patients", 4, "sex", "", "one of F, M", ""),
        ("patients", 5, "diagnosis", "SM_AHN", "one of ISM, CM, MMAS, idiopathic_MCAS", ""),
        ("symptoms", 7, "grade_best", "0.6", "one of 1.5, 1, 0.75, 0.5, 0.25, 0", "0.5"),
        ("symptoms", 7, "grade_last", "NA", "one of 1.5, 1, 0.75, 0.5, 0.25, 0", ""),
        ("courses", 2, "start_month", "2016-21", "a month as YYYY-MM", ""),
        ("courses", 9, "start_dose_mg", "lots", "a number of at least 1", ""),
    ],
)
def test_a_value_that_is_not_allowed(folder, table, row, column, value, allowed, nearest):
    set_cell(folder, table, row, column, value)
    found, text = problems(folder)
    assert found == [[f"{table}.csv", row, column, value, allowed, nearest]]
    hint = f" (nearest: {nearest})" if nearest else ""
    assert text == f"{table}.csv, row {row}, column {column}: {value!r} is not allowed; {allowed}{hint}"


def test_the_message_does_not_show_identifiers(folder):
    set_cell(folder, "courses", 3, "patient_id", "Maria Mustermann")
    set_cell(folder, "screening", 3, "centre_id", " Lyon")
    found, text = problems(folder)
    assert {"Maria Mustermann", " Lyon"} <= {problem[3] for problem in found}
    assert "(hidden)" in text
    assert not any(name in text for name in ("Maria", "Lyon", "P0000"))


def test_a_patient_without_symptoms_and_a_row_there_twice(folder):
    content = (folder / "symptoms.csv").read_bytes().splitlines(True)
    kept = [line for line in content if not line.startswith(b"P0000004")]
    (folder / "symptoms.csv").write_bytes(b"".join([*kept, kept[-1]]))
    found, text = problems(folder)
    assert ["patients.csv", 5, "patient_id", "P0000004"] in [row[:4] for row in found]
    assert "a patient with at least one baseline symptom in the table symptoms" in text
    last = ["symptoms.csv", len(kept) + 1, "symptom", kept[-1].split(b",")[1].decode()]
    assert last in [row[:4] for row in found]


def test_blank_lines_do_not_matter_but_are_counted(folder):
    edit(folder, "patients", lambda content: content.replace(b"\n", b"\n\n", 3) + b"\n\n")
    pd.testing.assert_frame_equal(read_cohort(folder).patients, random_cohort(20, seed=3).patients)
    edit(folder, "patients", lambda content: content.replace(b"\nP0000003,", b"\nP0000003,x", 1))
    (problem,), _ = problems(folder)
    assert problem[:3] == ["patients.csv", 7, "sex"]


@pytest.mark.parametrize(
    "change",
    [
        lambda content: b"\xef\xbb\xbf" + content,
        lambda content: content.replace(b"\n", b"\r\n"),
        lambda content: content.rstrip(b"\n"),
    ],
    ids=["byte order mark", "carriage returns", "no end of line at the end"],
)
def test_files_of_a_spreadsheet_are_read(folder, change):
    for table in schema.TABLES:
        edit(folder, table, change)
    cohort, expected = read_cohort(folder), random_cohort(20, seed=3)
    for table in schema.TABLES:
        pd.testing.assert_frame_equal(getattr(cohort, table), getattr(expected, table))


def test_the_order_of_columns_does_not_matter(folder):
    frame = pd.read_csv(folder / "courses.csv", dtype=str, keep_default_na=False)
    frame[frame.columns[::-1]].to_csv(folder / "courses.csv", index=False)
    pd.testing.assert_frame_equal(read_cohort(folder).courses, random_cohort(20, seed=3).courses)


@pytest.mark.parametrize("table", ["laboratory", "adverse_events"])
def test_a_table_without_rows(folder, table):
    edit(folder, table, lambda content: content.splitlines(True)[0])
    frame = getattr(read_cohort(folder), table)
    assert frame.empty
    assert (frame.dtypes == getattr(random_cohort(20, seed=3), table).dtypes).all()


def test_a_cohort_without_patients(folder):
    for table in schema.TABLES:
        edit(folder, table, lambda content: content.splitlines(True)[0])
    with pytest.raises(ValueError, match="the table has no rows; allowed is at least one patient"):
        read_cohort(folder)


def test_problems_of_all_files_are_told_together_and_not_endlessly(folder):
    for row in range(2, 22):
        set_cell(folder, "patients", row, "sex", "W")
    set_cell(folder, "courses", 2, "ongoing", "maybe")
    found, text = problems(folder)
    assert len(found) == 21
    assert len(text.splitlines()) == 21
    assert text.endswith("... and 1 more problems")


@pytest.mark.parametrize(("content", "expected"), [('{"reconstructed": true}', True), ("{}", False)])
def test_the_data_package_says_whether_rows_were_reconstructed(folder, content, expected):
    (folder / "datapackage.json").write_text(content)
    assert read_cohort(folder).reconstructed is expected
    assert (
        read_cohort(folder, read_cohort(folder).patients["diagnosis"].iloc[0].split("_")[0]).reconstructed is expected
    )


@pytest.mark.parametrize("content", ["{", json.dumps([1])])
def test_a_data_package_that_is_none(folder, content):
    (folder / "datapackage.json").write_text(content)
    assert problems(folder)[1].startswith("datapackage.json: the file cannot be read as a JSON object")
