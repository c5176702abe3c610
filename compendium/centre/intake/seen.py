"""Look through the parts of an xlsx workbook before it is read: what is not safe is refused, and the rest noted.

An xlsx file is a zip archive of XML files. Small archives can unpack to any size and small XML files can stand for any
text, so both are measured first; a merged cell or a formula without a value would be read as an empty cell.
"""

import copy
import io
import zipfile
import zlib
from xml.parsers import expat

from openpyxl.utils import get_column_letter

from compendium.centre.intake.raw_tables import MOST_BYTES, MOST_COLUMNS, Unreadable

MOST_ROWS = 1_048_576
MOST_RATIO, FREE_BYTES = 100, 50 * 1024**2
"""The most bytes unpacked for a byte packed, where more than `FREE_BYTES` are unpacked; sheets of numbers reach 30."""
MOST_ELEMENTS, MOST_DEPTH, MOST_PARTS, MOST_LISTED = 30_000_000, 100, 10_000, 1000

_OLE = bytes.fromhex("d0cf11e0a1b11ae1")
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main "
_STRICT = "http://purl.oclc.org/ooxml/"
_TRUE = ("1", "true")
_LONGEST_FORMULA = 200
_COLUMNS = {get_column_letter(column): column for column in range(1, 16_385)}


class Part:
    """What is seen in one XML file of a workbook; of one that is no sheet, only its size and its safety matter."""

    def __init__(self, elements: int) -> None:
        self.rows = self.columns = 0  # the last ones with a value, counted from 1
        self.merged: list[str] = []  # the first ranges of merged cells, such as A2:A5
        self.formulas = 0
        self.unvalued: list[tuple[int, int]] = []  # row, column of the first formulas without a value
        self.zeros: list[tuple[int, int, str]] = []  # the same of those of the value 0, and the formula
        self.hidden_rows: set[int] = set()
        self.hidden_columns: list[tuple[int, int]] = []  # from which to which
        self.calculates = False  # whether the workbook asks to be calculated first, as one that a program has written
        self.damage = ""  # why the sheet cannot be read
        self.elements = elements
        self._depth = self._row = self._column = 0
        self._has_formula = self._is_text = self._in_value = self._has_value = False
        self._texts = {True: "", False: ""}  # of a cell with a formula: its value, and the formula
        self._parser = expat.ParserCreate(namespace_separator=" ")
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._parser.StartDoctypeDeclHandler = self._doctype
        watched = {"row": self._at_row, "c": self._at_cell, "f": self._at_formula, "v": self._at_value}
        watched |= {"is": self._at_value, "mergeCell": self._at_merged, "col": self._at_columns}
        watched |= {"calcPr": self._at_calculation}
        self._watched = {_MAIN + name: watch for name, watch in watched.items()}

    def feed(self, chunk: bytes, final: bool = False) -> None:
        """Give XML to the parser until it finds fault; pictures, for example, are none from their first byte on."""
        if not self._watched:
            return
        try:
            self._parser.Parse(chunk, final)
        except (expat.ExpatError, ValueError) as error:
            self._damaged(f"the sheet is damaged: {str(error)[:100]}")
            self._watched = {}

    def _damaged(self, text: str) -> None:
        self.damage = self.damage or text

    def _doctype(self, *_: object) -> None:
        raise Unreadable("the workbook holds a document type definition, as no spreadsheet program writes; refused")

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        self.elements += 1
        self._depth += 1
        if self.elements > MOST_ELEMENTS or self._depth > MOST_DEPTH:
            raise Unreadable("the workbook holds too much; allowed for tables of this size are CSV or Parquet files")
        watch = self._watched.get(name)
        if watch is not None:
            watch(attributes)
        elif name.startswith(_STRICT) and name.endswith(" workbook"):
            raise Unreadable('the file is a "Strict Open XML Spreadsheet"; allowed is one saved as "Excel Workbook"')

    def _end(self, name: str) -> None:
        self._depth -= 1
        if not self._has_formula:
            return
        self._in_value = False
        if name == _MAIN + "c":
            self._has_formula = False
            self._parser.CharacterDataHandler = None
            self.formulas += 1
            if not self._has_value and len(self.unvalued) < MOST_LISTED:
                self.unvalued.append((self._row, self._column))
            if _is_zero(self._texts[True]) and len(self.zeros) < MOST_LISTED:
                self.zeros.append((self._row, self._column, self._texts[False]))

    def _at_row(self, attributes: dict[str, str]) -> None:
        number = attributes.get("r", str(self._row + 1))
        if not (number.isascii() and number.isdigit() and len(number) < 8 and int(number) <= MOST_ROWS):
            self._damaged(f"the sheet numbers a row {number[:20]!r}; allowed are numbers up to {MOST_ROWS:,}")
        elif int(number) <= self._row:
            self._damaged(f"row {int(number)} of the sheet does not come after row {self._row}")
        else:
            self._row = int(number)
        if attributes.get("hidden") in _TRUE:
            self.hidden_rows.add(self._row)
        self._column = 0

    def _at_columns(self, attributes: dict[str, str]) -> None:
        first, last = (attributes.get(bound, "") for bound in ("min", "max"))
        if attributes.get("hidden") in _TRUE and first.isdecimal() and last.isdecimal():
            self.hidden_columns.append((int(first), int(last)))

    def _at_calculation(self, attributes: dict[str, str]) -> None:
        self.calculates = attributes.get("fullCalcOnLoad") in _TRUE

    def _at_cell(self, attributes: dict[str, str]) -> None:
        self._is_text = attributes.get("t") == "str"
        place = attributes.get("r")
        column = self._column + 1 if place is None else _COLUMNS.get(place.removesuffix(str(self._row)), 0)
        if column <= self._column:
            self._damaged(f"row {self._row} of the sheet has a cell named {place[:20]!r} that does not belong there")
        self._column = column

    def _at_value(self, _: dict[str, str]) -> None:
        self._in_value = True
        # A formula may give an empty text, which stands there as such.
        self._has_value = self._is_text
        self.rows = self._row
        self.columns = max(self.columns, self._column)
        if self._column > MOST_COLUMNS:
            self._damaged(f"the sheet has a value in row {self._row} right of column {get_column_letter(MOST_COLUMNS)}")

    def _at_formula(self, _: dict[str, str]) -> None:
        self._has_formula, self._has_value, self._in_value = True, False, False
        self._texts = {True: "", False: ""}
        # Texts are looked at in cells with a formula only, since that takes time.
        self._parser.CharacterDataHandler = self._text

    def _text(self, text: str) -> None:
        self._has_value = self._has_value or (self._in_value and bool(text.strip()))
        if len(self._texts[self._in_value]) < _LONGEST_FORMULA:
            self._texts[self._in_value] += text

    def _at_merged(self, attributes: dict[str, str]) -> None:
        if len(self.merged) < MOST_LISTED:
            self.merged.append(attributes.get("ref", "?")[:20])


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


def checked_parts(content: bytes) -> dict[str, Part]:
    """Look through the parts of an xlsx file, by their names in the archive, and refuse what is not safe to read."""
    parts, elements = {}, 0
    try:
        with _members(content) as archive:
            for member in archive.infolist():
                # Allowed one byte more than it declares, so that a part that unpacks to more is found out.
                asked = copy.copy(member)
                asked.file_size += 1
                seen, size = Part(elements), 0
                with archive.open(asked) as part:
                    while chunk := part.read(2**20):
                        size += len(chunk)
                        seen.feed(chunk)
                seen.feed(b"", final=True)
                if size != member.file_size:
                    raise Unreadable("a part of the file unpacks to another size than it says; refused")
                elements = seen.elements
                parts[member.filename] = seen
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, ValueError, OSError) as error:
        raise Unreadable("the file is no Excel workbook (.xlsx), or is damaged") from error
    return parts
