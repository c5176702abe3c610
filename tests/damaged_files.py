"""Cohorts damaged on purpose in their files and folders, each in one way that happens, and where a check says so.

What a reader refuses by itself is for `test_intake_csv`, `test_intake_xlsx`, `test_intake_parquet` and
`test_intake_files`; here is some of it, and the rest. The files are written by the csv module, pandas and xlsxwriter.
What is expected was written down from the data contract by hand.
"""

import os
from collections.abc import Callable
from pathlib import Path

import pandas as pd
from damaged_cohorts import Case, good, place, write_csv

Make = Callable[[Path], Path]


def _csv(table: str, by: Callable[[Path], object]) -> Make:
    """Do something with the CSV file of a table."""

    def make(folder: Path) -> Path:
        cohort = write_csv(good(), folder / "cohort")
        by(cohort / f"{table}.csv")
        return cohort

    return make


def _with_mark(path: Path) -> None:
    lines = path.read_bytes().split(b"\n")
    lines[3] = b"\xef\xbb\xbf" + lines[3]
    path.write_bytes(b"\n".join(lines))


def _instead(by: Callable[[Path], object]) -> Callable[[Path], None]:
    def change(path: Path) -> None:
        path.rename(path.parent.parent / path.name)
        by(path)

    return change


def _linked(path: Path) -> None:
    path.symlink_to(path.parent.parent / path.name)


def _file(name: str) -> Make:
    def make(folder: Path) -> Path:
        (folder / name).write_bytes(bytes.fromhex("d0cf11e0a1b11ae1") + bytes(3000) if name.endswith(".xls") else b"PK")
        return folder / name

    return make


def _written(ending: str, change: Callable[[dict[str, pd.DataFrame]], object]) -> Make:
    """Do something with the tables by name, and write them as a workbook or as Parquet files."""

    def make(folder: Path) -> Path:
        tables = {table: pd.DataFrame(rows, columns=head, dtype=object) for table, (head, *rows) in good().items()}
        tables = {table: frame.replace("", None) for table, frame in tables.items()}
        change(tables)
        if ending == "parquet":
            for table, frame in tables.items():
                frame.to_parquet(folder / f"{table}.parquet", index=False)
            return folder
        with pd.ExcelWriter(folder / "cohort.xlsx", engine="xlsxwriter") as book:
            for table, frame in tables.items():
                frame.to_excel(book, sheet_name=table, index=False)
        return folder / "cohort.xlsx"

    return make


def _listed(tables: dict[str, pd.DataFrame]) -> None:
    tables["adverse_events"]["detail"] = tables["adverse_events"]["term"].map(list)


COLOURED = lambda path: path.rename(path.with_name("\x1b[31mcourses.csv"))  # noqa: E731
TWICE = lambda path: pd.read_csv(path).to_parquet(path.with_suffix(".parquet"))  # noqa: E731
ORDINARY = "allowed is an ordinary file"
OF_CSV = [
    ("a byte order mark in the middle", _csv("adverse_events", _with_mark),
     "adverse_events 4: patient_id -> a name without blanks at its ends"),
    ("a missing table", _csv("courses", os.remove), "courses -> missing"),
    ("a file name that colours", _csv("courses", COLOURED), "courses -> missing"),
    ("a folder for a table", _csv("patients", _instead(os.mkdir)), f"patients -> this is a folder; {ORDINARY}"),
    ("a link for a table", _csv("patients", _instead(_linked)), f"patients -> this is a symbolic link; {ORDINARY}"),
    ("a pipe for a table", _csv("patients", _instead(os.mkfifo)), f"patients -> this is a named pipe; {ORDINARY}"),
    ("one table twice", _csv("courses", TWICE), "courses -> one file for each table"),
]  # fmt: skip
GIVE = "this is neither a workbook nor a folder; allowed is an Excel workbook (.xlsx) with a sheet for each table, or a"
OF_PATHS = [
    ("no folder", lambda folder: folder / "nowhere", "PATH -> no such file or folder"),
    ("an empty folder", lambda folder: folder, "PATH -> none of the six tables"),
    ("a workbook alone", lambda folder: _file("cohort.xlsx")(folder).parent, "PATH -> or give cohort.xlsx"),
    *(
        (f"a file {name}", _file(name), f"{name} -> {told}")
        for name, told in {
            **{"cohort.csv": "a single CSV file", "cohort.xls": "an old Excel workbook", "c.ods": "an OpenDocument"},
            **{"cohort": GIVE, "c.docx": GIVE, "c.xlsm": "with macros", "c.xlsb": "a binary workbook"},
            **{"patients.parquet": "give the folder", "c.zip": "unpack it"},
        }.items()
    ),
]
OF_SHEETS = [
    ("a missing sheet", _written("xlsx", lambda tables: tables.pop("courses")), "courses -> the sheet is missing"),
    ("a sheet named otherwise", _written("xlsx", lambda tables: tables.update(Laboratory=tables.pop("laboratory"))),
     "laboratory -> rename 'Laboratory'"),
    ("a truth value for yes", _written("xlsx", lambda tables: tables["courses"].replace("yes", True, inplace=True)),
     *(f"courses {number}: ongoing=TRUE~yes -> one of yes, no" for number in (2, 6, 8))),
]  # fmt: skip
OF_PARQUET = [
    ("a missing Parquet table", _written("parquet", lambda tables: tables.pop("laboratory")),
     "laboratory -> the file is missing"),
    ("a missing column in Parquet", _written("parquet", lambda tables: tables["courses"].pop("ongoing")),
     "courses 1: -> column ongoing is missing"),
    ("a nested column", _written("parquet", _listed), "adverse_events 1: detail= -> the column has the type list"),
]  # fmt: skip
FILES = {"{}.csv": OF_CSV, "{}": OF_PATHS, "cohort.xlsx, sheet {}": OF_SHEETS, "{}.parquet": OF_PARQUET}
CASES = [
    Case(name, [place(one, file) for one in told], len(told), make=make)
    for file, found in FILES.items()
    for name, make, *told in found
]
