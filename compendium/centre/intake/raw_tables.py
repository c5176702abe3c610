"""What every reader gives: a table of texts as it stands in its file, and what is wrong with it."""

import difflib
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

import pandas as pd

from analysis import schema
from compendium.centre.checks.linking import COLUMNS as PROBLEM_COLUMNS
from compendium.centre.checks.linking import HIDDEN

IDENTIFIERS = ("patient_id", "centre_id")
FREE_TEXTS = ("term", "detail")
"""The columns in which somebody may write anything."""
NUMBER_TYPES = ("integer", "number", "grade", "score")
_MOST_COLUMNS = 256


class Unreadable(Exception):
    """A file or a sheet that is no table, with the reason in words."""


def problems(
    file: str,
    allowed: str | Sequence[str],
    row: int | Sequence[int] = 0,
    column: str | Sequence[str] = "",
    value: str | Sequence[str] = "",
    nearest: str | Sequence[str] = "",
) -> pd.DataFrame:
    """Make a table of problems with one file.

    Parameters
    ----------
    file : str
        The file as the user sees it.
    allowed, row, column, value, nearest : str, int or sequence
        What is allowed, where the problem is (row 0 is the whole file), what stands there, and the nearest allowed
        value; one for all problems, or one each.

    Returns
    -------
    DataFrame
        One row per problem, with the columns `PROBLEM_COLUMNS`.
    """
    given = {"row": row, "column": column, "value": value, "allowed": allowed, "nearest": nearest}
    lengths = {len(one) for one in given.values() if not isinstance(one, str | int)}
    index = range(lengths.pop() if lengths else 1)
    frame = pd.DataFrame({"file": file} | given, index=index)
    return frame.astype(dict.fromkeys(PROBLEM_COLUMNS, "str") | {"row": "int64"})


_NONE = problems("", [])


def no_problems() -> pd.DataFrame:
    """Give a table of problems without any."""
    return _NONE


def together(parts: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Put tables of problems one below the other."""
    some = [part for part in parts if len(part)]
    return pd.concat(some, ignore_index=True) if some else _NONE


def hide_identifiers(found: pd.DataFrame, identifiers: Collection[str] = ()) -> pd.DataFrame:
    """Hide the identifiers of patients and centres, and free texts, in a table of problems.

    Parameters
    ----------
    found : DataFrame
        Problems with the columns `PROBLEM_COLUMNS`.
    identifiers : collection of str, optional
        Identifiers that may have got into any column; those that are plain numbers are not looked for.

    Returns
    -------
    DataFrame
        The same with ``(hidden)`` for each value, and each guess, in a column of identifiers or of free text, and for
        each that is one of the identifiers.
    """
    cells = found["column"].isin([*IDENTIFIERS, *FREE_TEXTS])
    telling = {name for name in identifiers if not name.replace(".", "").isdigit()}
    cells |= found["value"].str.strip().isin(telling) | found["nearest"].isin(telling)
    hidden = {name: found[name].mask(cells & (found[name] != ""), HIDDEN) for name in ("value", "nearest")}
    return found.assign(**hidden)


@dataclass(frozen=True)
class RawTable:
    """A table as it stands in its file.

    Attributes
    ----------
    frame : DataFrame
        Texts with the columns as they were found; a missing cell is a missing value, the index plus 2 is the row that a
        spreadsheet shows. Rows without any value are left out.
    errors, warnings : DataFrame
        Problems that only the reader sees.
    empty_rows, decimal_commas, dates : int
        Rows without any value; numbers with a decimal comma that were read; date cells that were read as months.
    unread : tuple of int
        Indices of the rows with values that could not be read, and are not in the frame.
    """

    frame: pd.DataFrame
    errors: pd.DataFrame = field(default_factory=no_problems)
    warnings: pd.DataFrame = field(default_factory=no_problems)
    empty_rows: int = 0
    decimal_commas: int = 0
    dates: int = 0
    unread: tuple[int, ...] = ()


def checked_header(names: Sequence[str], table: str) -> list[str]:
    """Refuse a first row that is no header of a table at all.

    Parameters
    ----------
    names : sequence of str
        The cells of the first row; an empty text for an empty cell.
    table : str
        One of `analysis.schema.TABLES`.

    Returns
    -------
    list of str
        The same names.

    Raises
    ------
    Unreadable
        If the row is empty, has more than 256 cells, or none of its cells is near a column name of the contract. Its
        cells are not shown, since without a header they are a patient's.
    """
    expected = list(schema.columns_of(table).index)
    if not any(names):
        raise Unreadable("row 1 is empty; allowed is a header with the column names")
    if len(names) > _MOST_COLUMNS:
        raise Unreadable(f"row 1 has {len(names)} cells; a header has at most {_MOST_COLUMNS}")
    if not any(_nearest_name(name, expected) for name in names):
        raise Unreadable(f"row 1 holds no column name; allowed is a header: {', '.join(expected)}")
    return list(names)


def _nearest_name(name: str, expected: Sequence[str]) -> str:
    folded = name.strip().casefold().replace(" ", "_")
    return "".join(difflib.get_close_matches(folded[:100], expected, n=1, cutoff=0.7))


def header_problems(names: Sequence[str], table: str, file: str) -> pd.DataFrame:
    """List the columns that are missing, unknown or there twice.

    Parameters
    ----------
    names : sequence of str
        Column names as they were found.
    table, file : str
        One of `analysis.schema.TABLES`, and the file as the user sees it.

    Returns
    -------
    DataFrame
        Problems of row 1; the nearest name is one that is missing, if one is near, else any of the contract.
    """
    expected, found = list(schema.columns_of(table).index), list(names)
    missing = [name for name in expected if name not in found]
    parts = [problems(file, f"column {name} is missing", 1) for name in missing]
    for place, name in enumerate(found, 1):
        if name == "":
            parts.append(problems(file, f"column {place} has no name; allowed is a column name of the contract", 1))
        elif name not in expected:
            nearest = _nearest_name(name, missing) or _nearest_name(name, expected)
            parts.append(problems(file, "a column name of the contract", 1, value=shortened(name), nearest=nearest))
        elif name in found[: place - 1]:
            parts.append(problems(file, "each column name once", 1, value=name))
    return together(parts)


def printable(name: str) -> str:
    """Write the name of a file, which need not be text, so that it can be shown."""
    return name.encode("utf-8", errors="backslashreplace").decode()


def shortened(value: str) -> str:
    """Cut a text that is too long to be shown."""
    return value if len(value) <= 100 else value[:97] + "..."


def only_columns(table: str, frame: pd.DataFrame, types: Sequence[str]) -> list[str]:
    """List the columns of a raw table that are there once and have one of the given types of the contract."""
    columns = schema.columns_of(table)
    names = columns.index[columns["type"].isin(types)]
    found = list(frame.columns)
    return [name for name in names if found.count(name) == 1]
