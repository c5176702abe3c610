"""Workbooks as spreadsheet programs write them, and as they should not be; expected texts are written down by hand."""

import datetime
import io
import resource
import zipfile
import zlib

import numpy as np
import pytest
import xlsxwriter

from compendium.centre.intake import seen
from compendium.centre.intake.raw_tables import Unreadable
from compendium.centre.intake.workbooks import open_workbook, read_sheet
from tests.case_files import data_lines

HEADER = ["patient_id", "centre_id", "recommendation_month", "screening", "exclusion_reason"]
MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
SHEET = "xl/worksheets/sheet1.xml"


def read(content, table="screening"):
    sheet, part = open_workbook(content)[table]
    return read_sheet(sheet, part, table, f"x.xlsx, sheet {table}")


def cells(raw):
    return raw.frame.astype(object).where(raw.frame.notna(), None).to_numpy().tolist()


def told(problems):
    return problems[["row", "column", "allowed"]].to_numpy().tolist()


def written(*rows, change=None, day="yyyy-mm-dd", **options):
    """Write a workbook with one sheet: its header, rows of cells, dates in a format, and what a function changes."""
    file = io.BytesIO()
    with xlsxwriter.Workbook(file, options) as book:
        sheet, style = book.add_worksheet("screening"), book.add_format({"num_format": day})
        for row, cells in enumerate([HEADER, *rows]):
            for place, value in enumerate(cells):
                if isinstance(value, str):
                    sheet.write_string(row, place, value)
                elif value is not None:
                    sheet.write(row, place, value, style if isinstance(value, datetime.date | datetime.time) else None)
        if change:
            change(book, sheet)
    return file.getvalue()


def by_hand(sheet, extra=None, namespace=MAIN):
    """Write a workbook with other or more parts, and of its one sheet what is inside `worksheet`."""
    with zipfile.ZipFile(io.BytesIO(written())) as archive:
        parts = {part: archive.read(part) for part in archive.namelist()}
    parts["xl/workbook.xml"] = parts["xl/workbook.xml"].replace(MAIN.encode(), namespace.encode())
    parts[SHEET] = f'<worksheet xmlns="{MAIN}">{sheet}</worksheet>'
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for part, text in (parts | (extra or {})).items():
            archive.writestr(part, text)
    return file.getvalue()


def text_cell(place, text):
    return f'<c r="{place}" t="inlineStr"><is><t>{text}</t></is></c>'


FIRST = '<row r="1">' + "".join(text_cell(f"{c}1", name) for c, name in zip("ABCDE", HEADER, strict=True)) + "</row>"


def data(rows="", before="", extra=None):
    return by_hand(f"{before}<sheetData>{FIRST}{rows}</sheetData>", extra)


def test_cells_of_all_types_become_texts():
    raw = read(
        written(
            [12, 12.0, "2017-02", 0.75, 1e22],
            [True, " b ", "févr. 2017", 1 / 3, "0,5"],
            [datetime.datetime(2017, 2, 14), datetime.datetime(2017, 2, 14, 8, 30), None, datetime.time(8, 30)],
            change=lambda book, sheet: sheet.write_rich_string(3, 4, "a", book.add_format({"bold": True}), "b", "c"),
        )
    )
    assert list(raw.frame.columns) == HEADER
    assert cells(raw) == [
        ["12", "12", "2017-02", "0.75", "1e+22"],
        ["TRUE", " b ", "févr. 2017", "0.3333333333333333", "0,5"],
        ["2017-02-14", "2017-02-14T08:30:00", None, "08:30:00", "abc"],
    ]
    assert (raw.dates, raw.empty_rows, len(raw.errors), len(raw.warnings)) == (0, 0, 0, 0)


@pytest.mark.parametrize("day", ["yyyy-mm-dd", "mmm-yy"])
@pytest.mark.parametrize("from_1904", [False, True])
def test_dates_in_a_column_of_months_are_read_as_months(day, from_1904):
    values = [datetime.date(2016, 12, 1), datetime.date(2017, 2, 1), "2017-03"]
    raw = read(written(*([None, None, value] for value in values), day=day, date_1904=from_1904))
    assert raw.frame["recommendation_month"].tolist() == ["2016-12", "2017-02", "2017-03"]
    assert raw.dates == 2 and raw.warnings.empty


def test_dates_of_another_day_are_doubtful_and_those_that_do_not_exist_are_no_empty_cells():
    raw = read(written([None, None, datetime.date(2017, 2, 28)], [None, None, datetime.date(2017, 3, 1)]))
    assert raw.frame["recommendation_month"].tolist() == ["2017-02", "2017-03"] and raw.dates == 2
    (warning,) = told(raw.warnings)  # the other is of the first
    assert warning[:2] == [2, "recommendation_month"] and "the day is not used" in warning[2]

    def fill(book, sheet):
        sheet.write_number(1, 2, -1e9, book.add_format({"num_format": "yyyy-mm-dd"}))

    assert read(written(change=fill)).frame["recommendation_month"].tolist() == ["#VALUE!"]


# Dates as a spreadsheet shows them, and the rows that are no months: days that were years, entered as Mar-16.
@pytest.mark.parametrize(("days", "errors", "warnings"), [
    ("2025-03-16 2025-04-15 2025-01-14", [2, 3, 4], []), ("2025-03-16 2025-04-15 2025-01-01", [2, 3], []),
    ("2025-12-16 2026-01-15", [2, 3], []), ("2025-03-16 2025-04-28", [], [2, 3]), ("2025-03-16", [], [2]),
    ("2014-03-16 2016-04-15 2017-01-14", [], [2, 3, 4]), ("2016-03-01 2016-04-01", [], []),
])  # fmt: skip
def test_months_that_a_spreadsheet_took_for_days_are_refused_with_their_rows(days, errors, warnings):
    raw = read(written(*([None, None, datetime.date.fromisoformat(day)] for day in days.split())))
    assert [row for row, *_ in told(raw.errors)] == errors and [row for row, *_ in told(raw.warnings)] == warnings


# A formula, the value that stands there, and whether the file asks to be calculated; then what becomes of it.
@pytest.mark.parametrize(("formula", "value", "asks", "said"), [
    ("B1*0+0.75", "0", True, "error"), ("77/2", "0", True, "error"), ("77/2", "0", False, "error"),
    ("1-1", "0", True, ""), ("C2-B2", "0", False, "warning"), ("C2-B2", "0", True, "error"),
    ("SUM(B2)", "0.0", True, "error"), ("C2-B2", "0.5", False, ""), ("C2-B2", "0.5", True, "warning"),
    ("9*9", "81", False, ""), ("(1", "0", False, "warning"),
])  # fmt: skip
def test_the_value_of_a_formula_that_nothing_has_calculated(formula, value, asks, said):
    with zipfile.ZipFile(io.BytesIO(written())) as archive:
        book = archive.read("xl/workbook.xml").decode()
    assert 'fullCalcOnLoad="1"' in book  # as the program writes it that makes the files of this test
    book = book if asks else book.replace('fullCalcOnLoad="1"', "")
    raw = read(data(f'<row r="2"><c r="D2"><f>{formula}</f><v>{value}</v></c></row>', extra={"xl/workbook.xml": book}))
    assert raw.formulas == 1
    assert (len(raw.errors), len(raw.warnings)) == (said == "error", said == "warning")
    assert all(found[1:] == ["screening", found[2]] and "calculate" in found[2] for found in told(raw.errors))


def test_values_of_formulas_are_used_and_errors_kept():
    def fill(_, sheet):
        formulas = {0: ('="A"&"1"', "A1"), 1: ("=1/4", 0.25), 3: ("=1/0", "#DIV/0!"), 4: ("=NA()", "#N/A")}
        for place, (formula, value) in formulas.items():
            sheet.write_formula(1, place, formula, None, value)

    raw = read(written(change=fill))
    assert cells(raw) == [["A1", "0.25", None, "#DIV/0!", "#N/A"]] and raw.errors.empty
    # A formula may give an empty text, which is an empty cell.
    raw = read(data(f'<row r="2">{text_cell("A2", "a")}<c r="E2" t="str"><f>""</f><v></v></c></row>'))
    assert cells(raw) == [["a", None, None, None, None]] and raw.errors.empty


@pytest.mark.parametrize("value", ["", "<v></v>", "<v/>"])
@pytest.mark.parametrize("formula", ["<f>1+1</f>", "<f/>", '<f t="shared" si="0"/>'])
def test_a_formula_without_a_value_is_an_error(value, formula):
    raw = read(data(f'<row r="2">{text_cell("A2", "a")}<c r="D2">{formula}{value}</c></row>'))
    text = "a formula without a value: open the file in a spreadsheet program, let it calculate, save"
    assert told(raw.errors) == [[2, "screening", text]] and raw.frame["patient_id"].tolist() == ["a"]


def test_merged_cells_are_errors_where_they_begin():
    def merge(_, sheet):
        sheet.merge_range("A3:A5", "c")
        sheet.merge_range("H2:J2", "")

    assert told(read(written(["a", "b"], change=merge)).errors) == [
        [3, "patient_id", "the cells A3:A5 are merged; allowed is a value in each cell"],
        [2, "H", "the cells H2:J2 are merged; allowed is a value in each cell"],
    ]


def test_what_is_hidden_is_read_and_named_and_what_is_empty_changes_nothing():
    def hide(book, sheet):
        sheet.set_row(2, None, None, {"hidden": True})
        sheet.set_column("B:B", None, None, {"hidden": True})
        sheet.autofilter("A1:E5")
        sheet.filter_column("A", "x == p1")
        sheet.hide()
        book.add_worksheet("other").activate()

    raw = read(written(*([f"p{row}", "c", "2017-02", "included"] for row in range(1, 5)), change=hide))
    assert raw.frame["patient_id"].tolist() == ["p1", "p2", "p3", "p4"]
    assert raw.frame["centre_id"].tolist() == ["c"] * 4
    assert raw.hidden == 1 and [found[:2] for found in told(raw.warnings)] == [[3, ""], [1, "centre_id"], [0, ""]]
    assert all("hidden" in found[2] for found in told(raw.warnings))

    def shade(book, sheet):
        sheet.write_blank(1_048_575, 16_383, None, book.add_format({"bg_color": "yellow"}))

    raw = read(written([], [], ["a"], [""], [], ["b"], change=shade))
    assert list(raw.frame.columns) == HEADER and raw.frame.index.tolist() == [2, 5]
    assert raw.empty_rows == 4


@pytest.mark.parametrize(("before", "row", "expected"), [
    ("", "<row><c t='inlineStr'><is><t>a</t></is></c><c><v>5</v></c></row>", ["a", "5"]),  # counted without names
    ('<dimension ref="A1:A1"/>', f'<row r="2">{text_cell("A2", "a")}</row>', ["a", None]),  # not believed
    # Excel writes 17 digits of 20.4 and of 4.1.
    (
        "",
        '<row r="2"><c r="A2"><v>20.399999999999999</v></c><c r="B2"><v>4.0999999999999996</v></c></row>',
        ["20.4", "4.1"],
    ),
])  # fmt: skip
def test_what_programs_write_otherwise_is_read(before, row, expected):
    assert cells(read(data(row, before))) == [[*expected, None, None, None]]


@pytest.mark.parametrize(("first", "text"), [
    ([], "row 1 is empty; allowed is a header"), (["", "", "x"], "row 1 holds no column name"),
    (["Cohort of Lyon"], "row 1 holds no column name"),
])  # fmt: skip
def test_a_sheet_without_a_header(first, text):
    file = io.BytesIO()
    with xlsxwriter.Workbook(file) as book:
        sheet = book.add_worksheet("screening")
        sheet.write_row(0, 0, first)
        sheet.write_row(1, 0, HEADER if first else [])
    with pytest.raises(Unreadable, match=text):
        read(file.getvalue())


def refused(content):
    """Refuse a workbook or its sheet in bounded memory, and say why."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(Unreadable) as caught:
        read(content)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 400_000
    return str(caught.value)


@pytest.mark.parametrize("line", data_lines("damaged_sheets.txt"))
def test_a_damaged_sheet(line):
    rows, text = line.replace("{digits}", "9" * 5000).split(" -> ")
    message = refused(data(rows))
    assert text in message and "abc" not in message


def test_a_value_in_the_last_row_of_a_sheet_is_read():
    raw = read(data('<row r="1048576"><c r="A1048576"><v>1</v></c></row>'))
    assert raw.frame.index.tolist() == [1_048_574] and raw.empty_rows == 1_048_574


LAUGHS = '<!DOCTYPE x [<!ENTITY a "ha">' + "".join(
    f'<!ENTITY {name} "{f"&{before};" * 10}">' for before, name in zip("abcdefgh", "bcdefghi", strict=True)
)


@pytest.mark.parametrize("part", ["sharedStrings.xml", "workbook.xml", "worksheets/sheet1.xml", "other.xml"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_entities_are_refused_in_every_part(part, encoding):
    bomb = f'<?xml version="1.0" encoding="{encoding}"?>{LAUGHS}]><x>&i;</x>'.encode(encoding)
    assert "document type definition" in refused(data(extra={f"xl/{part}": bomb}))


@pytest.mark.parametrize("checked", [100, 101])
def test_a_part_that_declares_less_than_it_unpacks_to(checked):
    text = b"<a>" + b"b" * 5 * 1024**2
    honest = data(extra={"xl/other.xml": text})
    forged = honest
    # The check sum is made that of the first bytes too, since otherwise it alone would tell.
    for told, lie in ((len(text), 100), (zlib.crc32(text), zlib.crc32(text[:checked]))):
        assert forged.count(told.to_bytes(4, "little")) == 2
        forged = forged.replace(told.to_bytes(4, "little"), lie.to_bytes(4, "little"))
    assert ("or is damaged" if checked == 100 else "unpacks to another size than it says") in refused(forged)


def test_too_many_bytes_elements_levels_and_parts_are_refused(monkeypatch):
    bomb = data(extra={"xl/media/image1.png": b"\0" * 80 * 1024**2})
    assert len(bomb) < 1024**2 and "the file unpacks to 80 MB, too much for its size" in refused(bomb)
    sheet = data("".join(f'<row r="{row}"><c r="A{row}"><v>1</v></c></row>' for row in range(2, 102)))
    assert len(read(sheet).frame) == 100
    monkeypatch.setattr(seen, "MOST_ELEMENTS", 300)
    assert "the workbook holds too much" in refused(sheet)
    monkeypatch.undo()
    assert "the workbook holds too much" in refused(by_hand("<a>" * 200 + "</a>" * 200))
    many = {f"xl/{number}.xml": b"" for number in range(10_001)}
    assert "too many parts" in refused(data(extra=many))


def packed(name, text, how=zipfile.ZIP_STORED, to=b""):
    """Give an archive with a part, or one with a part more."""
    file = io.BytesIO(to)
    with zipfile.ZipFile(file, "a" if to else "w", how) as archive:
        archive.writestr(name, text)
    return file.getvalue()


def test_what_is_no_workbook():
    whole, none = written(["a", "b"]), "the file is no Excel workbook (.xlsx), or is damaged"
    document = packed("word/document.xml", "<document/>")
    # Bit 0 of the flags says that a part is encrypted.
    locked = bytearray(document)
    locked[locked.index(b"PK\x01\x02") + 8] |= 1
    with pytest.warns(UserWarning, match="Duplicate name"):
        twice = packed(SHEET, "<x/>", to=whole)
    for content, text in (
        *((content, none) for content in (b"", b"patient_id,centre_id\n", document, whole[: len(whole) // 2])),
        (bytes.fromhex("d0cf11e0a1b11ae1") + b"\0" * 1000, "locked with a password, or is an old Excel file (.xls)"),
        (bytes(locked), "the file is locked with a password; allowed is one without"),
        (twice, "two parts of one name"),
        (packed("[Content_Types].xml", "x" * 100, zipfile.ZIP_LZMA), "packed in a way that Excel does not use"),
        (by_hand("", namespace="http://purl.oclc.org/ooxml/spreadsheetml/main"), "Strict Open XML Spreadsheet"),
    ):
        assert text in refused(content)


def test_no_damage_leads_to_another_error():
    rows = ([f"p{row}", row, 0.5, True] for row in range(1, 30))
    with zipfile.ZipFile(io.BytesIO(written(*rows))) as archive:
        whole = {name: archive.read(name) for name in archive.namelist()}
    rng = np.random.default_rng(1)
    refusals = 0
    for _ in range(100):
        name = rng.choice([one for one in whole if "docProps" not in one])
        content = np.frombuffer(whole[name], np.uint8).copy()
        start = rng.integers(50, len(content))
        # A stretch of one place is copied to another, which leaves more XML intact than random bytes do.
        piece = content[(origin := rng.integers(0, len(content))) : origin + rng.integers(1, 40)]
        damaged = content[:start].tobytes() + piece.tobytes() + content[start + rng.integers(0, 40) :].tobytes()
        file = io.BytesIO()
        with zipfile.ZipFile(file, "w") as archive:
            for one, text in whole.items():
                archive.writestr(one, damaged if one == name else text)
        try:
            sheets = open_workbook(file.getvalue())
            for sheet, part in sheets.values():
                read_sheet(sheet, part, "screening", "x")
        except Unreadable:
            refusals += 1
    assert refusals > 20
