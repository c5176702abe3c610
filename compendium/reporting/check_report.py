"""The report of a check: what is wrong with a cohort, where, and what would be right, for the person who mends it."""

import datetime
import io
from collections.abc import Iterator

import pandas as pd
import xlsxwriter
from great_tables import GT

from compendium.centre.intake.checking import Check
from compendium.files import csv_text
from compendium.reporting.formatting import count_of
from compendium.reporting.pages import render
from compendium.reporting.small_tables import small_table

_HEADS = {"kind": "Kind", "file": "File or sheet", "row": "Row", "column": "Column", "value": "Value"}
_HEADS |= {"allowed": "Allowed", "nearest": "Nearest allowed"}
_WIDTHS = (9, 32, 8, 32, 24, 60, 20)
_ACCOUNTS = {"file": "File or sheet", "rows": "Rows read", "empty_rows": "Empty rows"}
_ACCOUNTS |= {"decimal_commas": "Decimal commas read as points", "dates": "Dates read as months"}
_ACCOUNTS |= {"formulas": "Formulas read as their values", "hidden": "Hidden rows read"}
_ACCOUNTS |= {"limits": "Levels beyond a limit read as the limit"}
_MAPPED = {"table": "Table", "column": "Column", "own": "Own name or code", "ours": "Ours", "cells": "Times used"}
_TERMS = {"entered": "Entered", "term": "Read as"}
MAPPING = "proposed-mapping.csv"  # the file of the report that proposes one
_TITLES = {
    "error": "Errors: to be mended before anything can be computed",
    "warning": "Warnings: possible, but look at them once more",
}
# A terminal shows some groups of each kind and rows of a group, the page more rows, the spreadsheet what fits.
_LINE_GROUPS, _LINE_ROWS, _PAGE_ROWS, _SHEET_ROWS = 40, 5, 20, 10_000
_CREATED = datetime.datetime(2025, 1, 1)


def check_lines(check: Check) -> list[str]:
    """Tell in lines what is wrong, for a terminal: groups of equal problems, and last the verdict."""
    lines = []
    for kind, problems in _kinds(check):
        groups = list(_groups(problems))
        for head, group in groups[:_LINE_GROUPS]:
            lines.append(f"{kind}: {_plain(head)}")
            places = group[group["row"] > 0]  # row 0 stands for a whole file
            lines += [f"  row {p.row}{_cell_text(p)}" for p in places.head(_LINE_ROWS).itertuples()]
            if len(places) > _LINE_ROWS:
                lines.append(f"  ... and {count_of(len(places) - _LINE_ROWS, 'row')} more")
        if len(groups) > _LINE_GROUPS:
            lines.append(f"... and {count_of(len(groups) - _LINE_GROUPS, 'group')} more of {kind}s")
    if len(check.proposed):
        lines.append(
            f"Own names and codes may be mapped once for all: copy {MAPPING} of the report, fill it in, MAPPING=it."
        )
    return [*lines, *read_otherwise(check), _verdict(check)]


def read_otherwise(check: Check) -> list[str]:
    """Say what was not read as it stands: further rows, formulas, limits, mapped codes, other names of events."""
    lines = list(check.counted)
    read = {"formulas": "Formulas: {:,} read as the value that stands there."}
    read["limits"] = "Levels: {:,} beyond a limit of detection read as that limit."
    lines += [text.format(count) for name, text in read.items() if (count := int(check.accounts[name].sum()))]
    for line in check.mapped.itertuples():
        where = f"{count_of(line.cells, 'cell')} of {line.column}" if line.column else count_of(line.cells, "column")
        lines.append(_plain(f"Mapped: {line.own} to {line.ours} in {where}."))
    for term, entered in check.terms.groupby("term", sort=False)["entered"] if len(check.terms) else ():
        lines.append(_plain(f"Adverse event {term}: so is read {', '.join(entered)}."))
    return lines


def _kinds(check: Check) -> tuple[tuple[str, pd.DataFrame], ...]:
    return ("error", check.errors), ("warning", check.warnings)


def _groups(problems: pd.DataFrame) -> Iterator[tuple[str, pd.DataFrame]]:
    """Gather the problems that one sentence describes: the same column of the same file, and the same rule."""
    for (file, column, allowed), group in problems.groupby(["file", "column", "allowed"], sort=False):
        place = f"{file}, column {column}" if column else str(file)
        yield f"{place}: {allowed}", group


def _verdict(check: Check) -> str:
    found = f"{count_of(len(check.errors), 'error')}, {count_of(len(check.warnings), 'warning')}"
    rows = count_of(int(check.accounts["rows"].sum()), "row")
    return f"{found} in {rows}. The cohort {'cannot be used yet' if len(check.errors) else 'can be used'}."


def _cell_text(problem: tuple) -> str:
    value = f": {_plain(problem.value)!r}" if problem.value else ": empty" if problem.column else ""
    return value + (f" (nearest allowed: {_plain(problem.nearest)!r})" if problem.nearest else "")


def _plain(text: str) -> str:
    """Make a text of a file safe for a terminal, which obeys some signs."""
    return "".join(sign if sign.isprintable() else "\ufffd" for sign in text)


def check_files(check: Check) -> dict[str, bytes]:
    """Write ``check.html`` to be read, ``problems.xlsx`` (at most 10,000 problems) and ``problems.csv`` with all."""
    problems = pd.concat([found.assign(kind=kind) for kind, found in _kinds(check)])[list(_HEADS)]
    tables = [_problem_table(found, kind) for kind, found in _kinds(check) if len(found)]
    if len(check.accounts):
        # What nothing was read of needs no column.
        kept = [name for name in _ACCOUNTS if name in ("file", "rows", "empty_rows") or check.accounts[name].any()]
        accounts = check.accounts[kept].rename(columns=_ACCOUNTS)
        tables.append(small_table(accounts, "What was read", "accounts"))
    for title, name, found, heads in (
        ("What was mapped", "mapped", check.mapped, _MAPPED),
        ("Adverse events read under one name", "terms", check.terms, _TERMS),
    ):
        if len(found):
            tables.append(small_table(found[list(heads)].rename(columns=heads), title, name))
    shown = {"verdict": _verdict(check), "counted": check.counted}
    page = render("check.html", **shown, tables=[table.as_raw_html() for table in tables])
    return {
        **({MAPPING: csv_text(check.proposed).encode()} if len(check.proposed) else {}),
        "check.html": page.encode(),
        "problems.xlsx": _workbook(problems),
        "problems.csv": csv_text(problems).encode(),
    }


def _problem_table(problems: pd.DataFrame, kind: str) -> GT:
    rows = []
    for head, group in _groups(problems):
        for one in group.head(_PAGE_ROWS).itertuples():
            shown = one.value or ("empty" if one.row and one.column else "")
            rows.append((head, str(one.row or "whole file"), shown, one.nearest))
        if len(group) > _PAGE_ROWS:
            rows.append((head, f"... and {len(group) - _PAGE_ROWS:,} more, all in problems.csv", "", ""))
    table = pd.DataFrame(rows, columns=["group", "Row", "Value", "Nearest allowed"])
    return small_table(table, _TITLES[kind], kind, group="group")


def _workbook(problems: pd.DataFrame) -> bytes:
    """Write the problems as a spreadsheet to be filtered; every text is written as text, whatever it begins with."""
    buffer = io.BytesIO()
    as_text = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(buffer, as_text) as book:
        book.set_properties({"created": _CREATED})  # else the time of day, and no two reports were the same bytes
        sheet = book.add_worksheet("problems")
        head = book.add_format({"bold": True, "bottom": 1})
        for column, (name, width) in enumerate(zip(_HEADS.values(), _WIDTHS, strict=True)):
            sheet.write_string(0, column, name, head)
            sheet.set_column(column, column, width)
        shown = problems.head(_SHEET_ROWS)
        for row, cells in enumerate(shown.itertuples(index=False), 1):
            for column, cell in enumerate(cells):
                if isinstance(cell, str):
                    sheet.write_string(row, column, cell)
                else:
                    sheet.write_number(row, column, int(cell))
        sheet.freeze_panes(1, 0)
        sheet.autofilter(0, 0, max(len(shown), 1), len(_HEADS) - 1)
    return buffer.getvalue()
