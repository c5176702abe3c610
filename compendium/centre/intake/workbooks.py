"""Read the sheets of an xlsx workbook as tables of texts."""

import io
import re
import warnings
import zipfile
import zlib

import openpyxl
import pandas as pd
from openpyxl.utils import get_column_letter
from openpyxl.utils.exceptions import InvalidFileException

from analysis.problems import problems, shortened, together
from compendium.centre.intake.raw_tables import (
    DAY_NOT_USED,
    RawTable,
    Unreadable,
    cell_texts,
    checked_header,
    columns_once,
)
from compendium.centre.intake.workbook_parts import Part, check_parts

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
    parts = check_parts(content)
    try:
        with warnings.catch_warnings(action="ignore"):
            workbook = openpyxl.load_workbook(io.BytesIO(content), read_only=True, data_only=True, keep_links=False)
        # Charts on sheets of their own are no worksheets.
        return {sheet.title: (sheet, parts[sheet._worksheet_path]) for sheet in workbook.worksheets}
    except _LIBRARY_ERRORS as error:
        where = "".join(
            f": {name}: {part.damage}" for name, part in parts.items() if name.endswith("l") and part.damage
        )
        raise Unreadable(f"the file is no Excel workbook (.xlsx), or is damaged{where[:300]}") from error


def _values(sheet: object, part: Part) -> dict[int, tuple]:
    """Read the rows of a sheet with a value, by their numbers and all of the same length, and the first row."""
    try:
        with warnings.catch_warnings(action="ignore"):
            rows = sheet.iter_rows(1, part.rows, 1, part.columns, values_only=True) if part.rows else []
            return {row: cells for row, cells in enumerate(rows, 1) if row == 1 or cells.count(None) < len(cells)}
    except _LIBRARY_ERRORS as error:
        raise Unreadable("the sheet cannot be read: a cell holds no value of the type it names") from error


def read_sheet(sheet: object, part: Part, table: str, file: str) -> RawTable:
    """Read one sheet of `open_workbook` and what was seen in it; file is as the user sees it.

    A formula counts as its value; merged cells and formulas without a value are errors. The sheet is `Unreadable` if it
    is damaged or its first row is no header.
    """
    if part.damage:
        raise Unreadable(part.damage)
    rows = _values(sheet, part)
    names, _, _ = cell_texts(rows.pop(1, ()), months=False)
    header = checked_header([name or "" for name in names], table)
    columns = list(zip(*rows.values(), strict=True)) or [()] * len(header)
    months = columns_once(table, header, "month")
    texts, dates, later = [], 0, []
    for name, values in zip(header, columns, strict=True):
        written, are_dates, has_days = cell_texts(values, months=name in months)
        dates += sum(are_dates)
        later += [name] if has_days else []
        texts.append(pd.Series(written, pd.Index(rows, dtype="int64") - 2, dtype="str"))
    return RawTable(
        pd.concat(texts, axis="columns").set_axis(header, axis="columns"),
        errors=together([_unvalued(part, header, file), _merged(part, header, file)]),
        warnings=problems(file, [DAY_NOT_USED] * len(later), column=later),
        empty_rows=part.rows - 1 - len(rows),
        dates=dates,
    )


def _column_name(header: list[str], column: int) -> str:
    """Name a column by its header, or as a spreadsheet does."""
    name = header[column - 1] if 0 < column <= len(header) else ""
    return shortened(name) or (get_column_letter(column) if column else "")


def _unvalued(part: Part, header: list[str], file: str) -> pd.DataFrame:
    text = "a formula without a value: open the file in a spreadsheet program, let it calculate, save"
    columns = [_column_name(header, column) for _, column in part.unvalued]
    return problems(file, [text] * len(columns), [row for row, _ in part.unvalued], columns)


def _merged(part: Part, header: list[str], file: str) -> pd.DataFrame:
    places = [re.match(r"([A-Z]{1,3})([0-9]{1,7})(?![0-9])", merged) for merged in part.merged]
    return problems(
        file,
        [f"the cells {merged} are merged; allowed is a value in each cell" for merged in part.merged],
        [int(place[2]) if place else 0 for place in places],
        [_column_name(header, openpyxl.utils.column_index_from_string(place[1])) if place else "" for place in places],
    )
