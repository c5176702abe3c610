"""Cohorts damaged on purpose, each in one way that happens, and where a check must say so.

A few patients of the shipped cohort are read with the csv module and written anew as CSV, Parquet or a workbook by
libraries that the reader does not use for them. What is expected was written down from the data contract by hand.
"""

import csv
import functools
import io
import os
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pyarrow as pa
import xlsxwriter
from pyarrow import parquet

SHIPPED = Path(__file__).resolve().parents[1] / "data" / "cohort"
NAMES = ["screening", "patients", "symptoms", "courses", "laboratory", "adverse_events"]
PATIENTS = ["P01", "P03", "P09", "P11", "P13", "P21", "P23", "P25", "P47"]
"""Two excluded patients, and at least one of each sex and diagnosis, of each change of dose, ongoing and stopped."""
MARK = "Xk7-"
"""What every identifier of a patient or a centre begins with, so that none can be shown unseen."""

Tables = dict[str, list[list[str]]]


class Place(NamedTuple):
    """Where an error must be named, with what: `allowed` is a part of the message, None is anything."""

    file: str
    row: int = 0
    column: str = ""
    allowed: str = ""
    value: str | None = ""
    nearest: str | None = ""


class Case(NamedTuple):
    """A damaged cohort: its name, what makes it in a folder and returns its path, and what must be found."""

    name: str
    make: Callable[[Path], Path]
    places: list[Place]
    count: int = 1


@functools.cache
def _read() -> dict[str, tuple[tuple[str, ...], ...]]:
    tables = {}
    for table in NAMES:
        with open(SHIPPED / f"{table}.csv", encoding="utf-8", newline="") as file:
            header, *rows = csv.reader(file)
        kept = [[MARK + row[0], *row[1:]] for row in rows if row[0] in PATIENTS]
        if table == "screening":
            kept = [[row[0], MARK + row[1], *row[2:]] for row in kept]
        tables[table] = tuple(tuple(row) for row in (header, *kept))
    return tables


def good() -> Tables:
    """Give the undamaged tables: rows of texts, the first being the header."""
    return {table: [list(row) for row in rows] for table, rows in _read().items()}


def row(table: str, key: str) -> int:
    """Give the row, as a spreadsheet shows it, of the first undamaged row that begins with the words of a key."""
    words = (MARK + key).split()
    return next(number for number, cells in enumerate(_read()[table], 1) if list(cells[: len(words)]) == words)


def rows_of(table: str, patient: str = "") -> int:
    """Count the undamaged rows of a patient, or all."""
    return sum(cells[0].startswith(MARK + patient) for cells in _read()[table])


def _text(rows: list[list[str]], separator: str = ",") -> str:
    file = io.StringIO(newline="")
    csv.writer(file, delimiter=separator, lineterminator="\n").writerows(rows)
    return file.getvalue()


def write_csv(tables: Tables, folder: Path, separator: str = ",") -> Path:
    """Write the tables as CSV files."""
    folder.mkdir(parents=True)
    for table, rows in tables.items():
        (folder / f"{table}.csv").write_bytes(_text(rows, separator).encode())
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
    """Write the tables as Parquet files."""
    folder.mkdir(parents=True)
    for table, rows in tables.items():
        parquet.write_table(arrow_table(rows), folder / f"{table}.parquet")
    return folder


def write_xlsx(tables: Tables, folder: Path, change: Callable | None = None, down: int = 0) -> Path:
    """Write the tables as the sheets of a workbook, and change these, given the workbook and the sheets by name."""
    folder.mkdir(parents=True)
    path = folder / "cohort.xlsx"
    with xlsxwriter.Workbook(path, {"strings_to_formulas": False}) as book:
        sheets = {table: book.add_worksheet(table) for table in tables}
        for table, rows in tables.items():
            for place, cells in enumerate(rows, down if table == "courses" else 0):
                sheets[table].write_row(place, 0, [float(cell) if _is_number(cell) else cell or None for cell in cells])
        if change:
            change(book, sheets)
    return path


# Ways to make a damaged cohort.


def tables_changed(change: Callable[[Tables], object], write: Callable = write_csv, **how: object) -> Callable:
    def make(folder: Path) -> Path:
        tables = good()
        change(tables)
        return write(tables, folder / "cohort", **how)

    return make


def folder_changed(change: Callable[[Path], object], write: Callable = write_csv) -> Callable:
    def make(folder: Path) -> Path:
        path = write(good(), folder / "cohort")
        change(path)
        return path

    return make


def sheets_changed(change: Callable) -> Callable:
    return lambda folder: write_xlsx(good(), folder / "cohort", change)


def set_cells(table: str, key: str, **cells: str) -> Callable[[Tables], None]:
    def change(tables: Tables) -> None:
        for name, text in cells.items():
            tables[table][row(table, key) - 1][tables[table][0].index(name)] = text

    return change


def without(table: str, patient: str) -> Callable[[Tables], None]:
    return lambda tables: tables.update({table: [cells for cells in tables[table] if cells[0] != MARK + patient]})


def appended(table: str, *rows: list[str]) -> Callable[[Tables], None]:
    return lambda tables: tables[table].extend(rows)


def repeated(table: str, key: str) -> Callable[[Tables], None]:
    return lambda tables: tables[table].append(list(tables[table][row(table, key) - 1]))


def header_cell(table: str, name: str, new: str) -> Callable[[Tables], None]:
    def change(tables: Tables) -> None:
        tables[table][0][tables[table][0].index(name)] = new

    return change


def every_row(table: str, change: Callable[[list[str]], list[str]]) -> Callable[[Tables], None]:
    return lambda tables: tables.update({table: [change(cells) for cells in tables[table]]})


def both(*changes: Callable) -> Callable:
    def change(thing: object) -> None:
        for one in changes:
            one(thing)

    return change


def content(name: str, new: bytes | Callable[[bytes], bytes]) -> Callable[[Path], None]:
    """Give the bytes of a file of the folder, or what makes them of those that are there."""

    def change(path: Path) -> None:
        file = path / name if path.is_dir() else path
        file.write_bytes(new(file.read_bytes()) if callable(new) else new)

    return change


def line(number: int, old: bytes, new: bytes) -> Callable[[bytes], bytes]:
    """Replace a part of one line, of which it is the only one."""

    def change(text: bytes) -> bytes:
        lines = text.split(b"\n")
        assert lines[number - 1].count(old) == 1
        lines[number - 1] = lines[number - 1].replace(old, new)
        return b"\n".join(lines)

    return change


def part(name: str, change: Callable[[str], str] | None) -> Callable[[Path], None]:
    """Change the text of a part of the workbook, or take the part out."""

    def rewrite(path: Path) -> None:
        with zipfile.ZipFile(path) as archive:
            parts = {one: archive.read(one) for one in archive.namelist()}
        old = parts.pop(name)
        if change:
            parts[name] = change(old.decode()).encode()
            assert parts[name] != old
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            for one, text in parts.items():
                archive.writestr(one, text)

    return rewrite


def replaced(name: str, by: Callable[[Path], object]) -> Callable[[Path], None]:
    def change(path: Path) -> None:
        os.rename(path / name, path.parent / name)
        by(path / name)

    return change


def sparse(path: Path) -> None:
    with open(path, "wb") as file:
        file.truncate(2 * 1024**3)


def renamed(new: str) -> Callable[[Path], Path]:
    """Give the cohort, a workbook, another name."""
    return lambda folder: write_xlsx(good(), folder / "cohort").rename(folder / "cohort" / new)


def one_file(name: str, text: bytes) -> Callable[[Path], Path]:
    def make(folder: Path) -> Path:
        (folder / name).write_bytes(text)
        return folder / name

    return make


# What is allowed, in the words of the contract.
GRADE = "one of 1.5, 1, 0.75, 0.5, 0.25, 0"
YES_NO = "one of yes, no"
SEVERITY = "one of mild, moderate, severe"
MONTH = "a month as YYYY-MM"
MONTHS = "a number of at least 0"
AGE = "a whole number of at least 0 and at most 120"
ONE_NAME = "a name without blanks at its ends and invisible signs"
HEADER = "a column name of the contract"
KNOWN = "a patient_id of the table patients"
SEX = "one of F, M"

CELLS: list[tuple[str, str, str, str, str, str, str | None]] = [
    # name, table, first words of the row, column, what is written, what is allowed, nearest
    ("a grade between two", "symptoms", "P23 anaphylaxis", "grade_best", "0.7", GRADE, "0.75"),
    ("a grade too high", "symptoms", "P23 fatigue", "grade_last", "2", GRADE, "1.5"),
    ("a grade with a comma", "symptoms", "P23 muscle_pain", "grade_best", "0,75", GRADE, "0.75"),
    ("a negative grade", "symptoms", "P23 muscle_pain", "grade_last", "-1", GRADE, "0"),
    ("a grade in words", "symptoms", "P25 flush", "grade_best", "Disappeared", GRADE, "0"),
    ("a grade beyond all numbers", "symptoms", "P25 flush", "grade_best", "1e309", GRADE, ""),
    ("a grade that is none", "symptoms", "P25 flush", "grade_last", "nan", GRADE, ""),
    ("an infinite number", "laboratory", "P13 tryptase before", "value", "inf", MONTHS, ""),
    ("negative months", "courses", "P13", "duration_months", "-3", MONTHS, ""),
    ("an improvement before the start", "symptoms", "P25 flush", "months_to_first_improvement", "-0.5", MONTHS, ""),
    ("a half year of age", "patients", "P13", "age_at_diagnosis_years", "12.5", AGE, ""),
    ("an impossible age", "patients", "P13", "age_at_treatment_years", "200", AGE, ""),
    ("a thirteenth month", "courses", "P23", "start_month", "2017-13", MONTH, ""),
    ("a thirteenth month first", "courses", "P23", "start_month", "13/2017", MONTH, ""),
    ("a month of one digit", "screening", "P25", "recommendation_month", "2017-2", MONTH, "2017-02"),
    ("a month before its year", "screening", "P25", "recommendation_month", "02/2017", MONTH, "2017-02"),
    ("a day", "courses", "P47", "start_month", "2017-07-14", MONTH, "2017-07"),
    ("a year alone", "courses", "P47", "start_month", "2017", MONTH, ""),
    ("yes with a capital", "courses", "P09", "ongoing", "Yes", YES_NO, "yes"),
    ("yes in French", "patients", "P47", "montelukast", "oui", YES_NO, "yes"),
    ("yes as a number", "adverse_events", "P25 sweating", "flare", "1", YES_NO, "yes"),
    (
        *("a diagnosis misspelt", "patients", "P13", "diagnosis", "idiopatic MCAS"),
        *("one of ISM, CM, MMAS, idiopathic_MCAS", "idiopathic_MCAS"),
    ),
    ("a sex in lower case", "patients", "P13", "sex", "f", SEX, "F"),
    ("a man in French", "patients", "P25", "sex", "H", SEX, "M"),
    ("a woman in German", "patients", "P13", "sex", "W", SEX, None),
    ("a finding in French", "patients", "P47", "skin_involved", "négatif", "not_evaluated", "negative"),
    ("a symptom by its label", "symptoms", "P25 joint_pain", "symptom", "Joint pain", "joint_pain", "joint_pain"),
    ("a symptom of no list", "symptoms", "P25 joint_pain", "symptom", "xyzzy", "one of anaphylaxis, malaise", ""),
    ("a unit a thousand times larger", "laboratory", "P11 tryptase before", "unit", "mg/L", "ng/mL, UI/mL", None),
    ("a unit of the same size", "laboratory", "P11 tryptase before", "unit", "µg/L", "ng/mL, UI/mL", "ng/mL"),
    ("an empty category", "patients", "P13", "sex", "", SEX, ""),
    ("an empty number", "courses", "P13", "duration_months", "", MONTHS, ""),
    ("an empty whole number", "patients", "P09", "diagnosis_to_treatment_months", "", "a whole number", ""),
    ("an empty identifier", "symptoms", "P23 fatigue", "patient_id", "", ONE_NAME, ""),
    ("an empty identifier of a patient", "patients", "P23", "patient_id", "", ONE_NAME, ""),
    ("an identifier with a blank", "screening", "P23", "centre_id", f" {MARK}C01", ONE_NAME, f"{MARK}C01"),
    ("a patient with a blank", "laboratory", "P47", "patient_id", f"{MARK}P47 ", ONE_NAME, f"{MARK}P47"),
    (
        "a text with a blank",
        "adverse_events",
        "P23",
        "term",
        "fatigue ",
        "a text without blanks at its ends and invisible signs",
        "fatigue",
    ),
    (
        "a text of blanks",
        "adverse_events",
        "P23",
        "term",
        "   ",
        "a text without blanks at its ends and invisible signs",
        "",
    ),
    ("thousands that may be decimals", "patients", "P13", "diagnosis_to_treatment_months", "1,440", "a whole num", ""),
    ("thousands by a blank", "laboratory", "P11 total_ige before", "value", "1 234.5", MONTHS, "1234.5"),
    ("thousands by a fixed blank", "laboratory", "P11 total_ige before", "value", "1\u00a0234", MONTHS, "1234"),
    ("a number with its unit", "laboratory", "P11 total_ige before", "value", "84.8 UI/mL", MONTHS, None),
    ("a number below a limit", "laboratory", "P13 tryptase before", "value", "<1", MONTHS, None),
    ("a dose of nothing", "courses", "P13", "start_dose_mg", "0", "a number of at least 1", ""),
    ("a score between quarters", "courses", "P25", "score_before_escalation", "4.3", "a multiple of 0.25", "4.25"),
    ("a formula as text", "laboratory", "P13 tryptase before", "value", "=1+1", MONTHS, ""),
    ("a formula with a plus", "courses", "P25", "escalated_dose_mg", "+A1", "a number of at least 1", ""),
    ("a formula with an at", "adverse_events", "P23", "severity", "@SUM(A1)", SEVERITY, ""),
    ("markup", "courses", "P25", "stop_reason", "<script>alert(1)</script>", "one of lack_of_efficacy", ""),
    ("a control character", "adverse_events", "P23", "severity", "mi\x07ld", SEVERITY, "mild"),
    ("a sequence that colours", "adverse_events", "P23", "flare", "\x1b[31mno\x1b[0m", YES_NO, None),
    ("a line end in a cell", "adverse_events", "P23", "severity", "mild\nsevere", SEVERITY, None),
    ("a fixed blank", "adverse_events", "P23", "severity", "mild\u00a0", SEVERITY, "mild"),
    ("digits of full width", "adverse_events", "P23", "onset_months", "\uff11", MONTHS, "1"),
    ("Arabic digits", "adverse_events", "P23", "onset_months", "\u0661", MONTHS, ""),
    ("a typographic minus", "adverse_events", "P23", "onset_months", "\u22121", MONTHS, ""),
    ("a hidden blank in an identifier", "symptoms", "P09 nausea", "patient_id", f"{MARK}P09\u200b", ONE_NAME, ""),
    ("a Cyrillic letter in an identifier", "courses", "P09", "patient_id", f"{MARK}\u042009", KNOWN, ""),
    ("a face", "adverse_events", "P23", "severity", "\U0001f642", SEVERITY, ""),
    ("a mark of writing direction", "patients", "P09", "diagnosis", "ISM\u200f", "one of ISM, CM", "ISM"),
    ("another patient's symptom", "symptoms", "P25 joint_pain", "patient_id", f"{MARK}P99", KNOWN, ""),
    ("a sample of nobody", "laboratory", "P47 tryptase before", "patient_id", f"{MARK}P99", KNOWN, ""),
    ("an event of nobody", "adverse_events", "P23", "patient_id", f"{MARK}P01", KNOWN, ""),
]


def _cell_case(name: str, table: str, key: str, column: str, text: str, allowed: str, nearest: str | None) -> Case:
    place = Place(f"{table}.csv", row(table, key), column, allowed, text, nearest)
    # A course of an unknown patient leaves the known one without a course.
    count = 2 if (table, column, allowed) == ("courses", "patient_id", KNOWN) else 1
    return Case(name, tables_changed(set_cells(table, key, **{column: text})), [place], count)


def _rule(name: str, change: Callable, *places: tuple, count: int = 0) -> Case:
    """Give a case of several cells: (table, key or row, column, allowed, value if not an identifier, nearest)."""
    found = []
    for table, key, column, allowed, *texts in places:
        number = row(table, key) if isinstance(key, str) else key
        found.append(Place(f"{table}.csv", number, column, allowed, *(texts or [None])))
    return Case(name, tables_changed(change), found, count or len(found))


def _last(table: str) -> int:
    """Give the row below the last one."""
    return len(_read()[table]) + 1


ONE_ROW = "one row for each patient_id"
DURATION = "at most the duration of the course"
TOGETHER = "or all of them empty"
MARROW = dict.fromkeys(("bone_marrow_histology", "bone_marrow_cytology", "bone_marrow_phenotype"), "negative")

RULES = [
    _rule(
        "a patient with symptoms and no row",
        without("patients", "P13"),
        ("symptoms", "P13", "patient_id", KNOWN),
        ("courses", "P13", "patient_id", KNOWN),
        ("laboratory", "P13", "patient_id", KNOWN),
        ("screening", "P13", "patient_id", "a row in the table patients, since it was included"),
        count=2 + rows_of("symptoms", "P13") + rows_of("laboratory", "P13"),
    ),
    _rule(
        "an excluded patient with rows",
        set_cells("screening", "P13", screening="excluded", exclusion_reason="not_treated"),
        ("patients", "P13", "patient_id", "it excludes this one"),
    ),
    _rule(
        "a patient who was not screened",
        without("screening", "P13"),
        ("patients", "P13", "patient_id", "a patient that the table screening includes"),
    ),
    _rule("no course", without("courses", "P21"), ("patients", "P21", "patient_id", "a row in the table courses")),
    _rule("no symptom", without("symptoms", "P09"), ("patients", "P09", "patient_id", "at least one baseline symptom")),
    _rule(
        "only a new symptom",
        both(without("symptoms", "P09"), appended("symptoms", [f"{MARK}P09", "flush", "on_therapy", "", "", ""])),
        ("patients", "P09", "patient_id", "at least one baseline symptom"),
    ),
    _rule("a patient twice", repeated("patients", "P13"), ("patients", _last("patients"), "patient_id", ONE_ROW)),
    _rule("screened twice", repeated("screening", "P01"), ("screening", _last("screening"), "patient_id", ONE_ROW)),
    _rule("two courses", repeated("courses", "P13"), ("courses", _last("courses"), "patient_id", ONE_ROW)),
    _rule(
        "a symptom twice",
        repeated("symptoms", "P13 flush"),
        ("symptoms", _last("symptoms"), "symptom", ONE_ROW, "flush"),
    ),
    _rule(
        "a sample twice",
        repeated("laboratory", "P13 tryptase before"),
        ("laboratory", _last("laboratory"), "time_point", ONE_ROW, "before"),
    ),
    _rule(
        "an event twice",
        repeated("adverse_events", "P25 nausea"),
        ("adverse_events", _last("adverse_events"), "term", ONE_ROW, "nausea"),
    ),
    _rule(
        "excluded for no reason",
        set_cells("screening", "P01", exclusion_reason=""),
        ("screening", "P01", "exclusion_reason", "a reason", ""),
    ),
    _rule(
        "included in spite of a reason",
        set_cells("screening", "P09", exclusion_reason="SM_AHN"),
        ("screening", "P09", "exclusion_reason", "empty otherwise than for an excluded patient", "SM_AHN"),
    ),
    _rule(
        "a start before its recommendation",
        set_cells("courses", "P23", start_month="2016-12"),
        ("courses", "P23", "start_month", "at least the recommendation_month", "2016-12"),
    ),
    _rule(
        "treated before diagnosed",
        set_cells("patients", "P25", age_at_treatment_years="37"),
        ("patients", "P25", "age_at_treatment_years", "at least the age at diagnosis", "37"),
        ("patients", "P25", "diagnosis_to_treatment_months", "between the two ages", "12"),
    ),
    _rule(
        "months that are not between the ages",
        set_cells("patients", "P09", diagnosis_to_treatment_months="200"),
        ("patients", "P09", "diagnosis_to_treatment_months", "between the two ages", "200"),
    ),
    _rule(
        "MMAS without the mutation",
        set_cells("patients", "P47", kit_d816v="negative", bone_marrow_kit_d816v="negative"),
        ("patients", "P47", "kit_d816v", "positive in a patient with MMAS", "negative"),
    ),
    _rule(
        "a mutation of the skin only",
        set_cells("patients", "P11", kit_d816v="not_evaluated"),
        ("patients", "P11", "kit_d816v", "positive, since it is in the skin or the bone marrow", "not_evaluated"),
    ),
    _rule(
        "a marrow free in spite of its cytology",
        set_cells("patients", "P25", bone_marrow_cytology="positive"),
        ("patients", "P25", "bone_marrow_involved", "positive, since one of", "negative"),
    ),
    _rule(
        "a marrow involved by nothing",
        set_cells("patients", "P25", bone_marrow_involved="positive", **MARROW),
        ("patients", "P25", "bone_marrow_involved", "negative, since", "positive"),
    ),
    _rule(
        "a skin free in spite of its lesions",
        set_cells("patients", "P09", skin_involved="negative"),
        ("patients", "P09", "skin_involved", "positive, since one of", "negative"),
    ),
    _rule(
        "a baseline symptom without a grade",
        set_cells("symptoms", "P25 nausea", grade_best=""),
        ("symptoms", "P25 nausea", "grade_best", "a grade for a symptom present at baseline", ""),
    ),
    _rule(
        "a new symptom with a grade",
        set_cells("symptoms", "P21 pruritus", grade_last="1"),
        ("symptoms", "P21 pruritus", "grade_last", "empty for a symptom that appeared under therapy", "1"),
    ),
    _rule(
        "an improvement after the end",
        set_cells("symptoms", "P21 urticaria", months_to_first_improvement="3"),
        ("symptoms", "P21 urticaria", "months_to_first_improvement", DURATION, "3"),
    ),
    _rule(
        "ongoing for a reason to stop",
        set_cells("courses", "P09", stop_reason="intolerance"),
        ("courses", "P09", "stop_reason", "empty if therapy is ongoing", "intolerance"),
    ),
    _rule(
        "stopped for no reason",
        set_cells("courses", "P13", stop_reason=""),
        ("courses", "P13", "stop_reason", "a reason, since therapy is not ongoing", ""),
    ),
    _rule(
        "a man who wants to be pregnant",
        set_cells("courses", "P25", stop_reason="pregnancy_intent"),
        ("courses", "P25", "stop_reason", "another reason in a man", "pregnancy_intent"),
    ),
    _rule(
        "a first response alone",
        set_cells("courses", "P23", months_to_best_response=""),
        ("courses", "P23", "months_to_best_response", TOGETHER, ""),
    ),
    _rule(
        "a best response before the first",
        set_cells("courses", "P25", months_to_best_response="3"),
        ("courses", "P25", "months_to_best_response", "at least the months to first response", "3"),
    ),
    _rule(
        "a best response after the end",
        set_cells("courses", "P23", months_to_best_response="10.5"),
        ("courses", "P23", "months_to_best_response", DURATION, "10.5"),
    ),
    _rule(
        "a response lost that never was",
        set_cells("courses", "P25", months_to_first_response="", months_to_best_response=""),
        ("courses", "P25", "months_to_first_response", "since the course ended with a loss of response", ""),
    ),
    _rule(
        "an escalation without a dose",
        set_cells("courses", "P25", escalated_dose_mg=""),
        ("courses", "P25", "escalated_dose_mg", TOGETHER, ""),
    ),
    _rule(
        "an escalation after the end",
        set_cells("courses", "P47", escalation_month="7"),
        ("courses", "P47", "escalation_month", DURATION, "7"),
    ),
    _rule(
        "a weekly schedule without its scores",
        set_cells("courses", "P23", score_before_weekly="", score_after_weekly=""),
        ("courses", "P23", "score_before_weekly", TOGETHER, ""),
        ("courses", "P23", "score_after_weekly", TOGETHER, ""),
    ),
    _rule(
        "a unit of the other analyte",
        set_cells("laboratory", "P13 tryptase before", unit="UI/mL"),
        ("laboratory", "P13 tryptase before", "unit", "ng/mL for tryptase", "UI/mL"),
    ),
    _rule(
        "a sample on therapy at no time",
        set_cells("laboratory", "P13 tryptase on_therapy", months_on_therapy=""),
        ("laboratory", "P13 tryptase on_therapy", "months_on_therapy", "for a sample on therapy", ""),
    ),
    _rule(
        "a sample before therapy under it",
        set_cells("laboratory", "P13 tryptase before", months_on_therapy="2"),
        ("laboratory", "P13 tryptase before", "months_on_therapy", "empty otherwise", "2"),
    ),
    _rule(
        "an event that stopped a course lost otherwise",
        set_cells("adverse_events", "P25 nausea", led_to_stop="yes"),
        ("adverse_events", "P25 nausea", "led_to_stop", "unless the course was stopped for intolerance", "yes"),
    ),
    _rule(
        "an event after last follow-up",
        set_cells("adverse_events", "P23", onset_months="11"),
        ("adverse_events", "P23", "onset_months", DURATION, "11"),
    ),
    _rule(
        "problems in three tables",
        both(
            set_cells("patients", "P09", sex="male", rapamycin="perhaps"),
            set_cells("symptoms", "P25 flush", grade_best="0.3"),
            set_cells("courses", "P23", start_month="03/2017", months_to_best_response="99"),
            set_cells("courses", "P47", escalation_month="7"),
        ),
        ("patients", "P09", "sex", SEX, "male", "M"),
        ("patients", "P09", "rapamycin", YES_NO, "perhaps"),
        ("symptoms", "P25 flush", "grade_best", GRADE, "0.3", "0.25"),
        ("courses", "P23", "start_month", MONTH, "03/2017", "2017-03"),
        # In the same row as a month that is none, and due to something else.
        ("courses", "P23", "months_to_best_response", DURATION, "99"),
        ("courses", "P47", "escalation_month", DURATION, "7"),
    ),
]


def _files(name: str, change: Callable, *places: Place, count: int = 1, write: Callable = write_csv) -> Case:
    return Case(name, folder_changed(change, write), list(places), count)


def _tables(name: str, change: Callable, *places: Place, count: int = 1, **how: object) -> Case:
    return Case(name, tables_changed(change, **how), list(places), count)


def _mixed_row(rows: list[str]) -> list[str]:
    return [";".join(rows)]


def _semicolons(table: str) -> Callable[[Path], None]:
    """Separate the rows of a table by semicolons, but not its header."""

    def change(text: bytes) -> bytes:
        head, rows = text.split(b"\n", 1)
        return head + b"\n" + rows.replace(b",", b";")

    return content(f"{table}.csv", change)


NO_SYMPTOM = "at least one baseline symptom"
EMPTY = "the file is empty"
COURSES = len(_read()["courses"])
EVERY_PATIENT = [Place("patients.csv", number, "patient_id", NO_SYMPTOM, None) for number in (2, 8)]
GARBAGE = bytes(range(1, 256)) * 40
PNG = b"\x89PNG\r\n\x1a\n" + bytes(100)
OLE = bytes.fromhex("d0cf11e0a1b11ae1") + bytes(3000)

FILES = [
    _files("a missing table", lambda path: os.remove(path / "courses.csv"), Place("courses.csv", allowed="missing")),
    _files(
        "two missing tables",
        lambda path: [os.remove(path / f"{table}.csv") for table in ("patients", "laboratory")],
        *[Place(f"{table}.csv", allowed="the file is missing") for table in ("patients", "laboratory")],
        count=2,
    ),
    _files(
        "a file name that colours",
        lambda path: os.rename(path / "courses.csv", path / "\x1b[31mcourses.csv"),
        Place("courses.csv", allowed="missing"),
    ),
    _files(
        "a name in capitals",
        lambda path: os.rename(path / "courses.csv", path / "Courses.csv"),
        Place("courses.csv", allowed="rename 'Courses.csv'"),
    ),
    _files("an empty file", content("courses.csv", b""), Place("courses.csv", allowed=EMPTY)),
    _files("a file of line ends", content("laboratory.csv", b"\n\r\n \n"), Place("laboratory.csv", allowed=EMPTY)),
    _tables(
        "only the header of symptoms",
        lambda tables: tables.update(symptoms=tables["symptoms"][:1]),
        *EVERY_PATIENT,
        count=rows_of("patients"),
    ),
    _tables(
        "only the header of patients",
        lambda tables: tables.update(patients=tables["patients"][:1]),
        Place("screening.csv", row("screening", "P09"), "patient_id", "a row in the table patients", None),
        Place("adverse_events.csv", 2, "patient_id", KNOWN, None),
        count=rows_of("patients") + sum(map(rows_of, ("symptoms", "courses", "laboratory", "adverse_events"))),
    ),
    _tables(
        "no header",
        lambda tables: tables.update(patients=tables["patients"][1:]),
        Place("patients.csv", allowed="row 1 holds no column name"),
    ),
    _files(
        "an empty line above the header",
        content("patients.csv", lambda text: b"\n" + text),
        Place("patients.csv", allowed="row 1 is empty"),
    ),
    _tables(
        "a missing column",
        every_row("symptoms", lambda cells: [*cells[:4], cells[5]]),
        Place("symptoms.csv", 1, "", "column grade_last is missing"),
    ),
    _tables(
        "an unknown column",
        every_row("patients", lambda cells: [*cells, "weight" if cells[0] == "patient_id" else "70"]),
        Place("patients.csv", 1, "", HEADER, "weight", None),
    ),
    _tables(
        "a column without a name",
        every_row("courses", lambda cells: [*cells, ""]),
        Place("courses.csv", 1, "", "has no name"),
    ),
    _tables(
        "a column twice",
        every_row("patients", lambda cells: [*cells, cells[1]]),
        Place("patients.csv", 1, "", "each column name once", "sex"),
    ),
    *[
        _tables(
            name,
            header_cell("patients", "diagnosis", new),
            Place("patients.csv", 1, "", HEADER, new, "diagnosis"),
            Place("patients.csv", 1, "", "column diagnosis is missing"),
            count=2,
        )
        for name, new in (
            ("a column misspelt", "diagnosys"),
            ("a column in capitals", "DIAGNOSIS"),
            ("a column with blanks", " diagnosis "),
            ("a column with a hidden blank", "diagnosis\u200b"),
        )
    ],
    _tables(
        "two columns misspelt and one more",
        both(
            header_cell("courses", "start_dose_mg", "start_doses_mg"),
            header_cell("courses", "ongoing", "on going"),
            header_cell("courses", "stop_reason", "zzz"),
        ),
        Place("courses.csv", 1, "", HEADER, "start_doses_mg", "start_dose_mg"),
        Place("courses.csv", 1, "", HEADER, "on going", "ongoing"),
        Place("courses.csv", 1, "", HEADER, "zzz", ""),
        count=6,
    ),
    _files(
        "tabs",
        content("symptoms.csv", lambda text: text.replace(b",", b"\t")),
        Place("symptoms.csv", allowed="cells are separated by tabs"),
    ),
    _files(
        "commas and semicolons in the header",
        content("symptoms.csv", lambda text: text.replace(b",onset", b";onset")),
        Place("symptoms.csv", allowed="commas and semicolons"),
    ),
    _files(
        "commas in the header and semicolons below",
        _semicolons("courses"),
        Place("courses.csv", 2, "", "the row has 1 cells and the header 16"),
        Place("courses.csv", COURSES, "", "the row has 1 cells and the header 16"),
        count=rows_of("courses"),
    ),
    _files(
        "UTF-16",
        content("patients.csv", lambda text: text.decode().encode("utf-16")),
        Place("patients.csv", allowed="UTF-16"),
    ),
    _files(
        "UTF-16 without its mark",
        content("patients.csv", lambda text: text.decode().encode("utf-16-le")),
        Place("patients.csv", allowed="line 1 holds a zero byte"),
    ),
    _files(
        "a byte of Latin-1",
        content("adverse_events.csv", line(3, b"fatigue", b"fi\xe8vre")),
        Place("adverse_events.csv", allowed="line 3 is not UTF-8"),
    ),
    _files(
        "a zero byte",
        content("adverse_events.csv", line(4, b"nausea", b"nau\0sea")),
        Place("adverse_events.csv", allowed="line 4 holds a zero byte"),
    ),
    _files(
        "a byte order mark in the middle",
        content("adverse_events.csv", line(4, MARK.encode(), b"\xef\xbb\xbf" + MARK.encode())),
        Place("adverse_events.csv", 4, "patient_id", ONE_NAME, None),
    ),
    _files(
        "a quotation mark left open",
        content("adverse_events.csv", line(3, b"fatigue", b'"fatigue')),
        Place("adverse_events.csv", allowed="row 3: a quotation mark"),
    ),
    _files(
        "a quotation mark in a cell",
        content("adverse_events.csv", line(5, b"sweating", b'5" rash')),
        Place("adverse_events.csv", allowed="row 5: a quotation mark"),
    ),
    _files(
        "a row too long",
        content("courses.csv", line(4, b",150,", b",150,,")),
        Place("courses.csv", 4, "", "the row has 17 cells and the header 16"),
    ),
    _files(
        "a row too short",
        content("patients.csv", line(3, b",ISM,", b",")),
        Place("patients.csv", 3, "", "the row has 30 cells and the header 31"),
    ),
    _files("no text at all", content("symptoms.csv", GARBAGE), Place("symptoms.csv", allowed="not UTF-8")),
    _files("a picture", content("symptoms.csv", PNG), Place("symptoms.csv", allowed="zero byte")),
    _files(
        "a workbook named as CSV",
        lambda path: write_xlsx(good(), path / "more").rename(path / "symptoms.csv"),
        Place("symptoms.csv", allowed="CSV table in UTF-8"),
    ),
    _files("a folder for a table", replaced("patients.csv", os.mkdir), Place("patients.csv", allowed="a folder")),
    _files(
        "a symbolic link for a table",
        replaced("patients.csv", lambda path: path.symlink_to(path.parent.parent / path.name)),
        Place("patients.csv", allowed="a symbolic link"),
    ),
    _files(
        "a symbolic link to nothing",
        replaced("patients.csv", lambda path: path.symlink_to("nowhere.csv")),
        Place("patients.csv", allowed="a symbolic link"),
    ),
    _files(
        "a named pipe for a table", replaced("patients.csv", os.mkfifo), Place("patients.csv", allowed="named pipe")
    ),
    _files("two gigabytes", replaced("symptoms.csv", sparse), Place("symptoms.csv", allowed="2,048 MB")),
    _files(
        "one table twice",
        lambda path: parquet.write_table(arrow_table(good()["courses"]), path / "courses.parquet"),
        Place("courses.csv", allowed="one file for each table"),
    ),
    _files(
        "a broken description", content("datapackage.json", b'{"name": '), Place("datapackage.json", allowed="JSON")
    ),
    _files("a description of a list", content("datapackage.json", b"[]"), Place("datapackage.json", allowed="JSON")),
    Case("no folder", lambda folder: folder / "nowhere", [Place("PATH", allowed="no such file or folder")]),
    Case("an empty folder", lambda folder: folder, [Place("PATH", allowed="none of the six tables")]),
    Case(
        "a workbook in its folder",
        lambda folder: write_xlsx(good(), folder / "cohort").parent,
        [Place("PATH", allowed="or give cohort.xlsx")],
    ),
    Case(
        "a single CSV file", one_file("cohort.csv", b"patient_id\n"), [Place("cohort.csv", allowed="a single CSV file")]
    ),
    Case("an old workbook", one_file("cohort.xls", OLE), [Place("cohort.xls", allowed="an old Excel workbook")]),
    Case("an OpenDocument", one_file("cohort.ods", b"PK"), [Place("cohort.ods", allowed="an OpenDocument")]),
    Case("no ending", one_file("cohort", b"PK"), [Place("cohort", allowed="neither a workbook nor a folder")]),
    Case("a workbook with macros", renamed("cohort.xlsm"), [Place("cohort.xlsm", allowed="with macros")]),
    _tables(
        "points for thousands between semicolons",
        set_cells("laboratory", "P11 total_ige before", value="1.234,5"),
        Place("laboratory.csv", row("laboratory", "P11 total_ige before"), "value", MONTHS, "1.234,5", "1234.5"),
        separator=";",
    ),
    _tables(
        "a decimal comma that is no grade",
        set_cells("symptoms", "P25 flush", grade_best="0,7"),
        Place("symptoms.csv", row("symptoms", "P25 flush"), "grade_best", GRADE, "0.7", "0.75"),
        separator=";",
    ),
    _tables(
        "a hundred thousand signs",
        set_cells("adverse_events", "P23", severity="mild" * 25_000),
        Place("adverse_events.csv", 3, "severity", SEVERITY, ("mild" * 25)[:97] + "...", ""),
    ),
    _tables(
        "a hundred thousand signs in the header",
        every_row("courses", lambda cells: [*cells, "w" * 100_000 if cells[0] == "patient_id" else "1"]),
        Place("courses.csv", 1, "", HEADER, "w" * 97 + "..."),
    ),
    _tables(
        "example rows left in",
        both(
            *[appended("screening", [f"EXAMPLE-{n}", "C01", "2016-01", "included", ""]) for n in (1, 2)],
            appended("symptoms", ["EXAMPLE-1", "flush", "baseline", "0.25", "0.5", "2"]),
            appended("laboratory", ["EXAMPLE-2", "tryptase", "before", "", "38.5", "mg"]),
        ),
        *[
            Place(f"{table}.csv", _last(table) + more, "patient_id", "example row of the template; delete it", None)
            for table, more in (("screening", 0), ("screening", 1), ("symptoms", 0), ("laboratory", 0))
        ],
        count=4,
    ),
]


def _xlsx(name: str, make: Callable, sheet: str, *places: tuple, count: int = 1) -> Case:
    """Give a case of a workbook: places are (row, column, allowed, value, nearest) in one sheet, or in the file."""
    file = f"cohort.xlsx, sheet {sheet}" if sheet else "cohort.xlsx"
    return Case(name, make, [Place(file, *place) for place in places], count)


def _parts(name: str, change: Callable | None) -> Callable:
    return folder_changed(part(name, change), lambda tables, folder: write_xlsx(tables, folder))


def _in_cell(table: str, key: str, column: str, write: Callable) -> Callable:
    """Let a function write one cell, given the workbook, the sheet, and the row and column counted from 0."""
    place = row(table, key) - 1, _read()[table][0].index(column)
    return sheets_changed(lambda book, sheets: write(book, sheets[table], *place))


def _bomb(path: Path) -> None:
    """Add a part of 60 MB of blanks, which takes 60 kB."""
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/media/large.xml", b" " * 60 * 1024**2)


ENTITIES = '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">]>'
BOOK, SYMPTOMS = "xl/workbook.xml", "xl/worksheets/sheet3.xml"
FLUSH = row("symptoms", "P25 flush")


def _date(book: xlsxwriter.Workbook, sheet: object, *place: int) -> None:
    sheet.write_number(*place, 42_781, book.add_format({"num_format": "yyyy-mm-dd"}))  # 2017-02-15


def _merged(book: xlsxwriter.Workbook, sheets: dict) -> None:
    style = book.add_format({"align": "center"})
    sheets["patients"].merge_range("C2:C3", "ISM", style)
    sheets["patients"].write_blank("C3", None, style)


def _charts(book: xlsxwriter.Workbook, sheets: dict) -> None:
    book.add_chartsheet("symptoms").set_chart(book.add_chart({"type": "line"}))
    book.charts[0].add_series({"values": "=courses!$C$2:$C$4"})


def _with_chart(folder: Path) -> Path:
    tables = good()
    del tables["symptoms"]
    return write_xlsx(tables, folder / "cohort", _charts)


XLSX = [
    _xlsx(
        "a missing sheet",
        tables_changed(lambda tables: tables.pop("courses"), write_xlsx),
        *("courses", (0, "", "the sheet is missing")),
    ),
    _xlsx(
        "a sheet named otherwise",
        tables_changed(lambda tables: tables.update({"Adverse events": tables.pop("adverse_events")}), write_xlsx),
        *("adverse_events", (0, "", "rename 'Adverse events'")),
    ),
    _xlsx("a chart for a sheet", _with_chart, "symptoms", (0, "", "the sheet is missing")),
    _xlsx(
        "a header in row 2",
        lambda folder: write_xlsx(good(), folder / "cohort", down=1),
        *("courses", (0, "", "row 1 is empty")),
    ),
    _xlsx(
        "a title above the header",
        lambda folder: write_xlsx(
            good(), folder / "cohort", lambda book, sheets: sheets["courses"].write(0, 0, "Courses 2017"), down=1
        ),
        *("courses", (0, "", "row 1 holds no column name")),
    ),
    _xlsx(
        "an empty sheet",
        tables_changed(lambda tables: tables.update(laboratory=[]), write_xlsx),
        *("laboratory", (0, "", "")),
    ),
    _xlsx(
        "merged cells",
        sheets_changed(_merged),
        "patients",
        (2, "diagnosis", "the cells C2:C3 are merged"),
        (3, "diagnosis", "one of ISM, CM"),
        count=2,
    ),
    _xlsx(
        "a formula without a value",
        _in_cell("symptoms", "P25 flush", "grade_last", lambda _, sheet, *at: sheet.write_formula(*at, "=1", None, "")),
        *("symptoms", (FLUSH, "grade_last", "a formula without a value")),
    ),
    _xlsx(
        "a cell of an error",
        _in_cell(
            *("symptoms", "P25 flush", "grade_last"),
            lambda _, sheet, *at: sheet.write_formula(*at, "=NA()", None, "#N/A"),
        ),
        *("symptoms", (FLUSH, "grade_last", GRADE, "#N/A")),
    ),
    _xlsx(
        "a truth value for yes",
        _in_cell("courses", "P09", "ongoing", lambda _, sheet, *at: sheet.write_boolean(*at, True)),
        *("courses", (row("courses", "P09"), "ongoing", YES_NO, "TRUE", "yes")),
    ),
    _xlsx(
        "a truth value for a number",
        _in_cell("symptoms", "P25 flush", "grade_best", lambda _, sheet, *at: sheet.write_boolean(*at, True)),
        *("symptoms", (FLUSH, "grade_best", GRADE, "TRUE", "")),
    ),
    _xlsx(
        "a date for a number",
        _in_cell("symptoms", "P25 flush", "months_to_first_improvement", _date),
        *("symptoms", (FLUSH, "months_to_first_improvement", MONTHS, "2017-02-15", "")),
    ),
    _xlsx(
        "a number for a month",
        _in_cell("courses", "P25", "start_month", lambda _, sheet, *at: sheet.write_number(*at, 201_502)),
        *("courses", (row("courses", "P25"), "start_month", MONTH, "201502", "2015-02")),
    ),
    _xlsx(
        "a grade as text with a comma",
        _in_cell("symptoms", "P25 flush", "grade_best", lambda _, sheet, *at: sheet.write_string(*at, "0,75")),
        *("symptoms", (FLUSH, "grade_best", GRADE, "0,75", "0.75")),
    ),
    _xlsx(
        "a grade that is not quite a quarter",
        _in_cell("symptoms", "P25 flush", "grade_best", lambda _, sheet, *at: sheet.write_number(*at, 0.76)),
        *("symptoms", (FLUSH, "grade_best", GRADE, "0.76", "0.75")),
    ),
    _xlsx(
        "a sheet that is cut off",
        _parts(SYMPTOMS, lambda text: text[: len(text) // 2]),
        *("symptoms", (0, "", "the sheet is damaged")),
    ),
    _xlsx(
        "a row with a huge number",
        _parts(SYMPTOMS, lambda text: text.replace('<row r="20"', '<row r="99999999"')),
        *("symptoms", (0, "", "numbers a row '99999999'")),
    ),
    _xlsx(
        "a value far to the right",
        sheets_changed(lambda book, sheets: sheets["courses"].write("XFD3", 1)),
        *("courses", (0, "", "a value in row 3 right of column IV")),
    ),
    _xlsx(
        "entities",
        _parts(SYMPTOMS, lambda text: text.replace("<worksheet", ENTITIES + "<worksheet", 1)),
        *("", (0, "", "document type definition")),
    ),
    _xlsx(
        "much out of little",
        folder_changed(_bomb, lambda tables, folder: write_xlsx(tables, folder)),
        *("", (0, "", "too much for its size")),
    ),
    _xlsx("no list of sheets", _parts(BOOK, None), "", (0, "", "no Excel workbook")),
    _xlsx("no sheet behind its name", _parts(SYMPTOMS, None), "symptoms", (0, "", "the sheet is missing")),
    _xlsx("a workbook with a password", one_file("cohort.xlsx", OLE), "", (0, "", "locked with a password")),
    _xlsx("an empty workbook", one_file("cohort.xlsx", b""), "", (0, "", "no Excel workbook")),
    _xlsx("text named as a workbook", one_file("cohort.xlsx", b"patient_id,sex\n"), "", (0, "", "no Excel workbook")),
    _xlsx(
        "a workbook cut off",
        folder_changed(
            content("", lambda text: text[: len(text) * 2 // 3]), lambda tables, folder: write_xlsx(tables, folder)
        ),
        *("", (0, "", "no Excel workbook")),
    ),
]


def _columns(table: str, change: Callable[[pa.Table], pa.Table]) -> Callable:
    """Change a Parquet table of the cohort."""
    return folder_changed(
        lambda path: parquet.write_table(change(arrow_table(good()[table])), path / f"{table}.parquet"), write_parquet
    )


def _column_of(name: str, make: Callable[[list], pa.Array]) -> Callable[[pa.Table], pa.Table]:
    def change(table: pa.Table) -> pa.Table:
        place = table.column_names.index(name)
        return table.set_column(place, name, make(table.column(place).to_pylist()))

    return change


def _parquet(name: str, make: Callable, table: str, *places: tuple, count: int = 1) -> Case:
    return Case(name, make, [Place(f"{table}.parquet", *place) for place in places], count)


NO_TABLE = "no Parquet table"
LAB = len(_read()["laboratory"])

PARQUET = [
    _parquet(
        "a Parquet table cut off",
        folder_changed(content("symptoms.parquet", lambda text: text[:-20]), write_parquet),
        *("symptoms", (0, "", NO_TABLE)),
    ),
    _parquet(
        "an empty Parquet file",
        folder_changed(content("symptoms.parquet", b""), write_parquet),
        *("symptoms", (0, "", NO_TABLE)),
    ),
    _parquet(
        "text named as Parquet",
        folder_changed(content("symptoms.parquet", _text(good()["symptoms"]).encode()), write_parquet),
        *("symptoms", (0, "", NO_TABLE)),
    ),
    _parquet(
        "a missing Parquet table",
        folder_changed(lambda path: os.remove(path / "laboratory.parquet"), write_parquet),
        *("laboratory", (0, "", "the file is missing")),
    ),
    _parquet(
        "a nested column",
        _columns("adverse_events", _column_of("detail", lambda cells: pa.array([["a"] for _ in cells]))),
        *("adverse_events", (1, "detail", "the column has the type list")),
    ),
    _parquet(
        "a column of bytes",
        _columns("adverse_events", _column_of("detail", lambda cells: pa.array([b"a" for _ in cells]))),
        *("adverse_events", (1, "detail", "the column has the type binary")),
    ),
    _parquet(
        "truth values for numbers",
        _columns("laboratory", _column_of("value", lambda cells: pa.array([True for _ in cells]))),
        *("laboratory", (2, "value", MONTHS, "TRUE"), (LAB, "value", MONTHS, "TRUE")),
        count=LAB - 1,
    ),
    _parquet(
        "texts for numbers",
        _columns("laboratory", _column_of("value", lambda cells: pa.array([f"{cell:g} ng" for cell in cells]))),
        *("laboratory", (2, "value", MONTHS, "84.8 ng", None), (LAB, "value", MONTHS, "9.3 ng", None)),
        count=LAB - 1,
    ),
    _parquet(
        "a number missing in Parquet",
        _columns("laboratory", _column_of("value", lambda cells: pa.array([float("nan"), *cells[1:]]))),
        *("laboratory", (2, "value", MONTHS)),
    ),
    _parquet(
        "an infinite number in Parquet",
        _columns("laboratory", _column_of("value", lambda cells: pa.array([float("inf"), *cells[1:]]))),
        *("laboratory", (2, "value", MONTHS, "inf")),
    ),
    _parquet(
        "a grade between two in Parquet",
        _columns("symptoms", _column_of("grade_best", lambda cells: pa.array([0.7, *cells[1:]], pa.float32()))),
        *("symptoms", (2, "grade_best", GRADE, "0.7", "0.75")),
    ),
    _parquet(
        "an extra column in Parquet",
        _columns("courses", lambda table: table.append_column("weight", pa.array([70] * len(table)))),
        *("courses", (1, "", HEADER, "weight", None)),
    ),
    _parquet(
        "a column twice in Parquet",
        _columns("courses", lambda table: table.append_column("ongoing", table.column("ongoing"))),
        *("courses", (1, "", "each column name once", "ongoing")),
    ),
    _parquet(
        "a missing column in Parquet",
        _columns("courses", lambda table: table.drop_columns(["ongoing"])),
        *("courses", (1, "", "column ongoing is missing")),
    ),
]

CASES = [*[_cell_case(*cell) for cell in CELLS], *RULES, *FILES, *XLSX, *PARQUET]
