"""The report of a check: what is wrong with a cohort, where, and what would be right, for the person who mends it."""

import datetime
import html
import io
from collections.abc import Iterator
from typing import Protocol

import pandas as pd
import xlsxwriter
from great_tables import GT

from compendium.files import csv_text
from compendium.reporting.formatting import count_of
from compendium.reporting.table_style import finish

__all__ = ["check_files", "check_lines"]

_HEADS = {
    "file": "File or sheet",
    "row": "Row",
    "column": "Column",
    "value": "Value",
    "allowed": "Allowed",
    "nearest": "Nearest allowed",
}
_ACCOUNTS = {
    "file": "File or sheet",
    "rows": "Rows read",
    "empty_rows": "Empty rows",
    "decimal_commas": "Decimal commas read as points",
    "dates": "Dates read as months",
}
_KINDS = {
    "error": "Errors: to be mended before anything can be computed",
    "warning": "Warnings: possible, but look at them once more",
}
MOST_IN_GROUP = 20
"""Rows of a group shown on the page; the tables hold all."""

_PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>Check of a cohort</title>
<style>
body {{margin: 24px; max-width: 60em; font: 15px/1.45 system-ui, sans-serif; color: #111;}}
h1 {{font-size: 22px; margin: 0 0 8px;}}
section {{margin-top: 28px; overflow-x: auto;}}
section .gt_table {{margin-left: 0 !important;}}
</style>
</head>
<body>
<h1>Check of a cohort</h1>
<p>{verdict}</p>
<p>Rows are counted as a spreadsheet shows them, the header being row 1. Nothing was changed or left out: mend the
file itself and check again. A nearest allowed value is a guess. Identifiers of patients and centres are hidden
unless asked for.</p>
{tables}
</body>
</html>
"""


class Checked(Protocol):
    """What is reported of a check."""

    errors: pd.DataFrame
    warnings: pd.DataFrame
    accounts: pd.DataFrame


def _verdict(check: Checked) -> str:
    found = f"{count_of(len(check.errors), 'error')}, {count_of(len(check.warnings), 'warning')}"
    rows = count_of(int(check.accounts["rows"].sum()), "row")
    return f"{found} in {rows}. " + (
        "The cohort cannot be used yet." if len(check.errors) else "The cohort can be used."
    )


def _groups(problems: pd.DataFrame) -> Iterator[tuple[str, pd.DataFrame]]:
    """Gather the problems that one sentence describes: the same column of the same file, and the same rule."""
    for (file, column, allowed), group in problems.groupby(["file", "column", "allowed"], sort=False):
        place = f"{file}, column {column}" if column else str(file)
        yield f"{place}: {allowed}", group


def check_lines(check: Checked, most: int = 5, most_groups: int = 40) -> list[str]:
    """Tell in lines what is wrong, for a terminal.

    Parameters
    ----------
    check : Checked
        With ``errors`` and ``warnings`` (``file``, ``row``, ``column``, ``value``, ``allowed``, ``nearest``) and
        ``accounts``.
    most : int, default 5
        Rows shown of each group.
    most_groups : int, default 40
        Groups shown of each kind.

    Returns
    -------
    list of str
        Groups of equal problems, each with its rows; the verdict last.
    """
    lines = []
    for kind, problems in (("error", check.errors), ("warning", check.warnings)):
        groups = list(_groups(problems))
        for head, group in groups[:most_groups]:
            lines.append(f"{kind}: {_plain(head)}")
            places = group[group["row"] > 0]
            lines += [f"  row {p.row}{_cell_text(p)}" for p in places.head(most).itertuples()]
            if len(places) > most:
                lines.append(f"  ... and {count_of(len(places) - most, 'row')} more")
        if len(groups) > most_groups:
            lines.append(f"... and {count_of(len(groups) - most_groups, 'group')} more of {kind}s")
    return [*lines, _verdict(check)]


def _cell_text(problem: tuple) -> str:
    value = f": {_plain(problem.value)!r}" if problem.value else ": empty" if problem.column else ""
    return value + (f" (nearest allowed: {_plain(problem.nearest)!r})" if problem.nearest else "")


def _plain(text: str) -> str:
    """Make a text of a file safe for a terminal, which obeys some signs."""
    return "".join(sign if sign.isprintable() else "\ufffd" for sign in text)


def _problem_table(problems: pd.DataFrame, kind: str) -> GT:
    parts = []
    for head, group in _groups(problems):
        shown = group.head(MOST_IN_GROUP)
        rows = pd.DataFrame({"group": head, "Row": shown["row"].map(lambda row: str(row) if row else "whole file")})
        parts.append(rows.assign(Value=shown["value"].to_numpy(), **{"Nearest allowed": shown["nearest"].to_numpy()}))
        if len(group) > len(shown):
            more = f"... and {len(group) - len(shown):,} more, all in problems.csv"
            parts.append(pd.DataFrame({"group": [head], "Row": [more], "Value": [""], "Nearest allowed": [""]}))
    table = GT(pd.concat(parts), rowname_col="Row", groupname_col="group", id=kind).tab_header(_KINDS[kind])
    return finish(table.tab_stubhead("Row"), kind, wrap=True)


def _page(check: Checked) -> str:
    tables = [
        _problem_table(problems, kind)
        for kind, problems in (("error", check.errors), ("warning", check.warnings))
        if len(problems)
    ]
    if len(check.accounts):
        accounts = check.accounts[list(_ACCOUNTS)].rename(columns=_ACCOUNTS).astype(str)
        table = GT(accounts, rowname_col=_ACCOUNTS["file"], id="accounts").tab_header("What was read")
        tables.append(finish(table.tab_stubhead(_ACCOUNTS["file"]), "accounts", wrap=True))
    sections = "\n".join(f"<section>{table.as_raw_html()}</section>" for table in tables)
    return _PAGE.format(verdict=html.escape(_verdict(check)), tables=sections)


def _all_problems(check: Checked) -> pd.DataFrame:
    kinds = {"error": check.errors, "warning": check.warnings}
    return pd.concat([problems.assign(kind=kind) for kind, problems in kinds.items()])[["kind", *_HEADS]]


def _workbook(problems: pd.DataFrame) -> bytes:
    """Write the problems as a spreadsheet to be filtered; every text is written as text, whatever it begins with."""
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(
        buffer, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    ) as book:
        book.set_properties({"created": _CREATED})  # else the time of day, and no two reports were the same bytes
        sheet = book.add_worksheet("problems")
        head = book.add_format({"bold": True, "bottom": 1})
        heads = {"kind": "Kind"} | _HEADS
        for column, name in enumerate(heads.values()):
            sheet.write_string(0, column, name, head)
        shown = problems.head(_SHEET_ROWS)
        for row, cells in enumerate(shown[list(heads)].itertuples(index=False), 1):
            for column, cell in enumerate(cells):
                if isinstance(cell, str):
                    sheet.write_string(row, column, cell)
                else:
                    sheet.write_number(row, column, int(cell))
        for column, width in enumerate((9, 32, 8, 32, 24, 60, 20)):
            sheet.set_column(column, column, width)
        sheet.freeze_panes(1, 0)
        sheet.autofilter(0, 0, max(len(shown), 1), len(heads) - 1)
    return buffer.getvalue()


_SHEET_ROWS = 10_000
_CREATED = datetime.datetime(2025, 1, 1)


def check_files(check: Checked) -> dict[str, bytes]:
    """Write the report of a check as files.

    Parameters
    ----------
    check : Checked
        See `check_lines`.

    Returns
    -------
    dict of str to bytes
        ``check.html`` to be read, ``problems.xlsx`` (at most 10,000 problems) and ``problems.csv`` with all of them.
    """
    problems = _all_problems(check)
    return {
        "check.html": _page(check).encode(),
        "problems.xlsx": _workbook(problems),
        "problems.csv": csv_text(problems).encode(),
    }
