"""Cohorts damaged on purpose in their files and folders, each in one way that happens, and where a check says so.

What a reader refuses by itself is for `test_intake_csv`, `test_intake_xlsx`, `test_intake_parquet` and
`test_intake_files`; here is some of it, and the rest. The files are written by the csv module, pandas and xlsxwriter.
What is expected was written down from the data contract by hand.
"""

import csv
import os
from collections.abc import Callable
from pathlib import Path

import pandas as pd
from damaged_cohorts import MARK, Case, Tables, good, place


def write_csv(tables: Tables, folder: Path) -> Path:
    folder.mkdir(parents=True)
    for table, rows in tables.items():
        with open(folder / f"{table}.csv", "w", encoding="utf-8", newline="") as file:
            csv.writer(file, lineterminator="\n").writerows(rows)
    return folder


def cases(make: Callable, file: str, found: list[tuple]) -> list[Case]:
    """Give a case of each (name, table, what, what is told ..., count); a count is given if there are more errors.

    `make` is called with the folder, the table and what is to be done with it; it gives the path of the cohort. What is
    told is of the table, or of a cell of it as `place` reads it.
    """
    made = []
    for name, table, what, *told in found:
        count = told.pop() if isinstance(told[-1], int) else len(told)
        if table:
            told = [f"{table} {one}" if " -> " in one else f"{table} -> {one}" for one in told]
        places = [place(one, file) for one in told]
        made.append(Case(name, places, count, make=lambda folder, table=table, what=what: make(folder, table, what)))
    return made


# The bytes of a CSV file: what makes them of those there are. -------------------------------------------------------


def _with_bytes(folder: Path, table: str, change: tuple[int, bytes, bytes]) -> Path:
    """Replace a part of one line, of which it is the only one."""
    file = write_csv(good(), folder / "cohort") / f"{table}.csv"
    lines, (number, old, new) = file.read_bytes().split(b"\n"), change
    assert lines[number - 1].count(old) == 1
    lines[number - 1] = lines[number - 1].replace(old, new)
    file.write_bytes(b"\n".join(lines))
    return file.parent


MIDDLE = (4, MARK.encode(), b"\xef\xbb\xbf" + MARK.encode())
BYTES = [
    ("a byte order mark in the middle", "adverse_events", MIDDLE, "4: patient_id -> a name without blanks at its ends"),
]


# The rows of a table that is written as CSV. ------------------------------------------------------------------------


def _with_rows(folder: Path, table: str, change: Callable[[list[list[str]]], list[list[str]]]) -> Path:
    tables = good()
    return write_csv(tables | {table: change(tables[table])}, folder / "cohort")


def _column(head: str, text: str) -> Callable:
    """Add a column."""
    return lambda rows: [[*cells, text if number else head] for number, cells in enumerate(rows)]


def _header(**new: str) -> Callable:
    return lambda rows: [[new.get(cell, cell) for cell in rows[0]], *rows[1:]]


UNKNOWN = "a column name of the contract"
NO_DIAGNOSIS = "1: -> column diagnosis is missing"
ROWS = [
    (
        *("a missing column", "symptoms", lambda rows: [cells[:4] + cells[5:] for cells in rows]),
        "1: -> column grade_last is missing",
    ),
    ("an unknown column", "patients", _column("weight", "70"), f"1: =weight~? -> {UNKNOWN}"),
    *[
        (name, "patients", _header(diagnosis=new), f"1: ={new}~diagnosis -> {UNKNOWN}", NO_DIAGNOSIS)
        for name, new in (("a column in capitals", "DIAGNOSIS"), ("a column with a hidden blank", "diagnosis\u200b"))
    ],
    (
        *("two columns misspelt and one more", "courses"),
        _header(start_dose_mg="start_doses_mg", ongoing="on going", stop_reason="zzz"),
        f"1: =start_doses_mg~start_dose_mg -> {UNKNOWN}",
        *(f"1: =on going~ongoing -> {UNKNOWN}", f"1: =zzz -> {UNKNOWN}", 6),
    ),
    ("a long column", "courses", _column("w" * 100_000, "1"), f"1: ={'w' * 97}... -> {UNKNOWN}"),
    (
        *("a hundred thousand signs", "adverse_events"),
        lambda rows: [*rows[:2], [*rows[2][:2], "mild" * 25_000, *rows[2][3:]], *rows[3:]],
        f"3: severity={('mild' * 25)[:97]}... -> one of mild, moderate, severe",
    ),
]

# What lies where a CSV file should. ---------------------------------------------------------------------------------


def _with_path(folder: Path, table: str, by: Callable[[Path], object]) -> Path:
    cohort = write_csv(good(), folder / "cohort")
    by(cohort / f"{table}.csv")
    return cohort


def _replaced(by: Callable[[Path], object]) -> Callable:
    def change(path: Path) -> None:
        path.rename(path.parent.parent / path.name)
        by(path)

    return change


def _as_parquet(path: Path) -> None:
    pd.read_csv(path).to_parquet(path.with_suffix(".parquet"))


ORDINARY = "allowed is an ordinary file"
LINK = f"this is a symbolic link; {ORDINARY}"
PATHS = [
    ("a missing table", "courses", os.remove, "missing"),
    ("a file name that colours", "courses", lambda path: path.rename(path.with_name("\x1b[31mcourses.csv")), "missing"),
    ("a folder for a table", "patients", _replaced(os.mkdir), f"this is a folder; {ORDINARY}"),
    (
        *("a symbolic link for a table", "patients"),
        _replaced(lambda path: path.symlink_to(path.parent.parent / path.name)),
        LINK,
    ),
    ("a named pipe for a table", "patients", _replaced(os.mkfifo), f"this is a named pipe; {ORDINARY}"),
    ("one table twice", "courses", _as_parquet, "one file for each table"),
]


def _file(name: str, text: bytes) -> Callable[[Path], Path]:
    def make(folder: Path) -> Path:
        (folder / name).write_bytes(text)
        return folder / name

    return make


OLE = bytes.fromhex("d0cf11e0a1b11ae1") + bytes(3000)
GIVE = "allowed is an Excel workbook (.xlsx) with a sheet for each table, or a folder with a CSV"
WHOLE = [
    ("no folder", "", lambda folder: folder / "nowhere", "PATH -> no such file or folder"),
    ("an empty folder", "", lambda folder: folder, "PATH -> none of the six tables"),
    ("a workbook alone", "", lambda folder: _file("cohort.xlsx", b"PK")(folder).parent, "PATH -> or give cohort.xlsx"),
    ("a single CSV file", "", _file("cohort.csv", b"patient_id\n"), "cohort.csv -> a single CSV file"),
    ("an old workbook", "", _file("cohort.xls", OLE), "cohort.xls -> an old Excel workbook"),
    ("an OpenDocument", "", _file("cohort.ods", b"PK"), "cohort.ods -> an OpenDocument"),
    ("no ending", "", _file("cohort", b"PK"), f"cohort -> this is neither a workbook nor a folder; {GIVE}"),
    ("a document", "", _file("c.docx", b"PK"), f"c.docx -> this is neither a workbook nor a folder; {GIVE}"),
    ("a workbook with macros", "", _file("cohort.xlsm", b"PK"), "cohort.xlsm -> with macros"),
    ("a binary workbook", "", _file("c.xlsb", b"PK"), "c.xlsb -> a binary workbook"),
    ("a single Parquet file", "", _file("patients.parquet", b"PAR1"), "patients.parquet -> give the folder"),
    ("an archive", "", _file("c.zip", b"PK"), "c.zip -> unpack it"),
]

# Workbooks and Parquet files: what is done with their tables, by name. ----------------------------------------------


def _frames(change: Callable[[dict[str, pd.DataFrame]], object]) -> dict[str, pd.DataFrame]:
    tables = {table: pd.DataFrame(rows, columns=head, dtype=object) for table, (head, *rows) in good().items()}
    tables = {table: frame.replace("", None) for table, frame in tables.items()}
    change(tables)
    return tables


def _with_sheets(folder: Path, _: str, change: Callable) -> Path:
    with pd.ExcelWriter(folder / "cohort.xlsx", engine="xlsxwriter") as book:
        for table, frame in _frames(change).items():
            frame.to_excel(book, sheet_name=table, index=False)
    return folder / "cohort.xlsx"


def _with_parquet(folder: Path, _: str, change: Callable) -> Path:
    for table, frame in _frames(change).items():
        frame.to_parquet(folder / f"{table}.parquet", index=False)
    return folder


SHEETS = [
    ("a missing sheet", "courses", lambda tables: tables.pop("courses"), "the sheet is missing"),
    (
        *("a sheet named otherwise", "laboratory"),
        lambda tables: tables.update(Laboratory=tables.pop("laboratory")),
        "rename 'Laboratory'",
    ),
    (
        *("a truth value for yes", "courses", lambda tables: tables["courses"].replace("yes", True, inplace=True)),
        *(f"{number}: ongoing=TRUE~yes -> one of yes, no" for number in (2, 6, 8)),
    ),
]
PARQUET = [
    ("a missing Parquet table", "laboratory", lambda tables: tables.pop("laboratory"), "the file is missing"),
    (
        *("a missing column in Parquet", "courses", lambda tables: tables["courses"].pop("ongoing")),
        "1: -> column ongoing is missing",
    ),
    (
        *("a nested column", "adverse_events"),
        lambda tables: tables.update(
            adverse_events=tables["adverse_events"].assign(detail=lambda x: x["term"].map(list))
        ),
        "1: detail= -> the column has the type list",
    ),
]

CASES = [
    *cases(_with_bytes, "{}.csv", BYTES),
    *cases(_with_rows, "{}.csv", ROWS),
    *cases(_with_path, "{}.csv", PATHS),
    *cases(lambda folder, _, make: make(folder), "{}", WHOLE),
    *cases(_with_sheets, "cohort.xlsx, sheet {}", SHEETS),
    *cases(_with_parquet, "{}.parquet", PARQUET),
]
