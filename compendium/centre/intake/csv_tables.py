"""Read a CSV table as texts: separated by commas or semicolons, in UTF-8, with the line ends of any system."""

import csv
import io
import re
from collections.abc import Callable

import numpy as np
import pandas as pd
import pyarrow as pa

from analysis.problems import problems, together
from analysis.reading import csv_rows
from compendium.centre.intake.raw_tables import (
    NUMBERS,
    Names,
    RawTable,
    Unreadable,
    checked_header,
    columns_once,
    with_decimal_points,
    without_nameless,
)

_LONGEST_HEADER = 100_000
_SEPARATORS = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars", "^": "carets"}
_ALLOWED = ",;"
_SEPARATOR_LINE = re.compile(rb"\A\"?sep=.\"?\r?\n")  # by which a file tells Excel its separator
_HINT = 'in Excel, save it as "CSV UTF-8"'


def read_csv_table(content: bytes, table: str, file: str, names: Names = list) -> RawTable:
    """Read the bytes of a CSV file of a table, with the names that ``names`` gives its columns; else `Unreadable`."""
    raw, separator = csv_texts(content, file, lambda found: checked_header(names(found), table))
    return with_clear_numbers(raw, columns_once(table, list(raw.frame), *NUMBERS), file, separator)


def with_clear_numbers(raw: RawTable, columns: list[str], file: str, separator: str) -> RawTable:
    """Read the decimal commas of a table of `csv_texts` in some columns, and refuse what can be read in two ways."""
    signs = {"commas": separator == ";", "points": separator == ","}
    raw.frame, unclear, raw.decimal_commas = with_decimal_points(raw.frame, columns, file, **signs)
    raw.errors = together([raw.errors, unclear])
    return raw


def csv_texts(content: bytes, file: str, header_of: Callable[[list[str]], list[str]]) -> tuple[RawTable, str]:
    """Read the bytes of any CSV file as texts, and tell what separates its cells.

    ``header_of`` takes the first row and gives the names of the columns, or refuses it. A row that is longer than the
    header by nothing is not: spreadsheets write cells that somebody has emptied.
    """
    content = _SEPARATOR_LINE.sub(b"", content.removeprefix(b"\xef\xbb\xbf"))
    _refuse_other_encodings(content)
    if not content.strip():
        raise Unreadable("the file is empty; allowed is a header with the column names, and rows")
    names, separator = _header(content)
    header = header_of(names)
    _refuse_loose_quotation_marks(content, separator)
    frame, uneven = _rows(content, len(header), separator)
    # Row 1 is the header; a row of nothing but separators is as empty as a blank one, however many it has.
    cells = {row: (count, text) for row, (count, text) in uneven.items() if text.strip(separator + '"')}
    longer, short = {}, {}
    for row, (count, text) in cells.items():
        written = next(csv.reader(io.StringIO(text, newline=""), delimiter=separator))
        if len(written) > len(header) and not any(written[len(header) :]):
            longer[row - 2] = [cell or None for cell in written[: len(header)]]
        else:
            short[row] = count
    if longer:
        more = pd.DataFrame.from_dict(longer, orient="index", columns=frame.columns, dtype=frame.dtypes.iloc[0])
        frame = pd.concat([frame, more]).sort_index()
    text = "the row has {} cells and the header {}; allowed is a separator for every cell, empty too"
    errors = problems(file, [text.format(count, len(header)) for count in short.values()], list(short))
    frame, notes = without_nameless(frame.set_axis(header, axis="columns"), file)
    unread = tuple(row - 2 for row in short)
    return RawTable(frame, together([errors, notes]), empty_rows=len(uneven) - len(cells), unread=unread), separator


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


def _header(content: bytes) -> tuple[list[str], str]:
    """Read the first row, and tell what separates its cells: what gives the most of them."""
    start = content[:_LONGEST_HEADER].decode("utf-8", errors="ignore")
    try:
        rows = {sign: next(csv.reader(io.StringIO(start, newline=""), delimiter=sign), [""]) for sign in _SEPARATORS}
    except csv.Error as error:
        raise Unreadable("row 1 cannot be read; allowed is a header with the column names") from error
    separator = max(_SEPARATORS, key=lambda sign: len(rows[sign]))
    if separator not in _ALLOWED and len(rows[separator]) > 2:
        found = f"cells are separated by {_SEPARATORS[separator]}; allowed are commas or semicolons"
        raise Unreadable(f"{found}: choose one of them where the file is exported or saved")
    separator = max(_ALLOWED, key=lambda sign: len(rows[sign]))
    other = _ALLOWED.replace(separator, "")
    # A quoted name may hold the other sign, as the label of a field does.
    quoted = '"' in start.splitlines()[0]
    if not quoted and any(other in name for name in rows[separator]):
        raise Unreadable("row 1 holds commas and semicolons; allowed is one of them, between the column names")
    return rows[separator], separator


def _refuse_loose_quotation_marks(content: bytes, separator: str) -> None:
    """Refuse quotation marks that do not enclose a whole cell: every reader takes them for something else."""
    edge = separator.encode() + rb"\r\n"
    # Cell by cell, and not in one pattern that never goes back: Python before 3.11.5 matches those wrongly.
    cell = re.compile(rb'(?<![^%b])"[^"]*(?:""[^"]*)*"(?![^%b])' % (edge, edge))
    place = content.find(b'"')
    while place >= 0:
        whole = cell.match(content, place)
        if not whole:
            row = _line(re.sub(rb'"[^"]*"', b"-", content[:place]))
            found = f"row {row}: a quotation mark has no pair, or does not enclose a whole cell"
            raise Unreadable(f"{found}; allowed are marks around the cell, and inside it two for one")
        place = content.find(b'"', whole.end())


def _rows(content: bytes, width: int, separator: str) -> tuple[pd.DataFrame, dict[int, tuple[int, str]]]:
    """Read the rows below the header; those of another length are given by row as their cell count and text."""
    try:
        rows, numbers, uneven = csv_rows(content, width, separator)
    except pa.ArrowException as error:
        raise Unreadable("the file cannot be read as a CSV table") from error
    if 1 in uneven:
        raise Unreadable("row 1 cannot be read; allowed is a header with the column names")
    frame = rows.to_pandas(types_mapper={pa.large_string(): pd.StringDtype(na_value=np.nan)}.get)
    return frame.set_axis(numbers - 2, axis="index").iloc[1:], uneven
