"""Which files a cohort is read from, and that a file that is not as it should be is refused at once."""

import os
import resource
import shutil
import socket

import pandas as pd
import pytest
import xlsxwriter

from analysis import schema
from analysis.cohort import from_tables
from analysis.problems import CohortError
from compendium.centre.intake import checking, files
from compendium.centre.intake.checking import check_cohort, checked_tables
from compendium.centre.intake.files import read_bytes
from compendium.centre.intake.raw_tables import Unreadable
from tests.cohorts import random_cohort, random_tables, write_cohort

TABLES = random_tables(12, seed=5)


@pytest.fixture
def folder(tmp_path):
    return write_cohort(TABLES, tmp_path / "cohort")


def texts(frame):
    return frame.astype("str").where(frame.notna(), None)


def rewritten(folder, table, change):
    """Let a function change a table of the folder, as texts, and check the cohort."""
    change(texts(TABLES[table])).to_csv(folder / f"{table}.csv", index=False)
    return check_cohort(folder)


def told_of(check, *columns):
    return check.errors[list(columns)].to_numpy().tolist()


def dated():
    """Give the tables with a date for each month."""
    kinds = schema.contract().set_index(["table", "column"])["type"]
    return {
        table: frame.assign(**{name: pd.to_datetime(frame[name]) for name in frame if kinds[table, name] == "month"})
        for table, frame in TABLES.items()
    }


def write_workbook(path, sheets=()):
    """Write the tables as a spreadsheet has them: numbers as numbers, a month as the date of its first day."""
    with xlsxwriter.Workbook(path, {"default_date_format": "mmm yyyy"}) as book:
        for name in sheets:
            book.add_worksheet(name).write(0, 0, "not a table")
        for table, frame in dated().items():
            sheet = book.add_worksheet(table)
            sheet.write_row(0, 0, list(frame.columns))
            for row, cells in enumerate(frame.itertuples(index=False), 1):
                for place, value in enumerate(cells):
                    sheet.write(row, place, None if pd.isna(value) else value)
    return path


def write_each(folder, ending):
    """Write the tables as a French spreadsheet saves them, with semicolons and a BOM, or typed as Parquet files."""
    folder.mkdir()
    for table, frame in (TABLES if ending == "csv" else dated()).items():
        if ending == "csv":
            content = frame.to_csv(None, index=False, sep=";", decimal=",", lineterminator="\r\n")
            (folder / f"{table}.csv").write_bytes(b"\xef\xbb\xbf" + content.encode())
        else:
            frame.to_parquet(folder / f"{table}.parquet", index=False)
    return folder


WAYS = {
    "commas": lambda path: write_cohort(TABLES, path / "c"), "semicolons": lambda path: write_each(path / "c", "csv"),
    "workbook": lambda path: write_workbook(path / "c.xlsx"), "Parquet": lambda path: write_each(path / "c", "parquet"),
}  # fmt: skip


@pytest.mark.parametrize("way", WAYS)
def test_a_cohort_is_the_same_in_files_of_every_kind(tmp_path, way):
    check = check_cohort(WAYS[way](tmp_path))
    assert check.errors.empty, check.errors
    for table, expected in TABLES.items():
        pd.testing.assert_frame_equal(check.tables[table], expected)
    dated = ("screening", "courses") if way in ("workbook", "Parquet") else ()
    floats = {table: int(frame.select_dtypes("float").count().sum()) for table, frame in TABLES.items()}
    for name, expected in (
        ("rows", {table: len(frame) for table, frame in TABLES.items()}),
        ("dates", {table: len(TABLES[table]) if table in dated else 0 for table in TABLES}),
        ("empty_rows", dict.fromkeys(TABLES, 0)),
        ("decimal_commas", floats if way == "semicolons" else dict.fromkeys(TABLES, 0)),
    ):
        assert check.accounts[name].to_dict() == expected


def test_a_cohort_is_read_from_a_workbook_and_from_a_link_to_a_folder(tmp_path, folder):
    (tmp_path / "link").symlink_to(folder, target_is_directory=True)
    expected = random_cohort(12, seed=5, population="all")
    for path in (write_workbook(tmp_path / "own.XLSX"), tmp_path / "link"):
        pd.testing.assert_frame_equal(from_tables(checked_tables(path)).symptoms, expected.symptoms)


def told(path):
    """Give the errors and the warnings about files as pairs of file and text; no rule is broken, and doubts aside."""
    check = check_cohort(path)
    assert (check.tables is None) == (len(check.errors) > 0)
    warnings = check.warnings[check.warnings["allowed"].str.contains("not read")]
    return [list(map(tuple, found[["file", "allowed"]].to_numpy())) for found in (check.errors, warnings)]


def test_a_path_to_nothing(tmp_path):
    for name in ("missing", "missing.xlsx", "a\0b", "x" * 5000):
        ((_, allowed),), _ = told(tmp_path / name)
        assert "an Excel workbook (.xlsx)" in allowed
        with pytest.raises(CohortError):
            checked_tables(f"{tmp_path}/{name}")


def test_a_missing_file_does_not_hide_problems_of_the_others(folder):
    (folder / "courses.csv").rename(folder / "Courses.csv")
    (folder / "screening.csv").write_bytes(b"")
    texts(TABLES["patients"]).replace({"sex": "F"}, "W").to_csv(folder / "patients.csv", index=False)
    errors, warnings = told(folder)
    assert list(dict.fromkeys(file for file, _ in errors)) == ["screening.csv", "courses.csv", "patients.csv"]
    assert errors[1][1] == f"the file is missing from {folder}; rename 'Courses.csv' to 'courses.csv'"
    assert warnings == [("Courses.csv", "this was not read")]


def test_other_files_and_sheets_are_not_read_and_that_is_said(folder, tmp_path):
    for name in ("notes.txt", "patients.csv.bak", "README.md", ".hidden", "~$cohort.xlsx"):
        (folder / name).write_bytes(b"x")
    (folder / "older").mkdir()
    assert told(folder) == [[], [(name, "this was not read") for name in ("notes.txt", "older", "patients.csv.bak")]]
    path = write_workbook(tmp_path / "own.xlsx", sheets=["read me", "lists", "Draft"])
    assert told(path) == [[], [("own.xlsx, sheet Draft", "this sheet was not read")]]


def test_a_socket_a_link_to_a_workbook_and_a_device_are_no_tables(folder, tmp_path, monkeypatch):
    (folder / "laboratory.csv").unlink()
    with socket.socket(socket.AF_UNIX) as server:
        monkeypatch.chdir(folder)  # a socket's path must be short
        server.bind("laboratory.csv")
    assert told(folder)[0] == [("laboratory.csv", "this is a socket; allowed is an ordinary file")]
    (tmp_path / "link.xlsx").symlink_to(write_workbook(tmp_path / "own.xlsx"))
    assert told(tmp_path / "link.xlsx")[0] == [("link.xlsx", "this is a symbolic link; allowed is an ordinary file")]
    with pytest.raises(Unreadable, match="this is a device"):
        read_bytes(files.Path("/dev/zero"))


def test_a_file_that_is_too_large_is_refused_before_it_is_read(folder, tmp_path):
    for path in (folder / "symptoms.csv", tmp_path / "own.xlsx"):
        with open(path, "wb") as file:
            file.truncate(2 * 1024**3)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    text = "the file has 2,048 MB; allowed are at most 256 MB"
    assert told(folder)[0] == [("symptoms.csv", text)]
    assert told(tmp_path / "own.xlsx")[0] == [("own.xlsx", text)]
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 200_000


def test_the_largest_file_that_is_read(tmp_path, monkeypatch):
    (tmp_path / "a").write_bytes(b"12345")
    monkeypatch.setattr(files, "LIMIT", 5)
    assert read_bytes(tmp_path / "a") == b"12345"
    monkeypatch.setattr(files, "LIMIT", 4)
    with pytest.raises(Unreadable, match="allowed are at most"):
        read_bytes(tmp_path / "a")
    monkeypatch.undo()
    with pytest.raises(Unreadable, match="changed while it was read"):
        read_bytes(files.Path("/proc/version"))  # holds more than its size says


def _append(path):
    path.write_bytes(path.read_bytes() + b"more")


def _rewrite(path):
    status = os.stat(path)
    path.write_bytes(path.read_bytes().swapcase())
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns + 1))


def _replace(path):
    os.replace(shutil.copy2(path, path.with_suffix(".new")), path)


@pytest.mark.parametrize(("way", "name", "change"), [
    *(("commas", "c/patients.csv", change) for change in (_append, _rewrite, _replace)),
    ("Parquet", "c/courses.parquet", _append), ("workbook", "c.xlsx", _replace),
])  # fmt: skip
def test_a_file_that_changes_while_it_is_read(tmp_path, monkeypatch, way, name, change):
    cohort, path = WAYS[way](tmp_path), tmp_path / name
    really, done = os.fstat, []

    def look(descriptor):
        status = really(descriptor)
        # The first look at the open file: what follows is its reading.
        if os.path.samestat(status, os.stat(path)) and not done:
            done.append(True)
            change(path)
        return status

    monkeypatch.setattr(os, "fstat", look)
    errors, _ = told(cohort)
    text = "the file changed while it was read; read it again when nothing writes to it"
    assert done and errors == [(path.name, text)]


def test_a_file_that_may_not_be_read(folder, monkeypatch):
    really = os.open

    def refuse(path, *arguments, **options):
        if str(path).endswith("patients.csv"):
            raise PermissionError(13, "Permission denied")
        return really(path, *arguments, **options)

    monkeypatch.setattr(os, "open", refuse)
    assert told(folder)[0] == [("patients.csv", "reading the file is not permitted")]


@pytest.mark.parametrize(("change", "text"), [
    (lambda path: path.write_bytes(b"\xff\xfe{"), "the file cannot be read as a JSON object"),
    (lambda path: path.write_text("[" * 100_000), "the file cannot be read as a JSON object"),
    (lambda path: path.symlink_to("/etc/hostname"), "this is a symbolic link"),
    (lambda path: path.mkdir(), "this is a folder"),
])  # fmt: skip
def test_a_data_package_that_is_none(folder, change, text):
    change(folder / "datapackage.json")
    ((file, allowed),), _ = told(folder)
    assert file == "datapackage.json" and allowed.startswith(text)


def set_cell(row, column, value):
    return lambda frame: frame.assign(**{column: frame[column].mask(frame.index == row, value)})


def test_names_of_files_need_not_be_text(folder, tmp_path):
    (folder / os.fsdecode(b"\xff.csv")).write_bytes(b"")
    assert told(folder) == [[], [("\\udcff.csv", "this was not read")]]
    odd = write_workbook(tmp_path / "own.xlsx").rename(tmp_path / os.fsdecode(b"\xff.xlsx"))
    assert check_cohort(odd).accounts["file"].iloc[0] == "\\udcff.xlsx, sheet screening"
    ((file, _),), _ = told(tmp_path / os.fsdecode(b"\xfe"))
    assert file.endswith("\\udcfe")


def test_more_wrong_cells_of_a_column_than_anyone_would_mend_are_counted(folder, monkeypatch):
    monkeypatch.setattr(checking, "MOST_LISTED", 3)
    check = rewritten(folder, "patients", lambda frame: frame.assign(sex="W"))
    assert told_of(check, "row", "column", "value") == [[0, "sex", ""], *([row, "sex", "W"] for row in (2, 3, 4))]
    assert check.errors["allowed"][0] == "one of F, M; 9 more cells of this column are not"
    with pytest.raises(CohortError) as caught:
        checked_tables(folder)
    assert str(caught.value).startswith("patients.csv, column sex: one of F, M; 9 more cells of this column are not\n")


def test_a_wrong_cell_does_not_bring_other_errors_but_does_not_hide_them_either(folder):
    first, second = TABLES["courses"].index[TABLES["courses"]["ongoing"] == "no"][:2]

    # The reason is needed in both rows; in the first, there is one, but it is misspelled.
    reasons = texts(TABLES["courses"])["stop_reason"]
    reasons[[first, second]] = ["intolerence", None]
    check = rewritten(folder, "courses", lambda frame: frame.assign(stop_reason=reasons))
    found = told_of(check, "row", "column", "value", "nearest")
    assert found[0] == [first + 2, "stop_reason", "intolerence", "intolerance"]
    assert [row[:2] for row in found[1:]] == [[second + 2, "stop_reason"]]


def test_a_patient_misspelled_or_in_a_row_that_cannot_be_read_brings_no_error_about_another(folder):
    name = TABLES["patients"].loc[2, "patient_id"]
    check = rewritten(folder, "patients", set_cell(2, "patient_id", f" {name}"))
    misspelled = ["patients.csv", 4, "patient_id", name]
    assert told_of(check, "file", "row", "column", "nearest") == [misspelled]
    lines = (folder / "courses.csv").read_bytes().splitlines(True)
    lines[4] = lines[4].rstrip(b"\n") + b",x\n"
    (folder / "courses.csv").write_bytes(b"".join(lines))
    assert sorted(told_of(check_cohort(folder), "file", "row", "column")) == [["courses.csv", 5, ""], misspelled[:3]]


def test_an_unknown_reading_of_the_tryptase_rule(folder):
    with pytest.raises(ValueError, match="most"):
        check_cohort(folder, tryptase="most")
