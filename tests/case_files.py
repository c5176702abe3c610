"""Cases that stand in the files of `tests/data`, and the four patients that most of them change.

The four patients are tables of texts that break no rule and raise no doubt. A change of their cells is
``table line column=value, column=value``, the line being the one that a spreadsheet shows and no value an empty cell;
changes are separated by semicolons. A case is ``changes -> what is told of the first changed cell``, or
``changes -> another cell -> what is told of it``; a line that is set in goes on.
"""

from functools import cache
from pathlib import Path

import pandas as pd

from analysis import schema

DATA = Path(__file__).resolve().parent / "data"


def data_text(name):
    """Give the text of a file in the folder of data."""
    return (DATA / name).read_text(encoding="utf-8").strip("\n")


def data_lines(name):
    """Give the lines of such a file; one that is set in goes on."""
    return data_text(name).replace("\n  ", " ").splitlines()


def escaped_lines(name):
    """Give the lines of such a file with the signs that nobody would see, which are written as in Python."""
    return [line.encode("latin-1", "backslashreplace").decode("unicode_escape") for line in data_lines(name)]


def folder_texts(name):
    """Give the texts of the six tables of a folder."""
    return {table: data_text(f"{name}/{table}.csv") for table in schema.TABLES}


def findings_of(name):
    """Give the findings of the patients of a folder, a word for each patient."""
    return dict(line.split(": ") for line in data_lines(f"{name}/findings.txt"))


# A has systemic mastocytosis, B MMAS, C cutaneous mastocytosis and D idiopathic MCAS; E was excluded.
TEXTS = folder_texts("four_patients")
# A word for each patient; every other finding is negative and every other therapy no.
FINDINGS = findings_of("four_patients")


def read(text):
    rows = [line.split(",") for line in text.strip().split("\n")]
    return pd.DataFrame(rows[1:], columns=rows[0], dtype="str").replace("", None)


def texts(tables=TEXTS, findings=FINDINGS):
    """Give the tables as texts, and of the patients every finding: a word for each, or the usual one."""
    tables = {table: read(text) for table, text in tables.items()}
    for name, column in schema.columns_of("patients").iterrows():
        if name not in tables["patients"]:
            usual = "negative" if column["allowed"] == "Finding" else "no"
            tables["patients"][name] = findings[name].split() if name in findings else usual
    return tables


def typed(tables):
    return {table: schema.with_types(table, frame) for table, frame in tables.items()}


def cells(changes):
    """Give table, line, column and value of each changed cell."""
    for change in changes.split("; ") if changes else ():
        table, line, given = change.split(" ", 2)
        for one in given.split(", "):
            column, _, value = one.partition("=")
            yield table, int(line), column, value


@cache
def _unchanged():
    strings = texts()
    return strings, typed(strings)


def changed(changes, strings=None):
    """Give the tables with their types after some changes, of the four patients or of other tables of texts."""
    known = {}
    if strings is None:
        # What is not changed need not be given its types again.
        strings, known = _unchanged()
    strings, touched = dict(strings), {table for table, *_ in cells(changes)}
    for table in touched:
        strings[table] = strings[table].copy()
    for table, line, column, value in cells(changes):
        strings[table].loc[line - 2, column] = value or None
    known = {table: frame.copy() for table, frame in known.items() if table not in touched}
    return known | typed({table: frame for table, frame in strings.items() if table not in known})


def cases(name):
    """Give for each line of a file of cases the changes, the cell (file, row, column, value) and what is told of it."""
    found = []
    for line in data_lines(name):
        changes, *place, told = line.split(" -> ")
        table, *rest = next(cells(place[0] if place else changes))
        found.append((changes, (f"{table}.csv", *rest), told))
    return found


def listed(found):
    return [tuple(row) for row in found[["file", "row", "column", "value"]].itertuples(index=False)]
