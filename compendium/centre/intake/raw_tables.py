"""What every reader gives: a table of texts as it stands in its file, and what is wrong with it."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import pandas as pd

from analysis import schema
from analysis.problems import nearest_name, no_problems

NUMBER_TYPES = ("integer", "number", "grade", "score")
_MOST_COLUMNS = 256


class Unreadable(Exception):
    """A file or a sheet that is no table, with the reason in words."""


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
    if not any(nearest_name(name, expected) for name in names):
        raise Unreadable(f"row 1 holds no column name; allowed is a header: {', '.join(expected)}")
    return list(names)


def printable(name: str) -> str:
    """Write the name of a file, which need not be text, so that it can be shown."""
    return name.encode("utf-8", errors="backslashreplace").decode()


def only_columns(table: str, frame: pd.DataFrame, types: Sequence[str]) -> list[str]:
    """List the columns of a raw table that are there once and have one of the given types of the contract."""
    columns = schema.columns_of(table)
    names = columns.index[columns["type"].isin(types)]
    found = list(frame.columns)
    return [name for name in names if found.count(name) == 1]
