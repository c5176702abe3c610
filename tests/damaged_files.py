"""Cohorts damaged on purpose in their CSV files and folders, each in one way that happens, and where a check says so.

What a reader refuses by itself is for `test_intake_csv` and `test_intake_files`; here is some of it, and the rest.

The files are written by the csv module, xlsxwriter and pyarrow. What is expected was written down from the data
contract by hand.
"""

import csv
import io
import os
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import xlsxwriter
from damaged_cohorts import MARK, Case, Tables, good, place, set_cell
from pyarrow import parquet


def csv_text(rows: list[list[str]], separator: str = ",") -> bytes:
    file = io.StringIO(newline="")
    csv.writer(file, delimiter=separator, lineterminator="\n").writerows(rows)
    return file.getvalue().encode()


def write_csv(tables: Tables, folder: Path, separator: str = ",") -> Path:
    folder.mkdir(parents=True)
    for table, rows in tables.items():
        (folder / f"{table}.csv").write_bytes(csv_text(rows, separator))
    return folder


def _is_number(text: str) -> bool:
    return text.replace(".", "", 1).isdigit() and text.isascii()


def arrow_table(rows: list[list[str]]) -> pa.Table:
    """Give a table with numbers where a column holds nothing else, and texts elsewhere."""
    columns = {}
    for name, *cells in zip(*rows, strict=True):
        filled = [cell for cell in cells if cell]
        numbers = bool(filled) and all(map(_is_number, filled))
        columns[name] = pa.array([(float(cell) if numbers else cell) if cell else None for cell in cells])
    return pa.table(columns)


def write_parquet(tables: Tables, folder: Path) -> Path:
    folder.mkdir(parents=True)
    for table, rows in tables.items():
        parquet.write_table(arrow_table(rows), folder / f"{table}.parquet")
    return folder


def write_xlsx(tables: Tables, folder: Path, change: Callable | None = None) -> Path:
    """Write the tables as the sheets of a workbook, and change these, given the workbook and the sheets by name."""
    folder.mkdir(parents=True)
    path = folder / "cohort.xlsx"
    with xlsxwriter.Workbook(path, {"strings_to_formulas": False}) as book:
        sheets = {table: book.add_worksheet(table) for table in tables}
        for table, rows in tables.items():
            for place, cells in enumerate(rows):
                sheets[table].write_row(place, 0, [float(cell) if _is_number(cell) else cell or None for cell in cells])
        if change:
            change(book, sheets)
    return path


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


# The bytes of a CSV file: those there should be, or what makes them of those there are. -----------------------------


def _with_bytes(folder: Path, table: str, what: bytes | Callable[[bytes], bytes]) -> Path:
    file = write_csv(good(), folder / "cohort") / f"{table}.csv"
    file.write_bytes(what(file.read_bytes()) if callable(what) else what)
    return file.parent


def _line(number: int, old: bytes, new: bytes) -> Callable[[bytes], bytes]:
    """Replace a part of one line, of which it is the only one."""

    def change(text: bytes) -> bytes:
        lines = text.split(b"\n")
        assert lines[number - 1].count(old) == 1
        lines[number - 1] = lines[number - 1].replace(old, new)
        return b"\n".join(lines)

    return change


def _semicolons_below(text: bytes) -> bytes:
    head, rows = text.split(b"\n", 1)
    return head + b"\n" + rows.replace(b",", b";")


PNG = b"\x89PNG\r\n\x1a\n" + bytes(100)
BYTES = [
    ("a file of line ends", "laboratory", b"\n\r\n \n", "the file is empty"),
    (
        *("commas in the header and semicolons below", "courses", _semicolons_below),
        *[f"{number}: -> the row has 1 cells and the header 16" for number in range(2, 9)],
    ),
    ("a byte of Latin-1", "adverse_events", _line(3, b"fatigue", b"fi\xe8vre"), "line 3 is not UTF-8"),
    (
        *(
            "a byte order mark in the middle",
            "adverse_events",
            _line(4, MARK.encode(), b"\xef\xbb\xbf" + MARK.encode()),
        ),
        "4: patient_id -> a name without blanks at its ends and invisible signs",
    ),
    ("a quotation mark left open", "adverse_events", _line(3, b"fatigue", b'"fatigue'), "row 3: a quotation mark"),
    ("a row too long", "courses", _line(4, b",150,", b",150,,"), "4: -> the row has 17 cells and the header 16"),
    ("no text at all", "symptoms", bytes(range(1, 256)) * 40, "not UTF-8"),
    ("a picture", "symptoms", PNG, "zero byte"),
]


# The rows of a table that is written as CSV. ------------------------------------------------------------------------


def _with_rows(folder: Path, table: str, change: Callable[[list[list[str]]], list[list[str]]]) -> Path:
    tables = good()
    return write_csv(tables | {table: change(tables[table])}, folder / "cohort")


def _with_semicolons(folder: Path, table: str, cell: tuple[str, str, str]) -> Path:
    return write_csv(set_cell(good(), table, *cell), folder / "cohort", ";")


def _column(head: str, text: str) -> Callable:
    """Add a column."""
    return lambda rows: [[*cells, text if number else head] for number, cells in enumerate(rows)]


def _header(**new: str) -> Callable:
    return lambda rows: [[new.get(cell, cell) for cell in rows[0]], *rows[1:]]


UNKNOWN = "a column name of the contract"
GRADE, MONTHS = "one of 1.5, 1, 0.75, 0.5, 0.25, 0", "a number of at least 0"
NO_DIAGNOSIS = "1: -> column diagnosis is missing"
ROWS = [
    (
        *("a missing column", "symptoms", lambda rows: [cells[:4] + cells[5:] for cells in rows]),
        "1: -> column grade_last is missing",
    ),
    ("an unknown column", "patients", _column("weight", "70"), f"1: =weight~? -> {UNKNOWN}"),
    ("a column without a name", "courses", _column("", ""), "1: -> has no name"),
    ("a column twice", "patients", _column("sex", "F"), "1: =sex -> each column name once"),
    *[
        (name, "patients", _header(diagnosis=new), f"1: ={new}~diagnosis -> {UNKNOWN}", NO_DIAGNOSIS)
        for name, new in (
            *(("a column misspelt", "diagnosys"), ("a column in capitals", "DIAGNOSIS")),
            *(("a column with blanks", " diagnosis "), ("a column with a hidden blank", "diagnosis\u200b")),
        )
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
IGE, FLUSH = "P11 total_ige before", "P25 flush"
SEMICOLONS = [
    ("points and commas", "laboratory", (IGE, "value", "1.234,5"), f"{IGE}: value=1.234,5~1234.5 -> {MONTHS}"),
    ("a comma in no grade", "symptoms", (FLUSH, "grade_best", "0,7"), f"{FLUSH}: grade_best=0.7~0.75 -> {GRADE}"),
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
    parquet.write_table(arrow_table(good()[path.stem]), path.with_suffix(".parquet"))


_MISSING = ("patients", "laboratory")
ORDINARY = "allowed is an ordinary file"
LINK = f"this is a symbolic link; {ORDINARY}"
PATHS = [
    ("a missing table", "courses", os.remove, "missing"),
    (
        *("two missing tables", "", lambda path: [os.remove(path.with_name(f"{table}.csv")) for table in _MISSING]),
        *[f"{table} -> the file is missing" for table in _MISSING],
    ),
    ("a file name that colours", "courses", lambda path: path.rename(path.with_name("\x1b[31mcourses.csv")), "missing"),
    (
        *("a workbook named as CSV", "symptoms", lambda path: write_xlsx(good(), path.parent / "more").rename(path)),
        "CSV table in UTF-8",
    ),
    ("a folder for a table", "patients", _replaced(os.mkdir), f"this is a folder; {ORDINARY}"),
    (
        *("a symbolic link for a table", "patients"),
        _replaced(lambda path: path.symlink_to(path.parent.parent / path.name)),
        LINK,
    ),
    ("a link to nothing", "patients", _replaced(lambda path: path.symlink_to("nowhere.csv")), LINK),
    ("a named pipe for a table", "patients", _replaced(os.mkfifo), f"this is a named pipe; {ORDINARY}"),
    ("one table twice", "courses", _as_parquet, "one file for each table"),
]


def _file(name: str, text: bytes) -> Callable[[Path], Path]:
    def make(folder: Path) -> Path:
        (folder / name).write_bytes(text)
        return folder / name

    return make


def _description(text: str) -> Callable[[Path], Path]:
    def make(folder: Path) -> Path:
        cohort = write_csv(good(), folder / "cohort")
        (cohort / "datapackage.json").write_text(text, encoding="utf-8")
        return cohort

    return make


OLE = bytes.fromhex("d0cf11e0a1b11ae1") + bytes(3000)
GIVE = "allowed is an Excel workbook (.xlsx) with a sheet for each table, or a folder with a CSV"
WHOLE = [
    ("a description of a list", "", _description("[]"), "datapackage.json -> JSON"),
    ("no folder", "", lambda folder: folder / "nowhere", "PATH -> no such file or folder"),
    ("an empty folder", "", lambda folder: folder, "PATH -> none of the six tables"),
    ("a workbook alone", "", lambda folder: write_xlsx(good(), folder / "c").parent, "PATH -> or give cohort.xlsx"),
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

CASES = [
    *cases(_with_bytes, "{}.csv", BYTES),
    *cases(_with_rows, "{}.csv", ROWS),
    *cases(_with_semicolons, "{}.csv", SEMICOLONS),
    *cases(_with_path, "{}.csv", PATHS),
    *cases(lambda folder, _, make: make(folder), "{}", WHOLE),
]
