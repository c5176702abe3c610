"""Cohorts damaged on purpose in their cells and rows, each in one way that happens, and where a check must say so.

Every value that a column refuses, and what is nearest to it, is for `test_schema` and `test_intake_suggestions`.

A few patients of the shipped cohort are read with the csv module. What is expected was written down from the data
contract by hand.
"""

import csv
import functools
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from tests.case_files import data_lines, escaped_lines
from tests.places import COHORT

NAMES = ["screening", "patients", "symptoms", "courses", "laboratory", "adverse_events"]
PATIENTS = [f"reconstructed-{number:02d}" for number in (1, 3, 9, 11, 13, 21, 23, 25, 47)]
"""Two excluded patients, and at least one of each sex and diagnosis, of each change of dose, ongoing and stopped."""
MARK = "Xk7-"
"""What every identifier of a patient or a centre begins with, so that none can be shown unseen."""

Tables = dict[str, list[list[str]]]


class Place(NamedTuple):
    """Where an error must be named, with what: `allowed` is a part of the message, None is anything."""

    file: str
    allowed: str
    row: int = 0
    column: str = ""
    value: str | None = ""
    nearest: str | None = ""


class Case(NamedTuple):
    """A damaged cohort: what must be found, how many errors, and its tables or what makes it in a folder."""

    name: str
    places: list[Place]
    count: int
    tables: Tables | None = None
    make: Callable[[Path], Path] | None = None


@functools.cache
def _read() -> dict[str, tuple[tuple[str, ...], ...]]:
    tables = {}
    for table in NAMES:
        with open(COHORT / f"{table}.csv", encoding="utf-8", newline="") as file:
            header, *rows = csv.reader(file)
        kept = [[MARK + row[0], *row[1:]] for row in rows if row[0] in PATIENTS]
        if table == "screening":
            kept = [[row[0], MARK + row[1], *row[2:]] for row in kept]
        tables[table] = tuple(tuple(row) for row in (header, *kept))
    return tables


def good() -> Tables:
    """Give the undamaged tables: rows of texts, the first being the header."""
    return {table: [list(row) for row in rows] for table, rows in _read().items()}


def write_csv(tables: Tables, folder: Path) -> Path:
    folder.mkdir(parents=True)
    for table, rows in tables.items():
        with open(folder / f"{table}.csv", "w", encoding="utf-8", newline="") as file:
            csv.writer(file, lineterminator="\n").writerows(rows)
    return folder


def row(table: str, key: str) -> int:
    """Give the row, as a spreadsheet shows it, of the first undamaged row that begins with the words of a key.

    The key may also be a number, or ``last``: the row below the last one.
    """
    rows, words = _read()[table], (MARK + key).split()
    if key == "last" or key.isdigit():
        return int(key) if key.isdigit() else len(rows) + 1
    return next(number for number, cells in enumerate(rows, 1) if list(cells[: len(words)]) == words)


def set_cell(tables: Tables, table: str, key: str, column: str, text: str) -> Tables:
    tables[table][-1 if key == "last" else row(table, key) - 1][tables[table][0].index(column)] = text
    return tables


# In the file of rules are cases between rows and tables, or that one change breaks in several places; `test_rules`
# breaks each by itself. In those of cells and headers are cases of one cell and of columns. Name | changes | what is
# told of the first changed cell, or of another cell -> what is told | ... | how many errors, if more than that.


def _change(tables: Tables, change: str) -> None:
    verb, _, key = change.partition(" ")
    if verb == "without":
        table, _, patient = key.partition(" ")
        tables[table] = [cells for cells in tables[table] if not cells[0].startswith(MARK + patient)]
    elif verb in ("drop", "add"):
        table, _, column = key.partition(" ")
        head, _, text = column.partition("=")
        at = tables[table][0].index(head) if verb == "drop" else len(tables[table][0])
        for number, cells in enumerate(tables[table]):
            cells[at : at + 1] = [] if verb == "drop" else [text if number else head]
    elif verb == "twice":
        table, _, key = key.partition(" ")
        tables[table].append(list(_read()[table][row(table, key) - 1]))
    else:
        place, _, cells = change.partition(": ")
        for cell in cells.split(", "):
            set_cell(tables, *place.split(" ", 1), *cell.split("="))


def place(told: str, file: str = "{}.csv") -> Place:
    """Read ``table -> what is told`` of a file, or ``table row: column=value~nearest -> what is told`` of a cell.

    Without a value any will do, and if the nearest is a question mark.
    """
    where, _, allowed = told.rpartition(" -> ")
    where, _, cell = where.partition(": " if ": " in where else ":")
    table, _, key = where.partition(" ")
    column, given, text = cell.partition("=")
    value, _, nearest = text.partition("~")
    found = Place(file.format(table), allowed, row(table, key) if key else 0, column, value, nearest)
    return found._replace(**({"value": None} if column and not given else {"nearest": None} if nearest == "?" else {}))


def _rule_case(line: str) -> Case:
    name, changes, *told = line.replace("{mark}", MARK).split(" | ")
    count = int(told.pop()) if told[-1].isdigit() else len(told)
    tables = good()
    for change in changes.split("; "):
        _change(tables, change)
    first = changes.split("; ")[0].split(", ")[0]
    return Case(name, [place(one if " -> " in one else f"{first} -> {one}") for one in told], count, tables)


def _examples() -> Case:
    """Leave example rows of the template in some tables; in one of them is a unit that is none."""
    tables, text = good(), "example row of the template; delete it"
    tables["screening"] += [[f"EXAMPLE-{n}", "C01", "2016-01", "included", ""] for n in (1, 2)]
    tables["symptoms"].append(["EXAMPLE-1", "flush", "baseline", "0.25", "0.5", "2"])
    tables["laboratory"].append(["EXAMPLE-2", "tryptase", "before", "", "38.5", "mg"])
    rows = (("screening", 11), ("screening", 12), ("symptoms", 69), ("laboratory", 20))
    return Case("example rows left in", [Place(f"{t}.csv", text, n, "patient_id", None) for t, n in rows], 4, tables)


def _header_case(line: str) -> Case:
    """Read the same of a file, since it is the reader that looks at headers; {long} is a text that is shown {cut}."""
    long = "mild" * 25_000
    case = _rule_case(line.replace("{long}", long).replace("{cut}", f"{long[:97]}..."))
    return case._replace(tables=None, make=lambda folder: write_csv(case.tables, folder / "cohort"))


CASES = [
    *(_rule_case(line) for line in escaped_lines("damaged_cells.txt")),
    *(_rule_case(line) for line in data_lines("damaged_rules.txt")),
    *(_header_case(line) for line in escaped_lines("damaged_headers.txt")),
    _examples(),
]
