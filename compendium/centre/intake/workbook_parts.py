"""Look through the parts of a workbook before it is read: whether they are safe to read, and what the sheets hide.

An xlsx file is a zip archive of XML files. Small archives can unpack to any size and small XML files can stand for any
text, so both are measured first; a merged cell or a formula without a value would be read as an empty cell.
"""

import copy
import io
import zipfile
import zlib
from dataclasses import dataclass, field
from xml.parsers import expat

from openpyxl.utils import get_column_letter

from compendium.centre.intake.raw_tables import Unreadable

MOST_ROWS = 1_048_576
MOST_COLUMNS = 256
MOST_BYTES = 1024**3
MOST_RATIO = 100
"""The most bytes unpacked for a byte packed, where more than `FREE_BYTES` are unpacked; sheets of numbers reach 30."""
FREE_BYTES = 50 * 1024**2
MOST_ELEMENTS = 30_000_000
MOST_DEPTH = 100
MOST_PARTS = 10_000
MOST_LISTED = 1000

_OLE = bytes.fromhex("d0cf11e0a1b11ae1")
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main "
_STRICT = "http://purl.oclc.org/ooxml/"
_COLUMNS = {get_column_letter(column): column for column in range(1, 16_385)}


@dataclass
class Part:
    """What was seen in one XML file of a workbook.

    `rows` and `columns` are the last ones with a value, counted from 1; `merged` the first ranges of merged cells, such
    as A2:A5; `unvalued` row and column of the first formulas without a value; `damage` why the sheet cannot be read.
    """

    rows: int = 0
    columns: int = 0
    merged: list[str] = field(default_factory=list)
    unvalued: list[tuple[int, int]] = field(default_factory=list)
    damage: str = ""


class _Scan:
    """Watch the XML of one part go by; of a part that is no sheet, only its size and its safety matter."""

    def __init__(self, elements: int) -> None:
        self.elements = elements
        self.part = Part()
        self.depth = self.row = self.column = 0
        self.has_formula = self.is_text = self.in_value = self.has_value = False
        self.parser = expat.ParserCreate(namespace_separator=" ")
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.StartDoctypeDeclHandler = self._doctype
        self.watched = {_MAIN + "row": self._row, _MAIN + "c": self._cell, _MAIN + "f": self._formula}
        self.watched |= {_MAIN + "v": self._value, _MAIN + "is": self._value, _MAIN + "mergeCell": self._merge}

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
            if not self.has_value and len(self.part.unvalued) < MOST_LISTED:
                self.part.unvalued.append((self.row, self.column))

    def _row(self, attributes: dict[str, str]) -> None:
        number = attributes.get("r", str(self.row + 1))
        if not (number.isascii() and number.isdigit() and len(number) < 8 and int(number) <= MOST_ROWS):
            self._damaged(f"the sheet numbers a row {number[:20]!r}; allowed are numbers up to {MOST_ROWS:,}")
        elif int(number) <= self.row:
            self._damaged(f"row {int(number)} of the sheet does not come after row {self.row}")
        else:
            self.row = int(number)
        self.column = 0

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
        # Texts are looked at in cells with a formula only, since that takes time.
        self.parser.CharacterDataHandler = self._text

    def _text(self, text: str) -> None:
        self.has_value = self.has_value or (self.in_value and bool(text.strip()))

    def _merge(self, attributes: dict[str, str]) -> None:
        if len(self.part.merged) < MOST_LISTED:
            self.part.merged.append(attributes.get("ref", "?")[:20])


def _members(content: bytes) -> zipfile.ZipFile:
    """Open the archive if what it says of itself is within bounds."""
    if content.startswith(_OLE):
        raise Unreadable(
            "the file is locked with a password, or is an old Excel file (.xls) under another name; allowed is one "
            'saved without a password as "Excel Workbook (.xlsx)"'
        )
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
        raise Unreadable(
            f"the file unpacks to {unpacked / 1024**2:,.0f} MB, too much for its size; allowed for large tables are "
            "CSV or Parquet files"
        )
    return archive


def check_parts(content: bytes) -> dict[str, Part]:
    """Look through the parts of an xlsx file, by their names in the archive.

    `Unreadable` is one that is no zip archive, is locked, is larger than it says or than allowed, or holds XML with a
    document type definition.
    """
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
