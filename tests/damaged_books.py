"""Cohorts damaged on purpose in their workbooks and Parquet files, and where a check must say so.

What a reader refuses by itself is for `test_intake_xlsx` and `test_intake_parquet`; here is some of it, and the rest.

The files are written by xlsxwriter and pyarrow. What is expected was written down from the data contract by hand.
"""

import zipfile
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import xlsxwriter
from damaged_cohorts import good, row
from damaged_files import GRADE, MONTHS, UNKNOWN, arrow_table, cases, write_parquet, write_xlsx
from pyarrow import parquet

# Workbooks: their sheets, cells and parts. --------------------------------------------------------------------------


def _with_sheets(folder: Path, _: str, change: Callable) -> Path:
    return write_xlsx(good(), folder / "cohort", change)


def _named(folder: Path, table: str, name: str) -> Path:
    """Give the sheet of a table another name, or leave the sheet out, or all that is in it."""
    tables = good()
    rows = tables.pop(table)
    return write_xlsx(tables | ({name: [] if name == table else rows} if name else {}), folder / "cohort")


def _with_cell(folder: Path, table: str, cell: tuple) -> Path:
    """Write one cell by a method of xlsxwriter."""
    key, column, method, *what = cell
    at = row(table, key) - 1, good()[table][0].index(column)
    return write_xlsx(good(), folder / "cohort", lambda _, sheets: getattr(sheets[table], method)(*at, *what))


def _cell(name: str, place: str, method: tuple, told: str) -> tuple:
    """Give a case of one cell: what makes it, and the value, the nearest and the rule that are told of it."""
    where, column = place.split(": ")
    table, key = where.split(" ", 1)
    return name, table, (key, column, *method), f"{key}: {column}={told}"


def _with_part(folder: Path, _: str, change: tuple[str, Callable[[str], str] | None]) -> Path:
    """Change the text of a part of the workbook, or add it to none, or take the part out."""
    path, (name, rewrite) = write_xlsx(good(), folder / "cohort"), change
    with zipfile.ZipFile(path) as archive:
        parts = {one: archive.read(one) for one in archive.namelist()}
    old = parts.pop(name, b"")
    if rewrite:
        parts[name] = rewrite(old.decode()).encode()
        assert parts[name] != old
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for one, text in parts.items():
            archive.writestr(one, text)
    return path


def _merged(book: xlsxwriter.Workbook, sheets: dict) -> None:
    style = book.add_format({"align": "center"})
    sheets["patients"].merge_range("C2:C3", "ISM", style)
    sheets["patients"].write_blank("C3", None, style)


def _date(book: xlsxwriter.Workbook, sheets: dict) -> None:
    at = row("symptoms", "P25 flush") - 1, good()["symptoms"][0].index("months_to_first_improvement")
    sheets["symptoms"].write_number(*at, 42_781, book.add_format({"num_format": "yyyy-mm-dd"}))  # 2017-02-15


def _chart(folder: Path, table: str, _: None) -> Path:
    def add(book: xlsxwriter.Workbook, _: dict) -> None:
        book.add_chartsheet(table).set_chart(book.add_chart({"type": "line"}))
        book.charts[0].add_series({"values": "=courses!$C$2:$C$4"})

    return write_xlsx({name: rows for name, rows in good().items() if name != table}, folder / "cohort", add)


SHEET = "xl/worksheets/sheet3.xml"
NAMED = [
    ("a missing sheet", "courses", "", "the sheet is missing"),
    ("an empty sheet", "laboratory", "laboratory", "row 1 is empty"),
    ("a sheet named otherwise", "adverse_events", "Adverse events", "rename 'Adverse events'"),
]
SHEETS = [
    (
        *("merged cells", "patients", _merged),
        *("2: diagnosis= -> the cells C2:C3 are merged", "3: diagnosis= -> one of ISM, CM"),
    ),
    ("a date for a number", "symptoms", _date, f"P25 flush: months_to_first_improvement=2017-02-15 -> {MONTHS}"),
]
BEST, LAST = "symptoms P25 flush: grade_best", "symptoms P25 flush: grade_last"
START = "courses P25: start_month"
SHEET_CELLS = [
    _cell("a cell of an error", LAST, ("write_formula", "=NA()", None, "#N/A"), f"#N/A -> {GRADE}"),
    _cell("a truth value for a number", BEST, ("write_boolean", True), f"TRUE -> {GRADE}"),
    _cell("a truth value for yes", "courses P09: ongoing", ("write_boolean", True), "TRUE~yes -> one of yes, no"),
    _cell("a number for a month", START, ("write_number", 201_502), "201502~2015-02 -> a month as YYYY-MM"),
    _cell("a grade as text with a comma", BEST, ("write_string", "0,75"), f"0,75~0.75 -> {GRADE}"),
    _cell("a grade that is not quite a quarter", BEST, ("write_number", 0.76), f"0.76~0.75 -> {GRADE}"),
]
PARTS = [
    ("no sheet behind its name", "symptoms", (SHEET, None), "the sheet is missing"),
]
BOMB = ("xl/media/large.xml", lambda _: " " * 60 * 1024**2)  # takes 60 kB
BOOKS = [
    ("no list of sheets", "", ("xl/workbook.xml", None), "cohort.xlsx -> no Excel workbook"),
    ("much out of little", "", BOMB, "cohort.xlsx -> too much for its size"),
]

# Parquet files: their bytes and columns. ----------------------------------------------------------------------------


def _with_table(folder: Path, table: str, change: Callable[[pa.Table], pa.Table]) -> Path:
    file = write_parquet(good(), folder / "cohort") / f"{table}.parquet"
    parquet.write_table(change(arrow_table(good()[table])), file)
    return file.parent


def _without(folder: Path, table: str, _: None) -> Path:
    return write_parquet({name: rows for name, rows in good().items() if name != table}, folder / "cohort")


def _cells(name: str, change: Callable[[list], list], kind: pa.DataType | None = None) -> Callable:
    """Change the cells of a column."""

    def change_column(table: pa.Table) -> pa.Table:
        at = table.column_names.index(name)
        return table.set_column(at, name, pa.array(change(table.column(at).to_pylist()), kind))

    return change_column


def _each(name: str, value: object) -> Callable:
    return _cells(name, lambda cells: [value for _ in cells])


def _first(name: str, value: float, kind: pa.DataType | None = None) -> Callable:
    return _cells(name, lambda cells: [value, *cells[1:]], kind)


def _appended(name: str) -> Callable:
    return lambda table: table.append_column(name, table.column("ongoing"))


SAMPLES = len(good()["laboratory"])
PARQUET_TABLES = [
    ("a nested column", "adverse_events", _each("detail", ["a"]), "1: detail= -> the column has the type list"),
    (
        *("truth values for numbers", "laboratory", _each("value", True)),
        *[f"{number}: value=TRUE -> {MONTHS}" for number in range(2, SAMPLES + 1)],
    ),
    (
        *("texts for numbers", "laboratory", _cells("value", lambda cells: [f"{cell:g} ng" for cell in cells])),
        *(f"2: value=84.8 ng~? -> {MONTHS}", f"{SAMPLES}: value=9.3 ng~? -> {MONTHS}", SAMPLES - 1),
    ),
    ("a number missing in Parquet", "laboratory", _first("value", float("nan")), f"2: value= -> {MONTHS}"),
    ("an infinite number in Parquet", "laboratory", _first("value", float("inf")), f"2: value=inf -> {MONTHS}"),
    (
        *("a grade between two in Parquet", "symptoms", _first("grade_best", 0.7, pa.float32())),
        f"2: grade_best=0.7~0.75 -> {GRADE}",
    ),
    ("an extra column in Parquet", "courses", _appended("weight"), f"1: =weight~? -> {UNKNOWN}"),
    ("a column twice in Parquet", "courses", _appended("ongoing"), "1: =ongoing -> each column name once"),
    (
        *("a missing column in Parquet", "courses", lambda table: table.drop_columns(["ongoing"])),
        "1: -> column ongoing is missing",
    ),
]

SHEET_FILE = "cohort.xlsx, sheet {}"
CASES = [
    *cases(_named, SHEET_FILE, NAMED),
    *cases(_with_sheets, SHEET_FILE, SHEETS),
    *cases(_chart, SHEET_FILE, [("a chart for a sheet", "symptoms", None, "the sheet is missing")]),
    *cases(_with_cell, SHEET_FILE, SHEET_CELLS),
    *cases(_with_part, SHEET_FILE, PARTS),
    *cases(_with_part, "{}", BOOKS),
    *cases(_with_table, "{}.parquet", PARQUET_TABLES),
    *cases(_without, "{}.parquet", [("a missing Parquet table", "laboratory", None, "the file is missing")]),
]
