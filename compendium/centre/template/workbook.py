"""The spreadsheet to fill in: a sheet per table, with lists to choose from and checks of what is entered."""

import io
import textwrap
from collections.abc import Sequence
from datetime import datetime

import pandas as pd
import xlsxwriter
from xlsxwriter.format import Format
from xlsxwriter.utility import xl_col_to_name
from xlsxwriter.worksheet import Worksheet

from analysis import schema
from compendium.centre.intake.raw_tables import NUMBERS
from compendium.centre.intake.terms import term_list
from compendium.centre.template import texts

_READ_ME, _LISTS = "read me", "lists"  # the sheets that are no tables
_TERM = "term"  # the column of adverse events, which has a list to choose from that is not closed
_LAST_ROW = 10_000  # the last row of a sheet that is checked while it is filled in
_INK, _SHADE, _PALE, _RULE = "#123d6b", "#f6ead2", "#e4e4e4", "#a9a9a9"
_FORMATS: dict[str, dict] = {
    "title": {"bold": True, "font_size": 16, "font_color": _INK},
    "text": {"text_wrap": True, "valign": "top"},
    "step": {"bold": True, "align": "center", "valign": "top", "font_color": _INK},
    "rule": {"bold": True, "bottom": 1, "bottom_color": _RULE, "valign": "top"},
    "sheet": {"bold": True, "valign": "top", "font_color": _INK, "underline": 1},
    "muted": {"font_color": "#555555", "text_wrap": True, "valign": "top"},
    "required": {"bold": True, "font_color": "#ffffff", "bg_color": _INK, "border": 1, "border_color": _INK},
    "optional": {"italic": True, "font_color": "#1a1a1a", "bg_color": _PALE, "border": 1, "border_color": _RULE},
    "example": {"italic": True, "bg_color": _SHADE, "num_format": "@", "border": 1, "border_color": _RULE},
    "example number": {"italic": True, "bg_color": _SHADE, "border": 1, "border_color": _RULE},
    "cell": {"num_format": "@"},
    "cell number": {},
    "value": {"num_format": "@", "valign": "top"},
    "grade": {"align": "left", "valign": "top"},
}
# A note holds about this many characters of its type size in a line.
_NOTE_WIDTH, _NOTE_CHARACTERS, _NOTE_LINE = 330, 50, 16

_Formats = dict[str, Format]
_Ranges = dict[str, str]


def _read_me(sheet: Worksheet, formats: _Formats) -> None:
    sheet.hide_gridlines(2)
    for column, width in enumerate((16, 106, 42)):
        sheet.set_column(column, column, width)
    sheet.set_row(0, 26)
    sheet.write_string(0, 0, texts.TITLE, formats["title"])
    sheet.write_string(1, 0, texts.PURPOSE)
    for row, step in enumerate(texts.STEPS, 3):
        sheet.write_string(row, 0, str(row - 2), formats["step"])
        sheet.write_string(row, 1, step, formats["text"])
        sheet.set_row(row, 16 * len(textwrap.wrap(step, 106)) + 2)
    head = len(texts.STEPS) + 4
    sheet.write_row(head, 0, ("Sheet", "One row for", "Columns to fill in / that may stay empty"), formats["rule"])
    for row, (table, text) in enumerate(texts.ROWS.items(), head + 1):
        required = int(schema.columns_of(table)["missing"].eq("no").sum())
        sheet.write_url(row, 0, f"internal:'{table}'!A2", formats["sheet"], table)
        sheet.write_row(row, 1, (text, f"{required} / {len(schema.columns_of(table)) - required}"), formats["text"])
    end = head + len(texts.ROWS) + 1
    sheet.write_url(end, 0, f"internal:'{_LISTS}'!A1", formats["sheet"], _LISTS)
    sheet.write_string(end, 1, "Nothing to fill in: every value to choose from, and what it means", formats["text"])
    looks = (
        ("required", "column_name", "The column must be filled in"),
        ("optional", "column_name", "The cell may stay empty"),
        ("example", texts.EXAMPLE_IDS[0], "An example, to be deleted"),
    )
    for row, (look, sample, text) in enumerate(looks, end + 2):
        sheet.write_string(row, 0, sample, formats[look])
        sheet.write_string(row, 1, text, formats["text"])


def _list(
    sheet: Worksheet, row: int, heads: tuple[str, ...], columns: Sequence[pd.Series], formats: _Formats
) -> tuple[int, str]:
    """Write a list of values to choose from; gives the row below it, and the range that a validation names."""
    sheet.write_row(row, 0, heads, formats["rule"])
    numbers = pd.api.types.is_numeric_dtype(columns[0])
    looks = (formats["grade" if numbers else "value"], formats["text"], formats["text"])
    for place, (cells, look) in enumerate(zip(columns, looks, strict=False)):
        sheet.write_column(row + 1, place, cells, look)
    end = row + 1 + len(columns[0])
    return end, f"={_LISTS}!$A${row + 2}:$A${end}"


def _lists(sheet: Worksheet, formats: _Formats) -> _Ranges:
    for column, width in enumerate((26, 64, 36)):
        sheet.set_column(column, column, width)
    sheet.hide_gridlines(2)
    ranges, row = {}, 0
    for name, (listed, users) in texts.vocabularies().items():
        columns = ("value", "meaning", "group") if listed["group"].ne("").any() else ("value", "meaning")
        heads = (texts.spaced(name), "Meaning", "Group" if "group" in columns else "")
        row, ranges[name] = _list(sheet, row, heads, [listed[column] for column in columns], formats)
        tables = {table: [column for other, column in users if other == table] for table, _ in users}
        used = "Used in " + "; ".join(f"{table}: {', '.join(columns)}" for table, columns in tables.items())
        used = textwrap.fill(used, 68)
        sheet.write_string(row, 1, used, formats["muted"])
        sheet.set_row(row, 15 * len(used.splitlines()))
        row += 2
    terms = term_list().drop_duplicates("term")
    heads = ("Adverse event", "Preferred term of MedDRA")
    _, ranges[_TERM] = _list(sheet, row, heads, [terms["term"], terms["label"]], formats)
    return ranges


def _check(column: pd.Series, unique: bool, letter: str, ranges: _Ranges) -> dict:
    name, kind, cell = texts.list_name(column), column["type"], f"{letter}2"
    if name is not None:
        return {"validate": "list", "source": ranges[name]}
    if column.name == _TERM:
        return {"validate": "list", "source": ranges[_TERM], "show_error": False}  # others may be entered too
    # Excel knows no open bounds, so one that is open is set beyond all that can be meant.
    bounds = {"minimum": f"{max(column['minimum'], -1e9):.12g}", "maximum": f"{min(column['maximum'], 1e9):.12g}"}
    if kind in ("integer", "number"):
        return {"validate": "integer" if kind == "integer" else "decimal", "criteria": "between"} | bounds
    if kind == "score":
        inside = f"{cell}>={bounds['minimum']},{cell}<={bounds['maximum']}"
        formula = f"=AND(ISNUMBER({cell}),{inside},MOD({cell}*4,1)=0)"
    elif kind == "month":
        year, month = f"VALUE(LEFT({cell},4))", f"VALUE(RIGHT({cell},2))"
        formula = f'=AND(LEN({cell})=7,MID({cell},5,1)="-",{year}>=1900,{month}>=1,{month}<=12)'
    else:
        # Not COUNTIF, which takes 01 and 1 for the same.
        once = f",SUMPRODUCT(--(${letter}$2:${letter}${_LAST_ROW}={cell}))=1" if unique else ""
        formula = f'=AND(LEFT({cell},1)<>" ",RIGHT({cell},1)<>" "{once})'
    return {"validate": "custom", "value": formula}


def _table(sheet: Worksheet, table: str, formats: _Formats, ranges: _Ranges) -> None:
    sheet.freeze_panes(1, 1)
    sheet.set_row(0, 22)
    sheet.set_landscape()
    sheet.repeat_rows(0)
    sheet.set_comments_author("")
    examples = texts.example_rows(table)
    for place, (name, column) in enumerate(schema.columns_of(table).iterrows()):
        number, unique, listed = column["type"] in NUMBERS, schema.KEYS.get(table) == [name], texts.terms(column)
        longest = 0 if listed is None or number else listed["value"].str.len().max()
        width, look = max(len(name), longest, 11) + 3, formats["cell number" if number else "cell"]
        sheet.set_column(place, place, width, look)
        sheet.write_string(0, place, name, formats["required" if column["missing"] == "no" else "optional"])
        text = texts.note(column)
        lines = sum(max(len(textwrap.wrap(line, _NOTE_CHARACTERS)), 1) for line in text.splitlines())
        look = {"width": _NOTE_WIDTH, "height": _NOTE_LINE * lines + 12, "font_size": 9, "color": "#fffbe6"}
        sheet.write_comment(0, place, text, look)
        check = _check(column, unique, xl_col_to_name(place), ranges)
        messages = {
            "input_title": name[: texts.LARGEST_TITLE],
            "input_message": texts.prompt(column),
            "error_title": name[: texts.LARGEST_TITLE],
            "error_message": texts.error(column, unique),
        }
        refused = sheet.data_validation(1, place, _LAST_ROW - 1, place, check | messages)
        assert not refused, f"{table}.{name}: {check}"
        for row, value in enumerate(examples[name], 1):
            look = formats["example number" if number and value else "example"]
            sheet.write(row, place, float(value) if number and value else value, look)


def workbook() -> bytes:
    """Make the xlsx file, the same at every run: a sheet to read, one for each table, one of lists to choose from."""
    content = io.BytesIO()
    with xlsxwriter.Workbook(content, {"in_memory": True}) as book:
        book.set_properties({"title": texts.TITLE, "created": datetime(2018, 1, 1)})
        book.set_size(2400, 1400)
        formats = {name: book.add_format(settings) for name, settings in _FORMATS.items()}
        sheets = {name: book.add_worksheet(name) for name in (_READ_ME, *texts.ROWS, _LISTS)}
        _read_me(sheets[_READ_ME], formats)
        ranges = _lists(sheets[_LISTS], formats)
        for table in texts.ROWS:
            _table(sheets[table], table, formats, ranges)
        for name in (_READ_ME, _LISTS):
            sheets[name].protect()
            sheets[name].set_landscape()
            sheets[name].fit_to_pages(1, 0)
    return content.getvalue()
