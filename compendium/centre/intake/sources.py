"""Find and read the six tables of a cohort: a workbook, or a folder of CSV or Parquet files."""

import json
import os
import re
import stat
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import pandas as pd

from analysis import schema
from analysis.problems import header_problems, problems, shortened, together
from analysis.reading import DATA_PACKAGE, OWN_SYMPTOMS
from analysis.schema import TABLES
from analysis.vocabulary import SymptomGroup
from compendium.centre.checks.further import VISITS
from compendium.centre.intake.csv_tables import csv_texts, read_csv_table
from compendium.centre.intake.files import read_bytes
from compendium.centre.intake.mapping import LEAVE_OUT, Mapping
from compendium.centre.intake.parquet_tables import read_parquet_table
from compendium.centre.intake.raw_tables import Names, RawTable, Unreadable, printable
from compendium.centre.intake.workbooks import Sheets, open_workbook, read_sheet, sheet_texts

GIVE = (
    "an Excel workbook (.xlsx) with a sheet for each table, or a folder with a CSV or a Parquet file for each: "
    + ", ".join(TABLES)
)
_NOT_TABLES = ("read me", "lists", "export summary")  # the last is what Numbers adds
_NOT_FILES = re.compile(r"(?:.+-)?(?:read me|lists)(?:-Table\w* \d+)?\.csv", re.IGNORECASE)
_OTHER_KINDS = {
    ".xls": 'an old Excel workbook; save it as "Excel Workbook (.xlsx)"',
    ".xlsm": 'a workbook with macros; save it as "Excel Workbook (.xlsx)"',
    ".xlsb": 'a binary workbook; save it as "Excel Workbook (.xlsx)"',
    ".ods": "an OpenDocument spreadsheet; save it as .xlsx",
    ".csv": "a single CSV file; give the folder that holds one for each table",
    ".parquet": "a single Parquet file; give the folder that holds one for each table",
    ".zip": "a zip archive; unpack it and give the folder",
}
_KINDS = ("csv", "parquet")
_OWN_SHEET, _OWN_COLUMNS = OWN_SYMPTOMS.removesuffix(".csv"), ("symptom", "label", "group")
_NAME = re.compile(r"[a-z][a-z0-9_]{1,40}")  # of an own symptom
READ = (*TABLES, VISITS)  # the tables that are read, of which the last may be missing
COUNTED = ("empty_rows", "decimal_commas", "dates", "formulas", "hidden", "limits")


@dataclass
class Source:
    """The tables of a cohort as they stand in its files, as far as they could be read, and what could not."""

    tables: dict[str, RawTable] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)  # each table as the user sees it: a file, or a sheet of a file
    errors: list[pd.DataFrame] = field(default_factory=list)
    warnings: list[pd.DataFrame] = field(default_factory=list)  # but those that the tables have
    reconstructed: bool = False  # what the cohort's Data Package says
    mapping: Mapping = field(default_factory=Mapping)

    @property
    def accounts(self) -> pd.DataFrame:
        """Count what was read of each table: its file, and the numbers of `COUNTED`."""
        there = TABLES if VISITS not in self.tables else READ
        read = [self.tables.get(table, RawTable(pd.DataFrame())) for table in there]
        counts = {"file": [self.names.get(table, "") for table in there], "rows": [len(raw.frame) for raw in read]}
        counts |= {name: [getattr(raw, name) for raw in read] for name in COUNTED}
        return pd.DataFrame(counts, index=pd.Index(there, name="table"))

    def tell(self, file: str, text: str) -> None:
        """Note what is wrong with a file as a whole."""
        self.errors.append(problems(file, text))

    @contextmanager
    def attempt(self, file: str) -> Iterator[None]:
        """Note of a file that is `Unreadable` why."""
        try:
            yield
        except Unreadable as reason:
            self.tell(file, str(reason))

    def read(self, table: str, reader: Callable[[str, str], RawTable]) -> None:
        """Read one table with a reader that is given its name and its file."""
        file = self.names[table]
        with self.attempt(file):
            raw = reader(table, file)
            frame = raw.frame.drop(columns=LEAVE_OUT) if LEAVE_OUT in raw.frame else raw.frame
            raw.frame = self.mapping.values(table, frame)
            self.tables[table] = raw
            header = header_problems(frame.columns, table, file)
            known = header["value"].isin(["", *schema.columns_of(table).index]) | header["nearest"].ne("")
            text = "a column name of the contract: delete the column, or leave it out by a line of a mapping"
            self.errors += [header.assign(allowed=header["allowed"].where(known, text)), raw.errors]


def read_source(path: str | os.PathLike[str], mapping: Mapping | None = None) -> Source:
    """Read what can be read of a cohort as texts, and say what cannot; a folder, no file, may be a symbolic link."""
    path, source = Path(path), Source(mapping=mapping or Mapping())
    shown, name = printable(os.fspath(path)), printable(path.name)
    try:
        mode = os.stat(path).st_mode
        entries = sorted(os.listdir(path)) if stat.S_ISDIR(mode) else None
    except FileNotFoundError:
        source.tell(shown, f"there is no such file or folder; give {GIVE}")
    except PermissionError:
        source.tell(shown, "reading it is not permitted")
    except (OSError, ValueError):
        source.tell(shortened(shown), f"this cannot be read; give {GIVE}")
    else:
        if entries is not None:
            _read_folder(source, path, entries)
        elif path.suffix.casefold() == ".xlsx":
            with source.attempt(name):
                _read_workbook(source, name, open_workbook(read_bytes(path)))
        else:
            found = _OTHER_KINDS.get(path.suffix.casefold(), "neither a workbook nor a folder")
            source.tell(name, f"this is {found}; allowed is {GIVE}")
    return source


def _read_workbook(source: Source, name: str, sheets: Sheets) -> None:
    source.names = {table: f"{name}, sheet {table}" for table in READ}
    given = {table: _named(table, list(sheets)) for table in READ}
    read = {one for found in given.values() for one in found}
    others = [one for one in sheets if one not in read and one.casefold() not in (*_NOT_TABLES, _OWN_SHEET)]
    listed = sheet_texts(*sheets[_OWN_SHEET]) if _OWN_SHEET in sheets else None
    source.errors.append(_take_up(listed, f"{name}, sheet {_OWN_SHEET}"))
    for table, found in given.items():
        if len(found) == 1:
            source.names[table] = f"{name}, sheet {shortened(found[0])}"
            source.read(table, partial(read_sheet, *sheets[found[0]], names=source.mapping.names(table)))
        elif found or table != VISITS or _spelled(table, others):
            several = f"{' and '.join(found)} are there; allowed is one sheet for each table"
            source.tell(source.names[table], (several if found else "the sheet is missing") + _spelled(table, others))
    source.warnings += [problems(f"{name}, sheet {shortened(other)}", "this sheet was not read") for other in others]


def _named(table: str, names: Sequence[str]) -> list[str]:
    """List the names that programs give to the file or the sheet of a table: itself, or all that are made of it.

    LibreOffice saves a sheet as ``cohort-patients.csv``, Numbers as ``patients-Table 1.csv`` or as the sheet
    ``patients - Table 1``.
    """
    if table in names:
        return [table]
    made = re.compile(rf"(?:.+-)?{table}(?: ?- ?(?:Table|Tableau) ?\d+)?(?:-{table})?")
    return [name for name in names if name != table and made.fullmatch(name)]


def _spelled(name: str, others: list[str]) -> str:
    """Hint at a file or a sheet that is there under nearly the same name."""
    near = [other for other in others if other.strip().casefold().replace(" ", "_") == name]
    return f"; rename {near[0]!r} to {name!r}" if near else ""


def _read_folder(source: Source, folder: Path, entries: list[str]) -> None:
    stems = {kind: [name.removesuffix(f".{kind}") for name in entries if name.endswith(f".{kind}")] for kind in _KINDS}
    there = {table: [f"{one}.{kind}" for kind in _KINDS for one in _named(table, stems[kind])] for table in READ}
    tables = [name for found in there.values() for name in found]
    kind = "parquet" if tables and all(name.endswith(".parquet") for name in tables) else "csv"
    source.names = {table: printable((there[table] or [f"{table}.{kind}"])[0]) for table in READ}
    # Hidden files, Excel's locks, pages of text and the Data Package are known not to hold a table.
    others = [name for name in entries if not (name.startswith((".", "~$")) or name.endswith(".md"))]
    others = [printable(name) for name in others if name not in (*tables, DATA_PACKAGE, OWN_SYMPTOMS)]
    others = [name for name in others if not _NOT_FILES.fullmatch(name)]
    shown = printable(os.fspath(folder))
    if not tables:
        workbooks = [name for name in others if name.casefold().endswith(".xlsx")]
        hint = f"; or give {workbooks[0]}, which lies in it" if workbooks else ""
        source.tell(shown, f"the folder holds none of the six tables; give {GIVE}{hint}")
        return
    listed = None
    with source.attempt(OWN_SYMPTOMS):
        if OWN_SYMPTOMS in entries:
            listed = csv_texts(read_bytes(folder / OWN_SYMPTOMS), OWN_SYMPTOMS, list)[0].frame
    source.errors.append(_take_up(listed, OWN_SYMPTOMS))
    for table, found in there.items():
        name = source.names[table]
        if len(found) > 1:
            more = ", ".join(map(printable, found[1:]))
            source.tell(name, f"{more} is there too; allowed is one file for each table")
        elif not found and (table != VISITS or _spelled(name, others)):
            source.tell(name, f"the file is missing from {shown}{_spelled(name, others)}")
        elif found:
            source.read(table, partial(_read_file, folder / found[0], source.mapping.names(table)))
    source.warnings += [problems(shortened(name), "this was not read") for name in others]
    if DATA_PACKAGE in entries:
        with source.attempt(DATA_PACKAGE):
            _read_data_package(source, read_bytes(folder / DATA_PACKAGE))


def _read_file(path: Path, names: Names, table: str, file: str) -> RawTable:
    read = read_parquet_table if path.suffix == ".parquet" else read_csv_table
    return read(read_bytes(path), table, file, names)


def _read_data_package(source: Source, content: bytes) -> None:
    try:
        source.reconstructed = json.loads(content.decode("utf-8")).get("reconstructed", False) is True
    except (ValueError, AttributeError, RecursionError) as error:
        source.tell(DATA_PACKAGE, f"the file cannot be read as a JSON object: {str(error)[:200]}")


def _take_up(frame: pd.DataFrame | None, file: str) -> pd.DataFrame:
    """Let a cohort's own symptoms be allowed, or none; those that cannot be are given as problems and left out."""
    schema.use_symptoms(None)
    if frame is None:
        return together()
    missing = [name for name in _OWN_COLUMNS if list(frame).count(name) != 1]
    if missing:
        return problems(file, [f"the column {name} once; allowed are {', '.join(_OWN_COLUMNS)}" for name in missing], 1)
    known, found, kept = set(schema.symptom_list().index), [], []
    for row, line in frame[list(_OWN_COLUMNS)].fillna("").iterrows():
        for column, right, allowed in (
            ("symptom", _NAME.fullmatch(line["symptom"]), "small letters, digits and underscores"),
            ("symptom", line["symptom"] not in known, "a symptom that is on no list yet"),
            ("label", line["label"].strip() and line["label"].isprintable(), "the words for figures and tables"),
            ("group", line["group"] in list(SymptomGroup), f"one of {', '.join(SymptomGroup)}"),
        ):
            if not right:
                found.append(problems(file, allowed, row + 2, column, shortened(line[column])))
                break
        else:
            known.add(line["symptom"])
            kept.append(line)
    if kept:
        schema.use_symptoms(pd.DataFrame(kept).assign(source="own list").set_index("symptom"))
    return together(found)
