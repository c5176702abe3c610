import datetime
import shutil
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest

from analysis import cohort as cohort_module
from analysis import schema
from analysis.cohort import from_tables, read_cohort, restrict
from analysis.problems import CohortError
from analysis.vocabulary import POPULATION_DIAGNOSES, Population
from tests.cohorts import random_cohort, random_tables, write_cohort

GRADE, ONSET = "one of 1.5, 1, 0.75, 0.5, 0.25, 0", "one of baseline, on_therapy"
FACTS = ("symptoms", "laboratory", "adverse_events")
"""The tables with several rows per patient."""


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


def equal(cohort, expected, tables=schema.TABLES):
    for table in tables:
        pd.testing.assert_frame_equal(getattr(cohort, table), getattr(expected, table))


def problems(folder):
    with pytest.raises(CohortError) as caught:
        read_cohort(folder)
    return caught.value.problems.to_numpy().tolist(), str(caught.value)


def lengthen(content, lines, tail):
    rows = content.splitlines()
    return b"\n".join(row + tail if number in lines else row for number, row in enumerate(rows, 1)) + b"\n"


def test_what_was_written_is_read(tmp_path):
    for n in (1, 30):
        cohort = read_cohort(write_cohort(random_tables(n, seed=n), tmp_path / str(n)))
        equal(cohort, random_cohort(n, seed=n))
        assert (cohort.population, cohort.reconstructed) == (Population.ALL, False)


def test_all_tables_speak_of_the_same_patients_in_the_order_of_their_table():
    tables = random_tables(10, seed=1)
    for name, order in (("patients", -1), ("courses", 1)):
        cohort = from_tables(tables | {name: tables[name][::-1]})
        assert cohort.patients.index.tolist() == list(tables["patients"]["patient_id"])[::order]
        assert cohort.courses.index.equals(cohort.patients.index)
        for table in FACTS:
            assert getattr(cohort, table)["patient_id"].cat.categories.equals(cohort.patients.index)
    equal(cohort, from_tables(tables))


@pytest.mark.parametrize("population", Population)
def test_a_population_has_its_patients_only(population):
    cohort = random_cohort(60, seed=1)
    part = restrict(cohort, population)
    ids = cohort.patients.index[cohort.patients["diagnosis"].isin(list(POPULATION_DIAGNOSES[population]))]
    assert part.patients.index.equals(ids)
    assert part.courses.index.equals(ids)
    for table in FACTS:
        whole, kept = getattr(cohort, table), getattr(part, table)
        assert kept["patient_id"].cat.categories.equals(ids)
        assert kept.index.equals(whole.index[whole["patient_id"].isin(ids)])
    assert part.population == population
    equal(part, cohort, ["screening"])


def test_populations_without_patients_or_unknown(folder):
    with pytest.raises(ValueError, match="population 'idiopathic' has no patients in this cohort"):
        restrict(random_cohort(5, seed=1, population="ISM"), "idiopathic")
    unknown = "population 'everyone' is unknown; allowed are all, primary, ISM, CM, MMAS, idio"
    with pytest.raises(ValueError, match=unknown):
        read_cohort(folder, "everyone")


def test_each_table_has_one_file(folder):
    pd.read_csv(folder / "courses.csv").to_parquet(folder / "courses.parquet")
    assert problems(folder)[1] == "courses.parquet: courses.csv is there too; allowed is one file for each table"
    (folder / "courses.parquet").unlink(), (folder / "courses.csv").unlink()
    assert problems(folder)[1] == f"courses.csv: the file is missing from {folder}"


@pytest.mark.parametrize(("table", "change", "row", "message"), [
    ("courses", lambda text: text.replace(b"duration_months", b"length"), 1, "column duration_months is missing"),
    ("courses", lambda text: text.replace(b"duration_months", b"length"), 1, "'length' is not allowed; a column"),
    ("courses", lambda text: text.replace(b"patient_id", b"patient"), 1, "column patient_id is missing"),
    ("patients", lambda text: lengthen(text, range(99), b",x"), 1, "'x' is not allowed; a column name of the"),
    ("patients", lambda text: lengthen(text, range(99), b",sex"), 1, "'sex' is not allowed; each column name once"),
    ("patients", lambda text: lengthen(text, [3], b",x"), 3, "the row has 32 cells and the header 31"),
    ("patients", lambda text: lengthen(text, range(99), b","), 1, "column 32 has no name"),
    ("adverse_events", lambda text: text + b"P0000001,rash\n", None, "the row has 2 cells and the header 7"),
    ("patients", lambda text: text.replace(b",", b";"), 1, "allowed is a header, separated by commas: patient_id,"),
    ("patients", lambda text: text.split(b"\n", 1)[1], 1, "no column name of the contract; allowed is a header"),
    ("patients", lambda text: b"", 0, "row 1 is empty; allowed is a header"),
    ("laboratory", lambda text: b"\n" + text, 0, "row 1 is empty; allowed is a header"),
    ("laboratory", lambda text: b"\xe8" + text, 0, "byte 1 is not UTF-8; allowed is a CSV table in UTF-8"),
    ("laboratory", lambda text: text.replace(b"\n", b"\r"), 0, "the file cannot be read; allowed is a CSV table"),
])  # fmt: skip
def test_a_file_that_is_no_such_table(folder, table, change, row, message):
    lines = (folder / f"{table}.csv").read_bytes().count(b"\n")
    edit(folder, table, change)
    found, text = problems(folder)
    row = lines + 1 if row is None else row
    assert message in text
    assert {tuple(problem[:2]) for problem in found} == {(f"{table}.csv", row)}


def test_values_that_are_not_allowed(folder):
    wrong = [
        ("patients", 3, "sex", "W", "one of F, M"),
        ("patients", 4, "sex", "NA", "one of F, M"),
        ("patients", 5, "diagnosis", "MCL", "one of ISM, CM, MMAS, idiopathic_MCAS, BMM, SSM, ASM, SM_AHN, HAT, other"),
        ("symptoms", 7, "grade_best", "0.6", GRADE),
        ("courses", 2, "start_month", "2016-21", "a month as YYYY-MM"),
        ("courses", 9, "start_dose_mg", "lots", "a number of at least 1"),
    ]
    for place in wrong:
        set_cell(folder, *place[:4])
    found, text = problems(folder)
    assert sorted(found) == sorted([f"{table}.csv", *place, ""] for table, *place in wrong)
    told = {f"{t}.csv, row {row}, column {column}: {value!r} is not allowed; {a}" for t, row, column, value, a in wrong}
    assert set(text.splitlines()) == told


def test_the_message_does_not_show_identifiers(folder):
    set_cell(folder, "courses", 3, "patient_id", "Maria Mustermann")
    set_cell(folder, "screening", 3, "centre_id", " Lyon")
    found, text = problems(folder)
    assert {"Maria Mustermann", " Lyon"} <= {problem[3] for problem in found}
    assert "(hidden)" in text
    assert not any(name in text for name in ("Maria", "Lyon", "P0000"))


def test_a_row_there_twice_and_patients_who_are_not_in_both_tables(folder):
    # The same symptom again, with other grades.
    edit(folder, "symptoms", lambda text: text + b",".join(text.splitlines()[2].split(b",")[:3]) + b",1,1,\n")
    set_cell(folder, "symptoms", 4, "grade_best", "2")
    edit(folder, "courses", lambda content: content.replace(b"P0000004", b"P000000X"))
    found, _ = problems(folder)
    rows = (folder / "symptoms.csv").read_bytes().splitlines()
    twice = [len(rows), "symptom", rows[2].split(b",")[1].decode()]
    assert found == [
        ["symptoms.csv", 4, "grade_best", "2", GRADE, ""],
        ["symptoms.csv", *twice, "one row for each patient_id and symptom; row 3 is the same", ""],
        ["courses.csv", 5, "patient_id", "P000000X", "a patient_id of the table patients", ""],
        ["patients.csv", 5, "patient_id", "P0000004", "a patient_id of the table courses", ""],
    ]
    write_cohort(random_tables(20, seed=3), folder)
    # A patient whose row cannot be read is not missed elsewhere.
    edit(folder, "patients", lambda text: lengthen(text, [3], b",x"))
    set_cell(folder, "courses", 4, "patient_id", " P0000003")
    found, _ = problems(folder)
    assert [problem[:3] for problem in found] == [["patients.csv", 3, ""], ["courses.csv", 4, "patient_id"]]


@pytest.mark.parametrize("name", ["own.xlsx", "nowhere", "an empty folder", "a\0b", "x" * 5000])
def test_what_is_no_folder_with_tables(tmp_path, name):
    (tmp_path / "own.xlsx").write_bytes(b"PK")
    (tmp_path / "an empty folder").mkdir()
    (found,), text = problems(f"{tmp_path}/{name}")
    assert found[1:4] == [0, "", ""] and len(found[0]) <= 100
    assert "a folder with a CSV file (UTF-8, commas) or a Parquet file" in text
    assert "spreadsheets and other CSV files are read" in text and "make check COHORT=..." in text


def typed(folder, table, **columns):
    """Replace a CSV file by a Parquet file with typed columns, some of them given."""
    frame = random_tables(20, seed=3)[table].assign(**columns)
    (folder / f"{table}.csv").unlink()
    frame.to_parquet(folder / f"{table}.parquet", index=False)
    return frame


def test_typed_columns_of_parquet_are_read(folder, original):
    expected = read_cohort(original)
    age, value = expected.patients["age_at_diagnosis_years"], expected.laboratory["value"]
    typed(folder, "patients", age_at_diagnosis_years=age.astype("float32").to_numpy())
    typed(folder, "laboratory", value=value.map(lambda number: Decimal(str(number))))
    typed(folder, "adverse_events", detail="")
    typed(folder, "symptoms"), typed(folder, "courses"), typed(folder, "screening")
    equal(read_cohort(folder), expected)


@pytest.mark.parametrize("cells", [
    [("grade_best", [0.6, 0.75], "0.6", GRADE), ("grade_last", np.array([0.7, 0], dtype="float32"), "0.7", GRADE),
     ("months_to_first_improvement", [-1, 0], "-1", "a number of at least 0"),
     ("onset", pd.Categorical([None, "baseline"]), "", ONSET)],
    [("grade_best", [2.0, 0], "2", GRADE), ("grade_last", [True, False], "True", GRADE),
     ("onset", [datetime.date(2017, 2, 1)] * 2, "2017-02-01", ONSET)],
    [("onset", ["", "baseline"], "", ONSET)], [("onset", pd.Categorical(["Baseline", "baseline"]), "Baseline", ONSET)],
])  # fmt: skip
def test_typed_columns_of_parquet_are_checked(folder, cells):
    frame = random_tables(20, seed=3)["symptoms"]
    last = [1] * (len(frame) - 1) + [0]
    typed(
        folder,
        "symptoms",
        **{column: pd.Series(values).take(last).set_axis(frame.index) for column, values, *_ in cells},
    )
    found, _ = problems(folder)
    for column, _, value, allowed in cells:
        assert ["symptoms.parquet", len(frame) + 1, column, value, allowed, ""] in found


def test_a_parquet_file_that_is_no_table(folder):
    frame, file = typed(folder, "courses"), folder / "courses.parquet"
    for cell in ([1], {"a": 1}, b"2017-02", None):
        frame.assign(start_month=[cell] * len(frame)).to_parquet(file, index=False)
        if cell is None:
            file.write_bytes(b"PAR1")
        assert "courses.parquet: the file cannot be read; allowed is a CSV table" in problems(folder)[1]


def with_blank_lines(content):
    """Add lines of nothing, and of separators only, as many as there are elsewhere and fewer."""
    commas = content.partition(b"\n")[0].count(b",")
    return content.replace(b"\n", b"\n\n", 3) + b"\n" + b"," * commas + b"\n,,\n"


def test_a_row_keeps_its_number_below_blank_lines(folder):
    edit(folder, "patients", lambda content: with_blank_lines(content).replace(b"\nP0000003,", b"\nP0000003,x"))
    (problem,), _ = problems(folder)
    assert problem[:3] == ["patients.csv", 7, "sex"]


@pytest.mark.parametrize(
    "change",
    [
        lambda content: b"\xef\xbb\xbf" + content,
        lambda content: content.replace(b"\n", b"\r\n"),
        lambda content: content.rstrip(b"\n"),
        with_blank_lines,
        lambda content: b"\n".join(b",".join(line.split(b",")[::-1]) for line in content.splitlines()) + b"\n",
    ],
    ids=["byte order mark", "carriage returns", "no end of line at the end", "blank lines", "columns in another order"],
)
def test_files_of_a_spreadsheet_are_read(folder, original, change):
    for table in schema.TABLES:
        edit(folder, table, change)
    equal(read_cohort(folder), read_cohort(original))


def test_tables_without_rows_keep_their_types_but_there_must_be_a_patient(folder, original):
    for table in ("laboratory", "adverse_events"):
        edit(folder, table, lambda content: content.splitlines(True)[0])
        frame = getattr(read_cohort(folder), table)
        assert frame.empty and (frame.dtypes == getattr(read_cohort(original), table).dtypes).all()
    for table in schema.TABLES:
        edit(folder, table, lambda content: content.splitlines(True)[0])
    assert problems(folder)[1] == "patients.csv: the table has no rows; allowed is at least one patient"


def test_problems_of_all_files_are_told_together_and_not_endlessly(folder):
    for row in range(2, 22):
        set_cell(folder, "patients", row, "sex", "W")
    set_cell(folder, "courses", 2, "ongoing", "maybe")
    found, text = problems(folder)
    assert len(found) == len(text.splitlines()) == 21
    assert text.endswith("... and 1 more problems")


def test_the_data_package_says_whether_rows_were_reconstructed(folder):
    for content, expected in (('{"reconstructed": true}', True), ("{}", False)):
        (folder / "datapackage.json").write_text(content)
        assert read_cohort(folder, Population.PRIMARY if expected else Population.ALL).reconstructed is expected
    for content in ("{", "[1]"):
        (folder / "datapackage.json").write_text(content)
        assert problems(folder)[1].startswith("datapackage.json: the file cannot be read as a JSON object")


def test_a_cohort_that_was_kept_is_not_read_again_until_a_file_changes(tmp_path, monkeypatch):
    monkeypatch.setattr(cohort_module, "_KEPT", {})
    folder = write_cohort(random_tables(3, seed=1), tmp_path / "cohort")
    first = read_cohort(folder)
    cohort_module.keep_cohort(folder, first)
    with monkeypatch.context() as patch:
        patch.setattr(cohort_module, "read_tables", lambda _: pytest.fail("read again"))
        again = read_cohort(folder)
    equal(again, first)
    for table in schema.TABLES:
        getattr(again, table)["added"] = 1
        assert "added" not in getattr(first, table), "a table of its own"
    path = folder / "patients.csv"
    path.write_text(path.read_text(encoding="utf-8").replace(",F,", ",M,"), encoding="utf-8")
    assert (read_cohort(folder).patients["sex"] == "M").all()
