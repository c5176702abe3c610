"""Read the sheets of an xlsx workbook as tables of texts, and say what in them may be meant otherwise."""

import io
import re
import warnings
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from tokenize import TokenError

import numpy as np
import openpyxl
import pandas as pd
from openpyxl.utils import column_index_from_string, get_column_letter
from openpyxl.utils.exceptions import InvalidFileException

from analysis.problems import problems, shortened, together
from compendium.centre.intake.raw_tables import Names, RawTable, Unreadable, cell_text, checked_header, table_of_values
from compendium.centre.intake.seen import Part, checked_parts

_CALCULATE = "open the file in a spreadsheet program, let it calculate, save"

Sheets = dict[str, tuple[object, Part]]
"""The sheets of a workbook by their names, as openpyxl has them, and what was seen in their parts."""

# What openpyxl lets through when a file is not as it expects: it checks few things itself.
_LIBRARY_ERRORS = (
    *(ArithmeticError, AssertionError, AttributeError, EOFError, LookupError, OSError, RuntimeError, TypeError),
    *(ValueError, InvalidFileException, zipfile.BadZipFile, zlib.error),
    SyntaxError,  # also that of the XML parser
)


def open_workbook(content: bytes) -> Sheets:
    """Open a workbook, unless it is `Unreadable`, without reading its sheets yet."""
    parts = checked_parts(content)
    try:
        with warnings.catch_warnings(action="ignore"):
            workbook = openpyxl.load_workbook(io.BytesIO(content), read_only=True, data_only=True, keep_links=False)
        # Charts on sheets of their own are no worksheets.
        sheets = {sheet.title: (sheet, parts[sheet._worksheet_path]) for sheet in workbook.worksheets}
        for _, part in sheets.values():
            part.calculates = any(other.calculates for other in parts.values())
        return sheets
    except _LIBRARY_ERRORS as error:
        damaged = (one for one in parts.items() if one[0].endswith("l") and one[1].damage)
        where = "".join(f": {name}: {part.damage}" for name, part in damaged)
        raise Unreadable(f"the file is no Excel workbook (.xlsx), or is damaged{where[:300]}") from error


def _values(sheet: object, part: Part) -> dict[int, tuple]:
    """Read the rows of a sheet with a value, by their numbers and all of the same length, and the first row."""
    try:
        with warnings.catch_warnings(action="ignore"):
            rows = sheet.iter_rows(1, part.rows, 1, part.columns, values_only=True) if part.rows else []
            return {row: cells for row, cells in enumerate(rows, 1) if row == 1 or cells.count(None) < len(cells)}
    except _LIBRARY_ERRORS as error:
        raise Unreadable("the sheet cannot be read: a cell holds no value of the type it names") from error


def sheet_texts(sheet: object, part: Part) -> pd.DataFrame:
    """Give the texts of a sheet that is no table of the contract, below its first row."""
    rows = _values(sheet, part) if not part.damage else {}
    header = [str(name or "") for name in rows.pop(1, ())]
    texts = [[cell_text(value) for value in row] for row in rows.values()]
    return pd.DataFrame(texts, pd.Index(rows, dtype="int64") - 2, header, dtype="str")


def read_sheet(sheet: object, part: Part, table: str, file: str, names: Names = list) -> RawTable:
    """Read one sheet of `open_workbook` and what was seen in it; file is as the user sees it.

    A formula counts as its value; merged cells and formulas without a value are errors. The sheet is `Unreadable` if it
    is damaged or its first row is no header.
    """
    if part.damage:
        raise Unreadable(part.damage)
    rows = _values(sheet, part)
    header = checked_header(names([cell_text(name) or "" for name in rows.pop(1, ())]), table)
    columns = [list(values) for values in zip(*rows.values(), strict=True)] or [[]] * len(header)
    places = np.arange(len(rows))
    raw = table_of_values(
        header, ((values, places) for values in columns), pd.Index(rows, dtype="int64") - 2, table, file
    )
    raw.empty_rows += part.rows - 1 - len(rows)
    raw.formulas = part.formulas - len(part.unvalued)
    raw.hidden = len(part.hidden_rows.intersection(rows))
    refused, doubtful = _uncalculated(part, header, file)
    raw.errors = together([*_read_as_empty(part, header, file), raw.errors, refused])
    raw.warnings = together([raw.warnings, *doubtful, *_hidden(sheet, part, header, rows, file)])
    return raw


def _at(
    places: list[tuple[int, int]], header: list[str], file: str, allowed: str | list[str], value: str = ""
) -> pd.DataFrame:
    """List a problem for each of some cells, whose column is named by its header, or as a spreadsheet does."""
    names = [header[column - 1] if 0 < column <= len(header) else "" for _, column in places]
    letters = [get_column_letter(column) if column else "" for _, column in places]
    columns = [shortened(name) or letter for name, letter in zip(names, letters, strict=True)]
    return problems(file, allowed, [row for row, _ in places], columns, value)


def _read_as_empty(part: Part, header: list[str], file: str) -> list[pd.DataFrame]:
    """Refuse formulas without a value, and merged cells, of which all but the first would be read as empty."""
    found = [re.match(r"([A-Z]{1,3})([0-9]{1,7})(?![0-9])", merged) for merged in part.merged]
    first = [(int(place[2]), column_index_from_string(place[1])) if place else (0, 0) for place in found]
    merged = [f"the cells {merged} are merged; allowed is a value in each cell" for merged in part.merged]
    text = f"a formula without a value: {_CALCULATE}"
    return [_at(part.unvalued, header, file, text), _at(first, header, file, merged)]


def _by_its_constants(formula: str) -> float | None:
    """Calculate a formula of nothing but short numbers, signs and brackets; None if it is another."""
    if not re.fullmatch(r"=?[0-9.+*/() -]{1,50}", formula) or "**" in formula:
        return None
    try:
        return float(pd.eval(formula.lstrip("="), engine="python"))
    except (SyntaxError, ArithmeticError, TypeError, ValueError, NotImplementedError, TokenError):
        return None


def _uncalculated(part: Part, header: list[str], file: str) -> tuple[pd.DataFrame, list[pd.DataFrame]]:
    """Refuse the values 0 of formulas that nothing has calculated yet, and doubt other values of formulas."""
    zeros = [(row, column, _by_its_constants(formula)) for row, column, formula in part.zeros]
    never = [(row, column) for row, column, own in zeros if own or (part.calculates and own is None)]
    other = [(row, column) for row, column, own in zeros if own is None and not part.calculates]
    text = f"the value of a formula, which was never calculated and stands here as 0: {_CALCULATE}"
    refused = _at(never, header, file, text, "0")
    text = f"the value of a formula that was calculated; see that 0 is meant, or {_CALCULATE}"
    doubtful = [_at(other, header, file, text, "0")]
    if part.calculates and part.formulas > len(part.zeros) + len(part.unvalued):
        text = "values that a spreadsheet program has calculated; those of the formulas here are as a program wrote"
        doubtful.append(problems(file, f"{text} them: {_CALCULATE.removeprefix('open the file')}"))
    return refused, doubtful


def _hidden(sheet: object, part: Part, header: list[str], rows: Iterable[int], file: str) -> Iterator[pd.DataFrame]:
    """Say what of a sheet is read though the spreadsheet does not show it."""
    text = "nothing hidden by the spreadsheet or its filter, since hidden {} are read as all others are; {}"
    remedy = "show them, and delete what is not to be read"
    yield problems(file, text.format("rows", remedy), sorted(part.hidden_rows.intersection(rows)))
    for place, name in enumerate(header, 1):
        if name and any(first <= place <= last for first, last in part.hidden_columns):
            yield problems(file, text.format("columns", remedy), 1, name, name)
    if getattr(sheet, "sheet_state", "visible") != "visible":
        yield problems(file, text.format("sheets", "show the sheet and look at it"))
