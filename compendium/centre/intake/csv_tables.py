"""Read a CSV table as texts: separated by commas or semicolons, in UTF-8, with the line ends of any system."""

import csv
import io

import numpy as np
import pandas as pd
import pyarrow as pa

from analysis.problems import problems, together
from analysis.reading import csv_rows
from compendium.centre.intake.raw_tables import RawTable, Unreadable, checked_header, columns_once

_LONGEST_HEADER = 100_000
_HINT = 'in Excel, save it as "CSV UTF-8"'


def read_csv_table(content: bytes, table: str, file: str) -> RawTable:
    """Read the bytes of a CSV file; an `Unreadable` one has another encoding or separator, no header or odd marks.

    In a file separated by semicolons, a cell such as ``0,75`` in a column of numbers is read as ``0.75`` and counted;
    rows with more or fewer cells than the header are errors.
    """
    content = content.removeprefix(b"\xef\xbb\xbf")
    _refuse_other_encodings(content)
    if not content.strip():
        raise Unreadable("the file is empty; allowed is a header with the column names, and rows")
    header, separator = _header(content, table)
    _refuse_loose_quotation_marks(content, separator)
    frame, uneven = _rows(content, header, separator)
    # Row 1 is the header; a row of nothing but separators is as empty as a blank one, however many it has.
    cells = {row: count for row, (count, text) in uneven.items() if text.strip(separator + '"')}
    text = f"the row has {{}} cells and the header {len(header)}; allowed is a separator for every cell, empty too"
    errors = problems(file, [text.format(count) for count in cells.values()], list(cells))
    frame, warnings, commas = _with_decimal_points(frame, table, file, separator)
    empty = len(uneven) - len(cells)
    return RawTable(frame, errors, warnings, empty, commas, unread=tuple(row - 2 for row in cells))


def _line(before: bytes) -> int:
    """Count the lines, in the editor's sense, up to the end of a part of a file."""
    return len((before + b".").splitlines())


def _refuse_other_encodings(content: bytes) -> None:
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise Unreadable(f"the file is in UTF-16 (Unicode text); allowed is a CSV table in UTF-8: {_HINT}")
    nothing = content.find(b"\0")
    if nothing >= 0:
        line = _line(content[:nothing])
        raise Unreadable(f"line {line} holds a zero byte, as in UTF-16 or no text; allowed is a CSV table in UTF-8")
    try:
        content.decode("utf-8")
    except UnicodeDecodeError as error:
        line = _line(content[: error.start])
        raise Unreadable(f"line {line} is not UTF-8; allowed is a CSV table in UTF-8: {_HINT}") from error


def _header(content: bytes, table: str) -> tuple[list[str], str]:
    """Read the first row, and tell from it what separates the cells, since no column name holds a separator."""
    start = content[:_LONGEST_HEADER].decode("utf-8", errors="ignore")
    line = start.splitlines()[0]
    if "\t" in line:
        raise Unreadable("cells are separated by tabs; allowed are commas or semicolons")
    if "," in line and ";" in line:
        raise Unreadable("row 1 holds commas and semicolons; allowed is one of them, between the column names")
    separator = ";" if ";" in line else ","
    try:
        names = next(csv.reader(io.StringIO(start, newline=""), delimiter=separator))
    except csv.Error as error:
        raise Unreadable("row 1 cannot be read; allowed is a header with the column names") from error
    return checked_header(names, table), separator


def _refuse_loose_quotation_marks(content: bytes, separator: str) -> None:
    """Refuse quotation marks that do not enclose a whole cell: every reader takes them for something else.

    Marks at odd places open a cell and those at even places close it; a mark doubled inside a cell closes it and opens
    it again.
    """
    signs = np.frombuffer(content, np.uint8)
    marks = np.flatnonzero(signs == ord('"'))
    if not len(marks):
        return
    edges = np.frombuffer(f"{separator}\r\n".encode(), np.uint8)
    around = np.concatenate([edges[-1:], signs, edges[-1:]])
    opening, closing = marks[::2], marks[1::2]
    again = opening[1:][: len(closing)] == closing[: len(opening) - 1] + 1
    opens = np.isin(around[opening], edges)
    opens[1:] |= again
    closes = np.isin(around[closing + 2], edges)
    closes[: len(again)] |= again
    if len(opening) > len(closing):
        closes = np.append(closes, False)
    wrong = np.flatnonzero(~(opens & closes))
    if not len(wrong):
        return
    place = opening[wrong[0]]
    ends = np.flatnonzero((signs[:place] == ord("\n")) | ((signs[:place] == ord("\r")) & (signs[1:][:place] != 10)))
    row = 1 + np.count_nonzero(np.searchsorted(marks, ends) % 2 == 0)
    found = f"row {row}: a quotation mark has no pair, or does not enclose a whole cell"
    raise Unreadable(f"{found}; allowed are marks around the cell, and inside it two for one")


def _rows(content: bytes, header: list[str], separator: str) -> tuple[pd.DataFrame, dict[int, tuple[int, str]]]:
    """Read the rows below the header; those of another length are given by row as their cell count and text."""
    try:
        rows, numbers, uneven = csv_rows(content, len(header), separator)
    except pa.ArrowException as error:
        raise Unreadable("the file cannot be read as a CSV table") from error
    if 1 in uneven:
        raise Unreadable("row 1 cannot be read; allowed is a header with the column names")
    frame = rows.to_pandas(types_mapper={pa.large_string(): pd.StringDtype(na_value=np.nan)}.get)
    return frame.set_axis(header, axis="columns").set_axis(numbers - 2, axis="index").iloc[1:], uneven


def _with_decimal_points(
    frame: pd.DataFrame, table: str, file: str, separator: str
) -> tuple[pd.DataFrame, pd.DataFrame, int]:
    """Write numbers with a decimal point if a semicolon leaves the comma free, and count those changed."""
    warnings, changed, count = [], {}, 0
    numbers = columns_once(table, list(frame), "integer", "number", "grade", "score") if separator == ";" else []
    for name in numbers:
        thousands = frame[name].str.fullmatch(r"-?[1-9][0-9]{0,2},[0-9]{3}")
        # 1,250 is left as it is, and so refused: some write a thousand so.
        commas = frame[name].str.fullmatch(r"-?[0-9]+,[0-9]+") & ~thousands
        if not commas.any():
            continue
        count += int(commas.sum())
        changed[name] = frame[name].where(~commas, frame[name].str.replace(",", "."))
        if frame[name].str.fullmatch(r"-?[0-9]+\.[0-9]+").any():
            text = "decimal commas and decimal points in one column; both were read as the decimal sign"
            warnings.append(problems(file, text, column=name))
    return frame.assign(**changed), together(warnings), count
