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
    for row, table in enumerate(texts.ROWS, head + 1):
        required = int(schema.columns_of(table)["missing"].eq("no").sum())
        sheet.write_url(row, 0, f"internal:'{table}'!A2", formats["sheet"], table)
        sheet.write_string(row, 1, texts.ROWS[table], formats["text"])
        sheet.write_string(row, 2, f"{required} / {len(schema.columns_of(table)) - required}", formats["text"])
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


def _lists(sheet: Worksheet, formats: _Formats) -> _Ranges:
    sheet.set_column(0, 0, 26)
    sheet.set_column(1, 1, 64)
    sheet.set_column(2, 2, 36)
    sheet.hide_gridlines(2)
    ranges, row = {}, 0
    for name, (listed, users) in texts.vocabularies().items():
        grouped = listed["group"].ne("").any()
        for column, text in enumerate((texts.spaced(name), "Meaning", "Group" if grouped else "")):
            sheet.write_string(row, column, text, formats["rule"])
        for place, term in enumerate(listed.itertuples(), row + 1):
            if isinstance(term.value, str):
                sheet.write_string(place, 0, term.value, formats["value"])
            else:
                sheet.write_number(place, 0, term.value, formats["grade"])
            sheet.write_string(place, 1, term.meaning, formats["text"])
            if grouped:
                sheet.write_string(place, 2, term.group, formats["text"])
        ranges[name] = f"={_LISTS}!$A${row + 2}:$A${row + 1 + len(listed)}"
        tables = {table: [column for other, column in users if other == table] for table, _ in users}
        used = "Used in " + "; ".join(f"{table}: {', '.join(columns)}" for table, columns in tables.items())
        used = textwrap.fill(used, 68)
        row += len(listed) + 1
        sheet.write_string(row, 1, used, formats["muted"])
        sheet.set_row(row, 15 * len(used.splitlines()))
        row += 2
    terms = term_list().drop_duplicates("term")
    for column, text in enumerate(("Adverse event", "Preferred term of MedDRA")):
        sheet.write_string(row, column, text, formats["rule"])
    for place, term in enumerate(terms.itertuples(), row + 1):
        sheet.write_string(place, 0, term.term, formats["value"])
        sheet.write_string(place, 1, term.label, formats["text"])
    ranges[_TERM] = f"={_LISTS}!$A${row + 2}:$A${row + 1 + len(terms)}"
    return ranges


def _check(column: pd.Series, unique: bool, letter: str, ranges: _Ranges) -> dict:
    name, kind, cell = texts.list_name(column), column["type"], f"{letter}2"
    # Excel knows no open bounds, so one that is open is set beyond all that can be meant.
    bounds = {"minimum": f"{max(column['minimum'], -1e9):.12g}", "maximum": f"{min(column['maximum'], 1e9):.12g}"}
    if name is not None:
        return {"validate": "list", "source": ranges[name]}
    if column.name == _TERM:
        return {"validate": "list", "source": ranges[_TERM], "show_error": False}  # others may be entered too
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
        number = texts.is_number(column)
        kind = " number" if number else ""
        unique = schema.KEYS.get(table) == [name]
        listed = texts.terms(column)
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
        refused = sheet.data_validation(1, place, _LAST_ROW - 1, place, check | messages)
        assert not refused, f"{table}.{name}: {check}"
        for row, value in enumerate(examples[name], 1):
            if value == "":
                sheet.write_blank(row, place, None, formats["example"])
            elif number:
                sheet.write_number(row, place, float(value), formats["example number"])
            else:
                sheet.write_string(row, place, value, formats["example"])


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
