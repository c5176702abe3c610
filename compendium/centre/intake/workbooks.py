"""Read the sheets of an xlsx workbook as tables of texts, after its parts were found safe to read.

An xlsx file is a zip archive of XML files. Small archives can unpack to any size and small XML files can stand for any
text, so both are measured first; a merged cell or a formula without a value would be read as an empty cell.
"""

import copy
import io
import warnings
import zipfile
import zlib
from xml.parsers import expat

import openpyxl
import pandas as pd
from openpyxl.utils import get_column_letter
from openpyxl.utils.exceptions import InvalidFileException

from analysis.problems import together
from compendium.centre.intake import raw_tables, seen
from compendium.centre.intake.raw_tables import Names, RawTable, Unreadable, no_names
from compendium.centre.intake.seen import Part

MOST_ROWS = 1_048_576
MOST_COLUMNS = 256
MOST_BYTES = 1024**3
MOST_RATIO, FREE_BYTES = 100, 50 * 1024**2
"""The most bytes unpacked for a byte packed, where more than `FREE_BYTES` are unpacked; sheets of numbers reach 30."""
MOST_ELEMENTS, MOST_DEPTH, MOST_PARTS, MOST_LISTED = 30_000_000, 100, 10_000, 1000

_OLE = bytes.fromhex("d0cf11e0a1b11ae1")
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main "
_STRICT = "http://purl.oclc.org/ooxml/"
_TRUE = ("1", "true")
_LONGEST_FORMULA = 200
_COLUMNS = {get_column_letter(column): column for column in range(1, 16_385)}


class _Scan:
    """Watch the XML of one part go by; of a part that is no sheet, only its size and its safety matter."""

    def __init__(self, elements: int) -> None:
        self.elements = elements
        self.part = Part()
        self.depth = self.row = self.column = 0
        self.has_formula = self.is_text = self.in_value = self.has_value = False
        self.texts = {True: "", False: ""}  # of a cell with a formula: its value, and the formula
        self.parser = expat.ParserCreate(namespace_separator=" ")
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.StartDoctypeDeclHandler = self._doctype
        self.watched = {_MAIN + "row": self._row, _MAIN + "c": self._cell, _MAIN + "f": self._formula}
        self.watched |= {_MAIN + "v": self._value, _MAIN + "is": self._value, _MAIN + "mergeCell": self._merge}
        self.watched |= {_MAIN + "col": self._columns, _MAIN + "calcPr": self._calculation}

    def feed(self, chunk: bytes, final: bool = False) -> None:
        """Give XML to the parser until it finds fault; pictures, for example, are none from their first byte on."""
        if not self.watched:
            return
        try:
            self.parser.Parse(chunk, final)
        except (expat.ExpatError, ValueError) as error:
            self._damaged(f"the sheet is damaged: {str(error)[:100]}")
            self.watched = {}

    def _damaged(self, text: str) -> None:
        self.part.damage = self.part.damage or text

    def _doctype(self, *_: object) -> None:
        raise Unreadable("the workbook holds a document type definition, as no spreadsheet program writes; refused")

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        self.elements += 1
        self.depth += 1
        if self.elements > MOST_ELEMENTS or self.depth > MOST_DEPTH:
            raise Unreadable("the workbook holds too much; allowed for tables of this size are CSV or Parquet files")
        watch = self.watched.get(name)
        if watch is not None:
            watch(attributes)
        elif name.startswith(_STRICT) and name.endswith(" workbook"):
            raise Unreadable('the file is a "Strict Open XML Spreadsheet"; allowed is one saved as "Excel Workbook"')

    def _end(self, name: str) -> None:
        self.depth -= 1
        if not self.has_formula:
            return
        self.in_value = False
        if name == _MAIN + "c":
            self.has_formula = False
            self.parser.CharacterDataHandler = None
            self.part.formulas += 1
            if not self.has_value and len(self.part.unvalued) < MOST_LISTED:
                self.part.unvalued.append((self.row, self.column))
            if _is_zero(self.texts[True]) and len(self.part.zeros) < MOST_LISTED:
                self.part.zeros.append((self.row, self.column, self.texts[False]))

    def _row(self, attributes: dict[str, str]) -> None:
        number = attributes.get("r", str(self.row + 1))
        if not (number.isascii() and number.isdigit() and len(number) < 8 and int(number) <= MOST_ROWS):
            self._damaged(f"the sheet numbers a row {number[:20]!r}; allowed are numbers up to {MOST_ROWS:,}")
        elif int(number) <= self.row:
            self._damaged(f"row {int(number)} of the sheet does not come after row {self.row}")
        else:
            self.row = int(number)
        if attributes.get("hidden") in _TRUE:
            self.part.hidden_rows.add(self.row)
        self.column = 0

    def _columns(self, attributes: dict[str, str]) -> None:
        first, last = (attributes.get(bound, "") for bound in ("min", "max"))
        if attributes.get("hidden") in _TRUE and first.isdecimal() and last.isdecimal():
            self.part.hidden_columns.append((int(first), int(last)))

    def _calculation(self, attributes: dict[str, str]) -> None:
        self.part.calculates = attributes.get("fullCalcOnLoad") in _TRUE

    def _cell(self, attributes: dict[str, str]) -> None:
        self.is_text = attributes.get("t") == "str"
        place = attributes.get("r")
        column = self.column + 1 if place is None else _COLUMNS.get(place.removesuffix(str(self.row)), 0)
        if column <= self.column:
            self._damaged(f"row {self.row} of the sheet has a cell named {place[:20]!r} that does not belong there")
        self.column = column

    def _value(self, _: dict[str, str]) -> None:
        self.in_value = True
        # A formula may give an empty text, which stands there as such.
        self.has_value = self.is_text
        self.part.rows = self.row
        self.part.columns = max(self.part.columns, self.column)
        if self.column > MOST_COLUMNS:
            self._damaged(f"the sheet has a value in row {self.row} right of column {get_column_letter(MOST_COLUMNS)}")

    def _formula(self, _: dict[str, str]) -> None:
        self.has_formula, self.has_value, self.in_value = True, False, False
        self.texts = {True: "", False: ""}
        # Texts are looked at in cells with a formula only, since that takes time.
        self.parser.CharacterDataHandler = self._text

    def _text(self, text: str) -> None:
        self.has_value = self.has_value or (self.in_value and bool(text.strip()))
        if len(self.texts[self.in_value]) < _LONGEST_FORMULA:
            self.texts[self.in_value] += text

    def _merge(self, attributes: dict[str, str]) -> None:
        if len(self.part.merged) < MOST_LISTED:
            self.part.merged.append(attributes.get("ref", "?")[:20])


def _is_zero(text: str) -> bool:
    try:
        return float(text) == 0
    except ValueError:
        return False


def _members(content: bytes) -> zipfile.ZipFile:
    """Open the archive if what it says of itself is within bounds."""
    if content.startswith(_OLE):
        found = "the file is locked with a password, or is an old Excel file (.xls) under another name"
        raise Unreadable(f'{found}; allowed is one saved without a password as "Excel Workbook (.xlsx)"')
    # Each entry of the directory begins with these signs; far too many would be slow to list.
    if content.count(b"PK\x01\x02") > MOST_PARTS:
        raise Unreadable("the file holds too many parts to be a workbook")
    archive = zipfile.ZipFile(io.BytesIO(content))
    members = archive.infolist()
    unpacked = sum(member.file_size for member in members)
    if len({member.filename for member in members}) < len(members):
        raise Unreadable("the file holds two parts of one name; allowed is a workbook as Excel saves it")
    if any(member.flag_bits & 1 for member in members):
        raise Unreadable("the file is locked with a password; allowed is one without")
    if any(member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED) for member in members):
        raise Unreadable("the file is packed in a way that Excel does not use")
    if unpacked > MOST_BYTES or unpacked > max(FREE_BYTES, MOST_RATIO * len(content)):
        found = f"the file unpacks to {unpacked / 1024**2:,.0f} MB, too much for its size"
        raise Unreadable(f"{found}; allowed for large tables are CSV or Parquet files")
    return archive


def _checked_parts(content: bytes) -> dict[str, Part]:
    """Look through the parts of an xlsx file, by their names in the archive, and refuse what is not safe to read."""
    parts, elements = {}, 0
    try:
        with _members(content) as archive:
            for member in archive.infolist():
                # Allowed one byte more than it declares, so that a part that unpacks to more is found out.
                asked = copy.copy(member)
                asked.file_size += 1
                scan, size = _Scan(elements), 0
                with archive.open(asked) as part:
                    while chunk := part.read(2**20):
                        size += len(chunk)
                        scan.feed(chunk)
                scan.feed(b"", final=True)
                if size != member.file_size:
                    raise Unreadable("a part of the file unpacks to another size than it says; refused")
                elements = scan.elements
                parts[member.filename] = scan.part
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, ValueError, OSError) as error:
        raise Unreadable("the file is no Excel workbook (.xlsx), or is damaged") from error
    return parts


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
    parts = _checked_parts(content)
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
    texts = [raw_tables.cell_texts(row, months=False)[0] for row in rows.values()]
    return pd.DataFrame(texts, pd.Index(rows, dtype="int64") - 2, header, dtype="str")


def read_sheet(sheet: object, part: Part, table: str, file: str, names: Names = no_names) -> RawTable:
    """Read one sheet of `open_workbook` and what was seen in it; file is as the user sees it.

    A formula counts as its value; merged cells and formulas without a value are errors. The sheet is `Unreadable` if it
    is damaged or its first row is no header.
    """
    if part.damage:
        raise Unreadable(part.damage)
    rows = _values(sheet, part)
    first, _ = raw_tables.cell_texts(rows.pop(1, ()), months=False)
    header = raw_tables.checked_header(names([name or "" for name in first]), table)
    columns = list(zip(*rows.values(), strict=True)) or [()] * len(header)
    months = raw_tables.columns_once(table, header, "month")
    index = pd.Index(rows, dtype="int64") - 2
    texts, entered, dates, found, doubts = (
        [],
        {},
        0,
        [seen.unvalued(part, header, file), seen.merged(part, header, file)],
        [],
    )
    for name, values in zip(header, columns, strict=True):
        written, are_dates = raw_tables.cell_texts(values, months=name in months)
        if dated := [place for place, is_date in enumerate(are_dates) if is_date]:
            dates += len(dated)
            days = pd.Series([values[place] for place in dated], index[dated], dtype=object)
            refused, doubtful = raw_tables.days_of_months(days, name, file)
            found.append(refused), doubts.append(doubtful)
        texts.append(pd.Series(written, index, dtype="str"))
        entered[name] = texts[-1].where([isinstance(value, str) for value in values])
    numbers = raw_tables.number_columns(table, header)
    _, unclear, _ = raw_tables.with_decimal_points(pd.DataFrame(entered, index=index), numbers, file)
    frame, notes = raw_tables.without_nameless(pd.concat(texts, axis="columns").set_axis(header, axis="columns"), file)
    hidden = sorted(part.hidden_rows.intersection(rows))
    refused, doubtful = seen.uncalculated(part, header, file)
    return RawTable(
        frame,
        errors=together([*found, unclear, notes, refused]),
        warnings=together([*doubts, doubtful, seen.hidden(sheet, part, header, hidden, file)]),
        empty_rows=part.rows - 1 - len(rows),
        dates=dates,
        formulas=part.formulas - len(part.unvalued),
        hidden=len(hidden),
    )
