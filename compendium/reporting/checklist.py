"""The reporting checklist: what STROBE and SAMPL ask, and where the paper and this compendium answer it."""

import os
import re
from collections.abc import Iterator
from pathlib import Path

import pandas as pd

__all__ = ["CHECKLIST", "COLUMNS", "GUIDELINES", "JUDGED", "STATUSES", "counts", "missing_pointers", "read_checklist"]

CHECKLIST = Path(__file__).with_name("checklist.csv")
"""One row per item, with the columns of `COLUMNS`."""

STATUSES: dict[str, str] = {"met": "✓", "partly": "~", "not met": "✗", "not applicable": "–"}
"""How an item can stand, and its mark."""

GUIDELINES: tuple[str, ...] = ("STROBE", "SAMPL")
"""The guidelines in the order they are shown."""

JUDGED: tuple[str, ...] = ("paper", "compendium")
"""The columns that hold a status; each has a neighbour that ends in ``_where``."""

_PLACE = r"(?:L\d+(?:-L\d+)?|Table [12]|Figure (?:[12]|E[1-5]))"
_POINTER = r"\w[\w.-]*(?:/\w[\w.-]*)*(?:#[^\s#]+)?"
_TEXT = (r"\S(?:.*\S)?", "allowed is a text in one line, without blanks at its ends")
_STATUS = ("|".join(STATUSES), f"allowed are {', '.join(STATUSES)}")

COLUMNS: dict[str, tuple[str, str]] = {
    "guideline": ("|".join(GUIDELINES), f"allowed are {', '.join(GUIDELINES)}"),
    "item": (r"\d{1,2}[a-e]?|[A-Z]\d{1,2}", "allowed are items such as 12a or P3"),
    **dict.fromkeys(("section", "topic", "asks"), _TEXT),
    "paper": _STATUS,
    "paper_where": (f"(?:{_PLACE}(?:, {_PLACE})*)?", "allowed are places such as L155-L180, L243, Table 1, Figure E5"),
    "compendium": _STATUS,
    "compendium_where": (
        f"(?:{_POINTER}(?: {_POINTER})*)?",
        "allowed are paths from the root of the project, with or without #text, and one blank between two",
    ),
    "remark": (f"(?:{_TEXT[0]})?", _TEXT[1]),
}
"""The columns of the checklist in order, all of them text: the pattern of a cell, and what is allowed in words."""


def _read(path: Path) -> pd.DataFrame:
    try:
        table = pd.read_csv(path, dtype=str, keep_default_na=False, skip_blank_lines=False, encoding="utf-8")
    except (OSError, UnicodeDecodeError, pd.errors.ParserError, pd.errors.EmptyDataError) as error:
        raise ValueError(f"{path.name}: the file cannot be read; allowed is a CSV table in UTF-8: {error}") from error
    if list(table.columns) != list(COLUMNS):
        raise ValueError(f"{path.name}: the columns are {', '.join(table.columns)}; allowed are {', '.join(COLUMNS)}")
    if not isinstance(table.index, pd.RangeIndex):  # what pandas makes of rows that are all longer than the header
        raise ValueError(f"{path.name}: the rows have more cells than the {len(COLUMNS)} columns; allowed are as many")
    if table.empty:
        raise ValueError(f"{path.name}: there are 0 rows; allowed is one row or more, one for each item")
    return table


def _problems(table: pd.DataFrame) -> Iterator[tuple[int, str, str, str]]:
    """Find what is not allowed: row as a spreadsheet counts, column, value, and what is allowed."""
    for column, (pattern, allowed) in COLUMNS.items():
        for number, value in table.loc[~table[column].str.fullmatch(pattern), column].items():
            yield number + 2, column, value, allowed
    for number, item in table.loc[table.duplicated(["guideline", "item"]), "item"].items():
        yield number + 2, "item", item, "allowed is one row for each item of a guideline"
    for column in JUDGED:
        answered, left = table[column].isin(["met", "partly"]), table[column].isin(["not met", "not applicable"])
        for number in table.index[answered & (table[f"{column}_where"] == "")]:
            yield number + 2, f"{column}_where", "", f"allowed is a place, since {column} is {table.at[number, column]}"
        for number in table.index[left & (table["remark"] == "")]:
            yield number + 2, "remark", "", f"allowed is a reason, since {column} is {table.at[number, column]}"


def read_checklist(path: str | os.PathLike[str] = CHECKLIST) -> pd.DataFrame:
    """Read and check a checklist.

    Parameters
    ----------
    path : str or path, default CHECKLIST
        A CSV file in UTF-8 with the columns of `COLUMNS`.

    Returns
    -------
    DataFrame of str
        One row per item, in the order of the file; a cell without text is empty, none is missing.

    Raises
    ------
    ValueError
        If the file cannot be read or anything in it is not allowed; all problems are listed, each with file, row,
        column, value and what is allowed. An item that is met, if only partly, needs a place, every other a remark.
    """
    table = _read(Path(path))
    found = [f"row {row}, column {column}: {value!r}; {allowed}" for row, column, value, allowed in _problems(table)]
    if found:
        raise ValueError("\n".join(f"{Path(path).name}, {problem}" for problem in found))
    return table


def missing_pointers(checklist: pd.DataFrame, root: str | os.PathLike[str]) -> list[str]:
    """List the pointers of a checklist that lead nowhere.

    Parameters
    ----------
    checklist : DataFrame
        As `read_checklist` gives it.
    root : str or path
        The root of the project.

    Returns
    -------
    list of str
        Each pointer once, in order, whose file does not exist or does not hold the text after "#" as a whole word.
    """
    pointers = dict.fromkeys(pointer for cell in checklist["compendium_where"] for pointer in cell.split())
    return [pointer for pointer in pointers if not _leads_somewhere(pointer, Path(root))]


def _leads_somewhere(pointer: str, root: Path) -> bool:
    name, _, text = pointer.partition("#")
    if not (root / name).is_file():
        return False
    word = rf"(?<!\w){re.escape(text)}(?!\w)"
    return not text or bool(re.search(word, (root / name).read_text(encoding="utf-8", errors="replace")))


def counts(checklist: pd.DataFrame) -> pd.DataFrame:
    """Count the items by how they stand.

    Parameters
    ----------
    checklist : DataFrame
        As `read_checklist` gives it.

    Returns
    -------
    DataFrame
        Two rows for each guideline that has items: ``guideline``, ``judged`` (paper or compendium), a column for each
        of `STATUSES`, and their sum ``items``.
    """
    rows = []
    for guideline, part in checklist.groupby("guideline", sort=False):
        for column in JUDGED:
            found = {status: int((part[column] == status).sum()) for status in STATUSES}
            rows.append({"guideline": guideline, "judged": column} | found | {"items": len(part)})
    return pd.DataFrame(rows)
