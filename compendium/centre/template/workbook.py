"""The spreadsheet to fill in: a sheet per table, with lists to choose from and checks of what is entered."""

import io
import textwrap
from datetime import datetime

import pandas as pd
import xlsxwriter
from xlsxwriter.format import Format
from xlsxwriter.utility import xl_col_to_name
from xlsxwriter.worksheet import Worksheet

from analysis import schema
from compendium.centre.template import texts
from compendium.centre.template.terms import (
    EXAMPLE_IDS,
    example_rows,
    is_number,
    list_name,
    spaced,
    terms,
    vocabularies,
)

__all__ = ["LAST_ROW", "LISTS", "READ_ME", "workbook"]

READ_ME, LISTS = "read me", "lists"
"""The sheets that are no tables."""

LAST_ROW = 10_000
"""The last row of a sheet that is checked while it is filled in."""

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

Formats = dict[str, Format]
Ranges = dict[str, str]


def _read_me(sheet: Worksheet, formats: Formats) -> None:
    sheet.hide_gridlines(2)
    sheet.set_column(0, 0, 16)
    sheet.set_column(1, 1, 106)
    sheet.set_column(2, 2, 42)
    sheet.set_row(0, 26)
    sheet.write_string(0, 0, texts.TITLE, formats["title"])
    sheet.write_string(1, 0, texts.PURPOSE)
    for row, step in enumerate(texts.STEPS, 3):
        sheet.write_string(row, 0, str(row - 2), formats["step"])
        sheet.write_string(row, 1, step, formats["text"])
        sheet.set_row(row, 16 * len(textwrap.wrap(step, 106)) + 2)
    head = len(texts.STEPS) + 4
    for column, text in enumerate(("Sheet", "One row for", "Columns to fill in / that may stay empty")):
        sheet.write_string(head, column, text, formats["rule"])
    for row, table in enumerate(schema.TABLES, head + 1):
        required = int(schema.columns_of(table)["missing"].eq("no").sum())
        sheet.write_url(row, 0, f"internal:'{table}'!A2", formats["sheet"], table)
        sheet.write_string(row, 1, texts.ROWS[table], formats["text"])
        sheet.write_string(row, 2, f"{required} / {len(schema.columns_of(table)) - required}", formats["text"])
    end = head + len(schema.TABLES) + 1
    sheet.write_url(end, 0, f"internal:'{LISTS}'!A1", formats["sheet"], LISTS)
    sheet.write_string(end, 1, "Nothing to fill in: every value to choose from, and what it means", formats["text"])
    looks = (
        ("required", "column_name", "The column must be filled in"),
        ("optional", "column_name", "The cell may stay empty"),
        ("example", EXAMPLE_IDS[0], "An example, to be deleted"),
    )
    for row, (look, sample, text) in enumerate(looks, end + 2):
        sheet.write_string(row, 0, sample, formats[look])
        sheet.write_string(row, 1, text, formats["text"])


def _lists(sheet: Worksheet, formats: Formats) -> None:
    sheet.set_column(0, 0, 26)
    sheet.set_column(1, 1, 64)
    sheet.set_column(2, 2, 36)
    sheet.hide_gridlines(2)
    row = 0
    for name, (listed, users) in vocabularies().items():
        grouped = listed["group"].ne("").any()
        for column, text in enumerate((spaced(name), "Meaning", "Group" if grouped else "")):
            sheet.write_string(row, column, text, formats["rule"])
        for place, term in enumerate(listed.itertuples(), row + 1):
            if isinstance(term.value, str):
                sheet.write_string(place, 0, term.value, formats["value"])
            else:
                sheet.write_number(place, 0, term.value, formats["grade"])
            sheet.write_string(place, 1, term.meaning, formats["text"])
            if grouped:
                sheet.write_string(place, 2, term.group, formats["text"])
        tables = {table: [column for other, column in users if other == table] for table, _ in users}
        used = "Used in " + "; ".join(f"{table}: {', '.join(columns)}" for table, columns in tables.items())
        used = textwrap.fill(used, 68)
        row += len(listed) + 1
        sheet.write_string(row, 1, used, formats["muted"])
        sheet.set_row(row, 15 * len(used.splitlines()))
        row += 2


def _ranges() -> Ranges:
    """Give the cells of the sheet of lists that hold each vocabulary, as `_lists` writes them."""
    ranges, row = {}, 0
    for name, (listed, _) in vocabularies().items():
        ranges[name] = f"={LISTS}!$A${row + 2}:$A${row + 1 + len(listed)}"
        row += len(listed) + 3
    return ranges


def _check(column: pd.Series, unique: bool, letter: str, ranges: Ranges) -> dict:
    """Say what Excel lets pass in a column."""
    name, kind, cell = list_name(column), column["type"], f"{letter}2"
    # Excel knows no open bounds, so one that is open is set beyond all that can be meant.
    bounds = {"minimum": f"{max(column['minimum'], -1e9):.12g}", "maximum": f"{min(column['maximum'], 1e9):.12g}"}
    if name is not None:
        return {"validate": "list", "source": ranges[name]}
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
        once = f",SUMPRODUCT(--(${letter}$2:${letter}${LAST_ROW}={cell}))=1" if unique else ""
        formula = f'=AND(LEFT({cell},1)<>" ",RIGHT({cell},1)<>" "{once})'
    return {"validate": "custom", "value": formula}


def _table(sheet: Worksheet, table: str, formats: Formats, ranges: Ranges) -> None:
    sheet.freeze_panes(1, 1)
    sheet.set_row(0, 22)
    sheet.set_landscape()
    sheet.repeat_rows(0)
    sheet.set_comments_author("")
    examples = example_rows(table)
    for place, (name, column) in enumerate(schema.columns_of(table).iterrows()):
        number = is_number(column)
        kind = " number" if number else ""
        unique = schema.KEYS[table] == [name]
        listed = terms(column)
        longest = 0 if listed is None or number else listed["value"].str.len().max()
        sheet.set_column(place, place, max(len(name), longest, 11) + 3, formats[f"cell{kind}"])
        sheet.write_string(0, place, name, formats["required" if column["missing"] == "no" else "optional"])
        text = texts.note(column)
        lines = sum(max(len(textwrap.wrap(line, _NOTE_CHARACTERS)), 1) for line in text.splitlines())
        size = {"width": _NOTE_WIDTH, "height": _NOTE_LINE * lines + 12, "font_size": 9}
        sheet.write_comment(0, place, text, size | {"color": "#fffbe6"})
        check = _check(column, unique, xl_col_to_name(place), ranges)
        messages = {
            "input_title": name[: texts.LARGEST_TITLE],
            "input_message": texts.prompt(column),
            "error_title": name[: texts.LARGEST_TITLE],
            "error_message": texts.error(column, unique),
        }
        refused = sheet.data_validation(1, place, LAST_ROW - 1, place, check | messages)
        assert not refused, f"{table}.{name}: {check}"
        for row, value in enumerate(examples[name], 1):
            if value == "":
                sheet.write_blank(row, place, None, formats["example"])
            elif number:
                sheet.write_number(row, place, float(value), formats["example number"])
            else:
                sheet.write_string(row, place, value, formats["example"])


def workbook() -> bytes:
    """Make the spreadsheet.

    Returns
    -------
    bytes
        The content of the xlsx file; the same at every run. Its sheets are `READ_ME`, one for each of
        `analysis.schema.TABLES` with the column names of the contract in row 1 and the example rows of
        `compendium.centre.template.terms.example_rows` below, and `LISTS`.
    """
    content = io.BytesIO()
    with xlsxwriter.Workbook(content, {"in_memory": True}) as book:
        book.set_properties({"title": texts.TITLE, "created": datetime(2018, 1, 1)})
        book.set_size(2400, 1400)
        formats = {name: book.add_format(settings) for name, settings in _FORMATS.items()}
        ranges = _ranges()
        _read_me(book.add_worksheet(READ_ME), formats)
        for table in schema.TABLES:
            _table(book.add_worksheet(table), table, formats, ranges)
        _lists(book.add_worksheet(LISTS), formats)
        for name in (READ_ME, LISTS):
            sheet = book.get_worksheet_by_name(name)
            sheet.protect()
            sheet.set_landscape()
            sheet.fit_to_pages(1, 0)
    return content.getvalue()
